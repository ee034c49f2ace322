//! Randomness in named streams: the same seed, purpose and thing always give the same draws, in whatever order things
//! are asked for. That is what lets a family be made again for another state or night instead of being kept.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of draws.
pub(crate) type Stream = ChaCha8Rng;

/// What the draws of a stream decide.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Purpose {
    Family,
    Kin,
    Stays,
    Child,
    Doses,
    Parents,
    Clerk,
    School,
    Record,
    Facilities,
}

/// The stream for a purpose and a thing, which is known by three numbers (such as family, child and state).
pub(crate) fn stream(seed: u64, purpose: Purpose, thing: [u64; 3]) -> Stream {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&thing[0].to_le_bytes());
    key[16..24].copy_from_slice(&thing[1].to_le_bytes());
    key[24..].copy_from_slice(&thing[2].to_le_bytes());
    // No thing's third number is near 2^56, so the last byte is free for the purpose.
    key[31] = purpose as u8;
    ChaCha8Rng::from_seed(key)
}

/// Index of one of several shares that add up to about one; the last takes what is missing.
pub(crate) fn pick(rng: &mut Stream, shares: &[f64]) -> usize {
    let mut left: f64 = rng.random();
    for (index, share) in shares.iter().enumerate() {
        if left < *share {
            return index;
        }
        left -= share;
    }
    shares.len() - 1
}

/// One of a list, all alike.
pub(crate) fn one<T: Copy>(rng: &mut Stream, list: &[T]) -> T {
    list[rng.random_range(0..list.len())]
}
