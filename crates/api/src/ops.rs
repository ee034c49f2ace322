//! The operator's port: alive, ready, measured, and what waits for the operator. Plain HTTP, for a loopback address only; no personal data.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use pki::days_left;
use serde::Serialize;
use store::{batches, jobs, link_proposals, links, participants};

use crate::metrics::Text;
use crate::observe::{as_problems, observe};
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;

/// Serves the operator's port on a bound socket.
pub fn server(state: Data<AppState>, socket: TcpListener) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(as_problems))
            .wrap(from_fn(observe))
            .configure(configure)
    })
    .workers(1)
    .disable_signals()
    .listen(socket)?;
    Ok(server.run())
}

/// The addresses of the operator's port.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics))
        .route("/link/proposals", web::get().to(proposals));
}

/// The process answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

#[derive(Debug, Serialize)]
struct Ready {
    database: &'static str,
    schema: &'static str,
}

/// The database answers and has the program's schema.
async fn readyz(state: Data<AppState>) -> Result<web::Json<Ready>, Problem> {
    let pending = state.db.run(store::migrations).await?;
    if pending.is_empty() {
        Ok(web::Json(Ready {
            database: "reachable",
            schema: "current",
        }))
    } else {
        let detail = "The database does not have the program's schema; run the migrations.";
        Err(Problem::new(ProblemCode::DatabaseAway, detail)
            .with_internal(format!("pending: {}", pending.join(", "))))
    }
}

/// Counters and gauges. When the database is away, those that it would give are missing and `mariposa_database_up`
/// is 0.
async fn metrics(state: Data<AppState>) -> HttpResponse {
    let mut text = Text(state.metrics.text());
    let now = state.clock.now();
    let gauges = state.db.run(gauges).await;
    text.family("mariposa_database_up", "gauge", "Whether the database answers.");
    text.sample("mariposa_database_up", &[], f64::from(u8::from(gauges.is_ok())));
    if let Ok(gauges) = gauges {
        text.family("mariposa_batches", "gauge", "Batches by status.");
        for (status, batches) in gauges.batches {
            text.sample("mariposa_batches", &[("status", &status)], batches as f64);
        }
        text.family("mariposa_jobs", "gauge", "Jobs by name and status.");
        for depth in gauges.jobs {
            text.sample(
                "mariposa_jobs",
                &[("name", &depth.name), ("status", &depth.status)],
                depth.jobs as f64,
            );
        }
        text.family(
            "mariposa_link_queue",
            "gauge",
            "Students that wait for the linker.",
        );
        text.sample("mariposa_link_queue", &[], gauges.link_queue as f64);
        text.family(
            "mariposa_certificate_days",
            "gauge",
            "Days left of the last registered certificate of a state.",
        );
        for (of, not_after) in gauges.certificates {
            text.sample(
                "mariposa_certificate_days",
                &[("state", &of)],
                days_left(not_after, now) as f64,
            );
        }
    }
    if let Some(due) = state.trust.lists_due() {
        text.family(
            "mariposa_revocation_list_days",
            "gauge",
            "Days until a revocation list must be replaced.",
        );
        text.sample("mariposa_revocation_list_days", &[], days_left(due, now) as f64);
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(text.0)
}

/// How many proposals are told.
const PROPOSALS: i64 = 20;

/// Weights of linking that were learned, and how many decisions each would change.
#[derive(Debug, Serialize)]
struct Proposal {
    /// Its number, by which `mariposa link proposals` decides it.
    link_proposal_id: i64,
    version: String,
    /// The model with whose decisions it was compared.
    in_force: String,
    /// `open`, `refused`, `accepted`, `rejected` or `superseded`.
    status: String,
    made_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    /// Pairs of students that would change, by kind.
    changes: serde_json::Value,
    /// Why it cannot be accepted.
    refused: serde_json::Value,
}

impl From<link_proposals::Proposal> for Proposal {
    fn from(proposal: link_proposals::Proposal) -> Self {
        // The examples of the report name students and stay where they are.
        Self {
            link_proposal_id: proposal.link_proposal_id,
            version: proposal.version,
            in_force: proposal.in_force,
            status: proposal.status,
            made_at: proposal.made_at,
            decided_at: proposal.decided_at,
            changes: proposal.report["changes"].clone(),
            refused: proposal.report["refused"].clone(),
        }
    }
}

/// The latest proposals, newest first.
async fn proposals(state: Data<AppState>) -> Result<web::Json<Vec<Proposal>>, Problem> {
    let latest = state.db.run(|c| link_proposals::latest(c, PROPOSALS)).await?;
    Ok(web::Json(latest.into_iter().map(Proposal::from).collect()))
}

struct Gauges {
    batches: Vec<(String, i64)>,
    jobs: Vec<jobs::Depth>,
    link_queue: i64,
    certificates: std::collections::BTreeMap<String, DateTime<Utc>>,
}

fn gauges(connection: &mut PgConnection) -> store::Result<Gauges> {
    let mut certificates = std::collections::BTreeMap::new();
    for certificate in participants::certificates(connection)? {
        if certificate.revoked_at.is_none() {
            let end = certificates
                .entry(certificate.state)
                .or_insert(certificate.not_after);
            *end = certificate.not_after.max(*end);
        }
    }
    Ok(Gauges {
        batches: batches::by_status(connection)?,
        jobs: jobs::depths(connection)?,
        link_queue: links::queue_length(connection, None)?,
        certificates,
    })
}
