//! The check of all students at once: persons become what the records and the decisions of people say, whatever the
//! order in which they came.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use store::links::LinkChange;
use store::{link_models, work_items};
use uuid::Uuid;

use super::{Cause, Linker, Round, SETTLED, people, read_persons};
use crate::review;

/// An open question whose weight moved less than this, in bits, is left as it is.
const SAME_WEIGHT: f32 = 0.25;

impl Linker {
    /// Freezes the frequencies of names as they are now, and makes all persons what they would be if all students had
    /// come at once. Persons that are so today are not touched; the others keep their numbers where they can: of the
    /// parts of a person the largest. States in doubt stay out of it.
    pub fn check(&mut self, connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<Round> {
        self.index.freeze();
        self.frozen_at = self.index.len();
        self.persons = read_persons(connection)?;
        let humans = people::decisions(connection)?;
        let resolution = self.index.resolve_all(&self.persons, &humans);
        let students = self.index.len();
        let (round, moved) = store::db::write(connection, |connection| {
            let written = self.write(connection, &resolution, &[], Cause::Check, now)?;
            link_models::checked(
                connection,
                (students, written.0.links, written.0.near_matches),
                now,
            )?;
            Ok(written)
        })?;
        self.remember(moved);
        Ok(Round { students, ..round })
    }

    /// Makes the open near matches those that were found of all students. What is asked already and has not changed is
    /// left alone.
    pub(super) fn ask_all(
        &self,
        connection: &mut PgConnection,
        mut found: Vec<work_items::NearMatch>,
        changes: &[LinkChange],
        now: DateTime<Utc>,
    ) -> store::Result<usize> {
        let decided: HashSet<Uuid> = store::links::decisions(connection)?
            .into_iter()
            .filter(|decision| !decision.same)
            .flat_map(|decision| [decision.student_a, decision.student_b])
            .collect();
        let decided: Vec<Uuid> = decided.into_iter().collect();
        found.extend(review::reopened(connection, &self.index, &decided)?);
        let still: HashSet<(Uuid, Uuid)> = found
            .iter()
            .map(|near| (near.student_a, near.student_b))
            .collect();
        let asked: HashMap<(Uuid, Uuid), f32> = link_models::open_questions(connection)?
            .into_iter()
            .filter_map(|open| Some(((open.student_a, open.student_b), open.weight?)))
            .collect();
        let moved: HashSet<Uuid> = changes.iter().map(|change| change.student_id).collect();
        found.retain(|near| {
            let same = asked
                .get(&(near.student_a, near.student_b))
                .is_some_and(|w| (w - near.weight).abs() < SAME_WEIGHT);
            !same || near.sides.iter().flatten().any(|student| moved.contains(student))
        });
        let new = work_items::open_near_matches(connection, &found, now)?;
        let settled: Vec<i64> = link_models::open_questions(connection)?
            .into_iter()
            .filter(|open| !still.contains(&(open.student_a, open.student_b)))
            .map(|open| open.work_item_id)
            .collect();
        work_items::close(connection, &settled, SETTLED, now)?;
        Ok(new)
    }
}
