//! Promises about queries and forms.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::{folded, is_folded, pairs};

fn read(text: &str) -> Vec<(String, String)> {
    pairs(text)
        .into_iter()
        .map(|pair| (pair.name, pair.value))
        .collect()
}

#[test]
fn pairs_are_decoded_as_the_url_standard_says() {
    let table = [
        ("a=1&b=2", vec![("a", "1"), ("b", "2")]),
        ("a", vec![("a", "")]),
        ("&&a=b=c&", vec![("a", "b=c")]),
        ("=x", vec![("", "x")]),
        ("a+b=%C3%A9+%2B", vec![("a b", "é +")]),
        ("", vec![]),
    ];
    for (text, expected) in table {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn unclear_pairs_say_so() {
    for text in ["a=%", "a=%4", "a=%zz", "%x=1", "a=%ff", "a=1;b=2"] {
        assert!(!pairs(text)[0].clear, "{text}");
    }
    for text in ["a=%41", "a=1+1", "a=%3B", "%25=%25"] {
        assert!(pairs(text)[0].clear, "{text}");
    }
}

#[test]
fn a_plus_has_two_readings() {
    assert_eq!(pairs("a=b+c")[0].literal.as_deref(), Some("b+c"));
    assert_eq!(pairs("a=b%20c")[0].literal, None);
}

#[test]
fn a_bracketed_name_is_a_part_of_its_parameter() {
    let found = pairs("a%5Bx%5D=1&b=2");
    assert_eq!((found[0].parameter(), found[0].is_part()), ("a", true));
    assert_eq!((found[1].parameter(), found[1].is_part()), ("b", false));
}

proptest! {
    #[test]
    fn a_name_that_is_its_own_key_is_not_changed(name in "[a-zA-Z. _\\-éſK]{0,6}") {
        let whole = name.to_lowercase().replace(['.', ' '], "_");
        prop_assert_eq!(folded(&name), whole.as_str());
        prop_assert!(!is_folded(&name) || name == whole);
    }

    #[test]
    fn what_was_written_is_read(given in prop::collection::vec((".+", ".*"), 0..6)) {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let text: Vec<String> = given
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let text = text.join("&");
        prop_assert!(pairs(&text).iter().all(|pair| pair.clear));
        prop_assert_eq!(read(&text), given);
    }

    #[test]
    fn places_are_those_of_the_text(text in ".*") {
        for pair in pairs(&text) {
            prop_assert!(text.get(pair.name_at.clone()).is_some());
            let value = text.get(pair.value_at.clone());
            prop_assert!(value.is_some());
            prop_assert!(pair.name_at.end <= pair.value_at.start);
        }
    }
}
