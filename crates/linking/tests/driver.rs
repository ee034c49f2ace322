//! The driver on a real PostgreSQL: what it writes.

use anyhow::Result;
use linking::Model;
use linking::driver::{CHANGED_JOB, Linker, Round};
use mde::StateCode;
use serde_json::json;
use store::students::{self, Source};
use store::{jobs, links};
use uuid::Uuid;

use made_up::{ANA, Child, Hub, in_california, now, sister};

#[expect(dead_code, reason = "what people do is tested elsewhere")]
mod made_up;

#[test]
fn one_child_in_two_states_is_one_person_and_its_sister_another() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    assert_eq!(hub.link()?.links, 1, "a student of nobody else is a new person");
    let first = hub.person(&ANA)?;
    hub.load(&in_california())?;
    hub.load(&sister())?;
    hub.link()?;
    assert_eq!(hub.person(&in_california())?, first);
    assert_ne!(hub.person(&sister())?, first);
    let events = store::links::events(&mut hub.connection, &[in_california().key().0])?;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].decided, "automatic");
    let summary = events[0].evidence["explanation"]["summary"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    assert!(summary.contains("birth date"), "the decision says why: {summary}");
    assert_eq!(hub.link()?, Round::default(), "nothing is left to do");

    let again = Linker::open(&mut hub.connection, Model::default_fixed())?;
    hub.linker = again;
    hub.load(&in_california())?;
    assert_eq!(hub.link()?.links, 0, "a new linker decides the same");
    Ok(())
}

#[test]
fn order_of_arrival_does_not_matter() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&sister())?;
    hub.load(&in_california())?;
    hub.load(&ANA)?;
    hub.link()?;
    assert_eq!(hub.person(&in_california())?, hub.person(&ANA)?);
    assert_ne!(hub.person(&sister())?, hub.person(&ANA)?);
    Ok(())
}

#[test]
fn a_student_that_is_no_longer_reported_keeps_its_link_and_is_no_conflict() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.link()?;
    let person = hub.person(&ANA)?;
    let source = Source {
        state: StateCode::new("TX")?,
        batch_id: 99,
        as_of: now(),
        received_at: now(),
    };
    students::mark(&mut hub.connection, source, &[ANA.key().0], "not_reported", now())?;
    hub.link()?;
    assert_eq!(hub.person(&ANA)?, person);
    hub.load(&in_california())?;
    hub.link()?;
    assert_ne!(
        hub.person(&in_california())?,
        person,
        "what is not live is not compared with"
    );
    hub.load(&Child { id: "1", ..ANA })?;
    hub.link()?;
    assert_eq!(
        hub.person(&in_california())?,
        hub.person(&ANA)?,
        "back again, it is"
    );
    Ok(())
}

#[test]
fn a_small_batch_waits_neither_for_a_nights_load_to_be_linked_nor_for_it_to_be_told() -> Result<()> {
    const SYLLABLES: [&str; 10] = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu"];
    let mut hub = Hub::new()?;
    let strangers: Vec<[String; 4]> = (0..300_usize)
        .map(|n| {
            let name: String = [n, n / 10, n / 100].map(|digit| SYLLABLES[digit % 10]).concat();
            let birth = format!("{}-0{}-{:02}", 2005 + n / 100, 1 + n / 28 % 9, 1 + n % 28);
            [
                n.to_string(),
                format!("{name} {name}"),
                birth,
                format!("Eva {name}"),
            ]
        })
        .collect();
    let night: Vec<Child<'_>> = strangers
        .iter()
        .map(|[id, last, birth, mother]| Child {
            state: "FL",
            id,
            last,
            first: last,
            birth,
            mother,
        })
        .collect();
    hub.load_all(&night)?;
    hub.load(&ANA)?;

    let next = links::queued(&mut hub.connection, 2_000)?;
    assert!(next.urgent);
    let first: Vec<Uuid> = next.students.iter().map(|(id, _)| *id).collect();
    assert_eq!(first, [ANA.key().0], "it came last, is next, and alone");
    hub.link()?;

    let person = hub.person(&ANA)?;
    let mut told: Vec<(usize, bool)> = Vec::new();
    while let Some(job) = jobs::claim(&mut hub.connection, &[CHANGED_JOB], Uuid::now_v7(), now())? {
        let persons = job.payload["persons"].as_array().cloned().unwrap_or_default();
        told.push((persons.len(), persons.contains(&json!(person))));
        jobs::finish(&mut hub.connection, &job)?;
    }
    assert_eq!(told[0], (1, true), "whoever waits for it is told first");
    assert!(told.len() > 2, "a night's load is told in pieces: {told:?}");
    assert!(told[1..].iter().all(|(_, its)| !its), "and once: {told:?}");
    Ok(())
}
