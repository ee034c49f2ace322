//! The first pass: reads the whole file, writes nothing, and says what the batch would change.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use formats::{BatchKind, Handler, Summary};
use mde::{
    Action, Facility, Finding, FindingCode, PartKind, Severity, StateCode, StateStudentId, StudentId,
    Submission,
};
use store::batches::{Batch, ReadCounts};
use store::students::{self, Held};
use uuid::Uuid;

/// At most this many findings of a batch are kept one by one; all are counted.
const FINDINGS_KEPT: usize = 50_000;

/// A full upload that would take away more than this share of a state's live students, and more than
/// [`GUARD_STUDENTS`], waits for a person's yes.
const GUARD_SHARE: f64 = 0.10;
/// See [`GUARD_SHARE`].
const GUARD_STUDENTS: usize = 20;

/// What to do with a submitted student.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The content is what the hub holds and the student is live.
    Unchanged,
    /// This batch has already written it, in an attempt that was cut short.
    Done,
    /// New or changed content.
    Load,
    /// Older than what the hub holds: history only.
    Late,
    /// The content is what the hub holds, but the student was not live or a delta speaks of it anew.
    Confirm,
    /// The state no longer holds it.
    Delete,
}

/// What is compared with what is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) id: StudentId,
    pub(crate) hash: [u8; 32],
    pub(crate) delete: bool,
}

/// Decides about one submitted student. `full_as_of` is that of the state's newest loaded full upload, which confirms
/// every live student.
pub(crate) fn step(
    batch: &Batch,
    kind: BatchKind,
    seen: &Seen,
    held: Option<&Held>,
    full_as_of: Option<DateTime<Utc>>,
) -> Step {
    let Some(held) = held else {
        return if seen.delete { Step::Unchanged } else { Step::Load };
    };
    let same = held.content_hash == seen.hash;
    let live = held.status == "live";
    if held.batch_id == batch.batch_id && (same || seen.delete) && (live != seen.delete) {
        return Step::Done;
    }
    let confirmed = if live {
        Some(held.as_of).max(full_as_of)
    } else {
        Some(held.as_of)
    };
    if confirmed > Some(batch.as_of) {
        return if same || seen.delete {
            Step::Unchanged
        } else {
            Step::Late
        };
    }
    match (seen.delete, same, live) {
        (true, ..) if held.status == "deleted" => Step::Unchanged,
        (true, ..) => Step::Delete,
        (false, false, _) => Step::Load,
        // A full upload confirms its unchanged students by one row of the state, without touching them.
        (false, true, true) if kind == BatchKind::Full || held.as_of == batch.as_of => Step::Unchanged,
        (false, true, _) => Step::Confirm,
    }
}

/// What the first pass found out.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) summary: Summary,
    pub(crate) counts: ReadCounts,
    pub(crate) findings: Vec<Finding>,
    pub(crate) facilities: Vec<Facility>,
    /// Each student, in the order of the file.
    pub(crate) seen: Vec<Seen>,
    /// What to do with it.
    pub(crate) steps: Vec<Step>,
    /// Students whose content stays and that are confirmed.
    pub(crate) confirm: Vec<Uuid>,
    /// Students that the state no longer holds.
    pub(crate) delete: Vec<Uuid>,
    /// Live students that a full upload does not mention.
    pub(crate) not_reported: Vec<Uuid>,
    /// Why the batch must wait for a person, if it must.
    pub(crate) suspicious: Option<String>,
}

impl Checked {
    /// Whether the second pass has anything to do.
    pub(crate) fn has_content(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Load | Step::Late))
    }

    /// How many students stay as they are.
    pub(crate) fn unchanged(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| matches!(step, Step::Unchanged | Step::Confirm))
            .count()
    }
}

/// Collects what the reader hands over.
pub(crate) struct Collector<'a> {
    state: StateCode,
    alive: &'a dyn Fn() -> bool,
    pub(crate) seen: Vec<Seen>,
    mentioned: HashSet<StudentId>,
    facilities: Vec<Facility>,
    facilities_named: HashMap<String, (Option<u64>, String, PartKind)>,
    findings: Vec<Finding>,
    errors: i64,
    warnings: i64,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(state: StateCode, alive: &'a dyn Fn() -> bool) -> Self {
        Self {
            state,
            alive,
            seen: Vec::new(),
            mentioned: HashSet::new(),
            facilities: Vec::new(),
            facilities_named: HashMap::new(),
            findings: Vec::new(),
            errors: 0,
            warnings: 0,
        }
    }

    fn add(&mut self, finding: Finding) {
        match finding.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.findings.len() < FINDINGS_KEPT {
            self.findings.push(finding);
        }
    }

    /// One warning for each facility code that nothing explains, at the first record that names it.
    fn unknown_facilities(&mut self, known: &HashSet<String>) {
        let sent: HashSet<&str> = self.facilities.iter().map(|f| f.code.as_str()).collect();
        let mut unknown: Vec<_> = self
            .facilities_named
            .iter()
            .filter(|(code, _)| !sent.contains(code.as_str()) && !known.contains(*code))
            .map(|(code, at)| (code.clone(), at.clone()))
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
            self.add(finding);
        }
    }
}

