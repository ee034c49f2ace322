//! One move notice: what it says, what became of it, answering, reopening and closing it.

use ::notices::life::{self, Standing};
use ::notices::{Answer, Changed};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use store::Purpose;
use store::notices::{Notice, Step};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::notices::{ANSWERS, Item, NOTE, call, children, item, standing};
use crate::state::Portal;
use crate::user::{Allowed, AnswerNotices, Guarded, Permission, SendNotices, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

/// What a form sends: an answer, or with `action` that the notice is reopened or closed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StepForm {
    action: String,
    answer: String,
    note: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    chrome: Chrome,
    mistakes: Mistakes,
    item: Item,
    standing: Tag,
    answers: bool,
    reopens: bool,
    closes: bool,
    answer: Field,
    note: Field,
    reason: Field,
    steps: Table,
}

struct Read {
    notice: Notice,
    steps: Vec<Step>,
    item: Item,
}

/// Reads a notice, and notes that somebody of the recipient has opened it; that the child is named is disclosed.
async fn read(portal: &Portal, user: &User, id: i64) -> Result<Read, Failure> {
    let (state, by, now) = (user.state()?, user.label(), portal.now());
    let today = portal.today(Some(state));
    let access = user.access(Purpose::Program, portal);
    portal
        .run(move |c| {
            let (notice, steps) = ::notices::open(c, id, state, Some(&by), now)?.ok_or(Failure::NotFound)?;
            let child = children(c, &access, state, &[notice.person_id])?.remove(&notice.person_id);
            let call = call(c, &notice, state, today)?;
            Ok(Read {
                item: item(&notice, child.as_ref(), call, today),
                notice,
                steps,
            })
        })
        .await
}

/// A step in words.
fn said(step: &Step) -> String {
    let answer = ANSWERS
        .iter()
        .find(|(answer, ..)| Some(answer.name()) == step.answer.as_deref())
        .map_or("", |(_, words, _)| *words);
    match step.what.as_str() {
        "received" => "Received: on the list for the first time".to_owned(),
        "seen" => "Seen: opened for the first time".to_owned(),
        "answered" => format!("Answered: {answer}"),
        "reopened" => "Reopened: waits for an answer again".to_owned(),
        "closed" => "Closed".to_owned(),
        "reminded" => "Reminded: no answer in five working days".to_owned(),
        "returned" => "Returned to the sender: no answer in ten working days".to_owned(),
        "withdrawn" => "Withdrawn: what states report does not show the move any more".to_owned(),
        "restored" => "Valid again: what states report shows the move again".to_owned(),
        other => words::sentence(other),
    }
}

/// Everything that became of a notice, with its times. Who did it is told of the reader's own state.
fn history(read: &Read, own: &str) -> Table {
    let mut table = Table::new(
        "What became of it",
        &["What", "~When", "Who"],
        "Nothing has happened yet.",
    );
    let who = |state: Option<&str>, by: Option<&str>| match state {
        None => "The exchange".to_owned(),
        Some(state) => match by.filter(|_| state == own) {
            Some(by) => format!(
                "{}, {}",
                words::state_name(state),
                by.strip_prefix("account:").unwrap_or(by)
            ),
            None => words::state_name(state),
        },
    };
    let notice = &read.notice;
    let sent = if notice.sender.is_some() { "Sent" } else { "Raised" };
    table.row(
        "",
        [
            Cell::new(sent),
            words::instant(notice.created_at).into(),
            who(notice.sender.as_deref(), Some(&notice.created_by)).into(),
        ],
    );
    for step in &read.steps {
        let note = step.note.as_deref().map(|note| format!("“{note}”"));
        table.row(
            "",
            [
                Cell::new(said(step)).note(note.unwrap_or_default()),
                words::instant(step.at).into(),
                who(step.state.as_deref(), step.done_by.as_deref()).into(),
            ],
        );
    }
    table.under_heading()
}

fn page(user: &User, today: NaiveDate, read: Read, form: &StepForm, mistakes: Mistakes) -> NoticePage {
    let own = user.acts_in.map(|state| state.to_string()).unwrap_or_default();
    let now = Standing::of(&read.notice);
    let received = read.notice.recipient == own;
    let may_step = !received || user.may(Permission::AnswerNotices);
    let answers = ANSWERS
        .iter()
        .map(|(answer, words, _)| Choice::new(answer.name(), *words, &form.answer))
        .collect();
    let open = !matches!(now, Standing::Closed | Standing::Withdrawn);
    NoticePage {
        chrome: Chrome::of(user, "Move notice", "/notices"),
        standing: standing(&read.notice, today),
        answers: received && now.takes_an_answer() && user.may(Permission::AnswerNotices),
        reopens: may_step && now.can_be_reopened(),
        closes: may_step && open && life::closer(&read.notice) == own,
        answer: Field::select("answer", "What do you know?", "Choose", answers)
            .required()
            .judged(&mistakes),
        note: Field::area("note", "Note", &form.note)
            .hint("At most 500 characters. Nothing sensitive")
            .maximum(NOTE)
            .class("whole")
            .judged(&mistakes),
        reason: Field::area("reason", "Why?", &form.reason)
            .hint("The other state reads it. At most 500 characters. Nothing sensitive")
            .maximum(NOTE)
            .class("whole")
            .judged(&mistakes),
        steps: history(&read, &own),
        item: read.item,
        mistakes,
    }
}

