//! Groups of records in one connected piece of the pair graph: average-link joining with vetoes.
//!
//! Connected components chain families together; here a join needs the mean of *all* cross pairs, may not be
//! spoken against by a third of them, and may not be vetoed by any. (Saeedi, David, Rahm 2021 compare such
//! clustering with components.)

use serde::{Deserialize, Serialize};

use crate::levels::level::{birth_date, city, given, multiple_birth, parents, place, sex, source};
use crate::levels::{Field, Levels};
use crate::model::Thresholds;
use crate::record::Record;

/// Why two records are never joined without people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// Two live ids of one state, and less than overwhelming evidence.
    SameState,
    /// Two live ids of one state whose stays overlap; or of two states, by more than a month, and less than overwhelming
    /// evidence.
    OverlappingEnrollments,
    /// A multiple birth, and given names that are not the same.
    MultipleBirth,
    /// Parents are known on both sides and none agrees, or one does not and neither does the birth place: namesakes
    /// born on one day are the commonest confusion outside families.
    ParentsDiffer,
    /// Both sex and given name differ.
    SexAndGivenName,
    /// People said that they are two children.
    HumanDifferent,
}

/// The veto of a pair, if any, apart from what people said.
pub fn veto(a: &Record, b: &Record, levels: Levels, weight: f32, thresholds: &Thresholds) -> Option<Veto> {
    let given_level = levels.get(Field::Given);
    let given_differs = !matches!(
        given_level,
        0 | given::EXACT | given::NICKNAME | given::CLOSE | given::OTHER_EQUAL
    );
    if levels.get(Field::Sex) == sex::DIFFERS && given_differs {
        return Some(Veto::SexAndGivenName);
    }
    let same_given = matches!(given_level, given::EXACT | given::NICKNAME);
    let twin = a.multiple_birth == Some(true) || b.multiple_birth == Some(true);
    let both = levels.get(Field::MultipleBirth) == multiple_birth::BOTH;
    if (both && !same_given) || (twin && given_differs) {
        return Some(Veto::MultipleBirth);
    }
    let born_elsewhere = levels.get(Field::BirthCity) == city::DIFFERS
        || matches!(
            levels.get(Field::BirthPlace),
            place::STATE_DIFFERS | place::COUNTRY_DIFFERS
        );
    match levels.get(Field::Parents) {
        parents::DIFFER => return Some(Veto::ParentsDiffer),
        parents::ONE_DIFFERS if born_elsewhere => return Some(Veto::ParentsDiffer),
        _ => {}
    }
    if weight < thresholds.auto_same_state && in_two_states(a, b) {
        return Some(Veto::OverlappingEnrollments);
    }
    if levels.get(Field::Source) == source::SAME_STATE {
        if a.overlaps(b) {
            return Some(Veto::OverlappingEnrollments);
        }
        let overwhelming = weight >= thresholds.auto_same_state
            && given_level == given::EXACT
            && levels.get(Field::BirthDate) == birth_date::EXACT;
        if !overwhelming {
            return Some(Veto::SameState);
        }
    }
    None
}

/// Stays in two states may overlap by so many days: a clerk closes one late.
const LATE: u16 = 30;

/// Whether both were enrolled in two states at the same time. A stay that has no end says nothing: the state that a
/// child has left often leaves it open.
fn in_two_states(a: &Record, b: &Record) -> bool {
    let closed = |stay: &(u16, u16)| stay.1 != u16::MAX;
    let overlap = |x: (u16, u16), y: (u16, u16)| x.1.min(y.1).saturating_sub(x.0.max(y.0));
    a.state != b.state
        && a.stays()
            .filter(closed)
            .any(|x| b.stays().filter(closed).any(|y| overlap(x, y) > LATE))
}

/// The evidence between two records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    pub(crate) levels: Levels,
    pub(crate) weight: f32,
    pub(crate) veto: Option<Veto>,
}

/// The evidence between two groups: sums over all cross pairs.
#[derive(Debug, Clone, Copy)]
struct Cell {
    sum: f64,
    clipped: f64,
    count: u32,
    hostile: u32,
    veto: Option<Veto>,
}

impl Cell {
    fn of(evidence: &Evidence, thresholds: &Thresholds) -> Cell {
        let weight = evidence.weight;
        Cell {
            sum: weight.into(),
            clipped: weight.clamp(-thresholds.clip, thresholds.clip).into(),
            count: 1,
            hostile: u32::from(weight <= thresholds.hostile),
            veto: evidence.veto,
        }
    }

    fn add(&mut self, other: Cell) {
        self.sum += other.sum;
        self.clipped += other.clipped;
        self.count += other.count;
        self.hostile += other.hostile;
        self.veto = self.veto.max(other.veto);
    }

    fn mean(&self) -> f32 {
        (self.sum / f64::from(self.count)) as f32
    }

    fn clipped_mean(&self) -> f32 {
        (self.clipped / f64::from(self.count)) as f32
    }

