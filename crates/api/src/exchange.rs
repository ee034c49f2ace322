//! The listener for states' systems: mutual TLS, and a certificate that is good and registered on every request.

use std::io;
use std::net::TcpListener;

use actix_web::body::MessageBody;
use actix_web::dev::Server;
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use pki::{Identity, PkiError};

use crate::auth::authenticate;
use crate::observe::as_problems;
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;
use crate::tls::Listener;
use crate::v1::{self, resource};
use crate::{docs, openapi};

/// Why a listener does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Certificate, key or settings are not usable.
    #[error(transparent)]
    Tls(#[from] PkiError),
    /// The socket is not usable.
    #[error("failed to serve the socket: {0}")]
    Socket(#[from] io::Error),
}

/// Serves the exchange on a bound socket with the server's certificate. Clients must show a certificate that
/// `state.trust` accepts. The server runs when it is awaited, on an actix system.
pub fn server(
    state: Data<AppState>,
    socket: TcpListener,
    identity: Identity,
    workers: usize,
) -> Result<Server, StartError> {
    let tls = pki::server_config(identity, Some(state.trust.verifier()))?;
    let listener = Listener { socket, tls, workers };
    Ok(listener.serve(state, configure)?)
}

/// The addresses of the exchange, each behind [`authenticate`].
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::scope("")
            .wrap(from_fn(authenticate))
            .wrap(from_fn(as_problems))
            .service(resource(
                "/openapi.json",
                [(Method::GET, web::route().to(document))],
            ))
            .service(resource("/docs", [(Method::GET, web::route().to(page))]))
            .service(resource(
                "/docs/findings",
                [(Method::GET, web::route().to(findings))],
            ))
            .service(resource(
                "/docs/findings/{code}",
                [(Method::GET, web::route().to(finding))],
            ))
            .service(resource(
                "/docs/problems/{code}",
                [(Method::GET, web::route().to(problem))],
            ))
            .service(web::scope("/v1").configure(v1::configure))
            .default_service(web::to(|| async {
                Err::<HttpResponse, Problem>(Problem::not_found("address"))
            })),
    );
}

/// The interface as an OpenAPI document.
async fn document() -> impl Responder {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(openapi::json())
}

/// The same as a page.
async fn page() -> impl Responder {
    html(docs::page())
}

/// The kinds of finding.
async fn findings() -> impl Responder {
    html(docs::findings())
}

/// One kind of finding.
async fn finding(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = mde::FindingCode::of_code(&code).ok_or_else(|| Problem::not_found("kind of finding"))?;
    Ok(html(docs::finding(code)))
}

/// One kind of problem.
async fn problem(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = ProblemCode::of_code(&code).ok_or_else(|| Problem::not_found("kind of problem"))?;
    Ok(html(docs::problem(code)))
}

fn html(page: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, docs::POLICY))
        .body(page)
}
