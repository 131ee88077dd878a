//! Users' own modules, package `aegis.ext`: a program of its own. What they find is data for the library.
//!
//! Modules that `lint::clear` has cleared run on the machine, all others on the interpreter.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_document::Problems;

use super::answer::{object, text};
use super::lint::{self, clear};
use super::{
    Compiler, Deadline, Engine, Evaluator, Fault, Model, Object, Program, RegoVM, Source, Value,
    fault_of, input, machines,
};

/// The users' modules, checked, with the data that they may read.
#[derive(Default)]
pub(crate) struct Extension {
    /// None where there are no modules: then nothing is ever found.
    modules: Option<Modules>,
    /// The sets that some module contributes to.
    sets: Vec<Set>,
}

struct Modules {
    engine: Engine,
    data: Value,
    /// With an entry for each set, in their order; or why it is not trusted with them.
    program: Result<Arc<Program>, Arc<str>>,
}

/// One thread's evaluator of the users' modules.
pub(super) struct Users {
    on: On,
    sets: Vec<Set>,
    /// No finding in any set.
    nothing: Value,
}

enum On {
    Nothing,
    Machine(Box<RegoVM>),
    Interpreter(Box<Engine>),
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
        let sets = lint::check(&mut engine, modules, model)?;
        let data = model
            .users
            .iter()
            .map(|(key, value)| (Value::from(key.as_str()), input::from_json(value)));
        let data = Value::from(data.collect::<BTreeMap<_, _>>());
        engine
            .add_data(data.clone())
            .map_err(|error| lint::problem(modules, &error.to_string()))?;
        let program = program(&mut engine, &sets, &data);
        Ok(Self {
            modules: Some(Modules {
                engine,
                data,
                program,
            }),
            sets,
        })
    }

    /// Whether there are users' modules, which may look at anything.
    pub(super) fn reads_input(&self) -> bool {
        self.modules.is_some()
    }

    /// What the modules run on, where there are any.
    pub(super) fn evaluator(&self) -> Option<Evaluator> {
        let modules = self.modules.as_ref()?;
        Some(match &modules.program {
            Ok(_) => Evaluator::Machine,
            Err(why) => Evaluator::Interpreter { why: why.clone() },
        })
    }

    /// On the machine without having been cleared.
    #[cfg(test)]
    pub(super) fn trust(&mut self) {
        if let Some(modules) = &mut self.modules {
            modules.program = compiled(&mut modules.engine, &self.sets, &modules.data);
        }
    }

    /// From here on the modules run on the interpreter.
    pub(super) fn distrust(&mut self, reason: &str) {
        if let Some(modules) = &mut self.modules {
            modules.program = Err(reason.into());
        }
    }

    pub(super) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// A copy of the modules with their data, on the interpreter whatever they run on.
    pub(super) fn engine(&self) -> Option<Engine> {
        self.modules.as_ref().map(|modules| modules.engine.clone())
    }

    pub(super) fn users(&self) -> Result<Users, Fault> {
        let on = match &self.modules {
            None => On::Nothing,
            Some(modules) => match &modules.program {
                Ok(program) => On::Machine(Box::new(machine(program, &modules.data)?)),
                Err(_) => On::Interpreter(Box::new(modules.engine.clone())),
            },
        };
        Ok(self.on(on))
    }

    /// The same on the interpreter, to compare with, where the modules run on the machine.
    pub(super) fn interpreted(&self) -> Option<Users> {
        let modules = self
            .modules
            .as_ref()
            .filter(|found| found.program.is_ok())?;
        Some(self.on(On::Interpreter(Box::new(modules.engine.clone()))))
    }

    fn on(&self, on: On) -> Users {
        Users {
            on,
            sets: self.sets.clone(),
            nothing: Value::new_object(),
        }
    }
}

/// Cleared, compiled and loaded once, or the reason why not.
fn program(engine: &mut Engine, sets: &[Set], data: &Value) -> Result<Arc<Program>, Arc<str>> {
    clear::check(engine.get_modules()).map_err(|doubt| doubt.to_string())?;
    compiled(engine, sets, data)
}

fn compiled(engine: &mut Engine, sets: &[Set], data: &Value) -> Result<Arc<Program>, Arc<str>> {
    let refused = "something that the machine cannot compile";
    let paths = sets.iter().map(|set| set.path()).collect::<Vec<_>>();
    let paths = paths.iter().map(String::as_str).collect::<Vec<_>>();
    let first = paths.first().ok_or("no findings")?;
    let policy = engine
        .compile_with_entrypoint(&(*first).into())
        .map_err(|_| refused)?;
    let program = Compiler::compile_from_policy(&policy, &paths).map_err(|_| refused)?;
    machine(&program, data).map_err(|_| refused)?;
    Ok(program)
}

fn machine(program: &Arc<Program>, data: &Value) -> Result<RegoVM, Fault> {
    let mut machine = RegoVM::new();
    machine.load_program(Arc::clone(program));
    machine.set_max_instructions(INSTRUCTIONS);
    machine
        .set_data(data.clone())
        .map_err(|_| Fault::Evaluation)?;
    Ok(machine)
}

impl Users {
    /// What is found where there is nothing to find.
    pub(super) fn nothing(&self) -> Value {
        self.nothing.clone()
    }

    /// The lists of `input.ext`, of each set in which there is something.
    pub(super) fn findings(&mut self, input: &Object, deadline: Deadline) -> Result<Value, Fault> {
        let input = || Value::from(input.clone());
        match &mut self.on {
            On::Nothing => return Ok(self.nothing.clone()),
            On::Machine(machine) => machine.set_input(input()),
            On::Interpreter(engine) => engine.set_input(input()),
        }
        let mut all = Object::new();
        for (index, set) in self.sets.iter().enumerate() {
            // Each evaluation starts its timer anew, so it is given what the call has left.
            let found = self.on.evaluate(*set, index, deadline)?;
            let found = set.findings(&found)?;
            if !found.is_empty() {
                all.insert(set.as_str().into(), found.into());
            }
        }
        Ok(Value::from(all))
    }
}

impl On {
    fn evaluate(&mut self, set: Set, index: usize, deadline: Deadline) -> Result<Value, Fault> {
        let left = deadline.left()?;
        match self {
            Self::Nothing => Ok(Value::new_set()),
            Self::Machine(machine) => {
                machine.set_execution_timer_config(Some(left));
                machines::answer(machine, index)
            }
            Self::Interpreter(engine) => {
                engine.set_execution_timer_config(left);
                engine.eval_rule(set.path()).map_err(fault_of)
            }
        }
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

    pub(super) fn findings(self, found: &Value) -> Result<Vec<Value>, Fault> {
        let found = found.as_set().map_err(|_| Fault::WrongType)?;
        found.iter().map(|finding| self.finding(finding)).collect()
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

/// About half of a call's time, and as much as the interpreter does in all of it.
const INSTRUCTIONS: usize = 4_000_000;
