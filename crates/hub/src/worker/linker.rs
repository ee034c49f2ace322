//! The linker of this hub, and of its database: there is never a second one.

use std::time::Duration;

use anyhow::{Result, bail};
use linking::driver::{self, Linker};
use records::sweep::SWEEPS;
use store::jobs::Claimed;
use store::links;

use super::Context;

/// How often it is looked whether the linker's place is free.
const WAIT: Duration = Duration::from_millis(200);

/// A linker in its place, which it holds with the connection by which it reads and writes: when the connection is lost,
/// the place is, and nothing is written any more.
pub(super) struct Keeper {
    linker: Linker,
    connection: store::Connection,
}

impl Keeper {
    /// Waits for the linker's place, as long as `alive`, and reads all students.
    fn open(context: &Context, alive: &dyn Fn() -> bool) -> Result<Self> {
        let mut connection = store::connection(&context.pool)?;
        let mut told = false;
        while !links::be_linker(&mut connection)? {
            if !told {
                tracing::info!("another process links on this database; waiting until it has ended");
                told = true;
            }
            if !alive() {
                bail!("another process links on this database");
            }
            std::thread::sleep(WAIT);
        }
        match Linker::open_in_force(&mut connection) {
            Ok(linker) => Ok(Self { linker, connection }),
            Err(error) => {
                links::leave_linker(&mut connection)?;
                Err(error.into())
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The connection goes back to the pool, where nobody should have the place.
        let _ = links::leave_linker(&mut self.connection);
    }
}

/// Looks at changed students; for the check then at all, and to learn anew, learns. A new model in force is taken up
/// first. A linker that failed in the middle is not kept: the next job builds a new one from the store.
pub(super) fn work(
    keeper: &mut Option<Keeper>,
    context: &Context,
    job: &Claimed,
    alive: &dyn Fn() -> bool,
) -> Result<()> {
    let mut current = match keeper.take() {
        Some(keeper) => keeper,
        None => Keeper::open(context, alive)?,
    };
    let Keeper { linker, connection } = &mut current;
    let clock = || context.clock.now();
    linker.take_up(connection)?;
    let round = linker.run(connection, alive, &clock)?;
    tracing::info!(
        students = round.students,
        held = round.held,
        links = round.links,
        near_matches = round.near_matches,
        "linked"
    );
    if job.name == driver::CHECK_JOB && alive() {
        let round = linker.check(connection, clock())?;
        for sweep in SWEEPS {
            sweep.ask(connection, clock())?;
        }
        if context.missed_days > 0 {
            notices::missed::ask_for_sweep(connection, clock())?;
        }
        notices::life::ask_for_sweep(connection, clock())?;
        tracing::info!(
            students = round.students,
            links = round.links,
            near_matches = round.near_matches,
            "checked all students"
        );
    }
    if job.name == driver::REFIT_JOB && alive() {
        let by = job.payload["by"].as_str().unwrap_or("schedule");
        let refit = linker.refit(connection)?;
        let id = driver::propose(connection, &refit, by, clock())?;
        tracing::info!(
            proposal = id,
            version = refit.report.version,
            changes = refit.report.changes.values().sum::<usize>(),
            refused = refit.report.refused.join("; "),
            "weights were learned anew; `mariposa link proposals` shows what they would change"
        );
    }
    *keeper = Some(current);
    Ok(())
}
