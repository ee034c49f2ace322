//! When it is tried again, and when not for a while: pure.

use chrono::{DateTime, TimeDelta, Utc};

/// When a delivery that failed is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// Pause after the first failure; each further one is four times as long.
    pub first: TimeDelta,
    /// The longest pause.
    pub longest: TimeDelta,
    /// After how long a delivery is given up.
    pub life: TimeDelta,
}

impl Default for Schedule {
    /// 10 seconds, 40, … up to 12 hours apart, for 72 hours: a dozen attempts.
    fn default() -> Self {
        Self {
            first: TimeDelta::seconds(10),
            longest: TimeDelta::hours(12),
            life: TimeDelta::hours(72),
        }
    }
}

impl Schedule {
    /// When to try again after so many `attempts` of a delivery that waits since `queued_at`; `None`: it is given up. The
    /// pause is drawn between half and all of its length (`jitter` from 0 to 1), so that what failed together does not
    /// come back together, and is not shorter than the receiver `asked` for. The last attempt falls on the end of its life.
    #[must_use]
    pub fn next(
        &self,
        attempts: i32,
        queued_at: DateTime<Utc>,
        now: DateTime<Utc>,
        asked: Option<TimeDelta>,
        jitter: f64,
    ) -> Option<DateTime<Utc>> {
        let end = queued_at + self.life;
        if now >= end {
            return None;
        }
        let factor = 4_i32.saturating_pow(attempts.clamp(1, 12) as u32 - 1);
        let pause = self
            .first
            .checked_mul(factor)
            .unwrap_or(self.longest)
            .min(self.longest);
        let millis = pause.num_milliseconds() as f64 * (0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        let drawn = TimeDelta::milliseconds(millis as i64);
        let pause = drawn.max(asked.unwrap_or_default().min(self.longest));
        Some((now + pause).min(end))
    }
}

/// When a receiver is left alone because nothing reaches it.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    /// After so many failures in a row.
    pub after: i32,
    /// The first pause; it doubles with each further failure.
    pub first: TimeDelta,
    /// The longest pause.
    pub longest: TimeDelta,
}

impl Default for Breaker {
    /// After 5 failures for 30 seconds, up to 15 minutes; then one attempt shows whether it answers again.
    fn default() -> Self {
        Self {
            after: 5,
            first: TimeDelta::seconds(30),
            longest: TimeDelta::minutes(15),
        }
    }
}

impl Breaker {
    /// How long to leave a receiver alone after so many failures in a row; `None`: not at all.
    #[must_use]
    pub fn pause(&self, failures: i32) -> Option<TimeDelta> {
        let further = failures.checked_sub(self.after).filter(|n| *n >= 0)?;
        let factor = 2_i32.saturating_pow(further.min(20) as u32);
        Some(
            self.first
                .checked_mul(factor)
                .unwrap_or(self.longest)
                .min(self.longest),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_a_dozen_times_in_72_hours_and_then_no_more() {
        let schedule = Schedule::default();
        let start: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().unwrap();
        for jitter in [0.0, 0.5, 1.0] {
            let (mut now, mut attempts) = (start, 1);
            while let Some(next) = schedule.next(attempts, start, now, None, jitter) {
                assert!(next > now && next - now <= schedule.longest);
                now = next;
                attempts += 1;
            }
            assert_eq!(now, start + schedule.life);
            assert!((12..=20).contains(&attempts), "{attempts} attempts");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        let schedule = Schedule::default();
        let start: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().unwrap();
        let next = |asked| schedule.next(1, start, start, Some(asked), 1.0).unwrap() - start;
        assert_eq!(next(TimeDelta::seconds(1)), TimeDelta::seconds(10));
        assert_eq!(next(TimeDelta::minutes(5)), TimeDelta::minutes(5));
        assert_eq!(next(TimeDelta::days(900)), schedule.longest);
    }

    #[test]
    fn the_breaker_opens_after_five_and_waits_longer_each_time() {
        let breaker = Breaker::default();
        assert_eq!(breaker.pause(4), None);
        assert_eq!(breaker.pause(5), Some(TimeDelta::seconds(30)));
        assert_eq!(breaker.pause(7), Some(TimeDelta::minutes(2)));
        assert_eq!(breaker.pause(i32::MAX), Some(breaker.longest));
    }
}
