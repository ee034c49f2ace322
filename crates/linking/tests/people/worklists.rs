//! Whose worklist an item is on, what asks again, and who is told.

use anyhow::Result;
use chrono::TimeDelta;
use diesel::{RunQueryDsl as _, sql_query};
use linking::review::{self, Answer, Error, Judge, Level, Policy};
use mde::WorkCalendar;
use store::work_items::Scope;
use store::{links, work_items};

use crate::made_up::{ANA, Child, Hub, now, sister, unclear};
use crate::{arbiter, asked, feed, judge, requested, sound, state};

#[test]
fn what_waits_counts_the_working_days_of_its_state() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    work_items::set_regions(
        &mut hub.connection,
        state("TX"),
        &[("Mission CISD", "Region One")],
    )?;
    sql_query("insert into enrollment (student_id, ordinal, enrollment_date, district_of_residence) values ($1, 0, '2026-01-12', 'Mission CISD')")
        .bind::<diesel::sql_types::Uuid, _>(ANA.key().0)
        .execute(&mut hub.connection)?;
    hub.link()?;
    let c = &mut hub.connection;
    // Of the five days until the 16th, Texas has two of its own.
    let work = WorkCalendar {
        own_holidays: ["2026-04-14".parse()?, "2026-04-15".parse()?].into(),
        ..WorkCalendar::default()
    };
    store::calendars::keep_work_days(c, state("TX"), &work, "account:a@tea.example", now())?;
    let later = |days: i64| now() + TimeDelta::days(days);
    assert_eq!(review::escalate(c, later(8), &Policy::default())?.raised, 0);
    assert_eq!(review::escalate(c, later(11), &Policy::default())?.raised, 1);
    Ok(())
}

#[test]
fn silence_goes_up_and_never_approves() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    sql_query("insert into enrollment (student_id, ordinal, enrollment_date, district_of_residence) values ($1, 0, '2025-08-18', 'Alton ISD'), ($1, 1, '2026-01-12', 'Mission CISD')")
        .bind::<diesel::sql_types::Uuid, _>(ANA.key().0)
        .execute(&mut hub.connection)?;
    work_items::set_regions(
        &mut hub.connection,
        state("TX"),
        &[("Mission CISD", "Region One"), ("Alton ISD", "Region One")],
    )?;
    hub.link()?;
    let item = hub.questions()?.remove(0);
    let id = item.work_item_id;
    let c = &mut hub.connection;
    let places = |c: &mut _| -> Vec<(String, String)> {
        let owners = work_items::owners(c, id).expect("owners");
        owners.into_iter().map(|o| (o.state, o.level)).collect()
    };
    let at = |fl: &str, tx: &str| vec![("FL".to_owned(), fl.to_owned()), ("TX".to_owned(), tx.to_owned())];
    assert_eq!(
        places(c),
        at("state", "district"),
        "the district of the latest enrollment, where known"
    );
    assert_eq!(
        work_items::owners(c, id)?[1].district.as_deref(),
        Some("Mission CISD")
    );

    let districts =
        |names: &[&str]| Scope::Districts(state("TX"), names.iter().map(ToString::to_string).collect());
    let sees = |c: &mut _, scope: &Scope| work_items::find_in(c, id, scope).expect("a look").is_some();
    assert!(sees(c, &districts(&["Mission CISD"])) && !sees(c, &districts(&["Alton ISD"])));
    let mission = Judge {
        by: "account:mia@mission.example".into(),
        scope: districts(&["Mission CISD"]),
    };
    assert!(matches!(
        review::reassign(c, id, &mission, Level::State, None, now()),
        Err(Error::Invalid(_))
    ));

    // 2026-04-10 is a Friday in Texas still the 9th: seven days on, five working days have gone.
    let policy = Policy::default();
    let later = |days: i64| now() + TimeDelta::days(days);
    assert_eq!(review::escalate(c, later(6), &policy)?.raised, 0);
    review::escalate(c, later(7), &policy)?;
    assert_eq!(places(c), at("state", "region"));
    assert!(
        sees(c, &districts(&["Alton ISD"])),
        "the region's districts see it now"
    );
    review::reassign(c, id, &mission, Level::District, Some("Alton ISD"), later(8))?;
    assert_eq!(places(c), at("state", "district"));
    assert!(!sees(c, &districts(&["Mission CISD"])));
    review::escalate(c, later(15), &policy)?;
    assert_eq!(
        places(c),
        at("state", "region"),
        "five days more at the district to which it was given"
    );
    assert!(work_items::find(c, id)?.expect("an item").arbiter_since.is_none());
    let done = review::escalate(c, later(21), &policy)?;
    assert_eq!(done.to_arbiter, 1, "fifteen working days in all");
    let item = work_items::find(c, id)?.expect("an item");
    assert_eq!(
        (item.status.as_str(), item.arbiter_why.as_deref()),
        ("open", Some("silence"))
    );
    assert_eq!(
        review::escalate(c, later(21), &policy)?,
        review::Escalated::default()
    );
    assert!(matches!(
        review::decide_near_match(
            c,
            id,
            &judge("TX", "a@tea.example"),
            Answer::Different,
            "late",
            now()
        ),
        Err(Error::WithArbiter)
    ));
    review::escalate(c, later(3_000), &policy)?;
    assert_eq!(
        work_items::find(c, id)?.expect("an item").status,
        "open",
        "nothing lapses into approval"
    );
    assert!(links::decisions(c)?.is_empty());
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
    review::decide_near_match(
        &mut hub.connection,
        id,
        &arbiter(),
        Answer::Same(None),
        "one child",
        later(3_001),
    )?;
    assert_eq!(
        hub.person(&ANA)?,
        hub.person(&unclear())?,
        "the arbiter's word needs no second one"
    );
    sound(&mut hub)
}

