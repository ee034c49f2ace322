//! The quality list of a district: its migratory children with what the district should look at, joined with the
//! district's own file while the list is made. Nothing of that file is kept.

mod summary;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::Connection as _;
use diesel::pg::PgConnection;
use mde::code::Codes as _;
use mde::{Assessment, EligibilityRules, Enrollment, Facility, PersonId, StateCode};
use store::Access;
use store::access::Subject;
use store::lists::{self, ListedStudent};
use store::program::ProgramStudent;

pub use summary::{Aggregate, Completeness, Tally, aggregate, completeness};

use crate::counts::Days;
use crate::eligibility::windows;
use crate::own_list::{ListError, OwnList, yes_or_no};

/// Why a migratory child who is not free is marked: it is so by law, without an application.
pub const FREE_MEALS: &str = "A migratory child eats free of charge without an application, once the district has the list (see 42 U.S.C. 1758(b)(12) and 7 CFR 245.2). Anything but free is to be corrected.";

/// What a district may rely on for the children of a list of a day's free meals.
#[must_use]
pub fn certified(today: NaiveDate) -> String {
    format!("migratory child on {today}; free meals without an application (see 42 U.S.C. 1758(b)(12))")
}

/// How a student is enrolled, in the district's own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Primary.
    Primary,
    /// Secondary.
    Secondary,
    /// Special education services only.
    ServicesOnly,
}

impl Service {
    /// Its letter.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Primary => "P",
            Self::Secondary => "S",
            Self::ServicesOnly => "N",
        }
    }

    fn named(word: &str) -> Option<Self> {
        match word {
            "p" | "primary" => Some(Self::Primary),
            "s" | "secondary" => Some(Self::Secondary),
            "n" => Some(Self::ServicesOnly),
            _ => None,
        }
    }
}

/// What only the district knows of a student.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfDistrict {
    /// Column `enrollment_type`.
    pub service: Option<Service>,
    /// Column `homeless`.
    pub homeless: Option<bool>,
    /// Column `economic_status`: whether meals are free.
    pub free_meals: Option<bool>,
}

/// The district's own file, by the state's identifier.
pub type OwnFile = HashMap<String, OfDistrict>;

/// Reads the district's own file: `state_student_id` and, as far as it has them, `enrollment_type` (P, S, N), `homeless`
/// (yes, no) and `economic_status` (free, reduced, paid; or yes for free and no for anything else).
pub fn own_file(bytes: &[u8]) -> Result<OwnFile, ListError> {
    let list = OwnList::read(bytes, &[])?;
    let mut own = OwnFile::new();
    for line in list.lines() {
        let free = |word: &str| match word {
            "free" | "f" => Some(true),
            "reduced" | "r" | "paid" | "p" => Some(false),
            word => yes_or_no(word),
        };
        let of = OfDistrict {
            service: line.one_of("enrollment_type", "P, S, N", Service::named)?,
            homeless: line.one_of("homeless", "yes, no", yes_or_no)?,
            free_meals: line.one_of("economic_status", "free, reduced, paid, yes, no", free)?,
        };
        own.insert(line.id().to_owned(), of);
    }
    Ok(own)
}

/// Whose list, and of which days.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The state.
    pub state: StateCode,
    /// The district, as the state's facilities name it, upper or lower case; the whole state for none.
    pub district: Option<String>,
    /// The days: who was eligible and enrolled on one of them.
    pub days: Days,
}

/// A migratory child's enrollment in a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QaRow {
    /// The child; none before it is linked.
    pub person_id: Option<PersonId>,
    /// The state's identifier.
    pub state_student_id: String,
    /// Last names.
    pub last_name: String,
    /// First and middle name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// Gender in words.
    pub gender: Option<&'static str>,
    /// District.
    pub district: String,
    /// School or project.
    pub school: String,
    /// Grade in words.
    pub grade: Option<&'static str>,
    /// First day.
    pub enrolled: NaiveDate,
    /// Last day; none while it is open.
    pub withdrawn: Option<NaiveDate>,
    /// English learner (X11).
    pub english_learner: Option<bool>,
    /// Individualized education program (X12).
    pub iep: Option<bool>,
    /// Priority for services (X14).
    pub priority_for_services: Option<bool>,
    /// The latest qualifying arrival that makes the child eligible on one of the days.
    pub qualifying_arrival: NaiveDate,
    /// The last day of that eligibility.
    pub eligible_until: NaiveDate,
    /// The latest result in mathematics.
    pub mathematics: Option<String>,
    /// The latest result in reading or English.
    pub reading: Option<String>,
    /// What only the district knows; nothing where its file does not have the student.
    pub of_district: OfDistrict,
}

