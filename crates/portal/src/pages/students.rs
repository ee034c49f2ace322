//! My students: whom the user's districts or state have now.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::answer::reports::file;
use api::answer::students as sheet;
use askama::Template;
use chrono::TimeDelta;
use mde::PersonId;
use serde::Deserialize;
use spreadsheet::Form;
use store::roster::{self, Counts, Listed, Place, PlaceCount, Question, Show};
use store::saved_filters::{self, SavedFilter};
use store::{Purpose, new_children};

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::pages::near_matches::name;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, SeeStudents, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Name of the page for its saved filters.
const PAGE: &str = "students";

/// Rows of a page that can be chosen, the first unless asked otherwise.
const ROWS: [i64; 2] = [25, 50];

/// Who never looked sees as new who came within so many days.
const FIRST_DAYS: i64 = 14;

/// Looks less than this apart are one visit.
const PAUSE_MINUTES: i64 = 30;

/// Children of a file at most; a longer list is asked for by district.
pub(crate) const FILE: i64 = 20_000;

/// Children of a file that are read at once.
pub(crate) const CHUNK: i64 = 1_000;

/// Most characters of a filter's name.
const NAME: usize = 60;

/// What is asked for, as in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    show: String,
    district: String,
    school: String,
    rows: String,
    after: String,
    done: String,
}

impl Ask {
    fn rows(&self) -> i64 {
        let asked = self.rows.parse().ok();
        asked.filter(|rows| ROWS.contains(rows)).unwrap_or(ROWS[0])
    }

    fn shown(&self) -> Show {
        Show::named(&self.show).unwrap_or_default()
    }

    /// The query without where the page starts: what a filter keeps.
    fn query(&self, show: Show) -> String {
        let mut query = format!("show={}", show.name());
        for (key, value) in [
            ("district", &self.district),
            ("school", &self.school),
            ("rows", &self.rows),
        ] {
            if !value.is_empty() {
                query.push_str(&format!("&{key}={}", encode(value)));
            }
        }
        query
    }

    /// The question, which never leaves the user's own districts.
    fn question(&self, portal: &Portal, user: &User) -> Result<Question, Failure> {
        let place = place_asked(user, &self.district, &self.school)?;
        Ok(Question {
            day: portal.today(Some(place.state)),
            show: self.shown(),
            new_since: portal.now() - TimeDelta::days(FIRST_DAYS),
            place,
        })
    }
}

/// The place asked about by a district and a school, each empty for all: never outside of the user's own districts.
pub(crate) fn place_asked(user: &User, district: &str, school: &str) -> Result<Place, Failure> {
    let mut place = user.place()?;
    if !district.is_empty() {
        let own = place.districts.as_ref().is_none_or(|own| {
            own.iter()
                .any(|name| name.to_lowercase() == district.to_lowercase())
        });
        if !own {
            return Err(Failure::NotFound);
        }
        place.districts = Some(vec![district.to_owned()]);
    }
    place.school = Some(school.to_owned()).filter(|code| !code.is_empty());
    Ok(place)
}

struct Filter {
    href: String,
    label: &'static str,
    count: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "students.html")]
struct StudentsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    place: String,
    today: String,
    filters: Vec<Filter>,
    show: &'static str,
    shown: &'static str,
    district: Option<Field>,
    school: Option<Field>,
    rows: Field,
    table: Table,
    next: String,
    file: String,
    saved: Vec<SavedFilter>,
    query: String,
    name: Field,
    waiting: new_children::Waiting,
    acknowledges: bool,
}

/// A list in the words of the page.
fn label(show: Show) -> &'static str {
    match show {
        Show::Everybody => "Everybody",
        Show::New => "New since your last visit",
        Show::Expiring => "Eligibility ends within 60 days",
        Show::Priority => "Priority for services",
        Show::EnglishLearner => "English learners",
        Show::SpecialEducation => "Special education",
        Show::Alerts => "Open alerts",
        Show::OutOfSchool => "Out-of-school youth",
    }
}

/// `GET /students?show=&district=&school=&rows=&after=`: who is listed is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    page(&portal, &user, &ask, Mistakes::default(), "").await
}

