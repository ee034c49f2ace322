//! What an approved request does to links, numbers and decisions, and how that is undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use serde::{Deserialize, Serialize};
use store::changes::{self, Kind};
use store::jobs::{self, NewJob};
use store::links::{self, Decided, LinkChange};
use store::work_items::{self, WorkItem};
use uuid::Uuid;

use super::{Error, Result, person_id, survivor};
use crate::driver::{CHANGED_JOB, JOB};

/// What an approved merge or split changed; kept with it, so that it can be undone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Effect {
    /// Every student of the persons, with its person before.
    before: BTreeMap<Uuid, i64>,
    /// The same after.
    after: BTreeMap<Uuid, i64>,
    /// Numbers that were retired already, with the person to which they led before.
    aliases: Vec<(i64, i64)>,
    /// Notices about a person before.
    notices: Vec<(i64, i64)>,
}

/// Who made a request true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decider<'a> {
    pub(super) item: &'a WorkItem,
    pub(super) by: &'a str,
    pub(super) reason: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl Decider<'_> {
    /// Does what was asked for.
    pub(super) fn carry_out(self, connection: &mut PgConnection) -> Result<()> {
        let effect = match self.item.kind.as_str() {
            "merge" => self.merge(connection)?,
            "split" => self.split(connection)?,
            "undo" => self.undo(connection)?,
            _ => return Err(Error::NotFound),
        };
        for (a, b, same) in turned(&effect.before, &effect.after) {
            links::decide(connection, (a, b), same, self.by, self.reason, self.now)?;
        }
        let json = serde_json::to_value(&effect).map_err(unreadable)?;
        work_items::set_effect(connection, self.item.work_item_id, &json)?;
        let students: Vec<Uuid> = effect.before.keys().copied().collect();
        let persons: BTreeSet<i64> = effect.after.values().copied().collect();
        for person in &persons {
            work_items::close_twins(
                connection,
                *person,
                "people decided that it is one child",
                self.now,
            )?;
        }
        wake(connection, &students, &persons, self.now)
    }

    fn merge(self, connection: &mut PgConnection) -> Result<Effect> {
        let master = self.item.request["master"].as_i64().ok_or(Error::NotFound)?;
        let master = survivor(connection, person_id(master)?)?;
        let persons = super::survivors(connection, &self.item.persons)?;
        let retired: Vec<i64> = persons.into_iter().filter(|p| *p != master.number()).collect();
        if retired.is_empty() {
            return Err(Error::Invalid(
                "they are one person already; withdraw the request",
            ));
        }
        let mut all = retired.clone();
        all.push(master.number());
        let before: BTreeMap<Uuid, i64> = links::members(connection, &all)?
            .into_iter()
            .map(|(person, student)| (student, person))
            .collect();
        let mut effect = Effect {
            after: before.keys().map(|student| (*student, master.number())).collect(),
            before,
            aliases: links::aliases(connection, &retired)?,
            notices: Vec::new(),
        };
        for person in &retired {
            let notices = store::notices::of_person(connection, *person)?;
            effect
                .notices
                .extend(notices.iter().map(|n| (n.move_notice_id, *person)));
        }
        self.move_students(connection, &effect.before, &effect.after)?;
        for person in retired {
            links::retire_for(
                connection,
                person_id(person)?,
                master,
                Some(self.item.work_item_id),
                self.now,
            )?;
            store::notices::follow(connection, person, master.number())?;
        }
        Ok(effect)
    }

    fn split(self, connection: &mut PgConnection) -> Result<Effect> {
        let parts: Vec<Vec<Uuid>> =
            serde_json::from_value(self.item.request["parts"].clone()).map_err(unreadable)?;
        let person = *self.item.persons.first().ok_or(Error::NotFound)?;
        let person = survivor(connection, person_id(person)?)?;
        let before: BTreeMap<Uuid, i64> = links::members(connection, &[person.number()])?
            .into_iter()
            .map(|(person, student)| (student, person))
            .collect();
        let leaving: BTreeSet<Uuid> = parts.iter().flatten().copied().collect();
        if !leaving.iter().all(|student| before.contains_key(student)) || leaving.len() >= before.len() {
            return Err(Error::Invalid(
                "its records are others by now; withdraw the request and ask again",
            ));
        }
        let mut effect = Effect {
            after: before.clone(),
            before,
            ..Effect::default()
        };
        let numbers = links::new_persons(connection, parts.len(), self.now)?;
        for (part, number) in parts.iter().zip(&numbers) {
            effect
                .after
                .extend(part.iter().map(|student| (*student, number.number())));
        }
        self.move_students(connection, &effect.before, &effect.after)?;
        for number in numbers {
            self.tell(connection, Kind::Split, number, person)?;
        }
        Ok(effect)
    }

    /// Takes a merge or split back: students go to the person that they were before, as far as they still are where it
    /// had put them. Numbers that a merge retired live again, those that a split made are retired.
    fn undo(self, connection: &mut PgConnection) -> Result<Effect> {
        let of = self.item.request["item"].as_i64().ok_or(Error::NotFound)?;
        let of = work_items::find(connection, of)?
            .filter(|of| of.undone_by.is_none())
            .ok_or(Error::Late)?;
        let done: Effect =
            serde_json::from_value(of.effect.clone().unwrap_or_default()).map_err(unreadable)?;
        let students: Vec<Uuid> = done.before.keys().copied().collect();
        let current: HashMap<Uuid, i64> = links::of_students(connection, &students)?.into_iter().collect();
        let merge = of.kind == "merge";
        let mut effect = Effect::default();
        let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
        for (student, was) in &done.before {
            let (Some(put), Some(is)) = (done.after.get(student), current.get(student)) else {
                continue;
            };
            let target = if merge {
                *was
            } else {
                survivor(connection, person_id(*was)?)?.number()
            };
            let still = survivor(connection, person_id(*put)?)?.number() == *is;
            effect.before.insert(*student, *is);
            let goes = was != put && still && target != *is;
            effect.after.insert(*student, if goes { target } else { *is });
            if goes {
                moved.insert(if merge { target } else { *is }, if merge { *is } else { target });
            }
        }
        if moved.is_empty() {
            return Err(Error::Invalid("nothing of it is left that could be undone"));
        }
        // Whoever has come to these persons since is parted from or joined with those who move, too.
        let touched: Vec<i64> = moved.iter().flat_map(|(a, b)| [*a, *b]).collect();
        for (person, student) in links::members(connection, &touched)? {
            effect.before.entry(student).or_insert(person);
            effect.after.entry(student).or_insert(person);
        }
        if merge {
            for (&former, &merged) in &moved {
                links::revive(connection, person_id(former)?)?;
                let mine = |of: &&(i64, i64)| of.1 == former;
                for (retired, _) in done.aliases.iter().filter(mine) {
                    links::redirect(connection, *retired, person_id(former)?)?;
                }
                let notices: Vec<i64> = done.notices.iter().filter(mine).map(|n| n.0).collect();
                store::notices::give_back(connection, &notices, former)?;
                self.tell(connection, Kind::Undo, person_id(former)?, person_id(merged)?)?;
            }
        }
        self.move_students(connection, &effect.before, &effect.after)?;
        if !merge {
            for (&made, &back) in &moved {
                let (made, back) = (person_id(made)?, person_id(back)?);
                self.tell(connection, Kind::Undo, back, made)?;
                if links::members(connection, &[made.number()])?.is_empty() {
                    links::retire_for(connection, made, back, Some(self.item.work_item_id), self.now)?;
                    store::notices::follow(connection, made.number(), back.number())?;
                }
            }
        }
        work_items::undone(connection, of.work_item_id, self.item.work_item_id)?;
        Ok(effect)
    }

    fn tell(
        self,
        connection: &mut PgConnection,
        kind: Kind,
        person: PersonId,
        former: PersonId,
    ) -> Result<()> {
        let item = Some(self.item.work_item_id);
        Ok(changes::tell(
            connection,
            kind,
            person,
            Some(former),
            item,
            self.now,
        )?)
    }

    fn move_students(
        self,
        connection: &mut PgConnection,
        before: &BTreeMap<Uuid, i64>,
        after: &BTreeMap<Uuid, i64>,
    ) -> Result<()> {
        let cause = match self.item.cause {
            Some(cause) => work_items::find(connection, cause)?,
            None => None,
        };
        let evidence = serde_json::json!({
            "work_item": self.item.work_item_id,
            "kind": self.item.kind,
            "requested_by": self.item.requested_by,
            "reason": self.item.reason,
            "students": cause.as_ref().map(|near| [near.student_a, near.student_b]),
            "explanation": cause.map(|near| near.evidence),
        });
        let mut moves = Vec::new();
        for (student, to) in after {
            let from = before.get(student).copied();
            if from == Some(*to) {
                continue;
            }
            moves.push(LinkChange {
                student_id: *student,
                from: from.map(person_id).transpose()?,
                to: person_id(*to)?,
                decided: Decided::Reviewed,
                decided_by: self.by.to_owned(),
                evidence: evidence.clone(),
            });
        }
        Ok(links::apply(connection, &moves, self.now)?)
    }
}

