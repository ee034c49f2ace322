//! One asks, another one validates, the arbiter has the last word.

use std::collections::BTreeSet;

use anyhow::Result;
use linking::review::{self, Answer, Error, Judge, Outcome};
use store::{links, work_items};

use crate::made_up::{ANA, Child, Hub, in_california, now, sister, unclear};
use crate::{arbiter, asked, judge, requested, sound};

#[test]
fn people_are_asked_once_about_two_persons_and_their_answer_stands() -> Result<()> {
    let (mut hub, item) = asked()?;
    assert_eq!(item.states, ["FL", "TX"]);
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
    assert_eq!(
        item.persons.iter().copied().collect::<BTreeSet<_>>(),
        [hub.person(&ANA)?.number(), hub.person(&unclear())?.number()].into()
    );
    let alma = judge("TX", "alma@tea.example");
    let id = item.work_item_id;
    let c = &mut hub.connection;
    assert!(matches!(
        review::decide_near_match(c, id, &alma, Answer::Different, "  ", now()),
        Err(Error::ReasonMissing)
    ));
    assert!(matches!(
        review::decide_near_match(c, id, &judge("MI", "m@mi.example"), Answer::Different, "x", now()),
        Err(Error::NotFound)
    ));
    assert!(matches!(
        review::decide_near_match(c, id, &arbiter(), Answer::Different, "x", now()),
        Err(Error::NotWithArbiter)
    ));
    let done = review::decide_near_match(c, id, &alma, Answer::Different, "talked to the mother", now())?;
    assert_eq!(done, Outcome::Decided, "it changes no person");
    assert!(matches!(
        review::decide_near_match(
            c,
            id,
            &judge("FL", "x@fl.example"),
            Answer::Same(None),
            "y",
            now()
        ),
        Err(Error::Late)
    ));
    hub.link()?;
    hub.load(&unclear())?;
    hub.link()?;
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
    assert!(hub.questions()?.is_empty(), "it is not asked again");
    sound(&mut hub)
}

/// What is decided while a round is under way stands in what the round writes, though the round is not about the two.
#[test]
fn a_decision_that_comes_in_the_middle_of_a_round_stands() -> Result<()> {
    let (mut hub, _) = asked()?;
    let (ana, other) = (ANA.key().0, unclear().key().0);
    links::decide(
        &mut hub.connection,
        (ana, other),
        true,
        "account:alma",
        "one girl",
        now(),
    )?;
    hub.load(&Child {
        state: "GA",
        id: "9",
        ..unclear()
    })?;
    assert_eq!(hub.link()?.students, 1);
    assert_eq!(hub.person(&ANA)?, hub.person(&unclear())?);
    sound(&mut hub)
}

#[test]
fn one_item_for_two_persons_however_many_of_their_records_fit() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&in_california())?;
    hub.load(&unclear())?;
    hub.load(&Child {
        state: "GA",
        id: "9",
        ..unclear()
    })?;
    hub.link()?;
    assert_eq!(hub.person(&ANA)?, hub.person(&in_california())?);
    let items = hub.questions()?;
    let mut pairs: Vec<_> = items.iter().map(|item| item.persons.clone()).collect();
    pairs.sort();
    pairs.dedup();
    assert_eq!(pairs.len(), items.len(), "{items:#?}");
    Ok(())
}

#[test]
fn within_one_state_a_second_person_validates() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&Child {
        state: "TX",
        ..unclear()
    })?;
    hub.link()?;
    let other = Child {
        state: "TX",
        ..unclear()
    };
    let persons = [hub.person(&ANA)?, hub.person(&other)?];
    let alma = judge("TX", "alma@tea.example");
    let c = &mut hub.connection;
    let request = requested(review::request_merge(
        c,
        &alma,
        &persons,
        None,
        "typing error",
        now(),
    )?);
    let as_system = Judge {
        by: "certificate:ab for Alma@tea.example".into(),
        ..alma.clone()
    };
    assert!(matches!(
        review::validate(c, request, &as_system, true, "", now()),
        Err(Error::OwnRequest)
    ));
    review::validate(c, request, &judge("TX", "second@tea.example"), true, "", now())?;
    hub.link()?;
    assert_eq!(hub.person(&ANA)?, hub.person(&other)?);
    sound(&mut hub)
}

#[test]
fn what_is_asked_about_takes_part_in_nothing_else() -> Result<()> {
    let (mut hub, item) = asked()?;
    hub.load(&sister())?;
    hub.link()?;
    let (ana, itza, yara) = (hub.person(&ANA)?, hub.person(&unclear())?, hub.person(&sister())?);
    let alma = judge("TX", "alma@tea.example");
    let c = &mut hub.connection;
    let request = requested(review::request_merge(
        c,
        &alma,
        &[ana, yara],
        Some(ana),
        "one child",
        now(),
    )?);
    let refused = review::request_merge(c, &alma, &[ana, itza], None, "no, these", now());
    match refused {
        Err(Error::Locked {
            person,
            work_item,
            by,
            state,
        }) => assert_eq!(
            (person, work_item, by.as_str(), state.as_str()),
            (ana, request, "alma@tea.example", "TX")
        ),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        review::decide_near_match(c, item.work_item_id, &alma, Answer::Same(None), "x", now()),
        Err(Error::Locked { .. })
    ));
    assert!(matches!(
        review::withdraw(c, request, &judge("CA", "cal@ca.example"), now()),
        Err(Error::NotOwn)
    ));
    review::withdraw(c, request, &alma, now())?;
    requested(review::request_merge(
        c,
        &alma,
        &[ana, itza],
        None,
        "these",
        now(),
    )?);
    assert!(matches!(
        review::request_merge(c, &alma, &[yara, yara], None, "x", now()),
        Err(Error::Invalid(_))
    ));
    assert!(matches!(
        review::request_merge(c, &judge("MI", "m@mi.example"), &[yara, ana], None, "x", now()),
        Err(Error::Locked { .. } | Error::NotConcerned)
    ));
    sound(&mut hub)
}

#[test]
fn disagreement_goes_to_the_arbiter_who_has_the_last_word() -> Result<()> {
    let (mut hub, item) = asked()?;
    let (alma, flo) = (judge("TX", "alma@tea.example"), judge("FL", "flo@fl.example"));
    let c = &mut hub.connection;
    let id = item.work_item_id;
    let request = requested(review::decide_near_match(
        c,
        id,
        &alma,
        Answer::Same(None),
        "same mother",
        now(),
    )?);
    assert!(matches!(
        review::validate(c, request, &flo, false, " ", now()),
        Err(Error::ReasonMissing)
    ));
    let outcome = review::validate(c, request, &flo, false, "they are sisters", now())?;
    assert_eq!(outcome, Outcome::WithArbiter);
    let item = work_items::find(c, request)?.expect("an item");
    assert_eq!(
        (
            item.status.as_str(),
            item.arbiter_why.as_deref(),
            item.objection.as_deref()
        ),
        ("open", Some("disagreement"), Some("they are sisters"))
    );
    let person = item.persons[0];
    assert_eq!(
        work_items::about(c, person)?.len(),
        1,
        "shown as a possible duplicate"
    );
    assert!(matches!(
        review::validate(c, request, &flo, true, "", now()),
        Err(Error::WithArbiter)
    ));
    review::validate(c, request, &arbiter(), false, "two birth certificates", now())?;
    hub.link()?;
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
    assert!(hub.questions()?.is_empty(), "the refusal is remembered");
    assert!(work_items::about(&mut hub.connection, person)?.is_empty());
    sound(&mut hub)
}
