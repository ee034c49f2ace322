//! Administration: accounts, announcements, regions, certificates, settings, and who saw whom.

pub(crate) mod announcements;
pub(crate) mod audit;
pub(crate) mod certificates;
pub(crate) mod regions;
pub(crate) mod settings;
pub(crate) mod user;
pub(crate) mod users;
pub(crate) mod webhook;

use actix_web::HttpResponse;
use askama::Template;

use crate::failure::Failure;
use crate::user::{Administer, Allowed, Permission};
use crate::view::{self, Chrome};

/// A page of administration, as the overview names it.
struct Entry {
    href: &'static str,
    title: &'static str,
    what: &'static str,
}

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    chrome: Chrome,
    place: &'static str,
    entries: Vec<Entry>,
}

/// `GET /admin`
pub(crate) async fn index(user: Allowed<Administer>) -> Result<HttpResponse, Failure> {
    let in_state = user.acts_in.is_some();
    let entries = [
        (
            user.may(Permission::ManageUsers),
            "/admin/users",
            "Users",
            "Accounts, roles, passwords and trainings.",
        ),
        (
            user.may_everywhere(Permission::Announce),
            "/admin/announcements",
            "Announcements",
            "What is said on the home page, to whom and from when to when.",
        ),
        (
            in_state && user.may_everywhere(Permission::ManageState),
            "/admin/regions",
            "Regions and districts",
            "Which district belongs to which region.",
        ),
        (
            in_state && user.may_everywhere(Permission::ManageState),
            "/acceptances",
            "Documents that your schools accept",
            "Whether a transcript or certificate from Mariposa serves in lieu of a paper original.",
        ),
        (
            in_state && user.may(Permission::SeeBatches),
            "/admin/certificates",
            "Certificates",
            "With what your state’s systems sign in, and when that ends.",
        ),
        (
            in_state && user.may_everywhere(Permission::ManageState),
            "/admin/webhook",
            "Webhook",
            "Where your state’s system is told at once of moves and answers, and what was sent.",
        ),
        (
            in_state && user.may(Permission::ManageState),
            "/admin/settings",
            "Settings",
            "Limits, calendars and readings of codes, and where each is changed.",
        ),
        (
            user.may_everywhere(Permission::SeeAudit),
            "/admin/audit",
            "Who saw whom",
            "Every look at a record: who, when, why.",
        ),
    ];
    let entries = entries
        .into_iter()
        .filter(|(may, ..)| *may)
        .map(|(_, href, title, what)| Entry { href, title, what })
        .collect();
    view::page(&AdminPage {
        chrome: Chrome::of(&user, "Administration", "/admin"),
        place: user.acts_in.map_or("All states", mde::StateCode::name),
        entries,
    })
}
