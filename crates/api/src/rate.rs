//! A bound on how fast one caller calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Callers of whom one is remembered without looking whether it still owes.
const CALLERS: usize = 10_000;

/// A bound per caller: so many calls a second in the long run, so many at once. Shared by all workers. Callers
/// who owe nothing are forgotten when there are many.
#[derive(Debug)]
pub struct RateLimit {
    /// Time that one call costs.
    cost: Duration,
    /// Time that may be owed.
    burst: Duration,
    /// When each caller's calls will be paid for.
    paid_until: Mutex<HashMap<String, Instant>>,
}

impl RateLimit {
    /// `per_second` calls in the long run (at least one), `burst` at once.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let cost = Duration::from_secs(1) / per_second.max(1);
        Self {
            cost,
            burst: cost * burst,
            paid_until: Mutex::default(),
        }
    }

    /// Counts a call of `caller` at `now`; an error is the time to wait, and the call does not count.
    pub fn take(&self, caller: &str, now: Instant) -> Result<(), Duration> {
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        if paid_until.len() >= CALLERS {
            paid_until.retain(|_, until| *until > now);
        }
        let owed = paid_until
            .get(caller)
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let excess = (owed + self.cost).saturating_sub(self.burst);
        if !excess.is_zero() {
            return Err(excess);
        }
        paid_until.insert(caller.to_owned(), now + owed + self.cost);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let limit = RateLimit::new(10, 3);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(limit.take("a", start), Ok(()));
        }
        assert_eq!(limit.take("a", start), Err(Duration::from_millis(100)));
        assert_eq!(limit.take("b", start), Ok(()), "another caller");
        let later = start + Duration::from_millis(100);
        assert_eq!(limit.take("a", later), Ok(()));
        assert!(limit.take("a", later).is_err());
    }
}
