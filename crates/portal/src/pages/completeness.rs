//! How complete a state's data are, element by element, against what it sends so far.

use actix_web::{HttpResponse, web};
use api::answer::reports::file;
use askama::Template;
use mde::completeness::{Expected, Phase, percent};
use mde::{PartKind, StateCode};
use serde::Deserialize;
use spreadsheet::{Column, Form};
use store::completeness::{self, Share};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, Permission, SeeReports, User};
use crate::view::{self, Choice, Chrome, Table};
use crate::words;

const COLUMNS: [Column; 8] = [
    Column::new("phase", 8),
    Column::new("due", 8),
    Column::new("part", 22),
    Column::new("element", 10),
    Column::new("name", 32),
    Column::new("applies_to", 40),
    Column::new("of", 10),
    Column::new("recorded", 10),
];

/// The elements of a phase.
struct OfPhase {
    title: String,
    table: Table,
}

#[derive(Template)]
#[template(path = "completeness.html")]
struct CompletenessPage {
    chrome: Chrome,
    state: &'static str,
    due: Vec<OfPhase>,
    later: Vec<OfPhase>,
    /// The form, for who may say how far the state has come.
    phase: Option<Field>,
}

/// What was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Came {
    done: bool,
}

async fn shares(portal: &Portal, state: StateCode) -> Result<(Phase, Vec<Share>), Failure> {
    let answer = portal
        .db()
        .report(move |c| {
            let phase = completeness::phase(c, state)?;
            Ok::<_, store::Error>((phase, completeness::of_state(c, state)?))
        })
        .await?;
    Ok(answer)
}

/// `GET /reports/completeness`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    came: web::Query<Came>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let (phase, shares) = shares(&portal, state).await?;
    let of = |of: &Phase| OfPhase {
        title: format!("Phase {}: {}", of.number(), of.words()),
        table: table(&shares, *of),
    };
    let done = came.done.then_some("It is kept how far your state has come.");
    view::page(&CompletenessPage {
        chrome: Chrome::of(&user, "Completeness", "/reports").done(done),
        state: state.name(),
        due: Phase::ALL.iter().filter(|of| **of <= phase).map(of).collect(),
        later: Phase::ALL.iter().filter(|of| **of > phase).map(of).collect(),
        phase: manages(&user).then(|| {
            let choice = |of: Phase| {
                let label = format!("{}: {}", of.number(), of.words());
                Choice::new(of.number().to_string(), label, &phase.number().to_string())
            };
            Field::select(
                "phase",
                "Our state sends so far everything up to phase",
                "Choose a phase",
                Phase::ALL.map(choice).into(),
            )
            .hint("What comes later is not counted as missing")
        }),
    })
}

/// Whether somebody says for the whole state how far it has come.
fn manages(user: &User) -> bool {
    user.may(Permission::ManageState) && user.districts.is_none()
}

fn name(share: &Share) -> String {
    match share.element.and_then(Expected::field) {
        Some(field) => words::element(field.element).to_owned(),
        None => format!("At least one {}", share.part.name().replace('_', " ")),
    }
}

/// To what it applies: to children, where it is asked whether they have such a part at all.
fn whom(share: &Share) -> &'static str {
    let of = share.element.map_or(PartKind::Student, |_| share.part);
    share.whom.words(of)
}

/// The elements of a phase, those first of which most is missing.
fn table(shares: &[Share], phase: Phase) -> Table {
    let mut table = Table::new(
        "Elements, the least complete first",
        &[
            "Element",
            "~Number",
            "Applies to",
            "#Of these",
            "#Recorded",
            "#Missing",
            "#Share",
        ],
        "Nothing has been sent to which an element of this phase applies.",
    )
    .under_heading();
    let whole = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut shares: Vec<&Share> = shares.iter().filter(|s| s.phase == phase && s.of > 0).collect();
    shares.sort_by(|a, b| {
        let missing = |share: &Share| (share.of - share.recorded) as f64 / share.of as f64;
        missing(b).total_cmp(&missing(a))
    });
    for share in shares {
        let number = share
            .element
            .and_then(Expected::field)
            .map_or("", |field| field.element);
        table.row(
            "",
            [
                name(share).into(),
                number.into(),
                words::sentence(whom(share)).into(),
                words::count(share.of).into(),
                words::count(share.recorded).into(),
                words::count(share.of - share.recorded).into(),
                format!("{} %", percent(whole(share.recorded), whole(share.of))).into(),
            ],
        );
    }
    table
}

/// `GET /reports/completeness.{form}`
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    form: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let (phase, shares) = shares(&portal, user.state()?).await?;
    let rows = shares.iter().map(|share| {
        let field = share.element.and_then(Expected::field);
        vec![
            i64::from(share.phase.number()).into(),
            if share.phase <= phase { "yes" } else { "no" }.into(),
            share.part.name().into(),
            field.map_or("", |field| field.element).into(),
            name(share).into(),
            whom(share).into(),
            share.of.into(),
            share.recorded.into(),
        ]
    });
    let table = spreadsheet::Table::new("completeness", &COLUMNS).with(rows.collect::<Vec<_>>());
    Ok(file(&table, "completeness", form)?)
}

/// How far the state has come, as sent.
#[derive(Debug, Deserialize)]
pub(crate) struct PhaseForm {
    phase: String,
}

/// `POST /reports/completeness`: says how far the state has come.
pub(crate) async fn say(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, PhaseForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    if !manages(&user) {
        return Err(Failure::Forbidden);
    }
    let state = user.state()?;
    let phase = form.phase.parse().ok().and_then(Phase::numbered);
    let phase = phase.ok_or(Failure::BadRequest)?;
    let (by, now) = (user.label(), portal.now());
    portal
        .run(move |c| Ok(completeness::say_phase(c, state, phase, &by, now)?))
        .await?;
    Ok(view::see_other("/reports/completeness?done=true"))
}
