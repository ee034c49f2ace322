//! The state's webhook: where its system is told at once, its keys, and what was sent there.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::v1::webhook::{self, WebhookDocument};
use askama::Template;
use deliver::keys;
use mde::StateCode;
use serde::Deserialize;
use store::deliveries::{self, Delivery};
use store::webhooks;
use uuid::Uuid;

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::sign_in::Nothing;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, Permission, User};
use crate::view::{self, Chrome, Mistakes, Tag};
use crate::words;

/// Deliveries that are listed.
const SHOWN: i64 = 50;

/// The address, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    address: String,
}

/// Which delivery.
#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    webhook_id: Uuid,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

/// A delivery as it is listed.
struct Shown {
    id: Uuid,
    kind: String,
    number: String,
    at: String,
    standing: Tag,
    outcome: String,
    attempts: String,
    settled: bool,
}

#[derive(Template)]
#[template(path = "admin_webhook.html")]
struct WebhookPage {
    chrome: Chrome,
    mistakes: Mistakes,
    state: &'static str,
    webhook: Option<WebhookDocument>,
    standing: Tag,
    /// What is wrong, as a sentence; empty if nothing is.
    warning: String,
    facts: Vec<(&'static str, String)>,
    address: Field,
    list: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "admin_webhook_keys.html")]
struct KeysPage {
    chrome: Chrome,
    secret: String,
    public: String,
    /// Until when the keys before sign too; empty if there are none.
    old_until: String,
}

/// The state of who administers the whole of it.
fn managed(user: &User) -> Result<StateCode, Failure> {
    let may = user.may_everywhere(Permission::ManageState);
    may.then(|| user.state()).ok_or(Failure::Forbidden)?
}

/// `GET /admin/webhook`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ManageState>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let done = match ask.done.as_str() {
        "set" => Some("The address is set."),
        "removed" => Some("The webhook is removed. Notices can still be listed."),
        "tested" => Some("A test is being sent. Load this page again in a moment to see how it ended."),
        "again" => Some("It is being sent again, under the same webhook-id."),
        _ => None,
    };
    page(&portal, &user, None, Mistakes::default(), done).await
}

async fn page(
    portal: &Portal,
    user: &User,
    typed: Option<String>,
    mistakes: Mistakes,
    done: Option<&str>,
) -> Result<HttpResponse, Failure> {
    let (state, now) = (managed(user)?, portal.now());
    let (webhook, sent) = portal
        .run(move |c| {
            let webhook = WebhookDocument::of(c, state, None, now)?;
            Ok((webhook, deliveries::list(c, state, None, SHOWN)?))
        })
        .await?;
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let kept = webhook.as_ref().map_or("", |webhook| webhook.address.as_str());
    let address = Field::input("address", "Address", typed.as_deref().unwrap_or(kept), "url")
        .hint("An https address of the internet, such as https://notices.example.org/mariposa")
        .class("whole")
        .maximum(500)
        .required()
        .judged(&mistakes);
    let (standing, warning) = webhook.as_ref().map_or_else(Default::default, standing);
    let page = WebhookPage {
        chrome: Chrome::of(user, "Webhook", "/admin").done(done),
        state: state.name(),
        facts: webhook.as_ref().map(facts).unwrap_or_default(),
        webhook,
        standing,
        warning,
        address,
        list: sent.into_iter().map(shown).collect(),
        mistakes,
    };
    view::page_with(status, &page)
}

fn standing(webhook: &WebhookDocument) -> (Tag, String) {
    if let (Some(at), Some(why)) = (webhook.disabled_at, &webhook.disabled_reason) {
        let warning = format!(
            "Nothing is sent since {}: {why}. Mend the receiver, then set the address again.",
            words::instant(at)
        );
        return (Tag::new("✕ Disabled", "differ"), warning);
    }
    match (webhook.failing_since, webhook.paused_until) {
        (Some(since), Some(until)) => {
            let warning = format!(
                "Every attempt has failed since {}; the next one is made at {}. The list below says why.",
                words::instant(since),
                words::instant(until)
            );
            (Tag::new("! Failing", "wait"), warning)
        }
        (Some(_), None) => (Tag::new("! Failing", "wait"), String::new()),
        (None, _) => (Tag::new("✓ Enabled", "agree"), String::new()),
    }
}

fn facts(webhook: &WebhookDocument) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Address", webhook.address.clone()),
        (
            "Set",
            format!(
                "{}, by {}",
                words::instant(webhook.changed_at),
                webhook.changed_by.trim_start_matches("account:")
            ),
        ),
        (
            "Public key (Ed25519)",
            webhook.public_keys.first().cloned().unwrap_or_default(),
        ),
        ("Keys made", words::instant(webhook.keys_made_at)),
        ("Waiting", words::count(webhook.waiting)),
        ("Given up", words::count(webhook.dead)),
    ];
    if let Some(until) = webhook.old_keys_until {
        facts.insert(4, ("The keys before sign too until", words::instant(until)));
    }
    facts
}

