//! The nation as a whole: valid, the same for a seed, and as hard as it says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use mde::{Action, Severity, Student, StudentId, rules};

use crate::clerk::swappable;
use crate::family::{Child, Family, circuit};
use crate::names::{is_near, nicknames, wants_second};
use crate::places::State;
use crate::rates::{self, ErrorKind};
use crate::write::{write_truth, write_upload};
use crate::{Config, Nation, Night, record};

fn nation(students: usize) -> Nation {
    let config = Config {
        students,
        ..Config::default()
    };
    Nation::new(config).unwrap()
}

fn bytes(nation: &Nation) -> Vec<u8> {
    let mut out = Vec::new();
    for state in &nation.config().states {
        for night in nation.nights() {
            write_upload(nation, *state, night, &mut out).unwrap();
        }
    }
    write_truth(nation, &mut out).unwrap();
    out
}

/// All students of a night by their key.
fn held(nation: &Nation, night: Night) -> BTreeMap<StudentId, Student> {
    let mut students = BTreeMap::new();
    for state in &nation.config().states {
        for sent in nation.submissions(*state, night) {
            assert!(
                students.insert(sent.student.id(*state), sent.student).is_none(),
                "an identifier is used twice"
            );
        }
    }
    students
}

/// Calls with every child and its students' errors, state by state.
fn each_student(nation: &Nation, mut call: impl FnMut(&Family, &Child, &[ErrorKind], u64)) {
    for number in 0..nation.families {
        let family = Family::new(&nation.world, number);
        for place in circuit(&nation.world, number) {
            for record in record::of_family(&nation.world, &family, *place) {
                let errors = record.errors();
                let state = nation.world.states[*place].number;
                call(&family, record.child(), &errors, state);
            }
        }
    }
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    let one = bytes(&nation(150));
    assert!(one == bytes(&nation(150)));
    let config = Config {
        seed: 2,
        students: 150,
        ..Config::default()
    };
    assert!(one != bytes(&Nation::new(config).unwrap()));
}

#[test]
fn every_student_is_valid_and_few_warn() {
    let nation = nation(2_000);
    let (mut students, mut not_enrolled, mut warned) = (0, 0, BTreeMap::new());
    for night in nation.nights() {
        for (_, mut student) in held(&nation, night) {
            students += 1;
            let mut findings = Vec::new();
            rules::check(&mut student, night.date, &mut findings);
            for finding in findings {
                assert_eq!(finding.severity(), Severity::Warning, "{finding:?}");
                *warned.entry(finding.code).or_insert(0) += 1;
            }
            not_enrolled += usize::from(student.enrollments.is_empty());
            let json = serde_json::to_string(&student).unwrap();
            assert_eq!(serde_json::from_str::<Student>(&json).unwrap(), student);
        }
    }
    // Some have just arrived: their move is known, the school's answer is not.
    assert!(
        not_enrolled * 50 < students,
        "{not_enrolled} of {students} are nowhere enrolled"
    );
    let all: usize = warned.values().sum();
    assert!(all * 10 < students, "{warned:?} in {students} students");
}

#[test]
fn errors_are_as_frequent_as_their_rates_say() {
    let nation = nation(10_000);
    let mut possible = BTreeMap::<ErrorKind, f64>::new();
    let mut seen = BTreeMap::<ErrorKind, f64>::new();
    each_student(&nation, |family, child, errors, _| {
        for kind in ErrorKind::ALL {
            if can_happen(*kind, family, child, errors) {
                *possible.entry(*kind).or_default() += 1.0;
            }
        }
        for kind in errors {
            *seen.entry(*kind).or_default() += 1.0;
        }
    });
    for kind in ErrorKind::ALL {
        let (seen, possible) = (seen[kind], possible[kind]);
        // An error hides another one in a few students; parents are drawn once a family, which widens the spread.
        let expected = kind.rate() * possible;
        let tolerance = 0.12 * expected + 6.0 * expected.sqrt();
        assert!(
            (seen - expected).abs() < tolerance,
            "{}: {seen} seen, {expected} expected of {possible}",
            kind.name()
        );
    }
}

