//! What a profile calls columns: `A`, several together as `A + B`, those of a table as `NAME.A`, and numbered ones as
//! `CHILD{n}_A`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::layout::Layout;
use super::record::Wanted;
use super::schema::{FileMap, Profile};

/// Between the columns of an expression.
const TOGETHER: &str = " + ";
/// Where the number of a repeated column stands.
const NUMBER: &str = "{n}";

/// The columns of an expression.
pub(crate) fn columns_in(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(TOGETHER).map(str::trim)
}

/// Whether a name has a number.
pub(crate) fn is_numbered(name: &str) -> bool {
    name.contains(NUMBER)
}

/// A name with its number.
pub(crate) fn numbered(name: &str, n: u8) -> Cow<'_, str> {
    if is_numbered(name) {
        Cow::Owned(name.replace(NUMBER, &n.to_string()))
    } else {
        Cow::Borrowed(name)
    }
}

/// The join and the column of its table, if the name is one of a table.
pub(crate) fn of_table<'n>(map: &FileMap, name: &'n str) -> Option<(usize, &'n str)> {
    map.joins.keys().enumerate().find_map(|(index, alias)| {
        let column = name.strip_prefix(alias.as_str())?.strip_prefix('.')?;
        Some((index, column))
    })
}

impl FileMap {
    /// The numbers of its repeated columns.
    pub(crate) fn numbers(&self) -> std::ops::RangeInclusive<u8> {
        1..=self.repeat
    }

    /// Every column that it cannot do without, its own and those of tables, as the profile writes it.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &str> {
        let whole = self
            .columns
            .keys()
            .map(String::as_str)
            .chain(self.key.as_ref().map(|k| k.get_ref().as_str()))
            .chain(self.newest.as_ref().map(|n| n.get_ref().as_str()))
            .chain(self.joins.values().map(|j| j.get_ref().by.as_str()));
        whole
            .flat_map(columns_in)
            .chain(self.state_column.as_deref())
            .chain(self.only.keys().map(String::as_str))
            .chain(self.except.keys().map(String::as_str))
    }

    /// Its own columns that it cannot do without, with their numbers.
    pub(crate) fn needed_of_file(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.needed()
            .filter(|name| of_table(self, name).is_none())
            .flat_map(|name| {
                let last = if is_numbered(name) { self.repeat } else { 1 };
                (1..=last).map(move |n| numbered(name, n))
            })
    }
}

impl Profile {
    /// The descriptions of the files of one name, with their place in the profile.
    pub(crate) fn maps_of(&self, name: &str) -> impl Iterator<Item = (usize, &FileMap)> {
        self.files
            .iter()
            .map(toml::Spanned::get_ref)
            .enumerate()
            .filter(move |(_, map)| map.name == name)
    }

    /// The names of files, each once, in the order of the profile.
    pub(crate) fn file_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for map in &self.files {
            let name = map.get_ref().name.as_str();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The layout of the files of one name: the first that one of their descriptions gives, else the profile's.
    pub(crate) fn layout_of(&self, name: &str) -> &Layout {
        self.maps_of(name)
            .find_map(|(_, map)| map.layout.as_ref())
            .unwrap_or(&self.layout)
            .get_ref()
    }

    /// The columns of a table that somebody looks up.
    pub(crate) fn columns_of_table(&self, table: &str) -> Vec<&str> {
        let mut columns = Vec::new();
        for map in self.files.iter().map(toml::Spanned::get_ref) {
            let joins: Vec<_> = map.joins.values().map(toml::Spanned::get_ref).collect();
            for name in map.needed() {
                if let Some((join, column)) = of_table(map, name)
                    && joins[join].table == table
                    && !columns.contains(&column)
                {
                    columns.push(column);
                }
            }
        }
        columns
    }

    /// The kinds of records of the files of one name, with the columns that the profile names.
    pub(crate) fn kinds_of(&self, name: &str) -> Kinds {
        let mut kinds: BTreeMap<String, Columns> = BTreeMap::new();
        for (_, map) in self.maps_of(name) {
            let columns = kinds.entry(map.record.clone()).or_default();
            for column in map.needed_of_file() {
                columns.need(column);
            }
            if let Some(table) = &map.table {
                for column in self.columns_of_table(table) {
                    columns.need(Cow::Borrowed(column));
                }
            }
        }
        for (_, map) in self.maps_of(name) {
            let columns = kinds.entry(map.record.clone()).or_default();
            for column in map.ignored.keys() {
                for n in map.numbers() {
                    columns.leave_out(numbered(column, n));
                }
            }
        }
        Kinds(kinds)
    }
}

/// The kinds of records of a file.
pub(crate) struct Kinds(BTreeMap<String, Columns>);

/// The columns of a kind of record that the profile names.
#[derive(Default)]
struct Columns {
    needed: Vec<String>,
    left_out: Vec<String>,
}

impl Columns {
    fn need(&mut self, column: Cow<'_, str>) {
        if !is_in(&self.needed, &column) {
            self.needed.push(column.into_owned());
        }
    }

    fn leave_out(&mut self, column: Cow<'_, str>) {
        if !is_in(&self.needed, &column) && !is_in(&self.left_out, &column) {
            self.left_out.push(column.into_owned());
        }
    }
}

fn is_in(columns: &[String], column: &str) -> bool {
    columns.iter().any(|known| known.eq_ignore_ascii_case(column))
}

impl Kinds {
    /// As the layouts want it.
    pub(crate) fn wanted(&self) -> Vec<Wanted<'_>> {
        self.0
            .iter()
            .map(|(record, columns)| Wanted {
                record,
                columns: columns
                    .needed
                    .iter()
                    .chain(&columns.left_out)
                    .map(String::as_str)
                    .collect(),
                left_out: columns.left_out.iter().map(String::as_str).collect(),
            })
            .collect()
    }
}
