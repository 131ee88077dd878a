//! Changes in the words of a reviewer. Nothing is compared here.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Change, Verdict};
use crate::{AnswerRules, Numbers, Outcome, Phase, RefuseAs, Unread};

/// `finance-bot may now call stripe-payments/refund (12 of 340 calls): deny by tool → allow`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence(f)?;
        let noun = if self.calls == 1 { "call" } else { "calls" };
        write!(f, " ({} of {} {noun})", self.count, self.calls)?;
        write!(f, ": {} → {}", self.before, self.after)?;
        let (before, after) = (&self.before.answers, &self.after.answers);
        if before != after && self.before.outcome != Outcome::Deny {
            write!(f, "; answers {before} → {after}")?;
        }
        Ok(())
    }
}

impl Change {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Outcome::{Allow, ApprovalNeeded, Deny, Sanitize};

        let agent = &self.agent;
        let what = match self.example.phase {
            Phase::Connect => "tunnels".to_owned(),
            Phase::Request => format!("{}/{}", self.tool, self.action),
            Phase::ProposedCall => self.tool.to_string(),
        };
        let verb = match self.example.phase {
            Phase::Connect => "open",
            Phase::Request => "call",
            Phase::ProposedCall => "be proposed",
        };
        match (self.before.outcome, self.after.outcome) {
            (Deny, Allow) => write!(f, "{agent} may now {verb} {what}"),
            (Deny, Sanitize) => write!(f, "{agent} may now {verb} {what}, redacted"),
            (Deny, ApprovalNeeded) => write!(f, "{agent} may now {verb} {what} with approval"),
            (ApprovalNeeded, Allow) => write!(f, "{agent} no longer needs approval for {what}"),
            (ApprovalNeeded, Sanitize) => write!(
                f,
                "{agent} no longer needs approval for {what}, which is redacted"
            ),
            (Sanitize, Allow) => write!(f, "{what} by {agent} is no longer redacted"),
            (Allow, Sanitize) => write!(f, "{what} by {agent} is now redacted"),
            (Allow | Sanitize, ApprovalNeeded) => {
                write!(f, "{agent} now needs approval for {what}")
            }
            (Allow | Sanitize | ApprovalNeeded, Deny) => {
                write!(f, "{agent} may no longer {verb} {what}")
            }
            (Deny, Deny) => write!(f, "{agent} still may not {verb} {what}"),
            (Allow, Allow) => write!(f, "{agent} still may {verb} {what}"),
            (Sanitize, Sanitize) => write!(f, "{what} by {agent} is still redacted"),
            (ApprovalNeeded, ApprovalNeeded) => {
                write!(f, "{agent} still needs approval for {what}")
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        said(f, self.outcome, &self.rules)?;
        if !self.redact.is_empty() {
            let redact = self.redact.iter().map(ToString::to_string).collect();
            write!(f, ", redacting {}", joined(redact))?;
            if self.numbers == Numbers::Text {
                f.write_str(", numbers as text")?;
            }
        }
        if self.outcome.forwards()
            && let Some(regions) = &self.restrict_regions
        {
            let regions = regions.iter().map(ToString::to_string);
            write!(f, ", within {}", regions.collect::<Vec<_>>().join(", "))?;
        }
        if self.passthrough {
            f.write_str(", not looked into")?;
        }
        if self.refuse_as == RefuseAs::ToolResult {
            f.write_str(", told as the tool's result")?;
        }
        if let Some((outcome, rules)) = &self.would {
            f.write_str(" (without shadow: ")?;
            said(f, *outcome, rules)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// `EMAIL_ADDRESS sanitize, secret deny, refused where they cannot be read`
impl fmt::Display for AnswerRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ruled = self.data.iter();
        let mut words: Vec<_> = ruled
            .map(|(word, effect)| format!("{word} {effect}"))
            .collect();
        if self.unread == Unread::Deny {
            words.push("refused where they cannot be read".to_owned());
        }
        if self.numbers == Numbers::Text && !self.data.is_empty() {
            words.push("numbers as text".to_owned());
        }
        if words.is_empty() {
            words.push("as they are".to_owned());
        }
        f.write_str(&words.join(", "))
    }
}

fn said(f: &mut fmt::Formatter<'_>, outcome: Outcome, rules: &BTreeSet<Arc<str>>) -> fmt::Result {
    f.write_str(outcome.as_str())?;
    if !rules.is_empty() {
        write!(
            f,
            " by {}",
            joined(rules.iter().map(ToString::to_string).collect())
        )?;
    }
    Ok(())
}

/// All of them, but of more types of data than a line has room for only the first.
fn joined(mut words: Vec<String>) -> String {
    let is_data = |word: &String| word.starts_with("data.") || word.starts_with("data `");
    let types = words.iter().filter(|word| is_data(word)).count();
    let Some(more) = types.checked_sub(MOST_TYPES).filter(|more| *more > 1) else {
        return words.join(", ");
    };
    let mut told = 0;
    words.retain(|word| {
        told += usize::from(is_data(word));
        !is_data(word) || told <= MOST_TYPES
    });
    format!("{} and {more} more types of data", words.join(", "))
}

/// Of data, in a list of a line.
const MOST_TYPES: usize = 3;
