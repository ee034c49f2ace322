//! "Is this child known?": new school enrollments, asked about before anybody calls.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use csv::{ByteRecord, StringRecord};
use mde::{Draft as _, Enrollment, Facility, Identity, Part as _, Student, ValueContext, ValueError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Reading;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::roster_check::{self, CHILDREN, Checked, Child, Place};
use crate::state::AppState;
use crate::v1::edfi::EdFiStudent;

/// The column that names a child to its state.
const REFERENCE: &str = "state_student_id";

/// New enrollments of a state's schools.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RosterCheck {
    /// 1 to 1000 children. Members are named as data elements are in the native JSON: `state_student_id` (what the
    /// state calls the child), `last_name_1`, `first_name` and `birth_date` at least; `last_name_2`, `middle_name`,
    /// `gender`, `birth_city`, `birth_state`, `birth_country` and the parents' names help to tell two children apart. A
    /// referral also keeps `facility_code`, `school_or_project_name` and `district`.
    children: Vec<BTreeMap<String, String>>,
}

/// What is to be done about them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Whether children who are possibly known, or known and not the caller's own, are referred to its recruiters. Of a
    /// referred child its `state_student_id` and where it is enrolled are kept; without this, nothing is.
    #[serde(default)]
    refer: bool,
    /// The district of the children who do not name theirs, such as all of an Ed-Fi hub; at most 60 characters.
    district: Option<String>,
}

/// The answers, in the order of the children.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterChecked {
    /// One for each child.
    items: Vec<Checked>,
}

/// Which of these children the hub knows, with their eligibility in each state. Each person named is disclosed; of
/// children that nobody is like nothing is kept. With `refer`, who is known or possible becomes a referral to the state's
/// recruiters, once. As JSON, as the resources `students` of an Ed-Fi hub (a JSON array), or
/// as CSV with a row of names (`text/csv`).
#[utoipa::path(post, path = "/v1/roster-checks", operation_id = "checkRoster", tag = "persons", params(
    Wanted,
    ("Purpose" = String, Header, description = "enroll, place, credit, eligibility or program"),
    ("On-Behalf-Of" = String, Header, description = "the state's user who reads, 1 to 200 characters"),
), request_body(content((RosterCheck = "application/json"), (String = "text/csv"))), responses(
    (status = 200, description = "the answers", body = RosterChecked),
    (status = 422, description = "the children cannot be read", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "the state has asked about too many children today", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "a problem", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn check(
    reading: Reading,
    state: Data<AppState>,
    wanted: Query<Wanted>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Wanted { refer, district } = wanted.into_inner();
    let district = place(&[("district", district.as_deref().unwrap_or_default())])
        .map_err(invalid)?
        .district;
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let mut children = if kind.is_some_and(|kind| kind.starts_with("text/csv")) {
        of_csv(&body)?
    } else if body.trim_ascii_start().starts_with(b"[") {
        let students: Vec<EdFiStudent> = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
        of_members(students.into_iter().map(EdFiStudent::members))?
    } else {
        let asked: RosterCheck = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
        of_members(asked.children)?
    };
    if children.is_empty() || children.len() > CHILDREN {
        return Err(invalid(format!(
            "Ask about 1 to {CHILDREN} children at a time; these are {}.",
            children.len()
        )));
    }
    for child in &mut children {
        child.at.district = child.at.district.take().or_else(|| district.clone());
    }
    let own = reading.system.state;
    let today = state.clock.today(Some(own));
    let items = state
        .db
        .run(move |connection| roster_check::check(connection, &reading.access, own, &children, refer, today))
        .await?;
    Ok(HttpResponse::Ok().json(RosterChecked { items }))
}

/// Where it breaks is told, not what stands there: it is a child's.
fn unreadable(error: &serde_json::Error) -> Problem {
    invalid(format!(
        "The children cannot be read at line {}, column {}.",
        error.line(),
        error.column()
    ))
}

fn invalid(detail: String) -> Problem {
    Problem::new(ProblemCode::InvalidContent, detail)
}

fn of_members(children: impl IntoIterator<Item = BTreeMap<String, String>>) -> Result<Vec<Child>, Problem> {
    children.into_iter().map(|members| child(&members)).collect()
}

/// The children of a file. A row that cannot be read costs only itself: it is answered as not checked.
fn of_csv(body: &[u8]) -> Result<Vec<Child>, Problem> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let names = reader
        .headers()
        .map_err(|_| invalid("The row of names is not UTF-8; save the file as UTF-8.".to_owned()))?
        .clone();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        return Err(invalid(format!(
            "{twice} stands twice in the row of names; name each column once."
        )));
    }
    reader
        .byte_records()
        .map(|row| {
            let row = row.map_err(|_| invalid("The file cannot be read.".to_owned()))?;
            members(&names, &row).map_or_else(
                |problem| {
                    Ok(Child {
                        reference: reference(&names, &row),
                        student: Err(problem),
                        at: Place::default(),
                    })
                },
                |members| child(&members),
            )
        })
        .collect()
}

