//! The driver on a real PostgreSQL: what it writes, and that decisions of people stand.

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use linking::Model;
use linking::driver::{Linker, Round, review};
use mde::part::{Draft, Part};
use mde::value::ValueContext;
use mde::{PersonId, StateCode, Student, StudentId};
use store::students::{self, Source};
use testkit::TestDb;

fn now() -> DateTime<Utc> {
    "2026-04-10T00:00:00Z".parse().expect("an instant")
}

struct Hub {
    _db: TestDb,
    connection: PgConnection,
    linker: Linker,
    batch: i64,
}

struct Child<'a> {
    state: &'a str,
    id: &'a str,
    last: &'a str,
    first: &'a str,
    birth: &'a str,
    mother: &'a str,
}

const ANA: Child<'_> = Child {
    state: "TX",
    id: "1",
    last: "Xicotencatl Barragan",
    first: "Itzel",
    birth: "2012-05-16",
    mother: "Citlali Barragan",
};

impl Child<'_> {
    fn student(&self) -> Student {
        let mut draft = mde::IdentityDraft::default();
        let (mother_first, mother_last) = self.mother.split_once(' ').unwrap_or_default();
        let values = [
            ("StateStudentIdentificationNumber", self.id),
            ("LastName1", self.last),
            ("FirstName", self.first),
            ("BirthDate", self.birth),
            ("BirthCertificateFlag", "1004"),
            ("Gender", "Female"),
            ("BirthCity", "Juxtlahuaca"),
            ("BirthState", "OAX"),
            ("BirthCountry", "MX"),
            ("Parent2FirstName", mother_first),
            ("Parent2LastName", mother_last),
        ];
        for (xml, text) in values {
            draft
                .set(
                    mde::Identity::field_of_xml(xml.as_bytes()).unwrap(),
                    text,
                    ValueContext::default(),
                )
                .unwrap();
        }
        Student::new(draft.finish().unwrap())
    }

    fn key(&self) -> StudentId {
        self.student().id(StateCode::new(self.state).unwrap())
    }
}

impl Hub {
    fn new() -> Result<Self> {
        let db = TestDb::from_template("store", store::migrate)?;
        let mut connection = db.connect()?;
        let linker = Linker::open(&mut connection, Model::default_fixed())?;
        Ok(Self {
            _db: db,
            connection,
            linker,
            batch: 0,
        })
    }

    fn load(&mut self, child: &Child<'_>) -> Result<()> {
        self.batch += 1;
        let state = StateCode::new(child.state)?;
        let source = Source {
            state,
            batch_id: self.batch,
            as_of: now(),
            received_at: now(),
        };
        let student = child.student();
        let held = students::held(&mut self.connection, &[child.key().0])?;
        students::replace(
            &mut self.connection,
            source,
            &[(child.key(), &student, student.content_hash())],
            &held,
            now(),
        )?;
        Ok(())
    }

    fn link(&mut self) -> Result<Round> {
        Ok(self.linker.run(&mut self.connection, &|| true, &now)?)
    }

    fn person(&mut self, child: &Child<'_>) -> Result<PersonId> {
        let links = store::links::of_students(&mut self.connection, &[child.key().0])?;
        Ok(PersonId::new(links[0].1)?)
    }

    fn questions(&mut self) -> Result<Vec<store::work_items::WorkItem>> {
        Ok(store::work_items::open(
            &mut self.connection,
            "near_match",
            None,
            100,
        )?)
    }
}

/// The same child in California: swapped surname order and an accent more.
fn in_california() -> Child<'static> {
    Child {
        state: "CA",
        id: "77",
        last: "Xicotencatl Barragán",
        ..ANA
    }
}

/// A sister, two years younger.
fn sister() -> Child<'static> {
    Child {
        state: "CA",
        id: "78",
        first: "Yaretzi",
        birth: "2014-09-02",
        ..ANA
    }
}

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

/// The same girl or a sister: one day, one mother, given names that could be two ways to write one or two names.
fn unclear() -> Child<'static> {
    Child {
        state: "FL",
        id: "5",
        first: "Itzayana",
        ..ANA
    }
}

#[test]
fn people_are_asked_once_and_their_answer_stands() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    hub.link()?;
    let items = hub.questions()?;
    assert_eq!(items.len(), 1, "{items:#?}");
    assert_eq!(items[0].states, ["FL", "TX"]);
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);

    assert!(review(
        &mut hub.connection,
        items[0].work_item_id,
        false,
        "account:a@b.c",
        "talked to the mother",
        now()
    )?);
    assert!(
        !review(
            &mut hub.connection,
            items[0].work_item_id,
            true,
            "account:x@y.z",
            "",
            now()
        )?,
        "it was decided"
    );
    hub.link()?;
    hub.load(&unclear())?;
    hub.link()?;
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
    assert!(hub.questions()?.is_empty(), "it is not asked again");
    Ok(())
}

#[test]
fn a_merge_by_people_keeps_both_numbers_alive() -> Result<()> {
    let mut hub = Hub::new()?;
    hub.load(&ANA)?;
    hub.load(&unclear())?;
    hub.link()?;
    let (a, b) = (hub.person(&ANA)?, hub.person(&unclear())?);
    let item = hub.questions()?[0].work_item_id;
    review(
        &mut hub.connection,
        item,
        true,
        "account:a@b.c",
        "same birth certificate",
        now(),
    )?;
    hub.link()?;
    let survivor = hub.person(&ANA)?;
    assert_eq!(hub.person(&unclear())?, survivor);
    assert!([a, b].contains(&survivor));
    for number in [a, b] {
        assert_eq!(
            store::links::survivor(&mut hub.connection, number)?,
            Some(survivor)
        );
    }
    let retired = if survivor == a { b } else { a };
    let record = store::persons::load(&mut hub.connection, retired)?.expect("a retired number resolves");
    assert_eq!(
        (record.person_id, record.asked_as, record.students.len()),
        (survivor, Some(retired), 2)
    );

    // The opposite decision takes them apart again, and the survivor's number stays with its first student.
    store::links::decide(
        &mut hub.connection,
        (ANA.key().0, unclear().key().0),
        false,
        "account:a@b.c",
        "wrong",
        now(),
    )?;
    store::links::queue(&mut hub.connection, &[ANA.key().0], now())?;
    hub.link()?;
    assert_ne!(hub.person(&ANA)?, hub.person(&unclear())?);
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
