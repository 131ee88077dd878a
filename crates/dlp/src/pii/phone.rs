//! Telephone numbers: international ones by the world's numbering plan, national ones by their grouping or the words near them.
//!
//! The plan is a small table of our own. A library of telephone numbers brings megabytes of rules,
//! regular expressions with Unicode tables and its own search; all that is needed is how long the
//! numbers of a country are.

mod plan;

use plan::{is_international, is_north_american};

use super::words::PHONE;
use crate::checks::varied;
use crate::number::Number;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::custom(KIND, PLANS, Anchor::Byte(b'+'), international),
    Rule::custom(KIND, E164, Anchor::Byte(b'+'), international_near).needs(PHONE),
    Rule::custom(KIND, NANP, Anchor::Byte(b'('), north_american),
    Rule::custom(KIND, E123, Anchor::Byte(b'('), area_near).needs(PHONE),
    Rule::number(KIND, PLANS, 7..=15, |number| {
        number.plus && !number.part && is_international(number.digits)
    }),
    Rule::number(KIND, PLANS, 7..=15, grouped).lifted(PHONE, 70, 95),
    Rule::number(KIND, E164, 6..=15, near).needs(PHONE),
    Rule::number(KIND, E164, 10..=11, trunk)
        .needs(PHONE)
        .or_whole(),
];

const KIND: &str = "PHONE_NUMBER";
const PLANS: &str = "ITU-T E.164 and the national numbering plans";
const E164: &str = "ITU-T E.164";
const E123: &str = "ITU-T E.123";
const NANP: &str = "North American Numbering Plan";

/// `+` and a number that the plan of its country allows.
fn international(view: &View<'_>) -> Verdict {
    if !begins(view) {
        return Verdict::No;
    }
    written(view, 1, is_international)
}

/// `+` and some number, near a word.
fn international_near(view: &View<'_>) -> Verdict {
    if !begins(view) {
        return Verdict::No;
    }
    written(view, 1, |digits| (7..=15).contains(&digits.len()))
}

/// `(212) 555-0123`.
fn north_american(view: &View<'_>) -> Verdict {
    if !begins(view) || view.from.get(4).is_some_and(|byte| *byte != b')') {
        return Verdict::No;
    }
    written(view, 0, is_north_american)
}

/// `(030) 901820`, near a word.
fn area_near(view: &View<'_>) -> Verdict {
    let (area, _) = view.run(1, |byte| byte.is_ascii_digit());
    if !begins(view)
        || !(1..=5).contains(&area) && !view.open
        || view.from.get(1 + area).is_some_and(|byte| *byte != b')')
    {
        return Verdict::No;
    }
    written(view, 0, |digits| (7..=13).contains(&digits.len()))
}

/// Nothing that the number could be a part of stands before it.
fn begins(view: &View<'_>) -> bool {
    match view.before {
        [] | [.., b'%', b'2', _] => true,
        [.., last] => !last.is_ascii_alphanumeric() && !matches!(last, b'+' | b'/' | b'\\' | b'_'),
    }
}

/// The longest groups of digits from here on that make a number.
fn written(view: &View<'_>, from: usize, fits: fn(&[u8]) -> bool) -> Verdict {
    let mut digits = Vec::with_capacity(MOST);
    let mut best = None;
    let mut at = from;
    loop {
        let (skipped, _) = view.run(at, is_between);
        let signs = view.from.get(at..at + skipped).unwrap_or_default();
        let (run, _) = view.run(at + skipped, |byte| byte.is_ascii_digit());
        if run == 0 && at + skipped >= view.from.len() && view.open {
            return Verdict::More;
        }
        if run == 0 || !joins(signs, at == from) || digits.len() + run > MOST {
            break;
        }
        let group = view.from.get(at + skipped..at + skipped + run);
        at += skipped + run;
        if at == view.from.len() && view.open {
            return Verdict::More;
        }
        // A trunk zero in brackets is not dialled from abroad.
        let is_trunk = signs.ends_with(b"(") && group == Some(b"0") && !digits.is_empty();
        if !is_trunk {
            digits.extend(group.unwrap_or_default().iter().map(|byte| byte - b'0'));
        }
        if fits(&digits) {
            match extension(view, at) {
                Verdict::More => return Verdict::More,
                Verdict::Yes { length, .. } => best = Some(at + length),
                Verdict::No | Verdict::Behind { .. } => {}
            }
        }
    }
    match best {
        Some(length) => Verdict::Yes { before: 0, length },
        None => Verdict::No,
    }
}

