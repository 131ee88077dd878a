//! Calls as an audit log has them, back to calls that a policy can decide. Guesses no value that was masked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use aegis_policy::suite::CallData;
use aegis_policy::{Intent, Outcome, Parameters, Reason, Workbench};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::exit::{Exit, Failure};

/// The line of a decision.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) time: String,
    phase: String,
    pub(crate) tenant: String,
    pub(crate) agent: String,
    auth: String,
    #[serde(default)]
    chain: Option<Chain>,
    kind: String,
    pub(crate) tool: String,
    pub(crate) action: String,
    #[serde(default)]
    parameters: Parameters,
    pub(crate) destination: Destination,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    region: String,
    pub(crate) outcome: Outcome,
    #[serde(default)]
    would: Option<Would>,
    #[serde(default)]
    pub(crate) rules: Vec<Rule>,
    #[serde(default)]
    data: Vec<Json>,
    #[serde(default)]
    pub(crate) policy_version: String,
    #[serde(default)]
    pub(crate) fault: Option<String>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    unread: Option<String>,
    #[serde(default)]
    changed: bool,
    /// Of a request that carries several.
    #[serde(default)]
    messages: Option<usize>,
    #[serde(default)]
    pub(crate) proposed_by: Option<String>,
    #[serde(default)]
    pub(crate) batched_by: Option<String>,
    /// What became of it; a call that is still on its way has no end.
    #[serde(skip)]
    pub(crate) end: Option<End>,
}

/// The part of an end line that says what was done after the decision.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct End {
    #[serde(default)]
    pub(crate) outcome_detail: String,
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// By which Aegis did not let the call go on, whatever policy had said.
    #[serde(default)]
    pub(crate) refusal: Option<Refused>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refused {
    pub(crate) outcome: Outcome,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Destination {
    scheme: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    #[serde(default)]
    path: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Chain {
    agents: Vec<String>,
    trace_id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) rule: String,
    pub(crate) message: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Would {
    #[serde(default)]
    rules: Vec<Rule>,
}

/// Every decision line of the log with its end, in its order, or why one cannot be read. Lines of
/// other events are passed over.
pub(crate) fn read(log: &Path) -> Result<Vec<Result<Line, String>>, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot read the audit log {}: {error}", log.display());
        Failure::new(Exit::Failed, message)
    };
    let mut lines = Vec::new();
    let mut ends = HashMap::new();
    for text in BufReader::new(File::open(log).map_err(failed)?).split(b'\n') {
        let text = text.map_err(failed)?;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let Ok(value) = serde_json::from_slice::<Json>(&text) else {
            lines.push(Err("not a record".to_owned()));
            continue;
        };
        match value.get("event").and_then(Json::as_str) {
            Some("decision") => lines.push(line(value)),
            Some("end") => ends.extend(end(value)),
            _ => {}
        }
    }
    for line in lines.iter_mut().flatten() {
        line.end = ends.remove(&line.id);
    }
    Ok(lines)
}

fn line(value: Json) -> Result<Line, String> {
    if value.get("schema_version").and_then(Json::as_u64) != Some(1) {
        return Err("of another version of the log".to_owned());
    }
    serde_json::from_value(value).map_err(|_| "not a whole record".to_owned())
}

/// With the id of its call.
fn end(value: Json) -> Option<(String, End)> {
    let id = value.get("id")?.as_str()?.to_owned();
    Some((id, serde_json::from_value(value).ok()?))
}

impl Line {
    /// Names of parameters whose values are not known.
    pub(crate) fn masked(&self) -> Vec<&str> {
        let masked = self.parameters.iter().filter(|(_, value)| *value == MASK);
        masked.map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn reasons(&self) -> Vec<Reason> {
        self.rules.iter().map(Reason::from).collect()
    }

    /// Whether Aegis let it go no further although policy had.
    pub(crate) fn refused(&self) -> Option<&Refused> {
        self.end.as_ref()?.refusal.as_ref()
    }

    /// A call has a kind once it is described, and policy is asked of described calls only.
    pub(crate) fn unasked(&self) -> Option<&'static str> {
        match self.outcome {
            _ if !self.kind.is_empty() => None,
            Outcome::Allow => Some("answered by Aegis itself, so no policy was asked"),
            _ => Some("refused before it was understood, so no policy was asked"),
        }
    }

    /// What was asked, by whom.
    pub(crate) fn asked(&self) -> String {
        let Destination { host, port, .. } = &self.destination;
        let Self { tool, action, .. } = self;
        let who = self.who();
        match self.unasked() {
            Some(why) if host.is_empty() => format!("a request of {who}, {why}"),
            Some(why) => format!("a request of {who} to {host}:{port}, {why}"),
            None if self.is_tunnel() => format!("{who} asked for a tunnel to {host}:{port}"),
            None => format!("{who} asked for {tool}/{action} at {host}:{port}"),
        }
    }

