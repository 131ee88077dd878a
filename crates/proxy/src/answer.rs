//! After `exchange`: follows the answers of LLM APIs and MCP servers. What they propose or list is judged before the agent sees it.
//!
//! Where policy asks for it, any answer is searched for sensitive data; every other one passes untouched. It asks `gate` and decides nothing itself.

mod begun;
mod claimed;
mod follow;
mod lists;
mod proposals;
mod searched;
mod source;

use std::sync::Arc;

use aegis_policy::Intent;
use aegis_protocol::answer::{Framing, Guard, Heard, Limits};
use aegis_protocol::mcp::{self, Expected, FollowError};
use aegis_protocol::{Found, LlmApi, Reading, Stored, is_identity};
use http::{HeaderMap, HeaderName, HeaderValue, Response, header, response};
use hyper::body::Incoming;

use crate::lease::Lease;
use crate::plane::Plane;
use crate::record::Record;
use crate::refusal::{Cause, Refusal};
use crate::request::Head;
pub(crate) use begun::Begun;
use follow::Follower;
pub(crate) use follow::{Guarded, Refused};
pub(crate) use lists::{Listing, Lists};
use proposals::Proposals;
pub(crate) use proposals::{Judge, refusal_of};
pub(crate) use searched::{Searching, unread};
pub(crate) use source::{Piece, Source};

/// What of a request tells how its answer is to be followed.
pub(crate) enum Following {
    Model(Generation),
    /// What may turn out to be a stored generation.
    Claimed(Box<Stored>),
    /// With what it has named the session.
    Server(Expected, Option<HeaderValue>),
}

/// Whose answer it is.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) plane: &'a Arc<Plane>,
    pub(crate) request: &'a Arc<Intent>,
}

/// Something that a model is asked for.
pub(crate) struct Generation {
    api: LlmApi,
    framing: Framing,
    streams: bool,
    /// Its stream does not begin with its first event.
    resumes: bool,
    /// The request has shown it; else only the answer has.
    is_declared: bool,
}

/// What an answer has said, for the record.
#[derive(Default)]
pub(crate) struct Learned {
    /// About itself, where it is that of an LLM API.
    pub(crate) heard: Option<Heard>,
    pub(crate) lists: Option<Lists>,
    /// The tool of an MCP server has failed.
    pub(crate) tool_error: bool,
    /// Sensitive data, where it is looked for.
    pub(crate) data: Vec<Found>,
}

impl Following {
    /// `None` where nothing in the answer has to be looked at.
    pub(crate) fn of(reading: &Reading, head: &Head) -> Option<Self> {
        let query = head.query.as_deref();
        let generation = |api, streams, resumes| {
            Self::Model(Generation {
                api,
                framing: Framing::of(api, streams, query),
                streams,
                resumes,
                is_declared: true,
            })
        };
        match (reading.llm(), reading.stored()) {
            (Some(api), _) => Some(generation(api, reading.streams(), false)),
            (None, Some(it)) if it.is_declared => Some(generation(it.api, it.streams, it.resumes)),
            (None, Some(stored)) => Some(Self::Claimed(Box::new(stored.clone()))),
            (None, None) => {
                let expected = reading.expected()?.clone();
                Some(Self::of_server(expected, &head.headers))
            }
        }
    }

    pub(crate) fn of_server(expected: Expected, headers: &HeaderMap) -> Self {
        Self::Server(expected, mcp::session(headers).cloned())
    }

    /// A document is judged as a whole before the agent sees its head; a stream while it goes on.
    pub(crate) async fn follow(
        self,
        response: Response<Incoming>,
        Asked { plane, request }: Asked<'_>,
        searching: Option<Searching>,
        record: &mut Record,
        lease: &mut Lease,
    ) -> Result<Response<Source>, Refusal> {
        let judge = |streams, dialogue| Judge {
            plane: Arc::clone(plane),
            request: Arc::clone(request),
            asked: record.asking(),
            stamp: record.stamp(),
            streams,
            dialogue,
        };
        match self {
            Self::Model(generation) => {
                let judge = judge(generation.streams, None);
                let response = response.map(Begun::from);
                let follow = generation.follow(response, judge, searching, record, lease);
                follow.await
            }
            Self::Claimed(stored) => {
                let judge = judge(stored.streams, None);
                claimed::follow(stored, response, judge, searching, record, lease).await
            }
            Self::Server(expected, session) => {
                let (caller, host) = (&request.caller, &request.destination.authority);
                let dialogues = &plane.describer.dialogues;
                let dialogue = dialogues.of(caller, host, session.as_ref());
                let judge = judge(false, Some(dialogue));
                server(&expected, (response, searching), judge, record, lease).await
            }
        }
    }
}

