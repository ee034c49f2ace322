//! Who has gone from a district to another one of the state: as a pure function of what states say, and kept in a
//! database.

use std::collections::HashMap;

use chrono::TimeDelta;
use diesel::PgConnection;
use proptest::prelude::*;
use records::roster::of_person;
use store::new_children::{self, Told};
use store::roster::{Held, Place};
use testkit::TestDb;

use crate::frozen::at;
use crate::made_up::{day, state};
use crate::roster::{NOW, found, held};

/// Who is told that the child has gone: the district that it left, the one to which it went, since when, and whether that
/// is recent.
fn gone(students: &[Held]) -> Vec<(String, String, String, bool)> {
    let told = found(students).new.into_iter();
    told.filter_map(|(new, recent)| {
        let to = new.to_district?;
        assert_eq!(new.reason, new_children::LEFT);
        Some((new.district?, to, new.happened_on.to_string(), recent))
    })
    .collect()
}

#[test]
fn a_district_is_told_that_a_child_has_gone_to_another_one_of_the_state() {
    let moves = &[("2024-09-01", "2024-09-20")][..];
    let texas = |enrollments: &[(&str, &str, &str)]| gone(&[held("TX", moves, enrollments)]);
    let way =
        |from: &str, to: &str, day: &str, recent| (from.to_owned(), to.to_owned(), day.to_owned(), recent);
    let mission = ("Mission CISD", "2025-08-18", "2026-02-27");
    let sharyland = ("Sharyland ISD", "2026-03-02", "");
    let told = [way("Mission CISD", "Sharyland ISD", "2026-03-02", true)];
    assert_eq!(texas(&[mission, sharyland]), told);
    assert_eq!(texas(&[sharyland, mission]), told, "in whatever order");

    // Each way is told to the district that it leaves, also back again; upper and lower case are one district.
    let back = [
        mission,
        ("Sharyland ISD", "2026-03-02", "2026-03-13"),
        ("MISSION CISD", "2026-03-16", ""),
    ];
    let both = [
        told[0].clone(),
        way("Sharyland ISD", "MISSION CISD", "2026-03-16", true),
    ];
    assert_eq!(texas(&back), both);
    let again = [
        ("Mission CISD", "2025-01-07", "2025-05-28"),
        ("mission cisd", "2026-03-02", ""),
    ];
    assert_eq!(texas(&again), [], "after most of a year");

    // It is not gone while it is enrolled there, nor on its last day; then the day is that on which it came elsewhere, and
    // the news that the first one is over.
    let until = |day| {
        texas(&[
            ("Mission CISD", "2025-08-18", day),
            ("Sharyland ISD", "2025-12-01", ""),
        ])
    };
    assert_eq!(until(""), []);
    assert_eq!(until("2026-04-02"), []);
    assert_eq!(
        until("2026-04-01"),
        [way("Mission CISD", "Sharyland ISD", "2025-12-01", true)]
    );
    // A week in another district meanwhile is no way out.
    let week = ("Sharyland ISD", "2025-10-06", "2025-10-10");
    assert_eq!(texas(&[mission, week]), []);
    // Where it was when it left, it is still.
    let two = [("Sharyland ISD", "2025-01-07", ""), mission];
    assert_eq!(texas(&two), []);

    // History is kept from being told; a district that is not known tells and is told nothing.
    let old = [
        ("Mission CISD", "2024-09-03", "2025-08-29"),
        ("Sharyland ISD", "2025-09-01", ""),
    ];
    assert_eq!(
        texas(&old),
        [way("Mission CISD", "Sharyland ISD", "2025-09-01", false)]
    );
    let mut unknown = held("TX", moves, &[mission, sharyland]);
    unknown.student.enrollments[1].district_of_residence = None;
    assert_eq!(gone(&[unknown]), []);

    // A child that was none of its migratory children when it left is no news to it: it was never certified, or is not any
    // more.
    assert_eq!(gone(&[held("TX", &[], &[mission, sharyland])]), []);
    let later = held("TX", &[("2026-03-01", "2026-03-10")], &[mission, sharyland]);
    assert_eq!(gone(&[later]), []);

    // Both states are told of a way to another one by notices; and of the way on from there.
    let michigan = held("MI", &[], &[("Hart", "2026-02-28", "2026-03-01")]);
    assert_eq!(
        gone(&[held("TX", moves, &[mission, sharyland]), michigan.clone()]),
        []
    );
    assert_eq!(gone(&[held("TX", moves, &[mission]), michigan]), []);

    // Two numbers of one state are one child, as long as they are one.
    let mut second = held("TX", &[], &[sharyland]);
    second.student.identity.state_student_id = mde::StateStudentId::new("TX-2").unwrap();
    second.student_id = second.student.id(state("TX"));
    let first = held("TX", moves, &[mission]);
    assert_eq!(gone(&[first.clone(), second]), told);
    assert_eq!(gone(&[first]), []);
}

fn texts(all: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    all.iter()
        .map(|(district, from, until)| (district.as_str(), from.as_str(), until.as_str()))
        .collect()
}

