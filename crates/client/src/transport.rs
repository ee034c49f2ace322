//! One call over HTTP, and what its failure means.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{DATE, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::error::{Error, Problem};
use crate::tls;

/// Bytes of a problem that are read.
const PROBLEM_BYTES: usize = 64 << 10;

/// Sends a call. An answer that is a problem is an error.
pub(crate) fn send(request: RequestBuilder) -> Result<Response, Error> {
    let response = request.send().map_err(|error| failure(&error))?;
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(Error::Hub(Box::new(problem(response))))
    }
}

/// The JSON of an answer.
pub(crate) fn json<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let text = response.text().map_err(|error| failure(&error))?;
    // Where it breaks is told, not what stands there: it could be a child's.
    serde_json::from_str(&text).map_err(|error| {
        Error::Answer(format!(
            "unexpected JSON at line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// After how long the hub wants to be asked again.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The hub's clock when it answered, to the second.
pub(crate) fn date(response: &Response) -> Option<DateTime<Utc>> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

fn problem(response: Response) -> Problem {
    let status = response.status();
    let retry_after = retry_after(&response).map(|pause| pause.as_secs());
    let bytes = response.bytes().unwrap_or_default();
    let mut problem: Problem =
        serde_json::from_slice(&bytes[..bytes.len().min(PROBLEM_BYTES)]).unwrap_or_default();
    problem.status = status.as_u16();
    problem.retry_after = retry_after;
    if problem.title.is_empty() {
        problem.title = title(status);
    }
    problem
}

fn title(status: StatusCode) -> String {
    status
        .canonical_reason()
        .unwrap_or("The hub refused the call")
        .to_owned()
}

/// What a call that got no answer failed of.
pub(crate) fn failure(error: &reqwest::Error) -> Error {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(inner) = source {
        let found = inner
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.downcast_ref::<io::Error>().and_then(tls::rustls_error))
            .and_then(tls::certificate_error);
        if let Some(found) = found {
            return found;
        }
        last = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        Error::Unreachable("the hub did not answer in time; try again later".into())
    } else if error.is_connect() {
        Error::Unreachable(format!(
            "the hub cannot be reached ({last}); check --hub and the network"
        ))
    } else {
        Error::Unreachable(format!("the connection to the hub broke ({last}); try again"))
    }
}
