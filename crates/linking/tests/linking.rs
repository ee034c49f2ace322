//! Children that are, and are not, the same: the cases that registries of migratory students get wrong.

use chrono::NaiveDate;
use linking::cluster::{Reason, Veto};
use linking::evaluate::{FalseKind, evaluate};
use linking::levels::{Field, level};
use linking::resolve::Part;
use linking::{
    EnrollmentSpan, Entities, HumanDecision, HumanDecisions, LinkIndex, Model, PersonNameInput, RecordInput,
    Resolution, Sex, Verdict,
};
use rustc_hash::FxHashMap;

fn date(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

/// A made-up boy; tests change what they are about.
fn boy(key: u128, state: &'static str) -> RecordInput<'static> {
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

fn resolve(inputs: &[RecordInput<'_>], humans: &HumanDecisions) -> Resolution {
    let index = LinkIndex::build(Model::default_fixed(), inputs);
    let keys: Vec<u128> = inputs.iter().map(|input| input.key).collect();
    index.resolve(&keys, &Entities::default(), humans)
}

fn sizes(resolution: &Resolution) -> Vec<usize> {
    let mut sizes: Vec<usize> = resolution.parts().map(|part| part.members.len()).collect();
    sizes.sort_unstable();
    sizes
}

fn linked(a: &RecordInput<'_>, b: &RecordInput<'_>) -> bool {
    sizes(&resolve(&[a.clone(), b.clone()], &HumanDecisions::default())) == [2]
}

fn level_of(field: Field, a: &RecordInput<'_>, b: &RecordInput<'_>) -> u8 {
    let index = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
    index.compare(a.key, b.key).unwrap().levels.get(field)
}

#[test]
fn errors_of_clerks_do_not_part_a_child() {
    let a = boy(1, "KY");
    let b = boy(2, "CA");
    let none = PersonNameInput::default();
    let cases: Vec<(&str, RecordInput<'_>)> = vec![
        ("nothing", b.clone()),
        (
            "surnames swapped",
            RecordInput {
                last_name_1: "Ortega",
                last_name_2: "Tello",
                ..b.clone()
            },
        ),
        (
            "one column",
            RecordInput {
                last_name_1: "TELLO-ORTEGA",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "second surname dropped",
            RecordInput {
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "first surname dropped",
            RecordInput {
                last_name_1: "Ortega",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "surname as middle name",
            RecordInput {
                middle_name: "Ortega",
                last_name_2: "",
                ..b.clone()
            },
        ),
        (
            "accents",
            RecordInput {
                first_name: "CRISTIÁN",
                last_name_1: "TÉLLO",
                ..b.clone()
            },
        ),
        (
            "mojibake",
            RecordInput {
                first_name: "CristiÃ¡n",
                ..b.clone()
            },
        ),
        (
            "typo",
            RecordInput {
                first_name: "Crstian",
                ..b.clone()
            },
        ),
        (
            "by ear",
            RecordInput {
                first_name: "Christian",
                ..b.clone()
            },
        ),
        (
            "digit for letter",
            RecordInput {
                last_name_1: "TELL0",
                ..b.clone()
            },
        ),
        (
            "maternal only",
            RecordInput {
                father: none,
                ..b.clone()
            },
        ),
        (
            "no parents",
            RecordInput {
                mother: none,
                father: none,
                ..b.clone()
            },
        ),
        (
            "parents crossed",
            RecordInput {
                mother: b.father,
                father: b.mother,
                ..b.clone()
            },
        ),
        (
            "mother under his name",
            RecordInput {
                mother: PersonNameInput {
                    last: "Tello",
                    first: "Elsa",
                },
                ..b.clone()
            },
        ),
        (
            "city missing",
            RecordInput {
                birth_city: "",
                ..b.clone()
            },
        ),
        (
            "typing error in the day",
            RecordInput {
                birth_date: Some(date(2014, 3, 22)),
                ..b.clone()
            },
        ),
    ];
    for (what, other) in cases {
        assert!(linked(&a, &other), "{what}");
    }
}

#[test]
fn nicknames_link() {
    for (formal, short) in [
        ("José", "Pepe"),
        ("Francisco", "PACO"),
        ("Jesús", "Chuy"),
        ("Ignacio", "Nacho"),
    ] {
        let a = RecordInput {
            first_name: formal,
            ..boy(1, "KY")
        };
        let b = RecordInput {
            first_name: short,
            ..boy(2, "CA")
        };
        assert_eq!(level_of(Field::Given, &a, &b), level::given::NICKNAME, "{formal}");
        assert!(linked(&a, &b), "{formal}");
    }
    let a = RecordInput {
        first_name: "María",
        middle_name: "Elena",
        sex: Some(Sex::Female),
        ..boy(1, "KY")
    };
    let b = RecordInput {
        first_name: "Malena",
        middle_name: "",
        ..a.clone()
    };
    assert_eq!(
        level_of(Field::Given, &a, &RecordInput { key: 2, ..b }),
        level::given::NICKNAME
    );
}

#[test]
fn day_and_month_swapped() {
    let a = RecordInput {
        birth_date: Some(date(2014, 3, 11)),
        ..boy(1, "KY")
    };
    let b = RecordInput {
        birth_date: Some(date(2014, 11, 3)),
        ..boy(2, "CA")
    };
    assert_eq!(level_of(Field::BirthDate, &a, &b), level::birth_date::SWAPPED);
    assert!(linked(&a, &b));
}

#[test]
fn particles_and_compounds() {
    let a = RecordInput {
        last_name_1: "De la Cruz",
        ..boy(1, "KY")
    };
    for last in ["Cruz", "DELACRUZ", "la Cruz"] {
        let b = RecordInput {
            last_name_1: last,
            ..boy(2, "CA")
        };
        assert_eq!(level_of(Field::Surname, &a, &b), level::surname::BOTH, "{last}");
    }
    let glued = RecordInput {
        last_name_1: "TelloOrtega",
        last_name_2: "",
        ..boy(2, "CA")
    };
    assert_eq!(
        level_of(Field::Surname, &boy(1, "KY"), &glued),
        level::surname::BOTH
    );
}

#[test]
fn twins_and_siblings_stay_apart() {
    let a = boy(1, "KY");
    let relatives = [
        (
            "twin",
            RecordInput {
                first_name: "Uriel",
                ..boy(2, "CA")
            },
        ),
        (
            "twin named alike",
            RecordInput {
                first_name: "Joel",
                ..boy(2, "CA")
            },
        ),
        (
            "brother",
            RecordInput {
                first_name: "Uriel",
                birth_date: Some(date(2016, 8, 2)),
                ..boy(2, "CA")
            },
        ),
        (
            "brother of one name",
            RecordInput {
                birth_date: Some(date(2016, 8, 2)),
                ..boy(2, "CA")
            },
        ),
        (
            "sister",
            RecordInput {
                first_name: "Cristina",
                sex: Some(Sex::Female),
                ..boy(2, "CA")
            },
        ),
    ];
    for (what, other) in &relatives {
        let a = if *what == "twin named alike" {
            RecordInput {
                first_name: "Noel",
                ..a.clone()
            }
        } else {
            a.clone()
        };
        assert!(!linked(&a, other), "{what}");
    }
    let maria = RecordInput {
        first_name: "María",
        middle_name: "Isabel",
        // Not known, as in states that do not ask.
        multiple_birth: None,
        ..a.clone()
    };
    let other = RecordInput {
        middle_name: "José",
        key: 2,
        state: "CA",
        ..maria.clone()
    };
    assert!(!linked(&maria, &other), "twins both called María");
    let half = RecordInput {
        middle_name: "",
        ..other
    };
    assert!(!linked(&maria, &half), "which of the Marías?");
}

#[test]
fn parents_are_compared_as_clerks_record_them() {
    let none = PersonNameInput::default();
    let adult = |last, first| PersonNameInput { last, first };
    let of = |mother, father, guardian| {
        let other = RecordInput {
            mother,
            father,
            guardian,
            ..boy(2, "CA")
        };
        level_of(Field::Parents, &boy(1, "KY"), &other)
    };
    let (elsa, marcos) = (adult("Ortega", "Elsa"), adult("Tello", "Marcos"));
    assert_eq!(of(elsa, marcos, none), level::parents::BOTH);
    assert_eq!(of(elsa, none, none), level::parents::MOTHER);
    assert_eq!(of(none, marcos, none), level::parents::FATHER);
    assert_eq!(of(marcos, elsa, none), level::parents::CROSSED);
    assert_eq!(of(none, none, elsa), level::parents::GUARDIAN);
    assert_eq!(of(elsa, adult("Ruiz", "Hugo"), none), level::parents::ONE_DIFFERS);
    assert_eq!(of(adult("Vega", "Elsa"), none, none), level::parents::GIVEN_ONLY);
    assert_eq!(of(none, adult("Vega", "Elsa"), none), level::parents::GIVEN_ONLY);
    assert_eq!(of(adult("Ortega", "Ana"), none, none), level::parents::DIFFER);
    assert_eq!(of(none, none, none), level::MISSING);
}

#[test]
fn namesakes_of_other_parents_are_left_to_people() {
    let other = RecordInput {
        mother: PersonNameInput {
            last: "Ortega",
            first: "Liliana",
        },
        father: PersonNameInput {
            last: "Tello",
            first: "Benito",
        },
        middle_name: "Fabian",
        ..boy(2, "CA")
    };
    let own = RecordInput {
        middle_name: "Fabian",
        ..boy(1, "KY")
    };
    let resolution = resolve(&[own, other], &HumanDecisions::default());
    assert_eq!(
        resolution.near_matches().next().unwrap().reason,
        Reason::Veto(Veto::ParentsDiffer)
    );
}

#[test]
fn a_whole_family_in_two_states() {
    // Twins and a brother, each in both states: three persons of two.
    let child = |key, state, first_name, year| RecordInput {
        first_name,
        birth_date: Some(date(year, 3, 21)),
        multiple_birth: (year == 2014).then_some(true),
        ..boy(key, state)
    };
    let family = [
        child(1, "KY", "Edgar", 2014),
        child(2, "KY", "Edwin", 2014),
        child(3, "KY", "Ulises", 2011),
        child(4, "CA", "Edgar", 2014),
        child(5, "CA", "Edwin", 2014),
        child(6, "CA", "Ulises", 2011),
    ];
    let resolution = resolve(&family, &HumanDecisions::default());
    let parts: Vec<&[u128]> = resolution.parts().map(|part| part.members.as_slice()).collect();
    assert_eq!(parts.len(), 3, "{parts:?}");
    for pair in [[1, 4], [2, 5], [3, 6]] {
        assert!(parts.contains(&pair.as_slice()), "{pair:?} in {parts:?}");
    }
    assert_eq!(resolution.near_matches().count(), 0);
}

#[test]
fn two_ids_of_one_state_are_left_to_people() {
    let (a, b) = (boy(1, "KY"), boy(2, "KY"));
    let resolution = resolve(&[a.clone(), b.clone()], &HumanDecisions::default());
    assert_eq!(sizes(&resolution), [1, 1]);
    assert_eq!(
        resolution.near_matches().next().unwrap().reason,
        Reason::Veto(Veto::SameState)
    );

    let stay = [EnrollmentSpan {
        state: "KY",
        start: date(2024, 8, 1),
        end: None,
    }];
    let full = |key| RecordInput {
        enrollments: &stay,
        middle_name: "Fabian",
        multiple_birth: Some(false),
        ..boy(key, "KY")
    };
    let resolution = resolve(&[full(1), full(2)], &HumanDecisions::default());
    assert_eq!(
        resolution.near_matches().next().unwrap().reason,
        Reason::Veto(Veto::OverlappingEnrollments)
    );

    // Overwhelming evidence and no overlap, or one id no longer reported: no doubt left.
    let none: [EnrollmentSpan<'_>; 0] = [];
    assert!(linked(
        &full(1),
        &RecordInput {
            enrollments: &none,
            ..full(2)
        }
    ));
    assert!(linked(
        &full(1),
        &RecordInput {
            live: false,
            ..full(2)
        }
    ));
}

#[test]
fn a_third_state_between_two_ids_of_one_state_is_left_to_people() {
    let all = [boy(1, "KY"), boy(2, "KY"), boy(3, "CA")];
    let resolution = resolve(&all, &HumanDecisions::default());
    assert_eq!(sizes(&resolution), [1, 1, 1]);
    let reasons: Vec<Reason> = resolution.near_matches().map(|near| near.reason).collect();
    assert_eq!(
        reasons.iter().filter(|r| **r == Reason::TwoCandidates).count(),
        2,
        "{reasons:?}"
    );

    // Once people say that the two are one child, nothing is doubtful any more.
    let humans = [HumanDecision {
        verdict: Verdict::Same,
        key_a: 1,
        key_b: 2,
    }]
    .into_iter()
    .collect();
    let resolution = resolve(&all, &humans);
    assert_eq!(sizes(&resolution), [3]);
    assert_eq!(resolution.near_matches().count(), 0);
}

#[test]
fn what_people_decided_is_remembered() {
    let (a, b) = (boy(1, "KY"), boy(2, "CA"));
    let humans: HumanDecisions = [HumanDecision {
        verdict: Verdict::Different,
        key_a: 2,
        key_b: 1,
    }]
    .into_iter()
    .collect();
    let resolution = resolve(&[a.clone(), b.clone()], &humans);
    assert_eq!(sizes(&resolution), [1, 1]);
    assert_eq!(resolution.near_matches().count(), 0, "nobody is asked again");

    // A pin holds against all evidence, and across new content.
    let stranger = RecordInput {
        first_name: "Yuliana",
        last_name_1: "Puga",
        last_name_2: "",
        ..boy(9, "TX")
    };
    let pin = [HumanDecision {
        verdict: Verdict::Same,
        key_a: 1,
        key_b: 9,
    }]
    .into_iter()
    .collect();
    let resolution = resolve(&[a, stranger], &pin);
    assert_eq!(sizes(&resolution), [2]);
    assert!(resolution.parts().next().unwrap().joins[0].by_people);
}

#[test]
fn people_split_a_person_and_its_number_stays_with_the_larger_part() {
    let inputs = [boy(1, "KY"), boy(2, "CA"), boy(3, "TX")];
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let mut persons = Entities::default();
    for key in 1..=3 {
        persons.set(key, Some(700));
    }
    let humans: HumanDecisions = [(1, 3), (2, 3)]
        .map(|(key_a, key_b)| HumanDecision {
            verdict: Verdict::Different,
            key_a,
            key_b,
        })
        .into_iter()
        .collect();
    let resolution = index.resolve(&[3], &persons, &humans);
    let parts: Vec<&Part> = resolution.parts().collect();
    assert_eq!(
        (parts[0].members.as_slice(), parts[0].keeps),
        ([1, 2].as_slice(), Some(700))
    );
    assert_eq!(
        (parts[1].members.as_slice(), parts[1].keeps),
        ([3].as_slice(), None)
    );
    persons.apply(&resolution);
    assert_eq!(persons.partition(), [vec![1, 2], vec![3]]);
}

#[test]
fn a_person_whose_evidence_turned_is_not_split_in_silence() {
    let inputs = [boy(1, "KY"), boy(2, "CA")];
    let mut index = LinkIndex::build(Model::default_fixed(), &inputs);
    let humans = HumanDecisions::default();
    let mut persons = Entities::default();
    persons.apply(&index.resolve(&[1, 2], &persons, &humans));
    assert_eq!(persons.partition(), [vec![1, 2]]);
    let corrected = RecordInput {
        first_name: "Ulises",
        birth_date: Some(date(2009, 12, 2)),
        ..boy(2, "CA")
    };
    index.upsert(&corrected);
    let resolution = index.resolve(&[2], &persons, &humans);
    assert_eq!(sizes(&resolution), [2]);
    let near: Vec<_> = resolution.near_matches().collect();
    assert_eq!((near.len(), near[0].reason), (1, Reason::Split));
    // If people had joined them, they are not asked again.
    let pin = [HumanDecision {
        verdict: Verdict::Same,
        key_a: 1,
        key_b: 2,
    }]
    .into_iter()
    .collect();
    assert_eq!(index.resolve(&[2], &persons, &pin).near_matches().count(), 0);
}

#[test]
fn a_removed_student_frees_its_partners() {
    let inputs = [boy(1, "KY"), boy(2, "CA")];
    let mut index = LinkIndex::build(Model::default_fixed(), &inputs);
    let humans = HumanDecisions::default();
    let mut persons = Entities::default();
    persons.apply(&index.resolve(&[1, 2], &persons, &humans));
    assert!(index.remove(2) && !index.remove(2));
    let resolution = index.resolve(&[2], &persons, &humans);
    assert_eq!(resolution.clusters.len(), 1);
    assert_eq!(resolution.clusters[0].members, [1]);
    assert!(index.candidates(1).is_empty());
}

#[test]
fn full_keys_are_narrowed_and_reported() {
    // 100 boys of one name and birth date in two birth states, as a bad batch would have them.
    let inputs: Vec<RecordInput<'_>> = (0..100)
        .map(|key| RecordInput {
            birth_state: if key % 5 == 0 { "OAX" } else { "NLE" },
            ..boy(key, "KY")
        })
        .collect();
    let index = LinkIndex::build(Model::default_fixed(), &inputs);
    let report = index.blocking_report();
    assert!(
        report
            .iter()
            .any(|(_, kind)| kind.refined > 0 && kind.longest == 100),
        "{report:?}"
    );
    assert!(report.iter().all(|(_, kind)| kind.skipped == 0));
    // Only keys without the year, or the narrowed part, still bring candidates.
    assert!(index.candidates(0).len() >= 19);
}

#[test]
fn explanations_say_why_and_hold_no_names() {
    let a = boy(1, "KY");
    let b = RecordInput {
        last_name_1: "Ortega",
        last_name_2: "Tello",
        ..boy(2, "CA")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[a, b]);
    let why = index.explain(2, 1).unwrap();
    assert!(
        why.summary
            .starts_with("same birth date; given name equal; last names swapped; both parents equal")
    );
    let surname = why.rows.iter().find(|row| row.field == Field::Surname).unwrap();
    assert_eq!(surname.elements, [3, 4]);
    assert!(
        surname.bits_strangers > 5.0 && surname.bits_relatives.abs() < 0.1,
        "families share surnames"
    );
    let given = why.rows.iter().find(|row| row.field == Field::Given).unwrap();
    assert!(
        given.bits_relatives > 3.0
            && given
                .note
                .as_deref()
                .is_some_and(|note| note.starts_with("1 in "))
    );
    let json = serde_json::to_string(&why).unwrap();
    assert!(!json.to_uppercase().contains("TELLO") && !json.to_uppercase().contains("CRISTIAN"));
    assert_eq!(
        serde_json::from_str::<linking::Explanation>(&json)
            .unwrap()
            .summary,
        why.summary
    );
}

#[test]
fn explanations_say_the_probability_that_people_found() {
    let model = Model {
        calibration: vec![(-60.0, 0.2), (60.0, 0.8)],
        ..Model::default_fixed()
    };
    let index = LinkIndex::build(model.clone(), &[boy(1, "TX"), boy(2, "CA")]);
    let why = index.explain(1, 2).unwrap();
    assert!(why.weight > 8.0 && why.probability < 0.9, "{}", why.probability);
    assert_eq!(why.probability.to_bits(), model.probability(why.weight).to_bits());
    assert_eq!(
        why.probability.to_bits(),
        index.compare(1, 2).unwrap().probability.to_bits()
    );
    let [review, automatic] = why.bands.probabilities;
    assert_eq!(
        automatic.to_bits(),
        model.probability(why.bands.automatic).to_bits()
    );
    assert!(review < automatic);
}

#[test]
fn second_given_names_count_where_the_first_differ() {
    let named = |key, first, middle| RecordInput {
        first_name: first,
        middle_name: middle,
        ..boy(key, "TX")
    };
    let middle = |a: &RecordInput<'_>, b: &RecordInput<'_>| level_of(Field::Middle, a, b);
    let edgar = named(1, "Edgar", "Ramiro");
    assert_eq!(
        middle(&edgar, &named(2, "Wilmer", "Ramiro")),
        level::middle::EXACT
    );
    assert_eq!(
        middle(&edgar, &named(2, "Edwin", "Osvaldo")),
        level::middle::DIFFERS
    );
    assert_eq!(middle(&edgar, &named(2, "Edwin", "")), level::MISSING);
}

#[test]
fn two_with_names_and_dates_alone_are_found_with_two_of_them_wrong() {
    let known = |key, first, last, born| RecordInput {
        key,
        state: ["A", "B"][key as usize % 2],
        first_name: first,
        last_name_1: last,
        birth_date: Some(born),
        live: true,
        ..RecordInput::default()
    };
    let whole = known(1, "Ignacio", "Herz", date(1987, 2, 27));
    for other in [
        known(2, "Ignacoo", "Herz", date(1987, 2, 17)),
        known(2, "Ignacio", "", date(1978, 2, 27)),
        known(2, "", "Herz", date(1987, 2, 7)),
        known(2, "Male", "Hertz", date(1987, 2, 27)),
    ] {
        let index = LinkIndex::build(Model::general(), &[whole.clone(), other.clone()]);
        assert_eq!(
            index.candidates(1),
            [2],
            "{} {}",
            other.first_name,
            other.last_name_1
        );
    }
}

#[test]
fn rare_names_weigh_more() {
    let weight = |last: &'static str, first: &'static str| {
        let child = |key, state| RecordInput {
            first_name: first,
            last_name_1: last,
            last_name_2: "",
            mother: PersonNameInput::default(),
            father: PersonNameInput::default(),
            ..boy(key, state)
        };
        let index = LinkIndex::build(Model::default_fixed(), &[child(1, "KY"), child(2, "CA")]);
        index.compare(1, 2).unwrap().weight
    };
    assert!(weight("Ballesteros", "Agapito") > weight("Garcia", "Jose") + 1.0);
}

#[test]
fn evaluation_names_the_errors() {
    let twin = RecordInput {
        first_name: "Uriel",
        ..boy(2, "CA")
    };
    let nickname = RecordInput {
        first_name: "Cris",
        ..boy(3, "TX")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[boy(1, "KY"), twin, nickname]);
    let truth: FxHashMap<u128, u64> = [(1, 1), (2, 2), (3, 1)].into_iter().collect();
    let found: FxHashMap<u128, u64> = [(1, 5), (2, 5), (3, 6)].into_iter().collect();
    let result = evaluate(&index, &truth, &found);
    assert_eq!(
        (result.true_pairs, result.found_pairs, result.right_pairs),
        (1, 1, 0)
    );
    assert_eq!(result.false_by_kind().get(&FalseKind::Twin), Some(&1));
    assert_eq!(result.missed_by_difference().get("nickname"), Some(&1));
    assert!(result.missed_pairs[0].candidate);
    let perfect = evaluate(&index, &truth, &truth);
    assert!(perfect.f1 > 0.999 && perfect.missed_pairs.is_empty());
}
