//! A handler that keeps everything.

use std::ops::ControlFlow;

use formats::{Handler, Header};
use mde::{Facility, Finding, Submission};

/// Keeps everything that it gets.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Headers, which should be one.
    pub(crate) headers: Vec<Header>,
    /// Facilities.
    pub(crate) facilities: Vec<Facility>,
    /// Students.
    pub(crate) students: Vec<Submission>,
    /// Findings.
    pub(crate) findings: Vec<Finding>,
}

impl Handler for Kept {
    fn header(&mut self, header: &Header) -> ControlFlow<()> {
        self.headers.push(header.clone());
        ControlFlow::Continue(())
    }
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.facilities.push(facility);
        ControlFlow::Continue(())
    }
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        self.students.push(submission);
        ControlFlow::Continue(())
    }
    fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        self.findings.push(finding);
        ControlFlow::Continue(())
    }
}
