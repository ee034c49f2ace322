//! What two states require of one child, side by side.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::{PersonId, StateCode};
use serde::Deserialize;
use store::{Purpose, persons, requirements};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::person;
use crate::parts;
use crate::state::Portal;
use crate::user::{Allowed, ReadRecords};
use crate::view::{self, Choice, Chrome, Table};

/// Which two states; the child's own where none is named.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    one: String,
    #[serde(default)]
    other: String,
}

struct Basis {
    state: &'static str,
    text: String,
    missing: Vec<String>,
}

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage {
    chrome: Chrome,
    id: String,
    purpose: &'static str,
    name: String,
    cohort: String,
    one: Field,
    other: Field,
    bases: Vec<Basis>,
    table: Table,
}

/// `GET /persons/{id}/plans?purpose=&one=&other=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return person::ask_purpose(chrome, format!("/persons/{id}/plans"), &id.to_string());
    };
    let access = user.access(purpose, &portal);
    let named: Vec<StateCode> = [&ask.one, &ask.other]
        .into_iter()
        .filter_map(|code| StateCode::new(code).ok())
        .collect();
    let (record, kept, states) = portal
        .run(move |c| {
            let record = persons::read(c, &access, id, &["identity", "courses"])?.ok_or(Failure::NotFound)?;
            let states = chosen(&record, named);
            let kept = requirements::of_states(c, &states)?;
            Ok((record, kept, states))
        })
        .await?;
    let comparison = records::record::under_states(&record, &kept, &states);
    let name = records::consolidate(&record, portal.today(user.acts_in))
        .summary
        .name;
    let code = |index: usize| states.get(index).map_or("", StateCode::as_str);
    let field = |field, label, chosen| {
        Field::select(field, label, "Choose a state", every_state(chosen)).class("short")
    };
    let basis = |p: &records::plan::StatePlan| Basis {
        state: p.state.name(),
        text: p.plan.as_ref().map_or_else(
            || "Neither courses nor requirements are known.".to_owned(),
            |plan| parts::basis(&plan.basis),
        ),
        missing: p
            .plan
            .as_ref()
            .map(|plan| plan.missing_for_grade.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    };
    view::page(&PlansPage {
        chrome: Chrome::of(&user, format!("Two states’ requirements: {name}"), "/search"),
        id: record.person_id.to_string(),
        purpose: purpose.name(),
        name,
        cohort: comparison.cohort.map_or_else(
            || "It is not known when the child began grade 9, so no kept set can be chosen.".to_owned(),
            |year| format!("Grade 9 began in {year}; sets are chosen by that."),
        ),
        one: field("one", "State", code(0)),
        other: field("other", "and", code(1)),
        bases: comparison.plans.iter().map(basis).collect(),
        table: parts::side_by_side(&comparison),
    })
}

/// The states that were named, and where they are fewer than two, the child's own, the newest first.
fn chosen(record: &persons::PersonRecord, mut states: Vec<StateCode>) -> Vec<StateCode> {
    let mut own: Vec<_> = record
        .students
        .iter()
        .map(|s| (s.live, s.as_of, s.state))
        .collect();
    own.sort_unstable_by(|a, b| b.cmp(a));
    for (.., state) in own {
        if states.len() < 2 && !states.contains(&state) {
            states.push(state);
        }
    }
    states.dedup();
    states
}

fn every_state(chosen: &str) -> Vec<Choice> {
    StateCode::all()
        .map(|state| Choice::new(state.as_str(), state.name(), chosen))
        .collect()
}
