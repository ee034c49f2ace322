//! Requests to other states for what they hold of a child: inbox, sent, one request, asking.

use ::notices::Sender;
use ::notices::data_requests::{self as requests, Answering, Ask as NewAsk, Changed, Reply, What};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use mde::{PersonId, StateCode};
use serde::Deserialize;
use store::data_requests::DataRequest;
use store::notices::Box;
use store::work_items::{self, Scope};
use store::{Purpose, data_requests as kept, deadlines, links, participants};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::documents::{self, Held, Part, SendForm, VerdictForm};
use crate::pages::notices::{Child, NOTE, children};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, SendNotices, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Requests of a page.
const REQUESTS: i64 = 50;

/// What a state can answer.
const REPLIES: [Reply; 3] = [Reply::Sent, Reply::NotHeld, Reply::NotYet];

/// An answer in the words of the form. A document comes with no upload.
fn replied(reply: Reply, document: bool) -> &'static str {
    match reply {
        Reply::Sent if document => "Sent on another way, such as by mail",
        Reply::Sent => "Sent, or it goes with the next upload",
        Reply::NotHeld => "We do not hold it",
        Reply::NotYet => "Not yet; until the day below",
    }
}

/// Which box, where the page starts, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    #[serde(rename = "box")]
    which: String,
    before: Option<i64>,
    done: String,
}

#[derive(Template)]
#[template(path = "data_requests.html")]
struct RequestsPage {
    chrome: Chrome,
    state: &'static str,
    sent: bool,
    here: &'static str,
    list: Table,
    older: Option<i64>,
}

/// A child as pages between states name it.
pub(crate) fn named(child: Option<&Child>, person: i64) -> String {
    child.map_or_else(
        || format!("Record no. {person}"),
        |child| {
            let born = words::day_or(child.birth_date, "on an unknown date");
            format!("{}, born {born}", child.name)
        },
    )
}

fn what(request: &DataRequest) -> &'static str {
    What::named(&request.what).map_or("data", What::words)
}

/// How a request stands on a day.
fn standing(request: &DataRequest, today: NaiveDate) -> Tag {
    if let Some(standing) = documents::standing(request) {
        return standing;
    }
    if request.arrived_at.is_some() {
        return Tag::new("✓ Arrived", "agree");
    }
    match (
        request.status.as_str(),
        request.decision.as_deref(),
        request.not_until,
    ) {
        ("open", _, None) if request.due_on < today => Tag::new("! No answer", "differ"),
        ("open", _, Some(day)) if day < today => Tag::new("! Announced, not there", "differ"),
        ("open", _, Some(_)) => Tag::new("… Announced", "wait"),
        ("open", ..) => Tag::new("… Waits for an answer", "wait"),
        (_, Some("sent"), _) => Tag::new("✓ Said to be sent", "info"),
        (_, Some("not_held"), _) => Tag::new("– Not held", ""),
        _ => Tag::new("Taken back", ""),
    }
}

/// `GET /data-requests?box=inbox|sent&before=`: who is named in it is disclosed.
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (state, sent) = (user.state()?, ask.which == "sent");
    let access = user.access(Purpose::Program, &portal);
    let (before, today) = (ask.before, portal.today(Some(state)));
    let (found, children) = portal
        .run(move |c| {
            let which = if sent { Box::Sent } else { Box::Inbox };
            let found = requests::list(c, state, which, false, before, REQUESTS)?;
            let persons: Vec<i64> = found.iter().map(|r| r.person_id).collect();
            let children = children(c, &access, state, &persons)?;
            Ok((found, children))
        })
        .await?;
    let side = if sent { "Asked of" } else { "Asked by" };
    let mut table = Table::new(
        if sent {
            "Requests sent, newest first"
        } else {
            "Requests received, newest first"
        },
        &[
            "Child",
            side,
            "What for",
            "~Asked",
            "~Answer due",
            "How it stands",
        ],
        "There is none.",
    );
    for request in &found {
        let other = if sent { &request.recipient } else { &request.sender };
        table.row(
            "",
            [
                Cell::new(named(children.get(&request.person_id), request.person_id))
                    .link(format!("/data-requests/{}", request.work_item_id)),
                words::state_name(other).into(),
                words::sentence(what(request)).into(),
                words::day(request.opened_at.date_naive()).into(),
                words::day(request.due_on).into(),
                Cell::default().tag(standing(request, today)),
            ],
        );
    }
    let title = if sent {
        "Sent data requests"
    } else {
        "Data requests"
    };
    let done = (ask.done == "withdrawn").then_some("The request is taken back.");
    view::page(&RequestsPage {
        chrome: Chrome::of(&user, title, "/notices").done(done),
        state: state.name(),
        sent,
        here: if sent { "asked" } else { "requests" },
        older: found
            .last()
            .filter(|_| found.len() as i64 == REQUESTS)
            .map(|r| r.work_item_id),
        list: table.under_heading(),
    })
}

