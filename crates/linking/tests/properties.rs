//! What must hold whatever comes: order does not matter, comparing is symmetric, no text is too strange.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use linking::resolve::{Cluster, Memberships};
use linking::{
    Entities, HumanDecision, HumanDecisions, LinkIndex, Model, PersonNameInput, RecordInput, Sex, Verdict,
};
use proptest::prelude::*;

const GIVEN: [&str; 12] = [
    "María",
    "José",
    "Juan Carlos",
    "Edgar",
    "Edwin",
    "Pepe",
    "Lupita",
    "Guadalupe",
    "Noel",
    "Joel",
    "MA. ELENA",
    "",
];
const LAST: [&str; 10] = [
    "García",
    "López",
    "De la Cruz",
    "Garcia-Lopez",
    "Ballesteros",
    "Tello",
    "Telo",
    "Ruiz Mojica",
    "Peña",
    "",
];
const STATES: [&str; 3] = ["KY", "CA", "TX"];

/// A record made of few values, so that relatives, namesakes and conflicts are everywhere.
#[derive(Debug, Clone)]
struct Made {
    key: u128,
    picks: [usize; 6],
    day: u64,
    male: Option<bool>,
    multiple: Option<bool>,
    live: bool,
}

impl Made {
    fn input(&self) -> RecordInput<'_> {
        let [first, middle, last1, last2, mother, state] = self.picks;
        RecordInput {
            key: self.key,
            state: STATES[state % STATES.len()],
            first_name: GIVEN[first % GIVEN.len()],
            middle_name: GIVEN[middle % GIVEN.len()],
            last_name_1: LAST[last1 % LAST.len()],
            last_name_2: LAST[last2 % LAST.len()],
            birth_date: NaiveDate::from_ymd_opt(2012, 1, 11)
                .and_then(|d| d.checked_add_days(Days::new(self.day))),
            sex: self.male.map(|male| if male { Sex::Male } else { Sex::Female }),
            multiple_birth: self.multiple,
            mother: PersonNameInput {
                first: GIVEN[mother % GIVEN.len()],
                last: LAST[last2 % LAST.len()],
            },
            birth_state: "MIC",
            birth_country: "MX",
            live: self.live,
            ..RecordInput::default()
        }
    }
}

fn made(key: u128) -> impl Strategy<Value = Made> {
    (
        prop::array::uniform6(0..36_usize),
        prop::sample::select(vec![0_u64, 0, 0, 1, 31, 366, 500]),
        prop::option::of(any::<bool>()),
        prop::option::weighted(0.3, any::<bool>()),
        prop::bool::weighted(0.9),
    )
        .prop_map(move |(picks, day, male, multiple, live)| Made {
            key,
            picks,
            day,
            male,
            multiple,
            live,
        })
}

fn population(size: usize) -> impl Strategy<Value = Vec<Made>> {
    (0..size as u128)
        .map(|i| made(i * 7919 % 1009))
        .collect::<Vec<_>>()
}

fn decisions() -> impl Strategy<Value = Vec<HumanDecision>> {
    let one = (0..20_u128, 0..20_u128, any::<bool>()).prop_map(|(a, b, same)| HumanDecision {
        verdict: if same { Verdict::Same } else { Verdict::Different },
        key_a: a * 7919 % 1009,
        key_b: b * 7919 % 1009,
    });
    prop::collection::vec(one, 0..5)
}

fn clusters(index: &LinkIndex, humans: &HumanDecisions) -> Vec<Cluster> {
    let mut keys: Vec<u128> = index.keys().collect();
    keys.sort_unstable();
    index.resolve(&keys, &Entities::default(), humans).clusters
}

