//! Promises about sensitive data: found wherever it stands, never repeated.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::place::LONGEST_NAME;
use super::{LONGEST_PATH, MAX_PLACES};
use crate::testing::{MAIL, get, post};

#[test]
fn data_is_found_wherever_it_stands() {
    let encoded = MAIL.replace('@', "%40");
    let table = [
        (
            get("plain.example.com", &format!("/users/{encoded}")),
            "path:",
        ),
        (
            get("plain.example.com", &format!("/?to={encoded}")),
            "query:to",
        ),
        (
            get("plain.example.com", &format!("/?{encoded}=1")),
            "query:",
        ),
        (
            post("plain.example.com", "/").form(&format!("to={encoded}")),
            "form:to",
        ),
        (
            post("plain.example.com", "/").body("text/plain", MAIL),
            "body:",
        ),
        (
            post("plain.example.com", "/").json(&json!({"a/b": [1, {"c": MAIL}]})),
            "body:/a~1b/1/c",
        ),
        (post("plain.example.com", "/").json(&json!(MAIL)), "body:"),
        (
            post("plain.example.com", "/").json(&json!({"a": {MAIL: 1}})),
            "body:/a",
        ),
    ];
    for (sent, path) in table {
        assert_eq!(sent.seen().found(), vec![("EMAIL_ADDRESS", path)]);
    }
}

#[test]
fn json_in_the_value_of_a_pair_is_read_as_json() {
    let nested = json!({"a": [{"to": MAIL}]})
        .to_string()
        .replace('@', r"\u0040");
    let encoded = nested
        .replace('%', "%25")
        .replace('"', "%22")
        .replace('\\', "%5C");
    let form = post("plain.example.com", "/").form(&format!("note={encoded}"));
    assert_eq!(form.seen().found(), vec![("EMAIL_ADDRESS", "form:note")]);
    let query = get("plain.example.com", &format!("/?note={encoded}"));
    assert_eq!(query.seen().found(), vec![("EMAIL_ADDRESS", "query:note")]);
}

#[test]
fn escaped_data_is_found() {
    let body = format!(r#"{{"to":"{}"}}"#, MAIL.replace('@', r"\u0040"));
    for content_type in ["application/json", "text/plain", ""] {
        let seen = post("plain.example.com", "/")
            .body(content_type, body.clone())
            .seen();
        assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "body:/to")]);
    }
}

#[test]
fn a_card_that_is_a_number_is_found() {
    let body = r#"{"card": 4829135702641353}"#;
    let seen = post("plain.example.com", "/")
        .body("application/json", body)
        .seen();
    assert_eq!(seen.found(), vec![("CREDIT_CARD", "body:/card")]);
}

#[test]
fn a_card_that_is_a_whole_number_written_as_a_float_is_found() {
    for number in [
        "4829135702641353.0",
        "4.829135702641353e15",
        "4829135702641353e0",
    ] {
        let seen = post("plain.example.com", "/")
            .body("application/json", format!(r#"{{"card": {number}}}"#))
            .seen();
        assert_eq!(
            seen.found(),
            vec![("CREDIT_CARD", "body:/card")],
            "{number}"
        );
        assert_eq!(seen.data[0].count, 1);
    }
    let body = r"[482913570264135.5, 4.829135702641353e250]";
    let seen = post("plain.example.com", "/")
        .body("application/json", body)
        .seen();
    assert_eq!(seen.found(), vec![]);
}

#[test]
fn a_plus_hides_nothing() {
    let seen = get("plain.example.com", "/?card=4829+1357+0264+1353").seen();
    assert_eq!(seen.found(), vec![("CREDIT_CARD", "query:card")]);
    let seen = get("plain.example.com", &format!("/?to=x+{MAIL}")).seen();
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "query:to")]);
}

#[test]
fn a_path_never_repeats_the_data_that_is_in_a_name() {
    let body = json!({MAIL: {"to": MAIL}});
    let seen = post("plain.example.com", "/").json(&body).seen();
    let expected = vec![
        ("EMAIL_ADDRESS", "body:"),
        ("EMAIL_ADDRESS", "body:/[REDACTED:EMAIL_ADDRESS]/to"),
    ];
    assert_eq!(seen.found(), expected);
    let seen = get("plain.example.com", &format!("/?{MAIL}={MAIL}")).seen();
    assert!(seen.found().iter().all(|(_, path)| !path.contains(MAIL)));
}