impl Handler for Collector<'_> {
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.facilities.push(facility);
        ControlFlow::Continue(())
    }

    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        let student = &submission.student;
        let id = student.id(self.state);
        let delete = submission.action == Action::Delete;
        self.seen.push(Seen {
            id,
            hash: if delete { [0; 32] } else { student.content_hash() },
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
            if let Some(code) = code
                .as_ref()
                .filter(|code| !self.facilities_named.contains_key(code.as_str()))
            {
                let at = (
                    Some(submission.line),
                    student.identity.state_student_id.to_string(),
                    part,
                );
                self.facilities_named.insert(code.to_string(), at);
            }
        }
        if self.seen.len().is_multiple_of(1_000) && !(self.alive)() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        // A student that was refused is mentioned all the same, and is not missing from a full upload. A row without a
        // student mentions nobody.
        let student = finding
            .state_student_id
            .as_deref()
            .and_then(|id| StateStudentId::new(id).ok());
        if let Some(id) = student.filter(|_| finding.code != FindingCode::NoStudent) {
            self.mentioned.insert(StudentId::of(self.state, &id));
        }
        self.add(finding);
        ControlFlow::Continue(())
    }
}

/// Compares what was read with what is held.
pub(crate) fn compare(
    connection: &mut PgConnection,
    batch: &Batch,
    mut collected: Collector<'_>,
    summary: Summary,
    released: bool,
) -> store::Result<Checked> {
    let state = collected.state;
    let full_as_of = store::participants::of_state(connection, state)?.and_then(|p| p.full_as_of);
    let kind = summary.header.kind;
    let mut steps = Vec::with_capacity(collected.seen.len());
    let (mut confirm, mut delete) = (Vec::new(), Vec::new());
    for chunk in collected.seen.chunks(5_000) {
        let ids: Vec<Uuid> = chunk.iter().map(|seen| seen.id.0).collect();
        let held = students::held(connection, &ids)?;
        for seen in chunk {
            let step = step(batch, kind, seen, held.get(&seen.id.0), full_as_of);
            match step {
                Step::Confirm => confirm.push(seen.id.0),
                Step::Delete => delete.push(seen.id.0),
                _ => {}
            }
            steps.push(step);
        }
    }
    let seen: HashSet<StudentId> = collected.seen.iter().map(|seen| seen.id).collect();
    let refused = collected.mentioned.difference(&seen).count();
    let mut not_reported = Vec::new();
    let mut suspicious = None;
    if kind == BatchKind::Full && full_as_of.is_none_or(|newest| newest <= batch.as_of) {
        let live = students::live(connection, state)?;
        let total = live.len();
        not_reported.extend(
            live.into_iter()
                .filter(|held| {
                    held.as_of <= batch.as_of
                        && !seen.contains(&StudentId(held.student_id))
                        && !collected.mentioned.contains(&StudentId(held.student_id))
                })
                .map(|held| held.student_id),
        );
        let gone = not_reported.len() + delete.len();
        if !released && gone > GUARD_STUDENTS && gone as f64 > total as f64 * GUARD_SHARE {
            suspicious = Some(format!(
                "{gone} of the state's {total} students would no longer be reported."
            ));
        }
    }
    let known = store::facilities::codes(connection, state)?;
    collected.unknown_facilities(&known);
    let counts = ReadCounts {
        rows_read: summary.rows.read as i64,
        rows_refused: summary.rows.refused as i64,
        rows_ignored: summary.rows.ignored_rows.values().sum::<u64>() as i64,
        students_read: collected.seen.len() as i64,
        students_refused: refused as i64,
        findings_errors: collected.errors,
        findings_warnings: collected.warnings,
    };
    Ok(Checked {
        summary,
        counts,
        findings: collected.findings,
        facilities: collected.facilities,
        seen: collected.seen,
        steps,
        confirm,
        delete,
        not_reported,
        suspicious,
    })
}
