//! Counts of a made-up nation as the hub links it, beside its truth: they differ only by children about whom the
//! linking is wrong, and by no more than those.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use linking::Model;
use linking::driver::Linker;
use mde::{PersonId, StateCode, StateStudentId, StudentId};
use records::counts::{Counter, Counts, Period};
use records::report::{self, Question};
use simulate::{Config, Nation};
use store::program::ProgramStudent;
use store::students::{self, Source};
use testkit::TestDb;
use uuid::Uuid;

type Children = BTreeMap<String, Vec<(Uuid, ProgramStudent)>>;

/// Loads every student of the first night; gives the true children.
fn loaded(connection: &mut PgConnection, nation: &Nation, now: DateTime<Utc>) -> Children {
    let night = nation.nights().next().expect("a night");
    let mut children = Children::new();
    for (number, state) in nation.config().states.iter().copied().enumerate() {
        store::participants::register(connection, state, now).expect("registered");
        let truth: HashMap<StudentId, String> = nation
            .truth(state)
            .map(|t| {
                let id = StateStudentId::new(&t.state_student_id).expect("an identifier");
                (StudentId::of(state, &id), t.child)
            })
            .collect();
        let sent: Vec<_> = nation.submissions(state, night).map(|s| s.student).collect();
        let source = Source {
            state,
            batch_id: number as i64 + 1,
            as_of: now,
            received_at: now,
        };
        for chunk in sent.chunks(500) {
            let rows: Vec<_> = chunk.iter().map(|s| (s.id(state), s, s.content_hash())).collect();
            students::replace(connection, source, &rows, &HashMap::new(), now).expect("loaded");
        }
        for student in &sent {
            let id = student.id(state);
            let of = ProgramStudent::of(state, true, student);
            children.entry(truth[&id].clone()).or_default().push((id.0, of));
        }
    }
    children
}

/// The counts of some children, each with its students.
fn counted<'a>(children: impl Iterator<Item = Vec<&'a ProgramStudent>>, question: &Question) -> Counts {
    let rules = HashMap::new();
    let mut counter = Counter::new(question.period, question.today, &rules);
    for (number, students) in (100_000_000_000..).zip(children) {
        let students: Vec<_> = students.into_iter().cloned().collect();
        counter.add(PersonId::new(number).expect("a number"), &students);
    }
    counter.finish()
}

fn by_state(counts: &Counts) -> BTreeMap<StateCode, u64> {
    counts
        .states
        .iter()
        .map(|s| (s.state, s.tally.category_1))
        .collect()
}

fn moves(counts: &Counts) -> u64 {
    counts.moves.iter().map(|m| m.moves).sum()
}

#[test]
fn with_the_hubs_own_links_counts_are_wrong_by_no_more_than_the_links() {
    let nation = Nation::new(Config {
        students: 1_200,
        nights: 1,
        ..Config::default()
    })
    .expect("a nation");
    let db = TestDb::from_template("store", store::migrate).expect("a database");
    let pool = store::pool(db.url(), 2, Duration::from_mins(2));
    let connection = &mut *store::db::connection(&pool).expect("a connection");
    let now = nation.nights().next().expect("a night").as_of();
    let children = loaded(connection, &nation, now);
    let mut linker = Linker::open(connection, Model::default_fixed()).expect("a linker");
    linker.run(connection, &|| true, &|| now).expect("linked");

    let links = store::links::of_students(connection, &all(&children)).expect("links");
    let links: HashMap<Uuid, i64> = links.into_iter().collect();
    let person = |id: &Uuid| links[id];
    let mut truth_of: BTreeMap<i64, BTreeSet<&String>> = BTreeMap::new();
    for (child, students) in &children {
        for (id, _) in students {
            truth_of.entry(person(id)).or_default().insert(child);
        }
    }
    // A child is linked wrongly if it is several persons, or one with another child.
    let wrong: BTreeSet<&String> = children
        .iter()
        .filter(|(_, students)| {
            let persons: BTreeSet<i64> = students.iter().map(|(id, _)| person(id)).collect();
            persons.len() > 1 || persons.iter().any(|p| truth_of[p].len() > 1)
        })
        .map(|(child, _)| child)
        .collect();
    let persons_of_wrong = truth_of
        .values()
        .filter(|of| of.iter().any(|c| wrong.contains(c)))
        .count();

    let question = Question {
        period: Period::ending(2026).expect("a period"),
        known_at: None,
        today: nation.config().start,
    };
    let hub = report::counts(connection, &question).expect("counts").counts;
    let students = |students: &'_ [(Uuid, ProgramStudent)]| -> Vec<ProgramStudent> {
        students.iter().map(|(_, s)| s.clone()).collect()
    };
    let whole: Vec<Vec<ProgramStudent>> = children.values().map(|of| students(of)).collect();
    let truth = counted(whole.iter().map(|of| of.iter().collect()), &question);

    // The tolerance is the linking error of this very run: the persons that wrongly linked children have become, or
    // those children themselves, whichever are more; and of moves, those that these children made in truth.
    let tolerance = persons_of_wrong.max(wrong.len()) as u64;
    let of_wrong = whole
        .iter()
        .zip(children.keys())
        .filter(|(_, child)| wrong.contains(child));
    let their_moves = moves(&counted(of_wrong.map(|(of, _)| of.iter().collect()), &question));
    eprintln!(
        "{} children, {} linked wrongly; category 1: {} in truth, {} at the hub; moves: {} and {}",
        children.len(),
        wrong.len(),
        truth.nation.category_1,
        hub.nation.category_1,
        moves(&truth),
        moves(&hub)
    );
    assert!(
        wrong.len() * 3 < children.len() && truth.nation.category_1 > 3 * tolerance,
        "the tolerance says something: {} of {}",
        wrong.len(),
        children.len()
    );
    assert_ne!(wrong.len(), 0, "an engine without people does not find everybody");
    let near = |hub: u64, truth: u64, what: &str| {
        assert!(
            hub.abs_diff(truth) <= tolerance,
            "{what}: {hub}, in truth {truth}, ± {tolerance}"
        );
    };
    near(hub.nation.category_1, truth.nation.category_1, "category 1");
    near(hub.nation.category_2, truth.nation.category_2, "category 2");
    near(
        hub.nation.eligibility_ended,
        truth.nation.eligibility_ended,
        "ended",
    );
    for (state, n) in by_state(&truth) {
        near(by_state(&hub)[&state], n, state.as_str());
    }
    assert!(moves(&hub).abs_diff(moves(&truth)) <= their_moves);

    // About all others the hub's counts are the truth itself.
    let right: Vec<&Vec<ProgramStudent>> = whole
        .iter()
        .zip(children.keys())
        .filter(|(_, child)| !wrong.contains(child))
        .map(|(of, _)| of)
        .collect();
    let expected = counted(right.iter().map(|of| of.iter().collect()), &question);
    let everybody = store::program::everybody(connection, None).expect("everybody");
    let persons_right: BTreeSet<i64> = truth_of
        .iter()
        .filter(|(_, of)| !of.iter().any(|c| wrong.contains(c)))
        .map(|(person, _)| *person)
        .collect();
    let of_right = everybody
        .iter()
        .filter(|(person, _)| persons_right.contains(&person.number()));
    assert_eq!(
        counted(of_right.map(|(_, of)| of.iter().collect()), &question),
        expected
    );
}

fn all(children: &Children) -> Vec<Uuid> {
    children.values().flatten().map(|(id, _)| *id).collect()
}
