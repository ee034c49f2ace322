//! Which notices a person's history raises.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mde::{Date, Enrollment, StateCode, StudentId};
use sha2::{Digest, Sha256};
use store::notices::{NewNotice, Notice};
use store::persons::{PersonRecord, StudentRecord};
use store::program::Destination;

use crate::chronology::{Event, Stay, stays};

/// A move raises notices if it is not older than this at the time of which the reporting student's upload speaks.
/// Older ones are history: the first load of a nation must not flood its states.
pub const WINDOW_DAYS: i64 = 90;

/// Who wrote what the hub noticed.
pub(crate) const CREATED_BY: &str = "hub";

/// The event of a withdrawal that names the state to which the child goes.
const WITHDRAWAL: &str = "withdrawal";

/// The event of a child that is back from abroad.
const RETURN: &str = "return";

/// A notice that the history of a person raises.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The notice.
    pub notice: NewNotice,
    /// The days of the stay that it announces. The first day may become an earlier one when more of the stay is
    /// reported; it remains the same move.
    pub stay: RangeInclusive<NaiveDate>,
    /// Whether it is recent enough to be told.
    pub recent: bool,
}

impl Detected {
    /// Whether a written notice tells this move.
    #[must_use]
    pub fn is_told_by(&self, written: &Notice) -> bool {
        let new = &self.notice;
        written.sender.is_none()
            && (
                &written.kind,
                &written.recipient,
                &written.from_state,
                &written.to_state,
            ) == (&new.kind, &new.recipient, &new.from_state, &new.to_state)
            && (written.event == WITHDRAWAL) == (new.event == WITHDRAWAL)
            && written.event_date.is_some_and(|day| self.stay.contains(&day))
    }
}

/// Every notice that the history of a person raises, recent or not. A pure function of the students: it does not matter
/// in which order they came. `now` only dates the notices.
///
/// A stay in a state after one in another state raises an arrival notice to the new state and a departure notice to the
/// old one, unless the student that shows it is no longer reported. A withdrawal that names a state as destination
/// raises an arrival notice to that state as long as the child has not shown up anywhere since. A child that went abroad
/// and is back in the state that it left raises an arrival notice there: nobody else would tell.
#[must_use]
pub fn detect(person: &PersonRecord, now: DateTime<Utc>) -> Vec<Detected> {
    let stays = stays(person);
    let mut detected = Vec::new();
    for pair in stays.windows(2) {
        detected.extend(moved(person, &pair[0], &pair[1], now));
    }
    for stay in &stays {
        detected.extend(returned(person, stay, now));
    }
    let last_seen = stays.last().map(Stay::last);
    for student in person.students.iter().filter(|s| s.live) {
        detected.extend(expected(person, student, last_seen, now));
    }
    detected
}

fn moved(person: &PersonRecord, from: &Stay, to: &Stay, now: DateTime<Utc>) -> Vec<Detected> {
    // Only what a live student shows raises a notice.
    let live = |event: &&Event| {
        person
            .students
            .iter()
            .find(|s| s.student_id == event.student_id && s.live)
    };
    let Some((event, student)) = to.events.iter().find_map(|event| Some((event, live(&event)?))) else {
        return Vec::new();
    };
    // The first event says when; a later one of the stay may know better where.
    let known = |pick: fn(&Event) -> &Option<String>| to.events.iter().find_map(|e| pick(e).clone());
    let notice = |kind: &str, recipient: StateCode| NewNotice {
        kind: kind.to_owned(),
        recipient: recipient.to_string(),
        sender: None,
        person_id: person.person_id.number(),
        student_id: Some(event.student_id.0),
        from_state: Some(from.state.to_string()),
        to_state: Some(to.state.to_string()),
        district: known(|e| &e.district),
        city: known(|e| &e.city),
        event: event.kind.name().to_owned(),
        event_date: Some(event.day),
        expected_date: None,
        contact: None,
        note: None,
        cause: cause(
            kind,
            event.student_id,
            event.kind.name(),
            event.day,
            [from.state, to.state],
        ),
        created_at: now,
        created_by: CREATED_BY.to_owned(),
    };
    [notice("arrival", to.state), notice("departure", from.state)]
        .into_iter()
        .map(|notice| Detected {
            notice,
            stay: to.first()..=to.last(),
            recent: is_recent(event.day, student),
        })
        .collect()
}

