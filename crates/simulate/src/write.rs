//! The nation on disk: `OUT/STATE/DATE/upload.xml` for each state and night, and `OUT/truth.csv` beside them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use formats::{BatchKind, Header, Totals, write_xml};
use mde::{CodeSet, StateCode, Submission};

use crate::nation::{Nation, Night, SimulateError, Truth};

/// One upload that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The state.
    pub state: StateCode,
    /// The night.
    pub night: Night,
    /// The file.
    pub path: PathBuf,
    /// Students in it, deletions with them.
    pub students: u64,
}

/// Writes all uploads and the truth under a folder, which is made if it is not there. `each` hears of every upload as
/// it is done. Memory: the submissions of one state and night.
pub fn write_nation(nation: &Nation, out: &Path, mut each: impl FnMut(&Upload)) -> Result<(), SimulateError> {
    for state in nation.config().states.clone() {
        for night in nation.nights() {
            let folder = out.join(state.as_str()).join(night.date.to_string());
            let path = folder.join("upload.xml");
            let students = at(&path, || {
                fs::create_dir_all(&folder)?;
                let mut file = BufWriter::new(File::create(&path)?);
                let students = write_upload(nation, state, night, &mut file)?;
                file.flush()?;
                Ok(students)
            })?;
            each(&Upload {
                state,
                night,
                path,
                students,
            });
        }
    }
    let path = out.join("truth.csv");
    at(&path, || {
        let mut file = BufWriter::new(File::create(&path)?);
        write_truth(nation, &mut file)?;
        file.flush()
    })
}

/// What was written, or where writing failed.
pub(crate) fn at<T>(path: &Path, write: impl FnOnce() -> io::Result<T>) -> Result<T, SimulateError> {
    write().map_err(|source| SimulateError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Writes the upload of a state in a night as native XML; the number of students in it comes back.
pub fn write_upload(
    nation: &Nation,
    state: StateCode,
    night: Night,
    out: &mut impl Write,
) -> io::Result<u64> {
    let facilities = nation.facilities(state);
    let submissions: Vec<Submission> = nation.submissions(state, night).collect();
    let students = submissions.len() as u64;
    // Of a deleted student nothing is written but its identity.
    let rows = submissions.iter().map(|s| match s.action {
        mde::Action::Delete => 1,
        _ => s.student.row_count(),
    });
    let records = rows.sum::<usize>() + facilities.len();
    let header = Header {
        state,
        as_of: night.as_of(),
        kind: if night.is_full() {
            BatchKind::Full
        } else {
            BatchKind::Delta
        },
        code_set: CodeSet::V2022,
        profile: None,
        effective_from: None,
        effective_to: None,
        totals: Totals {
            students: Some(students),
            records: Some(records as u64),
        },
    };
    write_xml(&header, &facilities, &submissions, out)?;
    Ok(students)
}

/// Writes the truth as CSV: `state,state_student_id,child,family,twin,errors`; the errors by name, with spaces between.
pub fn write_truth(nation: &Nation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "state,state_student_id,child,family,twin,errors")?;
    for state in &nation.config().states {
        for row in nation.truth(*state) {
            write_row(&row, out)?;
        }
    }
    Ok(())
}

fn write_row(row: &Truth, out: &mut impl Write) -> io::Result<()> {
    let errors: Vec<_> = row.errors.iter().map(|e| e.name()).collect();
    // No value has a comma or a quote in it.
    writeln!(
        out,
        "{},{},{},{},{},{}",
        row.state,
        row.state_student_id,
        row.child,
        row.family,
        if row.twin { "Y" } else { "N" },
        errors.join(" ")
    )
}
