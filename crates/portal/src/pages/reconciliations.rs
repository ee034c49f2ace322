//! Reconciliation: the differences between a state's own list and the hub, and what is said of each.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use store::Purpose;
use store::reconciliations::{self, Campaign, Decision, Difference, Statuses, Wanted};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Reconcile, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Differences of a page.
const PAGE: i64 = 100;

/// Characters of the longest note.
const NOTE: usize = 1_000;

#[derive(Template)]
#[template(path = "reconciliations.html")]
struct ListPage {
    chrome: Chrome,
    table: Table,
}

/// `GET /reconciliations`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<Reconcile>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let found = portal
        .run(move |c| Ok(reconciliations::list(c, Some(state))?))
        .await?;
    let mut table = Table::new(
        "Campaigns",
        &[
            "Campaign",
            "~Opened",
            "#In the list",
            "#At Mariposa",
            "#Agreed",
            "#Open",
        ],
        "No list of your state has been compared yet.",
    )
    .under_heading();
    for (campaign, statuses) in &found {
        let id = campaign.reconciliation_id;
        table.row(
            "",
            [
                Cell::new(format!("No. {id}, as of {}", words::day(campaign.list_date)))
                    .link(format!("/reconciliations/{id}"))
                    .note(campaign.file_name.clone()),
                words::instant(campaign.opened_at).into(),
                words::count(campaign.in_list).into(),
                words::count(campaign.in_hub).into(),
                words::count(campaign.agreed).into(),
                words::count(statuses.get("open").copied().unwrap_or(0)).into(),
            ],
        );
    }
    view::page(&ListPage {
        chrome: Chrome::of(&user, "Reconciliation", "/reconciliations"),
        table,
    })
}

/// Which differences, and which page of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    status: String,
    after: Option<i32>,
}

/// What is said of a difference, as typed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Saying {
    ordinal: String,
    status: String,
    note: String,
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct CampaignPage {
    chrome: Chrome,
    mistakes: Mistakes,
    id: i64,
    day: String,
    summary: String,
    shown: Vec<Choice>,
    status_shown: String,
    table: Table,
    more: Option<i32>,
    ordinal: Field,
    status: Field,
    note: Field,
}

/// What a difference can be.
const WORDS: [(&str, &str); 3] = [
    ("explained", "Explained: it is right as it is"),
    ("corrected", "Corrected: one side was mended"),
    ("disputed", "Disputed: the sides disagree"),
];

/// `GET /reconciliations/{id}?status=&after=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<Reconcile>,
    id: web::Path<i64>,
    which: web::Query<Which>,
) -> Result<HttpResponse, Failure> {
    page(
        &portal,
        &user,
        *id,
        &which,
        &Saying::default(),
        Mistakes::default(),
    )
    .await
}

async fn page(
    portal: &Portal,
    user: &User,
    id: i64,
    which: &Which,
    said: &Saying,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let (state, access) = (user.state()?, user.access(Purpose::Program, portal));
    let status = match which.status.as_str() {
        "all" => None,
        "explained" | "corrected" | "disputed" => Some(which.status.clone()),
        _ => Some("open".to_owned()),
    };
    let wanted = Wanted {
        reconciliation_id: id,
        scope: user.judge().scope,
        status: status.clone(),
        after: which.after,
        limit: PAGE,
    };
    let ((campaign, statuses), found) = portal
        .run(move |c| {
            let campaign = reconciliations::find(c, id, Some(state))?.ok_or(Failure::NotFound)?;
            Ok((campaign, reconciliations::differences(c, &access, &wanted)?))
        })
        .await?;
    let status_shown = status.unwrap_or_else(|| "all".to_owned());
    let shown = ["open", "explained", "corrected", "disputed", "all"];
    let choices = WORDS.map(|(value, label)| Choice::new(value, label, &said.status));
    let answer = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = CampaignPage {
        chrome: Chrome::of(user, format!("Reconciliation no. {id}"), "/reconciliations"),
        id,
        day: words::day(campaign.list_date),
        summary: summary(&campaign, &statuses),
        shown: shown
            .map(|status| Choice::new(status, words::sentence(status), &status_shown))
            .to_vec(),
        status_shown,
        table: table(&found),
        more: found
            .last()
            .filter(|_| found.len() as i64 == PAGE)
            .map(|last| last.ordinal),
        ordinal: Field::text("ordinal", "Number of the difference", &said.ordinal)
            .maximum(9)
            .judged(&mistakes),
        status: Field::select("status", "What it is", "Choose one", choices.to_vec()).judged(&mistakes),
        note: Field::area("note", "Why", &said.note)
            .hint("Nothing sensitive")
            .maximum(NOTE)
            .judged(&mistakes),
        mistakes,
    };
    view::page_with(answer, &page)
}

