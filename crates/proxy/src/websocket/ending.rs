//! How a WebSocket ends: what each side is told, and what its record says. It closes nothing itself.

use std::io;
use std::time::Duration;

use aegis_protocol::websocket::{Close, Side, Violation};
use bytes::Bytes;

use crate::record::{Ending, Record};
use crate::refusal::{Cause, Refusal};
use crate::relay::Cut;
use crate::tunnel;

pub(super) enum End {
    /// Both sides have said their last.
    Over,
    Cut(Cut),
    /// By this side.
    Violation(Side, Violation),
    Refused {
        refusal: Box<Refusal>,
        /// The last message that the client gets.
        last: Option<Bytes>,
    },
    Broken(io::Error),
}

impl End {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::Refused {
            refusal: Box::new(refusal),
            last: None,
        }
    }

    /// `None` where there is nobody to tell.
    pub(super) fn for_client(&self) -> Option<Close> {
        Some(match self {
            Self::Over | Self::Broken(_) => return None,
            Self::Cut(Cut::Drained) => Close::new(Close::GOING_AWAY, "draining"),
            Self::Cut(_) => Close::new(Close::POLICY, "policy.revoked"),
            Self::Violation(Side::Client, violation) => violation.close(),
            Self::Violation(Side::Server, violation) => {
                Close::new(Close::BAD_GATEWAY, violation.rule())
            }
            Self::Refused { refusal, .. } => {
                let rule = refusal.reasons.first().map_or("", |reason| &reason.rule);
                let code = match refusal.cause {
                    Cause::AuditUnavailable | Cause::BodyOverload => Close::TRY_LATER,
                    Cause::AnswerUnreadable | Cause::UpstreamTimeout => Close::BAD_GATEWAY,
                    _ => Close::POLICY,
                };
                Close::new(code, rule)
            }
        })
    }

    pub(super) fn for_server(&self) -> Option<Close> {
        match self {
            Self::Over | Self::Broken(_) => None,
            Self::Violation(Side::Server, violation) => Some(violation.close()),
            // What went on here is no business of the server's.
            _ => Some(Close::new(Close::GOING_AWAY, "")),
        }
    }

    pub(super) fn last(&self) -> Option<Bytes> {
        match self {
            Self::Refused { last, .. } => last.clone(),
            _ => None,
        }
    }

    pub(super) fn record(&self, record: &mut Record) {
        match self {
            Self::Over => record.end(Ending::Forwarded),
            Self::Cut(cut) => record.end(tunnel::ending_of(cut)),
            Self::Violation(Side::Client, violation) => {
                let message = violation.to_string();
                let refusal = Refusal::because(Cause::WebSocket, violation.rule(), message);
                record.cut_short(&refusal);
            }
            Self::Violation(Side::Server, violation) => {
                record.end(Ending::Failed(violation.rule()));
            }
            Self::Refused { refusal, .. } => record.cut_short(refusal),
            Self::Broken(error) => record.end(Ending::Failed(tunnel::code(error))),
        }
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// For the last frames, and for both sides to hang up. Shorter than what a drain leaves to what it cuts.
pub(super) const CLOSING: Duration = Duration::from_secs(1);
