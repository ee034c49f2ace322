//! Which state a connection speaks for, asked on every request.

use std::any::Any;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, web};
use mde::StateCode;
use pki::{CertificateProblem, ClientCertificate};
use store::access::{Access, Actor, Channel, Purpose};
use store::participants;

use crate::db::Db;
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;

/// How long a registration is remembered. A revocation bites after at most this.
const REMEMBER: Duration = Duration::from_secs(1);

/// The certificate of a connection, parsed once when it is made.
#[derive(Debug, Clone)]
struct Peer(Arc<ClientCertificate>);

/// Called for each new connection: keeps the certificate that the handshake has accepted with it.
pub(crate) fn on_connect(io: &dyn Any, data: &mut Extensions) {
    let Some(stream) = io.downcast_ref::<TlsStream<TcpStream>>() else {
        return;
    };
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    match certificate.map(|der| ClientCertificate::parse(der)) {
        Some(Ok(certificate)) => {
            data.insert(Peer(Arc::new(certificate)));
        }
        Some(Err(error)) => tracing::warn!(%error, "a client's certificate cannot be used"),
        None => {}
    }
}

/// A state's system: a certificate that is good at this moment and registered for the state.
#[derive(Debug, Clone)]
pub struct StateSystem {
    /// The state.
    pub state: StateCode,
    /// SHA-256 of the certificate, lower-case hex.
    pub fingerprint: String,
}

impl StateSystem {
    /// The system as an actor.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::System {
            state: self.state,
            fingerprint: self.fingerprint.clone(),
        }
    }
}

/// What the registry says of a certificate.
#[derive(Debug, Clone, Copy)]
enum Registration {
    /// For this state.
    For(StateCode),
    /// No longer.
    Revoked,
    /// Nothing.
    Unknown,
}

/// Which certificates are registered for which state, remembered for a second.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    known: Mutex<HashMap<String, (Instant, Registration)>>,
}

impl Registrations {
    async fn of(&self, db: &Db, fingerprint: &str) -> Result<Registration, Problem> {
        let now = Instant::now();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, registration)) = known().get(fingerprint)
            && now.duration_since(*at) < REMEMBER
        {
            return Ok(*registration);
        }
        let key = fingerprint.to_owned();
        let registered = db
            .run(move |connection| participants::certificate_of(connection, &key))
            .await?;
        let registration = match registered {
            Some(certificate) if certificate.revoked_at.is_some() => Registration::Revoked,
            Some(certificate) => {
                StateCode::new(&certificate.state).map_or(Registration::Unknown, Registration::For)
            }
            None => Registration::Unknown,
        };
        let mut known = known();
        known.retain(|_, (at, _)| now.duration_since(*at) < REMEMBER);
        known.insert(fingerprint.to_owned(), (now, registration));
        Ok(registration)
    }
}

/// Middleware of the exchange: no request passes whose certificate is not good now and registered. It runs before any
/// extractor, so that nothing of a body is read before.
pub(crate) async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match check(request.request()).await {
        Ok(system) => {
            request.extensions_mut().insert(system);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn check(request: &HttpRequest) -> Result<StateSystem, Problem> {
    let state = request
        .app_data::<web::Data<AppState>>()
        .ok_or_else(|| Problem::internal("no state"))?;
    let Some(Peer(certificate)) = request.conn_data::<Peer>() else {
        return Err(Problem::new(
            ProblemCode::CertificateRefused,
            "The exchange needs a client certificate that it can read.",
        ));
    };
    let fingerprint = &certificate.fingerprint_sha256;
    if let Err(wait) = state.rate.take(fingerprint, Instant::now()) {
        let seconds = u32::try_from(wait.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let detail = "This certificate calls too often; wait as long as Retry-After says.";
        return Err(Problem::new(ProblemCode::RateLimited, detail).retry_after(seconds));
    }
    let refused = |problem: CertificateProblem| {
        let detail = format!("The certificate is refused: {problem}.");
        Problem::new(ProblemCode::CertificateRefused, detail)
    };
    state
        .trust
        .check(certificate, state.clock.now())
        .map_err(refused)?;
    match state.registrations.of(&state.db, fingerprint).await? {
        Registration::For(registered) if certificate.state.as_deref() == Some(registered.as_str()) => {
            Ok(StateSystem {
                state: registered,
                fingerprint: fingerprint.clone(),
            })
        }
        // The registry may know of a revocation before the list does; its holder is told the same either way.
        Registration::Revoked => Err(refused(CertificateProblem::Revoked)),
        Registration::For(_) | Registration::Unknown => Err(Problem::new(
            ProblemCode::CertificateUnregistered,
            "The certificate is not registered for the state that it names; ask the hub's operator to register it.",
        )),
    }
}

impl FromRequest for StateSystem {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let system = request.extensions().get::<Self>().cloned();
        ready(system.ok_or_else(|| Problem::internal("a handler of the exchange outside of its middleware")))
    }
}

/// The name in a header `On-Behalf-Of`: the state's user behind the call, as that state names its users.
fn on_behalf_of(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get("on-behalf-of")?.to_str().ok()?.trim();
    (1..=200).contains(&text.len()).then(|| text.to_owned())
}

fn on_behalf_of_missing() -> Problem {
    Problem::new(
        ProblemCode::OnBehalfOfMissing,
        "Name your user behind the call in the header On-Behalf-Of (1 to 200 characters).",
    )
}

/// A state's system that reads about children: with the purpose and the user behind it.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The system.
    pub system: StateSystem,
    /// The right to read, which writes the disclosures.
    pub access: Access,
}

impl FromRequest for Reading {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(StateSystem::from_request(request, payload).into_inner().and_then(|system| {
            let purpose = request
                .headers()
                .get("purpose")
                .and_then(|text| text.to_str().ok())
                .and_then(|text| Purpose::named(text.trim()))
                .ok_or_else(|| {
                    Problem::new(
                        ProblemCode::PurposeMissing,
                        "Name why the record is read in the header Purpose: enroll, place, credit, eligibility or program.",
                    )
                })?;
            let on_behalf_of = on_behalf_of(request).ok_or_else(on_behalf_of_missing)?;
            let state = request
                .app_data::<web::Data<AppState>>()
                .ok_or_else(|| Problem::internal("no state"))?;
            let access = Access {
                actor: system.actor(),
                on_behalf_of: Some(on_behalf_of),
                purpose,
                channel: Channel::Exchange,
                at: state.clock.now(),
            };
            Ok(Self { system, access })
        }))
    }
}

/// A state's system that does something, perhaps for a user of the state.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The system.
    pub system: StateSystem,
    /// The user behind the call.
    pub on_behalf_of: Option<String>,
}

impl Acting {
    /// Who acts, for the record.
    #[must_use]
    pub fn label(&self) -> String {
        let system = self.system.actor().label();
        match &self.on_behalf_of {
            Some(user) => format!("{system} for {user}"),
            None => system,
        }
    }
}

impl FromRequest for Acting {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let system = StateSystem::from_request(request, payload).into_inner();
        ready(system.map(|system| Self {
            system,
            on_behalf_of: on_behalf_of(request),
        }))
    }
}

/// A state's system that hands on the decision of a user, who must be named.
#[derive(Debug, Clone)]
pub struct Deciding(pub Acting);

impl FromRequest for Deciding {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(
            Acting::from_request(request, payload)
                .into_inner()
                .and_then(|acting| {
                    acting.on_behalf_of.as_ref().ok_or_else(on_behalf_of_missing)?;
                    Ok(Self(acting))
                }),
        )
    }
}
