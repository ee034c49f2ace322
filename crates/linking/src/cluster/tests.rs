use super::*;
use crate::model::Model;

fn board<'a>(thresholds: &'a Thresholds, n: usize, weights: &[(usize, usize, f32)]) -> Board<'a> {
    let weights = weights.to_vec();
    Board::new(n, thresholds, move |i, j| Evidence {
        levels: Levels::default(),
        weight: weights
            .iter()
            .find(|w| (w.0, w.1) == (i, j))
            .map_or(-20.0, |w| w.2),
        veto: None,
    })
}

#[test]
fn a_chain_is_not_a_cluster() {
    let thresholds = Model::default_fixed().thresholds;
    let mut chain = board(&thresholds, 3, &[(0, 1, 12.0), (1, 2, 11.0)]);
    assert!(
        chain.join_automatically().is_empty(),
        "two candidates that are not one child"
    );
    assert!(
        chain
            .open_questions()
            .iter()
            .all(|open| open.reason == Reason::TwoCandidates)
    );
    let mut far = board(&thresholds, 3, &[(0, 1, 12.0), (1, 2, 2.0)]);
    assert_eq!(far.join_automatically().len(), 1);
}

#[test]
fn a_triangle_is() {
    let thresholds = Model::default_fixed().thresholds;
    let mut triangle = board(&thresholds, 3, &[(0, 1, 12.0), (1, 2, 11.0), (0, 2, 9.0)]);
    triangle.join_automatically();
    assert_eq!(triangle.groups().count(), 1);
    assert!(triangle.open_questions().is_empty());
}

#[test]
fn who_may_be_one_child_is_asked_about_and_why_is_said() {
    let thresholds = Model::default_fixed().thresholds;
    let between = f32::midpoint(thresholds.review, thresholds.auto);
    let mut pair = board(&thresholds, 2, &[(0, 1, between)]);
    assert!(pair.join_automatically().is_empty());
    let reasons: Vec<Reason> = pair
        .open_questions()
        .into_iter()
        .map(|open| open.reason)
        .collect();
    assert_eq!(reasons, [Reason::Uncertain]);
}

#[test]
fn no_one_pair_decides_for_a_group() {
    let thresholds = Model::default_fixed().thresholds;
    let mut three = board(&thresholds, 3, &[(0, 1, 50.0), (0, 2, 40.0), (1, 2, 2.0)]);
    three.join_automatically();
    assert_eq!(three.groups().count(), 2, "the mean of clipped weights is 7 bits");
}

#[test]
fn a_third_against_it_stops_a_join() {
    let thresholds = Model::default_fixed().thresholds;
    let mut three = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 11.0), (1, 2, -9.0)]);
    three.join_best(0.0);
    assert_eq!(three.groups().count(), 2);
    assert_eq!(three.open_questions()[0].reason, Reason::Contradicted);
    let mut mild = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 11.0), (1, 2, -7.0)]);
    mild.join_best(0.0);
    assert_eq!(mild.groups().count(), 1);
}

#[test]
fn what_speaks_against_a_group_is_counted_over_all_its_pairs() {
    let thresholds = Model::default_fixed().thresholds;
    // Two groups of two that hold together; of the four pairs between them so many speak against it.
    let against = |hostile: usize| {
        let between = [(0, 2), (0, 3), (1, 2), (1, 3)];
        let mut weights = vec![(0, 1, 40.0), (2, 3, 39.0)];
        for (at, (i, j)) in between.into_iter().enumerate() {
            weights.push((i, j, if at < hostile { -9.0 } else { 12.0 }));
        }
        let mut four = board(&thresholds, 4, &weights);
        four.join_best(-20.0);
        four.groups().count()
    };
    assert_eq!(
        [0, 1, 2, 3].map(against),
        [1, 1, 2, 2],
        "more than a third of them"
    );
}

#[test]
fn a_group_is_judged_by_the_mean_of_its_pairs() {
    let thresholds = Model::default_fixed().thresholds;
    let mut three = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 9.0), (1, 2, 8.0)]);
    let joins = three.join_automatically();
    assert_eq!(
        (joins[0].left.as_slice(), joins[0].right.as_slice()),
        ([0].as_slice(), [1].as_slice())
    );
    assert_eq!(joins[1].left, [0, 1]);
    assert!((joins[1].mean - 8.5).abs() < 1e-6, "{}", joins[1].mean);
    // One pair counts at most twelve bits for the group, however much it weighs.
    let mut three = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 40.0), (1, 2, 3.0)]);
    three.join_best(7.6);
    assert_eq!(three.groups().count(), 2);
    let mut three = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 40.0), (1, 2, 3.0)]);
    three.join_best(7.4);
    assert_eq!(three.groups().count(), 1);
}

#[test]
fn a_veto_stops_any_weight() {
    let thresholds = Model::default_fixed().thresholds;
    let evidence = |_, _| Evidence {
        levels: Levels::default(),
        weight: 60.0,
        veto: Some(Veto::ParentsDiffer),
    };
    let mut two = Board::new(2, &thresholds, evidence);
    assert!(two.join_automatically().is_empty());
    two.join_best(0.0);
    assert_eq!(two.open_questions()[0].reason, Reason::Veto(Veto::ParentsDiffer));
}

