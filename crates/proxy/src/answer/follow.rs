//! One answer, as far as it may pass: what asks nothing goes on at once, what must be judged waits for it.

use aegis_protocol::RefusalDocument;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::source::{Followed, Over, Piece, Source};
use super::{Begun, Learned};
use crate::refusal::{Cause, Refusal, Stamp};
use crate::relay::Cut;

/// An answer that is read from its first byte, and what in it is judged.
pub(crate) trait Guarded: Send + 'static {
    fn feed(&mut self, bytes: &[u8]);

    /// The body is complete.
    fn finish(&mut self);

    /// Judges what waits for it.
    fn advance(&mut self) -> impl Future<Output = Result<Advance, Refused>> + Send;

    /// The last bytes of an answer that is not passed on to its end; `None` where it can only be cut
    /// off.
    fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Option<Bytes>;

    fn learned(&self) -> Learned;
}

pub(crate) enum Advance {
    Forward(Bytes),
    /// More bytes are needed, or the end.
    Wait,
    End,
}

/// What is refused, and under which decision.
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) stamp: Stamp,
}

pub(super) struct Follower<G> {
    guarded: G,
    upstream: Begun,
    /// Read before the head went to the agent.
    first: Option<Bytes>,
    refusal: Option<Box<Refusal>>,
    told: bool,
}

impl<G: Guarded> Follower<G> {
    pub(super) fn new(guarded: G, upstream: Begun) -> Self {
        Self {
            guarded,
            upstream,
            first: None,
            refusal: None,
            told: false,
        }
    }

    pub(super) fn learned(&self) -> Learned {
        self.guarded.learned()
    }

    /// A stream, for as long as the agent reads it. A refusal is its last event.
    pub(super) fn into_source(self) -> Source {
        let (tell, learned) = oneshot::channel();
        let open = Open {
            follower: self,
            tell: Some(tell),
        };
        let pieces = stream::unfold(Some(open), |open| async {
            let mut open = open?;
            Some(match open.follower.next_or_refusal().await {
                Ok(Some(bytes)) => (Ok(Piece::Frame(Frame::data(bytes))), Some(open)),
                Ok(None) => (Ok(Piece::Over(open.follower.over())), None),
                Err(cut) => (Err(cut), None),
            })
        });
        Source::Followed(Followed {
            pieces: Box::pin(pieces),
            learned,
        })
    }

    /// Up to the first bytes that may go to the agent, before anything is said to it.
    pub(super) async fn begin(&mut self) -> Result<(), Refusal> {
        match self.next().await {
            Ok(Ok(first)) => {
                self.first = first;
                Ok(())
            }
            Ok(Err(refused)) => Err(refused.refusal),
            Err(_) => Err(Refusal::new(Cause::UpstreamBroken)),
        }
    }

    /// A whole document.
    pub(super) async fn document(&mut self) -> Result<Bytes, Refusal> {
        let mut document = BytesMut::new();
        loop {
            match self.next().await {
                Ok(Ok(Some(bytes))) => document.extend_from_slice(&bytes),
                Ok(Ok(None)) => return Ok(document.freeze()),
                Ok(Err(refused)) => return Err(refused.refusal),
                Err(_) => return Err(Refusal::new(Cause::UpstreamBroken)),
            }
        }
    }

    async fn next_or_refusal(&mut self) -> Result<Option<Bytes>, Cut> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if self.refusal.is_some() {
            return Ok(None);
        }
        match self.next().await? {
            Ok(bytes) => Ok(bytes),
            Err(Refused { refusal, stamp }) => {
                let last = self.guarded.refuse(&refusal.document(&stamp));
                self.refusal = Some(Box::new(refusal));
                self.told = last.is_some();
                Ok(last)
            }
        }
    }

    /// The next bytes that may go to the agent; `None` at the end.
    async fn next(&mut self) -> Result<Result<Option<Bytes>, Refused>, Cut> {
        loop {
            match self.guarded.advance().await {
                Ok(Advance::Forward(bytes)) => return Ok(Ok(Some(bytes))),
                Ok(Advance::End) => return Ok(Ok(None)),
                Ok(Advance::Wait) => self.read().await?,
                Err(refused) => return Ok(Err(refused)),
            }
        }
    }

    /// Trailers say nothing that an agent's SDK reads.
    async fn read(&mut self) -> Result<(), Cut> {
        match self.upstream.frame().await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.guarded.feed(data);
                }
            }
            Some(Err(error)) => return Err(Cut::Upstream(error)),
            None => self.guarded.finish(),
        }
        Ok(())
    }

    fn over(&mut self) -> Over {
        Over {
            refusal: self.refusal.take(),
            told: self.told,
        }
    }
}

/// Tells what it has learned when it is dropped, in the middle, too.
struct Open<G: Guarded> {
    follower: Follower<G>,
    tell: Option<oneshot::Sender<Learned>>,
}

impl<G: Guarded> Drop for Open<G> {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            // Nobody may want to know.
            let _ = tell.send(self.follower.learned());
        }
    }
}
