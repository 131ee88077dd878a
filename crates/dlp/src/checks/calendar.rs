//! Which dates there are. Knows no clock.

/// A day of the Gregorian calendar.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// A day of a year of which only the last two digits are known.
pub(crate) fn two_digit_date(year: u64, month: u64, day: u64) -> bool {
    is_date(2000 + year % 100, month, day)
}

/// A day of some year.
pub(crate) fn day_month(day: u64, month: u64) -> bool {
    is_date(2000, month, day)
}
