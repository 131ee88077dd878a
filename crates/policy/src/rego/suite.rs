//! Rego tests of users' modules, and which of their lines are evaluated. On the interpreter; it decides no calls.

mod files;

use std::collections::{BTreeMap, BTreeSet};

use aegis_document::{Problem, Problems};

use super::extension::Set;
use super::{
    Deadline, Engine, Fault, Policy, Rule, RuleHead, Source, Value, fault_of, input, lint,
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
    /// None where there are no modules.
    engine: Option<Engine>,
    sets: &'a [Set],
}

impl RegoReport {
    /// Whether none failed and none was in error. A skipped test is neither.
    pub fn passed(&self) -> bool {
        let fine = |result: &RegoResult| {
            matches!(result.verdict, RegoVerdict::Passed | RegoVerdict::Skipped)
        };
        self.results.iter().all(fine)
    }

    /// What failed or could not be evaluated, at its place.
    pub fn failures(&self) -> Problems {
        let mut problems = Problems::new();
        for result in &self.results {
            let message = match &result.verdict {
                RegoVerdict::Passed | RegoVerdict::Skipped => continue,
                RegoVerdict::Failed => format!("the test `{}` failed", result.name),
                RegoVerdict::Error(error) => {
                    format!("the test `{}` could not be evaluated: {error}", result.name)
                }
            };
            problems.push(Problem {
                file: result.place.file.clone(),
                line: result.place.line,
                column: result.place.column,
                message,
                hint: None,
            });
        }
        problems
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
        let mut engine = self.engine();
        if let Some(engine) = &mut engine {
            engine.set_enable_coverage(true);
        }
        Observer {
            policy: self,
            words: input::Words::new(),
            engine,
            sets: self.extension.sets(),
        }
    }

    /// The rule of a module that gave this call a finding of this id, where there is only one that can.
    pub(crate) fn finding_place(&self, rule: &str, intent: &Intent) -> Option<Place> {
        let id = format!("\"{rule}\"");
        let mut observer = self.observer();
        observer.observe(intent);
        let evaluated = lines(observer.engine.as_ref()?);
        let mut engine = self.engine()?;
        let rules = engine
            .get_modules()
            .iter()
            .flat_map(|module| &module.policy);
        let mut gave = rules.filter(|rule| may_have_given(rule, &id, &evaluated));
        let only = gave.next().filter(|_| gave.next().is_none())?;
        Some(place(only))
    }

    /// What users' modules fail with on this call, and where. `None` where they do not.
    pub(crate) fn trouble(&self, intent: &Intent) -> Option<Problem> {
        let mut engine = self.engine()?;
        let sources = sources(&mut engine);
        let input = input::build(&input::Words::new(), self, intent);
        engine.set_input(Value::from(input));
        self.extension.sets().iter().find_map(|set| {
            let found = evaluate(&mut engine, set.path());
            let words = match found {
                Err((_, words)) => words,
                Ok(found) if set.findings(&found).is_err() => {
                    format!(
                        "something in `{}` has not the form of a finding",
                        set.as_str()
                    )
                }
                Ok(_) => return None,
            };
            lint::problem(&sources, &words).into_iter().next()
        })
    }

    /// The rules of users' modules: the file, and the name.
    pub(crate) fn module_rules(&self) -> BTreeSet<(String, String)> {
        let mut engine = self.engine().unwrap_or_default();
        let rules = engine
            .get_modules()
            .iter()
            .flat_map(|module| &module.policy);
        let named = rules.map(|rule| {
            let span = lint::head(rule).span();
            (span.source.get_path().clone(), span.text().to_owned())
        });
        named.collect()
    }

    /// A copy of the users' modules with their data.
    fn engine(&self) -> Option<Engine> {
        self.extension.engine()
    }

    /// By module. The interpreter says nothing of a module that it never came by, so the lines that
    /// there are come from a run of its own, of every rule.
    fn coverage(&self, engine: &Engine) -> Vec<FileCoverage> {
        let evaluated = lines(engine);
        let whole = self.engine().map(every_rule).unwrap_or_default();
        let files = lines(&whole).into_iter().map(|(file, (any, none))| {
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
        if let Some(engine) = &mut self.engine {
            engine.set_input(Value::from(input));
            for set in self.sets {
                let _ = evaluate(engine, set.path());
            }
        }
    }

    pub(crate) fn coverage(&self) -> Vec<FileCoverage> {
        let engine = self.engine.as_ref();
        engine.map_or_else(Vec::new, |engine| self.policy.coverage(engine))
    }
}

/// Whether it is a rule of a set whose contribution names the id and was evaluated, as it is once the body holds.
fn may_have_given(rule: &Rule, id: &str, evaluated: &Lines) -> bool {
    let span = rule.span();
    let Some((before, _)) = span.text().split_once(id).filter(|_| lint::is_set(rule)) else {
        return false;
    };
    let above = before.bytes().filter(|byte| *byte == b'\n').count();
    let line = u32::try_from(above).map_or(span.line, |above| span.line + above);
    let file = evaluated.get(span.source.get_path());
    file.is_some_and(|(covered, _)| covered.contains(&line))
}

/// What the modules were read from.
fn sources(engine: &mut Engine) -> Vec<Source> {
    let texts = engine.get_modules().iter().map(|module| {
        let source = &module.package.span.source;
        Source {
            file: source.get_path().clone(),
            text: source.contents().clone(),
        }
    });
    texts.collect()
}

/// Whatever comes of it: each rule's first line at least is come by.
fn every_rule(mut engine: Engine) -> Engine {
    engine.set_enable_coverage(true);
    engine.set_input(Value::new_object());
    for name in files::rules(&mut engine) {
        let _ = evaluate(&mut engine, name);
    }
    engine
}

fn verdict(engine: &mut Engine, name: &str, sources: &[Source]) -> RegoVerdict {
    engine.set_input(Value::new_object());
    match evaluate(engine, format!("data.{name}")) {
        Ok(Value::Bool(true)) => RegoVerdict::Passed,
        Ok(_) => RegoVerdict::Failed,
        Err((Fault::Evaluation, words)) => {
            RegoVerdict::Error(lint::problem(sources, &words).to_string())
        }
        Err((fault, _)) => RegoVerdict::Error(fault.to_string()),
    }
}

/// One rule within the time of one call, or what went wrong and in which words.
fn evaluate(engine: &mut Engine, rule: String) -> Result<Value, (Fault, String)> {
    let left = Deadline::start().left();
    engine.set_execution_timer_config(left.map_err(|fault| (fault, String::new()))?);
    engine.eval_rule(rule).map_err(|error| {
        let words = error.to_string();
        (fault_of(error), words)
    })
}

/// Evaluated and not evaluated lines by file.
type Lines = BTreeMap<String, (BTreeSet<u32>, BTreeSet<u32>)>;

/// As the interpreter tells.
fn lines(engine: &Engine) -> Lines {
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
