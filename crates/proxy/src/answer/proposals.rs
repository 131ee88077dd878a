//! What a model proposes in its answer, and what an MCP server asks in its own: each is judged and has its record before the agent
//! sees it.

use std::sync::Arc;

use aegis_policy::{Call, DataFinding, Intent, Parameters, Phase, Snapshot};
use aegis_protocol::answer::{AnswerError, Arguments, Guard, ProposedCall, Step};
use aegis_protocol::mcp::Question;
use aegis_protocol::{Cleaner, RefusalDocument, proposed};
use bytes::Bytes;

use super::follow::{Advance, Guarded, Refused};
use super::{Learned, searched};
use crate::dialogues::Dialogue;
use crate::plane::Plane;
use crate::record::{Asked, Ending, Record};
use crate::refusal::{Cause, Refusal, Stamp};

pub(super) struct Proposals {
    guard: Guard,
    judge: Judge,
}

/// Has each proposed call judged, and keeps its record.
#[derive(Clone)]
pub(crate) struct Judge {
    pub(crate) plane: Arc<Plane>,
    /// The call that is answered.
    pub(crate) request: Arc<Intent>,
    pub(crate) asked: Asked,
    /// Of that call.
    pub(crate) stamp: Stamp,
    pub(crate) streams: bool,
    /// In which an MCP server asks.
    pub(crate) dialogue: Option<Dialogue>,
}

impl Proposals {
    pub(super) fn new(guard: Guard, judge: Judge) -> Self {
        Self { guard, judge }
    }

    fn unreadable(&self, error: AnswerError) -> Refused {
        Refused {
            refusal: refusal_of(error),
            stamp: self.judge.stamp.clone(),
        }
    }
}

/// Of an answer that cannot go on.
pub(crate) fn refusal_of(error: AnswerError) -> Refusal {
    let because = |cause| Refusal::because(cause, error.rule(), error.to_string());
    match error {
        AnswerError::Data(denied) => searched::denied(denied),
        AnswerError::Fixed => because(Cause::SanitizeImpossible),
        _ => because(Cause::AnswerUnreadable),
    }
}

impl Guarded for Proposals {
    fn feed(&mut self, bytes: &[u8]) {
        self.guard.feed(bytes);
    }

    fn finish(&mut self) {
        self.guard.finish();
    }

    async fn advance(&mut self) -> Result<Advance, Refused> {
        loop {
            let decided = match self.guard.step() {
                Ok(Step::Forward(bytes)) => return Ok(Advance::Forward(bytes)),
                Ok(Step::End) => return Ok(Advance::End),
                Ok(Step::Wait) => return Ok(Advance::Wait),
                Ok(Step::Judge(call)) => match self.judge.judge(call).await? {
                    None => self.guard.release(),
                    Some(arguments) => self.guard.replace(&arguments),
                },
                Err(error) => Err(error),
            };
            decided.map_err(|error| self.unreadable(error))?;
        }
    }

    fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Option<Bytes> {
        Some(self.guard.refuse(refusal))
    }

    fn learned(&self) -> Learned {
        Learned {
            heard: Some(self.guard.heard().clone()),
            data: self.guard.cleaner().map(Cleaner::found).unwrap_or_default(),
            ..Learned::default()
        }
    }
}

impl Judge {
    /// By the policy in force now: a stream may be older than it.
    pub(crate) async fn judge(&self, call: ProposedCall) -> Result<Option<Parameters>, Refused> {
        let mut record = Record::proposed(&self.plane, &self.asked);
        let judged = self.propose(call, &mut record).await;
        self.over(judged, record).await
    }

    pub(crate) async fn ask(&self, question: Question) -> Result<(), Refused> {
        let mut record = Record::proposed(&self.plane, &self.asked);
        let judged = self.question(question, &mut record).await;
        self.over(judged, record).await
    }

    /// Data in it is a matter of what the profile says about answers, which are searched when it goes
    /// on.
    async fn question(&self, question: Question, record: &mut Record) -> Result<(), Refusal> {
        let policy = self.in_force()?;
        let call = Call::question(question.name.into(), question.params);
        let intent = self.intent(call, Vec::new(), &policy, record);
        if self.authorize(intent, &policy, record).await?.is_some() {
            let message = "what a server asks goes on as it is or not at all";
            return Err(Refusal::with(Cause::SanitizeImpossible, message));
        }
        Ok(())
    }

    async fn propose(
        &self,
        call: ProposedCall,
        record: &mut Record,
    ) -> Result<Option<Parameters>, Refusal> {
        let Arguments::Read(arguments) = call.arguments else {
            let message = "the model proposed a call whose arguments cannot be read";
            return Err(Refusal::with(Cause::AnswerUnreadable, message));
        };
        let policy = self.in_force()?;
        let data = proposed::data(&call.name, &arguments, policy.scanner());
        let model = self.request.call.model.clone();
        let call = Call::proposed(call.name.into(), arguments, model, self.streams);
        let intent = self.intent(call, data, &policy, record);
        self.authorize(intent, &policy, record).await
    }

    pub(super) fn in_force(&self) -> Result<Arc<Snapshot>, Refusal> {
        Ok(self.plane.activation.in_force()?)
    }

    fn intent(
        &self,
        call: Call,
        data: Vec<DataFinding>,
        policy: &Snapshot,
        record: &Record,
    ) -> Intent {
        Intent {
            phase: Phase::ProposedCall,
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            data,
            call,
            ..self.request.under(policy.catalogue())
        }
    }

    async fn authorize(
        &self,
        intent: Intent,
        policy: &Snapshot,
        record: &mut Record,
    ) -> Result<Option<Parameters>, Refusal> {
        let gate = &self.plane.gate;
        gate.authorize_proposed(intent, policy, record).await
    }

    async fn over<T>(&self, judged: Result<T, Refusal>, mut record: Record) -> Result<T, Refused> {
        match judged {
            Ok(judged) => {
                record.end(Ending::Forwarded);
                Ok(judged)
            }
            Err(refusal) => {
                record.refused(&refusal, None).await;
                let stamp = record.stamp();
                Err(Refused { refusal, stamp })
            }
        }
    }
}
