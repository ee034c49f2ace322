//! Reports as pictures, each with its table and its files: children over the years, moves between states as a map and a
//! matrix, deadlines, how long work waits, and how the hub is used.

use std::collections::{BTreeMap, BTreeSet};

use ::notices::{Duty, Standing};
use actix_web::{HttpResponse, web};
use api::answer::reports as tables;
use askama::Template;
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use mde::StateCode;
use records::counts::{Period, ShownCounts, Viewer};
use records::report;
use serde::Deserialize;
use spreadsheet::{Column, Form};
use store::deadlines::{self, Tally};
use store::usage::{self, Took, Waiting, Word};

use crate::failure::Failure;
use crate::figure::{Bar, Bars, Heat, Matrix, TileMap, shade};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ReadRecords, SeeReports, User};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

/// Periods that are beside each other.
const YEARS: i32 = 5;

/// Days of which use is told.
const USE_DAYS: i64 = 90;

/// Words of users that are listed.
const WORDS: i64 = 50;

/// Letters of what users say.
const LETTERS: usize = 300;

#[derive(Template)]
#[template(path = "pictures.html")]
struct PicturesPage {
    chrome: Chrome,
    whole_nation: bool,
    place: &'static str,
    years: Vec<Bars>,
    years_table: Table,
    /// All periods, each with whether its moves are shown.
    periods: Vec<(String, bool)>,
    period: String,
    map: TileMap,
    matrix: Option<Matrix>,
    timeliness: Option<(Bars, Table)>,
    waiting: Bars,
    waiting_table: Table,
    used: Table,
    helped: Bars,
    said: Table,
}

/// What the page shows, as it was asked of the database.
struct Figures {
    years: Vec<ShownCounts>,
    deadlines: Vec<Tally>,
    waiting: Vec<Waiting>,
    loaded: Took,
    opened: Option<Took>,
    said: Vec<Word>,
}

async fn figures(portal: &Portal, user: &User) -> Result<Figures, Failure> {
    let (state, now) = (user.acts_in, portal.now());
    let today = portal.today(state);
    let viewer = state.map_or(Viewer::Nation, Viewer::State);
    let figures = portal
        .db()
        .report(move |c| {
            let counts = report::counts_of(c, &periods(today), today)?;
            let since = now - TimeDelta::days(USE_DAYS);
            Ok::<_, store::Error>(Figures {
                years: counts.iter().map(|counts| counts.shown_to(viewer)).collect(),
                deadlines: match state {
                    Some(state) => deadlines::tally(c, state, None, today)?,
                    None => Vec::new(),
                },
                waiting: usage::waiting(c, state, now)?,
                loaded: usage::loaded_after(c, state, since)?,
                opened: state.map(|state| usage::opened_after(c, state)).transpose()?,
                said: usage::said(c, state, since.date_naive(), WORDS)?,
            })
        })
        .await?;
    Ok(figures)
}

/// The periods of late, the oldest first.
fn periods(today: NaiveDate) -> Vec<Period> {
    let present = today.year() + i32::from(today.month() >= 9);
    (0..YEARS)
        .rev()
        .filter_map(|back| Period::ending(present - back))
        .collect()
}

/// A number as it is shown: with thousands, or that it is not told.
fn told(number: Option<u64>, small: Option<u64>) -> String {
    match number {
        Some(number) => words::count(i64::try_from(number).unwrap_or(i64::MAX)),
        None => format!("below {}, not shown", small.unwrap_or_default()),
    }
}

/// The same where there is little room.
fn told_short(number: Option<u64>, small: Option<u64>) -> String {
    match number {
        Some(_) => told(number, small),
        None => format!("<{}", small.unwrap_or_default()),
    }
}

/// Whose moves are shown; without it, or where it is none of the periods of late, those of the present one.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    period: Option<String>,
}

