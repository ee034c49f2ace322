//! What families ask to have corrected: the list, one request, taking it down, and the letter to the family.

use ::notices::Sender;
use ::notices::corrections::{self, Asker, Decision, Step, Taking};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use askama::Template;
use export::papers;
use export::pdf::Language;
use mde::{PersonId, StateCode};
use serde::Deserialize;
use store::corrections::{self as kept, Correction};
use store::data_requests::{self, DataRequest};
use store::deadlines::Kept;
use store::{Purpose, deadlines, links, work_items};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::data_requests::{holders, named, typed_day};
use crate::pages::notices::{Child, children};
use crate::state::Portal;
use crate::user::{Allowed, AnswerNotices, Guarded, Permission, SendNotices, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Corrections of a page.
const CORRECTIONS: i64 = 50;

/// Where the page starts, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    before: Option<i64>,
    done: String,
}

#[derive(Template)]
#[template(path = "corrections.html")]
struct CorrectionsPage {
    chrome: Chrome,
    state: &'static str,
    here: &'static str,
    list: Table,
    older: Option<i64>,
}

fn standing(k: &Correction) -> Tag {
    match (k.decision.as_deref(), k.told_at.is_some(), k.arrived_at.is_some()) {
        (None, ..) => Tag::new("… Waits for a decision", "wait"),
        (Some(_), false, _) => Tag::new("… Family not told", "wait"),
        (Some("corrected"), true, false) => Tag::new("… Data still to come", "wait"),
        (Some("corrected"), true, true) => Tag::new("✓ Corrected", "agree"),
        (Some(_), true, _) if k.statement.is_some() => Tag::new("Declined, with statement", "info"),
        (Some(_), true, _) => Tag::new("Declined", ""),
    }
}

fn about(k: &Correction) -> String {
    let element = k.element.as_deref().map_or("The record", words::element);
    words::sentence(element)
}

/// `GET /corrections?before=`: what is listed is disclosed.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let (access, before) = (user.access(Purpose::Program, &portal), ask.before);
    let (found, children) = portal
        .run(move |c| {
            let found = kept::list(c, &access, state, false, before, CORRECTIONS)?;
            let persons: Vec<i64> = found.iter().map(|k| k.person_id).collect();
            let children = children(c, &access, state, &persons)?;
            Ok((found, children))
        })
        .await?;
    let mut table = Table::new(
        "Requests of families, newest first",
        &[
            "Child",
            "About",
            "Whose record",
            "Asked in",
            "~Asked on",
            "How it stands",
        ],
        "No family has asked for a correction.",
    );
    for k in &found {
        table.row(
            "",
            [
                Cell::new(named(children.get(&k.person_id), k.person_id))
                    .link(format!("/corrections/{}", k.work_item_id)),
                about(k).into(),
                words::state_name(&k.owner).into(),
                words::state_name(&k.taken_in).into(),
                words::day(k.asked_on).into(),
                Cell::default().tag(standing(k)),
            ],
        );
    }
    view::page(&CorrectionsPage {
        chrome: Chrome::of(&user, "Corrections", "/notices"),
        state: state.name(),
        here: "corrections",
        older: found
            .last()
            .filter(|_| found.len() as i64 == CORRECTIONS)
            .map(|k| k.work_item_id),
        list: table.under_heading(),
    })
}

/// What is done with a correction, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StepForm {
    action: String,
    why: String,
    statement: String,
}

