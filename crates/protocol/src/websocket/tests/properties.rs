//! Whatever is sent, and however it is cut, the same messages come out.

use proptest::prelude::*;

use super::sender::{Sender, frame, masked};
use super::{LIMIT, agreed};
use crate::websocket::{Event, Kind, Manner, Reader, Side, Violation};

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_what_was_sent(
        messages in prop::collection::vec(message(), 1..6),
        client in any::<bool>(),
        takeover in any::<bool>(),
        cut in 1_usize..200,
    ) {
        let side = if client { Side::Client } else { Side::Server };
        let takeover = takeover && client;
        let mut sender = Sender::new(side, takeover);
        let ping = if client { masked(0x89, b"?") } else { frame(0x89, b"?") };
        let mut bytes = Vec::new();
        for (text, compressed, size) in &messages {
            bytes.extend(sender.fragments(Kind::Text, text.as_bytes(), *compressed, *size));
            bytes.extend(&ping);
        }
        let events = read(side, takeover, bytes.chunks(cut)).unwrap();
        let mut events = events.iter();
        for (text, ..) in &messages {
            let Some(Event::Message(message)) = events.next() else {
                panic!("a message");
            };
            prop_assert_eq!(&message.payload[..], text.as_bytes());
            let Some(Event::Control(control)) = events.next() else {
                panic!("a ping");
            };
            prop_assert_eq!(&control.frame, &ping);
        }
        prop_assert_eq!(events.next(), None);
    }

    #[test]
    fn what_passes_in_pieces_is_the_same_message_for_whoever_reads_them(
        text in "[a-z]{0,3000}",
        compressed in any::<bool>(),
        size in 1_usize..1000,
        cut in 1_usize..500,
    ) {
        let sent = Sender::new(Side::Server, false).fragments(Kind::Text, text.as_bytes(), compressed, size);
        let mut passing = Reader::new(Side::Server, agreed(true), 1);
        let mut passed = Vec::new();
        for part in sent.chunks(cut) {
            passing.buffer().extend_from_slice(part);
            while let Some(event) = passing.next(Manner::Pieces).unwrap() {
                let Event::Piece { frames, .. } = event else {
                    panic!("a piece");
                };
                passed.push(frames.to_vec());
            }
        }
        let events = read(Side::Server, true, passed.iter().map(Vec::as_slice)).unwrap();
        let [Event::Message(message)] = &events[..] else {
            panic!("one message");
        };
        prop_assert_eq!(&message.payload[..], text.as_bytes());
    }

    #[test]
    fn any_bytes_end_in_the_same_way_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cut in 1_usize..50,
    ) {
        let whole = read(Side::Client, true, [bytes.as_slice()]);
        let parts = read(Side::Client, true, bytes.chunks(cut));
        prop_assert_eq!(whole, parts);
    }
}

fn message() -> impl Strategy<Value = (String, bool, usize)> {
    (".{0,300}", any::<bool>(), 1_usize..120)
}

fn read<'a>(
    side: Side,
    takeover: bool,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Event>, Violation> {
    let mut reader = Reader::new(side, agreed(takeover), LIMIT);
    let mut events = Vec::new();
    for part in parts {
        reader.buffer().extend_from_slice(part);
        while let Some(event) = reader.next(Manner::Whole)? {
            events.push(event);
        }
    }
    Ok(events)
}
