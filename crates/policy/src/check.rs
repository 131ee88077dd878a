//! What the policy data means, checked whole: references, limits, patterns, names. It changes nothing.

use aegis_document::{Document, Problem, Problems, nearest};

use crate::catalogue::server;
use crate::data::{
    Actions, ConstraintData, DataFile, PatternData, ProfileData, Protocol, ServiceData,
};
use crate::facts::{Facts, Matcher};
use crate::rego::Extension;
use crate::sources::Model;
use crate::{CallKind, Catalogue, Chain, Phase, Sources, detectors, hosts, sensitive};

/// Every mistake of meaning in the data, all at once.
pub(crate) fn check(model: &Model) -> Result<Facts, Problems> {
    let mut problems = Problems::new();
    tenants(model, &mut problems);
    if model.is_whole {
        agents(model, &mut problems);
    }
    for (name, profile) in &model.data.profiles {
        Check {
            model,
            name,
            problems: &mut problems,
        }
        .profile(profile);
    }
    detectors::check(model, &mut problems);
    let facts = Facts::compile(&model.data.facts).unwrap_or_else(|mistakes| {
        for (name, key, message) in mistakes {
            let path = if key.is_empty() { &[][..] } else { &[key][..] };
            problems.push(model.problem("facts", &name, path, message));
        }
        Facts::default()
    });
    problems.into_result(facts)
}

/// What is wrong with sources that cannot come into force as they are. Where they are not whole,
/// names that are missing are not complained about: they may be in the rest.
pub fn mistakes(sources: &Sources, is_whole: bool) -> Problems {
    let (mut model, mut problems) = Model::read_all(&sources.data);
    model.is_whole &= is_whole;
    problems.take_from(check(&model));
    problems.take_from(Catalogue::compile(&model));
    problems.take_from(Extension::compile(&sources.modules, &model));
    problems.sorted()
}

/// Whether a data file says things in the form that it must have. What they mean is not looked at.
pub fn check_form(document: &Document) -> Result<(), Problems> {
    document.read::<DataFile>().map(|_| ())
}

impl ConstraintData {
    pub(crate) fn is_numeric(&self) -> bool {
        self.min.is_some() || self.max.is_some() || self.approve_above.is_some()
    }
}

impl PatternData {
    pub(crate) fn compile(&self) -> Result<Matcher, String> {
        Matcher::new(
            self.regex.as_deref(),
            self.glob.as_deref(),
            self.cidr.as_deref(),
        )
    }
}

fn tenants(model: &Model, problems: &mut Problems) {
    for (name, tenant) in &model.data.tenants {
        if tenant.regions.as_ref().is_some_and(Vec::is_empty) {
            let message = "no region is lawful, so every call would be denied; leave `regions` out for a tenant that is not bound";
            problems.push(model.problem("tenants", name, &["regions"], message));
        }
    }
}

fn agents(model: &Model, problems: &mut Problems) {
    for (name, agent) in &model.data.agents {
        let tenants = model.data.tenants.keys();
        if !model.data.tenants.contains_key(&agent.tenant) {
            let problem = model.problem(
                "agents",
                name,
                &["tenant"],
                format!("there is no tenant `{}`", agent.tenant),
            );
            problems.push(with_hint(problem, &agent.tenant, tenants));
        }
        let profiles = model.data.profiles.keys();
        if !model.data.profiles.contains_key(&agent.profile) {
            let problem = model.problem(
                "agents",
                name,
                &["profile"],
                format!("there is no profile `{}`", agent.profile),
            );
            problems.push(with_hint(problem, &agent.profile, profiles));
        }
    }
}

fn with_hint<'a>(
    mut problem: Problem,
    word: &str,
    known: impl IntoIterator<Item = &'a String>,
) -> Problem {
    problem.hint = nearest(word, known.into_iter().map(String::as_str))
        .map(|near| format!("did you mean `{near}`?"));
    problem
}

/// One profile, with the place to complain at.
struct Check<'a> {
    model: &'a Model,
    name: &'a str,
    problems: &'a mut Problems,
}

