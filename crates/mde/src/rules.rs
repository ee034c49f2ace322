//! Rules that hold between the elements of one student: what a reader of single values cannot see.
//!
//! Every rule here warns and rejects nothing: which of two contradicting dates is wrong only the state can say.

use std::collections::HashSet;

use chrono::{Datelike, Months, NaiveDate};

use crate::finding::{Finding, FindingCode};
use crate::part::PartKind;
use crate::place::{StateCode, province_name, provinces_known};
use crate::student::Student;
use crate::vaccine::Cvx;

/// Completes what the hub derives itself and reports what contradicts itself. `as_of` is the day the upload speaks of.
///
/// Derived: the CVX code of an immunization from its name, where the name is known.
pub fn check(student: &mut Student, as_of: NaiveDate, findings: &mut Vec<Finding>) {
    derive(student);
    let id = student.identity.state_student_id.as_str().to_owned();
    let from = findings.len();
    identity(student, findings);
    enrollments(student, as_of, findings);
    courses(student, findings);
    moves(student, as_of, findings);
    immunizations(student, as_of, findings);
    for finding in &mut findings[from..] {
        finding.state_student_id = Some(id.as_str().into());
    }
}

fn derive(student: &mut Student) {
    for dose in &mut student.immunizations {
        if dose.cvx.is_none() {
            dose.cvx = Cvx::named(dose.vaccine.as_str()).or_else(|| Cvx::new(dose.vaccine.as_str()).ok());
        }
    }
}

fn identity(student: &Student, findings: &mut Vec<Finding>) {
    let identity = &student.identity;
    let warn = |code, element, message: String| {
        Finding::new(code, message)
            .of_part(PartKind::Student)
            .of_element(element)
    };
    match identity.birth_date {
        None => findings.push(warn(
            FindingCode::NoBirthDate,
            "9",
            "The birth date is missing.".into(),
        )),
        Some(date) if (date.day().month(), date.day().day()) == (1, 1) && unverified(student) => findings
            .push(warn(
                FindingCode::PlaceholderBirthDate,
                "9",
                "The birth date is 1 January and no document stands behind it.".into(),
            )),
        Some(_) => {}
    }
    if let (Some(country), Some(state)) = (identity.birth_country, &identity.birth_state) {
        let known = if country.as_str() == "US" {
            StateCode::new(state.as_str()).is_ok()
        } else {
            !provinces_known(country) || province_name(country, state.as_str()).is_some()
        };
        if !known {
            findings.push(
                warn(
                    FindingCode::BirthPlace,
                    "12",
                    format!("{} is not a state of {}.", state, country.name()),
                )
                .received(state.as_str()),
            );
        }
    }
}

/// Nobody has shown a document for the birth date.
fn unverified(student: &Student) -> bool {
    student.identity.birth_verification.is_none_or(|v| v.rank() <= 1)
}

fn enrollments(student: &Student, as_of: NaiveDate, findings: &mut Vec<Finding>) {
    let birth = student.identity.birth_date.map(crate::time::Date::day);
    let mut graduation_schools = HashSet::new();
    for enrollment in &student.enrollments {
        let start = enrollment.enrollment_date.day();
        let warn = |code, element: &str, message: String| {
            Finding::new(code, message)
                .of_part(PartKind::Enrollment)
                .of_element(element)
        };
        if let Some(end) = enrollment.withdrawal_date.filter(|end| end.day() < start) {
            findings.push(warn(
                FindingCode::DateOrder,
                "21",
                format!("The withdrawal on {end} is before the enrollment on {start}."),
            ));
        }
        if birth.is_some_and(|birth| start < birth) {
            findings.push(warn(
                FindingCode::BeforeBirth,
                "54",
                format!("The enrollment on {start} is before the birth date."),
            ));
        }
        if start > as_of {
            findings.push(warn(
                FindingCode::FutureDate,
                "54",
                format!("The enrollment on {start} is after {as_of}."),
            ));
        }
        if let (Some(birth), Some(age)) = (birth, enrollment.grade.and_then(crate::code::Grade::usual_age)) {
            // A school year starts in August; three years either way still happens to children who move.
            let school_year = if start.month() >= 8 {
                start.year()
            } else {
                start.year() - 1
            };
            let years_old = school_year - birth.year();
            if (years_old - age).abs() > 4 {
                findings.push(warn(
                    FindingCode::GradeAge,
                    "20",
                    format!(
                        "Grade level {} at the age of about {years_old}.",
                        enrollment.grade.map(|g| g.to_string()).unwrap_or_default()
                    ),
                ));
            }
        }
        if enrollment.graduation_school == Some(true) && enrollment.withdrawal_date.is_none() {
            graduation_schools.insert(enrollment.facility_code.as_ref().map(ToString::to_string));
        }
    }
    if graduation_schools.len() > 1 {
        findings.push(
            Finding::new(
                FindingCode::SeveralGraduationSchools,
                format!(
                    "{} open enrollments at different schools are marked.",
                    graduation_schools.len()
                ),
            )
            .of_part(PartKind::Enrollment)
            .of_element("56"),
        );
    }
}

