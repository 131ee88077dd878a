//! The certificate of the control plane is replaced while it serves.

use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::accounts::{authority, connector, with_tls, written};
use crate::plane::Plane;

#[tokio::test]
async fn new_connections_are_met_with_the_new_certificate_and_open_ones_go_on() {
    let folder = TempDir::new().unwrap();
    let (old, new) = (authority(), authority());
    let settings = with_tls(folder.path(), &old);
    let plane = Plane::start_with(folder, settings).await;
    let (old_client, new_client) = (connector(&old, None), connector(&new, None));
    let mut open = connected(&plane, &old_client).await.unwrap();
    assert!(asked(&mut open).await.starts_with("HTTP/1.1 200"));
    assert!(connected(&plane, &new_client).await.is_err());
    written(plane.folder.path(), &new);
    let met = async {
        loop {
            if let Ok(stream) = connected(&plane, &new_client).await {
                return stream;
            }
        }
    };
    let mut later = timeout(PATIENCE, met).await.expect("the new certificate");
    assert!(asked(&mut later).await.starts_with("HTTP/1.1 200"));
    assert!(connected(&plane, &old_client).await.is_err());
    assert!(asked(&mut open).await.starts_with("HTTP/1.1 200"));
}

#[expect(clippy::disallowed_methods, reason = "a test's client, on loopback")]
async fn connected(
    plane: &Plane,
    connector: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(plane.control.address()).await?;
    let name = "localhost".try_into().unwrap();
    connector.connect(name, stream).await
}

/// The head of the answer and what of its body came with it.
async fn asked(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

const PATIENCE: Duration = Duration::from_secs(30);
