//! The words of `build`'s arguments: regions, lifetimes, times. Knows no bundle.

use aegis_bundle::Region;
use jiff::{SignedDuration, Timestamp};

pub(super) fn region(text: &str) -> Result<Region, &'static str> {
    match text {
        "" => Err("a region has a name"),
        "any" => Ok(Region::Any),
        // In a manifest it is any region, which nobody should get by a shell's doing.
        "*" => Err("write `any` for any region"),
        name => Ok(Region::Only(name.to_owned())),
    }
}

/// `30d`, `12h`, `90m`.
pub(super) fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wanted = || "a time is written as 30d, 12h or 90m".to_owned();
    let unit = text.chars().last().ok_or_else(wanted)?;
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: i64 = number.parse().map_err(|_| wanted())?;
    let minutes = match unit {
        'd' => 24 * 60,
        'h' => 60,
        'm' => 1,
        _ => return Err(wanted()),
    };
    let seconds = number
        .checked_mul(minutes * 60)
        .filter(|seconds| *seconds > 0);
    seconds.map(SignedDuration::from_secs).ok_or_else(wanted)
}

pub(super) fn whole_seconds(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = text
        .parse()
        .map_err(|error: jiff::Error| error.to_string())?;
    if time.subsec_nanosecond() != 0 {
        return Err("a bundle is issued at a whole second".to_owned());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_has_a_number_and_a_unit() {
        assert_eq!(lifetime("30d"), Ok(SignedDuration::from_hours(30 * 24)));
        assert_eq!(lifetime("90m"), Ok(SignedDuration::from_mins(90)));
        for wrong in [
            "",
            "30",
            "d",
            "0d",
            "-1d",
            "1.5h",
            "30 d",
            "9223372036854775807d",
            "1ü",
        ] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn any_region_is_asked_for_by_name() {
        assert_eq!(region("any"), Ok(Region::Any));
        assert!(region("*").is_err() && region("").is_err());
    }

    #[test]
    fn a_time_has_whole_seconds() {
        assert!(whole_seconds("2026-01-01T00:00:00Z").is_ok());
        assert!(whole_seconds("2026-01-01T00:00:00.5Z").is_err());
    }
}
