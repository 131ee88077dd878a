//! What one thread asks with: the machines of the library, the interpreter of users' modules, its memory. It compiles nothing.

use super::{
    Deadline, Decision, Fault, Intent, Phase, Policy, Preparation, Question, RegoVM, Value,
    VmError, answer, extension, input, question,
};

/// What one thread keeps for one policy.
pub(super) struct Evaluators {
    pub(super) epoch: u64,
    pub(super) machine: RegoVM,
    tunnels: RegoVM,
    users: extension::Interpreter,
    words: input::Words,
    forms: question::Forms,
    memory: question::Memory,
}

impl Evaluators {
    pub(super) fn new(policy: &Policy) -> Result<Self, Fault> {
        Ok(Self {
            epoch: policy.epoch,
            machine: policy.library.machine()?,
            tunnels: policy.library.tunnel_machine()?,
            users: policy.extension.interpreter(),
            words: input::Words::new(),
            forms: question::Forms::new(),
            memory: question::Memory::default(),
        })
    }

    pub(super) fn decide(&mut self, policy: &Policy, intent: &Intent) -> Result<Decision, Fault> {
        let preparation = policy.preparations.find(intent);
        let Some(question) = policy.question(intent, preparation) else {
            return self.evaluate(policy, intent);
        };
        if let Some(known) = self.memory.find(&question) {
            return Ok(known);
        }
        let decision = self.answer(policy, preparation, &question)?;
        self.memory.keep(question, &decision);
        Ok(decision)
    }

    pub(super) fn evaluate(&mut self, policy: &Policy, intent: &Intent) -> Result<Decision, Fault> {
        let input = self.input(policy, intent)?;
        answer::read(&self.decision(input)?)
    }

    pub(super) fn answer(
        &mut self,
        policy: &Policy,
        preparation: Option<&Preparation>,
        question: &Question,
    ) -> Result<Decision, Fault> {
        let input = self.asked(policy, preparation, question);
        let decision = match question.phase() {
            Phase::Connect => self.tunnel(input),
            Phase::Request => self.decision(input),
        };
        answer::read(&decision?)
    }

    /// The part of the input that the library reads; without users' modules, nothing else is made.
    pub(super) fn asked(
        &self,
        policy: &Policy,
        preparation: Option<&Preparation>,
        question: &Question,
    ) -> Value {
        let words = (&self.words, &self.forms);
        question.input(words, policy, preparation, self.users.nothing())
    }

    /// The whole of Rego's input, with what the users' modules found in it.
    pub(super) fn input(&mut self, policy: &Policy, intent: &Intent) -> Result<Value, Fault> {
        let deadline = Deadline::start();
        let mut input = input::build(&self.words, policy, intent);
        let found = self.users.findings(&input, deadline)?;
        if policy.extension.reads_input() {
            self.machine
                .set_execution_timer_config(Some(deadline.left()?));
        }
        input.insert(self.words.ext.clone(), found);
        Ok(Value::from(input))
    }

    pub(super) fn decision(&mut self, input: Value) -> Result<Value, Fault> {
        run(&mut self.machine, input)
    }

    /// The decision on a tunnel of which no users' module has found anything: where the rule for
    /// allowed ones holds, it is the decision, and the others need not be looked at.
    pub(super) fn tunnel(&mut self, input: Value) -> Result<Value, Fault> {
        match run(&mut self.tunnels, input.clone()) {
            Err(Fault::Undefined) => self.decision(input),
            decision => decision,
        }
    }
}

fn run(machine: &mut RegoVM, input: Value) -> Result<Value, Fault> {
    machine.set_input(input);
    match machine.execute_entry_point_by_index(0) {
        Ok(Value::Undefined) => Err(Fault::Undefined),
        Ok(answer) => Ok(answer),
        Err(VmError::InstructionLimitExceeded { .. }) => Err(Fault::InstructionLimit),
        Err(VmError::TimeLimitExceeded { .. }) => Err(Fault::Deadline),
        Err(_) => Err(Fault::Evaluation),
    }
}