fn courses(student: &Student, findings: &mut Vec<Finding>) {
    for course in &student.courses {
        let warn = |code, element, message: String| {
            Finding::new(code, message)
                .of_part(PartKind::Course)
                .of_element(element)
        };
        if course.facility_code.is_none() {
            findings.push(warn(
                FindingCode::CourseWithoutSchool,
                "40",
                format!("{} names no school.", course.title),
            ));
        }
        if !course.is_completed() && course.credits.is_some_and(|c| !c.number().is_zero()) {
            findings.push(warn(
                FindingCode::CreditWithoutCompletion,
                "70",
                format!("{} has credits granted and partial work.", course.title),
            ));
        }
    }
}

fn moves(student: &Student, as_of: NaiveDate, findings: &mut Vec<Finding>) {
    let birth = student.identity.birth_date.map(crate::time::Date::day);
    for row in &student.qualifying_moves {
        let arrival = row.qualifying_arrival_date.day();
        let warn = |code, element, message: String| {
            Finding::new(code, message)
                .of_part(PartKind::QualifyingMove)
                .of_element(element)
        };
        if arrival > as_of {
            findings.push(warn(
                FindingCode::FutureDate,
                "31",
                format!("The arrival on {arrival} is after {as_of}."),
            ));
        }
        if birth.is_some_and(|birth| arrival < birth) {
            findings.push(warn(
                FindingCode::BeforeBirth,
                "31",
                format!("The arrival on {arrival} is before the birth date."),
            ));
        }
        // MEP states differ by a day (QAD + 36 months, or the day before); both are right.
        if let Some(end) = row.eligibility_expiration_date {
            let expected = eligibility_end(arrival, birth);
            if (end.day() - expected).num_days().abs() > 1 {
                findings.push(warn(
                    FindingCode::EligibilityEnd,
                    "X06",
                    format!("Eligibility ends on {end}, where {expected} would follow from the arrival on {arrival}."),
                ));
            }
        }
    }
}

fn immunizations(student: &Student, as_of: NaiveDate, findings: &mut Vec<Finding>) {
    let birth = student.identity.birth_date.map(crate::time::Date::day);
    for dose in &student.immunizations {
        let warn = |code, element, message: String| {
            Finding::new(code, message)
                .of_part(PartKind::Immunization)
                .of_element(element)
        };
        if dose.cvx.is_none() {
            findings.push(
                warn(
                    FindingCode::UnknownVaccine,
                    "30",
                    format!("{} is not known as a vaccine.", dose.vaccine),
                )
                .received(dose.vaccine.as_str()),
            );
        }
        if let Some(date) = dose.date {
            if birth.is_some_and(|birth| date.day() < birth) {
                findings.push(warn(
                    FindingCode::BeforeBirth,
                    "29",
                    format!("The dose on {date} is before the birth date."),
                ));
            }
            if date.day() > as_of {
                findings.push(warn(
                    FindingCode::FutureDate,
                    "29",
                    format!("The dose on {date} is after {as_of}."),
                ));
            }
        }
    }
}

/// Last day of eligibility that follows from an arrival: the day before 36 months have passed, or the day before the
/// 22nd birthday, whichever is first (34 CFR 200.81 and 200.89; ESEA 1309(3) by age 21). An arrival on 29 February has
/// its anniversary on the last day of February.
#[must_use]
pub fn eligibility_end(arrival: NaiveDate, birth: Option<NaiveDate>) -> NaiveDate {
    let day_before = |start: NaiveDate, months: u32| {
        start
            .checked_add_months(Months::new(months))
            .and_then(|d| d.pred_opt())
            .unwrap_or(NaiveDate::MAX)
    };
    let by_move = day_before(arrival, 36);
    birth.map_or(by_move, |birth| by_move.min(day_before(birth, 22 * 12)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::{Draft, Part};
    use crate::parts::{EnrollmentDraft, Immunization, ImmunizationDraft};
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
            s.enrollments.push(row::<EnrollmentDraft>(&[
                ("EnrollmentDate", "2014-05-05"),
                ("WithdrawalDate", "2014-01-01"),
            ]));
            s.enrollments
                .push(row::<EnrollmentDraft>(&[("EnrollmentDate", "2027-01-01")]));
        });
        assert_eq!(
            told,
            [
                FindingCode::DateOrder,
                FindingCode::BeforeBirth,
                FindingCode::FutureDate
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
                s.enrollments.push(row::<EnrollmentDraft>(&values));
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
        student
            .immunizations
            .push(row::<ImmunizationDraft>(&[("ImmunizationType", "DTaP")]));
        student
            .immunizations
            .push(row::<ImmunizationDraft>(&[("ImmunizationType", "blue drops")]));
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
}