/// An enrollment in one of three districts of about the last year: district, first day, and last day if it has one.
fn any_enrollment() -> impl Strategy<Value = (String, String, String)> {
    let district = prop::sample::select(vec!["Mission CISD", "Sharyland ISD", "Hidalgo ISD"]);
    (district, 0..400i64, prop::option::of(0..200i64)).prop_map(|(district, before, lasts)| {
        let from = day("2026-04-10") - TimeDelta::days(before);
        let until = lasts.map(|days| (from + TimeDelta::days(days)).to_string());
        (district.to_owned(), from.to_string(), until.unwrap_or_default())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn who_has_gone_is_there_no_more_and_is_where_it_went(
        enrollments in prop::collection::vec(any_enrollment(), 1..7),
        elsewhere in prop::collection::vec(any_enrollment(), 0..2),
    ) {
        let of = |enrollments: &[(&str, &str, &str)]| {
            let texas = held("TX", &[("2024-09-01", "2024-09-20")], enrollments);
            gone(&[texas, held("MI", &[], &texts(&elsewhere))])
        };
        let mut enrollments = texts(&enrollments);
        let told = of(&enrollments);
        for (left, to, since, _) in &told {
            prop_assert_ne!(left, to);
            prop_assert!(enrollments.iter().any(|(district, from, _)| district == to && from == since));
            let still = |(district, from, until): &(&str, &str, &str)| {
                district == left && *from < since.as_str() && (until.is_empty() || *until >= "2026-04-02")
            };
            prop_assert!(!enrollments.iter().any(still), "{:?} of {:?}", told, enrollments);
        }
        enrollments.reverse();
        prop_assert_eq!(told, of(&enrollments), "in another order");
    }
}

#[test]
fn that_a_child_has_gone_is_told_once_and_withdrawn_by_a_correction() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    let mission = ("Mission CISD", "2025-08-18", "2026-02-27");
    let settle = |connection: &mut PgConnection, enrollments: &[(&str, &str, &str)], now: &str| {
        let held = held("TX", &[("2024-09-01", "2024-09-20")], enrollments);
        let new = of_person(&[&held], &HashMap::new(), at(now)).new;
        new_children::settle(connection, &[held.person_id.number()], &new, at(now)).unwrap()
    };
    let place = |district: &str| Place {
        state: state("TX"),
        districts: Some(vec![district.to_owned()]),
        school: None,
    };
    let told = |connection: &mut PgConnection, district: &str, now: &str| {
        let open = new_children::open(connection, &place(district), Told::Gone, at(now), 0, 10).unwrap();
        open.into_iter()
            .map(|alert| {
                (
                    alert.new_child_id,
                    alert.to_district.unwrap(),
                    alert.happened_on.to_string(),
                    alert.withdrawn_at.is_some(),
                )
            })
            .collect::<Vec<_>>()
    };
    let to = |district: &'static str, day| [mission, (district, day, "")];

    assert_eq!(
        settle(connection, &to("Sharyland ISD", "2026-03-02"), NOW),
        2,
        "both"
    );
    let [(id, ref name, ref day, false)] = told(connection, "mission cisd", NOW)[..] else {
        panic!("one that holds");
    };
    assert_eq!((name.as_str(), day.as_str()), ("Sharyland ISD", "2026-03-02"));
    assert_eq!(told(connection, "Sharyland ISD", NOW), [], "it is new there");
    let waiting = new_children::count_open(connection, &place("Mission CISD")).unwrap();
    assert_eq!((waiting.new, waiting.gone), (0, 1));
    assert_eq!(
        settle(connection, &to("Sharyland ISD", "2026-03-02"), NOW),
        0,
        "once"
    );

    // A corrected day follows; that it was another district is told anew, and the first one withdrawn.
    assert_eq!(settle(connection, &to("Sharyland ISD", "2026-03-09"), NOW), 0);
    let follows = (id, "Sharyland ISD".to_owned(), "2026-03-09".to_owned(), false);
    assert_eq!(
        told(connection, "Mission CISD", NOW),
        std::slice::from_ref(&follows)
    );
    assert_eq!(settle(connection, &to("Hidalgo ISD", "2026-03-09"), NOW), 2);
    let both = told(connection, "Mission CISD", NOW);
    assert_eq!((both.len(), both[0].0, both[0].3), (2, id, true), "{both:?}");
    assert_eq!((both[1].1.as_str(), both[1].3), ("Hidalgo ISD", false));
    assert_eq!(settle(connection, &to("Sharyland ISD", "2026-03-09"), NOW), 0);
    let again = told(connection, "Mission CISD", NOW);
    assert_eq!(again[0], follows, "comes back with what raised it");
    assert!(again[1].3);

    // It never left: withdrawn, which whoever had not seen it is told for 30 days.
    let stays = ("Mission CISD", "2025-08-18", "");
    assert_eq!(settle(connection, &[stays], NOW), 0);
    assert!(told(connection, "Mission CISD", NOW).iter().all(|told| told.3));
    assert_eq!(told(connection, "Mission CISD", "2026-06-02T15:00:00Z"), []);

    // Who has seen it has seen it, also when it is so after all.
    let seen = new_children::acknowledge(connection, &place("Mission CISD"), &[id], "account:one", at(NOW));
    assert_eq!(seen.unwrap(), [(id, true)]);
    assert_eq!(settle(connection, &to("Sharyland ISD", "2026-03-02"), NOW), 0);
    let waiting = new_children::count_open(connection, &place("Mission CISD")).unwrap();
    assert_eq!((waiting.new, waiting.gone), (0, 0));
}
