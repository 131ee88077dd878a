//! Promises about lists in answers: what may not be used is gone, everything else is as it was sent.

mod messages;
mod properties;
mod questions;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::entries::MOST_ENTRIES;
use super::*;
use crate::mcp::Following;
use crate::testing::{REFUSAL, get, post};

const SERVER: &str = "mcp.example.com:8443";

const LIMITS: Limits = Limits {
    event_bytes: 4096,
    hold_bytes: 4096,
    hold_events: 1,
    calls: 1,
};

fn asked(method: &str) -> Expected {
    let mut message = json!({"jsonrpc": "2.0", "id": 7, "method": method,
                             "params": {"name": "a", "uri": "a"}});
    if method.starts_with("notifications/") {
        message.as_object_mut().unwrap().remove("id");
    }
    let seen = post(SERVER, "/mcp").json(&message).seen();
    seen.reading.expected().expect("an MCP request").clone()
}

fn headers(content_type: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !content_type.is_empty() {
        headers.insert("content-type", content_type.parse().unwrap());
    }
    headers
}

fn filter(expected: &Expected, content_type: &str) -> Filter {
    match expected.follow(StatusCode::OK, &headers(content_type), LIMITS) {
        Ok(Following::Filter(filter)) => *filter,
        other => panic!("a filter is due, not {other:?}"),
    }
}

/// Everything that one answer led to.
#[derive(Debug, PartialEq)]
struct Told {
    sent: String,
    entries: Vec<String>,
    error: Option<FollowError>,
}

/// Keeps what has no `x` in its name.
fn run<'a>(mut filter: Filter, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let mut pieces = pieces.into_iter();
    let (mut sent, mut entries) = (Vec::new(), Vec::new());
    let error = loop {
        match filter.step() {
            Ok(Step::Forward(bytes)) => sent.extend(bytes),
            Ok(Step::Ask(question)) => {
                let shown = !question.name.contains('x');
                entries.push(question.name);
                if shown {
                    filter.allow();
                } else {
                    filter.leave_out();
                }
            }
            Ok(Step::Judge(judged)) => {
                let name = |entry: &Entry| match entry.call.parameters.get("uri") {
                    Some(uri) => format!("{} {} {uri}", entry.call.tool, entry.call.action),
                    None => format!("{} {}", entry.call.tool, entry.call.action),
                };
                let names: Vec<_> = judged.iter().map(name).collect();
                let verdicts: Vec<_> = names.iter().map(|name| !name.contains('x')).collect();
                entries.extend(names);
                filter.keep(&verdicts).expect("as many verdicts");
            }
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => filter.feed(piece),
                None => filter.finish(),
            },
            Ok(Step::End) => break None,
            Err(error) => break Some(error),
        }
    };
    Told {
        sent: String::from_utf8(sent).expect("utf-8"),
        entries,
        error,
    }
}

fn document(expected: &Expected, body: &str) -> Told {
    run(filter(expected, "application/json"), [body.as_bytes()])
}

fn events(expected: &Expected, body: &str) -> Told {
    run(
        filter(expected, "text/event-stream; charset=utf-8"),
        [body.as_bytes()],
    )
}

fn page(names: &[&str]) -> String {
    let tools: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "inputSchema": {"type": "object"}}))
        .collect();
    json!({"jsonrpc": "2.0", "id": 7, "result": {"tools": tools, "nextCursor": "p2"}}).to_string()
}

#[test]
fn tools_that_may_not_be_called_are_gone_and_every_other_byte_stays() {
    let body = "{\"jsonrpc\":\"2.0\", \"id\":7,\n \"result\":{\"tools\":[ {\"name\" : \"a\"} ,\n\
                {\"name\":\"x1\"},  {\"name\":\"b\",\"n\":1e2} ,{\"name\":\"x2\"} ], \
                \"nextCursor\":\"p\\u0032\"}}\n";
    let told = document(&asked("tools/list"), body);
    assert_eq!(told.error, None);
    assert_eq!(
        told.entries,
        ["docs/a call", "docs/x1 call", "docs/b call", "docs/x2 call"]
    );
    let kept = "{\"jsonrpc\":\"2.0\", \"id\":7,\n \"result\":{\"tools\":[ {\"name\" : \"a\"},  \
                {\"name\":\"b\",\"n\":1e2} ], \"nextCursor\":\"p\\u0032\"}}\n";
    assert_eq!(told.sent, kept);
}

