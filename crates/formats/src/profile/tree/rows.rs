//! The rows of one record after the other, as the engine takes them.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::described::{Described, Other};
use super::path::Path;
use super::select::{Select, Taken};
use super::{NodeId, Tree};
use crate::profile::record::{Item, Wanted};
use crate::refusal::{Refusal, RefusalCode};

/// Takes rows of every wanted kind out of a record.
pub(crate) struct TreeRows<'s> {
    /// The record; filled by the layout, then taken apart by [`TreeRows::take_apart`].
    pub(crate) tree: Tree,
    kinds: Vec<Kind<'s>>,
    /// The names of the records of a file, and what the profile says of each.
    tops: Vec<(&'s str, Described)>,
    taken: Taken,
    /// Nodes of the columns of the rows that wait, row by row.
    cells: VecDeque<Option<NodeId>>,
    waiting: VecDeque<Waiting>,
}

struct Kind<'s> {
    top: &'s str,
    select: Select,
    columns: Vec<&'s str>,
    /// Whether the profile leaves the column out.
    left_out: Vec<bool>,
}

/// Stands for the values of a column that is left out: that there are any is counted, what they are goes no further.
const LEFT_OUT: &str = "-";

enum Waiting {
    Row {
        kind: usize,
        line: u64,
    },
    Unknown {
        kind: Option<usize>,
        name: String,
        line: u64,
    },
}

impl<'s> TreeRows<'s> {
    /// `split` divides what the profile calls a kind of record into the name of the record in the file and the path of
    /// its rows in it, which may be empty. `descriptors` are the namespaces whose descriptors are cut down to their
    /// code.
    pub(crate) fn new(
        wanted: &[Wanted<'s>],
        descriptors: &[String],
        split: impl Fn(&'s str) -> (&'s str, &'s str),
    ) -> Result<Self, Refusal> {
        let wrong = |problem: String| Refusal::new(RefusalCode::WrongLayout, format!("The path {problem}."));
        let mut tops: Vec<(&str, Described)> = Vec::new();
        let mut kinds = Vec::new();
        for wanted in wanted {
            let (top, each) = split(wanted.record);
            let each = if each.is_empty() {
                Path::record()
            } else {
                Path::parse(each).map_err(wrong)?
            };
            if !tops.iter().any(|(name, _)| *name == top) {
                tops.push((top, Described::default()));
            }
            let described = tops.iter_mut().find(|(name, _)| *name == top).map(|(_, d)| d);
            let columns = wanted.columns.iter().map(|column| Path::parse_column(column));
            let columns: Vec<_> = columns.collect::<Result<_, _>>().map_err(wrong)?;
            let left_out: Vec<bool> = wanted
                .columns
                .iter()
                .map(|c| wanted.left_out.contains(c))
                .collect();
            if let Some(described) = described {
                described.mention(&each);
                for (paths, left_out) in columns.iter().zip(&left_out) {
                    for path in paths {
                        if *left_out {
                            described.leave_out(path);
                        } else {
                            described.mention(path);
                        }
                    }
                }
            }
            kinds.push(Kind {
                top,
                select: Select::new(&each, &columns),
                columns: wanted.columns.clone(),
                left_out,
            });
        }
        Ok(Self {
            tree: Tree::with_descriptors(descriptors),
            kinds,
            tops,
            taken: Taken::default(),
            cells: VecDeque::new(),
            waiting: VecDeque::new(),
        })
    }

    /// The columns of a kind.
    pub(crate) fn columns(&self, kind: usize) -> Vec<&str> {
        self.kinds[kind].columns.clone()
    }

    /// The first kind whose rows are in records of a name; `None` if the profile does not speak of them.
    pub(crate) fn kind_in(&self, top: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.top == top)
    }

    /// Takes the record apart. Its rows wait, and then what the profile does not describe; nothing may wait from the
    /// record before.
    pub(crate) fn take_apart(&mut self, top: &str) {
        self.taken.clear(&self.tree);
        self.cells.clear();
        for (index, kind) in self.kinds.iter().enumerate().filter(|(_, kind)| kind.top == top) {
            kind.select
                .each_row(&self.tree, &mut self.taken, &mut |line, cells| {
                    self.cells.extend(cells);
                    self.waiting.push_back(Waiting::Row { kind: index, line });
                });
        }
        let kind = self.kind_in(top);
        if let Some((_, described)) = self.tops.iter().find(|(name, _)| *name == top) {
            described.others(&self.tree, &self.taken, &mut |other, line| {
                let name = match other {
                    Other::Unknown(name) => name,
                    Other::Further(name) => format!("more than one {name}"),
                };
                self.waiting.push_back(Waiting::Unknown { kind, name, line });
            });
        }
    }

    /// Tells of a record that the profile does not describe.
    pub(crate) fn pass_over(&mut self, name: &str, line: u64) {
        self.waiting.push_back(Waiting::Unknown {
            kind: None,
            name: name.to_owned(),
            line,
        });
    }

    /// Whether everything of the record has been handed over.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next row of the record, or the next thing that the profile does not describe.
    pub(crate) fn next(&mut self) -> Option<Item<'_>> {
        Some(match self.waiting.pop_front()? {
            Waiting::Unknown { kind, name, line } => Item::Unknown {
                kind,
                name: Cow::Owned(name),
                line,
            },
            Waiting::Row { kind, line } => {
                let left_out = &self.kinds[kind].left_out;
                let cells = self.cells.drain(..left_out.len()).zip(left_out);
                let tree = &self.tree;
                let value = |(node, left_out): (Option<NodeId>, &bool)| match node {
                    None => "",
                    Some(node) if *left_out => tree.first_value(node).map_or("", |_| LEFT_OUT),
                    Some(node) => tree.value(node),
                };
                Item::Record {
                    kind,
                    line,
                    values: Cow::Owned(cells.map(|cell| Cow::Borrowed(value(cell))).collect()),
                }
            }
        })
    }
}
