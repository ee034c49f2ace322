//! Rows out of a record.

use super::path::{Path, Step, first_of};
use super::{NodeId, Tree};

/// Which nodes of a record became a value of a row, or chose one.
#[derive(Debug, Default)]
pub(crate) struct Taken(Vec<bool>);

impl Taken {
    /// None yet, of the nodes of a record.
    pub(crate) fn clear(&mut self, tree: &Tree) {
        self.0.clear();
        self.0.resize(tree.len(), false);
    }

    fn take(&mut self, node: NodeId) {
        self.0[node] = true;
    }

    /// Whether it did.
    pub(super) fn has(&self, node: NodeId) -> bool {
        self.0[node]
    }
}

/// How one kind of row is taken out of records of a kind: one row per element at a path, with columns that are paths
/// from the record. Where a column's path passes through the element of the row, it means that one; otherwise it means
/// the first element that fits.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    each: Path,
    columns: Vec<Vec<From>>,
}

/// Where a column may have its value.
#[derive(Debug, Clone)]
struct From {
    /// Steps that are also steps of the row.
    shared: usize,
    rest: Vec<Step>,
}

/// The elements on the way from the record to the row, the record first; `None` where there is none.
type Chosen = Vec<Option<NodeId>>;

impl Select {
    /// One row per element at `each` ([`Path::record`] for the record itself), with these columns.
    /// Of the paths of a column the first counts that has a value.
    pub(crate) fn new(each: &Path, columns: &[Vec<Path>]) -> Self {
        let from = |path: &Path| {
            let same = |(a, b): &(&Step, &Step)| a.name == b.name && (b.only.is_none() || a.only == b.only);
            let shared = each.steps.iter().zip(&path.steps).take_while(same).count();
            From {
                shared,
                rest: path.steps[shared..].to_vec(),
            }
        };
        Self {
            each: each.clone(),
            columns: columns
                .iter()
                .map(|paths| paths.iter().map(from).collect())
                .collect(),
        }
    }

    /// Hands over each row: its line and, in the order of the columns, the nodes that hold its values.
    pub(crate) fn each_row(
        &self,
        tree: &Tree,
        taken: &mut Taken,
        row: &mut dyn FnMut(u64, &[Option<NodeId>]),
    ) {
        let mut cells = Vec::with_capacity(self.columns.len());
        let mut chosen: Chosen = vec![Some(Tree::ROOT)];
        self.rows(tree, taken, &mut chosen, &mut |chosen, taken| {
            cells.clear();
            cells.extend(self.columns.iter().map(|column| {
                let mut found = column.iter().filter_map(|from| {
                    first_of(&from.rest, tree, chosen[from.shared]?, &mut |node| {
                        taken.take(node);
                    })
                });
                // All are looked up, as one that gives way to another is not unknown.
                let first = found.next();
                found.fold(first, |first, next| {
                    first.filter(|n| tree.first_value(*n).is_some()).or(Some(next))
                })
            }));
            let innermost = chosen.iter().rev().find_map(|c| *c);
            row(innermost.map_or(0, |node| tree.line(node)), &cells);
        });
    }

    fn rows(
        &self,
        tree: &Tree,
        taken: &mut Taken,
        chosen: &mut Chosen,
        row: &mut dyn FnMut(&Chosen, &mut Taken),
    ) {
        let Some(step) = self.each.steps.get(chosen.len() - 1) else {
            return row(chosen, taken);
        };
        let parent = chosen.last().copied().flatten();
        let mut found = false;
        for child in parent.iter().flat_map(|parent| tree.children(*parent)) {
            if step.fits(tree, child, &mut |node| taken.take(node)) {
                found = true;
                chosen.push(Some(child));
                self.rows(tree, taken, chosen, row);
                chosen.pop();
            }
        }
        if !found && step.optional {
            chosen.push(None);
            self.rows(tree, taken, chosen, row);
            chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Tree {
        let mut tree = Tree::default();
        tree.open("health", 1);
        tree.leaf("student", "7", 1);
        for (vaccine, dates) in [("DTaP", ["2021-05-11", "2021-07-22"].as_slice()), ("MMR", &[])] {
            tree.open("required", 2);
            tree.leaf("type", vaccine, 2);
            for date in dates {
                tree.open("dates", 3);
                tree.leaf("date", date, 3);
                tree.close();
            }
            tree.close();
        }
        tree.leaf("code", "late", 4);
        assert!(tree.close());
        tree
    }

    fn rows(each: &str, columns: &[&str]) -> Vec<String> {
        let tree = health();
        let each = if each.is_empty() {
            Path::record()
        } else {
            Path::parse(each).unwrap()
        };
        let columns: Vec<_> = columns.iter().map(|c| Path::parse_column(c).unwrap()).collect();
        let mut taken = Taken::default();
        taken.clear(&tree);
        let mut rows = Vec::new();
        Select::new(&each, &columns).each_row(&tree, &mut taken, &mut |line, cells| {
            let values: Vec<&str> = cells
                .iter()
                .map(|c| c.map_or("", |node| tree.value(node)))
                .collect();
            rows.push(format!("{line}:{}", values.join("|")));
        });
        rows
    }

    #[test]
    fn a_row_has_the_columns_of_what_it_stands_in_wherever_they_are() {
        let columns = ["student", "required.type", "required.dates.date", "code"];
        assert_eq!(
            rows("required.dates", &columns),
            ["3:7|DTaP|2021-05-11|late", "3:7|DTaP|2021-07-22|late"]
        );
        assert_eq!(
            rows("required.dates?", &columns),
            [
                "3:7|DTaP|2021-05-11|late",
                "3:7|DTaP|2021-07-22|late",
                "2:7|MMR||late"
            ]
        );
        assert_eq!(rows("", &columns), ["1:7|DTaP|2021-05-11|late"]);
        assert_eq!(rows("", &["required[type=MMR].type"]), ["1:MMR"]);
        assert_eq!(rows("", &["absent|code", "code|student"]), ["1:late|late"]);
        assert_eq!(rows("required[type=MMR]", &["required.type"]), ["2:MMR"]);
        assert!(rows("absent", &columns).is_empty());
    }
}