#[test]
fn a_list_of_which_nothing_goes_is_not_touched() {
    for names in [&["a", "b"][..], &[]] {
        let body = page(names);
        assert_eq!(document(&asked("tools/list"), &body).sent, body);
        let stream = format!("event: message\nid: 4\ndata: {body}\n\n");
        assert_eq!(events(&asked("tools/list"), &stream).sent, stream);
    }
}

#[test]
fn an_empty_page_still_leads_to_the_next() {
    let told = document(&asked("tools/list"), &page(&["x1", "x2"]));
    let sent: Value = serde_json::from_str(&told.sent).unwrap();
    assert_eq!(sent["result"], json!({"tools": [], "nextCursor": "p2"}));
}

#[test]
fn each_event_of_a_stream_is_filtered() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/message",
                              "params": {"level": "info", "data": "x"}});
    let body = format!(
        "id: 1\ndata: \n\n: ping\n\nevent: message\ndata: {notification}\n\nevent: message\r\ndata: {}\r\n\r\n",
        page(&["a", "x1"])
    );
    let told = events(&asked("tools/list"), &body);
    assert_eq!(told.error, None);
    assert_eq!(told.sent, body.replace(&page(&["a", "x1"]), &page(&["a"])));
}

#[test]
fn resources_templates_and_prompts_are_judged_by_the_call_that_they_lead_to() {
    let table = [
        (
            "resources/list",
            json!({"resources": [{"uri": "file:///a", "name": "A"}, {"uri": "file:///x", "name": "A"}]}),
            "docs resources/read \"file:///a\"",
        ),
        (
            "resources/templates/list",
            json!({"resourceTemplates": [{"uriTemplate": "db://{t}", "name": "A"}, {"uriTemplate": "x://{t}", "name": "A"}]}),
            "docs resources/read \"db://{t}\"",
        ),
        (
            "prompts/list",
            json!({"prompts": [{"name": "greet"}, {"name": "x"}]}),
            "docs/greet get",
        ),
    ];
    for (method, result, first) in table {
        let body = json!({"jsonrpc": "2.0", "id": 7, "result": result}).to_string();
        let told = document(&asked(method), &body);
        assert_eq!(told.entries.first().map(String::as_str), Some(first));
        let sent: Value = serde_json::from_str(&told.sent).unwrap();
        let (_, list) = sent["result"].as_object().unwrap().iter().next().unwrap();
        assert_eq!(list.as_array().unwrap().len(), 1, "{method}");
    }
}

#[test]
fn a_resource_that_no_call_can_name_is_gone_unasked() {
    let body =
        json!({"jsonrpc": "2.0", "id": 7, "result": {"resources": [{"uri": "file:///a/../b"}]}});
    let told = document(&asked("resources/list"), &body.to_string());
    assert!(told.entries.is_empty());
    assert!(told.sent.contains("\"resources\":[]"));
}

#[test]
fn a_list_under_another_name_than_the_one_that_was_asked_is_filtered_as_well() {
    let told = document(&asked("prompts/list"), &page(&["a", "x1"]));
    assert_eq!(told.sent, page(&["a"]));
}

