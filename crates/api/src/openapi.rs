//! The machine interface as an OpenAPI 3.1 document, made from the handlers.

use std::sync::LazyLock;

use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::v1::{
    batches, changes, contacts, corrections, data_requests, deadlines, departures, disagreements, documents,
    family, findings, history, lists, new_children, notice_steps, notices, papers, persons, plans, profiles,
    reconciliations, referrals, reports, requirements, roster, roster_checks, snapshots, students, upload,
    uploads, webhook, work_items,
};

/// Every operation below `/v1`.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Mariposa exchange",
        description = "How states' systems talk to the hub: over mutual TLS, with the certificate that the exchange has issued to the state. Every error is a problem (RFC 9457) with a stable `type` and a `retry` class. Lists are paged by cursor. Times are RFC 3339 in UTC.",
        version = "1",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        upload::upload,
        uploads::describe,
        uploads::begin,
        uploads::ask,
        uploads::go_on,
        uploads::give_up,
        batches::list,
        batches::read,
        batches::release,
        findings::list,
        profiles::list,
        students::read,
        roster::list,
        new_children::list_new,
        new_children::acknowledge_new,
        new_children::list_gone,
        new_children::acknowledge_gone,
        departures::list,
        departures::hand_off,
        departures::take_back,
        contacts::list,
        persons::search,
        roster_checks::check,
        referrals::list,
        referrals::read,
        referrals::say,
        persons::read,
        history::read,
        history::compare,
        plans::compare,
        family::read,
        disagreements::list,
        requirements::read,
        requirements::replace,
        requirements::remove,
        papers::print,
        papers::transcript,
        notices::send,
        notices::list,
        notice_steps::read,
        notices::acknowledge,
        notice_steps::reopen,
        notice_steps::close,
        data_requests::list,
        data_requests::ask,
        data_requests::read,
        data_requests::answer,
        data_requests::take_back,
        documents::list,
        documents::send,
        documents::read,
        documents::judge,
        documents::accepted,
        corrections::list,
        corrections::take,
        corrections::read,
        corrections::decide,
        corrections::tell,
        corrections::disagree,
        webhook::read,
        webhook::set,
        webhook::remove,
        webhook::test,
        webhook::new_keys,
        webhook::list,
        webhook::redeliver,
        deadlines::list,
        deadlines::read,
        deadlines::calendar,
        deadlines::keep,
        changes::list,
        reports::counts,
        reports::moves,
        reports::missed,
        lists::qa,
        lists::free_meals,
        reconciliations::list,
        reconciliations::open,
        reconciliations::read,
        reconciliations::differences,
        reconciliations::decide,
        snapshots::list,
        snapshots::take,
        snapshots::read,
        snapshots::extract,
        snapshots::since,
        work_items::list,
        work_items::read,
        work_items::decide,
        work_items::assign,
        work_items::undo,
        work_items::merge,
        work_items::split,
    ),
    modifiers(&ClientCertificate),
    tags(
        (name = "batches", description = "What a state sends, and what became of it."),
        (name = "uploads", description = "The same in pieces, which can be gone on with after any cut (tus 1.0)."),
        (name = "students", description = "A state's own records of children."),
        (name = "persons", description = "Children, as all states know them."),
        (name = "requirements", description = "What states require for graduation."),
        (name = "notices", description = "That a child has moved, or will, and what a state owes by when."),
        (name = "data requests", description = "What a state asks of another about a child."),
        (name = "corrections", description = "What families ask to have corrected."),
        (name = "webhook", description = "Being told at once: signed by Standard Webhooks, tried for 72 hours."),
        (name = "changes", description = "What changed for a state's children."),
        (name = "reports", description = "How many children, and which; frozen counts."),
        (name = "work items", description = "Who is who, where people decide."),
    )
)]
struct Document;

/// Every operation needs a client certificate.
struct ClientCertificate;

impl Modify for ClientCertificate {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "clientCertificate",
            SecurityScheme::MutualTls {
                description: Some("a client certificate registered for the state".to_owned()),
                extensions: None,
                deprecated: None,
            },
        );
        document.security = Some(vec![SecurityRequirement::new(
            "clientCertificate",
            Vec::<String>::new(),
        )]);
    }
}

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document as text.
#[must_use]
pub fn json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        document()
            .to_pretty_json()
            .expect("a document of texts and numbers")
    });
    &JSON
}
