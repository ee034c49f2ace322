//! One near match, side by side, and its decision.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use linking::Explanation;
use linking::levels::Field as Compared;
use linking::review::{self, Answer};
use mde::{Part as _, PersonId, Student, StudentId};
use serde::Deserialize;
use store::work_items::{Owner, WorkItem};
use store::{Purpose, links, persons, work_items};

use crate::evidence::{self, Evidence};
use crate::failure::Failure;
use crate::field::Field;
use crate::pages::near_matches::{KIND, name, pair, state_of};
use crate::pages::requests;
use crate::state::Portal;
use crate::user::{Allowed, DecideMatches, Guarded, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Most characters of a reason.
pub(crate) const REASON: usize = 500;

struct Side {
    name: String,
    state: String,
    href: String,
}

#[derive(Template)]
#[template(path = "near_match.html")]
struct NearMatchPage {
    chrome: Chrome,
    id: i64,
    mistakes: Mistakes,
    open: bool,
    decided: String,
    verdict: String,
    reason_asked: String,
    earlier: String,
    where_it_is: Vec<String>,
    /// One record that may be two children.
    one_person: bool,
    master: Option<Field>,
    agree: String,
    differ: String,
    twins: bool,
    sides: [Side; 2],
    comparison: Table,
    enrollments: [Table; 2],
    evidence: Option<Evidence>,
    reason: Field,
}

struct Read {
    item: WorkItem,
    owners: Vec<Owner>,
    students: [(StudentId, Student); 2],
    persons: Vec<(uuid::Uuid, i64)>,
}

/// Reads an item that concerns the user's state, and its two students; that they are shown is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let scope = user.judge().scope;
    let access = user.access(Purpose::Program, portal);
    portal
        .run(move |c| {
            let item = work_items::find_in(c, id, &scope)?
                .filter(|item| item.kind == KIND)
                .ok_or(Failure::NotFound)?;
            let owners = work_items::owners(c, id)?;
            let (a, b) = pair(&item).ok_or(Failure::NotFound)?;
            let mut students = persons::read_students(c, &access, &[a, b])?;
            students.sort_by_key(|(id, _)| id.0);
            let persons = links::of_students(c, &[a.0, b.0])?;
            let students = <[_; 2]>::try_from(students).map_err(|_| Failure::NotFound)?;
            Ok(Read {
                item,
                owners,
                students,
                persons,
            })
        })
        .await
}

/// `GET /near-matches/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<DecideMatches>,
    id: web::Path<i64>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    view::page(&page(&user, &read, "", Mistakes::default()))
}

fn page(user: &User, read: &Read, reason: &str, mistakes: Mistakes) -> NearMatchPage {
    let item = &read.item;
    let explanation = evidence::explanation(&item.evidence);
    let [(_, a), (_, b)] = &read.students;
    let comparison = Comparison::of(a, b, explanation.as_ref());
    let decision = item.decision.as_deref().map(|d| {
        if d == "same" {
            "the same child"
        } else {
            "different children"
        }
    });
    NearMatchPage {
        chrome: Chrome::of(user, "Review a near match", "/worklist"),
        id: item.work_item_id,
        open: item.status == "open",
        decided: match (decision, item.decided_at) {
            (Some(decision), Some(at)) => format!("Decided on {}: {decision}.", words::day(at.date_naive())),
            _ => "This pair no longer needs a decision.".to_owned(),
        },
        verdict: words::sentence(words::likelihood(item.probability)),
        reason_asked: words::sentence(&item.reason),
        earlier: requests::earlier(item),
        where_it_is: requests::whereabouts(item, &read.owners),
        one_person: numbers(read).len() == 1,
        master: master(read),
        agree: comparison.agree.join(", "),
        differ: comparison.differ.join(", "),
        twins: a.identity.multiple_birth == Some(true) || b.identity.multiple_birth == Some(true),
        sides: [side(read, 0), side(read, 1)],
        comparison: comparison.table,
        enrollments: [enrollments(a), enrollments(b)],
        evidence: explanation.as_ref().map(Evidence::of),
        reason: Field::area("reason", "Reason for your decision", reason)
            .hint("Others will read it. Nothing sensitive")
            .maximum(REASON)
            .judged(&mistakes),
        mistakes,
    }
}

