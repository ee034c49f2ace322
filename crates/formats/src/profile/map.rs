//! A description with its columns found in a file: which records it takes, and what of them goes on to the student.

use std::borrow::Cow;

use mde::{Kind, PartKind};

use super::check::is_month;
use super::names::{columns_in, is_numbered, numbered, of_table};
use super::record::{SEPARATOR, push_value};
use super::schema::{FileMap, Profile, Role, Target, Translation};
use crate::refusal::{Refusal, RefusalCode};

/// Between the columns of a key, and of a value if the profile says nothing else.
const BETWEEN: &str = "+";

/// A description of records with its columns found, for one number of its repeated columns.
pub(crate) struct OpenMap<'p> {
    /// The name of the file in the upload.
    pub(crate) file: String,
    /// The description.
    pub(crate) map: &'p FileMap,
    /// What the records are.
    pub(crate) role: Role<'p>,
    /// What it fills, in the order of the values that [`OpenMap::take`] writes.
    pub(crate) values: Vec<Value<'p>>,
    /// The constants.
    pub(crate) constants: Vec<(usize, &'p str, &'p str)>,
    key: Option<Joint<'p>>,
    key_label: String,
    state: Option<Column>,
    only: Vec<(Column, &'p str, &'p [String])>,
    except: Vec<(Column, &'p std::collections::BTreeMap<String, String>)>,
    joins: Vec<OpenJoin<'p>>,
    slots: Vec<Joint<'p>>,
    newest: Option<Joint<'p>>,
    ignored: Vec<(usize, &'p str)>,
    /// The columns with a number; if all are blank, there is nothing of this number.
    of_number: Option<Vec<usize>>,
}

/// A data element that is filled, and how.
pub(crate) struct Value<'p> {
    /// Its index in the fields of the part.
    pub(crate) field: usize,
    /// What the file calls it.
    pub(crate) label: Cow<'p, str>,
    /// What the profile says of it.
    pub(crate) target: &'p Target,
    /// The translation of its codes.
    pub(crate) translation: Option<&'p Translation>,
    /// Its stored form.
    pub(crate) kind: Kind,
    /// Whether it is a month and not a day.
    pub(crate) month: bool,
}

/// Where something is looked up.
pub(crate) struct OpenJoin<'p> {
    /// The table.
    pub(crate) table: &'p str,
    /// Whether the record is left out if nothing is found.
    pub(crate) required: bool,
    /// Whether the record is one row for each that is found.
    pub(crate) each: bool,
    label: &'p str,
    by: Joint<'p>,
}

impl<'p> OpenJoin<'p> {
    /// What the file calls the reference.
    pub(crate) fn label(&self) -> &'p str {
        self.label
    }
}

/// A column of the record, or of a row that it refers to.
#[derive(Debug, Clone, Copy)]
enum Column {
    Own(usize),
    Looked { join: usize, column: usize },
}

/// One column, or several together.
struct Joint<'p> {
    columns: Vec<Column>,
    between: &'p str,
}

/// A record with what was looked up for it.
pub(crate) struct Found<'r> {
    /// Its own values.
    pub(crate) own: &'r [Cow<'r, str>],
    /// The rows that it refers to, in the order of the joins; empty before they are looked up.
    pub(crate) looked: &'r [Option<Vec<String>>],
}

impl Found<'_> {
    fn get(&self, column: Column) -> &str {
        let text = match column {
            Column::Own(index) => self.own.get(index).map(AsRef::as_ref),
            Column::Looked { join, column } => self
                .looked
                .get(join)
                .and_then(Option::as_ref)
                .and_then(|row| row.get(column))
                .map(String::as_str),
        };
        text.unwrap_or_default().trim()
    }

    fn joint(&self, joint: &Joint<'_>) -> Cow<'_, str> {
        if let [column] = joint.columns[..] {
            return Cow::Borrowed(self.get(column));
        }
        let mut text = String::new();
        let mut any = false;
        for (position, column) in joint.columns.iter().enumerate() {
            let part = self.get(*column);
            any |= !part.is_empty();
            if position > 0 {
                text.push_str(joint.between);
            }
            text.push_str(part);
        }
        Cow::Owned(if any { text } else { String::new() })
    }
}

