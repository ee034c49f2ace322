//! The lists of a district as sheets of a workbook: each child with what is to be looked at, the counts, and whom the
//! district feeds free of charge; and the differences of a reconciliation.

use std::io::Cursor;

use chrono::NaiveDate;
use records::qa::{self, FREE_MEALS, QaRow, Service};
use spreadsheet::{Cell, Column, Table, Workbook};
use store::reconciliations::Difference;

const DETAIL: [Column; 22] = [
    Column::new("district", 20),
    Column::new("school", 28),
    Column::new("state_student_id", 16),
    Column::new("last_name", 20),
    Column::new("first_name", 18),
    Column::new("birth_date", 12),
    Column::new("gender", 10),
    Column::new("grade", 14),
    Column::new("enrolled", 12),
    Column::new("withdrawn", 12),
    Column::new("enrollment_type", 8),
    Column::new("english_learner", 8),
    Column::new("iep", 8),
    Column::new("homeless", 10),
    Column::new("priority_for_services", 10),
    Column::new("free_meals", 10),
    Column::new("qualifying_arrival", 12),
    Column::new("eligible_until", 12),
    Column::new("mathematics", 26),
    Column::new("reading", 26),
    Column::new("person_id", 16),
    Column::new("to_correct", 60),
];
const AGGREGATE: [Column; 3] = [
    Column::new("what", 34),
    Column::new("value", 24),
    Column::new("children", 10),
];
const FREE: [Column; 8] = [
    Column::new("school", 28),
    Column::new("state_student_id", 16),
    Column::new("last_name", 20),
    Column::new("first_name", 18),
    Column::new("birth_date", 12),
    Column::new("grade", 14),
    Column::new("eligible_until", 12),
    Column::new("certified_as", 60),
];
const DIFFERENCES: [Column; 10] = [
    Column::new("ordinal", 8),
    Column::new("state_student_id", 16),
    Column::new("district", 20),
    Column::new("kind", 18),
    Column::new("reason", 50),
    Column::new("in_list", 24),
    Column::new("in_hub", 24),
    Column::new("status", 12),
    Column::new("note", 40),
    Column::new("decided_by", 24),
];

fn day(day: Option<NaiveDate>) -> Cell<'static> {
    day.map(|day| day.to_string()).into()
}

fn yes_or_no(flag: Option<bool>) -> Cell<'static> {
    flag.map(|flag| if flag { "Yes" } else { "No" }).into()
}

/// One row per enrollment. A "No" under free meals is marked, and the rule stands beside it.
#[must_use]
pub fn detail(rows: &[QaRow]) -> Table {
    Table::new("Detail", &DETAIL).with(rows.iter().map(|row| {
        let pays = row.pays_for_meals();
        vec![
            row.district.clone().into(),
            row.school.clone().into(),
            row.state_student_id.clone().into(),
            row.last_name.clone().into(),
            row.first_name.clone().into(),
            day(row.birth_date),
            row.gender.into(),
            row.grade.into(),
            day(Some(row.enrolled)),
            day(row.withdrawn),
            row.of_district.service.map(Service::letter).into(),
            yes_or_no(row.english_learner),
            yes_or_no(row.iep),
            yes_or_no(row.of_district.homeless),
            yes_or_no(row.priority_for_services),
            if pays {
                Cell::Marked("No".into())
            } else {
                yes_or_no(row.of_district.free_meals)
            },
            day(Some(row.qualifying_arrival)),
            day(Some(row.eligible_until)),
            row.mathematics.clone().into(),
            row.reading.clone().into(),
            row.person_id.map(|id| id.to_string()).into(),
            if pays {
                Cell::Marked(FREE_MEALS.into())
            } else {
                Cell::Empty
            },
        ]
    }))
}

/// The counts of a list, each child once.
#[must_use]
pub fn aggregate(rows: &[QaRow]) -> Table {
    let sums = qa::aggregate(rows);
    let row = |what: &'static str, value: &'static str, n: u64| {
        vec![
            what.into(),
            value.into(),
            i64::try_from(n).unwrap_or(i64::MAX).into(),
        ]
    };
    let tallies = sums
        .tallies()
        .flat_map(|tally| tally.values.iter().map(|(value, n)| row(tally.what, value, *n)));
    Table::new("Aggregate", &AGGREGATE)
        .with([row("children", "", sums.children)])
        .with(tallies.collect::<Vec<_>>())
}

/// The children whom a district may feed free of charge on a day without an application.
#[must_use]
pub fn free_meals(rows: &[QaRow], today: NaiveDate) -> Table {
    let certified = qa::certified(today);
    Table::new("Free meals", &FREE).with(qa::free_meals(rows, today).into_iter().map(|row| {
        vec![
            row.school.clone().into(),
            row.state_student_id.clone().into(),
            row.last_name.clone().into(),
            row.first_name.clone().into(),
            day(row.birth_date),
            row.grade.into(),
            day(Some(row.eligible_until)),
            certified.clone().into(),
        ]
    }))
}

/// Differences of a reconciliation.
#[must_use]
pub fn differences(differences: &[Difference]) -> Table {
    Table::new("Differences", &DIFFERENCES).with(differences.iter().map(|of| {
        vec![
            i64::from(of.ordinal).into(),
            of.state_student_id.clone().into(),
            of.district.clone().into(),
            of.kind.clone().into(),
            of.reason.clone().into(),
            of.in_list.clone().into(),
            of.in_hub.clone().into(),
            of.status.clone().into(),
            of.note.clone().into(),
            of.decided_by.clone().into(),
        ]
    }))
}

/// These tables as one workbook, a sheet each.
pub fn workbook(tables: &[Table]) -> spreadsheet::Result<Vec<u8>> {
    let mut book = Workbook::new();
    for table in tables {
        table.add_to(&mut book)?;
    }
    let mut out = Cursor::new(Vec::new());
    book.finish(&mut out)?;
    Ok(out.into_inner())
}
