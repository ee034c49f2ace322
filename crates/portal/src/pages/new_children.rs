//! Children who are new in the user's districts, and those who have gone from them to another one of the state, until
//! somebody there says that it is seen.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use askama::filters::HtmlSafe;
use serde::Deserialize;
use store::Purpose;
use store::new_children::{self, Alert, Told};

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

/// Where each list starts, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    after: i64,
    gone_after: i64,
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

/// Children to tick off.
#[derive(Template)]
#[template(path = "to_acknowledge.html")]
struct ToAcknowledge {
    items: Vec<Item>,
    /// What is said where there are none.
    none: &'static str,
    legend: &'static str,
    button: &'static str,
    acknowledges: bool,
    csrf: String,
    /// Where the next ones are.
    next: Option<String>,
}

impl HtmlSafe for ToAcknowledge {}

#[derive(Template)]
#[template(path = "new_children.html")]
struct NewChildrenPage {
    chrome: Chrome,
    place: String,
    new: ToAcknowledge,
    gone: ToAcknowledge,
    seen: Table,
}

/// Why a child is new, or where it has gone, in words.
pub(crate) fn reason(alert: &Alert) -> String {
    let day = words::day(alert.happened_on);
    let to = alert.to_district.as_deref().unwrap_or_default();
    match alert.reason.as_str() {
        new_children::LEFT => format!("gone to {to}, enrolled there from {day}"),
        "certified" => format!("newly certified, {day}"),
        _ => format!("newly enrolled, {day}"),
    }
}

/// The name of a child.
pub(crate) fn who(child: Option<&Child>) -> String {
    child.map_or_else(|| "Record not available".to_owned(), |child| child.name.clone())
}

fn facts(alert: &Alert, child: Option<&Child>) -> String {
    let born = child.and_then(|child| child.birth_date);
    let school = alert.facility_code.as_ref().map(|code| format!("school {code}"));
    let district = alert.district.clone();
    let (district, school) = match alert.told() {
        Told::New => (district, school),
        Told::Gone => (school, district.map(|left| format!("left {left}"))),
    };
    let parts = [
        Some(words::sentence(&reason(alert))),
        district,
        school,
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

/// `GET /new-children?after=&gone_after=`: who is named is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let place = user.place()?;
    let access = user.access(Purpose::Program, &portal);
    let (now, after, gone_after) = (portal.now(), ask.after, ask.gone_after);
    let (new, gone, seen, known) = portal
        .run(move |c| {
            let new = new_children::open(c, &place, Told::New, now, after, ALERTS)?;
            let gone = new_children::open(c, &place, Told::Gone, now, gone_after, ALERTS)?;
            let seen = new_children::acknowledged(c, &place, SEEN)?;
            let all = new.iter().chain(&gone).chain(&seen);
            let persons: Vec<i64> = all.map(|alert| alert.person_id).collect();
            let known = children(c, &access, place.state, &persons)?;
            Ok((new, gone, seen, known))
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
    let chrome = Chrome::of(&user, "New and gone children", "/students").done(done);
    let (csrf, acknowledges) = (chrome.csrf.clone(), user.may(Permission::AcknowledgeChildren));
    let last = |alerts: &[Alert]| {
        let last = alerts.last().filter(|_| alerts.len() as i64 == ALERTS);
        last.map(|alert| alert.new_child_id)
    };
    view::page(&NewChildrenPage {
        place: place_words(&user),
        new: ToAcknowledge {
            items: items(&new, &known),
            none: "No new child waits to be seen.",
            legend: "New children to acknowledge",
            button: "I have seen these children",
            acknowledges,
            csrf: csrf.clone(),
            next: last(&new).map(|id| format!("/new-children?after={id}&gone_after={gone_after}")),
        },
        gone: ToAcknowledge {
            items: items(&gone, &known),
            none: "Nobody who has gone to another district waits to be seen.",
            legend: "Children who have gone, to acknowledge",
            button: "I have seen that they have gone",
            acknowledges,
            csrf,
            next: last(&gone).map(|id| format!("/new-children?after={after}&gone_after={id}#gone")),
        },
        seen: table,
        chrome,
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
