//! Durations and sizes as people write them: a whole number and a unit, nothing else.

use std::time::Duration;

/// Reads `500ms`, `10s`, `5m` or `1h`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let milliseconds = number.checked_mul(scale(&DURATIONS, unit)?)?;
    Some(Duration::from_millis(milliseconds))
}

/// Reads `512B`, `64KiB`, `1MiB` or `1GiB`.
pub(crate) fn size(text: &str) -> Option<usize> {
    let (number, unit) = split(text)?;
    number.checked_mul(scale(&SIZES, unit)?)?.try_into().ok()
}

pub(crate) fn show_duration(duration: Duration) -> String {
    show(&DURATIONS, duration.as_millis())
}

pub(crate) fn show_size(bytes: usize) -> String {
    show(&SIZES, bytes as u128)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, unit))
}

fn scale(units: &[(&str, u64)], name: &str) -> Option<u64> {
    units
        .iter()
        .find(|(unit, _)| *unit == name)
        .map(|(_, scale)| *scale)
}

/// In the largest unit that leaves a whole number.
fn show(units: &[(&str, u64)], amount: u128) -> String {
    let fits = |scale: u64| amount > 0 && amount.is_multiple_of(u128::from(scale));
    let unit = units
        .iter()
        .rev()
        .find(|(_, scale)| fits(*scale))
        .or(units.first());
    unit.map(|(name, scale)| format!("{}{name}", amount / u128::from(*scale)))
        .unwrap_or_default()
}

/// In milliseconds, ascending.
const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// In bytes, ascending.
const SIZES: [(&str, u64); 4] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