async fn page(
    portal: &Portal,
    user: &User,
    ask: &Ask,
    mistakes: Mistakes,
    typed: &str,
) -> Result<HttpResponse, Failure> {
    let mut question = ask.question(portal, user)?;
    let own = user.place()?;
    let access = user.access(Purpose::Program, portal);
    let (account, now, rows) = (user.account_id, portal.now(), ask.rows());
    let after = PersonId::parse(&ask.after).ok();
    let tally = portal.tallies().of(portal.db(), &question, &own).await?;
    let (asked, new, saved, waiting, (children, more)) = portal
        .run(move |c| {
            let visit = (question.new_since, TimeDelta::minutes(PAUSE_MINUTES));
            question.new_since = roster::visit(c, account, own.state, now, visit)?;
            let new = roster::count_new(c, &question)?;
            let saved = saved_filters::of(c, account, PAGE)?;
            let waiting = new_children::count_open(c, &own)?;
            let listed = roster::listed(c, &access, &question, after, rows)?;
            Ok((question, new, saved, waiting, listed))
        })
        .await?;
    let done = match ask.done.as_str() {
        "kept" => Some("The filter is kept under that name."),
        "forgotten" => Some("The filter is forgotten."),
        "long" => Some("No file has more than 20,000 children. Choose a district, then download."),
        _ => None,
    };
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let query = ask.query(asked.show);
    let next = children.last().filter(|_| more).map(|child| child.person_id);
    let (district, school) = place_fields(&tally.places, &ask.district, &ask.school);
    let page = StudentsPage {
        chrome: Chrome::of(user, "My students", "/students").done(done),
        place: place_words(user),
        today: words::day(asked.day),
        filters: filters(ask, asked.show, (&tally.counts, new)),
        show: asked.show.name(),
        shown: label(asked.show),
        district,
        school,
        rows: Field::select(
            "rows",
            "Rows",
            "25 rows",
            vec![Choice::new("50", "50 rows", &ask.rows)],
        ),
        table: table(&children, asked.show),
        next: next.map_or_else(String::new, |id| format!("/students?{query}&after={id}")),
        file: format!("/students.xlsx?{query}"),
        saved,
        query,
        name: Field::text("name", "Name of this filter", typed)
            .maximum(NAME)
            .judged(&mistakes),
        waiting,
        acknowledges: user.may(Permission::AcknowledgeChildren),
        mistakes,
    };
    view::page_with(status, &page)
}

/// Where the user's students are, in words.
pub(crate) fn place_words(user: &User) -> String {
    let state = user.acts_in.map_or("", mde::StateCode::name);
    match &user.serves {
        None => state.to_owned(),
        Some(districts) => format!("{} in {state}", districts.join(", ")),
    }
}

fn filters(ask: &Ask, here: Show, (counts, new): (&Counts, i64)) -> Vec<Filter> {
    let filter = |show: Show| Filter {
        href: format!("/students?{}", ask.query(show)),
        label: label(show),
        count: words::count(counts.of(show, new)),
        here: show == here,
    };
    Show::ALL.map(filter).into()
}

/// The districts and schools to choose from, each where there are several.
pub(crate) fn place_fields(
    places: &[PlaceCount],
    district: &str,
    school: &str,
) -> (Option<Field>, Option<Field>) {
    (
        district_field(places, district),
        school_field(places, district, school),
    )
}

/// The districts to choose from, where there are several.
fn district_field(places: &[PlaceCount], chosen: &str) -> Option<Field> {
    let mut names: Vec<&String> = places
        .iter()
        .filter_map(|place| place.district.as_ref())
        .collect();
    names.dedup_by_key(|name| name.to_lowercase());
    let choices: Vec<Choice> = names
        .into_iter()
        .map(|name| Choice::new(name, name, chosen))
        .collect();
    (choices.len() > 1).then(|| Field::select("district", "District", "All districts", choices))
}

/// The schools of the district that is chosen, or of the only one.
fn school_field(places: &[PlaceCount], district: &str, school: &str) -> Option<Field> {
    let here = |place: &&PlaceCount| {
        district.is_empty()
            || place
                .district
                .as_ref()
                .is_some_and(|name| name.to_lowercase() == district.to_lowercase())
    };
    let choice = |place: &PlaceCount| {
        let code = place.code.as_ref()?;
        let name = place.name.as_ref().unwrap_or(code);
        let label = format!("{name} ({})", words::count(place.children));
        Some(Choice::new(code, label, school))
    };
    let choices: Vec<Choice> = places.iter().filter(here).filter_map(choice).collect();
    (choices.len() > 1).then(|| Field::select("school", "School or project", "All schools", choices))
}