#[test]
fn a_closed_group_takes_nobody_in_but_competes() {
    let thresholds = Model::default_fixed().thresholds;
    let mut two = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, -9.0)]);
    two.close(&[0, 2]);
    assert!(two.join_automatically().is_empty() && two.open_questions().is_empty());
    assert!(!two.join(0, 1));
    two.join_person(&[0, 1, 2]);
    assert_eq!(two.groups().collect::<Vec<_>>(), [[0, 2].as_slice(), &[1]]);

    let mut rival = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 11.5)]);
    rival.close(&[2]);
    assert!(rival.join_automatically().is_empty(), "the held one fits as well");
    let mut free = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 2.0)]);
    free.close(&[2]);
    assert_eq!(free.join_automatically().len(), 1);
}

#[test]
fn a_person_that_no_longer_fits_falls_apart() {
    let thresholds = Model::default_fixed().thresholds;
    let mut person = board(&thresholds, 3, &[(0, 1, 10.0)]);
    let open = person.fall_apart();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].left.as_slice(), open[0].right.as_slice()),
        ([0, 1].as_slice(), [2].as_slice())
    );
}

/// The same with pairs that have a veto.
fn vetoed<'a>(
    thresholds: &'a Thresholds,
    n: usize,
    weights: &[(usize, usize, f32)],
    vetoes: &[(usize, usize, Veto)],
) -> Board<'a> {
    let (weights, vetoes) = (weights.to_vec(), vetoes.to_vec());
    Board::new(n, thresholds, move |i, j| Evidence {
        levels: Levels::default(),
        weight: weights
            .iter()
            .find(|w| (w.0, w.1) == (i, j))
            .map_or(-20.0, |w| w.2),
        veto: vetoes.iter().find(|v| (v.0, v.1) == (i, j)).map(|v| v.2),
    })
}

fn groups(board: &Board<'_>) -> Vec<Vec<usize>> {
    board.groups().map(<[usize]>::to_vec).collect()
}

/// 0 and 1 fit with twelve bits; whether 2 keeps them apart.
#[test]
fn who_competes_fits_nearly_as_well_and_is_another_child() {
    let thresholds = Model::default_fixed().thresholds;
    let joined = |thresholds: &Thresholds, rival: f32, between: f32, vetoes: &[(usize, usize, Veto)]| {
        let weights = [(0, 1, 12.0), (0, 2, rival), (1, 2, between)];
        let mut one_side = vetoed(thresholds, 3, &weights, vetoes);
        one_side.join_automatically();
        one_side.group_of(0) == one_side.group_of(1)
    };
    assert!(joined(&thresholds, 5.0, -5.0, &[]), "seven bits behind");
    assert!(
        !joined(&thresholds, 5.1, -5.0, &[]),
        "less than seven bits behind"
    );
    assert!(!joined(&thresholds, 5.1, 2.9, &[]), "not enough for one child");
    assert!(joined(&thresholds, 5.1, 3.0, &[]), "the rival is the same child");
    let parents = Veto::ParentsDiffer;
    assert!(
        !joined(&thresholds, 5.1, 3.0, &[(1, 2, parents)]),
        "but not with a veto"
    );
    assert!(
        joined(&thresholds, 11.0, -5.0, &[(0, 2, parents)]),
        "who may not join does not compete"
    );
    let wide = Thresholds {
        margin: 20.0,
        ..thresholds
    };
    assert!(!joined(&wide, -1.0, -5.0, &[]), "as good as is shown to people");
    assert!(joined(&wide, -1.1, -5.0, &[]), "nobody would look at it");
    // From the other side it is the same.
    let mut other_side = board(&thresholds, 3, &[(0, 2, -5.0), (0, 1, 5.1), (1, 2, 12.0)]);
    assert!(other_side.join_automatically().is_empty());
}

#[test]
fn the_best_come_first_and_of_equals_the_first() {
    let thresholds = Thresholds {
        margin: -50.0,
        ..Model::default_fixed().thresholds
    };
    let chain = [(0, 1, 9.0), (1, 2, 11.0), (0, 2, -9.0)];
    let equal = [(0, 1, 11.0), (1, 2, 11.0), (0, 2, -9.0)];
    for (weights, expected) in [(chain, [vec![0], vec![1, 2]]), (equal, [vec![0, 1], vec![2]])] {
        let mut automatic = board(&thresholds, 3, &weights);
        automatic.join_automatically();
        assert_eq!(groups(&automatic), expected);
        let mut best = board(&thresholds, 3, &weights);
        best.join_best(2.0);
        assert_eq!(groups(&best), expected);
        let mut held_together = board(&thresholds, 3, &weights);
        held_together.fall_apart();
        assert_eq!(
            held_together.groups().count(),
            1,
            "a mean of nothing holds together"
        );
    }
}

