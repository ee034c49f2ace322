//! The check before sending: the hub's own reader and rules, here.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use formats::{Handler, Options, Refusal, Summary};
use mde::{Element, Finding, FindingCode, PartKind, Severity};

/// What findings have in common: the same kind at the same data element. Errors come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    severity: Reverse<Severity>,
    code: FindingCode,
    part: Option<PartKind>,
    element: Option<String>,
}

impl Cause {
    /// The cause of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            severity: Reverse(finding.severity()),
            code: finding.code,
            part: finding.part,
            element: finding.element.as_ref().map(ToString::to_string),
        }
    }

    /// What kind of finding.
    #[must_use]
    pub fn code(&self) -> FindingCode {
        self.code
    }

    /// The part of the student or of the upload.
    #[must_use]
    pub fn part(&self) -> Option<PartKind> {
        self.part
    }

    /// The data element's number and name, if it is one.
    #[must_use]
    pub fn element(&self) -> Option<(&str, &'static str)> {
        let number = self.element.as_deref()?;
        Some((
            number,
            Element::numbered(number).map_or("", |element| element.name),
        ))
    }
}

/// The findings of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Finding>,
}

/// Findings by cause, in bounded memory: all are counted, the first ones of each cause are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Causes {
    keep: usize,
    groups: BTreeMap<Cause, Group>,
}

impl Causes {
    /// Keeps so many findings of each cause.
    #[must_use]
    pub fn keeping(keep: usize) -> Self {
        Self {
            keep,
            groups: BTreeMap::new(),
        }
    }

    /// Takes a finding in.
    pub fn add(&mut self, finding: Finding) {
        let group = self.groups.entry(Cause::of(&finding)).or_default();
        group.count += 1;
        if group.first.len() < self.keep {
            group.first.push(finding);
        }
    }

    /// The causes, errors first, with their findings.
    pub fn iter(&self) -> impl Iterator<Item = (&Cause, &Group)> {
        self.groups.iter()
    }

    /// How many findings of this severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        self.iter()
            .filter(|(cause, _)| cause.severity.0 == severity)
            .map(|(_, group)| group.count)
            .sum()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_grouped_with_errors_first() {
        let mut causes = Causes::keeping(2);
        causes.add(Finding::new(FindingCode::NoBirthDate, "No birth date.").of_element("9"));
        for line in 1..=3 {
            causes.add(
                Finding::new(FindingCode::Invalid, "Wrong.")
                    .of_element("9")
                    .at_line(line),
            );
        }
        causes.add(Finding::new(FindingCode::Invalid, "Wrong.").of_element("54"));
        let told: Vec<_> = causes
            .iter()
            .map(|(cause, group)| {
                (
                    cause.code().code(),
                    cause.element(),
                    group.count,
                    group.first.len(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("V102", Some(("54", "Enrollment Date")), 1, 1),
                ("V102", Some(("9", "Birth Date")), 3, 2),
                ("V303", Some(("9", "Birth Date")), 1, 1),
            ]
        );
        assert_eq!(
            (causes.count(Severity::Error), causes.count(Severity::Warning)),
            (4, 1)
        );
    }
}
