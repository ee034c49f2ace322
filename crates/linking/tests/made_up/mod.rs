//! Made-up children in a database of their own, with a linker that works on them.

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use linking::Model;
use linking::driver::{Linker, Round};
use mde::part::{Draft, Part};
use mde::value::ValueContext;
use mde::{PersonId, StateCode, Student, StudentId};
use store::students::{self, Source};
use testkit::TestDb;

pub(crate) fn now() -> DateTime<Utc> {
    "2026-04-10T00:00:00Z".parse().expect("an instant")
}

pub(crate) struct Hub {
    db: TestDb,
    pub(crate) connection: PgConnection,
    pub(crate) linker: Linker,
    batch: i64,
}

pub(crate) struct Child<'a> {
    pub(crate) state: &'a str,
    pub(crate) id: &'a str,
    pub(crate) last: &'a str,
    pub(crate) first: &'a str,
    pub(crate) birth: &'a str,
    pub(crate) mother: &'a str,
}

pub(crate) const ANA: Child<'_> = Child {
    state: "TX",
    id: "1",
    last: "Xicotencatl Barragan",
    first: "Itzel",
    birth: "2012-05-16",
    mother: "Citlali Barragan",
};

impl Child<'_> {
    pub(crate) fn student(&self) -> Student {
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

    pub(crate) fn key(&self) -> StudentId {
        self.student().id(StateCode::new(self.state).unwrap())
    }
}

impl Hub {
    pub(crate) fn new() -> Result<Self> {
        let db = TestDb::from_template("store", store::migrate)?;
        let mut connection = db.connect()?;
        let linker = Linker::open(&mut connection, Model::default_fixed())?;
        Ok(Self {
            db,
            connection,
            linker,
            batch: 0,
        })
    }

    /// A second connection to its database.
    pub(crate) fn connect(&self) -> Result<PgConnection> {
        self.db.connect()
    }

    pub(crate) fn load(&mut self, child: &Child<'_>) -> Result<()> {
        self.load_all(std::slice::from_ref(child))
    }

    /// Loads children of one state in one batch.
    pub(crate) fn load_all(&mut self, children: &[Child<'_>]) -> Result<()> {
        self.batch += 1;
        let source = Source {
            state: StateCode::new(children[0].state)?,
            batch_id: self.batch,
            as_of: now(),
            received_at: now(),
        };
        let list: Vec<(StudentId, Student)> = children.iter().map(|c| (c.key(), c.student())).collect();
        let keys: Vec<_> = list.iter().map(|(key, _)| key.0).collect();
        let rows: Vec<_> = list
            .iter()
            .map(|(key, student)| (*key, student, student.content_hash()))
            .collect();
        let held = students::held(&mut self.connection, &keys)?;
        students::replace(&mut self.connection, source, &rows, &held, now())?;
        Ok(())
    }

    /// The state does not report the child any more.
    pub(crate) fn gone(&mut self, child: &Child<'_>) -> Result<()> {
        self.batch += 1;
        let source = Source {
            state: StateCode::new(child.state)?,
            batch_id: self.batch,
            as_of: now(),
            received_at: now(),
        };
        let held = students::held(&mut self.connection, &[child.key().0])?;
        if !held.is_empty() {
            students::mark(
                &mut self.connection,
                source,
                &[child.key().0],
                "not_reported",
                now(),
            )?;
        }
        Ok(())
    }

    pub(crate) fn link(&mut self) -> Result<Round> {
        Ok(self.linker.run(&mut self.connection, &|| true, &now)?)
    }

    pub(crate) fn person(&mut self, child: &Child<'_>) -> Result<PersonId> {
        let links = store::links::of_students(&mut self.connection, &[child.key().0])?;
        Ok(PersonId::new(links[0].1)?)
    }

    pub(crate) fn questions(&mut self) -> Result<Vec<store::work_items::WorkItem>> {
        Ok(store::work_items::open(
            &mut self.connection,
            "near_match",
            None,
            100,
        )?)
    }
}

/// The same child in California: swapped surname order and an accent more.
pub(crate) fn in_california() -> Child<'static> {
    Child {
        state: "CA",
        id: "77",
        last: "Xicotencatl Barragán",
        ..ANA
    }
}

/// A sister, two years younger.
pub(crate) fn sister() -> Child<'static> {
    Child {
        state: "CA",
        id: "78",
        first: "Yaretzi",
        birth: "2014-09-02",
        ..ANA
    }
}

/// The same girl or a sister: one day, one mother, given names that could be two ways to write one or two names.
pub(crate) fn unclear() -> Child<'static> {
    Child {
        state: "FL",
        id: "5",
        first: "Itzayana",
        ..ANA
    }
}
