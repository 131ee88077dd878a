//! One proposed call: what is known of it, what is decided about it, and its places in the answer.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::clean::Cleaner;
use crate::json::{self, JsonError, Node};

use super::AnswerError;

/// A call that the model proposes, complete, before the agent has seen any of it.
#[derive(Clone, PartialEq)]
pub struct ProposedCall {
    /// The provider's id of the call; empty where it gives none.
    pub id: String,
    pub name: String,
    pub run_by: RunBy,
    pub arguments: Arguments,
}

/// Who carries the call out once the agent has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunBy {
    Agent,
    /// The provider itself, which may have done so already.
    Provider,
}

#[derive(Clone, PartialEq)]
pub enum Arguments {
    /// Free text of a custom tool is the member `input`. An item that is a call by its type alone
    /// (a shell command, a click) is given whole.
    Read(Map<String, Value>),
    /// Not JSON that every reader reads alike; to be denied.
    Unreadable(JsonError),
    /// JSON, but not an object; to be denied.
    NotAnObject,
}

/// How a call states its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The text of a JSON object.
    Json,
    /// Free text.
    Input,
    /// The whole item.
    Item,
}

impl Form {
    /// Arguments with the values of the tokens in them; `None` where there are none.
    pub(super) fn restored(self, cleaner: Option<&Cleaner>, text: &str) -> Option<String> {
        match self {
            Self::Json => cleaner?.restore_json(text),
            Self::Input => cleaner?.restore(text),
            Self::Item => None,
        }
    }
}

/// Everything about a call but its arguments.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: String,
    /// What policy calls it.
    pub(super) name: String,
    /// Where the name has one before it, its namespace.
    pub(super) namespace: String,
    pub(super) run_by: RunBy,
    pub(super) form: Form,
}

/// Which call of the answer a part belongs to, in terms of its API.
pub(super) type Key = (u64, u64);

/// Arguments, or a piece of them, and where they stand in the event's JSON: nowhere by default.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// They stand there as a JSON value of their own, not as text in a string.
    pub(super) bare: bool,
}

/// A place in an event that goes with a call.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) call: usize,
    pub(super) span: Range<usize>,
    pub(super) bare: bool,
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Belongs to the call and holds nothing of its arguments.
    Mention,
    /// Arguments given with the call's beginning: they stand where no piece follows.
    Initial,
    FirstPiece,
    Piece,
    Whole,
}

pub(super) struct Call {
    pub(super) key: Option<Key>,
    pub(super) head: Head,
    /// The value that came with the beginning, until it is known whether pieces follow.
    pub(super) initial: Option<String>,
    pub(super) text: String,
    pub(super) pieces: usize,
    /// There is a place in the answer that holds its arguments.
    pub(super) placed: bool,
    /// It is told as a whole where nothing holds its arguments: other ones could not stand there.
    pub(super) fixed: bool,
    pub(super) state: State,
}

#[derive(PartialEq, Eq)]
pub(super) enum State {
    Open,
    Complete,
    Released,
    /// With these arguments instead.
    Replaced(String),
    /// In a conversation, which goes on without it.
    Refused,
}

impl Head {
    /// The name without its namespace.
    pub(super) fn bare_name(&self) -> &str {
        let spaced = self.name.strip_prefix(&self.namespace);
        let bare = spaced.and_then(|name| name.strip_prefix('.'));
        let bare = bare.filter(|_| !self.namespace.is_empty());
        bare.unwrap_or(&self.name)
    }
}

impl Call {
    pub(super) fn waits(&self) -> bool {
        self.state == State::Complete
    }

    pub(super) fn close(&mut self) -> Result<(), AnswerError> {
        match self.initial.take() {
            Some(initial) if self.text.trim().is_empty() => self.text = initial,
            Some(initial) if initial.split_whitespace().collect::<String>() != "{}" => {
                return Err(AnswerError::Ambiguous("arguments given in two ways"));
            }
            _ => {}
        }
        self.state = State::Complete;
        Ok(())
    }

    pub(super) fn proposed(&self) -> ProposedCall {
        ProposedCall {
            id: self.head.id.clone(),
            name: self.head.name.clone(),
            run_by: self.head.run_by,
            arguments: match self.head.form {
                Form::Input => {
                    let input = (INPUT.to_owned(), self.text.clone().into());
                    Arguments::Read(Map::from_iter([input]))
                }
                Form::Json if self.text.trim().is_empty() => Arguments::Read(Map::new()),
                Form::Json | Form::Item => match json::value(self.text.as_bytes()) {
                    Ok(Value::Object(arguments)) => Arguments::Read(arguments),
                    Ok(_) => Arguments::NotAnObject,
                    Err(error) => Arguments::Unreadable(error),
                },
            },
        }
    }

    /// Whether other arguments can stand in the place of its own.
    pub(super) fn is_replaceable(&self) -> bool {
        self.placed && !self.fixed && self.head.form != Form::Item
    }

    /// The arguments in the form in which the call states its own.
    pub(super) fn replacement(
        &self,
        arguments: &Map<String, Value>,
    ) -> Result<String, AnswerError> {
        Ok(match self.head.form {
            _ if !self.placed || self.fixed => return Err(AnswerError::Fixed),
            Form::Json => Value::Object(arguments.clone()).to_string(),
            Form::Input => match arguments.get(INPUT).and_then(Value::as_str) {
                Some(input) if arguments.len() == 1 => input.to_owned(),
                _ => return Err(AnswerError::Fixed),
            },
            Form::Item => return Err(AnswerError::Fixed),
        })
    }

    /// What stands in this place once the arguments are replaced; `None` where nothing changes.
    pub(super) fn instead(&self, mark: &Mark) -> Option<String> {
        let State::Replaced(arguments) = &self.state else {
            return None;
        };
        let text = match mark.role {
            Role::Mention => return None,
            _ if mark.span.is_empty() => return None,
            Role::Initial if self.pieces > 0 && mark.bare => "{}",
            Role::Initial if self.pieces > 0 => "",
            Role::Piece => "",
            Role::Initial | Role::FirstPiece | Role::Whole => arguments,
        };
        Some(if mark.bare {
            text.to_owned()
        } else {
            Value::from(text).to_string()
        })
    }
}

impl Written {
    /// A string whose text the arguments are.
    pub(super) fn quoted(string: Node<'_>) -> Self {
        Self {
            text: string.text().unwrap_or_default().into_owned(),
            span: string.span(),
            bare: false,
        }
    }

    /// A value that the arguments are.
    pub(super) fn bare(value: Node<'_>) -> Self {
        Self {
            text: value.raw().to_owned(),
            span: value.span(),
            bare: true,
        }
    }
}

/// No arguments.
impl fmt::Debug for ProposedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProposedCall")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("run_by", &self.run_by)
            .field("arguments", &self.arguments)
            .finish()
    }
}

/// Neither names nor values.
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str("Read(..)"),
            Self::Unreadable(error) => f.debug_tuple("Unreadable").field(error).finish(),
            Self::NotAnObject => f.write_str("NotAnObject"),
        }
    }
}

/// No name and no arguments.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The member under which the text of a custom tool is judged.
const INPUT: &str = "input";
