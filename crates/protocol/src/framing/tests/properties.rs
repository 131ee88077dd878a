//! What holds for every sequence of bytes and every way to cut it.

use proptest::prelude::*;

use super::*;

/// Connections made of right and wrong pieces.
fn connections() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        GET,
        UPGRADE,
        CONNECT,
        "POST / HTTP/1.1\r\n",
        "Host: a\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "X: y\r\n",
        "\r\n",
        "5\r\n",
        "hello",
        "\r\n",
        "0\r\n",
        "0\r\n\r\n",
        "\n",
        "\r",
        " ",
        ":",
        "5;x\r\n",
        "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

/// The same connections, mostly right ones, so that the ends of long ones are reached.
fn valid_connections() -> impl Strategy<Value = Vec<u8>> {
    let message = prop_oneof![
        Just(GET.to_owned()),
        "[a-z\r\n]{0,40}"
            .prop_map(
                |body| head(&format!("Host: a\r\nContent-Length: {}\r\n", body.len())) + &body
            ),
        prop::collection::vec("[a-z\r\n]{1,20}", 0..4).prop_map(|chunks| {
            let chunks = chunks
                .iter()
                .map(|c| format!("{:x};e=1\r\n{c}\r\n", c.len()));
            chunked(&(chunks.collect::<String>() + "0\r\nX-Sum: 1\r\n\r\n"))
        }),
    ];
    prop::collection::vec(message, 1..6).prop_map(|messages| messages.concat().into_bytes())
}

fn in_pieces(bytes: &[u8], cuts: &[prop::sample::Index]) -> (State, Result<(), FramingError>) {
    let mut framing = Framing::new(Limits {
        head_bytes: 128,
        headers: 4,
    });
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    for piece in at.windows(2) {
        let _ = framing.feed(&bytes[piece[0]..piece[1]]);
    }
    (framing.state, framing.feed(b""))
}

proptest! {
    #[test]
    fn any_split_gives_the_same_result(
        bytes in prop_oneof![connections(), valid_connections(), any::<Vec<u8>>()],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let whole = in_pieces(&bytes, &[]);
        prop_assert_eq!(in_pieces(&bytes, &cuts), whole);
        let mut single = Framing::new(Limits { head_bytes: 128, headers: 4 });
        for byte in &bytes {
            let _ = single.feed(&[*byte]);
        }
        prop_assert_eq!((single.state, single.feed(b"")), whole);
    }

    #[test]
    fn right_messages_are_whole(bytes in valid_connections()) {
        prop_assert!(whole(&bytes));
    }
}
