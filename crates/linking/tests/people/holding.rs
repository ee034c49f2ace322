//! Persons about whom people are deciding stay as they are, and nothing that comes meanwhile is lost.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use diesel::Connection as _;
use linking::review::{self, Answer, Outcome, Policy};
use mde::PersonId;
use store::{link_models, links, work_items};

use crate::made_up::{ANA, Child, Hub, in_california, now, sister, unclear};
use crate::{arbiter, asked, judge, number, requested, sound};

/// A request of Texas to merge the girls of Texas and Florida waits for Florida, and in the meantime one came to
/// California who is surely the one of Texas.
fn waiting() -> Result<(Hub, i64)> {
    let (mut hub, item) = asked()?;
    let alma = judge("TX", "alma@tea.example");
    let (id, same) = (item.work_item_id, Answer::Same(None));
    let c = &mut hub.connection;
    let request = requested(review::decide_near_match(
        c,
        id,
        &alma,
        same,
        "one mother",
        now(),
    )?);
    let before = persons(&mut hub)?;
    hub.load(&in_california())?;
    hub.link()?;
    assert_eq!(persons(&mut hub)?, before);
    assert_ne!(hub.person(&in_california())?, before.0, "held for the request");
    assert!(
        hub.questions()?.is_empty(),
        "nothing is asked that cannot be answered yet"
    );
    hub.linker.check(&mut hub.connection, now())?;
    assert_eq!(persons(&mut hub)?, before, "nor at night");
    assert_ne!(hub.person(&in_california())?, before.0);
    sound(&mut hub)?;
    Ok((hub, request))
}

fn persons(hub: &mut Hub) -> Result<(PersonId, PersonId)> {
    Ok((hub.person(&ANA)?, hub.person(&unclear())?))
}

/// The request is decided: by the next look of the linker the girl of California is one child with that of Texas, or
/// people are asked about them.
fn taken_up(mut hub: Hub) -> Result<()> {
    assert_eq!(
        number(&mut hub, "select count(*) as n from person_lock"),
        0,
        "nothing is held any more"
    );
    hub.link()?;
    let joined = hub.person(&in_california())? == hub.person(&ANA)?;
    assert!(joined || !hub.questions()?.is_empty(), "{:#?}", hub.questions()?);
    sound(&mut hub)
}

#[test]
fn what_came_while_a_merge_waited_is_taken_up_when_it_is_approved() -> Result<()> {
    let (mut hub, request) = waiting()?;
    let flo = judge("FL", "flo@fl.example");
    review::validate(&mut hub.connection, request, &flo, true, "", now())?;
    let (ana, other) = persons(&mut hub)?;
    assert_eq!(ana, other);
    taken_up(hub)
}

#[test]
fn and_when_it_is_withdrawn() -> Result<()> {
    let (mut hub, request) = waiting()?;
    let alma = judge("TX", "alma@tea.example");
    review::withdraw(&mut hub.connection, request, &alma, now())?;
    taken_up(hub)
}

#[test]
fn and_when_the_arbiter_refuses_it() -> Result<()> {
    let (mut hub, request) = waiting()?;
    let flo = judge("FL", "flo@fl.example");
    let c = &mut hub.connection;
    let handed = review::validate(c, request, &flo, false, "two sisters", now())?;
    assert_eq!(handed, Outcome::WithArbiter);
    hub.load(&in_california())?;
    hub.link()?;
    assert_ne!(
        hub.person(&in_california())?,
        hub.person(&ANA)?,
        "disagreement decides nothing"
    );
    review::validate(
        &mut hub.connection,
        request,
        &arbiter(),
        false,
        "two certificates",
        now(),
    )?;
    taken_up(hub)
}

