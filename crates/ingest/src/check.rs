//! The first pass: reads the whole file, writes nothing, and says what the batch would change.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use diesel::pg::PgConnection;
use formats::{BatchKind, Handler, Options, Refusal, RefusalCode, Summary};
use mde::{
    Action, Causes, Facility, Finding, FindingCode, PartKind, Severity, StateCode, StateStudentId, StudentId,
    Submission,
};
use store::batches::{Batch, ReadCounts};
use store::students;
use uuid::Uuid;

use crate::account::{self, Disagreement};
use crate::order::{Place, Seen, Step};
use crate::reading::{self, Collect, Outbox};

/// At most this many findings of a batch are kept one by one; all are counted, by cause.
const FINDINGS_KEPT: usize = 50_000;

/// Findings of each cause that are kept beside its count.
const EXAMPLES: usize = 5;

/// A state with more facilities in one upload has sent something else.
const FACILITIES: usize = 200_000;

/// A full upload that would take away more than this share of a state's live students, and more than
/// [`GUARD_STUDENTS`], waits for a person's yes.
const GUARD_SHARE: f64 = 0.10;
/// See [`GUARD_SHARE`].
const GUARD_STUDENTS: usize = 20;

/// Items of one kind in one piece that goes from the reading thread to the comparing one.
const PIECE: usize = 256;
/// Rows of students in one piece: students may be large.
const PIECE_ROWS: usize = 20_000;

/// What was read in one go.
#[derive(Debug, Default)]
struct Piece {
    facilities: Vec<Facility>,
    students: Vec<Submission>,
    rows: usize,
    findings: Vec<Finding>,
}

/// Collects pieces on the reading thread.
struct Collector {
    piece: Piece,
    out: Outbox<Piece>,
}

impl Collector {
    fn send_if(&mut self, full: bool) -> ControlFlow<()> {
        if full {
            self.out.send(std::mem::take(&mut self.piece))
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Handler for Collector {
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.piece.facilities.push(facility);
        self.send_if(self.piece.facilities.len() >= PIECE)
    }

    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        self.piece.rows += submission.student.row_count();
        self.piece.students.push(submission);
        self.send_if(self.piece.students.len() >= PIECE || self.piece.rows >= PIECE_ROWS)
    }

    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        self.piece.findings.push(finding);
        self.send_if(self.piece.findings.len() >= PIECE)
    }
}

impl Collect for Collector {
    fn finish(self) -> ControlFlow<()> {
        self.out.send(self.piece)
    }
}

/// What is kept of a file: 56 bytes of each student, its facilities, what was found.
#[derive(Debug)]
pub(crate) struct Collected {
    state: StateCode,
    pub(crate) seen: Vec<Seen>,
    /// Students that a finding names: one that was refused is mentioned all the same.
    mentioned: HashSet<StudentId>,
    /// Each once, as it was sent last.
    pub(crate) facilities: HashMap<String, Facility>,
    /// Rows of facilities that were followed by another one of the same code.
    pub(crate) repeated: u64,
    /// Where a facility was first named.
    facilities_named: HashMap<String, (Option<u64>, String, PartKind)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) causes: Causes,
}

/// Reads a file to its end. `alive` is asked often; on `false` the refusal is of the code `stopped`.
pub(crate) fn collect(
    path: &Path,
    options: &Options<'_>,
    state: StateCode,
    alive: &dyn Fn() -> bool,
) -> Result<(Summary, Collected), Refusal> {
    let mut collected = Collected {
        state,
        seen: Vec::new(),
        mentioned: HashSet::new(),
        facilities: HashMap::new(),
        repeated: 0,
        facilities_named: HashMap::new(),
        findings: Vec::new(),
        causes: Causes::keeping(EXAMPLES),
    };
    let handler = |out| Collector {
        piece: Piece::default(),
        out,
    };
    let summary = reading::read(path, options, handler, |piece| {
        collected.take(piece)?;
        Ok(alive())
    })??;
    Ok((summary, collected))
}

impl Collected {
    fn take(&mut self, piece: Piece) -> Result<(), Refusal> {
        for facility in piece.facilities {
            if self
                .facilities
                .insert(facility.code.to_string(), facility)
                .is_some()
            {
                self.repeated += 1;
            }
        }
        if self.facilities.len() > FACILITIES {
            let message = format!("The upload has more than {FACILITIES} facilities.");
            return Err(Refusal::new(RefusalCode::TooLarge, message));
        }
        for finding in piece.findings {
            self.note(finding);
        }
        for submission in &piece.students {
            self.student(submission);
        }
        Ok(())
    }

    fn student(&mut self, submission: &Submission) {
        let student = &submission.student;
        let delete = submission.action == Action::Delete;
        self.seen.push(Seen {
            id: student.id(self.state),
            hash: if delete { [0; 32] } else { student.content_hash() },
            rows: submission.rows,
            delete,
        });
        let enrollments = student
            .enrollments
            .iter()
            .map(|e| (&e.facility_code, PartKind::Enrollment));
        let courses = student
            .courses
            .iter()
            .map(|c| (&c.facility_code, PartKind::Course));
        for (code, part) in enrollments.chain(courses) {
            let Some(code) = code.as_ref() else { continue };
            if self.facilities_named.len() < FACILITIES && !self.facilities_named.contains_key(code.as_str())
            {
                let at = (
                    Some(submission.line),
                    student.identity.state_student_id.to_string(),
                    part,
                );
                self.facilities_named.insert(code.to_string(), at);
            }
        }
    }

