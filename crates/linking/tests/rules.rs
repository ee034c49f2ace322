//! Each rule that keeps two records from being joined without people, with a pair next to it to which it does not apply.

use chrono::NaiveDate;
use linking::cluster::{Reason, Veto, veto};
use linking::{
    EnrollmentSpan, Entities, HumanDecision, HumanDecisions, LinkIndex, Model, PersonNameInput, RecordInput,
    Sex, Verdict,
};

fn date(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

fn girl(key: u128, state: &'static str) -> RecordInput<'static> {
    RecordInput {
        key,
        state,
        first_name: "Yaretzi",
        last_name_1: "Xicotencatl",
        last_name_2: "Barragan",
        birth_date: Some(date(2013, 6, 17)),
        sex: Some(Sex::Female),
        mother: PersonNameInput {
            last: "Barragan",
            first: "Citlali",
        },
        father: PersonNameInput {
            last: "Xicotencatl",
            first: "Evodio",
        },
        birth_city: "Juxtlahuaca",
        birth_state: "OAX",
        birth_country: "MX",
        live: true,
        ..RecordInput::default()
    }
}

fn vetoed(a: &RecordInput<'_>, b: &RecordInput<'_>) -> Option<Veto> {
    let index = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
    let pair = index.compare(a.key, b.key).unwrap();
    let (a, b) = (index.record(a.key).unwrap(), index.record(b.key).unwrap());
    veto(a, b, pair.levels, pair.weight, &index.model().thresholds)
}

/// How many persons, and why people are asked.
fn decided(a: &RecordInput<'_>, b: &RecordInput<'_>, humans: &HumanDecisions) -> (usize, Option<Reason>) {
    let index = LinkIndex::build(Model::default_fixed(), &[a.clone(), b.clone()]);
    let resolution = index.resolve(&[a.key, b.key], &Entities::default(), humans);
    let reason = resolution.near_matches().next().map(|near| near.reason);
    (resolution.parts().count(), reason)
}

fn nobody() -> HumanDecisions {
    HumanDecisions::default()
}

#[test]
fn nothing_speaks_against_one_child_in_two_states() {
    let (a, b) = (girl(1, "TX"), girl(2, "CA"));
    assert_eq!(vetoed(&a, &b), None);
    assert_eq!(decided(&a, &b, &nobody()), (1, None));
}

#[test]
fn sex_and_given_name_differ() {
    let other = RecordInput {
        first_name: "Abundio",
        sex: Some(Sex::Male),
        ..girl(2, "CA")
    };
    assert_eq!(vetoed(&girl(1, "TX"), &other), Some(Veto::SexAndGivenName));
    assert_eq!(
        vetoed(
            &girl(1, "TX"),
            &RecordInput {
                sex: Some(Sex::Female),
                ..other.clone()
            }
        ),
        None
    );
    assert_eq!(
        vetoed(
            &girl(1, "TX"),
            &RecordInput {
                first_name: "Yaretzi",
                ..other
            }
        ),
        None,
        "a slip in one of them"
    );
}

#[test]
fn one_of_twins_is_not_joined_under_another_name() {
    let twin = |key, state, first_name| RecordInput {
        first_name,
        multiple_birth: Some(true),
        ..girl(key, state)
    };
    let (a, b) = (twin(1, "TX", "Yaretzi"), twin(2, "CA", "Yareli"));
    assert_eq!(vetoed(&a, &b), Some(Veto::MultipleBirth));
    assert_eq!(decided(&a, &b, &nobody()).0, 2);
    assert_eq!(vetoed(&a, &twin(2, "CA", "Yaretzi")), None);
    let flagged_once = RecordInput {
        multiple_birth: None,
        ..twin(2, "CA", "Guadalupe")
    };
    assert_eq!(
        vetoed(&a, &flagged_once),
        Some(Veto::MultipleBirth),
        "one flag and quite another name"
    );
    assert_eq!(vetoed(&girl(1, "TX"), &flagged_once), None, "no flag");
}

#[test]
fn no_parent_agrees() {
    let of_others = RecordInput {
        mother: PersonNameInput {
            last: "Quintero",
            first: "Ofelia",
        },
        father: PersonNameInput {
            last: "Narvaez",
            first: "Porfirio",
        },
        ..girl(2, "CA")
    };
    assert_eq!(vetoed(&girl(1, "TX"), &of_others), Some(Veto::ParentsDiffer));
    assert_eq!(
        decided(&girl(1, "TX"), &of_others, &nobody()),
        (2, Some(Reason::Veto(Veto::ParentsDiffer)))
    );
    let unknown = PersonNameInput::default();
    assert_eq!(
        vetoed(
            &girl(1, "TX"),
            &RecordInput {
                mother: unknown,
                father: unknown,
                ..of_others.clone()
            }
        ),
        None
    );
    // One parent may have remarried; that the child was also born elsewhere is too much.
    let of_one = RecordInput {
        mother: girl(1, "TX").mother,
        ..of_others
    };
    assert_eq!(vetoed(&girl(1, "TX"), &of_one), None);
    let born_elsewhere = RecordInput {
        birth_city: "Tapachula",
        birth_state: "CHP",
        ..of_one
    };
    assert_eq!(vetoed(&girl(1, "TX"), &born_elsewhere), Some(Veto::ParentsDiffer));
}

#[test]
fn two_identifiers_of_one_state_need_overwhelming_evidence() {
    let id = |key, state_student_id, birth_date| RecordInput {
        state_student_id,
        birth_date: Some(birth_date),
        middle_name: "Citlalmina",
        alternate_ids: &["4400-1188-7"],
        ..girl(key, "TX")
    };
    let a = id(1, "1000000001", date(2013, 6, 17));
    let b = id(2, "1000000002", date(2013, 6, 18));
    assert_eq!(vetoed(&a, &b), Some(Veto::SameState), "another day of birth");
    assert_eq!(decided(&a, &b, &nobody()).0, 2);
    assert_eq!(
        vetoed(&a, &RecordInput { state: "CA", ..b }),
        None,
        "another state"
    );
    assert_eq!(
        vetoed(&a, &id(2, "1000000002", date(2013, 6, 17))),
        None,
        "the same in every respect"
    );
}

#[test]
fn two_identifiers_of_one_state_at_the_same_time_are_two_children() {
    let stay = |start, end| {
        [EnrollmentSpan {
            state: "TX",
            start,
            end: Some(end),
        }]
    };
    let (spring, autumn) = (
        stay(date(2025, 1, 8), date(2025, 5, 30)),
        stay(date(2025, 8, 20), date(2025, 12, 19)),
    );
    let base = |key, state_student_id| RecordInput {
        state_student_id,
        middle_name: "Citlalmina",
        alternate_ids: &["4400-1188-7"],
        ..girl(key, "TX")
    };
    let a = RecordInput {
        enrollments: &spring,
        ..base(1, "1000000001")
    };
    let b = RecordInput {
        enrollments: &spring,
        ..base(2, "1000000002")
    };
    assert_eq!(vetoed(&a, &b), Some(Veto::OverlappingEnrollments));
    assert_eq!(
        decided(&a, &b, &nobody()),
        (2, Some(Reason::Veto(Veto::OverlappingEnrollments)))
    );
    assert_eq!(
        vetoed(
            &a,
            &RecordInput {
                enrollments: &autumn,
                ..b
            }
        ),
        None,
        "one after the other"
    );
}

#[test]
fn two_states_at_the_same_time_for_over_a_month_are_left_to_people() {
    let stay = |state, start, end| [EnrollmentSpan { state, start, end }];
    let (start, end) = (date(2025, 1, 8), Some(date(2025, 5, 30)));
    // A day of birth that differs: likely, but not overwhelming.
    let a = |stays| RecordInput {
        birth_date: Some(date(2013, 6, 18)),
        middle_name: "",
        father: PersonNameInput::default(),
        enrollments: stays,
        ..girl(1, "TX")
    };
    let b = |stays| RecordInput {
        enrollments: stays,
        birth_city: "",
        ..girl(2, "CA")
    };
    let in_texas = stay("TX", start, end);
    let (same, later) = (
        stay("CA", start, end),
        stay("CA", date(2025, 5, 10), Some(date(2025, 12, 1))),
    );
    let open = stay("CA", start, None);
    assert_eq!(
        vetoed(&a(&in_texas), &b(&same)),
        Some(Veto::OverlappingEnrollments)
    );
    assert_eq!(decided(&a(&in_texas), &b(&same), &nobody()).0, 2);
    assert_eq!(
        vetoed(&a(&in_texas), &b(&later)),
        None,
        "three weeks: the first state was late"
    );
    assert_eq!(vetoed(&a(&in_texas), &b(&open)), None, "nobody has closed it");
    let sure = RecordInput {
        enrollments: &in_texas,
        middle_name: "Citlalmina",
        ..girl(1, "TX")
    };
    let sure_there = RecordInput {
        enrollments: &same,
        middle_name: "Citlalmina",
        ..girl(2, "CA")
    };
    assert_eq!(vetoed(&sure, &sure_there), None, "overwhelming evidence");
}

#[test]
fn people_said_two_children() {
    let humans: HumanDecisions = [HumanDecision {
        verdict: Verdict::Different,
        key_a: 1,
        key_b: 2,
    }]
    .into_iter()
    .collect();
    assert_eq!(
        decided(&girl(1, "TX"), &girl(2, "CA"), &humans),
        (2, None),
        "and are not asked again"
    );
}

#[test]
fn of_two_that_fit_nearly_as_well_neither_is_taken() {
    // Two ids of California that cannot be one child, and a record of Texas that fits both.
    let day = |d| Some(date(2013, 6, d));
    let a = RecordInput {
        state_student_id: "2000000001",
        ..girl(2, "CA")
    };
    let b = RecordInput {
        state_student_id: "2000000002",
        birth_date: day(18),
        ..girl(3, "CA")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[girl(1, "TX"), a.clone(), b]);
    let resolution = index.resolve(&[1, 2, 3], &Entities::default(), &nobody());
    assert_eq!(resolution.parts().count(), 3);
    let reasons: Vec<Reason> = resolution.near_matches().map(|near| near.reason).collect();
    assert!(reasons.contains(&Reason::TwoCandidates), "{reasons:?}");
    // A second one that is far behind does not compete.
    let far = RecordInput {
        first_name: "Guadalupe",
        birth_date: day(2),
        ..girl(3, "CA")
    };
    let index = LinkIndex::build(Model::default_fixed(), &[girl(1, "TX"), a, far]);
    assert_eq!(
        index
            .resolve(&[1, 2, 3], &Entities::default(), &nobody())
            .parts()
            .count(),
        2
    );
}
