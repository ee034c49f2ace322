//! A night's notices to the webhooks of many states, over TLS, from a durable PostgreSQL of its own.
//!
//! `cargo bench -p deliver`; `MARIPOSA_BENCH_NOTICES` notices, 100,000 without it, to 50 receivers. The receivers run on
//! the same machine and take their share of it.
//!
//! - from the first row in the outbox to the last one delivered: at most 60 seconds on 2 cores;
//! - the same ÷ the same number of signed POSTs by the same client to the same receivers, without a database.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use deliver::post::{Post, Reply};
use deliver::{Outside, Sender, Settings, keys};
use diesel::RunQueryDsl as _;
use futures_util::{StreamExt as _, stream};
use mde::StateCode;
use pgcluster::Cluster;
use pki::{Authority, Identity};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use store::deliveries::{self, Event, Taken};
use store::webhooks::{self, Webhook};
use store::{Pool, participants};

/// States, each with a receiver.
const RECEIVERS: usize = 50;

fn main() -> Result<()> {
    let notices = std::env::var("MARIPOSA_BENCH_NOTICES").map_or(Ok(100_000), |text| text.parse())?;
    pki::install_provider();
    let folder = tempfile::tempdir()?;
    // PostgreSQL may run as another user, who must get to its own folder below this one.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    let authority = Authority::init(&folder.path().join("ca"), "Bench", Utc::now(), TimeDelta::days(2))?;
    let cluster = Cluster::start(&pgcluster::Options::new(folder.path().join("cluster")))?;
    let url = cluster.connection_url("postgres");
    store::migrate(&url)?;
    let pool = store::pool(&url, 4, Duration::from_mins(5));
    let settings = Settings {
        allow_private: true,
        roots: vec![authority.certificate_pem().as_bytes().to_vec()],
        ..Settings::default()
    };

    let got = Arc::new(AtomicUsize::new(0));
    let webhooks = receivers(&pool, &authority, &got)?;
    let each = notices / webhooks.len();
    let bare = bare(&settings, &webhooks, each)?;
    ensure!(
        got.swap(0, Ordering::SeqCst) == each * webhooks.len(),
        "some POSTs were lost"
    );
    let (told, delivered) = outbox(&pool, settings, &webhooks, each)?;
    ensure!(
        got.load(Ordering::SeqCst) >= each * webhooks.len(),
        "some notices were lost"
    );

    let all = each * webhooks.len();
    println!(
        "{all} notices to {} receivers, all on this machine:",
        webhooks.len()
    );
    println!("  into the outbox            {:>7.1} s", told.as_secs_f64());
    println!(
        "  delivered                  {:>7.1} s, {:.0} a second; target 60 s for 100,000",
        delivered.as_secs_f64(),
        all as f64 / delivered.as_secs_f64()
    );
    println!("  the same POSTs alone       {:>7.1} s", bare.as_secs_f64());
    println!(
        "  delivered ÷ POSTs alone    {:>7.2}",
        delivered.as_secs_f64() / bare.as_secs_f64()
    );
    Ok(())
}

/// A receiver and a webhook for each of the first states.
fn receivers(pool: &Pool, authority: &Authority, got: &Arc<AtomicUsize>) -> Result<Vec<Webhook>> {
    let (issued, key) = authority.issue_server(&["127.0.0.1"], TimeDelta::days(1), Utc::now())?;
    let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), key.pem().as_bytes())?;
    let tls = Arc::new(pki::server_config(identity, None)?);
    let connection = &mut *store::connection(pool)?;
    let mut all = Vec::new();
    for state in StateCode::all().take(RECEIVERS) {
        let address = receive(Arc::clone(&tls), Arc::clone(got))?;
        participants::register(connection, state, Utc::now())?;
        let keys = keys::fresh(testkit::random().as_ref());
        webhooks::keep(
            connection,
            state,
            &format!("https://{address}/"),
            &keys,
            "bench",
            Utc::now(),
        )?;
        all.push(webhooks::of_state(connection, state)?.context("just set")?);
    }
    Ok(all)
}

