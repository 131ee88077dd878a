//! What one side sends, as events. Ping and pong can pass while a message waits for its judgement.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aegis_dlp::Hit;
use aegis_policy::Intent;
use aegis_protocol::websocket::{Control, Event, Manner, Message, Reader, Side};
use aegis_protocol::{Cleaner, Found};
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use super::Read;
use super::ending::End;
use super::outbox::Item;
use super::pace::Pace;
use crate::answer;
use crate::body::Traffic;
use crate::budget::{Room, Share};
use crate::gate::Gate;
use crate::plane::Plane;
use crate::refusal::{Cause, Refusal};
use crate::tunnel::HalfClosed;

pub(super) struct Inbound {
    io: Read,
    reader: Reader,
    from: Side,
    traffic: Option<Arc<Traffic>>,
    client: Option<Bounds>,
    /// Of a server that is searched.
    cleaner: Option<Cleaner>,
    /// Read while another message was being judged.
    ahead: Option<Result<Arrived, End>>,
}

/// What has arrived.
pub(super) enum Arrived {
    Control(Bytes),
    Close(Bytes),
    Piece {
        frames: Bytes,
        ends_message: bool,
    },
    Message(Message, Option<Room>),
    /// Without a close frame.
    Eof,
}

/// What holds for a client alone: it takes memory that all share, and its data is looked for.
struct Bounds {
    plane: Arc<Plane>,
    handshake: Arc<Intent>,
    share: Share,
    taken: usize,
    /// When the message that has begun must be whole.
    due: Option<Instant>,
    pace: Pace,
}

impl Inbound {
    pub(super) fn new(io: Read, reader: Reader, from: Side) -> Self {
        Self {
            io,
            reader,
            from,
            traffic: None,
            client: None,
            cleaner: None,
            ahead: None,
        }
    }

    /// By these rules, what is said in control frames is left out of them.
    pub(super) fn searching(self, cleaner: Option<Cleaner>) -> Self {
        Self { cleaner, ..self }
    }

    /// What was left out.
    pub(super) fn found(&self) -> Vec<Found> {
        self.cleaner
            .as_ref()
            .map(Cleaner::found)
            .unwrap_or_default()
    }

    pub(super) fn counted(self, traffic: &Arc<Traffic>) -> Self {
        Self {
            traffic: Some(Arc::clone(traffic)),
            ..self
        }
    }

    pub(super) fn within(self, plane: &Arc<Plane>, handshake: &Arc<Intent>) -> Self {
        Self {
            client: Some(Bounds {
                plane: Arc::clone(plane),
                handshake: Arc::clone(handshake),
                share: plane.describer.budget.share(),
                taken: 0,
                due: None,
                pace: Pace::default(),
            }),
            ..self
        }
    }

    /// The next event. Nothing is lost when this is dropped before its end.
    pub(super) async fn next(
        &mut self,
        manner: impl Fn() -> Manner,
        half: &HalfClosed,
    ) -> Result<Arrived, End> {
        if let Some(ahead) = self.ahead.take() {
            return ahead;
        }
        loop {
            let event = self.reader.next(manner());
            if let Some(event) = event.map_err(|it| End::Violation(self.from, it))? {
                return self.arrived(event);
            }
            if let Some(bounds) = &mut self.client {
                bounds.grow(self.reader.kept())?;
                bounds.expect_end(self.reader.is_amid_message());
            }
            if self.read(half).await? == 0 {
                return Ok(Arrived::Eof);
            }
        }
    }

    /// Lets pings and pongs pass, up to the next event of another kind: that one waits.
    pub(super) async fn pass_controls(
        &mut self,
        manner: Manner,
        half: &HalfClosed,
        out: &Sender<Item>,
    ) -> Infallible {
        while self.ahead.is_none() {
            let Ok(place) = out.reserve().await else {
                break;
            };
            match self.next(|| manner, half).await {
                Ok(Arrived::Control(frame)) => place.send(Item::control(frame)),
                other => self.ahead = Some(other),
            }
        }
        std::future::pending().await
    }

