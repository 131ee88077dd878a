//! Event streams in every form that a server may give them, and what lies about its form.

use super::*;

const API: LlmApi = LlmApi::ChatCompletions;
const SSE: Framing = Framing::ServerSentEvents;

const CALL: &str = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"drop_table","arguments":"{}"}}]},"finish_reason":"stop"}]}"#;

fn told(body: &str) -> Told {
    whole(API, SSE, body.as_bytes(), &Verdict::Release)
}

#[test]
fn every_form_of_an_event_is_read_and_kept() {
    let halves = CALL.split_at(11);
    for body in [
        format!("data: {CALL}\n\n"),
        format!("data:{CALL}\n\n"),
        format!("data: {CALL}\r\n\r\n"),
        format!("data: {CALL}\r\r"),
        format!("data: {CALL}\r\n\n"),
        format!("data: {CALL}\n\r\n"),
        format!(": hello\nid: 7\nretry: 10\ndata:  {CALL}\n\n\n\n: bye\n\n"),
        format!("data: {}\ndata: {}\n\n", halves.0, halves.1),
        // Without its last line end: some clients read it nevertheless.
        format!("data: {CALL}\n"),
        format!("data: {CALL}"),
        format!("data\ndata: {CALL}\n\n"),
    ] {
        let told = told(&body);
        assert_eq!(told.error, None, "{body:?}");
        assert_eq!(told.calls.len(), 1, "{body:?}");
        assert_eq!(told.sent, body.as_bytes());
    }
}

/// Python's `splitlines`, which some clients read streams by, ends a line at them: they would see a call there.
#[test]
fn nothing_is_said_behind_a_line_end_that_only_some_clients_know() {
    let ends = [
        "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}",
    ];
    for end in ends {
        for line in [": x", "id: 7", "retry: 1", "event: message", ""] {
            for body in [
                format!("{line}{end}data: {CALL}\n\n"),
                format!("data: {{}}\n{line}{end}data: {CALL}\n\n"),
                format!("{line}{end}data: {CALL}"),
            ] {
                let told = told(&body);
                let ambiguous = matches!(told.error, Some(AnswerError::Ambiguous(_)));
                assert!(ambiguous, "{body:?}: {:?}", told.error);
                assert!(
                    !told.sent.windows(4).any(|part| part == b"drop"),
                    "{body:?}"
                );
            }
        }
        // Within a text of a model they are what they are.
        let said = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"a{end}b"}}}}]}}"#);
        if end.chars().all(|it| it > '\u{1f}') {
            assert_eq!(told(&format!("data: {said}\n\n")).error, None, "{end:?}");
        }
    }
}

#[test]
fn a_rewritten_event_keeps_its_other_lines() {
    let halves = CALL.split_at(11);
    for (end, body) in [
        (
            "\r\n",
            format!(
                ": c\r\nid: 7\r\ndata: {}\r\ndata:{}\r\nretry: 1\r\n\r\n",
                halves.0, halves.1
            ),
        ),
        (
            "\r",
            format!(
                ": c\rid: 7\rdata:{}\rdata: {}\rretry: 1\r\r",
                halves.0, halves.1
            ),
        ),
        (
            "\n",
            format!(
                ": c\nid: 7\ndata: {}\ndata: {}\nretry: 1\n\n",
                halves.0, halves.1
            ),
        ),
    ] {
        let told = whole(API, SSE, body.as_bytes(), &replace());
        let text = serde_json::to_string(&safe().to_string()).unwrap();
        let data = format!("{} {}", halves.0, halves.1).replace("\"{}\"", &text);
        let expected = [": c", "id: 7", &format!("data: {data}"), "retry: 1", "", ""].join(end);
        assert_eq!(String::from_utf8(told.sent).unwrap(), expected);
    }
}

