//! Which students are one person, held in memory.

use rustc_hash::FxHashMap;

use super::{Memberships, Resolution};

/// Memberships held in memory.
#[derive(Debug, Clone, Default)]
pub struct Entities {
    of: FxHashMap<u128, u64>,
    members: FxHashMap<u64, Vec<u128>>,
    last: u64,
}

impl Memberships for Entities {
    fn entity(&self, key: u128) -> Option<u64> {
        self.of.get(&key).copied()
    }

    fn members(&self, entity: u64) -> Vec<u128> {
        self.members.get(&entity).cloned().unwrap_or_default()
    }
}

impl Entities {
    /// Puts a student into a person, or with `None` into none.
    pub fn set(&mut self, key: u128, entity: Option<u64>) {
        if let Some(old) = self.of.remove(&key)
            && let Some(members) = self.members.get_mut(&old)
        {
            members.retain(|&member| member != key);
            if members.is_empty() {
                self.members.remove(&old);
            }
        }
        if let Some(entity) = entity {
            self.of.insert(key, entity);
            self.members.entry(entity).or_default().push(key);
            self.last = self.last.max(entity);
        }
    }

    /// Makes the persons as resolved, with new numbers where none is kept.
    pub fn apply(&mut self, resolution: &Resolution) {
        for part in resolution.parts() {
            let entity = part.keeps.unwrap_or(self.last + 1);
            for &member in &part.members {
                if self.of.get(&member) != Some(&entity) {
                    self.set(member, Some(entity));
                }
            }
        }
    }

    /// All students with their person.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u64)> + '_ {
        self.of.iter().map(|(&key, &entity)| (key, entity))
    }

    /// The persons as sets of students, in one order whatever their numbers.
    pub fn partition(&self) -> Vec<Vec<u128>> {
        let mut parts: Vec<Vec<u128>> = self.members.values().cloned().collect();
        for part in &mut parts {
            part.sort_unstable();
        }
        parts.sort_unstable();
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_are_in_the_person_they_were_put_into_last() {
        let mut entities = Entities::default();
        for (key, entity) in [(1, 10), (2, 10), (3, 11), (2, 11)] {
            entities.set(key, Some(entity));
        }
        let mut all: Vec<(u128, u64)> = entities.iter().collect();
        all.sort_unstable();
        assert_eq!(all, [(1, 10), (2, 11), (3, 11)]);
        assert_eq!(entities.partition(), [vec![1], vec![2, 3]]);
        assert_eq!(entities.members(10), [1]);
        entities.set(1, None);
        assert_eq!((entities.entity(1), entities.members(10)), (None, Vec::new()));
        assert_eq!(entities.partition(), [vec![2, 3]]);
    }
}
