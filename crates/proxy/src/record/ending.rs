//! How a call ended, in the words of the end line. It decides nothing.

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Forwarded,
    /// By Aegis itself: it was asked for what is its own.
    Answered,
    /// By Aegis, with a stable code.
    Refused(&'static str),
    /// At the upstream, with a stable code.
    Failed(&'static str),
    ClosedByPolicy,
    Drained,
    Aborted,
    /// By a client that does not take what it is sent.
    Stalled,
}

impl Ending {
    pub(super) fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Forwarded => ("forwarded", None),
            Self::Answered => ("answered", None),
            Self::Refused(code) => ("refused", Some(code)),
            Self::Failed(code) => ("failed", Some(code)),
            Self::ClosedByPolicy => ("closed_by_policy", Some("policy.revoked")),
            Self::Drained => ("drained", Some("draining")),
            Self::Aborted => ("aborted", Some("client.gone")),
            Self::Stalled => ("aborted", Some("client.stalled")),
        }
    }
}
