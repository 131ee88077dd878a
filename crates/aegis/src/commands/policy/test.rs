//! `aegis policy test`: runs a policy's table tests and Rego tests, and says what they reach. Changes nothing.

mod coverage;

use std::path::PathBuf;
use std::process::ExitCode;

use aegis_policy::suite::{SuiteReport, TestResult};
use aegis_policy::{RegoReport, RegoResult, RegoVerdict};
use clap::Args;
use serde_json::{Value as Json, json};

use super::Format;
use super::opened::Opened;
use super::words::{self, at, count};
use crate::exit::{Exit, Failure};
use crate::output::{self, Style, note};
use coverage::Reached;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The policy, with everything below it
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Say what the tests do not reach
    #[arg(long)]
    coverage: bool,
    /// Fail below this percentage, of the policy data or of any module
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=100))]
    min_coverage: Option<u8>,
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let policy = Opened::directory(&arguments.directory)?;
    let report = Report::of(&policy)?;
    let wanted = arguments.coverage || arguments.min_coverage.is_some();
    let reached = wanted.then(|| Reached::of(&policy, &report.rego));
    let is_low = reached.as_ref().is_some_and(|reached| {
        arguments
            .min_coverage
            .is_some_and(|least| reached.least() < usize::from(least))
    });
    match arguments.output {
        Format::Text => {
            report.write_text();
            if let Some(reached) = &reached {
                reached.write_text();
            }
        }
        Format::Json => {
            let coverage = reached.as_ref().map(Reached::json);
            output::json(&report.json(coverage.as_ref()));
        }
    }
    if report.is_empty() {
        note(Style::stderr().red("there are no tests: write some in tests/*.yaml"));
    }
    if let (true, Some(least)) = (is_low, arguments.min_coverage) {
        note(Style::stderr().red(&format!("the coverage is below {least} %")));
    }
    Ok(if report.passed() && !report.is_empty() && !is_low {
        ExitCode::SUCCESS
    } else {
        Exit::Failed.into()
    })
}

/// What became of all tests.
pub(super) struct Report {
    tables: SuiteReport,
    rego: RegoReport,
}

impl Report {
    pub(super) fn of(policy: &Opened) -> Result<Self, Failure> {
        let rego = policy.bench.rego_tests(&policy.files.module_tests);
        Ok(Self {
            tables: policy.suite.run(&policy.bench),
            rego: rego.map_err(|problems| Failure::new(Exit::Configuration, problems))?,
        })
    }

    pub(super) fn passed(&self) -> bool {
        self.tables.passed() && self.rego.passed()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.results.is_empty() && self.rego.results.is_empty()
    }

    pub(super) fn write_failures(&self) {
        let style = Style::stdout();
        let doubts = self.tables.results.iter().flat_map(|result| &result.doubts);
        doubts.for_each(output::warning);
        for result in self.tables.results.iter().filter(|result| !result.passed()) {
            let TestResult {
                file,
                line,
                column,
                name,
                ..
            } = result;
            output::result(format!(
                "{} {file}:{line}:{column}: {name}",
                style.red("failed")
            ));
            for failure in &result.failures {
                output::result(format!("  {failure}"));
            }
        }
        for result in &self.rego.results {
            let (word, why) = match &result.verdict {
                RegoVerdict::Passed => continue,
                RegoVerdict::Failed => (style.red("failed"), String::new()),
                RegoVerdict::Error(error) => (style.red("error"), format!("\n  {error}")),
                RegoVerdict::Skipped => (style.yellow("skipped"), String::new()),
            };
            output::result(format!(
                "{word} {}: {}{why}",
                at(&result.place),
                result.name
            ));
        }
    }

    fn write_text(&self) {
        self.write_failures();
        let tables = self.tables.results.iter().map(TestResult::passed);
        output::result(tally("table test", tables));
        let skipped = |result: &&RegoResult| result.verdict == RegoVerdict::Skipped;
        let rego = self.rego.results.iter().filter(|result| !skipped(result));
        let rego = rego.map(|result| result.verdict == RegoVerdict::Passed);
        if !self.rego.results.is_empty() {
            output::result(tally("Rego test", rego));
        }
        let skipped = self.rego.results.iter().filter(skipped).count();
        if skipped > 0 {
            output::result(format!("{skipped} skipped"));
        }
    }

    fn json(&self, coverage: Option<&Json>) -> Json {
        let tables = self.tables.results.iter().map(|result| {
            json!({
                "file": result.file,
                "line": result.line,
                "column": result.column,
                "name": result.name,
                "passed": result.passed(),
                "decided": result.decided.as_ref().map(|decision| decision.outcome),
                "failures": result.failures.iter().map(words::problem).collect::<Vec<_>>(),
                "doubts": result.doubts.iter().map(words::problem).collect::<Vec<_>>(),
            })
        });
        let rego = self.rego.results.iter().map(|result| {
            let (verdict, error) = match &result.verdict {
                RegoVerdict::Passed => ("passed", None),
                RegoVerdict::Failed => ("failed", None),
                RegoVerdict::Error(error) => ("error", Some(error)),
                RegoVerdict::Skipped => ("skipped", None),
            };
            let place = words::place(Some(&result.place));
            json!({"name": result.name, "place": place, "verdict": verdict, "error": error})
        });
        json!({
            "schema_version": 1,
            "passed": self.passed() && !self.is_empty(),
            "tests": tables.collect::<Vec<_>>(),
            "rego_tests": rego.collect::<Vec<_>>(),
            "coverage": coverage,
        })
    }
}

fn tally(noun: &str, passed: impl Iterator<Item = bool>) -> String {
    let (passed, failed): (Vec<_>, Vec<_>) = passed.partition(|passed| *passed);
    let all = count(passed.len() + failed.len(), noun);
    format!("{all}: {} passed, {} failed", passed.len(), failed.len())
}

const EXAMPLES: &str = "\
Examples:
  aegis policy test ./policies
  aegis policy test ./policies --coverage
  aegis policy test ./policies --min-coverage 100 -o json

Ends with 1 where a test fails, where there is none, or where the coverage is too low.";
