//! One answer, event by event: what may pass passes at once, what proposes a call waits for its judgement.

use std::pin::Pin;
use std::sync::Arc;

use aegis_policy::{Call, Intent, Parameters, Phase};
use aegis_protocol::answer::{AnswerError, Arguments, Guard, Heard, ProposedCall, Step};
use aegis_protocol::proposed;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Over, Piece};
use crate::plane::Plane;
use crate::record::{Asked, Ending, Record};
use crate::refusal::{Cause, Refusal, Stamp};
use crate::relay::Cut;

pub(super) struct Follower {
    guard: Guard,
    upstream: Incoming,
    judge: Judge,
    refusal: Option<Box<Refusal>>,
}

/// Has each proposed call judged, and keeps its record.
pub(crate) struct Judge {
    pub(crate) plane: Arc<Plane>,
    /// The call that is answered.
    pub(crate) request: Arc<Intent>,
    pub(crate) asked: Asked,
    pub(crate) stamp: Stamp,
    pub(crate) streams: bool,
}

/// What is refused, and under which decision.
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) stamp: Stamp,
}

impl Follower {
    pub(super) fn new(guard: Guard, upstream: Incoming, judge: Judge) -> Self {
        Self {
            guard,
            upstream,
            judge,
            refusal: None,
        }
    }

    pub(super) fn heard(&self) -> &Heard {
        self.guard.heard()
    }

    /// A stream, for as long as the agent reads it. A refusal is its last event.
    pub(super) fn into_stream(self) -> Pin<Box<dyn Stream<Item = Result<Piece, Cut>> + Send>> {
        Box::pin(stream::unfold(Some(self), |follower| async {
            let mut follower = follower?;
            Some(match follower.next_or_refusal().await {
                Ok(Some(bytes)) => (Ok(Piece::Frame(Frame::data(bytes))), Some(follower)),
                Ok(None) => (Ok(Piece::Over(follower.over())), None),
                Err(cut) => (Err(cut), None),
            })
        }))
    }

    /// A whole document.
    pub(super) async fn document(&mut self) -> Result<Bytes, Refusal> {
        let mut document = BytesMut::new();
        loop {
            match self.next().await {
                Ok(Ok(Some(bytes))) => document.extend_from_slice(&bytes),
                Ok(Ok(None)) => return Ok(document.freeze()),
                Ok(Err(refused)) => return Err(refused.refusal),
                Err(_) => return Err(Refusal::new(Cause::UpstreamBroken)),
            }
        }
    }

    async fn next_or_refusal(&mut self) -> Result<Option<Bytes>, Cut> {
        if self.refusal.is_some() {
            return Ok(None);
        }
        match self.next().await? {
            Ok(bytes) => Ok(bytes),
            Err(Refused { refusal, stamp }) => {
                let last = self.guard.refuse(&refusal.document(&stamp));
                self.refusal = Some(Box::new(refusal));
                Ok(Some(last))
            }
        }
    }

    /// The next bytes that may go to the agent; `None` at the end.
    async fn next(&mut self) -> Result<Result<Option<Bytes>, Refused>, Cut> {
        loop {
            let decided = match self.guard.step() {
                Ok(Step::Forward(bytes)) => return Ok(Ok(Some(bytes))),
                Ok(Step::End) => return Ok(Ok(None)),
                Ok(Step::Wait) => {
                    self.read().await?;
                    continue;
                }
                Ok(Step::Judge(call)) => match self.judge.judge(call).await {
                    Ok(None) => self.guard.release(),
                    Ok(Some(arguments)) => self.guard.replace(&arguments),
                    Err(refused) => return Ok(Err(refused)),
                },
                Err(error) => Err(error),
            };
            if let Err(error) = decided {
                return Ok(Err(self.unreadable(error)));
            }
        }
    }

    /// Trailers say nothing that an agent's SDK reads.
    async fn read(&mut self) -> Result<(), Cut> {
        match self.upstream.frame().await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.guard.feed(data);
                }
            }
            Some(Err(error)) => return Err(Cut::Upstream(error)),
            None => self.guard.finish(),
        }
        Ok(())
    }

    fn unreadable(&self, error: AnswerError) -> Refused {
        let cause = match error {
            AnswerError::Fixed => Cause::SanitizeImpossible,
            _ => Cause::AnswerUnreadable,
        };
        Refused {
            refusal: Refusal::because(cause, error.rule(), error.to_string()),
            stamp: self.judge.stamp.clone(),
        }
    }

    fn over(self) -> Over {
        Over {
            heard: self.guard.heard().clone(),
            refusal: self.refusal,
        }
    }
}

impl Judge {
    /// By the policy in force now: a stream may be older than it.
    pub(crate) async fn judge(&self, call: ProposedCall) -> Result<Option<Parameters>, Refused> {
        let mut record = Record::proposed(&self.plane, &self.asked);
        match self.ask(call, &mut record).await {
            Ok(arguments) => {
                record.end(Ending::Forwarded);
                Ok(arguments)
            }
            Err(refusal) => {
                record.refused(&refusal, None).await;
                let stamp = record.stamp();
                Err(Refused { refusal, stamp })
            }
        }
    }

    async fn ask(
        &self,
        call: ProposedCall,
        record: &mut Record,
    ) -> Result<Option<Parameters>, Refusal> {
        let Arguments::Read(arguments) = call.arguments else {
            let message = "the model proposed a call whose arguments cannot be read";
            return Err(Refusal::with(Cause::AnswerUnreadable, message));
        };
        let in_force = self.plane.activation.in_force();
        let policy = in_force.map_err(|fault| {
            Refusal::because(Cause::PolicyFault, fault.rule(), fault.to_string())
        })?;
        let scanner = &self.plane.describer.scanner;
        let request = &self.request;
        let model = request.call.model.clone();
        let intent = Intent {
            phase: Phase::ProposedCall,
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            data: proposed::data(&arguments, scanner),
            call: Call::proposed(call.name.into(), arguments, model, self.streams),
            ..request.under(policy.catalogue())
        };
        let gate = &self.plane.gate;
        gate.authorize_proposed(intent, &policy, scanner, record)
            .await
    }
}
