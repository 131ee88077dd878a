//! What of a policy its tests reach, by table tests and Rego tests together. Judges no test.

use std::collections::BTreeMap;

use aegis_policy::suite::{Coverage, Point, PointKind};
use aegis_policy::{FileCoverage, RegoReport};
use serde_json::{Value as Json, json};

use crate::commands::policy::opened::Opened;
use crate::commands::policy::words::{self, at};
use crate::output;

pub(super) struct Reached<'a> {
    policy: &'a Opened,
    data: Coverage,
    modules: Vec<FileCoverage>,
}

impl<'a> Reached<'a> {
    pub(super) fn of(policy: &'a Opened, rego: &RegoReport) -> Self {
        let data = policy.suite.coverage(&policy.bench);
        let modules = together(data.modules.iter().chain(&rego.coverage));
        Self {
            policy,
            data,
            modules,
        }
    }

    /// The lowest percentage of all.
    pub(super) fn least(&self) -> usize {
        let modules = self.modules.iter().map(FileCoverage::percent);
        modules.fold(self.data.percent(), usize::min)
    }

    pub(super) fn write_text(&self) {
        output::result(format!(
            "coverage of the policy data: {} %",
            self.data.percent()
        ));
        for point in self.data.missed() {
            let place = self.policy.place(&point.path, point.place.as_ref());
            let place = place.map_or_else(String::new, |place| format!("{}: ", at(&place)));
            output::result(format!(
                "  {place}no test reaches the {} {}",
                kind(point),
                point.path.join(".")
            ));
        }
        for module in &self.modules {
            output::result(format!(
                "coverage of {}: {} %",
                module.file,
                module.percent()
            ));
            for line in &module.not_covered {
                output::result(format!(
                    "  {}:{line}: no test reaches this line",
                    module.file
                ));
            }
        }
    }

    pub(super) fn json(&self) -> Json {
        let missed = self.data.missed().map(|point| {
            let place = self.policy.place(&point.path, point.place.as_ref());
            json!({"kind": kind(point), "path": point.path, "place": words::place(place.as_ref())})
        });
        let modules = self.modules.iter().map(|module| {
            json!({
                "file": module.file,
                "percent": module.percent(),
                "not_covered": module.not_covered,
            })
        });
        json!({
            "percent": self.data.percent(),
            "missed": missed.collect::<Vec<_>>(),
            "modules": modules.collect::<Vec<_>>(),
        })
    }
}

/// A line is covered where either kind of test comes by it.
fn together<'a>(coverages: impl Iterator<Item = &'a FileCoverage>) -> Vec<FileCoverage> {
    let mut files: BTreeMap<&str, FileCoverage> = BTreeMap::new();
    for coverage in coverages {
        let file = files.entry(&coverage.file).or_insert_with(|| FileCoverage {
            file: coverage.file.clone(),
            ..FileCoverage::default()
        });
        file.covered.extend(&coverage.covered);
        file.not_covered.extend(&coverage.not_covered);
    }
    let mut files: Vec<FileCoverage> = files.into_values().collect();
    for file in &mut files {
        file.not_covered.retain(|line| !file.covered.contains(line));
    }
    files
}

fn kind(point: &Point) -> &'static str {
    match point.kind {
        PointKind::Grant => "grant",
        PointKind::Constraint => "constraint",
        PointKind::Data => "rule on data",
    }
}