#[derive(Template)]
#[template(path = "correction.html")]
struct CorrectionPage {
    chrome: Chrome,
    mistakes: Mistakes,
    id: i64,
    child: String,
    person: i64,
    standing: Tag,
    says: String,
    should_say: String,
    facts: Vec<(&'static str, String)>,
    clocks: Table,
    inquiries: Table,
    statement: String,

    decides: bool,
    tells: bool,
    states: bool,
    why: Field,
    words: Field,
}

struct Read {
    correction: Correction,
    child: Option<Child>,
    clocks: Vec<Kept>,
    inquiries: Vec<DataRequest>,
    /// Whether it is or was on a worklist of the user.
    listed: bool,
}

/// Reads a correction that concerns the user's state; it is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let state = user.state()?;
    let access = user.access(Purpose::Program, portal);
    let scope = user.judge().scope;
    portal
        .run(move |c| {
            let correction = kept::read(c, &access, id, state)?.ok_or(Failure::NotFound)?;
            let inquiries = data_requests::for_correction(c, id)?;
            let numbers: Vec<i64> = inquiries.iter().map(|r| r.work_item_id).chain([id]).collect();
            let clocks = deadlines::of_person(c, correction.person_id)?
                .into_iter()
                .filter(|d| d.duty.starts_with("correct"))
                .filter(|d| {
                    let item = d.cause.rsplit('|').next().and_then(|number| number.parse().ok());
                    item.is_some_and(|item: i64| numbers.contains(&item))
                })
                .collect();
            Ok(Read {
                child: children(c, &access, state, &[correction.person_id])?.remove(&correction.person_id),
                correction,
                clocks,
                inquiries,
                listed: work_items::find_in(c, id, &scope)?.is_some(),
            })
        })
        .await
}

fn facts(k: &Correction) -> Vec<(&'static str, String)> {
    let asker = match k.asker.as_str() {
        "parent" => "a parent",
        "guardian" => "a guardian",
        _ => "the student",
    };
    let mut facts = vec![
        ("About", about(k)),
        (
            "Asked",
            format!(
                "{} by {asker}, in {}",
                words::day(k.asked_on),
                words::state_name(&k.taken_in)
            ),
        ),
        ("Whose record it is", words::state_name(&k.owner)),
        (
            "The family is written to in",
            if k.language == "es" { "Spanish" } else { "English" }.to_owned(),
        ),
    ];
    if let Some(grounds) = &k.grounds {
        facts.push(("What the family shows", grounds.clone()));
    }
    if let Some(at) = k.forwarded_at {
        facts.push(("Forwarded", words::instant(at)));
    }
    if let (Some(decision), Some(at)) = (&k.decision, k.decided_at) {
        let decided = if decision == "corrected" {
            "To correct it"
        } else {
            "To leave it as it is"
        };
        facts.push(("Decided", format!("{decided}, {}", words::instant(at))));
        facts.push(("Why", k.why.clone().unwrap_or_default()));
    }
    if let Some(at) = k.told_at {
        facts.push(("Family told", words::instant(at)));
    }
    if let (Some(at), Some(batch)) = (k.arrived_at, k.arrived_batch) {
        facts.push((
            "Corrected data arrived",
            format!("{}, upload no. {batch}", words::instant(at)),
        ));
    }
    facts
}

fn clocks(kept: &[Kept], today: chrono::NaiveDate) -> Table {
    let mut table = Table::new(
        "What the regulation asks, and by when",
        &["Duty", "State", "~Last day", "How it stands"],
        "The clocks are being set. Look again in a moment.",
    );
    for clock in kept {
        let Some(duty) = ::notices::Duty::of_name(&clock.duty) else {
            continue;
        };
        let tag = match (clock.met_on, clock.due_on) {
            (Some(met), Some(due)) if met > due => Tag::new(format!("! Late, {}", words::day(met)), "differ"),
            (Some(met), _) => Tag::new(format!("✓ Met {}", words::day(met)), "agree"),
            (None, Some(due)) if due < today => Tag::new("! Overdue", "differ"),
            _ => Tag::new("… Open", "wait"),
        };
        table.row(
            "",
            [
                Cell::new(words::sentence(duty.words())).note(duty.source()),
                words::state_name(&clock.state).into(),
                words::day_or(clock.due_on, "").into(),
                Cell::default().tag(tag),
            ],
        );
    }
    table.under_heading()
}

