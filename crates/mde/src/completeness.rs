//! Which data elements a state is expected to send, from when on, and to whom each applies: what a report on completeness
//! measures. What is absent by its nature (a second last name, the end of what goes on) is not looked for.
//!
//! The phases are those of the Report to Congress (2003) on linking state systems: first who the student is and where it
//! goes to school, then assessments, special education, health alerts and immunizations, then what credits need.

use crate::part::{Field, PartKind};

/// How far a state has come that joins: it sends the elements of its phase and of those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Students, moves, enrollments and schools.
    One = 1,
    /// Assessments, special education, alerts and immunizations.
    Two = 2,
    /// Courses, credits and graduation.
    Three = 3,
}

impl Phase {
    /// All of them, the first one first.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// The one of that number, from 1 to 3.
    #[must_use]
    pub fn numbered(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.number() == number)
    }

    /// Its number, from 1 to 3.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// What it adds, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::One => "students, moves, enrollments, schools",
            Self::Two => "assessments, special education, alerts, immunizations",
            Self::Three => "courses, credits, graduation",
        }
    }
}

/// The share that is recorded in whole percent; 100 only if nothing is missing, 0 only if everything is.
#[must_use]
pub fn percent(recorded: u64, of: u64) -> u64 {
    match recorded {
        0 => 0,
        all if all == of => 100,
        some => (200 * some / of).div_ceil(2).clamp(1, 99),
    }
}

/// To whom an element applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// To all.
    All,
    /// To an enrollment that is not residency only (55).
    AtSchool,
    /// To an enrollment that has ended (21).
    Left,
    /// In grades 9 to 12, or out of school, where the secondary elements apply (34 CFR 200.85).
    Secondary,
    /// In grade 3 or above, where states test.
    Tested,
    /// To a course that was finished: it has neither a grade to date (67) nor hours so far (68).
    Finished,
    /// To a course that has either: work under way, or left in the middle.
    Unfinished,
}

impl Whom {
    /// In words, after "of".
    #[must_use]
    pub fn words(self, part: PartKind) -> &'static str {
        match (self, part) {
            (Self::All, PartKind::Student) => "all children",
            (Self::All, PartKind::AlternateId) => "other identifiers",
            (Self::All, PartKind::QualifyingMove) => "qualifying moves",
            (Self::All, PartKind::Enrollment) => "enrollments",
            (Self::All, PartKind::Course) => "courses",
            (Self::All, PartKind::Assessment) => "assessments",
            (Self::All, PartKind::Immunization) => "doses",
            (Self::All, PartKind::Alert) => "alerts",
            (Self::All, PartKind::GraduationRequirement) => "graduation requirements",
            (Self::All, PartKind::Facility) => "schools and projects",
            (Self::AtSchool, _) => "enrollments at a school or project",
            (Self::Left, _) => "enrollments that have ended",
            (Self::Secondary, PartKind::Enrollment) => "enrollments in grades 9 to 12 or out of school",
            (Self::Secondary, _) => "children in grades 9 to 12 or out of school",
            (Self::Tested, _) => "children in grade 3 or above",
            (Self::Finished, _) => "courses that were finished",
            (Self::Unfinished, _) => "courses under way or left in the middle",
        }
    }
}

/// An element that is looked for in a part.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// The part.
    pub part: PartKind,
    /// Its column there.
    pub column: &'static str,
    /// From when on.
    pub phase: Phase,
    /// To which of the parts it applies.
    pub whom: Whom,
}

impl Expected {
    /// The data element.
    #[must_use]
    pub fn field(&self) -> Option<&'static Field> {
        self.part
            .fields()
            .iter()
            .find(|field| field.column == self.column)
    }
}

const fn x(part: PartKind, column: &'static str, phase: Phase, whom: Whom) -> Expected {
    Expected {
        part,
        column,
        phase,
        whom,
    }
}

/// The elements that are looked for, by part. Those without which a part is refused are never missing and are not here.
pub const EXPECTED: &[Expected] = {
    use PartKind::{
        Alert, AlternateId, Assessment, Course, Enrollment, Facility, GraduationRequirement, Immunization,
        QualifyingMove, Student,
    };
    use Phase::{One, Three, Two};
    use Whom::{All, AtSchool, Finished, Left, Secondary, Unfinished};
    &[
        x(Student, "gender", One, All),
        x(Student, "birth_date", One, All),
        x(Student, "birth_verification", One, All),
        x(Student, "birth_city", One, All),
        x(Student, "birth_state", One, All),
        x(Student, "birth_country", One, All),
        x(Student, "multiple_birth", One, All),
        x(Student, "parent1_last_name", One, All),
        x(Student, "parent1_first_name", One, All),
        x(Student, "guardian_last_name", One, All),
        x(Student, "guardian_first_name", One, All),
        x(AlternateId, "identifier_type", One, All),
        x(QualifyingMove, "from_city", One, All),
        x(QualifyingMove, "from_country", One, All),
        x(QualifyingMove, "to_city", One, All),
        x(QualifyingMove, "to_state", One, All),
        x(QualifyingMove, "residency_date", One, All),
        x(QualifyingMove, "certificate_number", One, All),
        x(QualifyingMove, "certificate_approval_date", One, All),
        x(Enrollment, "facility_code", One, AtSchool),
        x(Enrollment, "grade", One, AtSchool),
        x(Enrollment, "enrollment_type", One, All),
        x(Enrollment, "school_or_project_name", One, AtSchool),
        x(Enrollment, "district_of_residence", One, All),
        x(Enrollment, "priority_for_services", One, All),
        x(Enrollment, "exit_reason", One, Left),
        x(Facility, "address1", One, All),
        x(Facility, "city", One, All),
        x(Facility, "zip", One, All),
        x(Facility, "phone", One, All),
        x(Facility, "district", One, All),
        x(Facility, "located_in_state", One, All),
        x(Enrollment, "english_learner", Two, AtSchool),
        x(Enrollment, "iep", Two, AtSchool),
        x(Enrollment, "med_alert", Two, AtSchool),
        x(Enrollment, "immunization_record", Two, AtSchool),
        x(Assessment, "assessment_type", Two, All),
        x(Assessment, "content", Two, All),
        x(Assessment, "month", Two, All),
        x(Assessment, "result", Two, All),
        x(Assessment, "result_type", Two, All),
        x(Immunization, "date", Two, All),
        x(Alert, "contact_name", Two, All),
        x(Alert, "contact_phone", Two, All),
        x(Enrollment, "graduation_school", Three, Secondary),
        x(Enrollment, "designated_graduation_school", Three, Secondary),
        x(Enrollment, "out_of_state_transcript", Three, Secondary),
        x(Enrollment, "algebra_1", Three, Secondary),
        x(Course, "facility_code", Three, All),
        x(Course, "subject_area", Three, All),
        x(Course, "course_type", Three, All),
        x(Course, "section", Three, All),
        x(Course, "term_type", Three, All),
        x(Course, "grade_to_date", Three, Unfinished),
        x(Course, "clock_hours", Three, Unfinished),
        x(Course, "final_grade", Three, Finished),
        x(Course, "credits", Three, Finished),
        x(Course, "sced", Three, All),
        x(GraduationRequirement, "facility_code", Three, All),
    ]
};