fn can_happen(kind: ErrorKind, family: &Family, child: &Child, errors: &[ErrorKind]) -> bool {
    use ErrorKind::*;
    match kind {
        SecondSurnameDropped | FirstSurnameDropped | SurnameInMiddle | SurnamesSwapped | SurnamesJoined
        | SurnamesHyphenated => child.surnames.1.is_some(),
        GivenMerged | MiddleDropped | MiddleInitial | FirstGivenDropped => child.second.is_some(),
        MariaAbbreviated => child.first == "María" && child.second.is_some(),
        Nickname => !nicknames(child.first).is_empty(),
        BirthDaySwapped => swappable(child.birth),
        FatherMissing => family.father.is_some(),
        MotherMissing | GuardianForParents => family.mother.is_some(),
        ParentsSwapped => family.father.is_some() && family.mother.is_some(),
        BirthCityTypo => !errors.contains(&BirthCityMissing),
        AccentsLost => [
            child.first,
            child.second.unwrap_or(""),
            child.surnames.0,
            child.surnames.1.unwrap_or(""),
        ]
        .iter()
        .any(|n| crate::slips::has_accent(n)),
        _ => true,
    }
}

#[test]
fn the_population_is_as_its_rates_say() {
    let nation = nation(10_000);
    let mut states_of = BTreeMap::<(u64, u64), BTreeSet<u64>>::new();
    let mut names = BTreeMap::<_, BTreeSet<(u64, u64)>>::new();
    let (mut twins, mut two_given) = (BTreeSet::new(), BTreeSet::new());
    let mut sizes = BTreeMap::<u64, BTreeSet<u64>>::new();
    each_student(&nation, |family, child, _, state| {
        let key = (family.number, child.index);
        states_of.entry(key).or_default().insert(state);
        sizes.entry(family.number).or_default().insert(child.index);
        if child.twin {
            twins.insert(key);
            let partner = family
                .children
                .iter()
                .find(|c| c.twin && c.index != child.index && c.birth == child.birth);
            assert!(
                partner.is_some_and(|p| (p.first, p.second) != (child.first, child.second)),
                "a twin has no twin"
            );
        }
        if child.second.is_some() {
            two_given.insert(key);
        }
        let name = (
            child.first,
            child.surnames.0,
            chrono::Datelike::year(&child.birth),
        );
        names.entry(name).or_default().insert(key);
    });
    let children = states_of.len() as f64;
    for (count, share) in rates::STATES_PER_CHILD.iter().enumerate() {
        let seen = states_of.values().filter(|s| s.len() == count + 1).count() as f64 / children;
        assert!(
            (seen - share).abs() < 0.03,
            "{seen} of the children in {} states",
            count + 1
        );
    }
    let twins = twins.len() as f64 / children;
    assert!(
        (0.025..0.04).contains(&twins),
        "{twins} of the children are twins"
    );
    let two_given = two_given.len() as f64 / children;
    assert!((two_given - rates::TWO_GIVEN).abs() < 0.04, "{two_given}");
    let alone = sizes.values().filter(|s| s.len() == 1).count() as f64 / sizes.len() as f64;
    assert!(
        (alone - rates::FAMILY_SIZE[0]).abs() < 0.06,
        "{alone} of the families have one child"
    );
    let namesakes: usize = names.values().map(BTreeSet::len).filter(|n| *n > 1).sum();
    let namesakes = namesakes as f64 / children;
    assert!(
        (0.02..0.15).contains(&namesakes),
        "{namesakes} of the children have a namesake"
    );
}

/// The children registered in the nation, by family and place in it.
fn registered(nation: &Nation) -> BTreeMap<(u64, u64), Child> {
    let mut children = BTreeMap::new();
    each_student(nation, |family, child, _, _| {
        children.insert((family.number, child.index), child.clone());
    });
    children
}

