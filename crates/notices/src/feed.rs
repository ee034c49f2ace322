//! What states newly say of a child, told to every other state that has it: the rest of the feed of changes.
//!
//! A state is told how many rows of a kind are new, and how many that it was told before are gone; what they say it
//! reads with the record. What was told is kept by the hashes of the rows, so that the same is told once, whatever
//! batch brings it again, and a killed job does no harm.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::{Part, PersonId, StateCode, row_hash};
use store::changes::{self, About, Entry, Told};
use store::persons::{PersonRecord, StudentRecord};
use store::{db, links, persons};
use uuid::Uuid;

/// Tells what is new of these persons, and of notices, requests and findings. Doing it again tells nothing. Returns the
/// number of entries written.
pub fn tell(connection: &mut PgConnection, ids: &[PersonId], now: DateTime<Utc>) -> store::Result<usize> {
    let mut written = 0;
    // The lock of links is held, for which the linker waits.
    for some in changes::candidates(connection, ids)?.chunks(persons::TOGETHER) {
        written += db::write(connection, |connection| {
            links::lock(connection)?;
            let persons = persons::load_all(connection, some)?;
            let numbers: Vec<i64> = persons.iter().map(|person| person.person_id.number()).collect();
            let retired = links::aliases(connection, &numbers)?;
            let mut entries = Vec::new();
            for person in &persons {
                entries.extend(tell_of(connection, person, &retired)?);
            }
            changes::write(connection, &entries, now)?;
            Ok(entries.len())
        })?;
    }
    written += db::write(connection, |connection| {
        Ok(changes::tell_notices(connection, now)? + changes::tell_tasks(connection, now)?)
    })?;
    Ok(written + tell_findings(connection, now)?)
}

/// Tells states of their batches that were loaded with findings. Returns the number of entries written.
pub fn tell_findings(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<usize> {
    db::write(connection, |connection| changes::tell_findings(connection, now))
}

/// Keeps what is told of a person as told, and gives the entries to be written. In a transaction that holds the lock of
/// links; `aliases` are retired numbers, each with its survivor.
fn tell_of(
    connection: &mut PgConnection,
    person: &PersonRecord,
    aliases: &[(i64, i64)],
) -> store::Result<Vec<Entry>> {
    let number = person.person_id.number();
    let students: Vec<Uuid> = person.students.iter().map(|s| s.student_id.0).collect();
    let told = changes::told(connection, number, &students)?;
    let retired: Vec<i64> = aliases
        .iter()
        .filter(|(_, survivor)| *survivor == number)
        .map(|(retired, _)| *retired)
        .collect();
    let news = news(person, &told, &retired);
    changes::forget(connection, &news.gone)?;
    changes::remember(connection, &news.told)?;
    Ok(news.entries)
}

/// What is to be told, and what is to be kept of it.
#[derive(Debug, Default)]
struct News<'a> {
    entries: Vec<Entry>,
    /// Told in place of what was told before.
    told: Vec<Told>,
    /// Not to be told any more.
    gone: Vec<&'a Told>,
}

/// What other states' live students say of a person, by whose it is, who is told, and what it is about. A student
/// without rows of a kind says nothing of it. What a school has said at a departure is told as long as the record shows it,
/// also when the state does not report the child any more.
fn said(person: &PersonRecord, states: &BTreeMap<StateCode, Uuid>) -> BTreeMap<Key, Said> {
    let mut said = BTreeMap::new();
    for student in &person.students {
        for about in About::ALL {
            if !student.live && about != About::HandOff {
                continue;
            }
            let one = Said::of(person, student, about);
            if one.rows.is_empty() {
                continue;
            }
            for state in states.keys().filter(|state| **state != student.state) {
                said.insert((student.student_id.0, *state, about), one.clone());
            }
        }
    }
    said
}

/// Whose, who is told, and about what.
type Key = (Uuid, StateCode, About);

#[derive(Debug, Clone)]
struct Said {
    by: StateCode,
    rows: Vec<u64>,
    ends_on: Option<NaiveDate>,
}

impl Said {
    fn of(person: &PersonRecord, held: &StudentRecord, about: About) -> Self {
        let student = &held.student;
        let ends_on = (about == About::Eligibility)
            .then(|| last_day(person, held))
            .flatten();
        let mut rows: Vec<u64> = match about {
            About::Enrollment => hashes(&student.enrollments),
            About::Course => hashes(&student.courses),
            About::Assessment => hashes(&student.assessments),
            About::Immunization => hashes(&student.immunizations),
            About::Eligibility => ends_on
                .into_iter()
                .map(|day| day.to_epoch_days().cast_unsigned().into())
                .collect(),
            // A number is as good as a hash: nothing of a hand-off ever changes.
            About::HandOff => person
                .hand_offs
                .iter()
                .filter(|of| of.student_id == held.student_id)
                .map(|of| of.hand_off_id.cast_unsigned())
                .collect(),
        };
        rows.sort_unstable();
        Self {
            by: held.state,
            rows,
            ends_on,
        }
    }
}

