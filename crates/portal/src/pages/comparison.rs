//! Two submissions of a person side by side, field by field.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::PersonId;
use records::history::{Change, ChangeKind, Submission};
use serde::Deserialize;
use store::{Purpose, persons};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::{history, person};
use crate::state::Portal;
use crate::user::{Allowed, ReadRecords};
use crate::view::{self, Cell, Chrome, Table, Tag};
use crate::words;

/// Which two.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    one: String,
    #[serde(default)]
    other: String,
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct ComparisonPage {
    chrome: Chrome,
    id: String,
    purpose: &'static str,
    name: String,
    one: Field,
    other: Field,
    differences: Option<Table>,
}

/// `GET /persons/{id}/comparison?purpose=&one=&other=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return person::ask_purpose(chrome, format!("/persons/{id}/comparison"), &id.to_string());
    };
    let access = user.access(purpose, &portal);
    let (record, versions) = portal
        .run(move |c| {
            let record = persons::read(c, &access, id, &["identity"])?.ok_or(Failure::NotFound)?;
            let versions = persons::read_versions(c, &access, &record)?;
            Ok((record, versions))
        })
        .await?;
    let all = records::history(&record, &versions);
    let chosen = |text: &str| text.parse::<Submission>().ok();
    let compared = chosen(&ask.one)
        .zip(chosen(&ask.other))
        .and_then(|(one, other)| records::history::compared(&record, &versions, &one, &other));
    let name = records::consolidate(&record, portal.today(user.acts_in))
        .summary
        .name;
    let field = |field, label, chosen| {
        Field::select(
            field,
            label,
            "Choose a submission",
            history::submissions(&all, chosen),
        )
    };
    view::page(&ComparisonPage {
        chrome: Chrome::of(&user, format!("Field by field: {name}"), "/search"),
        id: record.person_id.to_string(),
        purpose: purpose.name(),
        name,
        one: field("one", "Compare", &ask.one),
        other: field("other", "with", &ask.other),
        differences: compared.map(|c| differences(&c.differences)),
    })
}

fn differences(changes: &[Change]) -> Table {
    let mut table = Table::new(
        "What is not the same, field by field",
        &[
            "Data element",
            "Where",
            "What",
            "The first says",
            "The second says",
        ],
        "Both say the same in every data element.",
    );
    for change in changes {
        let (what, class) = match change.kind {
            ChangeKind::Added => ("Only in the second", "info"),
            ChangeKind::Removed => ("Only in the first", "info"),
            ChangeKind::Changed => ("≠ Different", "wait"),
        };
        table.row(
            "",
            [
                Cell::new(words::element(&change.element)).note(change.element.clone()),
                Cell::new(words::sentence(&change.part.replace('_', " ")))
                    .note(change.row.clone().unwrap_or_default()),
                Cell::default().tag(Tag::new(what, class)),
                history::shown(change.old.as_deref(), change.old_label.as_deref()).into(),
                history::shown(change.new.as_deref(), change.new_label.as_deref()).into(),
            ],
        );
    }
    table
}
