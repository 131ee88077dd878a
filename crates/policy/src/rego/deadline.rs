//! How long one call may take. It measures and stops nothing itself: the evaluators look at the clock.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::{ExecutionTimerConfig, Fault};

/// When one call, users' modules and library together, has used up its time.
#[derive(Clone, Copy)]
pub(super) struct Deadline(pub(super) Instant);

impl Deadline {
    pub(super) fn start() -> Self {
        Self(Instant::now() + deadline().limit)
    }

    pub(super) fn left(self) -> Result<ExecutionTimerConfig, Fault> {
        let limit = self.0.saturating_duration_since(Instant::now());
        if limit.is_zero() {
            return Err(Fault::Deadline);
        }
        Ok(ExecutionTimerConfig {
            limit,
            ..deadline()
        })
    }
}

/// Wall clock, so a busy machine could trip it: only a backstop behind the instruction limit, and
/// longer than a container waits that has used up its share of CPU (about a tenth of a second).
pub(super) fn deadline() -> ExecutionTimerConfig {
    ExecutionTimerConfig {
        limit: Duration::from_millis(500),
        check_interval: CHECK_INTERVAL,
    }
}

/// Units of work between two looks at the clock. A constant: the compiler would find the zero.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).unwrap();
