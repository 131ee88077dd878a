//! Agents that call agents, in both versions and both bindings of A2A: what passes, what does not, and how it is told.

mod chain;

use aegis_testkit::{Aegis, Answer, Feed, Payload, ProxyClient, Received, Reply, Upstream};
use http::{Method, Request};
use serde_json::{Value, json};

#[tokio::test]
async fn every_call_of_an_agent_passes_as_it_came() {
    let (aegis, helper) = data_plane().await;
    for language in LANGUAGES {
        for (action, asked) in language.calls("t-1") {
            let reply = asked.send(&aegis.client("planner"), &helper).await;
            let (decision, _) = aegis.lines_of(&reply).await;
            assert_eq!(reply.status(), 200, "{decision}");
            assert_eq!(reply.header("aegis-decision"), Some("allow"));
            let said = [&decision["kind"], &decision["tool"], &decision["action"]];
            assert_eq!(said, ["a2a", "helper", action], "{language:?}");
            let received = helper.requests().pop().expect("a request");
            assert_eq!(received.target, asked.path, "{language:?} {action}");
            assert_eq!(received.text(), asked.body_text());
        }
    }
}

#[tokio::test]
async fn events_of_a_stream_pass_as_they_come() {
    for language in LANGUAGES {
        let feed = Feed::new();
        let answers = feed.clone();
        let agent = Upstream::http().answer(move |_| Answer::events(&answers));
        let agent = agent.start().await;
        let aegis = under(&agent).await;
        let asked = language.message("stream", "hello");
        let mut reply = asked.send(&aegis.client("planner"), &agent).await;
        feed.event("first");
        let first = reply.chunk().await.expect("an event");
        assert!(String::from_utf8_lossy(&first).contains("first"));
        feed.event("second");
        feed.end();
        assert!(reply.text().await.contains("second"), "{language:?}");
    }
}

#[tokio::test]
async fn a_refused_call_is_an_error_of_its_binding_even_where_a_stream_was_asked_for() {
    let (aegis, helper) = data_plane().await;
    for language in LANGUAGES {
        for (action, asked) in language.calls("t-of-others") {
            if action == "card" {
                continue;
            }
            let mut reply = asked.send(&aegis.client("planner"), &helper).await;
            let (decision, _) = aegis.lines_of(&reply).await;
            let body = reply.json().await;
            assert_eq!(decision["outcome"], "deny", "{language:?} {action}");
            language.assert_refused(&reply, &body, "parameter.enum");
        }
    }
    assert_eq!(helper.connections(), 0);
}

#[tokio::test]
async fn a_card_that_is_not_granted_is_refused_too() {
    let (aegis, helper) = data_plane().await;
    let card = Asked::get("/.well-known/agent-card.json".to_owned());
    let mut reply = card.send(&aegis.client("archive"), &helper).await;
    let body = reply.json().await;
    LANGUAGES[1].assert_refused(&reply, &body, "tool");
    assert_eq!(helper.connections(), 0);
}

#[tokio::test]
async fn what_a_message_says_is_redacted_in_place() {
    let (aegis, helper) = data_plane().await;
    for language in LANGUAGES {
        for action in ["send", "stream"] {
            let asked = language.message(action, "ask ann@example.org about it");
            let reply = asked.send(&aegis.client("planner"), &helper).await;
            assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
            let received = helper.requests().pop().expect("a request");
            let expected = asked.body_text();
            let expected = expected.replace("ann@example.org", "[REDACTED:EMAIL_ADDRESS]");
            assert_eq!(received.text(), expected, "{language:?} {action}");
        }
    }
}

#[tokio::test]
async fn a_message_that_a_human_must_see_first_names_its_approval() {
    let (aegis, helper) = data_plane().await;
    for language in LANGUAGES {
        for action in ["send", "stream"] {
            let asked = language.message(action, "charge 4111 1111 1111 1111");
            let mut reply = asked.send(&aegis.client("planner"), &helper).await;
            let body = reply.json().await;
            let (decision, _) = aegis.lines_of(&reply).await;
            language.assert_refused(&reply, &body, "data.CREDIT_CARD");
            let id = decision["approval_id"].as_str().expect("an id");
            let message = body["error"]["message"].as_str().expect("a message");
            assert!(message.contains(id), "{message}");
        }
    }
    assert_eq!(helper.connections(), 0);
}

