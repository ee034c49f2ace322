//! Assessments, latest first.

use std::cmp::Reverse;

use mde::Assessment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, rows};
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

/// Assessments of all students, latest first; reports that differ in spelling only are of the same one.
pub(crate) fn assessments(reports: &[Report<'_>]) -> Vec<AssessmentEntry> {
    let mut groups: Vec<(Vec<Option<String>>, Vec<Row<'_, Assessment>>)> = Vec::new();
    for row in rows(reports, |student| student.assessments.as_slice()) {
        let said = texts(row.item)
            .into_iter()
            .map(|text| text.as_deref().map(spelling))
            .collect();
        match groups.iter_mut().find(|(of, _)| *of == said) {
            Some((_, group)) => group.push(row),
            None => groups.push((said, vec![row])),
        }
    }
    let mut entries: Vec<AssessmentEntry> = groups.iter().map(|(_, group)| entry(group)).collect();
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