fn inquiries(requests: &[DataRequest]) -> Table {
    let mut table = Table::new(
        "Questions to other states about it",
        &["Asked of", "~Asked", "~Reply due", "~Replied"],
        "No other state was asked.",
    );
    for request in requests {
        let replied = request.answered_at.map(|at| words::day(at.date_naive()));
        table.row(
            "",
            [
                Cell::new(words::state_name(&request.recipient))
                    .link(format!("/data-requests/{}", request.work_item_id)),
                words::day(request.opened_at.date_naive()).into(),
                words::day(request.due_on).into(),
                replied.unwrap_or_else(|| "Not yet".to_owned()).into(),
            ],
        );
    }
    table.under_heading()
}

fn page(
    user: &User,
    today: chrono::NaiveDate,
    read: &Read,
    form: &StepForm,
    mistakes: Mistakes,
) -> CorrectionPage {
    let k = &read.correction;
    let own = user.acts_in.map(|state| state.to_string()).unwrap_or_default();
    let may = user.may(Permission::AnswerNotices);
    CorrectionPage {
        chrome: Chrome::of(user, "Correction", "/notices"),
        id: k.work_item_id,
        child: named(read.child.as_ref(), k.person_id),
        person: k.person_id,
        standing: standing(k),
        says: k.says.clone(),
        should_say: k.should_say.clone(),
        facts: facts(k),
        clocks: clocks(&read.clocks, today),
        inquiries: inquiries(&read.inquiries),
        statement: k.statement.clone().unwrap_or_default(),

        decides: may && read.listed && k.owner == own && k.decision.is_none(),
        tells: may && k.decision.is_some() && k.told_at.is_none(),
        states: may && k.decision.as_deref() == Some("declined"),
        why: Field::area("why", "Why?", &form.why)
            .hint("It stands in the letter to the family. At most 1,000 characters")
            .maximum(1000)
            .class("whole")
            .judged(&mistakes),
        words: Field::area(
            "statement",
            "The family’s statement",
            if form.statement.is_empty() {
                k.statement.as_deref().unwrap_or_default()
            } else {
                &form.statement
            },
        )
        .hint("In its own words. It is shown wherever the record is. At most 4,000 characters")
        .maximum(corrections::STATEMENT)
        .class("whole")
        .judged(&mistakes),
        mistakes,
    }
}

/// `GET /corrections/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    let today = portal.today(user.acts_in);
    let mut page = page(&user, today, &read, &StepForm::default(), Mistakes::default());
    page.chrome = page.chrome.done(match ask.done.as_str() {
        "taken" => Some("The request is taken. Its clocks run."),
        "corrected" => {
            Some("Decided: the record is corrected. Now print the letter, and send the corrected data.")
        }
        "declined" => Some("Decided: the record stays as it is. Now print the letter."),
        "told" => Some("It is noted that the family was told."),
        "stated" => Some("The statement is kept with the record."),
        "late" => Some("Somebody else was faster. This is how it stands. Nothing was changed."),
        _ => None,
    });
    view::page(&page)
}

