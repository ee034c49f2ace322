//! Where a finding is, and the findings that every format tells alike.

use mde::{Field, Finding, FindingCode, PartKind};

/// Where a row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The file and the kind of record, by their number in [`Counts::records`](crate::Counts::records).
    pub(crate) source: u16,
    /// Line from 1.
    pub(crate) line: u64,
}

/// One value, as sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// The part of its row.
    pub(crate) part: PartKind,
    /// Its index in the fields of the part.
    pub(crate) field: usize,
    /// What the sender calls it: the XML element or the column.
    pub(crate) label: &'a str,
    /// The text as sent.
    pub(crate) text: &'a str,
}

/// A required data element is not there.
pub(crate) fn missing(part: PartKind, field: &Field) -> Finding {
    let consequence = match part {
        PartKind::Student => "the student was left out with all its rows",
        _ => "the row was left out",
    };
    Finding::new(
        FindingCode::Missing,
        format!("{} is missing; {consequence}.", field.xml),
    )
    .of_part(part)
    .of_element(field.element)
}

/// A part of a student has lost rows.
pub(crate) fn part_reduced(part: PartKind, count: u64) -> Finding {
    let rows = if count == 1 {
        "One row was".to_owned()
    } else {
        format!("{count} rows were")
    };
    Finding::new(
        FindingCode::PartReduced,
        format!(
            "{rows} refused among the student's {}s; they are not shown until they are sent again.",
            words(part)
        ),
    )
    .of_part(part)
}

/// The part in words: `qualifying move`.
pub(crate) fn words(part: PartKind) -> String {
    part.name().replace('_', " ")
}