#[tokio::test]
async fn an_agent_that_is_gone_is_an_error_of_the_binding_as_well() {
    let agent = Upstream::http().answer(|_| Answer::hang_up()).start().await;
    let aegis = under(&agent).await;
    let asked = LANGUAGES[1].message("stream", "hello");
    let mut reply = asked.send(&aegis.client("planner"), &agent).await;
    let body = reply.json().await;
    assert_eq!(reply.status(), 502);
    assert_eq!(body["error"]["details"][0]["reason"], "INTERNAL_ERROR");
}

/// A version in one of its bindings.
#[derive(Clone, Copy, Debug)]
struct Language {
    version: Version,
    binding: Binding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V03,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    JsonRpc,
    Http,
}

const LANGUAGES: [Language; 4] = [
    Language {
        version: Version::V1,
        binding: Binding::JsonRpc,
    },
    Language {
        version: Version::V1,
        binding: Binding::Http,
    },
    Language {
        version: Version::V03,
        binding: Binding::JsonRpc,
    },
    Language {
        version: Version::V03,
        binding: Binding::Http,
    },
];

/// A call, not yet sent.
struct Asked {
    method: Method,
    path: String,
    version: &'static str,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

impl Language {
    /// Every kind of call, those with a task about this one.
    fn calls(self, task: &str) -> [(&'static str, Asked); 5] {
        let message = |action: &str| {
            let mut asked = self.message(action, "hello");
            let body = asked.body.as_mut().expect("a body");
            let params = match self.binding {
                Binding::JsonRpc => &mut body["params"],
                Binding::Http => body,
            };
            match (self.binding, self.version) {
                (Binding::Http, Version::V03) => params["request"]["task_id"] = json!(task),
                _ => params["message"]["taskId"] = json!(task),
            }
            asked
        };
        [
            ("send", message("send")),
            ("stream", message("stream")),
            ("get", self.of_task("get", task)),
            ("cancel", self.of_task("cancel", task)),
            (
                "card",
                Asked::get("/.well-known/agent-card.json".to_owned()),
            ),
        ]
    }

    fn message(self, action: &str, text: &str) -> Asked {
        let part = match self.version {
            Version::V1 => json!({"text": text}),
            Version::V03 => json!({"kind": "text", "text": text}),
        };
        let role = match self.version {
            Version::V1 => "ROLE_USER",
            Version::V03 => "user",
        };
        let message = json!({"messageId": "m-1", "role": role, "parts": [part]});
        let mut params = json!({"message": message});
        if (self.binding, self.version) == (Binding::Http, Version::V03) {
            // As the SDK for Python has it.
            let message =
                json!({"message_id": "m-1", "role": "ROLE_USER", "content": [{"text": text}]});
            params = json!({"request": message});
        }
        match (self.binding, self.version, action) {
            (Binding::Http, Version::V1, _) => self.post(format!("/message:{action}"), params),
            (Binding::Http, Version::V03, _) => self.post(format!("/v1/message:{action}"), params),
            (_, Version::V1, "send") => self.call("SendMessage", &params),
            (_, Version::V1, _) => self.call("SendStreamingMessage", &params),
            (_, Version::V03, _) => self.call(&format!("message/{action}"), &params),
        }
    }

    fn of_task(self, action: &str, task: &str) -> Asked {
        let params = json!({"id": task});
        match (self.binding, self.version, action) {
            (Binding::JsonRpc, Version::V1, "get") => self.call("GetTask", &params),
            (Binding::JsonRpc, Version::V1, _) => self.call("CancelTask", &params),
            (Binding::JsonRpc, Version::V03, _) => self.call(&format!("tasks/{action}"), &params),
            (Binding::Http, version, action) => {
                let prefix = if version == Version::V1 { "" } else { "/v1" };
                match action {
                    "get" => Asked::get(format!("{prefix}/tasks/{task}")),
                    _ => self.post(format!("{prefix}/tasks/{task}:cancel"), json!({})),
                }
            }
        }
    }

    fn call(self, method: &str, params: &Value) -> Asked {
        let message = json!({"jsonrpc": "2.0", "id": "r-1", "method": method, "params": params});
        self.post("/".to_owned(), message)
    }

    fn post(self, path: String, body: Value) -> Asked {
        Asked {
            method: Method::POST,
            path,
            version: match self.version {
                Version::V1 => "1.0",
                Version::V03 => "0.3",
            },
            body: Some(body),
            headers: Vec::new(),
        }
    }

    /// What an SDK needs to raise its own error with our words in it.
    fn assert_refused(self, reply: &Reply, body: &Value, rule: &str) {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let error = &body["error"];
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(&format!("(rule {rule})")), "{body}");
        let problem = match self.binding {
            Binding::JsonRpc => {
                assert_eq!((reply.status(), &body["id"]), (200, &json!("r-1")));
                assert_eq!(error["code"], -32050, "{body}");
                &error["data"]
            }
            Binding::Http => {
                assert_eq!((reply.status(), &error["code"]), (403, &json!(403)));
                let reason = &error["details"][0]["reason"];
                assert_eq!(reason, "UNSUPPORTED_OPERATION", "{body}");
                assert_eq!(body["type"], "UnsupportedOperationError", "{body}");
                &error["aegis"]
            }
        };
        assert_eq!(problem["reasons"][0]["rule"], rule, "{body}");
    }
}

impl Asked {
    fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            version: "1.0",
            body: None,
            headers: Vec::new(),
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body_text(&self) -> String {
        let body = self.body.as_ref();
        body.map(Value::to_string).unwrap_or_default()
    }

