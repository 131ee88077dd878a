//! Memory for the bodies of requests, shared by all connections. It makes nobody wait: what does not fit is refused.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::{Cause, Refusal};

/// One permit is one byte.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// What a body has taken so far. It takes what has arrived, not what it announces: who sends nothing
/// must not be able to keep others out.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

/// What a body has taken in the end, until the last of its bytes is gone.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    _taken: Arc<Option<OwnedSemaphorePermit>>,
}

/// Bytes together with their room.
struct Held {
    bytes: Bytes,
    _room: Room,
}

impl Budget {
    /// For bodies of which up to `limit` bytes are read.
    pub(crate) fn new(limit: usize) -> Self {
        let total = limit.saturating_mul(BODIES).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(total)))
    }

    pub(crate) fn share(&self) -> Share {
        Share {
            budget: Arc::clone(&self.0),
            taken: None,
        }
    }
}

impl Share {
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let budget = Arc::clone(&self.budget);
        let more = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| budget.try_acquire_many_owned(bytes).ok())
            .ok_or_else(|| Refusal::new(Cause::BodyOverload))?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }

    pub(crate) fn into_room(self) -> Room {
        Room {
            _taken: Arc::new(self.taken),
        }
    }
}

impl Room {
    pub(crate) fn hold(&self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held {
            bytes,
            _room: self.clone(),
        })
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bodies of full length that fit in at the same time.
const BODIES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_does_not_fit_is_refused_and_takes_nothing() {
        let budget = Budget::new(1);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.take(BODIES - 1).unwrap();

        assert_eq!(second.take(2).unwrap_err().cause, Cause::BodyOverload);

        second.take(1).unwrap();
    }

    #[test]
    fn room_is_given_back_with_the_last_of_the_bytes() {
        let budget = Budget::new(2);
        let mut share = budget.share();
        share.take(BODIES).unwrap();
        share.take(BODIES).unwrap();
        let room = share.into_room();
        let sent = room.hold(Bytes::from_static(b"as it came"));
        let redacted = room.hold(Bytes::from_static(b"as it goes"));
        drop((room, sent));
        let last = redacted.slice(3..);
        drop(redacted);

        assert!(budget.share().take(1).is_err());
        assert_eq!(&last[..], b"it goes");
        drop(last);
        budget.share().take(2 * BODIES).unwrap();
    }
}
