//! Tokens in answers: the caller's own become their values again, however the answer comes.

use std::sync::Arc;

use aegis_policy::AnswerRules;

use super::texts::{SSE, VOICES, everything, framing_of, joined, rules, said};
use super::*;
use crate::Pseudonyms;
use crate::testing::{Names, scanner};

const ANN: &str = "ann@corp.example";

/// Names in which an address has a token.
fn names() -> (Arc<dyn Pseudonyms>, String) {
    let names = Names::default();
    let token = names.token("EMAIL_ADDRESS", ANN).unwrap();
    (Arc::new(names), format!("[EMAIL_ADDRESS:{token}]"))
}

fn restored(
    api: LlmApi,
    framing: Framing,
    body: &[u8],
    rules: &AnswerRules,
    size: usize,
) -> Vec<u8> {
    let cleaner = Cleaner::new(scanner(), rules).restoring(names().0);
    let mut guard = Guard::new(api, framing_of(framing), LIMITS).searching(cleaner);
    let mut pieces = body.chunks(size);
    let mut sent = Vec::new();
    loop {
        match guard.step().unwrap() {
            Step::Forward(bytes) => sent.extend(bytes),
            Step::Judge(_) => guard.release().unwrap(),
            Step::Wait => match pieces.next() {
                Some(piece) => guard.feed(piece),
                None => guard.finish(),
            },
            Step::End => return sent,
        }
    }
}

#[test]
fn every_split_of_a_text_gives_the_value_behind_the_token() {
    let (_, token) = names();
    let text = format!("To {token}, [as] {token}");
    let expected = text.replace(&token, ANN);
    // Data that the model brings itself is searched for first: the value is the agent's own.
    for rules in [AnswerRules::default(), rules(&everything(), &[])] {
        for (api, framing) in VOICES {
            for at in 0..=text.len() {
                let (left, right) = text.split_at(at);
                let stream = said(api, framing, &[left, right]);
                let sent = restored(api, framing, &stream, &rules, 4096);
                assert_eq!(joined(api, framing, &sent), expected, "{api:?} at {at}");
            }
            let pieces: Vec<&str> = text.split("").collect();
            let stream = said(api, framing, &pieces);
            let sent = restored(api, framing, &stream, &rules, 7);
            assert_eq!(joined(api, framing, &sent), expected, "{api:?}");
        }
    }
}

#[test]
fn what_repeats_a_text_has_its_values_too() {
    let (_, token) = names();
    let stream = said(LlmApi::Responses, SSE, &["To ", &token]);
    let sent = restored(
        LlmApi::Responses,
        SSE,
        &stream,
        &AnswerRules::default(),
        4096,
    );
    assert!(!contains(&sent, &token));
}

#[test]
fn a_token_that_nobody_knows_stays() {
    let text = "To [EMAIL_ADDRESS:00000000000000ff], [US_SSN:0000000000000000]";
    for (api, framing) in VOICES {
        let stream = said(api, framing, &[text]);
        let sent = restored(api, framing, &stream, &AnswerRules::default(), 4096);
        assert_eq!(joined(api, framing, &sent), text, "{api:?}");
    }
}

#[test]
fn arguments_are_judged_with_the_token_and_given_out_with_its_value() {
    let (names, token) = names();
    let arguments = format!(r#"{{"to": "{token}", "n": 1.50, "{token}": ["x {token}"]}}"#);
    let delta = |piece: &str, first: bool| {
        let function = if first {
            json!({"name": "send", "arguments": piece})
        } else {
            json!({"arguments": piece})
        };
        let call = json!({"index": 0, "id": "c", "function": function});
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    };
    for at in 1..arguments.len() {
        let (left, right) = arguments.split_at(at);
        let stream = data_events(&[
            delta(left, true),
            delta(right, false),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        ]);
        let cleaner = Cleaner::new(scanner(), &AnswerRules::default());
        let cleaner = cleaner.restoring(Arc::clone(&names));
        let mut guard = Guard::new(LlmApi::ChatCompletions, SSE, LIMITS).searching(cleaner);
        guard.feed(&stream);
        guard.finish();
        let mut sent = Vec::new();
        loop {
            match guard.step().unwrap() {
                Step::Forward(bytes) => sent.extend(bytes),
                Step::Judge(call) => {
                    let Arguments::Read(read) = call.arguments else {
                        panic!("not read");
                    };
                    assert_eq!(read["to"], token.as_str());
                    guard.release().unwrap();
                }
                Step::Wait | Step::End => break,
            }
        }
        let events = sent_events(&sent);
        let pieces = events.iter().filter_map(|event| {
            let call = &event["choices"][0]["delta"]["tool_calls"][0];
            call["function"]["arguments"].as_str()
        });
        // Names of members stay.
        let expected = format!(r#"{{"to": "{ANN}", "n": 1.50, "{token}": ["x {ANN}"]}}"#);
        assert_eq!(pieces.collect::<String>(), expected, "at {at}");
    }
}
