//! Policy sources: the same whatever the order of the files, and every mistake in a place that somebody wrote.

use aegis_authoring::{Files, compile};
use aegis_document::Problems;
use aegis_policy::{Mode, Source, mistakes};

/// Files: a line `=== path` before each.
pub fn authoring(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let sources = sources(text);
    let compiled = compile(&Files::sort(sources.clone()));
    let backwards = compile(&Files::sort(sources.iter().rev().cloned()));
    match (compiled, backwards) {
        (Ok(compiled), Ok(backwards)) => {
            assert_eq!(compiled.data(), backwards.data());
            let found = mistakes(&compiled.sources(Mode::Enforce), true);
            let told = compiled.problems(found);
            have_places(&told, &sources);
            told.is_empty()
        }
        (compiled, backwards) => {
            let problems = compiled.err().unwrap_or_default();
            assert!(!problems.is_empty());
            assert_eq!(backwards.err().as_ref(), Some(&problems));
            have_places(&problems, &sources);
            false
        }
    }
}

fn sources(text: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for file in text.split("=== ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        // As in a directory, there is one file of a name.
        if sources.iter().all(|source| source.file != path) {
            sources.push(Source {
                file: path.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    sources
}

fn have_places(problems: &Problems, sources: &[Source]) {
    for problem in problems {
        let source = sources.iter().find(|source| source.file == problem.file);
        assert!(source.is_some(), "nobody wrote the file of {problem}");
        let text = source.map_or("", |source| &source.text);
        // In YAML a carriage return ends a line as well, and the end of the text stands behind the last.
        let lines = text.split(['\n', '\r']).count() + 1;
        assert!(problem.line >= 1 && problem.line <= lines, "{problem}");
        assert!(problem.column >= 1, "{problem}");
    }
}
