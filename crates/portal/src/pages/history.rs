//! The historical view: every submission of every student of a person.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::PersonId;
use records::history::{Change, ChangeKind, StudentHistory, Submission};
use store::{Purpose, persons};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::person::{self, Ask};
use crate::state::Portal;
use crate::user::{Allowed, ReadRecords};
use crate::view::{self, Cell, Choice, Chrome, Table, Tag};
use crate::words;

struct Shown {
    title: String,
    tag: Tag,
    first: bool,
    changes: Table,
}

struct Student {
    title: String,
    submissions: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    chrome: Chrome,
    id: String,
    purpose: &'static str,
    name: String,
    students: Vec<Student>,
    day: Field,
    one: Field,
    other: Field,
}

/// `GET /persons/{id}/history?purpose=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return person::ask_purpose(chrome, format!("/persons/{id}/history"), &id.to_string());
    };
    if let Some(survivor) = person::retired(&portal, id).await? {
        return Ok(view::see_other(&format!(
            "/persons/{survivor}/history?purpose={}",
            purpose.name()
        )));
    }
    let access = user.access(purpose, &portal);
    let (record, versions) = portal
        .run(move |c| {
            let record = persons::read(c, &access, id, &["identity"])?.ok_or(Failure::NotFound)?;
            let versions = persons::read_versions(c, &access, &record)?;
            Ok((record, versions))
        })
        .await?;
    let today = portal.today(user.acts_in);
    let name = records::consolidate(&record, today).summary.name;
    let history = records::history(&record, &versions);
    view::page(&HistoryPage {
        chrome: Chrome::of(&user, format!("Every submission: {name}"), "/search"),
        id: id.to_string(),
        purpose: purpose.name(),
        name,
        day: Field::input("as_of", "As of the end of this day", "", "date").class("short"),
        one: Field::select("one", "Compare", "Choose a submission", submissions(&history, "")),
        other: Field::select("other", "with", "Choose a submission", submissions(&history, "")),
        students: history.iter().map(student).collect(),
    })
}

/// All submissions of a person as choices.
pub(crate) fn submissions(history: &[StudentHistory], chosen: &str) -> Vec<Choice> {
    let of = |student: &StudentHistory| -> Vec<Choice> {
        student
            .submissions
            .iter()
            .map(|s| {
                let key = Submission {
                    state: student.state,
                    batch_id: (!s.current).then_some(s.batch_id),
                    state_student_id: student.state_student_id.clone(),
                };
                let current = if s.current { "current, " } else { "" };
                let label = format!(
                    "{}, student {}: {current}as of {}, upload no. {}",
                    student.state.name(),
                    student.state_student_id,
                    words::day(s.as_of.date_naive()),
                    s.batch_id
                );
                Choice::new(key.to_string(), label, chosen)
            })
            .collect()
    };
    history.iter().flat_map(of).collect()
}

fn student(history: &StudentHistory) -> Student {
    let last = history.submissions.len().saturating_sub(1);
    let submission = |(index, s): (usize, &records::history::SubmissionEntry)| Shown {
        title: format!(
            "As of {}, received {} with upload no. {}",
            words::instant(s.as_of),
            words::instant(s.received_at),
            s.batch_id
        ),
        tag: match (s.current, s.late) {
            (true, _) => Tag::new("Current", "agree"),
            (false, true) => Tag::new("Came too late to be current", "wait"),
            (false, false) => Tag::new(format!("Version {}", s.version), ""),
        },
        first: index == last,
        changes: changes(&s.changes),
    };
    Student {
        title: format!("{}, student {}", history.state.name(), history.state_student_id),
        submissions: history.submissions.iter().enumerate().map(submission).collect(),
    }
}

fn changes(changes: &[Change]) -> Table {
    let mut table = Table::new(
        "What changed from the submission before",
        &["Data element", "Where", "What happened", "Before", "After"],
        "Nothing changed in the data elements.",
    )
    .under_heading();
    for change in changes {
        let (what, class) = match change.kind {
            ChangeKind::Added => ("+ Added", "agree"),
            ChangeKind::Removed => ("− Removed", "differ"),
            ChangeKind::Changed => ("≠ Changed", "wait"),
        };
        table.row(
            "",
            [
                Cell::new(words::element(&change.element)).note(change.element.clone()),
                Cell::new(words::sentence(&change.part.replace('_', " ")))
                    .note(change.row.clone().unwrap_or_default()),
                Cell::default().tag(Tag::new(what, class)),
                shown(change.old.as_deref(), change.old_label.as_deref()).into(),
                shown(change.new.as_deref(), change.new_label.as_deref()).into(),
            ],
        );
    }
    table
}

pub(crate) fn shown(value: Option<&str>, label: Option<&str>) -> String {
    label.map_or_else(|| value.map(words::value).unwrap_or_default(), words::sentence)
}
