//! The gate: a made-up nation is linked as well as promised, and it is relatives, name frequency and vetoes that do it.

use linking::bulk::{BulkOptions, Linked, link};
use linking::evaluate::{Curve, Scope, blocking_cost, pairwise, true_pairs};
use linking::learn::{Alarm, LearnOptions, Relatives, learn};
use linking::levels::{Field, level};
use linking::{Entities, HumanDecisions, LinkIndex, Memberships, Model, driver};
use mde::Student;
use rustc_hash::FxHashMap;
use simulate::{Config, Nation};

/// Which child each student is, and of which family, by slot.
struct Truth {
    child: Vec<u32>,
    family: Vec<String>,
}

/// All students of a nation, and who they are.
fn nation(seed: u64, model: Model) -> (LinkIndex, Truth) {
    let (mut index, truth) = gathered(seed, model);
    index.file();
    (index, truth)
}

/// The same, not yet filed.
fn gathered(seed: u64, model: Model) -> (LinkIndex, Truth) {
    let nation = Nation::new(Config {
        seed,
        students: 6_000,
        nights: 1,
        ..Config::default()
    })
    .unwrap();
    let mut index = LinkIndex::new(model);
    let mut truth = Truth {
        child: Vec::new(),
        family: Vec::new(),
    };
    let mut children: FxHashMap<String, u32> = FxHashMap::default();
    for &state in &nation.config().states {
        let mut students = Vec::new();
        for person in nation.people(state) {
            let next = children.len() as u32;
            let child = person.child.clone();
            truth.family.push(child.split('-').next().unwrap().to_owned());
            truth.child.push(*children.entry(child).or_insert(next));
            let student = Student::new(person.identity);
            students.push((student.id(state), student));
        }
        driver::gather(&mut index, state, &students);
    }
    (index, truth)
}

struct Gate {
    recall_at_99: f64,
    clusters: f64,
}

fn gate(linked: &Linked, truth: &Truth) -> Gate {
    let same = |a: u32, b: u32| truth.child[a as usize] == truth.child[b as usize];
    let curve = Curve::new(
        linked
            .pairs
            .iter()
            .map(|pair| (pair.weight, same(pair.a, pair.b))),
        true_pairs(&truth.child, Scope::All),
    );
    Gate {
        recall_at_99: curve.recall_at_precision(0.99),
        clusters: pairwise(&truth.child, &linked.clusters, Scope::All).f1,
    }
}

/// What the hub does without people: of the pairs of twins, the share that it makes one person; of the students with
/// a partner, the share that it joins to one; students joined to another child.
fn without_people(index: &LinkIndex, truth: &Truth) -> (f64, f64, usize) {
    let keys: Vec<u128> = (0..index.slots())
        .map(|slot| index.key_of(slot).unwrap())
        .collect();
    let children: FxHashMap<u128, u32> = keys.iter().copied().zip(truth.child.iter().copied()).collect();
    let families: FxHashMap<u128, &String> = keys.iter().copied().zip(&truth.family).collect();
    let mut persons = Entities::default();
    persons.apply(&index.resolve(&keys, &persons, &HumanDecisions::default()));
    let (mut twins, mut merged) = (0_u32, 0_u32);
    for &key in &keys {
        for pair in index.matches(key, f32::MIN) {
            let one_birth = pair.levels.get(Field::BirthDate) == level::birth_date::EXACT
                && families[&pair.a] == families[&pair.b];
            if pair.a == key && one_birth && children[&pair.a] != children[&pair.b] {
                twins += 1;
                merged += u32::from(persons.entity(pair.a) == persons.entity(pair.b));
            }
        }
    }
    assert!(twins > 60, "{twins} pairs of twins");
    let (mut partnered, mut joined, mut wrong) = (0, 0, 0);
    let mut of_child: FxHashMap<u32, usize> = FxHashMap::default();
    truth
        .child
        .iter()
        .for_each(|&child| *of_child.entry(child).or_default() += 1);
    for part in persons.partition() {
        for key in &part {
            let own = part
                .iter()
                .filter(|other| children[other] == children[key])
                .count();
            partnered += usize::from(of_child[&children[key]] > 1);
            joined += usize::from(own > 1);
            wrong += usize::from(own * 2 <= part.len() && part.len() > 1);
        }
    }
    (
        f64::from(merged) / f64::from(twins),
        joined as f64 / partnered as f64,
        wrong,
    )
}

fn run(index: &LinkIndex, truth: &Truth) -> Gate {
    gate(&link(index, &BulkOptions::default(), &|_| ()), truth)
}

#[test]
fn the_shipped_and_the_learned_model_pass_the_gate() {
    let (mut index, truth) = nation(71, Model::default_fixed());
    let learned = learn(&index, &LearnOptions::default());
    assert_eq!(
        (&learned.report.kept, learned.report.alarms.as_slice()),
        (&None, [].as_slice())
    );
    assert!(learned.report.relatives, "a nation of families");
    let expected = learned.report.classes.same * truth.child.len() as f64 / 2.0;
    let there_are = true_pairs(&truth.child, Scope::All) as f64;
    assert!(
        (expected / there_are - 1.0).abs() < 0.1,
        "{expected:.0} pairs counted, {there_are} there are"
    );
    for model in [index.model().clone(), learned.model] {
        index.set_model(model);
        let gate = run(&index, &truth);
        assert!(
            gate.recall_at_99 >= 0.96,
            "{}: recall {}",
            index.model().version,
            gate.recall_at_99
        );
        assert!(
            gate.clusters >= 0.985,
            "{}: clusters {}",
            index.model().version,
            gate.clusters
        );
        let (twins, joined, wrong) = without_people(&index, &truth);
        assert!(twins < 0.005, "{}: twins {twins}", index.model().version);
        assert!(joined >= 0.8, "{}: joined {joined}", index.model().version);
        assert!(
            wrong <= truth.child.len() / 2_000,
            "{}: wrong {wrong}",
            index.model().version
        );
    }
}

