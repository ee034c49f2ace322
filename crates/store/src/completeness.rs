//! How complete what a state sends is: of each data element, to how much it applies and how much has it. Numbers only;
//! nobody is read.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text};
use mde::code::{Codes as _, EnrollmentType, Grade};
use mde::completeness::{EXPECTED, EXPECTED_PARTS, Expected, Phase, Whom};
use mde::{PartKind, StateCode};

use crate::access;
use crate::db::{Error, Result};
use crate::schema::participant;

/// How much of what is expected is there.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// The part.
    pub part: PartKind,
    /// The element in it; none where it is asked whether a child has such a part at all.
    pub element: Option<&'static Expected>,
    /// From when on it is expected.
    pub phase: Phase,
    /// To whom it applies.
    pub whom: Whom,
    /// To how many it applies.
    pub of: i64,
    /// How many of them have it.
    pub recorded: i64,
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = Array<BigInt>)]
    counts: Vec<i64>,
}

/// When an element applies to a row `p` of its part.
fn applies(whom: Whom) -> String {
    match whom {
        Whom::All => "true".into(),
        Whom::AtSchool => format!(
            "p.enrollment_type is distinct from '{}'",
            EnrollmentType::ResidencyOnly.row().stored
        ),
        Whom::Left => "p.withdrawal_date is not null".into(),
        Whom::Secondary => graded(Grade::is_secondary),
        Whom::Tested => graded(|grade| (Grade::G3..=Grade::G12).contains(&grade)),
        Whom::Finished => "p.grade_to_date is null and p.clock_hours is null".into(),
        Whom::Unfinished => "(p.grade_to_date is not null or p.clock_hours is not null)".into(),
    }
}

/// When a row `p` is of one of these grades.
fn graded(of: impl Fn(Grade) -> bool) -> String {
    let codes: Vec<String> = Grade::ALL
        .iter()
        .filter(|grade| of(**grade))
        .map(|grade| format!("'{}'", grade.row().stored))
        .collect();
    format!("p.grade in ({})", codes.join(", "))
}

/// How complete the live students of a state and its facilities are, element by element, in the order of the dictionary's
/// parts; at their head how many children have such a part at all.
pub fn of_state(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Share>> {
    let mut shares = parts(connection, state)?;
    for part in PartKind::ALL {
        let expected: Vec<&'static Expected> = EXPECTED.iter().filter(|e| e.part == part).collect();
        if expected.is_empty() {
            continue;
        }
        let sums: Vec<String> = expected
            .iter()
            .map(|e| {
                let applies = applies(e.whom);
                format!(
                    "count(*) filter (where {applies}), count(p.{}) filter (where {applies})",
                    e.column
                )
            })
            .collect();
        let from = match part {
            PartKind::Facility => "facility p where p.state = $1".to_owned(),
            part => format!(
                "{} p join student_status t using (student_id) where t.state = $1 and t.status = 'live'",
                part.name()
            ),
        };
        let counts = counts(
            connection,
            &format!("select array[{}] as counts from {from}", sums.join(", ")),
            state,
        )?;
        for (element, counts) in expected.into_iter().zip(counts.chunks(2)) {
            shares.push(share(part, Some(element), (element.phase, element.whom), counts)?);
        }
    }
    Ok(shares)
}

/// How many children have a part at all; a child's grade is that of its latest enrollment.
fn parts(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Share>> {
    let sums: Vec<String> = EXPECTED_PARTS
        .iter()
        .map(|(part, _, whom)| {
            let applies = applies(*whom);
            format!(
                "count(*) filter (where {applies}),
                 count(*) filter (where {applies} and exists (select from {} x where x.student_id = p.student_id))",
                part.name()
            )
        })
        .collect();
    let statement = format!(
        "select array[{}] as counts
         from (select t.student_id, e.grade from student_status t
               left join (select distinct on (student_id) student_id, grade from enrollment
                          order by student_id, enrollment_date desc, ordinal) e using (student_id)
               where t.state = $1 and t.status = 'live') p",
        sums.join(", ")
    );
    let counts = counts(connection, &statement, state)?;
    EXPECTED_PARTS
        .iter()
        .zip(counts.chunks(2))
        .map(|((part, phase, whom), counts)| share(*part, None, (*phase, *whom), counts))
        .collect()
}

fn counts(connection: &mut PgConnection, statement: &str, state: StateCode) -> Result<Vec<i64>> {
    let row: Counts = sql_query(statement)
        .bind::<Text, _>(state.as_str())
        .get_result(connection)?;
    Ok(row.counts)
}

fn share(
    part: PartKind,
    element: Option<&'static Expected>,
    (phase, whom): (Phase, Whom),
    counts: &[i64],
) -> Result<Share> {
    let [of, recorded] = counts else {
        return Err(Error::Corrupt {
            what: "count",
            why: "it has no other half".into(),
        });
    };
    Ok(Share {
        part,
        element,
        phase,
        whom,
        of: *of,
        recorded: *recorded,
    })
}

/// How far a state has come, as it says itself; the last phase for who has not said otherwise.
pub fn phase(connection: &mut PgConnection, state: StateCode) -> Result<Phase> {
    let number: Option<i16> = participant::table
        .find(state.as_str())
        .select(participant::phase)
        .first(connection)
        .optional()?;
    Ok(number.and_then(Phase::numbered).unwrap_or(Phase::Three))
}

/// Says how far a state has come, and keeps who said it.
pub fn say_phase(
    connection: &mut PgConnection,
    state: StateCode,
    phase: Phase,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    connection.transaction(|connection| {
        diesel::update(participant::table.find(state.as_str()))
            .set(participant::phase.eq(phase.number()))
            .execute(connection)?;
        let detail = serde_json::json!({ "phase": phase.number() });
        access::audit(connection, now, by, "completeness.phase", state.as_str(), &detail)
    })
}
