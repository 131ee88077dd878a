//! What a server asks of its client, on a stream and in a result: it waits for a verdict, and what is unclear is refused.

use super::*;

#[test]
fn what_a_server_asks_waits_for_its_verdict_and_goes_on_as_it_came() {
    let asks = |method: &str| {
        format!(
            r#"{{"jsonrpc":"2.0", "id":1,"method":"{method}","params":{{"a":1,"_meta":{{}}}}}}"#
        )
    };
    let stream = |messages: [&str; 3]| messages.map(|data| format!("data: {data}\n\n")).concat();
    let done = r#"{"jsonrpc":"2.0","id":7,"result":{}}"#;
    let (kept, left) = (asks(r"samp\u006cing/createMessage"), asks("fax/send"));
    let told = events(&asked("tools/call"), &stream([&kept, &left, done]));
    assert_eq!(told.error, None);
    assert_eq!(
        told.entries,
        ["docs/sampling/createMessage", "docs/fax/send"]
    );
    assert_eq!(
        told.sent,
        stream([&kept, "", done]).replace("data: \n\n", "")
    );
}

#[test]
fn a_result_that_asks_instead_of_being_one_waits_as_well() {
    let result = |asked: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"result":{{"resultType":"input_required","inputRequests":{asked}}}}}"#
        )
    };
    for (asked_for, names) in [
        ("null", vec![]),
        ("{}", vec![]),
        (
            r#"{"a":{"method":"elicitation/create","params":{"message":"?"}},"b":{"method":"roots/list"}}"#,
            vec!["docs/elicitation/create", "docs/roots/list"],
        ),
    ] {
        let body = result(asked_for);
        let told = document(&asked("tools/call"), &body);
        assert_eq!((told.error, told.sent), (None, body));
        assert_eq!(told.entries, names);
    }
    let many = (0..65).map(|at| format!(r#""{at}":{{"method":"roots/list"}}"#));
    let many = result(&format!("{{{}}}", many.collect::<Vec<_>>().join(",")));
    let told = document(&asked("tools/call"), &many);
    assert_eq!(
        (told.error, told.sent),
        (Some(FollowError::TooLong), String::new())
    );
    let denied = result(r#"{"a":{"method":"fax/send"}}"#);
    assert_eq!(document(&asked("tools/call"), &denied).sent, "");
}

#[test]
fn a_question_that_clients_could_read_differently_is_refused() {
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"sampling/createMessage"}"#,
        r#"{"jsonrpc":"2.0","id":1,"Method":"sampling/createMessage"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":["sampling/createMessage"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":1,"b":2}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"inputRequests":{},"inputRequests":{}}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"input_requests":{"a":{"method":"b"}}}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"inputRequests":[{"method":"b"}]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"inputRequests":{"a":{"Method":"b"}}}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"inputRequests":{"a":{}}}}"#,
    ] {
        let (_, on_a_stream) = stream_of(body);
        for told in [document(&asked("tools/call"), body), on_a_stream] {
            assert!(
                told.error.is_some() && told.entries.is_empty(),
                "{body}: {told:?}"
            );
            assert_eq!(told.sent, "");
        }
    }
}

#[test]
fn what_asks_nothing_does_not_wait() {
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}"#,
    ] {
        let (stream, told) = stream_of(body);
        assert_eq!((told.error, told.sent), (None, stream));
        assert!(told.entries.is_empty());
    }
}

/// As one event of a stream that a client has opened by itself.
fn stream_of(body: &str) -> (String, Told) {
    let opened = get(SERVER, "/mcp").header("accept", "text/event-stream");
    let seen = opened.seen();
    let expected = seen.reading.expected().expect("a stream");
    let stream = format!("data: {body}\n\n");
    let told = events(expected, &stream);
    (stream, told)
}
