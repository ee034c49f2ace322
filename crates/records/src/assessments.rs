//! Assessments, latest first.

use std::cmp::Reverse;

use mde::Assessment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, group, rows};
use crate::words::{Coded, coded, spelling, texts};

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

struct Reported<'a> {
    row: Row<'a, Assessment>,
    /// What it says, however it is spelled.
    spelling: Vec<Option<String>>,
}

impl<'a> Reported<'a> {
    fn of(row: Row<'a, Assessment>) -> Self {
        let said = texts(row.item).into_iter();
        Self {
            spelling: said.map(|text| text.as_deref().map(spelling)).collect(),
            row,
        }
    }
}

/// Assessments of all students, latest first; reports that differ in spelling only are of the same one.
pub(crate) fn assessments(reports: &[Report<'_>]) -> Vec<AssessmentEntry> {
    let reported = rows(reports, |student| student.assessments.as_slice())
        .into_iter()
        .map(Reported::of)
        .collect();
    let groups = group(reported, |a, b| (a.spelling == b.spelling).then_some(0));
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

fn entry(group: &[Reported<'_>]) -> AssessmentEntry {
    let item = group[0].row.item;
    let mut sources: Vec<Source> = group.iter().map(|r| r.row.report.source.clone()).collect();
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
