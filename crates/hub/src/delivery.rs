//! What leaves this hub by itself: what states are told, mail to their people, and with what the hub proves itself to their receivers.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use deliver::{Mailer, Outside, Sender, Settings};
use pki::Authority;

use crate::config::Config;
use crate::database::Database;
use crate::serve::{own_certificate, random};
use crate::worker;

/// Connections of the sender: states are sent to side by side, and one of them is written down at a time each.
const CONNECTIONS: u32 = 4;

/// Starts the sender in a thread of its own.
pub(crate) fn start(
    config: &Config,
    authority: &Authority,
    database: &Database,
    context: &worker::Context,
) -> Result<JoinHandle<()>> {
    let settings = settings(config, authority, context)?;
    let pool = database.pool(CONNECTIONS, Duration::from_secs(30));
    let sender = Sender::new(pool, settings, outside(context))?;
    let send = move || {
        if let Err(error) = sender.run() {
            tracing::error!(%error, "webhooks are not sent");
        }
    };
    Ok(std::thread::Builder::new()
        .name("deliver".to_owned())
        .spawn(send)?)
}

/// Starts the mailer in a thread of its own, if there is a server to hand mail to.
pub(crate) fn start_mail(
    config: &Config,
    database: &Database,
    context: &worker::Context,
) -> Result<Option<JoinHandle<()>>> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let portal = config
        .public_address
        .as_deref()
        .context("[mail] needs a public_address: mails hold a link to it")?;
    let pool = database.pool(1, Duration::from_secs(30));
    let mailer = Mailer::new(pool, &mail.server, &mail.from, portal, outside(context))?;
    let thread = std::thread::Builder::new()
        .name("mail".to_owned())
        .spawn(move || mailer.run())?;
    Ok(Some(thread))
}

fn outside(context: &worker::Context) -> Outside {
    let clock = context.clock.clone();
    Outside {
        clock: Arc::new(move || clock.now()),
        random: random(),
        stop: Arc::clone(&context.stop),
    }
}

fn settings(config: &Config, authority: &Authority, context: &worker::Context) -> Result<Settings> {
    let own = match &config.webhooks.certificate {
        Some(pair) => pair.clone(),
        None => own_certificate(
            config,
            authority,
            "caller",
            Authority::issue_caller,
            context.clock.now(),
        )?,
    };
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("failed to read {}", path.display()));
    let mut identity = read(&own.key)?;
    identity.extend(read(&own.chain)?);
    let mut roots = vec![authority.certificate_pem().as_bytes().to_vec()];
    if let Some(path) = &config.webhooks.trust {
        roots.push(read(path)?);
    }
    Ok(Settings {
        allow_private: config.webhooks.allow_private,
        identity: Some(identity),
        roots,
        ..Settings::default()
    })
}
