//! Which number a person goes on with.

use rustc_hash::FxHashMap;

use super::{Cluster, Memberships, Part};
use crate::index::LinkIndex;

impl LinkIndex {
    /// Leaves only the parts that are not a person today, with their numbers, and clusters of which something is left.
    pub(super) fn keep_news(&self, clusters: &mut Vec<Cluster>, current: &dyn Memberships) {
        let mut held: FxHashMap<u64, usize> = FxHashMap::default();
        for person in self.keys().filter_map(|key| current.entity(key)) {
            *held.entry(person).or_default() += 1;
        }
        let is_today = |part: &Part| {
            let person = current.entity(part.members[0]);
            person.is_some_and(|p| held.get(&p) == Some(&part.members.len()))
                && part.members.iter().all(|&key| current.entity(key) == person)
        };
        let mut news: Vec<(usize, Part)> = Vec::new();
        for (number, cluster) in clusters.iter_mut().enumerate() {
            let parts = std::mem::take(&mut cluster.parts);
            news.extend(
                parts
                    .into_iter()
                    .filter(|part| !is_today(part))
                    .map(|part| (number, part)),
            );
        }
        news.sort_by_key(|(_, part)| part.members[0]);
        // All at once: what was one person may lie in pieces that nothing connects any more.
        give_numbers(news.iter_mut().map(|(_, part)| part).collect(), current);
        for (number, part) in news {
            clusters[number].parts.push(part);
        }
        clusters.retain(|cluster| !cluster.parts.is_empty() || !cluster.near_matches.is_empty());
    }
}

/// Decides which part continues which person: the part with most of its members, then the one with the smallest
/// key; a part that continues several keeps the one with most members in it, then the smallest number. The parts come
/// by ascending first key.
pub(super) fn give_numbers(parts: Vec<&mut Part>, current: &dyn Memberships) {
    let mut claims: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    for (index, part) in parts.iter().enumerate() {
        let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
        for entity in part.members.iter().filter_map(|&key| current.entity(key)) {
            *counts.entry(entity).or_default() += 1;
        }
        for (entity, count) in counts {
            let claim = claims.entry(entity).or_insert((index, count));
            if count > claim.1 {
                *claim = (index, count);
            }
        }
    }
    let mut own: Vec<Vec<(usize, u64)>> = vec![Vec::new(); parts.len()];
    for (entity, (index, count)) in claims {
        own[index].push((count, entity));
    }
    for (part, mut own) in parts.into_iter().zip(own) {
        own.sort_unstable_by_key(|&(count, entity)| (std::cmp::Reverse(count), entity));
        part.keeps = own.first().map(|&(_, entity)| entity);
        part.absorbs = own.iter().skip(1).map(|&(_, entity)| entity).collect();
    }
}
