//! A student as the store holds it, in the form that linking reads.

use mde::{Identity, PartKind, StateCode, Student, StudentId, code};

use crate::index::LinkIndex;
use crate::record::{BirthDate, BirthDateEvidence, EnrollmentSpan, PersonNameInput, RecordInput, Sex};

/// The parts of a student at which linking looks, beside the identity.
pub const PARTS: &[PartKind] = &[PartKind::AlternateId, PartKind::Enrollment];

/// What of a student is a list.
struct Lists<'a> {
    stays: Vec<EnrollmentSpan<'a>>,
    others: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    fn of(state: &'a StateCode, student: &'a Student) -> Lists<'a> {
        let stay = |e: &'a mde::Enrollment| EnrollmentSpan {
            state: state.as_str(),
            start: e.enrollment_date.day(),
            end: e.withdrawal_date.map(mde::Date::day),
        };
        Lists {
            stays: student.enrollments.iter().map(stay).collect(),
            others: student
                .alternate_ids
                .iter()
                .map(|a| a.identifier.as_str())
                .collect(),
        }
    }
}

/// Puts a student into an index, as the store holds it.
pub fn upsert(index: &mut LinkIndex, id: StudentId, state: StateCode, student: &Student) {
    index.upsert(&input(id, &state, student, &Lists::of(&state, student)));
}

/// Puts many students into an index that is being built; [`LinkIndex::file`] has to follow.
pub fn gather(index: &mut LinkIndex, state: StateCode, students: &[(StudentId, Student)]) {
    let lists: Vec<Lists<'_>> = students
        .iter()
        .map(|(_, student)| Lists::of(&state, student))
        .collect();
    let inputs: Vec<RecordInput<'_>> = students
        .iter()
        .zip(&lists)
        .map(|((id, student), lists)| input(*id, &state, student, lists))
        .collect();
    index.gather(&inputs);
}

fn input<'a>(
    id: StudentId,
    state: &'a StateCode,
    student: &'a Student,
    lists: &'a Lists<'a>,
) -> RecordInput<'a> {
    let identity = &student.identity;
    RecordInput {
        key: id.0.as_u128(),
        state: state.as_str(),
        state_student_id: identity.state_student_id.as_str(),
        first_name: identity.first_name.as_str(),
        middle_name: text(identity.middle_name.as_ref()),
        last_name_1: identity.last_name_1.as_str(),
        last_name_2: text(identity.last_name_2.as_ref()),
        generation: text(identity.generation.as_ref()),
        birth_date: identity.birth_date.map(mde::Date::day),
        birth_parts: BirthDate::default(),
        birth_date_evidence: birth_date_evidence(identity),
        sex: match identity.gender {
            Some(code::Gender::Female) => Some(Sex::Female),
            Some(code::Gender::Male) => Some(Sex::Male),
            Some(code::Gender::Other) | None => None,
        },
        multiple_birth: identity.multiple_birth,
        father: adult(
            identity.parent1_last_name.as_ref(),
            identity.parent1_first_name.as_ref(),
        ),
        mother: adult(
            identity.parent2_last_name.as_ref(),
            identity.parent2_first_name.as_ref(),
        ),
        guardian: adult(
            identity.guardian_last_name.as_ref(),
            identity.guardian_first_name.as_ref(),
        ),
        birth_city: text(identity.birth_city.as_ref()),
        birth_state: text(identity.birth_state.as_ref()),
        birth_country: identity.birth_country.as_ref().map_or("", mde::Country::as_str),
        alternate_ids: &lists.others,
        live: true,
        enrollments: &lists.stays,
        contact: crate::ContactInput::default(),
    }
}

fn text<const MAX: usize>(value: Option<&mde::Text<MAX>>) -> &str {
    value.map_or("", mde::Text::as_str)
}

fn adult<'a>(last: Option<&'a mde::text::Name>, first: Option<&'a mde::text::Name>) -> PersonNameInput<'a> {
    PersonNameInput {
        last: text(last),
        first: text(first),
    }
}

/// Another document than a mere statement was seen.
fn birth_date_evidence(identity: &Identity) -> BirthDateEvidence {
    match identity.birth_verification.map(code::BirthVerification::rank) {
        Some(rank) if rank >= 2 => BirthDateEvidence::Verified,
        Some(_) => BirthDateEvidence::NotVerified,
        None => BirthDateEvidence::Unknown,
    }
}
