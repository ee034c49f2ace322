//! `demo`: the whole hub on this machine, telling its story step by step, each with a check of its own.

mod nation;
mod samples;
mod story;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::config::{Config, default_data_dir};
use crate::console::Console;
use crate::serve::{Hub, wait_for_signal};
use story::Story;

/// A file in the data folder of a demo, without which the demo removes nothing.
const MARKER: &str = "made-up-children-only";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mariposa demo\n  mariposa demo --once\n  mariposa demo --once --samples exports/"
)]
pub(crate) struct DemoArgs {
    /// End after the story; fails if a step's own check did not hold
    #[arg(long)]
    once: bool,
    /// Load the exports in DIR/STATE/DATE/ instead of a made-up nation
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Data folder; emptied at the start if an earlier demo made it
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Port of the exchange; a free one if it is taken [default: 8443]
    #[arg(long)]
    exchange_port: Option<u16>,
    /// Port of the portal; a free one if it is taken [default: 8444]
    #[arg(long)]
    portal_port: Option<u16>,
    /// Students of the made-up nation, over six states
    #[arg(long, default_value_t = 2_000)]
    students: usize,
}

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    let console = Console::new();
    let began = Instant::now();
    let folder = std::path::absolute(
        args.data_dir
            .clone()
            .unwrap_or_else(|| default_data_dir().with_extension("demo")),
    )?;
    empty(&folder)?;
    console.heading("Mariposa: one record for a child that moves between states");
    console.line("All children here are made up.");

    console.heading("Starting the hub");
    let portal = address(args.portal_port, 8444)?;
    let config = Config {
        exchange: address(args.exchange_port, 8443)?,
        portal,
        public_address: (portal.port() > 0).then(|| format!("https://localhost:{}", portal.port())),
        training: true,
        operator: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: folder.clone(),
        ..Config::default()
    };
    let hub = Hub::start(&config, api::Clock::system())?;
    console.line(format!(
        "a PostgreSQL of its own, a private CA and three listeners, in {}",
        folder.display()
    ));

    let mut story = Story::new(console, &hub, &config);
    match &args.samples {
        Some(samples) => samples::tell(&mut story, samples)?,
        None => nation::tell(&mut story, args.students, &folder)?,
    }
    let login = story.login()?;
    let failed = story.failed();

    console.heading("Where to look");
    console.line(format!("portal    https://localhost:{}/", hub.portal.port()));
    console.line(format!("sign in   {}   password {}", login.email, login.password));
    console.line(format!(
        "exchange  https://localhost:{}/v1 (client certificates in {})",
        hub.exchange.port(),
        story.certificates().display()
    ));
    console.line(format!("health    http://{}/readyz, /metrics", hub.operator));
    console.line(format!(
        "data      {} (mariposa export links --data-dir {} --out links.csv)",
        folder.display(),
        folder.display()
    ));
    console.line(format!(
        "The browser warns of the certificate, which this hub's private CA has made: {}",
        folder.join("pki/ca.pem").display()
    ));
    console.line(format!("told in {:.1} s", began.elapsed().as_secs_f64()));
    if args.once {
        hub.stop();
        if failed > 0 {
            bail!("{failed} of the story's checks did not hold");
        }
        return Ok(());
    }
    if failed > 0 {
        console.line(format!("{failed} of the story's checks did not hold."));
    }
    console.line("Ctrl-C ends it.");
    wait_for_signal()?;
    hub.stop();
    Ok(())
}

/// A clean data folder. One that no demo made is left alone.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() && folder.read_dir()?.next().is_some() {
        if !folder.join(MARKER).exists() {
            bail!(
                "{} is not empty and not the data folder of a demo; name another one with --data-dir",
                folder.display()
            );
        }
        if pgcluster::Connection::of_running(&folder.join("postgres")).is_ok() {
            bail!("a demo is still running on {}", folder.display());
        }
        std::fs::remove_dir_all(folder).with_context(|| format!("failed to empty {}", folder.display()))?;
    }
    crate::database::make_data_dir(folder)?;
    std::fs::write(
        folder.join(MARKER),
        "The data folder of a demo. Everything in it is made up; the next demo empties it.\n",
    )?;
    Ok(())
}

/// The asked port, or the usual one, or a free one when that is taken.
fn address(asked: Option<u16>, usual: u16) -> Result<SocketAddr> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = asked {
        return Ok(at(port));
    }
    match TcpListener::bind(at(usual)) {
        Ok(socket) => Ok(socket.local_addr()?),
        Err(_) => Ok(at(0)),
    }
}

/// How long the story waits for one upload or for the linker before it gives up.
const PATIENCE: Duration = Duration::from_mins(5);
