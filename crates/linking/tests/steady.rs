//! The driver on a real PostgreSQL, beyond the single change: the check of all students, states in doubt, new weights.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate, TimeDelta};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use linking::driver::{self, Linker, ProposalError, Round, Turn};
use mde::{PersonId, StateCode, Student, StudentId};
use store::links::{self, Decided, LinkChange};
use store::students::{self, Source};
use store::{jobs, link_holds, link_models, link_proposals};
use uuid::Uuid;

use made_up::{ANA, Child, Hub, in_california, now, sister, unclear};

#[expect(dead_code, reason = "one connection is enough here")]
mod made_up;

fn count(hub: &mut Hub, query: &str) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    Ok(diesel::sql_query(query)
        .get_result::<Count>(&mut hub.connection)?
        .n)
}

fn shipped() -> String {
    linking::Model::default_fixed().version
}

fn move_to(hub: &mut Hub, child: &Child<'_>, to: PersonId) -> Result<()> {
    let from = hub.person(child)?;
    let change = LinkChange {
        student_id: child.key().0,
        from: Some(from),
        to,
        decided: Decided::Automatic,
        decided_by: "an older model".into(),
        evidence: serde_json::json!({}),
    };
    Ok(links::apply(&mut hub.connection, &[change], now())?)
}

#[test]
fn the_check_makes_persons_what_the_records_say_and_touches_no_other() -> Result<()> {
    let mut hub = Hub::new()?;
    for child in [&ANA, &in_california(), &sister()] {
        hub.load(child)?;
    }
    hub.link()?;
    let (ana, her_sister) = (hub.person(&ANA)?, hub.person(&sister())?);
    assert_eq!(
        hub.linker.check(&mut hub.connection, now())?.links,
        0,
        "all is well"
    );
    let events = count(&mut hub, "select count(*) as n from link_event")?;
    assert_eq!(
        hub.linker
            .check(&mut hub.connection, now() + TimeDelta::days(1))?,
        Round {
            students: 3,
            ..Round::default()
        }
    );
    assert_eq!(
        count(&mut hub, "select count(*) as n from link_event")?,
        events,
        "nothing is written"
    );
    assert!(!link_models::check_is_due(
        &mut hub.connection,
        now() + TimeDelta::hours(1)
    )?);
    assert!(link_models::check_is_due(
        &mut hub.connection,
        now() + TimeDelta::days(2)
    )?);

    // An older model had taken both sisters for one child.
    move_to(&mut hub, &sister(), ana)?;
    let jobs = count(&mut hub, "select count(*) as n from job where name = 'notice'")?;
    let done = hub
        .linker
        .check(&mut hub.connection, now() + TimeDelta::days(2))?;
    assert_eq!(done.links, 1);
    assert_eq!(hub.person(&ANA)?, ana, "the number stays with the larger part");
    assert_eq!(hub.person(&in_california())?, ana);
    let parted = hub.person(&sister())?;
    assert!(parted != ana && parted != her_sister, "a new number");
    let event = links::events(&mut hub.connection, &[sister().key().0])?
        .pop()
        .context("an event")?;
    assert_eq!(
        (event.decided.as_str(), event.decided_by.as_str()),
        ("automatic", shipped().as_str())
    );
    assert_eq!(event.evidence["cause"], "nightly check");
    assert_eq!(
        count(&mut hub, "select count(*) as n from job where name = 'notice'")?,
        jobs + 1
    );

    // And one child for two.
    move_to(&mut hub, &in_california(), parted)?;
    hub.linker
        .check(&mut hub.connection, now() + TimeDelta::days(3))?;
    assert_eq!(hub.person(&in_california())?, hub.person(&ANA)?);
    assert_ne!(hub.person(&sister())?, hub.person(&ANA)?);
    assert_eq!(
        links::disagreements(&mut hub.connection)?,
        0,
        "the log of decisions says the same"
    );
    Ok(())
}

