//! Users' own modules, package `aegis.ext`: a program of its own on the interpreter. What they find is data for the library.

use std::collections::BTreeMap;

use aegis_document::Problems;

use super::answer::{object, text};
use super::{Deadline, Engine, Fault, Model, Object, Source, Value, fault_of, input, lint};

/// The users' modules, checked, with the data that they may read.
#[derive(Default)]
pub(crate) struct Extension {
    /// None where there are no modules: then nothing is ever found.
    engine: Option<Engine>,
    /// The sets that some module contributes to.
    sets: Vec<Set>,
}

/// One thread's interpreter of the users' modules.
pub(super) struct Interpreter {
    pub(super) engine: Option<Engine>,
    pub(super) sets: Vec<Set>,
    /// All four sets, empty.
    nothing: Value,
}

/// The sets that a module may contribute to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Deny,
    ApprovalNeeded,
    Sanitize,
    Allow,
}

impl Extension {
    pub(crate) fn compile(modules: &[Source], model: &Model) -> Result<Self, Problems> {
        if modules.is_empty() {
            return Ok(Self::default());
        }
        let mut engine = Engine::new();
        let facts = model.data.facts.keys().map(String::as_str);
        // A fact that is missing may stand in a file that could not be read.
        let facts = model.is_whole.then(|| facts.collect::<Vec<_>>());
        let sets = lint::check(&mut engine, modules, facts.as_deref())?;
        let data = model
            .users
            .iter()
            .map(|(key, value)| (Value::from(key.as_str()), input::from_json(value)));
        let data = Value::from(data.collect::<BTreeMap<_, _>>());
        engine
            .add_data(data)
            .map_err(|error| lint::problem(modules, &error.to_string()))?;
        Ok(Self {
            engine: Some(engine),
            sets,
        })
    }

    /// Whether there are users' modules, which may look at anything.
    pub(super) fn reads_input(&self) -> bool {
        self.engine.is_some()
    }

    pub(super) fn interpreter(&self) -> Interpreter {
        let nothing = SETS.map(|set| (Value::from(set.as_str()), Value::new_array()));
        Interpreter {
            engine: self.engine.clone(),
            sets: self.sets.clone(),
            nothing: Value::from(BTreeMap::from(nothing)),
        }
    }
}

impl Interpreter {
    /// The four lists, empty.
    pub(super) fn nothing(&self) -> Value {
        self.nothing.clone()
    }

    /// The four lists of `input.ext`.
    pub(super) fn findings(&mut self, input: &Object, deadline: Deadline) -> Result<Value, Fault> {
        let Some(engine) = &mut self.engine else {
            return Ok(self.nothing.clone());
        };
        engine.set_input(Value::from(input.clone()));
        let mut all = object(&self.nothing)?.clone();
        for set in &self.sets {
            // Each evaluation starts its timer anew, so it is given what the call has left.
            engine.set_execution_timer_config(deadline.left()?);
            let found = engine.eval_rule(set.path()).map_err(fault_of)?;
            let found = found.as_set().map_err(|_| Fault::WrongType)?;
            let found = found
                .iter()
                .map(|finding| set.finding(finding))
                .collect::<Result<Vec<_>, _>>()?;
            all.insert(set.as_str().into(), found.into());
        }
        Ok(Value::from(all))
    }
}

impl Set {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::ApprovalNeeded => "approval_needed",
            Self::Sanitize => "sanitize",
            Self::Allow => "allow",
        }
    }

    pub(super) fn path(self) -> String {
        format!("data.aegis.ext.{}", self.as_str())
    }

    /// Exactly `rule` and `message`, and for `sanitize` what to redact.
    fn finding(self, from: &Value) -> Result<Value, Fault> {
        let from = object(from)?;
        let mut finding = BTreeMap::new();
        for name in ["rule", "message"] {
            let value = from.get(&name.into()).ok_or(Fault::WrongType)?;
            if text(value)?.is_empty() {
                return Err(Fault::WrongType);
            }
            finding.insert(Value::from(name), value.clone());
        }
        let known = match self {
            Self::Sanitize => {
                finding.insert("redact".into(), redaction(from)?);
                3
            }
            _ => 2,
        };
        if from.len() == known {
            Ok(Value::from(finding))
        } else {
            Err(Fault::WrongType)
        }
    }
}

fn redaction(from: &Object) -> Result<Value, Fault> {
    for name in ["parameter", "data"] {
        if let Some(value) = from.get(&name.into()) {
            text(value)?;
            return Ok(Value::from(BTreeMap::from([(name.into(), value.clone())])));
        }
    }
    Err(Fault::WrongType)
}

pub(super) const SETS: [Set; 4] = [Set::Deny, Set::ApprovalNeeded, Set::Sanitize, Set::Allow];
