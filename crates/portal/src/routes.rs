//! Which page is where, and the headers that all of them carry.

use actix_web::dev::Server;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::web::{self, Data, ServiceConfig, get, post};

use crate::assets;
use crate::failure::Failure;
use crate::pages::{
    acceptances, access_log, admin, batches, bulletin, check, comparison, completeness, contacts,
    corrections, data_requests, deadlines, departures, disagreements, documents, family, gallery, hand_off,
    help, history, home, merge, near_match, new_children, notice, notice_mail, notice_new, notices,
    own_password, papers, person, pictures, plans, reconciliations, referral, referrals, reports, requests,
    requirements, search, sign_in, students, worklist,
};
use crate::state::Portal;
use crate::training;

/// Scripts of our own only, nothing inline, nothing from elsewhere, in nobody's frame.
const CSP: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Bytes of the largest form.
const FORM_BYTES: usize = 64 << 10;

/// Every page that needs a signed-in account: method and path, with `{id}` where a number stands.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/state"),
    ("POST", "/state"),
    ("POST", "/sign-out"),
    ("GET", "/password"),
    ("POST", "/password"),
    ("POST", "/home/dismiss"),
    ("GET", "/session"),
    ("GET", "/search"),
    ("POST", "/search"),
    ("GET", "/search/results"),
    ("GET", "/students"),
    ("GET", "/students.xlsx"),
    ("POST", "/students/filters"),
    ("GET", "/departures"),
    ("GET", "/departures.xlsx"),
    ("GET", "/referrals"),
    ("GET", "/referrals/{id}"),
    ("POST", "/referrals/{id}"),
    ("POST", "/referrals/{id}/taking"),
    ("GET", "/hand-offs/new"),
    ("POST", "/hand-offs/new"),
    ("POST", "/hand-offs/{id}"),
    ("GET", "/contacts"),
    ("GET", "/contacts.csv"),
    ("POST", "/contacts/verify"),
    ("POST", "/contacts/list"),
    ("GET", "/contacts/new"),
    ("POST", "/contacts/new"),
    ("GET", "/contacts/{id}"),
    ("POST", "/contacts/{id}"),
    ("GET", "/new-children"),
    ("POST", "/new-children"),
    ("GET", "/persons/{id}"),
    ("GET", "/persons/{id}/history"),
    ("GET", "/persons/{id}/comparison"),
    ("GET", "/persons/{id}/plans"),
    ("GET", "/persons/{id}/family"),
    ("GET", "/disagreements"),
    ("GET", "/requirements"),
    ("POST", "/requirements"),
    ("POST", "/requirements/eligibility"),
    ("GET", "/persons/{id}/record.pdf"),
    ("GET", "/persons/{id}/family-card.pdf"),
    ("GET", "/persons/{id}/migrant-confirmation.pdf"),
    ("GET", "/persons/{id}/transfer-confirmation.pdf"),
    ("GET", "/persons/{id}/transcript.xml"),
    ("GET", "/persons/{id}/access-log"),
    ("GET", "/merges/{id}"),
    ("POST", "/merges/{id}"),
    ("GET", "/splits/{id}"),
    ("POST", "/splits/{id}"),
    ("GET", "/requests/{id}"),
    ("POST", "/requests/{id}"),
    ("GET", "/worklist"),
    ("POST", "/worklist"),
    ("GET", "/near-matches/{id}"),
    ("POST", "/near-matches/{id}"),
    ("GET", "/deadlines"),
    ("GET", "/notices"),
    ("GET", "/notices/mail"),
    ("POST", "/notices/mail"),
    ("GET", "/notices/new"),
    ("POST", "/notices/new"),
    ("GET", "/notices/{id}"),
    ("POST", "/notices/{id}"),
    ("POST", "/notices/{id}/acknowledge"),
    ("GET", "/data-requests"),
    ("GET", "/data-requests/new"),
    ("POST", "/data-requests/new"),
    ("GET", "/data-requests/{id}/document"),
    ("POST", "/data-requests/{id}/document"),
    ("POST", "/data-requests/{id}/verdict"),
    ("GET", "/acceptances"),
    ("POST", "/acceptances"),
    ("GET", "/data-requests/{id}"),
    ("POST", "/data-requests/{id}"),
    ("GET", "/corrections"),
    ("GET", "/corrections/new"),
    ("POST", "/corrections/new"),
    ("GET", "/corrections/{id}"),
    ("POST", "/corrections/{id}"),
    ("GET", "/corrections/{id}/letter.pdf"),
    ("GET", "/batches"),
    ("GET", "/batches/{id}"),
    ("GET", "/batches/{id}/findings.csv"),
    ("GET", "/batches/{id}/findings.xlsx"),
    ("POST", "/batches/{id}/release"),
    ("GET", "/reports"),
    ("GET", "/reports/pictures"),
    ("GET", "/reports/completeness"),
    ("GET", "/reports/completeness.csv"),
    ("POST", "/reports/completeness"),
    ("GET", "/reports/years.csv"),
    ("POST", "/feedback"),
    ("GET", "/reports/counts.csv"),
    ("GET", "/reports/moves.xlsx"),
    ("GET", "/reports/missed-enrollments.csv"),
    ("GET", "/reports/qa.xlsx"),
    ("GET", "/reports/free-meals.pdf"),
    ("GET", "/reports/free-meals.csv"),
    ("GET", "/reconciliations"),
    ("GET", "/reconciliations/{id}"),
    ("POST", "/reconciliations/{id}"),
    ("POST", "/reports/snapshots"),
    ("GET", "/reports/snapshots/{id}/children.csv"),
    ("GET", "/admin"),
    ("GET", "/admin/users"),
    ("GET", "/admin/users/new"),
    ("POST", "/admin/users/new"),
    ("GET", "/admin/users/{id}"),
    ("POST", "/admin/users/{id}/roles"),
    ("POST", "/admin/users/{id}/standing"),
    ("POST", "/admin/users/{id}/password"),
    ("POST", "/admin/users/{id}/training"),
    ("GET", "/admin/announcements"),
    ("POST", "/admin/announcements"),
    ("POST", "/admin/announcements/{id}/withdraw"),
    ("GET", "/admin/regions"),
    ("POST", "/admin/regions"),
    ("GET", "/admin/certificates"),
    ("GET", "/admin/webhook"),
    ("POST", "/admin/webhook"),
    ("POST", "/admin/webhook/keys"),
    ("POST", "/admin/webhook/test"),
    ("POST", "/admin/webhook/remove"),
    ("POST", "/admin/webhook/redeliver"),
    ("GET", "/admin/settings"),
    ("GET", "/admin/audit"),
    ("GET", "/admin/audit.csv"),
];

