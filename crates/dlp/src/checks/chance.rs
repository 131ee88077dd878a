//! Whether a text looks made by chance, as keys are, or by a person who fills a gap. They know no type of data.

use std::sync::LazyLock;

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::syntax;

/// `xxxx`, `<your-key>`, `${KEY}`, one character over and over, the alphabet: somebody left a gap.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let tail = match value.iter().rposition(|byte| matches!(byte, b'_' | b'-')) {
        Some(at) => value.get(at + 1..).unwrap_or_default(),
        None => value,
    };
    is_marked(value)
        || is_one_sided(value)
        || is_counted(value)
        || tail.len() >= 16 && is_counted(tail)
}

/// A key that a machine has made: letters and digits that follow each other in no order, of which
/// words, names of variables and dates have too few.
pub(crate) fn is_random(value: &[u8]) -> bool {
    let mixture = Mixture::of(value);
    let least = (mixture.length / 6).max(3);
    let digits =
        mixture.digits >= 2 || mixture.length >= 20 && mixture.changes * 4 >= mixture.length;
    mixture.length >= 10
        && digits
        && mixture.letters > 0
        && mixture.changes >= least
        && !is_placeholder(value)
}

/// What a maker of keys gives, in the place where a key of that maker is expected: it need not be
/// mixed as well as [`is_random`] asks.
pub(crate) fn is_mixed(value: &[u8]) -> bool {
    let mixture = Mixture::of(value);
    let solid = mixture.longest >= 16 && mixture.digits >= 2;
    let varied = mixture.changes >= (mixture.length / 8).max(3) && mixture.digits > 0;
    mixture.length >= 8 && mixture.letters > 0 && (solid || varied) && !is_placeholder(value)
}

/// Of hexadecimal digits, as digests and many keys are: so many, and not only decimal ones.
pub(crate) fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// How letters and digits alternate in a text.
#[derive(Default)]
struct Mixture {
    /// Letters and digits.
    length: usize,
    letters: usize,
    digits: usize,
    /// How often a letter follows a digit, a digit a letter, or a capital a small letter.
    changes: usize,
    /// The most letters and digits without another sign.
    longest: usize,
}

impl Mixture {
    fn of(value: &[u8]) -> Self {
        let mut mixture = Self::default();
        let (mut before, mut run) = (0, 0);
        for byte in value {
            let changes = match before {
                b'a'..=b'z' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
                b'A'..=b'Z' => byte.is_ascii_digit(),
                b'0'..=b'9' => byte.is_ascii_alphabetic(),
                _ => false,
            };
            mixture.changes += usize::from(changes);
            mixture.digits += usize::from(byte.is_ascii_digit());
            mixture.letters += usize::from(byte.is_ascii_alphabetic());
            run = if byte.is_ascii_alphanumeric() {
                run + 1
            } else {
                0
            };
            mixture.longest = mixture.longest.max(run);
            before = *byte;
        }
        mixture.length = mixture.digits + mixture.letters;
        mixture
    }
}

/// More than half of it is one character: if any is, it is left when each that is another is set off against one of it
/// (Boyer and Moore, 1981).
fn is_one_sided(value: &[u8]) -> bool {
    let (one, _) = value.iter().fold((0, 0), |(one, left), byte| match left {
        0 => (*byte, 1),
        left if one == *byte => (one, left + 1),
        left => (one, left - 1),
    });
    let count = memchr::memchr_iter(one, value).count();
    count * 2 > value.len()
}

/// `1234567890`, `qrstuvwxyz`: only digits or only letters, each after the one before.
fn is_counted(value: &[u8]) -> bool {
    let steps = value.windows(2).filter(|pair| match pair {
        [b'9', b'0'] | [b'z', b'a'] | [b'Z', b'A'] => true,
        [one, next] => one.checked_add(1) == Some(*next),
        _ => false,
    });
    let is_one_kind =
        value.iter().all(u8::is_ascii_digit) || value.iter().all(u8::is_ascii_alphabetic);
    is_one_kind && value.len() > 3 && steps.count() * 4 >= value.len() * 3
}

/// Whether one of the marks is in it.
fn is_marked(value: &[u8]) -> bool {
    static AUTOMATON: LazyLock<Option<dense::DFA<Vec<u32>>>> = LazyLock::new(automaton);
    let Some(marks) = &*AUTOMATON else {
        return false;
    };
    let Some(mut state) = marks.universal_start_state(Anchored::No) else {
        return false;
    };
    for byte in value {
        state = marks.next_state(state, *byte);
        if marks.is_match_state(state) {
            return true;
        }
    }
    marks.is_match_state(marks.next_eoi_state(state))
}

/// A test marks something.
fn automaton() -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .accelerate(false);
    let syntax = syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(true);
    let mut builder = dense::Builder::new();
    builder.configure(config).syntax(syntax);
    builder
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build_many(&MARKS)
        .ok()
}

/// Whatever their case.
const MARKS: [&str; 19] = [
    "abcdefghijklmnopqrstuvwxyz",
    "xxxx",
    "example",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "redacted",
    r"\*\*\*\*",
    r"\.\.\.\.",
    r"\$\{",
    r"\{\{",
    "<%",
    "%s",
    r"\$\(",
];
