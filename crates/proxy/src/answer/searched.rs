//! An answer that belongs to no API of models or tools, as far as data in it may pass. What is no text passes unread.

use aegis_protocol::{
    Cleaner, Content, ContentError, Denied, Dialect, Medium, RefusalDocument, Step,
};
use bytes::Bytes;
use http::Response;
use hyper::body::Body;

use super::follow::{Advance, Follower, Guarded, Refused};
use super::{Begun, LIMITS, Learned, Pace, Source, pass};
use crate::lease::Lease;
use crate::record::Record;
use crate::refusal::{Cause, Refusal, Stamp};

/// What is looked for in an answer.
pub(crate) struct Searching {
    cleaner: Cleaner,
    /// Of the caller.
    dialect: Dialect,
}

/// An answer while it is searched.
struct Searched {
    content: Content,
    dialect: Dialect,
    stamp: Stamp,
}

impl Searching {
    pub(crate) fn new(cleaner: Cleaner, dialect: Dialect) -> Self {
        Self { cleaner, dialect }
    }

    pub(crate) fn into_cleaner(self) -> Cleaner {
        self.cleaner
    }

    /// A JSON document is searched as a whole before the agent sees its head; all else while it goes on.
    pub(crate) async fn follow(
        self,
        response: Response<Begun>,
        record: &mut Record,
        lease: &mut Lease,
    ) -> Result<Response<Source>, Refusal> {
        let (parts, upstream) = response.into_parts();
        let medium = match Medium::of(&parts.headers) {
            _ if upstream.is_end_stream() => None,
            Ok(medium) => medium,
            Err(_) if self.cleaner.passes_unread() => None,
            Err(error) => return Err(unread(error)),
        };
        let Some(medium) = medium else {
            return Ok(Response::from_parts(parts, Source::Upstream(upstream)));
        };
        let length = upstream.size_hint().exact();
        let pace = match medium {
            Medium::Json => Pace::Whole,
            // Of a short one the first comes soon, and may be what nobody can read.
            Medium::Text | Medium::Unknown if length.is_some_and(|it| it <= SHORT) => Pace::Begun,
            _ => Pace::Stream,
        };
        let searched = Searched {
            content: Content::new(medium, self.cleaner, LIMITS),
            dialect: self.dialect,
            stamp: record.stamp(),
        };
        let follower = Follower::new(searched, upstream);
        pass(parts, follower, pace, record, lease).await
    }
}

/// The answer as it is, where nothing is looked for.
pub(super) async fn follow(
    response: Response<Begun>,
    searching: Option<Searching>,
    record: &mut Record,
    lease: &mut Lease,
) -> Result<Response<Source>, Refusal> {
    match searching {
        Some(searching) => searching.follow(response, record, lease).await,
        None => Ok(response.map(Source::Upstream)),
    }
}

/// Policy lets no such data into an answer.
pub(super) fn denied(denied: Denied) -> Refusal {
    Refusal::because(Cause::Policy, denied.rule(), denied.to_string())
}

pub(crate) fn unread(error: ContentError) -> Refusal {
    match error {
        ContentError::Denied(data) => denied(data),
        error => Refusal::because(Cause::AnswerUnreadable, error.rule(), error.to_string()),
    }
}

impl Guarded for Searched {
    fn feed(&mut self, bytes: &[u8]) {
        self.content.feed(bytes);
    }

    fn finish(&mut self) {
        self.content.finish();
    }

    async fn advance(&mut self) -> Result<Advance, Refused> {
        match self.content.step() {
            Ok(Step::Forward(bytes)) => Ok(Advance::Forward(bytes)),
            Ok(Step::Wait) => Ok(Advance::Wait),
            Ok(Step::End) => Ok(Advance::End),
            Err(error) => Err(Refused {
                refusal: unread(error),
                stamp: self.stamp.clone(),
            }),
        }
    }

    fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Option<Bytes> {
        self.content.refuse(&self.dialect, refusal)
    }

    fn learned(&self) -> Learned {
        Learned {
            data: self.content.cleaner().found(),
            ..Learned::default()
        }
    }
}

/// Bytes of text for the first of which the head of an answer waits.
const SHORT: u64 = 64 * 1024;
