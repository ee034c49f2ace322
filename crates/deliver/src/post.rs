//! One attempt: a signed POST, and what its answer means.

use std::error::Error as StdError;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, Response, StatusCode, Url};
use store::deliveries::Taken;
use store::webhooks::Webhook;

use crate::address::{PrivateAddress, PublicOnly, is_public, literal};
use crate::error::Error;
use crate::sender::Settings;
use crate::{event, keys, tls};

/// Bytes of an answer that are read; nothing in it is used, but a connection can only be kept after its end.
const ANSWER_BYTES: usize = 64 << 10;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The receiver has it (2xx).
    Taken,
    /// The receiver wants nothing any more (410).
    Gone,
    /// It did not get there, or was not taken; again, no sooner than asked.
    Failed(Option<TimeDelta>),
}

/// Sends to webhooks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Post {
    client: Client,
    allow_private: bool,
}

impl Post {
    /// A client with these settings: no redirects, no proxy, the hub's certificate, and no private addresses unless they
    /// are allowed.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let setup = |error: reqwest::Error| Error::Setup(detail(&error));
        let mut builder = Client::builder()
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(settings.connect)
            .timeout(settings.answer)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(settings.at_once_per_state)
            .user_agent(concat!("mariposa/", env!("CARGO_PKG_VERSION")));
        for pem in &settings.roots {
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem).map_err(setup)?);
        }
        if let Some(pem) = &settings.identity {
            builder = builder.identity(Identity::from_pem(pem).map_err(setup)?);
        }
        if !settings.allow_private {
            builder = builder.dns_resolver(PublicOnly);
        }
        Ok(Self {
            client: builder.build().map_err(setup)?,
            allow_private: settings.allow_private,
        })
    }

    /// Makes one attempt at `now`. Returns what came of it and says it in words.
    pub async fn send(&self, webhook: &Webhook, taken: &Taken, now: DateTime<Utc>) -> (Reply, String) {
        let failed = |words: &str| (Reply::Failed(None), words.to_owned());
        let Ok(url) = Url::parse(&webhook.address) else {
            return failed("the address cannot be read; set it anew");
        };
        // No resolver is asked about a number.
        if !self.allow_private && literal(&url).is_some_and(|ip| !is_public(ip)) {
            return failed("the address is private; set one that is reached over the internet");
        }
        let (id, timestamp, body) = (taken.webhook_id.to_string(), now.timestamp(), event::body(taken));
        let signature = keys::signature(&keys::live(webhook, now), &id, timestamp, &body);
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(response) => answered(response).await,
            Err(error) => failed(&words_of(&error)),
        }
    }
}

async fn answered(response: Response) -> (Reply, String) {
    let status = response.status();
    let asked = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .and_then(TimeDelta::try_seconds);
    let number = status.as_u16();
    let (reply, words) = if status.is_success() {
        (Reply::Taken, format!("taken ({number})"))
    } else if status == StatusCode::GONE {
        (Reply::Gone, "the receiver wants no more (410)".to_owned())
    } else if status.is_redirection() {
        let words =
            format!("the receiver sends elsewhere ({number}), which is not followed; set the new address");
        (Reply::Failed(None), words)
    } else {
        (Reply::Failed(asked), format!("the receiver answered {number}"))
    };
    // The answer stands; its rest is read only so that the connection can be used again.
    let mut rest = response.bytes_stream();
    let mut read = 0;
    while let Some(Ok(piece)) = rest.next().await {
        read += piece.len();
        if read > ANSWER_BYTES {
            break;
        }
    }
    (reply, words)
}

/// Why an attempt got no answer, in words for the state's administrators.
fn words_of(error: &reqwest::Error) -> String {
    let mut reasons = std::iter::successors(Some(error as &dyn StdError), |error| (*error).source());
    if reasons.any(<dyn StdError>::is::<PrivateAddress>) {
        return "the name leads to a private address; set one that is reached over the internet".to_owned();
    }
    match tls::fault(error) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            return format!("the receiver’s certificate is not accepted ({why})");
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            return format!("the receiver does not accept the hub’s certificate ({alert:?})");
        }
        _ => {}
    }
    if error.is_timeout() {
        "the receiver did not answer in time".to_owned()
    } else if error.is_connect() {
        format!("the receiver cannot be reached ({})", detail(error))
    } else {
        format!("the connection broke ({})", detail(error))
    }
}

/// The innermost reason, which names no address.
fn detail(error: &dyn StdError) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}