/// Two clusterings with the same persons and questions, weights equal but for rounding.
fn assert_same(a: &[Cluster], b: &[Cluster]) {
    let outline = |clusters: &[Cluster]| {
        let mut parts: Vec<Vec<u128>> = Vec::new();
        let mut near: BTreeMap<(Vec<u128>, Vec<u128>), String> = BTreeMap::new();
        for cluster in clusters {
            parts.extend(cluster.parts.iter().map(|part| part.members.clone()));
            for question in &cluster.near_matches {
                let reason = format!("{:?}", question.reason);
                near.insert((question.left.clone(), question.right.clone()), reason);
            }
        }
        parts.sort_unstable();
        (parts, near)
    };
    assert_eq!(outline(a), outline(b));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_of_arrival_does_not_matter(
        people in population(20).prop_shuffle(),
        humans in decisions(),
        detour in made(5_000),
    ) {
        let humans: HumanDecisions = humans.into_iter().collect();
        let mut sorted: Vec<RecordInput<'_>> = people.iter().map(Made::input).collect();
        sorted.sort_by_key(|input| input.key);
        let batch = LinkIndex::build(Model::default_fixed(), &sorted);

        // One by one in another order, with contents that change later and a student that comes and goes.
        let mut index = LinkIndex::new(Model::default_fixed());
        index.upsert(&detour.input());
        for (i, person) in people.iter().enumerate() {
            let other = &people[(i + 3) % people.len()];
            index.upsert(&RecordInput { key: person.key, ..other.input() });
        }
        for person in &people {
            index.upsert(&person.input());
        }
        index.remove(5_000);
        index.freeze();
        assert_same(&clusters(&batch, &humans), &clusters(&index, &humans));
    }

    #[test]
    fn any_changed_student_sees_its_whole_piece(people in population(20), humans in decisions()) {
        let humans: HumanDecisions = humans.into_iter().collect();
        let inputs: Vec<RecordInput<'_>> = people.iter().map(Made::input).collect();
        let index = LinkIndex::build(Model::default_fixed(), &inputs);
        for cluster in clusters(&index, &humans) {
            for &member in &cluster.members {
                let alone = index.resolve(&[member], &Entities::default(), &humans);
                assert_same(&alone.clusters, std::slice::from_ref(&cluster));
            }
        }
    }

    #[test]
    fn comparing_is_symmetric(a in made(1), b in made(2)) {
        let (a, b) = (a.input(), b.input());
        // The same two contents under exchanged keys.
        let one = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
        let two = LinkIndex::build(
            Model::default_fixed(),
            &[RecordInput { key: 2, ..a }, RecordInput { key: 1, ..b }],
        );
        let (x, y) = (one.compare(1, 2).unwrap(), two.compare(1, 2).unwrap());
        prop_assert_eq!(x.levels, y.levels);
        prop_assert!((x.weight - y.weight).abs() < 1e-4);
        let (why, other) = (one.explain(1, 2).unwrap(), two.explain(2, 1).unwrap());
        prop_assert_eq!(why.summary, other.summary);
    }

    #[test]
    fn people_are_obeyed(people in population(14), humans in decisions()) {
        let humans: HumanDecisions = humans.into_iter().collect();
        let inputs: Vec<RecordInput<'_>> = people.iter().map(Made::input).collect();
        let index = LinkIndex::build(Model::default_fixed(), &inputs);
        let keys: Vec<u128> = inputs.iter().map(|input| input.key).collect();
        let mut persons = Entities::default();
        persons.apply(&index.resolve(&keys, &persons, &HumanDecisions::default()));
        persons.apply(&index.resolve(&keys, &persons, &humans));
        for (i, &a) in keys.iter().enumerate() {
            for &b in &keys[i + 1..] {
                if humans.verdict(a, b) == Some(Verdict::Different) {
                    prop_assert_ne!(persons.entity(a), persons.entity(b));
                }
            }
        }
        // Nothing changes when nothing changed.
        let before = persons.partition();
        persons.apply(&index.resolve(&keys, &persons, &humans));
        prop_assert_eq!(before, persons.partition());
    }

    #[test]
    fn any_text_is_taken(texts in prop::array::uniform12("\\PC{0,40}"), raw in prop::array::uniform4(any::<String>())) {
        let input = |key, at: usize| {
            let t = |i: usize| texts[(at + i) % 12].as_str();
            RecordInput {
                key,
                state: t(0),
                state_student_id: t(1),
                first_name: t(2),
                middle_name: &raw[at % 4],
                last_name_1: t(3),
                last_name_2: &raw[(at + 1) % 4],
                generation: t(4),
                mother: PersonNameInput { last: t(5), first: &raw[(at + 2) % 4] },
                father: PersonNameInput { last: t(6), first: t(7) },
                guardian: PersonNameInput { last: t(8), first: t(9) },
                birth_city: t(10),
                birth_state: t(11),
                birth_country: &raw[(at + 3) % 4],
                live: true,
                ..RecordInput::default()
            }
        };
        let mut index = LinkIndex::build(Model::default_fixed(), &[input(1, 0), input(2, 0), input(3, 5)]);
        index.upsert(&input(1, 3));
        let pair = index.compare(1, 2).unwrap();
        prop_assert!(pair.weight.is_finite() && (0.0..=1.0).contains(&pair.probability));
        clusters(&index, &HumanDecisions::default());
        index.remove(1);
        prop_assert_eq!(index.len(), 2);
    }
}

