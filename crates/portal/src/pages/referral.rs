//! One referral: whom the child may be, to whom it goes, what came of it, and the form to say so.

use std::collections::HashMap;

use ::notices::Error;
use ::notices::referrals::{self, Outcome, Saying, Told};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use mde::PersonId;
use mde::code::ContactRole;
use serde::Deserialize;
use store::contacts::{self, Contact};
use store::referrals::Referral;
use store::work_items::Taken;
use store::{Purpose, db, referrals as kept};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::contacts as directory;
use crate::pages::data_requests::named;
use crate::pages::notices::{Child, NOTE, children};
use crate::pages::referrals::{outcome_tag, school, standing_tag, taker};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, SeeStudents, SendNotices, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

/// An outcome as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OutcomeForm {
    outcome: String,
    person: String,
    note: String,
    /// How many outcomes the page showed.
    seen: String,
}

#[derive(Template)]
#[template(path = "referral.html")]
struct ReferralPage {
    chrome: Chrome,
    mistakes: Mistakes,
    id: i64,
    number: String,
    state: &'static str,
    standing: Tag,
    facts: Vec<(&'static str, String)>,
    candidates: Table,
    recruiters: Table,
    outcomes: Table,
    seen: usize,
    says: bool,
    /// Whether it can be taken, or given back.
    takes: bool,
    gives_back: bool,
    outcome: Field,
    person: Field,
    note: Field,
}

struct Read {
    told: Told,
    candidates: Vec<(PersonId, f32)>,
    children: HashMap<i64, Child>,
    recruiters: Vec<Contact>,
}

/// Reads a referral of the user's place; that its candidates are named is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let (place, access) = (user.place()?, user.access(Purpose::Program, portal));
    portal
        .run(move |c| {
            let told = referrals::read(c, &place, id)?.ok_or(Failure::NotFound)?;
            let candidates = told.referral.candidates()?;
            let mut persons: Vec<i64> = candidates.iter().map(|(person, _)| person.number()).collect();
            persons.extend(told.outcomes.iter().filter_map(|of| of.person_id));
            persons.sort_unstable();
            persons.dedup();
            let children = children(c, &access, place.state, &persons)?;
            let (district, code) = (&told.referral.district, &told.referral.facility_code);
            let of = (place.state, district.clone(), code.clone());
            let recruiters = contacts::nearest(c, &[of], Some(ContactRole::Mep))?;
            Ok(Read {
                told,
                candidates,
                children,
                recruiters,
            })
        })
        .await
}

impl Read {
    fn name(&self, person: i64) -> String {
        named(self.children.get(&person), person)
    }
}

/// Who said something, in words.
fn by(said_by: &str) -> String {
    let user = said_by.split_once(" for ").map(|(_, user)| user);
    let text = user.unwrap_or(said_by);
    text.strip_prefix("account:").unwrap_or(text).to_owned()
}

fn facts(referral: &Referral) -> Vec<(&'static str, String)> {
    let district = referral.district.clone();
    let mut facts = vec![
        ("School", school(referral)),
        ("District", district.unwrap_or_else(|| "Not sent".to_owned())),
        ("Referred", words::instant(referral.opened_at)),
        ("Asked by", by(&referral.opened_by)),
        ("Outcome due", words::day(referral.due_on)),
    ];
    if referral.outcome.is_none() {
        facts.push(("Taken by", taken(referral)));
    }
    facts
}

/// Who has taken a referral, and since when.
fn taken(referral: &Referral) -> String {
    match (taker(referral), referral.taken_at) {
        (Some(who), Some(since)) => format!("{who}, {}", words::instant(since)),
        _ => "Nobody".to_owned(),
    }
}

fn candidates(read: &Read) -> Table {
    let mut table = Table::new(
        "Known children, the most probable first",
        &["Child", "How sure"],
        "None.",
    )
    .under_heading();
    for (person, probability) in &read.candidates {
        table.row(
            "",
            [
                Cell::new(read.name(person.number())).link(format!("/persons/{person}?purpose=program")),
                words::sentence(words::likelihood(Some(*probability))).into(),
            ],
        );
    }
    table
}

fn outcomes(read: &Read) -> Table {
    let mut table = Table::new(
        "What was said and shown, the latest first",
        &["Outcome", "Child", "Note", "~When", "By"],
        "Nothing yet.",
    )
    .under_heading();
    for of in read.told.outcomes.iter().rev() {
        let child = of.person_id.map_or_else(Cell::default, |person| {
            Cell::new(read.name(person)).link(format!("/persons/{person}?purpose=program"))
        });
        let said = match (&of.said_by, of.batch_id) {
            (Some(said_by), _) => by(said_by),
            (None, Some(batch)) => format!("Upload no. {batch}"),
            (None, None) => "An upload".to_owned(),
        };
        table.row(
            "",
            [
                Cell::default().tag(outcome_tag(&of.outcome)),
                child,
                of.note.clone().into(),
                words::instant(of.said_at).into(),
                said.into(),
            ],
        );
    }
    table
}

