//! Sessions: a random key in a cookie, its hash and the session's data in the database.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use mde::PersonId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{Purpose, accounts};

use crate::failure::Failure;

/// A session ends after this time without a request: computers of schools are shared.
pub(crate) const IDLE: TimeDelta = TimeDelta::minutes(20);

/// A session ends this long after the sign-in, whatever happens (NIST SP 800-63B-4 §2.2.3 allows 24 hours).
pub(crate) const ABSOLUTE: TimeDelta = TimeDelta::hours(12);

/// Records that were opened last of which a session knows.
const LOOKS: usize = 8;

/// Name of the session's cookie; the prefix makes browsers insist on `Secure`, path `/` and no domain.
pub(crate) const COOKIE: &str = "__Host-mariposa";

/// Name of the cookie that stands for a session in the sign-in form, before there is one.
pub(crate) const FORM_COOKIE: &str = "__Host-mariposa-form";

/// What is kept of a session on the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account_id: i64,
    /// What every form of the session must carry.
    pub(crate) csrf: String,
    pub(crate) started_at: DateTime<Utc>,
    /// The state chosen, `federal`, or nothing yet.
    #[serde(default)]
    pub(crate) acts_in: Option<String>,
    /// The search whose results are shown, so that going back does not put names into addresses.
    #[serde(default)]
    pub(crate) search: Option<crate::pages::search::SearchForm>,
    /// The records that were opened last, the newest first; gone with the session, since computers are shared.
    #[serde(default)]
    pub(crate) looks: Vec<Look>,
}

/// A record that was opened, as far as it takes to know the child again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) person_id: PersonId,
    pub(crate) name: String,
    pub(crate) birth_date: Option<NaiveDate>,
    pub(crate) purpose: Purpose,
    pub(crate) at: DateTime<Utc>,
}

/// The hash under which a key is kept.
pub(crate) fn key_hash(key: &str) -> String {
    crate::words::hex(&Sha256::digest(key.as_bytes()))
}

impl Session {
    /// Keeps that a record was opened.
    pub(crate) fn looked(&mut self, look: Look) {
        self.looks.retain(|earlier| earlier.person_id != look.person_id);
        self.looks.insert(0, look);
        self.looks.truncate(LOOKS);
    }

    /// When it ends if nothing more is asked for.
    pub(crate) fn expires_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + IDLE).min(self.started_at + ABSOLUTE)
    }

    /// The session of this key, with its end moved; `None` if there is none or it has ended.
    pub(crate) fn resume(
        connection: &mut PgConnection,
        key_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Failure> {
        let Some(data) = accounts::load_session(connection, key_hash, now)? else {
            return Ok(None);
        };
        let Ok(session) = serde_json::from_value::<Self>(data) else {
            return Ok(None);
        };
        if now >= session.started_at + ABSOLUTE {
            return Ok(None);
        }
        accounts::extend_session(connection, key_hash, session.expires_at(now))?;
        Ok(Some(session))
    }

    /// Changes what is kept of the session of this key, whatever else of it other requests change at the same time. One
    /// that has ended stays so.
    pub(crate) fn change(
        connection: &mut PgConnection,
        key_hash: &str,
        change: impl FnOnce(&mut Self),
    ) -> Result<(), Failure> {
        accounts::change_session(connection, key_hash, |data| {
            let mut session: Self = serde_json::from_value(data).ok()?;
            change(&mut session);
            serde_json::to_value(&session).ok()
        })?;
        Ok(())
    }

    /// Writes the session under the hash of its key.
    pub(crate) fn save(
        &self,
        connection: &mut PgConnection,
        key_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let data = serde_json::to_value(self).map_err(|_| Failure::Internal)?;
        Ok(accounts::save_session(
            connection,
            key_hash,
            Some(self.account_id),
            &data,
            self.expires_at(now),
        )?)
    }
}

/// A cookie that scripts cannot read, other sites cannot send along and unencrypted connections cannot see. Links from
/// other sites (an e-mail about a notice) do carry it, hence `Lax`.
pub(crate) fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// The same cookie, taken away.
pub(crate) fn removal(name: &'static str) -> Cookie<'static> {
    let mut cookie = cookie(name, String::new());
    cookie.make_removal();
    cookie
}

/// The key that a request carries.
pub(crate) fn key_of(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |differ, (x, y)| differ | (x ^ y))
            == 0
}
