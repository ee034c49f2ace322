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
    // What only one of them has is told at once: a whole enrollment is one difference and not ten.
    let only = |change: &Change| change.kind != ChangeKind::Changed && change.row.is_some();
    let together = |one: &Change, next: &Change| {
        only(one) && one.kind == next.kind && one.part == next.part && one.row == next.row
    };
    for changes in changes.chunk_by(together) {
        let change = &changes[0];
        let (what, class) = match change.kind {
            ChangeKind::Added => ("Only in the second", "info"),
            ChangeKind::Removed => ("Only in the first", "info"),
            ChangeKind::Changed => ("≠ Different", "wait"),
        };
        table.row(
            "",
            [
                if only(change) {
                    Cell::new("All of it")
                } else {
                    Cell::new(words::element(&change.element)).note(change.element.clone())
                },
                Cell::new(words::sentence(&change.part.replace('_', " ")))
                    .note(change.row.clone().unwrap_or_default()),
                Cell::default().tag(Tag::new(what, class)),
                said(changes, |of| (of.old.as_deref(), of.old_label.as_deref())).into(),
                said(changes, |of| (of.new.as_deref(), of.new_label.as_deref())).into(),
            ],
        );
    }
    table
}

/// What one side says: the value; of a whole row each value with its element.
fn said<'c>(
    changes: &'c [Change],
    side: impl Fn(&'c Change) -> (Option<&'c str>, Option<&'c str>),
) -> String {
    let value = |change: &'c Change| {
        let (value, label) = side(change);
        history::shown(value, label)
    };
    if let [change] = changes {
        return value(change);
    }
    let values = changes.iter().filter_map(|change| {
        let value = value(change);
        (!value.is_empty()).then(|| format!("{}: {value}", words::element(&change.element)))
    });
    values.collect::<Vec<_>>().join("; ")
}
