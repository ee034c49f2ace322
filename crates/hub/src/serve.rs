//! The service: database, certificates, workers and listeners, started in order and stopped in reverse.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use anyhow::{Context as _, Result, anyhow};
use api::{AppState, Clock, Db, Parts};
use chrono::{DateTime, TimeDelta, Utc};
use ingest::{Profiles, Spool};
use pki::{Authority, Identity, Issued, PrivateKeyPem, TrustStore};
use store::Pool;

use crate::config::{Config, Pair};
use crate::database::Database;
use crate::delivery;
use crate::worker;

/// How long the hub's own certificates last; they are made anew a month before.
const OWN_CERTIFICATE: TimeDelta = TimeDelta::days(365);

/// A hub that serves.
pub(crate) struct Hub {
    pub(crate) exchange: SocketAddr,
    pub(crate) portal: SocketAddr,
    pub(crate) operator: SocketAddr,
    pub(crate) pool: Pool,
    pub(crate) clock: Clock,
    stop: Arc<AtomicBool>,
    servers: Vec<ServerHandle>,
    listeners: Option<JoinHandle<()>>,
    workers: Vec<JoinHandle<()>>,
    // Last: the database goes when nothing needs it any more.
    database: Option<Database>,
}

impl Hub {
    /// Starts everything. Returns when the listeners take connections.
    pub(crate) fn start(config: &Config, clock: Clock) -> Result<Self> {
        // Sockets first: a port that is taken is told before anything else happens.
        let bind = |address: SocketAddr, what: &str| {
            TcpListener::bind(address)
                .with_context(|| format!("failed to listen on {address} for the {what}"))
        };
        let sockets = [
            bind(config.exchange, "exchange")?,
            bind(config.portal, "portal")?,
            bind(config.operator, "operator's port")?,
        ];

        let database = Database::start(config)?;
        store::migrate(&database.url).context("failed to bring the database to this program's schema")?;
        let requests = database.pool(config.connections, Duration::from_secs(30));
        let work = database.pool(12, Duration::from_hours(1));
        let spool = Arc::new(Spool::open(config.spool_dir()).context("failed to open the spool")?);
        {
            let connection = &mut *store::connection(&work)?;
            if database.is_private() {
                // This process is the only one on its database: what looks held was held by one that is gone.
                store::jobs::release_all(connection)?;
                store::deliveries::release_all(connection, clock.now())?;
            }
            spool.sweep(&store::batches::spool_names(connection)?)?;
        }
        let authority = open_authority(config, clock.now())?;
        authority.renew_crl_if_due(clock.now())?;
        let trust = Arc::new(TrustStore::open(&config.pki_dir())?);
        let own = server_identity(config, &authority, clock.now())?;
        let portal_identity = match &config.portal_certificate {
            Some(pair) => Identity::read(&pair.chain, &pair.key)?,
            None => server_identity(config, &authority, clock.now())?,
        };
        let profiles = Arc::new(match &config.profiles {
            Some(folder) => Profiles::with_folder(folder).map_err(|e| anyhow!(e))?,
            None => Profiles::shipped(),
        });

        let stop = Arc::new(AtomicBool::new(false));
        let limits = config.limits();
        let context = worker::Context {
            pool: work.clone(),
            spool: Arc::clone(&spool),
            profiles: Arc::clone(&profiles),
            limits: limits.content,
            clock: clock.clone(),
            escalation: config.escalation,
            refit_days: config.refit_days,
            missed_days: config.missed_days,
            warning_days: config.warning_days,
            deadlines: config.deadlines.clone(),
            stop: Arc::clone(&stop),
        };
        let mut workers = worker::start(&context)?;
        workers.push(delivery::start(config, &authority, &database, &context)?);
        workers.extend(delivery::start_mail(config, &database, &context)?);
        workers.push(housekeeping(authority, Arc::clone(&trust), &context)?);

        let db = Db::new(requests);
        let state = Data::new(AppState::new(Parts {
            db,
            spool,
            profiles,
            trust,
            clock: clock.clone(),
            random: random(),
            limits,
            check_page: config.check_page()?,
        }));
        let addresses = [
            sockets[0].local_addr()?,
            sockets[1].local_addr()?,
            sockets[2].local_addr()?,
        ];
        let (servers, listeners) = listen(config, state, sockets, own, portal_identity)?;
        let [exchange, portal, operator] = addresses;
        Ok(Self {
            exchange,
            portal,
            operator,
            pool: work,
            clock,
            stop,
            servers,
            listeners: Some(listeners),
            workers,
            database: Some(database),
        })
    }

