//! The picture of a child's way through the states: a lane for each state, a bar for each enrollment, a mark for each
//! qualifying move. What it shows is also on the page as a list.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use mde::StateCode;
use records::ConsolidatedRecord;

use crate::words;

/// Left edge of the picture of time; the names of the states stand before it.
const LEFT: f64 = 118.0;
/// Right edge.
const RIGHT: f64 = 948.0;
/// Height of the line of years.
const TOP: f64 = 34.0;
/// Height of one row of bars.
const ROW: f64 = 26.0;
/// Space around the rows of a lane.
const PAD: f64 = 8.0;
/// A bar is at least as wide as this, so that a short enrollment can be seen.
const NARROWEST: f64 = 6.0;
/// Rows of a lane; further enrollments that overlap share the last one.
const ROWS: usize = 4;

/// Colours that differ in lightness too, each at least 4.5:1 on white.
const COLOURS: [&str; 6] = ["#005ea2", "#8b1303", "#00687d", "#5d48a8", "#7a591a", "#36662f"];

struct Tick {
    x: f64,
    label: String,
}

struct Bar {
    x: f64,
    y: f64,
    width: f64,
    /// An enrollment that has not ended: the bar becomes an arrow.
    open: bool,
    residency: bool,
    label: String,
    title: String,
}

struct Mark {
    points: String,
    title: String,
}

struct Lane {
    name: String,
    y: f64,
    height: f64,
    middle: f64,
    colour: &'static str,
    bars: Vec<Bar>,
    moves: Vec<Mark>,
}

/// The picture.
#[derive(Template)]
#[template(path = "lanes.html")]
pub(crate) struct Lanes {
    height: f64,
    bottom: f64,
    ticks: Vec<Tick>,
    rows: Vec<Lane>,
    today: f64,
    description: String,
}

impl HtmlSafe for Lanes {}

struct Scale {
    from: NaiveDate,
    days: f64,
}

impl Scale {
    fn x(&self, date: NaiveDate) -> f64 {
        let x = LEFT + (date - self.from).num_days() as f64 / self.days * (RIGHT - LEFT);
        (x.clamp(LEFT, RIGHT) * 10.0).round() / 10.0
    }
}

impl Lanes {
    /// The picture of a record; `None` if nothing in it has a date.
    pub(crate) fn of(record: &ConsolidatedRecord) -> Option<Self> {
        let scale = scale(record)?;
        let mut lanes = Vec::new();
        let mut y = TOP;
        for (index, state) in record.states.iter().enumerate() {
            let lane = lane(record, state.state, &scale, y, COLOURS[index % COLOURS.len()]);
            if lane.bars.is_empty() && lane.moves.is_empty() {
                continue;
            }
            y += lane.height;
            lanes.push(lane);
        }
        let description = lanes
            .iter()
            .map(|lane| {
                let enrollments = words::counted(lane.bars.len(), "enrollment", "enrollments");
                let moves = words::counted(lane.moves.len(), "qualifying move", "qualifying moves");
                format!("{}: {enrollments}, {moves}.", lane.name)
            })
            .collect::<Vec<_>>()
            .join(" ");
        let today = scale.x(record.today);
        (!lanes.is_empty()).then(|| Self {
            height: y + 30.0,
            bottom: y,
            ticks: ticks(&scale, record.today),
            rows: lanes,
            today,
            description,
        })
    }
}

/// From the year of the first event to a while after the last.
fn scale(record: &ConsolidatedRecord) -> Option<Scale> {
    let starts = record.enrollments.iter().map(|e| e.start);
    let moves = record.qualifying_moves.iter().map(|m| m.qualifying_arrival_date);
    let ends = record.enrollments.iter().filter_map(|e| e.end);
    let first = starts.clone().chain(moves.clone()).min()?;
    let last = starts.chain(moves).chain(ends).max()?.max(record.today);
    let from = NaiveDate::from_ymd_opt(first.year(), if first.month() > 6 { 7 } else { 1 }, 1)?;
    let to = last + TimeDelta::days(45);
    Some(Scale {
        from,
        days: (to - from).num_days().max(1) as f64,
    })
}

/// The first of January of as many years as fit.
fn ticks(scale: &Scale, today: NaiveDate) -> Vec<Tick> {
    let last = today.year() + 1;
    let every = ((last - scale.from.year()) / 12 + 1).max(1);
    (scale.from.year()..=last)
        .step_by(every as usize)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, 1, 1))
        .filter(|date| *date >= scale.from)
        .map(|date| Tick {
            x: scale.x(date),
            label: date.year().to_string(),
        })
        .filter(|tick| tick.x < RIGHT - 20.0)
        .collect()
}

fn lane(record: &ConsolidatedRecord, state: StateCode, scale: &Scale, y: f64, colour: &'static str) -> Lane {
    let mut own: Vec<_> = record.enrollments.iter().filter(|e| e.state == state).collect();
    own.sort_by_key(|e| (e.start, e.end));
    let mut rows: Vec<f64> = Vec::new();
    let mut bars = Vec::new();
    for enrollment in own {
        let end = enrollment.end.unwrap_or(record.today).max(enrollment.start);
        let x = scale.x(enrollment.start).min(RIGHT - NARROWEST);
        let width = (scale.x(end) - x).max(NARROWEST);
        let free = rows.iter().position(|taken| *taken <= x);
        let row = free.unwrap_or_else(|| {
            if rows.len() < ROWS {
                rows.push(0.0);
            }
            rows.len() - 1
        });
        rows[row] = x + width + 1.0;
        let grade = enrollment
            .grade
            .as_ref()
            .map_or_else(String::new, |grade| grade.label.clone());
        let place = enrollment
            .facility
            .as_ref()
            .and_then(|f| f.name.clone())
            .unwrap_or_else(|| "Residency".into());
        bars.push(Bar {
            x,
            y: y + PAD + row as f64 * ROW + 2.0,
            width,
            open: enrollment.open,
            residency: enrollment.class == "residency",
            label: if width > 15.0 + 7.2 * grade.chars().count() as f64 {
                grade.clone()
            } else {
                String::new()
            },
            title: format!(
                "{place}, {} to {}{}",
                words::day(enrollment.start),
                words::day_or(enrollment.end, "now"),
                if grade.is_empty() {
                    grade
                } else {
                    format!(", {grade}")
                }
            ),
        });
    }
    let height = rows.len().max(1) as f64 * ROW + 2.0 * PAD;
    let base = y + height;
    let moves = record
        .qualifying_moves
        .iter()
        .filter(|m| m.source.state == state)
        .map(|m| {
            let x = scale.x(m.qualifying_arrival_date);
            Mark {
                points: format!(
                    "{x},{:.1} {:.1},{base:.1} {x},{:.1} {:.1},{base:.1}",
                    base - 7.0,
                    x + 7.0,
                    base + 7.0,
                    x - 7.0
                ),
                title: format!(
                    "Qualifying move, arrived {}{}",
                    words::day(m.qualifying_arrival_date),
                    if m.void_date.is_some() { " (void)" } else { "" }
                ),
            }
        })
        .collect();
    Lane {
        name: state.name().to_owned(),
        y,
        height,
        middle: y + height / 2.0,
        colour,
        bars,
        moves,
    }
}
