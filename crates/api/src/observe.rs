//! What is done around every request: an id, a line in the log, a count, safe headers, problems in one form.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::problem::{MEDIA_TYPE, Problem};
use crate::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the caller's, if it sent a plain one, else one of ours.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let plain = |text: &&str| {
            (8..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let sent = headers
            .get(REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(plain);
        Self(sent.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// Middleware for every listener, outermost. Gives the request its id, measures it, logs route template and status
/// (never the address itself or its query, which can name a child) and what a [`Problem`] tells the operator, and
/// sets the headers that every answer has.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id.0);
    let mut response = next
        .call(request)
        .instrument(span.clone())
        .await?
        .map_into_boxed_body();
    let _inside = span.enter();
    let problem = response.response().extensions().get::<Problem>().cloned();
    if let Some(problem) = &problem {
        let body = problem.body(Some(&id.0));
        response = response.map_body(|_, _| BoxBody::new(body));
    }
    let took = started.elapsed();
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unknown".to_owned());
    let status = response.status().as_u16();
    if let Some(state) = state {
        state.metrics.count(method.as_str(), &route, status, took);
    }
    let problem_code = problem.as_ref().map(|p| p.code().code());
    match problem.as_ref().and_then(Problem::internal_detail) {
        Some(internal) => {
            tracing::warn!(%method, route, status, problem = problem_code, internal, "answered");
        }
        None => {
            tracing::info!(%method, route, status, problem = problem_code, ms = took.as_millis() as u64, "answered");
        }
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in SAFE {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

/// What every answer says unless its handler says otherwise: nothing is kept, framed, sniffed or run.
const SAFE: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Middleware for a listener of machines, inside of [`observe`]: whatever is an error and not yet a problem becomes
/// one, such as the framework's own answers.
pub async fn as_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    let mut problem = Problem::of_status(status);
    if let Some(error) = response.response().error()
        && status.is_server_error()
    {
        problem = problem.with_internal(error);
    }
    Ok(response.error_response(problem))
}
