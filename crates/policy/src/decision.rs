//! What policy answers: one of four outcomes, why, and what else must be done.
//!
//! A decision always exists. What the evaluators could not answer is a [`Fault`], and a fault denies.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::sensitive::class_of;
use crate::{Action, AnswerEffect, Numbers};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Allow,
    Sanitize,
    ApprovalNeeded,
    Deny,
}

#[derive(Clone, Debug)]
pub struct Decision {
    pub outcome: Outcome,
    /// Empty for a plain allow.
    pub reasons: Vec<Reason>,
    pub obligations: Obligations,
    /// What the suspended findings of policies in shadow would have made of it.
    pub would: Option<Would>,
    /// Set when the evaluators failed; the outcome is then `deny` and the fault is its reason.
    pub fault: Option<Fault>,
}

/// One rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub rule: Arc<str>,
    pub message: Arc<str>,
}

#[derive(Clone, Debug, Default)]
pub struct Obligations {
    pub redact: Vec<Redaction>,
    /// Where the call may go; `None` means that the tenant is not bound to regions.
    pub restrict_regions: Option<Vec<Arc<str>>>,
    /// In phase `connect`: do not intercept, copy bytes blindly.
    pub passthrough: bool,
    pub refuse_as: RefuseAs,
    /// What becomes of numbers that are redacted.
    pub numbers: Numbers,
    /// `None`: answers are not searched.
    pub answers: Option<AnswerRules>,
    /// Whether the caller's tokens become their values in the answer.
    pub restore: bool,
}

/// What is done about sensitive data in the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRules {
    /// By type or class.
    #[serde(default)]
    pub data: BTreeMap<Arc<str>, AnswerEffect>,
    #[serde(default)]
    pub unread: Unread,
    #[serde(default)]
    pub numbers: Numbers,
}

/// What becomes of an answer that is text and cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    Allow,
    #[default]
    Deny,
}

/// How the caller of an MCP tool is told that policy refuses the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefuseAs {
    /// By a JSON-RPC error, which the agent's SDK raises.
    #[default]
    Error,
    /// By a result of the tool that says `isError`, which goes to the model.
    ToolResult,
}

/// What to redact before forwarding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "WrittenRedaction")]
pub enum Redaction {
    /// A parameter of the call, by name.
    Parameter(Arc<str>, Action),
    /// Every finding of this type, where `describe` saw it.
    Data(Arc<str>, Action),
}

/// As tests write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRedaction {
    parameter: Option<Arc<str>>,
    data: Option<Arc<str>>,
    #[serde(default)]
    action: Action,
}

#[derive(Clone, Debug)]
pub struct Would {
    pub outcome: Outcome,
    pub reasons: Vec<Reason>,
}

/// Why the evaluators have no answer. Each denies, and each says so by its own rule id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("no policy has been loaded yet")]
    NoPolicy,
    #[error("the policy has expired and no newer one has come")]
    Expired,
    #[error("the policy gave no decision")]
    Undefined,
    #[error("the policy's answer is not a decision")]
    WrongType,
    #[error("two rules of the policy contradict each other")]
    Conflict,
    #[error("the policy failed while it was evaluated")]
    Evaluation,
    #[error("the policy used more instructions than it may")]
    InstructionLimit,
    #[error("the policy did not answer in time")]
    Deadline,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Sanitize => "sanitize",
            Self::ApprovalNeeded => "approval_needed",
            Self::Deny => "deny",
        }
    }

    /// Whether the call may be forwarded.
    pub fn forwards(self) -> bool {
        matches!(self, Self::Allow | Self::Sanitize)
    }
}

impl RefuseAs {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::ToolResult => "tool_result",
        }
    }
}

impl AnswerRules {
    /// What is done about data of a type: what its own rule says, else that of its class, else nothing.
    pub fn on(&self, kind: &str) -> AnswerEffect {
        let of_class = || self.data.get(class_of(kind)?);
        let effect = self.data.get(kind).or_else(of_class).copied();
        effect.unwrap_or(AnswerEffect::Allow)
    }

    /// What takes its place. A label where it must not be in an answer at all: it never goes out,
    /// whatever becomes of the rest.
    pub fn instead(&self, kind: &str) -> Option<Action> {
        match self.on(kind) {
            AnswerEffect::Deny => Some(Action::Label),
            effect => effect.action(),
        }
    }

    /// Whether whoever goes by these rules does all that others ask.
    pub fn cover(&self, asked: &Self) -> bool {
        let mut ruled = self.data.keys().chain(asked.data.keys());
        ruled.all(|word| self.on(word) >= asked.on(word))
            && self.unread >= asked.unread
            && self.numbers >= asked.numbers
    }
}

impl Unread {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }
}

impl Fault {
    pub fn rule(self) -> &'static str {
        match self {
            Self::NoPolicy => "aegis.no_policy",
            Self::Expired => "aegis.policy_expired",
            Self::Undefined => "aegis.undefined",
            Self::WrongType => "aegis.wrong_type",
            Self::Conflict => "aegis.conflict",
            Self::Evaluation => "aegis.evaluation_error",
            Self::InstructionLimit => "aegis.instruction_limit",
            Self::Deadline => "aegis.deadline",
        }
    }
}

impl Decision {
    /// The decision that an evaluator's failure is.
    pub fn fault(fault: Fault) -> Self {
        Self {
            outcome: Outcome::Deny,
            reasons: vec![Reason {
                rule: fault.rule().into(),
                message: fault.to_string().into(),
            }],
            obligations: Obligations::default(),
            would: None,
            fault: Some(fault),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.message)
    }
}

impl Redaction {
    pub fn action(&self) -> Action {
        match self {
            Self::Parameter(_, action) | Self::Data(_, action) => *action,
        }
    }

    /// Whether whoever does this has done all that `asked` asks.
    pub(crate) fn covers(&self, asked: &Self) -> bool {
        let same = match (self, asked) {
            (Self::Parameter(one, _), Self::Parameter(other, _))
            | (Self::Data(one, _), Self::Data(other, _)) => one == other,
            _ => false,
        };
        same && self.action() >= asked.action()
    }
}

impl TryFrom<WrittenRedaction> for Redaction {
    type Error = &'static str;

    fn try_from(written: WrittenRedaction) -> Result<Self, Self::Error> {
        let action = written.action;
        match (written.parameter, written.data) {
            (Some(name), None) => Ok(Self::Parameter(name, action)),
            (None, Some(kind)) => Ok(Self::Data(kind, action)),
            _ => Err("either `parameter` or `data` says what is redacted"),
        }
    }
}

impl fmt::Display for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name, _) => write!(f, "parameter `{name}`")?,
            Self::Data(kind, _) => write!(f, "data `{kind}`")?,
        }
        match self.action() {
            Action::Label => Ok(()),
            action => write!(f, " by {action}"),
        }
    }
}
