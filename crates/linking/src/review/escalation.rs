//! Items that nobody decides go up: district, region, state, arbiter. They are never decided by it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::{StateCode, WorkCalendar};
use store::links;
use store::work_items::{self, Turn};

use super::rules::{Step, step};
use super::{Error, Judge, Level, Policy, Result};

/// Name of the job that lets items go up.
pub const JOB: &str = "escalate";

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Escalated {
    /// Worklists on which an item went up.
    pub raised: usize,
    /// Items that are the arbiter's now.
    pub to_arbiter: usize,
}

/// Lets every open item go up whose time at its level is over, in working days of its state. When all states that could
/// decide it have had their time, it is the arbiter's. A second pass at the same time does nothing.
pub fn escalate(connection: &mut PgConnection, now: DateTime<Utc>, policy: &Policy) -> Result<Escalated> {
    connection.transaction(|connection| {
        links::lock(connection)?;
        let mut items: BTreeMap<i64, Vec<Turn>> = BTreeMap::new();
        for turn in work_items::turns(connection, now)? {
            items.entry(turn.work_item_id).or_default().push(turn);
        }
        let mut done = Escalated::default();
        let mut calendars: HashMap<String, WorkCalendar> = HashMap::new();
        for (item, turns) in items {
            let mut waiting = false;
            for turn in &turns {
                let level = Level::named(&turn.level).unwrap_or(Level::State);
                if !calendars.contains_key(&turn.state) {
                    let work = StateCode::new(&turn.state)
                        .ok()
                        .map(|state| store::calendars::of_state(connection, state))
                        .transpose()?;
                    calendars.insert(turn.state.clone(), work.unwrap_or_default());
                }
                let days = |since| calendars[&turn.state].between(since, turn.today);
                match step(
                    level,
                    turn.region.is_some(),
                    days(turn.since),
                    days(turn.opened),
                    policy,
                ) {
                    Step::Stay => waiting |= could_decide(turn),
                    Step::Up(level) => {
                        waiting |= could_decide(turn);
                        work_items::give(connection, item, &turn.state, level.name(), None, now)?;
                        done.raised += 1;
                    }
                    Step::Over => {}
                }
            }
            if !waiting {
                work_items::to_arbiter(connection, item, "silence", now)?;
                done.to_arbiter += 1;
            }
        }
        Ok(done)
    })
}

/// Where several states have a request, the one that asks cannot validate it, and is not waited for.
fn could_decide(turn: &Turn) -> bool {
    turn.states < 2 || turn.requested_state.as_ref() != Some(&turn.state)
}

/// Gives an item to another district of the own state, or down to one: never up, which only time does.
pub fn reassign(
    connection: &mut PgConnection,
    id: i64,
    judge: &Judge,
    level: Level,
    district: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let district = district.map(str::trim).filter(|name| !name.is_empty());
    connection.transaction(|connection| {
        let item = super::open_item(connection, id, judge)?;
        let state = judge.state().ok_or(Error::NotConcerned)?;
        if item.arbiter_since.is_some() {
            return Err(Error::WithArbiter);
        }
        let owners = work_items::owners(connection, id)?;
        let owner = owners.iter().find(|o| o.state == state).ok_or(Error::NotFound)?;
        let own = Level::named(&owner.level).unwrap_or(Level::State);
        if level > own {
            return Err(Error::Invalid("give it to the same level or downward"));
        }
        if level < Level::State && district.or(owner.district.as_deref()).is_none() {
            return Err(Error::Invalid("name the district"));
        }
        work_items::give(connection, id, &state, level.name(), district, now)?;
        let moved = work_items::owners(connection, id)?;
        let regionless = |o: &&work_items::Owner| o.state == state && o.region.is_none();
        if level == Level::Region && moved.iter().any(|o| regionless(&o)) {
            return Err(Error::Invalid("that district belongs to no region"));
        }
        super::audit(connection, judge, "work_item.reassign", id, level.name(), now)
    })
}
