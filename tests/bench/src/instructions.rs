//! Instructions for one decision, counted by callgrind: the difference of two runs is exact and repeatable.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::decisions;
use crate::policy::Case;
use crate::statistics::{head, row};

pub(crate) fn table() -> Result<String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok("valgrind is not installed: instructions were not counted.\n".to_owned());
    }
    let mut table = head(&["decision", "instructions"]);
    for case in Case::ALL {
        let difference = count(case, FEW + MANY)?.saturating_sub(count(case, FEW)?);
        table += &row(&[
            case.name().to_owned(),
            format!("{} k", difference / MANY / 1000),
        ]);
    }
    Ok(table)
}

fn count(case: Case, decisions: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([decisions::WORKER, case.name(), &decisions.to_string()])
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
