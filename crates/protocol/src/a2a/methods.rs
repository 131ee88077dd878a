//! The methods and paths of A2A 1.0 and 0.3, and the one word for each. It reads no parameters.

use http::Method;
use serde_json::Value;

/// What a request of the HTTP binding asks.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) action: &'static str,
    /// Where the path names it.
    pub(super) task: Option<&'a str>,
}

/// The word for a method of either version.
pub(super) fn action(method: &str) -> Option<&'static str> {
    let known = METHODS.iter().find(|(known, _)| *known == method);
    known.map(|(_, action)| *action)
}

/// Whether `id` among the method's parameters is that of a task.
pub(super) fn is_of_task(method: &str) -> bool {
    method.starts_with("tasks/") || matches!(method, "GetTask" | "CancelTask" | "SubscribeToTask")
}

/// Whether a JSON-RPC message is a call of an agent, by method and shape. MCP has tasks as well, but
/// calls their ids `taskId`.
pub(super) fn is_call(message: &Value) -> bool {
    let method = message.get("method").and_then(Value::as_str);
    let param = |name: &str| message.get("params").and_then(|params| params.get(name));
    match method {
        Some("SendMessage" | "SendStreamingMessage" | "message/send" | "message/stream") => {
            param("message").is_some_and(Value::is_object)
        }
        Some("tasks/get" | "tasks/cancel") => param("id").is_some() && param("taskId").is_none(),
        Some("tasks/list") | None => false,
        Some(method) => action(method).is_some(),
    }
}

/// The path may have a prefix: the agent's own, a tenant or a version.
pub(super) fn over_http<'a>(method: &Method, path: &'a [String]) -> Option<Asked<'a>> {
    let is = |known: &Method| method == known;
    let found = |action, task| Some(Asked { action, task });
    match path {
        [.., last] if is(&Method::POST) && last == "message:send" => found("send", None),
        [.., last] if is(&Method::POST) && last == "message:stream" => found("stream", None),
        [.., last] if is(&Method::GET) && last == "extendedAgentCard" => found("card", None),
        [.., version, last] if is(&Method::GET) && version == "v1" && last == "card" => {
            found("card", None)
        }
        [well_known, card] if is(&Method::GET) && is_card_of([well_known, card]) => {
            found("card", None)
        }
        [.., tasks] if is(&Method::GET) && tasks == "tasks" => found("list", None),
        [.., tasks, id] if tasks == "tasks" => of_task(method, id),
        [.., tasks, id, configs] if tasks == "tasks" && configs == PUSH => match *method {
            Method::POST => found("set_push", Some(id)),
            Method::GET => found("list_push", Some(id)),
            _ => None,
        },
        [.., tasks, id, configs, _] if tasks == "tasks" && configs == PUSH => match *method {
            Method::GET => found("get_push", Some(id)),
            Method::DELETE => found("delete_push", Some(id)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a request is for an agent's public card.
pub(super) fn is_card(method: &Method, path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    let (well_known, card) = (segments.next(), segments.next());
    let card = well_known
        .zip(card)
        .is_some_and(|(a, b)| is_card_of([a, b]));
    card && segments.next().is_none() && method == Method::GET
}

/// The second is that of versions before 0.3.
fn is_card_of([folder, file]: [&str; 2]) -> bool {
    folder == ".well-known" && matches!(file, "agent-card.json" | "agent.json")
}

fn of_task<'a>(method: &Method, last: &'a str) -> Option<Asked<'a>> {
    let (task, verb) = last.split_once(':').unwrap_or((last, ""));
    let action = match (verb, method) {
        ("", &Method::GET) => "get",
        ("cancel", &Method::POST) => "cancel",
        ("subscribe", &(Method::GET | Method::POST)) => "subscribe",
        _ => return None,
    };
    Some(Asked {
        action,
        task: Some(task),
    })
}

const PUSH: &str = "pushNotificationConfigs";

const METHODS: [(&str, &str); 22] = [
    ("SendMessage", "send"),
    ("SendStreamingMessage", "stream"),
    ("GetTask", "get"),
    ("ListTasks", "list"),
    ("CancelTask", "cancel"),
    ("SubscribeToTask", "subscribe"),
    ("CreateTaskPushNotificationConfig", "set_push"),
    ("GetTaskPushNotificationConfig", "get_push"),
    ("ListTaskPushNotificationConfigs", "list_push"),
    ("DeleteTaskPushNotificationConfig", "delete_push"),
    ("GetExtendedAgentCard", "card"),
    ("message/send", "send"),
    ("message/stream", "stream"),
    ("tasks/get", "get"),
    ("tasks/list", "list"),
    ("tasks/cancel", "cancel"),
    ("tasks/resubscribe", "subscribe"),
    ("tasks/pushNotificationConfig/set", "set_push"),
    ("tasks/pushNotificationConfig/get", "get_push"),
    ("tasks/pushNotificationConfig/list", "list_push"),
    ("tasks/pushNotificationConfig/delete", "delete_push"),
    ("agent/getAuthenticatedExtendedCard", "card"),
];