#[test]
fn what_clients_could_read_differently_is_refused() {
    let list = |tools: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"tools":{tools}}}}}"#);
    let table = [
        (
            r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[],"tools":[{"name":"x"}]}}"#.to_owned(),
            "protocol.list_malformed",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"result":{"Tools":[{"name":"x"}]}}"#.to_owned(),
            "protocol.list_ambiguous",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"Result":{"tools":[{"name":"x"}]}}"#.to_owned(),
            "protocol.list_ambiguous",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"result":[{"tools":[]}]}"#.to_owned(),
            "protocol.list_malformed",
        ),
        (
            r#"{"jsonrpc":"2.0","id":8,"result":{"tools":[]}}"#.to_owned(),
            "protocol.list_unasked",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"7","result":{"tools":[]}}"#.to_owned(),
            "protocol.list_unasked",
        ),
        (
            r#"{"jsonrpc":"2.0","result":{"tools":[]}}"#.to_owned(),
            "protocol.list_unasked",
        ),
        (list(r#"{"0":{"name":"x"}}"#), "protocol.list_malformed"),
        (list(r#"[["x"]]"#), "protocol.list_malformed"),
        (list(r#"[{"title":"x"}]"#), "protocol.list_malformed"),
        (
            list(r#"[{"name":"a","Name":"x"}]"#),
            "protocol.list_ambiguous",
        ),
        (list(r#"[{"name":"a"}"#), "protocol.list_malformed"),
        (page(&["a"; 200]), "protocol.list_limit"),
    ];
    for (body, rule) in table {
        let told = document(&asked("tools/list"), &body);
        assert_eq!(told.error.map(FollowError::rule), Some(rule), "{body}");
        assert_eq!(told.sent, "");
        let told = events(&asked("tools/list"), &format!("data: {body}\n\n"));
        assert_eq!(told.error.map(FollowError::rule), Some(rule), "{body}");
        assert_eq!(told.sent, "");
    }
}

#[test]
fn an_event_has_so_many_entries_and_no_more() {
    let limits = Limits {
        event_bytes: 1 << 20,
        hold_bytes: 1 << 20,
        ..LIMITS
    };
    let half = vec![json!({"name": "a"}); MOST_ENTRIES / 2];
    let most = json!({"jsonrpc": "2.0", "id": 7, "result": {"tools": half, "prompts": half}});
    let mut beyond = most.clone();
    beyond["result"]["prompts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "a"}));
    let expected = asked("tools/list");
    for (body, error) in [(most, None), (beyond, Some(FollowError::TooLong))] {
        let followed = expected.follow(StatusCode::OK, &headers("application/json"), limits);
        let Ok(Following::Filter(filter)) = followed else {
            panic!("a filter is due")
        };
        let told = run(*filter, [body.to_string().as_bytes()]);
        assert_eq!(told.error, error);
    }
}

#[test]
fn an_error_is_no_list() {
    let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}"#;
    assert_eq!(document(&asked("tools/list"), body).sent, body);
    assert_eq!(document(&asked("tools/list"), "").sent, "");
}

#[test]
fn a_list_that_cannot_be_looked_into_is_refused() {
    let expected = asked("tools/list");
    let mut compressed = headers("application/json");
    compressed.insert("content-encoding", "br".parse().unwrap());
    let mut twice = headers("application/json");
    twice.append("content-type", "text/html".parse().unwrap());
    let hidden = [
        headers("text/html"),
        headers("application/json; charset=utf-7"),
        headers("application/octet-stream"),
        compressed,
        twice,
    ];
    for headers in hidden {
        let refused = expected.follow(StatusCode::OK, &headers, LIMITS);
        assert!(matches!(refused, Err(FollowError::Hidden)), "{headers:?}");
        let failed = expected.follow(StatusCode::UNAUTHORIZED, &headers, LIMITS);
        assert!(matches!(failed, Ok(Following::Nothing)), "{headers:?}");
    }
    // A client that reads JSON whatever the status finds the list filtered there, too.
    for status in [StatusCode::OK, StatusCode::NOT_FOUND] {
        for content_type in ["", "Application/JSON", "text/event-stream"] {
            let followed = expected.follow(status, &headers(content_type), LIMITS);
            assert!(matches!(followed, Ok(Following::Filter(_))));
        }
    }
}

#[test]
fn a_resumed_stream_may_bring_any_list() {
    let seen = get(SERVER, "/mcp")
        .header("accept", "text/event-stream")
        .seen();
    let expected = seen.reading.expected().unwrap();
    let body = format!("data: {}\n\n", page(&["a", "x1"]).replace(":7,", ":99,"));
    let told = events(expected, &body);
    assert_eq!(told.error, None);
    assert!(told.sent.contains("\"a\"") && !told.sent.contains("x1"));
    let first = "event: endpoint\ndata: /messages?session_id=1\n\n";
    assert_eq!(events(expected, first).sent, first);
    let posing = format!("event: endpoint\ndata: {}\n\n", page(&["a", "x1"]));
    assert!(!events(expected, &posing).sent.contains("x1"));
}

#[test]
fn a_request_that_could_not_be_read_may_have_asked_for_any_list() {
    let seen = post(SERVER, "/mcp").too_long().seen();
    let told = document(seen.reading.expected().unwrap(), &page(&["a", "x1"]));
    assert_eq!(told.sent, page(&["a"]));
}

#[test]
fn the_answer_to_a_call_passes_and_tells_whether_the_tool_failed() {
    let expected = asked("tools/call");
    for (flag, told) in [
        (json!(true), true),
        (json!(false), false),
        (json!("true"), false),
    ] {
        let body = json!({"jsonrpc": "2.0", "id": 7,
                          "result": {"content": [], "isError": flag}})
        .to_string();
        let event = format!("event: message\ndata: {body}\n\n");
        for (content_type, body) in [("application/json", body), ("text/event-stream", event)] {
            let mut filter = filter(&expected, content_type);
            filter.feed(body.as_bytes());
            filter.finish();
            assert_eq!(filter.step(), Ok(Step::Forward(Bytes::from(body))));
            assert_eq!(filter.step(), Ok(Step::End));
            assert_eq!(filter.tool_error(), told);
        }
    }
}

#[test]
fn an_answer_is_to_nothing_but_its_own_request() {
    let foreign = [
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"x"}]}}"#,
        r#"{"jsonrpc":"2.0","id":"7","result":{}}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
        r#"[{"jsonrpc":"2.0","id":7,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#,
    ];
    let unclear = [
        r#"{"jsonrpc":"2.0","id":1,"id":7,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"ID":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"Result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{}"#,
        r#"[[{"id":1,"result":{}}]]"#,
    ];
    for method in [
        "ping",
        "tools/call",
        "initialize",
        "notifications/initialized",
    ] {
        for body in foreign {
            for told in [
                document(&asked(method), body),
                events(&asked(method), &format!("data: {body}\n\n")),
            ] {
                assert_eq!(told.error, Some(FollowError::Unasked), "{method} {body}");
                assert_eq!(told.sent, "");
            }
        }
        for body in unclear {
            let rule = document(&asked(method), body).error.map(FollowError::rule);
            assert_eq!(rule, Some("protocol.list_malformed"), "{method} {body}");
        }
    }
    let failed = foreign[4];
    let told = document(&asked("tools/list"), failed);
    assert_eq!(told.error, Some(FollowError::Unasked));
}

#[test]
fn what_a_server_asks_or_tells_on_the_way_to_its_answer_goes_on() {
    let body = [
        r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"id":1}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"x"}]}}"#,
    ];
    let stream: String = body.map(|data| format!("data: {data}\n\n")).concat();
    let told = events(&asked("tools/call"), &stream);
    assert_eq!((told.error, told.sent), (None, stream));
}

