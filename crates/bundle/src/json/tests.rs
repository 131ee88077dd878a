//! Promises of the canonical text.

use proptest::prelude::*;

use super::canonical;

fn text(json: &str) -> Result<String, String> {
    canonical(json.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn members_are_sorted_and_white_space_is_gone() {
    let json = " {\"b\" : [1 , {} , [ ] ],\n\t\"a\":{\"d\":null,\"c\":true} } ";
    let expected = r#"{"a":{"c":true,"d":null},"b":[1,{},[]]}"#;
    assert_eq!(text(json).unwrap(), expected);
}

#[test]
fn numbers_stay_as_they_were_written() {
    let json = "[1.0,1E5,-0,0.10,18446744073709551615,-9223372036854775808]";
    assert_eq!(text(json).unwrap(), json);
}

#[test]
fn strings_are_escaped_as_go_does() {
    let json = r#""\u0041\/\u00e9\u0008\u000c\u0000\u2028\u2029\ud83d\ude00<&>\u007f""#;
    let expected = "\"A/é\\b\\f\\u0000\\u2028\\u2029😀<&>\u{7f}\"";
    assert_eq!(text(json).unwrap(), expected);
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for json in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[{"b":{"c":1,"c":2}}]"#,
        "18446744073709551616",
        "-9223372036854775809",
        "1e999",
        r#""\ud800""#,
        r#"{"\udc00":1}"#,
        "{} {}",
        "{}x",
        "[1,]",
        "{'a':1}",
        "01",
        "NaN",
        "",
    ] {
        assert!(text(json).is_err(), "{json}");
    }
    assert!(canonical(b"\"\xff\"").is_err());
    assert!(canonical(b"\xef\xbb\xbf{}").is_err());
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(text(&nested(64)).is_ok());
    assert!(text(&nested(65)).is_err());
    assert!(text(&nested(10_000)).is_err());
}

proptest! {
    #[test]
    fn the_value_stays_the_same_and_a_second_time_changes_nothing(json in value()) {
        let once = text(&json.to_string()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&once).unwrap(), &json);
        prop_assert_eq!(&text(&once).unwrap(), &once);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(once) = canonical(&bytes) {
            prop_assert_eq!(canonical(&once).unwrap(), once);
        }
    }
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
