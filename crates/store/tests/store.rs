//! The schema and its promises, on a real PostgreSQL.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use mde::part::{Draft, Kind, Part};
use mde::value::ValueContext;
use mde::{CodeSet, Facility, PartKind, PersonId, StateCode, StateStudentId, Student, StudentId};
use store::access::{Access, Actor, Channel, Purpose};
use store::facilities;
use store::jobs::{self, NewJob};
use store::students::{self, Source};
use store::tables::{PART_TABLES, TABLES, TableKind};
use testkit::TestDb;
use uuid::Uuid;

fn database() -> Result<TestDb> {
    TestDb::from_template("store", store::migrate)
}

fn now() -> DateTime<Utc> {
    "2026-04-10T12:00:00.123456Z".parse().expect("an instant")
}

fn state() -> StateCode {
    StateCode::new("TX").expect("a state")
}

fn source(batch_id: i64) -> Source {
    Source {
        state: state(),
        batch_id,
        as_of: now(),
        received_at: now(),
    }
}

/// A value of every field of a part: the first candidate text that its type accepts.
fn full<P: Part>(seed: usize) -> P {
    let candidates = [
        "1004",
        "Female",
        "0828",
        "0503",
        "01",
        "MX",
        "TX",
        "2015-05-06",
        "2025-03",
        "2024",
        "0.33",
        "12.5",
        "Y",
        "ED",
        "MOVED",
        "Chronic",
        "Graduation",
        "INELIGIBLE",
        "NURSE",
        "95206-2591",
        "(502) 555-0181 x2",
        "a@b.org",
        "123456789012",
        "02052",
        "03",
        "Ñandú d'Ávila, \"el\" \\ 9",
    ];
    let mut draft = P::Draft::default();
    for (index, field) in P::FIELDS.iter().enumerate() {
        let texts = match field.kind {
            // Any text will do: one that COPY could trip over.
            Kind::Text
                if ["last_name_1", "title", "name", "subject_area", "vaccine", "city"]
                    .contains(&field.column) =>
            {
                &candidates[25..]
            }
            _ => &candidates[..],
        };
        let context = ValueContext {
            code_set: CodeSet::V2022,
            raw: (seed == 1 && field.kind == Kind::Code).then_some("raw|code"),
        };
        let set = texts.iter().any(|text| draft.set(index, text, context).is_ok());
        assert!(set, "no candidate for {} {}", P::XML, field.column);
    }
    draft
        .finish()
        .unwrap_or_else(|field| panic!("{} lacks {}", P::XML, field.column))
}

fn full_student(id: &str) -> Student {
    let mut student = Student::new(full(1));
    student.identity.state_student_id = StateStudentId::new(id).expect("an id");
    student.alternate_ids = vec![full(0)];
    student.qualifying_moves = vec![full(0), full(1)];
    student.enrollments = vec![full(0), full(1)];
    student.courses = vec![full(0), full(1), full(0)];
    student.assessments = vec![full(1)];
    student.immunizations = vec![full(0)];
    student.alerts = vec![full(0)];
    student.graduation_requirements = vec![full(0)];
    student
}

fn replace(connection: &mut PgConnection, batch: i64, list: &[Student]) -> store::Result<()> {
    let ids: Vec<Uuid> = list.iter().map(|s| s.id(state()).0).collect();
    let held = students::held(connection, &ids)?;
    let rows: Vec<_> = list
        .iter()
        .map(|s| (s.id(state()), s, s.content_hash()))
        .collect();
    students::replace(connection, source(batch), &rows, &held, now())
}

#[test]
fn every_field_of_every_part_comes_back_as_it_was_sent() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let student = full_student("007");
    replace(connection, 1, std::slice::from_ref(&student))?;
    let read = students::read(connection, &[student.id(state()).0])?;
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].1, student);
    assert_eq!(read[0].1.content_hash(), student.content_hash());
    let held = &students::held(connection, &[student.id(state()).0])?[&student.id(state()).0];
    assert_eq!(
        (held.version, held.received_at, held.status.as_str()),
        (1, now(), "live")
    );

    let mut facility: Facility = full(0);
    facility.code = mde::Text::new("F|1")?;
    facilities::replace(connection, source(1), &[&facility])?;
    let found = facilities::of(connection, &[(state(), "F|1".to_owned())])?;
    assert_eq!(found[&(state(), "F|1".to_owned())], facility);
    Ok(())
}

