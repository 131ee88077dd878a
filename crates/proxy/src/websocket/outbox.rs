//! What one side is sent, frame by frame. What Aegis itself has to say stands between messages, never within one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aegis_protocol::websocket::{Close, Side};
use bytes::{Buf, Bytes};
use ring::rand::{self, SystemRandom};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Write;
use super::ending::End;
use super::unwritten::Unwritten;
use crate::body::Traffic;
use crate::refusal::{Cause, Refusal};

/// Whole frames.
pub(super) struct Item {
    frames: Bytes,
    /// Whether a message goes on behind them; `None` where they say nothing about it.
    inside: Option<bool>,
}

pub(super) struct Outbox {
    io: Write,
    /// As whom Aegis writes here.
    from: Side,
    /// What is written and not yet taken.
    pending: Bytes,
    inside: bool,
    /// What is written ends a message that has a record.
    ends_message: bool,
    unwritten: Option<Unwritten>,
    traffic: Option<Arc<Traffic>>,
    /// For each item to be taken.
    time: Option<Duration>,
    items: Receiver<Item>,
    notices: Receiver<Bytes>,
}

impl Item {
    pub(super) fn control(frames: Bytes) -> Self {
        Self {
            frames,
            inside: None,
        }
    }

    pub(super) fn data(frames: Bytes, ends_message: bool) -> Self {
        Self {
            frames,
            inside: Some(!ends_message),
        }
    }
}

impl Outbox {
    pub(super) fn new(io: Write, from: Side) -> Self {
        Self {
            io,
            from,
            pending: Bytes::new(),
            inside: false,
            ends_message: false,
            unwritten: None,
            traffic: None,
            time: None,
            items: channel(1).1,
            notices: channel(1).1,
        }
    }

    pub(super) fn counted(self, traffic: &Arc<Traffic>) -> Self {
        Self {
            traffic: Some(Arc::clone(traffic)),
            ..self
        }
    }

    /// What is written here holds memory that all share, and may not do so for as long as the other
    /// side likes.
    pub(super) fn within(self, time: Duration) -> Self {
        Self {
            time: Some(time),
            ..self
        }
    }

    /// Each message that is written here has a record there.
    pub(super) fn telling(self, unwritten: &Unwritten) -> Self {
        Self {
            unwritten: Some(unwritten.clone()),
            ..self
        }
    }

    /// The ways in: what the other side sends, and whole messages of Aegis' own.
    pub(super) fn open(&mut self) -> (Sender<Item>, &mut Self, Sender<Bytes>) {
        let (items, notices) = (channel(1), channel(1));
        self.items = items.1;
        self.notices = notices.1;
        (items.0, self, notices.0)
    }

    /// Writes until the other side has no more to say.
    pub(super) async fn run(&mut self) -> Result<(), End> {
        loop {
            self.deliver().await?;
            let item = tokio::select! {
                biased;
                Some(notice) = self.notices.recv(), if !self.inside => Item::data(notice, true),
                item = self.items.recv() => match item {
                    Some(item) => item,
                    None => break,
                },
            };
            self.put(item);
        }
        // The other side may have closed already.
        let _ = self.io.shutdown().await;
        Ok(())
    }

    /// The last frames. What stands in the queue goes before them, if it is to be kept.
    pub(super) async fn close(&mut self, close: &Close, keep: bool, last: Option<Bytes>) {
        let closing = async {
            self.flush().await?;
            while keep && let Ok(item) = self.items.try_recv() {
                self.put(item);
                self.flush().await?;
            }
            if let Some(last) = last.filter(|_| !self.inside) {
                self.pending = last;
                self.flush().await?;
            }
            // Without a mask that nobody can foresee, what is left is to hang up.
            if let Ok(key) = rand::generate(&SystemRandom::new()) {
                self.pending = close.frame(self.from, key.expose());
                self.flush().await?;
            }
            self.io.shutdown().await
        };
        // There may be nobody left to tell.
        let _: io::Result<()> = closing.await;
    }

    fn put(&mut self, item: Item) {
        self.inside = item.inside.unwrap_or(self.inside);
        self.ends_message = item.inside == Some(false);
        self.pending = item.frames;
    }

    async fn deliver(&mut self) -> Result<(), End> {
        let Some(time) = self.time else {
            return Ok(self.flush().await?);
        };
        match tokio::time::timeout(time, self.flush()).await {
            Ok(flushed) => Ok(flushed?),
            Err(_) => Err(End::refused(Refusal::with(
                Cause::UpstreamTimeout,
                "the destination did not take a message in time",
            ))),
        }
    }

    /// Where this is dropped in the middle, the next one goes on.
    async fn flush(&mut self) -> io::Result<()> {
        while self.pending.has_remaining() {
            let written = self.io.write_buf(&mut self.pending).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            if let Some(traffic) = &self.traffic {
                traffic
                    .outbound
                    .fetch_add(written as u64, Ordering::Relaxed);
            }
        }
        self.io.flush().await?;
        if let Some(unwritten) = &self.unwritten
            && std::mem::take(&mut self.ends_message)
        {
            unwritten.written();
        }
        Ok(())
    }
}
