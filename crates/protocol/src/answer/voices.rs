//! The texts of a stream while they are searched: what each event may say of them, and what is said before they end.
//!
//! Texts wait in redactors, never in events: an event goes at once, with what is settled of its text.
//! It knows no framing.

mod delta;

use std::ops::Range;

use serde_json::Value;

use crate::LlmApi;
use crate::clean::{Cleaner, ContentError, Flow};
use crate::json::{Kind, Node, Tree};

use super::AnswerError;
use super::event::{Event, count, text};
use super::places::{is_name_of_api, is_of_api, is_opaque, is_text};
use super::texts::{Channel, End, Texts};
use delta::Delta;
pub(in crate::answer) use delta::Inserted;

#[derive(Debug)]
pub(super) struct Voices {
    api: LlmApi,
    cleaner: Cleaner,
    open: Vec<Voice>,
    /// Texts that are open at once.
    limit: usize,
    /// Where the API numbers its events, the last number; and how many events came in between.
    sequence: Option<u64>,
    inserted: u64,
    /// Of a stream that does not begin with its first event: the output items that have begun in it and go on.
    begun: Option<Vec<u64>>,
}

/// A text that goes on.
#[derive(Debug)]
struct Voice {
    channel: Channel,
    flow: Flow,
    delta: Delta,
}

/// What is done about one event.
#[derive(Default)]
pub(super) struct Changes {
    /// Goes before it.
    pub(super) before: Vec<Inserted>,
    pub(super) edits: Vec<(Range<usize>, String)>,
}

impl Voices {
    pub(super) fn new(api: LlmApi, cleaner: Cleaner, limit: usize) -> Self {
        Self {
            api,
            cleaner,
            open: Vec::new(),
            limit,
            sequence: None,
            inserted: 0,
            begun: None,
        }
    }

    /// The stream does not begin with its first event: who asks for it may have the first half of a value already.
    pub(super) fn resuming(mut self, resumes: bool) -> Self {
        self.begun = resumes.then(Vec::new);
        self
    }

    pub(super) fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    pub(super) fn cleaner_mut(&mut self) -> &mut Cleaner {
        &mut self.cleaner
    }

    /// No text goes on.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// How many events came in between.
    pub(super) fn inserted(&self) -> u64 {
        self.inserted
    }

    /// One event of a stream. `calls` are the places of arguments, which are judged by themselves.
    pub(super) fn event(
        &mut self,
        name: &str,
        tree: &Tree<'_>,
        calls: &[Range<usize>],
    ) -> Result<Changes, AnswerError> {
        let Some(root) = tree.root() else {
            return Ok(Changes::default());
        };
        let mut texts = Texts::of(self.api, Event { name, root })?;
        texts
            .pieces
            .retain(|(_, piece)| !within(calls, &piece.span()));
        self.refuse_rests(root, &texts)?;
        self.sequence = count(root, &["sequence_number"]).or(self.sequence);
        let mut said = Vec::new();
        let mut pieces = texts.pieces.iter().peekable();
        while let Some((channel, piece)) = pieces.next() {
            let goes_on = pieces.clone().any(|(other, _)| other == channel);
            let last = !goes_on && texts.ends.iter().any(|end| end.covers(channel));
            let at = self.voice(name, root, channel, *piece, &texts)?;
            said.push((piece.span().start, self.hear(at, *piece, last)?));
        }
        said.sort_unstable_by_key(|(at, _)| *at);
        let before = self.end(&texts.ends)?;
        let mut edits = self.leaves(tree, calls, &said)?;
        if let (Some(node), Some(number)) = (root.get("sequence_number"), self.next_number())
            && self.inserted > 0
        {
            edits.push((node.span(), number.to_string()));
        }
        Ok(Changes { before, edits })
    }

    /// An event that is not the API's, as a whole.
    pub(super) fn foreign(&mut self, data: &[u8]) -> Result<Changes, AnswerError> {
        let cleaned = self.cleaner.data(data).map_err(|error| match error {
            ContentError::Denied(denied) => AnswerError::Data(denied),
            _ => AnswerError::Malformed("an event cannot be searched"),
        })?;
        Ok(Changes {
            before: Vec::new(),
            edits: cleaned.map(|it| (0..data.len(), it)).into_iter().collect(),
        })
    }

    /// A whole answer.
    pub(super) fn document(
        &mut self,
        tree: &Tree<'_>,
        calls: &[Range<usize>],
    ) -> Result<Changes, AnswerError> {
        let edits = self.leaves(tree, calls, &[])?;
        Ok(Changes {
            before: Vec::new(),
            edits,
        })
    }

    /// What remains of the texts that are over.
    pub(super) fn end(&mut self, ends: &[End]) -> Result<Vec<Inserted>, AnswerError> {
        let covered = |voice: &mut Voice| ends.iter().any(|end| end.covers(&voice.channel));
        let over: Vec<Voice> = self.open.extract_if(.., covered).collect();
        let mut inserted = Vec::new();
        for voice in over {
            let rest = utf8(self.cleaner.close(voice.flow)?)?;
            if !rest.is_empty() {
                let number = self.next_number();
                self.inserted += u64::from(number.is_some());
                inserted.push(voice.delta.saying(&rest, number));
            }
        }
        Ok(inserted)
    }

