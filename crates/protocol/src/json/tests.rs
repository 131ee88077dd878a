//! Promises of the reader.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn fault(text: impl AsRef<[u8]>) -> (JsonFault, usize) {
    let error = Tree::parse(text.as_ref()).expect_err("must be refused");
    (error.fault, error.at)
}

fn value(text: &str) -> Result<Value, JsonError> {
    super::value(text.as_bytes())
}

#[test]
fn a_value_is_read_as_it_was_sent() {
    let text = r#" { "a" : [ 1, -2.5e1, "x\ny", true, null, {} ], "" : "😀" } "#;
    assert_eq!(
        value(text),
        Ok(json!({"a": [1, -25.0, "x\ny", true, null, {}], "": "😀"}))
    );
}

#[test]
fn every_value_knows_its_bytes_and_its_pointer() {
    let text = r#"{"a/b~c":[10,{"x":"y"}]}"#;
    let tree = Tree::parse(text.as_bytes()).unwrap();
    let seen: Vec<_> = tree
        .nodes()
        .map(|node| (node.pointer(), node.raw()))
        .collect();
    let expected = [
        ("", text),
        ("/a~1b~0c", r#"[10,{"x":"y"}]"#),
        ("/a~1b~0c/0", "10"),
        ("/a~1b~0c/1", r#"{"x":"y"}"#),
        ("/a~1b~0c/1/x", r#""y""#),
    ];
    assert_eq!(
        seen,
        expected.map(|(pointer, raw)| (pointer.to_owned(), raw))
    );
}

#[test]
fn a_pointer_finds_its_value_and_no_other() {
    let tree = Tree::parse(br#"{"a~b":[1,{"c/d":2}],"0":3}"#).unwrap();
    let raw = |pointer: &str| tree.at(pointer).map(Node::raw);
    assert_eq!(raw("/a~0b/1/c~1d"), Some("2"));
    assert_eq!(raw("/0"), Some("3"));
    for pointer in [
        "a", "/a~0b/01", "/a~0b/+1", "/a~0b/2", "/a~0b/-", "/x", "/0/0", "/",
    ] {
        assert_eq!(raw(pointer), None, "{pointer}");
    }
}

#[test]
fn keys_are_decoded_and_values_in_arrays_go_by_the_key_of_the_array() {
    let tree = Tree::parse(br#"{"k\u0065y":[["v"]]}"#).unwrap();
    let leaf = tree.leaves().next().unwrap();
    assert_eq!((leaf.key(), leaf.name().as_deref()), (None, Some("key")));
    assert_eq!(tree.at("/key").unwrap().key_span(), Some(1..11));
    assert_eq!(Tree::parse(b"1").unwrap().root().unwrap().name(), None);
}

#[test]
fn keys_are_duplicates_when_their_texts_are() {
    assert_eq!(
        fault(r#"{"a":1,"b":{},"a":2}"#),
        (JsonFault::DuplicateKey, 14)
    );
    assert_eq!(fault(r#"{"a":1,"\u0061":2}"#), (JsonFault::DuplicateKey, 7));
    assert!(value(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(value(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(fault(nested(MAX_DEPTH + 1)), (JsonFault::Depth, MAX_DEPTH));
    assert_eq!(fault("[".repeat(1_000_000)), (JsonFault::Depth, MAX_DEPTH));
}

#[test]
fn a_tree_has_so_many_values_and_no_more() {
    let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
    assert!(Tree::parse(list(MAX_VALUES).as_bytes()).is_ok());
    assert_eq!(
        fault(list(MAX_VALUES + 1)),
        (JsonFault::Values, 2 * MAX_VALUES - 1)
    );
}

#[test]
fn what_readers_take_differently_is_refused_with_its_place() {
    let refused: [(&[u8], JsonFault, usize); 24] = [
        (b"\xEF\xBB\xBF{}", JsonFault::ByteOrderMark, 0),
        (b"[\"\xFF\"]", JsonFault::Utf8, 2),
        (b"[\"\xED\xA0\x80\"]", JsonFault::Utf8, 2),
        (b"", JsonFault::End, 0),
        (b"[1", JsonFault::End, 2),
        (b"\"a", JsonFault::End, 2),
        (b"{} {}", JsonFault::Trailing, 3),
        (b"{}\0", JsonFault::Trailing, 2),
        (b"[1,]", JsonFault::Unexpected, 3),
        (b"{\"a\":1,}", JsonFault::Unexpected, 7),
        (b"{a:1}", JsonFault::Unexpected, 1),
        (b"['a']", JsonFault::Unexpected, 1),
        (b"[NaN]", JsonFault::Unexpected, 1),
        (b"[1]//", JsonFault::Trailing, 3),
        (b"tru", JsonFault::End, 3),
        (b"trux", JsonFault::Unexpected, 3),
        (b"\"\n\"", JsonFault::Control, 1),
        (b"\"\\x41\"", JsonFault::Escape, 1),
        (b"\"\\u12g4\"", JsonFault::Escape, 1),
        (b"\"\\ud800\"", JsonFault::Surrogate, 1),
        (b"\"\\udc00\"", JsonFault::Surrogate, 1),
        (b"\"\\ud800\\u0041\"", JsonFault::Surrogate, 1),
        (b"\x0b1", JsonFault::Unexpected, 0),
        (b"\xC2\xA01", JsonFault::Unexpected, 0),
    ];
    for (text, expected, at) in refused {
        assert_eq!(fault(text), (expected, at), "{}", text.escape_ascii());
    }
}

#[test]
fn numbers_have_the_form_of_the_standard() {
    for text in [
        "01", "-", "-01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1.e1", "--1", "Infinity",
    ] {
        assert!(Tree::parse(text.as_bytes()).is_err(), "{text}");
    }
    for text in ["0", "-0", "10", "0.0", "-1.50", "1E5", "1e-05", "0e9"] {
        assert_eq!(
            Tree::parse(text.as_bytes()).unwrap().root().unwrap().raw(),
            text
        );
    }
}

#[test]
fn a_number_that_policy_would_see_differently_is_out_of_range() {
    let whole = [
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
        "1e308",
        "0e999",
        "-0.0",
    ];
    for text in whole {
        assert!(value(text).is_ok(), "{text}");
    }
    let beyond = [
        "18446744073709551616",
        "-9223372036854775809",
        "1e309",
        "-1e400",
        "1e-400",
        "0.1e-999",
    ];
    for text in beyond {
        let fault = value(&format!("[0,{text}]")).map_err(|error| (error.fault, error.at));
        assert_eq!(fault, Err((JsonFault::NumberRange, 3)), "{text}");
    }
}

#[test]
fn escapes_are_decoded() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\u0000\ud83d\ude00\\u0041""#;
    assert_eq!(value(text), Ok(json!("\"\\/\u{8}\u{c}\n\r\té\0😀\\u0041")));
}

#[test]
fn errors_and_debug_output_hold_nothing_of_the_text() {
    let error = Tree::parse(br#"{"secret":1,"secret":2}"#).unwrap_err();
    assert_eq!(error.to_string(), "a duplicate key at byte 12");
    let tree = Tree::parse(br#"{"secret":"text"}"#).unwrap();
    let shown = format!("{tree:?} {:?}", tree.at("/secret"));
    assert!(
        !shown.contains("secret") && !shown.contains("text"),
        "{shown}"
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(|number: f64| Value::from(number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Something near to JSON.
fn json_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "1",
        "-1",
        "1e5",
        "0.5",
        "01",
        "true",
        "null",
        " ",
        "\n",
        "\"",
        "\\",
        "é",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn agrees(text: &str) -> bool {
    let theirs = serde_json::from_str::<Value>(text);
    match (value(text), theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (Ok(_), Err(_)) => false,
        // It reads numbers as near as it can; we refuse those that another reader would change.
        (Err(error), Ok(_)) => {
            matches!(
                error.fault,
                JsonFault::DuplicateKey | JsonFault::NumberRange
            )
        }
        (Err(_), Err(_)) => true,
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>()) {
        let _ = Tree::parse(&bytes).map(|tree| tree.nodes().map(Node::pointer).count());
    }

    #[test]
    fn what_is_near_to_json_is_judged_as_serde_json_does_but_for_duplicates(text in json_like()) {
        prop_assert!(agrees(&text));
    }

    #[test]
    fn the_value_and_the_tree_of_a_text_have_the_same_faults(text in json_like(), other in any::<Vec<u8>>()) {
        for bytes in [text.as_bytes(), &other] {
            let tree = Tree::parse(bytes).map(drop);
            match super::value(bytes) {
                // Only who reads numbers can see this one, and only where nothing else is wrong.
                Err(JsonError { fault: JsonFault::NumberRange, .. }) => prop_assert_eq!(tree, Ok(())),
                value => prop_assert_eq!(value.map(drop), tree),
            }
        }
    }

    #[test]
    fn a_string_ends_where_it_ends_bytewise(text in "[a-z\"\\\\\\x00-\\x20é\\x7f]{0,40}") {
        let bytewise = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let expected = text.bytes().position(bytewise).unwrap_or(text.len());
        prop_assert_eq!(string::plain_length(text.as_bytes()), expected);
    }

    #[test]
    fn valid_json_gives_the_value_that_serde_json_wrote(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(super::value(text.as_bytes()), Ok(value));
    }

    #[test]
    fn every_pointer_leads_back_to_its_value(value in any_value()) {
        let text = value.to_string();
        let tree = Tree::parse(text.as_bytes()).unwrap();
        for node in tree.nodes() {
            let pointer = node.pointer();
            prop_assert_eq!(tree.at(&pointer).map(Node::span), Some(node.span()));
            prop_assert_eq!(value.pointer(&pointer).cloned(), super::value(node.raw().as_bytes()).ok());
        }
    }
}