#[test]
fn a_replaced_student_is_whole_and_its_earlier_version_is_kept_whole() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let first = full_student("1");
    replace(connection, 1, std::slice::from_ref(&first))?;
    let mut second = Student::new(first.identity.clone());
    second.enrollments = vec![full(0)];
    replace(connection, 2, std::slice::from_ref(&second))?;
    let id = first.id(state());
    assert_eq!(students::read(connection, &[id.0])?[0].1, second);
    let versions = students::versions(connection, id)?;
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].batch_id, versions[0].version), (1, 1));
    assert_eq!(versions[0].student, first);
    Ok(())
}

#[derive(QueryableByName, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[test]
fn the_catalogue_is_what_the_data_dictionary_says() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let columns: Vec<Column> = sql_query(
        "select table_name::text as table, column_name::text as name, data_type::text as kind, is_nullable = 'YES' as nullable
         from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position",
    )
    .load(connection)?;
    let of = |table: &str| columns.iter().filter(|c| c.table == table).collect::<Vec<_>>();
    for part in PartKind::ALL {
        let table = of(part.name());
        assert!(table.len() <= 32, "{part} is wider than a table may be");
        let skip = if part == PartKind::Facility { 1 } else { 2 };
        for (field, column) in part.fields().iter().zip(&table[skip..]) {
            assert_eq!(
                field.column, column.name,
                "{part}: columns are in the order of the fields"
            );
            let expected = match field.kind {
                Kind::Text | Kind::Code => "text",
                Kind::Date => "date",
                Kind::Int => "integer",
                Kind::Decimal => "numeric",
                Kind::Flag => "boolean",
            };
            assert_eq!(column.kind, expected, "{part}.{}", field.column);
            assert_eq!(column.nullable, !field.required, "{part}.{}", field.column);
        }
    }

    let listed: BTreeSet<&str> = TABLES.iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<&str> = columns
        .iter()
        .map(|c| c.table.as_str())
        .filter(|t| !t.starts_with("__diesel"))
        .collect();
    assert_eq!(
        listed, there,
        "every table is declared as sharded, reference or local"
    );
    for part in PART_TABLES {
        assert!(TABLES.contains(&(part.name(), TableKind::Sharded)));
    }
    Ok(())
}

#[test]
fn keys_of_sharded_tables_hold_the_student_id() -> Result<()> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        definition: String,
    }
    let db = database()?;
    let connection = &mut db.connect()?;
    let keys: Vec<Key> = sql_query(
        "select c.relname::text as table, pg_get_constraintdef(k.oid)::text as definition
         from pg_constraint k join pg_class c on c.oid = k.conrelid
         where k.contype in ('p', 'u') and c.relnamespace = 'public'::regnamespace",
    )
    .load(connection)?;
    for (table, kind) in TABLES {
        let of_table: Vec<&Key> = keys.iter().filter(|k| k.table == *table).collect();
        assert!(!of_table.is_empty(), "{table} has a key");
        if *kind == TableKind::Sharded {
            assert!(
                of_table.iter().all(|k| k.definition.contains("student_id")),
                "{table}"
            );
        }
    }
    let foreign: Vec<Key> = sql_query(
        "select c.relname::text as table, f.relname::text as definition
         from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
         where k.contype = 'f' and c.relnamespace = 'public'::regnamespace",
    )
    .load(connection)?;
    let kind = |table: &str| {
        TABLES
            .iter()
            .find(|(name, _)| *name == table)
            .map(|(_, kind)| *kind)
    };
    for key in foreign {
        let (from, to) = (kind(&key.table), kind(&key.definition));
        assert!(
            from == to || to == Some(TableKind::Reference),
            "{} refers to {}",
            key.table,
            key.definition
        );
    }
    Ok(())
}