/// An answer as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnswerForm {
    action: String,
    answer: String,
    until: String,
    note: String,
}

#[derive(Template)]
#[template(path = "data_request.html")]
struct RequestPage {
    chrome: Chrome,
    mistakes: Mistakes,
    id: i64,
    child: String,
    person: i64,
    title: String,
    standing: Tag,
    facts: Vec<(&'static str, String)>,
    note: String,
    /// Clocks of the regulation that run for the recipient about this child.
    clocks: Vec<String>,
    answers: bool,
    takes_back: bool,
    /// Of what asks for a document.
    document: Option<Part>,
    answer: Field,
    until: Field,
    answer_note: Field,
}

struct Read {
    request: DataRequest,
    child: Option<Child>,
    clocks: Vec<String>,
    held: Option<Held>,
    /// Whether it is or was on a worklist of the user.
    listed: bool,
}

/// What was typed into the forms of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed {
    pub(crate) answer: AnswerForm,
    pub(crate) document: SendForm,
    pub(crate) verdict: VerdictForm,
}

/// Reads a request, and notes that somebody of the recipient has opened it; that the child is named is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let (state, by, now) = (user.state()?, user.label(), portal.now());
    let access = user.access(Purpose::Program, portal);
    let scope = user.judge().scope;
    portal
        .run(move |c| {
            let request = requests::open(c, id, state, &by, now)?.ok_or(Failure::NotFound)?;
            let child = children(c, &access, state, &[request.person_id])?.remove(&request.person_id);
            let clocks = deadlines::of_person(c, request.person_id)?
                .into_iter()
                .filter(|d| d.state == request.recipient && d.met_at.is_none())
                .filter_map(|d| {
                    let duty = ::notices::Duty::of_name(&d.duty)?;
                    let due = words::day(d.due_on?);
                    Some(format!(
                        "{} by {due} ({})",
                        words::sentence(duty.words()),
                        duty.source()
                    ))
                })
                .collect();
            let held = documents::held(c, &request)?;
            let listed = work_items::find_in(c, id, &scope)?.is_some();
            Ok(Read {
                request,
                child,
                clocks,
                held,
                listed,
            })
        })
        .await
}

fn facts(request: &DataRequest) -> Vec<(&'static str, String)> {
    let when = |at: Option<chrono::DateTime<chrono::Utc>>, missing: &str| {
        at.map_or_else(|| missing.to_owned(), words::instant)
    };
    let document = What::named(&request.what).is_some_and(What::is_document);
    let replied = REPLIES
        .into_iter()
        .find(|reply| Some(reply.name()) == request.answer.as_deref())
        .map(|reply| match request.document_version {
            Some(_) => "The document below",
            None => replied(reply, document),
        });
    let place: Vec<&str> = [&request.school, &request.district]
        .into_iter()
        .filter_map(|name| name.as_deref())
        .collect();
    let mut facts = vec![
        (
            "Went to",
            if place.is_empty() {
                "The state’s administrators".to_owned()
            } else {
                place.join(", ")
            },
        ),
        ("Asked", when(Some(request.opened_at), "")),
        ("Opened there", when(request.seen_at, "Not yet")),
        ("Answer due", words::day(request.due_on)),
    ];
    if let Some(replied) = replied {
        facts.push(("Answered", when(request.answered_at, "")));
        facts.push(("Answer", replied.to_owned()));
    }
    if let Some(day) = request.not_until {
        facts.push(("Announced for", words::day(day)));
    }
    if let Some(note) = &request.answer_note {
        facts.push(("They say", note.clone()));
    }
    if let Some(batch) = request.arrived_batch {
        facts.push((
            "New data arrived",
            format!("{}, upload no. {batch}", when(request.arrived_at, "")),
        ));
    }
    facts
}

