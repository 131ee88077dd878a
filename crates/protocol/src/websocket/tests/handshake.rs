//! What may be offered, and what a server may agree to.

use http::{HeaderMap, HeaderValue, Method};

use crate::websocket::{Agreement, HandshakeError, Offer, Side, is_handshake};

#[test]
fn only_extensions_that_can_be_looked_into_are_offered() {
    for (offered, kept) in [
        (
            "permessage-deflate",
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        ("x-webkit-deflate-frame, permessage-bzip2", None),
        (
            "bbf-usp-protocol, Permessage-Deflate ;client_max_window_bits",
            Some("permessage-deflate; server_no_context_takeover; client_max_window_bits"),
        ),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=\"9\"",
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9",
            ),
        ),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits=010", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; client_no_context_takeover=1", None),
        (
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            None,
        ),
        (
            "permessage-deflate; unknown, permessage-deflate",
            Some("permessage-deflate; server_no_context_takeover"),
        ),
    ] {
        let (_, headers) = offer(offered);
        let sent = headers.get("sec-websocket-extensions");
        assert_eq!(sent.map(|it| it.to_str().unwrap()), kept, "{offered}");
    }
}

#[test]
fn a_server_may_agree_to_what_was_offered_and_to_nothing_else() {
    let cases = [
        (PLAIN, "", Ok(None)),
        (PLAIN, "; server_max_window_bits=9", Ok(Some(true))),
        (PLAIN, "; client_no_context_takeover", Ok(Some(false))),
        (PLAIN, "; client_max_window_bits=9", Err(())),
        (PLAIN, ", permessage-deflate", Err(())),
        (PLAIN, "x-other", Err(())),
        ("", FRESH, Err(())),
        ("x-other", "x-other", Err(())),
        (CLIENT_BITS, "; client_max_window_bits=9", Ok(Some(true))),
        (CLIENT_BITS, "; client_max_window_bits", Err(())),
        (SERVER_BITS, "; server_max_window_bits=11", Err(())),
        (SERVER_BITS, FRESH, Err(())),
        ("x-other, permessage-deflate", FRESH, Ok(Some(true))),
    ];
    for (offered, answered, expected) in cases {
        let answered = match answered.chars().next() {
            Some(';' | ',') => &format!("{FRESH}{answered}"),
            _ => answered,
        };
        let (offer, _) = offer(offered);
        let agreed = offer.answered(&answer(answered));
        let agreed = agreed.map(|agreed| agreed.map(|it| it.takes_over(Side::Client)));
        let expected = expected.map_err(|()| HandshakeError::Extension);
        assert_eq!(agreed, expected, "{offered} | {answered}");
    }
}

/// Whoever did not ask for it is told by the answer, as RFC 7692 (section 7.1.1.1) allows.
#[test]
fn the_messages_of_a_server_never_refer_to_earlier_ones() {
    for offered in [PLAIN, FRESH] {
        let (offer, headers) = offer(offered);
        assert_eq!(headers["sec-websocket-extensions"], FRESH);
        let agreed = offer.answered(&answer(FRESH)).unwrap().unwrap();
        assert!(!agreed.takes_over(Side::Server));
        let refused = offer.answered(&answer(PLAIN));
        assert_eq!(refused, Err(HandshakeError::Extension));
    }
}

#[test]
fn an_answer_to_another_handshake_is_none() {
    let (offer, _) = offer("");
    for (name, value) in [
        ("sec-websocket-accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("upgrade", "other"),
    ] {
        let mut headers = answer("");
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(offer.answered(&headers), Err(HandshakeError::NotAccepted));
    }
}

#[test]
fn only_the_one_version_with_a_key_is_a_handshake() {
    assert!(is_handshake(&Method::GET, &request("")));
    assert!(!is_handshake(&Method::POST, &request("")));
    for (name, value) in [
        ("connection", "keep-alive"),
        ("upgrade", "websocket, other"),
        ("sec-websocket-version", "8"),
        ("sec-websocket-key", "a2V5"),
    ] {
        let mut headers = request("");
        headers.insert(name, HeaderValue::from_static(value));
        assert!(!is_handshake(&Method::GET, &headers), "{name}");
        headers.remove(name);
        assert!(!is_handshake(&Method::GET, &headers), "no {name}");
    }
}

/// With or without takeover by the client.
pub(super) fn agreement(takeover: bool) -> Agreement {
    let words = if takeover {
        FRESH
    } else {
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    };
    let (offer, _) = offer(words);
    offer.answered(&answer(words)).unwrap().unwrap()
}

fn offer(extensions: &str) -> (Offer, HeaderMap) {
    let mut headers = request(extensions);
    let offer = Offer::narrow(&mut headers).unwrap();
    (offer, headers)
}

fn request(extensions: &str) -> HeaderMap {
    headers(&[
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-extensions", extensions),
    ])
}

/// The accepted key is that of RFC 6455, section 1.3.
fn answer(extensions: &str) -> HeaderMap {
    headers(&[
        ("upgrade", "websocket"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-extensions", extensions),
    ])
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let fields = fields.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    fields.collect()
}

const PLAIN: &str = "permessage-deflate";
const FRESH: &str = "permessage-deflate; server_no_context_takeover";
const CLIENT_BITS: &str = "permessage-deflate; client_max_window_bits";
const SERVER_BITS: &str = "permessage-deflate; server_max_window_bits=10";
