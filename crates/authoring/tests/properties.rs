//! What holds for every way to write the same policy down, and for every slip in writing it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::collections::BTreeMap;

use aegis_authoring::{Compiled, Files, compile};
use aegis_policy::{Mode, Source};
use common::{COMPANY, company, data, files};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn neither_names_nor_order_nor_division_of_files_change_the_data(
        places in prop::collection::vec(("[a-z]{1,3}(/[a-z]{1,3})?", any::<u32>()), 32)
    ) {
        let mut documents: Vec<(&str, (String, u32))> =
            documents().into_iter().zip(places).collect();
        documents.sort_by_key(|(_, (_, rank))| *rank);
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for (document, (file, _)) in documents {
            let text = texts.entry(format!("{file}.yaml")).or_default();
            text.push_str("---\n");
            text.push_str(document);
        }
        // In whatever order a directory is listed.
        let sources = texts.into_iter().rev().map(|(file, text)| Source { file, text });
        let compiled = compile(&Files::sort(sources));
        let compiled = compiled.unwrap_or_else(|problems| panic!("{problems}"));
        prop_assert_eq!(text(&compiled), text(&company()));
    }

    #[test]
    fn whatever_is_wrong_has_a_place_in_a_file_that_somebody_wrote(
        file in 0..4usize, line: prop::sample::Index, slip in slip()
    ) {
        let mut texts = COMPANY.map(|(file, text)| (file, text.to_owned()));
        let lines: Vec<&str> = COMPANY[file].1.lines().collect();
        let line = line.index(lines.len());
        let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        slip.apply(&mut changed[line]);
        texts[file].1 = changed.join("\n");
        let files = files(texts.iter().map(|(file, text)| (*file, text.as_str())));
        let problems = match compile(&files) {
            Err(problems) => problems,
            Ok(compiled) => {
                compiled.problems(aegis_policy::mistakes(&compiled.sources(Mode::Enforce), true))
            }
        };
        for problem in &problems {
            let (_, text) = texts
                .iter()
                .find(|(file, _)| *file == problem.file)
                .unwrap_or_else(|| panic!("nobody wrote the file of {problem}"));
            prop_assert!(problem.line >= 1 && problem.line <= text.lines().count(), "{}", problem);
            prop_assert!(problem.column >= 1, "{}", problem);
        }
    }
}

/// What fingers do to a line.
#[derive(Clone, Debug)]
enum Slip {
    Delete,
    Swap(prop::sample::Index),
    Replace(prop::sample::Index, char),
    Value(&'static str),
}

impl Slip {
    fn apply(self, line: &mut String) {
        let mut letters: Vec<char> = line.chars().collect();
        match self {
            Self::Delete => line.clear(),
            Self::Swap(at) if letters.len() > 1 => {
                let at = at.index(letters.len() - 1);
                letters.swap(at, at + 1);
                *line = letters.into_iter().collect();
            }
            Self::Replace(at, letter) if !letters.is_empty() => {
                let at = at.index(letters.len());
                letters[at] = letter;
                *line = letters.into_iter().collect();
            }
            Self::Value(value) => {
                if let Some((key, _)) = line.split_once(": ") {
                    *line = format!("{key}: {value}");
                }
            }
            _ => {}
        }
    }
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        Just(Slip::Delete),
        any::<prop::sample::Index>().prop_map(Slip::Swap),
        (any::<prop::sample::Index>(), any::<char>())
            .prop_map(|(at, letter)| Slip::Replace(at, letter)),
        prop::sample::select(vec!["7", "x", "[]", "{}", "''", "[x]", "{x: y}", "-1.5"])
            .prop_map(Slip::Value),
    ]
}

/// Every document of the company; plain data as one that is split no further.
fn documents() -> Vec<&'static str> {
    data().flat_map(|(_, text)| text.split("---\n")).collect()
}

fn text(compiled: &Compiled) -> String {
    compiled.sources(Mode::Enforce).data[0].text.clone()
}
