//! The fuzz targets on their corpus and on mutations of it: always the same ones, so that a failure can be repeated.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::targets::{TARGETS, Target, run, seeds};

/// Mutations per target; some thousand in all, in bounded time.
const MUTATIONS: u64 = 300;
/// Longest input; what is longer is cut.
const LONGEST: usize = 20_000;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 if that is 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % (end as u64).max(1)) as usize
    }
}

/// What breaks readers: ends, marks, numbers and letters at the edge.
const TOKENS: [&[u8]; 24] = [
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b"&#x0;",
    b"]]>",
    b"<!--",
    b"\"",
    b"'",
    b",",
    b"|",
    b"\r",
    b"\n\n",
    b"\0",
    b"\xff\xfe",
    b"\xc3",
    b"{",
    b"}",
    b"[",
    b":null,",
    b"-1e999",
    b"99999999999999999999",
    b"\xef\xbb\xbf",
];

fn mutated(numbers: &mut Numbers, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[numbers.below(seeds.len())].clone();
    bytes.truncate(LONGEST);
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let length = numbers.below(40).min(bytes.len() - at);
        match numbers.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.splice(at..at, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
            2 => drop(bytes.drain(at..at + length)),
            3 => bytes.extend_from_within(at..at + length),
            4 => bytes.truncate(at),
            5 => {
                let other = &seeds[numbers.below(seeds.len())];
                let from = numbers.below(other.len());
                let piece = &other[from..(from + length).min(other.len())];
                drop(bytes.splice(at..at, piece.iter().copied()));
            }
            _ => {
                let piece = bytes[at..at + length].repeat(numbers.below(20));
                drop(bytes.splice(at..at, piece));
            }
        }
    }
    bytes
}

fn feed(target: &Target, what: &str, bytes: &[u8]) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(target.name, bytes)));
    assert!(
        outcome.is_ok(),
        "{} fails on {what}: {:?}",
        target.name,
        String::from_utf8_lossy(bytes)
    );
}

fn stands(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(target);
    assert!(seeds.len() >= 3, "{name} has a corpus");
    for (index, seed) in seeds.iter().enumerate() {
        feed(target, &format!("seed {index}"), seed);
    }
    for number in 0..MUTATIONS {
        let bytes = mutated(&mut Numbers(number), &seeds);
        feed(target, &format!("mutation {number}"), &bytes);
    }
}

/// A test for each target, so that they run side by side.
macro_rules! targets_stand {
    ($($name:ident)+) => {
        $(#[test] fn $name() { stands(stringify!($name)); })+

        #[test]
        fn every_target_has_its_test() {
            let named = [$(stringify!($name)),+];
            assert_eq!(named, TARGETS.map(|target| target.name));
        }
    };
}

targets_stand! { native delimited wide fixed xml json archive profile official }
