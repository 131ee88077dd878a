//! Where the bytes for the agent come from. Whoever takes them decides when they end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

use super::{Begun, Learned};
use crate::refusal::Refusal;
use crate::relay::Cut;

pub(crate) enum Source {
    /// Straight from the upstream.
    Upstream(Begun),
    /// A document that has been judged.
    Whole(Option<Bytes>),
    Followed(Followed),
}

/// An answer that is followed while it goes on.
pub(crate) struct Followed {
    pub(super) pieces: Pin<Box<dyn Stream<Item = Result<Piece, Cut>> + Send>>,
    /// Told when the stream is dropped, however far it came.
    pub(super) learned: oneshot::Receiver<Learned>,
}

/// What a source gives.
pub(crate) enum Piece {
    Frame(Frame<Bytes>),
    Over(Over),
}

/// How a followed answer ended.
pub(crate) struct Over {
    /// Why it ended early.
    pub(crate) refusal: Option<Box<Refusal>>,
    /// Whether the agent has been told that.
    pub(crate) told: bool,
}

impl Source {
    /// Nothing more is taken of it: what it has said so far, where it was followed.
    pub(crate) fn leave(&mut self) -> Option<Learned> {
        let Self::Followed(followed) = self else {
            return None;
        };
        followed.pieces = Box::pin(stream::empty());
        followed.learned.try_recv().ok()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        match self {
            Self::Upstream(begun) => poll_upstream(begun, cx),
            Self::Whole(bytes) => {
                let frame = bytes
                    .take()
                    .filter(|bytes| !bytes.is_empty())
                    .map(Frame::data);
                Poll::Ready(frame.map(|frame| Ok(Piece::Frame(frame))))
            }
            Self::Followed(followed) => followed.pieces.as_mut().poll_next(cx),
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(begun) => begun.is_end_stream(),
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Followed(_) => false,
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(begun) => begun.size_hint(),
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Followed(_) => SizeHint::default(),
        }
    }
}

fn poll_upstream(begun: &mut Begun, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
    Pin::new(begun)
        .poll_frame(cx)
        .map_ok(Piece::Frame)
        .map_err(Cut::Upstream)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream(_) => "Upstream",
            Self::Whole(_) => "Whole",
            Self::Followed(_) => "Followed",
        })
    }
}
