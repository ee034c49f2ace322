//! Who has gone from a district to another one of the same state: the other side of a new child.

use chrono::{DateTime, TimeDelta, Utc};
use store::new_children::{LEFT, NewChild};
use store::roster::Held;

use super::{Stay, WINDOW_DAYS};
use crate::eligibility::Window;

/// That the child of these stays has gone from the district of `stay` to another one of the state, and whether that is
/// recent enough to be told. Its last day there is over, it was one of the district's migratory children on it, and the
/// next that is known of it is a stay in that other district: one that it began later, and that went on when this one
/// was over. What leads to another state, or to where no district is known, is none.
///
/// `held` are the state's students, `stays` all of the child's, by first day, and `all` its windows in the state.
pub(super) fn from(
    held: &[&Held],
    stay: &Stay,
    stays: &[Stay],
    all: &[Window],
    now: DateTime<Utc>,
) -> Option<(NewChild, bool)> {
    let of = held.iter().find(|h| h.student_id == stay.student_id)?;
    let as_of = held.iter().map(|h| h.as_of).max()?;
    let district = stay.district.as_ref()?;
    let left = stay.until.filter(|until| *until < of.today)?;
    if !all.iter().any(|window| window.holds(left)) {
        return None;
    }
    let next = stays
        .iter()
        .find(|next| next.from > stay.from && next.until.is_none_or(|until| until > left))?;
    let to_district = next
        .district
        .as_ref()
        .filter(|to| next.state == stay.state && to.to_lowercase() != district.to_lowercase())?;
    let new = NewChild {
        state: stay.state.to_string(),
        district: Some(district.clone()),
        person_id: of.person_id.number(),
        student_id: stay.student_id.0,
        reason: LEFT,
        happened_on: next.from,
        facility_code: next.facility_code.clone(),
        raised_at: now,
        to_district: Some(to_district.clone()),
    };
    // Where both were open at once it is news when the first one ends.
    let told = next.from.max(left);
    Some((new, told >= as_of.date_naive() - TimeDelta::days(WINDOW_DAYS)))
}
