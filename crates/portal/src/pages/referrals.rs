//! Referrals: school enrollments that may be migrant children, for the recruiters of their place.

use ::notices::referrals::Outcome;
use actix_web::{HttpResponse, web};
use api::v1::referrals::COUNTED_DAYS;
use askama::Template;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use store::referrals::{self, Counts, Referral, Standing};
use store::roster::Place;
use store::work_items::Taken;

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::pages::students::{place_asked, place_words};
use crate::state::Portal;
use crate::user::{Allowed, SeeStudents, User};
use crate::view::{self, Cell, Choice, Chrome, Table, Tag};
use crate::words;

/// Referrals of a page.
const ROWS: i64 = 25;

/// What is asked for, as in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    show: String,
    district: String,
    after: Option<i64>,
}

impl Ask {
    /// Which referrals, and the name of their tab.
    fn which(&self, user: &User) -> (Standing, Taken, &'static str) {
        match self.show.as_str() {
            "mine" => (Standing::Open, Taken::By(user.label()), "mine"),
            "overdue" => (Standing::Overdue, Taken::ByAnybody, "overdue"),
            "done" => (Standing::Done, Taken::ByAnybody, "done"),
            _ => (Standing::Open, Taken::ByAnybody, "open"),
        }
    }

    fn query(&self, show: &str) -> String {
        let mut query = format!("show={show}");
        if !self.district.is_empty() {
            query.push_str(&format!("&district={}", encode(&self.district)));
        }
        query
    }

    fn place(&self, user: &User) -> Result<Place, Failure> {
        place_asked(user, &self.district, "")
    }
}

struct Tab {
    href: String,
    label: &'static str,
    count: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "referrals.html")]
struct ReferralsPage {
    chrome: Chrome,
    place: String,
    facts: Vec<(&'static str, String)>,
    tabs: Vec<Tab>,
    show: String,
    district: Option<Field>,
    table: Table,
    next: String,
}

/// An outcome as it is shown.
pub(crate) fn outcome_tag(outcome: &str) -> Tag {
    let words = Outcome::named(outcome).map_or("answered", Outcome::words);
    let words = words::sentence(words);
    match Outcome::named(outcome) {
        Some(Outcome::FoundEligible) => Tag::new(format!("✓ {words}"), "agree"),
        _ => Tag::new(format!("– {words}"), ""),
    }
}

/// How a referral stands on a day.
pub(crate) fn standing_tag(referral: &Referral, today: NaiveDate) -> Tag {
    match &referral.outcome {
        Some(outcome) => outcome_tag(outcome),
        None if referral.is_overdue(today) => Tag::new("! Overdue", "differ"),
        None => Tag::new("… Open", "wait"),
    }
}

/// Who goes to see the family of an open referral.
pub(crate) fn taker(referral: &Referral) -> Option<&str> {
    let taken_by = referral
        .taken_by
        .as_deref()
        .filter(|_| referral.outcome.is_none())?;
    Some(taken_by.strip_prefix("account:").unwrap_or(taken_by))
}

/// School and district of a referral, as far as they were sent.
pub(crate) fn school(referral: &Referral) -> String {
    let school = referral.school.clone().or_else(|| {
        let code = referral.facility_code.as_ref()?;
        Some(format!("School {code}"))
    });
    school.unwrap_or_else(|| "School not sent".to_owned())
}

/// `GET /referrals?show=open|mine|overdue|done&district=&after=`. No child is named here, so nothing is disclosed.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (place, own) = (ask.place(&user)?, user.place()?);
    let today = portal.today(Some(place.state));
    let (standing, taken, show) = ask.which(&user);
    let (mine, after, now) = (Taken::By(user.label()), ask.after, portal.now());
    let (mut found, all, own_open, year, districts) = portal
        .run(move |c| {
            Ok((
                referrals::list(c, &place, (standing, &taken), today, after, ROWS + 1)?,
                referrals::counts(c, &place, DateTime::<Utc>::UNIX_EPOCH, today)?,
                referrals::count_open(c, &place, &mine)?,
                referrals::counts(c, &place, now - TimeDelta::days(COUNTED_DAYS), today)?,
                referrals::districts(c, &own)?,
            ))
        })
        .await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    let choices: Vec<Choice> = districts
        .iter()
        .map(|name| Choice::new(name, name, &ask.district))
        .collect();
    let next = found.last().filter(|_| more).map(|last| last.referral_id);
    view::page(&ReferralsPage {
        chrome: Chrome::of(&user, "Referrals", "/students"),
        place: place_words(&user),
        facts: facts(&year),
        tabs: tabs(&ask, show, &all, own_open),
        show: show.to_owned(),
        district: (choices.len() > 1)
            .then(|| Field::select("district", "District", "All districts", choices)),
        next: next.map_or_else(String::new, |id| {
            format!("/referrals?{}&after={id}", ask.query(show))
        }),
        table: table(&found, show, today),
    })
}

