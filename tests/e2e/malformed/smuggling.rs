//! Requests that two parsers could frame differently; `URL` and `HEAD` stand for what a good one has in their place.

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn smuggling() -> Vec<(&'static str, Vec<u8>)> {
    let post = |headers: &str, body: &str| {
        format!("POST URL HTTP/1.1\r\nHEAD{headers}\r\n\r\n{body}").into_bytes()
    };
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    let head = |line: &str| format!("GET URL HTTP/1.1\r\nHEAD{line}\r\n\r\n").into_bytes();
    vec![
        (
            "content-length and chunked",
            post(
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "0\r\n\r\n",
            ),
        ),
        (
            "chunked and content-length",
            post(
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "0\r\n\r\n",
            ),
        ),
        (
            "two lengths",
            post("Content-Length: 2\r\nContent-Length: 3", "hi!"),
        ),
        (
            "the same length twice",
            post("Content-Length: 2\r\nContent-Length: 2", "hi"),
        ),
        ("a list of lengths", post("Content-Length: 2, 2", "hi")),
        ("a negative length", post("Content-Length: -1", "hi")),
        ("a signed length", post("Content-Length: +2", "hi")),
        ("a hexadecimal length", post("Content-Length: 0x2", "hi")),
        ("an empty length", post("Content-Length:", "hi")),
        (
            "a length that overflows",
            post("Content-Length: 18446744073709551618", "hi"),
        ),
        ("identity", post("Transfer-Encoding: identity", "hi")),
        (
            "chunked twice",
            post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
        ),
        (
            "two codings",
            post(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "0\r\n\r\n",
            ),
        ),
        (
            "gzip, chunked",
            post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
        ),
        (
            "chunked after a tab",
            post("Transfer-Encoding:\tchunked", "0\r\n\r\n"),
        ),
        (
            "chunked before a vertical tab",
            post("Transfer-Encoding: chunked\x0b", "0\r\n\r\n"),
        ),
        (
            "capital chunked",
            post("Transfer-Encoding: Chunked", "0\r\n\r\n"),
        ),
        (
            "quoted chunked",
            post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"),
        ),
        (
            "chunked with a parameter",
            post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"),
        ),
        (
            "a space before the colon",
            post("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ),
        ("a tab before the colon", head("X-A\t: 1")),
        ("an empty header name", head(": 1")),
        ("a folded header", head("X-A: 1\r\n 2")),
        (
            "a folded coding",
            post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
        ),
        (
            "a first header that begins with a space",
            b"GET URL HTTP/1.1\r\n X-A: 1\r\nHEAD\r\n".to_vec(),
        ),
        ("a header without a colon", head("X-A")),
        ("a bare LF", b"GET URL HTTP/1.1\nHEAD\r\n".to_vec()),
        ("a bare LF after a header", head("X-A: 1\nX-B: 2")),
        ("a bare CR in a header", head("X-A: 1\rX-B: 2")),
        ("a NUL in a header", head("X-A: \0")),
        (
            "a NUL in the target",
            b"GET URL\0 HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "two spaces in the request line",
            b"GET  URL HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "a tab in the request line",
            b"GET\tURL HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "an unknown version",
            b"GET URL HTTP/1.2\r\nHEAD\r\n".to_vec(),
        ),
        (
            "a version in lower case",
            b"GET URL http/1.1\r\nHEAD\r\n".to_vec(),
        ),
        ("HTTP/0.9", b"GET URL\r\n".to_vec()),
        ("an empty method", b" URL HTTP/1.1\r\nHEAD\r\n".to_vec()),
        (
            "the HTTP/2 preface",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        ),
        ("no host", b"GET URL HTTP/1.1\r\nX-A: 1\r\n\r\n".to_vec()),
        (
            "chunked in HTTP/1.0",
            b"POST URL HTTP/1.0\r\nHEADTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        ),
        (
            "a chunk size that is no number",
            chunked("x\r\nhi\r\n0\r\n\r\n"),
        ),
        ("a chunk size with a sign", chunked("+2\r\nhi\r\n0\r\n\r\n")),
        ("a chunk size with 0x", chunked("0x2\r\nhi\r\n0\r\n\r\n")),
        (
            "a chunk size with a space",
            chunked("2 \r\nhi\r\n0\r\n\r\n"),
        ),
        ("an empty chunk size", chunked("\r\nhi\r\n0\r\n\r\n")),
        (
            "a chunk size that overflows",
            chunked("10000000000000002\r\nhi\r\n0\r\n\r\n"),
        ),
        (
            "a chunk that is longer than it says",
            chunked("2\r\nhi!\r\n0\r\n\r\n"),
        ),
        (
            "a chunk that ends with a bare LF",
            chunked("2\r\nhi\n0\r\n\r\n"),
        ),
        (
            "a chunk size that ends with a bare LF",
            chunked("2\nhi\r\n0\r\n\r\n"),
        ),
        (
            "an endless chunk extension",
            chunked(&format!("2;{}", "x".repeat(1000))),
        ),
        (
            "a length in the trailers",
            chunked("0\r\nContent-Length: 5\r\n\r\n"),
        ),
        (
            "a coding in the trailers",
            chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ),
        ("a folded trailer", chunked("0\r\nX-A: 1\r\n 2\r\n\r\n")),
    ]
}