fn shown(of: Delivery) -> Shown {
    let standing = match of.status.as_str() {
        "delivered" => Tag::new("✓ Delivered", "agree"),
        "dead" => Tag::new("✕ Given up", "differ"),
        "sending" => Tag::new("… Being sent", "wait"),
        _ => Tag::new("… Waiting", "wait"),
    };
    let next = (of.status == "waiting" && of.attempts > 0).then(|| words::instant(of.next_at));
    let attempts = words::counted(of.attempts.max(0) as usize, "attempt", "attempts");
    Shown {
        id: of.webhook_id,
        number: match of.link.rsplit('/').next() {
            Some(number) if of.kind != "webhook.test" => format!("no. {number}"),
            _ => String::new(),
        },
        kind: kind(&of.kind),
        at: words::instant(of.happened_at),
        standing,
        outcome: of.outcome.unwrap_or_default(),
        attempts: next.map_or_else(|| attempts.clone(), |next| format!("{attempts}, next {next}")),
        settled: matches!(of.status.as_str(), "delivered" | "dead"),
    }
}

/// What happened, in words.
fn kind(kind: &str) -> String {
    let (subject, what) = kind.split_once('.').unwrap_or((kind, ""));
    let what = match what {
        "created" | "test" => String::new(),
        "told" => " told to the family".to_owned(),
        "stated" => " disagreed with".to_owned(),
        "arrived" => ": data arrived".to_owned(),
        "reminder" => " not answered yet".to_owned(),
        what => format!(" {}", what.replace('_', " ")),
    };
    match subject {
        "webhook" => "Test".to_owned(),
        subject => words::sentence(&format!("{}{what}", subject.replace('_', " "))),
    }
}

/// `POST /admin/webhook`: sets the address.
pub(crate) async fn set(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Typed>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let state = managed(&user)?;
    let address = match deliver::address::check(&form.address, portal.rules().private_webhooks) {
        Ok(address) => address,
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.add("address", format!("{}.", words::sentence(&error.to_string())));
            return page(&portal, &user, Some(form.address), mistakes, None).await;
        }
    };
    let fresh = keys::fresh(portal.random().as_ref());
    let (by, now) = (user.label(), portal.now());
    let kept = portal
        .run(move |c| Ok(webhook::keep(c, state, &address, &fresh, &by, now)?))
        .await?;
    if kept.secret.is_none() {
        return Ok(view::see_other("/admin/webhook?done=set"));
    }
    keys_page(&user, kept, "The address is set, and keys are made.")
}

/// `POST /admin/webhook/keys`
pub(crate) async fn rotate(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Nothing>,
) -> Result<HttpResponse, Failure> {
    let user = guarded.user;
    let state = managed(&user)?;
    let fresh = keys::fresh(portal.random().as_ref());
    let (by, now) = (user.label(), portal.now());
    let kept = portal
        .run(move |c| {
            let rotated = webhooks::rotate(c, state, &fresh, now + keys::OLD_KEYS, &by, now)?;
            rotated.then_some(()).ok_or(Failure::NotFound)?;
            Ok(WebhookDocument::of(c, state, Some(&fresh), now)?)
        })
        .await?;
    keys_page(&user, kept.ok_or(Failure::NotFound)?, "New keys are made.")
}

fn keys_page(user: &User, kept: WebhookDocument, done: &str) -> Result<HttpResponse, Failure> {
    view::page(&KeysPage {
        chrome: Chrome::of(user, "Keys of the webhook", "/admin").done(Some(done)),
        secret: kept.secret.unwrap_or_default(),
        public: kept.public_keys.into_iter().next().unwrap_or_default(),
        old_until: kept.old_keys_until.map(words::instant).unwrap_or_default(),
    })
}

/// `POST /admin/webhook/test`; of a webhook that is disabled, the page says why nothing is sent.
pub(crate) async fn test(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Nothing>,
) -> Result<HttpResponse, Failure> {
    let (state, now) = (managed(&guarded.user)?, portal.now());
    let enabled = portal
        .write(move |c| {
            webhooks::of_state(c, state)?.ok_or(Failure::NotFound)?;
            let enabled = webhooks::end_pause(c, state)?;
            if enabled {
                deliveries::test(c, state, now)?;
            }
            Ok(enabled)
        })
        .await?;
    let done = if enabled { "?done=tested" } else { "" };
    Ok(view::see_other(&format!("/admin/webhook{done}")))
}

/// `POST /admin/webhook/remove`
pub(crate) async fn remove(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Nothing>,
) -> Result<HttpResponse, Failure> {
    let user = guarded.user;
    let (state, by, now) = (managed(&user)?, user.label(), portal.now());
    let removed = portal
        .run(move |c| Ok(webhooks::remove(c, state, &by, now)?))
        .await?;
    removed.then_some(()).ok_or(Failure::NotFound)?;
    Ok(view::see_other("/admin/webhook?done=removed"))
}

/// `POST /admin/webhook/redeliver`
pub(crate) async fn redeliver(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Chosen>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, now) = (managed(&user)?, portal.now());
    let found = portal
        .run(move |c| Ok(deliveries::again(c, state, form.webhook_id, now)?))
        .await?;
    found.then_some(()).ok_or(Failure::NotFound)?;
    Ok(view::see_other("/admin/webhook?done=again"))
}
