//! Reconciliation: a state's own list of eligible children as of a day, compared child by child with what the hub holds
//! of that state. Every difference has a reason, as far as one can be seen, and is somebody's work until it is
//! explained, corrected or disputed.

mod compare;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::StateCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::lists;
use store::reconciliations::{self, Campaign, NewCampaign, NewDifference};
use utoipa::ToSchema;

pub use compare::{Difference, HubChild, Kind, Listed, Outcome, compare};

use crate::own_list::{ListError, OwnList};

/// Whom a state's list leaves out, as the state declares it (Kentucky's leaves out all three).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Youth out of school.
    pub without_out_of_school: bool,
    /// Children before kindergarten.
    pub without_preschool: bool,
    /// Students of private schools. Which school is private is no data element.
    pub without_private_schools: bool,
}

impl Scope {
    /// The scope that leaves these out: `out-of-school`, `preschool`, `private-schools`. `None` for any other word.
    #[must_use]
    pub fn without<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut scope = Self::default();
        for word in words {
            match word.trim() {
                "" => {}
                "out-of-school" => scope.without_out_of_school = true,
                "preschool" => scope.without_preschool = true,
                "private-schools" => scope.without_private_schools = true,
                _ => return None,
            }
        }
        Some(scope)
    }
}

/// Why a campaign could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away or refused.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// The list cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// The scope could not be written.
    #[error("the scope cannot be written: {0}")]
    Scope(#[from] serde_json::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A state's list and what it says of itself.
#[derive(Debug, Clone, Copy)]
pub struct OfState<'a> {
    /// The state.
    pub state: StateCode,
    /// The day of which the list speaks.
    pub day: NaiveDate,
    /// Whom it leaves out.
    pub scope: Scope,
    /// Name of the file.
    pub file_name: &'a str,
    /// The list as CSV: `state_student_id`, `last_name`, `first_name`, `birth_date`, and as far as it has them
    /// `qualifying_arrival_date`, `eligible_until`, `district`.
    pub csv: &'a [u8],
}

/// Reads a state's list.
pub fn read_list(csv: &[u8]) -> Result<Vec<Listed>, ListError> {
    let list = OwnList::read(csv, &["last_name", "first_name", "birth_date"])?;
    list.lines()
        .map(|line| {
            let text = |column| line.text(column).map(str::to_owned);
            Ok(Listed {
                state_student_id: line.id().to_owned(),
                last_name: text("last_name").unwrap_or_default(),
                first_name: text("first_name").unwrap_or_default(),
                birth_date: line.date("birth_date")?,
                qualifying_arrival: line.date("qualifying_arrival_date")?,
                eligible_until: line.date("eligible_until")?,
                district: text("district"),
            })
        })
        .collect()
}

/// Opens a campaign: compares a state's list with what the hub holds now of the state's children, and keeps every
/// difference. The same list of the same day again is the same campaign. Nothing is handed out; who reads the
/// differences discloses them.
pub fn open(
    connection: &mut PgConnection,
    of: &OfState<'_>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Campaign, Error> {
    let list = read_list(of.csv)?;
    let sha256 = Sha256::digest(of.csv).to_vec();
    let scope = serde_json::to_value(of.scope)?;
    connection.transaction(|connection| {
        let held = hub_children(connection, of.state)?;
        let rules = store::participants::eligibility_rules(connection)?;
        let rules = rules.get(&of.state).copied().unwrap_or_default();
        let outcome = compare(&list, &held, of.day, of.scope, rules);
        let new = NewCampaign {
            state: of.state,
            list_date: of.day,
            scope,
            file_name: of.file_name,
            sha256,
            in_list: list.len() as i64,
            in_hub: outcome.in_hub as i64,
            agreed: outcome.agreed as i64,
            opened_at: now,
            opened_by: by,
        };
        let differences: Vec<NewDifference> = outcome.differences.into_iter().map(Difference::kept).collect();
        Ok(reconciliations::open(connection, &new, &differences)?)
    })
}

fn hub_children(connection: &mut PgConnection, state: StateCode) -> store::Result<Vec<HubChild>> {
    let ids = lists::of_state(connection, state)?;
    let (mut children, mut codes) = (Vec::new(), Vec::new());
    lists::read(connection, &ids, |student| {
        let child = HubChild::of(state, &student);
        codes.extend(child.facility.clone());
        children.push(child);
    })?;
    codes.sort_unstable();
    codes.dedup();
    let keys: Vec<_> = codes.into_iter().map(|code| (state, code)).collect();
    let facilities = store::facilities::of(connection, &keys)?;
    for child in &mut children {
        let facility = child
            .facility
            .clone()
            .and_then(|code| facilities.get(&(state, code)));
        if let Some(district) = facility.and_then(|f| f.district.as_ref()) {
            child.district = Some(district.to_string());
        }
    }
    Ok(children)
}