#[test]
fn only_much_new_evidence_asks_again_and_shows_the_earlier_decision() -> Result<()> {
    let (mut hub, item) = asked()?;
    let alma = judge("TX", "alma@tea.example");
    let id = item.work_item_id;
    review::decide_near_match(
        &mut hub.connection,
        id,
        &alma,
        Answer::Different,
        "two certificates",
        now(),
    )?;
    hub.link()?;
    hub.load(&Child {
        mother: "Citlali Barragan Ruiz",
        ..unclear()
    })?;
    hub.link()?;
    assert!(hub.questions()?.is_empty(), "a little more is not enough");
    let corrected = Child {
        first: ANA.first,
        ..unclear()
    };
    hub.load(&corrected)?;
    hub.link()?;
    let items = hub.questions()?;
    assert_eq!(items.len(), 1, "{items:#?}");
    let earlier = items[0].earlier.as_ref().expect("the earlier decision");
    assert_eq!(
        (earlier["decision"].as_str(), earlier["reason"].as_str()),
        (Some("different"), Some("two certificates"))
    );
    assert_ne!(items[0].work_item_id, id, "it is a new item");
    assert_ne!(
        hub.person(&ANA)?,
        hub.person(&corrected)?,
        "the old decision stands until then"
    );
    hub.load(&corrected)?;
    hub.link()?;
    assert_eq!(hub.questions()?.len(), 1, "and it stays open");
    review::decide_near_match(
        &mut hub.connection,
        items[0].work_item_id,
        &alma,
        Answer::Different,
        "checked again",
        now(),
    )?;
    hub.link()?;
    hub.load(&Child {
        last: "Xicotencatl Barragán",
        ..corrected
    })?;
    hub.link()?;
    assert!(hub.questions()?.is_empty(), "weighed anew, it is answered again");
    sound(&mut hub)
}

#[test]
fn the_feed_tells_a_state_about_its_own_children_only() -> Result<()> {
    let (mut hub, _) = asked()?;
    let (a, b) = (hub.person(&ANA)?, hub.person(&unclear())?);
    hub.load(&sister())?;
    hub.link()?;
    let c = &mut hub.connection;
    let before = feed(c, "TX", 0)?;
    assert_eq!(before.len(), 1);
    assert_eq!(
        (
            before[0].kind.as_str(),
            before[0].state_student_id.as_deref(),
            before[0].person_id
        ),
        ("link", Some("1"), Some(a.number()))
    );
    let alma = judge("TX", "alma@tea.example");
    let request = requested(review::request_merge(
        c,
        &alma,
        &[a, b],
        Some(a),
        "one child",
        now(),
    )?);
    review::validate(c, request, &judge("FL", "flo@fl.example"), true, "", now())?;
    let told = |c: &mut _, code: &str, cursor| -> Vec<(String, Option<i64>, Option<i64>)> {
        let feed = feed(c, code, cursor).expect("a feed");
        feed.into_iter()
            .map(|x| (x.kind, x.person_id, x.former_person_id))
            .collect()
    };
    let merge = ("merge".to_owned(), Some(a.number()), Some(b.number()));
    assert_eq!(told(c, "TX", before[0].change_id), std::slice::from_ref(&merge));
    assert_eq!(
        told(c, "FL", 0),
        [
            ("link".to_owned(), Some(b.number()), None),
            ("link".to_owned(), Some(a.number()), Some(b.number())),
            merge
        ]
    );
    assert_eq!(
        told(c, "CA", 0).len(),
        1,
        "the sister's state hears of the sister alone"
    );
    assert!(told(c, "MI", 0).is_empty());
    Ok(())
}