/// Parts of which a child is expected to have at least one, from when on, and which child.
pub const EXPECTED_PARTS: &[(PartKind, Phase, Whom)] = &[
    (PartKind::QualifyingMove, Phase::One, Whom::All),
    (PartKind::Enrollment, Phase::One, Whom::All),
    (PartKind::Assessment, Phase::Two, Whom::Tested),
    (PartKind::Immunization, Phase::Two, Whom::All),
    (PartKind::Course, Phase::Three, Whom::Secondary),
];

/// Columns that may well be empty: most children have no such thing, it has not happened yet, or another column says the
/// same (a year in two forms, the credits as they were sent, the hub's own reading).
pub const MAY_BE_EMPTY: &[(PartKind, &[&str])] = &[
    (
        PartKind::Student,
        &[
            "state_student_id_type",
            "last_name_2",
            "middle_name",
            "generation",
            "parent2_last_name",
            "parent2_first_name",
            "parent1_email",
            "parent2_email",
            "parent1_phone",
            "parent2_phone",
            "termination_date",
            "termination_flag",
        ],
    ),
    (
        PartKind::QualifyingMove,
        &[
            "from_state",
            "eligibility_expiration_date",
            "void_date",
            "void_reason",
        ],
    ),
    (
        PartKind::Enrollment,
        &[
            "withdrawal_date",
            "project_type",
            "residency_date",
            "residency_verification_date",
            "graduation_indicator",
            "graduation_date",
            "continuation_reason",
            "comment",
            "destination_city",
            "destination_state",
            "destination_country",
            "out_of_state_records_date",
        ],
    ),
    (
        PartKind::Course,
        &[
            "course_year",
            "begin_academic_year",
            "end_academic_year",
            "credits_sent",
            "credit_unit",
            "credit_factor",
        ],
    ),
    (PartKind::Assessment, &["interpretation"]),
    (PartKind::Immunization, &["cvx"]),
    (PartKind::Alert, &["resolution_date", "contact_role"]),
    (PartKind::GraduationRequirement, &["state"]),
    (
        PartKind::Facility,
        &["address2", "address3", "nces_school_id", "nces_district_id"],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_element_that_can_be_missing_is_looked_for_or_may_be_empty() {
        for part in PartKind::ALL {
            let optional: BTreeSet<&str> = part
                .fields()
                .iter()
                .filter(|f| !f.required)
                .map(|f| f.column)
                .collect();
            let looked_for = EXPECTED.iter().filter(|e| e.part == part).map(|e| e.column);
            let empty = MAY_BE_EMPTY
                .iter()
                .filter(|(of, _)| *of == part)
                .flat_map(|(_, columns)| columns.iter().copied());
            let all: Vec<&str> = looked_for.chain(empty).collect();
            let told: BTreeSet<&str> = all.iter().copied().collect();
            assert_eq!(told, optional, "{part}");
            assert_eq!(told.len(), all.len(), "{part}: told twice");
        }
    }

    #[test]
    fn what_is_looked_for_is_an_element_that_a_part_may_lack() {
        for expected in EXPECTED {
            let field = expected.field();
            assert!(field.is_some_and(|f| !f.required), "{expected:?}");
        }
    }

    #[test]
    fn a_share_is_whole_only_if_nothing_is_missing() {
        assert_eq!(
            [percent(0, 0), percent(0, 7), percent(1, 1_000), percent(1, 2)],
            [0, 0, 1, 50]
        );
        assert_eq!([percent(2, 3), percent(999, 1_000), percent(7, 7)], [67, 99, 100]);
    }

    #[test]
    fn phases_are_numbered() {
        assert_eq!(Phase::ALL.map(Phase::number), [1, 2, 3]);
        assert_eq!(Phase::numbered(2), Some(Phase::Two));
        assert_eq!((Phase::numbered(0), Phase::numbered(4)), (None, None));
    }
}
