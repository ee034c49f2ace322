use chrono::NaiveDate;

use super::*;
use crate::model::Model;
use crate::record::{PersonNameInput, RecordInput};
use crate::tokens::mix;

const GIVEN: [&str; 12] = [
    "Juan",
    "María",
    "Mario",
    "J",
    "",
    "Luis",
    "Juancarlos",
    "Carlos",
    "Pepe",
    "José",
    "Soto",
    "Marai",
];
const MIDDLE: [&str; 7] = ["", "", "Carlos", "C", "Luis", "Carlos Luis", "Soto"];
const LAST: [&str; 9] = [
    "Soto",
    "Sotto",
    "García",
    "Soto García",
    "Sotogarcía",
    "",
    "Luis",
    "Vega",
    "De la Vega",
];
const CITIES: [&str; 5] = ["", "Huajuapan", "Huajuapan de León", "Morelia", "Moralia"];

/// Records that share names, dates and places in every way.
pub(crate) fn index(records: usize) -> LinkIndex {
    let ids: Vec<String> = (0..records)
        .map(|number| format!("ID{:06}", number % 40))
        .collect();
    let inputs: Vec<RecordInput<'_>> = (0..records)
        .map(|number| {
            let draw = |what: u64, of: usize| (mix(number as u64 * 31 + what) % of as u64) as usize;
            let pick = |what: u64, of: &'static [&'static str]| of[draw(what, of.len())];
            let name = |what: u64| PersonNameInput {
                last: pick(what, &LAST),
                first: pick(what + 1, &GIVEN),
            };
            RecordInput {
                key: number as u128,
                state: pick(1, &["TX", "CA", "KY", ""]),
                state_student_id: if draw(2, 3) == 0 { &ids[number] } else { "" },
                first_name: pick(3, &GIVEN),
                middle_name: pick(4, &MIDDLE),
                last_name_1: pick(5, &LAST),
                last_name_2: pick(6, &LAST),
                generation: pick(7, &["", "", "", "Jr", "III"]),
                birth_date: NaiveDate::from_ymd_opt(
                    2010 + draw(8, 2) as i32,
                    [1, 2, 12][draw(9, 3)],
                    [1, 2, 12, 21][draw(10, 4)],
                )
                .filter(|_| draw(11, 20) != 0),
                sex: [None, Some(Sex::Female), Some(Sex::Male)][draw(12, 3)],
                multiple_birth: [None, Some(false), Some(true)][draw(13, 3)],
                mother: name(14),
                father: name(16),
                birth_city: pick(18, &CITIES),
                birth_state: pick(19, &["", "OA", "MI"]),
                birth_country: pick(20, &["", "MX", "US"]),
                live: draw(21, 4) != 0,
                ..RecordInput::default()
            }
        })
        .collect();
    LinkIndex::build(Model::default_fixed(), &inputs)
}

#[test]
fn a_glance_never_rules_out_what_reaches_the_floor() {
    let index = index(600);
    let glances = Glances::new(&index);
    let (mut ruled_out, mut all) = (0, 0);
    for a in 0..index.slots() {
        for b in a + 1..index.slots() {
            let weight = index.score(index.at(a), index.at(b)).1;
            assert!(
                glances.may_reach(a, b, weight),
                "{weight} bits: {:?} {:?}",
                index.at(a),
                index.at(b)
            );
            all += 1;
            ruled_out += u32::from(!glances.may_reach(a, b, -3.0));
        }
    }
    assert!(ruled_out * 3 > all, "{ruled_out} of {all}: it is of no use");
}

/// Where the parents are as alike as can be, or known to differ, nothing is left open: the glance knows the odds against
/// each of four explanations, and all four together take at most two bits off the least of them.
#[test]
fn a_glance_is_as_close_as_it_can_be() {
    let index = index(300);
    let glances = Glances::new(&index);
    let (mut close, mut left_open) = (0, 0);
    for a in 0..index.slots() {
        for b in a + 1..index.slots() {
            let (one, other) = (&glances.of[a as usize], &glances.of[b as usize]);
            let (comparison, weight) = index.score(index.at(a), index.at(b));
            let mixed = one.mixes_names(other) || one.first_missing != other.first_missing;
            if one.odd || other.odd || mixed || one.ids & other.ids != 0 {
                assert!(glances.may_reach(a, b, 1e6), "left to a closer look");
                left_open += 1;
            } else if comparison.levels.get(Field::Parents) == level::BOTH
                || glances.parents_differ(one, other)
            {
                assert!(
                    !glances.may_reach(a, b, weight + 2.0 + 2.0 * ROUNDING),
                    "{weight} bits: {:?} {:?}",
                    index.at(a),
                    index.at(b)
                );
                close += 1;
            }
        }
    }
    assert!(close > 3_000 && left_open > 3_000, "{close} {left_open}");
}

#[test]
fn parents_differ_where_no_adult_is_like_another() {
    let name = |first| PersonNameInput { last: "Soto", first };
    let family = |key, mother, father, guardian| RecordInput {
        key,
        first_name: "Ana",
        last_name_1: "Soto",
        mother: name(mother),
        father: name(father),
        guardian: name(guardian),
        ..RecordInput::default()
    };
    for (one, other, differ) in [
        (("Rosa", "Hugo", ""), ("Inés", "Raúl", ""), true),
        (("Rosa", "", ""), ("Inés", "Hugo", ""), true),
        (("Rosa", "Hugo", ""), ("Rosa", "Raúl", ""), false),
        (("Rosa", "Hugo", ""), ("Hugo", "Raúl", ""), false),
        (("José", "", ""), ("Inés", "", "Pepe"), false),
        (("Rosa", "", ""), ("", "Hugo", ""), false),
        (("", "", "Rosa"), ("", "", "Inés"), false),
        (("Rosa", "", "Hugo"), ("Inés", "", "Hugo"), false),
    ] {
        let records = [
            family(1, one.0, one.1, one.2),
            family(2, other.0, other.1, other.2),
        ];
        let index = LinkIndex::build(Model::default_fixed(), &records);
        let glances = Glances::new(&index);
        assert_eq!(
            glances.parents_differ(&glances.of[0], &glances.of[1]),
            differ,
            "{one:?} {other:?}"
        );
        let found = index.score(index.at(0), index.at(1)).0.levels.get(Field::Parents);
        assert!(!differ || found == level::DIFFER);
    }
}
