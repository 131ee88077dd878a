//! Bodies that a test sends, whole, endless or piece by piece; used by fake servers and clients alike.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A body of either direction.
#[derive(Debug)]
pub struct Payload {
    source: Source,
    trailers: Option<HeaderMap>,
}

/// The test's end of a body that it releases piece by piece.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: mpsc::UnboundedSender<Piece>,
    receiver: Arc<Mutex<Option<mpsc::UnboundedReceiver<Piece>>>>,
}

#[derive(Debug)]
enum Source {
    Whole(Bytes),
    /// So many bytes, made as they are asked for.
    Large(u64),
    Fed(mpsc::UnboundedReceiver<Piece>),
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    Cut,
}

impl Payload {
    /// A body of `total` bytes, never whole in memory here.
    pub fn large(total: u64) -> Self {
        Self {
            source: Source::Large(total),
            trailers: None,
        }
    }

    pub(crate) fn set_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }
}

impl<B: Into<Bytes>> From<B> for Payload {
    fn from(bytes: B) -> Self {
        Self {
            source: Source::Whole(bytes.into()),
            trailers: None,
        }
    }
}

impl Feed {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Arc::new(Mutex::new(Some(receiver))),
        }
    }

    /// The body to hand to an answer or a request, once.
    pub fn payload(&self) -> Payload {
        let receiver = self
            .receiver
            .lock()
            .expect("nobody panics with the lock held")
            .take();
        let receiver = receiver.expect("a feed is one body; make a second feed for a second one");
        Payload {
            source: Source::Fed(receiver),
            trailers: None,
        }
    }

    pub fn send(&self, bytes: impl Into<Bytes>) {
        self.release(Piece::Data(bytes.into()));
    }

    /// One server-sent event.
    pub fn event(&self, data: &str) {
        self.send(format!("data: {data}\n\n"));
    }

    pub fn trailers(&self, trailers: HeaderMap) {
        self.release(Piece::Trailers(trailers));
    }

    /// Ends the body properly.
    pub fn end(&self) {
        self.release(Piece::End);
    }

    /// Breaks off in the middle: the peer must not take what it got for the whole.
    pub fn cut(&self) {
        self.release(Piece::Cut);
    }

    /// Waits until the other side has given the body up.
    pub async fn abandoned(&self) {
        crate::within("the end of the fed body", self.sender.closed()).await;
    }

    /// After the peer has gone there is nobody to release anything to, which is for it to judge.
    fn release(&self, piece: Piece) {
        self.sender.send(piece).ok();
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = match &mut self.source {
            Source::Whole(bytes) => take(bytes),
            Source::Large(left) => produce(left),
            Source::Fed(receiver) => ready!(receiver.poll_recv(context)).unwrap_or(Piece::Cut),
        };
        Poll::Ready(match piece {
            Piece::Data(bytes) => Some(Ok(Frame::data(bytes))),
            Piece::Trailers(trailers) => Some(Ok(Frame::trailers(trailers))),
            Piece::Cut => Some(Err(io::Error::other("cut by the test"))),
            Piece::End => {
                self.source = Source::Whole(Bytes::new());
                self.trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        let empty = match &self.source {
            Source::Whole(bytes) => bytes.is_empty(),
            Source::Large(left) => *left == 0,
            Source::Fed(_) => false,
        };
        empty && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // With a known length HTTP/1 would leave the trailers out.
        if self.trailers.is_some() {
            return SizeHint::default();
        }
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Large(left) => SizeHint::with_exact(*left),
            Source::Fed(_) => SizeHint::default(),
        }
    }
}

fn take(bytes: &mut Bytes) -> Piece {
    if bytes.is_empty() {
        Piece::End
    } else {
        Piece::Data(std::mem::take(bytes))
    }
}

fn produce(left: &mut u64) -> Piece {
    let length = (*left).min(LARGE_CHUNK.len() as u64);
    if length == 0 {
        return Piece::End;
    }
    *left -= length;
    let length = usize::try_from(length).expect("no longer than the chunk");
    Piece::Data(Bytes::from_static(LARGE_CHUNK).slice(..length))
}

const LARGE_CHUNK: &[u8] = &[b'x'; 64 * 1024];