/// `GET /reports/pictures?period=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let figures = figures(&portal, &user).await?;
    let years = figures.years.iter();
    let of = years
        .clone()
        .find(|counts| asked.period.as_ref() == Some(&counts.period.to_string()))
        .or(figures.years.last())
        .ok_or(Failure::Internal)?;
    let periods = years.map(|counts| (counts.period.to_string(), counts.period == of.period));
    let (years, years_table) = over_years(&figures.years, user.acts_in);
    let (waiting, waiting_table) = ageing(&figures.waiting);
    view::page(&PicturesPage {
        chrome: Chrome::of(&user, "Reports as pictures", "/reports"),
        whole_nation: user.acts_in.is_none(),
        place: user.acts_in.map_or("all states", StateCode::name),
        years,
        years_table,
        periods: periods.collect(),
        period: of.period.to_string(),
        map: map(of, user.acts_in),
        matrix: matrix(of),
        timeliness: user.acts_in.map(|_| timeliness(&figures.deadlines)),
        waiting,
        waiting_table,
        used: used(&figures),
        helped: helped(&figures.said),
        said: said(&figures.said),
    })
}

fn over_years(years: &[ShownCounts], own: Option<StateCode>) -> (Vec<Bars>, Table) {
    let bars = |id, title: String, of: &dyn Fn(&ShownCounts) -> Option<u64>| Bars {
        id,
        title,
        rows: years
            .iter()
            .map(|counts| Bar {
                label: counts.period.to_string(),
                number: of(counts),
                text: told(of(counts), counts.small),
            })
            .collect(),
    };
    let mut pictures = Vec::new();
    if let Some(state) = own {
        let of = move |counts: &ShownCounts| {
            let found = counts.states.iter().find(|of| of.state == state);
            found.map_or(Some(0), |of| of.tally.category_1)
        };
        pictures.push(bars("own", format!("Category 1, {}", state.name()), &of));
    }
    pictures.push(bars("nation", "Category 1, the nation".to_owned(), &|counts| {
        counts.nation.category_1
    }));
    let mut labels = vec!["Where".to_owned()];
    labels.extend(years.iter().map(|counts| format!("#{}", counts.period)));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let mut table = Table::new("Category 1 by period", &labels, "No children.").under_heading();
    let nation = years
        .iter()
        .map(|counts| told(counts.nation.category_1, counts.small).into());
    table.row("strong", std::iter::once("The nation".into()).chain(nation));
    let states: BTreeSet<StateCode> = years.iter().flat_map(|c| &c.states).map(|of| of.state).collect();
    for state in states {
        let of = years.iter().map(|counts| {
            let found = counts.states.iter().find(|of| of.state == state);
            told(found.map_or(Some(0), |of| of.tally.category_1), counts.small).into()
        });
        table.row("", std::iter::once(state.name().into()).chain(of));
    }
    (pictures, table)
}

/// How many moves came into each state; for a state, how many were between it and each other one. Those are told in
/// full, and a sum with a number that is not told would say something wrong.
fn map(counts: &ShownCounts, own: Option<StateCode>) -> TileMap {
    let mut numbers: BTreeMap<StateCode, u64> = BTreeMap::new();
    for way in &counts.moves {
        let place = match own {
            None => Some(way.to),
            Some(own) if way.from == own => Some(way.to),
            Some(own) if way.to == own => Some(way.from),
            Some(_) => None,
        };
        if let Some((place, moves)) = place.zip(way.moves) {
            *numbers.entry(place).or_default() += moves;
        }
    }
    let title = match own {
        None => format!("Moves into each state, {}", counts.period),
        Some(own) => format!("Moves between {} and other states, {}", own.name(), counts.period),
    };
    TileMap {
        id: "map",
        title,
        numbers: numbers
            .into_iter()
            .map(|(state, moves)| (state, moves, told(Some(moves), None)))
            .collect(),
    }
}

fn matrix(counts: &ShownCounts) -> Option<Matrix> {
    let from: BTreeSet<StateCode> = counts.moves.iter().map(|way| way.from).collect();
    let to: BTreeSet<StateCode> = counts.moves.iter().map(|way| way.to).collect();
    let ways: BTreeMap<_, _> = counts
        .moves
        .iter()
        .map(|way| ((way.from, way.to), way.moves))
        .collect();
    let largest = counts.moves.iter().filter_map(|way| way.moves).max().unwrap_or(0);
    let heat = |from: StateCode, to: StateCode| match ways.get(&(from, to)) {
        None => Heat {
            text: String::new(),
            shade: 0,
        },
        Some(moves) => Heat {
            text: told_short(*moves, counts.small),
            shade: shade(moves.unwrap_or(1), largest),
        },
    };
    (!from.is_empty()).then(|| Matrix {
        caption: format!("Moves between states, {}", counts.period),
        columns: to.iter().map(|state| state.name()).collect(),
        rows: from
            .iter()
            .map(|from| (from.name(), to.iter().map(|to| heat(*from, *to)).collect()))
            .collect(),
    })
}

