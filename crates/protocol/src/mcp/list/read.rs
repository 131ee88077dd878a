//! The text of one event of an MCP answer: what it lists and asks, and what it says without data. It decides nothing.

use super::entries::Found;
use crate::mcp::answered::{self, Said};
use crate::mcp::{Expected, FollowError};
use crate::{Cleaner, ContentError};

/// What one event says.
pub(super) struct Read {
    pub(super) found: Found,
    pub(super) said: Said,
}

impl Read {
    pub(super) fn waits(&self) -> bool {
        !self.found.is_empty() || !self.said.questions.is_empty()
    }
}

pub(super) fn read(json: &[u8], expected: &Expected) -> Result<Read, FollowError> {
    let found = expected.lists().then(|| Found::read(json, expected));
    let found = found.transpose()?.unwrap_or_default();
    let said = answered::read(json, expected)?;
    Ok(Read { found, said })
}

/// Whether nobody takes it for a message, in any encoding: an address (the first event of the
/// transport before 2025-03-26), or a web server's word.
pub(super) fn is_text(data: &[u8]) -> bool {
    let first = data.trim_ascii_start().first();
    first.is_some_and(|first| first.is_ascii_graphic() && !matches!(first, b'{' | b'['))
}

/// What an event says without the data; `None` where it may go as it is.
pub(super) fn without_data(
    cleaner: &mut Option<Cleaner>,
    data: &[u8],
) -> Result<Option<String>, FollowError> {
    let Some(cleaner) = cleaner else {
        return Ok(None);
    };
    match cleaner.data(data) {
        Ok(instead) => Ok(instead),
        Err(ContentError::Denied(denied)) => Err(FollowError::Data(denied)),
        Err(_) if cleaner.passes_unread() => Ok(None),
        Err(error) => Err(FollowError::Unread(error)),
    }
}