    fn note(&mut self, finding: Finding) {
        // A student that was refused is not missing from a full upload. A row without a student mentions nobody.
        let student = finding
            .state_student_id
            .as_deref()
            .filter(|_| finding.code != FindingCode::NoStudent)
            .and_then(|id| StateStudentId::new(id).ok());
        if let Some(id) = student {
            self.mentioned.insert(StudentId::of(self.state, &id));
        }
        if self.findings.len() < FINDINGS_KEPT {
            self.findings.push(finding.clone());
        }
        self.causes.add(finding);
    }

    /// One warning for each facility code that nothing explains, at the first record that names it.
    fn unknown_facilities(&mut self, connection: &mut PgConnection) -> store::Result<()> {
        let not_sent: Vec<&str> = self
            .facilities_named
            .keys()
            .filter(|code| !self.facilities.contains_key(*code))
            .map(String::as_str)
            .collect();
        let known = store::facilities::known(connection, self.state, &not_sent)?;
        let mut unknown: Vec<_> = not_sent
            .into_iter()
            .filter(|code| !known.contains(*code))
            .map(|code| (code.to_owned(), self.facilities_named[code].clone()))
            .collect();
        unknown.sort();
        for (code, (line, student, part)) in unknown {
            let mut finding = Finding::new(
                FindingCode::NoFacility,
                format!("The facility {code} has never been sent."),
            )
            .of_student(&student)
            .of_part(part)
            .of_element("40")
            .received(&code);
            finding.line = line;
            self.note(finding);
        }
        Ok(())
    }

    /// Whether the file speaks of a student, be it that all of it was refused.
    pub(crate) fn mentions(&self, id: Uuid) -> bool {
        self.mentioned.contains(&StudentId(id))
    }
}

/// What the first pass found out.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) summary: Summary,
    pub(crate) counts: ReadCounts,
    pub(crate) collected: Collected,
    /// What to do with each student, in the order of the file.
    pub(crate) steps: Vec<Step>,
    /// Live students that a full upload does not mention.
    pub(crate) not_reported: Vec<Uuid>,
    /// Why the batch must wait for a person, if it must.
    pub(crate) suspicious: Option<String>,
}

impl Checked {
    /// Whether the second pass has anything to do.
    pub(crate) fn has_content(&self) -> bool {
        self.steps.iter().any(|step| step.needs_content())
    }

    /// Students with one of these steps and the rows that they have.
    pub(crate) fn count(&self, steps: &[Step]) -> (i64, i64) {
        let mut counted = (0, 0);
        for (seen, step) in self.collected.seen.iter().zip(&self.steps) {
            if steps.contains(step) {
                counted.0 += 1;
                counted.1 += i64::from(seen.rows);
            }
        }
        counted
    }

    /// Students with this step.
    pub(crate) fn with(&self, step: Step) -> Vec<Uuid> {
        let all = self.collected.seen.iter().zip(&self.steps);
        all.filter(|(_, s)| **s == step)
            .map(|(seen, _)| seen.id.0)
            .collect()
    }

    /// Adds the rows that were read up.
    pub(crate) fn add_up(&self) -> Result<(), Disagreement> {
        let students = self.collected.seen.iter().map(|s| u64::from(s.rows)).sum();
        let facilities = self.collected.facilities.len() as u64 + self.collected.repeated;
        account::check_read(&self.summary, students, facilities)
    }
}

/// Compares what was read with what is held.
pub(crate) fn compare(
    connection: &mut PgConnection,
    batch: &Batch,
    mut collected: Collected,
    summary: Summary,
    released: bool,
) -> store::Result<Checked> {
    let state = collected.state;
    let kind = summary.header.kind;
    let participant = store::participants::of_state(connection, state)?;
    let place = Place::of(batch, kind, participant.as_ref());
    let mut steps = Vec::with_capacity(collected.seen.len());
    for chunk in collected.seen.chunks(5_000) {
        let ids: Vec<Uuid> = chunk.iter().map(|seen| seen.id.0).collect();
        let held = students::held(connection, &ids)?;
        steps.extend(chunk.iter().map(|seen| place.step(seen, held.get(&seen.id.0))));
    }
    let seen: HashSet<StudentId> = collected.seen.iter().map(|seen| seen.id).collect();
    let refused = collected.mentioned.difference(&seen).count();
    let mut not_reported = Vec::new();
    let mut suspicious = None;
    if kind == BatchKind::Full && place.is_newest() {
        let live = students::live(connection, state)?;
        let total = live.len();
        let missing = live.into_iter().filter(|held| {
            place.takes_away((held.as_of, held.as_of_batch_id))
                && !seen.contains(&StudentId(held.student_id))
                && !collected.mentions(held.student_id)
        });
        not_reported.extend(missing.map(|held| held.student_id));
        let gone = not_reported.len() + steps.iter().filter(|s| **s == Step::Delete).count();
        if !released && gone > GUARD_STUDENTS && gone as f64 > total as f64 * GUARD_SHARE {
            suspicious = Some(format!(
                "{gone} of the state's {total} students would no longer be reported."
            ));
        }
    }
    collected.unknown_facilities(connection)?;
    let counts = ReadCounts {
        rows_read: summary.rows.read as i64,
        rows_refused: summary.rows.refused as i64,
        rows_ignored: (summary.rows.ignored_rows.values().sum::<u64>() + collected.repeated) as i64,
        students_read: collected.seen.len() as i64,
        students_refused: refused as i64,
        findings_errors: collected.causes.count(Severity::Error) as i64,
        findings_warnings: collected.causes.count(Severity::Warning) as i64,
    };
    Ok(Checked {
        summary,
        counts,
        collected,
        steps,
        not_reported,
        suspicious,
    })
}
