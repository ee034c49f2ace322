//! Findings by cause: what one change in a state's system would mend is one line of the answer.
//!
//! Memory is bounded whatever the number of findings: causes are few, since kinds, parts and data elements are closed
//! lists and the classes of received values are limited, and of each cause only the first findings are kept.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{Finding, FindingCode, Severity};
use crate::element::Element;
use crate::part::PartKind;

/// So many classes of received values are told apart under one code, part and data element; further ones are
/// [`Received::Others`].
const CLASSES: usize = 40;
/// Longest value that is a class of its own, in characters: a code, not a sentence or a name.
const CODE: usize = 12;
/// Longest pattern, in characters.
const PATTERN: usize = 24;

/// What the received values of one cause have in common. Never a name or a date of a child.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Received {
    /// Nothing was received, or the finding is not about a value.
    Nothing,
    /// The same code or name of a column: the same line of a translation mends all of them.
    Value(CompactString),
    /// Values of the same pattern: `9` for digits, `A` for letters, the rest as it is. `99/99/9999`.
    Pattern(CompactString),
    /// All values beyond the classes that are told apart.
    Others,
}

impl Received {
    /// The class of what a finding received.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let Some(text) = finding.received.as_deref().filter(|text| !text.is_empty()) else {
            return Self::Nothing;
        };
        match finding.code {
            // Names of columns and vaccines are no personal data.
            FindingCode::UnknownElement | FindingCode::UnknownVaccine => Self::Value(text.into()),
            FindingCode::UnknownCode if text.chars().count() <= CODE && !text.contains(' ') => {
                Self::Value(text.into())
            }
            FindingCode::Invalid | FindingCode::UnknownCode => Self::Pattern(pattern(text)),
            // The record rules speak of several values at once; the rule is the cause.
            _ => Self::Nothing,
        }
    }
}

/// Digits become `9`, letters `A`; runs of letters are cut to one, so that names of any length are one pattern.
fn pattern(text: &str) -> CompactString {
    let mut out = CompactString::default();
    let mut length = 0;
    for c in text.chars() {
        let class = match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'A',
            c if c.is_control() => '?',
            c => c,
        };
        if class == 'A' && out.ends_with('A') {
            continue;
        }
        out.push(class);
        length += 1;
        if length == PATTERN {
            out.push('…');
            break;
        }
    }
    out
}

/// What findings have in common: the same kind, at the same data element of the same part, with the same sort of
/// value. Errors come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    severity: Reverse<Severity>,
    code: FindingCode,
    part: Option<PartKind>,
    element: Option<CompactString>,
    received: Received,
}

impl Cause {
    /// The cause of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            severity: Reverse(finding.severity()),
            code: finding.code,
            part: finding.part,
            element: finding.element.clone(),
            received: Received::of(finding),
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity.0
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

    /// What the received values have in common.
    #[must_use]
    pub fn received(&self) -> &Received {
        &self.received
    }

    /// The same cause, whatever was received.
    fn with(&self, received: Received) -> Self {
        Self {
            received,
            ..self.clone()
        }
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
///
/// Written and read back as JSON, it is a list of groups; a batch can keep it where it cannot keep every finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Causes {
    keep: usize,
    groups: BTreeMap<Cause, Group>,
    /// Classes of received values by cause without them.
    classes: BTreeMap<Cause, usize>,
}

impl Causes {
    /// Keeps so many findings of each cause, at least one: a cause has its example.
    #[must_use]
    pub fn keeping(keep: usize) -> Self {
        Self {
            keep: keep.max(1),
            groups: BTreeMap::new(),
            classes: BTreeMap::new(),
        }
    }

    /// Takes a finding in.
    pub fn add(&mut self, finding: Finding) {
        let cause = self.told_apart(Cause::of(&finding));
        let keep = self.keep;
        let group = self.groups.entry(cause).or_default();
        group.count += 1;
        if group.first.len() < keep {
            group.first.push(finding);
        }
    }

    /// Takes in the groups of another count, which came after this one.
    pub fn merge(&mut self, later: Self) {
        for (cause, theirs) in later.groups {
            let cause = self.told_apart(cause);
            let keep = self.keep;
            let group = self.groups.entry(cause).or_default();
            group.count += theirs.count;
            let room = keep.saturating_sub(group.first.len());
            group.first.extend(theirs.first.into_iter().take(room));
        }
    }

    /// The cause under which it is counted: its own, unless there are too many classes of values beside it.
    fn told_apart(&mut self, cause: Cause) -> Cause {
        if cause.received == Received::Nothing || self.groups.contains_key(&cause) {
            return cause;
        }
        let classes = self.classes.entry(cause.with(Received::Nothing)).or_default();
        if *classes >= CLASSES {
            return cause.with(Received::Others);
        }
        *classes += usize::from(cause.received != Received::Others);
        cause
    }

    /// The causes in the order of severity (errors first), code, part and data element, with their findings.
    pub fn iter(&self) -> impl Iterator<Item = (&Cause, &Group)> {
        self.groups.iter()
    }

