//! What a profile says of a kind of record, and what of a record it says nothing about.

use rustc_hash::FxHashSet;

use super::path::{Path, Step};
use super::select::Taken;
use super::{NodeId, Tree};

/// The names that a profile mentions below a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Described {
    below: Vec<(String, Described)>,
    mentioned: bool,
    /// One of several is chosen by what it says, on this name or one above it.
    chosen: bool,
    left_out: bool,
}

/// A value that became no part of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// The profile does not mention it; with its path.
    Unknown(String),
    /// The profile mentions it, but the record has more of it than the profile takes; with its path.
    Further(String),
}

impl Described {
    /// A path that rows or columns have.
    pub(crate) fn mention(&mut self, path: &Path) {
        self.at(&path.steps).mentioned = true;
    }

    /// A path that is left out with all that is below it.
    pub(crate) fn leave_out(&mut self, path: &Path) {
        self.at(&path.steps).left_out = true;
    }

    fn at(&mut self, steps: &[Step]) -> &mut Self {
        let Some((step, rest)) = steps.split_first() else {
            return self;
        };
        let index = self
            .below
            .iter()
            .position(|(name, _)| *name == step.name)
            .unwrap_or_else(|| {
                self.below.push((step.name.clone(), Self::default()));
                self.below.len() - 1
            });
        let chosen = self.chosen || step.only.is_some();
        let child = &mut self.below[index].1;
        child.chosen |= chosen;
        if let Some((path, _)) = &step.only {
            child.mention(path);
        }
        child.at(rest)
    }

    /// Hands over each value that became no part of a row, with its line.
    pub(crate) fn others(&self, tree: &Tree, taken: &Taken, other: &mut dyn FnMut(Other, u64)) {
        let mut left_over = Vec::new();
        let mut path = Vec::new();
        walk(
            Some(self),
            tree,
            Tree::ROOT,
            &mut path,
            &mut |described, path, node| {
                if !taken.has(node) {
                    let line = tree.line(node);
                    match described.filter(|d| d.mentioned) {
                        None => other(Other::Unknown(path.join(".")), line),
                        // The profile says itself which one it wants.
                        Some(described) if described.chosen => {}
                        Some(_) => left_over.push((path.join("."), line)),
                    }
                }
            },
        );
        if left_over.is_empty() {
            return;
        }
        // Where a record has no rows of a kind, nothing of that kind is one too many.
        let mut used = FxHashSet::default();
        walk(Some(self), tree, Tree::ROOT, &mut path, &mut |_, path, node| {
            if taken.has(node) {
                used.insert(path.join("."));
            }
        });
        for (path, line) in left_over {
            if used.contains(&path) {
                other(Other::Further(path), line);
            }
        }
    }
}

/// Receives a value, with what the profile says of it and its path.
type Each<'o, 's, 't> = dyn FnMut(Option<&'s Described>, &[&'t str], NodeId) + 'o;

/// Goes through all values that are not left out.
fn walk<'s, 't>(
    described: Option<&'s Described>,
    tree: &'t Tree,
    node: NodeId,
    path: &mut Vec<&'t str>,
    value: &mut Each<'_, 's, 't>,
) {
    if described.is_some_and(|d| d.left_out) {
        return;
    }
    if !tree.value(node).is_empty() {
        value(described, path, node);
    }
    for child in tree.children(node) {
        let name = tree.name(child);
        let below = described.and_then(|d| d.below.iter().find(|(n, _)| n == name).map(|(_, d)| d));
        path.push(name);
        walk(below, tree, child, path, value);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::super::select::Select;
    use super::*;

    #[test]
    fn every_value_is_taken_left_out_unknown_or_one_too_many() {
        let mut tree = Tree::default();
        tree.open("contact", 1);
        tree.leaf("name", "A", 1);
        for (kind, number) in [("Work", "1"), ("Home", "2"), ("Home", "3")] {
            tree.open("phones", 2);
            tree.leaf("kind", kind, 2);
            tree.leaf("number", number, 2);
            tree.close();
            tree.leaf("mail", number, 2);
        }
        for race in ["Secret", "More"] {
            tree.open("races", 3);
            tree.leaf("race", race, 3);
            tree.close();
        }
        tree.leaf("ssn", "000-00-0000", 4);
        tree.leaf("blank", "", 4);
        tree.close();

        let columns = ["name", "phones[kind=Home].number", "mail"].map(|c| vec![Path::parse(c).unwrap()]);
        let mut described = Described::default();
        for column in columns.iter().flatten() {
            described.mention(column);
        }
        described.leave_out(&Path::parse("races").unwrap());
        let mut taken = Taken::default();
        taken.clear(&tree);
        Select::new(&Path::record(), &columns).each_row(&tree, &mut taken, &mut |_, cells| {
            assert_eq!(tree.value(cells[0].unwrap()), "A");
            assert_eq!(tree.value(cells[1].unwrap()), "2");
        });
        let mut others = Vec::new();
        described.others(&tree, &taken, &mut |other, line| others.push((line, other)));
        let further = |path: &str| (2, Other::Further(path.to_owned()));
        assert_eq!(
            others,
            [
                (4, Other::Unknown("ssn".to_owned())),
                further("mail"),
                further("mail"),
            ]
        );
    }
}
