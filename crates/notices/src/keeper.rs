//! Keeps the deadlines in the database in line with what the states told: after a person changed, after a full upload
//! was loaded, and after a term ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use mde::{Facility, PersonId, StateCode, StudentId, WorkCalendar};
use serde_json::json;
use store::corrections::Correction;
use store::deadlines::NewDeadline;
use store::persons::{PersonRecord, StudentRecord};
use store::students::Version;
use store::{
    batches, calendars, corrections, data_requests, db, deadlines, notices, participants, persons, students,
};

use crate::corrections::{Clock, clocks};
use crate::deadline::{Content, Deadline, Departure, Receipt, StateDuties, Term, Told, deadlines as owed};
use crate::duty::{Duty, Limit, Limits};
use crate::state_days::StateDays;

/// How far back full uploads are looked at as evidence. No duty of the regulation leaves more than 30 days; what was
/// not met in a year is shown as overdue whatever came later.
const EVIDENCE_DAYS: i64 = 400;

/// How long after its end a term is still looked at by night.
const TERM_DAYS: u64 = 45;

/// Name of the job that looks at the terms that have ended.
pub const TERMS_JOB: &str = "deadline.terms";

/// What is needed to judge the deadlines of any person: the states' calendars, rules and full uploads.
#[derive(Debug, Clone)]
pub struct Keeper {
    limits: Limits,
    states: HashMap<StateCode, StateDuties>,
}

impl Keeper {
    /// Reads what the participating states keep, as it is now.
    pub fn open(connection: &mut PgConnection, limits: Limits, now: DateTime<Utc>) -> store::Result<Self> {
        let rules = participants::eligibility_rules(connection)?;
        let mut states = HashMap::new();
        for participant in participants::all(connection)? {
            let state = state_code(&participant.state)?;
            let days = StateDays::kept(connection, state, &participant)?;
            let mut terms: BTreeMap<String, BTreeSet<Term>> = BTreeMap::new();
            for kept in calendars::terms(connection, state)? {
                terms.entry(kept.district).or_default().insert(Term {
                    name: kept.name,
                    begin: kept.begin,
                    end: kept.end,
                });
            }
            let fulls = batches::fulls_since(connection, state, now - TimeDelta::days(EVIDENCE_DAYS))?
                .into_iter()
                .map(|(batch_id, received_at)| Receipt {
                    received_at,
                    batch_id,
                })
                .collect();
            let duties = StateDuties {
                since: days.day(participant.registered_at),
                zone: days.zone,
                work: days.work,
                eligibility: rules.get(&state).copied().unwrap_or_default(),
                terms,
                fulls,
            };
            states.insert(state, duties);
        }
        Ok(Self { limits, states })
    }

    /// The day of an instant in a state; of one that does not take part, in UTC.
    #[must_use]
    pub fn day(&self, state: StateCode, instant: DateTime<Utc>) -> NaiveDate {
        self.states.get(&state).map_or_else(
            || instant.date_naive(),
            |duties| instant.with_timezone(&duties.zone).date_naive(),
        )
    }

    /// Everything that its states owe for a person. `versions` are the earlier versions of its students, `departures`
    /// the hub's valid notices to their states.
    #[must_use]
    pub fn owed(
        &self,
        person: &PersonRecord,
        versions: &[(StudentId, Vec<Version>)],
        departures: &[Departure],
        now: DateTime<Utc>,
    ) -> Vec<Deadline> {
        person
            .students
            .iter()
            .filter_map(|held| Some((held, self.states.get(&held.state)?)))
            .flat_map(|(held, state)| {
                let facility = |code: &str| -> Option<&Facility> {
                    person.facilities.get(&(held.state, code.to_owned()))
                };
                owed(
                    &told(held, versions),
                    state,
                    &self.limits,
                    departures,
                    &facility,
                    self.day(held.state, now),
                )
            })
            .collect()
    }

    /// Brings the kept deadlines of these persons in line. Doing it again changes nothing.
    pub fn settle(
        &self,
        connection: &mut PgConnection,
        ids: &[PersonId],
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        for some in deadlines::candidates(connection, ids)?.chunks(persons::TOGETHER) {
            db::write(connection, |connection| self.settle_all(connection, some, now))?;
        }
        Ok(())
    }

    fn settle_all(
        &self,
        connection: &mut PgConnection,
        ids: &[PersonId],
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        persons::lock_all(connection, ids)?;
        let persons = persons::load_all(connection, ids)?;
        let numbers: Vec<i64> = persons.iter().map(|person| person.person_id.number()).collect();
        let held: Vec<StudentId> = persons
            .iter()
            .flat_map(|person| &person.students)
            .map(|held| held.student_id)
            .collect();
        let versions = students::versions_of_all(connection, &held)?;
        let mut departures = departures(connection, &numbers)?;
        let corrections = corrections::of_persons(connection, &numbers)?;
        for person in &persons {
            let number = person.person_id.number();
            let departures = departures.remove(&number).unwrap_or_default();
            let corrections = corrections.iter().filter(|c| c.person_id == number);
            self.settle_one(connection, person, &versions, &departures, corrections, now)?;
        }
        Ok(())
    }

