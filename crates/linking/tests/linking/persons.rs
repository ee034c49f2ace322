//! What becomes a person, stays one, and is left to people.

use linking::cluster::{Reason, Veto};
use linking::resolve::Part;
use linking::{
    EnrollmentSpan, Entities, HumanDecision, HumanDecisions, LinkIndex, Model, RecordInput, Verdict,
};

use crate::{boy, date, linked, resolve, sizes};

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