    fn is_forbidden(&self) -> bool {
        self.veto == Some(Veto::HumanDifferent)
    }

    fn is_hostile(&self) -> bool {
        self.hostile * 3 > self.count
    }
}

/// Why a pair of groups is left to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The evidence is between the thresholds.
    Uncertain,
    /// Another candidate is nearly as good.
    TwoCandidates,
    /// A pair of the two groups may not be joined without people.
    Veto(Veto),
    /// A third of the cross pairs speak against it.
    Contradicted,
    /// Members of one person no longer look like one child.
    Split,
}

/// Groups of the nodes `0..n` and the evidence between them. Nodes are numbered by ascending key, so that all
/// ties fall the same way whatever the order of arrival.
#[derive(Debug)]
pub(crate) struct Board<'a> {
    thresholds: &'a Thresholds,
    groups: Vec<Vec<usize>>,
    cells: Vec<Option<Cell>>,
    /// Groups about which people are deciding: each stays as it is, but competes with others as any group does.
    closed: Vec<bool>,
}

/// A join that was made.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) left: Vec<usize>,
    pub(crate) right: Vec<usize>,
    pub(crate) mean: f32,
}

/// Two groups left to people.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) left: Vec<usize>,
    pub(crate) right: Vec<usize>,
    pub(crate) mean: f32,
    pub(crate) reason: Reason,
}

impl<'a> Board<'a> {
    /// Every node by itself. `evidence` is asked for `i < j`.
    pub(crate) fn new(
        n: usize,
        thresholds: &'a Thresholds,
        evidence: impl Fn(usize, usize) -> Evidence,
    ) -> Self {
        let mut cells = vec![None; n * n];
        for i in 0..n {
            for j in i + 1..n {
                let cell = Cell::of(&evidence(i, j), thresholds);
                cells[i * n + j] = Some(cell);
                cells[j * n + i] = Some(cell);
            }
        }
        Board {
            thresholds,
            groups: (0..n).map(|i| vec![i]).collect(),
            cells,
            closed: vec![false; n],
        }
    }

    fn cell(&self, g: usize, h: usize) -> Option<&Cell> {
        self.cells[g * self.groups.len() + h].as_ref()
    }

