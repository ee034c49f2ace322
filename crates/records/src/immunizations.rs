//! Immunizations by vaccine group, the union of what all states hold.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::Source;

/// The doses of one vaccine group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VaccineGroup {
    /// Group of the CVX table (`DTAP`), or `OTHER` for what belongs to none or is not known.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Doses with a date that counted students report.
    pub dated_doses: usize,
    /// Reports without a date from counted students; how many doses they are is not known.
    pub undated_reports: usize,
    /// Every dose, by date; those without one last.
    pub doses: Vec<Dose>,
}

/// One dose, reported by one state or by several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Dose {
    /// The day; `null`: not known.
    pub date: Option<NaiveDate>,
    /// The vaccine in the words of the states, each once.
    pub vaccines: Vec<String>,
    /// CVX codes, each once.
    pub cvx: Vec<String>,
    /// Whether the vaccine counts in further groups too.
    pub combination: bool,
    /// Whether another dose of the group is so near that it may be the same one with another date.
    pub near_another: bool,
    /// Who reports it.
    pub sources: Vec<Source>,
}
