//! The library's machines of one thread: a short one for allowed tunnels, one for allowed calls, and one for everything else.

use super::library::INSTRUCTIONS;
use super::{ExecutionTimerConfig, Fault, Phase, RegoVM, Value, VmError};

/// Together they decide as `data.aegis.decision` does; the self-test of each policy sees to it.
pub(super) struct Machines {
    pub(super) connect: RegoVM,
    pub(super) request: RegoVM,
    pub(super) judgement: RegoVM,
}

impl Machines {
    /// Where the short machine has an answer it is the whole decision, and nothing else is looked at.
    pub(super) fn decide(&mut self, phase: Phase, input: Value) -> Result<Value, Fault> {
        match run(self.short(phase), input.clone()) {
            Err(Fault::Undefined) => run(&mut self.judgement, input),
            decided => decided,
        }
    }

    /// What is left of a call's time, when users' modules have had some of it.
    pub(super) fn limit_time(&mut self, left: ExecutionTimerConfig) {
        for machine in [&mut self.connect, &mut self.request, &mut self.judgement] {
            machine.set_execution_timer_config(Some(left));
        }
    }

    /// How many instructions all machines that are asked take for this input.
    pub(super) fn instructions(&mut self, phase: Phase, input: &Value) -> usize {
        let short = instructions(self.short(phase), input);
        match run(self.short(phase), input.clone()) {
            Err(Fault::Undefined) => short + instructions(&mut self.judgement, input),
            _ => short,
        }
    }

    fn short(&mut self, phase: Phase) -> &mut RegoVM {
        match phase {
            Phase::Connect => &mut self.connect,
            Phase::Request | Phase::ProposedCall => &mut self.request,
        }
    }
}

fn run(machine: &mut RegoVM, input: Value) -> Result<Value, Fault> {
    machine.set_input(input);
    answer(machine, 0)
}

/// One entry of a program, for the input that is set.
pub(super) fn answer(machine: &mut RegoVM, entry: usize) -> Result<Value, Fault> {
    match machine.execute_entry_point_by_index(entry) {
        Ok(Value::Undefined) => Err(Fault::Undefined),
        Ok(answer) => Ok(answer),
        Err(VmError::InstructionLimitExceeded { .. }) => Err(Fault::InstructionLimit),
        Err(VmError::TimeLimitExceeded { .. }) => Err(Fault::Deadline),
        Err(_) => Err(Fault::Evaluation),
    }
}

/// The least limit that is enough: the machine does not tell how many it took.
fn instructions(machine: &mut RegoVM, input: &Value) -> usize {
    let (mut low, mut high) = (0, INSTRUCTIONS);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        machine.set_max_instructions(middle);
        match run(machine, input.clone()) {
            Err(Fault::InstructionLimit) => low = middle,
            _ => high = middle,
        }
    }
    machine.set_max_instructions(INSTRUCTIONS);
    high
}