impl QaRow {
    /// Whether it is to be corrected that the child does not eat free of charge.
    #[must_use]
    pub fn pays_for_meals(&self) -> bool {
        self.of_district.free_meals == Some(false)
    }
}

/// What the list of a child discloses.
const CATEGORIES: &[&str] = &["identity", "enrollment", "eligibility", "assessment"];

/// The migratory children of a district, an item per enrollment, by district, school and name. Each child listed is
/// disclosed.
pub fn list(
    connection: &mut PgConnection,
    access: &Access,
    wanted: &Wanted,
    own: &OwnFile,
) -> store::Result<Vec<QaRow>> {
    connection.transaction(|connection| {
        let rules = store::participants::eligibility_rules(connection)?;
        let rules = rules.get(&wanted.state).copied().unwrap_or_default();
        let days = (wanted.days.from, wanted.days.to);
        let ids = lists::enrolled(connection, wanted.state, wanted.district.as_deref(), days)?;
        let mut students = Vec::new();
        lists::read(connection, &ids, |student| students.push(student))?;
        let facilities = store::facilities::of(connection, &schools(wanted.state, &students))?;
        let (mut rows, mut subjects) = (Vec::new(), Vec::new());
        for student in &students {
            let of = rows_of(student, wanted, rules, &facilities, own);
            if !of.is_empty() {
                let person = student.person_id.map(Subject::Person);
                subjects.push(person.unwrap_or(Subject::Student(student.student_id)));
            }
            rows.extend(of);
        }
        access.disclose(connection, &subjects, CATEGORIES)?;
        rows.sort_by(|a, b| {
            let key = |row: &QaRow| {
                let names = (row.last_name.clone(), row.first_name.clone());
                (row.district.clone(), row.school.clone(), names, row.enrolled)
            };
            key(a).cmp(&key(b))
        });
        Ok(rows)
    })
}