#[test]
fn silence_holds_on_until_the_arbiter_speaks() -> Result<()> {
    let (mut hub, request) = waiting()?;
    let late = now() + TimeDelta::days(60);
    review::escalate(&mut hub.connection, late, &Policy::default())?;
    let item = work_items::find(&mut hub.connection, request)?.expect("an item");
    assert_eq!(
        (item.status.as_str(), item.arbiter_why.as_deref()),
        ("open", Some("silence"))
    );
    hub.load(&in_california())?;
    hub.link()?;
    assert_ne!(hub.person(&in_california())?, hub.person(&ANA)?);
    review::validate(&mut hub.connection, request, &arbiter(), true, "", late)?;
    taken_up(hub)
}

#[test]
fn nobody_leaves_a_held_person_whatever_its_records_become() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&in_california())?;
    hub.load(&sister())?;
    hub.link()?;
    let (ana, yara) = (hub.person(&ANA)?, hub.person(&sister())?);
    assert_eq!(hub.person(&in_california())?, ana);
    let (alma, cal) = (judge("TX", "alma@tea.example"), judge("CA", "cal@ca.example"));
    let c = &mut hub.connection;
    let asked = review::request_merge(c, &alma, &[ana, yara], Some(ana), "one child", now())?;
    let request = requested(asked);
    let questions = hub.questions()?.len();
    // California's record turns into another child, by day and then gone and back again.
    let another = Child {
        first: "Socorro",
        birth: "2009-01-30",
        mother: "Elvira Tzompantzi",
        last: "Tzompantzi Xochitl",
        ..in_california()
    };
    hub.load(&another)?;
    hub.link()?;
    assert_eq!(hub.person(&another)?, ana);
    hub.gone(&another)?;
    hub.link()?;
    hub.load(&another)?;
    hub.link()?;
    hub.linker.check(&mut hub.connection, now())?;
    assert_eq!(hub.person(&another)?, ana, "held by night as well");
    assert_eq!(hub.questions()?.len(), questions);

    review::validate(&mut hub.connection, request, &cal, false, "two sisters", now())?;
    review::validate(&mut hub.connection, request, &arbiter(), false, "sisters", now())?;
    hub.link()?;
    let split = hub.questions()?;
    let asked = |q: &work_items::WorkItem| q.persons == [ana.number()];
    assert!(
        split.iter().any(asked),
        "whether she is that child is asked now: {split:#?}"
    );
    hub.linker.check(&mut hub.connection, now())?;
    assert_ne!(
        hub.person(&another)?,
        hub.person(&ANA)?,
        "and the check parts them"
    );
    sound(&mut hub)
}

#[test]
fn a_request_made_while_the_linker_looks_comes_before_it() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&sister())?;
    hub.link()?;
    let (ana, yara) = (hub.person(&ANA)?, hub.person(&sister())?);
    hub.load(&in_california())?;
    let mut second = hub.connect()?;
    let (begun, lock_held) = std::sync::mpsc::channel();
    let people = thread::spawn(move || {
        second.transaction(|c| {
            links::lock(c)?;
            begun.send(()).expect("the linker listens");
            // Until the linker, which has read everything, waits for the lock.
            while !somebody_waits(c) {
                thread::sleep(Duration::from_millis(5));
            }
            let alma = judge("TX", "alma@tea.example");
            review::request_merge(c, &alma, &[ana, yara], None, "one child", now())
        })
    });
    lock_held.recv()?;
    hub.link()?;
    requested(people.join().expect("no panic")?);
    assert_ne!(hub.person(&in_california())?, ana, "the request came first");
    assert_eq!(link_models::locked(&mut hub.connection)?.len(), 2);
    sound(&mut hub)
}

fn somebody_waits(c: &mut diesel::PgConnection) -> bool {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        waiting: bool,
    }
    let row: Waiting = diesel::sql_query(
        "select exists (select from pg_locks l join pg_database d on d.oid = l.database
         where l.locktype = 'advisory' and not l.granted and d.datname = current_database()) as waiting",
    )
    .get_result(c)
    .expect("an answer");
    row.waiting
}
