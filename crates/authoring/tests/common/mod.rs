//! Policy sources as the tests of this crate say them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::Path;

use aegis_authoring::{Compiled, Files, check, compile};
use aegis_policy::{Mode, Source};

/// A realistic company: three tenants, selection by label, tenant and name, several tools.
pub(crate) const COMPANY: [(&str, &str); 5] = [
    ("tenants.yaml", include_str!("../company/tenants.yaml")),
    ("catalogue.yaml", include_str!("../company/catalogue.yaml")),
    (
        "team/policies.yaml",
        include_str!("../company/team/policies.yaml"),
    ),
    ("own.yaml", include_str!("../company/own.yaml")),
    ("refunds.rego", include_str!("../company/refunds.rego")),
];

/// Its documents and plain data, without its module.
pub(crate) fn data() -> impl Iterator<Item = (&'static str, &'static str)> {
    let data = COMPANY.into_iter();
    data.filter(|(file, _)| *file != "refunds.rego")
}

pub(crate) fn files<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Files {
    Files::sort(texts.into_iter().map(|(file, text)| Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }))
}

pub(crate) fn company() -> Compiled {
    compile(&files(COMPANY)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A directory under `policies/` with its tests, as `aegis policy` reads one.
pub(crate) fn shipped(name: &str) -> Files {
    let directory = Path::new(ROOT).join("policies").join(name);
    let mut sources = Vec::new();
    for place in ["", "tests"] {
        for entry in fs::read_dir(directory.join(place)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                sources.push(Source {
                    file: path.strip_prefix(&directory).unwrap().display().to_string(),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    Files::sort(sources)
}

/// Every mistake of these texts, one per line.
pub(crate) fn complaints<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let problems = check(&files(texts), Mode::Enforce, 1).expect_err("this should be refused");
    problems.iter().map(ToString::to_string).collect()
}

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
