//! What an answer says beside its content: comments, ids and names of events; and text of which nothing can be read.

use aegis_testkit::{Answer, Upstream};
use serde_json::json;

use super::{ask, get, joined, piece, site, typed};

const DATA: &str = "ann@corp.example";

#[tokio::test]
async fn a_comment_with_data_is_left_out_of_a_stream_and_others_stay() {
    let said = piece("fine");
    let body = format!(
        ": ping\n: for {DATA}\ndata: {said}\n\n: {DATA}\n\nretry: {DATA}\ndata: [DONE]\n\n"
    );
    let events = move || typed("text/event-stream", &body);
    let (aegis, site) = site(events, "sanitize").await;

    for model in [false, true] {
        let mut reply = if model {
            ask(&aegis, &site).await
        } else {
            get(&aegis, &site).await
        };
        let received = reply.text().await;

        assert_eq!(received.matches(": ping\n").count(), 1, "{received}");
        assert_eq!(joined(&received), "fine");
        assert!(received.contains("data: [DONE]\n\n"), "{received}");
        assert!(!received.contains("corp"), "{received}");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["answer_data"][0]["count"], 3, "{end}");
        assert_eq!(end["outcome_detail"], "forwarded", "{end}");
    }
}

#[tokio::test]
async fn nor_does_an_mcp_server_say_anything_in_comments() {
    let result = json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}});
    let body = format!(": {DATA}\nevent: message\ndata: {result}\n\n");
    let (aegis, site) = site(move || typed("text/event-stream", &body), "sanitize").await;
    let call =
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "find"}});
    let url = site.url_as("mcp.test", "/mcp");
    let mut reply = aegis.client("bot").post_json(&url, &call).await;
    assert_eq!(
        reply.text().await,
        format!("event: message\ndata: {result}\n\n")
    );
}

#[tokio::test]
async fn an_id_or_a_name_of_an_event_with_data_ends_the_stream() {
    for effect in ["sanitize", "deny"] {
        let rule = match effect {
            "deny" => "data.EMAIL_ADDRESS",
            _ => "data.event",
        };
        for line in ["id", "event"] {
            let (first, second) = (piece("One moment, please"), piece("two "));
            let body = format!("data: {first}\n\n{line}: {DATA}\ndata: {second}\n\n");
            let (aegis, site) = site(move || typed("text/event-stream", &body), effect).await;
            for model in [false, true] {
                let mut reply = if model {
                    ask(&aegis, &site).await
                } else {
                    get(&aegis, &site).await
                };
                let received = reply.text().await;

                assert!(joined(&received).starts_with("One moment, "), "{received}");
                assert!(!received.contains("two"), "{received}");
                assert!(!received.contains("corp"), "{received}");
                let (_, end) = aegis.lines_of(&reply).await;
                assert_eq!(end["outcome_detail"], "refused", "{end}");
                assert_eq!(end["refusal"]["rules"][0]["rule"], rule, "{end}");
            }
        }
    }
}

#[tokio::test]
async fn short_text_that_cannot_be_read_is_refused_and_the_record_says_so() {
    let wide: Vec<u8> = DATA.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        wide,
        format!("{DATA}\0").into_bytes(),
        format!("\0{DATA}").into_bytes(),
    ] {
        let text = move || {
            let answer = Answer::status(200).header("content-type", "text/plain");
            answer.body(body.clone())
        };
        let (aegis, site) = site(text, "sanitize").await;

        let mut reply = get(&aegis, &site).await;

        assert_eq!(reply.status(), 502);
        assert_eq!(reply.json().await["reasons"][0]["rule"], "data.unread");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["status"], 502, "{end}");
        assert_eq!(end["outcome_detail"], "refused", "{end}");
    }
}

/// Nobody knows how long it will be, so that its head goes on at once.
#[tokio::test]
async fn of_text_without_a_length_the_head_comes_before_the_connection_is_cut() {
    let wire = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n4\r\na\0b\0\r\n0\r\n\r\n";
    let site = Upstream::http().wire(wire).start().await;
    let (aegis, _) = super::site(|| Answer::text(""), "sanitize").await;

    let mut reply = get(&aegis, &site).await;

    assert_eq!(reply.status(), 200);
    while let Ok(Some(_)) = reply.try_chunk().await {}
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["status"], 200, "{end}");
    assert_eq!(end["outcome_detail"], "refused", "{end}");
}
