use http::HeaderMap;
use proptest::prelude::*;

use super::{TRACEPARENT, TRACESTATE, TraceContext, TraceState};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_child_is_in_the_same_trace_below_its_caller() {
    let caller = TraceContext::parse(PARENT).expect("valid");
    let child = TraceContext::of_request(&headers(&[(TRACEPARENT, PARENT), (TRACESTATE, "a=1")]));
    assert_eq!(child.trace_id(), caller.trace_id());
    assert_eq!(child.parent_id(), Some(caller.span_id()));
    assert_ne!(child.span_id(), caller.span_id());
    assert_eq!(child.trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(child.state().map(TraceState::as_str), Some("a=1"));
}

#[test]
fn an_invalid_traceparent_begins_a_new_trace() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for bad in [
        String::new(),
        PARENT.to_uppercase(),
        format!(" {PARENT}"),
        format!("{PARENT} "),
        format!("{PARENT}-extra"),
        format!("ff-{trace}-00f067aa0ba902b7-01"),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        format!("00-{trace}-0000000000000000-01"),
        format!("00-{trace}-00f067aa0ba902b7-1"),
        format!("00-{trace}-00f067aa0ba902b7"),
        format!("0-{trace}-00f067aa0ba902b7-01"),
    ] {
        assert_eq!(TraceContext::parse(&bad), None, "{bad:?}");
        if bad.trim() == bad {
            let child = TraceContext::of_request(&headers(&[(TRACEPARENT, &bad)]));
            assert_eq!(child.parent_id(), None);
        }
    }
    let two = TraceContext::of_request(&headers(&[(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)]));
    assert_eq!(two.parent_id(), None, "two parents are none");
}

#[test]
fn a_later_version_is_read_as_far_as_it_is_known() {
    let later = PARENT.replacen("00-", "cc-", 1);
    let child = TraceContext::parse(&format!("{later}-what-else"))
        .expect("valid")
        .child();
    assert!(
        child
            .to_string()
            .starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    );
}

#[test]
fn an_invalid_tracestate_is_dropped_without_the_trace() {
    let many = (0..33)
        .map(|n| format!("k{n}=v"))
        .collect::<Vec<_>>()
        .join(",");
    for bad in [
        "a", "=1", "A=1", "a=", "a=1,a=2", "a=b=c", "a@b@c=1", "a=\u{7f}", "", &many,
    ] {
        assert_eq!(TraceState::parse(bad), None, "{bad:?}");
    }
    let context =
        TraceContext::from_headers(&headers(&[(TRACEPARENT, PARENT), (TRACESTATE, "A=1")]));
    assert_eq!(context.expect("the trace is kept").state(), None);
}

#[test]
fn several_tracestate_headers_are_one_list() {
    let sent = headers(&[(TRACESTATE, "a=1"), (TRACESTATE, "tenant@vendor=2")]);
    let state = TraceState::from_headers(&sent).expect("valid");
    assert_eq!(state.as_str(), "a=1,tenant@vendor=2");
}

#[test]
fn injected_headers_take_the_place_of_the_callers() {
    let mut sent = headers(&[(TRACEPARENT, PARENT), (TRACESTATE, "a=1")]);
    let root = TraceContext::root();
    root.inject(&mut sent);
    assert_eq!(
        sent.get(TRACEPARENT).expect("set"),
        root.to_string().as_str()
    );
    assert_eq!(
        sent.get(TRACESTATE),
        None,
        "the state belongs to the other trace"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(trace in 1u128.., span in 1u64.., flags: u8) {
        let text = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
        let context = TraceContext::parse(&text).expect("valid");
        prop_assert_eq!(context.to_string(), text);
    }

    #[test]
    fn what_is_accepted_has_exactly_one_spelling(text in "(00|01|fe|ff)-[0-9a-fA-F]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{1,3}(-x)?") {
        if let Some(context) = TraceContext::parse(&text) {
            let written = context.to_string();
            prop_assert_eq!(written.get(2..), text.get(2..55));
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,80}") {
        let _ = TraceContext::parse(&text);
        let _ = TraceState::parse(&text);
    }

    #[test]
    fn a_valid_tracestate_passes_unchanged(
        members in proptest::collection::btree_map("[a-z][a-z0-9_*/-]{0,10}(@[a-z][a-z0-9]{0,9})?", "[!-+.-<>-~]{1,20}", 1..20)
    ) {
        let text = members.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
        let mut passed = HeaderMap::new();
        TraceContext::of_request(&headers(&[(TRACEPARENT, PARENT), (TRACESTATE, &text)])).inject(&mut passed);
        prop_assert_eq!(passed.get(TRACESTATE).expect("passed on"), text.as_str());
    }
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().expect("a header value"));
    }
    headers
}
