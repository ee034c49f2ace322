//! Who reads what of whom and why, and the record of it (34 CFR 99.32).

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{RunQueryDsl as _, sql_query};
use mde::{PersonId, StateCode, StudentId};
use serde::{Deserialize, Serialize};

use crate::db::Result;
use crate::prepared::prepared;

/// The purpose of a look-up: those for which the exchange exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Enroll the child.
    Enroll,
    /// Place it in grade and courses.
    Place,
    /// Count its credits.
    Credit,
    /// Find out its eligibility.
    Eligibility,
    /// Run the migrant program: reviews, corrections, notices.
    Program,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 5] = [
        Self::Enroll,
        Self::Place,
        Self::Credit,
        Self::Eligibility,
        Self::Program,
    ];

    /// Its name in headers and forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Place => "place",
            Self::Credit => "credit",
            Self::Eligibility => "eligibility",
            Self::Program => "program",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A state's system, by its certificate.
    System {
        /// The state of the registered certificate.
        state: StateCode,
        /// SHA-256 of the certificate.
        fingerprint: String,
    },
    /// A person with an account.
    Account {
        /// The account.
        account_id: i64,
        /// Its address, for the record.
        email: String,
        /// The state in which it acts; `None` for a federal role.
        state: Option<StateCode>,
    },
    /// Whoever runs a command of the program on the hub's own machine.
    Operator {
        /// The user of the machine's system, for the record.
        user: String,
    },
}

impl Actor {
    /// How the actor is named in the record.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::System { fingerprint, .. } => format!("certificate:{fingerprint}"),
            Self::Account { email, .. } => format!("account:{email}"),
            Self::Operator { user } => format!("operator:{user}"),
        }
    }

    /// The state for which it acts.
    #[must_use]
    pub fn state(&self) -> Option<StateCode> {
        match self {
            Self::System { state, .. } => Some(*state),
            Self::Account { state, .. } => *state,
            Self::Operator { .. } => None,
        }
    }
}

/// Through what something was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A page.
    Portal,
    /// The machine interface.
    Exchange,
    /// A file written by an operator.
    Export,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Exchange => "exchange",
            Self::Export => "export",
        }
    }
}

/// The right to read, without which nothing personal is read: who, for whom, why, when, through what.
#[derive(Debug, Clone)]
pub struct Access {
    /// Who reads.
    pub actor: Actor,
    /// The user behind a state's system.
    pub on_behalf_of: Option<String>,
    /// Why.
    pub purpose: Purpose,
    /// Through what.
    pub channel: Channel,
    /// When.
    pub at: DateTime<Utc>,
}

/// The statement that writes disclosures, one for each subject.
pub const DISCLOSE: &str = "
    insert into disclosure (at, actor, actor_state, on_behalf_of, purpose, channel, person_id, student_id, categories)
    select $1, $2, $3, $4, $5, $6, s.person_id, s.student_id, $9
    from unnest($7::bigint[], $8::uuid[]) as s (person_id, student_id)";

/// Of whom something was disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A person with all its students.
    Person(PersonId),
    /// One state's student.
    Student(StudentId),
}

impl Access {
    /// Writes down that these kinds of data of these subjects are disclosed. Called in the transaction that reads
    /// them, before what was read is handed out: if it cannot be written, nothing is shown.
    pub fn disclose(
        &self,
        connection: &mut PgConnection,
        subjects: &[Subject],
        categories: &[&str],
    ) -> Result<()> {
        let (persons, students): (Vec<_>, Vec<_>) = subjects
            .iter()
            .map(|subject| match subject {
                Subject::Person(id) => (Some(id.number()), None),
                Subject::Student(id) => (None, Some(id.0)),
            })
            .unzip();
        prepared(DISCLOSE)
            .bind::<Timestamptz, _>(self.at)
            .bind::<Text, _>(self.actor.label())
            .bind::<Nullable<Text>, _>(self.actor.state().map(|s| s.to_string()))
            .bind::<Nullable<Text>, _>(self.on_behalf_of.as_deref())
            .bind::<Text, _>(self.purpose.name())
            .bind::<Text, _>(self.channel.name())
            .bind::<Array<Nullable<BigInt>>, _>(persons)
            .bind::<Array<Nullable<SqlUuid>>, _>(students)
            .bind::<Array<Text>, _>(categories)
            .execute(connection)?;
        Ok(())
    }
}

/// Writes an event that is no disclosure: a sign-in, a decision, a key. `detail` holds no personal data.
pub fn audit(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    actor: &str,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
) -> Result<()> {
    sql_query("insert into audit_event (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)")
        .bind::<Timestamptz, _>(at)
        .bind::<Text, _>(actor)
        .bind::<Text, _>(action)
        .bind::<Text, _>(subject)
        .bind::<Jsonb, _>(detail)
        .execute(connection)?;
    Ok(())
}

/// Sum of the numbers `count` in the details of an action about a subject since an instant.
pub fn counted(
    connection: &mut PgConnection,
    action: &str,
    subject: &str,
    since: DateTime<Utc>,
) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let sum: Sum = sql_query(
        "select coalesce(sum((detail->>'count')::bigint), 0)::bigint as count from audit_event
         where action = $1 and subject = $2 and at > $3",
    )
    .bind::<Text, _>(action)
    .bind::<Text, _>(subject)
    .bind::<Timestamptz, _>(since)
    .get_result(connection)?;
    Ok(sum.count)
}

/// A disclosure as written.
#[derive(Debug, Clone, diesel::QueryableByName, Serialize)]
pub struct Disclosure {
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// Who.
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// For which state.
    #[diesel(sql_type = Nullable<Text>)]
    pub actor_state: Option<String>,
    /// The user behind a system.
    #[diesel(sql_type = Nullable<Text>)]
    pub on_behalf_of: Option<String>,
    /// Why.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// Through what.
    #[diesel(sql_type = Text)]
    pub channel: String,
    /// What kinds of data.
    #[diesel(sql_type = Array<Text>)]
    pub categories: Vec<String>,
}

/// Who has read something of this person, newest first.
pub fn disclosures(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<Disclosure>> {
    Ok(sql_query(
        "select at, actor, actor_state, on_behalf_of, purpose, channel, categories from disclosure
         where person_id = $1 or person_id in (select retired_id from person_alias where person_id = $1)
            or student_id in (select student_id from link where person_id = $1)
         order by disclosure_id desc limit $2",
    )
    .bind::<BigInt, _>(person.number())
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}