/// The values of a row by name, or what is wrong with it; never what stands there, which is a child's.
fn members(names: &StringRecord, row: &ByteRecord) -> Result<BTreeMap<String, String>, String> {
    let line = row.position().map_or(0, csv::Position::line);
    if row.len() != names.len() {
        return Err(format!(
            "Line {line} has not one value for each column ({} for {}); put quotation marks around a value that holds a \
             comma, and close those that are opened.",
            row.len(),
            names.len()
        ));
    }
    names
        .iter()
        .zip(row)
        .map(|(name, value)| match str::from_utf8(value) {
            Ok(value) => Ok((name.to_owned(), value.to_owned())),
            Err(_) => Err(format!(
                "{name} on line {line} is not UTF-8; save the file as UTF-8."
            )),
        })
        .collect()
}

/// What the state calls the child of a row that cannot be read, as far as that can be told.
fn reference(names: &StringRecord, row: &ByteRecord) -> String {
    let at = names.iter().position(|name| name == REFERENCE);
    at.and_then(|at| str::from_utf8(row.get(at)?).ok())
        .unwrap_or_default()
        .to_owned()
}

/// The members that say where a child is enrolled; elements of an enrollment and of a facility.
const PLACE: [&str; 3] = ["facility_code", "school_or_project_name", "district"];

/// Where a child is enrolled, from those of [`PLACE`]; or what is wrong with one.
fn place(members: &[(&str, &str)]) -> Result<Place, String> {
    let mut enrollment = <Enrollment as mde::Part>::Draft::default();
    let mut facility = <Facility as mde::Part>::Draft::default();
    for (name, text) in members {
        let at = |fields: &[mde::Field]| fields.iter().position(|field| field.column == *name);
        let set = match (at(Enrollment::FIELDS), at(Facility::FIELDS)) {
            (Some(field), _) => enrollment.set(field, text, ValueContext::default()),
            (None, Some(field)) => facility.set(field, text, ValueContext::default()),
            (None, None) => Ok(()),
        };
        set.map_err(|error| not_valid(name, &error))?;
    }
    Ok(Place {
        facility_code: enrollment.facility_code.map(|code| code.to_string()),
        school: enrollment.school_or_project_name.map(|name| name.to_string()),
        district: facility.district.map(|name| name.to_string()),
    })
}

fn not_valid(name: &str, error: &ValueError) -> String {
    format!("{name} {error}; correct it.")
}

/// A child from its members. One whose values are not valid is answered as not checked; a member that no child has is an
/// error of the call.
fn child(members: &BTreeMap<String, String>) -> Result<Child, Problem> {
    let mut draft = <Identity as mde::Part>::Draft::default();
    let (mut problem, mut places) = (None, Vec::new());
    for (name, text) in members {
        if PLACE.contains(&name.as_str()) {
            places.push((name.as_str(), text.as_str()));
            continue;
        }
        let Some(field) = Identity::FIELDS.iter().position(|field| field.column == name) else {
            return Err(invalid(format!(
                "{name} is no data element of a child; leave it out."
            )));
        };
        if let Err(error) = draft.set(field, text, ValueContext::default()) {
            problem = Some(not_valid(name, &error));
        }
    }
    let at = place(&places).unwrap_or_else(|why| {
        problem = Some(why);
        Place::default()
    });
    let reference = members.get(REFERENCE).cloned().unwrap_or_default();
    let student = match (problem, draft.finish()) {
        (Some(problem), _) => Err(problem),
        (None, Err(field)) => Err(format!("{} is missing.", field.column)),
        (None, Ok(identity)) if identity.birth_date.is_none() => {
            Err("birth_date is missing; a name alone does not find a child.".to_owned())
        }
        (None, Ok(identity)) => Ok(Student::new(identity)),
    };
    Ok(Child {
        reference,
        student,
        at,
    })
}
