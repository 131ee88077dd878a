//! The gateway in a test: services behind it, and requests as an SDK sends them there.

use std::net::SocketAddr;
use std::path::PathBuf;

use aegis_config::{
    GatewayService, GatewaySettings, KeySource, SendAs, ServiceCredential, ServiceUrl,
};
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::app::{any_port, secret_of};
use crate::client::Session;
use crate::{Aegis, AegisBuilder, Payload, RawClient, Reply};

impl AegisBuilder {
    /// Fronts `upstream`, `https://HOST:PORT/PREFIX` or the same with `http`, as the service `name`.
    #[must_use]
    pub fn service(
        self,
        name: &str,
        upstream: &str,
        credential: impl Into<Option<ServiceCredential>>,
    ) -> Self {
        let (scheme, rest) = upstream.split_once("://").expect("the test gives a URL");
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let slash = if prefix.is_empty() { "" } else { "/" };
        let service = GatewayService {
            upstream: ServiceUrl {
                tls: scheme == "https",
                authority: authority.into(),
                prefix: format!("{slash}{prefix}").into(),
            },
            credential: credential.into(),
        };
        self.settings(|settings| {
            let at = || GatewaySettings::at(any_port());
            let gateway = settings.gateway.get_or_insert_with(at);
            gateway.services.insert(name.into(), service);
        })
    }

    /// A file with a service's key.
    pub fn key_file(&self, name: &str, key: &str) -> PathBuf {
        self.write(name, key)
    }
}

impl Aegis {
    pub fn gateway(&self) -> SocketAddr {
        let address = self.app().gateway_address();
        address.expect("the test has configured a service")
    }

    /// What an agent sets as its SDK's base URL, and what the SDK puts behind it.
    pub fn gateway_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway())
    }

    /// Sends a request to the gateway as it is, on a connection of its own.
    pub async fn ask_gateway(&self, request: Request<Payload>) -> Reply {
        let client = RawClient::connect(self.gateway()).await;
        Session::inside(client).await.send(request).await
    }

    /// Posts JSON to the gateway, with this agent's credential in the place of the API key.
    pub async fn post_as(&self, agent: &str, path: &str, body: &Value) -> Reply {
        let request = Request::post(self.gateway_url(path))
            .header(AUTHORIZATION, format!("Bearer {}", secret_of(agent)))
            .header("content-type", "application/json")
            .body(Payload::from(body.to_string()));
        self.ask_gateway(request.expect("the test gives a path"))
            .await
    }
}

/// A key from a file, as `Authorization: Bearer KEY`.
pub fn bearer(file: impl Into<PathBuf>) -> ServiceCredential {
    ServiceCredential::Key {
        send_as: SendAs::Bearer,
        key: KeySource::File(file.into()),
    }
}

/// A key in a header of its own.
pub fn header_key(name: &str, key: KeySource) -> ServiceCredential {
    ServiceCredential::Key {
        send_as: SendAs::Header(name.into()),
        key,
    }
}
