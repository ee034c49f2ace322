//! The closing hand-off of a child that leaves: one screen for what the school knows last, kept as the state's
//! unconfirmed note.

use std::collections::HashMap;

use ::notices::Sender;
use ::notices::hand_offs::{self as hand_offs, COURSES, CourseSoFar, Leaving};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::PgConnection;
use mde::{PersonId, StateCode};
use records::hand_offs::CourseSoFar as KeptCourse;
use records::missing::is_under_way;
use serde::Deserialize;
use store::hand_offs::HandOff;
use store::persons::{PersonRecord, StudentRecord};
use store::{Purpose, data_requests, links, participants, persons};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::data_requests::typed_day;
use crate::pages::near_matches::name;
use crate::pages::notices::NOTE;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, SendNotices, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Rows for courses that the record does not have.
const MORE: usize = 2;

/// What is disclosed of the child.
const CATEGORIES: [&str; 3] = ["identity", "enrollments", "courses"];

/// A hand-off as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HandOffForm {
    /// Made with the page, so that a form sent twice writes one hand-off.
    once: String,
    person: String,
    last_day: String,
    to_state: String,
    to_place: String,
    contact: String,
    note: String,
    /// Ticked: the other state is told at once.
    tell: String,
    /// Of each course `title-`, `grade-` and `hours-` with its place, from 0.
    #[serde(flatten)]
    more: HashMap<String, String>,
}

/// A course in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Row {
    title: String,
    grade: String,
    hours: String,
    /// Whether the title stands in the record.
    known: bool,
    /// What is wrong with it, as a sentence without the title.
    wrong: String,
}

impl Row {
    /// What is said of the course, if anything is.
    fn said(&self) -> Option<CourseSoFar> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let course = CourseSoFar {
            title: self.title.clone(),
            grade_to_date: given(&self.grade),
            clock_hours: given(&self.hours),
        };
        let is_said = course.grade_to_date.is_some() || course.clock_hours.is_some();
        (is_said || !(self.known || self.title.is_empty())).then_some(course)
    }
}

#[derive(Template)]
#[template(path = "hand_off.html")]
struct HandOffPage {
    chrome: Chrome,
    mistakes: Mistakes,
    once: String,
    person: String,
    child: String,
    state: &'static str,
    last_day: Field,
    to_state: Field,
    to_place: Field,
    contact: Field,
    note: Field,
    tell: bool,
    rows: Vec<Row>,
    courses_wrong: String,
    /// The hand-off that holds: its number, and when it was written.
    kept: Option<(i64, String)>,
    earlier: Table,
}

/// Which child, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Of {
    person: String,
    done: String,
}

struct Read {
    person: PersonId,
    /// The state's own student.
    own: StudentRecord,
    states: Vec<StateCode>,
    hand_offs: Vec<HandOff>,
}

/// Whether the child is or was at a school in the user's districts.
fn is_within(user: &User, state: StateCode, record: &PersonRecord) -> bool {
    user.serves.as_ref().is_none_or(|districts| {
        records::roster::places(record).iter().any(|(of, district, _)| {
            let served = |name: &String| districts.iter().any(|d| d.to_lowercase() == name.to_lowercase());
            *of == state && district.as_ref().is_some_and(served)
        })
    })
}

/// Reads the child for its hand-off; that it is shown is disclosed. One that the state has not, or that is none of the
/// user's districts', is not there.
fn read(
    c: &mut PgConnection,
    user: &User,
    access: &store::Access,
    number: PersonId,
    state: StateCode,
) -> Result<Read, Failure> {
    let person = links::survivor(c, number)?.ok_or(Failure::NotFound)?;
    let record = persons::read(c, access, person, &CATEGORIES)?.ok_or(Failure::NotFound)?;
    if !is_within(user, state, &record) {
        return Err(Failure::NotFound);
    }
    let student = data_requests::student_of(c, person.number(), state)?;
    let own = record
        .students
        .into_iter()
        .find(|held| Some(held.student_id.0) == student)
        .ok_or(Failure::NotFound)?;
    let states = participants::all(c)?
        .into_iter()
        .filter_map(|p| StateCode::new(&p.state).ok())
        .collect();
    let hand_offs = store::hand_offs::of_students(c, &[own.student_id.0])?;
    Ok(Read {
        person,
        own,
        states,
        hand_offs,
    })
}

