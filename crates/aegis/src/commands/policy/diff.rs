//! `aegis policy diff`: what another policy would change, over tests, made-up and recorded calls. Judges neither.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aegis_policy::Intent;
use aegis_policy::difference::{Change, Difference, Direction, Verdict};
use clap::Args;
use serde_json::{Value as Json, json};

use super::Format;
use super::opened::{Believed, Opened};
use super::words::count;
use crate::commands::why::recorded::{self, Line};
use crate::exit::{Exit, Failure};
use crate::output::{self, Style};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The policy as it is: a directory or a bundle
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it would be: a directory or a bundle
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// An audit log whose calls are decided as well
    #[arg(long, value_name = "AUDIT.jsonl")]
    log: Option<PathBuf>,
    #[command(flatten)]
    believed: Believed,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let old = Opened::read(&arguments.old, &arguments.believed)?;
    let new = Opened::read(&arguments.new, &arguments.believed)?;
    let mut calls = Calls::of(&old, &new);
    if let Some(log) = &arguments.log {
        calls.add_recorded(log, &old, &new)?;
    }
    let difference = Difference::of(&old.bench, &new.bench, &calls.intents);
    match arguments.output {
        Format::Text => write_text(&difference, &calls),
        Format::Json => output::json(&as_json(&difference, &calls)),
    }
    Ok(if difference.opened() {
        Exit::Refused.into()
    } else {
        ExitCode::SUCCESS
    })
}

/// What both policies decide.
struct Calls {
    intents: Vec<Intent>,
    tests: usize,
    made_up: usize,
    /// `None` where no log was named.
    recorded: Option<Recorded>,
}

#[derive(Default)]
struct Recorded {
    used: usize,
    unusable: BTreeMap<String, usize>,
}

impl Calls {
    fn of(old: &Opened, new: &Opened) -> Self {
        let of_tests = |policy: &Opened| policy.suite.intents(&policy.bench).len();
        let tests = of_tests(old) + of_tests(new);
        let mut intents = old.bench.inputs(&old.suite);
        intents.extend(new.bench.inputs(&new.suite));
        Self {
            made_up: intents.len() - tests,
            intents,
            tests,
            recorded: None,
        }
    }

    fn add_recorded(&mut self, log: &Path, old: &Opened, new: &Opened) -> Result<(), Failure> {
        let mut recorded = Recorded::default();
        for line in recorded::read(log)? {
            let intent = line.and_then(|line| whole(&line, old).or_else(|_| whole(&line, new)));
            match intent {
                Ok(intent) => {
                    self.intents.push(intent);
                    recorded.used += 1;
                }
                Err(why) => *recorded.unusable.entry(why).or_default() += 1,
            }
        }
        self.recorded = Some(recorded);
        Ok(())
    }
}

/// A call with a part missing would be another call.
fn whole(line: &Line, policy: &Opened) -> Result<Intent, String> {
    if !line.masked().is_empty() {
        return Err("values of its parameters were masked".to_owned());
    }
    line.intent(&policy.bench)
}

fn write_text(difference: &Difference, calls: &Calls) {
    let style = Style::stdout();
    for direction in DIRECTIONS {
        let changes = difference.changes.iter();
        let changes: Vec<&Change> = changes
            .filter(|change| change.direction == direction)
            .collect();
        if changes.is_empty() {
            continue;
        }
        let heading = heading(direction);
        output::result(match direction {
            Direction::Opened => style.red(heading),
            Direction::Loosened => style.yellow(heading),
            Direction::Tightened | Direction::Same => style.bold(heading),
        });
        for change in changes {
            output::result(format!("  {change}"));
        }
    }
    if difference.changes.is_empty() {
        output::result("no call is decided otherwise");
    }
    if !difference.may_open.is_empty() {
        output::result(style.red("may open calls that nobody compared"));
        for what in &difference.may_open {
            output::result(format!("  {what}"));
        }
    }
    output::result(format!(
        "{} decided by both: {}, {} made up",
        count(difference.calls, "call"),
        count(calls.tests, "test"),
        calls.made_up,
    ));
    if let Some(recorded) = &calls.recorded {
        output::result(format!("{} recorded", recorded.used));
        for (why, number) in &recorded.unusable {
            output::result(format!(
                "  {} of the log left out: {why}",
                count(*number, "line")
            ));
        }
    }
}

fn as_json(difference: &Difference, calls: &Calls) -> Json {
    let changes = difference.changes.iter().map(|change| {
        json!({
            "direction": change.direction.as_str(),
            "tenant": change.tenant,
            "agent": change.agent,
            "tool": change.tool,
            "action": change.action,
            "before": verdict(&change.before),
            "after": verdict(&change.after),
            "count": change.count,
            "calls": change.calls,
            "words": change.to_string(),
        })
    });
    let recorded = calls.recorded.as_ref();
    json!({
        "schema_version": 1,
        "opened": difference.opened(),
        "loosened": difference.loosened(),
        "may_open": difference.may_open,
        "calls": difference.calls,
        "tests": calls.tests,
        "made_up": calls.made_up,
        "recorded": recorded.map(|recorded| recorded.used),
        "unusable": recorded.map(|recorded| &recorded.unusable),
        "changes": changes.collect::<Vec<_>>(),
    })
}

fn verdict(verdict: &Verdict) -> Json {
    let redact = verdict.redact.iter().map(ToString::to_string);
    let would = verdict.would.as_ref();
    json!({
        "outcome": verdict.outcome,
        "rules": verdict.rules,
        "redact": redact.collect::<Vec<_>>(),
        "restrict_regions": verdict.restrict_regions,
        "passthrough": verdict.passthrough,
        "answers": verdict.answers,
        "refuse_as": verdict.refuse_as,
        "would": would.map(|(outcome, rules)| json!({"outcome": outcome, "rules": rules})),
    })
}

fn heading(direction: Direction) -> &'static str {
    match direction {
        Direction::Opened => "DENY -> ALLOW",
        Direction::Loosened => "looser",
        Direction::Tightened => "tighter",
        Direction::Same => "the same outcome, otherwise",
    }
}

/// What opens first.
const DIRECTIONS: [Direction; 4] = [
    Direction::Opened,
    Direction::Loosened,
    Direction::Tightened,
    Direction::Same,
];

const EXAMPLES: &str = "\
Examples:
  aegis policy diff ./policies ./policies-new
  aegis policy diff ./policies ./policies-new --log audit.jsonl -o json
  aegis policy diff old.tar.gz new.tar.gz --key release=EdDSA:release.pub

Ends with 3 where some call goes from deny to allow, or may: where a Rego module goes or is another.";
