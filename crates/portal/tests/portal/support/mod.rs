//! A small made-up nation in a database of its own: states, uploads, links, near matches, notices, accounts.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{Connection as _, PgConnection};
use linking::Model;
use linking::driver::Linker;
use mde::{Facility, Finding, FindingCode, PersonId, StateCode, Student};
use notices::referrals::{Enrolled, Referred};
use serde_json::{Value, json};
use simulate::{Config, Nation};
use store::accounts::{Grant, Role};
use store::batches::{NewBatch, ReadCounts};
use store::{accounts, batches, links, participants, students};
use testkit::TestDb;

/// The password of every account.
pub(crate) const PASSWORD: &str = "maple ginger orbit";

/// The present of the made-up nation.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-04-02T15:04:00Z".parse().expect("a time")
}

/// A database with the nation.
pub(crate) fn nation() -> Result<TestDb> {
    filled("portal-nation", fill)
}

/// A database of what `fill` writes, which is done once per server.
pub(crate) fn filled(key: &str, fill: impl FnOnce(&mut PgConnection) -> Result<()>) -> Result<TestDb> {
    TestDb::from_template(key, |url| {
        store::migrate(url)?;
        fill(&mut PgConnection::establish(url)?)
    })
}

/// Writes the nation.
pub(crate) fn fill(c: &mut PgConnection) -> Result<()> {
    people(c)?;
    for (state, as_of, list) in [
        ("TX", "2026-01-30T02:00:00Z", texas(false)),
        ("TX", "2026-03-31T02:00:00Z", texas(true)),
        ("MI", "2025-11-15T04:00:00Z", michigan()),
        ("FL", "2026-03-29T03:00:00Z", florida()),
        ("GA", "2026-03-30T03:00:00Z", georgia()),
    ] {
        load(c, state, as_of.parse()?, list)?;
    }
    held(c)?;
    link(c)
}

/// Loads the first night of a larger made-up nation.
pub(crate) fn simulated(c: &mut PgConnection, students: usize) -> Result<()> {
    let config = Config {
        students,
        nights: 1,
        ..Config::default()
    };
    let nation = Nation::new(config)?;
    let night = nation.nights().next().context("a night")?;
    for state in nation.config().states.clone() {
        let students: Vec<Student> = nation.submissions(state, night).map(|s| s.student).collect();
        whole(c, state, &students, &nation.facilities(state))?;
    }
    Ok(())
}

/// Loads students and schools of a state as of the end of March.
pub(crate) fn whole(
    c: &mut PgConnection,
    state: StateCode,
    students: &[Student],
    facilities: &[Facility],
) -> Result<()> {
    let list = students
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()?;
    let as_of = "2026-03-31T02:00:00Z".parse()?;
    let batch_id = load(c, state.as_str(), as_of, list)?;
    let source = students::Source {
        state,
        batch_id,
        as_of,
        received_at: as_of,
    };
    let facilities: Vec<&Facility> = facilities.iter().collect();
    store::facilities::replace(c, source, &facilities)?;
    Ok(())
}

