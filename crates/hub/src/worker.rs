//! The workers: threads that claim jobs, hold their lease while they run, and tie job names to handlers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use api::Clock;
use chrono::TimeDelta;
use ingest::{Profiles, Spool};
use linking::driver;
use linking::review;
use mde::PersonId;
use notices::{Keeper, Limits};
use records::{contradicted, roster, sweep};
use store::Pool;
use store::jobs::{self, Claimed};

mod linker;
mod nightly;

/// How often an idle worker looks for work.
const IDLE: Duration = Duration::from_millis(150);

/// What the workers need.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) pool: Pool,
    pub(crate) spool: Arc<Spool>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) limits: formats::Limits,
    pub(crate) clock: Clock,
    pub(crate) escalation: review::Policy,
    /// After how many days weights are learned anew and proposed; 0 for never.
    pub(crate) refit_days: u32,
    /// After how many days a child that left a state and came to none is asked about; 0 for never.
    pub(crate) missed_days: u32,
    /// How many working days before its last day a state is told of what is due.
    pub(crate) warning_days: u32,
    pub(crate) deadlines: Limits,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Context {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Does one job; `alive` says whether to go on.
type Handler = Box<dyn FnMut(&Context, &Claimed, &dyn Fn() -> bool) -> Result<()> + Send>;

/// Starts the workers: two for batches, of which one keeps to small ones, one linker, one for notices.
pub(crate) fn start(context: &Context) -> Result<Vec<JoinHandle<()>>> {
    let mut linker: Option<linker::Keeper> = None;
    let workers: [(&str, &'static [&'static str], Handler); 5] = [
        ("ingest", &[ingest::JOB, ingest::JOB_SMALL], Box::new(load)),
        ("ingest-small", &[ingest::JOB_SMALL], Box::new(load)),
        (
            "linker",
            &[driver::JOB, driver::CHECK_JOB, driver::REFIT_JOB],
            Box::new(move |context, job, alive| linker::work(&mut linker, context, job, alive)),
        ),
        (
            "notices",
            &[
                driver::CHANGED_JOB,
                notices::keeper::TERMS_JOB,
                notices::missed::JOB,
                notices::life::JOB,
                notices::reminders::JOB,
                sweep::CONTRADICTIONS.job,
                sweep::ROSTER.job,
            ],
            Box::new(notice),
        ),
        (
            "worklists",
            &[review::JOB, store::db::ANALYZE_JOB],
            Box::new(escalate),
        ),
    ];
    let mut threads: Vec<JoinHandle<()>> = workers
        .into_iter()
        .map(|(name, jobs, handler)| {
            let context = context.clone();
            Ok(std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || run(&context, jobs, handler))?)
        })
        .collect::<Result<_>>()?;
    let context = context.clone();
    threads.push(
        std::thread::Builder::new()
            .name("nightly".to_owned())
            .spawn(move || nightly::run(&context))?,
    );
    Ok(threads)
}