/// A change to one student must not cost more the more students there are.
#[test]
fn what_a_student_leaves_behind_is_found_by_an_index() -> Result<()> {
    #[derive(QueryableByName)]
    struct Indexed {
        #[diesel(sql_type = Text)]
        table: String,
    }
    let db = database()?;
    let connection = &mut db.connect()?;
    let indexed: Vec<Indexed> = sql_query(
        "select c.relname::text as table
         from pg_class c join pg_index i on i.indrelid = c.oid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
         where c.relnamespace = 'public'::regnamespace and a.attname = 'student_id'",
    )
    .load(connection)?;
    let parts = PART_TABLES.iter().map(|part| part.name());
    for table in parts.chain(["student", "student_status", "student_name"]) {
        assert!(indexed.iter().any(|found| found.table == table), "{table}");
    }
    Ok(())
}

#[test]
fn migrations_go_up_down_and_up_again() -> Result<()> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let db = TestDb::new()?;
    assert!(!store::migrate(db.url())?.is_empty());
    assert!(
        store::migrate(db.url())?.is_empty(),
        "a second run has nothing to do"
    );
    store::db::revert_all(db.url())?;
    let left: Count = sql_query(
        "select count(*) as n from information_schema.tables where table_schema = 'public' and table_name not like '\\_\\_diesel%'",
    )
    .get_result(&mut db.connect()?)?;
    assert_eq!(left.n, 0, "nothing is left behind");
    store::migrate(db.url())?;
    assert!(store::migrations(&mut db.connect()?)?.is_empty());
    Ok(())
}

fn access() -> Access {
    Access {
        actor: Actor::System {
            state: state(),
            fingerprint: "ab".into(),
        },
        on_behalf_of: Some("registrar@school.example".into()),
        purpose: Purpose::Enroll,
        channel: Channel::Exchange,
        at: now(),
    }
}

fn linked(connection: &mut PgConnection, student: &Student) -> Result<PersonId> {
    let person = store::links::new_persons(connection, 1, now())?[0];
    let change = store::links::LinkChange {
        student_id: student.id(state()).0,
        from: None,
        to: person,
        decided: store::links::Decided::New,
        decided_by: "test".into(),
        evidence: serde_json::json!({}),
    };
    store::links::apply(connection, &[change], now())?;
    Ok(person)
}

#[test]
fn a_read_is_written_down_in_its_own_transaction() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let student = full_student("1");
    replace(connection, 1, std::slice::from_ref(&student))?;
    let person = linked(connection, &student)?;
    let record = store::persons::read(connection, &access(), person, &["enrollments"])?.expect("a person");
    assert_eq!(record.students[0].student, student);
    let written = store::access::disclosures(connection, person, 10)?;
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].actor, "certificate:ab");
    assert_eq!(
        (written[0].purpose.as_str(), written[0].on_behalf_of.as_deref()),
        ("enroll", Some("registrar@school.example"))
    );

    // If it cannot be written, nothing is read.
    sql_query("alter table disclosure rename to disclosure_away").execute(connection)?;
    assert!(store::persons::read(connection, &access(), person, &["enrollments"]).is_err());
    sql_query("alter table disclosure_away rename to disclosure").execute(connection)?;

    let nobody = PersonId::new(100_000_000_000)?;
    assert!(store::persons::read(connection, &access(), nobody, &[])?.is_none());
    assert_eq!(store::access::disclosures(connection, nobody, 10)?.len(), 0);
    Ok(())
}

#[test]
fn a_person_is_read_with_statements_that_are_planned_once() -> Result<()> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let db = database()?;
    let connection = &mut db.connect()?;
    let student = full_student("1");
    replace(connection, 1, std::slice::from_ref(&student))?;
    let person = linked(connection, &student)?;
    // Five times PostgreSQL plans for the given values; then it has seen that it does not pay.
    for _ in 0..8 {
        store::persons::read(connection, &access(), person, &["all"])?.expect("a person");
    }
    let kept: Count = sql_query(
        "select count(*) as n from pg_prepared_statements where generic_plans = 3
         and (statement like '%from person p%' or statement like '%from student t%'
              or statement like '%from requirement_set r%' or statement like '%into disclosure%')",
    )
    .get_result(connection)?;
    assert_eq!(kept.n, 4);
    Ok(())
}