/// Registers a state and loads students as an upload of it would.
pub(crate) fn load(c: &mut PgConnection, state: &str, as_of: DateTime<Utc>, list: Vec<Value>) -> Result<i64> {
    let state = StateCode::new(state)?;
    participants::register(c, state, as_of)?;
    let received_at = as_of + TimeDelta::minutes(7);
    let id = batch(c, state, as_of, "received")?;
    let students: Vec<Student> = list
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()?;
    let rows: Vec<_> = students
        .iter()
        .map(|s| (s.id(state), s, s.content_hash()))
        .collect();
    let keys: Vec<_> = rows.iter().map(|(id, ..)| id.0).collect();
    let earlier = students::held(c, &keys)?;
    let source = students::Source {
        state,
        batch_id: id,
        as_of,
        received_at,
    };
    store::db::write(c, |c| students::replace(c, source, &rows, &earlier, received_at))?;
    let counts = batches::Counts {
        students_inserted: (rows.len() - earlier.len()) as i64,
        students_updated: earlier.len() as i64,
        ..batches::Counts::default()
    };
    batches::advance(c, id, &counts)?;
    let findings = [
        Finding::new(FindingCode::NoBirthDate, "the student has no birth date")
            .of_student("T-88812")
            .of_element("9")
            .at_line(42),
        Finding::new(
            FindingCode::UnknownVaccine,
            "the vaccine <b>LATEX</b> is not in the CVX table",
        )
        .of_student("T-10442")
        .of_element("30")
        .received("LATEX <script>")
        .at_line(77),
    ];
    let read = ReadCounts {
        rows_read: 40,
        students_read: rows.len() as i64,
        findings_errors: 0,
        findings_warnings: 2,
        ..ReadCounts::default()
    };
    batches::set_read(c, id, &read, 0, &findings)?;
    batches::set_status(c, id, "loaded", None, received_at)?;
    Ok(id)
}

fn batch(c: &mut PgConnection, state: StateCode, as_of: DateTime<Utc>, status: &str) -> Result<i64> {
    let at = as_of + TimeDelta::minutes(7);
    let new = NewBatch {
        state: state.to_string(),
        kind: "full".into(),
        profile: "native".into(),
        as_of,
        content_sha256: format!("{state}{as_of}").into_bytes(),
        spool_name: format!("{state}-{}", as_of.timestamp()),
        file_name: Some(format!("{state}-nightly.xml.gz")),
        size_bytes: 48_213,
        received_at: at,
        received_from: "certificate".into(),
        status: status.into(),
        status_at: at,
    };
    Ok(batches::receive(c, &new)?.0.batch_id)
}

/// A batch of Texas that waits for somebody's word.
fn held(c: &mut PgConnection) -> Result<()> {
    let as_of = now() - TimeDelta::hours(12);
    let id = batch(c, StateCode::new("TX")?, as_of, "received")?;
    let problem = json!({ "message": "This upload would mark 38 % of the students as no longer reported." });
    Ok(batches::set_status(c, id, "held", Some(&problem), as_of)?)
}

/// Runs the linker and what follows from it.
pub(crate) fn link(c: &mut PgConnection) -> Result<()> {
    Linker::open(c, Model::default_fixed())?.run(c, &|| true, &now)?;
    let mut persons: Vec<i64> = links::all(c)?.into_iter().map(|(_, person)| person).collect();
    persons.sort_unstable();
    persons.dedup();
    let persons: Vec<PersonId> = persons.into_iter().map(PersonId::new).collect::<Result<_, _>>()?;
    notices::handle_changed(c, &persons, now())?;
    notices::Keeper::open(c, notices::Limits::default(), now())?.settle(c, &persons, now())?;
    records::roster::refresh(c, &persons, now())?;
    Ok(())
}

/// Adds an account with these roles.
pub(crate) fn account(
    c: &mut PgConnection,
    email: &str,
    name: &str,
    roles: &[(Role, Option<&str>)],
) -> Result<i64> {
    let hash = portal::password::hash(PASSWORD, &[3; 16])?;
    let id = accounts::add(c, email, name, &hash, now())?.context("the address is taken")?;
    for (role, state) in roles {
        let state = state.map(StateCode::new).transpose()?;
        accounts::grant(
            c,
            id,
            &Grant {
                role: *role,
                state,
                region: None,
                district: None,
            },
            now(),
        )?;
    }
    Ok(id)
}

