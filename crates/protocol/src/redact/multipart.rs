//! Redaction in the parts of a multipart body. What stands in the head of a part cannot be rewritten, and a
//! part that cannot be read keeps its bytes: policy has let it pass as it is.

use aegis_dlp::Field;
use aegis_policy::Action;
use serde_json::Value;

use super::edits::Edits;
use super::{RedactError, Targets, holds_data, json, present, strongest, within_text};
use crate::multipart::{Part, boundary_of, parts};
use crate::pseudonyms::Means;

/// The redacted body; `None` where nothing had to change.
pub(super) fn multipart(
    body: &[u8],
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<Vec<u8>>, RedactError> {
    let found = read(body)?;
    present(targets, found.iter().filter_map(|part| part.field.as_ref()))?;
    let mut edits = Edits::default();
    for part in &found {
        let head = body.get(part.head.clone()).ok_or(RedactError::Missing)?;
        let head = std::str::from_utf8(head).map_err(|_| RedactError::Utf8)?;
        if holds_data(head, targets, means) {
            return Err(RedactError::Name);
        }
        let Some(field) = &part.field else {
            continue;
        };
        let value = match strongest(targets.names, field.parameter()) {
            Some(action) => Some(whole(part, action, means)),
            None => redacted(part, targets, means)?,
        };
        let Some(value) = value else { continue };
        if !field.clear || part.is_sized {
            return Err(RedactError::Ambiguous);
        }
        edits.replace(field.value_at.clone(), value);
    }
    let Some(redacted_body) = edits.apply_to_bytes(body) else {
        return Ok(None);
    };
    let after = read(&redacted_body)?;
    let readable =
        |parts: &[Part]| -> Vec<bool> { parts.iter().map(|part| part.field.is_some()).collect() };
    if readable(&after) != readable(&found) {
        return Err(RedactError::Ambiguous);
    }
    for part in &after {
        if redacted(part, targets, &means.unnamed())?.is_some() {
            return Err(RedactError::Remains);
        }
    }
    Ok(Some(redacted_body))
}

fn read(body: &[u8]) -> Result<Vec<Part>, RedactError> {
    let boundary = boundary_of(body).ok_or(RedactError::Missing)?;
    parts(body, boundary).map_err(|_| RedactError::Missing)
}

/// In the place of a whole field. Where it is JSON, so is this.
fn whole(part: &Part, action: Action, means: &Means<'_>) -> String {
    let value = part.field.as_ref().map_or("", |field| &*field.value);
    let text = means.parameter(action, value);
    if part.is_json {
        Value::from(text).to_string()
    } else {
        text
    }
}

fn redacted(
    part: &Part,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<String>, RedactError> {
    let Some(field) = &part.field else {
        return Ok(None);
    };
    if part.is_json {
        let cleaned = json(field.value.as_bytes(), &targets.of_data(), means, 0)?;
        // Read as text, it may show what no value of it does: a member and another one's value.
        let text = cleaned.as_deref().unwrap_or(&field.value);
        let shown = targets.redact(&Field::part(Some(&field.name), text), means);
        return match shown {
            Some(_) => Err(RedactError::Ambiguous),
            None => Ok(cleaned),
        };
    }
    within_text(&field.name, &field.value, targets, means, || {
        let name = Some(&*field.name);
        targets.redact(
            &Field {
                name,
                text: &field.value,
            },
            means,
        )
    })
}
