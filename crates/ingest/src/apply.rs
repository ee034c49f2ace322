//! The second pass: writes the students that changed, chunk by chunk.

use std::collections::HashMap;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use formats::{BatchKind, Handler};
use mde::{Student, StudentId, Submission};
use store::batches::{self, Batch, Counts};
use store::jobs::{self, NewJob};
use store::students::{self, Source};
use store::{Error, Pool};
use uuid::Uuid;

use crate::check::{Seen, Step, step};

/// Students written in one transaction: long enough to be cheap, short enough to be overtaken.
const CHUNK: usize = 2_000;

/// Writes what the check decided to load.
pub(crate) struct Writer<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) batch: &'a Batch,
    pub(crate) kind: BatchKind,
    pub(crate) source: Source,
    pub(crate) seen: &'a [Seen],
    pub(crate) steps: &'a [Step],
    pub(crate) alive: &'a dyn Fn() -> bool,
    pub(crate) clock: &'a dyn Fn() -> DateTime<Utc>,
    pub(crate) position: usize,
    pub(crate) chunk: Vec<(Seen, Student)>,
    pub(crate) error: Option<Error>,
}

impl Writer<'_> {
    /// Writes the students that are waiting.
    pub(crate) fn flush(&mut self) -> store::Result<()> {
        let students = std::mem::take(&mut self.chunk);
        if students.is_empty() {
            return Ok(());
        }
        let now = (self.clock)();
        let mut connection = store::connection(self.pool)?;
        store::db::write(&mut connection, |connection| {
            self.write(connection, &students, now)
        })
    }

    /// Decides again under the state's lock, since another batch may have come in between, and writes.
    fn write(
        &self,
        connection: &mut PgConnection,
        students: &[(Seen, Student)],
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        students::lock_state(connection, self.source.state)?;
        let full_as_of =
            store::participants::of_state(connection, self.source.state)?.and_then(|p| p.full_as_of);
        let ids: Vec<Uuid> = students.iter().map(|(seen, _)| seen.id.0).collect();
        let held = students::held(connection, &ids)?;
        let kept: std::collections::HashSet<Uuid> =
            students::kept_late(connection, self.batch.batch_id, &ids)?;
        let mut counts = Counts::default();
        let mut load: Vec<(StudentId, &Student, [u8; 32])> = Vec::new();
        let mut late: Vec<(StudentId, &Student)> = Vec::new();
        for (seen, student) in students {
            match step(self.batch, self.kind, seen, held.get(&seen.id.0), full_as_of) {
                Step::Load => {
                    if held.contains_key(&seen.id.0) {
                        counts.students_updated += 1;
                    } else {
                        counts.students_inserted += 1;
                    }
                    load.push((seen.id, student, seen.hash));
                }
                Step::Late if !kept.contains(&seen.id.0) => {
                    counts.students_late += 1;
                    late.push((seen.id, student));
                }
                Step::Late | Step::Done => {}
                Step::Unchanged | Step::Confirm | Step::Delete => counts.students_unchanged += 1,
            }
        }
        students::replace(connection, self.source, &load, &held, now)?;
        students::keep_late(connection, self.source, &late, now)?;
        batches::advance(connection, self.batch.batch_id, &counts)?;
        enqueue_linking(connection, now)
    }
}

impl Handler for Writer<'_> {
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        // The same bytes are read as in the check, so the students come in the same order.
        let position = self.position;
        self.position += 1;
        if let (Some(Step::Load | Step::Late), Some(seen)) =
            (self.steps.get(position), self.seen.get(position))
        {
            self.chunk.push((*seen, submission.student));
        }
        if self.chunk.len() >= CHUNK {
            if !(self.alive)() {
                return ControlFlow::Break(());
            }
            if let Err(error) = self.flush() {
                self.error = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// Tells the linker that students wait for it.
pub(crate) fn enqueue_linking(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
    let job = NewJob {
        name: "link",
        payload: serde_json::json!({}),
        priority: 5,
        deduplicate: Some("link".to_owned()),
    };
    jobs::enqueue(connection, &job, now)
}

/// Confirms, deletes and marks students without new content, in the last transaction of a batch.
pub(crate) fn mark(
    connection: &mut PgConnection,
    source: Source,
    checked: &crate::check::Checked,
    now: DateTime<Utc>,
) -> store::Result<Counts> {
    students::lock_state(connection, source.state)?;
    // A newer batch may have spoken of some of them since the check; what is newer stays.
    let still = |connection: &mut PgConnection, ids: &[Uuid]| -> store::Result<Vec<Uuid>> {
        let held: HashMap<Uuid, students::Held> = students::held(connection, ids)?;
        Ok(ids
            .iter()
            .copied()
            .filter(|id| held.get(id).is_some_and(|h| h.as_of <= source.as_of))
            .collect())
    };
    let confirm = still(connection, &checked.confirm)?;
    students::confirm(connection, source, &confirm, now)?;
    let delete = still(connection, &checked.delete)?;
    let deleted = students::mark(connection, source, &delete, "deleted", now)?;
    let missing = still(connection, &checked.not_reported)?;
    let not_reported = students::mark(connection, source, &missing, "not_reported", now)?;
    Ok(Counts {
        students_deleted: deleted as i64,
        students_not_reported: not_reported as i64,
        ..Counts::default()
    })
}
