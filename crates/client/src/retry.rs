//! How often and how long apart a call is repeated. Only calls that are safe to repeat are: questions, and uploads,
//! which the hub knows by their content.

use std::time::Duration;

/// How often and how long apart a call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Calls in all, the first one included.
    pub attempts: u32,
    /// Pause after the first failure; it doubles with each further one.
    pub first: Duration,
    /// The longest pause, also when the hub itself names one. A hub that asks for more is given up.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_mins(1),
        }
    }
}

impl Retry {
    /// One call and no more.
    pub const NEVER: Self = Self {
        attempts: 1,
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };

    /// The pause after so many failures, or `None` to give up. Without the hub's word (`asked`) it is drawn between
    /// half and all of the doubled pause, so that many clients do not come back in step; `jitter` is from 0 to 1.
    #[must_use]
    pub fn pause(self, failures: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        match asked {
            Some(asked) => (asked <= self.longest).then_some(asked),
            None => {
                let doubled = self
                    .first
                    .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
                Some(
                    doubled
                        .min(self.longest)
                        .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let seconds = Duration::from_secs;
        let retry = Retry {
            attempts: 5,
            first: seconds(2),
            longest: seconds(10),
        };
        let pauses: Vec<_> = (1..=5).map(|failures| retry.pause(failures, None, 1.0)).collect();
        assert_eq!(
            pauses,
            [
                Some(seconds(2)),
                Some(seconds(4)),
                Some(seconds(8)),
                Some(seconds(10)),
                None
            ]
        );
        assert_eq!(retry.pause(1, None, 0.0), Some(seconds(1)));
    }

    #[test]
    fn the_hubs_word_holds_unless_it_is_too_long() {
        let seconds = Duration::from_secs;
        let retry = Retry {
            attempts: 3,
            first: seconds(1),
            longest: seconds(10),
        };
        assert_eq!(retry.pause(1, Some(seconds(7)), 0.3), Some(seconds(7)));
        assert_eq!(retry.pause(1, Some(seconds(300)), 0.3), None);
        assert_eq!(retry.pause(3, Some(seconds(7)), 0.3), None);
    }
}
