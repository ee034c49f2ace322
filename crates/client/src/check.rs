//! The check before sending: the hub's own reader and rules, here.

use std::ops::ControlFlow;
use std::path::Path;

use formats::{Handler, Options, Refusal, Summary};
use mde::{Finding, Severity};

use crate::error::Error;
use crate::pack::Parcel;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was read.
    pub summary: Summary,
    /// Findings that left something out.
    pub errors: u64,
    /// Findings that left nothing out.
    pub warnings: u64,
}

impl Checked {
    /// Whether something would be left out.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.summary.rows.refused > 0 || self.errors > 0
    }

    /// Rows left out because the profile says so.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.summary.rows.ignored_rows.values().sum()
    }
}

/// Reads an upload as the hub would and tells each finding in the order of the file. Nothing is sent. The hub knows
/// more only in one respect: what it holds already.
pub fn check(path: &Path, options: &Options<'_>, each: &mut dyn FnMut(Finding)) -> Result<Checked, Refusal> {
    let mut findings = Findings {
        each,
        errors: 0,
        warnings: 0,
    };
    let summary = formats::read(path, options, &mut findings)?;
    Ok(Checked {
        summary,
        errors: findings.errors,
        warnings: findings.warnings,
    })
}

impl Parcel {
    /// Checks what is packed. A file that somebody writes to meanwhile is told as changed.
    pub(crate) fn checked(
        &self,
        options: &Options<'_>,
        each: &mut dyn FnMut(Finding),
    ) -> Result<Checked, Error> {
        check(&self.path, options, each).map_err(|refusal| match self.unchanged() {
            Ok(()) => Error::Refused(refusal),
            Err(changed) => changed,
        })
    }
}

struct Findings<'a> {
    each: &'a mut dyn FnMut(Finding),
    errors: u64,
    warnings: u64,
}

impl Handler for Findings<'_> {
    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        match finding.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        (self.each)(finding);
        ControlFlow::Continue(())
    }
}
