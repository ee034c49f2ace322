//! One whole record, as its readers get it: a change of the JSON is a change of a contract.

use crate::made_up::{TODAY, child, day, held, no_longer, person, row};
use mde::{Facility, PersonId, Student};

fn texas() -> Student {
    let mut student = child(
        "0042",
        &[
            ("last_name_1", "Xicoténcatl"),
            ("last_name_2", "Ruiz"),
            ("first_name", "Citlali"),
            ("gender", "Female"),
            ("birth_date", "2009-11-30"),
            ("birth_verification", "1004"),
            ("birth_country", "MX"),
            ("parent1_last_name", "Ruiz"),
            ("parent1_phone", "956-555-0111"),
        ],
    );
    student.qualifying_moves = vec![row(&[
        ("qualifying_arrival_date", "2025-08-15"),
        ("from_city", "Bakersfield"),
        ("from_state", "CA"),
        ("to_city", "Mission"),
        ("to_state", "TX"),
        ("residency_date", "2025-08-15"),
        ("eligibility_expiration_date", "2028-08-15"),
    ])];
    student.enrollments = vec![row(&[
        ("facility_code", "108-901"),
        ("enrollment_date", "2025-08-20"),
        ("enrollment_type", "01"),
        ("grade", "10"),
        ("priority_for_services", "Y"),
        ("graduation_school", "Y"),
    ])];
    student.courses = vec![row(&[
        ("facility_code", "108-901"),
        ("title", "Geometry"),
        ("subject_area", "Mathematics"),
        ("begin_academic_year", "2025"),
        ("section", "02"),
        ("term_type", "0828"),
        ("final_grade", "B"),
        ("credits", "0.5"),
    ])];
    student.immunizations = vec![row(&[("vaccine", "MMR"), ("cvx", "03"), ("date", "2010-12-02")])];
    student.alerts = vec![row(&[
        ("kind", "ED"),
        ("contact_name", "Mr. Bell"),
        ("contact_role", "COUNSELOR"),
    ])];
    student.graduation_requirements = vec![row(&[("subject_area", "Mathematics"), ("units", "4")])];
    student
}

fn california() -> Student {
    let mut student = child(
        "A-7",
        &[
            ("last_name_1", "XICOTENCATL"),
            ("first_name", "CITLALI"),
            ("birth_date", "2009-11-03"),
            ("guardian_first_name", "ROSA"),
        ],
    );
    student.enrollments = vec![row(&[
        ("school_or_project_name", "Kern High"),
        ("enrollment_date", "2024-08-12"),
        ("withdrawal_date", "2025-05-30"),
        ("exit_reason", "MOVED"),
        ("destination_state", "TX"),
        ("grade", "09"),
    ])];
    student.assessments = vec![row(&[
        ("name", "CAASPP"),
        ("assessment_type", "09"),
        ("month", "2025-04"),
        ("result", "2510"),
    ])];
    student
}

#[test]
fn a_record_of_two_states_and_a_former_one() {
    let school: Facility = row(&[
        ("code", "108-901"),
        ("name", "Mission High School"),
        ("city", "Mission"),
        ("district", "Mission CISD"),
        ("located_in_state", "TX"),
    ]);
    let washington = no_longer(
        held("WA", "2023-06-20", child("W1", &[("last_name_1", "Xicotencatl")])),
        "2024-06-20",
    );
    let mut person = person(
        vec![
            held("CA", "2026-01-26", california()),
            held("TX", "2026-04-01", texas()),
            washington,
        ],
        &[("TX", school)],
    );
    person.asked_as = Some(PersonId::new(999_888_777_666).unwrap());
    insta::assert_json_snapshot!(records::consolidate(&person, day(TODAY)));
}
