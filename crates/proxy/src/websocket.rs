//! An open WebSocket, message by message: what the client sends is judged before the server sees it, and what a model proposes or an
//! MCP server lists before the client does.
//!
//! It asks `gate` and decides nothing itself. Nothing is queued but one item on each way.

mod downward;
mod ending;
mod inbound;
mod judge;
mod outbox;
mod pace;
mod unwritten;
mod upward;

use std::mem;
use std::sync::{Arc, OnceLock};

use aegis_policy::{Call, CallKind, Intent};
use aegis_protocol::mcp::Expected;
use aegis_protocol::websocket::{Agreement, Encoder, Reader, Side};
use aegis_protocol::{Cleaner, Dialect, Reading};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

use crate::answer::{self, Following, LIMITS};
use crate::dialogues::Dialogue;
use crate::lease::Lease;
use crate::plane::Plane;
use crate::record::{Asked, Ending, Record};
use crate::refusal::{Cause, Refusal, Stamp};
use crate::tunnel::HalfClosed;
use downward::{Downward, Server};
use ending::End;
use inbound::Inbound;
use judge::Judge;
use outbox::Outbox;
use unwritten::Unwritten;
use upward::Upward;

/// Both ends of a WebSocket whose handshake is done.
pub(crate) struct Opened {
    pub(crate) client: OnUpgrade,
    pub(crate) upstream: OnUpgrade,
    pub(crate) agreed: Option<Agreement>,
    /// As it was judged.
    pub(crate) handshake: Arc<Intent>,
    pub(crate) following: Option<Following>,
    /// None where what the server says is not searched.
    pub(crate) cleaner: Option<Cleaner>,
}

type Read = ReadHalf<TokioIo<Upgraded>>;
type Write = WriteHalf<TokioIo<Upgraded>>;

/// Lives as long as the WebSocket; its record ends with it.
pub(crate) async fn run(plane: Arc<Plane>, opened: Opened, mut record: Record, mut lease: Lease) {
    let Opened {
        client,
        upstream,
        agreed,
        handshake,
        following,
        cleaner,
    } = opened;
    let Ok((client, upstream)) = tokio::try_join!(client, upstream) else {
        return record.end(Ending::Failed("tunnel.broken"));
    };
    let asked = (record.asking(), record.stamp());
    let ends = (client, upstream);
    let mut socket = Socket::new(&plane, (&handshake, &record), agreed, ends);
    if let Some(followed) = Followed::by(&handshake.call, following) {
        socket.talk.followed = OnceLock::from(followed);
    }
    socket.from_server = socket.from_server.searching(cleaner.clone());
    let mut server = Server::new(cleaner);
    let end = tokio::select! {
        biased;
        cut = lease.ended() => End::Cut(cut),
        end = socket.flow(&plane, handshake, asked, &mut server) => end,
    };
    socket.close(&end).await;
    socket.unwritten.end(&end);
    let mut learned = server.learned(&socket.talk);
    learned.data.extend(socket.from_server.found());
    record.learned(learned);
    end.record(&mut record);
}

/// The four ways of a connection, and what its two directions know of each other.
struct Socket {
    agreed: Option<Agreement>,
    from_client: Inbound,
    from_server: Inbound,
    to_client: Outbox,
    to_server: Outbox,
    unwritten: Unwritten,
    talk: Talk,
}

/// What the directions share.
struct Talk {
    half: HalfClosed,
    client_done: CancellationToken,
    server_done: CancellationToken,
    followed: OnceLock<Followed>,
}

/// Whose server it is, where each of its messages has to be followed.
#[derive(Debug)]
enum Followed {
    /// What it proposes is to be judged.
    Model,
    /// What it lists is.
    Mcp(Expected),
}

impl Socket {
    fn new(
        plane: &Arc<Plane>,
        (handshake, record): (&Arc<Intent>, &Record),
        agreed: Option<Agreement>,
        (client, upstream): (Upgraded, Upgraded),
    ) -> Self {
        let (client_read, client_write) = tokio::io::split(TokioIo::new(client));
        let (server_read, server_write) = tokio::io::split(TokioIo::new(upstream));
        let describer = &plane.describer;
        let unwritten = Unwritten::default();
        let from_client = Reader::new(Side::Client, agreed, describer.body_limit);
        let from_server = Reader::new(Side::Server, agreed, LIMITS.event_bytes);
        Self {
            agreed,
            from_client: Inbound::new(client_read, from_client, Side::Client)
                .counted(record.traffic())
                .within(plane, handshake),
            from_server: Inbound::new(server_read, from_server, Side::Server),
            to_client: Outbox::new(client_write, Side::Server).counted(record.traffic()),
            to_server: Outbox::new(server_write, Side::Client)
                .within(describer.body_time)
                .telling(&unwritten),
            unwritten,
            talk: Talk {
                half: HalfClosed {
                    closed: CancellationToken::new(),
                    linger: plane.limits.idle_timeout,
                },
                client_done: CancellationToken::new(),
                server_done: CancellationToken::new(),
                followed: OnceLock::new(),
            },
        }
    }

