//! Numbers of JSON texts as numbers that policy can hold, or not at all.

use serde_json::Number;

/// `None` where the number read is not the number written, as far as range goes: beyond 64 bits for
/// a whole number; infinite, or zero by underflow, for one with a fraction or an exponent.
pub(super) fn value(written: &str) -> Option<Number> {
    if written
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_digit())
    {
        let whole = written.parse::<u64>().map(Number::from);
        return whole
            .or_else(|_| written.parse::<i64>().map(Number::from))
            .ok();
    }
    let read: f64 = written.parse().ok()?;
    let significand = written.split(['e', 'E']).next()?;
    let is_zero = !significand.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if (read == 0.0) == is_zero {
        Number::from_f64(read)
    } else {
        None
    }
}
