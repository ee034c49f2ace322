//! Merges and splits, and the way back from them.

use std::collections::BTreeSet;

use anyhow::Result;
use linking::review::{self, Answer, Error, Outcome};
use store::links;

use crate::made_up::{ANA, Child, Hub, in_california, now, sister, unclear};
use crate::{arbiter, asked, feed, judge, requested, sound};

#[test]
fn a_merge_needs_another_state_and_can_be_undone() -> Result<()> {
    let (mut hub, item) = asked()?;
    let (alma, flo) = (judge("TX", "alma@tea.example"), judge("FL", "flo@fl.example"));
    let (a, b) = (hub.person(&ANA)?, hub.person(&unclear())?);
    let master = a.max(b);
    let retired = a.min(b);
    let c = &mut hub.connection;
    let asked = review::decide_near_match(
        c,
        item.work_item_id,
        &alma,
        Answer::Same(Some(master)),
        "one birth certificate",
        now(),
    )?;
    let request = requested(asked);
    assert_eq!(
        links::survivor(c, retired)?,
        Some(retired),
        "nothing has changed yet"
    );
    for (who, why) in [
        (&alma, "own"),
        (&judge("TX", "second@tea.example"), "own state"),
        (&arbiter(), "not yet"),
    ] {
        assert!(
            review::validate(c, request, who, true, "", now()).is_err(),
            "{why}"
        );
    }
    assert_eq!(
        review::validate(c, request, &flo, true, "", now())?,
        Outcome::Decided
    );
    assert!(matches!(
        review::validate(c, request, &flo, true, "", now()),
        Err(Error::Late)
    ));
    for number in [a, b] {
        assert_eq!(
            links::survivor(c, number)?,
            Some(master),
            "the chosen number survives"
        );
    }
    let record = store::persons::load(c, retired)?.expect("a retired number resolves");
    assert_eq!(
        (record.person_id, record.asked_as, record.students.len()),
        (master, Some(retired), 2)
    );
    hub.link()?;
    assert_eq!((hub.person(&ANA)?, hub.person(&unclear())?), (master, master));
    assert!(hub.questions()?.is_empty());
    sound(&mut hub)?;

    let c = &mut hub.connection;
    let undo = requested(review::request_undo(
        c,
        &flo,
        request,
        "two sisters after all",
        now(),
    )?);
    assert!(matches!(
        review::validate(c, undo, &flo, true, "", now()),
        Err(Error::OwnRequest)
    ));
    review::validate(c, undo, &alma, true, "", now())?;
    assert!(matches!(
        review::request_undo(c, &flo, request, "again", now()),
        Err(Error::Late)
    ));
    hub.link()?;
    assert_eq!(
        (hub.person(&ANA)?, hub.person(&unclear())?),
        (a, b),
        "the numbers are as before"
    );
    let c = &mut hub.connection;
    assert_eq!(
        links::survivor(c, retired)?,
        Some(retired),
        "the retired number lives again"
    );
    let returned = if retired == a {
        ANA.key().0
    } else {
        unclear().key().0
    };
    let log = links::events(c, &[returned])?;
    let last = log.last().expect("events");
    assert_eq!(
        (
            last.decided.as_str(),
            last.evidence["kind"].as_str(),
            last.to_person_id
        ),
        ("reviewed", Some("undo"), retired.number())
    );
    assert!(hub.questions()?.is_empty(), "the undoing is a decision too");
    sound(&mut hub)
}

#[test]
fn a_split_leaves_the_number_with_the_rest_and_can_be_undone() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&in_california())?;
    let florida = Child {
        state: "FL",
        id: "5",
        ..ANA
    };
    hub.load(&florida)?;
    hub.link()?;
    let person = hub.person(&ANA)?;
    assert_eq!(
        (hub.person(&in_california())?, hub.person(&florida)?),
        (person, person)
    );
    let (alma, cal) = (judge("TX", "alma@tea.example"), judge("CA", "cal@ca.example"));
    let leaving = vec![vec![in_california().key().0], vec![florida.key().0]];
    let c = &mut hub.connection;
    let everything = vec![vec![ANA.key().0, in_california().key().0, florida.key().0]];
    assert!(matches!(
        review::request_split(c, &alma, person, &everything, "x", now()),
        Err(Error::Invalid(_))
    ));
    let request = requested(review::request_split(
        c,
        &alma,
        person,
        &leaving,
        "three namesakes",
        now(),
    )?);
    review::validate(c, request, &cal, true, "", now())?;
    hub.link()?;
    let numbers = [
        hub.person(&ANA)?,
        hub.person(&in_california())?,
        hub.person(&florida)?,
    ];
    assert_eq!(numbers[0], person, "who stays keeps the number");
    assert_eq!(
        BTreeSet::from(numbers).len(),
        3,
        "and the linker leaves them apart: {numbers:?}"
    );
    sound(&mut hub)?;
    let c = &mut hub.connection;
    let feed = feed(c, "TX", 0)?;
    let told: Vec<&str> = feed.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(told, ["link", "split", "split"], "{feed:#?}");
    assert_eq!(feed[1].former_person_id, Some(person.number()));

    let undo = requested(review::request_undo(
        c,
        &cal,
        request,
        "one child after all",
        now(),
    )?);
    review::validate(c, undo, &alma, true, "", now())?;
    hub.link()?;
    for child in [&ANA, &in_california(), &florida] {
        assert_eq!(hub.person(child)?, person);
    }
    for number in numbers {
        assert_eq!(links::survivor(&mut hub.connection, number)?, Some(person));
    }
    sound(&mut hub)
}

#[test]
fn numbers_merged_in_turn_come_back_in_any_order() -> Result<()> {
    let mut hub = Hub::new()?;
    let girls = [ANA, unclear(), sister()];
    for girl in &girls {
        hub.load(girl)?;
    }
    hub.link()?;
    let [a, b, y] = [
        hub.person(&girls[0])?,
        hub.person(&girls[1])?,
        hub.person(&girls[2])?,
    ];
    let (alma, cal) = (judge("TX", "alma@tea.example"), judge("CA", "cal@ca.example"));
    let flo = judge("FL", "flo@fl.example");
    let c = &mut hub.connection;
    let first = requested(review::request_merge(c, &alma, &[a, b], Some(a), "one", now())?);
    review::validate(c, first, &flo, true, "", now())?;
    let second = requested(review::request_merge(c, &alma, &[b, y], Some(y), "one", now())?);
    review::validate(c, second, &cal, true, "", now())?;
    for number in [a, b, y] {
        assert_eq!(links::survivor(c, number)?, Some(y));
    }
    let undo = requested(review::request_undo(c, &alma, first, "no", now())?);
    review::validate(c, undo, &cal, true, "", now())?;
    assert_eq!(links::survivor(c, b)?, Some(b), "the older merge first");
    assert_eq!(links::survivor(c, a)?, Some(y));
    let undo = requested(review::request_undo(c, &alma, second, "no", now())?);
    review::validate(c, undo, &cal, true, "", now())?;
    hub.link()?;
    assert_eq!(
        [
            hub.person(&girls[0])?,
            hub.person(&girls[1])?,
            hub.person(&girls[2])?
        ],
        [a, b, y]
    );
    sound(&mut hub)
}
