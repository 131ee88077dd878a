//! Measures decisions, the whole proxy, streams and the way of a publication in one run and prints the tables of `docs/performance.md`; it judges no figure.
//!
//! The same program is its own workers: an upstream, a proxy without policy, a loop of decisions or of searches.

mod awake;
mod decisions;
mod dlp;
mod envoy;
mod exchange;
mod floor;
mod instructions;
mod load;
mod policy;
mod process;
mod propagation;
mod stage;
mod statistics;
mod streaming;
mod tls;
mod tokens;
mod upstream;

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use awake::Awake;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => say(&everything()?),
        ["decisions"] => say(&decisions::table()?),
        ["instructions"] => say(&instructions::table()?),
        ["dlp"] => say(&dlp::table()?),
        ["exchange"] => say(&awake(exchange::table)?),
        ["streaming"] => say(&awake(streaming::table)?),
        ["propagation"] => say(&propagation::table(propagation::PLANES)?),
        ["propagation", "--planes", count] => say(&propagation::table(count.parse()?)?),
        [decisions::WORKER, case, count] => decisions::repeat(case, count.parse()?)?,
        [dlp::WORKER, name, count] => drop(dlp::repeat(name, count.parse()?)?),
        [upstream::WORKER, plain, tls, directory] => {
            upstream::serve(plain.parse()?, tls.parse()?, Path::new(directory))?;
        }
        [floor::WORKER, own, plain, tls, directory] => {
            let upstream = floor::Ports {
                plain: plain.parse()?,
                tls: tls.parse()?,
            };
            floor::serve(own.parse()?, upstream, Path::new(directory))?;
        }
        _ => bail!(
            "usage: aegis-bench [decisions | instructions | dlp | exchange | streaming | propagation [--planes N]]"
        ),
    }
    Ok(())
}

fn everything() -> Result<String> {
    let decisions = decisions::table().context("decisions")?;
    let instructions = instructions::table().context("instructions")?;
    let dlp = dlp::table().context("dlp")?;
    let exchange = awake(exchange::table).context("exchange")?;
    let streaming = awake(streaming::table).context("streaming")?;
    let propagation = propagation::table(propagation::PLANES).context("propagation")?;
    Ok(format!(
        "{decisions}\n{instructions}\n{dlp}\n{exchange}\n{streaming}\n{propagation}"
    ))
}

/// Measures what waits for other processes, and says whether it waited for the machine's as well.
fn awake(table: fn() -> Result<String>) -> Result<String> {
    let awake = Awake::ask();
    let table = table()?;
    Ok(match awake {
        Some(_) => table,
        None => format!(
            "{table}\nThe processors could sleep, which only root can forbid: times have waking up in them.\n"
        ),
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]
fn say(table: &str) {
    println!("{table}");
}
