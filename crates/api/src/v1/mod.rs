//! The machine interface, version 1.

pub mod batches;
mod body;
pub mod changes;
pub mod contacts;
pub mod corrections;
pub mod data_requests;
pub mod deadlines;
pub mod departures;
pub mod disagreements;
pub mod documents;
mod edfi;
pub mod family;
pub mod findings;
pub mod format;
pub mod history;
pub mod lists;
pub mod new_children;
pub mod notice_steps;
pub mod notices;
pub mod papers;
pub mod persons;
pub mod plans;
pub mod profiles;
pub mod quota;
pub mod reconciliations;
pub mod referrals;
pub mod reports;
pub mod requirements;
pub mod roster;
pub mod roster_checks;
pub mod snapshots;
pub mod students;
pub mod upload;
pub mod uploads;
pub mod webhook;
pub mod work_items;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};
use actix_web::{Resource, Route};

use records::own_list::MAX_BYTES;

use crate::problem::{Problem, ProblemCode};

/// Bytes of a JSON document that a call may send.
const JSON_BYTES: usize = 64 << 10;

/// The addresses below `/v1`, for a scope that has authenticated its callers.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(QueryConfig::default().error_handler(|error, _| {
            Problem::new(
                ProblemCode::InvalidRequest,
                format!("The query cannot be read: {error}."),
            )
            .into()
        }))
        .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found("resource").into()))
        .app_data(
            JsonConfig::default()
                .limit(JSON_BYTES)
                .error_handler(|error, _| json_problem(&error).into()),
        )
        .service(resource(
            "/batches",
            [
                (Method::POST, web::route().to(upload::upload)),
                (Method::GET, web::route().to(batches::list)),
            ],
        ))
        .service(resource(
            "/batches/{batch_id}",
            [(Method::GET, web::route().to(batches::read))],
        ))
        .service(resource(
            "/batches/{batch_id}/release",
            [(Method::POST, web::route().to(batches::release))],
        ))
        .service(resource(
            "/batches/{batch_id}/findings",
            [(Method::GET, web::route().to(findings::list))],
        ))
        .service(
            web::scope("/uploads")
                .wrap(from_fn(uploads::speak))
                .service(resource(
                    "",
                    [
                        (Method::POST, web::route().to(uploads::begin)),
                        (Method::OPTIONS, web::route().to(uploads::describe)),
                    ],
                ))
                .service(resource(
                    "/{upload_id}",
                    [
                        (Method::HEAD, web::route().to(uploads::ask)),
                        (Method::PATCH, web::route().to(uploads::go_on)),
                        (Method::DELETE, web::route().to(uploads::give_up)),
                        (Method::OPTIONS, web::route().to(uploads::describe)),
                    ],
                )),
        )
        .service(resource(
            "/profiles",
            [(Method::GET, web::route().to(profiles::list))],
        ))
        .service(resource(
            "/states/{state}/students/{state_student_id}",
            [(Method::GET, web::route().to(students::read))],
        ))
        .service(resource(
            "/roster",
            [(Method::GET, web::route().to(roster::list))],
        ))
        .service(resource(
            "/new-children",
            [(Method::GET, web::route().to(new_children::list_new))],
        ))
        .service(resource(
            "/new-children/{new_child_id}/acknowledgement",
            [(Method::POST, web::route().to(new_children::acknowledge_new))],
        ))
        .service(resource(
            "/gone-children",
            [(Method::GET, web::route().to(new_children::list_gone))],
        ))
        .service(resource(
            "/gone-children/{gone_child_id}/acknowledgement",
            [(Method::POST, web::route().to(new_children::acknowledge_gone))],
        ))
        .service(resource(
            "/departures",
            [(Method::GET, web::route().to(departures::list))],
        ))
        .service(resource(
            "/hand-offs",
            [(Method::POST, web::route().to(departures::hand_off))],
        ))
        .service(resource(
            "/hand-offs/{hand_off_id}",
            [(Method::DELETE, web::route().to(departures::take_back))],
        ))
        .service(resource(
            "/contacts",
            [(Method::GET, web::route().to(contacts::list))],
        ))
        .service(resource(
            "/persons",
            [(Method::GET, web::route().to(persons::search))],
        ))
        .service(resource(
            "/persons/{person_id}",
            [(Method::GET, web::route().to(persons::read))],
        ))
        .service(resource(
            "/persons/{person_id}/history",
            [(Method::GET, web::route().to(history::read))],
        ))
        .service(resource(
            "/persons/{person_id}/comparison",
            [(Method::GET, web::route().to(history::compare))],
        ))
        .service(resource(
            "/persons/{person_id}/plans",
            [(Method::GET, web::route().to(plans::compare))],
        ))
        .service(resource(
            "/disagreements",
            [(Method::GET, web::route().to(disagreements::list))],
        ))
        .service(resource(
            "/requirement-sets/{state}",
            [
                (Method::GET, web::route().to(requirements::read)),
                (Method::PUT, web::route().to(requirements::replace)),
                (Method::DELETE, web::route().to(requirements::remove)),
            ],
        ))
        .service(resource(
            "/persons/{person_id}/family",
            [(Method::GET, web::route().to(family::read))],
        ))
        .service(resource(
            "/persons/{person_id}/{paper}.pdf",
            [(Method::GET, web::route().to(papers::print))],
        ))
        .service(resource(
            "/persons/{person_id}/transcript.xml",
            [(Method::GET, web::route().to(papers::transcript))],
        ))
        .service(resource(
            "/move-notices",
            [
                (Method::POST, web::route().to(notices::send)),
                (Method::GET, web::route().to(notices::list)),
            ],
        ))
        .service(resource(
            "/move-notices/{move_notice_id}/acknowledgement",
            [(Method::POST, web::route().to(notices::acknowledge))],
        ))
        .service(resource(
            "/data-requests",
            [
                (Method::POST, web::route().to(data_requests::ask)),
                (Method::GET, web::route().to(data_requests::list)),
            ],
        ))
        .service(resource(
            "/data-requests/{data_request_id}",
            [
                (Method::GET, web::route().to(data_requests::read)),
                (Method::DELETE, web::route().to(data_requests::take_back)),
            ],
        ))
        .service(resource(
            "/data-requests/{data_request_id}/answer",
            [(Method::POST, web::route().to(data_requests::answer))],
        ))
        .service(resource(
            "/data-requests/{data_request_id}/documents",
            [(Method::GET, web::route().to(documents::list))],
        ))
        .service(resource(
            "/data-requests/{data_request_id}/document",
            [
                (Method::PUT, web::route().to(documents::send)),
                (Method::GET, web::route().to(documents::read)),
            ],
        ))
        .service(resource(
            "/data-requests/{data_request_id}/document/verdict",
            [(Method::POST, web::route().to(documents::judge))],
        ))
        .service(resource(
            "/document-acceptances",
            [(Method::GET, web::route().to(documents::accepted))],
        ))
        .service(resource(
            "/corrections",
            [
                (Method::POST, web::route().to(corrections::take)),
                (Method::GET, web::route().to(corrections::list)),
            ],
        ))
        .service(resource(
            "/corrections/{correction_id}",
            [(Method::GET, web::route().to(corrections::read))],
        ))
        .service(resource(
            "/corrections/{correction_id}/decision",
            [(Method::POST, web::route().to(corrections::decide))],
        ))
        .service(resource(
            "/corrections/{correction_id}/told",
            [(Method::POST, web::route().to(corrections::tell))],
        ))
        .service(resource(
            "/corrections/{correction_id}/statement",
            [(Method::PUT, web::route().to(corrections::disagree))],
        ))
        .service(resource(
            "/move-notices/{move_notice_id}",
            [(Method::GET, web::route().to(notice_steps::read))],
        ))
        .service(resource(
            "/move-notices/{move_notice_id}/reopening",
            [(Method::POST, web::route().to(notice_steps::reopen))],
        ))
        .service(resource(
            "/move-notices/{move_notice_id}/closing",
            [(Method::POST, web::route().to(notice_steps::close))],
        ))
        .service(resource(
            "/webhook",
            [
                (Method::GET, web::route().to(webhook::read)),
                (Method::PUT, web::route().to(webhook::set)),
                (Method::DELETE, web::route().to(webhook::remove)),
            ],
        ))
        .service(resource(
            "/webhook/test",
            [(Method::POST, web::route().to(webhook::test))],
        ))
        .service(resource(
            "/webhook/keys",
            [(Method::POST, web::route().to(webhook::new_keys))],
        ))
        .service(resource(
            "/webhook/deliveries",
            [(Method::GET, web::route().to(webhook::list))],
        ))
        .service(resource(
            "/webhook/deliveries/{webhook_id}/redelivery",
            [(Method::POST, web::route().to(webhook::redeliver))],
        ))
        .service(resource(
            "/deadlines",
            [(Method::GET, web::route().to(deadlines::list))],
        ))
        .service(resource(
            "/deadlines/{deadline_id}",
            [(Method::GET, web::route().to(deadlines::read))],
        ))
        .service(resource(
            "/calendar",
            [
                (Method::GET, web::route().to(deadlines::calendar)),
                (Method::PUT, web::route().to(deadlines::keep)),
            ],
        ))
        .service(resource(
            "/roster-checks",
            [(Method::POST, web::route().to(roster_checks::check))],
        ))
        .service(resource(
            "/referrals",
            [(Method::GET, web::route().to(referrals::list))],
        ))
        .service(resource(
            "/referrals/{referral_id}",
            [(Method::GET, web::route().to(referrals::read))],
        ))
        .service(resource(
            "/referrals/{referral_id}/outcome",
            [(Method::POST, web::route().to(referrals::say))],
        ))
        .service(resource(
            "/changes",
            [(Method::GET, web::route().to(changes::list))],
        ))
        .service(resource(
            "/reports/counts",
            [(Method::GET, web::route().to(reports::counts))],
        ))
        .service(resource(
            "/reports/moves",
            [(Method::GET, web::route().to(reports::moves))],
        ))
        .service(resource(
            "/reports/missed-enrollments",
            [(Method::GET, web::route().to(reports::missed))],
        ))
        .service(
            resource("/reports/qa", [(Method::POST, web::route().to(lists::qa))])
                .app_data(PayloadConfig::new(MAX_BYTES)),
        )
        .service(resource(
            "/reports/free-meals",
            [(Method::GET, web::route().to(lists::free_meals))],
        ))
        .service(
            resource(
                "/reconciliations",
                [
                    (Method::GET, web::route().to(reconciliations::list)),
                    (Method::POST, web::route().to(reconciliations::open)),
                ],
            )
            .app_data(PayloadConfig::new(MAX_BYTES)),
        )
        .service(resource(
            "/reconciliations/{reconciliation_id}",
            [(Method::GET, web::route().to(reconciliations::read))],
        ))
        .service(resource(
            "/reconciliations/{reconciliation_id}/differences",
            [(Method::GET, web::route().to(reconciliations::differences))],
        ))
        .service(resource(
            "/reconciliations/{reconciliation_id}/differences/{ordinal}/decision",
            [(Method::POST, web::route().to(reconciliations::decide))],
        ))
        .service(resource(
            "/snapshots",
            [
                (Method::GET, web::route().to(snapshots::list)),
                (Method::POST, web::route().to(snapshots::take)),
            ],
        ))
        .service(resource(
            "/snapshots/{name}",
            [(Method::GET, web::route().to(snapshots::read))],
        ))
        .service(resource(
            "/snapshots/{name}/extract",
            [(Method::GET, web::route().to(snapshots::extract))],
        ))
        .service(resource(
            "/snapshots/{name}/since",
            [(Method::GET, web::route().to(snapshots::since))],
        ))
        .service(resource(
            "/work-items",
            [(Method::GET, web::route().to(work_items::list))],
        ))
        .service(resource(
            "/work-items/{work_item_id}",
            [(Method::GET, web::route().to(work_items::read))],
        ))
        .service(resource(
            "/work-items/{work_item_id}/decision",
            [(Method::POST, web::route().to(work_items::decide))],
        ))
        .service(resource(
            "/work-items/{work_item_id}/assignment",
            [(Method::PUT, web::route().to(work_items::assign))],
        ))
        .service(resource(
            "/work-items/{work_item_id}/undo",
            [(Method::POST, web::route().to(work_items::undo))],
        ))
        .service(resource(
            "/merges",
            [(Method::POST, web::route().to(work_items::merge))],
        ))
        .service(resource(
            "/splits",
            [(Method::POST, web::route().to(work_items::split))],
        ));
}

/// An address with its methods; any other method is told which there are.
pub(crate) fn resource<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let allow: Vec<&str> = routes.iter().map(|(method, _)| method.as_str()).collect();
    let allow = allow.join(", ");
    let resource = routes
        .into_iter()
        .fold(web::resource(path), |resource, (method, route)| {
            resource.route(route.method(method))
        });
    resource.default_service(web::to(move || {
        let problem = Problem::method_not_allowed(&allow);
        async move { Err::<actix_web::HttpResponse, Problem>(problem) }
    }))
}

fn json_problem(error: &actix_web::error::JsonPayloadError) -> Problem {
    use actix_web::error::JsonPayloadError;
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => Problem::new(
            ProblemCode::TooLarge,
            format!("The JSON document may have {JSON_BYTES} bytes."),
        ),
        JsonPayloadError::ContentType => Problem::new(
            ProblemCode::UnsupportedMediaType,
            "Send the content as application/json.",
        ),
        JsonPayloadError::Deserialize(error) => Problem::new(
            ProblemCode::InvalidContent,
            format!("The JSON document is not what this address takes: {error}."),
        ),
        _ => Problem::new(ProblemCode::InvalidRequest, "The content cannot be read."),
    }
}
