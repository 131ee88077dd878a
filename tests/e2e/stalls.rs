//! Who stops half-way does not keep what it holds: a client that takes nothing, a peer that is gone, an upload nobody needs.

use std::fs;
use std::time::Duration;

use aegis_testkit::{
    Aegis, AegisBuilder, Answer, Feed, RawClient, TestCa, Upstream, eventually, within,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::floods;

#[tokio::test]
async fn a_client_that_takes_nothing_is_let_go() {
    let upstream = Upstream::http().answer(|_| Answer::large(ENDLESS));
    let upstream = upstream.start().await;
    let aegis = impatient().start().await;
    let mut client = aegis.raw().await;

    client.send(get(&upstream.url_as("up.test", "/"), "")).await;
    assert_eq!(client.read_response_head().await.status, 200);

    expect_stalled(&aegis, "request").await;
    upstream.abandoned().await;
}

#[tokio::test]
async fn neither_is_it_kept_inside_a_tunnel() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test", "blind.test"]);
    let upstream = upstream.answer(|_| Answer::large(ENDLESS)).start().await;
    let aegis = impatient().upstream_ca(&ca).start().await;
    for (name, trusted, phase, error) in [
        ("up.test", aegis.ca_pem(), "request", "client.stalled"),
        ("blind.test", ca.pem(), "connect", "tunnel.stalled"),
    ] {
        let named = format!("{name}:{}", upstream.port());
        let tunnel = aegis
            .client("web-bot")
            .tunnel(&named)
            .await
            .expect("a tunnel");
        let mut inside = tunnel.tls(trusted, name, &["http/1.1"]).await.expect("TLS");

        inside
            .send(format!("GET / HTTP/1.1\r\nhost: {named}\r\n\r\n"))
            .await;
        assert_eq!(inside.read_response_head().await.status, 200);

        let of_it = |line: &Value| line["phase"] == phase && line["destination"]["host"] == name;
        assert_eq!(aegis.lines(of_it).await.1["error"], error);
        upstream.abandoned().await;
    }
}

#[tokio::test]
async fn an_http2_client_that_says_nothing_more_is_let_go() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"]);
    let upstream = upstream.answer(|_| Answer::large(ENDLESS)).start().await;
    let aegis = impatient().upstream_ca(&ca).start().await;
    let named = format!("up.test:{}", upstream.port());
    let mut client = floods::http2(&aegis, "up.test", upstream.port()).await;

    // It opens no window and answers no ping.
    client.send(floods::get(1, &named)).await;

    let (_, end) = aegis.lines(|line| line["phase"] == "request").await;
    assert_eq!(end["outcome_detail"], "aborted");
    upstream.abandoned().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_an_upgraded_connection_is_let_go() {
    let upstream = Upstream::http().answer(|_| Answer::upgrade("echo"));
    let upstream = upstream.start().await;
    let aegis = impatient().start().await;
    let mut client = upgraded(&aegis, &upstream.url_as("up.test", "/")).await;

    // All of it comes back, until every buffer on the way is full.
    client.send(vec![b'x'; 64 * 1024 * 1024]).await;

    assert_eq!(stalled_tunnel(&aegis).await, "tunnel.stalled");
    upstream.abandoned().await;
}

#[tokio::test]
async fn a_tunnel_that_one_side_has_left_ends_when_the_other_is_silent() {
    let upstream = Deaf::start(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\
         connection: upgrade\r\n\r\n",
    )
    .await;
    let aegis = impatient().start().await;
    let mut client = upgraded(&aegis, &upstream.url()).await;

    client.finish_sending().await;

    let _silent = upstream.heard_out().await;
    assert!(client.read_to_end().await.is_empty());
    assert_eq!(stalled_tunnel(&aegis).await, "tunnel.stalled");
}