#[test]
fn of_what_is_no_list_only_the_outermost_members_are_read() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for result in [r#"{"text":"half a \ud83d"}"#, r#"{"a":1,"a":1e999}"#, &deep] {
        let body = format!(r#"{{"result":{result},"jsonrpc":"2.0","id":7}}"#);
        let told = document(&asked("tools/call"), &body);
        assert_eq!((told.error, told.sent), (None, body));
    }
}

#[test]
fn what_nobody_takes_for_a_message_goes_as_it_comes() {
    for text in ["Accepted", "Unauthorized", "<html>", "\"tools\"", ""] {
        let told = run(filter(&asked("initialize"), ""), [text.as_bytes()]);
        assert_eq!((told.error, &*told.sent), (None, text));
        let failed = asked("tools/list").follow(StatusCode::BAD_GATEWAY, &headers(""), LIMITS);
        let Ok(Following::Filter(failed)) = failed else {
            panic!("it is followed");
        };
        let told = run(*failed, [text.as_bytes()]);
        assert_eq!((told.error, &*told.sent), (None, text));
    }
    let error = r#"{"error":"invalid_token","id":"of-a-web-server"}"#;
    let told = document(&asked("initialize"), error);
    assert_eq!((told.error, &*told.sent), (None, error));
    // UTF-16 is JSON to some clients.
    let body = r#"{"id":1,"result":{}}"#.encode_utf16();
    let body: Vec<u8> = body.flat_map(u16::to_be_bytes).collect();
    let told = run(filter(&asked("ping"), ""), [&*body]);
    assert_eq!(
        told.error.map(FollowError::rule),
        Some("protocol.list_malformed")
    );
}

