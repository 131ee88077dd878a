//! Answers of LLM APIs: cutting changes nothing, nothing is shown unjudged, and what replaces a call is what the agent gets.

use aegis_protocol::answer::{AnswerError, Arguments, Framing, Guard, Limits, ProposedCall, Step};
use aegis_protocol::{LlmApi, proposed};
use serde_json::{Map, Value};

use crate::calls;
use crate::content::cleaner;
use crate::input::{choice, pieces};
use crate::limits::{LIMITS, WIDE};
use crate::refusal::REFUSAL;
use crate::scanner::standard;

/// A character for the API, one for the way to cut, then the answer: an event stream.
pub fn answer_events(input: &[u8]) -> bool {
    let apis = [
        LlmApi::ChatCompletions,
        LlmApi::Responses,
        LlmApi::Messages,
        LlmApi::GenerateContent,
    ];
    examined(Framing::ServerSentEvents, &apis, input, <[u8]>::to_vec)
}

/// As for event streams: one document.
pub fn answer_document(input: &[u8]) -> bool {
    let apis = [
        LlmApi::ChatCompletions,
        LlmApi::Responses,
        LlmApi::Messages,
        LlmApi::Converse,
        LlmApi::GenerateContent,
        LlmApi::InvokeModel,
    ];
    examined(Framing::Document, &apis, input, <[u8]>::to_vec)
}

/// As for event streams: one JSON array.
pub fn answer_array(input: &[u8]) -> bool {
    let apis = [LlmApi::GenerateContent];
    examined(Framing::JsonArray, &apis, input, <[u8]>::to_vec)
}

/// As for event streams: the messages of an AWS stream, whose checksums need not be right.
pub fn answer_aws(input: &[u8]) -> bool {
    let apis = [LlmApi::Converse, LlmApi::InvokeModel];
    examined(Framing::AwsEventStream, &apis, input, calls::with_checksums)
}

fn examined(framing: Framing, apis: &[LlmApi], input: &[u8], body: fn(&[u8]) -> Vec<u8>) -> bool {
    let chosen = choice(input, apis.len())
        .and_then(|(api, rest)| Some((apis.get(api)?, choice(rest, 256)?)));
    let Some((api, (seed, rest))) = chosen else {
        return false;
    };
    let about = About {
        api: *api,
        framing,
        is_doubted: false,
        searches: false,
    };
    about.examined(&body(rest), seed)
}

#[derive(Clone, Copy)]
pub(crate) struct About {
    pub(crate) api: LlmApi,
    pub(crate) framing: Framing,
    /// Whether events may be somebody else's.
    pub(crate) is_doubted: bool,
    /// Whether texts are searched as well.
    pub(crate) searches: bool,
}

enum Verdict {
    Release,
    Refuse,
    Replace(Map<String, Value>),
}

#[derive(Debug)]
struct Told {
    sent: Vec<u8>,
    /// How much of that the answer itself is, before a refusal.
    before_refusal: usize,
    calls: Vec<ProposedCall>,
    error: Option<AnswerError>,
}

impl Told {
    fn own(&self) -> &[u8] {
        self.sent.get(..self.before_refusal).unwrap_or_default()
    }
}

impl About {
    /// Whether the answer could be followed to its end.
    pub(crate) fn examined(self, body: &[u8], seed: usize) -> bool {
        let released = self.cut_or_whole(body, seed, &Verdict::Release);
        let own = released.own();
        assert!(body.starts_with(own));
        if released.error.is_none() {
            assert_eq!(own, body);
            assert!(!released.calls.is_empty() || !calls::proposes(self.api, self.framing, body));
        }
        let refused = self.cut_or_whole(body, seed, &Verdict::Refuse);
        assert!(body.starts_with(refused.own()));
        assert!(refused.calls.len() <= 1 && refused.calls.first() == released.calls.first());
        self.replaces(body, seed, &released);
        released.calls.iter().for_each(can_be_redacted);
        self.searches(body, seed);
        released.error.is_none() && !body.is_empty()
    }