#[test]
fn the_check_opens_and_closes_questions() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    hub.link()?;
    let asked = hub.questions()?;
    assert_eq!(asked.len(), 1);
    hub.linker.check(&mut hub.connection, now())?;
    assert_eq!(
        hub.questions()?[0].work_item_id,
        asked[0].work_item_id,
        "what is asked stays asked"
    );
    diesel::sql_query("update work_item set status = 'closed'").execute(&mut hub.connection)?;
    assert_eq!(
        hub.linker.check(&mut hub.connection, now())?.near_matches,
        1,
        "what is missing is asked"
    );
    hub.gone(&unclear())?;
    diesel::sql_query("delete from link_queue").execute(&mut hub.connection)?;
    hub.linker = Linker::open(&mut hub.connection, linking::Model::default_fixed())?;
    hub.linker.check(&mut hub.connection, now())?;
    assert!(
        hub.questions()?.is_empty(),
        "what nothing asks any more is closed"
    );
    Ok(())
}

#[test]
fn persons_about_whom_people_are_deciding_stay_together() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&sister())?;
    hub.link()?;
    let ana = hub.person(&ANA)?;
    move_to(&mut hub, &sister(), ana)?;
    let lock = format!(
        "with item as (insert into work_item (kind, status, states, reason, evidence, opened_at)
             values ('split', 'open', '{{TX}}', '', '{{}}', now()) returning work_item_id)
         insert into person_lock (person_id, work_item_id, since) select {}, work_item_id, now() from item",
        ana.number()
    );
    diesel::sql_query(lock).execute(&mut hub.connection)?;
    assert_eq!(hub.linker.check(&mut hub.connection, now())?.links, 0);
    assert_eq!(hub.person(&sister())?, ana);
    diesel::sql_query("delete from person_lock").execute(&mut hub.connection)?;
    assert_eq!(hub.linker.check(&mut hub.connection, now())?.links, 1);
    Ok(())
}

/// A class of children of one state; with `day`, all born on one day.
fn class(hub: &mut Hub, state: &str, size: u32, day: Option<&str>) -> Result<Vec<StudentId>> {
    let letters = |i: u32| -> String {
        let word: String = (0..3)
            .map(|at| ["ka", "lo", "mi", "tu", "re", "sa", "no", "pe"][(i >> (3 * at)) as usize & 7])
            .collect();
        word[..1].to_uppercase() + &word[1..]
    };
    let mut ids = Vec::new();
    for i in 0..size {
        let birth = NaiveDate::from_ymd_opt(2009, 2, 3)
            .and_then(|d| d.checked_add_days(Days::new(u64::from(i * 11))));
        let birth = birth.context("a date")?.to_string();
        let (id, last, first) = (i.to_string(), letters(i * 37 + 5), letters(i * 53 + 11));
        let mother = format!("{} {}", letters(i * 29 + 3), letters(i * 91 + 7));
        let child = Child {
            state,
            id: &id,
            last: &last,
            first: &first,
            birth: day.unwrap_or(&birth),
            mother: &mother,
        };
        hub.load(&child)?;
        ids.push(child.key());
    }
    Ok(ids)
}

fn linked(hub: &mut Hub, ids: &[StudentId]) -> Result<usize> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(links::of_students(&mut hub.connection, &ids)?.len())
}

#[test]
fn a_poisoned_upload_waits_for_its_correction_while_others_are_linked() -> Result<()> {
    let mut hub = Hub::new()?;
    let poisoned = class(&mut hub, "TX", 40, Some("2011-07-04"))?;
    hub.load(&in_california())?;
    let round = hub.link()?;
    assert_eq!((round.students, round.held, round.links), (41, 40, 1));
    assert_eq!(linked(&mut hub, &poisoned)?, 0);
    assert_eq!(
        links::queue_length(&mut hub.connection, None)?,
        40,
        "they stay queued"
    );
    assert_eq!(
        hub.link()?,
        Round::default(),
        "and are not looked at again and again"
    );
    let holds = link_holds::all(&mut hub.connection)?;
    assert_eq!((holds.len(), holds[0].state.as_str()), (1, "TX"));
    assert_eq!(
        link_holds::counts(&mut hub.connection)?,
        [("TX".to_owned(), 40)].into()
    );
    let said = holds[0].doubts.to_string();
    assert!(
        said.contains("birth_date") && said.contains("40") && !said.contains("2011"),
        "{said}"
    );
    assert_eq!(
        count(
            &mut hub,
            "select count(*) as n from audit_event where action = 'link.hold'"
        )?,
        1
    );

    // A linker that starts anew does not take them in either, nor does the check.
    hub.linker = Linker::open_in_force(&mut hub.connection)?;
    hub.linker.check(&mut hub.connection, now())?;
    assert_eq!(linked(&mut hub, &poisoned)?, 0);

    // Half a correction is none.
    class(&mut hub, "TX", 5, None)?;
    assert_eq!(hub.link()?.held, 5);
    let corrected = class(&mut hub, "TX", 40, None)?;
    hub.link()?;
    assert_eq!(linked(&mut hub, &corrected)?, 40);
    assert!(link_holds::all(&mut hub.connection)?.is_empty());
    assert_eq!(links::queue_length(&mut hub.connection, None)?, 0);
    Ok(())
}

