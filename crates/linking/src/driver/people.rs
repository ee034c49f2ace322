//! What people decided, and about whom they are deciding.
//!
//! The linker holds all decisions in memory, as it holds all students. Whoever decides lets the students concerned be
//! looked at ([`links::queue`]), so a round reads what was decided about its own students; and before it writes, under
//! the lock that whoever decides takes too, what was decided about all whom it would touch.

use diesel::pg::PgConnection;
use store::links::Decision;
use store::{link_models, links};
use uuid::Uuid;

use crate::decisions::{HumanDecision, HumanDecisions, Verdict};

/// All that people decided; and the persons that a request holds until it is decided.
pub(super) fn read(connection: &mut PgConnection) -> store::Result<HumanDecisions> {
    let mut humans: HumanDecisions = links::decisions(connection)?.iter().map(decision).collect();
    read_held(&mut humans, connection)?;
    Ok(humans)
}

/// Reads again what people decided about these students, and which persons are held.
pub(super) fn refresh(
    humans: &mut HumanDecisions,
    connection: &mut PgConnection,
    students: &[Uuid],
) -> store::Result<()> {
    take_in(humans, &links::decisions_of(connection, students)?);
    read_held(humans, connection)
}

/// Takes in what people decided about these students since it was read. Whether there was anything.
pub(super) fn catch_up(
    humans: &mut HumanDecisions,
    connection: &mut PgConnection,
    students: &[Uuid],
) -> store::Result<bool> {
    Ok(take_in(humans, &links::decisions_of(connection, students)?))
}

/// The same of all students.
pub(super) fn catch_up_all(
    humans: &mut HumanDecisions,
    connection: &mut PgConnection,
) -> store::Result<bool> {
    Ok(take_in(humans, &links::decisions(connection)?))
}

/// Decisions are never deleted, only replaced. Whether one was new.
fn take_in(humans: &mut HumanDecisions, decisions: &[Decision]) -> bool {
    let mut new = false;
    for decision in decisions.iter().map(decision) {
        new |= humans.verdict(decision.key_a, decision.key_b) != Some(decision.verdict);
        humans.record(decision);
    }
    new
}

fn read_held(humans: &mut HumanDecisions, connection: &mut PgConnection) -> store::Result<()> {
    humans.release();
    for (person, student) in link_models::locked(connection)? {
        if let Ok(person) = u64::try_from(person) {
            humans.hold(student.as_u128(), person);
        }
    }
    Ok(())
}

fn decision(decision: &Decision) -> HumanDecision {
    HumanDecision {
        verdict: if decision.same {
            Verdict::Same
        } else {
            Verdict::Different
        },
        key_a: decision.student_a.as_u128(),
        key_b: decision.student_b.as_u128(),
    }
}
