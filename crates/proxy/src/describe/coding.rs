//! Content codings of request bodies, undone within limits so that a body can be judged. It understands nothing of what comes out.

use std::io::Read;

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use bytes::Bytes;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use http::{HeaderMap, HeaderValue, header};
use ruzstd::decoding::StreamingDecoder;

/// The body without its one coding, and the headers right for it. None where it has none, more than
/// one or an unknown one, is broken or too large, or somebody vouches for its bytes: it is then as it came.
pub(super) fn decoded(headers: &mut HeaderMap, sent: &Bytes, limit: usize) -> Option<Bytes> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let coding = codings.next()?.to_str().ok()?.to_ascii_lowercase();
    if codings.next().is_some() || sent.is_empty() || aegis_protocol::is_signed(headers) {
        return None;
    }
    // A little may become much; much that becomes more than this is made to.
    let limit = limit.min(sent.len().saturating_mul(RATIO).max(ALWAYS));
    let decoded = Bytes::from(decode(coding.trim(), sent, limit)?);
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(decoded.len()));
    Some(decoded)
}

fn decode(coding: &str, sent: &[u8], limit: usize) -> Option<Vec<u8>> {
    match coding {
        "gzip" | "x-gzip" => {
            let mut stream = GzDecoder::new(sent);
            let body = up_to(&mut stream, limit)?;
            ends(stream.get_ref(), body)
        }
        "deflate" => {
            let mut stream = ZlibDecoder::new(sent);
            let body = up_to(&mut stream, limit)?;
            ends(stream.get_ref(), body)
        }
        // What follows its end is not seen, and not sent on.
        "br" => up_to(&mut brotli(sent)?, limit),
        "zstd" => {
            let mut rest = sent;
            let stream = StreamingDecoder::new_with_max_window_size(&mut rest, ZSTD_WINDOW);
            let body = up_to(&mut stream.ok()?, limit)?;
            ends(rest, body)
        }
        _ => None,
    }
}

/// Only with a window of RFC 7932, of 16 MiB at most.
fn brotli(sent: &[u8]) -> Option<Decompressor<&[u8]>> {
    let mut stream = Decompressor::new(sent, BUFFER);
    let large = BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW;
    stream.set_parameter(large, 0).then_some(stream)
}

/// To the end, checksum included; none where that is farther than the limit.
fn up_to(stream: &mut impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let most = u64::try_from(limit).ok()?.saturating_add(1);
    let length = stream.take(most).read_to_end(&mut body).ok()?;
    (length <= limit).then_some(body)
}

/// Nothing follows: what some servers would read on, others would not.
fn ends(rest: &[u8], body: Vec<u8>) -> Option<Vec<u8>> {
    rest.is_empty().then_some(body)
}

/// For reading brotli, in bytes.
const BUFFER: usize = 4096;
/// What RFC 9659 lets a sender ask for, in bytes: so much is kept in memory before any of it comes out.
const ZSTD_WINDOW: u64 = 8 << 20;
/// How many times as long a body may become.
const RATIO: usize = 200;
/// As much is always decoded, in bytes.
const ALWAYS: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1 << 20;
    /// The last block, as it is.
    const RAW: &[u8] = b"\x29\0\0hello";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A frame with this window, `0x68` for 8 MiB, and these blocks.
    fn zstd(window: u8, blocks: &[u8]) -> Vec<u8> {
        [&[0x28, 0xb5, 0x2f, 0xfd, 0, window][..], blocks].concat()
    }

    fn headers(codings: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        headers
    }

    fn of(codings: &[&'static str], sent: Vec<u8>) -> Option<Bytes> {
        decoded(&mut headers(codings), &sent.into(), LIMIT)
    }

    #[test]
    fn a_compressed_body_is_decoded_and_its_headers_say_so() {
        for (coding, sent) in [
            ("gzip", gzip(b"hello")),
            ("X-GZIP", gzip(b"hello")),
            ("deflate", zlib(b"hello")),
            // One uncompressed block, as RFC 7932 (section 9.2) and RFC 8878 (section 3.1) have it.
            ("br", [&[0x0b, 0x02, 0x80][..], b"hello", &[0x03]].concat()),
            (
                "zstd",
                [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x29, 0, 0][..], b"hello"].concat(),
            ),
            ("zstd", zstd(0x68, RAW)),
        ] {
            let mut headers = headers(&[coding]);
            let body = decoded(&mut headers, &sent.into(), LIMIT);
            assert_eq!(body.as_deref(), Some(&b"hello"[..]), "{coding}");
            assert!(!headers.contains_key(header::CONTENT_ENCODING));
            assert_eq!(headers[header::CONTENT_LENGTH], "5");
        }
    }

    #[test]
    fn what_is_not_one_whole_stream_of_one_coding_stays_as_it_came() {
        let whole = gzip(b"hello");
        let mut cut = whole.clone();
        cut.pop();
        let mut wrong = whole.clone();
        wrong[12] ^= 1;
        for (codings, sent) in [
            (&["gzip"][..], cut),
            (&["gzip"], wrong),
            (&["gzip"], [gzip(b"hello"), gzip(b"again")].concat()),
            (&["gzip"], b"hello".to_vec()),
            (&["deflate"], whole.clone()),
            (&["br"], whole.clone()),
            (&["zstd"], whole.clone()),
            (&["gzip, gzip"], gzip(&whole)),
            (&["gzip", "gzip"], gzip(&whole)),
            (&["compress"], whole.clone()),
            (&["identity"], whole.clone()),
            (&[], whole),
        ] {
            assert_eq!(of(codings, sent), None, "{codings:?}");
        }
    }

    #[test]
    fn a_body_that_somebody_vouches_for_stays_as_it_came() {
        let mut headers = headers(&["gzip"]);
        headers.insert("content-digest", HeaderValue::from_static("sha-256=:eA==:"));
        assert_eq!(decoded(&mut headers, &gzip(b"hello").into(), LIMIT), None);
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        assert_eq!(of(&["gzip"], gzip(&vec![0; LIMIT + 1])), None);
        // Within the limit, and yet too much from so little.
        assert_eq!(of(&["gzip"], gzip(&vec![0; LIMIT])), None);
        // A block of 128 KiB, again and again: a byte repeated.
        let repeated = [[0x02, 0, 0x10, b'a'].repeat(100), RAW.to_vec()].concat();
        assert_eq!(of(&["zstd"], zstd(0x68, &repeated)), None);
        let much = gzip(&vec![0; ALWAYS]);
        assert_eq!(of(&["gzip"], much).map(|body| body.len()), Some(ALWAYS));
    }

    #[test]
    fn a_window_larger_than_the_standards_have_is_not_opened() {
        assert_eq!(of(&["zstd"], zstd(0x70, RAW)), None);
        // The form of brotli with "large windows", one uncompressed block.
        let large = [&[0x11, 0x18, 0x08, 0, 0x02][..], b"hello", &[0x03]].concat();
        let mut plain = Vec::new();
        Decompressor::new(&*large, BUFFER)
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain, b"hello");
        assert_eq!(of(&["br"], large), None);
    }
}