/// The numbers of the two records, each once.
fn numbers(read: &Read) -> Vec<PersonId> {
    let mut numbers: Vec<PersonId> = read
        .persons
        .iter()
        .filter_map(|(_, person)| PersonId::new(*person).ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Which of the numbers survives, to be chosen or left to the usual one.
fn master(read: &Read) -> Option<Field> {
    let numbers = numbers(read);
    if numbers.len() < 2 {
        return None;
    }
    let of = |number: &PersonId| {
        let student = read.persons.iter().find(|(_, person)| *person == number.number());
        let state = student
            .map(|(student, _)| state_of(StudentId(*student)))
            .unwrap_or_default();
        Choice::new(number.to_string(), format!("{number} ({state})"), "")
    };
    let choices = numbers.iter().map(of).collect();
    Some(
        Field::select(
            "master",
            "Number that stays if they are one child",
            "The usual one",
            choices,
        )
        .hint("The other is retired and leads to it"),
    )
}

fn side(read: &Read, index: usize) -> Side {
    let (id, student) = &read.students[index];
    let person = read
        .persons
        .iter()
        .find(|(student, _)| *student == id.0)
        .map(|(_, person)| *person);
    Side {
        name: name(&student.identity),
        state: state_of(*id),
        href: person.map_or_else(String::new, |person| format!("/persons/{person}?purpose=program")),
    }
}

/// The two identities, data element by data element.
struct Comparison {
    table: Table,
    agree: Vec<String>,
    differ: Vec<String>,
}

/// Data elements that tell children apart; contact data and ends of eligibility do not.
const COMPARED: [&str; 19] = [
    "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "X01", "14", "15", "16", "17", "18", "19", "2",
];

impl Comparison {
    fn of(a: &Student, b: &Student, explanation: Option<&Explanation>) -> Self {
        let mut table = Table::new(
            "The two records side by side",
            &["What", "First record", "Second record", "Comparison"],
            "",
        );
        table.class = "compare";
        let (mut agree, mut differ) = (Vec::new(), Vec::new());
        let (values_a, values_b) = (values(a), values(b));
        for number in COMPARED {
            let find = |values: &[(String, String)]| {
                values
                    .iter()
                    .find(|(element, _)| element == number)
                    .map(|(_, v)| v.clone())
            };
            let (one, other) = (find(&values_a), find(&values_b));
            if one.is_none() && other.is_none() {
                continue;
            }
            let element_name = words::element(number);
            let same = match (&one, &other) {
                (Some(one), Some(other)) => Some(mde::text::fold(one) == mde::text::fold(other)),
                _ => None,
            };
            let tag = match same {
                Some(true) => Tag::new("✓ agree", "agree"),
                Some(false) => Tag::new("≠ differ", "differ"),
                None => Tag::new("– missing", ""),
            };
            if number != "2" {
                match same {
                    Some(true) => agree.push(element_name.to_lowercase()),
                    Some(false) => differ.push(element_name.to_lowercase()),
                    None => {}
                }
            }
            let said = explanation
                .and_then(|e| said(e, number))
                .filter(|_| same == Some(false));
            table.row(
                "What",
                [
                    element_name.into(),
                    Cell::new(one.unwrap_or_else(|| "–".into())),
                    Cell::new(other.unwrap_or_else(|| "–".into())),
                    Cell::default()
                        .tag(tag)
                        .note(said.map(|text| words::sentence(&text)).unwrap_or_default()),
                ],
            );
        }
        Self { table, agree, differ }
    }
}

/// What the engine says of a data element.
fn said(explanation: &Explanation, number: &str) -> Option<String> {
    let number: u16 = number.parse().ok()?;
    let row = explanation
        .rows
        .iter()
        .find(|row| row.field != Compared::Source && row.elements.contains(&number))?;
    Some(row.words.clone())
}

/// Number of the data element and value in words, of all that is filled in.
fn values(student: &Student) -> Vec<(String, String)> {
    let json = serde_json::to_value(&student.identity).unwrap_or_default();
    let fields = mde::Identity::FIELDS.iter();
    fields
        .filter_map(|field| {
            let value = match json.get(field.column)? {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
                _ => return None,
            };
            Some((field.element.to_owned(), in_words(student, field.column, &value)))
        })
        .collect()
}

fn in_words(student: &Student, column: &str, value: &str) -> String {
    let identity = &student.identity;
    match column {
        "gender" => identity.gender.map(|gender| words::sentence(&gender.to_string())),
        "birth_verification" => identity
            .birth_verification
            .map(|v| words::sentence(&v.to_string())),
        "birth_country" => identity.birth_country.map(|country| country.name().to_owned()),
        _ => None,
    }
    .unwrap_or_else(|| words::value(value))
}

/// Where the child was when: two schools at once speak against one child.
fn enrollments(student: &Student) -> Table {
    let mut table = Table::new(
        "Enrollments",
        &["~From", "~To", "~Grade", "School or project"],
        "No enrollment was reported.",
    );
    for e in student.enrollments.iter().rev().take(5) {
        let place = e.school_or_project_name.as_ref().map(ToString::to_string);
        let code = e.facility_code.as_ref().map(|code| format!("School code {code}"));
        table.row(
            "What",
            [
                words::day(e.enrollment_date.day()).into(),
                words::day_or(e.withdrawal_date.map(mde::Date::day), "now").into(),
                e.grade.map(|grade| words::sentence(&grade.to_string())).into(),
                place.or(code).into(),
            ],
        );
    }
    table
}

/// A decision.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    #[serde(rename = "decision")]
    word: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    master: String,
}

/// `POST /near-matches/{id}`: what leaves the records as they are stands at once and for ever; what changes them waits for
/// a second person.
pub(crate) async fn decide(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<DecideMatches, Decision>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let read = read(&portal, &user, *id).await?;
    let answer = match form.word.as_str() {
        "same" => Answer::Same(PersonId::parse(&form.master).ok()),
        "different" => Answer::Different,
        _ => return Err(Failure::BadRequest),
    };
    let reason = form.reason.trim().to_owned();
    let mut mistakes = Mistakes::default();
    if reason.is_empty() {
        mistakes.add("reason", "Say in a few words why. Others will rely on it.");
    } else if reason.chars().count() > REASON {
        mistakes.add("reason", "Keep the reason under 500 characters.");
    }
    if mistakes.is_empty() || read.item.status != "open" {
        let (item, judge, now, why) = (read.item.work_item_id, user.judge(), portal.now(), reason.clone());
        let decided = portal
            .run(move |c| Ok(review::decide_near_match(c, item, &judge, answer, &why, now)))
            .await?;
        match decided {
            Ok(outcome) => return Ok(requests::next(outcome, &form.word)),
            Err(review::Error::Late | review::Error::ReasonMissing) => {
                return Ok(view::see_other("/worklist?done=late"));
            }
            Err(error) => mistakes = requests::mistakes(error)?,
        }
    }
    let mut page = page(&user, &read, &reason, mistakes);
    page.chrome.title = format!("Error: {}", page.chrome.title);
    view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
