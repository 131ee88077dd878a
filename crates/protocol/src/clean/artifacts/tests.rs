use aegis_policy::{Action, AnswerEffect, AnswerRules, Numbers, Unread};
use serde_json::json;

use super::*;
use crate::testing::scanner;

const VALUES: &str =
    "Write to ann@corp.example or pay 4111 1111 1111 1111, \u{e4}sk bob@corp.example";
const CLEAN: &str = "Write to [REDACTED:EMAIL_ADDRESS] or pay [REDACTED:CREDIT_CARD], \u{e4}sk [REDACTED:EMAIL_ADDRESS]";

fn cleaner() -> Cleaner {
    let sanitize = AnswerEffect::Sanitize(Action::Label);
    let types = ["EMAIL_ADDRESS", "CREDIT_CARD"];
    let rules = AnswerRules {
        data: types.map(|kind| (kind.into(), sanitize)).into(),
        unread: Unread::Deny,
        numbers: Numbers::Text,
    };
    Cleaner::new(scanner(), &rules)
}

/// Each version and binding.
const FORMS: [fn(Value) -> Value; 4] = [
    |update| json!({"jsonrpc": "2.0", "id": 3, "result": {"artifactUpdate": update}}),
    |update| json!({"artifactUpdate": update}),
    |update| {
        let mut update = update;
        update["kind"] = "artifact-update".into();
        json!({"jsonrpc": "2.0", "id": "r", "result": update})
    },
    |update| json!({"artifact_update": update}),
];

fn update(id: &str, parts: &Value, appends: bool) -> Value {
    json!({"taskId": "t", "contextId": "c", "append": appends, "metadata": {"a": 1},
           "artifact": {"artifactId": id, "name": "n", "parts": parts}})
}

fn text(text: &str) -> Value {
    json!([{"kind": "text", "text": text}])
}

/// What a client puts together of each artifact's texts.
fn heard(events: &[Value]) -> Vec<(String, String)> {
    let mut heard: Vec<(String, String)> = Vec::new();
    for event in events {
        let text = event.to_string();
        let tree = Tree::parse(text.as_bytes()).expect("JSON");
        let Some(update) = Update::of(tree.root().expect("a root")) else {
            continue;
        };
        let id = update.ids[1].clone();
        let at = heard
            .iter()
            .position(|(known, _)| *known == id)
            .unwrap_or_else(|| {
                heard.push((id, String::new()));
                heard.len() - 1
            });
        for part in &update.parts {
            heard[at]
                .1
                .push_str(&text_of(*part).and_then(Node::text).unwrap_or_default());
        }
    }
    heard
}

/// What goes on of these events, and of their end.
fn passed(events: &[Value]) -> Vec<Value> {
    let mut cleaner = cleaner();
    let mut artifacts = Artifacts::default();
    let mut passed = Vec::new();
    let value = |event: &str| serde_json::from_str(event).expect("JSON");
    for event in events {
        let data = event.to_string();
        let told = artifacts
            .event(&mut cleaner, data.as_bytes())
            .expect("no error");
        let told = told.unwrap_or_default();
        passed.extend(told.before.iter().map(|it| value(it)));
        passed.push(value(told.instead.as_deref().unwrap_or(&data)));
    }
    passed.extend(
        artifacts
            .end(&mut cleaner)
            .expect("an end")
            .iter()
            .map(|it| value(it)),
    );
    passed
}

#[test]
fn a_text_that_is_carried_on_anywhere_gives_what_one_event_gives() {
    for form in FORMS {
        let whole = passed(&[form(update("a", &text(VALUES), false))]);
        let whole = heard(&whole);
        assert_eq!(whole[0].1, CLEAN);
        for (cut, _) in VALUES.char_indices() {
            let (begin, rest) = VALUES.split_at(cut);
            for ends in [false, true] {
                let mut last = update("a", &text(rest), true);
                last["lastChunk"] = ends.into();
                let events = [form(update("a", &text(begin), false)), form(last)];
                let events = passed(&events);
                assert_eq!(heard(&events), whole, "{cut}");
                assert!(!ends || events.len() == 2, "{cut}");
            }
        }
    }
}

#[test]
fn texts_in_three_pieces_and_side_by_side_are_texts_of_their_own() {
    let [form, ..] = FORMS;
    for (first, _) in VALUES.char_indices().step_by(3) {
        let (begin, rest) = VALUES.split_at(first);
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let (middle, end) = rest.split_at(one);
        let pieces = [begin, middle, end];
        let mut events = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            for id in ["a", "b"] {
                events.push(form(update(id, &text(piece), at > 0)));
            }
        }
        let heard = heard(&passed(&events));
        assert_eq!(heard.len(), 2);
        assert!(heard.iter().all(|(_, text)| text == CLEAN), "{heard:?}");
    }
}

#[test]
fn the_rest_of_a_text_is_told_like_the_event_that_began_it() {
    let status = json!({"jsonrpc": "2.0", "id": 3, "result": {"statusUpdate": {
        "taskId": "t", "status": {"state": "TASK_STATE_COMPLETED"}}}});
    let working = json!({"jsonrpc": "2.0", "id": 3, "result": {"statusUpdate": {
        "taskId": "t", "status": {"state": "TASK_STATE_WORKING"}}}});
    let [form, ..] = FORMS;
    let begun = form(update("a", &text("I am ann@corp"), false));

    let passed = passed(&[begun, working.clone(), status.clone()]);

    assert_eq!(passed[1], working);
    let rest = json!({"jsonrpc": "2.0", "id": 3, "result": {"artifactUpdate": {
        "taskId": "t", "contextId": "c", "append": true,
        "artifact": {"artifactId": "a", "name": "n", "parts": [{"kind": "text", "text": "ann@corp"}]}}}});
    assert_eq!(passed[2..], [rest, status]);
}

#[test]
fn what_is_replaced_or_of_another_kind_ends_a_text() {
    let [form, ..] = FORMS;
    let data =
        json!([{"kind": "data", "data": {"a": 1}}, {"kind": "text", "text": "corp.example"}]);
    for next in [
        update("a", &text("corp.example"), false),
        update("a", &data, true),
    ] {
        let events = passed(&[form(update("a", &text("ann@"), false)), form(next)]);
        assert_eq!(heard(&events)[0].1, "ann@corp.example", "{events:?}");
        assert_eq!(heard(&events[..2])[0].1, "ann@", "{events:?}");
    }
}

#[test]
fn a_text_that_is_json_stays_it() {
    let [form, ..] = FORMS;
    let said = json!({"mail": "ann@corp.example"}).to_string();
    let events = passed(&[form(update("a", &text(&said), false))]);
    assert_eq!(events.len(), 1);
    let heard = &heard(&events)[0].1;
    let said: Value = serde_json::from_str(heard).expect("JSON");
    assert_eq!(said["mail"], "[REDACTED:EMAIL_ADDRESS]");
}

#[test]
fn what_is_no_agents_is_left_alone() {
    let mut artifacts = Artifacts::default();
    for data in [
        "tick",
        "{}",
        "[1]",
        "{\"artifact\": 5}",
        "{\"result\": {\"kind\": \"task\"}}",
    ] {
        let told = artifacts.event(&mut cleaner(), data.as_bytes());
        assert_eq!(told, Ok(None), "{data}");
    }
}
