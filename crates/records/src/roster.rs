//! Whom a district has, and whom it has newly: kept by the job that is told which persons changed, so that a list of
//! "my students" is one look at an index.

pub mod departures;
mod gone;
mod job;
mod stays;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use mde::code::{Codes as _, Grade};
use mde::text::fold;
use mde::{Date, Enrollment, Identity, StateCode};
use store::contacts::Where;
use store::new_children::NewChild;
use store::persons::PersonRecord;
use store::program::ProgramStudent;
use store::roster::departures::Departure;
use store::roster::{Entry, Facilities, Held};

pub(crate) use job::TOGETHER;
pub use job::refresh;
pub use stays::Stay;

use crate::eligibility::{Window, windows};
use stays::stays;

/// A child is told to a district as new, and is new on its list, if what makes it so is not older than this at the time of
/// which the state's word is. Older is history: the first load of a nation must not flood its districts.
pub const WINDOW_DAYS: i64 = 90;

/// What is kept about one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfPerson {
    /// Its open enrollments in states that certified it.
    pub entries: Vec<Entry>,
    /// Where it is or was new, and which districts it left for another one of their state, each with whether that is recent
    /// enough to be told.
    pub new: Vec<(NewChild, bool)>,
    /// When it is expected to leave a state of `entries`, as its earlier ways say.
    pub departures: Vec<Departure>,
}

/// What is kept about the person with these students, as of `now`. A pure function of what the states say: `now` dates
/// what is new, and `today` of each state decides which enrollments are over.
#[must_use]
pub fn of_person(students: &[&Held], facilities: &Facilities, now: DateTime<Utc>) -> OfPerson {
    let mut out = OfPerson::default();
    let live: Vec<&Held> = students.iter().copied().filter(|held| held.live).collect();
    let alerts = live.iter().any(|held| has_alert(held));
    let birth = live
        .iter()
        .find_map(|held| held.student.identity.birth_date)
        .map(Date::day);
    let stays = stays(&live, facilities);
    let mut states: BTreeMap<StateCode, Vec<&Held>> = BTreeMap::new();
    for held in &live {
        states.entry(held.state).or_default().push(held);
    }
    for (state, held) in states {
        let program: Vec<ProgramStudent> = held
            .iter()
            .map(|h| ProgramStudent::of(state, true, &h.student))
            .collect();
        let all = windows(&program.iter().collect::<Vec<_>>(), birth, held[0].rules);
        if all.is_empty() {
            continue;
        }
        if let Some(window) = present(&all, held[0].today) {
            let entries = entries(&held, window, alerts, facilities, now);
            if let Some(since) = entries.iter().map(|entry| entry.enrolled_on).max() {
                let expected = departures::expected(students, state, since, held[0].today);
                out.departures
                    .extend(expected.map(|e| e.of(state, held[0].person_id)));
            }
            out.entries.extend(entries);
        }
        for stay in stays.iter().filter(|stay| stay.state == state) {
            out.new.extend(new_in(&held, stay, &all, now));
            out.new.extend(gone::from(&held, stay, &stays, &all, now));
        }
    }
    out
}

/// Of the windows that have begun the one that ends last, else the first that will begin.
fn present(all: &[Window], today: NaiveDate) -> Option<Window> {
    let begun = all.iter().filter(|w| w.from <= today);
    begun
        .max_by_key(|w| (w.to, w.from))
        .or_else(|| all.iter().min_by_key(|w| w.from))
        .copied()
}

fn has_alert(held: &Held) -> bool {
    let open = |day: Option<Date>| day.is_none_or(|day| day.day() > held.today);
    held.student
        .alerts
        .iter()
        .any(|alert| open(alert.resolution_date))
}

/// The district of an enrollment: the facility's, else that of residence.
pub(crate) fn district(state: StateCode, enrollment: &Enrollment, facilities: &Facilities) -> Option<String> {
    let facility = enrollment
        .facility_code
        .as_ref()
        .and_then(|code| facilities.get(&(state, code.to_string())));
    facility
        .and_then(|facility| facility.district.as_ref())
        .or(enrollment.district_of_residence.as_ref())
        .map(ToString::to_string)
}

