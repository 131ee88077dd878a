//! The follower of HTTP/1 connections: cutting changes nothing, and what it takes for a message another parser takes for the same.

use aegis_protocol::framing::{Framing, FramingError, Limits};

use httparse::Status;

use crate::input::{choice, pieces};

/// One character for the way to cut, then what a client sends.
pub fn framing(input: &[u8]) -> bool {
    let Some((seed, sent)) = choice(input, 256) else {
        return false;
    };
    let whole = followed([sent]);
    let cut = followed(pieces(sent, seed));
    assert_eq!(cut.error, whole.error);
    assert_eq!(cut.answers, whole.answers);
    let messages = messages(sent);
    for message in &messages {
        begins_with_the_same_head(message);
    }
    whole.error.is_none() && !messages.is_empty()
}

struct Followed {
    error: Option<FramingError>,
    /// What it says of itself.
    answers: [bool; 4],
}

fn followed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Followed {
    let mut framing = Framing::new(LIMITS);
    let mut error = None;
    for piece in pieces {
        error = framing.feed(piece).err();
    }
    Followed {
        // Asked again, since an error has to stay.
        error: framing.feed(b"").err().or(error),
        answers: [
            framing.waits(),
            framing.between_messages(),
            framing.in_head(),
            framing.in_body(),
        ],
    }
}

/// The whole messages up to the first that changes the connection, or is wrong.
fn messages(sent: &[u8]) -> Vec<&[u8]> {
    let mut framing = Framing::new(LIMITS);
    let (mut messages, mut start) = (Vec::new(), 0);
    for (at, byte) in sent.iter().enumerate() {
        if framing.feed(std::slice::from_ref(byte)).is_err() || framing.waits() {
            break;
        }
        let read = sent.get(start..=at).unwrap_or_default();
        // An empty line belongs to the request that follows it, if one does.
        if framing.between_messages() && read != b"\r\n" {
            messages.push(read);
            start = at + 1;
        }
    }
    messages
}

/// hyper's parser reads a head at the same place, and its fields tell the same end.
fn begins_with_the_same_head(message: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(message);
    assert!(matches!(parsed, Ok(Status::Complete(_))), "{parsed:?}");
    let head = parsed.map_or(0, |status| match status {
        Status::Complete(head) => head,
        Status::Partial => 0,
    });
    let body = message.len() - head;
    let field = |name: &str| {
        let mut found = request.headers.iter();
        found
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .and_then(|header| std::str::from_utf8(header.value).ok())
    };
    if field("transfer-encoding").is_some() {
        assert!(message.ends_with(b"\r\n") && body >= b"0\r\n\r\n".len());
    } else {
        let length = field("content-length").map_or(Some(0), |text| text.parse().ok());
        assert_eq!(length, Some(body));
    }
}

const LIMITS: Limits = Limits {
    head_bytes: 512,
    headers: MOST_HEADERS,
};
const MOST_HEADERS: usize = 8;
