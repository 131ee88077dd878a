use std::sync::Arc;

use super::{MOST_ANSWERS, Memory, Question};
use crate::rego::tests::demo;
use crate::{Decision, Snapshot, selftest};

#[test]
fn an_answer_from_memory_is_the_answer_of_an_evaluation() {
    let sources = demo();
    let snapshot = Snapshot::build(&sources, 1).unwrap();
    let intents = selftest::intents(&sources, 5, 4_000).unwrap();
    for intent in intents.iter().chain(&intents) {
        let (remembered, evaluated) = (snapshot.decide(intent), snapshot.evaluate(intent));
        assert_eq!(format!("{remembered:?}"), format!("{evaluated:?}"));
    }
}

#[test]
fn only_a_new_question_is_evaluated() {
    let sources = demo();
    let intent = selftest::intents(&sources, 6, 1).unwrap().remove(0);
    let mut again = intent.clone();
    again.id = "another".into();
    again.time = "2027-01-01T00:00:00Z".into();
    assert_eq!(Question::of(&intent, None), Question::of(&again, None));
    again.caller.agent = "another".into();
    assert_ne!(Question::of(&intent, None), Question::of(&again, None));
}

#[test]
fn a_question_that_is_too_large_is_not_kept() {
    let mut intent = selftest::intents(&demo(), 6, 1).unwrap().remove(0);
    intent.call.tool = "x".repeat(2_000).into();
    assert_eq!(Question::of(&intent, None), None);
}

#[test]
fn the_memory_is_bounded() {
    let mut intent = selftest::intents(&demo(), 6, 1).unwrap().remove(0);
    let mut memory = Memory::default();
    for number in 0..MOST_ANSWERS + 10 {
        intent.call.tool = Arc::from(format!("tool-{number}"));
        let question = Question::of(&intent, None).unwrap();
        memory.keep(question, &Decision::fault(crate::Fault::Undefined));
        assert!(memory.0.len() <= MOST_ANSWERS);
    }
    let last = Question::of(&intent, None).unwrap();
    assert!(memory.find(&last).is_some());
}
