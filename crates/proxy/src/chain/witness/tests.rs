use super::*;

const TRACE: TraceId = [7; 16];

fn name(name: &str) -> Arc<str> {
    name.into()
}

fn hop(span: u8, to: &str, agents: &[&str]) -> Hop {
    Hop {
        span: [span; 8],
        to: name(to),
        agents: agents.iter().copied().map(Arc::from).collect(),
    }
}

fn found(witness: &Witness, parent: u8, agent: &str) -> Option<usize> {
    let agents = witness.find(&name("acme"), TRACE, [parent; 8], &name(agent));
    agents.map(|agents| agents.len())
}

#[test]
fn an_agent_is_found_by_the_span_under_which_it_was_called_or_by_its_name() {
    let witness = Witness::default();
    assert_eq!(found(&witness, 1, "b"), None);
    witness.note(&name("acme"), TRACE, hop(1, "b", &["a"]));
    witness.note(&name("acme"), TRACE, hop(2, "c", &["a", "b"]));
    assert_eq!(found(&witness, 1, "whatever"), Some(1));
    assert_eq!(found(&witness, 9, "b"), Some(1));
    assert_eq!(found(&witness, 9, "c"), Some(2));
    assert_eq!(found(&witness, 9, "bystander"), None);
    let other = witness.find(&name("globex"), TRACE, [1; 8], &name("b"));
    assert_eq!(other, None, "another tenant's traces are its own");
    let other = witness.find(&name("acme"), [8; 16], [1; 8], &name("b"));
    assert_eq!(other, None);
}

#[test]
fn of_two_ways_to_an_agent_the_longer_counts() {
    let witness = Witness::default();
    witness.note(&name("acme"), TRACE, hop(1, "c", &["a", "b"]));
    witness.note(&name("acme"), TRACE, hop(2, "c", &["a"]));
    assert_eq!(found(&witness, 9, "c"), Some(2));
}

#[test]
fn what_is_remembered_is_bounded_and_ends() {
    let mut traces = Traces::default();
    let begun = Instant::now();
    for number in 0..MOST_TRACES + 10 {
        let trace = (number as u128).to_be_bytes();
        traces.note(trace, hop(1, "b", &["a"]), begun);
    }
    assert_eq!(
        (traces.hops.len(), traces.begun.len()),
        (MOST_TRACES, MOST_TRACES)
    );
    assert!(
        !traces.hops.contains_key(&0_u128.to_be_bytes()),
        "the oldest go first"
    );
    for _ in 0..MOST_HOPS + 10 {
        traces.note(TRACE, hop(1, "b", &["a"]), begun);
    }
    assert_eq!(traces.hops[&TRACE].len(), MOST_HOPS);
    traces.forget(begun + LIFE);
    assert_eq!(traces.hops.len(), MOST_TRACES);
    traces.forget(begun + LIFE + Duration::from_secs(1));
    assert!(traces.hops.is_empty() && traces.begun.is_empty());
}

#[test]
fn long_names_take_no_more_than_the_room_of_a_tenant() {
    let mut traces = Traces::default();
    let begun = Instant::now();
    let long = "a".repeat(4_096);
    for number in 0..8 * MOST_TRACES {
        let trace = (number / 8).to_be_bytes();
        let trace: TraceId = [trace, trace].concat().try_into().unwrap();
        traces.note(trace, hop(1, "b", &[&long]), begun);
        assert!(traces.bytes <= MOST_BYTES);
    }
    assert!(traces.begun.len() < MOST_TRACES && traces.begun.len() > 1);
    let kept: usize = traces.hops.values().flatten().map(Hop::bytes).sum();
    assert_eq!(traces.bytes, kept);
    traces.forget(begun + LIFE * 2);
    assert_eq!(traces.bytes, 0);
}
