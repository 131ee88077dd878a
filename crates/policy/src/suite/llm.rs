//! What an LLM's request says as parameters and a call may say by keys of their own. It knows no policy.

use std::sync::Arc;

use serde_json::Value as Json;

use super::call::{CallData, Mistake};
use crate::{CallKind, Parameters};

/// The same in both places, as the proxy would see it.
pub(super) struct Said {
    pub(super) parameters: Parameters,
    pub(super) model: Option<Arc<str>>,
    pub(super) stream: bool,
}

pub(super) fn said(call: &CallData, kind: CallKind) -> Result<Said, Mistake> {
    let mut parameters = call.parameters.clone();
    if kind != CallKind::Llm {
        if call.model.is_some() {
            return Err(Mistake::new(&["model"], "only an LLM's call has a model"));
        }
        return Ok(Said {
            parameters,
            model: None,
            stream: call.stream == Some(true),
        });
    }
    let model = call.model.as_deref().map(Json::from);
    let model = agreed(&mut parameters, "model", model, &["model"])?;
    let stream = agreed(
        &mut parameters,
        "stream",
        call.stream.map(Json::from),
        &["stream"],
    )?;
    Ok(Said {
        model: model.as_ref().and_then(Json::as_str).map(Arc::from),
        stream: stream.as_ref().and_then(Json::as_bool) == Some(true),
        parameters,
    })
}

/// The value of a key that is also a parameter.
fn agreed(
    parameters: &mut Parameters,
    name: &str,
    stated: Option<Json>,
    at: &'static [&'static str],
) -> Result<Option<Json>, Mistake> {
    let sent = parameters.get(name).cloned();
    match (stated, sent) {
        (Some(stated), Some(sent)) if stated != sent => {
            let message = format!("the parameter `{name}` says something else");
            Err(Mistake::new(at, message))
        }
        (Some(stated), None) => {
            parameters.insert(name.to_owned(), stated.clone());
            Ok(Some(stated))
        }
        (_, sent) => Ok(sent),
    }
}
