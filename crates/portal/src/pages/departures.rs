//! Who of the user's students is expected to leave, with what is missing from the record.

use actix_web::{HttpResponse, web};
use api::answer::departures::{self as told, DepartureDocument, MOST_WEEKS, WEEKS};
use api::answer::reports::file;
use askama::Template;
use chrono::TimeDelta;
use mde::PersonId;
use serde::Deserialize;
use spreadsheet::Form;
use store::Purpose;
use store::roster::departures::{Question, departing};
use store::roster::{self, Show};

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::pages::students::{CHUNK, FILE, place_asked, place_fields, place_words};
use crate::state::Portal;
use crate::user::{Allowed, Permission, SeeStudents, User};
use crate::view::{self, Cell, Choice, Chrome, Table, Tag};
use crate::words;

/// Children of a page.
const ROWS: i64 = 25;

/// Weeks ahead that are offered.
const OFFERED: [(i64, &str); 4] = [(2, "2 weeks"), (4, "4 weeks"), (12, "12 weeks"), (26, "26 weeks")];

/// What is asked for, as in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    weeks: String,
    district: String,
    school: String,
    after: String,
    done: String,
}

impl Ask {
    fn weeks(&self) -> i64 {
        let asked = self.weeks.parse().ok();
        asked
            .filter(|weeks| (1..=MOST_WEEKS).contains(weeks))
            .unwrap_or(WEEKS)
    }

    /// The query without where the page starts.
    fn query(&self) -> String {
        let mut query = format!("weeks={}", self.weeks());
        for (key, value) in [("district", &self.district), ("school", &self.school)] {
            if !value.is_empty() {
                query.push_str(&format!("&{key}={}", encode(value)));
            }
        }
        query
    }

    fn question(&self, portal: &Portal, user: &User) -> Result<Question, Failure> {
        let place = place_asked(user, &self.district, &self.school)?;
        let day = portal.today(Some(place.state));
        Ok(Question {
            until: day + TimeDelta::weeks(self.weeks()),
            day,
            place,
        })
    }
}

#[derive(Template)]
#[template(path = "departures.html")]
struct DeparturesPage {
    chrome: Chrome,
    place: String,
    until: String,
    total: String,
    weeks: Field,
    district: Option<Field>,
    school: Option<Field>,
    table: Table,
    next: String,
    file: String,
}

/// `GET /departures?weeks=&district=&school=&after=`: who is listed is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let question = ask.question(&portal, &user)?;
    let access = user.access(Purpose::Program, &portal);
    let after = PersonId::parse(&ask.after).ok();
    let everybody = roster::Question {
        place: question.place.clone(),
        show: Show::Everybody,
        day: question.day,
        new_since: portal.now(),
    };
    let tally = portal
        .tallies()
        .of(portal.db(), &everybody, &user.place()?)
        .await?;
    let until = words::day(question.until);
    let (children, more, total) = portal
        .run(move |c| {
            let (found, more, total) = departing(c, &access, &question, after, ROWS)?;
            let children: Vec<_> = found
                .into_iter()
                .map(|departing| DepartureDocument::of(departing, &question))
                .collect();
            Ok((children, more, total))
        })
        .await?;
    let (district, school) = place_fields(&tally.places, &ask.district, &ask.school);
    let done = (ask.done == "long")
        .then_some("No file has more than 20,000 children. Choose a district, then download.");
    let query = ask.query();
    let next = children.last().filter(|_| more).map(|child| child.person_id);
    let weeks = OFFERED.map(|(weeks, label)| Choice::new(weeks.to_string(), label, &ask.weeks));
    view::page(&DeparturesPage {
        chrome: Chrome::of(&user, "Expected departures", "/students").done(done),
        place: place_words(&user),
        until,
        total: words::count(total),
        weeks: Field::select("weeks", "Within", "6 weeks", weeks.into()),
        district,
        school,
        table: table(&children, user.may(Permission::SendNotices)),
        next: next.map_or_else(String::new, |id| format!("/departures?{query}&after={id}")),
        file: format!("/departures.xlsx?{query}"),
    })
}

fn table(children: &[DepartureDocument], hands_off: bool) -> Table {
    let mut table = Table::new(
        "Children by the day on which they are expected to leave",
        &[
            "Child",
            "School",
            "Expected",
            "Why",
            "Missing from the record",
            "Hand-off",
        ],
        "Nobody is expected to leave within these weeks.",
    )
    .under_heading();
    for child in children {
        let expected = match (child.expected_from, child.expected_until) {
            (Some(from), Some(until)) if from == until => words::day(from),
            (Some(from), Some(until)) => format!("{} to {}", words::day(from), words::day(until)),
            _ => "Day not known".to_owned(),
        };
        let overdue = child.overdue.then(|| Tag::new("! Overdue", "differ"));
        let because: Vec<String> = child
            .because
            .iter()
            .map(|text| format!("{}.", words::sentence(&words::with_days(text))))
            .collect();
        let missing = match child.missing.words() {
            none if none.is_empty() => Cell::default().tag(Tag::new("✓ Nothing", "agree")),
            some => some.join("; ").into(),
        };
        let done = child.handed_off_at.map(|at| {
            let day = words::day(at.date_naive());
            Tag::new(format!("✓ Handed off {day}"), "agree")
        });
        let mut hand_off = Cell::default();
        if hands_off {
            let verb = if done.is_some() {
                "Change it for"
            } else {
                "Hand off"
            };
            hand_off = Cell::new(format!("{verb} {}", child.first_name))
                .link(format!("/hand-offs/new?person={}", child.person_id));
        }
        let school = child.school.clone().or_else(|| child.facility_code.clone());
        table.row(
            "",
            [
                Cell::new(format!("{} {}", child.first_name, child.last_name))
                    .link(format!("/persons/{}?purpose=program", child.person_id))
                    .note(format!(
                        "born {} · {}",
                        words::day_or(child.birth_date, "on an unknown date"),
                        child.state_student_id
                    )),
                Cell::new(school.unwrap_or_else(|| "Residency only".to_owned()))
                    .note(child.district.clone().unwrap_or_default()),
                Cell::new(expected).tags(overdue),
                because.join(" ").into(),
                missing,
                hand_off.tags(done),
            ],
        );
    }
    table
}

/// `GET /departures.xlsx?weeks=&district=&school=`, or `.csv`: the whole list; everybody on it is disclosed.
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    form: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let question = ask.question(&portal, &user)?;
    let access = user.access(Purpose::Program, &portal);
    let name = format!("departures-{}-{}", question.place.state, question.day);
    let children = portal
        .run(move |c| {
            let (_, _, total) = departing(c, &access, &question, None, 0)?;
            if total > FILE {
                return Ok(None);
            }
            let (mut children, mut after) = (Vec::new(), None);
            loop {
                let (part, more, _) = departing(c, &access, &question, after, CHUNK)?;
                after = part.last().map(|departing| departing.child.person_id);
                let part = part.into_iter();
                children.extend(part.map(|departing| DepartureDocument::of(departing, &question)));
                if !more {
                    return Ok(Some(children));
                }
            }
        })
        .await?;
    match children {
        Some(children) => Ok(file(&told::table(&children), &name, form)?),
        None => Ok(view::see_other(&format!("/departures?{}&done=long", ask.query()))),
    }
}
