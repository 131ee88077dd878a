//! How a refused caller is told: once, in its own dialect, or for each message of a batch. It refuses nothing.

use aegis_protocol::mcp::render_batch;
use aegis_protocol::{Dialect, Rendered, render};
use serde_json::Value;

use super::{Refusal, Stamp};

#[derive(Clone, Debug)]
pub(crate) enum Told {
    Once(Dialect),
    Each(Vec<Message>),
}

/// One message of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) dialect: Dialect,
    pub(crate) stamp: Stamp,
    /// Of its own; `None`: the whole batch is refused for one reason.
    pub(crate) refusal: Option<Refusal>,
}

impl Told {
    /// Whether somebody waits for an answer within the protocol.
    pub(super) fn in_band(&self) -> bool {
        match self {
            Self::Once(dialect) => dialect.answers_in_band(),
            Self::Each(messages) => messages.iter().any(|it| it.dialect.answers_in_band()),
        }
    }

    pub(super) fn render(&self, refusal: &Refusal, stamp: &Stamp) -> Rendered {
        match self {
            Self::Once(dialect) => render(dialect, &refusal.document(stamp)),
            Self::Each(messages) => {
                let documents = messages.iter().map(|message| {
                    let refusal = message.refusal.as_ref().unwrap_or(refusal);
                    (&message.dialect, refusal.document(&message.stamp))
                });
                let nobody = Dialect::JsonRpc { id: Value::Null };
                let rendered = render_batch(documents);
                rendered.unwrap_or_else(|| render(&nobody, &refusal.document(stamp)))
            }
        }
    }
}

impl From<Dialect> for Told {
    fn from(dialect: Dialect) -> Self {
        Self::Once(dialect)
    }
}
