//! Answers that belong to no API: cutting changes nothing, where nothing is found nothing changes, and what was found is gone.

use std::collections::BTreeSet;

use aegis_policy::{Action, AnswerEffect, AnswerRules, sensitive};
use aegis_protocol::answer::Limits;
use aegis_protocol::{Cleaner, Content, ContentError, Medium, Step};

use crate::input::{choice, pieces};
use crate::limits::{LIMITS, WIDE};
use crate::scanner::standard;

/// A character for how the text comes, one for the way to cut, then the answer.
pub fn content(input: &[u8]) -> bool {
    let chosen =
        choice(input, MEDIA.len()).and_then(|(medium, rest)| Some((medium, choice(rest, 256)?)));
    let Some((medium, (seed, body))) = chosen else {
        return false;
    };
    let Some(medium) = MEDIA.get(medium).copied() else {
        return false;
    };
    let Some(sent) = cut_or_whole(medium, body, seed) else {
        return false;
    };
    let again = follow(medium, [&*sent.bytes], WIDE);
    assert_eq!(again.error, None);
    // The label of one type can be the word that speaks for another.
    let plain = |kind: &&str| PLAIN.contains(kind);
    assert!(!again.found.iter().any(plain), "{:?}", again.found);
    if sent.found.is_empty() && !(medium == Medium::Events && may_tell_artifacts(body)) {
        assert!(sent.bytes == body);
    }
    !body.is_empty()
}

/// One that labels whatever is found.
pub(crate) fn cleaner() -> Cleaner {
    let rules = AnswerRules {
        data: sensitive::CLASSES
            .map(|class| (class.into(), AnswerEffect::Sanitize(Action::Label)))
            .into(),
        ..AnswerRules::default()
    };
    Cleaner::new(standard(), &rules)
}

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) bytes: Vec<u8>,
    found: BTreeSet<&'static str>,
    error: Option<ContentError>,
}

/// What whole and cut answers lead to, which is the same; `None` where they cannot be searched.
pub(crate) fn cut_or_whole(medium: Medium, body: &[u8], seed: usize) -> Option<Told> {
    let whole = follow(medium, [body], LIMITS);
    let cut = follow(medium, pieces(body, seed), LIMITS);
    if whole.error.is_some() || cut.error.is_some() {
        assert_eq!(whole.error.is_some(), cut.error.is_some());
        return None;
    }
    assert_eq!(
        String::from_utf8_lossy(&cut.bytes),
        String::from_utf8_lossy(&whole.bytes)
    );
    assert!(cut.bytes == whole.bytes && cut.found == whole.found);
    Some(whole)
}

fn follow<'a>(medium: Medium, pieces: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> Told {
    let mut content = Content::new(medium, cleaner(), limits);
    let (mut pieces, mut told) = (pieces.into_iter(), Told::default());
    loop {
        match content.step() {
            Ok(Step::Forward(bytes)) => told.bytes.extend(bytes),
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => content.feed(piece),
                None => content.finish(),
            },
            Ok(Step::End) => break,
            Err(error) => {
                told.error = Some(error);
                break;
            }
        }
    }
    let found = content.cleaner().found();
    told.found = found.iter().map(|found| found.seen.kind).collect();
    told
}

/// Whether an agent may tell texts that wait for what carries them on, and go on in events of their own.
fn may_tell_artifacts(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body).replace('_', "");
    body.contains('\\') || body.to_ascii_lowercase().contains("artifact")
}

const MEDIA: [Medium; 5] = [
    Medium::Json,
    Medium::Lines,
    Medium::Events,
    Medium::Text,
    Medium::Unknown,
];
/// Types that need no word beside them.
const PLAIN: [&str; 3] = ["CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE"];