#[test]
fn retired_numbers_resolve_for_ever() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let ids = store::links::new_persons(connection, 3, now())?;
    store::links::retire(connection, ids[0], ids[1], now())?;
    store::links::retire(connection, ids[1], ids[2], now())?;
    for id in &ids {
        assert_eq!(store::links::survivor(connection, *id)?, Some(ids[2]));
    }
    Ok(())
}

#[test]
fn persons_read_together_are_as_each_is_by_itself() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let students = ["1", "2", "3"].map(full_student);
    replace(connection, 1, &students)?;
    let mut persons: Vec<PersonId> = students
        .iter()
        .map(|student| linked(connection, student))
        .collect::<Result<_>>()?;
    let retired = store::links::new_persons(connection, 2, now())?;
    store::links::retire(connection, retired[0], persons[0], now())?;
    store::links::retire(connection, retired[1], persons[1], now())?;
    let nobody = PersonId::new(100_000_000_000)?;

    // The first is asked for by both of its numbers, the second by a retired one alone.
    let asked = [persons[2], retired[1], nobody, retired[0], persons[0], persons[2]];
    let together = store::persons::load_all(connection, &asked)?;
    let read: Vec<(PersonId, Option<PersonId>)> = together
        .iter()
        .map(|person| (person.person_id, person.asked_as))
        .collect();
    let mut expected = [
        (persons[0], None),
        (persons[1], Some(retired[1])),
        (persons[2], None),
    ];
    expected.sort_by_key(|(person, _)| person.number());
    assert_eq!(read, expected, "each once, by its number");
    persons.sort_by_key(|person| person.number());
    for (record, person) in together.into_iter().zip(persons) {
        let alone = store::persons::load(connection, record.asked_as.unwrap_or(person))?;
        assert_eq!(
            Some(format!("{record:?}")),
            alone.map(|alone| format!("{alone:?}"))
        );
    }
    assert!(store::persons::load_all(connection, &[nobody])?.is_empty());
    assert!(store::persons::load_all(connection, &[])?.is_empty());
    Ok(())
}

fn job<'a>(name: &'a str, key: Option<&str>, priority: i16) -> NewJob<'a> {
    NewJob {
        name,
        payload: serde_json::json!({}),
        priority,
        deduplicate: key.map(str::to_owned),
    }
}

#[test]
fn jobs_are_claimed_once_in_order_and_again_when_the_lease_ends() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    for (name, priority) in [("a", 0), ("b", 5), ("a", 0)] {
        jobs::enqueue(connection, &job(name, None, priority), now())?;
    }
    let token = Uuid::now_v7();
    let first = jobs::claim(connection, &["a", "b"], token, now())?.expect("a job");
    assert_eq!(first.name, "b", "the more urgent one");
    let second = jobs::claim(connection, &["a", "b"], token, now())?.expect("a job");
    let third = jobs::claim(connection, &["a", "b"], token, now())?.expect("a job");
    assert!(second.job_id < third.job_id);
    assert!(jobs::claim(connection, &["a", "b"], token, now())?.is_none());

    // A process that says nothing any more has lost its lease; one that does has not.
    let later = now() + jobs::LEASE - TimeDelta::seconds(1);
    assert!(jobs::renew(connection, &second, later)?);
    let after = now() + jobs::LEASE + TimeDelta::seconds(1);
    let again =
        jobs::claim(connection, &["b"], Uuid::now_v7(), after)?.expect("the lease of the first has ended");
    assert_eq!((again.job_id, again.attempts), (first.job_id, 2));
    assert!(
        !jobs::renew(connection, &first, after)?,
        "the first holder is told that it was lost"
    );
    jobs::finish(connection, &first)?;
    assert!(
        jobs::depths(connection)?.iter().any(|d| d.name == "b"),
        "and cannot finish what is no longer its own"
    );
    jobs::finish(connection, &again)?;
    assert!(!jobs::depths(connection)?.iter().any(|d| d.name == "b"));
    Ok(())
}