/// Adds all pages.
pub fn configure(config: &mut ServiceConfig, portal: Portal) {
    let headers = DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, CSP))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((X_FRAME_OPTIONS, "DENY"))
        .add((REFERRER_POLICY, "same-origin"))
        .add((STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
        .add((
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .add((
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .add((
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=()",
        ));
    config.service(
        web::scope("")
            .wrap(Compress::default())
            .wrap(headers)
            .wrap(from_fn(training::told))
            .app_data(Data::new(portal))
            .app_data(
                web::FormConfig::default()
                    .limit(FORM_BYTES)
                    .error_handler(|_, _| Failure::BadRequest.into()),
            )
            .app_data(web::PayloadConfig::new(FORM_BYTES))
            .app_data(web::QueryConfig::default().error_handler(|_, _| Failure::BadRequest.into()))
            .app_data(web::PathConfig::default().error_handler(|_, _| Failure::NotFound.into()))
            .route("/assets/{name}", get().to(assets::serve))
            .route("/sign-in", get().to(sign_in::show))
            .route("/sign-in", post().to(sign_in::sign_in))
            .route("/sign-out", post().to(sign_in::sign_out))
            .route("/session", get().to(sign_in::left))
            .route("/state", get().to(sign_in::choose))
            .route("/state", post().to(sign_in::chosen))
            .route("/password", get().to(own_password::show))
            .route("/password", post().to(own_password::change))
            .route("/", get().to(home::show))
            .route("/home/dismiss", post().to(bulletin::dismiss))
            .route("/search", get().to(search::show))
            .route("/search", post().to(search::search))
            .route("/search/results", get().to(search::results))
            .route("/students", get().to(students::show))
            .route("/students.xlsx", get().to(students::download))
            .route("/students/filters", post().to(students::keep))
            .route("/departures", get().to(departures::show))
            .route("/departures.{form:csv|xlsx}", get().to(departures::download))
            .route("/referrals", get().to(referrals::list))
            .route("/referrals/{id}", get().to(referral::show))
            .route("/referrals/{id}", post().to(referral::say))
            .route("/referrals/{id}/taking", post().to(referral::take))
            .route("/hand-offs/new", get().to(hand_off::fresh))
            .route("/hand-offs/new", post().to(hand_off::write))
            .route("/hand-offs/{id}", post().to(hand_off::take_back))
            .route("/contacts", get().to(contacts::list))
            .route("/contacts.{form:csv|xlsx}", get().to(contacts::download))
            .route("/contacts/verify", post().to(contacts::verify))
            .route("/contacts/list", post().to(contacts::take))
            .route("/contacts/new", get().to(contacts::fresh))
            .route("/contacts/new", post().to(contacts::add))
            .route("/contacts/{id}", get().to(contacts::show))
            .route("/contacts/{id}", post().to(contacts::change))
            .route("/new-children", get().to(new_children::show))
            .route("/new-children", post().to(new_children::acknowledge))
            .route("/persons/{id}", get().to(person::show))
            .route("/persons/{id}/history", get().to(history::show))
            .route("/persons/{id}/comparison", get().to(comparison::show))
            .route("/persons/{id}/plans", get().to(plans::show))
            .route("/persons/{id}/family", get().to(family::show))
            .route("/disagreements", get().to(disagreements::list))
            .route("/requirements", get().to(requirements::show))
            .route("/requirements", post().to(requirements::keep))
            .route("/requirements/eligibility", post().to(requirements::choose))
            .route("/persons/{id}/{paper}.pdf", get().to(papers::print))
            .route("/persons/{id}/transcript.xml", get().to(papers::transcript))
            .route("/persons/{id}/access-log", get().to(access_log::show))
            .route("/merges/{id}", get().to(merge::show))
            .route("/merges/{id}", post().to(merge::ask))
            .route("/splits/{id}", get().to(merge::show_split))
            .route("/splits/{id}", post().to(merge::ask_split))
            .route("/requests/{id}", get().to(requests::show))
            .route("/requests/{id}", post().to(requests::decide))
            .route("/worklist", get().to(worklist::show))
            .route("/worklist", post().to(worklist::entrust))
            .route("/near-matches/{id}", get().to(near_match::show))
            .route("/near-matches/{id}", post().to(near_match::decide))
            .route("/deadlines", get().to(deadlines::list))
            .route("/notices", get().to(notices::list))
            .route("/notices/mail", get().to(notice_mail::show))
            .route("/notices/mail", post().to(notice_mail::choose))
            .route("/notices/new", get().to(notice_new::show))
            .route("/notices/new", post().to(notice_new::send))
            .route("/notices/{id}", get().to(notice::show))
            .route("/notices/{id}", post().to(notice::step))
            .route("/notices/{id}/acknowledge", post().to(notice::acknowledge))
            .route("/data-requests", get().to(data_requests::list))
            .route("/data-requests/new", get().to(data_requests::fresh))
            .route("/data-requests/new", post().to(data_requests::send))
            .route("/data-requests/{id}", get().to(data_requests::show))
            .route("/data-requests/{id}", post().to(data_requests::answer))
            .route("/data-requests/{id}/document", get().to(documents::download))
            .route("/data-requests/{id}/document", post().to(documents::send))
            .route("/data-requests/{id}/verdict", post().to(documents::judge))
            .route("/acceptances", get().to(acceptances::show))
            .route("/acceptances", post().to(acceptances::keep))
            .route("/corrections", get().to(corrections::list))
            .route("/corrections/new", get().to(corrections::fresh))
            .route("/corrections/new", post().to(corrections::take))
            .route("/corrections/{id}", get().to(corrections::show))
            .route("/corrections/{id}", post().to(corrections::act))
            .route("/corrections/{id}/letter.pdf", get().to(corrections::letter))
            .route("/batches", get().to(batches::list))
            .route("/batches/{id}", get().to(batches::show))
            .route(
                "/batches/{id}/findings.{form:csv|xlsx}",
                get().to(batches::download),
            )
            .route("/batches/{id}/release", post().to(batches::release))
            .route("/reports", get().to(reports::show))
            .route(
                "/reports/{what:counts|moves|missed-enrollments|qa|free-meals}.{form:csv|xlsx|pdf}",
                get().to(reports::download),
            )
            .route("/reports/pictures", get().to(pictures::show))
            .route(
                "/reports/{what:years|timeliness|waiting}.{form:csv|xlsx}",
                get().to(pictures::download),
            )
            .route("/reports/completeness", get().to(completeness::show))
            .route("/reports/completeness", post().to(completeness::say))
            .route(
                "/reports/completeness.{form:csv|xlsx}",
                get().to(completeness::download),
            )
            .route("/feedback", post().to(pictures::say))
            .route("/reconciliations", get().to(reconciliations::list))
            .route("/reconciliations/{id}", get().to(reconciliations::show))
            .route("/reconciliations/{id}", post().to(reconciliations::decide))
            .route("/reports/snapshots", post().to(reports::take))
            .route(
                "/reports/snapshots/{name}/children.csv",
                get().to(reports::children),
            )
            .route("/admin", get().to(admin::index))
            .route("/admin/users", get().to(admin::users::list))
            .route("/admin/users/new", get().to(admin::users::new))
            .route("/admin/users/new", post().to(admin::users::add))
            .route("/admin/users/{id}", get().to(admin::user::show))
            .route("/admin/users/{id}/roles", post().to(admin::user::roles))
            .route("/admin/users/{id}/standing", post().to(admin::user::standing))
            .route("/admin/users/{id}/password", post().to(admin::user::password))
            .route("/admin/users/{id}/training", post().to(admin::user::training))
            .route("/admin/announcements", get().to(admin::announcements::list))
            .route("/admin/announcements", post().to(admin::announcements::add))
            .route(
                "/admin/announcements/{id}/withdraw",
                post().to(admin::announcements::withdraw),
            )
            .route("/admin/regions", get().to(admin::regions::show))
            .route("/admin/regions", post().to(admin::regions::keep))
            .route("/admin/certificates", get().to(admin::certificates::list))
            .route("/admin/webhook", get().to(admin::webhook::show))
            .route("/admin/webhook", post().to(admin::webhook::set))
            .route("/admin/webhook/keys", post().to(admin::webhook::rotate))
            .route("/admin/webhook/test", post().to(admin::webhook::test))
            .route("/admin/webhook/remove", post().to(admin::webhook::remove))
            .route("/admin/webhook/redeliver", post().to(admin::webhook::redeliver))
            .route("/admin/settings", get().to(admin::settings::show))
            .route("/admin/audit", get().to(admin::audit::show))
            .route("/admin/audit.{form:csv|xlsx}", get().to(admin::audit::download))
            .route("/check", get().to(check::show))
            .route("/help", get().to(help::index))
            .route("/help/glossary", get().to(help::glossary))
            .route("/gallery", get().to(gallery::show))
            .route("/accessibility", get().to(help::accessibility))
            .route("/docs/findings", get().to(help::findings))
            .route("/docs/findings/{code}", get().to(help::finding))
            .route("/docs/problems", get().to(help::problems))
            .route("/docs/problems/{code}", get().to(help::problem))
            .default_service(web::to(missing)),
    );
}

async fn missing() -> Result<actix_web::HttpResponse, Failure> {
    Err(Failure::NotFound)
}

/// The listener for people: TLS without client certificates, all pages. It runs when it is awaited.
pub fn server(
    listener: api::tls::Listener,
    state: Data<api::AppState>,
    portal: Portal,
) -> std::io::Result<Server> {
    listener.serve(state, move |config| configure(config, portal.clone()))
}