    async fn send(&self, client: &ProxyClient, agent: &Upstream) -> Reply {
        self.send_to(client, &agent.url_as("helper.test", &self.path))
            .await
    }

    async fn send_to(&self, client: &ProxyClient, url: &str) -> Reply {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(url)
            .header("a2a-version", self.version);
        if self.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Payload::from(self.body_text()));
        client.send(request.expect("a request")).await
    }
}

/// One agent, and those who may call it.
async fn data_plane() -> (Aegis, Upstream) {
    let helper = Upstream::http().answer(agent).start().await;
    (under(&helper).await, helper)
}

async fn under(helper: &Upstream) -> Aegis {
    Aegis::with_policy(&POLICY.replace("PORT", &helper.port().to_string()))
        .agent("acme", "planner")
        .agent("acme", "archive")
        .hosts(&["helper.test"])
        .start()
        .await
}

/// It answers in the language in which it is asked; what it says is nobody's concern here.
fn agent(request: &Received) -> Answer {
    let streams = request.text().contains("Stream") || request.target.ends_with("stream");
    if streams {
        let feed = Feed::new();
        feed.event(r#"{"task": {"id": "t-1"}}"#);
        feed.end();
        return Answer::events(&feed);
    }
    Answer::json(&json!({"jsonrpc": "2.0", "id": "r-1", "result": {"task": {"id": "t-1"}}}))
}

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  planner: {tenant: acme, profile: callers}
  archive: {tenant: acme, profile: readers}
profiles:
  callers:
    data: {EMAIL_ADDRESS: sanitize, CREDIT_CARD: approval_needed}
    tools:
      helper:
        card: {}
        send: {taskId: {enum: [t-1]}}
        stream: {taskId: {enum: [t-1]}}
        get: {taskId: {enum: [t-1], required: true}}
        cancel: {taskId: {enum: [t-1], required: true}}
  readers:
    tools: {helper: {get: {}}}
catalogue:
  helper: {hosts: ['helper.test:PORT'], protocol: a2a, regions: [eu-central-1]}
";
