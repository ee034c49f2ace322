use super::numbers::give_numbers;
use super::*;

/// By day from all students, by night from all pairs: the pieces are the same to the last student.
#[test]
fn the_check_works_on_the_same_pieces() {
    let index = crate::glance::tests::index(60);
    let keys: Vec<u128> = index.keys().collect();
    let (nobody, humans) = (Entities::default(), HumanDecisions::default());
    let by_day = index.resolve(&keys, &nobody, &humans);
    let by_night = index.resolve_all(&nobody, &humans);
    let pieces = |resolution: &Resolution| -> Vec<Vec<u128>> {
        let clusters = resolution.clusters.iter();
        clusters.map(|cluster| cluster.members.clone()).collect()
    };
    let (day, night) = (pieces(&by_day), pieces(&by_night));
    assert!(
        day.iter().any(|piece| piece.len() > 2) && day.len() > 5,
        "{day:?}"
    );
    assert_eq!(day, night);
    assert!(day.is_sorted_by_key(|piece| piece[0]));
    assert!(day.iter().all(|piece| piece.is_sorted()));
    assert_eq!(by_day.near_matches().count(), by_night.near_matches().count());
    assert!(by_day.near_matches().count() > 0);
    assert!(by_day.cut.is_empty() && by_night.cut.is_empty());
    // Somebody is weakly like somebody of another piece.
    let review = index.model().thresholds.review;
    let weak = keys.iter().flat_map(|&key| index.matches(key, review - 2.0));
    assert!(weak.filter(|pair| pair.weight < review).count() > 0);
}

fn part(members: &[u128]) -> Part {
    Part {
        members: members.to_vec(),
        keeps: None,
        absorbs: Vec::new(),
        joins: Vec::new(),
    }
}

#[test]
fn a_part_goes_on_as_the_person_with_most_of_its_students() {
    let mut today = Entities::default();
    for (key, person) in [
        (1, 70),
        (2, 70),
        (3, 70),
        (4, 60),
        (5, 50),
        (6, 40),
        (7, 40),
        (8, 30),
        (9, 30),
    ] {
        today.set(key, Some(person));
    }
    let mut parts = [
        part(&[1, 4, 5]),
        part(&[2, 3]),
        part(&[6, 8, 9]),
        part(&[7]),
        part(&[10]),
    ];
    give_numbers(parts.iter_mut().collect(), &today);
    let told: Vec<(Option<u64>, &[u64])> = parts
        .iter()
        .map(|part| (part.keeps, part.absorbs.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            // Of two equal ones the smaller number; 70 goes on where most of it is.
            (Some(50), [60].as_slice()),
            (Some(70), &[]),
            // 40 is in two parts alike: the first has it, and goes on as the larger 30.
            (Some(30), &[40]),
            (None, &[]),
            (None, &[]),
        ]
    );
}
