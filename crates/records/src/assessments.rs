//! Assessments, latest first.

use std::cmp::Reverse;

use mde::Assessment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, group, rows};
use crate::words::{Coded, coded, same_spelled, texts};

/// An assessment, with the state's own scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssessmentEntry {
    /// Name (71).
    pub name: String,
    /// Type (72).
    pub assessment_type: Option<Coded>,
    /// Content (X27).
    pub content: Option<String>,
    /// Month (73), `YYYY-MM`.
    pub month: Option<String>,
    /// Result (74).
    pub result: Option<String>,
    /// Type of result (75).
    pub result_type: Option<Coded>,
    /// Interpretation (X28).
    pub interpretation: Option<String>,
    /// Who reports it.
    pub sources: Vec<Source>,
}

/// Assessments of all students, latest first; reports that differ in spelling only are of the same one.
pub(crate) fn assessments(reports: &[Report<'_>]) -> Vec<AssessmentEntry> {
    let groups = group(rows(reports, |student| student.assessments.as_slice()), |a, b| {
        is_same(a.item, b.item).then_some(0)
    });
    let mut entries: Vec<AssessmentEntry> = groups.iter().map(|group| entry(group)).collect();
    entries.sort_by(|a, b| {
        (Reverse(&a.month), &a.name, &a.content, &a.sources).cmp(&(
            Reverse(&b.month),
            &b.name,
            &b.content,
            &b.sources,
        ))
    });
    entries
}

fn is_same(a: &Assessment, b: &Assessment) -> bool {
    texts(a).iter().zip(&texts(b)).all(|pair| match pair {
        (Some(one), Some(two)) => same_spelled(one, two),
        (None, None) => true,
        _ => false,
    })
}

fn entry(group: &[Row<'_, Assessment>]) -> AssessmentEntry {
    let item = group[0].item;
    let mut sources: Vec<Source> = group.iter().map(|row| row.report.source.clone()).collect();
    sources.dedup();
    AssessmentEntry {
        name: item.name.to_string(),
        assessment_type: item.assessment_type.map(coded),
        content: item.content.as_ref().map(ToString::to_string),
        month: item.month.map(|m| m.to_string()),
        result: item.result.as_ref().map(ToString::to_string),
        result_type: item.result_type.map(coded),
        interpretation: item.interpretation.as_ref().map(ToString::to_string),
        sources,
    }
}
