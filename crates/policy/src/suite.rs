//! Table tests: calls with the decisions that are expected of a policy. It reads texts and judges them against a workbench; it opens no files.

mod call;
mod coverage;
mod doubt;
mod expect;
mod llm;
mod resolve;

use std::collections::BTreeSet;
use std::sync::Arc;

use aegis_document::{Document, Problem, Problems};
use serde::Deserialize;

use crate::{Decision, Intent, Source, Workbench};

pub use call::{CallData, ChainData, DataFindings, DestinationData, Mistake};
pub use coverage::{Coverage, Point, PointKind};
pub use expect::{Expectation, WouldExpectation};

/// The table tests of a policy, read and free of mistakes that can be told without it.
#[derive(Debug)]
pub struct Suite {
    tests: Vec<Test>,
}

/// One call and what is expected of it.
#[derive(Debug)]
struct Test {
    name: String,
    call: CallData,
    expect: Expectation,
    written: Written,
}

/// Where a test is written.
#[derive(Debug)]
struct Written {
    document: Arc<Document>,
    index: String,
}

/// What became of every test, in the order of the files.
#[derive(Clone, Debug)]
pub struct SuiteReport {
    pub results: Vec<TestResult>,
}

#[derive(Clone, Debug)]
pub struct TestResult {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub name: String,
    pub expected: Expectation,
    /// None where the call could not be told from what the test states.
    pub decided: Option<Decision>,
    /// In words a person acts on, each at its place. Empty: the test passed.
    pub failures: Vec<Problem>,
    /// Where the call is likely not what was meant, whether the test passed or not.
    pub doubts: Vec<Problem>,
}

impl Suite {
    /// Reads the files, or says all that is wrong with them. A file without tests is a mistake.
    pub fn read(sources: &[Source]) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let mut tests = Vec::new();
        for source in sources {
            tests.extend(problems.take_from(file(source)).unwrap_or_default());
        }
        problems.into_result(Self { tests })
    }

    pub fn len(&self) -> usize {
        self.tests.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Decides every call, afresh and never from memory.
    pub fn run(&self, bench: &Workbench) -> SuiteReport {
        SuiteReport {
            results: self.tests.iter().map(|test| test.run(bench)).collect(),
        }
    }

    /// The calls that this policy can tell, as intents.
    pub fn intents(&self, bench: &Workbench) -> Vec<Intent> {
        let calls = self.tests.iter().map(|test| &test.call);
        calls.filter_map(|call| bench.intent(call).ok()).collect()
    }
}

impl Workbench {
    /// The intent of a file that is one call, and what its author should look at again.
    pub fn read_call(&self, source: &Source) -> Result<(Intent, Vec<Problem>), Problems> {
        let document = Document::parse(&source.file, &source.text)?;
        if document.keys().contains(&"call") {
            let whole = document.problem(&["call"], "a call alone is expected, not a test");
            let mut problems = Problems::new();
            problems.push(whole.with_hint("write what is below `call`"));
            return Err(problems);
        }
        let call: CallData = document.read()?;
        let told = |mistakes: Vec<Mistake>| {
            let at = |mistake: Mistake| mistake.at(|path, message| document.problem(path, message));
            mistakes.into_iter().map(at).collect::<Vec<_>>()
        };
        match self.intent(&call) {
            Ok(intent) => {
                let doubts = told(self.doubts(&call, &intent));
                Ok((intent, doubts))
            }
            Err(mistakes) => {
                let mut problems = Problems::new();
                problems.extend(told(mistakes));
                Err(problems)
            }
        }
    }
}

impl SuiteReport {
    pub fn passed(&self) -> bool {
        self.results.iter().all(TestResult::passed)
    }

    /// Every failure of every test.
    pub fn failures(&self) -> Problems {
        let mut problems = Problems::new();
        problems.extend(
            self.results
                .iter()
                .flat_map(|result| result.failures.clone()),
        );
        problems
    }
}

impl TestResult {
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl Test {
    fn run(&self, bench: &Workbench) -> TestResult {
        let at = |path: &[&str], message: String| self.written.problem(path, message);
        let told = |mistake: Mistake| self.written.mistake(mistake);
        let Problem {
            file, line, column, ..
        } = at(&["name"], String::new());
        let mut result = TestResult {
            file,
            line,
            column,
            name: self.name.clone(),
            expected: self.expect.clone(),
            decided: None,
            failures: Vec::new(),
            doubts: Vec::new(),
        };
        match bench.intent(&self.call) {
            Err(mistakes) => result.failures.extend(mistakes.into_iter().map(told)),
            Ok(intent) => {
                let decision = bench.snapshot.evaluate(&intent);
                let doubts = bench.doubts(&self.call, &intent);
                result.doubts = doubts.into_iter().map(told).collect();
                for (path, message) in self.expect.failures(&decision) {
                    let mut problem = at(&[&["expect"], path].concat(), message);
                    // A slip in the call is the likeliest reason, so it is told with the failure.
                    problem.hint = result.doubts.iter().find_map(|doubt| doubt.hint.clone());
                    result.failures.push(problem);
                }
                result.decided = Some(decision);
            }
        }
        result
    }
}

impl Written {
    fn problem(&self, path: &[&str], message: impl Into<String>) -> Problem {
        let whole = [&["tests", self.index.as_str()], path].concat();
        self.document.problem(&whole, message)
    }

    fn mistake(&self, mistake: Mistake) -> Problem {
        mistake.at(|path, message| self.problem(&[&["call"], path].concat(), message))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    tests: Vec<TestData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestData {
    name: String,
    call: CallData,
    expect: Expectation,
}

fn file(source: &Source) -> Result<Vec<Test>, Problems> {
    let document = Arc::new(Document::parse(&source.file, &source.text)?);
    let SuiteFile { tests } = document.read()?;
    let mut problems = Problems::new();
    if tests.is_empty() {
        problems.push(document.problem(&["tests"], "there are no tests in this file"));
    }
    let mut names = BTreeSet::new();
    let mut read = Vec::with_capacity(tests.len());
    for (index, test) in tests.into_iter().enumerate() {
        let written = Written {
            document: Arc::clone(&document),
            index: index.to_string(),
        };
        if test.name.trim().is_empty() {
            problems.push(written.problem(&["name"], "a test has a name"));
        } else if !names.insert(test.name.clone()) {
            let message = format!("another test of this file is called `{}`", test.name);
            problems.push(written.problem(&["name"], message));
        }
        let mistakes = test.call.check().into_iter();
        problems.extend(mistakes.map(|mistake| written.mistake(mistake)));
        read.push(Test {
            name: test.name,
            call: test.call,
            expect: test.expect,
            written,
        });
    }
    problems.into_result(read)
}
