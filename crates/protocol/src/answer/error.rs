//! Why an answer could not be followed any further. Every one of these is a denial, and none carries text of the answer.

use crate::Denied;
use crate::json::JsonError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the model's server sent a malformed answer: {0}")]
    Malformed(&'static str),
    #[error("the model's server sent an event that is not JSON as RFC 8259 has it: {0}")]
    Json(#[from] JsonError),
    #[error("the model's server sent an answer that clients read differently: {0}")]
    Ambiguous(&'static str),
    #[error("the model's server sent an event longer than the limit")]
    EventTooLong,
    #[error("a proposed call holds back more of the answer than the limit")]
    HoldLimit,
    #[error("the model proposed more calls in one answer than the limit")]
    TooManyCalls,
    #[error("the answer has more texts at once than the limit")]
    TooManyTexts,
    #[error("{0}")]
    Data(#[from] Denied),
    #[error("the answer ended within a proposed call")]
    Incomplete,
    #[error(
        "the stream is asked for from the middle of a proposed call, or of a text that is searched"
    )]
    Headless,
    #[error("the proposed call takes no replacement of its arguments")]
    Fixed,
    #[error("no proposed call is waiting for a verdict")]
    NothingProposed,
}

impl AnswerError {
    /// The stable id under which the refusal, the record and the metrics count it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Json(_) => "protocol.answer_malformed",
            Self::Ambiguous(_) => "protocol.answer_ambiguous",
            Self::EventTooLong | Self::HoldLimit | Self::TooManyCalls | Self::TooManyTexts => {
                "protocol.answer_limit"
            }
            Self::Data(_) => "data",
            Self::Incomplete | Self::Headless => "protocol.answer_incomplete",
            Self::Fixed => "protocol.arguments_fixed",
            Self::NothingProposed => "protocol.nothing_proposed",
        }
    }
}