#[test]
fn what_is_joined_without_people_is_above_the_threshold_and_not_contradicted() {
    let thresholds = Model::default_fixed().thresholds;
    for (weight, joins) in [(7.64, 1), (7.63, 0)] {
        assert_eq!(
            board(&thresholds, 2, &[(0, 1, weight)])
                .join_automatically()
                .len(),
            joins
        );
        let mut best = board(&thresholds, 2, &[(0, 1, weight)]);
        best.join_best(7.64);
        assert_eq!(best.groups().count(), 2 - joins);
    }
    // A third of the pairs against it stops even a mean that would do.
    let low = Thresholds {
        auto: 0.5,
        margin: -50.0,
        ..thresholds
    };
    let mut three = board(&low, 3, &[(0, 1, 12.0), (0, 2, 11.0), (1, 2, -8.0)]);
    assert_eq!(three.join_automatically().len(), 1);
    let mut mild = board(&low, 3, &[(0, 1, 12.0), (0, 2, 11.0), (1, 2, -7.9)]);
    assert_eq!(mild.join_automatically().len(), 2);
    for weights in [[(0, 1, 12.0)], [(0, 1, 60.0)]] {
        let mut two = vetoed(&low, 2, &weights, &[(0, 1, Veto::SameState)]);
        assert!(two.join_automatically().is_empty());
        two.join_best(0.0);
        assert_eq!(two.groups().count(), 2);
    }
}

#[test]
fn people_are_asked_from_the_lower_threshold_on_by_the_mean() {
    let thresholds = Model::default_fixed().thresholds;
    for (weight, asked) in [(-1.0, 1), (-1.1, 0), (5.0, 1)] {
        let open = board(&thresholds, 2, &[(0, 1, weight)]).open_questions();
        assert_eq!(open.len(), asked, "{weight}");
        for open in open {
            assert_eq!((open.left, open.right), (vec![0], vec![1]));
            assert!((open.mean - weight).abs() < 1e-6);
            assert_eq!(open.reason, Reason::Uncertain);
        }
    }
    // A pair of a group may be good, the group as a whole is not.
    let mut far = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 4.0), (1, 2, -7.0)]);
    far.join(0, 1);
    assert!(far.open_questions().is_empty());
    let mut near = board(&thresholds, 3, &[(0, 1, 12.0), (0, 2, 4.0), (1, 2, -5.0)]);
    near.join(0, 1);
    assert_eq!(near.open_questions().len(), 1);
    // What people set apart is not asked about again.
    let apart = vetoed(&thresholds, 2, &[(0, 1, 5.0)], &[(0, 1, Veto::HumanDifferent)]);
    assert!(apart.open_questions().is_empty());
}

#[test]
fn what_people_set_apart_stays_apart_and_the_rest_goes_where_it_fits() {
    let thresholds = Model::default_fixed().thresholds;
    for (to_first, to_second, expected) in [
        (3.0, 5.0, [vec![0], vec![1, 2]]),
        (5.0, 3.0, [vec![0, 2], vec![1]]),
        (4.0, 4.0, [vec![0, 2], vec![1]]),
    ] {
        let weights = [(0, 1, 30.0), (0, 2, to_first), (1, 2, to_second)];
        let mut person = vetoed(&thresholds, 3, &weights, &[(0, 1, Veto::HumanDifferent)]);
        person.join_person(&[0, 1, 2]);
        assert_eq!(groups(&person), expected);
        assert!(!person.join(0, 1), "nor by any other way");
    }
    let mut other = vetoed(&thresholds, 2, &[(0, 1, -30.0)], &[(0, 1, Veto::ParentsDiffer)]);
    assert!(
        other.join(0, 0) && other.join(0, 1),
        "a rule keeps nothing apart that people join"
    );
    assert_eq!(groups(&other), [vec![0, 1]]);
}

#[test]
fn a_person_falls_into_its_largest_part_and_the_others() {
    let thresholds = Model::default_fixed().thresholds;
    for (weight, parts) in [(-1.0, 0), (-1.1, 1)] {
        assert_eq!(board(&thresholds, 2, &[(0, 1, weight)]).fall_apart().len(), parts);
    }
    let split = |weights: &[(usize, usize, f32)], n| -> Vec<(Vec<usize>, Vec<usize>)> {
        let open = board(&thresholds, n, weights).fall_apart();
        assert!(open.iter().all(|open| open.reason == Reason::Split));
        assert!(open.iter().all(|open| (open.mean + 20.0).abs() < 1e-4));
        open.into_iter().map(|open| (open.left, open.right)).collect()
    };
    assert_eq!(
        split(&[(0, 1, 9.0), (2, 3, 9.5)], 4),
        [(vec![0, 1], vec![2, 3])],
        "of equals the first"
    );
    assert_eq!(
        split(&[(2, 3, 9.0)], 4),
        [(vec![2, 3], vec![0]), (vec![2, 3], vec![1])]
    );
    // Best first: who fits two goes to the better.
    let open = board(&thresholds, 3, &[(0, 1, 3.0), (1, 2, 9.0)]).fall_apart();
    assert_eq!(
        (open[0].left.as_slice(), open[0].right.as_slice()),
        ([1, 2].as_slice(), [0].as_slice())
    );
    assert!((open[0].mean + 8.5).abs() < 1e-4, "{}", open[0].mean);
}
