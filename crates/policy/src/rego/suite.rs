//! Rego tests of users' modules, and which of their lines are evaluated. On the interpreter, as the modules are; it decides no calls.

mod files;

use std::collections::{BTreeMap, BTreeSet};

use aegis_document::Problems;

use super::extension::Interpreter;
use super::{
    Deadline, Engine, Fault, Object, Policy, Rule, RuleHead, Source, Value, fault_of, input, lint,
};
use crate::Intent;
use crate::explain::Place;

/// What became of every Rego test, and the modules' lines that they evaluated.
#[derive(Clone, Debug)]
pub struct RegoReport {
    pub results: Vec<RegoResult>,
    /// One for each module, not for the tests.
    pub coverage: Vec<FileCoverage>,
}

#[derive(Clone, Debug)]
pub struct RegoResult {
    pub place: Place,
    /// With its package: `aegis.ext_test.test_a_small_refund_passes`.
    pub name: String,
    pub verdict: RegoVerdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegoVerdict {
    Passed,
    /// Undefined, or anything but true.
    Failed,
    /// It could not be evaluated.
    Error(String),
    /// Its name begins with `todo_`.
    Skipped,
}

/// The lines of one module that say something, by whether they were evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCoverage {
    pub file: String,
    pub covered: BTreeSet<u32>,
    pub not_covered: BTreeSet<u32>,
}

/// Evaluates users' modules on calls and keeps which lines it came by.
pub(crate) struct Observer<'a> {
    policy: &'a Policy,
    words: input::Words,
    interpreter: Interpreter,
}

impl RegoReport {
    /// Whether none failed and none was in error. A skipped test is neither.
    pub fn passed(&self) -> bool {
        let fine = |result: &RegoResult| {
            matches!(result.verdict, RegoVerdict::Passed | RegoVerdict::Skipped)
        };
        self.results.iter().all(fine)
    }
}

impl FileCoverage {
    /// Of a hundred lines that say something. A module that says nothing is covered.
    pub fn percent(&self) -> usize {
        let all = self.covered.len() + self.not_covered.len();
        (self.covered.len() * 100).checked_div(all).unwrap_or(100)
    }
}

impl Policy {
    pub(crate) fn rego_tests(
        &self,
        modules: &[Source],
        tests: &[Source],
    ) -> Result<RegoReport, Problems> {
        let mut engine = self.engine().unwrap_or_default();
        let found = files::read(&mut engine, modules, tests)?;
        engine.set_enable_coverage(true);
        let sources = [modules, tests].concat();
        let results = found
            .into_iter()
            .map(|test| {
                let verdict = if test.is_todo {
                    RegoVerdict::Skipped
                } else {
                    verdict(&mut engine, &test.name, &sources)
                };
                RegoResult {
                    place: test.place,
                    name: test.name,
                    verdict,
                }
            })
            .collect();
        let coverage = self.coverage(&engine);
        Ok(RegoReport { results, coverage })
    }

    pub(crate) fn observer(&self) -> Observer<'_> {
        let mut interpreter = self.extension.interpreter();
        if let Some(engine) = &mut interpreter.engine {
            engine.set_enable_coverage(true);
        }
        Observer {
            policy: self,
            words: input::Words::new(),
            interpreter,
        }
    }

    /// The one rule that contributes to a set and names this id.
    pub(crate) fn finding_place(&self, rule: &str) -> Option<Place> {
        let id = format!("\"{rule}\"");
        let mut engine = self.engine()?;
        let modules = engine.get_modules();
        let rules = modules.iter().flat_map(|module| &module.policy);
        let mut named = rules.filter(|rule| {
            let is_set = matches!(
                rule.as_ref(),
                Rule::Spec {
                    head: RuleHead::Set { .. },
                    ..
                }
            );
            is_set && rule.span().text().contains(&id)
        });
        let only = named.next().filter(|_| named.next().is_none())?;
        Some(place(only))
    }

    /// A copy of the users' modules with their data, as they decide.
    fn engine(&self) -> Option<Engine> {
        self.extension.interpreter().engine
    }

    /// By module. A module that was never come by is not in the interpreter's own report, so the
    /// lines there are come from a run of its own that evaluates every module.
    fn coverage(&self, engine: &Engine) -> Vec<FileCoverage> {
        let evaluated = lines(engine);
        let mut observer = self.observer();
        observer.evaluate(&Object::new());
        let Some(whole) = &observer.interpreter.engine else {
            return Vec::new();
        };
        let files = lines(whole).into_iter().map(|(file, (any, none))| {
            let covered = evaluated.get(&file).map(|(covered, _)| covered.clone());
            let covered = covered.unwrap_or_default();
            let all: BTreeSet<u32> = &any | &none;
            FileCoverage {
                not_covered: &all - &covered,
                covered,
                file,
            }
        });
        files.collect()
    }
}

impl Observer<'_> {
    /// A fault is the decision's to tell; here it only ends the run.
    pub(crate) fn observe(&mut self, intent: &Intent) {
        let input = input::build(&self.words, self.policy, intent);
        self.evaluate(&input);
    }

    pub(crate) fn coverage(&self) -> Vec<FileCoverage> {
        let engine = self.interpreter.engine.as_ref();
        engine.map_or_else(Vec::new, |engine| self.policy.coverage(engine))
    }

    fn evaluate(&mut self, input: &Object) {
        let Some(engine) = &mut self.interpreter.engine else {
            return;
        };
        engine.set_input(Value::from(input.clone()));
        for set in &self.interpreter.sets {
            if let Ok(config) = Deadline::start().left() {
                engine.set_execution_timer_config(config);
                let _ = engine.eval_rule(set.path());
            }
        }
    }
}

/// One test under the deadline of one call.
fn verdict(engine: &mut Engine, name: &str, sources: &[Source]) -> RegoVerdict {
    let config = match Deadline::start().left() {
        Ok(config) => config,
        Err(fault) => return RegoVerdict::Error(fault.to_string()),
    };
    engine.set_input(Value::new_object());
    engine.set_execution_timer_config(config);
    match engine.eval_rule(format!("data.{name}")) {
        Ok(Value::Bool(true)) => RegoVerdict::Passed,
        Ok(_) => RegoVerdict::Failed,
        Err(error) => {
            let words = lint::problem(sources, &error.to_string()).to_string();
            match fault_of(error) {
                fault @ (Fault::Deadline | Fault::Conflict) => {
                    RegoVerdict::Error(fault.to_string())
                }
                _ => RegoVerdict::Error(words),
            }
        }
    }
}

/// Evaluated and not evaluated lines by file, as the interpreter tells.
fn lines(engine: &Engine) -> BTreeMap<String, (BTreeSet<u32>, BTreeSet<u32>)> {
    let report = engine.get_coverage_report().unwrap_or_default();
    let files = report.files.into_iter();
    files
        .map(|file| (file.path, (file.covered, file.not_covered)))
        .collect()
}

fn place(rule: &Rule) -> Place {
    let problem = lint::at(rule.span(), String::new());
    Place {
        file: problem.file,
        line: problem.line,
        column: problem.column,
    }
}
