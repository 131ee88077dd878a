//! The upstream: answers with the same small JSON, or with a stream where one is asked for, plain and over TLS, in a process of its own.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::tokens::{self, Asked};

pub(crate) const WORKER: &str = "upstream";

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve(plain: u16, tls: u16, directory: &Path) -> Result<()> {
    let acceptor = TlsAcceptor::from(crate::tls::server(directory)?);
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, plain)).await?;
    let tls = TcpListener::bind((Ipv4Addr::LOCALHOST, tls)).await?;
    loop {
        tokio::select! {
            accepted = plain.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(connection(stream));
            }
            accepted = tls.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream).await;
                    }
                });
            }
        }
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) {
    // A client that goes away is how every measurement ends.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<Either<Full<Bytes>, tokens::Answer>>, Infallible> {
    let (head, mut body) = request.into_parts();
    while let Some(Ok(_)) = body.frame().await {}
    let (body, content_type) = match Asked::of(&head.uri) {
        Some(asked) => (
            Either::Right(tokens::Answer::to(asked)),
            "text/event-stream",
        ),
        None => (
            Either::Left(Full::new(Bytes::from_static(ANSWER))),
            "application/json",
        ),
    };
    let mut response = Response::new(body);
    let content_type = http::HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, content_type);
    Ok(response)
}

const ANSWER: &[u8] =
    br#"{"id":"ch_000000000042","object":"charge","status":"succeeded","amount":4200,"currency":"eur"}"#;
