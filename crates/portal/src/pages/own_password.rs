//! The password of one's own account: a new one, and the first of one's own after an administrator's.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use store::{access, accounts};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, OwnAccount, User};
use crate::view::{self, Chrome, Mistakes};
use crate::{password, session};

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    chrome: Chrome,
    mistakes: Mistakes,
    must_change: bool,
    present: Field,
    chosen: Field,
    again: Field,
}

/// Passwords as typed.
#[derive(Deserialize)]
pub(crate) struct Passwords {
    present: String,
    chosen: String,
    again: String,
}

/// `GET /password`
pub(crate) async fn show(user: Allowed<OwnAccount>) -> Result<HttpResponse, Failure> {
    page(&user, Mistakes::default())
}

fn page(user: &User, mistakes: Mistakes) -> Result<HttpResponse, Failure> {
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let field = |name, label, autocomplete| {
        Field::input(name, label, "", "password")
            .autocomplete(autocomplete)
            .maximum(password::MAXIMUM_LENGTH)
            .required()
            .judged(&mistakes)
    };
    let mut chrome = Chrome::of(user, "Your password", "/password");
    if user.must_change {
        // Nothing else is open yet.
        chrome.nav.clear();
    }
    let page = PasswordPage {
        must_change: user.must_change,
        present: field("present", "Present password", "current-password"),
        chosen: field("chosen", "New password", "new-password")
            .hint("At least 15 characters, such as four unrelated words"),
        again: field("again", "New password, once more", "new-password"),
        chrome,
        mistakes,
    };
    view::page_with(status, &page)
}

/// `POST /password`: keeps the new password; every session of the account ends but this one.
pub(crate) async fn change(
    portal: web::Data<Portal>,
    guarded: Guarded<OwnAccount, Passwords>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let id = user.account_id;
    let account = portal.run(move |c| Ok(accounts::find(c, id)?)).await?;
    let account = account.ok_or(Failure::NotFound)?;
    let mut mistakes = Mistakes::default();
    let now = portal.now();
    if account.locked_until.is_some_and(|until| now < until) {
        mistakes.add(
            "present",
            "After five wrong passwords the account is locked for 15 minutes.",
        );
        return page(&user, mistakes);
    }
    if !portal
        .verify(form.present.clone(), Some(account.password_hash))
        .await?
    {
        let until = now + crate::pages::sign_in::LOCK;
        portal
            .run(move |c| Ok(accounts::signed_in(c, id, false, until, now)?))
            .await?;
        mistakes.add("present", "This is not your present password.");
    }
    if let Err(why) = password::check(&form.chosen, &user.email) {
        mistakes.add("chosen", crate::words::sentence(&format!("{why}.")));
    } else if form.chosen == form.present {
        mistakes.add("chosen", "Choose another password than the present one.");
    }
    if form.chosen != form.again {
        mistakes.add("again", "The two new passwords are not the same.");
    }
    if !mistakes.is_empty() {
        return page(&user, mistakes);
    }
    let hash = portal.hashed(form.chosen).await?;
    let (by, key_hash, session) = (user.label(), user.key_hash.clone(), user.session.clone());
    portal
        .write(move |c| {
            accounts::set_password(c, id, &hash, None)?;
            let subject = format!("account:{id}");
            access::audit(
                c,
                now,
                &by,
                "account.password.own",
                &subject,
                &serde_json::json!({}),
            )?;
            session::Session::save(&session, c, &key_hash, now)
        })
        .await?;
    Ok(view::see_other("/"))
}
