//! An upstream's answer on its way to the agent, for as long as policy allows it. It changes no data itself.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::answer::{Piece, Source};
use crate::hygiene;
use crate::lease::{Lease, Stop};
use crate::pool::Keep;
use crate::record::{Ending, Record};

/// The body of a forwarded answer. It ends its call's record exactly once, also when it is dropped.
pub(crate) struct Relayed {
    upstream: Source,
    record: Record,
    keep: Option<Keep>,
    stop: Stop,
    /// The head may have been sent: somebody has asked for what follows it.
    begun: bool,
    /// Ends the body once the head has been sent.
    cut: Option<Cut>,
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the upstream broke off")]
    Upstream(#[source] hyper::Error),
    #[error("policy no longer allows this call")]
    Revoked,
    #[error("policy does not allow what follows")]
    Refused,
    #[error("the proxy is shutting down")]
    Drained,
}

impl Relayed {
    pub(crate) fn new(upstream: Source, record: Record, keep: Keep, lease: Lease) -> Self {
        let mut relayed = Self {
            upstream,
            record,
            keep: Some(keep),
            stop: Stop::new(lease),
            begun: false,
            cut: None,
        };
        if relayed.upstream.is_end_stream() {
            relayed.complete();
        }
        relayed
    }

    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(cut) = self.cut.take() {
            return Poll::Ready(Some(Err(cut)));
        }
        let begun = std::mem::replace(&mut self.begun, true);
        let cut = |relayed: &mut Self, cut, cx: &Context<'_>| {
            if begun {
                return Poll::Ready(Some(Err(cut)));
            }
            // A connection that breaks before the head is sent would not say which call it was.
            relayed.cut = Some(cut);
            cx.waker().wake_by_ref();
            Poll::Pending
        };
        let polled = self.upstream.poll(cx);
        let waits = polled.is_pending();
        if (waits || self.stop.is_stale())
            && let Poll::Ready(why) = self.stop.poll(cx)
        {
            self.end(match why {
                Cut::Drained => Ending::Drained,
                _ => Ending::ClosedByPolicy,
            });
            return cut(self, why, cx);
        }
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(Piece::Over(over)))) => {
                self.leave();
                let told = over.told || over.refusal.is_none();
                match over.refusal {
                    Some(refusal) => self.record.cut_short(&refusal),
                    None => self.complete(),
                }
                if told {
                    return Poll::Ready(None);
                }
                cut(self, Cut::Refused, cx)
            }
            Poll::Ready(Some(Ok(Piece::Frame(mut frame)))) => {
                self.record.traffic().goes(&frame);
                if self.upstream.is_end_stream() {
                    self.complete();
                }
                if let Some(trailers) = frame.trailers_mut() {
                    hygiene::clean_response(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(why))) => {
                self.end(Ending::Failed("upstream.broken"));
                cut(self, why, cx)
            }
            Poll::Ready(None) => {
                self.complete();
                Poll::Ready(None)
            }
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.upstream.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.upstream.size_hint()
    }

    fn complete(&mut self) {
        if let Some(keep) = self.keep.take() {
            keep.back_to_pool();
        }
        self.end(Ending::Forwarded);
    }

    fn end(&mut self, ending: Ending) {
        self.leave();
        self.record.end(ending);
    }

    /// What the answer has said is on record however it ends.
    fn leave(&mut self) {
        if let Some(learned) = self.upstream.leave() {
            self.record.learned(learned);
        }
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Relayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relayed").finish_non_exhaustive()
    }
}
