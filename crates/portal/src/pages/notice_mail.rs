//! How often a user gets e-mail about what happens in the state: notices, requests and deadlines.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use store::mail::{self, Rhythm};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, SendNotices};
use crate::view::{self, Choice, Chrome};

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: bool,
}

/// The choice.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chosen {
    /// Name of a rhythm; empty for no mail.
    rhythm: String,
}

#[derive(Template)]
#[template(path = "notice_mail.html")]
struct MailPage {
    chrome: Chrome,
    state: &'static str,
    email: String,
    /// Whether this hub sends mail.
    sends: bool,
    rhythm: Field,
}

/// `GET /notices/mail`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (state, account_id) = (user.state()?, user.account_id);
    let chosen = portal
        .run(move |c| Ok(mail::rhythm(c, account_id, state)?))
        .await?;
    let chosen = chosen.map_or("", Rhythm::name);
    let choices = vec![
        Choice::new(
            "immediate",
            "When something happens, at most every five minutes",
            chosen,
        ),
        Choice::new("daily", "Once a day, at six in the morning", chosen),
    ];
    view::page(&MailPage {
        chrome: Chrome::of(&user, "E-mail", "/notices").done(ask.done.then_some("Your choice is kept.")),
        state: state.name(),
        email: user.email.clone(),
        sends: portal.rules().sends_mail,
        rhythm: Field::select("rhythm", "E-mail", "None", choices),
    })
}

/// `POST /notices/mail`
pub(crate) async fn choose(
    portal: web::Data<Portal>,
    guarded: Guarded<SendNotices, Chosen>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, account_id, now) = (user.state()?, user.account_id, portal.now());
    let rhythm = match form.rhythm.as_str() {
        "" => None,
        name => Some(Rhythm::named(name).ok_or(Failure::BadRequest)?),
    };
    portal
        .run(move |c| Ok(mail::choose(c, account_id, state, rhythm, now)?))
        .await?;
    Ok(view::see_other("/notices/mail?done=true"))
}
