//! Each rule on the smallest student that shows it.

use super::*;
use crate::part::{Draft, Part};
use crate::parts::{Enrollment, EnrollmentDraft, Immunization, ImmunizationDraft};
use crate::value::ValueContext;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn row<D: Draft>(values: &[(&str, &str)]) -> D::Part {
    let mut draft = D::default();
    for (xml, text) in values {
        draft
            .set(
                D::Part::field_of_xml(xml.as_bytes()).unwrap(),
                text,
                ValueContext::default(),
            )
            .unwrap();
    }
    draft.finish().unwrap()
}

/// A sound enrollment with these values; grade and type unless they say otherwise.
fn enrollment(values: &[(&str, &str)]) -> Enrollment {
    let mut all = vec![("FacilityCode", "1"), ("EnrollmentType", "01")];
    if !values.iter().any(|(name, _)| *name == "GradeLevel") {
        all.push(("GradeLevel", "UG"));
    }
    all.extend(values);
    row::<EnrollmentDraft>(&all)
}

fn findings(values: &[(&str, &str)], change: impl FnOnce(&mut Student)) -> Vec<FindingCode> {
    let mut all = vec![
        ("StateStudentIdentificationNumber", "1"),
        ("LastName1", "A"),
        ("FirstName", "B"),
    ];
    all.extend(values);
    let mut student = Student::new(row::<crate::parts::IdentityDraft>(&all));
    change(&mut student);
    let mut out = Vec::new();
    check(&mut student, day("2026-04-01"), &mut out);
    assert!(out.iter().all(|f| f.state_student_id.as_deref() == Some("1")));
    out.into_iter().map(|f| f.code).collect()
}

#[test]
fn eligibility_ends_after_36_months_or_before_the_22nd_birthday() {
    assert_eq!(eligibility_end(day("2022-09-01"), None), day("2025-08-31"));
    assert_eq!(
        eligibility_end(day("2022-09-01"), Some(day("2002-05-05"))),
        day("2024-05-04")
    );
    assert_eq!(eligibility_end(day("2024-02-29"), None), day("2027-02-27"));
}

#[test]
fn dates_that_contradict_each_other_are_told() {
    let told = findings(&[("BirthDate", "2015-05-05")], |s| {
        s.enrollments.push(enrollment(&[
            ("EnrollmentDate", "2014-05-05"),
            ("WithdrawalDate", "2014-01-01"),
        ]));
        s.enrollments
            .push(enrollment(&[("EnrollmentDate", "2027-01-01")]));
    });
    assert_eq!(
        told,
        [
            FindingCode::FutureDate,
            FindingCode::BeforeBirth,
            FindingCode::DateOrder
        ]
    );
    assert_eq!(findings(&[], |_| {}), [FindingCode::NoBirthDate]);
}

#[test]
fn a_grade_far_from_the_age_is_told() {
    let at = |grade: &str| {
        let grade = grade.to_owned();
        findings(&[("BirthDate", "2015-05-05")], move |s| {
            let values = [("EnrollmentDate", "2025-08-20"), ("GradeLevel", grade.as_str())];
            s.enrollments.push(enrollment(&values));
        })
    };
    assert_eq!(at("05"), []);
    assert_eq!(at("12"), [FindingCode::GradeAge]);
}

#[test]
fn a_placeholder_needs_no_document_behind_it() {
    assert_eq!(
        findings(&[("BirthDate", "2015-01-01")], |_| {}),
        [FindingCode::PlaceholderBirthDate]
    );
    assert_eq!(
        findings(
            &[("BirthDate", "2015-01-01"), ("BirthCertificateFlag", "1004")],
            |_| {}
        ),
        []
    );
}

#[test]
fn birth_places_are_checked_where_the_table_knows_them() {
    let place = |country, state| {
        findings(
            &[
                ("BirthDate", "2015-05-05"),
                ("BirthCountry", country),
                ("BirthState", state),
            ],
            |_| {},
        )
    };
    assert_eq!(place("MX", "OAX"), []);
    assert_eq!(place("MX", "TX"), [FindingCode::BirthPlace]);
    assert_eq!(place("US", "OAX"), [FindingCode::BirthPlace]);
    assert_eq!(place("VN", "anything"), []);
}

#[test]
fn a_vaccine_is_read_from_its_name_and_an_unknown_one_is_kept() {
    let mut student = Student::new(row::<crate::parts::IdentityDraft>(&[
        ("StateStudentIdentificationNumber", "1"),
        ("LastName1", "A"),
        ("FirstName", "B"),
        ("BirthDate", "2015-05-05"),
    ]));
    student.immunizations.push(row::<ImmunizationDraft>(&[
        ("ImmunizationType", "DTaP"),
        ("ImmunizationDate", "2016-05-05"),
    ]));
    student.immunizations.push(row::<ImmunizationDraft>(&[
        ("ImmunizationType", "blue drops"),
        ("ImmunizationDate", "2016-05-05"),
    ]));
    let mut out = Vec::new();
    check(&mut student, day("2026-04-01"), &mut out);
    let cvx: Vec<_> = student
        .immunizations
        .iter()
        .map(|d: &Immunization| d.cvx.as_ref().map(|c| c.code_text().to_owned()))
        .collect();
    assert_eq!(cvx, [Some("107".to_owned()), None]);
    assert_eq!(
        out.iter().map(|f| f.code).collect::<Vec<_>>(),
        [FindingCode::UnknownVaccine]
    );
}

