//! Whatever the engine and people do, in whatever order: the links follow from the log of decisions.

use std::collections::HashMap;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use linking::review::{self, Answer, Error};
use mde::PersonId;
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::test_runner::Config;
use store::work_items::Scope;
use store::{link_models, links, work_items};
use uuid::Uuid;

use crate::made_up::{ANA, Child, Hub, now};
use crate::{arbiter, judge, sound};

/// Something that happens to a hub. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Event {
    Load(u8, u8),
    Gone(u8),
    Link,
    Check,
    Answer(u8, bool),
    Merge(u8, u8),
    Split(u8, u8),
    Validate(u8, bool),
    Arbitrate(u8, bool),
    Undo(u8),
    Withdraw(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = proptest::prop_oneof![
        4 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Event::Load(a, b)),
        1 => any::<u8>().prop_map(Event::Gone),
        4 => proptest::prelude::Just(Event::Link),
        1 => proptest::prelude::Just(Event::Check),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(a, b)| Event::Answer(a, b)),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Event::Merge(a, b)),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Event::Split(a, b)),
        6 => (any::<u8>(), proptest::prelude::prop::bool::weighted(0.85)).prop_map(|(a, b)| Event::Validate(a, b)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(a, b)| Event::Arbitrate(a, b)),
        4 => any::<u8>().prop_map(Event::Undo),
        1 => any::<u8>().prop_map(Event::Withdraw),
    ];
    prop::collection::vec(event, 20..60)
}

const STATES: [&str; 4] = ["TX", "CA", "FL", "GA"];
const FIRST: [&str; 4] = ["Itzel", "Itzayana", "Yaretzi", "Itzel Yaretzi"];
const BORN: [&str; 3] = ["2012-05-16", "2012-05-17", "2014-09-02"];

/// Twelve girls of three families in four states, each in several spellings.
fn girl(who: u8, how: u8) -> Child<'static> {
    let (who, how) = (usize::from(who % 12), usize::from(how));
    Child {
        state: STATES[who % 4],
        id: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"][who],
        first: FIRST[(who / 4 + how % 2) % 4],
        birth: BORN[(who / 6 + how / 7 % 2) % 3],
        ..ANA
    }
}

fn pick<T: Clone>(from: &[T], which: u8) -> Option<T> {
    from.get(usize::from(which) % from.len().max(1)).cloned()
}

