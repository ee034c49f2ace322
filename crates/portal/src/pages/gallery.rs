//! The parts that pages are made of, each shown once with the name by which code asks for it. It holds no data and needs
//! no account.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use mde::StateCode;
use records::plan::{PlanSubject, Subject};

use crate::failure::Failure;
use crate::field::Field;
use crate::figure::{Bar, Bars, Heat, Matrix, TileMap, shade};
use crate::parts::Progress;
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// The looks that a tag can have, with what each is for.
const TAGS: [(&str, &str); 5] = [
    ("agree", "✓ agrees, done, met"),
    ("differ", "≠ differs, overdue, alert"),
    ("wait", "… waits, not known"),
    ("info", "says where from"),
    ("", "– plain"),
];

/// Made-up moves, from a state to a state.
const MOVES: [(&str, &str, u64); 4] = [
    ("TX", "MI", 1_204),
    ("FL", "MI", 310),
    ("TX", "WA", 96),
    ("GU", "WA", 4),
];

#[derive(Template)]
#[template(path = "gallery.html")]
struct GalleryPage {
    chrome: Chrome,
    mistakes: Mistakes,
    fields: Vec<Field>,
    tags: Vec<(Tag, &'static str)>,
    table: Table,
    empty: Table,
    bars: Bars,
    map: TileMap,
    matrix: Matrix,
    progress: Option<Progress>,
}

/// `GET /gallery`
pub(crate) async fn show() -> Result<HttpResponse, Failure> {
    let mut mistakes = Mistakes::default();
    mistakes.add(
        "wrong",
        "Enter the birth date as month/day/year, such as 4/23/2011, or only the year.",
    );
    view::page(&GalleryPage {
        chrome: Chrome::bare("Gallery of components").done(Some("Chrome::done: what was just done.")),
        fields: fields(&mistakes),
        mistakes,
        tags: TAGS
            .iter()
            .map(|(class, text)| {
                (
                    Tag::new(*text, class),
                    if class.is_empty() { "none" } else { class },
                )
            })
            .collect(),
        table: table(),
        empty: Table::new(
            "A table without rows",
            &["Child", "School"],
            "Table without rows: it says in a sentence that there is nothing, and when there will be.",
        ),
        bars: Bars {
            id: "bars",
            title: "Bars: one measure".to_owned(),
            rows: [
                ("2024-25", Some(4_120), "4,120"),
                ("2025-26", Some(5_033), "5,033"),
                ("2026-27", None, "below 10, not shown"),
            ]
            .map(|(label, number, text)| Bar {
                label: label.to_owned(),
                number,
                text: text.to_owned(),
            })
            .into(),
        },
        map: map(),
        matrix: matrix(),
        progress: progress(),
    })
}

fn fields(mistakes: &Mistakes) -> Vec<Field> {
    let choices = || {
        vec![
            Choice::new("one", "The first", ""),
            Choice::new("two", "The second", "two"),
        ]
    };
    [
        Field::text("line", "Field::text", "").hint("Field::hint says how to fill it in"),
        Field::text("wrong", "Field::judged, with a mistake", "23.4.11"),
        Field::input("day", "Field::input, of type date", "2026-04-23", "date").class("short"),
        Field::select("choice", "Field::select", "Choose one", choices()),
        Field::area("area", "Field::area", "Several lines"),
    ]
    .map(|field| field.judged(mistakes))
    .into()
}

fn table() -> Table {
    let mut table = Table::new(
        "Table: on a narrow screen each row becomes a list",
        &[
            "First cell names the row",
            "~Short (~)",
            "#Number (#)",
            "Tags and notes",
        ],
        "",
    );
    let cells = |name: &str, number: i64| {
        [
            Cell::new(name).link("#tables"),
            "4/23/2026".into(),
            words::count(number).into(),
            Cell::new("Cell")
                .tag(Tag::new("tag", "info"))
                .note("Cell::note, in small"),
        ]
    };
    table.row("strong", cells("A row of class strong", 12_034));
    table.row("", cells("A row", 512));
    table.row("faded", cells("A row of class faded", 7));
    table
}

fn map() -> TileMap {
    let number = |(_, to, number): &(&str, &str, u64)| {
        let state = StateCode::new(to).ok()?;
        Some((state, *number, number.to_string()))
    };
    TileMap {
        id: "map",
        title: "TileMap: a number of each state".to_owned(),
        numbers: MOVES.iter().filter_map(number).skip(1).collect(),
    }
}

fn matrix() -> Matrix {
    let from: BTreeSet<&'static str> = MOVES.iter().map(|(from, ..)| *from).collect();
    let columns: BTreeSet<&'static str> = MOVES.iter().map(|(_, to, _)| *to).collect();
    let most = MOVES.iter().map(|(.., number)| *number).max().unwrap_or(0);
    let row = |from: &'static str| {
        let cell = |to: &&'static str| {
            let number = MOVES
                .iter()
                .find(|(a, b, _)| (a, b) == (&from, to))
                .map_or(0, |(.., n)| *n);
            Heat {
                text: number.to_string(),
                shade: shade(number, most),
            }
        };
        (from, columns.iter().map(cell).collect())
    };
    Matrix {
        caption: "Matrix: places by places".to_owned(),
        rows: from.into_iter().map(row).collect(),
        columns: columns.into_iter().collect(),
    }
}

fn progress() -> Option<Progress> {
    let subject = |subject, required: &str, needed: &str, in_progress| PlanSubject {
        subject,
        required: Some(required.to_owned()),
        earned: String::new(),
        from_other_subjects: None,
        in_progress,
        hours: String::new(),
        needed: Some(needed.to_owned()),
    };
    Progress::of(&[
        subject(Subject::English, "4", "1.5", 2),
        subject(Subject::Mathematics, "3", "0", 0),
        subject(Subject::Science, "3", "3", 0),
    ])
}
