//! What is remembered between calls: the values behind tokens. It judges nothing, and reads no clock.

mod memory;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

pub use memory::MemoryVault;

/// Whose tokens they are: nobody else's are ever looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub tenant: Arc<str>,
    pub agent: Arc<str>,
    pub side: Side,
}

/// Which way a value went when it became a token. What was kept from an agent does not come back to
/// it by a token that it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// From the agent.
    Sent,
    /// To it.
    Received,
}

/// How long tokens are kept, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// After they were used last.
    pub ttl: Duration,
    /// In one scope.
    pub most: usize,
}

/// Sixteen hexadecimal digits, drawn at random.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; Token::LENGTH]);

/// Keeps values by their tokens.
///
/// `now` is the time since any moment that stays the same; it never goes back.
pub trait Vault: fmt::Debug + Send + Sync {
    /// The token of a value in its scope, the same for the same type and value for as long as it is
    /// kept. `None`: there is no room, or no randomness; nothing that is kept makes room.
    fn token(&self, scope: &Scope, kind: &str, value: &str, now: Duration) -> Option<Token>;

    /// The value that a token of this type stands for in this scope.
    fn value(
        &self,
        scope: &Scope,
        kind: &str,
        token: &Token,
        now: Duration,
    ) -> Option<Zeroizing<String>>;
}

impl Token {
    pub const LENGTH: usize = 16;

    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        let known = digits
            .iter()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        known.then_some(Self(digits))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A token says nothing, yet whoever has it may have it restored.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}