fn hashes<P: Part>(rows: &[P]) -> Vec<u64> {
    rows.iter()
        .filter_map(|row| {
            row_hash(row)
                .first_chunk()
                .map(|bytes| u64::from_be_bytes(*bytes))
        })
        .collect()
}

/// Last day of the child's eligibility by the certified moves of one state's student and that state's rule.
fn last_day(person: &PersonRecord, held: &StudentRecord) -> Option<NaiveDate> {
    let rules = person.rules.get(&held.state).copied().unwrap_or_default();
    let last_move = held
        .student
        .qualifying_moves
        .iter()
        .filter(|row| row.void_date.is_none())
        .map(|row| rules.last_day.of(row.qualifying_arrival_date.day()))
        .max()?;
    let birth = held.student.identity.birth_date;
    Some(birth.map_or(last_move, |birth| {
        last_move.min(mde::eligibility::last_day_of_age_21(birth.day()))
    }))
}

/// Compares what is said with what was told under this number, one that is `retired` into it, or another one.
fn news<'a>(person: &PersonRecord, told: &'a [Told], retired: &[i64]) -> News<'a> {
    let number = person.person_id.number();
    let mut states: BTreeMap<StateCode, Uuid> = BTreeMap::new();
    for student in person.students.iter().filter(|s| s.live) {
        states.entry(student.state).or_insert(student.student_id.0);
    }
    let mut said = said(person, &states);
    let mut news = News::default();
    for old in told {
        let here = old.person_id == number || retired.contains(&old.person_id);
        let now = said.get(&(old.student_id, old.state, old.about));
        let entry = |person_id: i64, added: usize, removed: usize| Entry {
            state: old.state,
            about: old.about,
            person_id,
            own: states.get(&old.state).copied().filter(|_| person_id == number),
            from_state: now.map_or_else(|| mde::StudentId(old.student_id).state(), |said| Some(said.by)),
            added: added as i64,
            removed: removed as i64,
            ends_on: now.and_then(|said| said.ends_on),
        };
        match now {
            Some(now) if here => {
                let (added, removed) = (beyond(&now.rows, &old.rows), beyond(&old.rows, &now.rows));
                if added + removed > 0 {
                    news.entries.push(entry(number, added, removed));
                }
                if added + removed > 0 || old.person_id != number {
                    news.told.push(Told {
                        person_id: number,
                        rows: now.rows.clone(),
                        ..old.clone()
                    });
                }
                said.remove(&(old.student_id, old.state, old.about));
            }
            // It was told as another child's, who still is one: that is taken back, and it is told as this one's.
            Some(_) => news.entries.push(Entry {
                ends_on: None,
                ..entry(old.person_id, 0, old.rows.len())
            }),
            None if here => {
                // A state without a live student of the child is told nothing more of it.
                if states.contains_key(&old.state) {
                    news.entries.push(entry(number, 0, old.rows.len()));
                }
                news.gone.push(old);
            }
            // Of another child, to a state that has no student of this one: the look at that child settles it.
            None => {}
        }
    }
    for ((student_id, state, about), now) in said {
        news.entries.push(Entry {
            state,
            about,
            person_id: number,
            own: states.get(&state).copied(),
            from_state: Some(now.by),
            added: now.rows.len() as i64,
            removed: 0,
            ends_on: now.ends_on,
        });
        news.told.push(Told {
            student_id,
            state,
            about,
            person_id: number,
            rows: now.rows,
        });
    }
    news
}

/// How many of these sorted rows the other ones have not, each as often as it is there.
fn beyond(these: &[u64], others: &[u64]) -> usize {
    let mut others = others.iter().peekable();
    these
        .iter()
        .filter(|row| {
            while others.next_if(|other| other < row).is_some() {}
            others.next_if(|other| other == row).is_none()
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_often_as_they_are_there() {
        assert_eq!(beyond(&[], &[1, 2]), 0);
        assert_eq!(beyond(&[1, 2, 2, 5], &[2, 3, 5]), 2);
        assert_eq!(beyond(&[2, 3, 5], &[1, 2, 2, 5]), 1);
        assert_eq!(beyond(&[7, 7], &[7]), 1);
    }
}
