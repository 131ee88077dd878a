//! Promises of the framing scanner.

mod properties;

use super::*;

const LIMITS: Limits = Limits {
    head_bytes: 512,
    headers: 8,
};

fn feed(bytes: &[u8]) -> (Framing, Result<(), FramingError>) {
    let mut framing = Framing::new(LIMITS);
    let result = framing.feed(bytes);
    (framing, result)
}

fn refused(bytes: impl AsRef<[u8]>) -> FramingError {
    feed(bytes.as_ref()).1.expect_err("must be refused")
}

/// A head with these lines between the request line and the empty line.
fn head(lines: &str) -> String {
    format!("POST /a HTTP/1.1\r\n{lines}\r\n")
}

/// A chunked message with this body.
fn chunked(body: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

fn whole(bytes: impl AsRef<[u8]>) -> bool {
    let (framing, result) = feed(bytes.as_ref());
    result.is_ok() && framing.between_messages()
}

#[test]
fn whole_messages_follow_each_other() {
    let messages = [
        "GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\nAccept:\t*/*\r\nX:\r\n\r\n"
            .to_owned(),
        head("host: a\r\nContent-Length: 5\r\n") + "\r\n\0\n5",
        head("Host: a\r\nContent-Length: 0\r\n"),
        chunked("5\r\nhello\r\n0A;name=\"v\"\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
    ];
    assert!(messages.iter().all(whole));
    assert!(whole(messages.concat()));
}

#[test]
fn a_message_that_is_cut_is_not_whole() {
    let message = chunked("5\r\nhello\r\n0\r\n\r\n");
    for length in 1..message.len() {
        let (framing, result) = feed(&message.as_bytes()[..length]);
        assert_eq!(
            (result, framing.between_messages()),
            (Ok(()), false),
            "{length}"
        );
    }
    assert!(whole(&message));
    assert!(whole(""));
}

#[test]
fn a_length_is_said_once_and_in_digits() {
    let with = |lines: &str| refused(head(&format!("Host: a\r\n{lines}\r\n")));
    assert_eq!(
        with("Content-Length: 1\r\nContent-Length: 1"),
        FramingError::ContentLengthTwice
    );
    assert_eq!(
        with("Content-Length: 1\r\nTransfer-Encoding: chunked"),
        FramingError::BothLengths
    );
    assert_eq!(
        with("Transfer-Encoding: chunked\r\nContent-Length: 1"),
        FramingError::BothLengths
    );
    for value in [
        "",
        "+1",
        "-1",
        "1,1",
        "0x1",
        "1 1",
        "1.0",
        "a",
        "\t1",
        "1\t",
        "99999999999999999999",
        "١",
    ] {
        assert_eq!(
            with(&format!("Content-Length: {value}")),
            FramingError::ContentLength,
            "{value}"
        );
    }
}

#[test]
fn a_transfer_encoding_is_chunked_once() {
    let with = |lines: &str| refused(head(&format!("Host: a\r\n{lines}\r\n")));
    for value in [
        "",
        "gzip, chunked",
        "chunked, chunked",
        "Chunked",
        "xchunked",
        "chunked;q=1",
        "identity",
        "\tchunked",
        "\"chunked\"",
    ] {
        let line = format!("Transfer-Encoding: {value}");
        assert_eq!(with(&line), FramingError::TransferEncoding, "{value}");
    }
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked";
    assert_eq!(with(twice), FramingError::TransferEncoding);
    let old = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(old), FramingError::ChunkedHttp10);
}

#[test]
fn lines_end_with_cr_lf_and_nothing_else() {
    for text in [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
    ] {
        assert_eq!(refused(text), FramingError::LineEnd, "{text:?}");
    }
    for body in [
        "5\nhello\r\n",
        "5\r\r\nhello\r\n",
        "5;a\rb\r\nhello",
        "5\r\nhello\n",
        "0\r\nX: a\n\r\n",
        "0\r\n\n",
    ] {
        assert_eq!(refused(chunked(body)), FramingError::LineEnd, "{body:?}");
    }
}

#[test]
fn header_lines_have_a_name_and_a_colon_at_once() {
    for line in [
        "Host : a",
        "Host\t: a",
        ": a",
        "Host",
        "Ho st: a",
        "H\0st: a",
        "Hóst: a",
        "(x): a",
    ] {
        assert_eq!(
            refused(head(&format!("{line}\r\n"))),
            FramingError::HeaderName,
            "{line}"
        );
    }
    for line in ["Host: a\r\n b", "Host: a\r\n\tb"] {
        assert_eq!(refused(head(&format!("{line}\r\n"))), FramingError::Folding);
    }
    assert_eq!(
        refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        FramingError::Folding
    );
    for value in ["a\0", "\x01", "a\x7f", "\x0b"] {
        assert_eq!(
            refused(head(&format!("X: {value}\r\n"))),
            FramingError::HeaderValue
        );
    }
}

#[test]
fn a_host_is_named_exactly_once() {
    assert_eq!(refused(head("X: a\r\n")), FramingError::HostMissing);
    assert_eq!(
        refused(head("Host: a\r\nHOST: a\r\n")),
        FramingError::HostTwice
    );
    assert_eq!(
        refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        FramingError::HostTwice
    );
}

#[test]
fn the_request_line_has_one_form() {
    for line in [
        "\r\n",
        " GET / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/ HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/1.2",
        "GET / HTTP/1.",
        "GET / HTTP/2.0",
        "GET / HTTP/11",
        "G(T / HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /é HTTP/1.1",
        "GET / x HTTP/1.1",
        "GET",
    ] {
        assert_eq!(
            refused(format!("{line}\r\n")),
            FramingError::RequestLine,
            "{line:?}"
        );
    }
    assert_eq!(refused("GET /\r\n"), FramingError::Http09);
    assert_eq!(
        refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        FramingError::Http2Preface
    );
    let one_before_it = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
    assert!(whole(one_before_it));
}

#[test]
fn chunks_are_as_long_as_they_say() {
    for size in [
        "",
        "g",
        "-1",
        "+1",
        "0x5",
        " 5",
        "5 ",
        "5 ;a",
        "5\t",
        "1234567890abcdef",
        "5;\x01",
    ] {
        assert_eq!(
            refused(chunked(&format!("{size}\r\n"))),
            FramingError::ChunkSize,
            "{size:?}"
        );
    }
    for body in ["5\r\nhelloX\r\n", "5\r\nhello0\r\n\r\n", "4\r\nhello\r\n"] {
        assert!(
            matches!(
                refused(chunked(body)),
                FramingError::ChunkEnd | FramingError::LineEnd
            ),
            "{body:?}"
        );
    }
}

#[test]
fn trailers_do_not_change_the_framing() {
    for line in [
        "Content-Length: 1",
        "transfer-encoding: chunked",
        "Host: b",
        "Upgrade: x",
    ] {
        assert_eq!(
            refused(chunked(&format!("0\r\n{line}\r\n\r\n"))),
            FramingError::Trailer,
            "{line}"
        );
    }
    assert_eq!(
        refused(chunked("0\r\nX : a\r\n\r\n")),
        FramingError::HeaderName
    );
    assert_eq!(
        refused(chunked("0\r\n a: b\r\n\r\n")),
        FramingError::Folding
    );
}

#[test]
fn what_is_larger_than_the_limits_is_too_large() {
    let long = "a".repeat(LIMITS.head_bytes);
    let many = "X: a\r\n".repeat(LIMITS.headers + 1);
    let cases = [
        (format!("GET /{long}"), FramingError::HeadTooLong),
        (
            head(&format!("Host: a\r\nX: {long}")),
            FramingError::HeadTooLong,
        ),
        (head(&many), FramingError::TooManyHeaders),
        (
            chunked(&format!("0\r\n{many}")),
            FramingError::TooManyHeaders,
        ),
        (
            chunked(&format!("0\r\nX: {long}")),
            FramingError::HeadTooLong,
        ),
        (
            chunked(&format!("1;{long}")),
            FramingError::ChunkLineTooLong,
        ),
    ];
    for (text, error) in cases {
        assert_eq!(refused(&text), error);
        assert_eq!(error.kind(), FramingKind::TooLarge);
    }
    assert_eq!(FramingError::HostTwice.kind(), FramingKind::Malformed);
}

#[test]
fn the_limits_are_for_each_message_anew() {
    let request = head(&format!(
        "Host: a\r\nX: {}\r\n",
        "a".repeat(LIMITS.head_bytes / 2)
    ));
    assert!(whole(request.repeat(10)));
    let exact = LIMITS.head_bytes - head("Host: a\r\nX: \r\n").len();
    assert!(whole(head(&format!(
        "Host: a\r\nX: {}\r\n",
        "a".repeat(exact)
    ))));
    assert!(!whole(head(&format!(
        "Host: a\r\nX: {}\r\n",
        "a".repeat(exact + 1)
    ))));
}

const CONNECT: &str = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
const UPGRADE: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_tunnel_that_is_granted_is_not_looked_at() {
    let (mut framing, result) = feed(format!("{CONNECT}\x16\x03\x01\0early").as_bytes());
    assert_eq!((result, framing.waits()), (Ok(()), true));
    framing.opaque();
    assert_eq!((framing.feed(b"\0\n\n"), framing.waits()), (Ok(()), false));
}

#[test]
fn a_tunnel_that_is_refused_goes_on_with_the_next_message() {
    let (mut framing, _) = feed(CONNECT.as_bytes());
    assert!(framing.waits());
    assert_eq!(framing.resume(), Ok(()));
    assert_eq!(
        (framing.waits(), framing.feed(GET.as_bytes())),
        (false, Ok(()))
    );
    assert_eq!(framing.feed(b"GET /\r\n"), Err(FramingError::Http09));
}

#[test]
fn early_bytes_behind_a_refused_tunnel_are_not_taken_for_a_message() {
    let (mut framing, result) = feed(format!("{CONNECT}{GET}").as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(framing.resume(), Err(FramingError::EarlyBytes));
    assert_eq!(framing.feed(GET.as_bytes()), Err(FramingError::EarlyBytes));
}

#[test]
fn connect_has_no_body() {
    for line in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
        let text = CONNECT.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"));
        assert_eq!(refused(text), FramingError::ConnectBody);
    }
}

#[test]
fn nothing_may_come_before_the_answer_to_an_upgrade() {
    assert_eq!(refused(format!("{UPGRADE}{GET}")), FramingError::EarlyBytes);
    let (mut framing, result) = feed(UPGRADE.as_bytes());
    assert_eq!((result, framing.waits()), (Ok(()), true));
    assert_eq!(framing.resume(), Ok(()));
    assert_eq!(framing.feed(GET.as_bytes()), Ok(()));
    let (mut framing, _) = feed(UPGRADE.as_bytes());
    framing.opaque();
    assert_eq!(framing.feed(b"\x81\x00\n"), Ok(()));
}

#[test]
fn an_upgrade_may_be_answered_while_its_body_is_sent() {
    let begin = head("Host: a\r\nUpgrade: h2c\r\nContent-Length: 4\r\n");
    let (mut framing, _) = feed(format!("{begin}ab").as_bytes());
    assert!(framing.waits());
    assert_eq!(framing.resume(), Ok(()));
    assert_eq!(framing.feed(format!("cd{GET}").as_bytes()), Ok(()));
    assert_eq!(
        refused(format!("{begin}abcd{GET}")),
        FramingError::EarlyBytes
    );
}

#[test]
fn an_error_stays() {
    let (mut framing, result) = feed(b"GET /\r\n");
    assert_eq!(framing.feed(b""), result);
    assert_eq!(framing.feed(GET.as_bytes()), result);
    assert_eq!(framing.resume(), result);
}

#[test]
fn what_it_says_after_an_error_does_not_depend_on_the_cuts() {
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(LIMITS.head_bytes));
    for cut in [0, 1, long.len() - 1] {
        let mut framing = Framing::new(LIMITS);
        let (first, rest) = long.as_bytes().split_at(cut);
        let fed = framing.feed(first).and_then(|()| framing.feed(rest));
        assert_eq!(fed, Err(FramingError::HeadTooLong));
        assert_eq!(
            (framing.in_head(), framing.between_messages()),
            (false, false),
            "cut at {cut}"
        );
    }
}

#[test]
fn errors_hold_nothing_that_was_sent() {
    let error = refused(head("Host: a\r\nContent-Length: secret\r\n"));
    assert_eq!(
        error.what(),
        "the client sent a content-length that is not a plain number"
    );
}
