//! What a reader of one direction promises, whichever way the bytes arrive.

mod handshake;
mod properties;
mod sender;

use bytes::Bytes;

use super::*;
use sender::{Sender, frame, masked};

const LIMIT: usize = 1 << 16;

#[test]
fn a_message_in_fragments_is_one_message_and_control_frames_pass_between_them() {
    let mut reader = Reader::new(Side::Client, None, LIMIT);
    let ping = masked(0x89, b"are you there");
    let bytes = [
        masked(0x01, b"one "),
        ping.clone(),
        masked(0x00, b"two "),
        masked(0x80, b"three"),
        masked(0x88, &[3, 232]),
    ];
    let events = all(&mut reader, &bytes.concat()).unwrap();

    let [
        Event::Control(control),
        Event::Message(message),
        Event::Close(close),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(control.frame, ping);
    assert_eq!(&control.payload[..], b"are you there");
    assert_eq!(
        (message.kind, &message.payload[..]),
        (Kind::Text, &b"one two three"[..])
    );
    assert_eq!(message.frame(), masked(0x81, b"one two three"));
    assert_eq!(close.frame, masked(0x88, &[3, 232]));
    assert_eq!(close.payload[..], [3, 232]);
}

#[test]
fn nothing_is_read_behind_a_close_frame() {
    let mut reader = Reader::new(Side::Server, None, LIMIT);
    let bytes = [frame(0x88, &[]), frame(0x81, b"late"), vec![0xff, 0xff]];
    let events = all(&mut reader, &bytes.concat()).unwrap();
    let [Event::Close(close)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(close.frame, frame(0x88, &[]));
}

#[test]
fn what_is_not_looked_into_passes_in_whole_frames_as_it_comes() {
    let mut reader = Reader::new(Side::Server, None, 8);
    let long = frame(0x02, &vec![7; 40_000]);
    reader.buffer().extend_from_slice(&long[..1000]);
    let first = reader.next(Manner::Pieces).unwrap();
    assert_eq!(reader.next(Manner::Pieces), Ok(None));
    reader.buffer().extend_from_slice(&long[1000..]);
    let second = reader.next(Manner::Pieces).unwrap();
    // A change waits for the next message.
    reader.buffer().extend_from_slice(&frame(0x80, b"end"));
    let third = reader.next(Manner::Whole).unwrap();

    let piece = |frames: Vec<u8>, ends_message| {
        Some(Event::Piece {
            frames: frames.into(),
            ends_message,
        })
    };
    assert_eq!(first, piece(frame(0x02, &[7; 996]), false));
    assert_eq!(second, piece(frame(0x00, &vec![7; 39_004]), false));
    assert_eq!(third, piece(frame(0x80, b"end"), true));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_violation_closes_with_its_own_code() {
    let cases: [(&str, Side, Vec<u8>, u16); 21] = [
        ("reserved bit 1", Side::Server, vec![0xc1, 0], 1002),
        ("reserved bit 2", Side::Server, vec![0xa1, 0], 1002),
        ("reserved bit 3", Side::Server, vec![0x91, 0], 1002),
        ("data opcode", Side::Server, vec![0x83, 0], 1002),
        ("control opcode", Side::Server, vec![0x8b, 0], 1002),
        ("unmasked client", Side::Client, vec![0x81, 0], 1002),
        ("masked server", Side::Server, masked(0x81, b"a"), 1002),
        ("ping in parts", Side::Server, vec![0x09, 0], 1002),
        ("long ping", Side::Server, vec![0x89, 126, 0, 126], 1002),
        (
            "16 bits for 125",
            Side::Server,
            vec![0x81, 126, 0, 125],
            1002,
        ),
        (
            "64 bits for 65535",
            Side::Server,
            vec![0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
            1002,
        ),
        (
            "negative length",
            Side::Server,
            vec![0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
            1002,
        ),
        ("continuation of nothing", Side::Server, vec![0x80, 0], 1002),
        (
            "message within a message",
            Side::Server,
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            1002,
        ),
        ("half a close code", Side::Server, frame(0x88, &[3]), 1002),
        ("close code 999", Side::Server, frame(0x88, &[3, 231]), 1002),
        (
            "close code 1005",
            Side::Server,
            frame(0x88, &[3, 237]),
            1002,
        ),
        (
            "close reason",
            Side::Server,
            frame(0x88, &[3, 232, 0xff]),
            1007,
        ),
        ("text", Side::Server, frame(0x81, &[0xff]), 1007),
        (
            "one frame too long",
            Side::Server,
            vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1],
            1009,
        ),
        (
            "fragments too long",
            Side::Server,
            [frame(0x02, &vec![0; LIMIT]), frame(0x80, b"x")].concat(),
            1009,
        ),
    ];
    for (case, from, bytes, code) in cases {
        let mut reader = Reader::new(from, None, LIMIT);
        let violation = all(&mut reader, &bytes).expect_err(case);
        let close = violation.close().frame(Side::Server, [0; 4]);
        assert_eq!(close[2..4], code.to_be_bytes(), "{case}");
    }
}

#[test]
fn compressed_messages_are_decoded_with_and_without_what_came_before() {
    for takeover in [true, false] {
        let mut sender = Sender::new(Side::Client, takeover);
        let mut reader = Reader::new(Side::Client, agreed(takeover), LIMIT);
        for text in ["the same words", "the same words again", ""] {
            let sent = sender.compressed(Kind::Text, text.as_bytes());
            let events = all(&mut reader, &sent).unwrap();
            let [Event::Message(message)] = &events[..] else {
                panic!("{events:?}");
            };
            assert_eq!(message.payload, text.as_bytes());
            assert!(message.is_compressed());
            assert_eq!(message.frame(), sent);
            assert_eq!(message.plain_frame(), masked(0x81, text.as_bytes()));
        }
    }
}

#[test]
fn after_a_message_that_was_left_out_all_others_can_be_decoded() {
    for takeover in [true, false] {
        let mut sender = Sender::new(Side::Client, takeover);
        let mut reader = Reader::new(Side::Client, agreed(takeover), LIMIT);
        let mut receiver = Reader::new(Side::Client, agreed(takeover), LIMIT);
        let mut encoder = Encoder::new(Side::Client, agreed(takeover));
        for (at, text) in ["some words", "left out", "some words left out"]
            .iter()
            .enumerate()
        {
            let sent = sender.compressed(Kind::Text, text.as_bytes());
            let events = all(&mut reader, &sent).unwrap();
            let Some(Event::Message(message)) = events.first() else {
                panic!("{events:?}");
            };
            if at == 1 {
                encoder.leave_out();
                continue;
            }
            let told = all(&mut receiver, &encoder.pass(message)).unwrap();
            let Some(Event::Message(got)) = told.first() else {
                panic!("{told:?}");
            };
            assert_eq!(got.payload, text.as_bytes());
            assert_eq!(got.is_compressed(), at == 0 || !takeover);
        }
    }
}

/// A window's length before it, and all of it within one message.
#[test]
fn messages_refer_as_far_back_as_deflate_can() {
    let mut sender = Sender::new(Side::Client, true);
    let mut reader = Reader::new(Side::Client, agreed(true), 1 << 20);
    let noise = |seed: u32| (0..30_000_u32).map(move |at| (at * at / 7 + seed).to_le_bytes()[1]);
    let mut text: Vec<u8> = noise(1).chain(noise(1)).collect();
    for seed in 2..6 {
        let sent = sender.compressed(Kind::Binary, &text);
        assert!(sent.len() < text.len());
        let events = all(&mut reader, &sent).unwrap();
        let [Event::Message(message)] = &events[..] else {
            panic!("{events:?}");
        };
        assert!(message.payload == text);
        text = text.split_off(text.len() - 2_500);
        text.extend(noise(seed));
    }
}

/// zlib refuses it as well; who kept a window that was to be forgotten would read another text.
#[test]
fn what_refers_to_text_before_the_first_is_an_error() {
    let mut sender = Sender::new(Side::Client, true);
    let first = sender.compressed(Kind::Text, b"the same words");
    let second = sender.compressed(Kind::Text, b"the same words");
    for (takeover, bytes) in [(true, second.clone()), (false, [first, second].concat())] {
        let mut reader = Reader::new(Side::Client, agreed(takeover), LIMIT);
        assert_eq!(all(&mut reader, &bytes), Err(Violation::Undecodable));
    }
}

#[test]
fn messages_can_be_decoded_after_others_that_nobody_looked_into() {
    let mut sender = Sender::new(Side::Server, false);
    let mut reader = Reader::new(Side::Server, agreed(true), LIMIT);
    let first = sender.compressed(Kind::Text, b"the same words");
    reader.buffer().extend_from_slice(&first);
    while reader.next(Manner::Pieces).unwrap().is_some() {}
    let events = all(
        &mut reader,
        &sender.compressed(Kind::Text, b"the same words"),
    )
    .unwrap();
    let [Event::Message(message)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(message.payload, b"the same words"[..]);
}

#[test]
fn what_is_compressed_is_bounded_when_it_is_decoded() {
    let most = Sender::new(Side::Client, true).compressed(Kind::Text, &vec![b'a'; LIMIT]);
    let mut reader = Reader::new(Side::Client, agreed(true), LIMIT);
    assert_eq!(all(&mut reader, &most).unwrap().len(), 1);
    let bomb = Sender::new(Side::Client, true).compressed(Kind::Text, &vec![b'a'; LIMIT + 1]);
    assert!(bomb.len() < 1000);
    let mut reader = Reader::new(Side::Client, agreed(true), LIMIT);
    assert_eq!(all(&mut reader, &bomb), Err(Violation::TooLong));
}

#[test]
fn what_cannot_be_decoded_for_certain_is_an_error() {
    // A reserved block type, and a stream that says that it ends.
    for sent in [
        &[0x07][..],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
    ] {
        let mut reader = Reader::new(Side::Client, agreed(true), LIMIT);
        let events = all(&mut reader, &masked(0xc1, sent));
        assert_eq!(events, Err(Violation::Undecodable));
    }
}

#[test]
fn only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    for bytes in [
        [masked(0x01, b"a"), masked(0xc0, b"b")].concat(),
        masked(0xc9, b"ping"),
    ] {
        let mut reader = Reader::new(Side::Client, agreed(true), LIMIT);
        let violation = all(&mut reader, &bytes).unwrap_err();
        assert_eq!(violation.rule(), "websocket.malformed");
    }
}

#[test]
fn a_message_can_be_given_other_text_under_its_own_mask() {
    let mut reader = Reader::new(Side::Client, None, LIMIT);
    let events = all(&mut reader, &masked(0x81, b"secret")).unwrap();
    let Some(Event::Message(message)) = events.first() else {
        panic!("{events:?}");
    };
    let other = message.with(Bytes::from_static(b"[REDACTED]"));
    assert_eq!(other.frame(), masked(0x81, b"[REDACTED]"));
}

#[test]
fn a_close_frame_has_a_reason_that_fits() {
    let long = "ä".repeat(100);
    let frame = Close::new(Close::POLICY, &long).frame(Side::Server, [0; 4]);
    assert_eq!(frame[..4], [0x88, 124, 3, 240]);
    assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), "ä".repeat(61));
    let to_server = Close::new(Close::GOING_AWAY, "").frame(Side::Client, [1, 2, 3, 4]);
    assert_eq!(to_server[..], [0x88, 0x82, 1, 2, 3, 4, 2, 235]);
}

#[test]
fn debug_output_says_nothing_of_a_message() {
    let mut reader = Reader::new(Side::Client, None, LIMIT);
    let events = all(&mut reader, &masked(0x81, b"secret")).unwrap();
    assert!(!format!("{events:?} {reader:?}").contains("secret"));
}

#[expect(clippy::unnecessary_wraps, reason = "as a reader takes it")]
fn agreed(takeover: bool) -> Option<Agreement> {
    Some(handshake::agreement(takeover))
}

/// Everything that these bytes say, read at once and as whole messages.
fn all(reader: &mut Reader, bytes: &[u8]) -> Result<Vec<Event>, Violation> {
    reader.buffer().extend_from_slice(bytes);
    let mut events = Vec::new();
    while let Some(event) = reader.next(Manner::Whole)? {
        events.push(event);
    }
    Ok(events)
}
