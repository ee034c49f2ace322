//! The driver on a real PostgreSQL: what it writes.

use anyhow::Result;
use linking::Model;
use linking::driver::{Linker, Round};
use mde::StateCode;
use store::students::{self, Source};

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
