//! A small HTTP client that compares every answer with `/openapi.json`.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::schema;

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self {
            address,
            token: token.map(str::to_owned),
            headers: Vec::new(),
        }
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// Without the comparison, which costs more time than the answer.
    pub(crate) async fn unchecked(&self, path: &str) -> Answer {
        self.exchange(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string().into()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Bytes) -> Answer {
        let answer = self.exchange(method.clone(), path, body).await;
        check(&method, path, &answer);
        answer
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test's client, on loopback, with small answers"
    )]
    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "control");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        drop(sender);
        connection.abort();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and, of an error, its code.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let code = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        let code = code["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn fails(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Every answer is described, and is as it is described.
fn check(method: &Method, path: &str, answer: &Answer) {
    let document = aegis_control::openapi();
    let path = path.split('?').next().unwrap();
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let kind = answer.header("content-type");
    if answer.status.is_client_error() || answer.status.is_server_error() {
        assert_eq!(kind, "application/problem+json", "{answer:?}");
        assert_eq!(schema::mismatch(&document, &problem, &answer.json()), None);
        return;
    }
    let paths = document["paths"].as_object().unwrap();
    let (_, operations) = paths
        .iter()
        .find(|(template, _)| is_like(template, path))
        .unwrap_or_else(|| panic!("{path} is not described"));
    let responses = &operations[method.as_str().to_lowercase()]["responses"];
    let described = &responses[answer.status.as_str()];
    assert!(
        described.is_object(),
        "{method} {path}: {} is not described",
        answer.status
    );
    if let Some(schema) = described.pointer("/content/application~1json/schema") {
        let wrong = schema::mismatch(&document, schema, &answer.json());
        assert_eq!(wrong, None, "{method} {path}");
    }
}

fn is_like(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(a, b)| a.starts_with('{') || *a == b)
}
