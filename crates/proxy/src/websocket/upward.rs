//! From the client to the server: each message waits for its judgement, and ping, pong and close do not.

use aegis_protocol::websocket::{Encoder, Manner, Message, Side, Violation};
use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::Talk;
use super::ending::End;
use super::inbound::{Arrived, Inbound};
use super::judge::{Judge, Verdict};
use super::outbox::Item;
use crate::budget::Room;

pub(super) struct Upward<'a> {
    pub(super) inbound: &'a mut Inbound,
    pub(super) server: Sender<Item>,
    /// What the client is told by Aegis.
    pub(super) notices: Sender<Bytes>,
    pub(super) judge: Judge,
    pub(super) encoder: Encoder,
    pub(super) talk: &'a Talk,
}

impl Upward<'_> {
    pub(super) async fn run(mut self) -> Result<(), End> {
        let half = &self.talk.half;
        loop {
            let item = match self.inbound.next(|| Manner::Whole, half).await? {
                Arrived::Control(frame) => Some(Item::control(frame)),
                // Never asked for, and nothing of a client passes unjudged.
                Arrived::Piece { .. } => {
                    let violation = Violation::Frame("a message in pieces");
                    return Err(End::Violation(Side::Client, violation));
                }
                Arrived::Message(message, room) => self.message(&message, room).await?,
                Arrived::Close(frame) => {
                    self.send(Item::control(frame)).await;
                    self.talk.done(Side::Client, true).await;
                    return Ok(());
                }
                Arrived::Eof => {
                    self.talk.done(Side::Client, false).await;
                    return Ok(());
                }
            };
            if let Some(item) = item {
                self.send(item).await;
            }
        }
    }

    /// What of a message goes to the server.
    async fn message(
        &mut self,
        message: &Message,
        room: Option<Room>,
    ) -> Result<Option<Item>, End> {
        let (judge, notices) = (&mut self.judge, &self.notices);
        let converses = self.talk.is_conversation();
        let judged = async {
            match judge.judge(message, converses).await {
                Verdict::Forward(allowed) => Ok(Some(allowed)),
                Verdict::Answer(frame) => {
                    // Nobody may be left who wants to know.
                    let _ = notices.send(frame).await;
                    Ok(None)
                }
                Verdict::Close(refusal) => Err(End::refused(refusal)),
            }
        };
        let half = &self.talk.half;
        let allowed = tokio::select! {
            biased;
            judged = judged => judged?,
            never = self.inbound.pass_controls(Manner::Whole, half, &self.server) => match never {},
        };
        let Some(allowed) = allowed else {
            self.encoder.leave_out();
            return Ok(None);
        };
        if let Some(followed) = allowed.followed {
            // Before the server can answer.
            self.talk.follow(followed)?;
        }
        let frame = match allowed.instead {
            None => self.encoder.pass(message),
            Some(instead) => {
                self.encoder.leave_out();
                message.with(instead).frame()
            }
        };
        let frame = match room {
            Some(room) => room.hold(frame),
            None => frame,
        };
        Ok(Some(Item::data(frame, true)))
    }

    /// Whether the server still takes anything is told by who writes to it.
    async fn send(&mut self, item: Item) {
        let _ = self.server.send(item).await;
    }
}
