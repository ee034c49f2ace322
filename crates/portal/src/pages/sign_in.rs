//! Signing in and out, and choosing the state in which to act.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;
use serde::Deserialize;
use store::{access, accounts};

use crate::failure::Failure;
use crate::field::Field;
use crate::session::{self, Session};
use crate::state::Portal;
use crate::user::{self, Allowed, Guarded, Kept, OwnAccount, SignedIn, Tokened};
use crate::view::{self, Choice, Chrome, Mistakes};
use crate::words;

/// How long an account is locked after five failures in a row.
pub(crate) const LOCK: TimeDelta = TimeDelta::minutes(15);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    chrome: Chrome,
    mistakes: Mistakes,
    csrf: String,
    next: String,
    kept: Option<Kept>,
    email: Field,
    password: Field,
}

/// What was sent too late, to be sent now.
#[derive(Template)]
#[template(path = "resume.html")]
struct ResumePage {
    chrome: Chrome,
    action: String,
    csrf: String,
    fields: Vec<(String, String)>,
    /// What of it people have said: neither keys nor what is empty.
    said: Vec<(String, String)>,
}

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// A path of this site, or the home page.
fn own_path(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if own { next } else { "/" }
}

/// The form for somebody whose session has ended, with what was sent too late.
pub(crate) fn again(csrf: &str, kept: Kept) -> Result<HttpResponse, Failure> {
    form(csrf, "/", "", Some(kept), Mistakes::default())
}

fn form(
    csrf: &str,
    next: &str,
    email: &str,
    kept: Option<Kept>,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let status = match (mistakes.is_empty(), &kept) {
        (false, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, Some(_)) => StatusCode::FORBIDDEN,
        (true, None) => StatusCode::OK,
    };
    let title = if mistakes.is_empty() {
        "Sign in"
    } else {
        "Error: sign in"
    };
    let mut response = view::page_with(
        status,
        &SignInPage {
            chrome: Chrome::bare(title),
            csrf: csrf.to_owned(),
            kept,
            next: own_path(next).to_owned(),
            email: Field::input("email", "E-mail address", email, "email")
                .autocomplete("email")
                .required()
                .judged(&mistakes),
            password: Field::input("password", "Password", "", "password")
                .autocomplete("current-password")
                .maximum(crate::password::MAXIMUM_LENGTH)
                .required()
                .judged(&mistakes),
            mistakes,
        },
    )?;
    add(
        &mut response,
        &session::cookie(session::FORM_COOKIE, csrf.to_owned()),
    )?;
    Ok(response)
}

fn add(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), Failure> {
    response.add_cookie(cookie).map_err(|_| Failure::Internal)
}

/// `GET /sign-in`
pub(crate) async fn show(portal: web::Data<Portal>, next: web::Query<Next>) -> Result<HttpResponse, Failure> {
    form(&portal.secret(), &next.next, "", None, Mistakes::default())
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept_action: String,
    #[serde(default)]
    kept_form: String,
}

/// `POST /sign-in`: the same answer, after the same time, whether the address, the password or the lock is to blame.
pub(crate) async fn sign_in(
    request: HttpRequest,
    portal: web::Data<Portal>,
    form_data: web::Form<Tokened<Credentials>>,
) -> Result<HttpResponse, Failure> {
    let Tokened {
        csrf,
        form: credentials,
    } = form_data.into_inner();
    let expected = request.cookie(session::FORM_COOKIE);
    let own = expected.is_some_and(|cookie| session::same_secret(cookie.value(), &csrf));
    if !own || !user::sent_from_here(&request) {
        return Err(Failure::StaleForm);
    }
    let kept = (!credentials.kept_action.is_empty()).then(|| Kept {
        action: own_path(&credentials.kept_action).to_owned(),
        form: credentials.kept_form.clone(),
    });
    let Some((key, token)) = open_session(&portal, &credentials).await? else {
        let mut mistakes = Mistakes::default();
        mistakes.add(
            "email",
            "The e-mail address or the password is wrong, or the account is locked. After five wrong passwords an account is locked for 15 minutes. A password that your administrator gave you is valid for seven days.",
        );
        let csrf = portal.secret();
        return form(&csrf, &credentials.next, &credentials.email, kept, mistakes);
    };
    let mut response = match kept {
        Some(kept) => resume(kept, token)?,
        None => view::see_other(own_path(&credentials.next)),
    };
    add(&mut response, &session::cookie(session::COOKIE, key))?;
    add(&mut response, &session::removal(session::FORM_COOKIE))?;
    Ok(response)
}

