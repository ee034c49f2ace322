//! Reports on children as tables, for the exchange, the portal and the command line alike.

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::{DateTime, SecondsFormat, Utc};
use notices::report::{Arrival, Timeliness};
use records::counts::{ShownCounts, ShownMoves, ShownTally};
use records::report::Missed;
use spreadsheet::{Cell, Column, Form, Table};

use crate::problem::Problem;

const COUNTS: [Column; 4] = [
    Column::new("state", 10),
    Column::new("what", 24),
    Column::new("value", 20),
    Column::new("children", 12),
];
const MOVES: [Column; 4] = [
    Column::new("from", 8),
    Column::new("to", 8),
    Column::new("moves", 10),
    Column::new("children", 10),
];
const MISSED: [Column; 4] = [
    Column::new("person_id", 16),
    Column::new("state", 8),
    Column::new("left", 12),
    Column::new("days", 8),
];

const ARRIVALS: [Column; 15] = [
    Column::new("move_notice_id", 10),
    Column::new("person_id", 16),
    Column::new("day", 12),
    Column::new("from_state", 8),
    Column::new("known_as", 18),
    Column::new("to_state", 8),
    Column::new("district", 24),
    Column::new("city", 18),
    Column::new("event", 16),
    Column::new("shown_by", 8),
    Column::new("state_student_id", 18),
    Column::new("batch_id", 10),
    Column::new("as_of", 22),
    Column::new("told_at", 22),
    Column::new("answer", 12),
];
const TIMELINESS: [Column; 7] = [
    Column::new("state", 8),
    Column::new("duty", 22),
    Column::new("met", 8),
    Column::new("late", 8),
    Column::new("open", 8),
    Column::new("overdue", 8),
    Column::new("percent_in_time", 12),
];

/// How the nation is named beside its states.
const NATION: &str = "US";

/// One row per number, the nation first (`US`), then each state. A number that is not told is `<10`, or whatever is
/// small.
#[must_use]
pub fn counts(counts: &ShownCounts) -> Table {
    let small = counts.small;
    let states = counts
        .states
        .iter()
        .flat_map(|of| tally(of.state.as_str(), &of.tally, small));
    Table::new("counts", &COUNTS)
        .with(tally(NATION, &counts.nation, small))
        .with(states)
}

fn tally(state: &str, of: &ShownTally, small: Option<u64>) -> Vec<Vec<Cell<'static>>> {
    let row = |what: &'static str, value: String, number: Option<u64>| {
        let state = state.to_owned();
        vec![state.into(), what.into(), value.into(), told(number, small)]
    };
    let mut rows = vec![
        row("category 1", String::new(), of.category_1),
        row("category 2", String::new(), of.category_2),
        row("moved in period", String::new(), of.moved_in_period),
        row("eligibility ended", String::new(), of.eligibility_ended),
        row("age unknown", String::new(), of.age_unknown),
    ];
    let bands = of.by_band.iter();
    rows.extend(bands.map(|(band, n)| row("by grade band", band.to_string(), *n)));
    let genders = of.by_gender.iter();
    rows.extend(genders.map(|(gender, n)| row("by gender", gender.clone(), *n)));
    rows
}

/// Moves between states, one row per way.
#[must_use]
pub fn moves(moves: &[ShownMoves], small: Option<u64>) -> Table {
    Table::new("moves", &MOVES).with(moves.iter().map(|way| {
        vec![
            way.from.to_string().into(),
            way.to.to_string().into(),
            told(way.moves, small),
            told(way.children, small),
        ]
    }))
}

/// Children who left a state and came to none.
#[must_use]
pub fn missed(missed: &[Missed]) -> Table {
    Table::new("missed-enrollments", &MISSED).with(missed.iter().map(|m| {
        vec![
            m.person_id.to_string().into(),
            m.state.to_string().into(),
            m.left.to_string().into(),
            m.days.into(),
        ]
    }))
}

/// Arrivals that the hub raised, with the rows that show them.
#[must_use]
pub fn arrivals(arrivals: &[Arrival]) -> Table {
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Table::new("arrivals", &ARRIVALS).with(arrivals.iter().map(|a| {
        vec![
            a.move_notice_id.into(),
            a.person_id.to_string().into(),
            a.day.map(|day| day.to_string()).into(),
            a.from_state.clone().into(),
            a.known_as.join(" ").into(),
            a.to_state.clone().into(),
            a.district.clone().into(),
            a.city.clone().into(),
            a.event.clone().into(),
            a.shown_by.clone().into(),
            a.state_student_id.clone().into(),
            a.batch_id.into(),
            a.as_of.map(instant).into(),
            instant(a.told_at).into(),
            a.answer.clone().into(),
        ]
    }))
}

/// How in time the states are, one row for each state and duty.
#[must_use]
pub fn timeliness(rows: &[Timeliness]) -> Table {
    Table::new("timeliness", &TIMELINESS).with(rows.iter().map(|row| {
        vec![
            row.state.to_string().into(),
            row.duty.clone().into(),
            row.met.into(),
            row.late.into(),
            row.open.into(),
            row.overdue.into(),
            row.in_time().into(),
        ]
    }))
}

/// A number as a file tells it; `<10`, or whatever is small, where it is not told.
#[must_use]
pub fn told(number: Option<u64>, small: Option<u64>) -> Cell<'static> {
    match (number, small) {
        (Some(number), _) => Cell::from(i64::try_from(number).unwrap_or(i64::MAX)),
        (None, Some(small)) => Cell::from(format!("<{small}")),
        (None, None) => Cell::Empty,
    }
}

/// The answer with a table as a file.
pub fn file(table: &Table, name: &str, form: Form) -> Result<HttpResponse, Problem> {
    let bytes = table.written(form).map_err(Problem::internal)?;
    let media_type = super::content_type(form);
    Ok(attachment(bytes, name, form.extension(), media_type))
}

/// The answer with a CSV file that is written.
#[must_use]
pub fn csv(bytes: Vec<u8>, name: &str) -> HttpResponse {
    attachment(bytes, name, Form::Csv.extension(), super::content_type(Form::Csv))
}

/// The answer with a file that is written: its name without the extension, that, and its media type. It may name
/// children, and is kept nowhere on the way.
pub(crate) fn attachment(
    bytes: Vec<u8>,
    name: &str,
    extension: &str,
    media_type: &'static str,
) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{extension}\""),
        ))
        .body(bytes)
}
