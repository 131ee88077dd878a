//! Policy sources as one: the data, the modules, and the way back to whoever wrote them.

use aegis_document::{Problem, Problems};
use aegis_policy::{Mode, Snapshot, Source, Sources, Untried, Workbench};
use serde_json::{Map, Value as Json};

use crate::draft::Draft;
use crate::files::Files;
use crate::lower::lower;
use crate::places::{self, Origin, SourceMap};
use crate::read::Written;

/// What [`aegis_policy::Snapshot`] is built from, and where each part of it was written.
#[derive(Debug)]
pub struct Compiled {
    /// Every key sorted, so that the same policy is always the same text.
    data: Map<String, Json>,
    modules: Vec<Source>,
    map: SourceMap,
}

/// Everything but the Rego modules, compiled; or all of its mistakes, in the order of the files.
pub fn compile(files: &Files) -> Result<Compiled, Problems> {
    let (compiled, problems, _) = assemble(files);
    problems.into_result(compiled)
}

/// A policy that can come into force; or all of its mistakes, those of documents and those of
/// modules together.
pub fn check(files: &Files, mode: Mode, number: u64) -> Result<(Compiled, Snapshot), Problems> {
    check_with(files, mode, |sources| Snapshot::build(sources, number))
}

/// The same, for who only looks into a policy and puts it nowhere: far quicker, since it is not tried
/// on both evaluators.
pub fn untried(files: &Files, mode: Mode) -> Result<(Compiled, Untried), Problems> {
    check_with(files, mode, Untried::build)
}

/// The same, for who looks into a policy that can come into force: tests it, explains it, packs it.
pub fn bench(files: &Files, mode: Mode) -> Result<(Compiled, Workbench), Problems> {
    check_with(files, mode, |sources| Workbench::build(sources, 1))
}

fn check_with<T>(
    files: &Files,
    mode: Mode,
    build: impl FnOnce(&Sources) -> Result<T, Problems>,
) -> Result<(Compiled, T), Problems> {
    let (compiled, mut problems, is_whole) = assemble(files);
    let sources = compiled.sources(mode);
    if problems.is_empty() {
        return match build(&sources) {
            Ok(policy) => Ok((compiled, policy)),
            Err(problems) => Err(compiled.problems(problems)),
        };
    }
    problems.extend(compiled.problems(aegis_policy::mistakes(&sources, is_whole)));
    Err(problems.sorted())
}

impl Compiled {
    /// The key `aegis` and users' own top-level keys.
    pub fn data(&self) -> &Map<String, Json> {
        &self.data
    }

    /// What a snapshot is built from: the modules as they are, and all data as [`DATA_FILE`].
    pub fn sources(&self, mode: Mode) -> Sources {
        Sources {
            modules: self.modules.clone(),
            data: vec![Source {
                file: DATA_FILE.to_owned(),
                text: places::print(&self.data),
            }],
            mode,
        }
    }

    /// What was found wrong with [`Self::sources`], told where its authors wrote it.
    pub fn problems(&self, problems: Problems) -> Problems {
        let mut told = Problems::new();
        told.extend(
            problems
                .into_iter()
                .filter_map(|problem| self.tell(problem)),
        );
        told.sorted()
    }

    /// Where the value at `path` of the data was written, or its nearest ancestor.
    pub fn origin(&self, path: &[&str]) -> Option<Origin> {
        self.map.find(path).map(|spot| spot.origin())
    }

    fn tell(&self, problem: Problem) -> Option<Problem> {
        if problem.file == DATA_FILE {
            self.map.tell(&self.data, problem)
        } else {
            Some(problem)
        }
    }
}

/// As far as it can be compiled, what is wrong with the rest, and whether that is all there is to
/// refer to.
fn assemble(files: &Files) -> (Compiled, Problems, bool) {
    let mut draft = Draft::default();
    let written = Written::read(&files.data, &mut draft.problems);
    lower(&written, &mut draft);
    let mut data = draft.data;
    data.sort_keys();
    data.values_mut().for_each(Json::sort_all_objects);
    let compiled = Compiled {
        data,
        modules: files.modules.clone(),
        map: draft.map,
    };
    let is_whole = written.is_whole && !draft.is_partial;
    (compiled, draft.problems.sorted(), is_whole)
}

/// The name of the compiled data; no author's file has it in messages.
const DATA_FILE: &str = "data.json";