/// Where a child is or was by the enrollments of its live students, the latest first and each place once: whom to ask
/// about it.
#[must_use]
pub fn places(person: &PersonRecord) -> Vec<Where> {
    let mut enrollments: Vec<(StateCode, &Enrollment)> = person
        .students
        .iter()
        .filter(|held| held.live)
        .flat_map(|held| held.student.enrollments.iter().map(|e| (held.state, e)))
        .collect();
    enrollments.sort_by_key(|(_, e)| std::cmp::Reverse(e.enrollment_date));
    let mut places: Vec<Where> = Vec::new();
    for (state, enrollment) in enrollments {
        let school = enrollment.facility_code.as_ref().map(ToString::to_string);
        let place = (state, district(state, enrollment, &person.facilities), school);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The order of the list: last names, then first names, without accents.
fn sort_name(identity: &Identity) -> String {
    let names = [
        Some(identity.last_name_1.as_str()),
        identity.last_name_2.as_ref().map(mde::Text::as_str),
        Some(identity.first_name.as_str()),
        identity.middle_name.as_ref().map(mde::Text::as_str),
    ];
    names
        .into_iter()
        .flatten()
        .flat_map(fold)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the latest enrollment says that says anything.
fn latest(held: &[&Held], of: impl Fn(&Enrollment) -> Option<bool>) -> bool {
    held.iter()
        .flat_map(|h| &h.student.enrollments)
        .filter_map(|e| Some((e.enrollment_date.day(), of(e)?)))
        .max()
        .is_some_and(|(_, flag)| flag)
}

fn entries(
    held: &[&Held],
    window: Window,
    alerts: bool,
    facilities: &Facilities,
    now: DateTime<Utc>,
) -> Vec<Entry> {
    let english_learner = latest(held, |e| e.english_learner);
    let special_education = latest(held, |e| e.iep);
    let priority_for_services = latest(held, |e| e.priority_for_services);
    // One child has one place in the order, whichever of its students an enrollment is of.
    let name = sort_name(&held[0].student.identity);
    let mut out = Vec::new();
    for of in held {
        for (ordinal, enrollment) in (0..).zip(&of.student.enrollments) {
            let withdrawn_on = enrollment.withdrawal_date.map(Date::day);
            if withdrawn_on.is_some_and(|day| day < of.today) {
                continue;
            }
            let enrolled_on = enrollment.enrollment_date.day();
            let is_history = enrolled_on < of.as_of.date_naive() - TimeDelta::days(WINDOW_DAYS);
            out.push(Entry {
                student_id: of.student_id.0,
                ordinal,
                person_id: of.person_id.number(),
                state: of.state.to_string(),
                district: district(of.state, enrollment, facilities),
                facility_code: enrollment.facility_code.as_ref().map(ToString::to_string),
                sort_name: name.clone(),
                enrolled_on,
                withdrawn_on,
                grade: enrollment.grade.map(|grade| grade.row().stored.to_owned()),
                english_learner,
                special_education,
                priority_for_services,
                alerts,
                out_of_school: enrollment.grade == Some(Grade::OutOfSchool),
                eligible_from: window.from,
                eligible_until: window.to,
                since: if is_history {
                    enrolled_on.and_time(NaiveTime::MIN).and_utc()
                } else {
                    now
                },
            });
        }
    }
    out
}

/// What makes a child new in the district of a stay: that it came there while it was eligible, and every certificate by
/// which it became so while it was there. A child that came and was certified at about the same time is told once, as
/// certified.
fn new_in(held: &[&Held], stay: &Stay, all: &[Window], now: DateTime<Utc>) -> Vec<(NewChild, bool)> {
    let Some(of) = held.iter().find(|h| h.student_id == stay.student_id) else {
        return Vec::new();
    };
    let new = |reason: &'static str, day: NaiveDate, told: NaiveDate| {
        let new = NewChild {
            state: stay.state.to_string(),
            district: stay.district.clone(),
            person_id: of.person_id.number(),
            student_id: stay.student_id.0,
            reason,
            happened_on: day,
            facility_code: stay.facility_code.clone(),
            raised_at: now,
            to_district: None,
        };
        let recent = told >= of.as_of.date_naive() - TimeDelta::days(WINDOW_DAYS);
        (new, recent)
    };
    // A certificate is often approved weeks after the arrival; it is news when it is approved.
    let approved = |window: &Window| {
        held.iter()
            .flat_map(|h| &h.student.qualifying_moves)
            .filter(|m| m.void_date.is_none() && m.qualifying_arrival_date.day() == window.from)
            .filter_map(|m| m.certificate_approval_date.map(Date::day))
            .max()
    };
    let mut out = Vec::new();
    let arrival: Vec<&Window> = all.iter().filter(|w| w.holds(stay.from)).collect();
    if let Some(latest) = arrival.iter().max_by_key(|w| w.from) {
        let fresh = |window: &&&Window| window.from >= stay.from - TimeDelta::days(WINDOW_DAYS);
        let certified = arrival.len() == 1 && arrival.iter().any(|w| fresh(&w));
        let reason = if certified { "certified" } else { "enrolled" };
        let told = approved(latest).map_or(stay.from, |day| day.max(stay.from));
        out.push(new(reason, stay.from, told));
    }
    let there = |w: &&Window| w.from > stay.from && stay.until.is_none_or(|until| w.from <= until);
    for window in all.iter().filter(there) {
        let told = approved(window).map_or(window.from, |day| day.max(window.from));
        out.push(new("certified", window.from, told));
    }
    out
}
