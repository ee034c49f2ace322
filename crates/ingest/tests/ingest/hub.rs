//! A hub without listeners, and uploads to send it.

use std::io::Write as _;

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use ingest::{Call, Profiles, Receipt, ReceiveError, Spool};
use mde::{StateCode, StateStudentId, StudentId};
use store::Pool;
use store::batches::Batch;
use testkit::TestDb;

pub(crate) struct Hub {
    _db: TestDb,
    pub(crate) pool: Pool,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) spool: Spool,
    pub(crate) profiles: Profiles,
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn now() -> DateTime<Utc> {
    instant("2026-04-10T00:00:00Z")
}

impl Hub {
    pub(crate) fn new() -> Result<Self> {
        let db = TestDb::from_template("store", store::migrate)?;
        let pool = store::pool(db.url(), 4, std::time::Duration::from_mins(1));
        let folder = tempfile::tempdir()?;
        let spool = Spool::open(folder.path().join("spool"))?;
        store::participants::register(&mut *store::connection(&pool)?, state(), now())?;
        Ok(Self {
            _db: db,
            pool,
            folder,
            spool,
            profiles: Profiles::shipped(),
        })
    }

    pub(crate) fn receive(&self, content: &[u8]) -> Result<Receipt, ReceiveError> {
        self.receive_within(content, formats::Limits::default())
    }

    pub(crate) fn receive_within(
        &self,
        content: &[u8],
        limits: formats::Limits,
    ) -> Result<Receipt, ReceiveError> {
        let mut writer = self.spool.begin()?;
        writer.write_all(content)?;
        let call = Call {
            state: state(),
            kind: None,
            profile: None,
            as_of: None,
            file_name: None,
            received_from: "test".into(),
        };
        let spooled = writer.finish()?;
        let connection = &mut *store::connection(&self.pool)?;
        ingest::receive(
            connection,
            &self.spool,
            &self.profiles,
            spooled,
            &call,
            limits,
            now(),
        )
    }

    pub(crate) fn run(&self, batch_id: i64, alive: &dyn Fn() -> bool) -> Result<Batch, ingest::IngestError> {
        let limits = formats::Limits::default();
        ingest::run(
            &self.pool,
            &self.spool,
            &self.profiles,
            limits,
            batch_id,
            alive,
            &now,
        )
        .map(Option::unwrap)
    }

    pub(crate) fn load(&self, content: &str) -> Result<Batch> {
        let receipt = self.receive(content.as_bytes())?;
        assert!(receipt.new, "a new batch");
        Ok(self.run(receipt.batch.batch_id, &|| true)?)
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let row: Number = sql_query(sql)
            .get_result(&mut *store::connection(&self.pool).unwrap())
            .unwrap();
        row.n
    }

    pub(crate) fn status(&self, id: &str) -> String {
        let id = StudentId::of(state(), &StateStudentId::new(id).unwrap());
        let held = store::students::held(&mut store::connection(&self.pool).unwrap(), &[id.0]).unwrap();
        held.get(&id.0).map_or("unknown".into(), |h| h.status.clone())
    }

    pub(crate) fn student(&self, id: &str) -> mde::Student {
        let id = StudentId::of(state(), &StateStudentId::new(id).unwrap());
        store::students::read(&mut store::connection(&self.pool).unwrap(), &[id.0])
            .unwrap()
            .pop()
            .unwrap()
            .1
    }
}

pub(crate) fn state() -> StateCode {
    StateCode::new("TX").unwrap()
}

pub(crate) fn student(id: &str, first: &str, rest: &str) -> String {
    format!(
        "<Student action=\"insert\"><StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber>\
         <LastName1>Peña</LastName1><FirstName>{first}</FirstName><BirthDate>2012-05-06</BirthDate>{rest}</Student>"
    )
}

pub(crate) fn delete(id: &str) -> String {
    format!(
        "<Student action=\"delete\"><StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber></Student>"
    )
}

pub(crate) const ENROLLMENT: &str = "<Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate>\
     <GradeLevel>07</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>";

pub(crate) fn upload(kind: &str, as_of: &str, students: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\
         <Header><SubmittingState>TX</SubmittingState><AsOf>{as_of}</AsOf><Kind>{kind}</Kind></Header>\
         <Facilities><Facility><FacilityCode>F1</FacilityCode><SchoolName>One</SchoolName></Facility></Facilities>\
         <Students>{students}</Students></MariposaUpload>"
    )
}

pub(crate) fn many(range: std::ops::Range<u32>, first: &str) -> String {
    range
        .map(|i| student(&i.to_string(), first, ENROLLMENT))
        .collect()
}