#[test]
fn doses_before_birth_are_told_once_and_by_name() {
    let mut student = Student::new(row::<crate::parts::IdentityDraft>(&[
        ("StateStudentIdentificationNumber", "1"),
        ("LastName1", "A"),
        ("FirstName", "B"),
        ("BirthDate", "2015-05-05"),
    ]));
    for (vaccine, date) in [
        ("Varicella", "2014-09-01"),
        ("MMR", "2014-08-01"),
        ("DTaP", "2015-07-05"),
    ] {
        let values = [("ImmunizationType", vaccine), ("ImmunizationDate", date)];
        student.immunizations.push(row::<ImmunizationDraft>(&values));
    }
    let mut out = Vec::new();
    check(&mut student, day("2026-04-01"), &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(
        out[0].message,
        "2 dates (MMR, Varicella) are before the birth date 2015-05-05; the first is 2014-08-01."
    );
    assert_eq!(
        (out[0].row, out[0].received.as_deref()),
        (Some(1), Some("2014-08-01"))
    );
}

#[test]
fn what_state_and_country_say_of_a_place() {
    let place = |country: Option<&str>, state| {
        let mut values = vec![("BirthDate", "2015-05-05"), ("BirthState", state)];
        values.extend(country.map(|country| ("BirthCountry", country)));
        findings(&values, |_| {})
    };
    assert_eq!(place(None, "TX"), []);
    assert_eq!(
        place(None, "CH"),
        [FindingCode::BirthPlace],
        "Mexico's, and no country says so"
    );
    assert_eq!(
        place(Some("US"), "AE"),
        [FindingCode::BirthPlace],
        "for addresses only"
    );
    assert_eq!(place(Some("MX"), "michoacan"), []);
}

#[test]
fn the_end_of_eligibility_follows_from_the_latest_move() {
    let ended = |date, flag, arrivals: &[&str]| {
        let arrivals: Vec<String> = arrivals.iter().map(|a| (*a).to_owned()).collect();
        let values = [
            ("BirthDate", "2010-05-05"),
            ("TerminationDate", date),
            ("TerminationFlag", flag),
        ];
        findings(&values, move |s| {
            for arrival in &arrivals {
                let values = [("QualifyingArrivalDate", arrival.as_str())];
                s.qualifying_moves
                    .push(row::<crate::parts::QualifyingMoveDraft>(&values));
            }
        })
    };
    assert_eq!(ended("2025-06-13", "01", &["2020-01-01", "2022-06-14"]), []);
    assert_eq!(
        ended("2025-06-14", "01", &["2022-06-14"]),
        [],
        "states count a day more or less"
    );
    assert_eq!(
        ended("2024-06-13", "01", &["2022-06-14"]),
        [FindingCode::EligibilityEnd]
    );
    assert_eq!(
        ended("2024-06-13", "02", &["2022-06-14"]),
        [],
        "graduation ends it earlier"
    );
    assert_eq!(
        ended("2025-07-13", "02", &["2022-06-14"]),
        [FindingCode::EligibilityEnd]
    );
    assert_eq!(
        ended("2022-06-13", "01", &["2022-06-14"]),
        [FindingCode::DateOrder]
    );
}

#[test]
fn identifiers_of_facilities_fit_their_state() {
    let facility = |values: &[(&str, &str)]| {
        let mut all = vec![("FacilityCode", "1"), ("SchoolName", "A")];
        if !values.iter().any(|(name, _)| *name == "State") {
            all.push(("State", "KY"));
        }
        all.extend(values);
        let mut out = Vec::new();
        super::check_facility(&row::<crate::parts::FacilityDraft>(&all), &mut out);
        out.into_iter()
            .map(|f| f.element.unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert!(facility(&[("NcesSchoolId", "210147000123"), ("NcesDistrictId", "2101470")]).is_empty());
    assert_eq!(facility(&[("NcesSchoolId", "480147000123")]), ["X09"]);
    assert_eq!(facility(&[("NcesDistrictId", "4801470")]), ["X10"]);
    assert_eq!(facility(&[("NcesSchoolId", "2101470")]), ["X09"], "a district's");
    let other = [("NcesSchoolId", "219999900123"), ("NcesDistrictId", "2101470")];
    assert_eq!(facility(&other), ["X09"]);
    assert!(facility(&[("State", "AE"), ("NcesDistrictId", "4801470")]).is_empty());
}
