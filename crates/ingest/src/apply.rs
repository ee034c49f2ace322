//! The second pass: writes the students that changed, chunk by chunk. The file is read and the rows are made on a thread
//! of its own, while PostgreSQL writes the chunk before.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use formats::{Handler, Options, Refusal};
use mde::{StateCode, Student, StudentId, Submission};
use store::Pool;
use store::batches::{self, Batch, Counts};
use store::jobs;
use store::students::{self, Held, Prepared, Source};
use uuid::Uuid;

use crate::check::Checked;
use crate::order::{Place, Seen, Step};
use crate::reading::{self, Collect, Outbox};

/// Students written in one transaction: long enough to be cheap, short enough to be overtaken.
const CHUNK: usize = 2_000;
/// Rows of students after which a chunk is written, so that its memory is bounded however large the students are.
const CHUNK_ROWS: usize = 100_000;

/// Students to be written, with their rows made.
struct Chunk {
    /// Each with its place in the file.
    students: Vec<(usize, Seen, Student)>,
    /// The rows of those whose step was to load them.
    prepared: Prepared,
}

/// Collects chunks on the reading thread.
struct Collector<'a> {
    state: StateCode,
    seen: &'a [Seen],
    steps: &'a [Step],
    position: usize,
    students: Vec<(usize, Seen, Student)>,
    rows: usize,
    /// The file does not read as it did in the check.
    differs: bool,
    out: Outbox<Chunk>,
}

impl Collector<'_> {
    fn send(&mut self) -> ControlFlow<()> {
        let students = std::mem::take(&mut self.students);
        self.rows = 0;
        if students.is_empty() {
            return ControlFlow::Continue(());
        }
        let prepared = {
            let load = students
                .iter()
                .filter(|(position, ..)| self.steps[*position] == Step::Load);
            prepare(self.state, load)
        };
        self.out.send(Chunk { students, prepared })
    }
}

fn prepare<'a>(state: StateCode, students: impl Iterator<Item = &'a (usize, Seen, Student)>) -> Prepared {
    let students: Vec<(StudentId, &Student, [u8; 32])> = students
        .map(|(_, seen, student)| (seen.id, student, seen.hash))
        .collect();
    Prepared::of(state, &students)
}

impl Handler for Collector<'_> {
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        let position = self.position;
        self.position += 1;
        let Some((seen, step)) = self.seen.get(position).zip(self.steps.get(position)) else {
            self.differs = true;
            return ControlFlow::Break(());
        };
        if !step.needs_content() {
            return ControlFlow::Continue(());
        }
        if submission.student.id(self.state) != seen.id {
            self.differs = true;
            return ControlFlow::Break(());
        }
        self.rows += submission.student.row_count();
        self.students.push((position, *seen, submission.student));
        if self.students.len() >= CHUNK || self.rows >= CHUNK_ROWS {
            self.send()
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Collect for Collector<'_> {
    fn finish(mut self) -> ControlFlow<()> {
        self.send()
    }
}

/// Writes what the check decided to load.
pub(crate) struct Writer<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) batch: &'a Batch,
    pub(crate) source: Source,
    pub(crate) alive: &'a dyn Fn() -> bool,
    pub(crate) clock: &'a dyn Fn() -> DateTime<Utc>,
}

