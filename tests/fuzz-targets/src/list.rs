//! Lists in the answers of MCP servers: cutting changes nothing, what is kept keeps its bytes, nothing else is left, and on a WebSocket
//! every message is as if it were the only one.

use aegis_protocol::answer::Limits;
use aegis_protocol::mcp::{Entry, Expected, Filter, FollowError, Following, Question, Step};
use http::{HeaderMap, StatusCode, header};

use crate::input::{choice, pieces};
use crate::inspect::Sent;
use crate::refusal::REFUSAL;

/// A character for what was asked, one for the content type, one for the way to cut, then the answer.
pub fn mcp_list(input: &[u8]) -> bool {
    let Some(answer) = Answer::of(input) else {
        return false;
    };
    match answer.follow() {
        Some(Following::Filter(_)) => filtered(&answer),
        _ => false,
    }
}

struct Answer<'a> {
    expected: Expected,
    content_type: &'static str,
    seed: usize,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    fn of(input: &'a [u8]) -> Option<Self> {
        let (method, rest) = choice(input, METHODS.len())?;
        let (content_type, rest) = choice(rest, CONTENT_TYPES.len())?;
        let (seed, body) = choice(rest, 256)?;
        let request = match *METHODS.get(method)? {
            "" => "GET mcp.example.com:8443 /mcp\naccept: text/event-stream\n\n".to_owned(),
            method => format!(
                "POST mcp.example.com:8443 /mcp\ncontent-type: application/json\n\n\
                 {{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"{method}\",\"params\":{{\"name\":\"a\"}}}}"
            ),
        };
        let request = Sent::read(request.as_bytes())?;
        let inspected = request.inspect().ok()?;
        Some(Self {
            expected: inspected.reading.expected()?.clone(),
            content_type: CONTENT_TYPES.get(content_type)?,
            seed,
            body,
        })
    }

    fn follow(&self) -> Option<Following> {
        let mut headers = HeaderMap::new();
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, self.content_type.parse().ok()?);
        }
        self.expected.follow(StatusCode::OK, &headers, LIMITS).ok()
    }

    fn filter(&self) -> Option<Box<Filter>> {
        match self.follow()? {
            Following::Filter(filter) => Some(filter),
            Following::Nothing => None,
        }
    }

    fn told(&self, pieces: Vec<&[u8]>, keep: fn(&Entry) -> bool) -> Told {
        match self.filter() {
            Some(mut filter) => told(&mut filter, pieces, keep),
            None => Told::default(),
        }
    }
}

fn told(filter: &mut Filter, pieces: Vec<&[u8]>, keep: fn(&Entry) -> bool) -> Told {
    let (mut pieces, mut told) = (pieces.into_iter(), Told::default());
    loop {
        match filter.step() {
            Ok(Step::Forward(bytes)) => told.sent.extend(bytes),
            Ok(Step::Ask(question)) => {
                told.questions.push(question);
                filter.allow();
            }
            Ok(Step::Judge(entries)) => {
                let verdicts: Vec<bool> = entries.iter().map(keep).collect();
                told.entries.extend(entries);
                assert_eq!(filter.keep(&verdicts), Ok(()));
            }
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => filter.feed(piece),
                None => filter.finish(),
            },
            Ok(Step::End) => {
                told.tool_error = filter.tool_error();
                return told;
            }
            Err(error) => {
                told.error = Some(error);
                assert!(!filter.refuse(&REFUSAL).is_empty());
                return told;
            }
        }
    }
}

#[derive(Default)]
struct Told {
    sent: Vec<u8>,
    questions: Vec<Question>,
    entries: Vec<Entry>,
    error: Option<FollowError>,
    tool_error: bool,
}

fn filtered(answer: &Answer<'_>) -> bool {
    same_for_every_message(answer);
    let all = same_when_cut(answer, |_| true);
    let whole = |sent: &[u8]| answer.body.starts_with(sent) || may_lead_elsewhere(answer.body);
    assert!(whole(&all.sent));
    let some = same_when_cut(answer, may_stay);
    if all.error.is_some() {
        return false;
    }
    assert!(all.sent == answer.body || may_lead_elsewhere(answer.body));
    assert_eq!(some.error, None);
    let again = Answer {
        expected: answer.expected.clone(),
        body: &some.sent,
        ..*answer
    };
    let left = again.told(vec![&some.sent], |_| true);
    assert_eq!(left.error, None);
    let kept: Vec<Entry> = all.entries.into_iter().filter(may_stay).collect();
    assert_eq!(left.entries, kept);
    !answer.body.is_empty()
}

fn same_when_cut(answer: &Answer<'_>, keep: fn(&Entry) -> bool) -> Told {
    let whole = answer.told(vec![answer.body], keep);
    let cut = answer.told(pieces(answer.body, answer.seed), keep);
    assert!(cut.sent == whole.sent && cut.entries == whole.entries);
    assert_eq!(cut.questions, whole.questions);
    assert_eq!(cut.tool_error, whole.tool_error);
    let limit = |told: &Told| matches!(told.error, Some(FollowError::TooLong));
    if limit(&cut) || limit(&whole) {
        assert_eq!(cut.error.is_some(), whole.error.is_some());
    } else {
        assert_eq!(cut.error, whole.error);
    }
    whole
}

fn same_for_every_message(answer: &Answer<'_>) {
    let mut filter = answer.expected.over_websocket(LIMITS);
    let mut shown = || {
        filter.message(answer.body);
        told(&mut filter, Vec::new(), may_stay)
    };
    let (first, second) = (shown(), shown());
    if first.error.is_none() {
        assert!(second.error.is_none() && first.sent == second.sent);
    }
}

/// Whether a resource may have a URI that is not shown at all: with dot segments, or with control characters, which are escaped.
fn may_lead_elsewhere(body: &[u8]) -> bool {
    let escaped = body.iter().any(|byte| matches!(byte, b'\\' | b'%'));
    let dots = |pair: &[u8]| matches!(pair, [b'/' | b'?' | b'#' | b'"' | b'.', b'.']);
    escaped || body.windows(2).any(dots)
}

/// As good as any rule that looks at nothing but the entry.
fn may_stay(entry: &Entry) -> bool {
    entry.digest.first().is_some_and(|byte| byte % 2 == 0)
}

const METHODS: [&str; 6] = [
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "tools/call",
    // A stream on which any answer may come.
    "",
];

const CONTENT_TYPES: [&str; 3] = ["application/json", "text/event-stream", ""];

const LIMITS: Limits = Limits {
    event_bytes: 1024,
    hold_bytes: 2048,
    hold_events: 1,
    calls: 1,
};
