//! One message of a client: described, judged by the policy in force now, and on record. It sends nothing.

use std::sync::Arc;

use aegis_policy::{Intent, Service};
use aegis_protocol::websocket::Message;
use aegis_protocol::{
    Dialect, Finder, Heard, Inspected, MessageView, Texts, inspect_message, render,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use super::Followed;
use super::unwritten::Unwritten;
use crate::body::RequestBody;
use crate::describe::{Asking, Described};
use crate::dialogues::Dialogue;
use crate::plane::Plane;
use crate::record::{Asked, Record};
use crate::refusal::{Cause, Refusal};
use crate::request::{Head, Request};

pub(super) struct Judge {
    plane: Arc<Plane>,
    handshake: Arc<Intent>,
    asked: Asked,
    unwritten: Unwritten,
    dialogue: Dialogue,
    /// The one that the conversation is with.
    model: Option<Arc<str>>,
}

pub(super) enum Verdict {
    Forward(Allowed),
    /// The client is told in its own protocol, and the connection goes on.
    Answer(Bytes),
    /// There is no such way to tell it.
    Close(Refusal),
}

pub(super) struct Allowed {
    /// What goes in the place of what was sent.
    pub(super) instead: Option<Bytes>,
    /// What the server may say from now on is to be followed.
    pub(super) followed: Option<Followed>,
}

impl Judge {
    pub(super) fn new(
        plane: Arc<Plane>,
        handshake: Arc<Intent>,
        asked: Asked,
        unwritten: &Unwritten,
        dialogue: Dialogue,
    ) -> Self {
        Self {
            model: handshake.call.model.clone(),
            plane,
            handshake,
            asked,
            unwritten: unwritten.clone(),
            dialogue,
        }
    }

    /// `converses`: refusals of what cannot be read are told as to a client of a model.
    pub(super) async fn judge(&mut self, message: &Message, converses: bool) -> Verdict {
        let mut record = Record::message(&self.plane, &self.asked);
        match self.ask(message, converses, &mut record).await {
            Ok(allowed) => {
                self.unwritten.add(record);
                Verdict::Forward(allowed)
            }
            Err((refusal, dialect)) => {
                record.refused(&refusal, None).await;
                let answered = dialect.answers_in_band() || super::is_conversation(&dialect);
                if !answered {
                    return Verdict::Close(refusal);
                }
                let rendered = render(&dialect, &refusal.document(&record.stamp()));
                Verdict::Answer(Message::text(rendered.body, None).frame())
            }
        }
    }

    /// A refusal comes with how this client is told.
    async fn ask(
        &mut self,
        message: &Message,
        converses: bool,
        record: &mut Record,
    ) -> Result<Allowed, (Refusal, Dialect)> {
        let unread = || {
            if converses {
                Dialect::Realtime { event: None }
            } else {
                Dialect::Problem
            }
        };
        let policy = self.plane.activation.in_force();
        let policy = policy.map_err(|fault| (fault.into(), unread()))?;
        let destination = &self.handshake.destination;
        let view = MessageView {
            authority: &destination.authority,
            path: &destination.path,
            kind: message.kind,
            payload: &message.payload,
            model: self.model.as_ref(),
        };
        let asked = &self.plane.describer;
        let heard = asked.heard(|scanner, most| Texts::of_message(&view, scanner, most));
        let heard = heard.await.map_err(|refusal| (refusal, unread()))?;
        let finder = Finder {
            scanner: policy.scanner(),
            heard: &heard,
        };
        let service = policy.catalogue().service(&destination.authority);
        let inspected = inspect_message(&view, service, finder).map_err(|error| {
            let refusal = Refusal::because(Cause::Uninspectable, error.rule(), error.to_string());
            (refusal, unread())
        })?;
        let described = Box::new(self.described((inspected, heard), service, message, record));
        let followed = Followed::of(&described.reading);
        let (dialect, model) = (
            described.reading.dialect.clone(),
            described.intent.call.model.clone(),
        );
        let gate = &self.plane.gate;
        let authorized = gate.authorize(described, &policy, record).await;
        let (_, outbound) = authorized.map_err(|refusal| (refusal, dialect.clone()))?;
        self.model = model.or(self.model.take());
        let sent = outbound.into_request().body;
        let sent = sent.complete().unwrap_or_default();
        Ok(Allowed {
            instead: (sent != message.payload).then(|| Bytes::copy_from_slice(sent)),
            followed,
        })
    }

    /// As the body of the request that the message would be.
    fn described(
        &self,
        (inspected, heard): (Inspected, Heard),
        service: Option<&Service>,
        message: &Message,
        record: &Record,
    ) -> Described {
        let Inspected {
            call,
            data,
            reading,
        } = inspected;
        let handshake = &self.handshake;
        let payload = message.payload.clone();
        let media_type = HeaderValue::from_static(reading.media_type());
        let request = Box::new(Head {
            method: Method::POST,
            scheme: handshake.destination.scheme,
            authority: handshake.destination.authority.clone(),
            path: Arc::clone(&handshake.destination.path),
            query: None,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, media_type)]),
            upgrade: None,
            service: None,
        });
        let body = RequestBody::whole(payload.clone(), None, Arc::clone(record.traffic()));
        let asking = Asking {
            front: handshake.front,
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            caller: handshake.caller.clone(),
            chain: handshake.chain.clone(),
        };
        let describer = &self.plane.describer;
        Described {
            intent: describer.intent(&request, service, asking, (call, data)),
            unasked: self.dialogue.unasked(&reading),
            reading,
            request: Request {
                head: request,
                body,
            },
            read: Some(payload),
            heard,
        }
    }
}