    /// Both directions until both have ended, or one must not go on.
    async fn flow(
        &mut self,
        plane: &Arc<Plane>,
        handshake: Arc<Intent>,
        (asked, stamp): (Asked, Stamp),
        heard: &mut Server,
    ) -> End {
        let (server, for_server, _) = self.to_server.open();
        let (client, for_client, notices) = self.to_client.open();
        let dialogue = Dialogue::over_websocket();
        let proposals = answer::Judge {
            plane: Arc::clone(plane),
            request: Arc::clone(&handshake),
            asked: asked.clone(),
            stamp,
            streams: true,
            dialogue: Some(dialogue.clone()),
        };
        let upward = Upward {
            inbound: &mut self.from_client,
            server,
            notices,
            judge: Judge::new(
                Arc::clone(plane),
                handshake,
                asked,
                &self.unwritten,
                dialogue,
            ),
            encoder: Encoder::new(Side::Client, self.agreed),
            talk: &self.talk,
        };
        let downward = Downward {
            inbound: &mut self.from_server,
            client,
            judge: proposals,
            server: heard,
            encoder: Encoder::new(Side::Server, self.agreed),
            talk: &self.talk,
        };
        let flowed = tokio::try_join!(
            upward.run(),
            downward.run(),
            for_client.run(),
            for_server.run()
        );
        flowed.err().unwrap_or(End::Over)
    }

    /// Says to both sides why it ends, as far as they still listen, and waits a moment for them.
    async fn close(&mut self, end: &End) {
        let (Some(to_client), Some(to_server)) = (end.for_client(), end.for_server()) else {
            return;
        };
        let keep = !matches!(end, End::Cut(_));
        let last = end.last();
        let closing = async {
            tokio::join!(
                async {
                    self.to_client.close(&to_client, keep, last).await;
                    self.from_client.drain().await;
                },
                async {
                    self.to_server.close(&to_server, keep, None).await;
                    self.from_server.drain().await;
                }
            )
        };
        let _ = tokio::time::timeout(ending::CLOSING, closing).await;
    }
}

impl Followed {
    /// By what a message asks.
    fn of(reading: &Reading) -> Option<Self> {
        if is_conversation(&reading.dialect) {
            return Some(Self::Model);
        }
        reading.expected().cloned().map(Self::Mcp)
    }

    /// By what the handshake asks.
    fn by(handshake: &Call, following: Option<Following>) -> Option<Self> {
        match following {
            _ if handshake.kind == CallKind::Llm && handshake.stream => Some(Self::Model),
            Some(Following::Server(expected, _)) => Some(Self::Mcp(expected)),
            Some(Following::Model(_) | Following::Claimed(_)) | None => None,
        }
    }
}

impl Talk {
    fn followed(&self) -> Option<&Followed> {
        self.followed.get()
    }

    fn is_conversation(&self) -> bool {
        matches!(self.followed(), Some(Followed::Model))
    }

    /// From now on. Nobody could follow a server that is both.
    fn follow(&self, followed: Followed) -> Result<(), End> {
        let now = mem::discriminant(&followed);
        let known = self.followed.get_or_init(|| followed);
        if mem::discriminant(known) == now {
            return Ok(());
        }
        Err(End::refused(Refusal::because(
            Cause::Uninspectable,
            "protocol.disagreement",
            "messages to a model and to an MCP server are sent on one connection",
        )))
    }

    /// This side has sent its last. After a close frame the way behind it stays open until the other
    /// side has answered: not every server can write once it has read to the end.
    async fn done(&self, side: Side, closed: bool) {
        let (own, other) = match side {
            Side::Client => (&self.client_done, &self.server_done),
            Side::Server => (&self.server_done, &self.client_done),
        };
        own.cancel();
        self.half.closed.cancel();
        if closed {
            other.cancelled().await;
        }
    }
}

fn is_conversation(dialect: &Dialect) -> bool {
    matches!(dialect, Dialect::Realtime { .. })
}