impl Generation {
    /// An answer that reports an error proposes nothing that a client would read.
    async fn follow(
        self,
        response: Response<Begun>,
        judge: Judge,
        searching: Option<Searching>,
        record: &mut Record,
        lease: &mut Lease,
    ) -> Result<Response<Source>, Refusal> {
        if !response.status().is_success() {
            return searched::follow(response, searching, record, lease).await;
        }
        let (parts, upstream) = response.into_parts();
        if !is_identity(&parts.headers) {
            return Err(compressed());
        }
        let mut guard = Guard::new(self.api, self.framing, LIMITS).resuming(self.resumes);
        if !self.is_declared {
            guard = guard.doubting();
        }
        if let Some(searching) = searching {
            guard = guard.searching(searching.into_cleaner());
        }
        let proposals = Proposals::new(guard, judge);
        let follower = Follower::new(proposals, upstream);
        let streams = self.framing != Framing::Document;
        pass(parts, follower, Pace::of(streams), record, lease).await
    }
}

fn compressed() -> Refusal {
    let message = "the model's server compressed an answer that was asked for plain";
    Refusal::with(Cause::AnswerUnreadable, message)
}

/// An MCP server's answer, which may list or ask what the agent must not see, or answer what it has not asked.
async fn server(
    expected: &Expected,
    (response, searching): (Response<Incoming>, Option<Searching>),
    judge: Judge,
    record: &mut Record,
    lease: &mut Lease,
) -> Result<Response<Source>, Refusal> {
    let (parts, upstream) = response.map(Begun::from).into_parts();
    let followed = expected.follow(parts.status, &parts.headers, LIMITS);
    match followed.map_err(unlisted)? {
        mcp::Following::Nothing => {
            let response = Response::from_parts(parts, upstream);
            searched::follow(response, searching, record, lease).await
        }
        mcp::Following::Filter(filter) => {
            let streams = filter.is_stream();
            let filter = filter.searching(searching.map(Searching::into_cleaner));
            let listing = Listing::new(filter, judge);
            pass(
                parts,
                Follower::new(listing, upstream),
                Pace::of(streams),
                record,
                lease,
            )
            .await
        }
    }
}

/// An answer that is compressed could not be followed.
pub(crate) fn ask_for_plain(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
}

/// An answer in parts could not be searched, either.
pub(crate) fn ask_for_whole(headers: &mut HeaderMap) {
    ask_for_plain(headers);
    headers.remove(header::RANGE);
    headers.remove(header::IF_RANGE);
}

/// What is said of an answer before it goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// The agent sees its head when the whole of it was judged.
    Whole,
    /// When the first of it was.
    Begun,
    /// At once: nobody knows when the first of it comes.
    Stream,
}

impl Pace {
    fn of(streams: bool) -> Self {
        if streams { Self::Stream } else { Self::Whole }
    }
}

/// What may change on its way: its length and its digests are not what the server said.
async fn pass(
    mut parts: response::Parts,
    mut follower: Follower<impl Guarded>,
    pace: Pace,
    record: &mut Record,
    lease: &mut Lease,
) -> Result<Response<Source>, Refusal> {
    let changed = [header::CONTENT_LENGTH, header::ACCEPT_RANGES];
    for name in changed.iter().map(HeaderName::as_str).chain(DIGESTS) {
        parts.headers.remove(name);
    }
    if pace == Pace::Stream {
        return Ok(Response::from_parts(parts, follower.into_source()));
    }
    let judged = async {
        match pace {
            Pace::Whole => follower.document().await.map(Some),
            _ => follower.begin().await.map(|()| None),
        }
    };
    let judged = tokio::select! {
        biased;
        () = lease.revoked() => Err(Refusal::new(Cause::Revoked)),
        judged = judged => judged,
    };
    if judged.is_err() || pace == Pace::Whole {
        record.learned(follower.learned());
    }
    let Some(document) = judged? else {
        return Ok(Response::from_parts(parts, follower.into_source()));
    };
    if !document.is_empty() {
        let length = HeaderValue::from(document.len());
        parts.headers.insert(header::CONTENT_LENGTH, length);
    }
    Ok(Response::from_parts(parts, Source::Whole(Some(document))))
}

/// A list that cannot be followed, or an answer with data that is denied.
fn unlisted(error: FollowError) -> Refusal {
    if let FollowError::Data(denied) = error {
        return searched::denied(denied);
    }
    Refusal::because(Cause::AnswerUnreadable, error.rule(), error.to_string())
}

const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];
/// For each answer. A proposed call that holds back more is refused; so is a longer document or event.
pub(crate) const LIMITS: Limits = Limits {
    event_bytes: 8 << 20,
    hold_bytes: 8 << 20,
    hold_events: 4096,
    calls: 128,
};