/// Accounts of every role.
pub(crate) fn people(c: &mut PgConnection) -> Result<()> {
    account(
        c,
        "counselor@mission.example",
        "Carla Counselor",
        &[(Role::SecondaryUser, Some("TX"))],
    )?;
    account(
        c,
        "recruiter@mission.example",
        "Rita Recruiter",
        &[(Role::PrimaryUser, Some("TX"))],
    )?;
    account(
        c,
        "admin@tea.example",
        "Alma Administrator",
        &[(Role::DataAdministrator, Some("TX"))],
    )?;
    account(
        c,
        "admin@ga.example",
        "Gus Georgia",
        &[(Role::DataAdministrator, Some("GA"))],
    )?;
    account(
        c,
        "upload@tea.example",
        "Ulf Uploader",
        &[(Role::BatchSubmitter, Some("TX"))],
    )?;
    account(
        c,
        "users@tea.example",
        "Una Useradmin",
        &[(Role::UserAdministrator, Some("TX"))],
    )?;
    account(c, "arbiter@ed.example", "Ari Arbiter", &[(Role::Arbiter, None)])?;
    let both = [
        (Role::SecondaryUser, Some("TX")),
        (Role::DataAdministrator, Some("MI")),
    ];
    account(c, "both@example.example", "Bo Both", &both)?;
    account(c, "nobody@example.example", "Nora Norole", &[])?;
    Ok(())
}

/// The person that a student belongs to.
pub(crate) fn person_of(c: &mut PgConnection, state: &str, id: &str) -> Result<PersonId> {
    let key = mde::StudentId::of(StateCode::new(state)?, &mde::StateStudentId::new(id)?);
    let found: HashMap<_, _> = links::of_students(c, &[key.0])?.into_iter().collect();
    Ok(PersonId::new(*found.get(&key.0).context("not linked")?)?)
}

/// Refers a child of Texas's schools, under this number of the state, who may be these persons.
pub(crate) fn referred(
    c: &mut PgConnection,
    id: &str,
    district: Option<&str>,
    candidates: &[(PersonId, f32)],
    at: DateTime<Utc>,
) -> Result<i64> {
    let id = mde::StateStudentId::new(id)?;
    let enrolled = Enrolled {
        state_student_id: &id,
        facility_code: None,
        school: district.map(|_| "Castro Elementary".to_owned()),
        district: district.map(ToOwned::to_owned),
        known: false,
        candidates: candidates.to_vec(),
    };
    let by = "certificate:abab for registrar-4";
    let done = notices::referrals::refer(c, StateCode::new("TX")?, by, &[enrolled], at)?;
    match done.first() {
        Some(Referred::As { referral, .. }) => Ok(referral.referral_id),
        other => anyhow::bail!("{other:?}"),
    }
}

/// All persons with students, in the order of their numbers.
pub(crate) fn persons(c: &mut PgConnection) -> Result<Vec<PersonId>> {
    let numbers: std::collections::BTreeSet<i64> =
        links::all(c)?.into_iter().map(|(_, person)| person).collect();
    Ok(numbers.into_iter().map(PersonId::new).collect::<Result<_, _>>()?)
}

/// A pool as the hub would give the portal.
pub(crate) fn pool(url: &str) -> store::Pool {
    store::db::pool(url, 4, Duration::from_secs(10))
}