#[tokio::test]
async fn nothing_is_uploaded_after_the_end_of_its_call() {
    let upstream = Deaf::start("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;

    // The answer comes while the upload is still going on.
    let length = format!("content-length: {ENDLESS}\r\n");
    client.send(post(&upstream.url(), &length)).await;
    client.send(vec![b'x'; 2 * LIMIT]).await;
    assert_eq!(client.read_response().await.text(), "ok");

    let (_, end) = aegis.lines(|_| true).await;
    assert_eq!(end["outcome_detail"], "forwarded");
    upstream.heard_out().await;
    client.read_to_end().await;
}

#[tokio::test]
async fn a_quiet_stream_is_no_reason_to_end_but_both_its_ends_are_probed() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&body));
    let upstream = upstream.start().await;
    let aegis = impatient().start().await;
    let url = upstream.url_as("up.test", "/");
    let mut reply = aegis.client("web-bot").get(&url).await;
    // Once this later one was closed for idleness, a limit for the stream would be over, too.
    assert!(aegis.raw().await.read_to_end().await.is_empty());

    // No peer on loopback can vanish without a word; that the kernel would find out can be seen.
    let (forward, dialled) = (aegis.forward().port(), upstream.port());
    eventually("keepalive on both sides", async || {
        are_probed(Side::Local, forward) && are_probed(Side::Remote, dialled)
    })
    .await;

    feed.event("still here");
    assert_eq!(
        reply.chunk().await.as_deref(),
        Some(&b"data: still here\n\n"[..])
    );
}

/// An upstream that answers as soon as a head has arrived, reads on, and never closes.
struct Deaf {
    port: u16,
    /// Keeps the connection open even when the proxy sends nothing more.
    serving: JoinHandle<TcpStream>,
}

impl Deaf {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut buffer = Vec::new();
            while !buffer.windows(4).any(|end| end == b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut buffer).await.expect("a head"), 0);
            }
            let answered = stream.write_all(answer.as_bytes()).await;
            answered.expect("the proxy takes the answer");
            let mut buffer = vec![0; LIMIT];
            while let Ok(1..) = stream.read(&mut buffer).await {}
            stream
        });
        Self { port, serving }
    }

    fn url(&self) -> String {
        format!("http://up.test:{}/", self.port)
    }

    /// Waits until nothing more can come from the proxy.
    async fn heard_out(self) -> TcpStream {
        let heard_out = within("the end of what the proxy sends", self.serving);
        heard_out.await.expect("the upstream did its part")
    }
}

/// Whether there are connections with this port, and keepalive is on for all of them.
fn are_probed(side: Side, port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").expect("the kernel's table of sockets");
    let port = format!(":{port:04X}");
    let mut open = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields[side as usize].ends_with(&port) && fields[STATE] == ESTABLISHED)
        .peekable();
    open.peek().is_some() && open.all(|fields| fields[TIMER].starts_with(KEEPALIVE))
}

/// Columns of the table, `proc_net_tcp(5)`.
#[derive(Clone, Copy)]
enum Side {
    Local = 1,
    Remote = 2,
}

async fn expect_stalled(aegis: &Aegis, phase: &str) {
    let (_, end) = aegis.lines(|line| line["phase"] == phase).await;
    let expected = (&"aborted".into(), &"client.stalled".into());
    assert_eq!((&end["outcome_detail"], &end["error"]), expected, "{end}");
}

async fn stalled_tunnel(aegis: &Aegis) -> Value {
    aegis.lines(|_| true).await.1["error"].clone()
}

async fn upgraded(aegis: &Aegis, url: &str) -> RawClient {
    let mut client = aegis.raw().await;
    let echo = "connection: Upgrade\r\nupgrade: echo\r\n";
    client.send(get(url, echo)).await;
    assert_eq!(client.read_response().await.status, 101);
    client
}

fn get(url: &str, headers: &str) -> String {
    request("GET", url, headers)
}

fn post(url: &str, headers: &str) -> String {
    request("POST", url, headers)
}

fn request(method: &str, url: &str, headers: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    format!("{method} {url} HTTP/1.1\r\nhost: {host}\r\n{CREDENTIAL}{headers}\r\n")
}

fn impatient() -> AegisBuilder {
    proxy().settings(|settings| {
        settings.limits.idle_timeout = Duration::from_millis(200);
        settings.limits.header_timeout = Duration::from_millis(200);
    })
}

fn proxy() -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["up.test", "blind.test"])
        .settings(|settings| settings.limits.inspected_body_bytes = LIMIT)
}

/// Bytes.
const LIMIT: usize = 64 * 1024;
const ENDLESS: u64 = 1 << 40;
const STATE: usize = 3;
const TIMER: usize = 5;
const ESTABLISHED: &str = "01";
const KEEPALIVE: &str = "02:";
const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-web-bot\r\n";
const POLICY: &str = r#"
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [up.test]
    upgrades: [up.test]
    passthrough: [blind.test]
    truncated: allow
    tools: {http: {"*": {}}}
"#;
