//! Days on which people were born: a date near a word for birth. A date alone is no finding.

use super::words::BIRTH;
use crate::checks::{is_date, number};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(KIND, SOURCE, 4..=8, date)
        .needs(BIRTH)
        .in_rows(),
    Rule::word(
        KIND,
        SOURCE,
        0..=0,
        concat!(
            r"[0-3]?[0-9](?:st|nd|rd|th|\.)?[ -]?(?:of )?",
            "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|mai|okt|dez)",
            r"[a-z]{0,8}\.?,?[ -]?(?:de )?(?:19|20)[0-9]{2}\b"
        ),
    )
    .needs(BIRTH),
    Rule::word(
        KIND,
        SOURCE,
        3..=9,
        concat!(
            "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
            r"[a-z]{0,6}\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}\b"
        ),
    )
    .needs(BIRTH),
];

const KIND: &str = "DATE_OF_BIRTH";
const SOURCE: &str = "ISO 8601; CLDR: date formats";

/// Day, month and year in any of the usual orders.
fn date(written: &Number<'_>) -> bool {
    let alike = written
        .signs
        .windows(2)
        .all(|pair| pair.first() == pair.last());
    let mut at = 0;
    let parts: Vec<u64> = match *written.groups {
        [_, _, _] => written
            .groups
            .iter()
            .map(|length| {
                let part = number(written.digits.get(at..at + length).unwrap_or_default());
                at += length;
                part
            })
            .collect(),
        // 19800229
        [8] => [0..4, 4..6, 6..8]
            .into_iter()
            .map(|part| number(written.digits.get(part).unwrap_or_default()))
            .collect(),
        _ => return false,
    };
    let [a, b, c] = *parts.as_slice() else {
        return false;
    };
    let short = !matches!(written.groups, [4, ..] | [.., 4] | [8]);
    let year = |year: u64| if short { 2000 + year } else { year };
    let known = |year: u64| short || (1880..=2100).contains(&year);
    alike
        && (known(a) && is_date(year(a), b, c)
            || known(c) && (is_date(year(c), b, a) || is_date(year(c), a, b)))
}