    fn who(&self) -> String {
        let Self { tenant, agent, .. } = self;
        match &*self.auth {
            "" => "an unknown caller".to_owned(),
            "anonymous" => "an anonymous caller".to_owned(),
            _ => format!("{agent} of {tenant}"),
        }
    }

    /// The call, without what was masked, as this policy's catalogue places it. Older logs do not
    /// say whether its body was JSON or a form: the reading that leads to the recorded decision
    /// counts.
    pub(crate) fn intent(&self, bench: &Workbench) -> Result<Intent, String> {
        if let Some(content_type) = self.content_type() {
            return self.read_as(bench, Some(content_type));
        }
        let first = self.read_as(bench, None)?;
        if !self.is_decided_alike(bench, &first)
            && let Ok(form) = self.read_as(bench, Some(FORM))
            && self.is_decided_alike(bench, &form)
        {
            return Ok(form);
        }
        Ok(first)
    }

    /// Whether the policy comes to the same outcome by the same rules.
    pub(crate) fn is_decided_alike(&self, bench: &Workbench, intent: &Intent) -> bool {
        let decision = bench.snapshot().evaluate(intent);
        let mut now: Vec<&str> = decision
            .reasons
            .iter()
            .map(|reason| &*reason.rule)
            .collect();
        let mut then: Vec<&str> = self.rules.iter().map(|rule| &*rule.rule).collect();
        now.sort_unstable();
        then.sort_unstable();
        decision.outcome == self.outcome && now == then
    }

    fn read_as(&self, bench: &Workbench, content_type: Option<&str>) -> Result<Intent, String> {
        if let Some(why) = self.unasked() {
            return Err(why.to_owned());
        }
        if [&self.tool, &self.action]
            .into_iter()
            .any(|word| word == MASK)
        {
            return Err("the names of its tool or action were masked".to_owned());
        }
        if self.messages.is_some() {
            return Err("of a batch, whose messages have lines of their own".to_owned());
        }
        let call: CallData = serde_json::from_value(self.call(content_type))
            .map_err(|_| "in words that this version does not know".to_owned())?;
        bench
            .intent(&call)
            .map_err(|_| "of a call that the catalogue cannot tell".to_owned())
    }

    fn call(&self, content_type: Option<&str>) -> Json {
        let Destination {
            scheme,
            host,
            port,
            path,
        } = &self.destination;
        let mut call = json!({
            "phase": self.phase,
            "tenant": self.tenant,
            "agent": self.agent,
            "auth": self.auth,
            "region": self.region,
            "time": self.time,
            "destination": {"scheme": scheme, "host": host, "port": port},
        });
        let Some(stated) = call.as_object_mut() else {
            return call;
        };
        if self.is_tunnel() {
            return call;
        }
        let mut parameters = self.parameters.clone();
        parameters.retain(|_, value| *value != MASK);
        // The class of a finding goes with its type.
        let data = self.data.iter().map(|found| {
            json!({"type": found.get("type"), "path": found.get("path"), "count": found.get("count")})
        });
        let more = json!({
            "kind": self.kind,
            "tool": self.tool,
            "action": self.action,
            "parameters": parameters,
            "data": data.collect::<Vec<_>>(),
            "truncated": self.truncated,
            "unread": self.unread,
            "opaque": self.has_rule("opaque"),
            "changed": self.changed,
            "method": self.method(),
            "content_type": content_type,
        });
        if let Json::Object(more) = more {
            stated.extend(more);
        }
        if let Some(Chain { agents, trace_id }) = &self.chain {
            let chain = json!({"agents": agents, "trace_id": trace_id});
            stated.insert("chain".to_owned(), chain);
        }
        if let Some(destination) = stated.get_mut("destination").and_then(Json::as_object_mut) {
            destination.insert("path".to_owned(), json!(path));
        }
        call
    }

    fn method(&self) -> Option<&str> {
        self.method.as_deref().filter(|method| *method != MASK)
    }

    /// Empty where the caller named none; `None` where the log does not tell.
    fn content_type(&self) -> Option<&str> {
        self.method()?;
        let content_type = self.content_type.as_deref().unwrap_or_default();
        Some(content_type).filter(|content_type| *content_type != MASK)
    }

    fn is_tunnel(&self) -> bool {
        self.phase == "connect"
    }

    /// Among the reasons, or among those that were suspended.
    fn has_rule(&self, name: &str) -> bool {
        let suspended = self.would.iter().flat_map(|would| &would.rules);
        self.rules
            .iter()
            .chain(suspended)
            .any(|rule| rule.rule == name)
    }
}

impl From<&Rule> for Reason {
    fn from(rule: &Rule) -> Self {
        Self {
            rule: rule.rule.as_str().into(),
            message: rule.message.as_str().into(),
        }
    }
}

/// What the log writes instead of a value.
const MASK: &str = "[masked]";
const FORM: &str = "application/x-www-form-urlencoded";
