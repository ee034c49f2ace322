//! The linker's place, for commands: taken if it is free, else whoever has it is asked.

use std::time::Duration;

use anyhow::{Result, bail};
use chrono::Utc;
use diesel::pg::PgConnection;
use linking::driver::Linker;
use store::jobs::{self, Standing};
use store::links;

/// How often it is looked whether the hub that serves has done what it was asked for.
const LOOK: Duration = Duration::from_millis(200);

/// Lets the one linker of this database look at changed students and then do `work`: here, or, while a hub serves and
/// has the linker's place, there, as the job of this name. Returns when it is done.
pub(super) fn linked(
    connection: &mut PgConnection,
    job: &str,
    work: impl FnOnce(&mut Linker, &mut PgConnection) -> Result<()>,
) -> Result<()> {
    if !links::be_linker(connection)? {
        eprintln!(
            "mariposa: a hub serves and its linker is at work here: it is asked, and this command waits. To stop \
             waiting is no harm."
        );
        let payload = serde_json::json!({ "by": "operator" });
        let id = jobs::ask(connection, job, &payload, Utc::now())?;
        loop {
            match jobs::standing(connection, id)? {
                Standing::Done => return Ok(()),
                Standing::Dead(reason) => bail!("the hub could not do it: {reason}"),
                Standing::Waits => {}
            }
            // The hub may have been stopped meanwhile.
            if links::be_linker(connection)? {
                if jobs::take_back(connection, id, Utc::now())? {
                    break;
                }
                links::leave_linker(connection)?;
            }
            std::thread::sleep(LOOK);
        }
    }
    let done = here(connection, work);
    links::leave_linker(connection)?;
    done
}

fn here(
    connection: &mut PgConnection,
    work: impl FnOnce(&mut Linker, &mut PgConnection) -> Result<()>,
) -> Result<()> {
    let mut linker = Linker::open_in_force(connection)?;
    linker.run(connection, &|| true, &Utc::now)?;
    work(&mut linker, connection)
}
