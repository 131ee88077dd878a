//! `aegis dlp redact`: the text with placeholders, as it comes.

use std::io::{self, Read as _};
use std::process::ExitCode;

use aegis_dlp::{Class, Scanner};
use clap::Args;

use super::{Input, Rules};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    rules: Rules,
    /// Types or classes that are redacted; all where none is named
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let scanner = arguments.rules.scanner()?;
    let kinds = arguments.kinds(&scanner)?;
    let mut redactor = scanner.redactor(None, |kind| kinds.contains(&kind));
    let mut input = arguments.input.open()?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // What waits is not given out: it may be the first half of a value.
            Err(error) => return Err(arguments.input.failure(&error)),
        };
        let clean = redactor.push(piece.get(..read).unwrap_or_default());
        if !output::bytes(&clean) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    output::bytes(&redactor.finish());
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn kinds(&self, scanner: &Scanner) -> Result<Vec<&'static str>, Failure> {
        let types: Vec<_> = scanner.types().collect();
        let known = |word: &String| {
            let named = |(kind, class): &(&str, Class)| kind == word || class.as_str() == word;
            types.iter().any(named)
        };
        if let Some(unknown) = self.types.iter().find(|word| !known(word)) {
            let message = format!("there is no type or class of data `{unknown}`");
            return Err(Failure::new(Exit::Usage, message));
        }
        let wanted = |kind: &str, class: &str| {
            self.types.is_empty() || self.types.iter().any(|word| word == kind || word == class)
        };
        let kinds = types
            .iter()
            .filter(|(kind, class)| wanted(kind, class.as_str()));
        Ok(kinds.map(|(kind, _)| *kind).collect())
    }
}

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  aegis dlp redact notes.txt > clean.txt
  tail -f agent.log | aegis dlp redact --type secret --type EMAIL_ADDRESS";
