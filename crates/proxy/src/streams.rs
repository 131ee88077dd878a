//! The client's side of an HTTP/2 connection: counts the streams that it opens. Reads no header and no body.
//!
//! hyper refuses some of them by itself (a header list or a stream beyond its limit, a head that is
//! malformed) and tells nobody. What was opened and never came up the line as a request is the
//! difference, and the connection's end puts it on record.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many streams a client has opened, and how many of them became requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    opened: AtomicU64,
    requests: AtomicU64,
}

impl Streams {
    pub(crate) fn became_request(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn unread(&self) -> u64 {
        let opened = self.0.opened.load(Ordering::Relaxed);
        opened.saturating_sub(self.0.requests.load(Ordering::Relaxed))
    }
}

/// Follows frames by their nine octets of header (RFC 9113, 4.1). Whether they make sense is
/// hyper's business: it ends a connection on which they do not.
#[derive(Debug)]
struct Frames {
    /// Octets of the preface or of a payload that are still to come.
    skip: usize,
    /// Of the next header, as one number.
    header: u128,
    octets: u32,
    /// Streams only ever have greater numbers: a smaller one is that of trailers.
    last_stream: u32,
    streams: Streams,
}

impl Frames {
    fn feed(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((octet, rest)) = bytes.split_first() else {
                return;
            };
            bytes = rest;
            self.header = self.header << 8 | u128::from(*octet);
            self.octets += 1;
            if self.octets == HEADER_OCTETS {
                self.begin(self.header);
                (self.header, self.octets) = (0, 0);
            }
        }
    }

    /// Length (24 bits), type (8), flags (8), a reserved bit, stream (31).
    fn begin(&mut self, header: u128) {
        self.skip = (header >> 48 & 0xff_ffff) as usize;
        let (kind, stream) = ((header >> 40 & 0xff) as u8, (header & 0x7fff_ffff) as u32);
        if kind == HEADERS && stream > self.last_stream {
            self.last_stream = stream;
            self.streams.0.opened.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pin_project! {
    pub(crate) struct Counted<S> {
        #[pin]
        io: S,
        frames: Frames,
    }
}

impl<S> Counted<S> {
    pub(crate) fn new(io: S, streams: Streams) -> Self {
        let frames = Frames {
            skip: PREFACE_OCTETS,
            header: 0,
            octets: 0,
            last_stream: 0,
            streams,
        };
        Self { io, frames }
    }
}

impl<S: AsyncRead> AsyncRead for Counted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buf.filled().len();
        ready!(this.io.poll_read(cx, buf))?;
        this.frames
            .feed(buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite> AsyncWrite for Counted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }
}

/// `PRI * HTTP/2.0` and the rest of it (RFC 9113, 3.4).
const PREFACE_OCTETS: usize = 24;
const HEADER_OCTETS: u32 = 9;
const HEADERS: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, 0], &stream.to_be_bytes()].concat();
        [&head, payload].concat()
    }

    /// However the bytes are cut, and whatever a payload looks like.
    #[test]
    fn every_stream_is_counted_once_and_no_payload_is_taken_for_a_frame() {
        let looks_like_a_frame = frame(HEADERS, 9, b"");
        let bytes = [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            frame(4, 0, &[]),
            frame(HEADERS, 1, &looks_like_a_frame),
            frame(0, 1, &looks_like_a_frame.repeat(3)),
            frame(HEADERS, 1, b"trailers"),
            frame(HEADERS, 0x8000_0003, b""),
            frame(9, 3, b"continuation"),
        ]
        .concat();
        for size in 1..=bytes.len() {
            let streams = Streams::default();
            let mut counted = Counted::new((), streams.clone());
            bytes
                .chunks(size)
                .for_each(|part| counted.frames.feed(part));
            assert_eq!(streams.unread(), 2, "in parts of {size}");
            streams.became_request();
            assert_eq!(streams.unread(), 1);
        }
    }
}