impl Check<'_> {
    /// What rules on sensitive data are about.
    fn types<'k>(
        &mut self,
        section: &str,
        kinds: impl Iterator<Item = &'k String>,
        profile: &ProfileData,
    ) {
        let own = &profile.detectors;
        let is_known = |kind: &&String| sensitive::is_known(kind) || own.contains_key(*kind);
        for kind in kinds.filter(|kind| !is_known(kind)) {
            let problem = self.model.problem(
                "profiles",
                self.name,
                &[section, kind],
                format!("there is no data type `{kind}`, and no class of that name"),
            );
            let known = sensitive::types()
                .iter()
                .chain(&sensitive::CLASSES)
                .copied()
                .chain(own.keys().map(String::as_str));
            let hint = nearest(kind, known).map(|near| format!("did you mean `{near}`?"));
            self.problems.push(Problem { hint, ..problem });
        }
    }

    /// A rule that nothing could ever meet would only seem to protect.
    fn findable<'k>(&mut self, section: &str, kinds: impl Iterator<Item = &'k String>) {
        for kind in kinds.filter(|kind| sensitive::is_outside(kind)) {
            let message = format!(
                "nothing finds `{kind}` in answers: the one detector that does is asked about requests only"
            );
            self.problem(&[section, kind], message);
        }
    }

    fn profile(&mut self, profile: &ProfileData) {
        self.hosts("hosts", &profile.hosts);
        self.hosts("passthrough", &profile.passthrough);
        self.hosts("upgrades", &profile.upgrades);
        self.types("data", profile.data.keys(), profile);
        self.types("answers", profile.answers.keys(), profile);
        self.findable("answers", profile.answers.keys());
        if usize::from(profile.chain.max_depth) > Chain::GREATEST_DEPTH {
            let most = Chain::GREATEST_DEPTH;
            let message = format!("a chain has at most {most} agents before the caller");
            self.problem(&["chain", "max_depth"], message);
        }
        for (tool, actions) in &profile.tools {
            self.tool(tool, actions);
        }
        for (function, actions) in profile.operations(Phase::ProposedCall) {
            for (parameter, constraint) in actions.values().flatten() {
                self.constraint(&["proposed", "tools", function, parameter], constraint);
            }
        }
    }

    fn hosts(&mut self, key: &str, rules: &[String]) {
        for (index, rule) in rules.iter().enumerate() {
            if let Err(message) = hosts::canonical(rule) {
                self.problem(&[key, &index.to_string()], message);
            }
        }
    }

    /// A tool is a service of the catalogue, `http`, or a host that is recognised by what it speaks.
    fn tool(&mut self, tool: &str, actions: &Actions) {
        let server = server(tool);
        let service = self.model.data.catalogue.get(server);
        let unknown = service.is_none() && server != "http" && !looks_like_host(server);
        if unknown && self.model.is_whole {
            let problem = self.model.problem(
                "profiles",
                self.name,
                &["tools", tool],
                format!("`{server}` is neither a service of the catalogue, nor `http`, nor a host"),
            );
            let known = self
                .model
                .data
                .catalogue
                .keys()
                .map(String::as_str)
                .chain(["http"]);
            let hint = nearest(server, known).map(|near| format!("did you mean `{near}`?"));
            self.problems.push(Problem { hint, ..problem });
        }
        for (action, constraints) in actions {
            self.action(tool, service, action);
            for (parameter, constraint) in constraints {
                self.constraint(&["tools", tool, action, parameter], constraint);
            }
        }
    }

    /// Only where all actions are known can a wrong one be told.
    fn action(&mut self, tool: &str, service: Option<&ServiceData>, action: &str) {
        let known: Vec<&str> = match service {
            Some(service) if service.protocol == Protocol::Rest => {
                let named = service
                    .operations
                    .iter()
                    .map(|operation| operation.action.as_str());
                named.chain(["*", "other", MESSAGE]).collect()
            }
            Some(service) if service.protocol == Protocol::OpenAi => {
                [&LLM_ACTIONS[..], &STORED_ACTIONS].concat()
            }
            Some(service) if service.protocol.kind() == CallKind::Llm => LLM_ACTIONS.to_vec(),
            _ if tool == "http" => HTTP_ACTIONS.to_vec(),
            _ => return,
        };
        if !known.contains(&action) {
            let problem = self.model.problem(
                "profiles",
                self.name,
                &["tools", tool, action],
                format!("`{tool}` has no action `{action}`"),
            );
            let hint = nearest(action, known).map(|near| format!("did you mean `{near}`?"));
            self.problems.push(Problem { hint, ..problem });
        }
    }

    fn constraint(&mut self, path: &[&str], constraint: &ConstraintData) {
        let number = |number: &Option<serde_json::Number>| {
            number.as_ref().and_then(serde_json::Number::as_f64)
        };
        let (min, max, above) = (
            number(&constraint.min),
            number(&constraint.max),
            number(&constraint.approve_above),
        );
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            self.problem(
                path,
                "no number lies between `min` and `max`: the range is empty",
            );
        }
        if above.zip(max).is_some_and(|(above, max)| above > max) {
            self.problem(
                path,
                "`approve_above` is more than `max`, so approval would never be asked",
            );
        }
        match &constraint.one_of {
            Some(values) if values.is_empty() => {
                self.problem(path, "`enum` is empty, so every value would be denied");
            }
            Some(values)
                if values
                    .iter()
                    .any(|value| value.is_array() || value.is_object() || value.is_null()) =>
            {
                self.problem(path, "`enum` holds texts, numbers and true or false only");
            }
            _ => {}
        }
        if constraint.forbidden && constraint.allows_something() {
            self.problem(
                path,
                "a parameter that is `forbidden` can have no other rule",
            );
        }
        if let Some(Err(message)) = constraint.pattern.as_ref().map(PatternData::compile) {
            let mut place = path.to_vec();
            place.push("pattern");
            self.problem(&place, message);
        }
    }

    fn problem(&mut self, path: &[&str], message: impl Into<String>) {
        self.problems
            .push(self.model.problem("profiles", self.name, path, message));
    }
}

impl ConstraintData {
    fn allows_something(&self) -> bool {
        self.is_numeric()
            || self.one_of.is_some()
            || self.required
            || self.redact.is_some()
            || self.pattern.is_some()
    }
}

fn looks_like_host(name: &str) -> bool {
    (name.contains(['.', ':']) || name == "localhost")
        && !name.starts_with('.')
        && hosts::canonical(name).is_ok()
}

const LLM_ACTIONS: [&str; 4] = ["*", "chat", "count_tokens", "other"];

/// On generations that a provider has stored.
const STORED_ACTIONS: [&str; 3] = ["retrieve", "update", "cancel"];

/// Methods, and what a WebSocket carries.
const HTTP_ACTIONS: [&str; 11] = [
    "*", "get", "head", "post", "put", "patch", "delete", "options", "trace", "connect", MESSAGE,
];

/// On a WebSocket, of what has no other action.
const MESSAGE: &str = "message";
