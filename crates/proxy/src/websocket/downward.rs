//! From the server to the client: frames pass as they come, unless they are searched for data, or are those of a model or an MCP server.

use aegis_protocol::answer::{AnswerError, Conversation, ProposedCall, Turn};
use aegis_protocol::mcp::Expected;
use aegis_protocol::websocket::{Encoder, Manner, Message, Side, Violation};
use aegis_protocol::{Cleaner, Dialect, render};
use tokio::sync::mpsc::Sender;

use super::ending::End;
use super::inbound::{Arrived, Inbound};
use super::outbox::Item;
use super::{Followed, Talk};
use crate::answer::{self, Guarded as _, LIMITS, Learned, Listing, Refused};

pub(super) struct Downward<'a> {
    pub(super) inbound: &'a mut Inbound,
    pub(super) client: Sender<Item>,
    /// Of the calls that are proposed.
    pub(super) judge: answer::Judge,
    pub(super) server: &'a mut Server,
    pub(super) encoder: Encoder,
    pub(super) talk: &'a Talk,
}

/// What has been heard of the server.
pub(super) struct Server {
    conversation: Conversation,
    listing: Option<Listing>,
    /// None where nothing is searched.
    cleaner: Option<Cleaner>,
}

impl Server {
    pub(super) fn new(cleaner: Option<Cleaner>) -> Self {
        let conversation = Conversation::new(LIMITS);
        Self {
            conversation: match &cleaner {
                Some(cleaner) => conversation.searching(cleaner.clone()),
                None => conversation,
            },
            listing: None,
            cleaner,
        }
    }

    pub(super) fn learned(&self, talk: &Talk) -> Learned {
        let listed = self.listing.as_ref().map(Listing::learned);
        let mut learned = listed.unwrap_or_default();
        let searched = self.cleaner.as_ref().map(Cleaner::found);
        learned.data.extend(searched.unwrap_or_default());
        learned.data.extend(self.conversation.found());
        let heard = || self.conversation.heard().clone();
        learned.heard = talk.is_conversation().then(heard);
        learned
    }
}

impl Downward<'_> {
    pub(super) async fn run(mut self) -> Result<(), End> {
        let talk = self.talk;
        let searches = self.server.cleaner.is_some();
        let manner = || {
            if searches || talk.followed().is_some() {
                Manner::Whole
            } else {
                Manner::Pieces
            }
        };
        loop {
            match self.inbound.next(manner, &talk.half).await? {
                Arrived::Control(frame) => self.send(Item::control(frame)).await,
                // It could end as a call or a list that nobody has judged.
                Arrived::Piece { .. } if talk.followed().is_some() => {
                    let violation = Violation::Frame("a message from before it was followed");
                    return Err(End::Violation(Side::Server, violation));
                }
                Arrived::Piece {
                    frames,
                    ends_message,
                } => self.send(Item::data(frames, ends_message)).await,
                Arrived::Message(message, _) => match talk.followed() {
                    Some(Followed::Model) => self.said(message).await?,
                    Some(Followed::Mcp(expected)) => self.listed(message, expected).await?,
                    None => self.searched(message).await?,
                },
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
        let cleaned = match &mut self.server.cleaner {
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

    /// By an MCP server.
    async fn listed(&mut self, message: Message, expected: &Expected) -> Result<(), End> {
        let Server {
            listing, cleaner, ..
        } = &mut *self.server;
        let judge = &self.judge;
        let listing = listing.get_or_insert_with(|| {
            let filter = expected.over_websocket(LIMITS).searching(cleaner.take());
            Listing::new(filter, judge.clone())
        });
        let half = &self.talk.half;
        let shown = tokio::select! {
            biased;
            shown = listing.message(&message.payload) => shown,
            never = self.inbound.pass_controls(Manner::Whole, half, &self.client) => match never {},
        };
        let shown = shown.map_err(|Refused { refusal, stamp }| {
            let told = listing.refuse(&refusal.document(&stamp));
            End::Refused {
                refusal: Box::new(refusal),
                last: told.map(|told| Message::text(told, None).frame()),
            }
        })?;
        if shown.is_empty() && !message.payload.is_empty() {
            // It asked what policy does not let it ask.
            self.encoder.leave_out();
            return Ok(());
        }
        let frame = if shown == message.payload {
            self.encoder.pass(&message)
        } else {
            self.encoder.leave_out();
            message.with(shown).frame()
        };
        self.send(Item::data(frame, true)).await;
        Ok(())
    }

    /// By a model.
    async fn said(&mut self, message: Message) -> Result<(), End> {
        self.server
            .conversation
            .hear(message)
            .map_err(|error| self.lost(error))?;
        loop {
            let turn = self.server.conversation.turn();
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
            Ok(None) => self.server.conversation.release(),
            Ok(Some(arguments)) => match self.server.conversation.replace(&arguments) {
                Err(error @ AnswerError::Fixed) => {
                    let refused = Refused {
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
    async fn refuse(&mut self, refused: &Refused) -> Result<(), End> {
        let document = refused.refusal.document(&refused.stamp);
        let event = self.server.conversation.refuse(&document);
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
