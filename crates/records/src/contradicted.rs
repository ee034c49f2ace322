//! Keeps the list of contradictions that states' data administrators work through, and reads it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::Serialize;
use store::work_items::Scope;
use store::{Access, db, disagreements, persons};
use utoipa::ToSchema;

use crate::disagreement::{Disagreement, DisagreementKind};
use crate::record::consolidate;

/// Looks at those of these persons who have several students again, as of `now`, and puts what contradicts itself in
/// their records on the lists of the states concerned. Doing it again changes nothing.
pub fn refresh(connection: &mut PgConnection, ids: &[PersonId], now: DateTime<Utc>) -> store::Result<()> {
    for some in disagreements::candidates(connection, ids)?.chunks(persons::TOGETHER) {
        db::write(connection, |connection| {
            // The job is done only with a commit that is on the disk, and these before it.
            db::flush_later(connection)?;
            persons::lock_all(connection, some)?;
            // A number that was retired since has nothing any more; its survivor is told too.
            let held = persons::load_all(connection, some)?;
            let mut found: Vec<(PersonId, StateCode, &str)> = Vec::new();
            for record in held.iter().filter(|record| some.contains(&record.person_id)) {
                for contradiction in consolidate(record, now.date_naive()).disagreements {
                    let kind = contradiction.kind.name();
                    let states = contradiction.states.into_iter();
                    found.extend(states.map(|state| (record.person_id, state, kind)));
                }
            }
            disagreements::replace(connection, some, &found, now)
        })?;
    }
    Ok(())
}

/// A person in whose record a state's statements contradict others' or its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contradicted {
    /// The person.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Name as resolved.
    pub name: String,
    /// Birth date as resolved.
    pub birth_date: Option<NaiveDate>,
    /// The state's own identifiers of the child.
    pub state_student_ids: Vec<String>,
    /// What contradicts itself where the state has a part in it.
    pub disagreements: Vec<Disagreement>,
}

/// The next persons on the list of a state, or of some districts of it, by number; each that is shown is disclosed. Also
/// the number after which to go on, if there are more.
pub fn listed(
    connection: &mut PgConnection,
    access: &Access,
    scope: &Scope,
    kind: Option<DisagreementKind>,
    after: Option<PersonId>,
    limit: usize,
) -> store::Result<(Vec<Contradicted>, Option<PersonId>)> {
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX - 1);
    let name = kind.map(DisagreementKind::name);
    let mut ids = disagreements::persons(connection, scope, name, after, wanted + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().copied().filter(|_| more);
    let mut out = Vec::new();
    for id in ids {
        let Some(held) = persons::read(
            connection,
            access,
            id,
            &["identity", "enrollments", "courses", "moves"],
        )?
        else {
            continue;
        };
        let record = consolidate(&held, access.at.date_naive());
        let found: Vec<Disagreement> = record
            .disagreements
            .into_iter()
            .filter(|d| {
                scope.state().is_some_and(|state| d.states.contains(&state))
                    && kind.is_none_or(|kind| d.kind == kind)
            })
            .collect();
        out.push(Contradicted {
            person_id: id,
            name: record.summary.name,
            birth_date: record.summary.birth_date,
            state_student_ids: record
                .sources
                .iter()
                .filter(|s| Some(s.source.state) == scope.state())
                .map(|s| s.source.state_student_id.clone())
                .collect(),
            disagreements: found,
        });
    }
    // What has been settled since the list was made is not shown.
    out.retain(|person| !person.disagreements.is_empty());
    Ok((out, next))
}
