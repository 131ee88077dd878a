//! `aegis policy check`: every mistake of a policy at once, with its place. Runs no tests.

use std::path::PathBuf;
use std::process::ExitCode;

use aegis_authoring::{Compiled, Files};
use aegis_document::Problems;
use aegis_policy::suite::Suite;
use aegis_policy::{Evaluator, Mode};
use clap::Args;
use serde_json::{Value as Json, json};

use super::words::{self, count};
use super::{Format, directory};
use crate::exit::{Exit, Failure};
use crate::output::{self, Style, note};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The policy, with everything below it
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let files = directory::read(&arguments.directory)?;
    let checked = Checked::of(&files);
    match arguments.output {
        Format::Text => checked.write_text(),
        Format::Json => output::json(&checked.json()),
    }
    Ok(if checked.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        Exit::Configuration.into()
    })
}

struct Checked {
    problems: Problems,
    warnings: Vec<String>,
    /// By file.
    modules: Vec<String>,
    /// What they all run on, where the policy could be built.
    evaluator: Option<Evaluator>,
    /// Entries of the data, where it could be compiled.
    entries: Option<[(&'static str, usize); 3]>,
    tests: usize,
}

impl Checked {
    fn of(files: &Files) -> Self {
        let mut problems = Problems::new();
        let built = problems.take_from(aegis_authoring::bench(files, Mode::Enforce));
        let suite = problems.take_from(Suite::read(&files.tests));
        let rego = built.as_ref().and_then(|(_, bench)| {
            let report = bench.rego_tests(&files.module_tests);
            problems.take_from(report)
        });
        let tables = suite.map_or(0, |suite| suite.len());
        let rego = rego.map_or(0, |report| report.results.len());
        let trouble = built
            .as_ref()
            .and_then(|(_, bench)| bench.snapshot().trouble());
        let mut warnings: Vec<String> = trouble.map(ToString::to_string).into_iter().collect();
        if files.tests.is_empty() {
            warnings.push("no table tests: nothing says what this policy should decide; write some in tests/*.yaml".to_owned());
        }
        if !files.modules.is_empty() && files.module_tests.is_empty() {
            warnings.push("the modules have no Rego tests; write some in *_test.rego".to_owned());
        }
        Self {
            problems: problems.sorted(),
            warnings,
            modules: files
                .modules
                .iter()
                .map(|module| module.file.clone())
                .collect(),
            evaluator: built
                .as_ref()
                .and_then(|(_, bench)| bench.snapshot().modules()),
            entries: built.map(|(compiled, _)| entries(&compiled)),
            tests: tables + rego,
        }
    }

    fn write_text(&self) {
        self.problems.iter().for_each(note);
        self.warnings.iter().for_each(output::warning);
        for module in &self.modules {
            match &self.evaluator {
                None => {}
                Some(Evaluator::Machine) => {
                    output::result(format!("{module} runs on the machine"));
                }
                Some(Evaluator::Interpreter { why }) => {
                    output::result(format!("{module} runs on the interpreter: {why}"));
                }
            }
        }
        if let Some(entries) = &self.entries {
            let entries = entries.map(|(noun, number)| count(number, noun));
            let tests = count(self.tests, "test");
            output::result(format!("{}, {tests}", entries.join(", ")));
        }
        let style = Style::stderr();
        match self.problems.len() {
            0 => note(style.green("ok: no mistakes")),
            mistakes => note(style.red(&count(mistakes, "mistake"))),
        }
    }

    fn json(&self) -> Json {
        let modules = self.modules.iter();
        let evaluator = self.evaluator.as_ref().map(Evaluator::as_str);
        let why = self.evaluator.clone().and_then(Evaluator::into_why);
        let modules = modules.map(|file| json!({"file": file, "evaluator": evaluator, "why": why}));
        let number = |noun| {
            let mut entries = self.entries.iter().flatten();
            entries
                .find(|(name, _)| *name == noun)
                .map(|(_, number)| number)
        };
        json!({
            "schema_version": 1,
            "valid": self.problems.is_empty(),
            "problems": self.problems.iter().map(words::problem).collect::<Vec<_>>(),
            "warnings": self.warnings,
            "modules": modules.collect::<Vec<_>>(),
            "tenants": number("tenant"),
            "agents": number("agent"),
            "tools": number("tool"),
            "tests": self.tests,
        })
    }
}

fn entries(compiled: &Compiled) -> [(&'static str, usize); 3] {
    let policy = compiled.data().get("aegis");
    let sections = [
        ("tenant", "tenants"),
        ("agent", "agents"),
        ("tool", "catalogue"),
    ];
    sections.map(|(noun, section)| {
        let entries = policy.and_then(|policy| policy.get(section)?.as_object());
        (noun, entries.map_or(0, serde_json::Map::len))
    })
}

const EXAMPLES: &str = "\
Examples:
  aegis policy check
  aegis policy check ./policies
  aegis policy check ./policies -o json

Ends with 78 where there are mistakes.";
