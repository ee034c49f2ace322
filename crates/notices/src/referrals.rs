//! A school enrollment that may be a migrant child becomes a referral to the state's recruiters; what comes of it is said
//! by a person, or shown by the upload that brings the child.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode, StateStudentId, StudentId, WorkCalendar};
use records::eligibility::windows;
use serde::{Deserialize, Serialize};
use store::program::ProgramStudent;
use store::referrals::{self, NewOutcome, NewReferral, Referral, ShownUp};
use store::roster::Place;
use store::{db, links, persons};

use crate::duty::Limit;
use crate::error::Error;
use crate::sender::text;
use crate::state_days::StateDays;

/// In how many working days of the state an outcome is expected. No regulation says so; it is as long as a state has for
/// a request of another one.
pub const PATIENCE: Limit = crate::life::PATIENCE;

/// For how many days after its outcome a child is not referred again, unless it may be somebody new.
pub const REST_DAYS: i64 = 365;

/// What came of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The child is eligible.
    FoundEligible,
    /// The family was asked, and the child is not.
    NotEligible,
    /// Nobody found the family.
    NotFound,
    /// The family does not want it.
    Declined,
}

impl Outcome {
    /// Everything that can be said.
    pub const ALL: [Self; 4] = [
        Self::FoundEligible,
        Self::NotEligible,
        Self::NotFound,
        Self::Declined,
    ];

    /// Its name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FoundEligible => "found_eligible",
            Self::NotEligible => "not_eligible",
            Self::NotFound => "not_found",
            Self::Declined => "declined",
        }
    }

    /// What has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FoundEligible => "found eligible",
            Self::NotEligible => "not eligible",
            Self::NotFound => "family not found",
            Self::Declined => "family declined",
        }
    }
}

/// An enrollment that was answered with persons, as far as a referral keeps it.
#[derive(Debug, Clone)]
pub struct Enrolled<'a> {
    /// What the state calls the child.
    pub state_student_id: &'a StateStudentId,
    /// The school or project, by the state's code.
    pub facility_code: Option<String>,
    /// The school's name.
    pub school: Option<String>,
    /// The district.
    pub district: Option<String>,
    /// Whether the hub would link it without asking anybody.
    pub known: bool,
    /// Whom it may be, with how probable that is, 0 to 1; the most probable first, and not none.
    pub candidates: Vec<(PersonId, f32)>,
}