/// A receiver that answers 204 to everything, and counts.
fn receive(tls: Arc<ServerConfig>, got: Arc<AtomicUsize>) -> Result<SocketAddr> {
    let socket = TcpListener::bind(("127.0.0.1", 0))?;
    let address = socket.local_addr()?;
    std::thread::spawn(move || {
        for stream in socket.incoming().map_while(Result::ok) {
            let (tls, got) = (Arc::clone(&tls), Arc::clone(&got));
            std::thread::spawn(move || drop(answer(stream, tls, &got)));
        }
    });
    Ok(address)
}

fn answer(socket: TcpStream, tls: Arc<ServerConfig>, got: &AtomicUsize) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(tls)?, socket));
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
        got.fetch_add(1, Ordering::Relaxed);
        stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
        stream.get_mut().flush()?;
    }
}

/// The least that the same can take: the POSTs, as many at once, without a database.
fn bare(settings: &Settings, webhooks: &[Webhook], each: usize) -> Result<Duration> {
    let post = Post::new(settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let started = Instant::now();
    let failed: usize = runtime.block_on(async {
        let tasks: Vec<_> = webhooks
            .iter()
            .map(|webhook| {
                let (post, webhook, at_once) = (post.clone(), webhook.clone(), settings.at_once_per_state);
                tokio::spawn(async move {
                    stream::iter((0..each).map(made_up))
                        .map(|taken| {
                            let (post, webhook) = (&post, &webhook);
                            async move { post.send(webhook, &taken, Utc::now()).await.0 }
                        })
                        .buffer_unordered(at_once)
                        .filter(|reply| std::future::ready(*reply != Reply::Taken))
                        .count()
                        .await
                })
            })
            .collect();
        let mut failed = 0;
        for task in tasks {
            failed += task.await.unwrap_or(each);
        }
        failed
    });
    ensure!(failed == 0, "{failed} POSTs failed");
    Ok(started.elapsed())
}

fn made_up(number: usize) -> Taken {
    Taken {
        webhook_id: uuid::Uuid::from_u128(number as u128),
        kind: "move_notice.created".into(),
        link: format!("/v1/move-notices/{number}"),
        happened_at: Utc::now(),
        queued_at: Utc::now(),
        attempts: 1,
    }
}

/// The same through the outbox: how long it took to fill, and until all was delivered.
fn outbox(
    pool: &Pool,
    settings: Settings,
    webhooks: &[Webhook],
    each: usize,
) -> Result<(Duration, Duration)> {
    let connection = &mut *store::connection(pool)?;
    let started = Instant::now();
    for first in (0..each).step_by(10) {
        let of = |webhook: &Webhook| {
            let state = webhook.state.clone();
            (first..(first + 10).min(each)).map(move |number| Event {
                state: state.clone(),
                kind: "move_notice.created",
                link: format!("/v1/move-notices/{number}"),
            })
        };
        let events: Vec<Event> = webhooks.iter().flat_map(of).collect();
        deliveries::tell(connection, &events, Utc::now())?;
    }
    let told = started.elapsed();
    let stop = Arc::new(AtomicBool::new(false));
    let outside = Outside {
        clock: Arc::new(Utc::now),
        random: testkit::random(),
        stop: Arc::clone(&stop),
    };
    let sender = Sender::new(pool.clone(), settings, outside)?;
    let started = Instant::now();
    let thread = std::thread::spawn(move || sender.run());
    while left(connection)? > 0 {
        std::thread::sleep(Duration::from_millis(200));
    }
    let delivered = started.elapsed();
    stop.store(true, Ordering::SeqCst);
    thread
        .join()
        .map_err(|_| anyhow::anyhow!("the sender panicked"))??;
    Ok((told, delivered))
}

/// Deliveries that are not delivered; by the index of what is due, which is empty at the end.
fn left(connection: &mut diesel::PgConnection) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Left {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let left: Left = diesel::sql_query(
        "select count(*) as n from (select from delivery where status in ('waiting', 'sending') limit 1) as one",
    )
    .get_result(connection)?;
    Ok(left.n)
}
