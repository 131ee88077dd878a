//! What an MCP server lists and asks: each entry is looked at as the call that it would be, and what the agent may not use goes; each
//! question is judged, and has its record, before the agent sees it.

use aegis_policy::{HttpPart, Intent, Snapshot};
use aegis_protocol::mcp::{Entry, Filter, FollowError, ListKind, Question, Step};
use aegis_protocol::{Cleaner, RefusalDocument};
use bytes::{Bytes, BytesMut};

use super::follow::{Advance, Guarded, Refused};
use super::{Judge, Learned, unlisted};
use crate::gate::{Arguments, Gate};
use crate::masking;
use crate::refusal::Refusal;
use crate::tools::{self, Sighting};

pub(crate) struct Listing {
    filter: Filter,
    judge: Judge,
    lists: Lists,
}

/// What was listed, as far as it has come, for the end line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    pub(crate) listed: u64,
    pub(crate) hidden: u64,
    pub(crate) hidden_names: Vec<String>,
    pub(crate) changed: u64,
    pub(crate) changed_names: Vec<String>,
}

impl Listing {
    pub(crate) fn new(filter: Filter, judge: Judge) -> Self {
        Self {
            filter,
            judge,
            lists: Lists::default(),
        }
    }

    /// What the agent may see of a message on a WebSocket.
    pub(crate) async fn message(&mut self, payload: &[u8]) -> Result<Bytes, Refused> {
        self.filter.message(payload);
        let mut shown = BytesMut::new();
        loop {
            match self.advance().await? {
                Advance::Forward(bytes) => shown.extend_from_slice(&bytes),
                Advance::Wait | Advance::End => return Ok(shown.freeze()),
            }
        }
    }

    /// By the policy in force now: a stream may be older than it.
    async fn judge(&mut self, entries: Vec<Entry>) -> Result<Vec<bool>, Refusal> {
        let policy = self.judge.in_force()?;
        let mut intent = Intent {
            http: Some(HttpPart {
                method: "POST".into(),
                content_type: "application/json".into(),
            }),
            data: Vec::new(),
            ..self.judge.request.under(policy.catalogue())
        };
        let mut verdicts = Vec::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            if at % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
            verdicts.push(self.shows(entry, &mut intent, &policy));
        }
        Ok(verdicts)
    }

    /// Who waits for the answer is told that it ends here; where nobody is known to wait, the agent
    /// does not see the question, and its server gets no answer.
    async fn ask(&mut self, question: Question) -> Result<(), Refused> {
        let id = question.id.clone();
        let judged = self.judge.ask(question).await;
        if let (Some(id), Some(dialogue)) = (id, &self.judge.dialogue) {
            dialogue.asked(&id, judged.is_ok());
        }
        match judged {
            Ok(()) => self.filter.allow(),
            Err(refused) if self.filter.is_awaited() => return Err(refused),
            Err(_) => self.filter.leave_out(),
        }
        Ok(())
    }

    fn shows(&mut self, entry: Entry, intent: &mut Intent, policy: &Snapshot) -> bool {
        let Entry {
            kind,
            mut call,
            digest,
        } = entry;
        if kind == ListKind::Tools {
            let name = tools::name_of(&call).unwrap_or_default();
            let (tenant, server) = (&intent.caller.tenant, &intent.destination.authority);
            let sighting = self.judge.plane.tools.sight(tenant, server, name, digest);
            self.sighted(sighting, intent, name);
            call.changed = sighting.is_changed();
        }
        intent.call = call;
        let arguments = match kind {
            ListKind::Resources => Arguments::Known,
            ListKind::Tools | ListKind::Prompts | ListKind::ResourceTemplates => Arguments::Unknown,
        };
        let shown = Gate::shows(intent, arguments, policy);
        self.lists.listed += 1;
        if !shown {
            self.lists.hidden += 1;
            // A resource is known by its URI, which is no name.
            if matches!(kind, ListKind::Tools | ListKind::Prompts) {
                let name = self.written(&intent.call.tool);
                keep(&mut self.lists.hidden_names, name);
            }
        }
        shown
    }

    /// Says that a tool has changed: once in the log and in the metrics, in each list's end line.
    fn sighted(&mut self, sighting: Sighting, intent: &Intent, name: &str) {
        let metrics = &self.judge.plane.evidence.metrics;
        match sighting {
            Sighting::Same => return,
            Sighting::Unkept => metrics.tool_unkept(),
            Sighting::Changed { anew: false } => {}
            Sighting::Changed { anew: true } => {
                metrics.tool_changed();
                let (tenant, server) = (&intent.caller.tenant, &intent.destination.authority);
                let tool = self.written(name);
                tracing::warn!(%tenant, %server, tool, "an MCP tool is no longer defined as it was first seen");
            }
        }
        self.lists.changed += 1;
        let name = self.written(name);
        keep(&mut self.lists.changed_names, name);
    }

    fn written(&self, name: &str) -> String {
        masking::name(name, &self.judge.plane.scanner()).into_owned()
    }

    fn unreadable(&self, error: FollowError) -> Refused {
        self.refused(unlisted(error))
    }

    fn refused(&self, refusal: Refusal) -> Refused {
        let stamp = self.judge.stamp.clone();
        Refused { refusal, stamp }
    }
}

impl Guarded for Listing {
    fn feed(&mut self, bytes: &[u8]) {
        self.filter.feed(bytes);
    }

    fn finish(&mut self) {
        self.filter.finish();
    }

    async fn advance(&mut self) -> Result<Advance, Refused> {
        loop {
            match self.filter.step() {
                Ok(Step::Forward(bytes)) => return Ok(Advance::Forward(bytes)),
                Ok(Step::End) => return Ok(Advance::End),
                Ok(Step::Wait) => return Ok(Advance::Wait),
                Ok(Step::Ask(question)) => self.ask(question).await?,
                Ok(Step::Judge(entries)) => {
                    let verdicts = self.judge(entries).await;
                    let verdicts = verdicts.map_err(|refusal| self.refused(refusal))?;
                    let kept = self.filter.keep(&verdicts);
                    kept.map_err(|error| self.unreadable(error))?;
                }
                Err(error) => return Err(self.unreadable(error)),
            }
        }
    }

    fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Option<Bytes> {
        Some(self.filter.refuse(refusal))
    }

    fn learned(&self) -> Learned {
        let unjudged = self.filter.unjudged();
        let mut lists = self.lists.clone();
        lists.listed += unjudged;
        lists.hidden += unjudged;
        Learned {
            lists: (lists.listed > 0).then_some(lists),
            tool_error: self.filter.tool_error(),
            data: self
                .filter
                .cleaner()
                .map(Cleaner::found)
                .unwrap_or_default(),
            ..Learned::default()
        }
    }
}

fn keep(names: &mut Vec<String>, name: String) {
    if names.len() < MOST_NAMES && !names.contains(&name) {
        names.push(name);
    }
}

/// Entries that are judged before other work on this thread has its turn.
const BREATH: usize = 64;
/// In an end line.
const MOST_NAMES: usize = 50;