/// The page that sends what was kept.
fn resume(kept: Kept, csrf: String) -> Result<HttpResponse, Failure> {
    let fields = kept.fields();
    let key = |value: &str| value.len() > 30 && value.bytes().all(|b| b.is_ascii_hexdigit());
    let said = fields
        .iter()
        .filter(|(_, value)| !value.trim().is_empty() && !key(value))
        .map(|(name, value)| (words::sentence(&name.replace('_', " ")), value.clone()))
        .collect();
    view::page(&ResumePage {
        chrome: Chrome::bare("You are signed in again"),
        action: kept.action,
        csrf,
        fields,
        said,
    })
}

/// `GET /session`: seconds until the session ends, which this look has just moved.
pub(crate) async fn left(user: Allowed<SignedIn>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(user.seconds.to_string())
}

/// The key and the token of a new session, if these are an account's credentials.
async fn open_session(
    portal: &Portal,
    credentials: &Credentials,
) -> Result<Option<(String, String)>, Failure> {
    let email = credentials.email.clone();
    let account = portal.run(move |c| Ok(accounts::by_email(c, &email)?)).await?;
    let now = portal.now();
    let open = account.filter(|account| {
        account.disabled_at.is_none()
            && account.locked_until.is_none_or(|until| until <= now)
            && account.password_until.is_none_or(|until| now < until)
    });
    let hash = open.as_ref().map(|a| a.password_hash.clone());
    let right = portal.verify(credentials.password.clone(), hash).await?;
    let Some(account) = open else { return Ok(None) };
    let key = portal.secret();
    let (key_hash, csrf) = (session::key_hash(&key), portal.secret());
    portal
        .run(move |c| {
            accounts::signed_in(c, account.account_id, right, now + LOCK, now)?;
            let action = if right { "sign-in" } else { "sign-in-failed" };
            let subject = format!("account:{}", account.account_id);
            access::audit(c, now, &subject, action, &subject, &serde_json::json!({}))?;
            if right {
                accounts::sweep_sessions(c, now)?;
                let account_id = account.account_id;
                Session {
                    account_id,
                    csrf: csrf.clone(),
                    started_at: now,
                    acts_in: None,
                    search: None,
                    looks: Vec::new(),
                }
                .save(c, &key_hash, now)?;
            }
            Ok(right.then_some((key, csrf)))
        })
        .await
}

/// A form without fields of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

/// `POST /sign-out`
pub(crate) async fn sign_out(
    portal: web::Data<Portal>,
    guarded: Guarded<OwnAccount, Nothing>,
) -> Result<HttpResponse, Failure> {
    let key_hash = guarded.user.key_hash.clone();
    portal
        .run(move |c| Ok(accounts::end_session(c, &key_hash)?))
        .await?;
    let mut response = view::see_other("/sign-in");
    add(&mut response, &session::removal(session::COOKIE))?;
    Ok(response)
}

#[derive(Template)]
#[template(path = "state.html")]
struct StatePage {
    chrome: Chrome,
    choices: Vec<Choice>,
}

/// `GET /state`: in which state to act.
pub(crate) async fn choose(user: Allowed<SignedIn>) -> Result<HttpResponse, Failure> {
    let now = user::choice_name(user.acts_in);
    let label = |place: user::ActsIn| place.map_or("Federal role, all states", mde::StateCode::name);
    let choices = user
        .choices
        .iter()
        .map(|p| Choice::new(user::choice_name(*p), label(*p), &now))
        .collect();
    view::page(&StatePage {
        chrome: Chrome::of(&user, "Choose a state", "/state"),
        choices,
    })
}

/// The state chosen.
#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    acts_in: String,
}

/// `POST /state`
pub(crate) async fn chosen(
    portal: web::Data<Portal>,
    guarded: Guarded<SignedIn, Chosen>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    if !user
        .choices
        .iter()
        .any(|place| user::choice_name(*place) == form.acts_in)
    {
        return Err(Failure::Forbidden);
    }
    let key_hash = user.key_hash.clone();
    portal
        .run(move |c| {
            Session::change(c, &key_hash, |session| {
                session.acts_in = Some(form.acts_in);
                session.search = None;
                session.looks.clear();
            })
        })
        .await?;
    Ok(view::see_other("/"))
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_paths_of_this_site_are_gone_to() {
        assert_eq!(own_path("/persons/1?purpose=enroll"), "/persons/1?purpose=enroll");
        for foreign in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "",
            "x",
            "/a\r\nSet-Cookie: b",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign}");
        }
    }
}