/// Whether a description takes a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// It does.
    Yes,
    /// It does not, since the record is of another kind. What is wrong with it for this description, in words.
    OtherKind(String),
    /// The profile leaves such records out, for a reason.
    LeftOut(String),
    /// There is nothing of this number of the repeated columns.
    Nothing,
}

impl<'p> OpenMap<'p> {
    /// Finds the columns by their names. `n` is the number of its repeated columns.
    pub(crate) fn new(
        profile: &'p Profile,
        map: &'p FileMap,
        n: u8,
        file: &str,
        names: &[&str],
    ) -> Result<Self, Refusal> {
        let find = Finder {
            profile,
            map,
            n,
            names,
        };
        let missing: Vec<Cow<'_, str>> = map
            .needed_of_file()
            .filter(|column| find.position(column).is_none())
            .collect();
        if !missing.is_empty() {
            let message = format!("The first row does not name the columns {}.", missing.join(", "));
            return Err(Refusal::new(RefusalCode::WrongLayout, message)
                .in_file(file)
                .at_line(1));
        }
        let role = map.role().unwrap_or(Role::LeftOut(""));
        let mut values = Vec::new();
        let mut slots = Vec::new();
        let mut constants = Vec::new();
        match role {
            Role::Part(part) => {
                let index = |column: &str| part.fields().iter().position(|f| f.column == column);
                for (expression, target) in &map.columns {
                    let target = target.get_ref();
                    let Some(field) = index(&target.to) else { continue };
                    values.push(Value {
                        field,
                        label: numbered(expression, n),
                        target,
                        translation: target
                            .translate
                            .as_ref()
                            .and_then(|name| profile.translations.get(name))
                            .map(toml::Spanned::get_ref),
                        kind: part.fields()[field].kind,
                        month: is_month(part, &part.fields()[field]),
                    });
                    slots.push(find.joint(expression, target.between.as_deref().unwrap_or(BETWEEN)));
                }
                constants.extend(map.constants.iter().filter_map(|(column, text)| {
                    Some((index(column)?, column.as_str(), text.get_ref().as_str()))
                }));
            }
            Role::Table(table) => {
                for column in profile.columns_of_table(table) {
                    slots.push(find.joint(column, BETWEEN));
                }
            }
            Role::LeftOut(_) => {}
        }
        Ok(Self {
            file: file.to_owned(),
            map,
            role,
            values,
            constants,
            key: map.key.as_ref().map(|k| find.joint(k.get_ref(), BETWEEN)),
            key_label: map
                .key
                .as_ref()
                .map_or_else(String::new, |k| numbered(k.get_ref(), n).into_owned()),
            state: map.state_column.as_deref().and_then(|c| find.column(c)),
            only: map
                .only
                .iter()
                .filter_map(|(column, texts)| Some((find.column(column)?, column.as_str(), texts.as_slice())))
                .collect(),
            except: map
                .except
                .iter()
                .filter_map(|(column, texts)| Some((find.column(column)?, texts)))
                .collect(),
            joins: map
                .joins
                .values()
                .map(toml::Spanned::get_ref)
                .map(|join| OpenJoin {
                    table: &join.table,
                    required: join.required,
                    each: join.each,
                    label: &join.by,
                    by: find.joint(&join.by, BETWEEN),
                })
                .collect(),
            slots,
            newest: map.newest.as_ref().map(|n| find.joint(n.get_ref(), BETWEEN)),
            ignored: map
                .ignored
                .iter()
                .filter_map(|(column, reason)| Some((find.position(&numbered(column, n))?, reason.as_str())))
                .collect(),
            of_number: (map.repeat > 1).then(|| find.of_number()),
        })
    }

