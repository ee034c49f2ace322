//! All records at once: who is put together, and under which numbers.

use linking::bulk::{BulkOptions, Linked, Progress, link};
use linking::{LinkIndex, Model, PersonNameInput, RecordInput, Sex};

use crate::{boy, date};

fn linked(inputs: &[RecordInput<'_>], options: &BulkOptions) -> Linked {
    link(
        &LinkIndex::build(Model::default_fixed(), inputs),
        options,
        &|_| (),
    )
}

fn across() -> BulkOptions {
    BulkOptions {
        across: true,
        ..BulkOptions::default()
    }
}

fn girl(key: u128, state: &'static str) -> RecordInput<'static> {
    RecordInput {
        first_name: "Yolotzin",
        last_name_1: "Xicoténcatl",
        last_name_2: "Barragán",
        birth_date: Some(date(2011, 8, 2)),
        sex: Some(Sex::Female),
        mother: PersonNameInput {
            last: "Barragán",
            first: "Citlali",
        },
        father: PersonNameInput::default(),
        ..boy(key, state)
    }
}

fn stranger(key: u128) -> RecordInput<'static> {
    RecordInput {
        key,
        first_name: "Abundio",
        last_name_1: "Quispe",
        birth_date: Some(date(2004, 1, 30)),
        ..RecordInput::default()
    }
}

#[test]
fn clusters_are_numbered_by_their_first_records() {
    let all = [
        girl(50, "TX"),
        boy(40, "CA"),
        girl(30, "FL"),
        stranger(20),
        boy(10, "TX"),
        girl(5, "WI"),
    ];
    let found = linked(&all, &BulkOptions::default());
    assert_eq!(found.clusters, [0, 1, 0, 2, 1, 0]);
    let pairs: Vec<(u32, u32)> = found.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    assert_eq!(
        pairs,
        [(0, 2), (0, 5), (1, 4), (2, 5)],
        "by number, the smaller first"
    );
    assert!(found.pairs.iter().all(|pair| pair.weight > 8.0));
    assert!(found.compared >= 4);
    // From a higher weight on there are fewer pairs, and as many clusters.
    let high = BulkOptions {
        pair_floor: 1_000.0,
        cluster_at: 1_000.0,
        ..BulkOptions::default()
    };
    let none = linked(&all, &high);
    assert!(none.pairs.is_empty());
    assert_eq!(none.clusters, [0, 1, 2, 3, 4, 5]);
    assert!(linked(&[], &BulkOptions::default()).clusters.is_empty());
}

/// Of the rules that leave a pair to people, these hold where nobody can be asked, and the others do not.
#[test]
fn only_what_no_weight_outweighs_keeps_records_apart() {
    let twin = |record: RecordInput<'static>| RecordInput {
        multiple_birth: Some(true),
        ..record
    };
    let other_parents = RecordInput {
        mother: PersonNameInput {
            last: "Ortega",
            first: "Liliana",
        },
        father: PersonNameInput {
            last: "Tello",
            first: "Benito",
        },
        middle_name: "Fabián",
        ..boy(2, "CA")
    };
    let fabian = RecordInput {
        middle_name: "Fabián",
        ..boy(1, "TX")
    };
    for (what, a, b, together) in [
        ("the same", boy(1, "TX"), boy(2, "CA"), true),
        ("two ids of one state", boy(1, "TX"), boy(2, "TX"), true),
        ("other parents", fabian, other_parents, true),
        (
            "a twin under a name written otherwise",
            twin(boy(1, "TX")),
            twin(RecordInput {
                first_name: "Cristain",
                ..boy(2, "CA")
            }),
            false,
        ),
        (
            "a twin under the same name",
            twin(boy(1, "TX")),
            twin(boy(2, "CA")),
            true,
        ),
    ] {
        let low = BulkOptions {
            cluster_at: -12.0,
            pair_floor: -12.0,
            ..BulkOptions::default()
        };
        let found = linked(&[a, b], &low);
        assert_eq!(found.pairs.len(), 1, "{what}");
        assert_eq!(
            found.clusters[0] == found.clusters[1],
            together,
            "{what}: {:?}",
            found.pairs
        );
    }
}

#[test]
fn across_sources_nobody_has_two_partners_in_one() {
    // Two of one state that are both like one of another.
    let second = RecordInput {
        birth_date: Some(date(2014, 3, 22)),
        ..boy(3, "CA")
    };
    let all = [boy(1, "TX"), boy(2, "CA"), second];
    let alone = linked(&all, &BulkOptions::default());
    assert_eq!(alone.pairs.len(), 3);
    assert_eq!(alone.clusters, [0, 0, 0]);
    let found = linked(
        &all,
        &BulkOptions {
            pair_floor: -40.0,
            ..across()
        },
    );
    let pairs: Vec<(u32, u32)> = found.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    assert_eq!(pairs, [(0, 1), (0, 2)]);
    assert_eq!(found.clusters, [0, 0, 1], "the better of the two");
    // They compete: the odds of one count against the other.
    let [better, worse] = [found.pairs[0].weight, found.pairs[1].weight];
    let [own, its] = [alone.pairs[0].weight, alone.pairs[1].weight];
    assert!(
        (better - (own - (1.0 + its.exp2()).log2())).abs() < 0.01,
        "{better} {own} {its}"
    );
    assert!(
        (worse - (its - (1.0 + own.exp2()).log2())).abs() < 0.01,
        "{worse} {own} {its}"
    );
    // Whoever falls below the floor by it is no pair.
    assert!(its > -3.0 && worse < -3.0);
    assert_eq!(linked(&all, &across()).pairs.len(), 1);
}

#[test]
fn when_pairs_are_known_it_is_said_of_how_many_groups_are_made() {
    let index = LinkIndex::build(
        Model::default_fixed(),
        &[
            boy(1, "TX"),
            boy(2, "CA"),
            girl(3, "TX"),
            girl(4, "CA"),
            stranger(5),
        ],
    );
    let told = std::sync::Mutex::new(Vec::new());
    let found = link(&index, &BulkOptions::default(), &|progress| {
        if let Progress::Grouping(pairs) = progress {
            told.lock().unwrap().push(pairs);
        }
    });
    assert_eq!(told.into_inner().unwrap(), [2]);
    assert_eq!(found.pairs.len(), 2);
}
