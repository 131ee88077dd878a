//! What policies write, made into automata. Anchored, for the longest match, over bytes. It searches nothing.

use std::fmt::Write as _;

use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use super::DetectorError;
use crate::rule::LONGEST;
use crate::rules::Dfa;

/// Of a regular expression, with the length of its longest value; `most` where they are bounded.
pub(super) fn value(
    pattern: &str,
    most: Option<usize>,
) -> Result<(Dfa, Option<usize>), DetectorError> {
    let parsed = syntax::parse_with(pattern, &dialect())
        .map_err(|error| DetectorError::Syntax(in_a_line(&error.to_string())))?;
    let (least, longest) = (
        parsed.properties().minimum_len(),
        parsed.properties().maximum_len(),
    );
    let is_bounded = |most| longest.is_some_and(|longest| longest <= most);
    match least {
        None => Err(DetectorError::Never),
        Some(0) => Err(DetectorError::Empty),
        Some(least) if least > LONGEST => Err(DetectorError::Long(least)),
        Some(_) if !most.is_none_or(is_bounded) => Err(DetectorError::Unbounded),
        Some(_) => Ok((automaton(pattern)?, longest)),
    }
}

/// Of words that are not within others.
pub(super) fn keywords(words: &[String]) -> Result<Dfa, DetectorError> {
    if words.is_empty() {
        return Err(DetectorError::NoWords);
    }
    let mut pattern = String::new();
    for word in words {
        let of_word = |byte: Option<u8>| {
            let bounds = byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if bounds { r"\b" } else { "" }
        };
        let (first, last) = (word.bytes().next(), word.bytes().next_back());
        let separator = if pattern.is_empty() { "" } else { "|" };
        let (before, behind) = (of_word(first), of_word(last));
        let _ = write!(pattern, "{separator}{before}{}{behind}", folded(word)?);
    }
    automaton(&pattern)
}

/// Of words that must be near; where they end is not looked at here. None where there are none.
pub(super) fn words(words: &[String]) -> Result<Option<Dfa>, DetectorError> {
    if words.is_empty() {
        return Ok(None);
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| folded(word))
        .collect::<Result<_, _>>()?;
    automaton(&words.join("|")).map(Some)
}

/// A word in small letters, in capitals, or in both, as a pattern.
fn folded(word: &str) -> Result<String, DetectorError> {
    if !(1..=LONGEST_WORD).contains(&word.len()) {
        return Err(DetectorError::Word);
    }
    let mut pattern = String::new();
    for letter in word.chars() {
        let (small, capital) = (letter.to_lowercase(), letter.to_uppercase());
        let spellings = [
            bytes(small.collect::<String>().as_bytes()),
            bytes(capital.collect::<String>().as_bytes()),
            bytes(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        ];
        let _ = write!(pattern, "(?:{})", spellings.join("|"));
    }
    Ok(pattern)
}

fn bytes(text: &[u8]) -> String {
    let mut pattern = String::new();
    for byte in text {
        let _ = write!(pattern, r"\x{byte:02x}");
    }
    pattern
}

fn automaton(pattern: &str) -> Result<Dfa, DetectorError> {
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .match_kind(MatchKind::All)
        .accelerate(false)
        .dfa_size_limit(Some(LARGEST))
        .determinize_size_limit(Some(4 * LARGEST));
    let nfa = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(LARGEST));
    dense::Builder::new()
        .configure(config)
        .syntax(dialect())
        .thompson(nfa)
        .build(pattern)
        .map_err(|_| DetectorError::Large)
}

fn dialect() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// What the parser says, without the drawing that goes before it.
fn in_a_line(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

const LONGEST_WORD: usize = 64;
/// An automaton, in bytes.
const LARGEST: usize = 4 << 20;
