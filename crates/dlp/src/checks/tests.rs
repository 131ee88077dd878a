//! Each check holds for the example that its own standard publishes, and for no neighbour of it.

use super::*;

/// The text with its last digit replaced by each of the ten.
fn last_digits(text: &str) -> impl Iterator<Item = String> {
    let front = text.get(..text.len() - 1).unwrap().to_owned();
    (0..10).map(move |last| format!("{front}{last}"))
}

fn only(text: &str, check: impl Fn(&str) -> bool) {
    let right: Vec<_> = last_digits(text).filter(|text| check(text)).collect();
    assert_eq!(right, [text]);
}

#[test]
fn sums_over_digits() {
    only("79927398713", |text| luhn(&digits(text.as_bytes())));
    only("2363", |text| verhoeff(&digits(text.as_bytes())));
    only("9434765919", |text| {
        mod_11(&digits(text.as_bytes()), &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    });
    // ICAO Doc 9303, part 3, the passport of the specimen.
    only("L898902C36", |text| mod_37(text.as_bytes()));
}

#[test]
fn verhoeff_sees_two_digits_that_changed_places() {
    assert!(verhoeff(&digits(b"2363")));
    for text in ["3263", "2633", "2336"] {
        assert!(!verhoeff(&digits(text.as_bytes())), "{text}");
    }
}

#[test]
fn check_characters_of_iso_7064() {
    only("794", |text| {
        mod_97(text.bytes().chain(*b"44")).is_some_and(|rest| rest == 1)
    });
    only("07945", |text| mod_11_10(&digits(text.as_bytes())));
    assert!(mod_11_2(b"079X"));
    assert!(!mod_11_2(b"0791"));
}

#[test]
fn leap_years_and_short_months() {
    assert!(is_date(2000, 2, 29) && is_date(2024, 2, 29) && is_date(1999, 12, 31));
    for (year, month, day) in [
        (1900, 2, 29),
        (2023, 2, 29),
        (2024, 4, 31),
        (2024, 13, 1),
        (2024, 0, 1),
        (2024, 1, 0),
    ] {
        assert!(!is_date(year, month, day), "{year}-{month}-{day}");
    }
}

#[test]
fn the_addresses_of_the_proposals_themselves() {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    // The first block of Bitcoin.
    let first = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    assert_eq!(base58_check(first.as_bytes(), ALPHABET), Some((0, 21)));
    assert_eq!(
        base58_check(first.replace('z', "y").as_bytes(), ALPHABET),
        None
    );
    for text in [
        "A12UEL5L",
        "a1lqfn3a",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    ] {
        assert!(bech32(text.as_bytes()), "{text}");
        assert!(!bech32(text.replace(['L', 'l'], "q").as_bytes()), "{text}");
    }
    assert!(!bech32(b"A12UeL5L"));
    for text in [
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    ] {
        assert!(eip_55(text.as_bytes()), "{text}");
        assert!(!eip_55(text.to_ascii_uppercase().as_bytes()), "{text}");
    }
}
