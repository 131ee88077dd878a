//! The counter of gRPC messages: cutting changes nothing, and it finds what another reader finds.

use aegis_protocol::grpc::{Counter, Messages};

use crate::input::{choice, pieces};

/// One character for the way to cut, then what passes on a call.
pub fn grpc(input: &[u8]) -> bool {
    let Some((seed, sent)) = choice(input, 256) else {
        return false;
    };
    let counted = counted([sent]);
    assert_eq!(self::counted(pieces(sent, seed)), counted);
    assert_eq!(counted, by_hand(sent));
    counted.count > 0
}

fn counted<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Messages {
    let mut counter = Counter::default();
    pieces.into_iter().for_each(|piece| counter.feed(piece));
    counter.messages()
}

fn by_hand(mut sent: &[u8]) -> Messages {
    let mut messages = Messages::default();
    while let Some(([_, a, b, c, d], rest)) = sent.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([*a, *b, *c, *d]);
        messages.count += 1;
        messages.largest = messages.largest.max(length);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        sent = rest.get(length..).unwrap_or_default();
    }
    messages
}