    /// The causes as an answer lists them: errors first, then the most frequent.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&Cause, &Group)> {
        let mut ranked: Vec<_> = self.iter().collect();
        ranked.sort_by_key(|(cause, group)| (cause.severity, Reverse(group.count)));
        ranked
    }

    /// How many findings of this severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        self.iter()
            .filter(|(cause, _)| cause.severity() == severity)
            .map(|(_, group)| group.count)
            .sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// The JSON of [`Causes`].
#[derive(Serialize, Deserialize)]
struct Stored {
    keep: usize,
    groups: Vec<StoredGroup>,
}

#[derive(Serialize, Deserialize)]
struct StoredGroup {
    code: FindingCode,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    part: Option<PartKind>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    element: Option<CompactString>,
    received: Received,
    count: u64,
    first: Vec<Finding>,
}

impl From<Causes> for Stored {
    fn from(causes: Causes) -> Self {
        let groups = causes.groups.into_iter().map(|(cause, group)| StoredGroup {
            code: cause.code,
            part: cause.part,
            element: cause.element,
            received: cause.received,
            count: group.count,
            first: group.first,
        });
        Self {
            keep: causes.keep,
            groups: groups.collect(),
        }
    }
}

impl From<Stored> for Causes {
    fn from(stored: Stored) -> Self {
        let mut causes = Self::keeping(stored.keep);
        for group in stored.groups {
            let cause = Cause {
                severity: Reverse(group.code.severity()),
                code: group.code,
                part: group.part,
                element: group.element,
                received: group.received,
            };
            let cause = causes.told_apart(cause);
            causes.groups.insert(
                cause,
                Group {
                    count: group.count,
                    first: group.first,
                },
            );
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: FindingCode, element: &str, received: &str) -> Finding {
        Finding::new(code, "Wrong.")
            .of_element(element)
            .received(received)
    }

    #[test]
    fn one_change_is_one_cause() {
        let mut causes = Causes::keeping(2);
        causes.add(Finding::new(FindingCode::NoBirthDate, "No birth date.").of_element("9"));
        for day in 1..=28 {
            causes.add(finding(FindingCode::Invalid, "9", &format!("13/{day:02}/2014")).at_line(day));
        }
        causes.add(finding(FindingCode::Invalid, "9", "Smith"));
        causes.add(finding(FindingCode::Invalid, "9", "Jones-Muñoz"));
        causes.add(finding(FindingCode::UnknownCode, "20", "PX"));
        causes.add(finding(FindingCode::UnknownCode, "20", "PX"));
        causes.add(finding(FindingCode::UnknownCode, "20", "PQ"));
        let told: Vec<_> = causes
            .ranked()
            .into_iter()
            .map(|(cause, group)| {
                (
                    cause.code().code(),
                    cause.element().unwrap().0,
                    cause.received().clone(),
                    group.count,
                    group.first.len(),
                )
            })
            .collect();
        let (value, pattern) = (
            |text: &str| Received::Value(text.into()),
            |text: &str| Received::Pattern(text.into()),
        );
        assert_eq!(
            told,
            [
                ("V102", "9", pattern("99/99/9999"), 28, 2),
                ("V103", "20", value("PX"), 2, 2),
                ("V102", "9", pattern("A"), 1, 1),
                ("V102", "9", pattern("A-A"), 1, 1),
                ("V103", "20", value("PQ"), 1, 1),
                ("V303", "9", Received::Nothing, 1, 1),
            ]
        );
        assert_eq!(causes.count(Severity::Error), 33);
        assert_eq!(causes.count(Severity::Warning), 1);
    }

    #[test]
    fn a_million_findings_stay_few_groups() {
        let mut causes = Causes::keeping(3);
        for number in 0..1_000_000_u32 {
            // Every value another code: the worst that a wrong column can do.
            causes.add(finding(FindingCode::UnknownCode, "20", &format!("{number:x}")));
        }
        assert_eq!(causes.iter().count(), CLASSES + 1);
        assert_eq!(causes.count(Severity::Error), 1_000_000);
        let kept: usize = causes.iter().map(|(_, group)| group.first.len()).sum();
        assert!(kept <= 3 * (CLASSES + 1));
    }

    #[test]
    fn two_counts_are_one() {
        let all: Vec<Finding> = (0..500)
            .map(|n| finding(FindingCode::UnknownCode, "55", &format!("{}", n % 60)).at_line(n))
            .collect();
        let of = |findings: &[Finding]| {
            let mut causes = Causes::keeping(2);
            findings.iter().cloned().for_each(|finding| causes.add(finding));
            causes
        };
        let mut merged = of(&all[..200]);
        merged.merge(of(&all[200..]));
        assert_eq!(merged.count(Severity::Error), 500);
        assert_eq!(merged.iter().count(), of(&all).iter().count());
        let json = serde_json::to_string(&merged).unwrap();
        assert_eq!(serde_json::from_str::<Causes>(&json).unwrap(), merged);
    }
}
