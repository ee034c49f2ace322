//! What contradicts itself in the records of a state's children, for its data administrators.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::PersonId;
use records::contradicted::{self, Contradicted};
use records::disagreement::{Disagreement, DisagreementKind};
use serde::Deserialize;
use store::{Purpose, disagreements};

use crate::failure::Failure;
use crate::state::Portal;
use crate::user::{Allowed, ManageState};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

/// Children of a page; each is disclosed.
const CHILDREN: usize = 25;

/// Which part of the list.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "disagreements.html")]
struct DisagreementsPage {
    chrome: Chrome,
    state: &'static str,
    /// The districts whose children are listed; none for all of the state.
    districts: String,
    kinds: Table,
    list: Table,
    next: String,
}

/// `GET /disagreements?kind=&after=`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<ManageState>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (state, scope) = (user.state()?, user.judge().scope);
    let kind = DisagreementKind::named(&ask.kind);
    let after = PersonId::parse(&ask.after).ok();
    let access = user.access(Purpose::Program, &portal);
    let (tallies, (children, next)) = portal
        .run(move |c| {
            let tallies = disagreements::tally(c, &scope)?;
            let page = contradicted::listed(c, &access, &scope, kind, after, CHILDREN)?;
            Ok((tallies, page))
        })
        .await?;
    let mut kinds = Table::new(
        "Children by what it is about",
        &["About", "#Children"],
        "Nothing contradicts itself.",
    );
    for tally in &tallies {
        let Some(kind) = DisagreementKind::named(&tally.kind) else {
            continue;
        };
        kinds.row(
            if ask.kind == kind.name() { "strong" } else { "" },
            [
                Cell::new(kind.words()).link(format!("/disagreements?kind={}", kind.name())),
                words::count(tally.persons).into(),
            ],
        );
    }
    view::page(&DisagreementsPage {
        chrome: Chrome::of(&user, "Contradictions", "/disagreements"),
        state: state.name(),
        districts: user.districts.clone().unwrap_or_default().join(", "),
        kinds,
        list: table(&children),
        next: next.map_or_else(String::new, |after| {
            format!(
                "/disagreements?kind={}&after={after}",
                kind.map_or("", DisagreementKind::name)
            )
        }),
    })
}

fn table(children: &[Contradicted]) -> Table {
    let mut table = Table::new(
        "Children, by record number",
        &["Child", "About", "What is said", "What the hub made of it"],
        "No child is on this list.",
    );
    for child in children {
        for (index, said) in child.disagreements.iter().enumerate() {
            let who = format!(
                "No. {} · born {} · {}",
                child.person_id,
                words::day_or(child.birth_date, "on an unknown date"),
                child.state_student_ids.join(", ")
            );
            table.row(
                "",
                [
                    Cell::new(child.name.clone())
                        .link(format!("/persons/{}?purpose=program", child.person_id))
                        .note(if index == 0 { who } else { String::new() }),
                    said.kind.words().into(),
                    words::with_days(&text(said)).into(),
                    words::sentence(&words::with_days(&said.rule)).into(),
                ],
            );
        }
    }
    table
}

/// What is said, with the data element named as everywhere on the pages and not as in the dictionary.
fn text(said: &Disagreement) -> String {
    match (&said.element, said.text.split_once(": ")) {
        (Some(number), Some((_, statements))) => format!("{}: {statements}", words::element(number)),
        _ => said.text.clone(),
    }
}