fn page(portal: &Portal, user: &User, read: &Read, form: &OutcomeForm, mistakes: Mistakes) -> ReferralPage {
    let (referral, today) = (&read.told.referral, portal.today(user.acts_in));
    let (says, waits) = (user.may(Permission::SendNotices), referral.outcome.is_none());
    let all = Outcome::ALL.into_iter();
    let choices = all
        .map(|of| Choice::new(of.name(), words::sentence(of.words()), &form.outcome))
        .collect();
    let persons = read
        .candidates
        .iter()
        .map(|(person, _)| Choice::new(person.to_string(), read.name(person.number()), &form.person))
        .collect();
    let title = if mistakes.is_empty() {
        "Referral"
    } else {
        "Error: referral"
    };
    ReferralPage {
        chrome: Chrome::of(user, title, "/students"),
        id: referral.referral_id,
        number: referral.state_student_id.clone(),
        state: user.acts_in.map_or("", mde::StateCode::name),
        standing: standing_tag(referral, today),
        facts: facts(referral),
        candidates: candidates(read),
        recruiters: directory::table(
            &read.recruiters,
            today,
            portal.now(),
            false,
            "The directory of contacts names nobody of the migrant program here.",
        ),
        outcomes: outcomes(read),
        seen: read.told.outcomes.len(),
        says,
        takes: says && waits && referral.taken_by.is_none(),
        gives_back: says
            && waits
            && referral
                .taken_by
                .as_ref()
                .is_some_and(|by| *by == user.label() || user.may(Permission::DecideMatches)),
        outcome: Field::select("outcome", "What came of it?", "Choose", choices)
            .required()
            .judged(&mistakes),
        person: Field::select(
            "person",
            "If found eligible: who is it?",
            "Nobody of these, or not yet in the hub",
            persons,
        )
        .judged(&mistakes),
        note: Field::area("note", "Anything else?", &form.note)
            .hint("At most 500 characters. Nothing sensitive")
            .maximum(NOTE)
            .class("whole")
            .judged(&mistakes),
        mistakes,
    }
}

/// `GET /referrals/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeStudents>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    let mut page = page(
        &portal,
        &user,
        &read,
        &OutcomeForm::default(),
        Mistakes::default(),
    );
    page.chrome = page.chrome.done(match ask.done.as_str() {
        "said" => Some("The outcome is saved."),
        "taken" => Some("You have taken it: others see that you go to see the family."),
        "back" => Some("Nobody has it now."),
        "late" => Some("Somebody else was faster. This is how it stands. Nothing was changed."),
        _ => None,
    });
    view::page(&page)
}

/// Taking, or giving back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TakingForm {
    action: String,
}

/// `POST /referrals/{id}/taking`: `action` is `take` or `give_back`; the latter for somebody else by administrators.
pub(crate) async fn take(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, TakingForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (place, own, now, id) = (user.place()?, user.label(), portal.now(), *id);
    let (to, from, done) = match form.action.as_str() {
        "take" => (Some(own.clone()), Taken::ByNobody, "taken"),
        "give_back" if user.may(Permission::DecideMatches) => (None, Taken::ByAnybody, "back"),
        "give_back" => (None, Taken::By(own.clone()), "back"),
        _ => return Err(Failure::BadRequest),
    };
    let changed = portal
        .run(move |c| {
            kept::find(c, &place, id)?.ok_or(Failure::NotFound)?;
            let done = db::write(c, |c| {
                kept::entrust(c, &place, id, (to.as_deref(), &from), &own, now)
            });
            Ok(done?)
        })
        .await?;
    let done = if changed { done } else { "late" };
    Ok(view::see_other(&format!("/referrals/{id}?done={done}")))
}

impl OutcomeForm {
    fn understand(&self) -> Result<(Outcome, Option<PersonId>), Mistakes> {
        let mut mistakes = Mistakes::default();
        let outcome = Outcome::named(&self.outcome);
        if outcome.is_none() {
            mistakes.add("outcome", "Choose what came of it.");
        }
        let person = PersonId::parse(&self.person).ok();
        if person.is_some() && outcome.is_some_and(|of| of != Outcome::FoundEligible) {
            mistakes.add(
                "person",
                "Name a child only if it was found eligible; choose nobody or another outcome.",
            );
        }
        match outcome {
            Some(outcome) if mistakes.is_empty() => Ok((outcome, person)),
            _ => Err(mistakes),
        }
    }
}

/// `POST /referrals/{id}`
pub(crate) async fn say(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, OutcomeForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (place, by, now, id) = (user.place()?, user.label(), portal.now(), *id);
    let mistakes = match form.understand() {
        Err(mistakes) => mistakes,
        Ok((outcome, person)) => {
            let (note, seen) = (form.note.clone(), form.seen.parse().ok());
            let said = portal
                .run(move |c| {
                    // Whom it may be is a choice of this referral, never any child.
                    let referral = kept::find(c, &place, id)?.ok_or(Failure::NotFound)?;
                    let of_it = referral.candidates()?;
                    if person.is_some_and(|person| !of_it.iter().any(|(of, _)| *of == person)) {
                        return Err(Failure::BadRequest);
                    }
                    let saying = Saying {
                        outcome,
                        person,
                        note: Some(&note),
                        seen,
                    };
                    match referrals::say(c, &place, id, &by, &saying, now) {
                        Ok(told) => told.map(|_| Ok("said")).ok_or(Failure::NotFound),
                        Err(Error::Conflict(_)) => Ok(Ok("late")),
                        Err(Error::Invalid { why, .. }) => Ok(Err(format!("The note {why}."))),
                        Err(Error::Database(error)) => Err(error.into()),
                        Err(_) => Err(Failure::BadRequest),
                    }
                })
                .await?;
            match said {
                Ok(done) => return Ok(view::see_other(&format!("/referrals/{id}?done={done}"))),
                Err(why) => {
                    let mut mistakes = Mistakes::default();
                    mistakes.add("note", why);
                    mistakes
                }
            }
        }
    };
    let read = read(&portal, &user, id).await?;
    let page = page(&portal, &user, &read, &form, mistakes);
    view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