/// What became of an enrollment that was to be referred.
#[derive(Debug, Clone)]
pub enum Referred {
    /// This is its referral.
    As {
        /// As it stands.
        referral: Box<Referral>,
        /// Whether this call opened it.
        is_new: bool,
    },
    /// The state has the child already: why it needs no recruiter, in a sentence.
    Needless(&'static str),
}

/// Refers enrollments of a state to its recruiters, each child once: while its referral is open there is no second one, and
/// within [`REST_DAYS`] days of its outcome there is one only if the child may be somebody who was not named before. Who
/// turns up while it is open is added to it. In the caller's transaction; the answers are in the order of the enrollments.
pub fn refer(
    connection: &mut PgConnection,
    state: StateCode,
    by: &str,
    enrolled: &[Enrolled<'_>],
    now: DateTime<Utc>,
) -> store::Result<Vec<Referred>> {
    if enrolled.is_empty() {
        return Ok(Vec::new());
    }
    referrals::open_alone(connection, state)?;
    let days = StateDays::of(connection, state)?.unwrap_or_else(|| StateDays {
        zone: Tz::UTC,
        work: WorkCalendar::default(),
    });
    let due_on = days.due(PATIENCE, now);
    let key = |of: &Enrolled<'_>| StudentId::of(state, of.state_student_id).0;
    let students: Vec<_> = enrolled.iter().map(key).collect();
    let named: Vec<i64> = enrolled
        .iter()
        .flat_map(|of| of.candidates.iter().map(|(person, _)| person.number()))
        .collect();
    let (own, had) = referrals::reported(connection, state, &students, &named)?;
    let mut latest = referrals::latest(connection, &students)?;
    let place = whole(state);
    let mut out = Vec::with_capacity(enrolled.len());
    for of in enrolled {
        let student = key(of);
        if own.contains(&student) {
            out.push(Referred::Needless(
                "Your state reports this child under this number already.",
            ));
            continue;
        }
        if of.known
            && of
                .candidates
                .iter()
                .any(|(person, _)| had.contains(&person.number()))
        {
            out.push(Referred::Needless("Your state reports this child already."));
            continue;
        }
        let before = latest.remove(&student);
        let known: Vec<PersonId> = match &before {
            Some(before) => before
                .candidates()?
                .into_iter()
                .map(|(person, _)| person)
                .collect(),
            None => Vec::new(),
        };
        let mut fresh = of.candidates.clone();
        fresh.retain(|(person, _)| !known.contains(person));
        let rests = |of: &Referral| {
            of.outcome_at
                .is_none_or(|at| at > now - TimeDelta::days(REST_DAYS))
        };
        let (id, is_new) = match &before {
            Some(before) if before.outcome.is_none() => {
                if !fresh.is_empty() {
                    referrals::add(connection, before.referral_id, &fresh)?;
                }
                (before.referral_id, false)
            }
            Some(before) if fresh.is_empty() && rests(before) => (before.referral_id, false),
            _ => {
                let new = NewReferral {
                    state,
                    student,
                    state_student_id: of.state_student_id.as_str(),
                    facility_code: of.facility_code.as_deref(),
                    school: of.school.as_deref(),
                    district: of.district.as_deref(),
                    verdict: if of.known { "known" } else { "possible" },
                    candidates: &of.candidates,
                    due_on,
                    by,
                };
                (referrals::open(connection, &new, now)?, true)
            }
        };
        let referral = referrals::find(connection, &place, id)?.ok_or_else(gone)?;
        latest.insert(student, referral.clone());
        out.push(Referred::As {
            referral: Box::new(referral),
            is_new,
        });
    }
    Ok(out)
}

fn whole(state: StateCode) -> Place {
    Place {
        state,
        districts: None,
        school: None,
    }
}

fn gone() -> store::Error {
    store::Error::Corrupt {
        what: "referral",
        why: "it is gone right after it was written".into(),
    }
}

/// What somebody says came of a referral.
#[derive(Debug, Clone)]
pub struct Saying<'a> {
    /// What.
    pub outcome: Outcome,
    /// Of [`Outcome::FoundEligible`]: who the child turned out to be, by its number or a retired one.
    pub person: Option<PersonId>,
    /// What else to say, at most 500 characters; nothing sensitive.
    pub note: Option<&'a str>,
    /// How many outcomes who says it has seen; [`Error::Conflict`] if there are more. None: whatever there is.
    pub seen: Option<usize>,
}

/// A referral with all that was said of it.
#[derive(Debug, Clone)]
pub struct Told {
    /// As it stands.
    pub referral: Referral,
    /// What came of it, the oldest first.
    pub outcomes: Vec<referrals::Outcome>,
}

/// A referral of a place; `None` if there is none of this number.
pub fn read(connection: &mut PgConnection, place: &Place, id: i64) -> store::Result<Option<Told>> {
    let Some(referral) = referrals::find(connection, place, id)? else {
        return Ok(None);
    };
    let outcomes = referrals::of_referrals(connection, &[id])?
        .remove(&id)
        .unwrap_or_default();
    Ok(Some(Told { referral, outcomes }))
}

/// Says what came of a referral of a place; `None` if there is none of this number. What was said before stays known; the
/// same again changes nothing.
pub fn say(
    connection: &mut PgConnection,
    place: &Place,
    id: i64,
    by: &str,
    saying: &Saying<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Told>, Error> {
    let note = text("note", saying.note, 500)?;
    if saying.person.is_some() && saying.outcome != Outcome::FoundEligible {
        return Err(Error::Invalid {
            member: "person_id",
            why: "belongs to the outcome found_eligible; leave it out".into(),
        });
    }
    connection.transaction(|connection| {
        referrals::hold(connection, id)?;
        let Some(before) = read(connection, place, id)? else {
            return Ok(None);
        };
        let person = match saying.person {
            Some(person) => Some(links::survivor(connection, person)?.ok_or(Error::UnknownPerson)?),
            None => None,
        };
        if saying.seen.is_some_and(|seen| seen != before.outcomes.len()) {
            return Err(Error::Conflict(
                "somebody has said meanwhile what came of it; look at that first".into(),
            ));
        }
        let same = before
            .outcomes
            .iter()
            .rfind(|of| !of.is_by_upload())
            .is_some_and(|last| {
                last.outcome == saying.outcome.name()
                    && last.person_id == person.map(PersonId::number)
                    && last.note == note
            });
        if same {
            return Ok(Some(before));
        }
        let new = NewOutcome {
            outcome: saying.outcome.name(),
            person,
            note: note.as_deref(),
            by,
        };
        referrals::say(connection, id, &new, now)?;
        Ok(read(connection, place, id)?)
    })
}

/// Looks whether uploads show referred children among these persons to be eligible in the state that referred them: that
/// is the outcome of a referral that is open, and stands beside what a person has said. Doing it again changes nothing.
/// Returns how many were found.
pub fn refresh(
    connection: &mut PgConnection,
    persons: &[PersonId],
    now: DateTime<Utc>,
) -> store::Result<usize> {
    let shown = referrals::shown_up(connection, persons)?;
    let mut found = 0;
    for of in &shown {
        let today = match StateDays::of(connection, of.state)? {
            Some(days) => days.day(now),
            None => now.date_naive(),
        };
        found += usize::from(db::write(connection, |connection| {
            Ok(is_eligible(connection, of, today)? && referrals::show(connection, of, now)?)
        })?);
    }
    Ok(found)
}

/// Whether a child is eligible in the state that referred it, by that state's own certified moves.
fn is_eligible(connection: &mut PgConnection, of: &ShownUp, today: chrono::NaiveDate) -> store::Result<bool> {
    let Some(person) = persons::load(connection, of.person_id)? else {
        return Ok(false);
    };
    let students: Vec<ProgramStudent> = person
        .students
        .iter()
        .filter(|held| held.live && held.state == of.state)
        .map(|held| ProgramStudent::of(held.state, held.live, &held.student))
        .collect();
    let rules = person.rules.get(&of.state).copied().unwrap_or_default();
    let windows = windows(&students.iter().collect::<Vec<_>>(), None, rules);
    Ok(windows.iter().any(|window| window.holds(today)))
}
