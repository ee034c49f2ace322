//! Warnings before a certificate runs out.

use chrono::{DateTime, Utc};

/// How urgent the renewal of a certificate is; later variants are more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpiryWarning {
    /// 60 days or fewer are left: plan the renewal.
    Within60Days,
    /// 30 days or fewer are left.
    Within30Days,
    /// 14 days or fewer are left.
    Within14Days,
    /// 7 days or fewer are left: renew now.
    Within7Days,
    /// It has expired.
    Expired,
}

/// Whole days left at `now` until `not_after`, rounded down: 0 on the last day, negative once it has passed.
pub fn days_left(not_after: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (not_after - now).num_seconds().div_euclid(24 * 60 * 60)
}

/// The warning due at `now` for a certificate valid until `not_after`; `None` with more than 60 days left.
pub fn expiry_warning(not_after: DateTime<Utc>, now: DateTime<Utc>) -> Option<ExpiryWarning> {
    match days_left(not_after, now) {
        ..0 => Some(ExpiryWarning::Expired),
        0..7 => Some(ExpiryWarning::Within7Days),
        7..14 => Some(ExpiryWarning::Within14Days),
        14..30 => Some(ExpiryWarning::Within30Days),
        30..60 => Some(ExpiryWarning::Within60Days),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn warnings_change_at_their_days() {
        let now: DateTime<Utc> = "2030-03-01T12:00:00Z".parse().unwrap();
        let second = TimeDelta::seconds(1);
        let table = [
            (TimeDelta::days(60), None, 60),
            (
                TimeDelta::days(60) - second,
                Some(ExpiryWarning::Within60Days),
                59,
            ),
            (
                TimeDelta::days(30) - second,
                Some(ExpiryWarning::Within30Days),
                29,
            ),
            (
                TimeDelta::days(14) - second,
                Some(ExpiryWarning::Within14Days),
                13,
            ),
            (TimeDelta::days(7) - second, Some(ExpiryWarning::Within7Days), 6),
            (TimeDelta::zero(), Some(ExpiryWarning::Within7Days), 0),
            (-second, Some(ExpiryWarning::Expired), -1),
        ];
        for (left, warning, days) in table {
            assert_eq!(expiry_warning(now + left, now), warning, "{left}");
            assert_eq!(days_left(now + left, now), days, "{left}");
        }
        assert!(ExpiryWarning::Expired > ExpiryWarning::Within7Days);
    }
}
