//! The rows of a described export, student by student.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use mde::{Action, Finding, FindingCode, PartKind};

use super::map::OpenMap;
use super::partition::{Partitions, StudentRow};
use super::record::SEPARATOR;
use super::schema::Profile;
use super::values::set_values;
use crate::assembly::Assembly;
use crate::place::Place;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::refusal_of;

/// Reads all students.
pub(crate) fn read(
    profile: &Profile,
    partitions: Partitions,
    maps: &[Option<OpenMap<'_>>],
    assembly: &mut Assembly<'_>,
) -> Result<(), Refusal> {
    let mut failed = None;
    let outcome = partitions.each_student::<std::io::Error>(|rows| {
        student(profile, rows, maps, assembly).map_err(|refusal| {
            failed = Some(refusal);
            std::io::ErrorKind::Other.into()
        })
    });
    match (failed, outcome) {
        (Some(refusal), _) => Err(refusal),
        (None, Err(error)) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(Refusal::new(
            RefusalCode::RecordTooLarge,
            "The upload has far too many rows of one student.",
        )),
        (None, Err(error)) => Err(refusal_of(&error)),
        (None, Ok(())) => Ok(()),
    }
}

/// All rows of one student id.
fn student(
    profile: &Profile,
    rows: &[StudentRow<'_>],
    maps: &[Option<OpenMap<'_>>],
    assembly: &mut Assembly<'_>,
) -> Result<(), Refusal> {
    let known = rows.iter().filter_map(|row| {
        let map = maps.get(usize::from(row.rank))?.as_ref()?;
        Some((row, map, map.part()?))
    });
    let is_own = |(row, map, part): &(&StudentRow<'_>, &OpenMap<'_>, PartKind)| {
        *part == PartKind::Student && !map.map.adds && !row.problem
    };
    let own: Vec<_> = known
        .clone()
        .filter(is_own)
        .map(|(row, map, _)| (row, map))
        .collect();
    let begun = match chosen(profile, &own) {
        None => false,
        Some((row, map)) => {
            let place = place(row);
            assembly.begin_student(Action::Update, place);
            set_values(profile, map, row.key, row.text, place, assembly);
            for (other, map) in own {
                if !std::ptr::eq(other, row) {
                    again(row, other, map, assembly)?;
                }
            }
            true
        }
    };
    // Rows come in the order of their descriptions and texts, so that equal ones are neighbours.
    let mut added = None;
    let mut strangers = BTreeSet::new();
    for (row, map, part) in known.filter(|row| !is_own(row)) {
        let place = place(row);
        if row.problem {
            let problem = decoded(row.text).of_part(part);
            if begun && part != PartKind::Student {
                assembly.refuse_child(part, problem, place);
            } else {
                assembly.refuse_row(problem.of_student(row.key), place)?;
            }
        } else if !begun && !strangers.insert(place) {
            // One row that is several things, of a student that is not there, is one thing to tell.
            assembly.refuse_silently(place);
        } else if !begun {
            let message = format!("Student {} is not in this upload; the row was left out.", row.key);
            let finding = Finding::new(FindingCode::NoStudent, message).of_part(part);
            assembly.refuse_row(finding.of_element("2").of_student(row.key), place)?;
        } else if part == PartKind::Student && map.map.repeats && added == Some((row.rank, row.text)) {
            assembly.ignore_row(place.source, crate::assembly::SAID_BEFORE);
        } else if part == PartKind::Student {
            added = Some((row.rank, row.text));
            assembly.begin_addition(place);
            set_values(profile, map, row.key, row.text, place, assembly);
        } else {
            assembly.begin_row(part, place);
            set_values(profile, map, row.key, row.text, place, assembly);
            assembly.end_child(part, map.map.repeats);
        }
    }
    if begun { assembly.end_student() } else { Ok(()) }
}

fn place(row: &StudentRow<'_>) -> Place {
    Place {
        source: row.source,
        line: row.line,
    }
}

/// The row that says who the student is: of several the newest, should the profile say how to tell, otherwise the
/// first in an order that depends on their content only.
fn chosen<'a, 'p>(
    profile: &Profile,
    own: &[(&'a StudentRow<'a>, &'a OpenMap<'p>)],
) -> Option<(&'a StudentRow<'a>, &'a OpenMap<'p>)> {
    let (_, map) = own.first()?;
    if own.len() == 1 || map.map.newest.is_none() {
        return own.first().copied();
    }
    let date = |row: &StudentRow<'_>| {
        let (_, date) = row.text.rsplit_once(SEPARATOR)?;
        profile.dates.day.get_ref().canonical(date)
    };
    own.iter()
        .copied()
        .min_by_key(|(row, _)| (Reverse(date(row)), row.text))
}

/// Another row of the student itself. Where the profile says that they repeat, an equal one says nothing new.
fn again(
    kept: &StudentRow<'_>,
    other: &StudentRow<'_>,
    map: &OpenMap<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), Refusal> {
    let at = place(other);
    if !map.map.repeats {
        let message = "The student occurs twice in this upload; this row was left out.";
        let finding = Finding::new(FindingCode::DuplicateStudent, message).of_part(PartKind::Student);
        return assembly.refuse_row(finding.of_element("2").of_student(other.key), at);
    }
    let pairs = kept.text.split(SEPARATOR).zip(other.text.split(SEPARATOR));
    let fields = PartKind::Student.fields();
    for (value, (held, sent)) in map.values.iter().zip(pairs) {
        if held != sent {
            let message = format!(
                "{} differs from another row of the same student (line {}), which was kept.",
                value.label, kept.line
            );
            let finding = Finding::new(FindingCode::RowsDiffer, message)
                .of_part(PartKind::Student)
                .of_element(fields[value.field].element)
                .received(sent);
            assembly.remark(finding, at);
        }
    }
    assembly.ignore_row(
        at.source,
        "particulars of a student that were on another row before",
    );
    Ok(())
}

/// A finding as the text of a row: it is told when the rows of its student come together.
pub(crate) fn encoded(finding: &Finding) -> String {
    let mut text = finding.code.code().to_owned();
    for value in [Some(&*finding.message), finding.received.as_deref()] {
        text.push(SEPARATOR);
        text.push_str(value.unwrap_or_default());
    }
    text
}

fn decoded(text: &str) -> Finding {
    let mut parts = text.splitn(3, SEPARATOR);
    let mut next = || parts.next().unwrap_or_default();
    let name = next();
    let code = FindingCode::ALL.iter().find(|c| c.code() == name);
    let finding = Finding::new(code.copied().unwrap_or(FindingCode::RowShape), next());
    match next() {
        "" => finding,
        received => finding.received(received),
    }
}
