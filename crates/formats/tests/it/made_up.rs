//! Made-up children for tests and benchmarks.

use formats::{BatchKind, Header, Totals};
use mde::{Action, CodeSet, Facility, StateCode, Student, Submission};
use serde_json::json;

/// A header of Texas.
pub(crate) fn header(kind: BatchKind) -> Header {
    Header {
        state: StateCode::new("TX").unwrap(),
        as_of: "2026-04-01T02:00:00Z".parse().unwrap(),
        kind,
        code_set: CodeSet::V2022,
        profile: None,
        effective_from: None,
        effective_to: None,
        totals: Totals::default(),
    }
}

const LAST: [&str; 8] = [
    "García",
    "Hernández López",
    "Peña",
    "O'Brien",
    "Núñez",
    "Ramírez",
    "Tran",
    "Castillo",
];
const FIRST: [&str; 8] = [
    "José",
    "María",
    "Luis Ángel",
    "Ana",
    "Zoë",
    "Benjamín",
    "Xóchitl",
    "Minh",
];
const COURSES: [&str; 6] = [
    "Algebra 1",
    "English 9",
    "Biology",
    "World History",
    "Spanish 1",
    "Art & Design",
];
const VACCINES: [&str; 7] = ["DTaP", "MMR", "HepB", "Polio", "Varicella", "HepA", "MCV4"];

/// A facility.
pub(crate) fn facility(n: u32) -> Facility {
    serde_json::from_value(json!({
        "code": format!("{:09}", 101_000_000 + n), "name": format!("Made-up School {n} <main>"), "address1": "1 Elm Ave",
        "city": "Weslaco", "district": "Weslaco ISD", "located_in_state": "TX", "zip": "78596", "phone": "(956) 555-0101"
    }))
    .unwrap()
}

/// A student with about as many rows as states hold of a migratory child.
fn student(n: u32) -> Student {
    let pick = |list: &[&'static str], step: u32| list[((n / step) as usize) % list.len()];
    let year = 2008 + n % 10;
    let school = |k: u32| format!("{:09}", 101_000_000 + (n * 7 + k) % 400);
    let mut value = json!({
        "identity": {
            "state_student_id": format!("{:010}", 4_000_000_000_u64 + u64::from(n) * 13), "last_name_1": pick(&LAST, 1),
            "last_name_2": pick(&LAST, 3), "first_name": pick(&FIRST, 5), "middle_name": pick(&FIRST, 11),
            "gender": if n.is_multiple_of(2) { "Female" } else { "Male" }, "birth_date": format!("{year}-{:02}-{:02}", 1 + n % 12, 2 + n % 27),
            "birth_verification": "1004", "birth_city": "Weslaco", "birth_state": "TX", "birth_country": "US",
            "multiple_birth": false, "parent1_last_name": pick(&LAST, 1), "parent1_first_name": "Octavio",
            "parent2_last_name": pick(&LAST, 3), "parent2_first_name": "Elvia", "guardian_last_name": pick(&LAST, 3),
            "guardian_first_name": "Elvia"
        },
        "qualifying_moves": [], "enrollments": [], "courses": [], "assessments": [], "immunizations": [], "alerts": []
    });
    let mut add = |part: &str, row: serde_json::Value| value[part].as_array_mut().unwrap().push(row);
    for k in 0..2 {
        add(
            "qualifying_moves",
            json!({
                "qualifying_arrival_date": format!("{}-06-{:02}", 2024 + k, 1 + n % 28), "from_city": "Weslaco", "from_state": "TX",
                "to_city": "Shelbyville", "to_state": "KY", "residency_date": format!("{}-06-{:02}", 2024 + k, 2 + n % 28),
                "certificate_number": format!("TX{}-{n:06}", 24 + k)
            }),
        );
    }
    let usual = 2025_i32 - year as i32 - 5;
    for k in 0..4_u32 {
        let grade = (usual - 3 + k as i32).clamp(1, 12);
        add(
            "enrollments",
            json!({
                "facility_code": school(k), "enrollment_date": format!("{}-08-{:02}", 2022 + k, 10 + n % 15),
                "withdrawal_date": format!("{}-05-{:02}", 2023 + k, 10 + n % 15), "grade": format!("{grade:02}"), "enrollment_type": "01",
                "graduation_school": false, "english_learner": n.is_multiple_of(3), "priority_for_services": k == 2, "exit_reason": "END"
            }),
        );
    }
    for k in 0..6_u32 {
        add(
            "courses",
            json!({
                "facility_code": school(k % 4), "title": COURSES[k as usize], "subject_area": "Elective", "course_type": "01",
                "course_year": 2024 + (k % 2), "section": "02", "term_type": "0828", "final_grade": "A", "credits": "0.5"
            }),
        );
    }
    add(
        "assessments",
        json!({ "name": "Made-up Reading", "assessment_type": "10", "month": "2025-04", "result": "3", "result_type": "0503" }),
    );
    for k in 0..7_u32 {
        add(
            "immunizations",
            json!({
                "vaccine": VACCINES[k as usize], "date": format!("{}-{:02}-{:02}", year + 1 + k % 3, 1 + (n + k) % 12, 1 + n % 28)
            }),
        );
    }
    if n.is_multiple_of(9) {
        add(
            "alerts",
            json!({ "kind": "MED", "contact_name": "Leonor López", "contact_phone": "(956) 555-0102" }),
        );
    }
    serde_json::from_value(value).unwrap()
}

/// A student as submitted.
pub(crate) fn submission(n: u32) -> Submission {
    Submission {
        action: Action::Update,
        line: 0,
        student: student(n),
        reduced: Vec::new(),
        rows: 1,
    }
}
