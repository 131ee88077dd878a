//! What goes around single MCP messages: batches, lists, tools that change, tools that fail.

mod asked;
mod batches;
mod changed_tools;
mod lists;
mod questions;
mod refusals;

use aegis_testkit::{Aegis, AegisBuilder, Answer, Received, Reply, Upstream, UpstreamBuilder};
use serde_json::{Value, json};

/// A fake MCP server: what it answers to each message of a request, by its method.
fn server(result: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> UpstreamBuilder {
    Upstream::http().answer(move |request: &Received| {
        let body = request.json();
        let answered = |message: &Value| {
            let method = message["method"].as_str().expect("a method");
            let result = result(method, &message["params"]);
            json!({"jsonrpc": "2.0", "id": message["id"], "result": result})
        };
        Answer::json(&match body.as_array() {
            None => answered(&body),
            Some(messages) => {
                let requests = messages.iter().filter(|message| !message["id"].is_null());
                requests.map(answered).collect()
            }
        })
    })
}

fn data_plane(policy: &str) -> AegisBuilder {
    Aegis::with_policy(policy)
        .hosts(&["mcp.test"])
        .agent("acme", "worker")
}

fn message(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    message(
        id,
        "tools/call",
        &json!({"name": tool, "arguments": arguments}),
    )
}

async fn ask(aegis: &Aegis, server: &Upstream, body: &Value) -> Reply {
    let url = server.url_as("mcp.test", "/mcp");
    aegis.client("worker").post_json(&url, body).await
}

fn tool(name: &str) -> Value {
    described(name, "It does what it is called.")
}

fn described(name: &str, description: &str) -> Value {
    json!({"name": name, "description": description, "inputSchema": {"type": "object"}})
}

/// By their order.
fn names(list: &Value) -> Vec<&str> {
    let entries = list.as_array().expect("a list").iter();
    entries.filter_map(|entry| entry["name"].as_str()).collect()
}
