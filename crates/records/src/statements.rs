//! What families have stated against the records of states that would not correct them. It stays with the record, and is
//! shown wherever the record is (34 CFR 99.21(c)).

use chrono::{DateTime, Utc};
use mde::{Field, PartKind};
use serde::Serialize;
use store::persons::PersonRecord;
use utoipa::ToSchema;

use crate::source::{Report, Source};
use crate::words::element_name;

/// A family's statement of disagreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementEntry {
    /// The parts that have that element.
    #[serde(skip)]
    pub parts: Vec<PartKind>,
    /// Number of the data element, where it is about one.
    pub element: Option<String>,
    /// Stable name of that element.
    pub column: Option<String>,
    /// Its name in the dictionary.
    pub name: Option<String>,
    /// What the record says, as the family put it.
    pub says: String,
    /// The statement, in the family's words.
    pub statement: String,
    /// When it was kept.
    pub stated_at: DateTime<Utc>,
    /// Whose record it is against.
    pub source: Source,
}

impl StatementEntry {
    /// Whether it is about what these parts say; one that names no element is about all of them.
    #[must_use]
    pub fn is_about(&self, parts: &[PartKind]) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| parts.contains(part))
    }
}

/// The statements against these students, oldest first.
pub(crate) fn statements(record: &PersonRecord, reports: &[Report<'_>]) -> Vec<StatementEntry> {
    let entry = |of: &store::persons::Statement| {
        let report = reports
            .iter()
            .find(|report| report.held.student_id == of.student_id)?;
        let found: Vec<(PartKind, &Field)> = PartKind::ALL
            .iter()
            .flat_map(|part| part.fields().iter().map(move |field| (*part, field)))
            .filter(|(_, field)| of.element.as_deref() == Some(field.element))
            .collect();
        let field = found.first().map(|(_, field)| *field);
        Some(StatementEntry {
            parts: found.iter().map(|(part, _)| *part).collect(),
            element: of.element.clone(),
            column: field.map(|field| field.column.to_owned()),
            name: field.map(|field| element_name(field).to_owned()),
            says: of.says.clone(),
            statement: of.statement.clone(),
            stated_at: of.stated_at,
            source: report.source.clone(),
        })
    };
    record.statements.iter().filter_map(entry).collect()
}
