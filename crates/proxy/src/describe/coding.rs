//! Content codings of request bodies, undone within limits so that a body can be judged. It understands nothing of what comes out.

use std::io::Read;

use brotli_decompressor::Decompressor;
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
        "br" => up_to(&mut Decompressor::new(sent, BUFFER), limit),
        "zstd" => {
            let mut rest = sent;
            let body = up_to(&mut StreamingDecoder::new(&mut rest).ok()?, limit)?;
            ends(rest, body)
        }
        _ => None,
    }
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
        let much = gzip(&vec![0; ALWAYS]);
        assert_eq!(of(&["gzip"], much).map(|body| body.len()), Some(ALWAYS));
    }
}
