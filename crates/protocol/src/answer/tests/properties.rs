//! What holds for every stream, however it is cut, and for every sequence of bytes.

use proptest::prelude::*;

use super::*;

const APIS: [LlmApi; 6] = [
    LlmApi::ChatCompletions,
    LlmApi::Responses,
    LlmApi::Messages,
    LlmApi::Converse,
    LlmApi::InvokeModel,
    LlmApi::GenerateContent,
];

const FRAMINGS: [Framing; 4] = [
    Framing::Document,
    Framing::ServerSentEvents,
    Framing::JsonArray,
    Framing::AwsEventStream,
];

fn streams() -> Vec<(LlmApi, Framing, Vec<u8>)> {
    let lines = |stream: Vec<u8>, end: &str| {
        String::from_utf8(stream)
            .unwrap()
            .replace('\n', end)
            .into_bytes()
    };
    let sse = Framing::ServerSentEvents;
    vec![
        (LlmApi::ChatCompletions, sse, chat::stream()),
        (LlmApi::ChatCompletions, sse, lines(chat::stream(), "\r\n")),
        (LlmApi::Responses, sse, responses::stream()),
        (LlmApi::Responses, sse, lines(responses::stream(), "\r")),
        (LlmApi::Messages, sse, messages::stream()),
        (LlmApi::Messages, sse, lines(messages::stream(), "\r\n")),
        (
            LlmApi::Converse,
            Framing::AwsEventStream,
            converse::stream(),
        ),
        (LlmApi::GenerateContent, Framing::JsonArray, gemini::array()),
    ]
}

fn pieces(mut body: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if body.is_empty() {
            break;
        }
        let (piece, rest) = body.split_at((*length).min(body.len()));
        pieces.push(piece.to_vec());
        body = rest;
    }
    pieces
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Release),
        Just(replace()),
        Just(Verdict::Refuse),
    ]
}

proptest! {
    #[test]
    fn any_split_gives_the_same(
        at in 0..8_usize,
        lengths in prop::collection::vec(1..40_usize, 1..12),
        verdict in verdict(),
    ) {
        let (api, framing, body) = streams().swap_remove(at);
        let pieces = pieces(&body, &lengths);
        let cut = follow(api, framing, pieces.iter().map(Vec::as_slice), &verdict);
        let mut whole = whole(api, framing, &body, &verdict);
        if matches!(verdict, Verdict::Refuse) {
            // Facts behind the refused call are heard only as far as bytes came.
            whole.heard = cut.heard.clone();
        }
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn a_stream_with_a_changed_byte_never_shows_the_call_unjudged(
        at in 0..8_usize,
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (api, framing, mut body) = streams().swap_remove(at);
        let place = place.index(body.len());
        body[place] = byte;
        let told = whole(api, framing, &body, &Verdict::Refuse);
        if !told.calls.is_empty() || told.error.is_some() {
            prop_assert!(!contains(&told.sent, "ledger"));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        api in prop::sample::select(&APIS[..]),
        framing in prop::sample::select(&FRAMINGS[..]),
        body in prop::collection::vec(any::<u8>(), 0..200),
        verdict in verdict(),
    ) {
        whole(api, framing, &body, &verdict);
    }

    #[test]
    fn no_json_makes_it_panic(
        api in prop::sample::select(&APIS[..]),
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 1..40),
        verdict in verdict(),
    ) {
        let text = words.concat();
        whole(api, Framing::ServerSentEvents, text.as_bytes(), &verdict);
        whole(api, Framing::Document, text.as_bytes(), &verdict);
        whole(api, Framing::JsonArray, text.as_bytes(), &verdict);
    }

    #[test]
    fn lines_of_any_kind_pass_whole_or_fail(
        lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..12),
        lengths in prop::collection::vec(1..6_usize, 1..4),
    ) {
        let body = lines.concat().into_bytes();
        let pieces = pieces(&body, &lengths);
        let (api, framing) = (LlmApi::ChatCompletions, Framing::ServerSentEvents);
        let cut = follow(api, framing, pieces.iter().map(Vec::as_slice), &Verdict::Release);
        if cut.error.is_none() {
            prop_assert_eq!(&cut.sent, &body);
        }
        prop_assert_eq!(cut, whole(api, framing, &body, &Verdict::Release));
    }
}

const LINES: [&str; 12] = [
    "data: {}",
    "data:{\"a\":1}",
    "data",
    ": c",
    "event: x",
    "id:",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\r",
    "\r\n\r\n",
];

const WORDS: [&str; 28] = [
    "data: ",
    "\n\n",
    "\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\"type\":",
    "\"choices\":",
    "\"delta\":",
    "\"tool_calls\":",
    "\"index\":0",
    "\"function\":",
    "\"name\":\"t\"",
    "\"arguments\":\"{}\"",
    "\"content_block_start\"",
    "\"content_block\":",
    "\"tool_use\"",
    "\"candidates\":",
    "\"parts\":",
    "\"functionCall\":",
    "\"response.output_item.done\"",
    "\"output_index\":0",
    "\"item\":",
    "\"function_call\"",
];
