//! From the server to the client: frames pass as they come, unless they are searched for data, or a model proposes calls in them.

use aegis_protocol::answer::{AnswerError, Conversation, ProposedCall, Turn};
use aegis_protocol::websocket::{Encoder, Manner, Message, Side, Violation};
use aegis_protocol::{Cleaner, Dialect, render};
use tokio::sync::mpsc::Sender;

use super::Talk;
use super::ending::End;
use super::inbound::{Arrived, Inbound};
use super::outbox::Item;
use crate::answer;

pub(super) struct Downward<'a> {
    pub(super) inbound: &'a mut Inbound,
    pub(super) client: Sender<Item>,
    /// Of the calls that are proposed.
    pub(super) judge: answer::Judge,
    pub(super) conversation: &'a mut Conversation,
    /// None where nothing is searched.
    pub(super) cleaner: Option<&'a mut Cleaner>,
    pub(super) encoder: Encoder,
    pub(super) talk: &'a Talk,
}

impl Downward<'_> {
    pub(super) async fn run(mut self) -> Result<(), End> {
        let talk = self.talk;
        let searches = self.cleaner.is_some();
        let manner = || {
            if searches || talk.is_conversation() {
                Manner::Whole
            } else {
                Manner::Pieces
            }
        };
        loop {
            match self.inbound.next(manner, &talk.half).await? {
                Arrived::Control(frame) => self.send(Item::control(frame)).await,
                // It began before the conversation, and could end in it as a call.
                Arrived::Piece { .. } if talk.is_conversation() => {
                    let violation = Violation::Frame("a message from before the conversation");
                    return Err(End::Violation(Side::Server, violation));
                }
                Arrived::Piece {
                    frames,
                    ends_message,
                } => self.send(Item::data(frames, ends_message)).await,
                Arrived::Message(message, _) if talk.is_conversation() => {
                    self.said(message).await?;
                }
                Arrived::Message(message, _) => self.searched(message).await?,
                Arrived::Close(frame) => {
                    self.send(Item::control(frame)).await;
                    talk.done(Side::Server, true).await;
                    return Ok(());
                }
                Arrived::Eof => {
                    talk.done(Side::Server, false).await;
                    return Ok(());
                }
            }
        }
    }

    /// What is no text passes.
    async fn searched(&mut self, message: Message) -> Result<(), End> {
        let cleaned = match &mut self.cleaner {
            Some(cleaner) => cleaner.message(&message),
            None => Ok(None),
        };
        let item = match cleaned {
            Ok(None) => self.encoder.pass(&message),
            Ok(Some(text)) => {
                self.encoder.leave_out();
                message.with(text.into()).frame()
            }
            Err(error) => return Err(End::refused(answer::unread(error))),
        };
        self.send(Item::data(item, true)).await;
        Ok(())
    }

    /// By a model.
    async fn said(&mut self, message: Message) -> Result<(), End> {
        self.conversation
            .hear(message)
            .map_err(|error| self.lost(error))?;
        loop {
            let turn = self.conversation.turn();
            match turn.map_err(|error| self.lost(error))? {
                Turn::Wait => return Ok(()),
                Turn::Pass(message) => {
                    let frame = self.encoder.pass(&message);
                    self.send(Item::data(frame, true)).await;
                }
                Turn::Instead(message) => {
                    self.encoder.leave_out();
                    self.send(Item::data(message.frame(), true)).await;
                }
                Turn::Dropped => self.encoder.leave_out(),
                Turn::Judge(call) => self.judged(call).await?,
            }
        }
    }

    async fn judged(&mut self, call: ProposedCall) -> Result<(), End> {
        let half = &self.talk.half;
        let judged = tokio::select! {
            biased;
            judged = self.judge.judge(call) => judged,
            never = self.inbound.pass_controls(Manner::Whole, half, &self.client) => match never {},
        };
        let decided = match judged {
            Ok(None) => self.conversation.release(),
            Ok(Some(arguments)) => match self.conversation.replace(&arguments) {
                Err(error @ AnswerError::Fixed) => {
                    let refused = answer::Refused {
                        refusal: answer::refusal_of(error),
                        stamp: self.judge.stamp.clone(),
                    };
                    return self.refuse(&refused).await;
                }
                decided => decided,
            },
            Err(refused) => return self.refuse(&refused).await,
        };
        decided.map_err(|error| self.lost(error))
    }

    /// The answer ends with an error, and the conversation goes on.
    async fn refuse(&mut self, refused: &answer::Refused) -> Result<(), End> {
        let document = refused.refusal.document(&refused.stamp);
        let event = self.conversation.refuse(&document);
        let event = event.map_err(|error| self.lost(error))?;
        self.send(Item::data(event.frame(), true)).await;
        Ok(())
    }

    /// What cannot be followed is not passed on: the client is told, and the connection ends.
    fn lost(&self, error: AnswerError) -> End {
        let refusal = answer::refusal_of(error);
        let dialect = Dialect::Realtime { event: None };
        let told = render(&dialect, &refusal.document(&self.judge.stamp));
        End::Refused {
            refusal: Box::new(refusal),
            last: Some(Message::text(told.body, None).frame()),
        }
    }

    /// Whether the client still takes anything is told by who writes to it.
    async fn send(&mut self, item: Item) {
        let _ = self.client.send(item).await;
    }
}