#[test]
fn some_children_have_a_namesake_and_some_a_cousin_of_the_same_name() {
    let nation = nation(30_000);
    let children = registered(&nation);
    let (mut namesakes, mut cousins) = (0, 0);
    for ((number, _), one) in children.iter().filter(|((n, i), _)| n % 3 == 0 && *i == 0) {
        let Some(other) = children.get(&(number + 1, 0)) else {
            continue;
        };
        let apart = (one.birth - other.birth).num_days().unsigned_abs();
        let [a, b] = [*number, number + 1].map(|n| Family::new(&nation.world, n));
        let meet = circuit(&nation.world, a.number)
            .iter()
            .any(|state| circuit(&nation.world, b.number).contains(state));
        let brothers = a.father.map(|f| f.surnames) == b.father.map(|f| f.surnames);
        // Twins are renamed, and have a name for two.
        if one.twin || other.twin || one.first != other.first || one.girl != other.girl {
            continue;
        }
        if apart == 0 {
            namesakes += 1;
            assert!(!meet && brothers && one.second == other.second && one.surnames == other.surnames);
            assert_eq!(a.mother.map(|m| m.surnames), b.mother.map(|m| m.surnames));
        } else if rates::COUSIN_DAYS.contains(&apart) && brothers {
            cousins += 1;
            assert!(meet && one.second == other.second);
        }
    }
    let share = |pairs: i32| 2.0 * f64::from(pairs) / children.len() as f64;
    assert!((share(namesakes) - 0.008).abs() < 0.0025, "{namesakes} namesakes");
    assert!((share(cousins) - 0.008).abs() < 0.0025, "{cousins} cousins");
}

#[test]
fn twins_are_named_and_marked_as_their_rates_say() {
    let nation = nation(30_000);
    let children = registered(&nation);
    let (mut pairs, mut near, mut same_sex, mut near_by_chance) = (0.0, 0.0, 0.0, 0.0);
    for ((number, index), one) in &children {
        let other = children.get(&(*number, index + 1));
        let Some(other) = other.filter(|o| o.twin && one.twin && o.birth == one.birth) else {
            continue;
        };
        pairs += 1.0;
        same_sex += f64::from(u8::from(one.girl == other.girl));
        near += f64::from(u8::from(is_near(one.first, other.first)));
        let has_second = one.second.is_some() || other.second.is_some();
        near_by_chance += f64::from(u8::from(is_near(one.first, other.first) && has_second));
    }
    // Twins who are named alike on purpose have no second name; others may draw two names that are near.
    assert!(near_by_chance / pairs < 0.02, "{near_by_chance} of {pairs}");
    assert!(pairs > 200.0);
    let expected = rates::TWINS_SAME_SEX * rates::TWINS_ALIKE;
    assert!((near / pairs - expected).abs() < 0.1, "{near} near of {pairs}");
    assert!(
        (same_sex / pairs - rates::TWINS_SAME_SEX).abs() < 0.06,
        "{same_sex}"
    );

    let night = nation.nights().next().unwrap();
    let mut marks = BTreeMap::new();
    for state in nation.config().states.clone() {
        let twins: BTreeSet<_> = nation
            .truth(state)
            .filter(|t| t.twin)
            .map(|t| t.state_student_id)
            .collect();
        for sent in nation.submissions(state, night) {
            let identity = &sent.student.identity;
            if State::new(state).habits.asks_multiple && twins.contains(identity.state_student_id.as_str()) {
                *marks.entry(identity.multiple_birth).or_insert(0.0) += 1.0;
            }
        }
    }
    let asked: f64 = marks.values().sum();
    for (mark, rate) in [Some(true), Some(false), None]
        .into_iter()
        .zip(rates::TWIN_MARKED)
    {
        let seen = marks[&mark] / asked;
        assert!((seen - rate).abs() < 0.04, "{mark:?}: {seen} of {asked}");
    }
}

#[test]
fn some_first_names_seldom_stand_alone() {
    let children = registered(&nation(10_000));
    for (common, rate) in [true, false].into_iter().zip(rates::TWO_GIVEN_BY_FIRST) {
        let of: Vec<_> = children
            .values()
            .filter(|c| !c.twin && wants_second(c.first) == common)
            .collect();
        let share = of.iter().filter(|c| c.second.is_some()).count() as f64 / of.len() as f64;
        // Who is named like a sibling has a second name always.
        assert!((-0.02..0.06).contains(&(share - rate)), "{share} of {}", of.len());
    }
}