/// A client may take it for an event stream, whatever it is called.
#[test]
fn text_where_a_list_is_due_is_refused() {
    let events = format!("event: message\ndata: {}\n\n", page(&["pay"]));
    for text in [
        &*events,
        ": x\n",
        "Accepted",
        "<html>",
        "\"tools\"",
        "\u{feff}[]",
    ] {
        for content_type in ["", "application/json"] {
            let told = run(
                filter(&asked("tools/list"), content_type),
                [text.as_bytes()],
            );
            let rule = told.error.map(FollowError::rule);
            assert_eq!(rule, Some("protocol.list_malformed"), "{text}");
            assert!(!told.sent.contains("pay"), "{text}");
        }
    }
}

#[test]
fn an_answer_to_what_asks_nothing_may_have_any_type() {
    let html = headers("text/html");
    let told = asked("notifications/initialized").follow(StatusCode::OK, &html, LIMITS);
    assert!(matches!(told, Ok(Following::Nothing)));
    for method in ["ping", "tools/call"] {
        let refused = asked(method).follow(StatusCode::OK, &html, LIMITS);
        assert!(matches!(refused, Err(FollowError::Hidden)));
    }
}

#[test]
fn every_verdict_has_its_entry() {
    let mut filter = filter(&asked("tools/list"), "application/json");
    filter.feed(page(&["a", "b"]).as_bytes());
    filter.finish();
    let Ok(Step::Judge(entries)) = filter.step() else {
        panic!("entries are due")
    };
    for wrong in [&[][..], &[true], &[true; 3]] {
        assert_eq!(filter.keep(wrong), Err(FollowError::Verdicts));
        assert_eq!(filter.step(), Ok(Step::Judge(entries.clone())));
    }
    assert_eq!(filter.keep(&[true, true]), Ok(()));
    assert!(matches!(filter.step(), Ok(Step::Forward(_))));
    assert_eq!(filter.keep(&[true, true]), Err(FollowError::Verdicts));
}

#[test]
fn a_refused_answer_ends_with_an_error_for_the_request() {
    let mut filter = filter(&asked("tools/list"), "text/event-stream");
    filter.feed(b"data: {\n\n");
    assert!(filter.step().is_err() && filter.step().is_err());
    let last = filter.refuse(&REFUSAL);
    let text = std::str::from_utf8(&last).unwrap();
    let data = text.strip_prefix("event: message\ndata: ").unwrap();
    let error: Value = serde_json::from_str(data).unwrap();
    assert_eq!(error["id"], 7);
    assert!(error["error"]["code"].is_number());
    filter.feed(page(&["x"]).as_bytes());
    assert_eq!(filter.step(), Ok(Step::End));
}

#[test]
fn debug_output_shows_nothing_of_the_answer() {
    let mut filter = filter(&asked("resources/list"), "application/json");
    let body =
        json!({"jsonrpc": "2.0", "id": 7, "result": {"resources": [{"uri": "file:///secret"}]}});
    filter.feed(body.to_string().as_bytes());
    filter.finish();
    let shown = format!("{:?} {filter:?}", filter.step());
    assert!(shown.contains("Resources") && !shown.contains("secret"));
}
