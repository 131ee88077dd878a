//! Policy sources as the control plane's packages, and what changes between two sets of them. Stores and sends nothing.

#[cfg(test)]
mod tests;

use aegis_api::{Diff, SourceFile};
use aegis_authoring::{Approved, Files, untried};
use aegis_bundle::{File, Scope};
use aegis_control::{Compiled, Compiler, Package};
use aegis_document::Problems;
use aegis_policy::difference::Difference;
use aegis_policy::suite::Suite;
use aegis_policy::{Mode, Source};

/// Compiles what people write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceCompiler;

impl Compiler for SourceCompiler {
    fn compile(&self, files: &[File]) -> Result<Box<dyn Compiled>, Vec<String>> {
        let approved = Approved::check(sorted(files)).map_err(|problems| lines(&problems))?;
        Ok(Box::new(CompiledSources(approved)))
    }

    fn diff(&self, old: &[File], new: &[File]) -> Diff {
        if old.is_empty() {
            return first();
        }
        compare(&sorted(old), &sorted(new)).map_or_else(
            |problems| unknown(&problems),
            |difference| words(&difference),
        )
    }
}

/// Sources that can come into force.
struct CompiledSources(Approved);

impl Compiled for CompiledSources {
    fn package(&self, scope: &Scope) -> Result<Package, Vec<String>> {
        let package = self.0.package(&scope.tenants);
        let package = package.map_err(|problems| lines(&problems))?;
        Ok(Package {
            roots: package.roots,
            data: package.data,
            modules: package.modules.into_iter().map(sent).collect(),
            tests: package.tests.into_iter().map(sent).collect(),
        })
    }
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// Decides the tests and made-up calls of both by both.
pub(crate) fn compare(old: &Files, new: &Files) -> Result<Difference, Problems> {
    let (_, before) = untried(old, Mode::Enforce)?;
    let (_, after) = untried(new, Mode::Enforce)?;
    let (before, after) = (before.bench(), after.bench());
    let mut calls = before.inputs(&Suite::read(&old.tests)?);
    calls.extend(after.inputs(&Suite::read(&new.tests)?));
    Ok(Difference::of(before, after, &calls))
}

/// In words, what opens first.
pub(crate) fn words(difference: &Difference) -> Diff {
    let mut lines: Vec<String> = difference
        .changes
        .iter()
        .map(|change| format!("{}: {change}", change.direction.as_str()))
        .collect();
    if lines.is_empty() {
        let calls = difference.calls;
        lines.push(format!("no decision changes ({calls} calls compared)"));
    }
    let may_open = difference.may_open.iter();
    lines.extend(may_open.map(|what| format!("may open calls that nobody compared: {what}")));
    Diff {
        lines,
        loosened: difference.opened(),
    }
}

/// What was denied for want of any policy is decided by one.
pub(crate) fn first() -> Diff {
    Diff {
        lines: vec!["the first publication: before it, everything is denied".to_owned()],
        loosened: true,
    }
}

/// Sources that an earlier version took and this one does not: nobody can say that nothing opens.
pub(crate) fn unknown(problems: &Problems) -> Diff {
    let mut lines =
        vec!["the older sources do not compile any more, so nothing can be compared".to_owned()];
    lines.extend(self::lines(problems));
    Diff {
        lines,
        loosened: true,
    }
}

/// As they came over the wire.
pub(crate) fn sorted_sources(files: &[SourceFile]) -> Files {
    Files::sort(files.iter().map(|file| Source {
        file: file.path.clone(),
        text: file.text.clone(),
    }))
}

fn sorted(files: &[File]) -> Files {
    Files::sort(files.iter().map(|file| Source {
        file: file.path.clone(),
        text: file.text.clone(),
    }))
}

fn sent(file: File) -> SourceFile {
    SourceFile {
        path: file.path,
        text: file.text,
    }
}