fn table(children: &[Listed], show: Show) -> Table {
    let mut table = Table::new(
        "Children by last name",
        &["Child", "School", "Grade", "~Enrolled since", "~Eligible until", "To look at"],
        match show {
            Show::Everybody => {
                "No migratory child is enrolled and eligible here today. Children appear as soon as your state has sent them."
            }
            Show::New => "Nobody is new since your last visit.",
            _ => "No child is on this list.",
        },
    )
    .under_heading();
    for child in children {
        let (entry, identity) = (&child.entry, &child.student.identity);
        let flags = [
            (entry.priority_for_services, "Priority", "wait"),
            (entry.alerts, "Open alert", "differ"),
            (entry.english_learner, "English learner", "info"),
            (entry.special_education, "Special education", "info"),
            (entry.out_of_school, "Out of school", "wait"),
        ];
        let tags = flags
            .into_iter()
            .filter(|(flag, ..)| *flag)
            .map(|(_, words, class)| Tag::new(words, class));
        let born = identity.birth_date.map(mde::Date::day);
        let school = child
            .school
            .clone()
            .or_else(|| entry.facility_code.clone())
            .unwrap_or_else(|| "Residency only".to_owned());
        table.row(
            "",
            [
                Cell::new(name(identity))
                    .link(format!("/persons/{}?purpose=program", child.person_id))
                    .note(format!(
                        "born {} · {}",
                        words::day_or(born, "on an unknown date"),
                        identity.state_student_id
                    )),
                Cell::new(school).note(entry.district.clone().unwrap_or_default()),
                child.grade().map(words::sentence).into(),
                words::day(entry.enrolled_on).into(),
                words::day(entry.eligible_until).into(),
                Cell::default().tags(tags),
            ],
        );
    }
    table
}

/// `GET /students.xlsx?show=&district=&school=`: the whole list as a workbook; everybody on it is disclosed.
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let mut question = ask.question(&portal, &user)?;
    let tally = portal
        .tallies()
        .of(portal.db(), &question, &user.place()?)
        .await?;
    if tally.counts.of(question.show, 0) > FILE {
        let query = ask.query(question.show);
        return Ok(view::see_other(&format!("/students?{query}&done=long")));
    }
    let access = user.access(Purpose::Program, &portal);
    let account = user.account_id;
    let name = format!("students-{}-{}", question.place.state, question.day);
    let children = portal
        .run(move |c| {
            question.new_since = roster::new_since(c, account, question.place.state, question.new_since)?;
            let (mut children, mut after) = (Vec::new(), None);
            loop {
                let (part, more) = roster::listed(c, &access, &question, after, CHUNK)?;
                after = part.last().map(|child| child.person_id);
                children.extend(part);
                if !more {
                    return Ok(children);
                }
            }
        })
        .await?;
    Ok(file(&sheet::table(&children), &name, Form::Xlsx)?)
}

/// A filter to keep, or to forget.
#[derive(Debug, Deserialize)]
pub(crate) struct Keep {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    /// The name of the filter to forget.
    #[serde(default)]
    forget: String,
}

/// `POST /students/filters`
pub(crate) async fn keep(
    portal: web::Data<Portal>,
    guarded: Guarded<SeeStudents, Keep>,
) -> Result<HttpResponse, Failure> {
    let (user, Keep { name, query, forget }) = (guarded.user, guarded.form);
    // Only what the page itself understands is kept.
    let ask = web::Query::<Ask>::from_query(&query).map_or_else(|_| Ask::default(), web::Query::into_inner);
    let query = ask.query(ask.shown());
    let (account, now) = (user.account_id, portal.now());
    if !forget.is_empty() {
        portal
            .run(move |c| Ok(saved_filters::forget(c, account, PAGE, &forget)?))
            .await?;
        return Ok(view::see_other(&format!("/students?{query}&done=forgotten")));
    }
    let trimmed = name.trim().to_owned();
    let mut mistakes = Mistakes::default();
    if trimmed.is_empty() || trimmed.chars().count() > NAME {
        mistakes.add("name", "Give the filter a name of 1 to 60 characters.");
        return page(&portal, &user, &ask, mistakes, &name).await;
    }
    let filter = SavedFilter {
        name: trimmed,
        query: query.clone(),
    };
    let kept = portal
        .run(move |c| Ok(saved_filters::save(c, account, PAGE, &filter, now)?))
        .await?;
    if !kept {
        mistakes.add(
            "name",
            "You keep 20 filters already. Forget one first, or use its name again.",
        );
        return page(&portal, &user, &ask, mistakes, &name).await;
    }
    Ok(view::see_other(&format!("/students?{query}&done=kept")))
}
