//! A profile tried out on files: the first students, which data elements are there and how often, and what was found.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::NaiveDate;
use mde::{
    Causes, Decimal, Facility, Finding, Part, PartKind, Severity, Sink, Student, Submission, for_each_part,
};
use serde::Serialize;

use super::schema::Profile;
use super::{header, reader};
use crate::archive::Upload;
use crate::header::{BatchKind, Header};
use crate::options::Options;
use crate::outcome::{Counts, Handler};
use crate::refusal::{Refusal, RefusalCode};

/// So many findings of each cause are kept as examples.
const EXAMPLES: usize = 3;

/// What a profile makes of files.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// What the files are as an upload.
    pub header: Header,
    /// What became of the rows.
    pub rows: Counts,
    /// Names that the profile requires and that no file has. An upload without them would be refused.
    pub missing_files: Vec<String>,
    /// The first students.
    pub students: Vec<Student>,
    /// How many of the students have each data element, part by part in the order of the data dictionary.
    pub coverage: Vec<Coverage>,
    /// The findings by cause, each with its first ones.
    pub findings: Causes,
}

/// How often a data element is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The part of the student, or the facility.
    pub part: PartKind,
    /// The number of the data element.
    pub element: &'static str,
    /// Its name in the native format.
    pub name: &'static str,
    /// Its name in profiles.
    pub column: &'static str,
    /// The students (of facilities: the facilities) that have it.
    pub having: u64,
    /// The students (the facilities) that there are.
    pub of: u64,
}

/// Tries a profile out on files: the files of one export, or one folder or archive with them. Keeps the first
/// `students`.
///
/// Files that the profile requires may be missing here. The as-of of the options is used where the files say none, and
/// where neither they nor the profile say full or delta, they are read as full. Pure apart from reading the files.
pub fn preview(
    profile: &Profile,
    files: &[&Path],
    options: &Options<'_>,
    students: usize,
) -> Result<Preview, Refusal> {
    let name = match files {
        [one] => one.file_name().map(|n| n.to_string_lossy().into_owned()),
        _ => None,
    }
    .unwrap_or_default();
    let mut upload = Upload::of(files, &name, options.limits)?;
    let mut lenient = profile.clone();
    lenient.kind = lenient.kind.or(Some(BatchKind::Full));
    for map in &mut lenient.files {
        map.get_mut().required = false;
    }
    let said = Options {
        as_of: None,
        ..options.clone()
    };
    let header = match header(&lenient, &said, &name, &mut upload) {
        Err(refusal) if refusal.code == RefusalCode::NoAsOf => header(&lenient, options, &name, &mut upload)?,
        said => said?,
    };
    let missing_files = reader::missing(profile, upload.names());
    let mut seen = Seen {
        keep: students,
        ..Seen::default()
    };
    let (header, rows) = reader::read(&lenient, header, &mut upload, options.limits, &mut seen)?;
    Ok(Preview {
        coverage: seen.coverage(&rows),
        students: seen.students,
        findings: seen.findings,
        header,
        rows,
        missing_files,
    })
}

/// Counts what comes by.
struct Seen {
    keep: usize,
    students: Vec<Student>,
    findings: Causes,
    /// By part and index of the field.
    having: BTreeMap<PartKind, Vec<u64>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            keep: 0,
            students: Vec::new(),
            findings: Causes::keeping(EXAMPLES),
            having: BTreeMap::new(),
        }
    }
}

impl Seen {
    /// A data element counts once however many rows of the part have it.
    fn count<P: Part>(&mut self, rows: &[P]) {
        if rows.is_empty() {
            return;
        }
        let mut any = vec![false; P::FIELDS.len()];
        for row in rows {
            let mut presence = Presence {
                any: &mut any,
                next: 0,
            };
            row.emit(&mut presence);
        }
        let having = self
            .having
            .entry(P::KIND)
            .or_insert_with(|| vec![0; P::FIELDS.len()]);
        for (having, any) in having.iter_mut().zip(any) {
            *having += u64::from(any);
        }
    }

