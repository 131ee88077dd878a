//! The two body types of the line, made once each at its edges. Bodies are counted and passed on, never kept.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::budget::Room;
use crate::grpc::GrpcTraffic;
use crate::hygiene;
use crate::relay::{Cut, Relayed};

/// Body bytes that crossed so far. After the end of its call nothing more crosses: it would be in no
/// record, and nobody would judge it again.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// From the agent.
    pub(crate) inbound: AtomicU64,
    /// To the agent.
    pub(crate) outbound: AtomicU64,
    grpc: OnceLock<Box<GrpcTraffic>>,
    over: AtomicBool,
    /// Whether trailers from the agent stay behind.
    drops_trailers: AtomicBool,
    upload: AtomicWaker,
}

/// Why the rest of a request's body is not sent on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsent {
    #[error("the agent broke off")]
    Agent(#[source] hyper::Error),
    #[error("the call is over")]
    Over,
}

/// What goes upstream: the part that was read for judgement, then the rest as it arrives.
#[derive(Debug)]
pub(crate) struct RequestBody {
    ready: Option<Bytes>,
    rest: Option<Incoming>,
    trailers: Option<HeaderMap>,
    room: Option<Room>,
    traffic: Arc<Traffic>,
}

impl Traffic {
    /// From here on messages of gRPC are counted as well.
    pub(crate) fn count_grpc(&self) {
        let _ = self.grpc.set(Box::default());
    }

    pub(crate) fn grpc(&self) -> Option<&GrpcTraffic> {
        self.grpc.get().map(AsRef::as_ref)
    }

    /// Something came from the agent.
    pub(crate) fn came(&self, frame: &Frame<Bytes>) {
        let Some(data) = frame.data_ref() else {
            return;
        };
        self.inbound.fetch_add(data.len() as u64, Ordering::Relaxed);
        if let Some(grpc) = self.grpc.get() {
            grpc.came(data);
        }
    }

    /// Something goes to the agent.
    pub(crate) fn goes(&self, frame: &Frame<Bytes>) {
        if let Some(data) = frame.data_ref() {
            self.outbound
                .fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        if let Some(grpc) = self.grpc.get() {
            grpc.goes(frame);
        }
    }

    /// Ends what is still on its way from the agent.
    pub(crate) fn close(&self) {
        self.over.store(true, Ordering::Release);
        self.upload.wake();
    }

    /// Whether it is closed; if not, the task will be woken when it is.
    fn poll_over(&self, cx: &Context<'_>) -> bool {
        self.upload.register(cx.waker());
        self.over.load(Ordering::Acquire)
    }
}

impl RequestBody {
    /// A body that is known to its end.
    pub(crate) fn whole(bytes: Bytes, trailers: Option<HeaderMap>, traffic: Arc<Traffic>) -> Self {
        let ready = (!bytes.is_empty()).then_some(bytes);
        let trailers = trailers.map(|mut trailers| {
            hygiene::clean_trailers(&mut trailers);
            trailers
        });
        let trailers = trailers.filter(|trailers| !trailers.is_empty());
        Self {
            ready,
            rest: None,
            trailers,
            room: None,
            traffic,
        }
    }

    /// Another one with nothing in it, where there is nothing in this.
    pub(crate) fn nothing_again(&self) -> Option<Self> {
        let is_nothing = self.ready.is_none() && self.rest.is_none() && self.trailers.is_none();
        is_nothing.then(|| Self::whole(Bytes::new(), None, Arc::clone(&self.traffic)))
    }

    /// A body of which only the beginning was read.
    pub(crate) fn begun(bytes: Bytes, rest: Incoming, traffic: Arc<Traffic>) -> Self {
        let ready = (!bytes.is_empty()).then_some(bytes);
        Self {
            ready,
            rest: Some(rest),
            trailers: None,
            room: None,
            traffic,
        }
    }

    /// Without those that came and those that will.
    pub(crate) fn without_trailers(self) -> Self {
        self.traffic.drops_trailers.store(true, Ordering::Relaxed);
        Self {
            trailers: None,
            ..self
        }
    }

    /// All its bytes, where it was read to its end.
    pub(crate) fn complete(&self) -> Option<&[u8]> {
        self.rest
            .is_none()
            .then(|| self.ready.as_deref().unwrap_or_default())
    }

    pub(crate) fn has_trailers(&self) -> bool {
        self.trailers.is_some()
    }

    /// Those that are known before the body is sent.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Keeps the room of what was read until the last byte of it is sent.
    pub(crate) fn kept_in(mut self, room: Room) -> Self {
        self.ready = self.ready.map(|bytes| room.hold(bytes));
        self.room = Some(room);
        self
    }

    /// Puts other bytes in the place of those of a whole body.
    pub(crate) fn replace(&mut self, bytes: Bytes) {
        self.ready = Some(match &self.room {
            Some(room) => room.hold(bytes),
            None => bytes,
        });
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Unsent;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unsent>>> {
        if self.rest.is_some() && self.traffic.poll_over(cx) {
            return Poll::Ready(Some(Err(Unsent::Over)));
        }
        if let Some(bytes) = self.ready.take() {
            // They keep it themselves.
            self.room = None;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if let Some(rest) = self.rest.as_mut() {
            let polled = Pin::new(rest).poll_frame(cx);
            return polled.map_err(Unsent::Agent).map_ok(|mut frame| {
                self.traffic.came(&frame);
                if let Some(trailers) = frame.trailers_mut() {
                    hygiene::clean_trailers(trailers);
                    if self.traffic.drops_trailers.load(Ordering::Relaxed) {
                        trailers.clear();
                    }
                }
                frame
            });
        }
        Poll::Ready(
            self.trailers
                .take()
                .map(|trailers| Ok(Frame::trailers(trailers))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_none()
            && self.trailers.is_none()
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    /// Exact where the length is known, so that it is announced; with trailers it must not be,
    /// because HTTP/1.1 sends them only after a chunked body.
    fn size_hint(&self) -> SizeHint {
        let ready = self.ready.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.trailers.is_some() {
            return SizeHint::default();
        }
        match self.rest.as_ref().map(Body::size_hint) {
            None => SizeHint::with_exact(ready),
            Some(rest) => match rest.exact() {
                Some(length) => SizeHint::with_exact(ready + length),
                None => SizeHint::default(),
            },
        }
    }
}

/// What goes to the agent: a text of Aegis' own, or the upstream's answer as it arrives.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Whole(Option<Bytes>),
    Relayed(Box<Relayed>),
}

impl AnswerBody {
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relayed(relayed) => relayed.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Relayed(relayed) => relayed.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Relayed(relayed) => relayed.size_hint(),
        }
    }
}

/// hyper wants a service that cannot fail: every failure is an answer already.
pub(crate) type Answer = Result<http::Response<AnswerBody>, Infallible>;
