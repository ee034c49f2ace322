//! The deadlines board: overdue, due this week, met; and what starts no clock because nobody keeps a calendar.

use std::collections::{BTreeMap, HashMap};

use ::notices::deadline::standing;
use ::notices::{Duty, Standing};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate};
use store::Purpose;
use store::deadlines::{self, Kept, Tally, Which, WithoutTerms};

use crate::failure::Failure;
use crate::pages::notices::{Child, children};
use crate::state::Portal;
use crate::user::{Allowed, SendNotices};
use crate::view::{self, Cell, Chrome, Table, Tag};
use crate::words;

/// Deadlines of one list.
const SHOWN: i64 = 50;

/// Days that count as soon.
const SOON: u64 = 7;

#[derive(Template)]
#[template(path = "deadlines.html")]
struct DeadlinesPage {
    chrome: Chrome,
    state: &'static str,
    today: String,
    tally: Table,
    overdue: Table,
    more_overdue: bool,
    shown: i64,
    soon: Table,
    met: Table,
    without: Vec<WithoutTerms>,
    without_table: Table,
}

/// `GET /deadlines`: which children are named in it is disclosed.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let access = user.access(Purpose::Program, &portal);
    let today = portal.today(Some(state));
    let year_ago = today.checked_sub_days(Days::new(365)).unwrap_or(today);
    let (tally, lists, without, children) = portal
        .run(move |c| {
            let of = |c: &mut _, standing: Standing, due_until| {
                let which = Which {
                    standing: Some(standing.name().to_owned()),
                    due_until,
                    ..Which::default()
                };
                deadlines::soonest(c, state, &which, today, SHOWN)
            };
            let overdue = of(c, Standing::Overdue, None)?;
            let soon = of(c, Standing::Open, today.checked_add_days(Days::new(SOON)))?;
            let met = deadlines::met_lately(c, state, SHOWN)?;
            let lists = [overdue, soon, met];
            let persons: Vec<i64> = lists.iter().flatten().map(|kept| kept.person_id).collect();
            Ok((
                deadlines::tally(c, state, None, today)?,
                lists,
                deadlines::districts_without_terms(c, state, year_ago)?,
                children(c, &access, state, &persons)?,
            ))
        })
        .await?;
    let [overdue, soon, met] = lists;
    let mut without_table = Table::new(
        "Districts without terms, the most students first",
        &["District", "#Students enrolled in the last year"],
        "",
    )
    .under_heading();
    for district in &without {
        without_table.row(
            "",
            [
                district.district.as_str().into(),
                words::count(district.students).into(),
            ],
        );
    }
    view::page(&DeadlinesPage {
        chrome: Chrome::of(&user, "Deadlines", "/deadlines"),
        state: state.name(),
        today: words::day(today),
        tally: tally_table(&tally),
        more_overdue: overdue.len() as i64 == SHOWN,
        shown: SHOWN,
        overdue: table("Nothing is overdue.", &overdue, &children, today),
        soon: table("Nothing is due within a week.", &soon, &children, today),
        met: table("Nothing was met yet.", &met, &children, today),
        without,
        without_table,
    })
}

fn tally_table(tally: &[Tally]) -> Table {
    let mut table = Table::new(
        "Deadlines by duty",
        &[
            "Duty",
            "#Overdue",
            "#Open",
            "#Met late",
            "#Met in time",
            "#Start not reported",
        ],
        "No duty has started yet.",
    );
    let mut counts: BTreeMap<Duty, HashMap<&str, i64>> = BTreeMap::new();
    for row in tally {
        if let Some(duty) = Duty::of_name(&row.duty) {
            counts
                .entry(duty)
                .or_default()
                .insert(&row.standing, row.deadlines);
        }
    }
    for (duty, of) in counts {
        let number = |standing: Standing| words::count(of.get(standing.name()).copied().unwrap_or(0));
        let first = Cell::new(words::sentence(duty.words())).note(duty.source());
        let cells = Standing::ALL.map(|standing| Cell::from(number(standing)));
        table.row("", [first].into_iter().chain(cells));
    }
    table
}

fn table(empty: &'static str, list: &[Kept], children: &HashMap<i64, Child>, today: NaiveDate) -> Table {
    let mut table = Table::new(
        "Deadlines",
        &["Child", "Duty", "District", "Started", "Last day", "Standing"],
        empty,
    )
    .under_heading();
    for kept in list {
        let child = children.get(&kept.person_id);
        let name = child.map_or_else(|| "A child".to_owned(), |child| child.name.clone());
        let born = child.and_then(|child| child.birth_date).map(words::day);
        let duty = Duty::of_name(&kept.duty);
        let met = kept
            .met_on
            .zip(kept.met_by_batch)
            .map_or_else(String::new, |(day, batch)| {
                format!("by upload no. {batch}, {}", words::day(day))
            });
        table.row(
            "",
            [
                Cell::new(name)
                    .link(format!("/persons/{}", kept.person_id))
                    .note(born.map_or_else(String::new, |day| format!("born {day}"))),
                Cell::new(duty.map_or_else(|| kept.duty.clone(), |duty| words::sentence(duty.words())))
                    .note(duty.map_or("", Duty::source)),
                kept.district.clone().into(),
                kept.started_on.map(words::day).into(),
                kept.due_on.map(words::day).into(),
                Cell::default()
                    .tag(tag(standing(kept.due_on, kept.met_on, today)))
                    .note(met),
            ],
        );
    }
    table
}

fn tag(standing: Standing) -> Tag {
    match standing {
        Standing::Overdue => Tag::new("✕ Overdue", "differ"),
        Standing::Open => Tag::new("… Open", "wait"),
        Standing::Late => Tag::new("! Met late", "wait"),
        Standing::Met => Tag::new("✓ Met in time", "agree"),
        Standing::StartNotReported => Tag::new("? Start not reported", "info"),
    }
}
