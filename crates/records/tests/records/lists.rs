//! Lists of a district and reconciliation with a state's own list, on a real PostgreSQL.

use diesel::PgConnection;
use mde::{Facility, StateCode, Student};
use records::counts::Period;
use records::own_list::ListError;
use records::qa::{self, OwnFile, Wanted};
use records::reconciliation::{self, Error, OfState, Scope};
use serde_json::{Value, json};
use store::reconciliations::{self, Decision, Difference};
use store::students::Source;
use store::work_items;
use testkit::TestDb;

use crate::frozen::{access, at, load};
use crate::made_up::day;

fn kentucky() -> StateCode {
    StateCode::new("KY").unwrap()
}

fn student(id: &str, last: &str, first: &str, birth: &str, arrived: &str, enrollment: Value) -> Student {
    let mut enrollment = enrollment;
    enrollment["enrollment_date"] = json!("2025-09-05");
    enrollment["enrollment_type"] = json!("01");
    serde_json::from_value(json!({
        "identity": {"state_student_id": id, "last_name_1": last, "first_name": first, "birth_date": birth},
        "qualifying_moves": [{"qualifying_arrival_date": arrived}],
        "enrollments": [enrollment],
        "assessments": [
            {"name": "KSA", "content": "Mathematics", "month": "2024-05", "result": "410"},
            {"name": "KSA", "content": "Mathematics", "month": "2025-05", "result": "455", "interpretation": "Proficient"}
        ]
    }))
    .unwrap()
}

/// Six children of Kentucky: two at a school of Fayette, one out of school, one at preschool, one whose eligibility is
/// over, and one of another district.
fn loaded(connection: &mut PgConnection) {
    let now = at("2025-10-01T00:00:00Z");
    store::participants::register(connection, kentucky(), now).unwrap();
    let school: Facility = serde_json::from_value(
        json!({"code": "F1", "name": "Bryan Station High", "district": "Fayette County"}),
    )
    .unwrap();
    let source = Source {
        state: kentucky(),
        batch_id: 1,
        as_of: now,
        received_at: now,
    };
    store::facilities::replace(connection, source, &[&school]).unwrap();
    let here = |grade: &str| json!({"facility_code": "F1", "grade": grade, "english_learner": true});
    let elsewhere = json!({"district_of_residence": "Daviess County", "grade": "07"});
    let students = [
        student("KY-1", "Peña", "Itzel", "2010-02-01", "2024-08-10", here("10")),
        student("KY-2", "Solorio", "Wendy", "2009-03-04", "2025-08-10", here("11")),
        student("KY-3", "Ochoa", "Saúl", "2007-05-06", "2025-08-10", here("00")),
        student("KY-4", "Ochoa", "Lía", "2021-05-06", "2025-08-10", here("PS")),
        student("KY-5", "Vega", "Iris", "2010-02-01", "2022-09-20", here("09")),
        student("KY-6", "Mora", "Noé", "2012-02-01", "2025-08-10", elsewhere),
    ];
    load(connection, kentucky(), 1, now, &students);
}