    /// Texts whose beginning nobody here has seen.
    fn refuse_rests(&mut self, root: Node<'_>, texts: &Texts<'_>) -> Result<(), AnswerError> {
        let Some(begun) = self.begun.as_mut().filter(|_| self.cleaner.searches()) else {
            return Ok(());
        };
        let item = count(root, &["output_index"]);
        match &*text(root, "type")? {
            "response.output_item.added" => begun.extend(item),
            "response.output_item.done" => begun.retain(|begun| Some(*begun) != item),
            _ => {}
        }
        if begun.len() > self.limit {
            return Err(AnswerError::TooManyTexts);
        }
        let mut pieces = texts.pieces.iter();
        if pieces.all(|(channel, _)| begun.contains(&channel.group)) {
            return Ok(());
        }
        Err(AnswerError::Headless)
    }

    /// Of what is sent next, where the API counts.
    fn next_number(&self) -> Option<u64> {
        let counts = self.api == LlmApi::Responses;
        let last = self.sequence.filter(|_| counts)?;
        Some(last.saturating_add(self.inserted))
    }

    /// Where the text of this channel is, which may begin with this piece.
    fn voice(
        &mut self,
        name: &str,
        root: Node<'_>,
        channel: &Channel,
        piece: Node<'_>,
        texts: &Texts<'_>,
    ) -> Result<usize, AnswerError> {
        let known = |voice: &Voice| voice.channel == *channel;
        if let Some(at) = self.open.iter().position(known) {
            return Ok(at);
        }
        if self.open.len() >= self.limit {
            return Err(AnswerError::TooManyTexts);
        }
        self.open.push(Voice {
            channel: channel.clone(),
            flow: self.cleaner.flow(None),
            delta: Delta::like(name, root, piece, texts, |text| self.cleaner.is_clean(text)),
        });
        Ok(self.open.len() - 1)
    }

    /// What may be said of the text in the place of this piece.
    fn hear(&mut self, at: usize, piece: Node<'_>, last: bool) -> Result<String, AnswerError> {
        let text = piece.text().unwrap_or_default();
        let Some(voice) = self.open.get_mut(at) else {
            return Err(AnswerError::TooManyTexts);
        };
        let mut said = self.cleaner.push(&mut voice.flow, text.as_bytes())?;
        if last {
            let voice = self.open.remove(at);
            said.extend(self.cleaner.close(voice.flow)?);
        }
        utf8(said)
    }

    /// Every text of the event: pieces as `said` has them, in order, others as a whole.
    fn leaves(
        &mut self,
        tree: &Tree<'_>,
        calls: &[Range<usize>],
        said: &[(usize, String)],
    ) -> Result<Vec<(Range<usize>, String)>, AnswerError> {
        let mut edits = Vec::new();
        let (mut done, mut names) = (0, 0);
        for node in tree.nodes() {
            let span = node.span();
            if span.start < done || within(calls, &span) {
                continue;
            }
            if self.cleaner.searches()
                && let Some(nothing) = probabilities(node)
            {
                done = span.end;
                edits.push((span, nothing.to_owned()));
                continue;
            }
            edits.extend(self.renamed(node, &mut names)?);
            let instead = match said.binary_search_by_key(&span.start, |(at, _)| *at) {
                Ok(at) => said.get(at).map(|(_, said)| said.clone()),
                Err(_) => self.whole(node)?,
            };
            let instead = instead.filter(|instead| node.text().is_none_or(|text| text != *instead));
            edits.extend(instead.map(|text| (span, Value::from(text).to_string())));
        }
        Ok(edits)
    }

    /// A member's name without the data in it. What the API calls its own members stays.
    fn renamed(
        &mut self,
        node: Node<'_>,
        names: &mut u32,
    ) -> Result<Option<(Range<usize>, String)>, AnswerError> {
        match node.key() {
            Some(key) if !is_name_of_api(&key) => Ok(self.cleaner.renamed(node, names)?),
            _ => Ok(None),
        }
    }

    fn whole(&mut self, node: Node<'_>) -> Result<Option<String>, AnswerError> {
        let name = node.name().unwrap_or_default();
        let counts = |node: Node<'_>| node.parent().is_none_or(is_of_api);
        Ok(match node.kind() {
            Kind::String if is_opaque(node) => None,
            // A text is the same in its pieces, which have other names, and as a whole.
            Kind::String if is_text(&name) => {
                self.cleaner.text(None, &node.text().unwrap_or_default())?
            }
            Kind::Number if counts(node) => None,
            _ => self.cleaner.leaf(node, 0)?,
        })
    }
}

impl End {
    fn covers(&self, channel: &Channel) -> bool {
        match self {
            Self::All => true,
            Self::Group(group) => channel.group == *group,
            Self::One(one) => channel == one,
        }
    }
}

/// The tokens of a text would tell what was taken out of it.
fn probabilities(node: Node<'_>) -> Option<&'static str> {
    let key = node.key()?;
    if !PROBABILITIES.contains(&&*key) {
        return None;
    }
    match node.kind() {
        Kind::Object => Some("null"),
        Kind::Array => Some("[]"),
        _ => None,
    }
}

fn within(spans: &[Range<usize>], span: &Range<usize>) -> bool {
    let mut spans = spans.iter();
    spans.any(|outer| outer.start <= span.start && span.end <= outer.end)
}

fn utf8(bytes: Vec<u8>) -> Result<String, AnswerError> {
    String::from_utf8(bytes).map_err(|_| AnswerError::Malformed("a text is not utf-8"))
}

const PROBABILITIES: [&str; 3] = ["logprobs", "logprobsResult", "top_logprobs"];