fn page(user: &User, today: NaiveDate, read: &Read, typed: &Typed, mistakes: Mistakes) -> RequestPage {
    let (request, form) = (&read.request, &typed.answer);
    let own = user.acts_in.map(|state| state.to_string()).unwrap_or_default();
    let open = request.status == "open";
    let title = if request.sender == own {
        format!(
            "{} is asked for {}",
            words::state_name(&request.recipient),
            what(request)
        )
    } else {
        format!(
            "{} asks for {}",
            words::state_name(&request.sender),
            what(request)
        )
    };
    let replies = REPLIES
        .into_iter()
        .map(|reply| Choice::new(reply.name(), replied(reply, read.held.is_some()), &form.answer))
        .collect();
    RequestPage {
        chrome: Chrome::of(user, "Data request", "/notices"),
        id: request.work_item_id,
        child: named(read.child.as_ref(), request.person_id),
        person: request.person_id,
        title,
        standing: standing(request, today),
        facts: facts(request),
        note: request.note.clone().unwrap_or_default(),
        clocks: read.clocks.clone(),
        answers: open && read.listed && request.recipient == own && user.may(Permission::AnswerNotices),
        takes_back: open && request.sender == own,
        document: read
            .held
            .as_ref()
            .map(|held| documents::part(user, &own, request, read.listed, held, typed, &mistakes)),
        answer: Field::select("answer", "Your answer", "Choose", replies)
            .required()
            .judged(&mistakes),
        until: Field::text("until", "Until when? (only for “not yet”)", &form.until)
            .hint("For example 9/1/2026")
            .maximum(20)
            .judged(&mistakes),
        answer_note: Field::area("note", "Anything else?", &form.note)
            .hint("At most 500 characters. Nothing sensitive")
            .maximum(NOTE)
            .class("whole")
            .judged(&mistakes),
        mistakes,
    }
}

/// `GET /data-requests/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    let today = portal.today(user.acts_in);
    let mut page = page(&user, today, &read, &Typed::default(), Mistakes::default());
    page.chrome = page.chrome.done(match ask.done.as_str() {
        "asked" => Some("The request is sent."),
        "sent" => Some("The document is sent. The other state can download it."),
        "judged" => Some("It was saved. The other state can see it."),
        "answered" => Some("Your answer was saved. The other state can see it."),
        "late" => {
            Some("Somebody else was faster, or the data have arrived meanwhile. This is how it stands. Nothing was changed.")
        }
        _ => None,
    });
    view::page(&page)
}

/// A day as people type it.
pub(crate) fn typed_day(text: &str) -> Option<NaiveDate> {
    ["%m/%d/%Y", "%Y-%m-%d"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text.trim(), format).ok())
}

impl AnswerForm {
    fn understand(&self) -> Result<(Reply, Option<NaiveDate>), Mistakes> {
        let mut mistakes = Mistakes::default();
        let reply = REPLIES.into_iter().find(|reply| reply.name() == self.answer);
        if reply.is_none() {
            mistakes.add("answer", "Choose an answer.");
        }
        let until = typed_day(&self.until);
        if until.is_none() && !self.until.trim().is_empty() {
            mistakes.add("until", "Enter the date as month/day/year, such as 9/1/2026.");
        }
        match reply {
            Some(reply) if mistakes.is_empty() => Ok((reply, until)),
            _ => Err(mistakes),
        }
    }
}

