//! When a child was where: the arrivals that its students report, and the stays that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use mde::code::EnrollmentType;
use mde::{Date, StateCode, StudentId};
use store::persons::{PersonRecord, StudentRecord};

/// An arrival dated later than this after the day that its upload speaks of is a typing error, not a plan.
const AHEAD_DAYS: i64 = 31;

/// What shows that a child is in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// It was enrolled.
    Enrollment,
    /// It has a residency date, or a residency-only enrollment.
    Residency,
    /// It arrived by a qualifying move.
    QualifyingMove,
}

impl EventKind {
    /// Its name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enrollment => "enrollment",
            Self::Residency => "residency",
            Self::QualifyingMove => "qualifying_move",
        }
    }
}

/// One arrival, with the place as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The day.
    pub day: NaiveDate,
    /// What shows it.
    pub kind: EventKind,
    /// Where.
    pub state: StateCode,
    /// Who reports it.
    pub student_id: StudentId,
    /// District of the school, or of residence.
    pub district: Option<String>,
    /// City.
    pub city: Option<String>,
}

/// A time in one state: consecutive events there, none elsewhere between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Where.
    pub state: StateCode,
    /// What shows it, in order; never empty.
    pub events: Vec<Event>,
}

impl Stay {
    /// First day that shows it.
    #[must_use]
    pub fn first(&self) -> NaiveDate {
        self.events[0].day
    }

    /// Last day that shows it.
    #[must_use]
    pub fn last(&self) -> NaiveDate {
        self.events[self.events.len() - 1].day
    }
}

/// The stays of a person, in order of time. A student that its state has deleted tells nothing; one that is merely no
/// longer reported still tells where the child came from.
///
/// Of events on one day, those of the state where the child was before come first, then by postal code: a day has no
/// hours, and a child that is reported by its old and its new state on one day has moved to the new one.
#[must_use]
pub fn stays(person: &PersonRecord) -> Vec<Stay> {
    let mut days: BTreeMap<NaiveDate, BTreeMap<StateCode, BTreeSet<Event>>> = BTreeMap::new();
    for student in person.students.iter().filter(|s| s.status != "deleted") {
        for event in events(person, student) {
            days.entry(event.day)
                .or_default()
                .entry(event.state)
                .or_default()
                .insert(event);
        }
    }
    let mut stays: Vec<Stay> = Vec::new();
    for mut states in days.into_values() {
        if let Some(stay) = stays.last_mut()
            && let Some(events) = states.remove(&stay.state)
        {
            stay.events.extend(events);
        }
        for (state, events) in states {
            stays.push(Stay {
                state,
                events: events.into_iter().collect(),
            });
        }
    }
    stays
}

fn events(person: &PersonRecord, student: &StudentRecord) -> Vec<Event> {
    let event = |date: Date, kind, district: Option<String>, city: Option<String>| Event {
        day: date.day(),
        kind,
        state: student.state,
        student_id: student.student_id,
        district,
        city,
    };
    let mut events = Vec::new();
    for enrollment in &student.student.enrollments {
        let facility = enrollment
            .facility_code
            .as_ref()
            .and_then(|code| person.facilities.get(&(student.state, code.to_string())));
        let of_residence = enrollment.district_of_residence.as_ref().map(ToString::to_string);
        let district = facility
            .and_then(|f| f.district.as_ref())
            .map(ToString::to_string)
            .or_else(|| of_residence.clone());
        let city = facility.and_then(|f| f.city.as_ref()).map(ToString::to_string);
        let kind = match enrollment.enrollment_type {
            Some(EnrollmentType::ResidencyOnly) => EventKind::Residency,
            _ => EventKind::Enrollment,
        };
        events.push(event(enrollment.enrollment_date, kind, district, city.clone()));
        events.extend(
            enrollment
                .residency_date
                .map(|date| event(date, EventKind::Residency, of_residence, city)),
        );
    }
    // A state may keep moves that other states certified; they are no arrival here.
    let here = |to: Option<StateCode>| to.is_none_or(|to| to == student.state);
    for row in student
        .student
        .qualifying_moves
        .iter()
        .filter(|m| m.void_date.is_none() && here(m.to_state))
    {
        let city = row.to_city.as_ref().map(ToString::to_string);
        events.push(event(
            row.qualifying_arrival_date,
            EventKind::QualifyingMove,
            None,
            city.clone(),
        ));
        events.extend(
            row.residency_date
                .map(|date| event(date, EventKind::Residency, None, city)),
        );
    }
    let latest = student.as_of.date_naive() + TimeDelta::days(AHEAD_DAYS);
    events.retain(|event| event.day <= latest);
    events
}
