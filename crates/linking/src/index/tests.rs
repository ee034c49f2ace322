use super::*;

/// Those of one name are compared with each other, and so lie near each other.
#[test]
fn records_that_came_together_lie_in_the_order_of_their_names() {
    let index = crate::glance::tests::index(300);
    let first = |words: &[u32]| words.first().copied().unwrap_or(0);
    let name = |slot| {
        let record = index.at(slot);
        (first(record.surnames.as_slice()), first(record.given.as_slice()))
    };
    let names: Vec<(u32, u32)> = (0..index.slots()).map(name).collect();
    assert!(names.is_sorted() && names[0] < names[299]);
    // Each has the number by which it came, and the key that it came with.
    for slot in 0..index.slots() {
        let key = index.at(slot).key;
        assert_eq!(u128::from(index.number_of(slot)), key);
        assert_eq!(
            (index.key_of(index.number_of(slot)), index.slot(key)),
            (Some(key), Some(slot))
        );
    }
    assert!(index.free.is_empty());
}

#[test]
fn each_goes_where_it_belongs() {
    for from in [
        vec![0, 1, 2],
        vec![2, 0, 1],
        vec![1, 0, 2],
        vec![],
        vec![3, 2, 0, 1],
    ] {
        let mut items: Vec<Option<usize>> = (0..from.len()).map(Some).collect();
        permute(&mut items, &from);
        let expected: Vec<Option<usize>> = from.iter().map(|&slot| Some(slot as usize)).collect();
        assert_eq!(items, expected);
    }
    let mut holes = vec![Some('a'), None, Some('c')];
    permute(&mut holes, &[2, 0, 1]);
    assert_eq!(holes, [Some('c'), Some('a'), None]);
}
