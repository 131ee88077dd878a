//! After `exchange`: follows the answer of an LLM API, and each call that it proposes is judged before the agent sees it.
//!
//! Every other answer passes untouched. It asks `gate` and decides nothing itself.

mod follow;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aegis_policy::Intent;
use aegis_protocol::answer::{Framing, Guard, Heard, Limits};
use aegis_protocol::{LlmApi, Reading};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::lease::Lease;
use crate::plane::Plane;
use crate::record::Record;
use crate::refusal::{Cause, Refusal};
use crate::relay::Cut;
use follow::Follower;
pub(crate) use follow::{Judge, Refused};

/// What of a request tells how its answer is to be followed.
pub(crate) struct Following {
    api: LlmApi,
    framing: Framing,
    streams: bool,
}

/// Where the bytes for the agent come from.
pub(crate) enum Source {
    /// Straight from the upstream.
    Upstream(Incoming),
    /// A document that has been judged.
    Whole(Option<Bytes>),
    Followed(Pin<Box<dyn Stream<Item = Result<Piece, Cut>> + Send>>),
}

/// What a source gives.
pub(crate) enum Piece {
    Frame(Frame<Bytes>),
    Over(Over),
}

/// How a followed answer ended.
pub(crate) struct Over {
    pub(crate) heard: Heard,
    /// Why it ended early; the agent has been told.
    pub(crate) refusal: Option<Box<Refusal>>,
}

impl Following {
    /// `None` for calls that nothing is generated for.
    pub(crate) fn of(reading: &Reading, query: Option<&str>) -> Option<Self> {
        let api = reading.llm()?;
        let streams = reading.streams();
        Some(Self {
            api,
            framing: Framing::of(api, streams, query),
            streams,
        })
    }

    /// An answer that is compressed could not be followed.
    pub(crate) fn ask_for_plain(headers: &mut HeaderMap) {
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
    }

    /// A document is judged as a whole before the agent sees its head; a stream while it goes on.
    /// An answer that reports an error proposes nothing that a client would read.
    pub(crate) async fn follow(
        self,
        response: Response<Incoming>,
        plane: &Arc<Plane>,
        request: &Arc<Intent>,
        record: &mut Record,
        lease: &mut Lease,
    ) -> Result<Response<Source>, Refusal> {
        if !response.status().is_success() {
            return Ok(response.map(Source::Upstream));
        }
        let (mut parts, upstream) = response.into_parts();
        if is_encoded(&parts.headers) {
            let message = "the model's server compressed an answer that was asked for plain";
            return Err(Refusal::with(Cause::AnswerUnreadable, message));
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        let judge = Judge {
            plane: Arc::clone(plane),
            request: Arc::clone(request),
            asked: record.asking(),
            stamp: record.stamp(),
            streams: self.streams,
        };
        let guard = Guard::new(self.api, self.framing, LIMITS);
        let mut follower = Follower::new(guard, upstream, judge);
        if self.framing != Framing::Document {
            let source = Source::Followed(follower.into_stream());
            return Ok(Response::from_parts(parts, source));
        }
        let document = tokio::select! {
            biased;
            () = lease.revoked() => Err(Refusal::new(Cause::Revoked)),
            document = follower.document() => document,
        };
        record.heard(follower.heard().clone());
        let document = document?;
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(document.len()));
        Ok(Response::from_parts(parts, Source::Whole(Some(document))))
    }
}

impl Source {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        match self {
            Self::Upstream(incoming) => Pin::new(incoming)
                .poll_frame(cx)
                .map_ok(Piece::Frame)
                .map_err(Cut::Upstream),
            Self::Whole(bytes) => {
                let frame = bytes
                    .take()
                    .filter(|bytes| !bytes.is_empty())
                    .map(Frame::data);
                Poll::Ready(frame.map(|frame| Ok(Piece::Frame(frame))))
            }
            Self::Followed(pieces) => pieces.as_mut().poll_next(cx),
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(incoming) => incoming.is_end_stream(),
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Followed(_) => false,
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(incoming) => incoming.size_hint(),
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Followed(_) => SizeHint::default(),
        }
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
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

/// For each answer. A proposed call that holds back more is refused; so is a longer document.
pub(crate) const LIMITS: Limits = Limits {
    event_bytes: 8 << 20,
    hold_bytes: 8 << 20,
    hold_events: 4096,
    calls: 128,
};