fn run(context: &Context, names: &[&str], mut handler: Handler) {
    let mut away = false;
    while !context.stopping() {
        match step(context, names, &mut handler) {
            Ok(worked) => {
                away = false;
                if !worked {
                    std::thread::sleep(IDLE);
                }
            }
            Err(error) => {
                if !away {
                    tracing::warn!(%error, "the job queue cannot be reached; trying again");
                }
                away = true;
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// Claims and does one job. `false` if there was none.
fn step(context: &Context, names: &[&str], handler: &mut Handler) -> store::Result<bool> {
    let token = uuid::Uuid::now_v7();
    let claimed = {
        let connection = &mut *store::connection(&context.pool)?;
        jobs::claim(connection, names, token, context.clock.now())?
    };
    let Some(claimed) = claimed else { return Ok(false) };
    let lease = Lease::hold(context, &claimed);
    let alive = || lease.is_held() && !context.stopping();
    // A handler that panics has found a bug; the job is retried and, if it stays, kept with its reason.
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| handler(context, &claimed, &alive)))
        .unwrap_or_else(|_| Err(anyhow!("the handler panicked")));
    drop(lease);
    let connection = &mut *store::connection(&context.pool)?;
    match outcome {
        Ok(()) => jobs::finish(connection, &claimed)?,
        Err(_) if context.stopping() => jobs::give_back(connection, &claimed)?,
        Err(error) => {
            let dead = jobs::fail(connection, &claimed, &format!("{error:#}"), context.clock.now())?;
            tracing::error!(
                job = claimed.job_id,
                name = claimed.name,
                attempt = claimed.attempts,
                dead,
                error = format!("{error:#}"),
                "a job failed"
            );
        }
    }
    Ok(true)
}

/// Renews a lease from a thread of its own until it is dropped.
struct Lease {
    held: Arc<AtomicBool>,
    done: Arc<AtomicBool>,
}

impl Lease {
    fn hold(context: &Context, claimed: &Claimed) -> Self {
        let held = Arc::new(AtomicBool::new(true));
        let done = Arc::new(AtomicBool::new(false));
        let (renewer, claimed, lost, over) = (
            context.clone(),
            claimed.clone(),
            Arc::clone(&held),
            Arc::clone(&done),
        );
        std::thread::spawn(move || {
            let mut last = renewer.clock.now();
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(200));
                let now = renewer.clock.now();
                if now - last < jobs::LEASE / 3 {
                    continue;
                }
                let renewed =
                    store::connection(&renewer.pool).and_then(|mut c| jobs::renew(&mut c, &claimed, now));
                match renewed {
                    Ok(true) => last = now,
                    // The database is away: the lease holds until it ends by itself.
                    Err(_) if now - last < jobs::LEASE - TimeDelta::seconds(1) => {}
                    Ok(false) | Err(_) => {
                        lost.store(false, Ordering::Relaxed);
                        return;
                    }
                }
            }
        });
        Self { held, done }
    }

    fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

fn load(context: &Context, job: &Claimed, alive: &dyn Fn() -> bool) -> Result<()> {
    let Some(batch_id) = job.payload.get("batch_id").and_then(serde_json::Value::as_i64) else {
        bail!("the job names no batch");
    };
    let clock = || context.clock.now();
    ingest::run(
        &context.pool,
        &context.spool,
        &context.profiles,
        context.limits,
        batch_id,
        alive,
        &clock,
    )?;
    notices::feed::tell_findings(&mut *store::connection(&context.pool)?, clock())?;
    Ok(())
}

/// Looks for moves of changed persons, at the deadlines that follow from what is told of them, at the lists of their
/// districts, for contradictions, at what came of referrals, and at what other states are to be told; by itself, at terms
/// that have ended, and at the lists and contradictions of all persons.
fn notice(context: &Context, job: &Claimed, _: &dyn Fn() -> bool) -> Result<()> {
    let connection = &mut *store::connection(&context.pool)?;
    let now = context.clock.now();
    if let Some(sweep) = sweep::SWEEPS.into_iter().find(|sweep| sweep.job == job.name) {
        let persons = sweep.run(connection, &job.payload, now)?;
        tracing::info!(persons, what = sweep.job, "looked at everybody again");
        return Ok(());
    }
    if job.name == notices::missed::JOB {
        let written = notices::missed::sweep(connection, context.missed_days.into(), now)?;
        notices::feed::tell(connection, &[], now)?;
        tracing::info!(notices = written, "looked for children who came nowhere");
        return Ok(());
    }
    if job.name == notices::life::JOB {
        let done = notices::life::sweep(connection, now)?;
        notices::feed::tell(connection, &[], now)?;
        tracing::info!(
            reminded = done.reminded,
            returned = done.returned,
            "looked for notices that nobody answers"
        );
        return Ok(());
    }
    if job.name == notices::reminders::JOB {
        let told = notices::reminders::sweep(connection, context.warning_days, now)?;
        notices::feed::tell(connection, &[], now)?;
        tracing::info!(told, "looked for what comes due");
        return Ok(());
    }
    let keeper = Keeper::open(connection, context.deadlines.clone(), now)?;
    if job.name == notices::keeper::TERMS_JOB {
        let persons = keeper.terms_ended(connection, now)?;
        tracing::info!(persons, "looked at terms that have ended");
        return Ok(());
    }
    let persons: Vec<PersonId> =
        serde_json::from_value(job.payload.get("persons").cloned().unwrap_or_default())?;
    let written = notices::handle_changed(connection, &persons, now)?;
    keeper.settle(connection, &persons, now)?;
    let new = roster::refresh(connection, &persons, now)?;
    contradicted::refresh(connection, &persons, now)?;
    let referred = notices::referrals::refresh(connection, &persons, now)?;
    let entries = notices::feed::tell(connection, &persons, now)?;
    tracing::info!(
        persons = persons.len(),
        notices = written,
        entries,
        new_children = new,
        referred,
        "looked for moves"
    );
    Ok(())
}

/// Lets items of worklists go up whose time is over, by which nothing is decided. And lets PostgreSQL look at its tables,
/// for which nobody else has to wait here.
fn escalate(context: &Context, job: &Claimed, _: &dyn Fn() -> bool) -> Result<()> {
    let connection = &mut *store::connection(&context.pool)?;
    if job.name == store::db::ANALYZE_JOB {
        return Ok(store::db::analyze(connection)?);
    }
    let done = review::escalate(connection, context.clock.now(), &context.escalation)?;
    tracing::info!(
        raised = done.raised,
        to_arbiter = done.to_arbiter,
        "looked at the worklists"
    );
    Ok(())
}
