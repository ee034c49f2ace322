//! What families have stated against the records of states that would not correct them. It stays with the record, and is
//! shown wherever the record is (34 CFR 99.21(c)).

use chrono::{DateTime, Utc};
use mde::PartKind;
use serde::Serialize;
use store::persons::PersonRecord;
use utoipa::ToSchema;

use crate::source::{Report, Source};
use crate::words::element_name;

/// A family's statement of disagreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementEntry {
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

/// The statements against these students, oldest first.
pub(crate) fn statements(record: &PersonRecord, reports: &[Report<'_>]) -> Vec<StatementEntry> {
    let entry = |of: &store::persons::Statement| {
        let report = reports
            .iter()
            .find(|report| report.held.student_id == of.student_id)?;
        let field = PartKind::ALL
            .iter()
            .flat_map(|part| part.fields())
            .find(|field| of.element.as_deref() == Some(field.element));
        Some(StatementEntry {
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