#[test]
fn a_job_that_keeps_failing_is_kept_with_its_reason() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    jobs::enqueue(connection, &job("a", Some("k"), 0), now())?;
    jobs::enqueue(connection, &job("a", Some("k"), 0), now())?;
    let mut at = now();
    for attempt in 1..=jobs::MAX_ATTEMPTS {
        let held = jobs::claim(connection, &["a"], Uuid::now_v7(), at)?.expect("a job");
        assert_eq!(held.attempts, attempt);
        let dead = jobs::fail(connection, &held, "the disk is on fire", at)?;
        assert_eq!(dead, attempt == jobs::MAX_ATTEMPTS);
        if !dead {
            assert!(
                jobs::claim(connection, &["a"], Uuid::now_v7(), at)?.is_none(),
                "it waits; the second was never added"
            );
        }
        at += TimeDelta::minutes(10);
    }
    let dead = jobs::dead(connection)?;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("the disk is on fire"));
    Ok(())
}

#[test]
fn two_workers_never_get_the_same_job() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    for _ in 0..100 {
        jobs::enqueue(connection, &job("a", None, 0), now())?;
    }
    let claimed: Vec<i64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = db.connect().unwrap();
                    let mut mine = Vec::new();
                    while let Some(job) = jobs::claim(&mut connection, &["a"], Uuid::now_v7(), now()).unwrap()
                    {
                        mine.push(job.job_id);
                    }
                    mine
                })
            })
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert_eq!(claimed.len(), 100);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 100);
    Ok(())
}

#[test]
fn a_search_finds_either_surname_and_swapped_days_and_writes_down_who_was_shown() -> Result<()> {
    let db = database()?;
    let connection = &mut db.connect()?;
    let mut student = full_student("1");
    student.identity.last_name_1 = mde::Text::new("Peña")?;
    student.identity.last_name_2 = Some(mde::Text::new("de la Cruz")?);
    student.identity.birth_date = Some(mde::Date::new("2012-03-04".parse()?)?);
    replace(connection, 1, std::slice::from_ref(&student))?;
    let person = linked(connection, &student)?;
    let search =
        |connection: &mut PgConnection, names: &str, date: Option<&str>, year, of: Option<StateCode>| {
            let query = store::search::Query {
                names: names.into(),
                birth_date: date.map(|d| d.parse().unwrap()),
                birth_year: year,
                state: of,
            };
            let hits = store::search::search(connection, &access(), &query, &[], |c| {
                c.into_iter()
                    .map(|c| (c.student_id, (c.student_id, c.person_id)))
                    .collect()
            })?;
            let identities = hits.iter().map(|(_, identity)| &identity.state_student_id);
            assert!(identities.eq(hits.iter().map(|_| &student.identity.state_student_id)));
            Ok::<_, store::Error>(hits.into_iter().map(|(found, _)| found).collect::<Vec<_>>())
        };
    let other = StateCode::all().find(|of| *of != state()).unwrap();
    for (names, date, year) in [
        ("pena", Some("2012-03-04"), None),
        ("CRUZ", Some("2012-04-03"), None),
        ("peña cruz", None, Some(2012)),
        ("somebody else", Some("2012-03-04"), None),
    ] {
        let hits = search(connection, names, date, year, None)?;
        assert_eq!(search(connection, names, date, year, Some(state()))?, hits);
        assert!(search(connection, names, date, year, Some(other))?.is_empty());
        assert_eq!(hits, [(student.id(state()), Some(person))], "{names} {date:?}");
    }
    assert!(search(connection, "pena", None, Some(1999), None)?.is_empty());
    assert!(search(connection, "somebody else", None, Some(2012), None)?.is_empty());
    assert_eq!(
        store::access::disclosures(connection, person, 10)?.len(),
        8,
        "each search that showed the child"
    );
    Ok(())
}

#[test]
fn no_connection_is_an_answer_that_says_to_try_again() {
    let pool = store::pool(
        "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1",
        1,
        std::time::Duration::from_secs(1),
    );
    let error = store::connection(&pool).map(drop).unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(PgConnection::establish("postgresql://nobody@127.0.0.1:1/none").is_err());
}

#[test]
fn a_connection_that_broke_is_told_from_a_wrong_schema() -> Result<()> {
    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let db = database()?;
    let mut broken = db.connect()?;
    let backend: Backend = sql_query("select pg_backend_pid() as pid").get_result(&mut broken)?;
    sql_query("select pg_terminate_backend($1, 5000)")
        .bind::<diesel::sql_types::Integer, _>(backend.pid)
        .execute(&mut db.connect()?)?;
    let error = store::migrations(&mut broken).unwrap_err();
    assert!(error.is_transient(), "{error}");
    Ok(())
}

