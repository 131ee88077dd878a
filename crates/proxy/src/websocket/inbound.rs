//! What one side sends, as events. Ping and pong can pass while a message waits for its judgement.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aegis_protocol::websocket::{Event, Manner, Message, Reader, Side};
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::Sender;

use super::Read;
use super::ending::End;
use super::outbox::Item;
use crate::body::Traffic;
use crate::budget::{Budget, Room, Share};
use crate::tunnel::HalfClosed;

pub(super) struct Inbound {
    io: Read,
    reader: Reader,
    from: Side,
    traffic: Option<Arc<Traffic>>,
    room: Option<Rooms>,
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

/// Memory for messages of clients, taken as they arrive.
struct Rooms {
    fresh: Box<dyn Fn() -> Share + Send + Sync>,
    share: Share,
    taken: usize,
}

impl Inbound {
    pub(super) fn new(io: Read, reader: Reader, from: Side) -> Self {
        Self {
            io,
            reader,
            from,
            traffic: None,
            room: None,
            ahead: None,
        }
    }

    pub(super) fn counted(self, traffic: &Arc<Traffic>) -> Self {
        Self {
            traffic: Some(Arc::clone(traffic)),
            ..self
        }
    }

    pub(super) fn within(self, budget: &Budget) -> Self {
        let budget = budget.clone();
        let fresh = Box::new(move || budget.share());
        Self {
            room: Some(Rooms {
                share: fresh(),
                fresh,
                taken: 0,
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
            if let Some(room) = &mut self.room {
                room.grow(self.reader.kept())?;
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
            Event::Control(frame) => Arrived::Control(frame),
            Event::Close(frame) => Arrived::Close(frame),
            Event::Piece {
                frames,
                ends_message,
            } => Arrived::Piece {
                frames,
                ends_message,
            },
            Event::Message(message) => {
                let bytes = message.size();
                let room = self.room.as_mut().map(|room| room.whole(bytes));
                Arrived::Message(message, room.transpose()?)
            }
        })
    }

    async fn read(&mut self, half: &HalfClosed) -> io::Result<usize> {
        let buffer = self.reader.buffer();
        buffer.reserve(READ);
        let read = tokio::select! {
            biased;
            read = self.io.read_buf(buffer) => read?,
            () = half.over() => return Err(io::ErrorKind::TimedOut.into()),
        };
        if let Some(traffic) = &self.traffic {
            traffic.inbound.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

impl Rooms {
    fn grow(&mut self, bytes: usize) -> Result<(), End> {
        let more = bytes.saturating_sub(self.taken);
        self.share.take(more).map_err(End::refused)?;
        self.taken += more;
        Ok(())
    }

    /// Of a message that is whole; the next one starts anew.
    fn whole(&mut self, bytes: usize) -> Result<Room, End> {
        self.grow(bytes)?;
        self.taken = 0;
        Ok(std::mem::replace(&mut self.share, (self.fresh)()).into_room())
    }
}

/// Bytes read at a time.
const READ: usize = 16 * 1024;