#[derive(QueryableByName)]
struct Actor {
    #[diesel(sql_type = Text)]
    actor: String,
}

#[test]
fn a_person_can_say_that_it_is_right() -> Result<()> {
    let mut hub = Hub::new()?;
    let texas = StateCode::new("TX")?;
    assert!(
        !driver::release(&mut hub.connection, texas, "account:ana", now())?,
        "nothing waits"
    );
    let students = class(&mut hub, "TX", 40, Some("2011-07-04"))?;
    hub.link()?;
    assert!(driver::release(&mut hub.connection, texas, "account:ana", now())?);
    hub.link()?;
    assert_eq!(linked(&mut hub, &students)?, 40);
    let released: Vec<Actor> =
        diesel::sql_query("select actor from audit_event where action = 'link.release'")
            .load(&mut hub.connection)?;
    assert_eq!(released.len(), 1);
    assert_eq!(released[0].actor, "account:ana");

    // The same again passes; much more of it does not.
    let again = class(&mut hub, "TX", 45, Some("2011-07-04"))?;
    assert_eq!(hub.link()?.held, 0);
    assert_eq!(linked(&mut hub, &again)?, 45);
    Ok(())
}

/// Loads a made-up nation without the parts at which linking does not look.
fn nation(hub: &mut Hub, size: usize) -> Result<()> {
    let nation = simulate::Nation::new(simulate::Config {
        students: size,
        states: simulate::Config::first_states(4),
        nights: 1,
        ..simulate::Config::default()
    })?;
    let night = nation.nights().next().context("a night")?;
    for &state in &nation.config().states {
        let students: Vec<(StudentId, Student)> = nation
            .submissions(state, night)
            .map(|submission| {
                let mut student = Student::new(submission.student.identity);
                student.enrollments = submission.student.enrollments;
                (student.id(state), student)
            })
            .collect();
        let rows: Vec<(StudentId, &Student, _)> = students
            .iter()
            .map(|(id, s)| (*id, s, s.content_hash()))
            .collect();
        let source = Source {
            state,
            batch_id: 1,
            as_of: now(),
            received_at: now(),
        };
        students::replace(
            &mut hub.connection,
            source,
            &rows,
            &std::collections::HashMap::new(),
            now(),
        )?;
    }
    Ok(())
}