/// Of the duties that are due, how many were met in time.
fn timeliness(tally: &[Tally]) -> (Bars, Table) {
    let mut of: BTreeMap<Duty, [i64; 4]> = BTreeMap::new();
    for row in tally {
        let Some(duty) = Duty::of_name(&row.duty) else {
            continue;
        };
        let counts = of.entry(duty).or_default();
        for (place, standing) in [Standing::Met, Standing::Late, Standing::Overdue, Standing::Open]
            .iter()
            .enumerate()
        {
            if row.standing == standing.name() {
                counts[place] += row.deadlines;
            }
        }
    }
    let mut table = Table::new(
        "Duties of which the last day has come",
        &[
            "Duty",
            "#Met in time",
            "#Met late",
            "#Overdue",
            "#In time, percent",
        ],
        "No duty has started yet.",
    )
    .under_heading();
    let mut bars = Vec::new();
    for (duty, [met, late, overdue, _]) in of {
        let due = met + late + overdue;
        let percent = (due > 0).then(|| 100 * met / due);
        let text = percent.map_or_else(|| "none due yet".to_owned(), |percent| format!("{percent} %"));
        bars.push(Bar {
            label: duty.name().replace('_', " "),
            number: percent.and_then(|percent| u64::try_from(percent).ok()),
            text: text.clone(),
        });
        table.row(
            "",
            [
                Cell::new(words::sentence(duty.words())).note(duty.source()),
                words::count(met).into(),
                words::count(late).into(),
                words::count(overdue).into(),
                text.into(),
            ],
        );
    }
    let title = "Met in time, in percent of what was due".to_owned();
    (
        Bars {
            id: "timeliness",
            title,
            rows: bars,
        },
        table,
    )
}

/// Ages as they are told, by the days from which they begin.
const AGES: [(i32, &str); 4] = [
    (0, "0 to 5 days"),
    (6, "6 to 10 days"),
    (11, "11 to 15 days"),
    (16, "16 days or more"),
];

fn ageing(waiting: &[Waiting]) -> (Bars, Table) {
    let items = |kind: Option<&str>, days: i32| -> i64 {
        let of = waiting
            .iter()
            .filter(|of| of.days == days && kind.is_none_or(|kind| of.kind == kind));
        of.map(|of| of.items).sum()
    };
    let bars = AGES.iter().map(|(days, label)| Bar {
        label: (*label).to_owned(),
        number: u64::try_from(items(None, *days)).ok(),
        text: words::count(items(None, *days)),
    });
    let bars = Bars {
        id: "waiting",
        title: "Open items by age".to_owned(),
        rows: bars.collect(),
    };
    let mut labels = vec!["Kind".to_owned()];
    labels.extend(AGES.iter().map(|(_, label)| format!("#{label}")));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let mut table = Table::new("Open items by kind and age", &labels, "Nothing waits.").under_heading();
    let kinds: BTreeSet<&str> = waiting.iter().map(|of| of.kind.as_str()).collect();
    for kind in kinds {
        let ages = AGES
            .iter()
            .map(|(days, _)| words::count(items(Some(kind), *days)).into());
        let name = words::sentence(&kind.replace('_', " "));
        table.row("", std::iter::once(name.into()).chain(ages));
    }
    (bars, table)
}

fn used(figures: &Figures) -> Table {
    let mut table = Table::new(
        "How soon",
        &["What", "#Of how many", "#Half within", "#Nine of ten within"],
        "",
    )
    .under_heading();
    let rows = [
        (
            "From the arrival of an upload until its records are ready",
            Some(figures.loaded),
        ),
        (
            "From the arrival of a record until somebody opens it",
            figures.opened,
        ),
    ];
    for (what, took) in rows {
        let Some(took) = took else { continue };
        table.row(
            "",
            [
                what.into(),
                words::count(took.of).into(),
                hours(took.median).into(),
                hours(took.most).into(),
            ],
        );
    }
    table
}

