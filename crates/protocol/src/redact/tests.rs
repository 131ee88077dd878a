//! Promises of redaction.

use aegis_policy::Mask;
use proptest::prelude::*;

use super::*;
use crate::testing::{MAIL, Names, means};

const ALL: &[&str] = &[
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "SECRET_AWS",
    "SECRET_PRIVATE_KEY",
];
/// Made up: Visa's prefix, a row of digits, the right check digit.
const CARD: &str = "4000123412341234";

type Outcome = Result<Option<String>, RedactError>;

/// Labels for these types.
fn kinds(kinds: &[&'static str]) -> Targets<'static> {
    doing(kinds, Action::Label)
}

fn doing(kinds: &[&'static str], action: Action) -> Targets<'static> {
    let kinds: Vec<_> = kinds.iter().map(|kind| (*kind, action)).collect();
    Targets {
        kinds: kinds.leak(),
        ..Targets::default()
    }
}

/// Numbers become text.
fn as_text() -> Means<'static> {
    Means {
        numbers: Numbers::Text,
        ..means()
    }
}

fn rewrite(kind: BodyKind, text: &str, targets: &Targets<'_>) -> Outcome {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let redacted = body(kind, &bytes, targets, &as_text())?;
    Ok(redacted.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
}

fn json(text: &str, targets: &Targets<'_>) -> Outcome {
    rewrite(BodyKind::Json, text, targets)
}

fn form(text: &str, targets: &Targets<'_>) -> Outcome {
    rewrite(BodyKind::Form, text, targets)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is what outcomes are compared with"
)]
fn changed(text: &str) -> Outcome {
    Ok(Some(text.to_owned()))
}

fn labels<const N: usize>(pointers: [&'static str; N]) -> [(Cow<'static, str>, Action); N] {
    pointers.map(|pointer| (pointer.into(), Action::Label))
}

#[test]
fn each_action_puts_something_else_in_the_place_of_a_value() {
    let names = Names::default();
    let means = Means {
        names: &names,
        ..means()
    };
    let text = format!(r#"{{"a":"{MAIL}","b":["to {MAIL}","{CARD}"]}}"#);
    let card = |masked: &str| text.replace(CARD, masked);
    let mask = |keep_last| Action::Mask(Mask { keep_last });
    let hash = format!("[EMAIL_ADDRESS#{:016x}]", MAIL.len());
    let cases = [
        (Action::Remove, "EMAIL_ADDRESS", text.replace(MAIL, "")),
        (Action::Hash, "EMAIL_ADDRESS", text.replace(MAIL, &hash)),
        (
            Action::Token,
            "EMAIL_ADDRESS",
            text.replace(MAIL, "[EMAIL_ADDRESS:0000000000000000]"),
        ),
        (mask(4), "CREDIT_CARD", card("************1234")),
        (mask(9), "CREDIT_CARD", card("****************")),
    ];
    for (action, kind, expected) in cases {
        let bytes = Bytes::from(text.clone());
        let targets = doing(&[kind], action);
        let after = body(BodyKind::Json, &bytes, &targets, &means).unwrap();
        assert_eq!(after, Some(Bytes::from(expected)), "{action}");
    }
}

#[test]
fn a_named_parameter_goes_as_its_action_says() {
    let names = Names::default();
    let means = Means {
        names: &names,
        ..means()
    };
    let after = |action, text: &str| {
        let name = Targets {
            names: &[("note", action)],
            ..Targets::default()
        };
        let form = super::form(text, &name, &means).unwrap().unwrap();
        let pointer = Targets {
            pointers: &[("/note".into(), action)],
            ..Targets::default()
        };
        let value = text.strip_prefix("note=").unwrap();
        let json = Bytes::from(serde_json::json!({"note": value}).to_string());
        let json = body(BodyKind::Json, &json, &pointer, &means)
            .unwrap()
            .unwrap();
        (form, String::from_utf8(json.to_vec()).unwrap())
    };
    let mask = Action::Mask(Mask { keep_last: 2 });
    let token = "[PARAMETER:0000000000000000]";
    let (form, json) = after(Action::Remove, "note=for ann");
    assert_eq!((&*form, &*json), ("note=", r#"{"note":""}"#));
    let (form, json) = after(mask, "note=ann-7-bob");
    assert_eq!(
        (&*form, &*json),
        ("note=%2A%2A%2A-%2A-%2Aob", r#"{"note":"***-*-*ob"}"#)
    );
    let (form, json) = after(Action::Token, "note=for ann");
    assert_eq!(
        percent_decode_str(&form).decode_utf8_lossy(),
        format!("note={token}")
    );
    assert_eq!(json, format!(r#"{{"note":"{token}"}}"#));
    // Where it becomes its value again, it may be in JSON within text.
    let (_, json) = after(Action::Token, "note=a \"b\"");
    assert_eq!(json, r#"{"note":"[REDACTED]"}"#);
}

#[test]
fn a_number_becomes_text_only_where_that_is_allowed() {
    let bytes = Bytes::from(format!(r#"{{"card":{CARD}}}"#));
    let refused = body(BodyKind::Json, &bytes, &kinds(ALL), &means());
    assert_eq!(refused, Err(RedactError::Number));
    assert_eq!(RedactError::Number.rule(), Some("data.number"));
    let named = Targets {
        pointers: &labels(["/card"]),
        ..Targets::default()
    };
    let refused = body(BodyKind::Json, &bytes, &named, &means());
    assert_eq!(refused, Err(RedactError::Number));
    let text = body(BodyKind::Json, &bytes, &kinds(ALL), &as_text()).unwrap();
    let expected = r#"{"card":"[REDACTED:CREDIT_CARD]"}"#;
    assert_eq!(text, Some(Bytes::from(expected)));
}

#[test]
fn bytes_that_are_not_redacted_stay_as_they_were() {
    let text =
        "{ \"to\" :\t\"ann@shop.example\",\r\n \"n\": 1.50e+0, \"\\u0061\": \"\\u00e9\\/\" }\n";
    let after = "{ \"to\" :\t\"[REDACTED:EMAIL_ADDRESS]\",\r\n \"n\": 1.50e+0, \"\\u0061\": \"\\u00e9\\/\" }\n";
    assert_eq!(json(text, &kinds(ALL)), changed(after));
}

#[test]
fn a_card_that_is_a_whole_number_written_as_a_float_goes() {
    for number in [format!("{CARD}.0"), "4.000123412341234e15".to_owned()] {
        let outcome = json(&format!("[{number}, 1.5]"), &kinds(ALL));
        assert_eq!(outcome, changed(r#"["[REDACTED:CREDIT_CARD]", 1.5]"#));
    }
}

#[test]
fn nothing_to_redact_changes_nothing() {
    assert_eq!(json(r#"{"to":"nobody"}"#, &kinds(ALL)), Ok(None));
    assert_eq!(
        json(
            r#"{"to":"ann@shop.example"}"#,
            &kinds(&["SECRET_PRIVATE_KEY"])
        ),
        Ok(None)
    );
    assert_eq!(form("a=1&b=2", &kinds(ALL)), Ok(None));
    assert_eq!(rewrite(BodyKind::Text, "hello", &kinds(ALL)), Ok(None));
}

#[test]
fn a_string_is_decoded_before_it_is_searched_and_escaped_again() {
    let text = r#"["say \"hi\" to ann\u0040shop.example\n\u0001é"]"#;
    assert_eq!(
        json(text, &kinds(ALL)),
        changed(r#"["say \"hi\" to [REDACTED:EMAIL_ADDRESS]\n\u0001é"]"#)
    );
}

#[test]
fn a_number_that_is_a_card_becomes_a_text() {
    let text = format!(r#"{{"pan":{CARD},"n":17}}"#);
    assert_eq!(
        json(&text, &kinds(ALL)),
        changed(r#"{"pan":"[REDACTED:CREDIT_CARD]","n":17}"#)
    );
}

#[test]
fn a_secret_key_goes_by_the_name_of_its_member() {
    let secret = "aB3/dE5f+G".repeat(4);
    let text = format!(r#"{{"secretAccessKey":["{secret}"],"digest":"{secret}"}}"#);
    let after = format!(r#"{{"secretAccessKey":["[REDACTED:SECRET_AWS]"],"digest":"{secret}"}}"#);
    assert_eq!(json(&text, &kinds(ALL)), changed(&after));
}

#[test]
fn a_named_value_goes_whole_with_all_that_is_in_it() {
    let text = r#"{"a":{"to":"ann@shop.example","ann@shop.example":1},"b":[1,2],"c":true}"#;
    let targets = Targets {
        pointers: &labels(["/a", "/b/1", "/c"]),
        ..kinds(ALL)
    };
    assert_eq!(
        json(text, &targets),
        changed(r#"{"a":"[REDACTED]","b":[1,"[REDACTED]"],"c":"[REDACTED]"}"#)
    );
    let root = Targets {
        pointers: &labels([""]),
        ..Targets::default()
    };
    assert_eq!(json("[1]", &root), changed(r#""[REDACTED]""#));
}

#[test]
fn data_in_a_name_is_refused() {
    assert_eq!(
        json(r#"{"ann@shop.example":1}"#, &kinds(ALL)),
        Err(RedactError::Name)
    );
    assert_eq!(
        json(r#"[{"ann\u0040shop.example":{}}]"#, &kinds(ALL)),
        Err(RedactError::Name)
    );
    assert_eq!(
        form("ann%40shop.example=1", &kinds(ALL)),
        Err(RedactError::Name)
    );
    assert_eq!(
        json(r#"{"ann@shop.example":1}"#, &kinds(&["SECRET_PRIVATE_KEY"])),
        Ok(None)
    );
}

#[test]
fn a_place_that_is_not_there_is_refused() {
    let pointer = Targets {
        pointers: &labels(["/b"]),
        ..Targets::default()
    };
    assert_eq!(json(r#"{"a":1}"#, &pointer), Err(RedactError::Missing));
    assert_eq!(form("a=1", &pointer), Err(RedactError::Missing));
    let name = Targets {
        names: &[("b", Action::Label)],
        ..Targets::default()
    };
    assert_eq!(form("a=1", &name), Err(RedactError::Missing));
    assert_eq!(json(r#"{"b":1}"#, &name), Err(RedactError::Missing));
    assert_eq!(
        rewrite(BodyKind::Text, "b", &name),
        Err(RedactError::Missing)
    );
    assert_eq!(
        rewrite(BodyKind::Text, "b", &pointer),
        Err(RedactError::Missing)
    );
}

#[test]
fn a_form_changes_only_in_the_values_that_are_redacted() {
    let text = "x=%7e+1&to=ann%40shop.example&&y&z=%41";
    assert_eq!(
        form(text, &kinds(ALL)),
        changed("x=%7e+1&to=%5BREDACTED%3AEMAIL_ADDRESS%5D&&y&z=%41")
    );
    let name = Targets {
        names: &[("x", Action::Label), ("z", Action::Label)],
        ..Targets::default()
    };
    assert_eq!(
        form(text, &name),
        changed("x=%5BREDACTED%5D&to=ann%40shop.example&&y&z=%5BREDACTED%5D")
    );
}

#[test]
fn every_pair_of_a_parameter_is_redacted() {
    let name = Targets {
        names: &[("tag", Action::Label)],
        ..Targets::default()
    };
    assert_eq!(
        form("tag[]=a&tag[]=b&n=1", &name),
        changed("tag[]=%5BREDACTED%5D&tag[]=%5BREDACTED%5D&n=1")
    );
}

#[test]
fn a_named_value_goes_from_a_pair_without_a_sign_and_its_name_stays() {
    let name = Targets {
        names: &[("debug", Action::Label)],
        ..Targets::default()
    };
    assert_eq!(
        form("debug&n=1", &name),
        changed("debug=%5BREDACTED%5D&n=1")
    );
    assert_eq!(form("debug=", &name), changed("debug=%5BREDACTED%5D"));
}

#[test]
fn a_plus_is_redacted_whether_servers_take_it_for_a_space_or_not() {
    let card = "c=4000+1234+1234+1234&d=+";
    assert_eq!(
        form(card, &kinds(ALL)),
        changed("c=%5BREDACTED%3ACREDIT_CARD%5D&d=+")
    );
    assert_eq!(
        form("to=ann+tag@shop.example", &kinds(ALL)),
        changed("to=%5BREDACTED%3AEMAIL_ADDRESS%5D")
    );
    let both = "t=4000+1234+1234+1234,+ann+tag@shop.example";
    let after = form(both, &kinds(ALL)).unwrap().unwrap();
    assert!(!after.contains("ann") && !after.contains("4000"), "{after}");
}

#[test]
fn a_value_that_servers_decode_differently_is_refused_when_it_must_change() {
    for text in [
        "to=ann@shop.example%",
        "to=a;ann@shop.example",
        "to=%FFann@shop.example",
    ] {
        assert_eq!(
            form(text, &kinds(ALL)),
            Err(RedactError::Ambiguous),
            "{text}"
        );
    }
    assert_eq!(
        form("x=a;b&to=ann@shop.example", &kinds(ALL)),
        changed("x=a;b&to=%5BREDACTED%3AEMAIL_ADDRESS%5D")
    );
}

#[test]
fn json_in_the_value_of_a_pair_stays_json() {
    let inner = format!(r#"{{ "to": "ann\u0040shop.example", "card": {CARD}, "n": 1.50 }}"#);
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let text = format!("a=1&note={}&b=+2", encode(&inner));
    let after = form(&text, &kinds(ALL)).unwrap().unwrap();
    let gone = inner
        .replace(r"ann\u0040shop.example", "[REDACTED:EMAIL_ADDRESS]")
        .replace(CARD, r#""[REDACTED:CREDIT_CARD]""#);
    assert_eq!(after, format!("a=1&note={}&b=+2", encode(&gone)));
}

#[test]
fn a_query_is_redacted_as_a_form_but_not_when_it_is_signed() {
    let redact = |text: &str| query(text, &kinds(ALL), &means());
    assert_eq!(
        redact("to=ann@shop.example"),
        changed("to=%5BREDACTED%3AEMAIL_ADDRESS%5D")
    );
    assert_eq!(
        redact("to=ann@shop.example&X-Amz-Signature=ab"),
        Err(RedactError::Signed)
    );
    assert_eq!(redact("to=nobody&X-Amz-Signature=ab"), Ok(None));
}

#[test]
fn json_that_is_written_in_a_string_stays_json() {
    let inner = format!(r#"{{ "to": "ann\u0040shop.example", "card": {CARD}, "n": 1.50 }}"#);
    let text = format!(r#"{{"arguments": {}}}"#, serde_json::Value::from(inner));
    let Ok(Some(after)) = json(&text, &kinds(ALL)) else {
        panic!("it is redacted")
    };
    let after: serde_json::Value = serde_json::from_str(&after).unwrap();
    assert_eq!(
        after["arguments"].as_str().unwrap(),
        r#"{ "to": "[REDACTED:EMAIL_ADDRESS]", "card": "[REDACTED:CREDIT_CARD]", "n": 1.50 }"#
    );
}

/// It would be another call than the one that was judged.
#[test]
fn plain_text_does_not_become_json() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#;
    let gone = doing(ALL, Action::Remove);
    let text = |text: &str, targets: &Targets<'_>| rewrite(BodyKind::Text, text, targets);
    for sent in [
        format!("{MAIL}{call}"),
        format!("{MAIL}\n[{call},]"),
        format!("{{\"a\":{CARD}}}\n{{\"b\":2}}"),
    ] {
        let refused = Err(RedactError::Ambiguous);
        assert_eq!(text(&sent, &gone), refused, "{sent}");
    }
    let records = format!("{{\"a\":\"{MAIL}\"}}\n{{\"b\":2}}");
    let cut = changed("{\"a\":\"\"}\n{\"b\":2}");
    assert_eq!(text(&records, &gone), cut);
    let labelled = changed(&format!("[REDACTED:EMAIL_ADDRESS]{call}"));
    assert_eq!(text(&format!("{MAIL}{call}"), &kinds(ALL)), labelled);
}

#[test]
fn plain_text_is_redacted() {
    let text = format!("ann@shop.example pays with {CARD}");
    let after = "[REDACTED:EMAIL_ADDRESS] pays with [REDACTED:CREDIT_CARD]";
    assert_eq!(rewrite(BodyKind::Text, &text, &kinds(ALL)), changed(after));
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    assert!(matches!(
        json(r#"{"a":1,"a":2}"#, &kinds(ALL)),
        Err(RedactError::Json(_))
    ));
    let bytes = Bytes::from_static(b"\xFF");
    for kind in [BodyKind::Form, BodyKind::Text] {
        let redacted = body(kind, &bytes, &kinds(ALL), &means());
        assert_eq!(redacted, Err(RedactError::Utf8));
    }
}

#[test]
fn data_in_what_the_call_is_named_by_is_refused_when_it_must_go() {
    let kinds = [aegis_policy::Redaction::Data(
        "EMAIL_ADDRESS".into(),
        Action::Label,
    )];
    let message = |method: &str, tool: &str, to: &str| {
        let params = serde_json::json!({"name": tool, "arguments": {"to": to}});
        let message =
            serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        crate::testing::post("mcp.example.com:8443", "/mcp")
            .json(&message)
            .redact(&kinds)
            .map(|rewritten| rewritten.body.is_some())
    };
    let mail = crate::testing::MAIL;
    assert_eq!(message("tools/call", "pay", mail), Ok(true));
    assert_eq!(message("tools/call", mail, mail), Err(RedactError::Fixed));
    assert_eq!(message(mail, "pay", ""), Err(RedactError::Fixed));
}

#[test]
fn debug_output_holds_nothing_that_is_sent() {
    let rewritten = Rewritten {
        query: Some("q=secret".to_owned()),
        body: Some(Bytes::from_static(b"secret")),
    };
    assert!(!format!("{rewritten:?}").contains("secret"));
}

/// Documents of ordinary texts and of data.
fn documents() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::from("ann@shop.example")),
        Just(serde_json::Value::from(format!("x {CARD} y"))),
        Just(serde_json::Value::from(4_000_123_412_341_234_u64)),
        any::<String>().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::hash_map("[a-z\"\\\\/é]{0,6}", inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_redacted_document_is_json_of_the_same_shape_without_the_data(value in documents()) {
        let text = value.to_string();
        let after = json(&text, &kinds(ALL)).unwrap().unwrap_or_else(|| text.clone());
        prop_assert_eq!(json(&after, &kinds(ALL)).unwrap(), None);
        let (before, after) = (Tree::parse(text.as_bytes()).unwrap(), Tree::parse(after.as_bytes()).unwrap());
        let shape = |tree: &Tree<'_>| tree.nodes().map(Node::pointer).collect::<Vec<_>>();
        prop_assert_eq!(shape(&before), shape(&after));
    }

    #[test]
    fn any_form_is_redacted_or_refused_without_a_panic(text in "([a-z%4+&=;@.]|%[0-9A-F]{2}|é){0,40}") {
        if let Ok(Some(after)) = form(&text, &kinds(ALL)) {
            prop_assert_eq!(form(&after, &kinds(ALL)), Ok(None));
        }
    }
}
