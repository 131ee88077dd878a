//! Publishing: who, why, on what base, and what became of it.

use serde_json::json;

use crate::client::fails;
use crate::plane::{Plane, publication};

#[tokio::test]
async fn what_is_published_reaches_each_data_plane_in_its_scope() {
    let plane = Plane::start().await;
    let answer = plane.publish(0, "first").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(plane.served("beta-1").await.text, "first");
}

#[tokio::test]
async fn a_publication_has_its_author_reason_diff_and_history() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.publish(1, "loose").await;
    let told = plane.client("olga").get("/v1/publications/2").await.json();
    assert_eq!(told["publication"]["author"], "ann");
    assert_eq!(told["publication"]["reason"], "because of 1");
    assert_eq!(
        told["publication"]["diff"],
        json!({"lines": ["acme.yaml changes"], "loosened": true})
    );
    assert_eq!(told["publication"]["stage"], "released");
    assert_eq!(told["files"][0]["text"], "loose");
    assert_eq!(told["changes"][0]["action"], "publish");
    assert_eq!(told["bundles"].as_array().unwrap().len(), 2);
    let list = plane
        .client("olga")
        .get("/v1/publications?limit=1")
        .await
        .json();
    assert_eq!(list["publications"][0]["number"], 2);
    assert_eq!(list["more"], true);
    let rest = plane
        .client("olga")
        .get("/v1/publications?before=2")
        .await
        .json();
    assert_eq!(rest["publications"][0]["stage"], "superseded");
    assert_eq!(rest["more"], false);
}

#[tokio::test]
async fn of_two_publishers_at_once_one_wins_and_the_other_is_told_who_did() {
    let plane = Plane::start().await;
    let (ann, bob) = (plane.client("ann"), plane.client("bob"));
    let all = json!({"to": "all"});
    let (of_ann, of_bob) = (publication(0, "ann's", &all), publication(0, "bob's", &all));
    let (a, b) = tokio::join!(
        ann.post("/v1/publications", &of_ann),
        bob.post("/v1/publications", &of_bob),
    );
    let (winner, loser, name) = if a.status == 201 {
        (a, b, "ann")
    } else {
        (b, a, "bob")
    };
    assert_eq!(winner.status, 201);
    assert_eq!(loser.outcome(), fails(409, "publication.outdated"));
    assert_eq!(loser.json()["latest"]["author"], name);
    assert_eq!(loser.json()["latest"]["number"], 1);
    assert_eq!(plane.served("acme-1").await.text, format!("{name}'s"));
}

#[tokio::test]
async fn all_mistakes_are_told_once_with_their_places_and_scopes_and_nothing_changes() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let answer = plane.publish(1, "a mistake").await;
    assert_eq!(answer.outcome(), fails(422, "publication.mistakes"));
    let both = json!(["acme@eu-central-1", "beta@eu-central-1"]);
    assert_eq!(
        answer.json()["mistakes"],
        json!([{"text": "acme.yaml:1:1: a mistake", "scopes": both}])
    );
    let answer = plane.publish(1, "only acme").await;
    assert_eq!(
        answer.json()["mistakes"][0]["scopes"],
        json!(["beta@eu-central-1"])
    );
    assert_eq!(plane.served("acme-1").await.text, "first");
    assert_eq!(plane.publish(1, "second").await.status, 201);
}

#[tokio::test]
async fn a_publication_that_says_too_little_or_something_unknown_is_refused() {
    let plane = Plane::start().await;
    let ann = plane.client("ann");
    let good = publication(0, "first", &json!({"to": "all"}));
    let with = |name: &str, value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let file = |path: &str| json!([{"path": path, "text": ""}]);
    for (body, outcome) in [
        (with("reason", json!(" ")), fails(422, "request.invalid")),
        (with("files", json!([])), fails(422, "request.invalid")),
        (
            with("files", file("../up.yaml")),
            fails(422, "request.invalid"),
        ),
        (
            with("files", file("/etc/x.yaml")),
            fails(422, "request.invalid"),
        ),
        (
            with(
                "files",
                json!([{"path": "a", "text": ""}, {"path": "A", "text": ""}]),
            ),
            fails(422, "request.invalid"),
        ),
        (
            with("rollout", json!({"to": "percent", "percent": 100})),
            fails(422, "request.invalid"),
        ),
        (
            with("rollout", json!({"to": "percent", "percent": 0})),
            fails(422, "request.invalid"),
        ),
        (
            with("rollout", json!({"to": "some"})),
            fails(400, "request.malformed"),
        ),
        (
            with("author", json!("eve")),
            fails(400, "request.malformed"),
        ),
        (with("base", json!(7)), fails(404, "publication.unknown")),
    ] {
        let answer = ann.post("/v1/publications", &body).await;
        assert_eq!(answer.outcome(), outcome, "{body}");
    }
    assert_eq!(
        ann.get("/v1/publications/1").await.outcome(),
        fails(404, "publication.unknown")
    );
    assert_eq!(
        ann.get("/v1/publications/x").await.outcome(),
        fails(404, "publication.unknown")
    );
    assert_eq!(
        ann.get("/v1/publications?befor=1").await.outcome(),
        fails(400, "request.malformed")
    );
}

#[tokio::test]
async fn a_restart_keeps_everything_and_serves_the_same_bytes() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    plane.publish(1, "second").await;
    let before = plane.served("acme-1").await;
    let plane = plane.restart().await;
    let after = plane.served("acme-1").await;
    assert_eq!((after.text.as_str(), after.number), ("second", 2));
    assert_eq!(after.etag, before.etag);
    assert_eq!(plane.publish(2, "third").await.status, 201);
    assert_eq!(plane.served("acme-1").await.number, 3);
}
