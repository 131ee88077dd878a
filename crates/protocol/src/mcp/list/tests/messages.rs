//! What a server says on a WebSocket: each message is a document by itself, whatever came before it.

use aegis_policy::{AnswerEffect, AnswerRules};
use proptest::prelude::*;

use super::*;
use crate::testing::scanner;

fn messages() -> Filter {
    asked("ping").over_websocket(LIMITS)
}

/// As `run`, for one message.
fn shown(filter: &mut Filter, message: &str) -> Result<String, FollowError> {
    filter.message(message.as_bytes());
    let mut shown = Vec::new();
    loop {
        match filter.step()? {
            Step::Forward(bytes) => shown.extend(bytes),
            Step::Judge(entries) => {
                let stay = |entry: &Entry| !entry.call.tool.contains('x');
                let verdicts: Vec<_> = entries.iter().map(stay).collect();
                filter.keep(&verdicts)?;
            }
            Step::Ask(_) => filter.leave_out(),
            Step::Wait => panic!("it is whole"),
            Step::End => return Ok(String::from_utf8(shown).expect("utf-8")),
        }
    }
}

#[test]
fn a_result_that_is_no_object_is_no_list() {
    let mut filter = messages();
    for said in [
        r#"{"jsonrpc":"2.0","id":1,"result":"0x10"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":[{"tools":[]}]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        "5",
        "",
    ] {
        assert_eq!(shown(&mut filter, said).as_deref(), Ok(said));
    }
}

#[test]
fn a_question_that_is_left_out_leaves_nothing_and_the_next_message_comes() {
    let mut filter = messages();
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}"#;
    assert_eq!(shown(&mut filter, asked).as_deref(), Ok(""));
    let page = page(&["a"]);
    assert_eq!(shown(&mut filter, &page), Ok(page));
}

#[test]
fn after_a_message_that_cannot_be_followed_there_is_no_next_one() {
    let mut filter = messages();
    let long = format!("{{\"result\":\"{}\"}}", "a".repeat(LIMITS.hold_bytes));
    let error = shown(&mut filter, &long);
    assert_eq!(error, Err(FollowError::TooLong));
    assert_eq!(shown(&mut filter, &page(&["a"])), error);
}

#[test]
fn a_refusal_names_the_request_that_the_message_would_have_answered() {
    let no_name =
        |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{{}}]}}}}"#);
    for (said, ids) in [
        (no_name("7"), json!(7)),
        (no_name(r#""seven""#), json!("seven")),
        (
            format!("[{},{}]", no_name("1"), no_name("2")),
            json!([1, 2]),
        ),
        (no_name("null"), Value::Null),
        (no_name("[7]"), Value::Null),
        // Whose the answer is, nobody can say.
        (no_name(r#"7,"id":8"#), Value::Null),
        (r#"{"id":7,"result":{"tools":[{"#.to_owned(), Value::Null),
    ] {
        let mut filter = messages();
        assert!(shown(&mut filter, &said).is_err(), "{said}");
        assert_eq!(told(&mut filter), ids, "{said}");
    }
}

#[test]
fn a_refusal_names_it_also_where_it_comes_after_the_list_was_read() {
    let mut filter = messages();
    filter.message(page(&["a"]).as_bytes());
    assert!(matches!(filter.step(), Ok(Step::Judge(_))));
    assert_eq!(told(&mut filter), 7);

    let mut filter = messages().searching(Some(cleaner()));
    let said = shown(&mut filter, &page(&["ann@corp.com"]));
    assert!(matches!(said, Err(FollowError::Data(_))), "{said:?}");
    assert_eq!(told(&mut filter), 7);
}

/// What the server says that the id was is text of the server's.
#[test]
fn a_refusal_repeats_no_data_in_an_id() {
    let said = r#"{"jsonrpc":"2.0","id":"ann@corp.com","result":{"by":"ann@corp.com"}}"#;
    let mut filter = messages().searching(Some(cleaner()));
    let error = shown(&mut filter, said);
    assert!(matches!(error, Err(FollowError::Data(_))), "{error:?}");
    assert_eq!(told(&mut filter), Value::Null);
}

/// The ids in the errors that a refused client gets.
fn told(filter: &mut Filter) -> Value {
    let last: Value = serde_json::from_slice(&filter.refuse(&REFUSAL)).expect("JSON");
    match last.as_array() {
        Some(errors) => errors.iter().map(|error| error["id"].clone()).collect(),
        None => last["id"].clone(),
    }
}

/// Of a policy that denies addresses.
fn cleaner() -> Cleaner {
    let rules = AnswerRules {
        data: [("EMAIL_ADDRESS".into(), AnswerEffect::Deny)].into(),
        ..AnswerRules::default()
    };
    Cleaner::new(scanner(), &rules)
}

proptest! {
    #[test]
    fn every_message_is_shown_as_if_it_were_the_only_one(
        pages in prop::collection::vec(prop::collection::vec("[abx]{1,3}", 0..5), 1..5),
    ) {
        let mut filter = messages();
        for names in pages {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let said = page(&names);
            let alone = document(&asked("tools/list"), &said).sent;
            prop_assert_eq!(shown(&mut filter, &said), Ok(alone));
        }
    }
}
