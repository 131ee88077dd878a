//! The scripted agent: an ordinary HTTP/1.1 client behind a proxy, which knows nothing of policies.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::secret::Secret;

/// Trusts the proxy's CA and nobody else, so an answer past the proxy would be an error.
pub(crate) struct Agent {
    proxy: SocketAddr,
    tls: TlsConnector,
}

pub(crate) struct Call<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    pub(crate) body: String,
    pub(crate) credential: Option<(&'a str, &'a Secret)>,
}

impl Agent {
    pub(crate) fn new(proxy: SocketAddr, ca_pem: &str) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate.map_err(|_| anyhow!("the CA is not PEM"))?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            proxy,
            tls: Arc::new(config).into(),
        })
    }

    /// CONNECT, TLS, one `POST` of JSON. A refused CONNECT is the answer as well.
    pub(crate) async fn call(&self, call: &Call<'_>) -> anyhow::Result<Response<Bytes>> {
        #[expect(
            clippy::disallowed_methods,
            reason = "an agent dials the proxy and nothing else"
        )]
        let stream = TcpStream::connect(self.proxy)
            .await
            .context("the proxy does not answer")?;
        let (mut outer, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        let connected = outer
            .send_request(connect(call)?)
            .await
            .context("CONNECT")?;
        if !connected.status().is_success() {
            return whole(connected).await;
        }
        let tunnel = hyper::upgrade::on(connected).await.context("the tunnel")?;
        let name = ServerName::try_from(call.host.to_owned())?;
        let tls = self.tls.connect(name, TokioIo::new(tunnel)).await;
        let tls = tls.context("TLS with the proxy's certificate")?;
        let (mut inner, connection) = http1::handshake(TokioIo::new(tls)).await?;
        tokio::spawn(connection);
        whole(
            inner
                .send_request(post(call)?)
                .await
                .context("the request")?,
        )
        .await
    }
}

fn connect(call: &Call<'_>) -> anyhow::Result<Request<Full<Bytes>>> {
    let authority = format!("{}:{}", call.host, call.port);
    let mut request = Request::connect(&authority).header(header::HOST, &authority);
    if let Some((id, secret)) = call.credential {
        let basic = STANDARD.encode(format!("{id}:{}", secret.expose()));
        request = request.header(header::PROXY_AUTHORIZATION, format!("Basic {basic}"));
    }
    Ok(request.body(Full::default())?)
}

fn post(call: &Call<'_>) -> anyhow::Result<Request<Full<Bytes>>> {
    Ok(Request::builder()
        .method(Method::POST)
        .uri(call.path)
        .header(header::HOST, format!("{}:{}", call.host, call.port))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .body(Full::from(call.body.clone()))?)
}

async fn whole(answer: Response<Incoming>) -> anyhow::Result<Response<Bytes>> {
    let (parts, body) = answer.into_parts();
    #[expect(clippy::disallowed_methods, reason = "bounded by `Limited`")]
    let body = Limited::new(body, LIMIT).collect().await;
    let body = body.map_err(|error| anyhow!("the answer's body: {error}"))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

const LIMIT: usize = 1024 * 1024;