fn schools(state: StateCode, students: &[ListedStudent]) -> Vec<(StateCode, String)> {
    let enrollments = students.iter().flat_map(|s| &s.student.enrollments);
    let mut keys: Vec<_> = enrollments
        .filter_map(|e| Some((state, e.facility_code.as_ref()?.to_string())))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The rows of a student; none if it was not eligible on any of the days.
fn rows_of(
    listed: &ListedStudent,
    wanted: &Wanted,
    rules: EligibilityRules,
    facilities: &HashMap<(StateCode, String), Facility>,
    own: &OwnFile,
) -> Vec<QaRow> {
    let student = &listed.student;
    let program = ProgramStudent::of(wanted.state, listed.live, student);
    let eligible = windows(&[&program], None, rules).into_iter().rev().find(|w| {
        Days {
            from: w.from,
            to: w.to,
        }
        .and(wanted.days)
        .any()
    });
    let Some(eligible) = eligible else {
        return Vec::new();
    };
    let identity = &student.identity;
    let id = identity.state_student_id.to_string();
    let of_district = own.get(&id).copied().unwrap_or_default();
    let enrollments = student.enrollments.iter().filter_map(|enrollment| {
        let facility = enrollment
            .facility_code
            .as_ref()
            .and_then(|code| facilities.get(&(wanted.state, code.to_string())));
        let district = facility
            .and_then(|f| f.district.as_ref())
            .or(enrollment.district_of_residence.as_ref())
            .map_or(String::new(), ToString::to_string);
        let here = wanted
            .district
            .as_ref()
            .is_none_or(|wanted| wanted.to_lowercase() == district.to_lowercase());
        (here && during(enrollment, wanted.days)).then(|| QaRow {
            person_id: listed.person_id,
            state_student_id: id.clone(),
            last_name: words([
                Some(identity.last_name_1.as_str()),
                identity.last_name_2.as_ref().map(mde::Text::as_str),
            ]),
            first_name: words([
                Some(identity.first_name.as_str()),
                identity.middle_name.as_ref().map(mde::Text::as_str),
            ]),
            birth_date: identity.birth_date.map(mde::Date::day),
            gender: identity.gender.map(|g| g.row().label),
            district,
            school: school(enrollment, facility),
            grade: enrollment.grade.map(|g| g.row().label),
            enrolled: enrollment.enrollment_date.day(),
            withdrawn: enrollment.withdrawal_date.map(mde::Date::day),
            english_learner: enrollment.english_learner,
            iep: enrollment.iep,
            priority_for_services: enrollment.priority_for_services,
            qualifying_arrival: eligible.from,
            eligible_until: eligible.to,
            mathematics: latest(&student.assessments, &["math", "algebra", "geometry"]),
            reading: latest(
                &student.assessments,
                &["reading", "english", "language arts", "ela"],
            ),
            of_district,
        })
    });
    enrollments.collect()
}

fn words<const N: usize>(parts: [Option<&str>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn school(enrollment: &Enrollment, facility: Option<&Facility>) -> String {
    let named = facility.map(|f| f.name.to_string());
    named
        .or_else(|| {
            enrollment
                .school_or_project_name
                .as_ref()
                .map(ToString::to_string)
        })
        .unwrap_or_default()
}

fn during(enrollment: &Enrollment, days: Days) -> bool {
    let there = Days {
        from: enrollment.enrollment_date.day(),
        to: enrollment.withdrawal_date.map_or(days.to, mde::Date::day),
    };
    there.and(days).any()
}

/// The latest result of an assessment whose content or name holds one of these words.
fn latest(assessments: &[Assessment], subject: &[&str]) -> Option<String> {
    let about = |a: &&Assessment| {
        let content = a.content.as_ref().map(ToString::to_string);
        let text = content.unwrap_or_else(|| a.name.to_string()).to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        subject
            .iter()
            .any(|s| s.contains(' ') && text.contains(s) || words.any(|w| w.starts_with(s)))
    };
    let with_result = |a: &&Assessment| a.result.is_some() || a.interpretation.is_some();
    let found = assessments
        .iter()
        .filter(about)
        .filter(with_result)
        .max_by_key(|a| a.month)?;
    let parts = [
        found.result.as_ref().map(ToString::to_string),
        found.interpretation.as_ref().map(ToString::to_string),
        found.month.map(|m| m.to_string()),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// The children of a list who are eligible and enrolled on a day, each once, as a district certifies free meals by it.
#[must_use]
pub fn free_meals(rows: &[QaRow], today: NaiveDate) -> Vec<&QaRow> {
    let there = |row: &&QaRow| {
        row.enrolled <= today
            && row.withdrawn.is_none_or(|day| today <= day)
            && row.qualifying_arrival <= today
            && today <= row.eligible_until
    };
    let mut children = summary::each_once(rows.iter().filter(there));
    children.sort_by_key(|row| (&row.school, &row.last_name, &row.first_name));
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_districts_own_file_says_how_children_eat() {
        let own = own_file(b"state_student_id,enrollment_type,homeless,economic_status\n1,P,Y,Free\n2,s,no,REDUCED\n3,N,,no\n4,,,\n").unwrap();
        let of = |id: &str| own[id];
        assert_eq!(of("1").free_meals, Some(true));
        assert_eq!(
            (of("1").service, of("1").homeless),
            (Some(Service::Primary), Some(true))
        );
        assert_eq!(
            (of("2").free_meals, of("3").free_meals),
            (Some(false), Some(false))
        );
        assert_eq!(of("3").service.map(Service::letter), Some("N"));
        assert_eq!(of("4"), OfDistrict::default());
        let wrong = own_file(b"state_student_id,economic_status\n1,sometimes\n").unwrap_err();
        assert!(matches!(
            wrong,
            ListError::NotOneOf {
                line: 2,
                column: "economic_status",
                ..
            }
        ));
    }
}
