//! Children who are new in the user's districts, until somebody there says that it is seen.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use store::Purpose;
use store::new_children::{self, Alert};

use crate::failure::Failure;
use crate::pages::notices::{Child, children};
use crate::pages::students::place_words;
use crate::state::Portal;
use crate::user::{AcknowledgeChildren, Allowed, Guarded, Permission, SeeStudents};
use crate::view::{self, Cell, Chrome, Table, Tag};
use crate::words;

/// Alerts of a page.
const ALERTS: i64 = 50;

/// Acknowledged alerts that are shown.
const SEEN: i64 = 25;

/// What begins the name of a box that is ticked.
const BOX: &str = "seen-";

/// Where the page starts, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    after: i64,
    done: String,
}

struct Item {
    id: i64,
    child: String,
    href: String,
    facts: String,
    /// That a correction took it back.
    tag: Option<Tag>,
}

#[derive(Template)]
#[template(path = "new_children.html")]
struct NewChildrenPage {
    chrome: Chrome,
    place: String,
    items: Vec<Item>,
    acknowledges: bool,
    next: Option<i64>,
    seen: Table,
}

/// Why a child is new, in words.
pub(crate) fn reason(alert: &Alert) -> String {
    let what = match alert.reason.as_str() {
        "certified" => "newly certified",
        _ => "newly enrolled",
    };
    format!("{what}, {}", words::day(alert.happened_on))
}

/// The name of a child.
pub(crate) fn who(child: Option<&Child>) -> String {
    child.map_or_else(|| "Record not available".to_owned(), |child| child.name.clone())
}

fn facts(alert: &Alert, child: Option<&Child>) -> String {
    let born = child.and_then(|child| child.birth_date);
    let parts = [
        Some(words::sentence(&reason(alert))),
        alert.district.clone(),
        alert.facility_code.as_ref().map(|code| format!("school {code}")),
        Some(format!("born {}", words::day_or(born, "on an unknown date"))),
        Some(format!("told {}", words::day(alert.raised_at.date_naive()))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The alerts as a list to tick off; a withdrawn one says so.
fn items(alerts: &[Alert], known: &HashMap<i64, Child>) -> Vec<Item> {
    let item = |alert: &Alert| Item {
        id: alert.new_child_id,
        child: who(known.get(&alert.person_id)),
        href: format!("/persons/{}?purpose=program", alert.person_id),
        facts: facts(alert, known.get(&alert.person_id)),
        tag: alert.withdrawn_at.map(|at| {
            Tag::new(
                format!("Withdrawn {}: corrected", words::day(at.date_naive())),
                "differ",
            )
        }),
    };
    alerts.iter().map(item).collect()
}

/// `GET /new-children?after=`: who is named is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let place = user.place()?;
    let access = user.access(Purpose::Program, &portal);
    let (now, after) = (portal.now(), ask.after);
    let (open, seen, known) = portal
        .run(move |c| {
            let open = new_children::open(c, &place, now, after, ALERTS)?;
            let seen = new_children::acknowledged(c, &place, SEEN)?;
            let persons: Vec<i64> = open.iter().chain(&seen).map(|alert| alert.person_id).collect();
            let known = children(c, &access, place.state, &persons)?;
            Ok((open, seen, known))
        })
        .await?;
    let done = match ask.done.as_str() {
        "seen" => Some("Written down: you have seen these children."),
        "before" => Some("Somebody had seen them before. Nothing was changed."),
        "none" => Some("Tick the children whom you have seen, then save."),
        _ => None,
    };
    let mut table = Table::new(
        "Seen last",
        &["Child", "Why", "District", "~Seen", "By"],
        "Nobody has acknowledged a child here yet.",
    )
    .under_heading();
    for alert in &seen {
        let by = alert.acknowledged_by.as_deref().unwrap_or_default();
        table.row(
            "",
            [
                Cell::new(who(known.get(&alert.person_id)))
                    .link(format!("/persons/{}?purpose=program", alert.person_id)),
                words::sentence(&reason(alert)).into(),
                alert.district.clone().into(),
                alert.acknowledged_at.map(words::instant).into(),
                by.strip_prefix("account:").unwrap_or(by).into(),
            ],
        );
    }
    view::page(&NewChildrenPage {
        chrome: Chrome::of(&user, "New children", "/students").done(done),
        place: place_words(&user),
        next: open
            .last()
            .filter(|_| open.len() as i64 == ALERTS)
            .map(|alert| alert.new_child_id),
        items: items(&open, &known),
        acknowledges: user.may(Permission::AcknowledgeChildren),
        seen: table,
    })
}

/// `POST /new-children`: a box `seen-` and the number of an alert for each that was seen.
pub(crate) async fn acknowledge(
    portal: web::Data<Portal>,
    guarded: Guarded<AcknowledgeChildren, HashMap<String, String>>,
) -> Result<HttpResponse, Failure> {
    let (user, form) = (guarded.user, guarded.form);
    let ids: Vec<i64> = form
        .keys()
        .filter_map(|key| key.strip_prefix(BOX)?.parse().ok())
        .collect();
    let (place, by, now) = (user.place()?, user.label(), portal.now());
    if ids.is_empty() {
        return Ok(view::see_other("/new-children?done=none"));
    }
    let seen = portal
        .run(move |c| Ok(new_children::acknowledge(c, &place, &ids, &by, now)?))
        .await?;
    if seen.is_empty() {
        return Err(Failure::NotFound);
    }
    Ok(view::see_other(if seen.iter().any(|(_, now)| *now) {
        "/new-children?done=seen"
    } else {
        "/new-children?done=before"
    }))
}