fn texas(later: bool) -> Vec<Value> {
    let mut enrollments = vec![
        json!({"facility_code": "108912-101", "school_or_project_name": "Rio Vista Elementary", "enrollment_date": "2019-08-19", "withdrawal_date": "2020-05-22", "grade": "02", "enrollment_type": "01", "district_of_residence": "Mission CISD"}),
        json!({"facility_code": "108912-101", "school_or_project_name": "Rio Vista Elementary", "enrollment_date": "2020-11-02", "withdrawal_date": "2022-05-27", "grade": "04", "enrollment_type": "01"}),
        json!({"facility_code": "108912-044", "school_or_project_name": "Alton Memorial Junior High", "enrollment_date": "2023-10-23", "withdrawal_date": "2024-05-24", "grade": "06", "enrollment_type": "01", "english_learner": true}),
        json!({"facility_code": "108912-001", "school_or_project_name": "Mission High School", "enrollment_date": "2025-08-18", "grade": "09", "enrollment_type": "01", "priority_for_services": true, "english_learner": true, "graduation_school": true}),
    ];
    if !later {
        enrollments.pop();
    }
    vec![
        json!({
            "identity": {
                "state_student_id": "T-10442", "last_name_1": "Reyes", "last_name_2": "Garza", "first_name": "Ana", "middle_name": "María",
                "gender": "Female", "birth_date": "2011-04-23", "birth_verification": "1004", "birth_city": "Mission", "birth_state": "TX", "birth_country": "US",
                "multiple_birth": false, "parent1_last_name": "Reyes Cantú", "parent1_first_name": "Luis Alberto", "parent2_last_name": "Garza Treviño", "parent2_first_name": "Rosa"
            },
            "alternate_ids": [{"identifier": "5512008841", "identifier_type": null}],
            "qualifying_moves": [
                {"qualifying_arrival_date": "2023-10-20", "from_city": "Traverse City", "from_state": "MI", "from_country": "US", "to_city": "Mission", "to_state": "TX", "residency_date": "2023-10-20", "certificate_number": "COE-88213", "certificate_approval_date": "2023-11-14"},
                {"qualifying_arrival_date": "2025-08-11", "from_city": "Hart", "from_state": "MI", "to_city": "Mission", "to_state": "TX", "residency_date": "2025-08-11", "certificate_number": "COE-99120", "certificate_approval_date": "2025-09-02"}
            ],
            "enrollments": enrollments,
            "courses": [
                {"facility_code": "108912-001", "title": "Algebra 1", "subject_area": "Mathematics", "begin_academic_year": 2025, "end_academic_year": 2026, "final_grade": "88", "credits": "1.0"},
                {"facility_code": "108912-001", "title": "English 1", "subject_area": "English", "begin_academic_year": 2025, "end_academic_year": 2026, "grade_to_date": "81", "clock_hours": "96"},
                {"facility_code": "108912-001", "title": "Biology", "subject_area": "Science", "begin_academic_year": 2025, "end_academic_year": 2026}
            ],
            "assessments": [{"name": "STAAR Grade 8 Reading", "content": "Reading", "month": "2025-04", "result": "1684", "interpretation": "Approaches grade level"}],
            "immunizations": [
                {"vaccine": "DTaP", "cvx": "20", "date": "2011-06-25"}, {"vaccine": "DTaP", "cvx": "20", "date": "2011-08-30"},
                {"vaccine": "MMR", "cvx": "03", "date": "2012-04-27"}, {"vaccine": "Hep B", "cvx": "08"}
            ],
            "alerts": [{"kind": "MED", "contact_name": "Nurse of Mission High School", "contact_phone": "956-555-0143"}],
            "graduation_requirements": [{"state": "TX", "subject_area": "Mathematics", "units": "4.0"}, {"state": "TX", "subject_area": "English", "units": "4.0"}]
        }),
        json!({"identity": {"state_student_id": "T-20871", "last_name_1": "Hernández", "last_name_2": "López", "first_name": "José", "middle_name": "Luis", "gender": "Male", "birth_date": "2013-09-12", "birth_city": "Laredo", "birth_state": "TX", "birth_country": "US", "parent1_last_name": "Hernández", "parent1_first_name": "Pedro", "parent2_last_name": "López", "parent2_first_name": "Marta"},
            "enrollments": [{"school_or_project_name": "Bryan Elementary", "enrollment_date": "2024-08-19", "withdrawal_date": "2025-02-28", "grade": "05"}]}),
        json!({"identity": {"state_student_id": "T-66613", "last_name_1": "O’Hara", "first_name": "Mia <script>alert(1)</script>", "gender": "Female", "birth_date": "2015-02-03"}}),
    ]
}

