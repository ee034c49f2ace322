//! What the program (Title I, Part C) looks at in one student of a state: far less than the whole student, so that a
//! nation of them fits in memory.

use chrono::NaiveDate;
use mde::code::{EnrollmentType, ExitReason, Gender, Grade, TerminationFlag};
use mde::{Date, StateCode, Student};

/// One state's student, as eligibility and counts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramStudent {
    /// Whose student it is.
    pub state: StateCode,
    /// Whether the state still reports it; what is not live counts nowhere.
    pub live: bool,
    /// Birth date (data element 9).
    pub birth: Option<NaiveDate>,
    /// Gender (8).
    pub gender: Option<Gender>,
    /// Termination date and flag (38, 39).
    pub termination: Option<(NaiveDate, Option<TerminationFlag>)>,
    /// Qualifying moves (31 to 37).
    pub moves: Vec<ProgramMove>,
    /// Enrollments (20, 21, 54, 55).
    pub enrollments: Vec<ProgramEnrollment>,
}

/// A qualifying move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramMove {
    /// Qualifying arrival date (31).
    pub arrival: NaiveDate,
    /// Residency date (37).
    pub residency: Option<NaiveDate>,
    /// Whether the certificate was voided (X34).
    pub void: bool,
}

/// An enrollment in a school or project, or residency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramEnrollment {
    /// Type (55).
    pub kind: Option<EnrollmentType>,
    /// First day (54).
    pub start: NaiveDate,
    /// Last day (21); none while it is open.
    pub end: Option<NaiveDate>,
    /// Grade level (20).
    pub grade: Option<Grade>,
    /// Residency date (37) and the day on which residency was verified (X17).
    pub residency: [Option<NaiveDate>; 2],
    /// Whether the child is there by continuation of services only (X22).
    pub continuation: bool,
    /// Day of graduation or of the equivalency (X20), where there is one (X19).
    pub graduated: Option<NaiveDate>,
    /// Why it ended (X36).
    pub exit: Option<ExitReason>,
}

impl ProgramStudent {
    /// The part of a whole student.
    #[must_use]
    pub fn of(state: StateCode, live: bool, student: &Student) -> Self {
        let day = |date: Option<Date>| date.map(Date::day);
        let identity = &student.identity;
        Self {
            state,
            live,
            birth: day(identity.birth_date),
            gender: identity.gender,
            termination: day(identity.termination_date).map(|date| (date, identity.termination_flag)),
            moves: student
                .qualifying_moves
                .iter()
                .map(|m| ProgramMove {
                    arrival: m.qualifying_arrival_date.day(),
                    residency: day(m.residency_date),
                    void: m.void_date.is_some(),
                })
                .collect(),
            enrollments: student
                .enrollments
                .iter()
                .map(|e| ProgramEnrollment {
                    kind: e.enrollment_type,
                    start: e.enrollment_date.day(),
                    end: day(e.withdrawal_date),
                    grade: e.grade,
                    residency: [day(e.residency_date), day(e.residency_verification_date)],
                    continuation: e.continuation_reason.is_some(),
                    graduated: day(e.graduation_date).filter(|_| e.graduation_indicator.is_some()),
                    exit: e.exit_reason,
                })
                .collect(),
        }
    }
}
