//! The vault of one process: gone with it, and on no disk.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{Keeping, Scope, Token, Vault};

pub struct MemoryVault {
    keeping: Keeping,
    random: SystemRandom,
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    by_scope: HashMap<Scope, Shelf>,
    /// When what has expired was looked for everywhere.
    swept: Duration,
}

/// What is kept in one scope.
#[derive(Default)]
struct Shelf {
    kept: HashMap<Token, Kept>,
    tokens: HashMap<Named, Token>,
    /// In the order in which they expire.
    by_use: BTreeSet<(Duration, Token)>,
}

struct Kept {
    named: Named,
    used: Duration,
}

/// A value and its type.
#[derive(Clone, PartialEq, Eq)]
struct Named {
    kind: String,
    value: Zeroizing<String>,
}

impl MemoryVault {
    pub fn new(keeping: Keeping) -> Self {
        Self {
            keeping,
            random: SystemRandom::new(),
            shelves: Mutex::default(),
        }
    }

    /// Without what has expired in this scope; in others it goes from time to time. What is kept is
    /// whole, whatever a thread has left in the middle.
    fn shelves(&self, scope: &Scope, now: Duration) -> MutexGuard<'_, Shelves> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let ttl = self.keeping.ttl;
        if now.saturating_sub(shelves.swept) >= ttl.min(SWEEP) {
            shelves.swept = now;
            shelves.by_scope.retain(|_, shelf| {
                shelf.expire(ttl, now);
                !shelf.kept.is_empty()
            });
        } else if let Some(shelf) = shelves.by_scope.get_mut(scope) {
            shelf.expire(ttl, now);
        }
        shelves
    }

    #[cfg(test)]
    pub(crate) fn scopes(&self) -> usize {
        self.shelves
            .lock()
            .map_or(0, |shelves| shelves.by_scope.len())
    }

    /// Runs of digits are short: a token must not look like a number of any kind.
    fn draw(&self) -> Option<Token> {
        loop {
            let mut bytes = [0; Token::LENGTH / 2];
            self.random.fill(&mut bytes).ok()?;
            let mut digits = [0; Token::LENGTH];
            for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
                for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                    *digit = if half < 10 {
                        b'0' + half
                    } else {
                        b'a' + half - 10
                    };
                }
            }
            let mut runs = digits.split(|digit| !digit.is_ascii_digit());
            if runs.all(|run| run.len() <= LONGEST_NUMBER) {
                return Some(Token(digits));
            }
        }
    }
}

impl Vault for MemoryVault {
    fn token(&self, scope: &Scope, kind: &str, value: &str, now: Duration) -> Option<Token> {
        let named = Named {
            kind: kind.to_owned(),
            value: Zeroizing::new(value.to_owned()),
        };
        let mut shelves = self.shelves(scope, now);
        let own = shelves.by_scope.entry(scope.clone()).or_default();
        if let Some(token) = own.tokens.get(&named).cloned() {
            own.touch(&token, now);
            return Some(token);
        }
        if own.kept.len() >= self.keeping.most {
            return None;
        }
        let token = self.draw()?;
        if own.kept.contains_key(&token) {
            return None;
        }
        own.tokens.insert(named.clone(), token.clone());
        own.by_use.insert((now, token.clone()));
        own.kept.insert(token.clone(), Kept { named, used: now });
        Some(token)
    }

    fn value(
        &self,
        scope: &Scope,
        kind: &str,
        token: &Token,
        now: Duration,
    ) -> Option<Zeroizing<String>> {
        let mut shelves = self.shelves(scope, now);
        let own = shelves.by_scope.get_mut(scope)?;
        let named = &own.kept.get(token)?.named;
        let value = (named.kind == kind).then(|| named.value.clone())?;
        own.touch(token, now);
        Some(value)
    }
}

impl Shelf {
    fn touch(&mut self, token: &Token, now: Duration) {
        if let Some(kept) = self.kept.get_mut(token) {
            self.by_use.remove(&(kept.used, token.clone()));
            kept.used = now;
            self.by_use.insert((now, token.clone()));
        }
    }

    fn expire(&mut self, ttl: Duration, now: Duration) {
        while let Some((used, token)) = self.by_use.first() {
            if now.saturating_sub(*used) < ttl {
                return;
            }
            if let Some(kept) = self.kept.remove(token) {
                self.tokens.remove(&kept.named);
            }
            self.by_use.pop_first();
        }
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind.as_str(), self.value.as_str()).hash(state);
    }
}

/// How many, never which.
impl fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVault")
            .field("keeping", &self.keeping)
            .finish_non_exhaustive()
    }
}

/// How often what has expired is looked for in every scope.
const SWEEP: Duration = Duration::from_mins(1);
/// Of digits in a row.
const LONGEST_NUMBER: usize = 3;
