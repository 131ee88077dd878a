//! One event of a conversation: which answer and item it belongs to, and what it adds to which call. It holds nothing back.

use crate::json::Node;

use super::super::AnswerError;
use super::super::call::{Form, Key};
use super::super::calls::Calls;
use super::super::event::{at, count, member, object, text};
use super::super::heard::Heard;
use super::super::responses;

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) kind: String,
    pub(super) response: Option<String>,
    pub(super) item: Option<String>,
    /// It is the last of its answer.
    pub(super) ends: bool,
}

/// The items that are calls, by their ids, which every event about one repeats.
#[derive(Debug, Default)]
pub(super) struct Items {
    known: Vec<Item>,
    /// Answers that have begun and not ended.
    open: Vec<String>,
    /// An answer has ended, and no other is open.
    over: bool,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) response: Option<String>,
    /// In its answer.
    index: Option<String>,
    key: Key,
}

impl Said {
    pub(super) fn of(root: Node<'_>) -> Result<Self, AnswerError> {
        let kind = text(root, "type")?.into_owned();
        let response = named(root, "response_id", object(root, "response")?)?;
        let item = named(root, "item_id", object(root, "item")?)?;
        let ends = FINAL.contains(&kind.as_str());
        if ends && response.is_none() {
            return Err(AnswerError::Malformed("an answer ends without its id"));
        }
        Ok(Self {
            kind,
            response,
            item,
            ends,
        })
    }

    /// Nothing more is told of its item, whatever was begun of it.
    pub(super) fn breaks_off(&self) -> bool {
        self.kind.ends_with(".failed") || self.kind == "conversation.item.deleted"
    }
}

impl Items {
    pub(super) fn read(
        &mut self,
        root: Node<'_>,
        said: &Said,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        self.count(said)?;
        self.item(root, said, calls)?;
        responses::arguments(root, &said.kind, calls, || self.key(root, said))?;
        if let Some(response) = object(root, "response")? {
            if said.ends {
                // What the answer has not told to its end, it does not tell any more.
                calls.close(&self.keys_of(None, said.response.as_deref()))?;
            }
            let mut answer = Heard::default();
            responses::document(response, calls, &mut answer)?;
            add(answer, response, heard);
        }
        heard.model(at(root, &["session", "model"]));
        if said.kind == "error" {
            heard.error(root.get("error").or(Some(root)));
        }
        Ok(())
    }

    /// Of a refused answer: what it has cost, and that it has ended.
    pub(super) fn pass_over(
        &mut self,
        root: Node<'_>,
        said: &Said,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        self.count(said)?;
        if let Some(response) = object(root, "response")? {
            let mut answer = Heard::default();
            responses::about(response, &mut answer);
            add(answer, response, heard);
        }
        Ok(())
    }

    pub(super) fn at(&self, key: Key) -> Option<&Item> {
        self.known.iter().find(|item| item.key == key)
    }

    /// The keys of this call and of all others in the same answer.
    pub(super) fn keys_of(&self, key: Option<Key>, response: Option<&str>) -> Vec<Key> {
        let belongs = |item: &&Item| {
            Some(item.key) == key || (response.is_some() && item.response.as_deref() == response)
        };
        self.known.iter().filter(belongs).map(|it| it.key).collect()
    }

    /// The answer that began last of those that go on.
    pub(super) fn latest(&self) -> Option<&str> {
        self.open.last().map(String::as_str)
    }

    pub(super) fn are_over(&self) -> bool {
        self.over
    }

    fn count(&mut self, said: &Said) -> Result<(), AnswerError> {
        let Some(response) = &said.response else {
            return Ok(());
        };
        self.open.retain(|open| open != response);
        if !said.ends {
            self.open.push(response.clone());
        }
        self.over = self.open.is_empty();
        if self.open.len() > MOST_OPEN {
            return Err(AnswerError::TooManyCalls);
        }
        Ok(())
    }

    /// An item as it begins, or as it is in the end.
    fn item(&mut self, root: Node<'_>, said: &Said, calls: &mut Calls) -> Result<(), AnswerError> {
        let Some(item) = object(root, "item")? else {
            return Ok(());
        };
        let Some((head, written)) = responses::call(item)? else {
            return Ok(());
        };
        let key = self.key(root, said)?;
        let begins = BEGINNING.contains(&said.kind.as_str())
            && text(item, "status")? != "completed"
            && written.text.is_empty();
        match calls.at(key) {
            Some(begun) if *begun != head => Err(AnswerError::Ambiguous(
                "an item that changes while it arrives",
            )),
            Some(_) if begins => calls.mentioned(key),
            Some(_) => calls.complete(key, written),
            None if begins => calls.begin_with(key, head, written),
            // Its status may change afterwards, so that only its text says that it is the same.
            None if head.form == Form::Item => calls.whole(head, written),
            None => {
                calls.begin(key, head)?;
                calls.complete(key, written)
            }
        }
    }

    /// The place of the item that an event names. Clients go by its id or by its place in the answer.
    fn key(&mut self, root: Node<'_>, said: &Said) -> Result<Key, AnswerError> {
        let id = said.item.as_deref();
        let id = id.ok_or(AnswerError::Malformed("a part of a call without its id"))?;
        let index = member(root, "output_index")?.map(|index| index.raw().to_owned());
        let agree = |known: &Option<String>, told: &Option<String>| {
            known.is_none() || told.is_none() || known == told
        };
        let next = self.known.len() as u64;
        if let Some(item) = self.known.iter_mut().find(|item| item.id == id) {
            if !agree(&item.response, &said.response) || !agree(&item.index, &index) {
                return Err(AnswerError::Ambiguous("an item in two answers or places"));
            }
            item.response = item.response.take().or_else(|| said.response.clone());
            item.index = item.index.take().or(index);
            return Ok(item.key);
        }
        let taken = |item: &Item| {
            item.index.is_some() && item.index == index && item.response == said.response
        };
        if self.known.iter().any(taken) {
            return Err(AnswerError::Ambiguous("two items in one place"));
        }
        let key = (0, next);
        self.known.push(Item {
            id: id.to_owned(),
            response: said.response.clone(),
            index,
            key,
        });
        Ok(key)
    }
}

/// Realtime has a name of its own for what came from the cache.
fn add(mut answer: Heard, response: Node<'_>, heard: &mut Heard) {
    let cached = ["usage", "input_token_details", "cached_tokens"];
    answer.usage.cached = answer.usage.cached.or_else(|| count(response, &cached));
    heard.add(answer);
}

/// An id that stands in the event or in the object that it is of; both must be the same.
fn named(
    root: Node<'_>,
    name: &str,
    object: Option<Node<'_>>,
) -> Result<Option<String>, AnswerError> {
    let told = text(root, name)?;
    let own = match object {
        Some(object) => text(object, "id")?,
        None => told.clone(),
    };
    match (told.is_empty(), own.is_empty()) {
        (false, false) if told != own => {
            Err(AnswerError::Ambiguous("an event that belongs to two"))
        }
        (_, false) => Ok(Some(own.into_owned())),
        (false, true) => Ok(Some(told.into_owned())),
        (true, true) => Ok(None),
    }
}

/// Events that tell of an item before it is whole.
const BEGINNING: [&str; 3] = [
    "response.output_item.added",
    "conversation.item.added",
    "conversation.item.created",
];

/// The last event of an answer, in Realtime and in Responses.
const FINAL: [&str; 5] = [
    "response.done",
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
];

/// Answers at the same time.
const MOST_OPEN: usize = 64;