    /// Reads to the end, so that what was written last is not lost with a reset.
    pub(super) async fn drain(&mut self) {
        loop {
            self.reader.buffer().clear();
            if !matches!(self.io.read_buf(self.reader.buffer()).await, Ok(1..)) {
                return;
            }
        }
    }

    fn arrived(&mut self, event: Event) -> Result<Arrived, End> {
        Ok(match event {
            Event::Control(control) => Arrived::Control(self.harmless(control)?),
            Event::Close(control) => Arrived::Close(self.harmless(control)?),
            Event::Piece {
                frames,
                ends_message,
            } => Arrived::Piece {
                frames,
                ends_message,
            },
            Event::Message(message) => {
                let bytes = message.size();
                let room = self.client.as_mut().map(|bounds| bounds.whole(bytes));
                Arrived::Message(message, room.transpose()?)
            }
        })
    }

    /// A control frame passes unjudged, so that it must not say anything.
    fn harmless(&mut self, control: Control) -> Result<Bytes, End> {
        if let Some(bounds) = &mut self.client {
            bounds.count()?;
            bounds.search(&control.payload)?;
        }
        let admitted = match &mut self.cleaner {
            Some(cleaner) => cleaner.admits(&control.payload),
            None => Ok(true),
        };
        match admitted {
            Ok(true) => Ok(control.frame),
            Ok(false) => Ok(control.silent()),
            Err(error) => Err(End::refused(answer::unread(error))),
        }
    }

    async fn read(&mut self, half: &HalfClosed) -> Result<usize, End> {
        let due = self.client.as_ref().and_then(|bounds| bounds.due);
        let buffer = self.reader.buffer();
        buffer.reserve(READ);
        let read = tokio::select! {
            biased;
            read = self.io.read_buf(buffer) => read?,
            () = half.over() => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            () = reached(due) => return Err(End::refused(Refusal::new(Cause::BodyStalled))),
        };
        if let Some(traffic) = &self.traffic {
            traffic.inbound.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

impl Bounds {
    fn grow(&mut self, bytes: usize) -> Result<(), End> {
        let more = bytes.saturating_sub(self.taken);
        self.share.take(more).map_err(End::refused)?;
        self.taken += more;
        Ok(())
    }

    /// A message has as long to arrive as the body of a request, from its first frame on.
    fn expect_end(&mut self, amid_message: bool) {
        if !amid_message {
            self.due = None;
        } else if self.due.is_none() {
            self.due = Some(Instant::now() + self.plane.describer.body_time);
        }
    }

    /// Of a message that is whole; the next one starts anew.
    fn whole(&mut self, bytes: usize) -> Result<Room, End> {
        self.grow(bytes)?;
        self.taken = 0;
        self.due = None;
        self.pace = Pace::default();
        let fresh = self.plane.describer.budget.share();
        Ok(std::mem::replace(&mut self.share, fresh).into_room())
    }

    fn count(&mut self) -> Result<(), End> {
        if self.pace.admits(Instant::now()) {
            return Ok(());
        }
        Err(End::refused(Refusal::because(
            Cause::WebSocket,
            "websocket.too_many_pings",
            "the client sends more ping and pong frames than may pass unjudged",
        )))
    }

    fn search(&self, payload: &[u8]) -> Result<(), End> {
        let text = String::from_utf8_lossy(payload);
        let policy = self.plane.activation.current();
        let hits = match &policy {
            Some(policy) => policy.scanner().scan(&text),
            None => self.plane.describer.scanner.scan(&text),
        };
        let is_minded = |hit: &&Hit| {
            let is_own = aegis_policy::sensitive::class_of(hit.kind).is_none();
            let policy = policy.as_ref().filter(|_| is_own);
            policy.is_none_or(|policy| Gate::minds(&self.handshake, hit, policy))
        };
        match hits.iter().find(is_minded) {
            None => Ok(()),
            Some(hit) => Err(End::refused(Refusal::because(
                Cause::Policy,
                format!("data.{}", hit.kind),
                "data is sent where nobody can judge it, in a ping, pong or close frame",
            ))),
        }
    }
}

async fn reached(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Bytes read at a time.
const READ: usize = 16 * 1024;
