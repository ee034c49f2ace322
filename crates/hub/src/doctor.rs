//! `doctor`: says what is missing or wrong, and how to mend it.

use anyhow::{Result, bail};
use chrono::Utc;

use crate::cli::Place;
use crate::console::Console;
use crate::database::Database;

/// Looks at everything that a hub needs. Fails if something is wrong.
pub(crate) fn run(place: &Place) -> Result<()> {
    let console = Console::new();
    let config = place.read()?;
    let now = Utc::now();
    let mut wrong = 0;
    let mut check = |holds: bool, text: String| {
        wrong += usize::from(!holds);
        console.check(holds, text);
    };
    check(true, format!("data folder {}", config.data_dir.display()));
    if config.database_url.is_none() {
        match pgcluster::find_installation() {
            Ok(found) => check(
                true,
                format!("PostgreSQL {} in {}", found.version(), found.bin_dir().display()),
            ),
            Err(error) => check(false, error.to_string()),
        }
    }
    match Database::open(&config) {
        Err(error) => check(false, format!("the database does not start: {error:#}")),
        Ok(database) => {
            let connection = &mut *database.connect()?;
            let pending = store::migrations(connection)?;
            check(
                pending.is_empty(),
                if pending.is_empty() {
                    "the schema is this program's".into()
                } else {
                    "the schema is older: run `mariposa migrate`".into()
                },
            );
            if pending.is_empty() {
                for certificate in store::participants::certificates(connection)?
                    .iter()
                    .filter(|c| c.revoked_at.is_none())
                {
                    let days = pki::days_left(certificate.not_after, now);
                    check(
                        days > 14,
                        format!(
                            "certificate of {} ({}): {days} days left",
                            certificate.state, certificate.serial
                        ),
                    );
                }
                let wrong = store::links::disagreements(connection)?;
                check(
                    wrong == 0,
                    if wrong == 0 {
                        "links follow from the log of decisions".into()
                    } else {
                        format!(
                            "{wrong} links do not follow from the log of decisions: keep a copy of the database and ask for help"
                        )
                    },
                );
                let waiting = store::link_holds::counts(connection)?;
                for hold in store::link_holds::all(connection)?
                    .iter()
                    .filter(|hold| hold.released_at.is_none())
                {
                    let students = waiting.get(&hold.state).copied().unwrap_or_default();
                    check(false, in_doubt(hold, students));
                }
                let dead = store::jobs::dead(connection)?;
                check(dead.is_empty(), format!("{} jobs failed for good", dead.len()));
                for job in dead.iter().take(10) {
                    console.line(format!(
                        "     {} {}: {}",
                        job.name,
                        job.payload,
                        job.last_error.as_deref().unwrap_or("")
                    ));
                }
            }
        }
    }
    if config.pki_dir().join("ca.pem").exists() {
        match pki::TrustStore::open(&config.pki_dir()) {
            Ok(trust) => {
                let due = trust.lists_due();
                check(
                    due.is_none_or(|due| due > now),
                    format!(
                        "revocation list, due {}",
                        due.map_or("never".into(), |d| d.to_rfc3339())
                    ),
                );
            }
            Err(error) => check(false, format!("certificates: {error}")),
        }
    } else {
        check(
            false,
            "there is no CA yet: run `mariposa pki init`, or start the hub once".into(),
        );
    }
    if wrong > 0 {
        bail!("{wrong} of the checks failed");
    }
    Ok(())
}

/// What is wrong with what a state sent, and what to do.
fn in_doubt(hold: &store::link_holds::Hold, students: i64) -> String {
    let doubts: Vec<linking::doubt::Doubt> = serde_json::from_value(hold.doubts.clone()).unwrap_or_default();
    let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    format!(
        "{students} students of {} wait since {} and are not linked: {}. Let the state send a corrected upload; if it is right as \
         it is: mariposa link release {}",
        hold.state,
        hold.since.format("%Y-%m-%d %H:%M"),
        doubts.join("; "),
        hold.state
    )
}