impl HandOffForm {
    /// What the form says of courses, by their places in it; empty rows are left out.
    fn courses(&self) -> Vec<CourseSoFar> {
        let given = |key: &str, at: usize| {
            let text = self
                .more
                .get(&format!("{key}-{at}"))
                .map(|text| text.trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        (0..COURSES)
            .filter_map(|at| {
                let course = CourseSoFar {
                    title: given("title", at).unwrap_or_default(),
                    grade_to_date: given("grade", at),
                    clock_hours: given("hours", at),
                };
                // What the record knows stands in the form with its title alone.
                let is_said = course.grade_to_date.is_some() || course.clock_hours.is_some();
                let is_added = !course.title.is_empty() && !self.more.contains_key(&format!("known-{at}"));
                (is_said || is_added).then_some(course)
            })
            .collect()
    }

    /// The hand-off that holds, as if it had been typed.
    fn of(hand_off: &HandOff) -> Self {
        let mut more = HashMap::new();
        for (at, course) in hand_off.courses.iter().map(KeptCourse::from).enumerate() {
            more.insert(format!("title-{at}"), course.title);
            more.insert(format!("grade-{at}"), course.grade_to_date.unwrap_or_default());
            more.insert(format!("hours-{at}"), course.clock_hours.unwrap_or_default());
        }
        Self {
            last_day: hand_off
                .last_day
                .map(|day| day.format("%-m/%-d/%Y").to_string())
                .unwrap_or_default(),
            to_state: hand_off
                .to_state
                .map(|state| state.to_string())
                .unwrap_or_default(),
            to_place: hand_off.to_place.clone().unwrap_or_default(),
            contact: hand_off.contact.clone().unwrap_or_default(),
            note: hand_off.note.clone().unwrap_or_default(),
            more,
            ..Self::default()
        }
    }

    /// The courses under way by the record, with what was said of them; then those that were added, and empty rows.
    fn rows(&self, read: &Read, today: chrono::NaiveDate) -> Vec<Row> {
        let mut said = self.courses();
        let mut rows: Vec<Row> = Vec::new();
        let under_way = read.own.student.courses.iter().filter(|c| is_under_way(c, today));
        for course in under_way.take(COURSES - MORE) {
            let title = course.title.to_string();
            if rows.iter().any(|row| row.title == title) {
                continue;
            }
            let typed = said
                .iter()
                .position(|s| s.title == title)
                .map(|at| said.remove(at));
            let (grade, hours) = match typed {
                Some(typed) => (typed.grade_to_date, typed.clock_hours),
                None if self.more.is_empty() => (
                    course.grade_to_date.as_ref().map(ToString::to_string),
                    course
                        .clock_hours
                        .map(|hours| hours.number().normalize().to_string()),
                ),
                None => (None, None),
            };
            rows.push(Row {
                title,
                grade: grade.unwrap_or_default(),
                hours: hours.unwrap_or_default(),
                known: true,
                wrong: String::new(),
            });
        }
        rows.extend(said.into_iter().map(|course| Row {
            title: course.title,
            grade: course.grade_to_date.unwrap_or_default(),
            hours: course.clock_hours.unwrap_or_default(),
            ..Row::default()
        }));
        let empty = MORE.min(COURSES.saturating_sub(rows.len()));
        rows.extend(std::iter::repeat_n(Row::default(), empty));
        rows.truncate(COURSES);
        rows
    }

    /// The hand-off, if nothing is wrong with what can be seen here.
    fn understand(&self, person_id: PersonId) -> Result<Leaving, Mistakes> {
        let mut mistakes = Mistakes::default();
        let last_day = typed_day(&self.last_day);
        if last_day.is_none() && !self.last_day.trim().is_empty() {
            let message = "Enter the last day as month/day/year, such as 5/22/2026, or leave it empty.";
            mistakes.add("last_day", message);
        }
        for course in self.courses() {
            if let Err(why) = hand_offs::course(&course) {
                let title = match course.title.as_str() {
                    "" => "Another course",
                    title => title,
                };
                mistakes.add("courses", format!("{title} {why}."));
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Leaving {
            person_id,
            last_day,
            to_state: StateCode::new(&self.to_state).ok(),
            to_place: Some(self.to_place.clone()),
            contact: Some(self.contact.clone()),
            note: Some(self.note.clone()),
            courses: self.courses(),
            tell: !self.tell.is_empty(),
        })
    }
}

/// What the earlier hand-offs said, and what became of them.
fn earlier(hand_offs: &[HandOff]) -> Table {
    let mut table = Table::new(
        "Hand-offs of this child by your state, newest first",
        &["Said", "~Written", "By", "How it stands"],
        "There is none.",
    )
    .under_heading();
    for of in hand_offs {
        let standing = match (of.ended.as_deref(), of.confirmed_at) {
            (Some("taken_back"), _) => Tag::new("Taken back", ""),
            (Some(_), _) => Tag::new("Replaced by a later one", ""),
            (None, Some(at)) => {
                let day = words::day(at.date_naive());
                Tag::new(format!("✓ Your state’s upload came {day}"), "agree")
            }
            (None, None) => Tag::new("? Not confirmed", "wait"),
        };
        let by = of.written_by.strip_prefix("account:").unwrap_or(&of.written_by);
        table.row(
            "",
            [
                said(of).join("; ").into(),
                words::instant(of.written_at).into(),
                by.into(),
                Cell::default().tag(standing),
            ],
        );
    }
    table
}

/// What a hand-off says, in words.
fn said(of: &HandOff) -> Vec<String> {
    let state = of.to_state.map(|state| state.name().to_owned());
    let place = [of.to_place.clone(), state];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut said: Vec<String> = Vec::new();
    said.extend(of.last_day.map(|day| format!("last day {}", words::day(day))));
    if !place.is_empty() {
        said.push(format!("goes to {place}"));
    }
    said.extend(
        of.courses
            .iter()
            .map(|course| course_words(&KeptCourse::from(course))),
    );
    said.extend(of.note.clone());
    said
}

/// Work under way in a course, in words.
pub(crate) fn course_words(course: &KeptCourse) -> String {
    let grade = course
        .grade_to_date
        .as_ref()
        .map(|grade| format!("grade {grade}"));
    let hours = course.clock_hours.as_ref().map(|hours| format!("{hours} hours"));
    let parts: Vec<String> = [grade, hours].into_iter().flatten().collect();
    format!("{}: {}", course.title, parts.join(", "))
}

fn page(portal: &Portal, user: &User, read: &Read, form: &HandOffForm, mistakes: Mistakes) -> HandOffPage {
    let identity = &read.own.student.identity;
    let born = identity.birth_date.map(mde::Date::day);
    let mut states: Vec<Choice> = read
        .states
        .iter()
        .map(|state| Choice::new(state.to_string(), state.name(), &form.to_state))
        .collect();
    states.sort_by(|a, b| a.label.cmp(&b.label));
    let title = if mistakes.is_empty() {
        "Closing hand-off"
    } else {
        "Error: closing hand-off"
    };
    let holds = read.hand_offs.iter().find(|hand_off| hand_off.holds());
    let mut rows = form.rows(read, portal.today(user.acts_in));
    let courses_wrong = mistakes.of("courses").to_owned();
    if !courses_wrong.is_empty() {
        for row in &mut rows {
            let why = row.said().and_then(|course| hand_offs::course(&course).err());
            row.wrong = why.map(|why| format!("It {why}.")).unwrap_or_default();
        }
    }
    HandOffPage {
        chrome: Chrome::of(user, title, "/students"),
        once: portal.secret(),
        person: read.person.to_string(),
        child: format!(
            "{}, born {}",
            name(identity),
            words::day_or(born, "on an unknown date")
        ),
        state: user.acts_in.map_or("", mde::StateCode::name),
        last_day: Field::text("last_day", "Last day at school", &form.last_day)
            .hint("For example 5/22/2026; also a day to come")
            .maximum(20)
            .judged(&mistakes),
        to_state: Field::select(
            "to_state",
            "To which state does the family go?",
            "Not known",
            states,
        )
        .judged(&mistakes),
        to_place: Field::text("to_place", "City, employer or country", &form.to_place)
            .hint("As the family says it")
            .maximum(100)
            .judged(&mistakes),
        contact: Field::text("contact", "Whom the next school may ask", &form.contact)
            .hint("Name and phone or e-mail of a colleague")
            .maximum(200)
            .judged(&mistakes),
        note: Field::area("note", "What else should the next school know?", &form.note)
            .hint("At most 500 characters. Nothing about health, immigration, family trouble or discipline")
            .maximum(NOTE)
            .class("whole")
            .judged(&mistakes),
        tell: !form.tell.is_empty(),
        // What is wrong with a course stands at that course.
        courses_wrong: if rows.iter().any(|row| !row.wrong.is_empty()) {
            String::new()
        } else {
            courses_wrong
        },
        rows,
        kept: holds.map(|of| (of.hand_off_id, words::instant(of.written_at))),
        earlier: earlier(&read.hand_offs),
        mistakes,
    }
}

/// `GET /hand-offs/new?person=`
pub(crate) async fn fresh(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    of: web::Query<Of>,
) -> Result<HttpResponse, Failure> {
    let number = PersonId::parse(&of.person).map_err(|_| Failure::NotFound)?;
    let (state, access) = (user.state()?, user.access(Purpose::Program, &portal));
    let reader = User::clone(&user);
    let read = portal
        .run(move |c| read(c, &reader, &access, number, state))
        .await?;
    let holds = read.hand_offs.iter().find(|hand_off| hand_off.holds());
    let form = holds.map(HandOffForm::of).unwrap_or_default();
    let mut page = page(&portal, &user, &read, &form, Mistakes::default());
    page.chrome = page.chrome.done(match of.done.as_str() {
        "taken-back" => Some("The hand-off is taken back. It is no longer shown with the record."),
        "late" => Some("That hand-off had been replaced. Nothing was changed; this is how it stands."),
        _ => None,
    });
    view::page(&page)
}

/// What is wrong with the form, where the fault is the form's.
fn mistakes_of(error: ::notices::Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    match error {
        ::notices::Error::Database(error) => return Err(error.into()),
        ::notices::Error::UnknownPerson | ::notices::Error::HoldsNothing(_) => return Err(Failure::NotFound),
        ::notices::Error::KeyReused => mistakes.add("note", words::SENT_BEFORE),
        ::notices::Error::NotAParticipant(_) | ::notices::Error::OwnState => mistakes.add(
            "to_state",
            "Only another state that takes part in the exchange can be told. Choose one, or take the tick away.",
        ),
        ::notices::Error::Invalid { member, why } => {
            let (field, label) = match member {
                "last_day" | "expected_date" => ("last_day", "The last day"),
                "to_state" => ("to_state", "The state"),
                "to_place" | "city" => ("to_place", "The place"),
                "contact" => ("contact", "The contact"),
                "courses" => ("courses", "The courses"),
                _ => ("note", "The note"),
            };
            mistakes.add(field, format!("{label} {why}."));
        }
        error @ (::notices::Error::Conflict(_) | ::notices::Error::Damaged) => {
            mistakes.add("note", format!("{}.", words::sentence(&error.to_string())));
        }
    }
    Ok(mistakes)
}

/// `POST /hand-offs/new`
pub(crate) async fn write(
    portal: web::Data<Portal>,
    guarded: Guarded<SendNotices, HandOffForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let number = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let (state, access) = (user.state()?, user.access(Purpose::Program, &portal));
    let (by, now, once, reader) = (user.label(), portal.now(), form.once.clone(), User::clone(&user));
    let understood = form.understand(number);
    let (read, written) = portal
        .run(move |c| {
            let read = read(c, &reader, &access, number, state)?;
            let leaving = match understood {
                Ok(leaving) => leaving,
                Err(mistakes) => return Ok((read, Err(mistakes))),
            };
            let sender = Sender {
                state,
                by: &by,
                idempotency_key: Some(once.as_str()).filter(|once| !once.is_empty()),
            };
            let written = match hand_offs::hand_off(c, sender, &leaving, now) {
                Ok(kept) => Ok(kept),
                Err(error) => Err(mistakes_of(error)?),
            };
            Ok((read, written))
        })
        .await?;
    match written {
        Ok(kept) => {
            let told = if kept.move_notice_id.is_some() {
                "told"
            } else {
                "kept"
            };
            Ok(view::see_other(&format!(
                "/persons/{}?purpose=program&handed_off={told}#main",
                read.person
            )))
        }
        Err(mistakes) => {
            let page = page(&portal, &user, &read, &form, mistakes);
            view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Whose hand-off is taken back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TakeBack {
    person: String,
}

/// `POST /hand-offs/{id}`: it is taken back.
pub(crate) async fn take_back(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, TakeBack>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let number = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let (state, access) = (user.state()?, user.access(Purpose::Program, &portal));
    let (by, now, id, reader) = (user.label(), portal.now(), *id, User::clone(&user));
    let recorded = portal
        .run(move |c| {
            let read = read(c, &reader, &access, number, state)?;
            if !read.hand_offs.iter().any(|hand_off| hand_off.hand_off_id == id) {
                return Err(Failure::NotFound);
            }
            let done = hand_offs::take_back(c, id, state, &by, now).map_err(|error| match error {
                ::notices::Error::Database(error) => Failure::from(error),
                _ => Failure::NotFound,
            })?;
            Ok(done.ok_or(Failure::NotFound)?.recorded)
        })
        .await?;
    let done = if recorded { "taken-back" } else { "late" };
    Ok(view::see_other(&format!(
        "/hand-offs/new?person={number}&done={done}"
    )))
}