    fn alive(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.groups.len()).filter(|&g| !self.groups[g].is_empty())
    }

    /// The group a node is in: groups keep the number of their first node.
    pub(crate) fn group_of(&self, node: usize) -> usize {
        self.alive()
            .find(|&g| self.groups[g].contains(&node))
            .unwrap_or(node)
    }

    /// The evidence between two groups that people neither set apart nor are deciding about.
    fn free(&self, g: usize, h: usize) -> Option<&Cell> {
        let free = !self.closed[g] && !self.closed[h];
        self.cell(g, h).filter(|cell| free && !cell.is_forbidden())
    }

    /// Joins two groups; false if people forbade it or are deciding about one of them.
    pub(crate) fn join(&mut self, g: usize, h: usize) -> bool {
        if g == h {
            return true;
        }
        let free = self.free(g, h).is_some();
        if free {
            self.unite(g, h);
        }
        free
    }

    /// Makes these nodes one group that nothing joins any more, whatever their evidence.
    pub(crate) fn close(&mut self, nodes: &[usize]) {
        let Some((&first, others)) = nodes.split_first() else {
            return;
        };
        for &node in others {
            let (g, h) = (self.group_of(first), self.group_of(node));
            if g != h {
                self.unite(g, h);
            }
        }
        let group = self.group_of(first);
        self.closed[group] = true;
    }

    fn unite(&mut self, g: usize, h: usize) {
        let (g, h) = (g.min(h), g.max(h));
        let n = self.groups.len();
        let moved = std::mem::take(&mut self.groups[h]);
        self.groups[g].extend(moved);
        self.groups[g].sort_unstable();
        for k in 0..n {
            if let Some(from) = self.cells[h * n + k].take()
                && k != g
                && let Some(into) = &mut self.cells[g * n + k]
            {
                into.add(from);
            }
            if let Some(from) = self.cells[k * n + h].take()
                && k != g
                && let Some(into) = &mut self.cells[k * n + g]
            {
                into.add(from);
            }
        }
    }

    /// Keeps together what is one person today. What people set apart stays apart; the rest of such a person goes
    /// to the side it fits better.
    pub(crate) fn join_person(&mut self, nodes: &[usize]) {
        loop {
            let mut groups: Vec<usize> = nodes.iter().map(|&node| self.group_of(node)).collect();
            groups.sort_unstable();
            groups.dedup();
            let best = pairs(&groups)
                .filter_map(|(g, h)| Some((g, h, self.free(g, h)?.mean())))
                .reduce(|best, next| if next.2 > best.2 { next } else { best });
            match best {
                Some((g, h, _)) => self.join(g, h),
                None => return,
            };
        }
    }

    /// Whether `rival` competes with `chosen` for `group`: it is nearly as good and not the same child.
    fn competes(&self, group: usize, chosen: usize, rival: usize) -> bool {
        let (Some(first), Some(second)) = (self.cell(group, chosen), self.cell(group, rival)) else {
            return false;
        };
        let near = second.veto.is_none()
            && second.clipped_mean() >= self.thresholds.review
            && second.mean() > first.mean() - self.thresholds.margin;
        let one_child = self
            .cell(chosen, rival)
            .is_some_and(|cell| cell.veto.is_none() && cell.clipped_mean() >= self.thresholds.join);
        near && !one_child
    }

    fn has_rival(&self, g: usize, h: usize) -> bool {
        self.alive()
            .any(|k| k != g && k != h && (self.competes(g, h, k) || self.competes(h, g, k)))
    }

    /// Joins all that may be joined without people, best first.
    pub(crate) fn join_automatically(&mut self) -> Vec<Joined> {
        let mut joins = Vec::new();
        loop {
            let alive: Vec<usize> = self.alive().collect();
            let mut best: Option<(usize, usize, f32)> = None;
            for (g, h) in pairs(&alive) {
                let Some(cell) = self.free(g, h) else { continue };
                if cell.veto.is_none()
                    && cell.clipped_mean() >= self.thresholds.auto
                    && !cell.is_hostile()
                    && best.is_none_or(|(.., mean)| cell.mean() > mean)
                    && !self.has_rival(g, h)
                {
                    best = Some((g, h, cell.mean()));
                }
            }
            let Some((g, h, mean)) = best else { return joins };
            let (left, right) = (self.groups[g].clone(), self.groups[h].clone());
            self.join(g, h);
            joins.push(Joined { left, right, mean });
        }
    }

    /// Joins all groups whose clipped mean is at least `at`, best first, unless a pair of theirs has a veto or a third
    /// of them speak against it.
    pub(crate) fn join_best(&mut self, at: f32) {
        loop {
            let alive: Vec<usize> = self.alive().collect();
            let mut best: Option<(usize, usize, f32)> = None;
            for (g, h) in pairs(&alive) {
                let Some(cell) = self.free(g, h) else { continue };
                let mean = cell.clipped_mean();
                if cell.veto.is_none()
                    && mean >= at
                    && !cell.is_hostile()
                    && best.is_none_or(|(.., highest)| mean > highest)
                {
                    best = Some((g, h, mean));
                }
            }
            let Some((g, h, _)) = best else { return };
            self.join(g, h);
        }
    }

    /// The groups as they stand.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.groups
            .iter()
            .map(Vec::as_slice)
            .filter(|group| !group.is_empty())
    }

    /// The pairs of groups that people should look at; not those of a closed group, which they look at already.
    pub(crate) fn open_questions(&self) -> Vec<Open> {
        let alive: Vec<usize> = self.alive().collect();
        let mut open = Vec::new();
        for (g, h) in pairs(&alive) {
            let Some(cell) = self.free(g, h) else { continue };
            if cell.clipped_mean() < self.thresholds.review {
                continue;
            }
            let reason = match cell.veto {
                Some(veto) => Reason::Veto(veto),
                None if cell.is_hostile() => Reason::Contradicted,
                None if cell.clipped_mean() >= self.thresholds.auto => Reason::TwoCandidates,
                None => Reason::Uncertain,
            };
            let (left, right) = (self.groups[g].clone(), self.groups[h].clone());
            open.push(Open {
                left,
                right,
                mean: cell.mean(),
                reason,
            });
        }
        open
    }

    /// How the nodes, which are one person today, would fall apart: joined again best first while the mean is at
    /// least the split threshold. One group back means that they hold together.
    pub(crate) fn fall_apart(&mut self) -> Vec<Open> {
        loop {
            let alive: Vec<usize> = self.alive().collect();
            let best = pairs(&alive)
                .filter_map(|(g, h)| Some((g, h, self.cell(g, h)?.clipped_mean())))
                .reduce(|best, next| if next.2 > best.2 { next } else { best });
            match best {
                Some((g, h, mean)) if mean >= self.thresholds.split && self.join(g, h) => {}
                _ => break,
            }
        }
        let alive: Vec<usize> = self.alive().collect();
        let largest = alive
            .iter()
            .copied()
            .max_by_key(|&g| (self.groups[g].len(), std::cmp::Reverse(g)));
        let Some(main) = largest else { return Vec::new() };
        alive
            .into_iter()
            .filter(|&g| g != main)
            .filter_map(|g| {
                Some(Open {
                    left: self.groups[main].clone(),
                    right: self.groups[g].clone(),
                    mean: self.cell(main, g)?.mean(),
                    reason: Reason::Split,
                })
            })
            .collect()
    }
}

fn pairs(items: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    items
        .iter()
        .enumerate()
        .flat_map(|(i, &g)| items[i + 1..].iter().map(move |&h| (g, h)))
}

#[cfg(test)]
mod tests;
