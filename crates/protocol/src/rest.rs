//! A call of a catalogued REST service: the operation, and its parameters wherever they stand.

use aegis_policy::{CallKind, Service};
use serde_json::Value;

use crate::InspectError;
use crate::body::Content;
use crate::inspected::{Described, Subject};
use crate::parameters::Collector;
use crate::urlencoded::{self, FORM_METHOD, folded};

/// Tool = the service, action = the operation, `other` where none matches.
pub(crate) fn describe(service: &Service, subject: Subject<'_>) -> Result<Described, InspectError> {
    let matched = service.operation(subject.view.method.as_str(), subject.view.path)?;
    let action = matched
        .as_ref()
        .map_or("other", |matched| &*matched.operation.action);
    let mut described = Described::new(CallKind::Tool, service.name.to_string(), action);
    let mut found = Collector::default();
    if let Some(matched) = matched {
        described.recordable = matched.operation.recordable.clone();
        found.path(matched.parameters)?;
    }
    found.query(&urlencoded::pairs(subject.view.query.unwrap_or_default()))?;
    let (found, read) = read_body(subject, found)?;
    described.unread = !read;
    let is_method = |name: &String| folded(name) == FORM_METHOD;
    if found.parameters.keys().any(is_method) {
        return Err(InspectError::MethodOverride);
    }
    described.parameters = found.parameters;
    described.places = found.places;
    Ok(described)
}

/// Adds the parameters in the body, if any, and says whether they could be read: a body of another
/// shape, such as a JSON array or plain text, may give what no rule would see.
fn read_body(
    subject: Subject<'_>,
    mut found: Collector,
) -> Result<(Collector, bool), InspectError> {
    // Sent as a form, a JSON text is one odd parameter to some servers and an object to others.
    if subject.content.misnamed_json(subject.view).is_some() {
        return Err(InspectError::Disagreement {
            declared: "a form",
            found: "JSON",
        });
    }
    match subject.content {
        Content::Absent => {}
        // What has no name gives what no rule would see.
        Content::Multipart(_) if subject.content.fields().any(|field| field.name.is_empty()) => {
            return Ok((found, false));
        }
        Content::Form(_) | Content::Multipart(_) => found.form(subject.content.fields())?,
        Content::Json {
            value: Value::Object(members),
        } => found = found.with_members(members)?,
        Content::Json { .. } | Content::Text(_) | Content::Hidden | Content::Garbled => {
            return Ok((found, false));
        }
    }
    Ok((found, true))
}

#[cfg(test)]
mod tests;
