//! The body of an answer, of which the beginning may have been read already. It loses nothing of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

pub(crate) struct Begun {
    /// Kept out of the size of every other answer.
    read: Option<Box<Read>>,
    rest: Incoming,
}

struct Read {
    bytes: Bytes,
    /// Where everything was read.
    trailers: Option<HeaderMap>,
}

impl Begun {
    pub(super) fn new(bytes: Bytes, trailers: Option<HeaderMap>, rest: Incoming) -> Self {
        let read = Some(Box::new(Read { bytes, trailers }));
        Self { read, rest }
    }

    fn has_read(&self) -> u64 {
        self.read.as_ref().map_or(0, |read| read.bytes.len() as u64)
    }
}

impl Read {
    fn next(&mut self) -> Option<Frame<Bytes>> {
        if self.bytes.is_empty() {
            return self.trailers.take().map(Frame::trailers);
        }
        Some(Frame::data(std::mem::take(&mut self.bytes)))
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.trailers.is_none()
    }
}

impl From<Incoming> for Begun {
    fn from(rest: Incoming) -> Self {
        Self { read: None, rest }
    }
}

impl Body for Begun {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(frame) = self.read.as_mut().and_then(|read| read.next()) {
            return Poll::Ready(Some(Ok(frame)));
        }
        self.read = None;
        Pin::new(&mut self.rest).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.read.as_ref().is_none_or(|read| read.is_empty()) && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (read, rest) = (self.has_read(), self.rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}
