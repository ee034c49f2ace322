//! Counts against a model that looks at every child on every day, and against the nation's own truth.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, NaiveDate};
use mde::code::{EnrollmentType, ExitReason, TerminationFlag};
use mde::eligibility::{LastDay, Terminations};
use mde::{EligibilityRules, PersonId, StateCode, StateStudentId, StudentId};
use proptest::prelude::*;
use records::counts::{Counter, Days, Period, count, missed};
use simulate::{Config, Nation};
use store::program::{Destination, ProgramEnrollment, ProgramMove, ProgramStudent};

use crate::made_up::{day, state};

/// Whole years and months from one day to another, by the calendar; a day that a month lacks is its last.
fn months_between(from: NaiveDate, to: NaiveDate) -> i32 {
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    let last_of_month = to.succ_opt().unwrap().day() == 1;
    let reached = to.day() >= from.day() || last_of_month;
    months - i32::from(!reached)
}

/// Whether a child is eligible in a state on a day: by a move of one of the state's students of it, in time, not yet 22
/// by that student's birth date, and nothing of any of them has ended it since the arrival.
fn eligible(
    students: &[ProgramStudent],
    usual: Option<NaiveDate>,
    rules: EligibilityRules,
    today: NaiveDate,
) -> bool {
    let ended_since = |arrival: NaiveDate| {
        students.iter().any(|s| {
            let terminated = s.termination.filter(|(_, flag)| match flag {
                Some(TerminationFlag::Graduated | TerminationFlag::Ged | TerminationFlag::Deceased) => true,
                _ => rules.terminations == Terminations::V2003,
            });
            let died = |e: &ProgramEnrollment| e.end.filter(|_| e.exit == Some(ExitReason::Deceased));
            terminated
                .map(|t| t.0)
                .into_iter()
                .chain(s.enrollments.iter().filter_map(|e| e.graduated))
                .chain(s.enrollments.iter().filter_map(died))
                .any(|end| arrival <= end && end < today)
        })
    };
    let in_time = |arrival: NaiveDate| {
        let passed = months_between(arrival, today);
        let anniversary = months_between(arrival, today.pred_opt().unwrap()) < 36;
        today >= arrival && (passed < 36 || rules.last_day == LastDay::SameDay && anniversary)
    };
    students.iter().any(|s| {
        let young = s
            .birth
            .or(usual)
            .is_none_or(|birth| months_between(birth, today) < 22 * 12);
        let moves = || s.moves.iter().filter(|m| !m.void);
        young && moves().any(|m| in_time(m.arrival) && !ended_since(m.arrival))
    })
}

/// The days of some on which a child is eligible in a state and on the next one is not.
fn ends(
    students: &[ProgramStudent],
    usual: Option<NaiveDate>,
    rules: EligibilityRules,
    days: Days,
) -> Vec<NaiveDate> {
    let on = |day| eligible(students, usual, rules, day);
    let all = days.from.iter_days().take_while(|day| *day <= days.to);
    all.filter(|day| on(*day) && !on(day.succ_opt().unwrap()))
        .collect()
}

/// The same question asked of one day: is the child eligible in the state and there, and of age; and is it served in
/// summer.
fn on_day(
    students: &[ProgramStudent],
    birth: NaiveDate,
    rules: EligibilityRules,
    today: NaiveDate,
) -> (bool, bool) {
    let of_age = (36..22 * 12).contains(&months_between(birth, today)) && today >= birth;
    let moves = || students.iter().flat_map(|s| s.moves.iter().filter(|m| !m.void));
    let eligible = eligible(students, Some(birth), rules, today);
    let enrollments = || {
        students
            .iter()
            .flat_map(|s| s.enrollments.iter().filter(|e| !e.continuation))
    };
    let during = |e: &ProgramEnrollment| e.start <= today && e.end.is_none_or(|end| today <= end);
    let there = moves().any(|m| m.arrival == today || m.residency == Some(today))
        || enrollments().any(|e| during(e) || e.residency.contains(&Some(today)));
    let summer = enrollments().any(|e| {
        during(e)
            && (e.kind == Some(EnrollmentType::SummerProject)
                || e.kind == Some(EnrollmentType::YearRoundProject) && (6..=8).contains(&today.month()))
    });
    (of_age && eligible && there, of_age && eligible && summer)
}

fn by_days(
    students: &[ProgramStudent],
    birth: NaiveDate,
    rules: EligibilityRules,
    days: Days,
) -> (bool, bool) {
    days.from
        .iter_days()
        .take_while(|day| *day <= days.to)
        .map(|day| on_day(students, birth, rules, day))
        .fold((false, false), |a, b| (a.0 | b.0, a.1 | b.1))
}

fn date() -> impl Strategy<Value = NaiveDate> {
    (day("2020-06-01")..day("2026-03-01")).prop_map_days()
}

trait DayRange {
    fn prop_map_days(self) -> BoxedStrategy<NaiveDate>;
}