/// `POST /corrections/{id}`: `action` is `corrected`, `declined`, `told` or `stated`.
pub(crate) async fn act(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<AnswerNotices, StepForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, id) = (user.state()?, user.label(), *id);
    let step = match form.action.as_str() {
        "corrected" => Step::Decide(Decision::Corrected, form.why.clone()),
        "declined" => Step::Decide(Decision::Declined, form.why.clone()),
        "told" => Step::Tell,
        "stated" => Step::Disagree(form.statement.clone()),
        _ => return Err(Failure::BadRequest),
    };
    let access = user.access(Purpose::Program, &portal);
    let scope = user.judge().scope;
    let done = portal
        .run(move |c| {
            if matches!(step, Step::Decide(..)) && work_items::find_in(c, id, &scope)?.is_none() {
                return Err(Failure::Forbidden);
            }
            let who = Sender {
                state,
                by: &by,
                idempotency_key: None,
            };
            match corrections::step(c, &access, id, who, &step) {
                Ok(done) => Ok(Ok(done)),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match done {
        Ok(None) => Err(Failure::NotFound),
        Ok(Some(done)) => {
            let word = if done.recorded {
                form.action.as_str()
            } else {
                "late"
            };
            Ok(view::see_other(&format!("/corrections/{id}?done={word}")))
        }
        Err(mistakes) => {
            let read = read(&portal, &user, id).await?;
            let mut page = page(&user, portal.today(user.acts_in), &read, &form, mistakes);
            page.chrome.title = format!("Error: {}", page.chrome.title);
            view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// What is wrong with a form, where the fault is the form's.
fn mistakes_of(error: ::notices::Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    match error {
        ::notices::Error::Database(error) => return Err(error.into()),
        ::notices::Error::UnknownPerson => return Err(Failure::NotFound),
        ::notices::Error::KeyReused => mistakes.add("says", words::SENT_BEFORE),
        ::notices::Error::Invalid { member, why } => {
            let (field, label) = match member {
                "says" => ("says", "What the record says"),
                "should_say" => ("should_say", "What it should say"),
                "grounds" => ("grounds", "What the family shows"),
                "element" => ("element", "The data element"),
                "asked_on" => ("asked_on", "The date"),
                "statement" => ("statement", "The statement"),
                _ => ("why", "The reason"),
            };
            mistakes.add(field, format!("{label} {why}."));
        }
        error => mistakes.add("owner", format!("{}.", words::sentence(&error.to_string()))),
    }
    Ok(mistakes)
}

/// In which language the letter is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    language: String,
}

/// `GET /corrections/{id}/letter.pdf?language=`: to the family.
pub(crate) async fn letter(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    id: web::Path<i64>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    let k = &read.correction;
    let language = Language::tagged(&wanted.language)
        .or_else(|| Language::tagged(&k.language))
        .unwrap_or_default();
    let child = read.child.map_or_else(String::new, |child| child.name);
    let pdf = papers::letter(k, &child, language, portal.now())
        .pdf()
        .map_err(|_| Failure::Internal)?;
    let name = format!("attachment; filename=\"correction-{id}-{}.pdf\"", language.tag());
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(pdf))
}

/// A request as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TakeForm {
    /// Made with the page, so that a form sent twice takes it once.
    once: String,
    person: String,
    owner: String,
    asked_on: String,
    asker: String,
    language: String,
    element: String,
    says: String,
    should_say: String,
    grounds: String,
}

#[derive(Template)]
#[template(path = "correction_new.html")]
struct NewCorrectionPage {
    chrome: Chrome,
    mistakes: Mistakes,
    once: String,
    person: String,
    child: String,
    owner: Field,
    asked_on: Field,
    asker: Field,
    language: Field,
    element: Field,
    says: Field,
    should_say: Field,
    grounds: Field,
}

async fn new_page(
    portal: &Portal,
    user: &User,
    form: &TakeForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let access = user.access(Purpose::Program, portal);
    let (child, states) = portal
        .run(move |c| {
            let person = links::survivor(c, person)?.ok_or(Failure::NotFound)?;
            let child = children(c, &access, own, &[person.number()])?.remove(&person.number());
            Ok((named(child.as_ref(), person.number()), holders(c, person, None)?))
        })
        .await?;
    let owners = states
        .iter()
        .map(|state| Choice::new(state.clone(), words::state_name(state), &form.owner))
        .collect();
    let askers = Asker::ALL
        .iter()
        .map(|asker| Choice::new(asker.name(), words::sentence(asker.name()), &form.asker))
        .collect();
    let languages = [("en", "English"), ("es", "Spanish")]
        .iter()
        .map(|(tag, words)| Choice::new(*tag, *words, &form.language))
        .collect();
    let elements = mde::PartKind::ALL
        .iter()
        .filter(|kind| **kind != mde::PartKind::Facility)
        .flat_map(|kind| kind.fields())
        .map(|field| {
            Choice::new(
                field.element,
                words::sentence(words::element(field.element)),
                &form.element,
            )
        })
        .fold(Vec::<Choice>::new(), |mut list, choice| {
            if !list.iter().any(|known| known.value == choice.value) {
                list.push(choice);
            }
            list
        });
    let (status, title) = if mistakes.is_empty() {
        (StatusCode::OK, "A family asks for a correction")
    } else {
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Error: a family asks for a correction",
        )
    };
    view::page_with(
        status,
        &NewCorrectionPage {
            chrome: Chrome::of(user, title, "/notices"),
            once: portal.secret(),
            person: person.to_string(),
            child,
            owner: Field::select("owner", "Whose record is wrong?", "Choose a state", owners)
                .required()
                .judged(&mistakes),
            asked_on: Field::text("asked_on", "When did the family ask?", &form.asked_on)
                .hint("For example 4/1/2026")
                .required()
                .maximum(20)
                .judged(&mistakes),
            asker: Field::select("asker", "Who asks?", "Choose", askers)
                .required()
                .judged(&mistakes),
            language: Field::select("language", "Language of the letter", "Choose", languages)
                .required()
                .judged(&mistakes),
            element: Field::select("element", "What is it about?", "Something else", elements)
                .class("whole")
                .judged(&mistakes),
            says: Field::text("says", "What does the record say?", &form.says)
                .required()
                .maximum(300)
                .judged(&mistakes),
            should_say: Field::text("should_say", "What should it say?", &form.should_say)
                .required()
                .maximum(300)
                .judged(&mistakes),
            grounds: Field::area("grounds", "What does the family show for it?", &form.grounds)
                .hint("For example a birth certificate. At most 1,000 characters")
                .maximum(1000)
                .class("whole")
                .judged(&mistakes),
            mistakes,
        },
    )
}

/// `GET /corrections/new?person=`
pub(crate) async fn fresh(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    form: web::Query<TakeForm>,
) -> Result<HttpResponse, Failure> {
    new_page(&portal, &user, &form, Mistakes::default()).await
}

impl TakeForm {
    fn understand(&self, person_id: PersonId) -> Result<Taking, Mistakes> {
        let mut mistakes = Mistakes::default();
        let owner = StateCode::new(&self.owner).ok();
        if owner.is_none() {
            mistakes.add("owner", "Choose the state whose record is wrong.");
        }
        let asked_on = typed_day(&self.asked_on);
        if asked_on.is_none() {
            mistakes.add("asked_on", "Enter the date as month/day/year, such as 4/1/2026.");
        }
        let asker = Asker::ALL.into_iter().find(|asker| asker.name() == self.asker);
        if asker.is_none() {
            mistakes.add("asker", "Choose who asks.");
        }
        if !matches!(self.language.as_str(), "en" | "es") {
            mistakes.add("language", "Choose the language of the letter.");
        }
        if self.says.trim().is_empty() {
            mistakes.add("says", "Say what the record says now.");
        }
        if self.should_say.trim().is_empty() {
            mistakes.add("should_say", "Say what it should say.");
        }
        match (owner, asked_on, asker) {
            (Some(owner), Some(asked_on), Some(asker)) if mistakes.is_empty() => Ok(Taking {
                person_id,
                owner,
                asked_on,
                asker,
                spanish: self.language == "es",
                element: Some(self.element.clone()),
                says: self.says.clone(),
                should_say: self.should_say.clone(),
                grounds: Some(self.grounds.clone()),
            }),
            _ => Err(mistakes),
        }
    }
}

/// `POST /corrections/new`
pub(crate) async fn take(
    portal: web::Data<Portal>,
    guarded: Guarded<SendNotices, TakeForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let taking = match form.understand(person) {
        Ok(taking) => taking,
        Err(mistakes) => return new_page(&portal, &user, &form, mistakes).await,
    };
    let (by, once, now) = (user.label(), form.once.clone(), portal.now());
    let taken = portal
        .run(move |c| {
            let taker = Sender {
                state: own,
                by: &by,
                idempotency_key: Some(once.as_str()).filter(|once| !once.is_empty()),
            };
            match corrections::take(c, taker, &taking, now) {
                Ok(id) => Ok(Ok(id)),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match taken {
        Ok(id) => Ok(view::see_other(&format!("/corrections/{id}?done=taken"))),
        Err(mistakes) => new_page(&portal, &user, &form, mistakes).await,
    }
}
