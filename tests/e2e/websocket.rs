//! A WebSocket goes through the proxy message by message: each is judged, and everything else passes as it came.

mod asked;
mod conversations;
mod endings;
mod lists;
mod messages;
mod searched;

use aegis_testkit::{Aegis, AegisBuilder, RawResponse, Sockets, TestCa, Upstream, WebSocket};

/// A proxy, a server behind it that accepts each `WebSocket`, and both ends of one after the other.
pub(crate) struct World {
    pub(crate) aegis: Aegis,
    pub(crate) upstream: Upstream,
    pub(crate) sockets: Sockets,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Sockets::new(), |builder| builder).await
    }

    pub(crate) async fn compressing() -> Self {
        let sockets = Sockets::new().compressing();
        Self::with(sockets, |builder| builder).await
    }

    pub(crate) async fn with(
        sockets: Sockets,
        change: impl FnOnce(AegisBuilder) -> AegisBuilder,
    ) -> Self {
        let accepting = sockets.clone();
        let upstream = Upstream::http()
            .answer(move |request| accepting.accept(request))
            .start()
            .await;
        Self {
            aegis: change(proxy()).start().await,
            upstream,
            sockets,
        }
    }

    /// Both ends of a WebSocket to this host.
    pub(crate) async fn open(&self, host: &str, path: &str) -> (WebSocket, WebSocket) {
        let client = self.ask(host, path, DEFLATE).await;
        (client.expect("a WebSocket"), self.sockets.next().await)
    }

    pub(crate) async fn ask(
        &self,
        host: &str,
        path: &str,
        headers: &str,
    ) -> Result<WebSocket, RawResponse> {
        let named = format!("{host}:{}", self.upstream.port());
        let target = format!("http://{named}{path}");
        let headers = format!("proxy-authorization: Bearer secret-of-bot\r\n{headers}");
        let client = self.aegis.raw().await;
        client.websocket(&target, &named, &headers).await
    }
}

/// Through an intercepted tunnel.
#[tokio::test]
async fn messages_are_judged_inside_a_tunnel_as_well() {
    let ca = TestCa::new();
    let sockets = Sockets::new().compressing();
    let accepting = sockets.clone();
    let upstream = Upstream::https(&ca, &["ws.test"])
        .h2()
        .answer(move |request| accepting.accept(request))
        .start()
        .await;
    let aegis = proxy().upstream_ca(&ca).start().await;
    let named = format!("ws.test:{}", upstream.port());
    let tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    let inside = tunnel.tls(aegis.ca_pem(), "ws.test", &["http/1.1"]).await;
    let client = inside.expect("TLS").websocket("/chat", &named, DEFLATE);
    let mut client = client.await.expect("a WebSocket");
    let mut server = sockets.next().await;

    client.send_compressed("mail ann@example.org").await;
    assert_eq!(server.read_text().await, "mail [REDACTED:EMAIL_ADDRESS]");
    server.send_compressed("sent").await;
    assert_eq!(client.read_text().await, "sent");
    client.send_frame(0x82, &[0, 1, 2]).await;
    assert_eq!(client.read_close().await, (1008, "opaque".to_owned()));

    let (message, _) = aegis.lines(|line| line["outcome"] == "sanitize").await;
    let (handshake, _) = aegis.lines(|line| line["id"] == message["websocket"]).await;
    assert_eq!(handshake["destination"]["scheme"], "https");
    assert_eq!(message["tunnel"], handshake["tunnel"]);
}

fn proxy() -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .hosts(&["ws.test", "raw.test", "mcp.test", "llm.test"])
}

pub(crate) const DEFLATE: &str =
    "sec-websocket-extensions: permessage-deflate; client_max_window_bits, x-other\r\n";

pub(crate) const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [ws.test]
    upgrades: [raw.test]
    data: {EMAIL_ADDRESS: sanitize, SECRET_AWS: deny}
    tools:
      http: {get: {}, message: {}}
      docs: {stream: {}, initialize: {}, notifications/initialized: {}}
      docs/read: {call: {}}
      docs/pay: {call: {amount: {max: 5000, approve_above: 100}}}
      llm: {chat: {model: {enum: [gpt-realtime]}}}
    proposed:
      tools:
        get_weather: {city: {required: true}}
        pay: {amount: {max: 5000, approve_above: 100}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
  llm: {hosts: [llm.test], protocol: openai}
";
