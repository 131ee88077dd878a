use aegis_policy::{CallKind, Truncation};
use proptest::prelude::*;

use super::{Counter, Messages};
use crate::testing::{Sent, get, post};
use crate::{Dialect, InspectError};

fn call(authority: &str, path: &str) -> Sent {
    post(authority, path)
        .body("application/grpc", "")
        .too_long()
}

#[test]
fn a_call_is_its_service_and_its_method() {
    let seen = call("ledger.example", "/acme.ledger.v1.Ledger/Post").seen();

    assert_eq!(seen.call.kind, CallKind::Grpc);
    assert_eq!(&*seen.call.tool, "ledger/acme.ledger.v1.Ledger");
    assert_eq!(&*seen.call.action, "Post");
    assert_eq!(seen.call.truncation, Truncation::Truncated);
    assert_eq!(seen.reading.dialect, Dialect::Grpc);
}

#[test]
fn on_a_host_that_nobody_declared_the_content_type_tells() {
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "Application/GRPC ; a=b",
    ] {
        let sent = post("unheard-of.example", "/a.B/C").body(content_type, "");
        let seen = sent.too_long().seen();
        assert_eq!(&*seen.call.tool, "unheard-of.example/a.B", "{content_type}");
    }
    for content_type in [
        "application/grpc-web",
        "application/grpcx",
        "application/x-grpc",
    ] {
        let sent = post("unheard-of.example", "/a.B/C").body(content_type, "");
        let seen = sent.too_long().seen();
        assert_eq!(seen.call.kind, CallKind::Http, "{content_type}");
    }
}

#[test]
fn what_a_grpc_server_is_sent_otherwise_is_refused() {
    let others = [
        post("ledger.example", "/acme.Ledger/Post").body("application/json", "{}"),
        post("ledger.example", "/acme.Ledger/Post").body("application/proto", "x"),
        get("ledger.example", "/acme.Ledger/Post"),
    ];
    for sent in others {
        let error = sent.error();
        assert!(
            matches!(
                error,
                InspectError::Disagreement {
                    declared: "grpc",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_path_with_more_or_less_than_a_service_and_a_method_is_refused() {
    for path in [
        "/",
        "/acme.Ledger",
        "/v1/acme.Ledger/Post",
        "/acme.Ledger//Post",
        "/a%2fb/c",
    ] {
        call("ledger.example", path).error();
    }
}

#[test]
fn the_name_is_read_as_servers_read_it() {
    let seen = call("ledger.example", "/acme.Ledger/%50ost").seen();

    assert_eq!(&*seen.call.action, "Post");
}

#[test]
fn messages_are_counted_with_the_size_of_the_largest() {
    let mut counter = Counter::default();
    assert_eq!(counter.messages(), Messages::default());

    counter.feed(&[&framed(&[7; 300])[..], &framed(&[]), &framed(b"abc")].concat());

    assert_eq!(
        counter.messages(),
        Messages {
            count: 3,
            largest: 300
        }
    );
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_count_is_the_same(
        sizes in prop::collection::vec(0_usize..40, 0..6),
        cuts in prop::collection::vec(1_usize..9, 1..60),
    ) {
        let bytes: Vec<u8> = sizes.iter().flat_map(|size| framed(&vec![255; *size])).collect();
        let mut counter = Counter::default();
        let (mut rest, mut cuts) = (&bytes[..], cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            counter.feed(piece);
            rest = more;
        }
        let largest = sizes.iter().max().map_or(0, |size| u32::try_from(*size).unwrap());
        let count = u64::try_from(sizes.len()).unwrap();
        prop_assert_eq!(counter.messages(), Messages { count, largest });
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}