fn summary(campaign: &Campaign, statuses: &Statuses) -> String {
    let count = |status: &str| words::count(statuses.get(status).copied().unwrap_or(0));
    format!(
        "{} children in the list, {} at Mariposa, {} agree in everything. Differences of the whole state: {} open, {} explained, {} corrected, {} disputed.",
        words::count(campaign.in_list),
        words::count(campaign.in_hub),
        words::count(campaign.agreed),
        count("open"),
        count("explained"),
        count("corrected"),
        count("disputed"),
    )
}

fn table(found: &[Difference]) -> Table {
    let mut table = Table::new(
        "Differences",
        &[
            "No.",
            "Student",
            "What differs",
            "In the list",
            "At Mariposa",
            "District",
            "Status",
        ],
        "No differences of this status on your worklist.",
    )
    .under_heading();
    for of in found {
        let (status, class) = match of.status.as_str() {
            "open" => ("! Open", "wait"),
            "disputed" => ("✕ Disputed", "differ"),
            "corrected" => ("✓ Corrected", "agree"),
            _ => ("✓ Explained", "agree"),
        };
        table.row(
            "",
            [
                Cell::new(of.ordinal.to_string()),
                of.state_student_id.as_str().into(),
                Cell::new(words::sentence(&of.kind.replace('_', " "))).note(words::sentence(&of.reason)),
                of.in_list.clone().into(),
                of.in_hub.clone().into(),
                of.district.clone().into(),
                Cell::default()
                    .tag(Tag::new(status, class))
                    .note(of.note.clone().unwrap_or_default()),
            ],
        );
    }
    table
}

/// `POST /reconciliations/{id}`
pub(crate) async fn decide(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<Reconcile, Saying>,
) -> Result<HttpResponse, Failure> {
    let (user, said, id) = (guarded.user, guarded.form, *id);
    let mut mistakes = Mistakes::default();
    let ordinal = said.ordinal.trim().parse::<i32>().ok();
    if ordinal.is_none() {
        mistakes.add("ordinal", "Enter the number that stands before the difference.");
    }
    if !WORDS.iter().any(|(word, _)| *word == said.status) {
        mistakes.add("status", "Choose what the difference is.");
    }
    let note = said.note.trim().to_owned();
    if !(1..=NOTE).contains(&note.chars().count()) {
        mistakes.add("note", "Say why, for who looks later.");
    }
    if let (Some(ordinal), true) = (ordinal, mistakes.is_empty()) {
        let (state, scope, by, at) = (user.state()?, user.judge().scope, user.label(), portal.now());
        let status = said.status.clone();
        let decided = portal
            .run(move |c| {
                reconciliations::find(c, id, Some(state))?.ok_or(Failure::NotFound)?;
                let decision = Decision {
                    status: &status,
                    note: &note,
                    by: &by,
                    at,
                };
                Ok(reconciliations::decide(c, id, ordinal, &scope, decision)?)
            })
            .await?;
        if decided {
            return Ok(view::see_other(&format!("/reconciliations/{id}")));
        }
        mistakes.add("ordinal", "No difference on your worklist has this number.");
    }
    page(&portal, &user, id, &Which::default(), &said, mistakes).await
}