    /// Whether it takes a record. Before the joins are looked up, what depends on them is taken as fulfilled.
    pub(crate) fn takes(&self, found: &Found<'_>) -> Takes {
        if let Some(columns) = &self.of_number
            && columns.iter().all(|c| found.get(Column::Own(*c)).is_empty())
        {
            return Takes::Nothing;
        }
        let known = |column: &Column| matches!(column, Column::Own(_)) || !found.looked.is_empty();
        for (column, name, texts) in self.only.iter().filter(|(column, ..)| known(column)) {
            let sent = found.get(*column);
            if !texts.iter().any(|t| t == sent) {
                return Takes::OtherKind(format!("{name} is not {}", texts.join(" or ")));
            }
        }
        for (column, texts) in self.except.iter().filter(|(column, _)| known(column)) {
            if let Some(reason) = texts.get(found.get(*column)) {
                return Takes::LeftOut(reason.clone());
            }
        }
        Takes::Yes
    }

    /// The key of a record, empty if it has none.
    pub(crate) fn key<'f>(&self, found: &'f Found<'_>) -> Cow<'f, str> {
        self.key
            .as_ref()
            .map_or(Cow::Borrowed(""), |key| found.joint(key))
    }

    /// What the file calls the key.
    pub(crate) fn key_label(&self) -> &str {
        &self.key_label
    }

    /// The part that its records are.
    pub(crate) fn part(&self) -> Option<PartKind> {
        match self.role {
            Role::Part(part) => Some(part),
            Role::Table(_) | Role::LeftOut(_) => None,
        }
    }

    /// The column that says of several kinds which one a record is, and what it says.
    pub(crate) fn chooser<'f>(&self, found: &'f Found<'_>) -> Option<(&'p str, &'f str)> {
        self.only
            .first()
            .map(|(column, name, _)| (*name, found.get(*column)))
    }

    /// Writes the values that go on: those of [`OpenMap::values`], then that of the newest row.
    pub(crate) fn take(&self, found: &Found<'_>, out: &mut String) {
        out.clear();
        for (position, slot) in self.slots.iter().chain(&self.newest).enumerate() {
            if position > 0 {
                out.push(SEPARATOR);
            }
            push_value(out, &found.joint(slot));
        }
    }

    /// The state that a record names.
    pub(crate) fn state<'f>(&self, found: &'f Found<'_>) -> &'f str {
        self.state.map_or("", |column| found.get(column))
    }

    /// What it looks up, with the keys.
    pub(crate) fn joins<'f>(
        &'f self,
        found: &'f Found<'_>,
    ) -> impl Iterator<Item = (&'f OpenJoin<'p>, Cow<'f, str>)> {
        self.joins.iter().map(|join| (join, found.joint(&join.by)))
    }

    /// Whether something has to be looked up.
    pub(crate) fn has_joins(&self) -> bool {
        !self.joins.is_empty()
    }

    /// The reasons of the columns that are left out, for each that is not blank.
    pub(crate) fn ignored<'f>(&'f self, found: &'f Found<'_>) -> impl Iterator<Item = &'p str> {
        self.ignored
            .iter()
            .filter(|(column, _)| !found.get(Column::Own(*column)).is_empty())
            .map(|(_, reason)| *reason)
    }
}

/// Finds columns by their names.
struct Finder<'p, 'n> {
    profile: &'p Profile,
    map: &'p FileMap,
    n: u8,
    names: &'n [&'n str],
}

impl<'p> Finder<'p, '_> {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n.eq_ignore_ascii_case(name))
    }

    fn column(&self, name: &str) -> Option<Column> {
        if let Some((join, column)) = of_table(self.map, name) {
            let table = &self.map.joins.values().nth(join)?.get_ref().table;
            let columns = self.profile.columns_of_table(table);
            return Some(Column::Looked {
                join,
                column: columns.iter().position(|c| *c == column)?,
            });
        }
        self.position(&numbered(name, self.n)).map(Column::Own)
    }

    fn joint(&self, expression: &str, between: &'p str) -> Joint<'p> {
        Joint {
            columns: columns_in(expression)
                .filter_map(|name| self.column(name))
                .collect(),
            between,
        }
    }

    fn of_number(&self) -> Vec<usize> {
        let named = self
            .map
            .needed()
            .chain(self.map.ignored.keys().map(String::as_str));
        named
            .filter(|name| is_numbered(name))
            .filter_map(|name| self.position(&numbered(name, self.n)))
            .collect()
    }
}
