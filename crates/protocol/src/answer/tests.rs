//! Answers for tests: fed in pieces, judged by a rule, put together as an SDK does.

mod chat;
mod conversation;
mod converse;
mod framing;
mod gemini;
mod messages;
mod places;
mod properties;
mod responses;
mod texts;
mod tokens;

use aegis_policy::{Outcome, Reason};
use serde_json::{Map, Value, json};

use super::*;
use crate::{Cleaner, RefusalDocument};

/// How the caller answers every proposed call.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Release,
    Replace(Value),
    Refuse,
}

/// Everything that one answer led to.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) sent: Vec<u8>,
    pub(super) calls: Vec<ProposedCall>,
    pub(super) error: Option<AnswerError>,
    pub(super) heard: Heard,
}

pub(super) const LIMITS: Limits = Limits {
    event_bytes: 4096,
    hold_bytes: 16 * 1024,
    hold_events: 64,
    calls: 8,
};

/// Feeds the pieces; an error is refused as the caller does.
pub(super) fn follow<'a>(
    api: LlmApi,
    framing: Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    verdict: &Verdict,
) -> Told {
    let mut guard = Guard::new(api, framing, LIMITS);
    let mut pieces = pieces.into_iter();
    let mut told = Told {
        sent: Vec::new(),
        calls: Vec::new(),
        error: None,
        heard: Heard::default(),
    };
    loop {
        match guard.step() {
            Ok(Step::Forward(bytes)) => told.sent.extend(bytes),
            Ok(Step::Judge(call)) => {
                told.calls.push(call);
                match verdict {
                    Verdict::Release => guard.release().expect("a call waits"),
                    Verdict::Replace(Value::Object(new)) => match guard.replace(new) {
                        Ok(()) => {}
                        Err(error) => {
                            told.error = Some(error);
                            told.sent.extend(guard.refuse(&refusal()));
                        }
                    },
                    _ => told.sent.extend(guard.refuse(&refusal())),
                }
            }
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => guard.feed(piece),
                None => guard.finish(),
            },
            Ok(Step::End) => break,
            Err(error) => {
                told.error = Some(error);
                told.sent.extend(guard.refuse(&refusal()));
            }
        }
    }
    told.heard = guard.heard().clone();
    told
}

pub(super) fn whole(api: LlmApi, framing: Framing, body: &[u8], verdict: &Verdict) -> Told {
    follow(api, framing, [body], verdict)
}

/// A stream with the one call of these tests that passes unchanged.
pub(super) fn released(api: LlmApi, framing: Framing, stream: &[u8]) -> Told {
    let told = whole(api, framing, stream, &Verdict::Release);
    assert_eq!(told.error, None);
    assert_eq!(told.sent, stream);
    let arguments = json!({"table": "ledger"});
    assert_eq!(told.calls, [call("call_secret", "drop_table", arguments)]);
    told
}

pub(super) fn refusal() -> RefusalDocument<'static> {
    static REASONS: std::sync::LazyLock<Vec<Reason>> = std::sync::LazyLock::new(|| {
        vec![Reason {
            rule: "tools.denied".into(),
            message: "this tool is not for you".into(),
        }]
    });
    RefusalDocument {
        status: 403,
        decision_id: "d-1",
        outcome: Outcome::Deny,
        reasons: &REASONS,
        policy_version: "7",
        approval_id: None,
        region: "eu-central-1",
        next_step: "use another tool",
        retryable: false,
        as_tool_result: false,
    }
}

/// An event stream without event names.
pub(super) fn data_events(events: &[Value]) -> Vec<u8> {
    let events: Vec<_> = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    events.concat().into_bytes()
}

/// An event stream whose events are named by their type.
pub(super) fn named_events(events: &[Value]) -> Vec<u8> {
    let named = |event: &Value| {
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap()
        )
    };
    events.iter().map(named).collect::<String>().into_bytes()
}

/// The data of each event, read in a way of its own.
pub(super) fn sent_events(sent: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(sent)
        .expect("utf-8")
        .replace("\r\n", "\n");
    text.split("\n\n")
        .filter_map(|event| {
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            let data = lines.collect::<Vec<_>>().join("\n");
            (!data.is_empty() && data.trim() != "[DONE]")
                .then(|| serde_json::from_str(&data).expect("json"))
        })
        .collect()
}

pub(super) fn read(arguments: Value) -> Arguments {
    let Value::Object(arguments) = arguments else {
        panic!("an object")
    };
    Arguments::Read(arguments)
}

pub(super) fn call(id: &str, name: &str, arguments: Value) -> ProposedCall {
    ProposedCall {
        id: id.to_owned(),
        name: name.to_owned(),
        run_by: RunBy::Agent,
        arguments: read(arguments),
    }
}

pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// What every refusal of these answers keeps to itself.
pub(super) fn hides_the_call(told: &Told) -> bool {
    !["drop_table", "ledger", "call_secret"]
        .iter()
        .any(|word| contains(&told.sent, word))
}

pub(super) fn usage(input: u64, output: u64, cached: Option<u64>) -> Usage {
    Usage {
        input: Some(input),
        output: Some(output),
        cached,
    }
}

/// What a policy puts in place of the arguments.
pub(super) fn safe() -> Value {
    json!({"table": "\"scratch\"\n"})
}

pub(super) fn replace() -> Verdict {
    Verdict::Replace(safe())
}

#[test]
fn a_verdict_without_a_proposed_call_is_an_error() {
    let mut guard = Guard::new(LlmApi::ChatCompletions, Framing::Document, LIMITS);
    assert_eq!(guard.release(), Err(AnswerError::NothingProposed));
    assert_eq!(
        guard.replace(&Map::new()),
        Err(AnswerError::NothingProposed)
    );
}

#[test]
fn a_call_is_proposed_until_it_is_answered() {
    let mut guard = Guard::new(LlmApi::ChatCompletions, Framing::ServerSentEvents, LIMITS);
    guard.feed(&chat::stream());
    assert!(matches!(guard.step(), Ok(Step::Forward(_))));
    let Ok(Step::Judge(call)) = guard.step() else {
        panic!("a call is due")
    };
    assert_eq!(guard.step(), Ok(Step::Judge(call)));
}

#[test]
fn debug_output_shows_nothing_of_the_answer() {
    let mut guard = Guard::new(LlmApi::ChatCompletions, Framing::ServerSentEvents, LIMITS);
    guard.feed(&chat::stream());
    let steps = format!("{:?} {:?} {guard:?}", guard.step(), guard.step());
    assert!(steps.contains("drop_table"));
    assert!(!steps.contains("ledger") && !steps.contains("Let me see"));
}

#[test]
fn nothing_follows_a_refusal() {
    let mut guard = Guard::new(LlmApi::ChatCompletions, Framing::ServerSentEvents, LIMITS);
    guard.feed(&chat::stream());
    guard.refuse(&refusal());
    guard.feed(&chat::stream());
    assert_eq!(guard.step(), Ok(Step::End));
}
