//! Numbers that authorities of the United States give to people.

use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[Rule::number(
    "US_SSN",
    "Social Security Administration, POMS RM 10201.035",
    9..=9,
    ssn,
)
.lifted(&["ssn", "social security", "social_security"], 60, 95)];

/// Grouped as 3-2-4, or near a word for it; no area, group or serial number of zeros.
fn ssn(number: &Number<'_>) -> bool {
    let (area, group, serial) = (number.value(0..3), number.value(3..5), number.value(5..9));
    let grouped =
        number.groups == [3, 2, 4] && matches!(number.signs, [a, b] if a == b && *a != b'/');
    grouped && !number.part && !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}