#[test]
fn without_relatives_the_gate_is_shut() {
    let (mut index, truth) = nation(72, Model::default_fixed());
    let learned = learn(
        &index,
        &LearnOptions {
            relatives: Relatives::Off,
            ..LearnOptions::default()
        },
    );
    assert!(!learned.report.relatives);
    index.set_model(learned.model);
    assert!(
        run(&index, &truth).recall_at_99 < 0.9,
        "twins and siblings are taken for one child"
    );
}

#[test]
fn without_the_frequency_of_names_more_is_confused() {
    let (mut index, truth) = nation(73, Model::default_fixed());
    let with = run(&index, &truth);
    // Beside so many records of the built-in tables the nation's own names count for nothing.
    let mut blind = index.model().clone();
    blind.smoothing = 1e15;
    blind.collision = [1e-4, 1e-4, 4e-4, 1e-3, 1e-3];
    index.set_model(blind);
    index.freeze();
    let without = run(&index, &truth);
    assert!(
        without.clusters < with.clusters,
        "{} {}",
        without.clusters,
        with.clusters
    );
}

#[test]
fn the_keys_find_nearly_all_pairs() {
    let (index, truth) = nation(74, Model::default_fixed());
    let cost = blocking_cost(&index, &truth.child, Scope::All);
    let found = cost.true_found as f64 / cost.true_pairs as f64;
    assert!(found >= 0.985, "{found}");
    // Far from all pairs with all.
    assert!(cost.pairs < truth.child.len() as u64 * 12, "{}", cost.pairs);
}

#[test]
fn one_student_after_the_other_or_all_at_once_is_the_same() {
    let (index, _) = nation(75, Model::default_fixed());
    let linked = link(&index, &BulkOptions::default(), &|_| ());
    let none = HumanDecisions::default();
    let keys: Vec<u128> = index.keys().collect();
    let incremental = index.resolve(&keys, &linking::Entities::default(), &none);
    let apart: FxHashMap<u128, u32> = (0..index.slots())
        .map(|slot| (index.key_of(slot).unwrap(), linked.clusters[slot as usize]))
        .collect();
    let mut joined = 0;
    for part in incremental.parts() {
        for pair in part.members.windows(2) {
            joined += 1;
            assert_eq!(
                apart[&pair[0]], apart[&pair[1]],
                "what is joined without people is the best guess too"
            );
        }
    }
    assert!(joined > 500, "{joined}");
}

#[test]
fn too_little_or_too_strange_to_learn_from() {
    let empty = learn(&LinkIndex::new(Model::default_fixed()), &LearnOptions::default());
    assert_eq!(empty.model, Model::default_fixed());
    assert!(empty.report.kept.is_some());

    // Everyone has one name and one birth date: nothing tells people apart.
    let same: Vec<linking::RecordInput<'_>> = (0..3_000)
        .map(|key| linking::RecordInput {
            key,
            first_name: "Ana",
            last_name_1: "Cruz",
            birth_date: chrono::NaiveDate::from_ymd_opt(2015, 5, 5),
            live: true,
            ..linking::RecordInput::default()
        })
        .collect();
    let index = LinkIndex::build(Model::general(), &same);
    let learned = learn(&index, &LearnOptions::default());
    let linked = link(&index, &BulkOptions::default(), &|_| ());
    assert!(
        learned.report.kept.is_some()
            || learned
                .report
                .alarms
                .iter()
                .any(|a| !matches!(a, Alarm::NotSettled)),
        "{:?}",
        learned.report
    );
    assert!(linked.compared < 3_000 * 60, "bounded: {}", linked.compared);
}

#[test]
fn all_at_once_finds_what_one_by_one_finds() {
    let (index, _) = nation(77, Model::default_fixed());
    let (mut shared, _) = gathered(77, Model::default_fixed());
    shared.file_shared();
    assert!(shared.bytes() < index.bytes());
    for pair_floor in [-12.0, BulkOptions::default().pair_floor] {
        let options = BulkOptions {
            pair_floor,
            ..BulkOptions::default()
        };
        let mut one_by_one: Vec<(u128, u128, u32)> = index
            .keys()
            .flat_map(|key| index.matches(key, pair_floor))
            .map(|pair| (pair.a, pair.b, pair.weight.to_bits()))
            .collect();
        one_by_one.sort_unstable();
        one_by_one.dedup();
        for index in [&index, &shared] {
            let linked = link(index, &options, &|_| ());
            let mut at_once: Vec<(u128, u128, u32)> = linked
                .pairs
                .iter()
                .map(|pair| {
                    let [a, b] = [pair.a, pair.b].map(|number| index.key_of(number).unwrap());
                    (a.min(b), a.max(b), pair.weight.to_bits())
                })
                .collect();
            at_once.sort_unstable();
            assert_eq!(at_once.len(), one_by_one.len());
            assert_eq!(at_once, one_by_one);
        }
    }
}

#[test]
fn learning_is_the_same_every_time() {
    let (index, _) = nation(76, Model::default_fixed());
    let [first, second] = [0, 1].map(|_| learn(&index, &LearnOptions::default()));
    assert_eq!(first.model, second.model);
    assert_eq!(first.report, second.report);
}