/// The pairs of students that a change has brought together (`true`) or set apart: each is a decision from now on.
fn turned(before: &BTreeMap<Uuid, i64>, after: &BTreeMap<Uuid, i64>) -> Vec<(Uuid, Uuid, bool)> {
    let students: Vec<&Uuid> = before.keys().collect();
    let mut pairs = Vec::new();
    for (i, a) in students.iter().enumerate() {
        for b in &students[i + 1..] {
            let was = before[*a] == before[*b];
            let is = after.get(*a) == after.get(*b);
            if was != is {
                pairs.push((**a, **b, is));
            }
        }
    }
    pairs
}

/// Lets the linker look at students about whom people have decided, and whoever follows persons at the persons.
pub(super) fn wake(
    connection: &mut PgConnection,
    students: &[Uuid],
    persons: &BTreeSet<i64>,
    now: DateTime<Utc>,
) -> Result<()> {
    links::queue(connection, students, now)?;
    jobs::enqueue_once(connection, JOB, 10, now)?;
    if persons.is_empty() {
        return Ok(());
    }
    let persons: Vec<PersonId> = persons.iter().map(|p| person_id(*p)).collect::<Result<_>>()?;
    let job = NewJob {
        name: CHANGED_JOB,
        payload: serde_json::json!({ "persons": persons }),
        priority: 5,
        deduplicate: None,
    };
    Ok(jobs::enqueue(connection, &job, now)?)
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn unreadable(error: serde_json::Error) -> Error {
    Error::Store(store::Error::Corrupt {
        what: "work item",
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_that_were_turned_become_decisions() {
        let id = Uuid::from_u128;
        let before: BTreeMap<Uuid, i64> = [(id(1), 10), (id(2), 10), (id(3), 20)].into();
        let merged: BTreeMap<Uuid, i64> = [(id(1), 10), (id(2), 10), (id(3), 10)].into();
        assert_eq!(
            turned(&before, &merged),
            [(id(1), id(3), true), (id(2), id(3), true)]
        );
        assert_eq!(
            turned(&merged, &before),
            [(id(1), id(3), false), (id(2), id(3), false)]
        );
        assert!(turned(&before, &before).is_empty());
    }
}