fn hours(hours: Option<f64>) -> String {
    match hours {
        None => "–".to_owned(),
        Some(hours) if hours < 1.0 / 60.0 => "a minute".to_owned(),
        Some(hours) if hours < 1.0 => format!("{:.0} minutes", (hours * 60.0).ceil()),
        Some(hours) if hours < 48.0 => format!("{hours:.1} hours"),
        Some(hours) => format!("{:.0} days", hours / 24.0),
    }
}

fn helped(said: &[Word]) -> Bars {
    let bar = |label: &str, helped: bool| {
        let number = said.iter().filter(|word| word.helped == helped).count() as u64;
        Bar {
            label: label.to_owned(),
            number: Some(number),
            text: number.to_string(),
        }
    };
    Bars {
        id: "helped",
        title: "Did the page of a child help? The newest answers".to_owned(),
        rows: vec![bar("Yes", true), bar("No", false)],
    }
}

fn said(said: &[Word]) -> Table {
    let mut table = Table::new(
        "What users said",
        &["~Day", "Helped", "In words"],
        "Nobody has said anything yet.",
    )
    .under_heading();
    for word in said {
        let helped = if word.helped { "✓ Yes" } else { "✕ No" };
        table.row(
            "",
            [
                words::day(word.day).into(),
                helped.into(),
                word.words.as_str().into(),
            ],
        );
    }
    table
}

const YEARS_COLUMNS: [Column; 4] = [
    Column::new("state", 8),
    Column::new("period", 12),
    Column::new("category_1", 12),
    Column::new("category_2", 12),
];
const TIMELINESS_COLUMNS: [Column; 3] = [
    Column::new("duty", 24),
    Column::new("standing", 20),
    Column::new("deadlines", 12),
];
const WAITING_COLUMNS: [Column; 3] = [
    Column::new("kind", 20),
    Column::new("days_at_least", 14),
    Column::new("items", 10),
];

/// `GET /reports/{what}.{form}` for the tables behind the pictures.
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (what, form) = path.into_inner();
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let figures = figures(&portal, &user).await?;
    let table = match what.as_str() {
        "years" => years_file(&figures.years),
        "timeliness" => spreadsheet::Table::new("timeliness", &TIMELINESS_COLUMNS).with(
            figures.deadlines.iter().map(|row| {
                vec![
                    row.duty.clone().into(),
                    row.standing.clone().into(),
                    row.deadlines.into(),
                ]
            }),
        ),
        "waiting" => {
            spreadsheet::Table::new("waiting", &WAITING_COLUMNS).with(figures.waiting.iter().map(|row| {
                vec![
                    row.kind.clone().into(),
                    i64::from(row.days).into(),
                    row.items.into(),
                ]
            }))
        }
        _ => return Err(Failure::NotFound),
    };
    Ok(tables::file(&table, &what, form)?)
}

fn years_file(years: &[ShownCounts]) -> spreadsheet::Table {
    let rows = years.iter().flat_map(|counts| {
        let nation = ("US".to_owned(), &counts.nation);
        let states = counts.states.iter().map(|of| (of.state.to_string(), &of.tally));
        std::iter::once(nation).chain(states).map(|(place, tally)| {
            vec![
                place.into(),
                counts.period.to_string().into(),
                tables::told(tally.category_1, counts.small),
                tables::told(tally.category_2, counts.small),
            ]
        })
    });
    spreadsheet::Table::new("years", &YEARS_COLUMNS).with(rows.collect::<Vec<_>>())
}

/// Whether a page helped, as the form says it.
#[derive(Debug, Deserialize)]
pub(crate) struct Helped {
    helped: String,
    #[serde(default)]
    words: String,
}

/// `POST /feedback`: keeps the answer with the day and the state, and nothing of the child or the user.
pub(crate) async fn say(
    portal: web::Data<Portal>,
    guarded: Guarded<ReadRecords, Helped>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let helped = match form.helped.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Failure::BadRequest),
    };
    let words: String = form
        .words
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(LETTERS)
        .collect();
    let (state, day) = (user.acts_in, portal.today(user.acts_in));
    portal
        .run(move |c| Ok(usage::say(c, state, day, helped, &words)?))
        .await?;
    Ok(view::see_other("/search?thanks=true"))
}
