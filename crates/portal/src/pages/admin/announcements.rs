//! What is said to users on their home page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use store::access;
use store::accounts::Role;
use store::announcements::{self, Announcement, NewAnnouncement};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::sign_in::Nothing;
use crate::state::Portal;
use crate::user::{Allowed, Announce, Guarded, Permission, User};
use crate::view::{self, Choice, Chrome, Mistakes, Tag};
use crate::words;

/// Announcements that are listed.
const SHOWN: i64 = 50;

/// Letters of an announcement.
const LETTERS: usize = 1_000;

/// Days for which something is said at most, so that the home page is not a museum.
const LONGEST: u64 = 366;

/// What is to be said, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    body: String,
    from_on: String,
    until_on: String,
    /// A role by name; empty for all.
    role: String,
}

struct Shown {
    id: i64,
    body: String,
    about: String,
    tag: Tag,
    can_withdraw: bool,
}

#[derive(Template)]
#[template(path = "admin_announcements.html")]
struct AnnouncementsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    place: &'static str,
    list: Vec<Shown>,
    body: Field,
    from_on: Field,
    until_on: Field,
    role: Field,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

/// Only who administers the whole state speaks to all of it.
fn speaks(user: &User) -> Result<(), Failure> {
    let may = user.may_everywhere(Permission::Announce);
    may.then_some(()).ok_or(Failure::Forbidden)
}

/// `GET /admin/announcements`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<Announce>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    speaks(&user)?;
    let today = portal.today(user.acts_in);
    let typed = Typed {
        from_on: today.to_string(),
        until_on: (today + Days::new(14)).to_string(),
        ..Typed::default()
    };
    let done = match ask.done.as_str() {
        "said" => Some("The announcement is on the home pages."),
        "withdrawn" => Some("The announcement is withdrawn."),
        _ => None,
    };
    page(&portal, &user, &typed, Mistakes::default(), done).await
}

async fn page(
    portal: &Portal,
    user: &User,
    typed: &Typed,
    mistakes: Mistakes,
    done: Option<&str>,
) -> Result<HttpResponse, Failure> {
    let (state, today) = (user.acts_in, portal.today(user.acts_in));
    let said = portal
        .run(move |c| Ok(announcements::of(c, state, SHOWN)?))
        .await?;
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let roles = Role::ALL.iter();
    let roles = roles.map(|role| Choice::new(role.name(), words::role(*role), &typed.role));
    let page = AnnouncementsPage {
        chrome: Chrome::of(user, "Announcements", "/admin").done(done),
        place: state.map_or("all states", mde::StateCode::name),
        list: said.iter().map(|of| shown(of, today)).collect(),
        body: Field::area("body", "Text", &typed.body)
            .hint("Plain words, at most 1,000 letters; nothing about a child")
            .class("whole")
            .maximum(LETTERS)
            .required()
            .judged(&mistakes),
        from_on: Field::input("from_on", "First day", &typed.from_on, "date")
            .required()
            .judged(&mistakes),
        until_on: Field::input("until_on", "Last day", &typed.until_on, "date")
            .required()
            .judged(&mistakes),
        role: Field::select("role", "For whom", "All users", roles.collect()).judged(&mistakes),
        mistakes,
    };
    view::page_with(status, &page)
}

fn shown(of: &Announcement, today: NaiveDate) -> Shown {
    let roles: Vec<_> = of.roles.iter().filter_map(|name| Role::named(name)).collect();
    let to = match roles.as_slice() {
        [] => "all users".to_owned(),
        roles => roles
            .iter()
            .map(|role| words::role(*role))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let by = of.made_by.trim_start_matches("account:");
    let tag = match (of.withdrawn_at.is_some(), today < of.from_on, today > of.until_on) {
        (true, ..) => Tag::new("✕ Withdrawn", "differ"),
        (_, true, _) => Tag::new("… Later", "wait"),
        (_, _, true) => Tag::new("Past", ""),
        _ => Tag::new("✓ Shown now", "agree"),
    };
    Shown {
        id: of.announcement_id,
        body: of.body.clone(),
        about: format!(
            "{} to {}, for {to}; by {by}",
            words::day(of.from_on),
            words::day(of.until_on)
        ),
        tag,
        can_withdraw: of.withdrawn_at.is_none() && today <= of.until_on,
    }
}

impl Typed {
    fn read(&self, mistakes: &mut Mistakes) -> Option<(NaiveDate, NaiveDate, Vec<String>)> {
        let letters = self.body.trim().chars().count();
        if letters == 0 || letters > LETTERS {
            mistakes.add("body", "Write what is to be said, in at most 1,000 letters.");
        }
        let from = self.from_on.trim().parse::<NaiveDate>();
        if from.is_err() {
            mistakes.add("from_on", "Enter the first day, such as 2026-08-17.");
        }
        let until = self.until_on.trim().parse::<NaiveDate>();
        let latest = from.ok().map(|from| from + Days::new(LONGEST));
        let fits =
            |until: &NaiveDate| from.is_ok_and(|from| from <= *until) && latest.is_some_and(|l| *until <= l);
        match &until {
            Ok(until) if from.is_err() || fits(until) => {}
            _ => mistakes.add(
                "until_on",
                "Enter a last day that is not before the first and at most a year after it.",
            ),
        }
        let role = Role::named(&self.role);
        if role.is_none() && !self.role.is_empty() {
            mistakes.add("role", "Choose one of the roles, or all users.");
        }
        let roles = role.map(|role| role.name().to_owned()).into_iter().collect();
        from.ok()
            .zip(until.ok())
            .filter(|_| mistakes.is_empty())
            .map(|(from, until)| (from, until, roles))
    }
}

/// `POST /admin/announcements`
pub(crate) async fn add(
    portal: web::Data<Portal>,
    guarded: Guarded<Announce, Typed>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    speaks(&user)?;
    let mut mistakes = Mistakes::default();
    let Some((from_on, until_on, roles)) = form.read(&mut mistakes) else {
        return page(&portal, &user, &form, mistakes, None).await;
    };
    let new = NewAnnouncement {
        state: user.acts_in.map(|state| state.to_string()),
        roles,
        body: form.body.trim().to_owned(),
        from_on,
        until_on,
        made_at: portal.now(),
        made_by: user.label(),
    };
    portal
        .write(move |c| {
            let id = announcements::add(c, &new)?;
            let detail =
                serde_json::json!({ "from": new.from_on, "until": new.until_on, "roles": new.roles });
            let subject = format!("announcement:{id}");
            Ok(access::audit(
                c,
                new.made_at,
                &new.made_by,
                "announcement.add",
                &subject,
                &detail,
            )?)
        })
        .await?;
    Ok(view::see_other("/admin/announcements?done=said"))
}

/// `POST /admin/announcements/{id}/withdraw`
pub(crate) async fn withdraw(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<Announce, Nothing>,
) -> Result<HttpResponse, Failure> {
    let user = guarded.user;
    speaks(&user)?;
    let (id, state, now, by) = (*id, user.acts_in, portal.now(), user.label());
    portal
        .write(move |c| {
            if !announcements::withdraw(c, id, state, now)? {
                return Err(Failure::NotFound);
            }
            let subject = format!("announcement:{id}");
            Ok(access::audit(
                c,
                now,
                &by,
                "announcement.withdraw",
                &subject,
                &serde_json::json!({}),
            )?)
        })
        .await?;
    Ok(view::see_other("/admin/announcements?done=withdrawn"))
}
