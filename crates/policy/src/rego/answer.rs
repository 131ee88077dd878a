//! The machine's answer as a decision. Anything that is not exactly a decision is a fault, never a guess.

use std::sync::Arc;

use super::{Array, Object, Value, json};
use crate::{
    Action, AnswerEffect, AnswerRules, Decision, Fault, Numbers, Obligations, Outcome, Reason,
    Redaction, RefuseAs, Unread, Would,
};

pub(super) fn read(answer: &Value) -> Result<Decision, Fault> {
    let answer = object(answer)?;
    let reasons = reasons(field(answer, "reasons")?)?;
    if reasons
        .iter()
        .any(|reason| reason.rule.as_ref() == Fault::Undefined.rule())
    {
        return Err(Fault::Undefined);
    }
    Ok(Decision {
        outcome: outcome(field(answer, "outcome")?)?,
        reasons,
        obligations: obligations(object(field(answer, "obligations")?)?)?,
        would: match field(answer, "would")? {
            Value::Null => None,
            would => Some(self::would(object(would)?)?),
        },
        fault: None,
    })
}

fn obligations(from: &Object) -> Result<Obligations, Fault> {
    Ok(Obligations {
        redact: array(field(from, "redact")?)?
            .iter()
            .map(redaction)
            .collect::<Result<_, _>>()?,
        restrict_regions: match field(from, "restrict_regions")? {
            Value::Null => None,
            regions => Some(array(regions)?.iter().map(text).collect::<Result<_, _>>()?),
        },
        passthrough: truth(field(from, "passthrough")?)?,
        refuse_as: refuse_as(field(from, "refuse_as")?)?,
        numbers: numbers(field(from, "numbers")?)?,
        answers: match field(from, "answers")? {
            Value::Null => None,
            answers => Some(self::answers(object(answers)?)?),
        },
        restore: truth(field(from, "restore")?)?,
    })
}

fn answers(from: &Object) -> Result<AnswerRules, Fault> {
    let data = object(field(from, "data")?)?.iter();
    let data = data.map(|(word, ruled)| {
        let ruled = object(ruled)?;
        let action = action(field(ruled, "action")?)?;
        let effects = [
            AnswerEffect::Allow,
            AnswerEffect::Sanitize(action),
            AnswerEffect::Deny,
        ];
        let effect = one_of(effects, AnswerEffect::as_str, field(ruled, "effect")?)?;
        Ok((text(word)?, effect))
    });
    let unread = field(from, "unread")?;
    Ok(AnswerRules {
        data: data.collect::<Result<_, Fault>>()?,
        unread: one_of([Unread::Deny, Unread::Allow], Unread::as_str, unread)?,
        numbers: numbers(field(from, "numbers")?)?,
    })
}

fn numbers(from: &Value) -> Result<Numbers, Fault> {
    one_of([Numbers::Text, Numbers::Deny], Numbers::as_str, from)
}

fn refuse_as(from: &Value) -> Result<RefuseAs, Fault> {
    let known = [RefuseAs::Error, RefuseAs::ToolResult];
    one_of(known, RefuseAs::as_str, from)
}

fn redaction(from: &Value) -> Result<Redaction, Fault> {
    let from = object(from)?;
    // A finding of users' modules does not say how.
    let action = find(from, "action").map_or(Ok(Action::default()), action)?;
    match (find(from, "parameter"), find(from, "data")) {
        (Some(name), None) => Ok(Redaction::Parameter(text(name)?, action)),
        (None, Some(kind)) => Ok(Redaction::Data(text(kind)?, action)),
        _ => Err(Fault::WrongType),
    }
}

fn action(from: &Value) -> Result<Action, Fault> {
    serde_json::from_value(json(from)?).map_err(|_| Fault::WrongType)
}

fn would(from: &Object) -> Result<Would, Fault> {
    Ok(Would {
        outcome: outcome(field(from, "outcome")?)?,
        reasons: reasons(field(from, "reasons")?)?,
    })
}

fn reasons(from: &Value) -> Result<Vec<Reason>, Fault> {
    let reason = |from: &Value| {
        let from = object(from)?;
        Ok(Reason {
            rule: text(field(from, "rule")?)?,
            message: text(field(from, "message")?)?,
        })
    };
    array(from)?.iter().map(reason).collect()
}

fn outcome(from: &Value) -> Result<Outcome, Fault> {
    let known = [
        Outcome::Allow,
        Outcome::Sanitize,
        Outcome::ApprovalNeeded,
        Outcome::Deny,
    ];
    one_of(known, Outcome::as_str, from)
}

/// The one that goes by this name.
fn one_of<T: Copy, const N: usize>(
    known: [T; N],
    as_str: impl Fn(T) -> &'static str,
    from: &Value,
) -> Result<T, Fault> {
    let Value::String(name) = from else {
        return Err(Fault::WrongType);
    };
    let mut known = known.into_iter();
    known
        .find(|known| as_str(*known) == name.as_ref())
        .ok_or(Fault::WrongType)
}

fn truth(from: &Value) -> Result<bool, Fault> {
    match from {
        Value::Bool(truth) => Ok(*truth),
        _ => Err(Fault::WrongType),
    }
}

fn field<'a>(from: &'a Object, name: &str) -> Result<&'a Value, Fault> {
    find(from, name).ok_or(Fault::WrongType)
}

/// Goes over the few fields: to look one up, its name would have to be made a value each time.
fn find<'a>(from: &'a Object, name: &str) -> Option<&'a Value> {
    let mut fields = from.iter();
    let is_it = |key: &Value| matches!(key, Value::String(key) if **key == *name);
    fields.find_map(|(key, value)| is_it(key).then_some(value))
}

pub(super) fn object(value: &Value) -> Result<&Object, Fault> {
    value.as_object().map_err(|_| Fault::WrongType)
}

pub(super) fn text(value: &Value) -> Result<Arc<str>, Fault> {
    value.as_string().cloned().map_err(|_| Fault::WrongType)
}

fn array(value: &Value) -> Result<&Array, Fault> {
    value.as_array().map_err(|_| Fault::WrongType)
}
