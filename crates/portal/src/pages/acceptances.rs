//! What each state takes from Mariposa in place of a paper original: read by all, kept by the state's administrators.

use ::notices::acceptances::{Accepted, Saying, keep as keep_saying};
use ::notices::data_requests::What;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use mde::StateCode;
use serde::Deserialize;
use store::acceptances::{self, Acceptance};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::data_requests::{mistakes_of, typed_day};
use crate::pages::notices::NOTE;
use crate::pages::requirements::managed;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, ReadRecords, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// The answers, in the words of the form.
fn answer(accepted: Accepted) -> &'static str {
    match accepted {
        Accepted::Yes => "Yes",
        Accepted::WithConditions => "Yes, under conditions",
        Accepted::No => "No",
    }
}

/// What a state says of a kind of document, as a sentence or two.
pub(crate) fn in_words(state: &str, what: What, said: Option<&Acceptance>) -> String {
    let (state, what) = (words::state_name(state), what.words());
    let Some(said) = said else {
        return format!(
            "{state} has not said whether it accepts {what} from Mariposa in lieu of the original."
        );
    };
    let since = words::day(said.since);
    let first = match said.accepted.as_str() {
        "yes" => format!("{state} accepts {what} from Mariposa in lieu of the original since {since}."),
        "with_conditions" => {
            format!(
                "{state} accepts {what} from Mariposa in lieu of the original under conditions since {since}."
            )
        }
        _ => format!("{state} does not accept {what} from Mariposa in lieu of the original since {since}."),
    };
    let more = said
        .words
        .as_ref()
        .map_or_else(String::new, |words| format!(" “{words}”"));
    format!("{first}{more} Whom to ask: {}.", said.contact)
}

/// Of which kind the form is, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    what: String,
    done: String,
}

/// What a state says, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Form {
    what: String,
    accepted: String,
    words: String,
    since: String,
    contact: String,
}

impl From<&Acceptance> for Form {
    fn from(said: &Acceptance) -> Self {
        Self {
            what: said.what.clone(),
            accepted: said.accepted.clone(),
            words: said.words.clone().unwrap_or_default(),
            since: said.since.format("%m/%d/%Y").to_string(),
            contact: said.contact.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "acceptances.html")]
struct AcceptancesPage {
    chrome: Chrome,
    mistakes: Mistakes,
    list: Table,
    /// The state whose administrator reads, with the form.
    own: &'static str,
    fields: Vec<Field>,
}

fn documents() -> impl Iterator<Item = What> {
    What::ALL.into_iter().filter(|what| what.is_document())
}

async fn page(
    portal: &Portal,
    user: &User,
    form: Option<Form>,
    mistakes: Mistakes,
    ask: &Ask,
) -> Result<HttpResponse, Failure> {
    let all = portal.run(|c| Ok(acceptances::all(c)?)).await?;
    let own = managed(user);
    let is_own = |said: &Acceptance| own.is_some_and(|own| own.as_str() == said.state);
    let form = form.unwrap_or_else(|| {
        let kept = all.iter().find(|said| is_own(said) && said.what == ask.what);
        kept.map_or_else(
            || Form {
                what: ask.what.clone(),
                ..Form::default()
            },
            Form::from,
        )
    });
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let done = (ask.done == "kept").then_some("It is kept. Every state can see it from now on.");
    view::page_with(
        status,
        &AcceptancesPage {
            chrome: Chrome::of(user, "What states accept", "/notices").done(done),
            list: list(&all, is_own),
            own: own.map_or("", StateCode::name),
            fields: own.map_or_else(Vec::new, |_| fields(&form, &mistakes)),
            mistakes,
        },
    )
}

fn list(all: &[Acceptance], is_own: impl Fn(&Acceptance) -> bool) -> Table {
    let mut table = Table::new(
        "What states accept from Mariposa in lieu of a paper original",
        &[
            "State",
            "Document",
            "Accepted",
            "What they say",
            "~Since",
            "Whom to ask",
        ],
        "No state has said anything yet.",
    )
    .under_heading();
    for said in all {
        let what = What::named(&said.what).map_or("", What::words);
        let (text, class) = match said.accepted.as_str() {
            "yes" => ("✓ Yes", "agree"),
            "with_conditions" => ("Under conditions", "info"),
            _ => ("– No", "differ"),
        };
        let what = Cell::new(words::sentence(what));
        table.row(
            "",
            [
                words::state_name(&said.state).into(),
                if is_own(said) {
                    what.link(format!("/acceptances?what={}#say", said.what))
                } else {
                    what
                },
                Cell::default().tag(Tag::new(text, class)),
                said.words.clone().into(),
                words::day(said.since).into(),
                said.contact.clone().into(),
            ],
        );
    }
    table
}

fn fields(form: &Form, mistakes: &Mistakes) -> Vec<Field> {
    let whats = documents()
        .map(|what| Choice::new(what.name(), words::sentence(what.words()), &form.what))
        .collect();
    let answers = Accepted::ALL
        .into_iter()
        .map(|accepted| Choice::new(accepted.name(), answer(accepted), &form.accepted))
        .collect();
    vec![
        Field::select("what", "Which document?", "Choose", whats)
            .required()
            .judged(mistakes),
        Field::select(
            "accepted",
            "Do your schools accept it in lieu of the original?",
            "Choose",
            answers,
        )
        .required()
        .judged(mistakes),
        Field::text("since", "Since which day?", &form.since)
            .hint("For example 9/1/2026")
            .maximum(20)
            .required()
            .judged(mistakes),
        Field::text("contact", "Whom can other states ask?", &form.contact)
            .hint("An office with its telephone number or address")
            .required()
            .judged(mistakes),
        Field::area(
            "words",
            "What are the conditions, or what is needed instead?",
            &form.words,
        )
        .hint("At most 500 characters; needed unless you simply accept it")
        .maximum(NOTE)
        .class("whole")
        .judged(mistakes),
    ]
}

/// `GET /acceptances?what=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    page(&portal, &user, None, Mistakes::default(), &ask).await
}

/// `POST /acceptances`: keeps what the state says of a kind of document.
pub(crate) async fn keep(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Form>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let state = managed(&user).ok_or(Failure::Forbidden)?;
    let mut mistakes = Mistakes::default();
    let what = What::named(&form.what).filter(|what| what.is_document());
    if what.is_none() {
        mistakes.add("what", "Choose a document.");
    }
    let accepted = Accepted::named(&form.accepted);
    if accepted.is_none() {
        mistakes.add("accepted", "Choose whether it is accepted.");
    }
    let since = typed_day(&form.since);
    if since.is_none() {
        mistakes.add("since", "Enter the day as month/day/year, such as 9/1/2026.");
    }
    if form.contact.trim().is_empty() {
        mistakes.add("contact", "Enter whom other states can ask.");
    }
    let (Some(what), Some(accepted), Some(since), true) = (what, accepted, since, mistakes.is_empty()) else {
        return page(&portal, &user, Some(form), mistakes, &Ask::default()).await;
    };
    let (by, now, typed) = (user.label(), portal.now(), form.clone());
    let kept = portal
        .run(move |c| {
            let saying = Saying {
                what,
                accepted,
                words: Some(&form.words),
                since,
                contact: &form.contact,
            };
            match keep_saying(c, state, &by, &saying, now) {
                Ok(()) => Ok(Ok(())),
                Err(error) => mistakes_of(error).map(Err),
            }
        })
        .await?;
    match kept {
        Ok(()) => Ok(view::see_other("/acceptances?done=kept")),
        Err(mistakes) => page(&portal, &user, Some(typed), mistakes, &Ask::default()).await,
    }
}