/// How long the extension is that follows: `x123`. None where the number goes on as a word.
fn extension(view: &View<'_>, at: usize) -> Verdict {
    let length = match view.from.get(at) {
        None if view.open => return Verdict::More,
        Some(b'x' | b'X') => {
            let (run, ended) = view.run(at + 1, |byte| byte.is_ascii_digit());
            if !ended {
                return Verdict::More;
            }
            let next = view.from.get(at + 1 + run);
            if !(1..=6).contains(&run) || next.is_some_and(u8::is_ascii_alphanumeric) {
                return Verdict::No;
            }
            1 + run
        }
        Some(next) if next.is_ascii_alphanumeric() || *next == b'_' => return Verdict::No,
        _ => 0,
    };
    Verdict::Yes { before: 0, length }
}

fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')')
}

/// Whether these signs stand between groups of one number: one, or a bracket and one beside it.
fn joins(signs: &[u8], first: bool) -> bool {
    match signs {
        [] | [b'('] | [b')', b' ', b'-'] => true,
        [sign] => !first || *sign == b' ',
        [b')', sign] | [sign, b'('] => !matches!(sign, b'(' | b')'),
        _ => false,
    }
}

/// By its grouping alone: as in North America, or with a trunk or international prefix.
fn grouped(number: &Number<'_>) -> bool {
    if number.plus || number.part || number.groups.len() < 2 {
        return false;
    }
    let Some(sign) = number.signs.first() else {
        return false;
    };
    if *sign == b'/' || number.signs.iter().any(|other| other != sign) {
        return false;
    }
    match (number.groups, number.digits) {
        ([3, 3, 4], digits) | ([1, 3, 3, 4], [1, digits @ ..]) if *sign != b' ' => {
            is_north_american(digits)
        }
        ([1, 3, 3, 4], [_, digits @ ..]) => {
            number.digits.starts_with(&[1]) && is_north_american(digits)
        }
        (_, [0, 0, abroad @ ..]) => {
            is_international(abroad)
                && abroad.len() >= 9
                && number.groups.len() > 2
                && !number.groups.iter().all(|group| *group == 4)
        }
        ([2..=4, 6..=8], [0, 1..=9, ..]) => *sign == b'-',
        ([first, rest @ ..], [0, 1..=9, ..]) => {
            let regular = number.groups != [3, 2, 4]
                && rest.len() > 1
                && (2..=5).contains(first)
                && rest.iter().all(|group| (2..=4).contains(group));
            let pairs = *sign == b' ' && number.groups.iter().all(|group| *group == 2);
            (9..=11).contains(&number.digits.len()) && regular && !pairs
        }
        _ => false,
    }
}

/// Near a word: what may be dialled, and is no date, no time and no address of a machine.
fn near(number: &Number<'_>) -> bool {
    let count = number.digits.len();
    let groups = number.groups;
    let is_date = matches!(groups, [4, 2, 2] | [2, 2, 4] | [4, 1 | 2, 1 | 2]);
    let is_machine = groups.len() == 4
        && groups.iter().all(|group| *group <= 3)
        && number.signs.iter().all(|sign| *sign == b'.');
    let is_decimal = groups.len() == 2 && number.signs == b".";
    let is_time =
        matches!(number.digits, [1, 4..=9, ..]) && groups.len() == 1 && matches!(count, 10 | 13);
    !number.part
        && groups.len() <= 6
        && !(is_date || is_machine || is_decimal || is_time)
        && varied(number.digits)
}

/// With a trunk prefix, or a Turkish mobile number without.
fn trunk(number: &Number<'_>) -> bool {
    !number.plus
        && !number.part
        && number.groups.len() <= 5
        && matches!(
            number.digits,
            [0, 1..=9, ..] | [5, 0 | 3..=5, _, _, _, _, _, _, _, _]
        )
}

/// ITU-T E.164, and a prefix to dial abroad.
const MOST: usize = 17;