fn michigan() -> Vec<Value> {
    vec![json!({
        "identity": {"state_student_id": "MI00093321", "last_name_1": "Reyes", "first_name": "Ana", "gender": "Female", "birth_date": "2011-04-23", "birth_city": "Mission", "birth_state": "TX", "birth_country": "US", "parent1_last_name": "Reyes", "parent1_first_name": "Luis", "parent2_last_name": "Garza", "parent2_first_name": "Rosa"},
        "qualifying_moves": [
            {"qualifying_arrival_date": "2022-06-04", "from_city": "Mission", "from_state": "TX", "to_city": "Traverse City", "to_state": "MI", "residency_date": "2022-06-04"},
            {"qualifying_arrival_date": "2025-06-02", "from_city": "Mission", "from_state": "TX", "to_city": "Hart", "to_state": "MI", "residency_date": "2025-06-02"}
        ],
        "enrollments": [
            {"school_or_project_name": "Traverse City Summer MEP", "enrollment_date": "2022-06-13", "withdrawal_date": "2022-08-05", "grade": "05"},
            {"school_or_project_name": "Central Grade School", "enrollment_date": "2022-08-29", "withdrawal_date": "2023-10-13", "grade": "06"},
            {"school_or_project_name": "Oceana Summer MEP", "enrollment_date": "2025-06-09", "withdrawal_date": "2025-08-01", "grade": "09"}
        ],
        "immunizations": [{"vaccine": "MMR", "cvx": "03", "date": "2012-04-27"}, {"vaccine": "DTaP", "cvx": "20", "date": "2011-08-31"}, {"vaccine": "Tdap", "cvx": "115", "date": "2022-08-24"}],
        "courses": [{"title": "Integrated Math 1", "subject_area": "Mathematics", "begin_academic_year": 2025, "end_academic_year": 2025, "grade_to_date": "B", "clock_hours": "40"}]
    })]
}

fn florida() -> Vec<Value> {
    vec![json!({
        "identity": {"state_student_id": "FL-553019", "last_name_1": "Reyes Garza", "first_name": "Ana", "middle_name": "M", "gender": "Female", "birth_date": "2011-04-03", "birth_city": "Mission", "birth_state": "TX", "birth_country": "US", "parent1_last_name": "Reyes Cantu", "parent1_first_name": "Luis", "parent2_last_name": "Garza", "parent2_first_name": "Rosa"},
        "qualifying_moves": [{"qualifying_arrival_date": "2024-11-10", "from_city": "Mission", "from_state": "TX", "to_city": "Immokalee", "to_state": "FL", "residency_date": "2024-11-10"}],
        "enrollments": [{"school_or_project_name": "Immokalee Middle School", "enrollment_date": "2024-11-14", "withdrawal_date": "2025-05-23", "grade": "08", "exit_reason": null}],
        "assessments": [{"name": "FAST Mathematics", "content": "Mathematics", "month": "2025-05", "result": "241"}]
    })]
}

fn georgia() -> Vec<Value> {
    vec![
        json!({"identity": {"state_student_id": "GA7781", "last_name_1": "Hernandez", "first_name": "Jose", "gender": "Male", "birth_date": "2013-09-21", "birth_country": "US", "parent2_last_name": "Lopez", "parent2_first_name": "Marta"},
            "enrollments": [{"school_or_project_name": "Tifton Elementary", "enrollment_date": "2025-03-10", "grade": "05"}],
            "qualifying_moves": [{"qualifying_arrival_date": "2026-03-05", "from_city": "Laredo", "from_state": "TX", "to_city": "Tifton", "to_state": "GA"}]}),
        json!({"identity": {"state_student_id": "GA9002", "last_name_1": "Reyes", "last_name_2": "Garza", "first_name": "Ana", "middle_name": "Maria", "gender": "Female", "birth_date": "2011-04-23", "parent2_last_name": "Garza", "parent2_first_name": "Rosa", "parent1_last_name": "Reyes", "parent1_first_name": "Luis"},
            "enrollments": [{"school_or_project_name": "Tift County High School", "enrollment_date": "2026-03-16", "grade": "09"}]}),
    ]
}
