//! A model that was learned is proposed, and in force only when a person has said yes to what it would change.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use store::jobs;
use store::link_proposals::{self, NewProposal};
use store::{link_models, links};

use super::{CHECK_JOB, Linker, Refit, json};
use crate::model::Model;

/// Name of the job that learns the weights anew and proposes them.
pub const REFIT_JOB: &str = "link-refit";

/// Why a proposal is not decided.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// There is none of this number.
    #[error("there is no proposal {0}")]
    Unknown(i64),
    /// It cannot be decided any more, or never could.
    #[error("proposal {id} is {status}: only an open one can be accepted or rejected")]
    Closed {
        /// The proposal.
        id: i64,
        /// How it stands.
        status: String,
    },
    /// What it would change was worked out against another model than the one in force now.
    #[error(
        "proposal {id} was compared with {compared}, but {in_force} is in force by now: learn again with `mariposa link refit`"
    )]
    Stale {
        /// The proposal.
        id: i64,
        /// The model it was compared with.
        compared: String,
        /// The model in force.
        in_force: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<diesel::result::Error> for ProposalError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The model in force: the one applied last, else the one that is shipped.
pub fn model_in_force(connection: &mut PgConnection) -> store::Result<Model> {
    let Some(applied) = link_models::in_force(connection)? else {
        return Ok(Model::default_fixed());
    };
    serde_json::from_value(applied.model).map_err(|e| store::Error::Corrupt {
        what: "linking model",
        why: e.to_string(),
    })
}

/// Writes what was learned as a proposal, with what it would change. One with alarms is kept to be looked at, and can not
/// be accepted. Returns its number.
pub fn propose(
    connection: &mut PgConnection,
    refit: &Refit,
    by: &str,
    now: DateTime<Utc>,
) -> store::Result<i64> {
    let report = &refit.report;
    let (model, whole) = (json(&refit.model)?, json(report)?);
    store::db::write(connection, |connection| {
        let new = NewProposal {
            version: &report.version,
            in_force: &report.in_force,
            model: &model,
            report: &whole,
            sound: report.refused.is_empty(),
            by,
        };
        let id = link_proposals::propose(connection, new, now)?;
        let detail = serde_json::json!({ "version": report.version, "changes": report.changes });
        store::access::audit(connection, now, by, "link.propose", &id.to_string(), &detail)?;
        Ok(id)
    })
}

/// A person says yes: the model is in force from now on, and the check that makes all persons what they are by it is
/// asked for. What people decided stands.
pub fn accept(
    connection: &mut PgConnection,
    id: i64,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), ProposalError> {
    decide(connection, id, true, by, now)
}

/// A person says no: the model in force stays.
pub fn reject(
    connection: &mut PgConnection,
    id: i64,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), ProposalError> {
    decide(connection, id, false, by, now)
}

fn decide(
    connection: &mut PgConnection,
    id: i64,
    yes: bool,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), ProposalError> {
    diesel::Connection::transaction(connection, |connection| {
        // One at a time, so that two persons cannot put two models in force.
        links::lock(connection)?;
        let (proposal, model) = link_proposals::take(connection, id)?.ok_or(ProposalError::Unknown(id))?;
        if proposal.status != "open" {
            let status = proposal.status;
            return Err(ProposalError::Closed { id, status });
        }
        let (word, action) = if yes {
            ("accepted", "link.refit")
        } else {
            ("rejected", "link.reject")
        };
        if yes {
            let in_force = model_in_force(connection)?.version;
            if in_force != proposal.in_force {
                let compared = proposal.in_force;
                return Err(ProposalError::Stale {
                    id,
                    compared,
                    in_force,
                });
            }
            link_models::apply(connection, &proposal.version, &model, &proposal.report, by, now)?;
            jobs::enqueue_once(connection, CHECK_JOB, 0, now)?;
        }
        link_proposals::decide(connection, id, word, by, now)?;
        let detail =
            serde_json::json!({ "in_force": proposal.in_force, "changes": proposal.report["changes"] });
        Ok(store::access::audit(
            connection,
            now,
            by,
            action,
            &proposal.version,
            &detail,
        )?)
    })
}

impl Linker {
    /// Goes by the model that is in force from now on.
    pub fn take_up(&mut self, connection: &mut PgConnection) -> store::Result<()> {
        let model = model_in_force(connection)?;
        if *self.index.model() != model {
            self.index.set_model(model);
        }
        Ok(())
    }
}
