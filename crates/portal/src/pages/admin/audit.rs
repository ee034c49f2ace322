//! Who saw whom, when and why: the search of disclosures (34 CFR 99.32). The search is written down itself.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::answer::reports as tables;
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use mde::PersonId;
use serde::Deserialize;
use spreadsheet::{Column, Form};
use store::Purpose;
use store::disclosures::{self, Found, Which};

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::pages::person;
use crate::state::Portal;
use crate::user::{Allowed, Permission, SeeAudit, User};
use crate::view::{self, Cell, Chrome, Mistakes, Table};
use crate::words;

/// Looks on a page.
const SHOWN: i64 = 50;

/// Looks of a file.
const IN_FILE: i64 = 10_000;

/// Days that are searched where nobody says otherwise.
const DAYS: u64 = 30;

const COLUMNS: [Column; 8] = [
    Column::new("at", 24),
    Column::new("who", 36),
    Column::new("state", 8),
    Column::new("on_behalf_of", 30),
    Column::new("person_id", 16),
    Column::new("purpose", 14),
    Column::new("through", 12),
    Column::new("what", 40),
];

/// What is asked, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    who: String,
    child: String,
    from: String,
    until: String,
    /// The look before which the page begins.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin_audit.html")]
struct AuditPage {
    chrome: Chrome,
    mistakes: Mistakes,
    place: &'static str,
    who: Field,
    child: Field,
    from: Field,
    until: Field,
    table: Option<Table>,
    query: String,
    next: Option<i64>,
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl Asked {
    /// The same with the last days where no day is named.
    fn with_days(mut self, today: NaiveDate) -> Self {
        if self.from.trim().is_empty() && self.until.trim().is_empty() && self.child.trim().is_empty() {
            self.from = (today - Days::new(DAYS)).to_string();
        }
        self
    }

    fn which(&self, user: &User, mistakes: &mut Mistakes) -> Which {
        let who = Some(self.who.trim().to_owned()).filter(|who| !who.is_empty());
        let person = match self.child.trim() {
            "" => None,
            number => PersonId::parse(number).ok().or_else(|| {
                mistakes.add("child", "A student record number has twelve digits. Check it.");
                None
            }),
        };
        let mut day = |field: &'static str, text: &str| match text.trim() {
            "" => None,
            text => text.parse::<NaiveDate>().ok().or_else(|| {
                mistakes.add(field, "Enter a day, such as 2026-08-17, or leave it empty.");
                None
            }),
        };
        let (from, until) = (day("from", &self.from), day("until", &self.until));
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            mistakes.add("until", "The last day is before the first.");
        }
        Which {
            state: user.acts_in,
            who,
            person,
            from: from.map(midnight),
            until: until.map(|day| midnight(day + Days::new(1))),
            before: self.before,
        }
    }

    fn query(&self) -> String {
        format!(
            "who={}&child={}&from={}&until={}",
            encode(&self.who),
            encode(&self.child),
            encode(&self.from),
            encode(&self.until)
        )
    }
}

/// Only who administers the whole state sees the looks of all of it.
fn sees_all(user: &User) -> Result<(), Failure> {
    let may = user.may_everywhere(Permission::SeeAudit);
    may.then_some(()).ok_or(Failure::Forbidden)
}

/// The same of the child that took the place of a retired number.
async fn survivors(portal: &Portal, which: Which) -> Result<Which, Failure> {
    let Some(id) = which.person else {
        return Ok(which);
    };
    let survivor = person::retired(portal, id).await?;
    Ok(Which {
        person: Some(survivor.unwrap_or(id)),
        ..which
    })
}

/// `GET /admin/audit?who=&child=&from=&until=&before=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeAudit>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Failure> {
    sees_all(&user)?;
    let asked = asked.into_inner().with_days(portal.now().date_naive());
    let mut mistakes = Mistakes::default();
    let which = survivors(&portal, asked.which(&user, &mut mistakes)).await?;
    let found = if mistakes.is_empty() {
        let access = user.access(Purpose::Program, &portal);
        Some(
            portal
                .run(move |c| Ok(disclosures::search(c, &access, &which, SHOWN)?))
                .await?,
        )
    } else {
        None
    };
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let full = |found: &&Vec<Found>| found.len() as i64 == SHOWN;
    let last = found.as_ref().filter(full).and_then(|found| found.last());
    let page = AuditPage {
        chrome: Chrome::of(&user, "Who saw whom", "/admin"),
        place: user.acts_in.map_or("all states", mde::StateCode::name),
        who: Field::text("who", "Who looked", &asked.who)
            .hint("A part of an e-mail address, or of the user behind a state’s system")
            .maximum(100),
        child: Field::text("child", "Student record number", &asked.child)
            .hint("Twelve digits; retired numbers lead to the child, too")
            .maximum(14)
            .judged(&mistakes),
        from: Field::input("from", "From", &asked.from, "date").judged(&mistakes),
        until: Field::input("until", "Until", &asked.until, "date")
            .hint("Days are those of UTC")
            .judged(&mistakes),
        next: last.map(|last| last.disclosure_id),
        table: found.as_deref().map(table),
        query: asked.query(),
        mistakes,
    };
    view::page_with(status, &page)
}

/// Who looked, in words: an address, a state's system or the operator.
pub(crate) fn who(actor: &str) -> &str {
    match actor.split_once(':') {
        Some(("certificate", _)) => "State system",
        Some(("operator", _)) => "The hub’s operator",
        Some((_, name)) => name,
        None => actor,
    }
}

fn table(found: &[Found]) -> Table {
    let mut table = Table::new(
        "Looks, the newest first",
        &["~When", "Who", "For", "~Child", "Purpose", "Through", "What"],
        "Nobody looked, as far as this was asked.",
    )
    .under_heading();
    for look in found {
        let child = look.person_id.and_then(|number| PersonId::new(number).ok());
        let behind = look.on_behalf_of.as_deref().map(|user| format!("for {user}"));
        table.row(
            "",
            [
                words::instant(look.at).into(),
                Cell::new(who(&look.actor)).note(behind.unwrap_or_default()),
                look.actor_state
                    .as_deref()
                    .map_or_else(|| "Federal".into(), words::state_name)
                    .into(),
                child.map(|id| id.to_string()).into(),
                words::sentence(&look.purpose).into(),
                words::sentence(&look.channel).into(),
                look.categories.join(", ").into(),
            ],
        );
    }
    table
}

/// `GET /admin/audit.{form}`: at most ten thousand looks.
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeAudit>,
    form: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Failure> {
    sees_all(&user)?;
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let asked = asked.into_inner().with_days(portal.now().date_naive());
    let mut mistakes = Mistakes::default();
    let which = asked.which(&user, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Failure::BadRequest);
    }
    let which = survivors(&portal, which).await?;
    let access = user.access(Purpose::Program, &portal);
    let found = portal
        .run(move |c| Ok(disclosures::search(c, &access, &which, IN_FILE)?))
        .await?;
    let rows = found.iter().map(|look| {
        let child = look.person_id.and_then(|number| PersonId::new(number).ok());
        vec![
            look.at.to_rfc3339().into(),
            look.actor.clone().into(),
            look.actor_state.clone().into(),
            look.on_behalf_of.clone().into(),
            child.map(|id| id.to_string()).into(),
            look.purpose.clone().into(),
            look.channel.clone().into(),
            look.categories.join(", ").into(),
        ]
    });
    let table = spreadsheet::Table::new("looks", &COLUMNS).with(rows);
    Ok(tables::file(&table, "who-saw-whom", form)?)
}
