//! How long a child was in a district: its enrollments there, as long as it was nowhere else between them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use mde::{Date, StateCode, StudentId};
use store::roster::{Facilities, Held};

use super::district;

/// Days between two enrollments in a district that are one stay, if the child is enrolled nowhere else meanwhile: a
/// summer, and the weeks by which schools begin later than they end.
const GAP_DAYS: i64 = 120;

/// A time in one district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The state.
    pub state: StateCode,
    /// The district, as the state writes it; none where no district is known.
    pub district: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while the child is there.
    pub until: Option<NaiveDate>,
    /// The student whose enrollment was the first.
    pub student_id: StudentId,
    /// The school of it.
    pub facility_code: Option<String>,
}

type Place = (StateCode, Option<String>);

/// The stays that the enrollments of these students show, by first day.
pub(super) fn stays(students: &[&Held], facilities: &Facilities) -> Vec<Stay> {
    let mut enrollments: Vec<(Place, Stay)> = Vec::new();
    for held in students {
        for enrollment in &held.student.enrollments {
            let stay = Stay {
                state: held.state,
                district: district(held.state, enrollment, facilities),
                from: enrollment.enrollment_date.day(),
                until: enrollment.withdrawal_date.map(Date::day),
                student_id: held.student_id,
                facility_code: enrollment.facility_code.as_ref().map(ToString::to_string),
            };
            let key = stay.district.as_ref().map(|name| name.to_lowercase());
            enrollments.push(((held.state, key), stay));
        }
    }
    enrollments.sort_by(|(a, x), (b, y)| (x.from, a, x.student_id).cmp(&(y.from, b, y.student_id)));
    let mut stays: Vec<Stay> = Vec::new();
    let mut last: BTreeMap<Place, usize> = BTreeMap::new();
    for (at, (place, next)) in enrollments.iter().enumerate() {
        let elsewhere = |left: NaiveDate| {
            enrollments[..at]
                .iter()
                .any(|(other, stay)| other != place && stay.from > left && stay.from < next.from)
        };
        let goes_on = |stay: &&mut Stay| {
            stay.until
                .is_none_or(|left| next.from - left <= TimeDelta::days(GAP_DAYS) && !elsewhere(left))
        };
        match last.get(place).map(|index| &mut stays[*index]).filter(goes_on) {
            Some(stay) => stay.until = stay.until.and_then(|left| Some(left.max(next.until?))),
            None => {
                last.insert(place.clone(), stays.len());
                stays.push(next.clone());
            }
        }
    }
    stays
}
