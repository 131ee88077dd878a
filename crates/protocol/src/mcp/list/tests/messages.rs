//! What a server says on a WebSocket: each message is a document by itself, whatever came before it.

use proptest::prelude::*;

use super::*;

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
fn after_a_message_that_cannot_be_followed_there_is_no_next_one() {
    let mut filter = messages();
    let long = format!("{{\"result\":\"{}\"}}", "a".repeat(LIMITS.hold_bytes));
    let error = shown(&mut filter, &long);
    assert_eq!(error, Err(FollowError::TooLong));
    assert_eq!(shown(&mut filter, &page(&["a"])), error);
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
