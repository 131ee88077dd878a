//! From what policy wants redacted to the places of one request. Whatever has no place is refused.

use std::borrow::Cow;

use aegis_dlp::OUTSIDE;
use aegis_policy::{Action, Redaction, Truncation};

use crate::body::Content;
use crate::findings;
use crate::inspected::Place;
use crate::parameters::escape;
use crate::pseudonyms::Means;
use crate::redact::{self, RedactError, Rewritten, Targets};
use crate::{BodyView, Reading, RequestView};

impl Reading {
    /// Rewrites query and body of the request that was inspected.
    ///
    /// A parameter that the call does not have needs no redaction. A call that was not seen whole is
    /// not rewritten: what is to go may stand in what nobody saw. Of a body in parts, those that were
    /// seen are rid of data; but a parameter may be one of the others.
    pub fn redact(
        &self,
        view: &RequestView<'_>,
        redactions: &[Redaction],
        means: &Means<'_>,
    ) -> Result<Rewritten, RedactError> {
        if redactions.is_empty() {
            return Ok(Rewritten::default());
        }
        let names_one = |asked: &Redaction| matches!(asked, Redaction::Parameter(..));
        let unseen = match self.truncation {
            Truncation::Whole => false,
            Truncation::Parts => redactions.iter().any(names_one),
            Truncation::Truncated => true,
        };
        if unseen {
            return Err(RedactError::Unread);
        }
        redact::rewritable(view.headers)?;
        let plan = self.plan(redactions)?;
        let query = match view.query {
            Some(query) => redact::query(query, &plan.query(), means)?,
            None => None,
        };
        let body = match (self.body, view.body) {
            (Some(kind), BodyView::Whole(body)) => redact::body(kind, body, &plan.body(), means)?,
            (None, BodyView::Absent | BodyView::Whole(_)) => None,
            _ => return Err(RedactError::Unread),
        };
        let rewritten = Rewritten { query, body };
        if plan.remains(view, &rewritten, means) {
            return Err(RedactError::Remains);
        }
        Ok(rewritten)
    }

    fn plan<'a>(&'a self, redactions: &'a [Redaction]) -> Result<Plan<'a>, RedactError> {
        let mut plan = Plan::default();
        for redaction in redactions {
            match redaction {
                Redaction::Data(kind, action) => plan.kinds.push((kind, *action)),
                Redaction::Parameter(name, action) => match self.place(name) {
                    None => {}
                    Some(Place::Query) => plan.query.push((name, *action)),
                    Some(Place::Form) => plan.form.push((name, *action)),
                    Some(Place::Member) => {
                        let pointer = format!("/{}", escape(name));
                        plan.pointers.push((pointer.into(), *action));
                    }
                    Some(Place::Body(pointer)) => {
                        plan.pointers.push((pointer.into(), *action));
                    }
                    Some(Place::Fixed) => return Err(RedactError::Fixed),
                },
            }
        }
        if self
            .out_of_reach
            .iter()
            .any(|kind| plan.kinds.iter().any(|(asked, _)| asked == kind))
        {
            return Err(RedactError::Fixed);
        }
        Ok(plan)
    }

    fn place(&self, parameter: &str) -> Option<&Place> {
        self.parameters
            .iter()
            .find(|(name, _)| name == parameter)
            .map(|(_, place)| place)
    }
}

fn is_outside(kind: &str) -> bool {
    OUTSIDE.iter().any(|(outside, _)| *outside == kind)
}

/// What goes from where.
#[derive(Default)]
struct Plan<'a> {
    pointers: Vec<(Cow<'a, str>, Action)>,
    form: Vec<(&'a str, Action)>,
    query: Vec<(&'a str, Action)>,
    kinds: Vec<(&'a str, Action)>,
}

impl Plan<'_> {
    /// Whether something of what a detector elsewhere has told is still there, wherever it was told of.
    /// The rules are asked about each new text by itself.
    fn remains(&self, view: &RequestView<'_>, rewritten: &Rewritten, means: &Means<'_>) -> bool {
        if means.heard.is_empty() {
            return false;
        }
        let after = RequestView {
            query: rewritten.query.as_deref().or(view.query),
            body: rewritten.body.as_ref().map_or(view.body, BodyView::Whole),
            ..*view
        };
        let Ok(content) = Content::read(&after) else {
            return true;
        };
        let data = findings::find(&after, &content, means.finder());
        let asked = |kind: &str| self.kinds.iter().any(|(asked, _)| *asked == kind);
        data.iter()
            .any(|finding| is_outside(finding.kind) && asked(finding.kind))
    }

    fn query(&self) -> Targets<'_> {
        Targets {
            pointers: &[],
            names: &self.query,
            kinds: &self.kinds,
        }
    }

    fn body(&self) -> Targets<'_> {
        Targets {
            pointers: &self.pointers,
            names: &self.form,
            kinds: &self.kinds,
        }
    }
}

#[cfg(test)]
mod tests;