#[test]
fn json_that_is_written_in_a_string_is_read_and_what_is_found_has_the_place_of_the_string() {
    let escaped = MAIL.replace('@', "\\u0040");
    let inner = format!(r#"{{"customer": {{"mail": "{escaped}"}}, "n": [1]}}"#);
    let twice = json!({"payload": inner}).to_string();
    for (level, text) in [inner, twice].into_iter().enumerate() {
        let seen = post("plain.example.com", "/")
            .json(&json!({"arguments": text}))
            .seen();
        assert_eq!(
            seen.found(),
            vec![("EMAIL_ADDRESS", "body:/arguments")],
            "{level}"
        );
    }
}

#[test]
fn hits_at_one_place_are_counted() {
    let seen = post("plain.example.com", "/")
        .json(&json!({"to": format!("{MAIL}, a{MAIL}")}))
        .seen();
    assert_eq!(seen.data.len(), 1);
    assert_eq!(seen.data[0].count, 2);
    assert_eq!(seen.data[0].class, "pii");
}

#[test]
fn a_body_full_of_data_keeps_the_intent_small() {
    let body = Value::from(vec![MAIL; MAX_PLACES + 50]);
    let seen = post("plain.example.com", "/").json(&body).seen();
    assert_eq!(seen.data.len(), MAX_PLACES + 1);
    let total: u32 = seen.data.iter().map(|finding| finding.count).sum();
    assert_eq!(total as usize, MAX_PLACES + 50);
}

#[test]
fn nothing_is_found_in_what_was_not_read() {
    let seen = post("plain.example.com", "/")
        .body("text/plain", MAIL)
        .too_long()
        .seen();
    assert!(seen.data.is_empty());
}

#[test]
fn a_long_name_is_masked_in_a_path() {
    let (longest, longer) = ("n".repeat(LONGEST_NAME), "n".repeat(LONGEST_NAME + 1));
    let body = json!({&longest: MAIL, &longer: {"to": MAIL}});
    let seen = post("plain.example.com", "/").json(&body).seen();
    let kept = format!("body:/{longest}");
    let expected = vec![
        ("EMAIL_ADDRESS", &*kept),
        ("EMAIL_ADDRESS", "body:/[masked]/to"),
    ];
    assert_eq!(seen.found(), expected);
    let seen = get("plain.example.com", &format!("/?{longer}={MAIL}")).seen();
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "query:[masked]")]);
}

#[test]
fn data_in_a_long_name_is_found() {
    let name = format!("{} {MAIL}", "n".repeat(LONGEST_NAME));
    let seen = post("plain.example.com", "/")
        .json(&json!({ name: 1 }))
        .seen();
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "body:")]);
}

#[test]
fn a_long_path_is_left_out() {
    let name = "n".repeat(LONGEST_NAME);
    let mut body = json!([MAIL, MAIL]);
    for _ in 0..=LONGEST_PATH / LONGEST_NAME {
        body = json!({ &name: body });
    }
    let seen = post("plain.example.com", "/").json(&body).seen();
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "body:")]);
    assert_eq!(seen.data[0].count, 2);
}

/// JSON in which data stands whole, in pieces and as numbers.
fn near_to_data() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "4829135702641353",
        "4829135702641353.0",
        "4.829135702641353e15",
        "4.2e15",
        "4.2e-7",
        "-0",
        "17",
        "true",
        r#""4829 1357 0264 1353""#,
        r#""jo.doe@mail.example.org""#,
        r#""jo.doe""#,
        r#""AKIAQ7Q7Q7Q7Q7Q7Q7Q7""#,
        r#""aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY""#,
        r#""recycled paper, white, A4""#,
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 3, |inner| {
            let named = ("[a-z@. ]{1,6}", inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..3)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                named.prop_map(|(name, value)| format!("{{\"{name}\":{value}}}")),
            ]
        })
}

proptest! {
    #[test]
    fn a_body_is_searched_as_if_every_part_of_it_were(json in near_to_data()) {
        let found = |name: &str| {
            let body = format!("{{\"{name}\":{json}}}");
            let seen = post("plain.example.com", "/").body("application/json", body).seen();
            seen.data
        };
        // An escape says nothing about the rest, so that everything is looked at.
        prop_assert_eq!(found("name"), found(r"\u006eame"));
    }
}
