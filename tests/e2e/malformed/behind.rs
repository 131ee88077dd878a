//! What comes behind a request that is being answered never costs it its answer.

use aegis_testkit::{Answer, Feed, TestCa, Upstream};

use super::{PROOF, recorded, web};

#[tokio::test]
async fn an_empty_line_behind_a_request_is_passed_over_and_two_are_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let mut client = aegis.raw().await;

    for _ in 0..3 {
        client.send(get(&upstream) + "\r\n").await;
        assert_eq!(client.read_response().await.status, 200);
    }
    client.send("\r\n\r\n").await;

    let refused = client.read_response().await;
    assert_eq!(refused.status, 400);
    recorded(&aegis, &refused).await;
    assert_eq!(upstream.count(), 3);
}

#[tokio::test]
async fn what_is_no_http_is_told_when_the_request_before_it_is_answered() {
    for late in ["\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\n"] {
        let feed = Feed::new();
        let body = feed.clone();
        let upstream = Upstream::http()
            .answer(move |_| Answer::events(&body))
            .start()
            .await;
        let aegis = web(&TestCa::new()).start().await;
        let mut client = aegis.raw().await;
        client.send(get(&upstream)).await;
        assert_eq!(client.read_response_head().await.status, 200, "{late:?}");

        client.send(late).await;
        // What another one sent later has arrived: so has this.
        let mut another = aegis.raw().await;
        another.send(late).await;
        assert_eq!(another.read_response().await.status, 400, "{late:?}");
        feed.event("late");
        feed.end();

        let rest = client.read_to_end().await;
        let rest = String::from_utf8_lossy(&rest);
        let (answer, refusal) = rest.split_once("HTTP/1.1 400").expect("a refusal");
        assert!(answer.contains("data: late"), "{late:?}: {rest}");
        assert!(answer.ends_with("0\r\n\r\n"), "{late:?}: {rest}");
        assert!(refusal.contains("http.malformed"), "{late:?}: {rest}");
        let (_, end) = aegis.lines(|line| line["outcome"] == "allow").await;
        assert_eq!(end["outcome_detail"], "forwarded", "{late:?}");
    }
}

fn get(upstream: &Upstream) -> String {
    let (url, port) = (upstream.url_as("plain.test", "/"), upstream.port());
    format!("GET {url} HTTP/1.1\r\nHost: plain.test:{port}\r\n{PROOF}\r\n")
}