impl Writer<'_> {
    /// Reads the file again and writes every student whose step needs its content; the steps then say what was done.
    pub(crate) fn run(
        &self,
        path: &Path,
        options: &Options<'_>,
        checked: &mut Checked,
    ) -> store::Result<Result<(), Refusal>> {
        let mut done: Vec<(usize, Step)> = Vec::new();
        let (seen, steps) = (&checked.collected.seen, &checked.steps);
        let kind = checked.summary.header.kind;
        let state = self.source.state;
        let handler = |out| Collector {
            state,
            seen,
            steps,
            position: 0,
            students: Vec::new(),
            rows: 0,
            differs: false,
            out,
        };
        let read = reading::read(path, options, handler, |chunk| {
            if !(self.alive)() {
                return Ok(false);
            }
            let now = (self.clock)();
            let mut connection = store::connection(self.pool)?;
            done.extend(store::db::write(&mut connection, |connection| {
                // What a chunk wrote is only relied upon after the batch's last transaction, or after that of somebody
                // who has read it, and each of these flushes it too. A power cut before lets the job write it again.
                store::db::flush_later(connection)?;
                self.write(connection, &chunk, steps, kind, now)
            })?);
            Ok::<bool, store::Error>(true)
        })?;
        for (position, step) in done {
            checked.steps[position] = step;
        }
        Ok(read.map(|_| ()))
    }

    /// Decides again under the state's lock, since another batch may have come in between, and writes. Returns the steps
    /// that are now to be taken: none for what is written.
    fn write(
        &self,
        connection: &mut PgConnection,
        chunk: &Chunk,
        steps: &[Step],
        kind: formats::BatchKind,
        now: DateTime<Utc>,
    ) -> store::Result<Vec<(usize, Step)>> {
        let Source { state, batch_id, .. } = self.source;
        students::lock_state(connection, state)?;
        let participant = store::participants::of_state(connection, state)?;
        let place = Place::of(self.batch, kind, participant.as_ref());
        let ids: Vec<Uuid> = chunk.students.iter().map(|(_, seen, _)| seen.id.0).collect();
        let held = students::held(connection, &ids)?;
        let mut decided = Vec::with_capacity(chunk.students.len());
        let mut as_prepared = true;
        for (position, seen, _) in &chunk.students {
            let step = place.step(seen, held.get(&seen.id.0));
            as_prepared &= (step == Step::Load) == (steps[*position] == Step::Load);
            decided.push(step);
        }
        let with = |wanted: Step| {
            let all = chunk.students.iter().zip(&decided);
            all.filter(move |(_, step)| **step == wanted)
                .map(|(student, _)| student)
        };

        let mut counts = Counts::default();
        for (_, seen, _) in with(Step::Load) {
            if held.contains_key(&seen.id.0) {
                counts.students_updated += 1;
            } else {
                counts.students_inserted += 1;
            }
            counts.rows_stored += i64::from(seen.rows);
        }
        let prepared = if as_prepared {
            &chunk.prepared
        } else {
            &prepare(state, with(Step::Load))
        };
        prepared.write(connection, self.source, place.status(), &held, now)?;

        let late_ids: Vec<Uuid> = with(Step::Late).map(|(_, seen, _)| seen.id.0).collect();
        if !late_ids.is_empty() {
            let kept = students::kept(connection, batch_id, &late_ids)?;
            let late: Vec<&(usize, Seen, Student)> = with(Step::Late)
                .filter(|(_, seen, _)| !kept.contains(&seen.id.0))
                .collect();
            counts.students_late += late.len() as i64;
            counts.rows_stored += late.iter().map(|(_, seen, _)| i64::from(seen.rows)).sum::<i64>();
            let late: Vec<_> = late.iter().map(|(_, seen, student)| (seen.id, student)).collect();
            students::keep_late(connection, self.source, &late, now)?;
        }
        batches::advance(connection, batch_id, &counts)?;
        if !prepared.is_empty() {
            enqueue_linking(connection, now)?;
        }
        let taken = chunk.students.iter().zip(decided);
        Ok(taken
            .map(|((position, ..), step)| {
                let left = if step.needs_content() { Step::Done } else { step };
                (*position, left)
            })
            .collect())
    }
}

/// Tells the linker that students wait for it.
fn enqueue_linking(connection: &mut PgConnection, now: DateTime<Utc>) -> store::Result<()> {
    jobs::enqueue_once(connection, "link", 5, now)
}

/// What other batches did meanwhile to students for which this one had nothing to write: decides about them again.
/// `true` if there is now something to write after all. The caller holds the state's lock.
pub(crate) fn decide_again(place: &Place, checked: &mut Checked, stated: &HashMap<Uuid, Held>) -> bool {
    let mut again = false;
    let mut untold: HashMap<Uuid, &Held> = stated.iter().map(|(id, held)| (*id, held)).collect();
    for (seen, step) in checked.collected.seen.iter().zip(&mut checked.steps) {
        let Some(held) = untold.remove(&seen.id.0) else {
            continue;
        };
        if matches!(step, Step::Unchanged | Step::Confirm | Step::Delete) {
            *step = match place.step(seen, Some(held)) {
                Step::Load => {
                    again = true;
                    Step::Load
                }
                // What this batch says is in the history: it was what was held when the check was made.
                Step::Late | Step::Done => Step::Unchanged,
                other => other,
            };
        }
    }
    // What was newly said of students that the file does not mention.
    let missing = |held: &Held| {
        held.is_live() && place.takes_away(held.said()) && !checked.collected.mentions(held.student_id)
    };
    checked.not_reported.retain(|id| !stated.contains_key(id));
    checked.not_reported.extend(
        untold
            .values()
            .filter(|held| missing(held))
            .map(|held| held.student_id),
    );
    if !place.is_newest() {
        checked.not_reported.clear();
    }
    again
}

/// Confirms, deletes and marks students without new content, in the last transaction of a batch.
pub(crate) fn mark(
    connection: &mut PgConnection,
    source: Source,
    checked: &Checked,
    now: DateTime<Utc>,
) -> store::Result<Counts> {
    let (confirm, delete) = (checked.with(Step::Confirm), checked.with(Step::Delete));
    let revived = students::confirm(connection, source, &confirm, now)?;
    students::mark(connection, source, &delete, "deleted", now)?;
    students::mark(connection, source, &checked.not_reported, "not_reported", now)?;
    if revived > 0 || !delete.is_empty() || !checked.not_reported.is_empty() {
        enqueue_linking(connection, now)?;
    }
    let (students_unchanged, rows_unchanged) = checked.count(&[Step::Unchanged, Step::Confirm]);
    let (students_deleted, rows_stored) = checked.count(&[Step::Delete]);
    Ok(Counts {
        students_unchanged,
        rows_unchanged,
        students_deleted,
        rows_stored,
        students_not_reported: checked.not_reported.len() as i64,
        ..Counts::default()
    })
}