/// `GET /notices/{id}`: who of the recipient opens it first is noted.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let read = read(&portal, &user, *id).await?;
    let today = portal.today(user.acts_in);
    let mut page = page(&user, today, read, &StepForm::default(), Mistakes::default());
    page.chrome = page.chrome.done(match ask.done.as_str() {
        "answered" => Some("Your answer was saved. The sender can see it."),
        "reopened" => Some("The notice waits for an answer again."),
        "closed" => Some("The notice is closed."),
        "late" => Some("Somebody else was faster. This is how it stands. Nothing was changed."),
        _ => None,
    });
    view::page(&page)
}

/// The page with what is wrong in the form that was sent.
async fn wrong(
    portal: &Portal,
    user: &User,
    id: i64,
    form: &StepForm,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let read = read(portal, user, id).await?;
    let mut page = page(user, portal.today(user.acts_in), read, form, mistakes);
    page.chrome.title = format!("Error: {}", page.chrome.title);
    view::page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// What is wrong with a form, where the fault is the form's.
fn mistakes_of(error: ::notices::Error) -> Result<Mistakes, Failure> {
    let mut mistakes = Mistakes::default();
    match error {
        ::notices::Error::Database(error) => return Err(error.into()),
        ::notices::Error::Invalid {
            member: "reason",
            why,
        } => mistakes.add("reason", format!("The reason {why}.")),
        ::notices::Error::Invalid { why, .. } => mistakes.add("note", format!("The note {why}.")),
        _ => return Err(Failure::BadRequest),
    }
    Ok(mistakes)
}

/// Goes on after a step, or shows the form again.
async fn after(
    portal: &Portal,
    user: &User,
    id: i64,
    form: &StepForm,
    taken: Result<Option<Changed>, ::notices::Error>,
    done: &str,
) -> Result<HttpResponse, Failure> {
    match taken {
        Ok(None) => Err(Failure::NotFound),
        Ok(Some(changed)) => {
            let done = if changed.recorded { done } else { "late" };
            Ok(view::see_other(&format!("/notices/{id}?done={done}")))
        }
        Err(error) => wrong(portal, user, id, form, mistakes_of(error)?).await,
    }
}

/// `POST /notices/{id}/acknowledge`
pub(crate) async fn acknowledge(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<AnswerNotices, StepForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, now, id) = (user.state()?, user.label(), portal.now(), *id);
    let answers = ANSWERS.iter().map(|(answer, ..)| *answer);
    let Some(answer) = answers
        .into_iter()
        .find(|answer: &Answer| answer.name() == form.answer)
    else {
        let mut mistakes = Mistakes::default();
        mistakes.add("answer", "Choose an answer.");
        return wrong(&portal, &user, id, &form, mistakes).await;
    };
    let note = form.note.clone();
    let taken = portal
        .run(move |c| {
            Ok(::notices::acknowledge(
                c,
                id,
                state,
                &by,
                answer,
                Some(&note),
                now,
            ))
        })
        .await?;
    after(&portal, &user, id, &form, taken, "answered").await
}

/// `POST /notices/{id}`: reopens it, or with `action=close` closes it.
pub(crate) async fn step(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, StepForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, now, id) = (user.state()?, user.label(), portal.now(), *id);
    let answers = user.may(Permission::AnswerNotices);
    let closes = form.action == "close";
    let why = form.reason.clone();
    let taken = portal
        .run(move |c| {
            let received = store::notices::find(c, id)?.is_some_and(|n| n.recipient == state.as_str());
            if received && !answers {
                return Err(Failure::Forbidden);
            }
            Ok(if closes {
                ::notices::close(c, id, state, &by, Some(&why), now)
            } else {
                ::notices::reopen(c, id, state, &by, Some(&why), now)
            })
        })
        .await?;
    let done = if closes { "closed" } else { "reopened" };
    after(&portal, &user, id, &form, taken, done).await
}
