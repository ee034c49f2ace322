//! The search of disclosures: who saw whom, when and why (34 CFR 99.32).

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use mde::{PersonId, StateCode};

use crate::access::{Access, Subject};
use crate::db::Result;

/// Which disclosures.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Made by users or systems of this state, or of its students; `None`: all.
    pub state: Option<StateCode>,
    /// A part of who looked, or of the user behind a system; upper or lower case.
    pub who: Option<String>,
    /// The child, by its number or one that is retired.
    pub person: Option<PersonId>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Before this one, for the next page; the newest come first.
    pub before: Option<i64>,
}

/// A disclosure as written, with whom it was about.
#[derive(Debug, Clone, QueryableByName)]
pub struct Found {
    /// Its number; disclosures are numbered in the order in which they were written.
    #[diesel(sql_type = BigInt)]
    pub disclosure_id: i64,
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
    /// The child, by its number of today; none where a student is not linked.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub person_id: Option<i64>,
}

/// Students of one child and numbers that lead to it, so that both indexes serve.
const OF_PERSON: &str = "select disclosure_id from disclosure where person_id = $3
     union select disclosure_id from disclosure where person_id in (select retired_id from person_alias where person_id = $3)
     union select disclosure_id from disclosure where student_id in (select student_id from link where person_id = $3)";

/// Finds disclosures, the newest first, and writes down that they were looked at: of a child as a disclosure of it, in
/// general as an event with what was asked.
pub fn search(
    connection: &mut PgConnection,
    access: &Access,
    which: &Which,
    limit: i64,
) -> Result<Vec<Found>> {
    connection.transaction(|connection| {
        write_down(connection, access, which)?;
        find(connection, which, limit)
    })
}

fn write_down(connection: &mut PgConnection, access: &Access, which: &Which) -> Result<()> {
    if let Some(person) = which.person {
        access.disclose(connection, &[Subject::Person(person)], &["disclosures"])?;
    }
    let asked = serde_json::json!({
        "who": which.who, "person": which.person.map(|id| id.to_string()), "from": which.from, "until": which.until,
        "before": which.before,
    });
    let state = which
        .state
        .map_or_else(|| "all".to_owned(), |state| state.to_string());
    let by = access.actor.label();
    crate::access::audit(connection, access.at, &by, "disclosures.search", &state, &asked)
}

fn find(connection: &mut PgConnection, which: &Which, limit: i64) -> Result<Vec<Found>> {
    let of_person = if which.person.is_some() {
        format!("and d.disclosure_id in ({OF_PERSON})")
    } else {
        "and $3::bigint is null".to_owned()
    };
    Ok(sql_query(format!(
        "select d.disclosure_id, d.at, d.actor, d.actor_state, d.on_behalf_of, d.purpose, d.channel, d.categories,
                coalesce(l.person_id, a.person_id, d.person_id) as person_id
         from disclosure d left join link l on l.student_id = d.student_id
         left join person_alias a on a.retired_id = d.person_id
         where ($1::text is null or d.actor_state = $1 or exists (
                   select from link o join student_status s on s.student_id = o.student_id
                   where s.state = $1 and o.person_id = coalesce(l.person_id, a.person_id, d.person_id)))
           and ($2::text is null or position(lower($2) in lower(d.actor || ' ' || coalesce(d.on_behalf_of, ''))) > 0)
           {of_person}
           and ($4::timestamptz is null or d.at >= $4) and ($5::timestamptz is null or d.at < $5)
           and d.disclosure_id < coalesce($6, 9223372036854775807)
         order by d.disclosure_id desc limit $7"
    ))
    .bind::<Nullable<Text>, _>(which.state.map(|state| state.to_string()))
    .bind::<Nullable<Text>, _>(which.who.as_deref().map(str::trim))
    .bind::<Nullable<BigInt>, _>(which.person.map(PersonId::number))
    .bind::<Nullable<Timestamptz>, _>(which.from)
    .bind::<Nullable<Timestamptz>, _>(which.until)
    .bind::<Nullable<BigInt>, _>(which.before)
    .bind::<BigInt, _>(limit)
    .load(connection)?)
}