    /// Stops taking requests, lets those in flight end, stops the workers and then the database.
    pub(crate) fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for server in self.servers.drain(..) {
            // The command is sent at once; the future only waits for its end, as the join below does.
            drop(server.stop(true));
        }
        if let Some(listeners) = self.listeners.take() {
            let _ = listeners.join();
        }
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
        self.database.take();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Opens the private CA of the exchange, or makes it at the first start.
pub(crate) fn open_authority(config: &Config, now: DateTime<Utc>) -> Result<Authority> {
    let folder = config.pki_dir();
    if folder.join("ca.pem").exists() {
        return Ok(Authority::open(&folder)?);
    }
    crate::database::make_data_dir(&config.data_dir)?;
    Ok(Authority::init(
        &folder,
        "Mariposa exchange",
        now,
        TimeDelta::days(3650),
    )?)
}

/// The hub's own server certificate.
fn server_identity(config: &Config, authority: &Authority, now: DateTime<Utc>) -> Result<Identity> {
    let pair = own_certificate(config, authority, "server", Authority::issue_server, now)?;
    Ok(Identity::read(&pair.chain, &pair.key)?)
}

/// Issues a key and certificate for these names.
type Issue = fn(&Authority, &[&str], TimeDelta, DateTime<Utc>) -> pki::Result<(Issued, PrivateKeyPem)>;

/// A certificate of the hub's own, kept under `name`, made by the private CA and renewed a month before its end.
pub(crate) fn own_certificate(
    config: &Config,
    authority: &Authority,
    name: &str,
    issue: Issue,
    now: DateTime<Utc>,
) -> Result<Pair> {
    let (chain, key) = (
        config.pki_dir().join(format!("{name}.pem")),
        config.pki_dir().join(format!("{name}-key.pem")),
    );
    let valid = std::fs::read(&chain)
        .ok()
        .and_then(|pem| pki::ClientCertificate::from_pem(&pem).ok())
        .is_some_and(|certificate| pki::days_left(certificate.not_after, now) > 30);
    if !valid || !key.exists() {
        let names: Vec<&str> = config.server_names.iter().map(String::as_str).collect();
        let (issued, private) = issue(authority, &names, OWN_CERTIFICATE, now)?;
        pki::write_private(&key, private.pem().as_bytes())?;
        let both = format!("{}{}", issued.certificate_pem, authority.certificate_pem());
        pki::write_public(&chain, both.as_bytes())?;
    }
    Ok(Pair { chain, key })
}

/// Reloads certificates and revocation lists when their files change, renews the list, forgets old sessions and uploads that were left alone.
fn housekeeping(
    authority: Authority,
    trust: Arc<TrustStore>,
    context: &worker::Context,
) -> Result<JoinHandle<()>> {
    let context = context.clone();
    let work = move || {
        let mut rounds: u32 = 0;
        while !context.stop.load(Ordering::Relaxed) {
            if let Err(error) = trust.refresh() {
                tracing::error!(%error, "the certificates or revocation lists cannot be reloaded; the last good ones stay");
            }
            if rounds.is_multiple_of(3_600) {
                if let Err(error) = authority.renew_crl_if_due(context.clock.now()) {
                    tracing::error!(%error, "the revocation list cannot be renewed");
                }
                let swept = store::connection(&context.pool)
                    .and_then(|mut c| store::accounts::sweep_sessions(&mut c, context.clock.now()));
                if let Err(error) = swept {
                    tracing::warn!(%error, "old sessions were not removed");
                }
                let swept = store::connection(&context.pool)
                    .map_err(Into::into)
                    .and_then(|mut c| api::v1::uploads::sweep(&mut c, &context.spool, context.clock.now()));
                if let Err(error) = swept {
                    tracing::warn!(%error, "uploads that were left alone were not removed");
                }
                for name in [
                    linking::review::JOB,
                    notices::keeper::TERMS_JOB,
                    notices::reminders::JOB,
                ] {
                    let enqueued = store::connection(&context.pool)
                        .and_then(|mut c| store::jobs::enqueue_once(&mut c, name, 0, context.clock.now()));
                    if let Err(error) = enqueued {
                        tracing::warn!(%error, name, "a job of every hour will be done an hour later");
                    }
                }
            }
            if rounds.is_multiple_of(60) {
                let met =
                    store::connection(&context.pool).and_then(|mut c| store::deadlines::met_by_fulls(&mut c));
                if let Err(error) = met {
                    tracing::warn!(%error, "deadlines that full uploads met are noted later");
                }
            }
            rounds = rounds.wrapping_add(1);
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    Ok(std::thread::Builder::new()
        .name("housekeeping".to_owned())
        .spawn(work)?)
}

/// Starts the three listeners on a thread with an actix system of its own.
fn listen(
    config: &Config,
    state: Data<AppState>,
    sockets: [TcpListener; 3],
    exchange_identity: Identity,
    portal_identity: Identity,
) -> Result<(Vec<ServerHandle>, JoinHandle<()>)> {
    let (started, result) = std::sync::mpsc::channel();
    let workers = config.workers;
    let (training, contact) = (config.training, config.help_contact.clone());
    let rules = portal::state::Rules {
        escalation: config.escalation,
        deadlines: config.deadlines.clone(),
        private_webhooks: config.webhooks.allow_private,
        sends_mail: config.mail.is_some(),
    };
    let serve = move || {
        actix_web::rt::System::new().block_on(async move {
            let [exchange, portal, operator] = sockets;
            let servers = (|| -> Result<_> {
                Ok([
                    api::exchange::server(state.clone(), exchange, exchange_identity, workers)?,
                    portal::server(
                        api::tls::Listener {
                            socket: portal,
                            tls: pki::server_config(portal_identity, None)?,
                            workers,
                        },
                        state.clone(),
                        portal::Portal::new(state.db.clone(), state.clock.clone(), random())
                            .checked_at(state.check_page.clone())
                            .training(training)
                            .asked_at(contact)
                            .ruled_by(rules),
                    )?,
                    api::ops::server(state, operator)?,
                ])
            })();
            match servers {
                Err(error) => drop(started.send(Err(error))),
                Ok(servers) => {
                    let handles = servers.iter().map(actix_web::dev::Server::handle).collect();
                    if started.send(Ok(handles)).is_ok() {
                        let [exchange, portal, operator] = servers;
                        let (a, b, c) = tokio::join!(exchange, portal, operator);
                        for error in [a, b, c].into_iter().filter_map(Result::err) {
                            tracing::error!(%error, "a listener ended");
                        }
                    }
                }
            }
        });
    };
    let thread = std::thread::Builder::new()
        .name("listeners".to_owned())
        .spawn(serve)?;
    let handles = result
        .recv()
        .context("the listeners ended before they started")??;
    Ok((handles, thread))
}

/// Secret randomness of the operating system.
pub(crate) fn random() -> portal::Random {
    Arc::new(|buffer: &mut [u8]| {
        use rand::TryRng as _;
        rand::rngs::SysRng
            .try_fill_bytes(buffer)
            .expect("the operating system gives randomness");
    })
}

/// Waits for SIGINT or SIGTERM.
pub(crate) fn wait_for_signal() -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                result = tokio::signal::ctrl_c() => result?,
                _ = terminate.recv() => {}
            }
            Ok(())
        })
}
