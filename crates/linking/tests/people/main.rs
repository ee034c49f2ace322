//! People decide, on a real PostgreSQL: near matches, merges, splits, undoing, the way up, and the log of it all.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use linking::review::{Judge, Outcome};
use mde::StateCode;
use store::changes::{self, Change};
use store::links;
use store::work_items::{Scope, WorkItem};
use store::{Access, Actor, Channel, Purpose};
use uuid::Uuid;

use made_up::{ANA, Hub, unclear};

mod deciding;
mod holding;
#[path = "../made_up/mod.rs"]
mod made_up;
mod replay;
mod undoing;
mod worklists;

/// What the feed tells a state after a cursor.
pub(crate) fn feed(connection: &mut PgConnection, code: &str, cursor: i64) -> Result<Vec<Change>> {
    let access = Access {
        actor: Actor::System {
            state: state(code),
            fingerprint: "ab".into(),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Exchange,
        at: made_up::now(),
    };
    Ok(changes::since(connection, &access, state(code), cursor, 100)?)
}

pub(crate) fn state(code: &str) -> StateCode {
    StateCode::new(code).expect("a state")
}

pub(crate) fn judge(code: &str, name: &str) -> Judge {
    Judge {
        by: format!("account:{name}"),
        scope: Scope::State(state(code)),
    }
}

pub(crate) fn arbiter() -> Judge {
    Judge {
        by: "account:ari@ed.example".into(),
        scope: Scope::Everything,
    }
}

pub(crate) fn requested(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Requested(id) => id,
        other => panic!("{other:?} is no request"),
    }
}

/// A girl in Texas and one in Florida who may be one child, linked; the near match about them.
pub(crate) fn asked() -> Result<(Hub, WorkItem)> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    hub.link()?;
    let mut items = hub.questions()?;
    assert_eq!(items.len(), 1, "{items:#?}");
    let item = items.remove(0);
    Ok((hub, item))
}

/// What holds after everything: links follow from the log, every number leads to a person with students or to none that
/// ever was, and nothing is held for what is decided.
pub(crate) fn sound(hub: &mut Hub) -> Result<()> {
    let c = &mut hub.connection;
    let replayed: HashMap<Uuid, i64> = links::replay(c)?.into_iter().map(|(s, p)| (s.0, p)).collect();
    let current: HashMap<Uuid, i64> = links::all(c)?.into_iter().collect();
    assert_eq!(replayed, current);
    assert_eq!(links::disagreements(c)?, 0);
    let persons: BTreeSet<i64> = current.values().copied().collect();
    for (retired, survivor) in links::aliases(c, &persons.iter().copied().collect::<Vec<_>>())? {
        assert!(!persons.contains(&retired), "a retired number has no students");
        assert!(persons.contains(&survivor));
    }
    assert_eq!(
        number(
            hub,
            "select count(*) as n from person_alias a where exists (select from person_alias b where b.retired_id = a.person_id)"
        ),
        0,
        "no retired number leads to a retired number"
    );
    assert_eq!(
        number(
            hub,
            "select count(*) as n from person_lock k join work_item w using (work_item_id) where w.status <> 'open'"
        ),
        0
    );
    Ok(())
}

pub(crate) fn number(hub: &mut Hub, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let row: Number = sql_query(sql).get_result(&mut hub.connection).expect("a number");
    row.n
}
