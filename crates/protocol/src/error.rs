//! Why a request could not be described, who is at fault, and the rule id that the refusal names.
//!
//! Every one of these denies. None carries text of the request: errors are logged and sent.

use aegis_policy::AmbiguousPath;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    #[error("the client sent a malformed message: {0}")]
    Malformed(&'static str),
    #[error("the client sent a body that is not JSON as RFC 8259 has it: {0}")]
    Json(#[from] crate::json::JsonError),
    #[error("the client sent a body in a character set other than utf-8")]
    Charset,
    #[error("the client gave one parameter twice: {}", twice(first, second))]
    DuplicateParameter {
        first: &'static str,
        second: &'static str,
    },
    #[error("the client sent an ambiguous path: {0}")]
    AmbiguousPath(#[from] AmbiguousPath),
    #[error("the client sent several calls in one message, or too many; send each on its own")]
    Batch,
    #[error("the destination is declared as {declared}, but the client sent {found}")]
    Disagreement {
        declared: &'static str,
        found: &'static str,
    },
    #[error("the client's {header} header and its body do not name the same thing")]
    HeaderMismatch { header: &'static str },
    #[error("the client asked the server to take another method than the one it sent")]
    MethodOverride,
    #[error("the client asked the server to take another path than the one it sent")]
    PathOverride,
}

impl InspectError {
    /// The stable id under which the refusal, the record and the metrics count it.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Json(_) => "protocol.malformed",
            Self::Charset => "protocol.charset",
            Self::DuplicateParameter { .. } => "protocol.duplicate_parameter",
            Self::AmbiguousPath(_) => "protocol.ambiguous_path",
            Self::Batch => "protocol.batch",
            Self::Disagreement { .. } => "protocol.disagreement",
            Self::HeaderMismatch { .. } => "protocol.header_mismatch",
            Self::MethodOverride => "protocol.method_override",
            Self::PathOverride => "protocol.path_override",
        }
    }
}

fn twice(first: &str, second: &str) -> String {
    if first == second {
        format!("in the {first}")
    } else {
        format!("in the {first} and in the {second}")
    }
}
