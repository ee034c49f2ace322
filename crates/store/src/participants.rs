//! Participating states and the certificates of their systems.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use mde::{EligibilityRules, StateCode};

use crate::db::{Error, Result};
use crate::schema::{certificate, participant};
use crate::students::Said;

/// A participating state.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = participant)]
pub struct Participant {
    /// Postal code.
    pub state: String,
    /// Registered IANA zone.
    pub time_zone: String,
    /// Since when.
    pub registered_at: DateTime<Utc>,
    /// As-of of the newest full upload that was loaded.
    pub full_as_of: Option<DateTime<Utc>>,
    /// That upload.
    pub full_batch_id: Option<i64>,
}

impl Participant {
    /// When the newest full upload that was loaded was said: it confirms every live student.
    #[must_use]
    pub fn full_said(&self) -> Option<Said> {
        self.full_as_of.zip(self.full_batch_id)
    }
}

/// A registered certificate: what makes a connection a state.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = certificate)]
pub struct Certificate {
    /// SHA-256 of the DER, lower-case hex.
    pub fingerprint: String,
    /// The state that it stands for.
    pub state: String,
    /// Serial number, hex.
    pub serial: String,
    /// Subject, for people.
    pub subject: String,
    /// Valid from.
    pub not_before: DateTime<Utc>,
    /// Valid until.
    pub not_after: DateTime<Utc>,
    /// Since when it is registered.
    pub registered_at: DateTime<Utc>,
    /// Since when it is not accepted any more.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Registers a state with the zone of its capital; does nothing if it is registered.
pub fn register(connection: &mut PgConnection, state: StateCode, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(participant::table)
        .values(Participant {
            state: state.to_string(),
            time_zone: state.row().time_zone.clone(),
            registered_at: now,
            full_as_of: None,
            full_batch_id: None,
        })
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// Every participating state, by postal code.
pub fn all(connection: &mut PgConnection) -> Result<Vec<Participant>> {
    Ok(participant::table
        .order(participant::state)
        .select(Participant::as_select())
        .load(connection)?)
}

/// A participating state.
pub fn of_state(connection: &mut PgConnection, state: StateCode) -> Result<Option<Participant>> {
    Ok(participant::table
        .find(state.as_str())
        .select(Participant::as_select())
        .first(connection)
        .optional()?)
}

/// Remembers a full upload as the newest one that was loaded. The caller holds the state's lock and has seen that no
/// newer one was.
pub fn confirm_full(connection: &mut PgConnection, state: StateCode, (as_of, batch_id): Said) -> Result<()> {
    diesel::update(participant::table.find(state.as_str()))
        .set((
            participant::full_as_of.eq(as_of),
            participant::full_batch_id.eq(batch_id),
        ))
        .execute(connection)?;
    Ok(())
}

/// How each participating state counts eligibility.
pub fn eligibility_rules(connection: &mut PgConnection) -> Result<HashMap<StateCode, EligibilityRules>> {
    let chosen: Vec<(String, serde_json::Value)> = participant::table
        .select((participant::state, participant::eligibility_rules))
        .load(connection)?;
    let corrupt = |why: String| Error::Corrupt {
        what: "eligibility rules",
        why,
    };
    chosen
        .into_iter()
        .map(|(state, rules)| {
            let state = StateCode::new(&state).map_err(|e| corrupt(e.to_string()))?;
            let rules = serde_json::from_value(rules).map_err(|e| corrupt(e.to_string()))?;
            Ok((state, rules))
        })
        .collect()
}

/// Sets how a state counts eligibility, from now on and for what is held, and writes down who chose it. Returns whether
/// the state takes part.
pub fn choose_eligibility_rules(
    connection: &mut PgConnection,
    state: StateCode,
    rules: EligibilityRules,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    connection.transaction(|connection| {
        let takes_part = set_eligibility_rules(connection, state, rules)?;
        let detail = serde_json::json!({ "rules": rules, "takes_part": takes_part });
        crate::access::audit(connection, now, by, "eligibility.rules", state.as_str(), &detail)?;
        Ok(takes_part)
    })
}

/// Sets how a state counts eligibility, from now on and for what is held. Returns whether the state takes part.
pub fn set_eligibility_rules(
    connection: &mut PgConnection,
    state: StateCode,
    rules: EligibilityRules,
) -> Result<bool> {
    let chosen = serde_json::to_value(rules).map_err(|e| Error::Corrupt {
        what: "eligibility rules",
        why: e.to_string(),
    })?;
    let changed = diesel::update(participant::table.find(state.as_str()))
        .set(participant::eligibility_rules.eq(chosen))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Registers a certificate; one already known is left as it is.
pub fn register_certificate(connection: &mut PgConnection, new: &Certificate) -> Result<()> {
    diesel::insert_into(certificate::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(())
}

/// The certificate of a fingerprint.
pub fn certificate_of(connection: &mut PgConnection, fingerprint: &str) -> Result<Option<Certificate>> {
    Ok(certificate::table
        .find(fingerprint)
        .select(Certificate::as_select())
        .first(connection)
        .optional()?)
}

/// All registered certificates, newest first.
pub fn certificates(connection: &mut PgConnection) -> Result<Vec<Certificate>> {
    Ok(certificate::table
        .order(certificate::registered_at.desc())
        .select(Certificate::as_select())
        .load(connection)?)
}

/// The registered certificates of a state, newest first.
pub fn certificates_of(connection: &mut PgConnection, state: StateCode) -> Result<Vec<Certificate>> {
    Ok(certificate::table
        .filter(certificate::state.eq(state.as_str()))
        .order((certificate::registered_at.desc(), certificate::fingerprint))
        .select(Certificate::as_select())
        .load(connection)?)
}

/// Stops accepting a certificate. Returns whether there was one to stop.
pub fn revoke_certificate(
    connection: &mut PgConnection,
    fingerprint: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = diesel::update(certificate::table.find(fingerprint))
        .filter(certificate::revoked_at.is_null())
        .set(certificate::revoked_at.eq(now))
        .execute(connection)?;
    Ok(changed == 1)
}