/// What is wrong with a form, where the fault is the form's.
pub(crate) fn mistakes_of(error: ::notices::Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    match error {
        ::notices::Error::Database(error) => return Err(error.into()),
        ::notices::Error::UnknownPerson => return Err(Failure::NotFound),
        ::notices::Error::KeyReused => mistakes.add("note", words::SENT_BEFORE),
        ::notices::Error::Invalid { member, why } => {
            let (field, label) = match member {
                "until" => ("until", "The date"),
                "registrar" => ("registrar", "The name of the registrar"),
                "office" => ("office", "The title or office"),
                "issued" => ("issued", "The day of issue"),
                "attest" => ("attest", "The attestation"),
                "replaces" => ("document", "What is to be replaced"),
                "reason" => ("reason", "The reason"),
                "words" => ("words", "The conditions"),
                "contact" => ("contact", "Whom to ask"),
                _ => ("note", "The note"),
            };
            mistakes.add(field, format!("{label} {why}."));
        }
        error @ (::notices::Error::Conflict(_) | ::notices::Error::Damaged) => {
            mistakes.add("document", format!("{}.", words::sentence(&error.to_string())));
        }
        error => mistakes.add("state", format!("{}.", words::sentence(&error.to_string()))),
    }
    Ok(mistakes)
}

/// Refuses a request that the state was not asked, or whose answer is for other administrators of it.
pub(crate) fn answerable(
    c: &mut PgConnection,
    id: i64,
    state: StateCode,
    scope: &Scope,
) -> Result<(), Failure> {
    let asked = kept::find(c, id, state)?.is_some_and(|request| request.recipient == state.as_str());
    match work_items::find_in(c, id, scope)? {
        _ if !asked => Err(Failure::NotFound),
        None => Err(Failure::Forbidden),
        Some(_) => Ok(()),
    }
}

/// `POST /data-requests/{id}`: an answer, or with `action=withdraw` that it is taken back.
pub(crate) async fn answer(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, AnswerForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, now, id) = (user.state()?, user.label(), portal.now(), *id);
    let withdraws = form.action == "withdraw";
    if !withdraws && !user.may(Permission::AnswerNotices) {
        return Err(Failure::Forbidden);
    }
    let understood = if withdraws {
        Ok(None)
    } else {
        form.understand().map(Some)
    };
    let note = form.note.clone();
    let scope = user.judge().scope;
    let done: Result<Option<Changed>, Mistakes> = match understood {
        Err(mistakes) => Err(mistakes),
        Ok(answer) => {
            portal
                .run(move |c| {
                    let done = match answer {
                        None => requests::take_back(c, id, state, &by, now),
                        Some((reply, until)) => {
                            answerable(c, id, state, &scope)?;
                            let note = Some(note.as_str());
                            requests::answer(c, id, state, &by, &Answering { reply, until, note }, now)
                        }
                    };
                    match done {
                        Ok(done) => Ok(Ok(done)),
                        Err(error) => mistakes_of(error).map(Err),
                    }
                })
                .await?
        }
    };
    match done {
        Ok(None) => Err(Failure::NotFound),
        Ok(Some(done)) if !done.recorded => Ok(view::see_other(&format!("/data-requests/{id}?done=late"))),
        Ok(Some(_)) if withdraws => Ok(view::see_other("/data-requests?box=sent&done=withdrawn")),
        Ok(Some(_)) => Ok(view::see_other(&format!("/data-requests/{id}?done=answered"))),
        Err(mistakes) => {
            let typed = Typed {
                answer: form,
                ..Typed::default()
            };
            again(
                &portal,
                &user,
                id,
                &typed,
                mistakes,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
    }
}

/// The page of a request once more, with what was typed and what is wrong with it.
pub(crate) async fn again(
    portal: &Portal,
    user: &User,
    id: i64,
    typed: &Typed,
    mistakes: Mistakes,
    status: StatusCode,
) -> Result<HttpResponse, Failure> {
    let read = read(portal, user, id).await?;
    let mut page = page(user, portal.today(user.acts_in), &read, typed, mistakes);
    page.chrome.title = format!("Error: {}", page.chrome.title);
    view::page_with(status, &page)
}

/// A request as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskForm {
    /// Made with the page, so that a form sent twice asks once.
    once: String,
    person: String,
    state: String,
    what: String,
    note: String,
    correction: String,
}

#[derive(Template)]
#[template(path = "data_request_new.html")]
struct NewRequestPage {
    chrome: Chrome,
    mistakes: Mistakes,
    once: String,
    person: String,
    correction: String,
    child: String,
    none: bool,
    state: Field,
    what: Field,
    note: Field,
}