#[test]
fn a_districts_list_marks_who_does_not_eat_free_and_is_written_down() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    loaded(connection);
    let own = qa::own_file(
        b"state_student_id,enrollment_type,homeless,economic_status\nKY-1,P,no,Free\nKY-2,S,yes,Reduced\nKY-9,P,no,Paid\n",
    )
    .unwrap();
    let today = day("2025-10-15");
    let wanted = Wanted {
        state: kentucky(),
        district: Some("fayette county".to_owned()),
        days: Period::ending(2026).unwrap().until(today),
    };
    let rows = qa::list(connection, &access(), &wanted, &own).unwrap();
    let ids: Vec<_> = rows.iter().map(|r| r.state_student_id.as_str()).collect();
    assert_eq!(
        ids,
        ["KY-4", "KY-3", "KY-1", "KY-2", "KY-5"],
        "by name; not of another district"
    );
    let pays: Vec<_> = rows
        .iter()
        .filter(|r| r.pays_for_meals())
        .map(|r| r.state_student_id.as_str())
        .collect();
    assert_eq!(pays, ["KY-2"]);
    let first = rows.iter().find(|r| r.state_student_id == "KY-1").unwrap();
    assert_eq!(
        (first.school.as_str(), first.grade),
        ("Bryan Station High", Some("grade 10"))
    );
    assert_eq!(first.mathematics.as_deref(), Some("455, Proficient, 2025-05"));
    assert_eq!(
        (first.eligible_until, first.english_learner),
        (day("2027-08-09"), Some(true))
    );
    let sums = qa::aggregate(&rows);
    let count = |what, value: &str| sums.tallies().find(|t| t.what == what).unwrap().of(value);
    assert_eq!(
        (
            sums.children,
            count("English learner", "yes"),
            count("free meals (district's file)", "no")
        ),
        (5, 5, 1)
    );
    let grades: Vec<_> = sums.grade.values.iter().map(|(grade, n)| (*grade, *n)).collect();
    assert_eq!(
        grades,
        [
            ("preschool", 1),
            ("grade 9", 1),
            ("grade 10", 1),
            ("grade 11", 1),
            ("out of school", 1)
        ]
    );
    let complete: Vec<_> = qa::completeness(rows.iter())
        .iter()
        .map(|of| (of.element, of.recorded, of.percent()))
        .collect();
    for told in [
        ("Birth date", 5, 100),
        ("Gender", 0, 0),
        ("Mathematics result", 5, 100),
        ("Reading result", 0, 0),
        ("Homeless (district's file)", 2, 40),
    ] {
        assert!(complete.contains(&told), "{told:?}: {complete:?}");
    }
    let without_file: Vec<_> = rows.iter().filter(|r| r.state_student_id == "KY-3").collect();
    assert_eq!(
        qa::completeness(without_file.into_iter()).len(),
        9,
        "a district without a file is not asked for it"
    );
    // KY-5's eligibility ended on 19 September: on the list of the period, and no longer fed by it.
    let fed: Vec<_> = qa::free_meals(&rows, today)
        .iter()
        .map(|r| r.state_student_id.as_str())
        .collect();
    assert_eq!(fed, ["KY-4", "KY-3", "KY-1", "KY-2"]);
    assert_eq!(disclosures(connection), 5, "each child on the list, once");
    let nobody = Wanted {
        district: Some("Nowhere".to_owned()),
        ..wanted
    };
    assert!(
        qa::list(connection, &access(), &nobody, &OwnFile::new())
            .unwrap()
            .is_empty()
    );
    assert_eq!(disclosures(connection), 5);
}

fn disclosures(connection: &mut PgConnection) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    use diesel::RunQueryDsl as _;
    let row: Count = diesel::sql_query("select count(*) as n from disclosure")
        .get_result(connection)
        .unwrap();
    row.n
}

const LIST: &[u8] = "state_student_id,last_name,first_name,birth_date,qualifying_arrival_date,eligible_until
KY-1,PENA,Itzel,2010-02-01,2024-08-10,2027-08-09
KY-2,Solorio,Wendolyn,2009-04-03,2025-08-10,2028-08-10
KY-5,Vega,Iris,2010-02-01,2022-09-20,2025-09-19
KY-7,Nobody,Known,2011-01-01,,
"
.as_bytes();

fn of_kentucky(csv: &[u8]) -> OfState<'_> {
    OfState {
        state: kentucky(),
        day: day("2025-11-03"),
        scope: Scope::without(["out-of-school", "preschool", "private-schools"]).unwrap(),
        file_name: "november.csv",
        csv,
    }
}

fn differences(connection: &mut PgConnection, id: i64, scope: work_items::Scope) -> Vec<Difference> {
    let wanted = reconciliations::Wanted {
        reconciliation_id: id,
        scope,
        status: None,
        after: None,
        limit: 100,
    };
    reconciliations::differences(connection, &access(), &wanted).unwrap()
}

