//! The shipped library, compiled for the machine together with its data. It never runs users' text.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_document::{Problem, Problems};

use super::machines::Machines;
use super::{Compiler, Engine, Fault, Program, RegoVM, Shelved, Value, deadline};

/// The library and its data, compiled. Threads share both.
pub(super) struct Library {
    /// One text, compiled for each rule that the host asks by itself.
    connect: Arc<Program>,
    request: Arc<Program>,
    judgement: Arc<Program>,
    data: Value,
    text: Arc<str>,
}

impl Library {
    pub(super) fn compile(text: &str, compiled: Shelved) -> Result<Self, Problems> {
        let data = BTreeMap::from([("compiled".into(), compiled.into_value())]);
        let data = Value::from(data);
        let library = Self {
            connect: Arc::default(),
            request: Arc::default(),
            judgement: Arc::default(),
            data,
            text: text.into(),
        };
        let mut engine = library
            .interpreter()
            .map_err(|_| broken("it does not parse"))?;
        let policy = engine
            .compile_with_entrypoint(&ENTRY.into())
            .map_err(|error| broken(&format!("{ENTRY}: {error}")))?;
        let program = |entry| {
            Compiler::compile_from_policy(&policy, &[entry])
                .map_err(|error| broken(&format!("{entry}: {error}")))
        };
        Ok(Self {
            connect: program("data.aegis.connect")?,
            request: program("data.aegis.request")?,
            judgement: program("data.aegis.judgement")?,
            ..library
        })
    }

    pub(super) fn data(&self) -> &Value {
        &self.data
    }

    /// The machines of one thread.
    pub(super) fn machines(&self) -> Result<Machines, Fault> {
        Ok(Machines {
            connect: self.load(&self.connect)?,
            request: self.load(&self.request)?,
            judgement: self.load(&self.judgement)?,
        })
    }

    fn load(&self, program: &Arc<Program>) -> Result<RegoVM, Fault> {
        let mut machine = RegoVM::new();
        machine.load_program(Arc::clone(program));
        machine.set_max_instructions(INSTRUCTIONS);
        machine.set_execution_timer_config(Some(deadline()));
        machine
            .set_data(self.data.clone())
            .map_err(|_| Fault::Evaluation)?;
        Ok(machine)
    }

    /// The same text and data on the interpreter, which the machine must agree with.
    pub(super) fn interpreter(&self) -> Result<Engine, Fault> {
        let mut engine = Engine::new();
        // As OPA does by default: a builtin's error is undefined.
        engine.set_strict_builtin_errors(false);
        engine
            .add_policy(FILE.to_owned(), self.text.to_string())
            .map_err(|_| Fault::Evaluation)?;
        engine
            .add_data(self.data.clone())
            .map_err(|_| Fault::Evaluation)?;
        Ok(engine)
    }
}

fn broken(message: &str) -> Problems {
    let message = format!("the shipped library cannot be compiled: {message}");
    Problem {
        file: FILE.to_owned(),
        line: 1,
        column: 1,
        message,
        hint: None,
    }
    .into()
}

/// The text of the shipped library.
pub(crate) const LIBRARY: &str = include_str!("../../../../policies/library/aegis.rego");

/// For OPA alone; not evaluated here.
pub(crate) const GLUE: &str = include_str!("../../../../policies/library/opa.rego");

const FILE: &str = "policies/library/aegis.rego";

/// The one entry point, which the host's machines walk rule by rule.
pub(super) const ENTRY: &str = "data.aegis.decision";

/// The largest decision takes about a quarter of this.
pub(super) const INSTRUCTIONS: usize = 5_000;
