//! Children that are, and are not, the same: the cases that registries of migratory students get wrong.

use chrono::NaiveDate;
use linking::levels::Field;
use linking::{Entities, HumanDecisions, LinkIndex, Model, PersonNameInput, RecordInput, Resolution, Sex};

mod clerks;
mod families;
mod finding;
mod holding;
mod keys;
mod levels;
mod persons;
mod shared;
mod telling;
mod together;
mod vetoes;
mod weights;

pub(crate) fn date(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

/// A made-up boy; tests change what they are about.
pub(crate) fn boy(key: u128, state: &'static str) -> RecordInput<'static> {
    RecordInput {
        key,
        state,
        state_student_id: "",
        first_name: "Cristian",
        last_name_1: "Tello",
        last_name_2: "Ortega",
        birth_date: Some(date(2014, 3, 21)),
        sex: Some(Sex::Male),
        multiple_birth: Some(false),
        mother: PersonNameInput {
            last: "Ortega",
            first: "Elsa",
        },
        father: PersonNameInput {
            last: "Tello",
            first: "Marcos",
        },
        birth_city: "Monterrey",
        birth_state: "NLE",
        birth_country: "MX",
        live: true,
        ..RecordInput::default()
    }
}

/// What an index of two records tells of them, 1 and 2, whichever of them comes first.
#[track_caller]
pub(crate) fn either_way<T: PartialEq + std::fmt::Debug>(
    a: &RecordInput<'_>,
    b: &RecordInput<'_>,
    tell: impl Fn(&LinkIndex) -> T,
) -> T {
    let [one, other] = [(a, b), (b, a)].map(|(a, b)| {
        let mut records = [a.clone(), b.clone()];
        (records[0].key, records[1].key) = (1, 2);
        tell(&LinkIndex::build(Model::default_fixed(), &records))
    });
    assert_eq!(one, other, "the order does not matter");
    one
}

pub(crate) fn resolve(inputs: &[RecordInput<'_>], humans: &HumanDecisions) -> Resolution {
    let index = LinkIndex::build(Model::default_fixed(), inputs);
    let keys: Vec<u128> = inputs.iter().map(|input| input.key).collect();
    index.resolve(&keys, &Entities::default(), humans)
}

pub(crate) fn sizes(resolution: &Resolution) -> Vec<usize> {
    let mut sizes: Vec<usize> = resolution.parts().map(|part| part.members.len()).collect();
    sizes.sort_unstable();
    sizes
}

pub(crate) fn linked(a: &RecordInput<'_>, b: &RecordInput<'_>) -> bool {
    sizes(&resolve(&[a.clone(), b.clone()], &HumanDecisions::default())) == [2]
}

pub(crate) fn level_of(field: Field, a: &RecordInput<'_>, b: &RecordInput<'_>) -> u8 {
    let index = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
    index.compare(a.key, b.key).unwrap().levels.get(field)
}
