//! A server that falls silent behind the beginning of a value: what is held back of it never reaches the agent, however the stream ends.

use std::time::Duration;

use aegis_testkit::{Aegis, Answer, Feed, Reply, Upstream};

use super::{POLICY, ask, get, joined, piece};

#[tokio::test]
async fn what_waits_of_a_models_stream_is_not_released_when_the_proxy_ends() {
    for (said, shown) in HALVES {
        let feed = Feed::new();
        let (aegis, llm) = silent(&feed).await;
        let mut reply = ask(&aegis, &llm).await;
        feed.event(&piece(said).to_string());
        let first = reply.chunk().await.expect("the text before it");
        assert_eq!(joined(&String::from_utf8_lossy(&first)), shown);

        let (cut, _) = aegis.stop().await;

        assert_eq!(cut, 1);
        assert_eq!(joined(&rest(&mut reply).await), "");
    }
}

#[tokio::test]
async fn nor_is_what_waits_of_plain_text() {
    for (said, shown) in HALVES {
        let feed = Feed::new();
        let (aegis, site) = silent(&feed).await;
        let mut reply = get(&aegis, &site).await;
        feed.send(said);
        let first = reply.chunk().await.expect("the text before it");
        assert_eq!(String::from_utf8_lossy(&first), shown);

        let (cut, _) = aegis.stop().await;

        assert_eq!(cut, 1);
        assert_eq!(rest(&mut reply).await, "");
    }
}

#[tokio::test]
async fn nor_when_a_new_policy_ends_the_stream() {
    let feed = Feed::new();
    let (aegis, llm) = silent(&feed).await;
    let mut reply = ask(&aegis, &llm).await;
    feed.event(&piece("Write to ann@corp.exa").to_string());
    reply.chunk().await.expect("the text before it");

    aegis
        .change_policy(&policy().replace("sanitize}", "deny}"))
        .await;

    let rest = rest(&mut reply).await;
    assert!(!rest.contains("corp"), "{rest}");
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["outcome_detail"], "closed_by_policy");
}

/// What comes until the end, whether that is one or a break.
async fn rest(reply: &mut Reply) -> String {
    let mut rest = Vec::new();
    while let Ok(Some(chunk)) = reply.try_chunk().await {
        rest.extend_from_slice(&chunk);
    }
    String::from_utf8(rest).expect("utf-8")
}

/// It says what the feed says: events to a model's client, plain text to any other.
async fn silent(feed: &Feed) -> (Aegis, Upstream) {
    let feed = feed.clone();
    let upstream = Upstream::http().answer(move |request| {
        if request.method == http::Method::POST {
            return Answer::events(&feed);
        }
        let answer = Answer::status(200).header("content-type", "text/plain");
        answer.body(feed.payload())
    });
    let aegis = Aegis::with_policy(&policy())
        .agent("acme", "bot")
        .agent("acme", "trial")
        .hosts(&["llm.test", "site.test", "mcp.test"])
        .settings(|settings| settings.limits.drain_grace = Duration::from_millis(100));
    (aegis.start().await, upstream.start().await)
}

/// Cards are data, too.
fn policy() -> String {
    let both = "answers: {EMAIL_ADDRESS: sanitize, CREDIT_CARD: sanitize}";
    POLICY.replace("answers: {EMAIL_ADDRESS: EFFECT}", both)
}

/// What was said, and how much of it may be shown as long as nothing follows.
const HALVES: [(&str, &str); 2] = [
    ("Write to ann@corp.exa", "Write to "),
    ("Pay with 4111 1111 1111", "Pay with "),
];
