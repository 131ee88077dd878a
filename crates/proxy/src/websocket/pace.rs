//! How many pings and pongs a client may send: they pass unjudged and leave no line, so they must not be many. It closes nothing.

use std::time::Duration;

use tokio::time::Instant;

/// Counts within periods, each of which begins with a frame. A message, which leaves a line, ends one.
#[derive(Debug, Default)]
pub(super) struct Pace {
    since: Option<Instant>,
    frames: usize,
}

impl Pace {
    /// Whether one more may pass now.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        if self.since.is_none_or(|since| now >= since + PERIOD) {
            self.since = Some(now);
            self.frames = 0;
        }
        self.frames = self.frames.saturating_add(1);
        self.frames <= MOST
    }
}

/// In [`PERIOD`], and between two messages; libraries send one in some seconds.
const MOST: usize = 100;
const PERIOD: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_said_pass_in_each_period_and_no_more() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let later = |seconds| begin + Duration::from_secs(seconds);
        for period in [0, 10, 25] {
            for at in 0..100 {
                assert!(pace.admits(later(period + at / 20)), "{period} {at}");
            }
            assert!(!pace.admits(later(period + 9)), "{period}");
        }
    }

    #[test]
    fn who_has_sent_too_many_waits_for_the_next_period() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let refused = (0..200).filter(|_| !pace.admits(begin)).count();
        assert_eq!(refused, 100);
        assert!(pace.admits(begin + PERIOD));
    }
}
