//! Stored generations on hosts of which nobody knows: cutting changes no claim, and what a client would read as a generation is followed as one.

use aegis_protocol::answer::{AnswerError, Claim, Framing};
use aegis_protocol::{LlmApi, Stored};
use http::{HeaderMap, HeaderValue, header};

use crate::answer::About;
use crate::calls;
use crate::input::{choice, pieces};
use crate::inspect::Sent;

/// A character for what was asked, one for the content type, one for the way to cut, then the answer.
pub fn stored(input: &[u8]) -> bool {
    let Some(answer) = Answer::of(input) else {
        return false;
    };
    let whole = answer.claim([answer.body]);
    let cut = answer.claim(pieces(answer.body, answer.seed));
    assert_eq!(whole, cut);
    assert_ne!(whole, Ok(Claim::Open));
    match whole {
        Ok(Claim::Generation(framing)) => {
            let about = About {
                api: answer.stored.api,
                framing,
                is_doubted: true,
                searches: false,
            };
            about.examined(answer.body, answer.seed)
        }
        Ok(Claim::Other) => {
            answer.is_nobodys();
            !answer.body.is_empty()
        }
        Ok(Claim::Open) | Err(_) => false,
    }
}

struct Answer<'a> {
    stored: Stored,
    headers: HeaderMap,
    tells_events: bool,
    seed: usize,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    fn of(input: &'a [u8]) -> Option<Self> {
        let (path, rest) = choice(input, PATHS.len())?;
        let (content_type, rest) = choice(rest, CONTENT_TYPES.len())?;
        let (seed, body) = choice(rest, 256)?;
        let (path, content_type) = (PATHS.get(path)?, *CONTENT_TYPES.get(content_type)?);
        let request = Sent::read(format!("GET unknown.example {path}\n\n").as_bytes())?;
        let inspected = request.inspect().ok()?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Some(Self {
            stored: inspected.reading.stored()?.clone(),
            headers,
            tells_events: content_type == EVENTS || path.contains("stream=true"),
            seed,
            body,
        })
    }

    /// What is read of an answer until it is known what it is.
    fn claim(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Claim, AnswerError> {
        let (mut pieces, mut read, mut ended) = (pieces.into_iter(), Vec::new(), false);
        loop {
            let claim = self.stored.claim(&self.headers, &read, ended, LIMIT)?;
            if claim != Claim::Open || ended {
                return Ok(claim);
            }
            match pieces.next() {
                Some(piece) => read.extend_from_slice(piece),
                None => ended = true,
            }
        }
    }

    /// No client finds a call in it.
    fn is_nobodys(&self) {
        let api = self.stored.api;
        let proposes = |framing, body: &[u8]| calls::proposes(api, framing, body);
        assert!(!proposes(Framing::Document, self.body));
        assert!(!self.tells_events || !proposes(Framing::ServerSentEvents, self.body));
        if api == LlmApi::ChatCompletions {
            for listed in calls::listed(self.body) {
                assert!(!proposes(Framing::Document, listed.to_string().as_bytes()));
            }
        }
    }
}

const PATHS: [&str; 6] = [
    "/v1/responses/r",
    "/v1/responses/r?stream=true",
    "/v1/responses/r?stream=true&starting_after=3",
    "/v1/chat/completions/c",
    "/v1/chat/completions",
    "/v1/chat/completions/c?stream=true",
];
const EVENTS: &str = "text/event-stream";
const CONTENT_TYPES: [&str; 3] = ["application/json", EVENTS, "text/plain"];
/// The most that is read of a document, small enough to be reached.
const LIMIT: usize = 2048;