/// Returns from abroad within a stay: the first event after each withdrawal to another country.
fn returned(person: &PersonRecord, stay: &Stay, now: DateTime<Utc>) -> Vec<Detected> {
    let away: BTreeSet<NaiveDate> = person
        .students
        .iter()
        .filter(|s| s.state == stay.state && s.status != "deleted")
        .flat_map(|s| &s.student.enrollments)
        .filter(|e| destination(e) == Destination::Abroad)
        .filter_map(|e| e.withdrawal_date.map(Date::day))
        .collect();
    away.iter()
        .filter_map(|left| {
            let event = stay.events.iter().find(|event| event.day > *left)?;
            let next = away.range(event.day..).next();
            let student = person
                .students
                .iter()
                .find(|s| s.student_id == event.student_id && s.live)?;
            let notice = NewNotice {
                kind: "arrival".to_owned(),
                recipient: stay.state.to_string(),
                sender: None,
                person_id: person.person_id.number(),
                student_id: Some(event.student_id.0),
                from_state: None,
                to_state: Some(stay.state.to_string()),
                district: event.district.clone(),
                city: event.city.clone(),
                event: RETURN.to_owned(),
                event_date: Some(event.day),
                expected_date: None,
                contact: None,
                note: None,
                cause: cause("arrival", event.student_id, RETURN, event.day, [stay.state; 2]),
                created_at: now,
                created_by: CREATED_BY.to_owned(),
            };
            (stay.first() <= *left).then(|| Detected {
                notice,
                stay: event.day..=next.copied().unwrap_or_else(|| stay.last()),
                recent: is_recent(event.day, student),
            })
        })
        .collect()
}

fn destination(enrollment: &Enrollment) -> Destination {
    Destination::of(
        enrollment.destination_state.as_ref().map(mde::Text::as_str),
        enrollment.destination_country.as_ref().map(mde::Country::as_str),
    )
}

fn expected(
    person: &PersonRecord,
    student: &StudentRecord,
    last_seen: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Option<Detected> {
    let (day, to, enrollment) = student
        .student
        .enrollments
        .iter()
        .filter_map(|e| {
            let day = e.withdrawal_date.map(Date::day)?;
            // Abroad or unknown is a departure of which nobody is told.
            let Destination::State(to) = destination(e) else {
                return None;
            };
            (to != student.state).then_some((day, to, e))
        })
        .max_by_key(|(day, to, _)| (*day, *to))?;
    if last_seen.is_some_and(|seen| seen > day) {
        return None;
    }
    let notice = NewNotice {
        kind: "arrival".to_owned(),
        recipient: to.to_string(),
        sender: None,
        person_id: person.person_id.number(),
        student_id: Some(student.student_id.0),
        from_state: Some(student.state.to_string()),
        to_state: Some(to.to_string()),
        district: None,
        city: enrollment.destination_city.as_ref().map(ToString::to_string),
        event: WITHDRAWAL.to_owned(),
        event_date: Some(day),
        expected_date: None,
        contact: None,
        note: None,
        cause: cause(
            "arrival",
            student.student_id,
            WITHDRAWAL,
            day,
            [student.state, to],
        ),
        created_at: now,
        created_by: CREATED_BY.to_owned(),
    };
    Some(Detected {
        notice,
        stay: day..=day,
        recent: is_recent(day, student),
    })
}

fn is_recent(day: NaiveDate, student: &StudentRecord) -> bool {
    day >= student.as_of.date_naive() - TimeDelta::days(WINDOW_DAYS)
}

/// What raised a notice, as one text that is the same whoever computes it and whatever the person is called after a
/// merge: the student, what it shows, when, and between which states.
fn cause(kind: &str, student: StudentId, event: &str, day: NaiveDate, states: [StateCode; 2]) -> String {
    digest(&format!(
        "{kind}|{student}|{event}|{day}|{}|{}",
        states[0], states[1]
    ))
}

/// A cause as it is kept.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold("move-".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
}