#[test]
fn a_state_number_is_the_first_part_of_every_key() {
    let id = StudentId::of(state(), &StateStudentId::new("1").expect("an id"));
    assert_eq!(id.state_number(), state().number());
}

#[test]
fn completeness_looks_only_where_an_element_applies() -> Result<()> {
    use mde::code::{EnrollmentType, Grade};
    use mde::completeness::{EXPECTED, EXPECTED_PARTS, Phase, Whom};
    let db = database()?;
    let connection = &mut db.connect()?;
    let whole = full_student("whole");
    let mut young = full_student("young");
    young.courses.clear();
    young.immunizations.clear();
    young.identity.birth_city = None;
    young.enrollments.truncate(1);
    let stay = &mut young.enrollments[0];
    (stay.grade, stay.enrollment_type) = (Some(Grade::G1), Some(EnrollmentType::ResidencyOnly));
    (stay.facility_code, stay.english_learner) = (None, None);
    (stay.withdrawal_date, stay.exit_reason, stay.algebra_1) = (None, None, None);
    let mut older = full_student("older");
    older.courses.clear();
    older.enrollments.truncate(1);
    older.enrollments[0].grade = Some(Grade::G10);
    older.enrollments[0].algebra_1 = None;
    replace(connection, 1, &[whole, young, older])?;

    let shares = store::completeness::of_state(connection, state())?;
    assert_eq!(shares.len(), EXPECTED.len() + EXPECTED_PARTS.len());
    let of = |part: PartKind, column: &str| {
        let found = shares
            .iter()
            .find(|s| s.part == part && s.element.map_or("", |e| e.column) == column);
        let found = found.unwrap();
        (found.of, found.recorded)
    };
    assert_eq!(of(PartKind::Student, "birth_city"), (3, 2));
    assert_eq!(of(PartKind::Immunization, ""), (3, 2), "each child");
    let secondary = shares
        .iter()
        .find(|s| s.part == PartKind::Course && s.element.is_none());
    let secondary = secondary.unwrap();
    assert_eq!((secondary.whom, secondary.phase), (Whom::Secondary, Phase::Three));
    let (of_all, stays) = (
        of(PartKind::Enrollment, "enrollment_type"),
        of(PartKind::Enrollment, "facility_code"),
    );
    assert_eq!(of_all.0 - stays.0, 1, "residency only has no school");
    assert_eq!(stays.0, stays.1, "and so misses none");
    let (left, algebra) = (
        of(PartKind::Enrollment, "exit_reason"),
        of(PartKind::Enrollment, "algebra_1"),
    );
    assert!(
        left.0 < of_all.0 && left.0 == left.1,
        "who has not left has no reason: {left:?}"
    );
    assert_eq!(
        algebra.0 - algebra.1,
        1,
        "of the child in grade 10, not of the one in grade 1"
    );
    let (done, under_way) = (
        of(PartKind::Course, "credits"),
        of(PartKind::Course, "clock_hours"),
    );
    assert_eq!(
        done.0 + under_way.0,
        of(PartKind::Course, "term_type").0,
        "a course is finished or not"
    );
    let elsewhere = store::completeness::of_state(connection, StateCode::new("OR")?)?;
    assert!(elsewhere.iter().all(|s| (s.of, s.recorded) == (0, 0)));
    Ok(())
}

#[test]
fn a_state_says_how_far_it_has_come_and_that_is_kept() -> Result<()> {
    use mde::completeness::Phase;
    let db = database()?;
    let connection = &mut db.connect()?;
    store::participants::register(connection, state(), now())?;
    assert_eq!(
        store::completeness::phase(connection, state())?,
        Phase::Three,
        "all, unless it says otherwise"
    );
    store::completeness::say_phase(connection, state(), Phase::One, "somebody", now())?;
    assert_eq!(store::completeness::phase(connection, state())?, Phase::One);
    let events =
        sql_query("select from audit_event where action = 'completeness.phase' and actor = 'somebody'")
            .execute(connection)?;
    assert_eq!(events, 1);
    Ok(())
}