    /// What whole and cut answers lead to, which is the same.
    fn cut_or_whole(self, body: &[u8], seed: usize, verdict: &Verdict) -> Told {
        let whole = self.follow([body], verdict, LIMITS);
        let cut = self.follow(pieces(body, seed), verdict, LIMITS);
        assert_eq!(
            String::from_utf8_lossy(&cut.sent),
            String::from_utf8_lossy(&whole.sent)
        );
        assert!(cut.sent == whole.sent && cut.calls == whole.calls);
        // Where there is too much, something else may be found to be wrong with it first.
        let limit = |told: &Told| matches!(told.error, Some(AnswerError::EventTooLong));
        if limit(&cut) || limit(&whole) {
            assert_eq!(cut.error.is_some(), whole.error.is_some());
        } else {
            assert_eq!(cut.error, whole.error);
        }
        whole
    }

    /// Whoever reads the answer after that finds the same calls with the new arguments, and no other.
    fn replaces(self, body: &[u8], seed: usize, released: &Told) {
        let clean = Map::from_iter([("note".to_owned(), Value::from("\"clean\"\n"))]);
        let replaced = self.cut_or_whole(body, seed, &Verdict::Replace(clean.clone()));
        if replaced.error.is_some() {
            return;
        }
        let again = self.follow([&*replaced.sent], &Verdict::Release, WIDE);
        assert_eq!(again.error, None);
        // Calls that differed in nothing but their arguments are one and the same by now.
        let mut expected: Vec<ProposedCall> = Vec::new();
        for call in released.calls.iter().cloned() {
            let arguments = Arguments::Read(clean.clone());
            let call = ProposedCall { arguments, ..call };
            if !expected.contains(&call) {
                expected.push(call);
            }
        }
        assert!(expected.iter().all(|call| again.calls.contains(call)));
        assert!(again.calls.iter().all(|call| expected.contains(call)));
    }

    /// Searched texts do not depend on the cuts, and the calls beside them are the same.
    fn searches(self, body: &[u8], seed: usize) {
        let searching = Self {
            searches: true,
            ..self
        };
        let searched = searching.cut_or_whole(body, seed, &Verdict::Release);
        let again = self.follow([&*searched.sent], &Verdict::Release, WIDE);
        if searched.error.is_none() {
            assert_eq!(again.error, None);
            assert_eq!(again.calls, searched.calls);
        }
    }

    fn guard(self, limits: Limits) -> Guard {
        let mut guard = Guard::new(self.api, self.framing, limits);
        if self.is_doubted {
            guard = guard.doubting();
        }
        if self.searches {
            guard = guard.searching(cleaner());
        }
        guard
    }

    fn follow<'a>(
        self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
        verdict: &Verdict,
        limits: Limits,
    ) -> Told {
        let mut guard = self.guard(limits);
        let mut pieces = pieces.into_iter();
        let (mut sent, mut calls) = (Vec::new(), Vec::new());
        let refused = loop {
            match guard.step() {
                Ok(Step::Forward(bytes)) => sent.extend(bytes),
                Ok(Step::Judge(call)) => {
                    calls.push(call);
                    let judged = match verdict {
                        Verdict::Release => guard.release(),
                        Verdict::Replace(arguments) => guard.replace(arguments),
                        Verdict::Refuse => break Some(None),
                    };
                    if let Err(error) = judged {
                        break Some(Some(error));
                    }
                }
                Ok(Step::Wait) => match pieces.next() {
                    Some(piece) => guard.feed(piece),
                    None => guard.finish(),
                },
                Ok(Step::End) => break None,
                Err(error) => break Some(Some(error)),
            }
        };
        let before_refusal = sent.len();
        if refused.is_some() {
            sent.extend(guard.refuse(&REFUSAL));
            assert_eq!(guard.step(), Ok(Step::End));
        }
        Told {
            sent,
            before_refusal,
            calls,
            error: refused.flatten(),
        }
    }
}

/// Whatever is found in the arguments of a call is gone once they are redacted.
fn can_be_redacted(call: &ProposedCall) {
    let Arguments::Read(arguments) = &call.arguments else {
        return;
    };
    let scanner = standard();
    let kinds = crate::inspect::every_kind(scanner);
    if let Ok(clean) = proposed::redact(&call.name, arguments, &kinds, &crate::inspect::means()) {
        assert_eq!(proposed::data(&call.name, &clean, scanner), []);
        let changed = !proposed::data(&call.name, arguments, scanner).is_empty();
        assert_eq!(&clean != arguments, changed);
    }
}
