//! A conversation over a WebSocket: its text flows, its calls are held, and it goes on after a refusal.

use std::collections::VecDeque;

use aegis_policy::{Outcome, Reason};
use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::Cleaner;
use crate::testing::scanner;
use crate::websocket::Message;

#[test]
fn what_proposes_no_call_passes_at_once_as_it_came() {
    let mut conversation = Conversation::new(LIMITS);
    for event in [
        json!({"type": "session.created", "session": {"model": "gpt-realtime"}}),
        json!({"type": "response.created", "response": {"id": "r1", "status": "in_progress", "output": []}}),
        json!({"type": "response.output_text.delta", "response_id": "r1", "item_id": "i1", "delta": "hi"}),
        json!({"type": "rate_limits.updated"}),
    ] {
        let message = message(&event);
        conversation.hear(message.clone()).unwrap();
        assert_eq!(conversation.turn(), Ok(Turn::Pass(message)));
        assert_eq!(conversation.turn(), Ok(Turn::Wait));
    }
    assert_eq!(conversation.heard().model.as_deref(), Some("gpt-realtime"));
}

#[test]
fn a_released_call_passes_as_it_came_and_is_judged_once() {
    let told = told(&call("r1", "i1", "pay", r#"{"sum":7}"#), &Verdict::Release);
    let events = call("r1", "i1", "pay", r#"{"sum":7}"#);
    assert_eq!(told.sent, events);
    assert_eq!(told.calls.len(), 1);
    assert_eq!(told.calls[0].name, "pay");
    let Arguments::Read(arguments) = &told.calls[0].arguments else {
        panic!("arguments")
    };
    assert_eq!(arguments["sum"], 7);
}

#[test]
fn nothing_of_a_call_goes_out_before_its_verdict() {
    let mut conversation = Conversation::new(LIMITS);
    let events = call("r1", "i1", "pay", r#"{"sum":7}"#);
    // All but the end of the arguments.
    for event in &events[1..5] {
        conversation.hear(message(event)).unwrap();
        assert_eq!(conversation.turn(), Ok(Turn::Wait), "{event}");
    }
    conversation.hear(message(&events[5])).unwrap();
    assert!(matches!(conversation.turn(), Ok(Turn::Judge(_))));
}

#[test]
fn replaced_arguments_stand_wherever_the_server_repeats_them() {
    let verdict = Verdict::Replace(json!({"sum": 0}));
    let told = told(&call("r1", "i1", "pay", r#"{"sum":7}"#), &verdict);
    assert_eq!(told.calls.len(), 1);
    let text = Value::from(told.sent.clone()).to_string();
    assert!(!text.contains('7'), "{text}");
    let deltas = told.sent.iter().filter_map(|event| event["delta"].as_str());
    assert_eq!(deltas.collect::<String>(), r#"{"sum":0}"#);
    let done = told.sent.last().unwrap();
    assert_eq!(done["response"]["output"][0]["arguments"], r#"{"sum":0}"#);
}

#[test]
fn a_refused_call_fails_its_answer_and_the_conversation_goes_on() {
    let mut events = call("r1", "i1", "pay", r#"{"sum":7}"#);
    events.extend(call("r2", "i2", "read", "{}"));
    let told = told_by(&events, |call| {
        if call.name == "pay" {
            Verdict::Refuse
        } else {
            Verdict::Release
        }
    });

    let kinds: Vec<_> = told
        .sent
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds[..4],
        [
            "response.created",
            "error",
            "response.done",
            "response.created"
        ]
    );
    assert_eq!(told.sent[1]["error"]["code"], "tool");
    let done = &told.sent[2]["response"];
    assert_eq!(done["id"], "r1");
    assert_eq!(
        (&done["status"], &done["output"]),
        (&json!("failed"), &json!([]))
    );
    assert_eq!(done["status_details"]["error"]["code"], "tool");
    assert_eq!(told.sent[3..], call("r2", "i2", "read", "{}"));
    assert!(!Value::from(told.sent.clone()).to_string().contains("pay"));
}

#[test]
fn the_end_of_a_refused_answer_repeats_nothing_that_it_said() {
    let mut events = call("r1", "i1", "pay", "{}");
    let done = events.last_mut().unwrap();
    let secret = Value::from("ann@corp.example");
    done["response"]["metadata"] = json!({"to": secret});
    done["response"]["instructions"] = secret.clone();
    done["response"]["usage"] = json!({"input_tokens": 1});
    done["note"] = secret;
    let told = told_in(searched(), &events, |_| Verdict::Refuse);
    let done = told.sent.last().unwrap();
    assert_eq!(done["response"]["usage"], json!({"input_tokens": 1}));
    assert!(!done.to_string().contains("corp"), "{done}");
}

#[test]
fn texts_that_break_off_leave_room_for_others() {
    let mut events = Vec::new();
    for at in 0..2 * LIMITS.calls {
        let (response, item) = (format!("r{at}"), format!("i{at}"));
        let mut call = call(&response, &item, "pay", "{}");
        let mut says = |event| call.insert(1, event);
        says(
            json!({"type": "response.output_text.delta", "response_id": response,
            "item_id": format!("t{at}"), "output_index": 1, "content_index": 0, "delta": "to ann@"}),
        );
        let heard = |kind: &str| {
            json!({"type": format!("conversation.item.{kind}"), "item_id": format!("h{at}"),
                "content_index": 0, "delta": "my card is 4000"})
        };
        says(heard("input_audio_transcription.failed"));
        says(heard("input_audio_transcription.delta"));
        events.extend(call);
    }
    let told = told_in(searched(), &events, |_| Verdict::Refuse);
    let failed = |event: &&Value| event["response"]["status"] == "failed";
    assert_eq!(told.sent.iter().filter(failed).count(), 2 * LIMITS.calls);
}

#[test]
fn answers_at_the_same_time_are_told_apart() {
    let (one, two) = (
        call("r1", "i1", "pay", r#"{"sum":7}"#),
        call("r2", "i2", "read", r#"{"page":1}"#),
    );
    let mixed: Vec<Value> = one
        .iter()
        .zip(&two)
        .flat_map(|(a, b)| [a.clone(), b.clone()])
        .collect();
    let told = told_by(&mixed, |call| {
        if call.name == "pay" {
            Verdict::Refuse
        } else {
            Verdict::Release
        }
    });
    let others = told.sent.iter().filter(|event| two.contains(event));
    assert_eq!(others.count(), two.len());
    assert!(!Value::from(told.sent.clone()).to_string().contains("pay"));
}

#[test]
fn a_call_that_is_broken_off_is_not_shown_unread() {
    let mut events = call("r1", "i1", "pay", r#"{"sum":7}"#);
    events.truncate(4);
    events.push(
        json!({"type": "response.done", "response": {"id": "r1", "status": "cancelled", "output": [
            item("i1", "pay", "{\"su", "incomplete"),
        ]}}),
    );
    let told = told_by(&events, |call| {
        assert!(matches!(call.arguments, Arguments::Unreadable(_)));
        Verdict::Refuse
    });
    let last = told.sent.last().unwrap();
    assert_eq!(
        (&last["response"]["status"], &last["response"]["output"]),
        (&json!("failed"), &json!([]))
    );
}

#[test]
fn a_call_that_only_the_end_names_is_judged() {
    let events = [
        json!({"type": "response.done", "response": {"id": "r1", "status": "completed", "output": [
            item("i1", "pay", "{}", "completed"),
        ]}}),
    ];
    let told = told(&events, &Verdict::Refuse);
    assert_eq!(told.calls.len(), 1);
    assert_eq!(told.sent[1]["response"]["output"], json!([]));
}

#[test]
fn the_cost_of_all_answers_adds_up() {
    let mut conversation = Conversation::new(LIMITS);
    for (id, input) in [("r1", 10), ("r2", 20)] {
        let usage = json!({"input_tokens": input, "output_tokens": 5, "input_token_details": {"cached_tokens": 3}});
        let done = json!({"type": "response.done", "response": {"id": id, "status": "completed", "output": [], "usage": usage}});
        conversation.hear(message(&done)).unwrap();
        conversation.turn().unwrap();
    }
    let usage = conversation.heard().usage;
    assert_eq!(
        (usage.input, usage.output, usage.cached),
        (Some(30), Some(10), Some(6))
    );
    assert_eq!(conversation.heard().finish, ["completed"]);
}

/// The server has done the work, whoever sees it.
#[test]
fn what_a_refused_answer_has_cost_counts() {
    let mut events = call("r1", "i1", "pay", "{}");
    let last = events.last_mut().unwrap();
    last["response"]["usage"] = json!({"input_tokens": 10, "output_tokens": 5, "input_token_details": {"cached_tokens": 3}});
    let usage = told(&events, &Verdict::Refuse).usage;
    assert_eq!(
        (usage.input, usage.output, usage.cached),
        (Some(10), Some(5), Some(3))
    );
}

#[test]
fn what_clients_would_read_differently_is_an_error() {
    let begin = json!({"type": "response.output_item.added", "response_id": "r1", "output_index": 0, "item": item("i1", "pay", "", "in_progress")});
    for event in [
        json!([]),
        json!({"type": "response.function_call_arguments.delta", "response_id": "r1", "output_index": 0, "delta": "{}"}),
        json!({"type": "response.function_call_arguments.delta", "response_id": "r2", "output_index": 0, "item_id": "i1", "delta": "{}"}),
        json!({"type": "response.function_call_arguments.delta", "response_id": "r1", "output_index": 1, "item_id": "i1", "delta": "{}"}),
        json!({"type": "response.output_item.added", "response_id": "r1", "output_index": 0, "item": item("i2", "read", "", "in_progress")}),
        json!({"type": "response.output_item.done", "response_id": "r1", "output_index": 0, "item": item("i1", "read", "{}", "completed")}),
        json!({"type": "response.output_item.done", "response_id": "r1", "item_id": "i2", "item": item("i1", "pay", "{}", "completed")}),
        json!({"type": "response.function_call_arguments.done", "response_id": "r1", "output_index": 0, "item_id": "i1", "arguments": "{}", "name": "refund"}),
        json!({"type": "response.function_call_arguments.done", "response_id": "r1", "output_index": 0, "item_id": "i1", "arguments": "{}", "call_id": "call_other"}),
        json!({"type": "response.function_call_arguments.delta", "response_id": "r1", "output_index": 0, "item_id": "i1", "delta": "{", "name": "refund"}),
        json!({"type": "response.function_call_arguments.done", "response_id": "r1", "output_index": 0, "item_id": "i1", "arguments": "{}", "namespace": "bank"}),
        json!({"Type": "response.output_item.done"}),
        json!({"type": "response.done", "response": {"output": []}}),
    ] {
        let mut conversation = Conversation::new(LIMITS);
        conversation.hear(message(&begin)).unwrap();
        let heard = conversation.hear(message(&event));
        assert!(heard.is_err(), "{event}");
    }
    let mut conversation = Conversation::new(LIMITS);
    assert!(
        conversation
            .hear(Message::text(
                Bytes::from_static(b"{\"a\":1,\"a\":2}"),
                None
            ))
            .is_err()
    );
}

#[test]
fn what_a_call_holds_back_is_bounded() {
    let mut conversation = Conversation::new(LIMITS);
    let events = call("r1", "i1", "pay", "{}");
    for event in &events[1..3] {
        conversation.hear(message(event)).unwrap();
    }
    let delta = json!({"type": "response.function_call_arguments.delta", "response_id": "r1", "item_id": "i1", "output_index": 0, "delta": "x".repeat(1000)});
    let failed = (0..20).find_map(|_| conversation.hear(message(&delta)).err());
    assert_eq!(failed, Some(AnswerError::HoldLimit));
}

#[test]
fn a_long_conversation_has_no_limit_of_calls() {
    let mut events = Vec::new();
    for at in 0..3 * LIMITS.calls {
        events.extend(call(&format!("r{at}"), &format!("i{at}"), "read", "{}"));
    }
    let released = told(&events, &Verdict::Release);
    assert_eq!(released.calls.len(), 3 * LIMITS.calls);
    assert_eq!(released.sent, events);
    let refused = told(&events, &Verdict::Refuse);
    assert_eq!(refused.calls.len(), 3 * LIMITS.calls);
}

#[test]
fn responses_over_a_websocket_end_in_their_own_way() {
    let call = item("i1", "pay", "{}", "completed");
    let events = [
        json!({"type": "response.created", "response": {"id": "r1", "output": []}, "sequence_number": 0}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call, "sequence_number": 1}),
        json!({"type": "response.completed", "response": {"id": "r1", "status": "completed", "output": [call]}, "sequence_number": 2}),
    ];
    let told = told(&events, &Verdict::Refuse);
    assert_eq!(told.sent.len(), 3 + told.calls.len() - 1);
    let last = told.sent.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "tool");
    assert_eq!(last["response"]["output"], json!([]));
}

proptest! {
    #[test]
    fn no_refused_call_is_ever_shown(order in prop::collection::vec(any::<prop::sample::Index>(), 30)) {
        let mut sources = [
            call("r1", "i1", "forbidden", r#"{"x":"secret"}"#),
            call("r2", "i2", "read", "{}"),
            call("r3", "i3", "forbidden", r#"{"x":"secret"}"#),
        ].map(VecDeque::from);
        let mut mixed = Vec::new();
        for index in order {
            let from = index.index(3);
            mixed.extend(sources[from].pop_front());
        }
        mixed.extend(sources.into_iter().flatten());
        let told = told_by(&mixed, |call| {
            if call.name == "forbidden" { Verdict::Refuse } else { Verdict::Release }
        });
        let text = Value::from(told.sent).to_string();
        prop_assert!(!text.contains("forbidden") && !text.contains("secret"), "{}", text);
        prop_assert!(text.contains("read"));
    }
}

/// Where texts are searched, too.
fn searched() -> Conversation {
    let rules = texts::rules(&["EMAIL_ADDRESS"], &[]);
    Conversation::new(LIMITS).searching(Cleaner::new(scanner(), &rules))
}

struct Heard {
    sent: Vec<Value>,
    calls: Vec<ProposedCall>,
    usage: Usage,
}

fn told(events: &[Value], verdict: &Verdict) -> Heard {
    told_by(events, |_| verdict.clone())
}

/// What the client is sent when each proposed call is answered so.
fn told_by(events: &[Value], verdict: impl Fn(&ProposedCall) -> Verdict) -> Heard {
    told_in(Conversation::new(LIMITS), events, verdict)
}

fn told_in(
    mut conversation: Conversation,
    events: &[Value],
    verdict: impl Fn(&ProposedCall) -> Verdict,
) -> Heard {
    let mut heard = Heard {
        sent: Vec::new(),
        calls: Vec::new(),
        usage: Usage::default(),
    };
    for event in events {
        conversation.hear(message(event)).unwrap();
        loop {
            match conversation.turn().unwrap() {
                Turn::Pass(message) | Turn::Instead(message) => heard.sent.push(read(&message)),
                Turn::Dropped => {}
                Turn::Wait => break,
                Turn::Judge(call) => {
                    match verdict(&call) {
                        Verdict::Release => conversation.release().unwrap(),
                        Verdict::Replace(arguments) => {
                            conversation
                                .replace(arguments.as_object().unwrap())
                                .unwrap();
                        }
                        Verdict::Refuse => {
                            heard
                                .sent
                                .push(read(&conversation.refuse(&refusal()).unwrap()));
                        }
                    }
                    heard.calls.push(call);
                }
            }
        }
    }
    heard.usage = conversation.heard().usage;
    heard
}

/// As Realtime tells of a function call, from its answer's first event to the last.
fn call(response: &str, id: &str, name: &str, arguments: &str) -> Vec<Value> {
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let part = |kind: &str, member: &str, text: &str| {
        json!({"type": format!("response.function_call_arguments.{kind}"), "response_id": response, "item_id": id,
            "output_index": 0, "call_id": format!("call_{id}"), member: text})
    };
    let mut done = part("done", "arguments", arguments);
    done["name"] = name.into();
    let begun = item(id, name, "", "in_progress");
    let whole = item(id, name, arguments, "completed");
    vec![
        json!({"type": "response.created", "response": {"id": response, "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "response_id": response, "output_index": 0, "item": begun}),
        json!({"type": "conversation.item.added", "item": begun}),
        part("delta", "delta", first),
        part("delta", "delta", second),
        done,
        json!({"type": "conversation.item.done", "item": whole}),
        json!({"type": "response.output_item.done", "response_id": response, "output_index": 0, "item": whole}),
        json!({"type": "response.done", "response": {"id": response, "status": "completed", "output": [whole]}}),
    ]
}

fn item(id: &str, name: &str, arguments: &str, status: &str) -> Value {
    json!({"id": id, "type": "function_call", "status": status, "name": name, "call_id": format!("call_{id}"), "arguments": arguments})
}

fn message(event: &Value) -> Message {
    Message::text(Bytes::from(event.to_string()), None)
}

fn read(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap()
}

fn refusal() -> RefusalDocument<'static> {
    static REASONS: std::sync::LazyLock<Vec<Reason>> = std::sync::LazyLock::new(|| {
        vec![Reason {
            rule: "tool".into(),
            message: "not this one".into(),
        }]
    });
    RefusalDocument {
        status: 403,
        decision_id: "d1",
        outcome: Outcome::Deny,
        reasons: &REASONS,
        policy_version: "1",
        approval_id: None,
        region: "eu",
        next_step: "stop",
        retryable: false,
        as_tool_result: false,
    }
}