#[test]
fn what_some_clients_read_and_others_do_not_is_an_error() {
    for body in [
        format!("\u{feff}data: {CALL}\n\n"),
        format!("data: {{}}\n\n\u{feff}data: {CALL}\n\n"),
        format!(" data: {CALL}\n\n"),
        format!("{CALL}\n\n"),
        format!("Data: {CALL}\n\n"),
        format!("event: x\n{CALL}\n\n"),
        format!("data: {CALL}{CALL}\n\n"),
        format!("data: [{CALL}]\n\n"),
        format!("data: \u{feff}{CALL}\n\n"),
        format!("data: [DONE]\n\ndata: {CALL}\n\n"),
        format!("data: [DONE]{CALL}\n\n"),
        "data: {\"choices\":[],\"choices\":[]}\n\n".to_owned(),
        "data: {\"a\":NaN}\n\n".to_owned(),
        "data: {\"a\":1\n\n".to_owned(),
        "data: hello\n\n".to_owned(),
    ] {
        let told = told(&body);
        assert!(told.error.is_some(), "{body:?}");
        assert!(!contains(&told.sent, "drop_table"), "{body:?}");
    }
    let told = whole(API, SSE, b"data: {\"a\":\"\xff\"}\n\n", &Verdict::Release);
    assert!(matches!(told.error, Some(AnswerError::Json(_))));
}

#[test]
fn a_body_that_lies_about_its_form_is_an_error() {
    let stream = format!("data: {CALL}\n\n");
    let message = CALL.replace("delta", "message");
    for (framing, body) in [
        (Framing::Document, &*stream),
        (Framing::Document, CALL),
        (Framing::JsonArray, &*stream),
        (Framing::AwsEventStream, &*stream),
        (Framing::AwsEventStream, CALL),
        (SSE, &*message),
        (SSE, "[]"),
        (Framing::Document, "\"text\""),
    ] {
        let told = whole(API, framing, body.as_bytes(), &Verdict::Release);
        assert!(told.error.is_some(), "{framing:?} {body}");
        assert!(!contains(&told.sent, "drop_table"));
    }
}

#[test]
fn unknown_events_and_members_pass_untouched() {
    let body = "event: new.kind\ndata:{ \"x\" : [1.0, 1e2, null], \"choices\":null }\n\nevent: only a name\n\nid: 1\n\n";
    let told = told(body);
    assert_eq!((told.error, told.sent), (None, body.as_bytes().to_vec()));
}

#[test]
fn an_event_beyond_the_limit_is_an_error_before_it_is_complete() {
    let mut guard = Guard::new(API, SSE, LIMITS);
    guard.feed(b"data: {}\n\ndata: ");
    assert!(matches!(guard.step(), Ok(Step::Forward(_))));
    guard.feed(&vec![b' '; LIMITS.event_bytes]);
    assert_eq!(guard.step(), Err(AnswerError::EventTooLong));
    assert_eq!(guard.step(), Err(AnswerError::EventTooLong));
}

#[test]
fn no_call_holds_more_than_the_limit() {
    let begin = CALL.replace("\"stop\"", "null");
    let text = |length| format!("data: {{\"x\":\"{}\"}}\n\n", "y".repeat(length));
    for (case, tail, limit) in [
        ("bytes", text(2000).repeat(9), true),
        ("events", text(1).repeat(LIMITS.hold_events), true),
        ("neither", text(100).repeat(20), false),
    ] {
        let told = told(&format!("data: {begin}\n\n{tail}"));
        let expected = if limit {
            AnswerError::HoldLimit
        } else {
            AnswerError::Incomplete
        };
        assert_eq!(told.error, Some(expected), "{case}");
        assert!(!contains(&told.sent, "drop_table"));
    }
}

#[test]
fn no_answer_proposes_more_calls_than_the_limit() {
    let calls: Vec<_> = (0..=LIMITS.calls)
        .map(|at| json!({"index": at, "function": {"name": "t", "arguments": "{}"}}))
        .collect();
    let event =
        json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": "stop"}]});
    let told = told(&format!("data: {event}\n\n"));
    assert_eq!(told.error, Some(AnswerError::TooManyCalls));
}

#[test]
fn a_document_beyond_the_limit_is_an_error() {
    let body = vec![b' '; LIMITS.hold_bytes + 1];
    let told = whole(API, Framing::Document, &body, &Verdict::Release);
    assert_eq!(told.error, Some(AnswerError::EventTooLong));
}