    fn coverage(&self, rows: &Counts) -> Vec<Coverage> {
        let of = |part| match part {
            PartKind::Facility => rows.facilities,
            _ => rows.students,
        };
        let mut coverage = Vec::new();
        for part in PartKind::ALL {
            let having = self.having.get(&part);
            coverage.extend(part.fields().iter().enumerate().map(|(index, field)| Coverage {
                part,
                element: field.element,
                name: field.xml,
                column: field.column,
                having: having.map_or(0, |h| h[index]),
                of: of(part),
            }));
        }
        coverage
    }
}

impl Handler for Seen {
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.count(std::slice::from_ref(&facility));
        ControlFlow::Continue(())
    }

    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        let student = submission.student;
        self.count(std::slice::from_ref(&student.identity));
        for_each_part!(student, rows => self.count(rows));
        if self.students.len() < self.keep {
            self.students.push(student);
        }
        ControlFlow::Continue(())
    }

    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        self.findings.add(finding);
        ControlFlow::Continue(())
    }
}

/// Which fields of a row have a value.
struct Presence<'a> {
    any: &'a mut [bool],
    next: usize,
}

impl Presence<'_> {
    fn field(&mut self, there: bool) {
        if let Some(any) = self.any.get_mut(self.next) {
            *any |= there;
        }
        self.next += 1;
    }
}

impl Sink for Presence<'_> {
    fn null(&mut self) {
        self.field(false);
    }
    fn text(&mut self, _: &str) {
        self.field(true);
    }
    fn date(&mut self, _: NaiveDate) {
        self.field(true);
    }
    fn int(&mut self, _: i32) {
        self.field(true);
    }
    fn decimal(&mut self, _: Decimal) {
        self.field(true);
    }
    fn flag(&mut self, _: bool) {
        self.field(true);
    }
}

impl fmt::Display for Preview {
    /// For a person at a terminal. It shows the first students with all that they have: it is not for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = &self.header;
        let label = header.profile.as_deref().unwrap_or_default();
        writeln!(
            f,
            "{label}: {} {} as of {}",
            header.state, header.kind, header.as_of
        )?;
        let ignored: u64 = self.rows.ignored_rows.values().sum();
        writeln!(
            f,
            "{} students and {} facilities; {} rows read: {} kept, {} refused, {ignored} left out",
            self.rows.students, self.rows.facilities, self.rows.read, self.rows.kept, self.rows.refused
        )?;
        for name in &self.missing_files {
            writeln!(f, "missing: {name}; an upload without it is refused")?;
        }
        writeln!(f, "\nROWS")?;
        for of in self.rows.records.iter().filter(|of| of.read > 0) {
            let file = of.file.as_deref().unwrap_or_default();
            writeln!(
                f,
                "{file} {}: {} read, {} kept, {} refused, {} left out",
                of.record, of.read, of.kept, of.refused, of.ignored
            )?;
        }
        let left_out = self.rows.ignored_rows.iter().chain(&self.rows.ignored_values);
        for (reason, count) in left_out {
            writeln!(f, "left out {count}: {reason}")?;
        }
        writeln!(
            f,
            "\nDATA ELEMENTS, and how many of the students (facilities) have them"
        )?;
        let mut part = None;
        for of in &self.coverage {
            if part.replace(of.part) != Some(of.part) {
                writeln!(f, "{}", of.part)?;
            }
            let share = (of.having * 100).checked_div(of.of).unwrap_or(0);
            let (element, column, having) = (of.element, of.column, of.having);
            writeln!(f, "  {element:>3} {column:<32} {having:>8} {share:>3} %")?;
        }
        writeln!(f, "\nFINDINGS by cause")?;
        if self.findings.is_empty() {
            writeln!(f, "none")?;
        }
        for (cause, group) in self.findings.ranked() {
            let severity = match cause.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(f, "{} {} ({severity})", group.count, cause.code())?;
            for finding in &group.first {
                let file = finding.file.as_deref().unwrap_or_default();
                let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
                writeln!(f, "    {file}{line} {}", finding.message)?;
            }
        }
        for (index, student) in self.students.iter().enumerate() {
            let json = serde_json::to_string_pretty(student).map_err(|_| fmt::Error)?;
            writeln!(f, "\nSTUDENT {}\n{json}", index + 1)?;
        }
        Ok(())
    }
}
