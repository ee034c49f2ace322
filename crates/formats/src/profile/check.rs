//! Whether a profile says only what can be done: checked when it is loaded, so that no upload finds out.

use std::collections::{BTreeMap, BTreeSet};

use mde::{CodeSet, Credits, Decimal, Field, Kind, PartKind, ValueContext};

use super::pattern;
use super::schema::{FileMap, Layout, Profile, Target};
use crate::drafts::Drafts;

/// What is wrong, and at which byte of the text.
pub(crate) struct Problem {
    pub(crate) at: usize,
    pub(crate) message: String,
}

type Checked = Result<(), Problem>;

fn wrong(at: usize, message: impl Into<String>) -> Problem {
    Problem {
        at,
        message: message.into(),
    }
}

/// Checks a profile against the data dictionary.
pub(crate) fn check(profile: &Profile) -> Checked {
    let name_is_plain = !profile.name.is_empty()
        && profile
            .name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !name_is_plain {
        return Err(wrong(0, "the name is made of letters, digits and hyphens"));
    }
    for pattern in &profile.as_of {
        if let Some(problem) = pattern::instant_problem(pattern.get_ref()) {
            return Err(wrong(pattern.span().start, format!("as_of {problem}")));
        }
    }
    if !profile.dates.day.get_ref().has_day() {
        return Err(wrong(
            profile.dates.day.span().start,
            "the format of a day has no DD",
        ));
    }
    if profile.dates.month.get_ref().has_day() {
        return Err(wrong(
            profile.dates.month.span().start,
            "the format of a month has a DD",
        ));
    }
    credits(profile)?;
    layout(&profile.layout, 0)?;
    if !profile
        .files
        .iter()
        .any(|f| f.get_ref().part == PartKind::Student)
    {
        return Err(wrong(0, "no file has part = \"student\""));
    }
    for map in &profile.files {
        let at = map.span().start;
        file(profile, map.get_ref(), at)?;
    }
    Ok(())
}

fn credits(profile: &Profile) -> Checked {
    let factor = &profile.credits.factor;
    let number: Option<Decimal> = factor.get_ref().parse().ok();
    match number {
        Some(n) if n > Decimal::ZERO && Credits::try_from(n).is_ok() => {}
        _ => {
            return Err(wrong(
                factor.span().start,
                "factor is a number above 0 with at most four decimals, in quotes",
            ));
        }
    }
    if profile.credits.unit == "carnegie" && number != Some(Decimal::ONE) {
        return Err(wrong(factor.span().start, "the factor of the Carnegie unit is 1"));
    }
    Ok(())
}

fn layout(layout: &Layout, at: usize) -> Checked {
    let Layout::Delimited { delimiter, .. } = layout;
    if !delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r' | '\0') {
        return Err(wrong(
            at,
            "the delimiter is one ASCII character, and neither a quote nor a line end",
        ));
    }
    Ok(())
}

fn file(profile: &Profile, map: &FileMap, at: usize) -> Checked {
    if let Some(own) = &map.layout {
        layout(own, at)?;
    }
    match (map.part, &map.key) {
        (PartKind::Facility, Some(_)) => {
            return Err(wrong(at, "a file of facilities has no key of students"));
        }
        (part, None) if part != PartKind::Facility => {
            return Err(wrong(
                at,
                format!("{}: key names the column of the state student id", map.name),
            ));
        }
        _ => {}
    }
    if matches!(map.part, PartKind::Student | PartKind::Facility) && !map.only.is_empty() {
        return Err(wrong(
            at,
            "only leaves out rows of a student, not students or facilities",
        ));
    }
    let mut targets = BTreeSet::new();
    if map.part == PartKind::Student {
        targets.insert("state_student_id");
    }
    for (column, target) in &map.columns {
        let start = target.span().start;
        let target = target.get_ref();
        let field = data_element(map.part, &target.to, start)?;
        if !targets.insert(field.column) {
            return Err(wrong(start, format!("{} is filled twice", field.column)));
        }
        if map.ignored.contains_key(column) {
            return Err(wrong(start, format!("{column} is both mapped and ignored")));
        }
        column_target(profile, map.part, field, target, start)?;
    }
    for (column, text) in &map.constants {
        let start = text.span().start;
        let field = data_element(map.part, column, start)?;
        if !targets.insert(field.column) {
            return Err(wrong(start, format!("{column} is filled twice")));
        }
        holds(map.part, field, text.get_ref(), profile.code_set)
            .map_err(|problem| wrong(start, format!("{column} {problem}")))?;
    }
    match map
        .part
        .fields()
        .iter()
        .find(|f| f.required && !targets.contains(f.column))
    {
        Some(missing) => Err(wrong(
            at,
            format!(
                "{}: nothing fills {}, without which a {} cannot be",
                map.name, missing.column, map.part
            ),
        )),
        None => Ok(()),
    }
}

fn data_element(part: PartKind, column: &str, at: usize) -> Result<&'static Field, Problem> {
    part.fields().iter().find(|f| f.column == column).ok_or_else(|| {
        let known: Vec<&str> = part.fields().iter().map(|f| f.column).collect();
        wrong(
            at,
            format!("{part} has no data element {column}; it has {}", known.join(", ")),
        )
    })
}

fn column_target(profile: &Profile, part: PartKind, field: &Field, target: &Target, at: usize) -> Checked {
    if let Some(format) = &target.format {
        if field.kind != Kind::Date {
            return Err(wrong(
                at,
                format!("{} is no date and has no format", field.column),
            ));
        }
        if format.has_day() == is_month(part, field) {
            return Err(wrong(
                at,
                format!("{format} does not give what {} is", field.column),
            ));
        }
    }
    let Some(name) = &target.translate else {
        return Ok(());
    };
    let translation = profile
        .translations
        .get(name)
        .ok_or_else(|| wrong(at, format!("there is no [translations.{name}]")))?;
    let set = translation.get_ref().code_set.unwrap_or(profile.code_set);
    for (code, meaning) in &translation.get_ref().codes {
        holds(part, field, meaning, set).map_err(|problem| {
            wrong(
                translation.span().start,
                format!(
                    "[translations.{name}] {code} = \"{meaning}\", for {}, {problem}",
                    field.column
                ),
            )
        })?;
    }
    Ok(())
}

/// Whether the data element is a month and not a day.
pub(crate) fn is_month(part: PartKind, field: &Field) -> bool {
    field.kind == Kind::Date && holds(part, field, "2020-02", CodeSet::default()).is_ok()
}

fn holds(part: PartKind, field: &Field, text: &str, code_set: CodeSet) -> Result<(), String> {
    let index = part
        .fields()
        .iter()
        .position(|f| std::ptr::eq(f, field))
        .unwrap_or_default();
    let context = ValueContext { code_set, raw: None };
    Drafts::default()
        .set(part, index, text, context)
        .map_err(|e| e.to_string())
}

/// The columns of a file that the profile speaks of and that therefore have to be there.
pub(crate) fn needed_columns(map: &FileMap) -> BTreeMap<&str, &'static str> {
    let mut needed = BTreeMap::new();
    for column in map.columns.keys() {
        needed.insert(column.as_str(), "columns");
    }
    for column in map.only.keys() {
        needed.insert(column.as_str(), "only");
    }
    needed.extend(map.key.as_deref().map(|k| (k, "key")));
    needed.extend(map.state_column.as_deref().map(|s| (s, "state_column")));
    needed
}