impl DayRange for std::ops::Range<NaiveDate> {
    fn prop_map_days(self) -> BoxedStrategy<NaiveDate> {
        let days = (self.end - self.start).num_days();
        (0..days)
            .prop_map(move |n| self.start + chrono::Days::new(n as u64))
            .boxed()
    }
}

fn enrollment() -> impl Strategy<Value = ProgramEnrollment> {
    let kind = prop::sample::select(vec![
        None,
        Some(EnrollmentType::School),
        Some(EnrollmentType::SummerProject),
        Some(EnrollmentType::YearRoundProject),
        Some(EnrollmentType::ResidencyOnly),
    ]);
    (
        kind,
        date(),
        prop::option::of(0..400u64),
        prop::option::of(date()),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(kind, start, long, verified, continuation, graduates)| {
            let end = long.map(|n| start + chrono::Days::new(n));
            ProgramEnrollment {
                kind,
                start,
                end,
                grade: None,
                residency: [None, verified],
                continuation,
                graduated: end.filter(|_| graduates),
                exit: None,
                destination: Destination::Unknown,
            }
        })
}

fn student(state: StateCode) -> impl Strategy<Value = ProgramStudent> {
    let flag = prop::sample::select(vec![
        None,
        Some(TerminationFlag::EligibilityExpired),
        Some(TerminationFlag::Graduated),
        Some(TerminationFlag::Dropout),
    ]);
    let moved = (date(), prop::option::of(date()), prop::bool::weighted(0.2)).prop_map(
        |(arrival, residency, void)| ProgramMove {
            arrival,
            residency,
            void,
        },
    );
    (
        prop::option::of((date(), flag)),
        prop::collection::vec(moved, 0..4),
        prop::collection::vec(enrollment(), 0..4),
    )
        .prop_map(move |(termination, moves, enrollments)| ProgramStudent {
            state,
            live: true,
            birth: None,
            gender: None,
            termination,
            moves,
            enrollments,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_count_by_intervals_is_a_count_by_days(
        students in prop::collection::vec(student(state("TX")), 1..3),
        birth in (day("2000-01-01")..day("2023-06-01")).prop_map_days(),
        same_day in any::<bool>(),
        old in any::<bool>(),
    ) {
        let rules = EligibilityRules {
            last_day: if same_day { LastDay::SameDay } else { LastDay::DayBefore },
            terminations: if old { Terminations::V2003 } else { Terminations::Current },
        };
        let days = Period::ending(2025).unwrap().until(day("2025-08-31"));
        let counted = count(&students.iter().collect::<Vec<_>>(), Some(birth), rules, days);
        let (one, two) = by_days(&students, birth, rules, days);
        prop_assert_eq!((counted.category_1, counted.category_2), (one, one && two));
        prop_assert_eq!(counted.ended, ends(&students, Some(birth), rules, days));
    }
}

/// The nation's children by their true identity, as the states' first uploads have them.
fn children(nation: &Nation) -> BTreeMap<String, Vec<ProgramStudent>> {
    let night = nation.nights().next().unwrap();
    let mut of: HashMap<StudentId, String> = HashMap::new();
    for code in &nation.config().states {
        for truth in nation.truth(*code) {
            let id = StateStudentId::new(&truth.state_student_id).unwrap();
            of.insert(StudentId::of(*code, &id), truth.child);
        }
    }
    let mut children: BTreeMap<String, Vec<ProgramStudent>> = BTreeMap::new();
    for code in &nation.config().states {
        for submission in nation.submissions(*code, night) {
            let child = of[&submission.student.id(*code)].clone();
            let student = ProgramStudent::of(*code, true, &submission.student);
            children.entry(child).or_default().push(student);
        }
    }
    children
}

#[test]
fn the_counts_of_a_nation_are_its_truth() {
    let nation = Nation::new(Config {
        students: 1_500,
        nights: 1,
        ..Config::default()
    })
    .unwrap();
    let today = nation.config().start;
    let children = children(&nation);
    for year in [2025, 2026] {
        let period = Period::ending(year).unwrap();
        let rules = HashMap::new();
        let mut counter = Counter::new(period, today, &rules);
        let (mut category_1, mut category_2, mut both, mut ended) = (0, 0, 0, 0);
        for (number, students) in children.values().enumerate() {
            let person = PersonId::new(100_000_000_000 + number as i64).unwrap();
            counter.add(person, students);
            let mut births: Vec<_> = students.iter().filter_map(|s| s.birth).collect();
            births.sort_unstable();
            let most = births.iter().max_by_key(|day| {
                (
                    births.iter().filter(|b| b == day).count(),
                    std::cmp::Reverse(**day),
                )
            });
            let mut states: Vec<_> = students.iter().map(|s| s.state).collect();
            states.sort_unstable();
            states.dedup();
            let found: Vec<(bool, bool)> = states
                .iter()
                .map(|state| {
                    // A student of a state counts by its own birth date, so each is asked on its own; what ends
                    // eligibility in one holds for the state.
                    let of: Vec<_> = students.iter().filter(|s| s.state == *state).cloned().collect();
                    of.iter()
                        .filter_map(|s| s.birth.or(most.copied()))
                        .map(|birth| by_days(&of, birth, EligibilityRules::default(), period.until(today)))
                        .fold((false, false), |a, b| (a.0 | b.0, a.1 | b.1))
                })
                .collect();
            ended += u64::from(states.iter().any(|state| {
                let of: Vec<_> = students.iter().filter(|s| s.state == *state).cloned().collect();
                !ends(
                    &of,
                    most.copied(),
                    EligibilityRules::default(),
                    period.until(today),
                )
                .is_empty()
            }));
            category_1 += u64::from(found.iter().any(|f| f.0));
            category_2 += u64::from(found.iter().any(|f| f.0 && f.1));
            both += u64::from(found.iter().filter(|f| f.0).count() > 1);
        }
        let counts = counter.finish();
        assert!(
            category_1 > 300 && (category_2 > 20 && ended > 10 || year == 2026) && both > 10,
            "{category_1} {category_2} {both} {ended}"
        );
        assert_eq!(
            (
                counts.nation.category_1,
                counts.nation.category_2,
                counts.in_several_states,
                counts.nation.eligibility_ended
            ),
            (category_1, category_2, both, ended),
            "{period}"
        );
        // The moves are those that the families made, as far as the states had heard of them.
        let mut made: BTreeMap<(StateCode, StateCode), u64> = BTreeMap::new();
        for (_, moves) in nation.state_moves(today) {
            for (_, from, to) in moves
                .into_iter()
                .filter(|m| period.from <= m.0 && m.0 <= period.to)
            {
                *made.entry((from, to)).or_default() += 1;
            }
        }
        let counted: BTreeMap<_, _> = counts.moves.iter().map(|m| ((m.from, m.to), m.moves)).collect();
        assert_eq!(counted, made, "{period}");
    }
}

#[test]
fn the_order_of_students_changes_no_count() {
    let nation = Nation::new(Config {
        students: 300,
        nights: 1,
        ..Config::default()
    })
    .unwrap();
    let count = |reverse: bool| {
        let rules = HashMap::new();
        let mut counter = Counter::new(Period::ending(2026).unwrap(), day("2026-03-31"), &rules);
        let mut all: Vec<_> = children(&nation).into_values().collect();
        if reverse {
            all.reverse();
            for students in &mut all {
                students.reverse();
            }
        }
        for students in all {
            counter.add(PersonId::new(123_456_789_012).unwrap(), &students);
        }
        counter.finish()
    };
    assert_eq!(count(false), count(true));
}

#[test]
fn a_child_that_left_and_came_nowhere_is_missed_after_a_while() {
    let left = |exit| {
        let mut enrollment = ProgramEnrollment {
            kind: Some(EnrollmentType::School),
            start: day("2025-09-01"),
            end: Some(day("2025-11-15")),
            grade: None,
            residency: [None, None],
            continuation: false,
            graduated: None,
            exit: None,
            destination: Destination::Unknown,
        };
        enrollment.exit = exit;
        ProgramStudent {
            state: state("TX"),
            live: true,
            birth: Some(day("2012-01-01")),
            gender: None,
            termination: None,
            moves: Vec::new(),
            enrollments: vec![enrollment],
        }
    };
    let moved = left(Some(mde::code::ExitReason::Moved));
    let found = missed(&[&moved], None, day("2026-01-10"), 30).unwrap();
    assert_eq!((found.state, found.left), (state("TX"), day("2025-11-15")));
    assert!(
        missed(&[&moved], None, day("2025-12-01"), 30).is_none(),
        "too early"
    );
    let ended = left(Some(mde::code::ExitReason::EndOfTerm));
    assert!(
        missed(&[&ended], None, day("2026-01-10"), 30).is_none(),
        "the term ended"
    );
    let mut elsewhere = left(None);
    elsewhere.state = state("FL");
    elsewhere.enrollments[0].start = day("2025-12-20");
    elsewhere.enrollments[0].end = None;
    assert!(
        missed(&[&moved, &elsewhere], None, day("2026-01-10"), 30).is_none(),
        "it came to Florida"
    );
    let to = |destination| {
        let mut away = moved.clone();
        away.enrollments[0].destination = destination;
        away
    };
    assert!(
        missed(&[&to(Destination::Abroad)], None, day("2026-01-10"), 30).is_none(),
        "it went abroad"
    );
    let to_oregon = to(Destination::State(state("OR")));
    let found = missed(&[&to_oregon], None, day("2026-01-10"), 30).unwrap();
    assert!(found.may_be_seen(|state| state.as_str() == "OR") && !found.may_be_seen(|_| false));
    let mut no_longer = moved.clone();
    no_longer.live = false;
    assert!(
        missed(&[&no_longer], None, day("2026-01-10"), 30).is_none(),
        "no state reports it"
    );
}