#[test]
fn a_later_night_has_whole_students_that_changed_and_no_others() {
    let nation = nation(2_000);
    let nights: Vec<_> = nation.nights().collect();
    let mut before = held(&nation, nights[0]);
    assert!(before.len() >= 2_000 && before.len() < 2_020, "{}", before.len());
    let mut arrivals = 0;
    for night in &nights[1..] {
        let mut sent = 0;
        for state in &nation.config().states {
            for submission in nation.submissions(*state, *night) {
                sent += 1;
                let id = submission.student.id(*state);
                match submission.action {
                    Action::Insert => {
                        arrivals += 1;
                        assert!(before.insert(id, submission.student).is_none());
                    }
                    Action::Update => {
                        let earlier = before.insert(id, submission.student.clone()).unwrap();
                        assert_ne!(earlier, submission.student, "nothing changed");
                        assert!(submission.student.enrollments.len() >= earlier.enrollments.len());
                    }
                    Action::Delete => assert!(before.remove(&id).is_some()),
                }
            }
        }
        assert!(sent > 0 && sent < before.len() / 10, "{sent} sent");
    }
    assert!(arrivals > 0, "nobody arrived in another state");
    // What the deltas add up to is what a full upload of the last night would say.
    let last = *nights.last().unwrap();
    let full = Night { index: 0, ..last };
    assert!(held(&nation, full) == before);
}

#[test]
fn the_truth_names_every_student_and_its_child() {
    let nation = nation(1_500);
    let nights: Vec<_> = nation.nights().collect();
    let mut births = BTreeMap::new();
    let mut in_several = 0;
    for state in nation.config().states.clone() {
        let mut sent = BTreeSet::new();
        let mut birth_of = BTreeMap::new();
        for night in &nights {
            for submission in nation.submissions(state, *night) {
                let identity = submission.student.identity;
                let id = identity.state_student_id.as_str().to_owned();
                birth_of.entry(id.clone()).or_insert(identity.birth_date);
                sent.insert(id);
            }
        }
        let truth: Vec<_> = nation.truth(state).collect();
        let named: BTreeSet<_> = truth.iter().map(|t| t.state_student_id.clone()).collect();
        assert_eq!(named.len(), truth.len());
        assert_eq!(named, sent);
        for row in truth {
            let family = row.child.split('-').next().unwrap().replace('C', "F");
            assert_eq!(row.family, family);
            let wrong = |kind: &ErrorKind| kind.name().starts_with("birth-");
            if !row.errors.iter().any(wrong) {
                let birth = birth_of[&row.state_student_id];
                let other = births.insert(row.child.clone(), birth);
                in_several += usize::from(other.is_some());
                assert!(
                    other.is_none_or(|other| other == birth),
                    "{} has two birth dates",
                    row.child
                );
            }
        }
    }
    assert!(in_several > 100);
}

#[test]
fn what_cannot_be_made_is_refused() {
    let with = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        Nation::new(config).unwrap_err().to_string()
    };
    assert_eq!(with(|c| c.states.clear()), "ask for at least one state");
    assert_eq!(with(|c| c.nights = 0), "ask for at least one night");
    assert_eq!(with(|c| c.states.push(c.states[0])), "name TX once only");
    let one_state = Config {
        states: Config::first_states(25)[24..].to_vec(),
        students: 30,
        ..Config::default()
    };
    let nation = Nation::new(one_state).unwrap();
    assert!(held(&nation, nation.nights().next().unwrap()).len() >= 30);
}

#[test]
fn certificates_are_shared_within_a_family_only() {
    let nation = nation(2_000);
    let mut families = BTreeMap::<String, BTreeSet<String>>::new();
    let night = nation.nights().next().unwrap();
    for state in nation.config().states.clone() {
        let family: BTreeMap<_, _> = nation
            .truth(state)
            .map(|t| (t.state_student_id, t.family))
            .collect();
        for sent in nation.submissions(state, night) {
            for row in &sent.student.qualifying_moves {
                assert!(row.qualifying_arrival_date.day() <= night.date + Days::new(1));
                families
                    .entry(row.certificate_number.as_ref().unwrap().to_string())
                    .or_default()
                    .insert(family[sent.student.identity.state_student_id.as_str()].clone());
            }
        }
    }
    assert!(families.len() > 1_000);
    assert!(families.values().all(|f| f.len() == 1));
}

#[test]
fn the_documentation_has_every_rate() {
    let text = include_str!("../../../docs/linking.md");
    for kind in ErrorKind::ALL {
        let percent = format!("{}", (kind.rate() * 1000.0).round() / 10.0);
        let row = format!(
            "| {} | {percent} % | {} | {} |",
            kind.name(),
            kind.of(),
            kind.label()
        );
        assert!(text.contains(&row), "docs/linking.md lacks: {row}");
    }
}