    fn settle_one<'a>(
        &self,
        connection: &mut PgConnection,
        person: &PersonRecord,
        versions: &[(StudentId, Vec<Version>)],
        departures: &[Departure],
        corrections: impl Iterator<Item = &'a Correction>,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        let mut wanted: Vec<NewDeadline> = self
            .owed(person, versions, departures, now)
            .iter()
            // That a district keeps no calendar is said of the district, not of each of its children.
            .filter(|owed| owed.started_on.is_some() || owed.district.is_none())
            .map(|owed| self.row(owed, person.person_id, now))
            .collect();
        for correction in corrections {
            let inquiries = data_requests::for_correction(connection, correction.work_item_id)?;
            let day = |state: &str, at: DateTime<Utc>| {
                StateCode::new(state).map_or_else(|_| at.date_naive(), |state| self.day(state, at))
            };
            for clock in clocks(correction, &inquiries, &day) {
                wanted.push(self.clock_row(&clock, correction, now)?);
            }
        }
        deadlines::settle(connection, person.person_id.number(), &wanted, now)
    }

    fn row(&self, owed: &Deadline, person: PersonId, now: DateTime<Utc>) -> NewDeadline {
        NewDeadline {
            cause: owed.cause.clone(),
            duty: owed.duty.name().to_owned(),
            state: owed.state.to_string(),
            student_id: owed.student_id.0,
            person_id: person.number(),
            district: owed.district.clone(),
            started_on: owed.started_on,
            due_on: owed.due_on,
            setting: self.setting(owed.duty, owed.limit, owed.state, owed.started_on, owed.due_on),
            met_at: owed.met.map(|met| met.received_at),
            met_on: owed.met_on,
            met_by_batch: owed.met.map(|met| met.batch_id),
            noted_at: now,
            withdrawn_at: None,
        }
    }

    /// A clock of a correction as it is kept. What people do meets it, where no batch does.
    fn clock_row(
        &self,
        clock: &Clock,
        correction: &Correction,
        now: DateTime<Utc>,
    ) -> store::Result<NewDeadline> {
        let state = state_code(&clock.state)?;
        let limit = self.limits.of(clock.duty);
        let default = WorkCalendar::default();
        let work = self.states.get(&state).map_or(&default, |state| &state.work);
        let due_on = limit.from(clock.started_on, work);
        let met_on = clock.met_at.map(|at| self.day(state, at));
        Ok(NewDeadline {
            cause: clock.cause.clone(),
            duty: clock.duty.name().to_owned(),
            state: clock.state.clone(),
            student_id: correction.student_id,
            person_id: correction.person_id,
            district: None,
            started_on: Some(clock.started_on),
            due_on: Some(due_on),
            setting: self.setting(clock.duty, limit, state, Some(clock.started_on), Some(due_on)),
            met_at: clock.met_at,
            met_on,
            met_by_batch: clock.met_by_batch,
            noted_at: now,
            withdrawn_at: None,
        })
    }

    /// What was applied to a deadline: its limit, and the days on which its state did not work.
    fn setting(
        &self,
        duty: Duty,
        limit: Limit,
        state: StateCode,
        started_on: Option<NaiveDate>,
        due_on: Option<NaiveDate>,
    ) -> serde_json::Value {
        let work = self.states.get(&state).map(|state| &state.work);
        let free: Vec<NaiveDate> = work
            .into_iter()
            .flat_map(|work| &work.own_holidays)
            .filter(|day| {
                started_on.is_some_and(|start| start < **day) && due_on.is_some_and(|due| **day <= due)
            })
            .copied()
            .collect();
        json!({
            "limit": limit,
            "federal_holidays": work.is_none_or(|work| work.federal_holidays),
            "own_holidays": free,
            "source": duty.source(),
        })
    }

    /// Looks at the children of every term that ended lately: the clock of 30 days runs for them from its end. Returns
    /// the number of persons.
    pub fn terms_ended(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<usize> {
        let mut looked_at = 0;
        let mut states: Vec<&StateCode> = self.states.keys().collect();
        states.sort();
        for state in states {
            let today = self.day(*state, now);
            let from = today.checked_sub_days(Days::new(TERM_DAYS)).unwrap_or(today);
            let yesterday = today.pred_opt().unwrap_or(today);
            let persons = deadlines::in_terms_ended(connection, *state, from, yesterday)?;
            self.settle(connection, &persons, now)?;
            looked_at += persons.len();
        }
        Ok(looked_at)
    }
}

pub(crate) fn state_code(code: &str) -> store::Result<StateCode> {
    StateCode::new(code).map_err(|error| store::Error::Corrupt {
        what: "state",
        why: error.to_string(),
    })
}

fn told<'a>(held: &'a StudentRecord, versions: &'a [(StudentId, Vec<Version>)]) -> Told<'a> {
    let earlier = versions
        .iter()
        .filter(|(id, _)| *id == held.student_id)
        .flat_map(|(_, list)| list)
        .map(|version| Content {
            receipt: Receipt {
                received_at: version.received_at,
                batch_id: version.batch_id,
            },
            student: &version.student,
        });
    let current = Content {
        receipt: Receipt {
            received_at: held.received_at,
            batch_id: held.batch_id,
        },
        student: &held.student,
    };
    Told {
        state: held.state,
        student_id: held.student_id,
        contents: earlier.chain([current]).collect(),
        current: held.live.then_some(&held.student),
    }
}

/// The hub's valid notices to states that a child has left, by person.
fn departures(connection: &mut PgConnection, persons: &[i64]) -> store::Result<HashMap<i64, Vec<Departure>>> {
    let mut departures: HashMap<i64, Vec<Departure>> = HashMap::new();
    let told = notices::of_persons(connection, persons)?
        .into_iter()
        .filter(|notice| {
            notice.sender.is_none() && notice.kind == "departure" && notice.withdrawn_at.is_none()
        });
    for notice in told {
        departures.entry(notice.person_id).or_default().push(Departure {
            move_notice_id: notice.move_notice_id,
            state: state_code(&notice.recipient)?,
            told_at: notice.created_at,
        });
    }
    Ok(departures)
}
