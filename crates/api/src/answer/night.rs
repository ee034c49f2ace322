//! A batch beside the one of the night before: what a state looks at first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::{Element, FindingCode, Severity};
use serde::Serialize;
use store::batches::{self, Batch};
use utoipa::ToSchema;

/// Batches among which the night before is looked for.
const LOOKED_AT: i64 = 50;

/// What is different from the night before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Night {
    /// Number of the batch before: the last loaded one of the same kind and profile that speaks of an earlier time.
    pub batch_id: i64,
    /// What it speaks of.
    pub as_of: DateTime<Utc>,
    /// Students in the file.
    pub students: Pair,
    /// Students with other content than before.
    pub changed: Pair,
    /// Students that were left out.
    pub refused: Pair,
    /// Students that are no longer in the full upload.
    pub not_reported: Pair,
    /// Rows of all parts.
    pub rows: Pair,
    /// Findings by code and data element where the number differs: errors first, new ones first.
    pub findings: Vec<Difference>,
    /// How many kinds of finding are as many as before.
    pub findings_alike: usize,
}

/// A number before and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Pair {
    /// In the batch before.
    pub before: i64,
    /// In this batch.
    pub now: i64,
}

impl Pair {
    /// How many more there are now.
    #[must_use]
    pub fn more(self) -> i64 {
        self.now - self.before
    }
}

/// Findings of one kind at one data element, before and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// `error` or `warning`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The stable code.
    #[schema(value_type = String)]
    pub code: FindingCode,
    /// Number of the data element, empty where none is named.
    pub element: String,
    /// Name of the data element, empty where none is named.
    pub element_name: &'static str,
    /// `new`, `gone`, `more` or `fewer`.
    pub trend: &'static str,
    /// How many.
    #[serde(flatten)]
    pub count: Pair,
}

/// Compares a batch with the one of the night before. `None` if it is not checked yet, or the first of its kind.
pub fn compare(connection: &mut PgConnection, batch: &Batch) -> store::Result<Option<Night>> {
    if batch.rows_read == 0 {
        return Ok(None);
    }
    let state = batch.state_code()?;
    let earlier = batches::of_state(connection, state, None, LOOKED_AT)?;
    let earlier = earlier.into_iter().filter(|other| {
        other.status == "loaded"
            && other.kind == batch.kind
            && layout(other) == layout(batch)
            && (other.as_of, other.batch_id) < (batch.as_of, batch.batch_id)
    });
    let Some(before) = earlier.max_by_key(|other| (other.as_of, other.batch_id)) else {
        return Ok(None);
    };
    let mut findings: BTreeMap<(FindingCode, String), Pair> = BTreeMap::new();
    for (other, is_now) in [(&before, false), (batch, true)] {
        for (cause, group) in super::causes(connection, other.batch_id)?.iter() {
            let element = cause.element().map_or("", |(number, _)| number);
            let pair = findings.entry((cause.code(), element.to_owned())).or_default();
            let count = i64::try_from(group.count).unwrap_or(i64::MAX);
            if is_now {
                pair.now += count;
            } else {
                pair.before += count;
            }
        }
    }
    let pair = |of: fn(&Batch) -> i64| Pair {
        before: of(&before),
        now: of(batch),
    };
    let (findings, findings_alike) = differences(findings);
    Ok(Some(Night {
        batch_id: before.batch_id,
        as_of: before.as_of,
        students: pair(|b| b.students_read),
        changed: pair(|b| b.students_inserted + b.students_updated),
        refused: pair(|b| b.students_refused),
        not_reported: pair(|b| b.students_not_reported),
        rows: pair(|b| b.rows_read),
        findings,
        findings_alike,
    }))
}

/// Name of the profile without its version: a new version is still the same upload.
fn layout(batch: &Batch) -> &str {
    batch.profile.split('/').next().unwrap_or_default()
}

fn differences(findings: BTreeMap<(FindingCode, String), Pair>) -> (Vec<Difference>, usize) {
    let kinds = findings.len();
    let mut differences: Vec<Difference> = findings
        .into_iter()
        .filter(|(_, count)| count.more() != 0)
        .map(|((code, element), count)| Difference {
            severity: code.severity(),
            element_name: Element::numbered(&element).map_or("", |element| element.name),
            trend: match count {
                Pair { before: 0, .. } => "new",
                Pair { now: 0, .. } => "gone",
                _ if count.more() > 0 => "more",
                _ => "fewer",
            },
            code,
            element,
            count,
        })
        .collect();
    let rank = |trend: &str| ["new", "more", "fewer", "gone"].iter().position(|t| *t == trend);
    differences.sort_by_key(|d| (Reverse(d.severity), rank(d.trend), Reverse(d.count.more().abs())));
    let alike = kinds - differences.len();
    (differences, alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_comes_first_and_what_is_alike_is_only_counted() {
        let findings = [
            ("V103", "20", 5, 0),
            ("V303", "9", 0, 4),
            ("V102", "9", 1, 9),
            ("V101", "3", 0, 2),
            ("V402", "", 7, 7),
        ];
        let findings = findings.map(|(code, element, before, now)| {
            (
                (FindingCode::of_code(code).expect("a code"), element.to_owned()),
                Pair { before, now },
            )
        });
        let (differences, alike) = differences(findings.into());
        let told: Vec<_> = differences.iter().map(|d| (d.code.code(), d.trend)).collect();
        assert_eq!(
            told,
            [
                ("V101", "new"),
                ("V102", "more"),
                ("V103", "gone"),
                ("V303", "new")
            ]
        );
        assert_eq!((alike, differences[1].element_name.is_empty()), (1, false));
    }
}