/// A child of a nation of distinct families, each state's record with its own slips.
fn nation() -> Vec<RecordInput<'static>> {
    const FAMILIES: [(&str, &str, &str, &str); 8] = [
        ("Rael", "Hernandez", "Octavio", "Elvia"),
        ("Ballesteros", "Torres", "Alfonso", "Graciela"),
        ("Armenta", "Munoz", "Porfirio", "Eloisa"),
        ("Narvaez", "Lopez", "Mariano", "Lourdes"),
        ("Quintero", "Garza", "Nicolas", "Ofelia"),
        ("Villarreal", "Tovar", "Julio", "Ivonne"),
        ("Gaytan", "Ortiz", "Wilfrido", "Sandra"),
        ("Cadena", "Sandoval", "Ismael", "Yeni"),
    ];
    const CHILDREN: [&str; 4] = ["Benjamin", "Yahir", "Octaviano", "Sebastian"];
    let mut out = Vec::new();
    for (f, &(last, maternal, father, mother)) in FAMILIES.iter().enumerate() {
        for (c, &first_name) in CHILDREN.iter().enumerate() {
            for (s, &state) in STATES.iter().enumerate() {
                let base = RecordInput {
                    key: (out.len() as u128 + 1) * 7919 % 10_007,
                    state,
                    first_name,
                    last_name_1: last,
                    last_name_2: maternal,
                    birth_date: NaiveDate::from_ymd_opt(2008 + 2 * c as i32, 1 + f as u32, 12 + c as u32),
                    sex: Some(Sex::Male),
                    mother: PersonNameInput {
                        last: maternal,
                        first: mother,
                    },
                    father: PersonNameInput { last, first: father },
                    birth_city: "Jerez",
                    live: true,
                    ..RecordInput::default()
                };
                out.push(match (s + c + f) % 4 {
                    0 => RecordInput {
                        last_name_2: "",
                        ..base
                    },
                    1 => RecordInput {
                        last_name_1: maternal,
                        last_name_2: last,
                        ..base
                    },
                    2 => RecordInput {
                        father: PersonNameInput::default(),
                        birth_city: "",
                        ..base
                    },
                    _ => base,
                });
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn persons_come_out_the_same_however_batches_are_cut(
        order in Just((0..96_usize).collect::<Vec<_>>()).prop_shuffle(),
        cuts in prop::collection::vec(1..30_usize, 1..8),
    ) {
        let nation = nation();
        let humans = HumanDecisions::default();
        let all: Vec<u128> = nation.iter().map(|input| input.key).collect();
        let whole = LinkIndex::build(Model::default_fixed(), &nation);
        let mut expected = Entities::default();
        expected.apply(&whole.resolve(&all, &expected, &humans));
        prop_assert_eq!(expected.partition().len(), 32);

        let mut index = LinkIndex::new(Model::default_fixed());
        let mut persons = Entities::default();
        let (mut rest, mut sizes) = (order.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (batch, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            for &i in batch {
                index.upsert(&nation[i]);
            }
            let changed: Vec<u128> = batch.iter().map(|&i| nation[i].key).collect();
            persons.apply(&index.resolve(&changed, &persons, &humans));
            rest = later;
        }
        prop_assert_eq!(persons.partition(), expected.partition());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn after_the_check_the_order_of_arrival_is_forgotten(
        people in population(20).prop_shuffle(),
        humans in decisions(),
        cuts in prop::collection::vec(1..7_usize, 1..6),
        leaving in prop::collection::vec(0..20_usize, 0..6),
    ) {
        let humans: HumanDecisions = humans.into_iter().collect();
        let inputs: Vec<RecordInput<'_>> = people.iter().map(Made::input).collect();
        let mut batch = inputs.clone();
        batch.sort_by_key(|input| input.key);
        let whole = LinkIndex::build(Model::default_fixed(), &batch);
        let nobody = Entities::default();
        let mut expected = Entities::default();
        expected.apply(&whole.resolve_all(&nobody, &humans));
        let all: Vec<u128> = batch.iter().map(|input| input.key).collect();
        let mut resolved = Entities::default();
        resolved.apply(&whole.resolve(&all, &nobody, &humans));
        prop_assert_eq!(resolved.partition(), expected.partition(), "two ways to one answer");

        // The same frequencies, then one batch after the other, students that leave and come back between.
        let mut index = LinkIndex::build(Model::default_fixed(), &batch);
        for key in &all {
            index.remove(*key);
        }
        let mut persons = Entities::default();
        let (mut rest, mut sizes) = (inputs.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            for input in now {
                index.upsert(input);
            }
            let changed: Vec<u128> = now.iter().map(|input| input.key).collect();
            persons.apply(&index.resolve(&changed, &persons, &humans));
            rest = later;
        }
        for &i in &leaving {
            index.remove(inputs[i].key);
            persons.apply(&index.resolve(&[inputs[i].key], &persons, &humans));
        }
        for &i in &leaving {
            index.upsert(&inputs[i]);
            persons.apply(&index.resolve(&[inputs[i].key], &persons, &humans));
        }
        let before = persons.clone();
        let check = index.resolve_all(&persons, &humans);
        let changed = check.parts().count();
        persons.apply(&check);
        prop_assert_eq!(persons.partition(), expected.partition());
        prop_assert_eq!(index.resolve_all(&persons, &humans).parts().count(), 0, "nothing is left to mend");

        // Numbers: no two parts go on as one person, and the largest part of a person goes on as it.
        let mut kept: Vec<u64> = check.parts().filter_map(|part| part.keeps).collect();
        kept.sort_unstable();
        let different = kept.len();
        kept.dedup();
        prop_assert_eq!(kept.len(), different);
        for part in check.parts().filter(|part| part.keeps.is_none()) {
            for &member in &part.members {
                let former = before.entity(member);
                let here = part.members.iter().filter(|key| before.entity(**key) == former).count();
                let elsewhere = check.parts().filter(|other| other.keeps == former || other.absorbs.iter().any(|a| former == Some(*a)));
                for other in elsewhere {
                    let there = other.members.iter().filter(|key| before.entity(**key) == former).count();
                    prop_assert!(there >= here, "a new number for the larger part");
                }
            }
        }
        prop_assert!(changed <= 20);
    }
}

/// The students of a made-up nation in the order of a shuffle, as an index of all of them and one by one.
#[test]
fn a_nation_that_came_in_parts_is_nearly_what_the_check_makes_of_it() {
    let sent = simulated(2_000);
    let mut index = LinkIndex::new(Model::default_fixed());
    for (id, state, student) in &sent {
        linking::driver::upsert(&mut index, *id, *state, student);
    }
    index.freeze();
    let humans = HumanDecisions::default();
    let mut expected = Entities::default();
    expected.apply(&index.resolve_all(&expected, &humans));
    for (id, ..) in &sent {
        index.remove(id.0.as_u128());
    }
    let mut persons = Entities::default();
    let mut order: Vec<usize> = (0..sent.len()).collect();
    // A shuffle that is always the same: by a multiple modulo a prime.
    order.sort_by_key(|i| (i * 7_919 + 13) % 1_000_003 % 4_099);
    for batch in order.chunks(97) {
        let mut changed = Vec::new();
        for &i in batch {
            let (id, state, student) = &sent[i];
            linking::driver::upsert(&mut index, *id, *state, student);
            changed.push(id.0.as_u128());
        }
        persons.apply(&index.resolve(&changed, &persons, &humans));
    }
    let (agreeing, all) = agreement(&persons, &expected);
    println!("{agreeing} of {all} joined pairs agree before the check");
    assert!(all > 400 && agreeing * 1_000 >= all * 999, "{agreeing} of {all}");
    persons.apply(&index.resolve_all(&persons, &humans));
    assert_eq!(persons.partition(), expected.partition());
}

/// How many pairs of students are one person by both, and by either.
fn agreement(a: &Entities, b: &Entities) -> (usize, usize) {
    let pairs = |persons: &Entities| -> std::collections::BTreeSet<(u128, u128)> {
        let parts = persons.partition();
        let within = |part: &Vec<u128>| -> Vec<(u128, u128)> {
            let mut out = Vec::new();
            for (i, &x) in part.iter().enumerate() {
                out.extend(part[i + 1..].iter().map(|&y| (x, y)));
            }
            out
        };
        parts.iter().flat_map(within).collect()
    };
    let (a, b) = (pairs(a), pairs(b));
    (a.intersection(&b).count(), a.union(&b).count())
}

fn simulated(students: usize) -> Vec<(mde::StudentId, mde::StateCode, mde::Student)> {
    let nation = simulate::Nation::new(simulate::Config {
        students,
        states: simulate::Config::first_states(10),
        nights: 1,
        ..simulate::Config::default()
    })
    .unwrap();
    let night = nation.nights().next().unwrap();
    let mut sent = Vec::new();
    for &state in &nation.config().states {
        sent.extend(nation.submissions(state, night).map(|submission| {
            let student = submission.student;
            (student.id(state), state, student)
        }));
    }
    sent
}

/// Two ids of one state and a record of a third state between them: who comes first would keep the third.
#[test]
fn the_third_between_two_ids_of_one_state_is_nobodys_after_the_check() {
    let child = |key, state, state_student_id| RecordInput {
        key,
        state,
        state_student_id,
        first_name: "Cristian",
        last_name_1: "Tello",
        last_name_2: "Ortega",
        birth_date: NaiveDate::from_ymd_opt(2014, 3, 21),
        sex: Some(Sex::Male),
        mother: PersonNameInput {
            last: "Ortega",
            first: "Elsa",
        },
        birth_city: "Monterrey",
        live: true,
        ..RecordInput::default()
    };
    // The second id says less than is overwhelming: the day is another.
    let second = RecordInput {
        birth_date: NaiveDate::from_ymd_opt(2014, 3, 22),
        ..child(2, "KY", "0000000002")
    };
    let all = [child(1, "KY", "0000000001"), second, child(3, "CA", "0000000003")];
    let humans = HumanDecisions::default();
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0]] {
        let mut index = LinkIndex::build(Model::default_fixed(), &all);
        for input in &all {
            index.remove(input.key);
        }
        let mut persons = Entities::default();
        let mut was = None;
        for i in order {
            was = persons.entity(1);
            index.upsert(&all[i]);
            persons.apply(&index.resolve(&[all[i].key], &persons, &humans));
        }
        let check = index.resolve_all(&persons, &humans);
        persons.apply(&check);
        assert_eq!(persons.partition(), [[1], [2], [3]], "{order:?}");
        assert!(check.near_matches().count() >= 2, "people are asked");
        if order == [0, 2, 1] {
            assert_eq!(
                persons.entity(1),
                was,
                "the number stays with the first of equal parts"
            );
        }
    }
}