fn facts(counts: &Counts) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Referred", words::count(counts.referred)),
        ("Still open", words::count(counts.open)),
    ];
    for (outcome, of) in [
        (Outcome::FoundEligible, counts.found_eligible),
        (Outcome::NotEligible, counts.not_eligible),
        (Outcome::NotFound, counts.not_found),
        (Outcome::Declined, counts.declined),
    ] {
        facts.push((heading(outcome), words::count(of)));
    }
    let days = counts.median_days.map_or_else(
        || "No outcome yet".to_owned(),
        |days| match days {
            days if days < 1.0 => "Less than a day".to_owned(),
            days => format!("{days:.1}"),
        },
    );
    facts.push(("Days to the outcome, in the middle", days));
    facts
}

/// An outcome as the heading of a count.
fn heading(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::FoundEligible => "Found eligible",
        Outcome::NotEligible => "Not eligible",
        Outcome::NotFound => "Family not found",
        Outcome::Declined => "Family declined",
    }
}

fn tabs(ask: &Ask, here: &str, counts: &Counts, mine: i64) -> Vec<Tab> {
    [
        ("open", "Open", counts.open),
        ("mine", "Mine", mine),
        ("overdue", "Overdue", counts.overdue),
        ("done", "With an outcome", counts.referred - counts.open),
    ]
    .into_iter()
    .map(|(show, label, count)| Tab {
        href: format!("/referrals?{}", ask.query(show)),
        label,
        count: words::count(count),
        here: show == here,
    })
    .collect()
}

fn table(found: &[Referral], show: &str, today: NaiveDate) -> Table {
    let (caption, empty) = match show {
        "mine" => (
            "Open referrals that you have taken, the first to be due first",
            "You have taken none. Open one and choose Take.",
        ),
        "overdue" => ("Overdue referrals, the longest first", "No referral is overdue."),
        "done" => (
            "Referrals with an outcome, the latest first",
            "No referral has an outcome yet.",
        ),
        _ => (
            "Open referrals, the first to be due first",
            "No referral waits for an outcome.",
        ),
    };
    let mut table = Table::new(
        caption,
        &[
            "Your number of the child",
            "School",
            "May be",
            "~Referred",
            "~Due",
            "How it stands",
        ],
        empty,
    )
    .under_heading();
    for referral in found {
        let likely = referral.probabilities.first().copied();
        table.row(
            "",
            [
                Cell::new(&referral.state_student_id).link(format!("/referrals/{}", referral.referral_id)),
                Cell::new(school(referral)).note(referral.district.clone().unwrap_or_default()),
                Cell::new(words::counted(
                    referral.persons.len(),
                    "known child",
                    "known children",
                ))
                .note(words::likelihood(likely)),
                words::day(referral.opened_at.date_naive()).into(),
                words::day(referral.due_on).into(),
                Cell::default()
                    .tag(standing_tag(referral, today))
                    .note(taker(referral).map_or_else(String::new, |who| format!("with {who}"))),
            ],
        );
    }
    table
}