#[test]
fn every_difference_has_a_reason_and_is_work_until_somebody_says_what_it_is() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    loaded(connection);
    let now = at("2025-11-04T00:00:00Z");
    let campaign = reconciliation::open(connection, &of_kentucky(LIST), "clerk", now).unwrap();
    assert_eq!((campaign.in_list, campaign.in_hub, campaign.agreed), (4, 5, 1));
    let again = reconciliation::open(connection, &of_kentucky(LIST), "another", now).unwrap();
    assert_eq!(
        again, campaign,
        "the same list of the same day is the same campaign"
    );

    let id = campaign.reconciliation_id;
    let found = differences(connection, id, work_items::Scope::State(kentucky()));
    let told: Vec<(&str, &str, &str, &str)> = found
        .iter()
        .map(|d| {
            (
                d.state_student_id.as_str(),
                d.kind.as_str(),
                d.status.as_str(),
                d.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("KY-2", "name", "open", "the names are written otherwise"),
            ("KY-2", "birth_date", "open", "day and month are swapped"),
            (
                "KY-2",
                "eligibility",
                "open",
                "the list counts the last day otherwise; see the state's rule at the hub"
            ),
            (
                "KY-3",
                "not_in_list",
                "explained",
                "out of the list's scope: it leaves out out-of-school youth"
            ),
            (
                "KY-4",
                "not_in_list",
                "explained",
                "out of the list's scope: it leaves out preschool children"
            ),
            (
                "KY-5",
                "not_in_hub",
                "open",
                "eligibility ended on 2025-09-19: 36 months from the qualifying arrival"
            ),
            (
                "KY-6",
                "not_in_list",
                "open",
                "eligible at the hub; the list leaves out private schools, and which school is private is no data element"
            ),
            (
                "KY-7",
                "not_in_hub",
                "open",
                "the hub holds no student of the state under this identifier"
            ),
        ]
    );
    assert_eq!(disclosures(connection), 5, "each child of the hub, once");

    let daviess = work_items::Scope::Districts(kentucky(), vec!["Daviess County".to_owned()]);
    let theirs = differences(connection, id, daviess.clone());
    assert_eq!((theirs.len(), theirs[0].state_student_id.as_str()), (1, "KY-6"));
    let other = work_items::Scope::State(StateCode::new("TX").unwrap());
    assert!(differences(connection, id, other.clone()).is_empty());

    let decision = Decision {
        status: "explained",
        note: "St. Joseph, a private school",
        by: "account:district",
        at: now,
    };
    let (of_theirs, not_theirs) = (theirs[0].ordinal, found[0].ordinal);
    assert!(reconciliations::decide(connection, id, of_theirs, &daviess, decision).unwrap());
    assert!(!reconciliations::decide(connection, id, not_theirs, &daviess, decision).unwrap());
    assert!(!reconciliations::decide(connection, id, of_theirs, &other, decision).unwrap());
    let (_, statuses) = reconciliations::find(connection, id, Some(kentucky()))
        .unwrap()
        .unwrap();
    assert_eq!((statuses["open"], statuses["explained"]), (5, 3));
    assert!(
        reconciliations::find(connection, id, StateCode::new("TX").ok())
            .unwrap()
            .is_none()
    );
    assert_eq!(
        reconciliations::list(connection, Some(kentucky())).unwrap().len(),
        1
    );
}

#[test]
fn a_list_that_cannot_be_used_opens_nothing() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    loaded(connection);
    let head = "state_student_id,last_name,first_name,birth_date\n";
    for (csv, wrong) in [
        (String::new(), ListError::Empty),
        (head.to_owned(), ListError::Empty),
        (
            format!("{head}1,A,B,2012-01-01\n1,A,B,2012-01-01\n"),
            ListError::Twice { line: 3, first: 2 },
        ),
        (
            format!("{head}1,A,B,soon\n"),
            ListError::NotDate {
                line: 2,
                column: "birth_date",
            },
        ),
        (
            "state_student_id,last_name,first_name\n1,A,B\n".to_owned(),
            ListError::NoColumn {
                wanted: "birth_date",
                found: "first_name, last_name, state_student_id".into(),
            },
        ),
    ] {
        let opened = reconciliation::open(
            connection,
            &of_kentucky(csv.as_bytes()),
            "clerk",
            at("2025-11-04T00:00:00Z"),
        );
        match opened {
            Err(Error::List(error)) => assert_eq!(error, wrong),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    assert!(reconciliations::list(connection, None).unwrap().is_empty());
    assert!(Scope::without(["churches"]).is_none());
}