/// The other participating states that hold a record of a child.
pub(crate) fn holders(
    c: &mut diesel::PgConnection,
    person: PersonId,
    own: Option<StateCode>,
) -> Result<Vec<String>, Failure> {
    let known: Vec<u16> = links::members(c, &[person.number()])?
        .into_iter()
        .map(|(_, student)| mde::StudentId(student).state_number())
        .collect();
    let mut held: Vec<String> = participants::all(c)?
        .into_iter()
        .filter_map(|p| StateCode::new(&p.state).ok())
        .filter(|state| known.contains(&state.number()) && Some(*state) != own)
        .map(|state| state.to_string())
        .collect();
    held.sort_unstable();
    Ok(held)
}

async fn new_page(
    portal: &Portal,
    user: &User,
    form: &AskForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let own = user.state()?;
    let person = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let access = user.access(Purpose::Program, portal);
    let (child, states) = portal
        .run(move |c| {
            let person = links::survivor(c, person)?.ok_or(Failure::NotFound)?;
            let child = children(c, &access, own, &[person.number()])?.remove(&person.number());
            Ok((
                named(child.as_ref(), person.number()),
                holders(c, person, Some(own))?,
            ))
        })
        .await?;
    let chosen = if form.state.is_empty() && states.len() == 1 {
        &states[0]
    } else {
        &form.state
    };
    let others = states
        .iter()
        .map(|state| Choice::new(state.clone(), words::state_name(state), chosen))
        .collect();
    let whats = What::ALL
        .iter()
        .map(|what| Choice::new(what.name(), words::sentence(what.words()), &form.what))
        .collect();
    let (status, title) = if mistakes.is_empty() {
        (StatusCode::OK, "Ask a state for data")
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, "Error: ask a state for data")
    };
    view::page_with(
        status,
        &NewRequestPage {
            chrome: Chrome::of(user, title, "/notices"),
            once: portal.secret(),
            person: person.to_string(),
            correction: form.correction.clone(),
            child,
            none: states.is_empty(),
            state: Field::select("state", "Which state?", "Choose a state", others)
                .required()
                .judged(&mistakes),
            what: Field::select("what", "What do you need?", "Choose", whats)
                .required()
                .judged(&mistakes),
            note: Field::area("note", "Anything else?", &form.note)
                .hint(
                    "At most 500 characters. Nothing about health, immigration, family trouble or discipline",
                )
                .maximum(NOTE)
                .class("whole")
                .judged(&mistakes),
            mistakes,
        },
    )
}

/// `GET /data-requests/new?person=&state=&correction=`
pub(crate) async fn fresh(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    form: web::Query<AskForm>,
) -> Result<HttpResponse, Failure> {
    new_page(&portal, &user, &form, Mistakes::default()).await
}

/// `POST /data-requests/new`
pub(crate) async fn send(
    portal: web::Data<Portal>,
    guarded: Guarded<SendNotices, AskForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let own = user.state()?;
    let person_id = PersonId::parse(&form.person).map_err(|_| Failure::NotFound)?;
    let mut mistakes = Mistakes::default();
    let to_state = StateCode::new(&form.state).ok();
    if to_state.is_none() {
        mistakes.add("state", "Choose the state that you ask.");
    }
    let what = What::named(&form.what);
    if what.is_none() {
        mistakes.add("what", "Choose what you need.");
    }
    let (Some(to_state), Some(what)) = (to_state, what) else {
        return new_page(&portal, &user, &form, mistakes).await;
    };
    let ask = NewAsk {
        person_id,
        to_state,
        what,
        note: Some(form.note.clone()),
        for_correction: form.correction.parse().ok(),
    };
    let (by, once, now) = (user.label(), form.once.clone(), portal.now());
    let sent = portal
        .run(move |c| {
            let sender = Sender {
                state: own,
                by: &by,
                idempotency_key: Some(once.as_str()).filter(|once| !once.is_empty()),
            };
            match requests::ask(c, sender, &ask, now) {
                Ok(request) => Ok(Ok(request.work_item_id)),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match sent {
        Ok(id) => Ok(view::see_other(&format!("/data-requests/{id}?done=asked"))),
        Err(mistakes) => new_page(&portal, &user, &form, mistakes).await,
    }
}