#[test]
fn a_new_model_is_shown_first_and_what_people_decided_survives_it() -> Result<()> {
    let mut hub = Hub::new()?;
    nation(&mut hub, 3_000)?;
    hub.link()?;
    assert!(
        link_holds::all(&mut hub.connection)?.is_empty(),
        "a sound nation is not doubted"
    );
    assert!(link_models::in_force(&mut hub.connection)?.is_none());

    // People part two that the engine has joined, and join two that it has not.
    let mut persons: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for (student, person) in links::all(&mut hub.connection)? {
        persons.entry(person).or_default().push(student);
    }
    let pair = persons
        .values()
        .find(|members| members.len() == 2)
        .context("a joined pair")?
        .clone();
    let mut single = persons
        .values()
        .filter(|members| members.len() == 1)
        .map(|members| members[0]);
    let strangers = [single.next().context("one")?, single.next().context("another")?];
    links::decide(
        &mut hub.connection,
        (pair[0], pair[1]),
        false,
        "account:ana",
        "seen both",
        now(),
    )?;
    links::decide(
        &mut hub.connection,
        (strangers[0], strangers[1]),
        true,
        "account:ana",
        "asked the mother",
        now(),
    )?;
    hub.linker.check(&mut hub.connection, now())?;

    let before = links::all(&mut hub.connection)?.len();
    let events = count(&mut hub, "select count(*) as n from link_event")?;
    let refit = hub.linker.refit(&mut hub.connection)?;
    assert_eq!(refit.report.refused, Vec::<String>::new());
    assert_eq!(refit.report.in_force, shipped());
    assert!(
        refit.report.version.starts_with("learned-"),
        "{}",
        refit.report.version
    );
    assert_eq!(hub.linker.index().model().version, shipped(), "it is only shown");
    assert_eq!(count(&mut hub, "select count(*) as n from link_event")?, events);
    let changes = refit.report.changes.values().sum::<usize>();
    assert!(changes > 0 && !refit.report.examples.is_empty());
    assert!(refit.report.examples.iter().all(|e| {
        e.students
            .iter()
            .all(|(state, id)| state.len() == 2 && !id.is_empty())
    }));

    let c = &mut hub.connection;
    let first = driver::propose(c, &refit, "schedule", now())?;
    let proposal = driver::propose(c, &refit, "schedule", now() + TimeDelta::minutes(1))?;
    let standing = |c: &mut PgConnection| -> Result<Vec<(i64, String)>> {
        let all = link_proposals::latest(c, 9)?;
        Ok(all.into_iter().map(|p| (p.link_proposal_id, p.status)).collect())
    };
    let stands = |id, status: &str| (id, status.to_owned());
    assert_eq!(
        standing(c)?,
        [stands(proposal, "open"), stands(first, "superseded")]
    );
    assert!(
        link_models::in_force(c)?.is_none(),
        "nothing is in force that nobody said yes to"
    );
    assert!(matches!(
        driver::accept(c, first, "account:ana", now()),
        Err(ProposalError::Closed { .. })
    ));
    assert!(matches!(
        driver::reject(c, 99, "account:ana", now()),
        Err(ProposalError::Unknown(99))
    ));
    driver::accept(c, proposal, "account:ana", now() + TimeDelta::hours(1))?;
    assert_eq!(standing(c)?[0], stands(proposal, "accepted"));
    let check = jobs::claim(
        c,
        &[driver::CHECK_JOB],
        Uuid::now_v7(),
        now() + TimeDelta::hours(2),
    )?;
    assert!(check.is_some(), "all persons are to be looked at");
    let stale = driver::propose(c, &refit, "schedule", now() + TimeDelta::hours(1))?;
    assert!(matches!(
        driver::accept(c, stale, "account:ana", now()),
        Err(ProposalError::Stale { .. })
    ));
    driver::reject(c, stale, "account:ana", now())?;
    assert!(!link_proposals::is_due(c, now() + TimeDelta::minutes(30))?);
    assert!(link_proposals::is_due(c, now() + TimeDelta::days(30))?);
    hub.linker.take_up(&mut hub.connection)?;
    hub.linker
        .check(&mut hub.connection, now() + TimeDelta::hours(1))?;
    let all: BTreeMap<Uuid, i64> = links::all(&mut hub.connection)?.into_iter().collect();
    assert_eq!(all.len(), before);
    assert_ne!(all[&pair[0]], all[&pair[1]], "two children stay two");
    assert_eq!(all[&strangers[0]], all[&strangers[1]], "one child stays one");
    let joined = links::all(&mut hub.connection)?.len() - all.values().collect::<BTreeSet<_>>().len();
    println!("{:?}; {joined} students joined to another", refit.report.changes);

    // From now on it is in force, for whoever opens a linker; a check with it finds nothing more to do.
    hub.linker = Linker::open_in_force(&mut hub.connection)?;
    assert_eq!(hub.linker.index().model().version, refit.model.version);
    assert_eq!(
        hub.linker
            .check(&mut hub.connection, now() + TimeDelta::hours(2))?
            .links,
        0
    );
    let again = hub.linker.refit(&mut hub.connection)?;
    assert_eq!(again.report.in_force, refit.report.version);
    assert_eq!(
        again.report.changes.get(&Turn::Joined).copied().unwrap_or(0),
        0,
        "the same data, the same model"
    );
    Ok(())
}

#[test]
fn too_little_to_learn_from_is_refused() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&in_california())?;
    hub.link()?;
    let refit = hub.linker.refit(&mut hub.connection)?;
    assert_eq!(refit.report.refused.len(), 1, "{:?}", refit.report.refused);
    let c = &mut hub.connection;
    let id = driver::propose(c, &refit, "schedule", now())?;
    assert_eq!(link_proposals::latest(c, 1)?[0].status, "refused");
    assert!(matches!(
        driver::accept(c, id, "account:ana", now()),
        Err(ProposalError::Closed { .. })
    ));
    assert!(link_models::in_force(&mut hub.connection)?.is_none());
    Ok(())
}
