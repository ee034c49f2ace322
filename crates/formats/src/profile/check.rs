//! Whether a profile says only what can be done: checked when it is loaded, so that no upload finds out.

use std::collections::BTreeSet;

use mde::{CodeSet, Credits, Decimal, Field, Kind, PartKind, ValueContext};

use super::layout::Layout;
use super::names::{columns_in, is_numbered, of_table};
use super::pattern;
use super::schema::{FileMap, Profile, Role, Target};
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
    layout(&profile.layout)?;
    let is_own = |map: &FileMap| map.part == Some(PartKind::Student) && !map.adds;
    if !profile.files.iter().any(|f| is_own(f.get_ref())) {
        return Err(wrong(0, "no file has part = \"student\""));
    }
    for map in &profile.files {
        file(profile, map.get_ref(), map.span().start)?;
    }
    for name in profile.file_names() {
        records(profile, name)?;
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

fn layout(layout: &toml::Spanned<Layout>) -> Checked {
    match layout.get_ref().problem() {
        Some(problem) => Err(wrong(layout.span().start, problem)),
        None => Ok(()),
    }
}

/// Whether the layout of the files of one name has the columns of their descriptions.
fn records(profile: &Profile, name: &str) -> Checked {
    let layout = profile.layout_of(name);
    for map in profile.files.iter().filter(|map| map.get_ref().name == name) {
        let at = map.span().start;
        let map = map.get_ref();
        let ignored = map.ignored.keys().map(|column| column.as_str().into());
        let mut columns = map.needed_of_file().chain(ignored);
        let problem = layout
            .record_problem(&map.record)
            .or_else(|| columns.find_map(|column| layout.column_problem(&column)));
        if let Some(problem) = problem {
            return Err(wrong(at, format!("{name}: {problem}")));
        }
    }
    let Layout::Fixed(fixed) = layout else {
        return Ok(());
    };
    for map in profile.files.iter().filter(|map| map.get_ref().name == name) {
        let at = map.span().start;
        let map = map.get_ref();
        let table = if fixed.code.is_none() {
            &fixed.columns
        } else {
            fixed
                .records
                .get(&map.record)
                .ok_or_else(|| wrong(at, format!("{name}: the layout has no record \"{}\"", map.record)))?
        };
        let ignored = map.ignored.keys().map(|column| column.as_str().into());
        let missing = map
            .needed_of_file()
            .chain(ignored)
            .find(|column| !table.keys().any(|known| known.eq_ignore_ascii_case(column)));
        if let Some(column) = missing {
            return Err(wrong(at, format!("{name}: the layout has no column {column}")));
        }
    }
    Ok(())
}

fn file(profile: &Profile, map: &FileMap, at: usize) -> Checked {
    if let Some(own) = &map.layout {
        layout(own)?;
    }
    shape(profile, map, at)?;
    joins(profile, map, at)?;
    let Some(Role::Part(part)) = map.role() else {
        return Ok(());
    };
    let mut targets = BTreeSet::new();
    if part == PartKind::Student {
        targets.insert("state_student_id");
    }
    for (column, target) in &map.columns {
        let start = target.span().start;
        let target = target.get_ref();
        let field = data_element(part, &target.to, start)?;
        if !targets.insert(field.column) {
            return Err(wrong(start, format!("{} is filled twice", field.column)));
        }
        if let Some(both) = columns_in(column).find(|c| map.ignored.contains_key(*c)) {
            return Err(wrong(start, format!("{both} is both mapped and ignored")));
        }
        column_target(profile, part, field, target, start)?;
    }
    for (column, text) in &map.constants {
        let start = text.span().start;
        let field = data_element(part, column, start)?;
        if !targets.insert(field.column) {
            return Err(wrong(start, format!("{column} is filled twice")));
        }
        holds(part, field, text.get_ref(), profile.code_set)
            .map_err(|problem| wrong(start, format!("{column} {problem}")))?;
    }
    let missing = |f: &&Field| f.required && !targets.contains(f.column);
    match part.fields().iter().find(missing) {
        Some(missing) if !map.adds => Err(wrong(
            at,
            format!(
                "{}: nothing fills {}, without which a {part} cannot be",
                map.name, missing.column
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether the keys of a description fit together.
fn shape(profile: &Profile, map: &FileMap, at: usize) -> Checked {
    let say = |message: &str| Err(wrong(at, format!("{}: {message}", map.name)));
    match (map.role(), map.key.is_some()) {
        (None, _) => return say("its records are exactly one of part, table or left_out"),
        (Some(Role::Part(PartKind::Facility)), true) => {
            return say("a file of facilities has no key of students");
        }
        (Some(Role::Part(part)), false) if part != PartKind::Facility => {
            return say("key names the column of the state student id");
        }
        (Some(Role::Table(_)), false) => {
            return say("key names the columns by which rows of the table are found");
        }
        (Some(Role::Table(_) | Role::LeftOut(_)), _)
            if !map.columns.is_empty() || !map.constants.is_empty() =>
        {
            return say("only a part has columns and constants");
        }
        _ => {}
    }
    let is_student = map.part == Some(PartKind::Student);
    if map.adds && !is_student {
        return say("adds is for part = \"student\"");
    }
    if map.repeats && map.part.is_none() {
        return say("repeats is for the rows of a part");
    }
    if map.several && !matches!(profile.layout_of(&map.name), Layout::Xml(_) | Layout::Json(_)) {
        return say("several files of one name have the layout xml or json, where columns have no order");
    }
    if map.newest.is_some() && !(is_student && map.repeats) {
        return say("newest is for a student that repeats");
    }
    let numbers = map.needed().any(is_numbered);
    match map.repeat {
        0 => return say("repeat is at least 1"),
        1 if numbers => {
            return say("{n} in a column needs repeat, the number of times that the column occurs");
        }
        1 => {}
        _ if !numbers => return say("repeat needs columns with {n}"),
        _ => {}
    }
    if let Some(state) = &map.state_column
        && (is_numbered(state) || of_table(map, state).is_some())
    {
        return say("state_column is one plain column");
    }
    Ok(())
}

fn joins(profile: &Profile, map: &FileMap, at: usize) -> Checked {
    for (alias, join) in &map.joins {
        let start = join.span().start;
        let join = join.get_ref();
        let tables = profile.files.iter().map(toml::Spanned::get_ref);
        if !tables.clone().any(|f| f.table.as_deref() == Some(&*join.table)) {
            return Err(wrong(start, format!("no file has table = \"{}\"", join.table)));
        }
        if columns_in(&join.by).any(|column| of_table(map, column).is_some()) {
            return Err(wrong(start, "by names columns of the file itself"));
        }
        if alias.is_empty() || alias.contains('.') {
            return Err(wrong(start, "the name of a join has no dot"));
        }
    }
    if map.joins.values().filter(|join| join.get_ref().each).count() > 1 {
        return Err(wrong(at, format!("{}: only one join is each", map.name)));
    }
    if map.table.is_some() && !map.joins.is_empty() {
        return Err(wrong(at, format!("{}: a table has no joins", map.name)));
    }
    Ok(())
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
        // A day may be sent where the month counts, not the other way round.
        if !format.has_day() && !is_month(part, field) {
            return Err(wrong(
                at,
                format!("{format} does not give what {} is", field.column),
            ));
        }
    }
    if let Some(default) = &target.default {
        holds(part, field, default, profile.code_set)
            .map_err(|problem| wrong(at, format!("the default of {} {problem}", field.column)))?;
    }
    if target.implied_decimals.is_some() && field.kind != Kind::Decimal {
        return Err(wrong(at, format!("{} is no number with decimals", field.column)));
    }
    let Some(name) = &target.translate else {
        return Ok(());
    };
    let translation = profile
        .translations
        .get(name)
        .ok_or_else(|| wrong(at, format!("there is no [translations.{name}]")))?;
    for (code, meaning) in &translation.get_ref().codes {
        let (set, text) = translation.get_ref().versioned(meaning, profile.code_set);
        holds(part, field, text, set).map_err(|problem| {
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
