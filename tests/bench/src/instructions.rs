//! Instructions for one decision, and for a byte that is searched, counted by callgrind: the difference of two runs is exact and repeatable.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::policy::Case;
use crate::statistics::{head, row};
use crate::{decisions, dlp};

pub(crate) fn table() -> Result<String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok("valgrind is not installed: instructions were not counted.\n".to_owned());
    }
    let mut table = head(&["decision", "instructions"]);
    for case in Case::ALL {
        let worker = [decisions::WORKER, case.name()];
        let one = difference(&worker, FEW, MANY)? / MANY;
        table += &row(&[case.name().to_owned(), format!("{} k", one / 1000)]);
    }
    table += "\n";
    table += &head(&["text", "instructions a byte"]);
    for (name, _) in dlp::MIXED {
        let bytes = u64::try_from(dlp::repeat(name, 0)?)?;
        let one = difference(&[dlp::WORKER, name], 1, 1)? / bytes;
        table += &row(&[name.to_owned(), one.to_string()]);
    }
    Ok(table)
}

/// What so many more take than these few, which have whatever only the first ones need.
fn difference(worker: &[&str], few: u64, more: u64) -> Result<u64> {
    Ok(count(worker, few + more)?.saturating_sub(count(worker, few)?))
}

fn count(worker: &[&str], times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(worker)
        .arg(times.to_string())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, number) = collected.with_context(|| format!("callgrind said: {said}"))?;
    Ok(number.trim().parse()?)
}

const FEW: u64 = 100;
const MANY: u64 = 1_000;
