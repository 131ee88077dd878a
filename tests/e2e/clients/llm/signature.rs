//! Has AWS's own SDK sign what arrived at a provider, so that the gateway's signature is right for exactly that.

use aegis_testkit::Received;
use serde_json::{Value, json};

use super::super::environment::Environment;
use super::super::front::SERVICE_KEY;

pub(super) async fn verify(requests: &[Received]) {
    let signatures: Vec<&str> = requests
        .iter()
        .map(|it| parameter(it, "Signature"))
        .collect();
    let arrived: Vec<Value> = requests.iter().map(described).collect();
    let seen = Environment::bare()
        .with("KEY", SERVICE_KEY)
        .with("REQUESTS", json!(arrived).to_string())
        .python("aws_signature.py")
        .await;
    assert_eq!(
        seen["signatures"]["expected"],
        json!(signatures),
        "{arrived:?}"
    );
}

fn described(request: &Received) -> Value {
    let signed = parameter(request, "SignedHeaders").split(';');
    let headers: serde_json::Map<String, Value> = signed
        .map(|name| match name {
            "host" => (name.to_owned(), request.authority.as_str().into()),
            _ => (name.to_owned(), request.header(name).into()),
        })
        .collect();
    json!({
        "method": request.method.as_str(),
        "url": format!("https://{}{}", request.authority, request.target),
        "headers": headers,
        "body": request.text(),
    })
}

/// Of `AWS4-HMAC-SHA256 NAME=VALUE, …`.
fn parameter<'r>(request: &'r Received, name: &str) -> &'r str {
    let shown = request.header("authorization").expect("a signature");
    let (_, parameters) = shown.split_once(' ').expect("a scheme");
    let mut pairs = parameters
        .split(',')
        .filter_map(|it| it.trim().split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.expect("a parameter").1
}
