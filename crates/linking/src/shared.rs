//! Which keys two records have, or may have: two bits a place instead of a list.

use std::sync::atomic::{AtomicU64, Ordering};

/// Places for each record: some six for each of its keys, so that of the keys that only one record has about a sixth
/// are taken for shared.
const PLACES: usize = 128;

/// The keys seen once, and those seen again. Two keys that share a place are taken for one.
#[derive(Debug)]
pub(crate) struct SharedKeys {
    once: Box<[AtomicU64]>,
    again: Box<[AtomicU64]>,
    shift: u32,
}

impl SharedKeys {
    /// Room for the keys of so many records.
    pub(crate) fn new(records: usize) -> SharedKeys {
        let places = (records.max(1) * PLACES).next_power_of_two();
        let empty = || (0..places / 64).map(|_| AtomicU64::new(0)).collect();
        SharedKeys {
            once: empty(),
            again: empty(),
            shift: 64 - places.trailing_zeros(),
        }
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        // The lowest bit of a key's hash says what kind it is.
        let place = hash >> self.shift;
        ((place / 64) as usize, 1 << (place % 64))
    }

    /// Notes a key of one more record. `hash` is spread evenly.
    pub(crate) fn see(&self, hash: u64) {
        let (at, bit) = self.place(hash);
        if self.once[at].fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            self.again[at].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether two records may have this key: certainly if they do.
    pub(crate) fn has(&self, hash: u64) -> bool {
        let (at, bit) = self.place(hash);
        self.again[at].load(Ordering::Relaxed) & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::mix;

    #[test]
    fn shared_keys_are_never_missed_and_few_others_taken() {
        let shared = SharedKeys::new(1_000);
        for key in 0..20_000_u64 {
            shared.see(mix(key));
            if key % 10 == 0 {
                shared.see(mix(key));
            }
        }
        assert!((0..20_000).step_by(10).all(|key| shared.has(mix(key))));
        let taken = (0..20_000_u64).filter(|key| key % 10 != 0 && shared.has(mix(*key))).count();
        assert!(taken < 18_000 / 4, "{taken}");
    }
}
