//! Students of any rows: values that exist, put together without sense.

use mde::{Draft, Part, PartKind, Student, ValueContext};
use proptest::collection::vec;
use proptest::prelude::*;

/// Values by part and field; what the field does not take is left out.
#[derive(Debug, Clone)]
pub(crate) struct Rows(Vec<(PartKind, Vec<Option<String>>)>);

const PARTS: [PartKind; 8] = [
    PartKind::QualifyingMove,
    PartKind::Enrollment,
    PartKind::Course,
    PartKind::Assessment,
    PartKind::Immunization,
    PartKind::Alert,
    PartKind::GraduationRequirement,
    PartKind::AlternateId,
];

/// Days around the birth, the moves and the day of the upload, places, numbers, codes and names that rules look at.
fn value() -> impl Strategy<Value = String> {
    let days = (1996i32..2028, 1u32..13, 1u32..29).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let words = prop::sample::select(vec![
        "MMR",
        "DTaP",
        "blue drops",
        "998",
        "TX",
        "OAX",
        "CH",
        "MX",
        "US",
        "CA",
        "01",
        "02",
        "03",
        "05",
        "06",
        "KG",
        "10",
        "1004",
        "0499",
        "0828",
        "Y",
        "N",
        "ED",
        "MED",
        "Male",
        "UNKNOWN",
        "FNU",
        "B+",
        "87",
        "130",
        "0.5",
        "50",
        "02052",
        "06101",
        "Graduation",
        "MOVED",
        "INELIGIBLE",
        "García",
        "2025",
        "2026",
        "2003",
        "2025-03",
        "Algebra I",
        "03",
        "21",
    ]);
    prop_oneof![3 => days, 5 => words.prop_map(str::to_owned), 1 => "\\PC{1,12}"]
}

impl Arbitrary for Rows {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let identity = vec(prop::option::of(value()), 26);
        let row = (
            prop::sample::select(PARTS.to_vec()),
            vec(prop::option::of(value()), 30),
        );
        (identity, vec(row, 0..14))
            .prop_map(|(identity, mut rows)| {
                rows.push((PartKind::Student, identity));
                Self(rows)
            })
            .boxed()
    }
}

impl Rows {
    /// The student of these rows.
    pub(crate) fn student(&self) -> Student {
        let (_, identity) = self.0.last().expect("the identity is the last row");
        let mut student = Student::new(row::<mde::Identity>(identity, &["1", "García", "María"]));
        for (part, values) in &self.0 {
            match part {
                PartKind::QualifyingMove => student.qualifying_moves.push(row(values, &["2025-06-14"])),
                PartKind::Enrollment => student.enrollments.push(row(values, &["2025-08-18"])),
                PartKind::Course => student.courses.push(row(values, &["Algebra I"])),
                PartKind::Assessment => student.assessments.push(row(values, &["Readiness"])),
                PartKind::Immunization => student.immunizations.push(row(values, &["MMR"])),
                PartKind::Alert => student.alerts.push(row(values, &["ED"])),
                PartKind::GraduationRequirement => {
                    student
                        .graduation_requirements
                        .push(row(values, &["Mathematics", "4.0"]));
                }
                PartKind::AlternateId => student.alternate_ids.push(row(values, &["A1"])),
                PartKind::Student | PartKind::Facility => {}
            }
        }
        student
    }
}

/// A row of the values that its fields take; required ones get these, unless the values fit. The identifier stays.
fn row<P: Part>(values: &[Option<String>], required: &[&str]) -> P {
    let mut draft = P::Draft::default();
    let mut required = required.iter();
    for (index, field) in P::FIELDS.iter().enumerate() {
        let given = if field.required { required.next() } else { None };
        let wanted = values
            .get(index)
            .cloned()
            .flatten()
            .filter(|_| field.element != "2");
        let taken = wanted.is_some_and(|text| {
            !text.trim().is_empty() && draft.set(index, &text, ValueContext::default()).is_ok()
        });
        if let Some(text) = given.filter(|_| !taken) {
            draft
                .set(index, text, ValueContext::default())
                .expect("a right value");
        }
    }
    let Ok(row) = draft.finish() else {
        panic!("the required fields are there");
    };
    row
}

/// The same student with the rows of each part in another order.
pub(crate) fn shuffled(student: &Student, seed: u64) -> Student {
    fn mix<R>(rows: &mut [R], seed: &mut u64) {
        for end in (1..rows.len()).rev() {
            // Knuth's linear congruential generator: any order will do.
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            rows.swap(end, (*seed >> 33) as usize % (end + 1));
        }
    }
    let (mut other, mut seed) = (student.clone(), seed);
    mix(&mut other.alternate_ids, &mut seed);
    mix(&mut other.qualifying_moves, &mut seed);
    mix(&mut other.enrollments, &mut seed);
    mix(&mut other.courses, &mut seed);
    mix(&mut other.assessments, &mut seed);
    mix(&mut other.immunizations, &mut seed);
    mix(&mut other.alerts, &mut seed);
    mix(&mut other.graduation_requirements, &mut seed);
    other
}