fn happen(hub: &mut Hub, event: &Event, at: DateTime<Utc>) -> Result<()> {
    let members = links::all(&mut hub.connection)?;
    let mut persons: Vec<i64> = members.iter().map(|m| m.1).collect();
    persons.sort_unstable();
    persons.dedup();
    let kinds = ["merge", "split", "undo"];
    let requests = work_items::worklist(&mut hub.connection, &Scope::Everything, &kinds, 100)?;
    let c = &mut hub.connection;
    let done = match *event {
        Event::Load(who, how) => return hub.load(&girl(who, how)),
        Event::Link | Event::Check => {
            let held = link_models::locked(c)?;
            if matches!(event, Event::Link) {
                hub.link()?;
            } else {
                hub.linker.check(c, at)?;
            }
            // Whoever is in a held person stays in it, and nobody joins.
            assert_eq!(link_models::locked(&mut hub.connection)?, held);
            return Ok(());
        }
        Event::Gone(who) => return hub.gone(&girl(who, 0)),
        Event::Answer(which, same) => {
            let items = work_items::open(c, "near_match", None, 100)?;
            let Some(item) = pick(&items, which) else {
                return Ok(());
            };
            let Some(state) = item.states.first() else {
                return Ok(());
            };
            let answer = if same {
                Answer::Same(None)
            } else {
                Answer::Different
            };
            review::decide_near_match(
                c,
                item.work_item_id,
                &judge(state, "one@x.example"),
                answer,
                "so",
                at,
            )
            .map(drop)
        }
        Event::Merge(a, b) => {
            let (Some(a), Some(b)) = (pick(&persons, a), pick(&persons, b)) else {
                return Ok(());
            };
            let pair = [PersonId::new(a)?, PersonId::new(b)?];
            let own = own_state(c, a)?;
            review::request_merge(c, &judge(&own, "one@x.example"), &pair, Some(pair[1]), "so", at).map(drop)
        }
        Event::Split(which, leaves) => {
            let Some(person) = pick(&persons, which) else {
                return Ok(());
            };
            let own = own_state(c, person)?;
            let inside: Vec<Uuid> = members.iter().filter(|m| m.1 == person).map(|m| m.0).collect();
            let leaving: Vec<Uuid> = inside
                .iter()
                .enumerate()
                .filter(|(i, _)| leaves >> (i % 8) & 1 == 1)
                .map(|(_, s)| *s)
                .collect();
            review::request_split(
                c,
                &judge(&own, "one@x.example"),
                PersonId::new(person)?,
                &[leaving],
                "so",
                at,
            )
            .map(drop)
        }
        Event::Validate(which, approves) => {
            let Some(item) = pick(&requests, which) else {
                return Ok(());
            };
            let asked = item.requested_state.clone();
            let other = item
                .states
                .iter()
                .find(|s| Some(*s) != asked.as_ref())
                .or(item.states.first());
            let Some(other) = other else { return Ok(()) };
            review::validate(
                c,
                item.work_item_id,
                &judge(other, "two@x.example"),
                approves,
                "so",
                at,
            )
            .map(drop)
        }
        Event::Arbitrate(which, approves) => {
            let Some(item) = pick(&requests, which) else {
                return Ok(());
            };
            review::validate(c, item.work_item_id, &arbiter(), approves, "so", at).map(drop)
        }
        Event::Undo(which) => {
            let mut approved = Vec::new();
            for id in 1..=number_of_items(c)? {
                approved
                    .extend(work_items::find(c, id)?.filter(|i| i.decision.as_deref() == Some("approved")));
            }
            let Some(item) = pick(&approved, which) else {
                return Ok(());
            };
            let Some(state) = item.states.first() else {
                return Ok(());
            };
            review::request_undo(c, &judge(state, "one@x.example"), item.work_item_id, "so", at).map(drop)
        }
        Event::Withdraw(which) => {
            let Some(item) = pick(&requests, which) else {
                return Ok(());
            };
            let Some(state) = item.states.first() else {
                return Ok(());
            };
            review::withdraw(c, item.work_item_id, &judge(state, "one@x.example"), at)
        }
    };
    match done {
        Err(Error::Store(error)) => Err(error.into()),
        // What may not be done is refused; that is part of the play.
        Ok(()) | Err(_) => Ok(()),
    }
}

fn own_state(c: &mut diesel::PgConnection, person: i64) -> Result<String> {
    let record = store::persons::load(c, PersonId::new(person)?)?;
    let live = record.and_then(|r| r.students.iter().find(|s| s.live).map(|s| s.state.to_string()));
    Ok(live.unwrap_or_else(|| "TX".into()))
}

fn number_of_items(c: &mut diesel::PgConnection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let last: Last = sql_query("select coalesce(max(work_item_id), 0) as n from work_item").get_result(c)?;
    Ok(last.n)
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn links_are_the_replay_of_the_log_whatever_happens(events in events()) {
        let mut hub = Hub::new().expect("a hub");
        for (minute, event) in events.iter().enumerate() {
            let at = now() + TimeDelta::minutes(minute as i64);
            happen(&mut hub, event, at).unwrap_or_else(|error| panic!("{event:?}: {error:#}"));
            sound(&mut hub).expect("sound");
        }
        // What people decided holds, whatever the engine thinks: no two that were set apart are one person.
        hub.link().expect("linked");
        sound(&mut hub).expect("sound");
        let current: HashMap<Uuid, i64> = links::all(&mut hub.connection).expect("links").into_iter().collect();
        for decision in links::decisions(&mut hub.connection).expect("decisions") {
            if !decision.same {
                proptest::prop_assert_ne!(current[&decision.student_a], current[&decision.student_b]);
            }
        }
    }
}
