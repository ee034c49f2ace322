//! What is set for the state, and where each of it is changed. Nothing is changed here.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::Aliases;
use notices::{Duty, Limit};
use store::calendars;

use crate::failure::Failure;
use crate::state::Portal;
use crate::user::{Allowed, ManageState};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

#[derive(Template)]
#[template(path = "admin_settings.html")]
struct SettingsPage {
    chrome: Chrome,
    state: &'static str,
    calendar: String,
    deadlines: Table,
    escalation: Table,
    aliases: Table,
}

/// `GET /admin/settings`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ManageState>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let days = portal.run(move |c| Ok(calendars::work_days(c, state)?)).await?;
    let calendar = match days {
        None => {
            "Saturdays, Sundays and federal holidays are free; the state has not said otherwise.".to_owned()
        }
        Some(days) => {
            let federal = if days.federal_holidays {
                "federal holidays and "
            } else {
                ""
            };
            let own = words::counted(days.own_holidays.len(), "day of its own", "days of its own");
            format!("Saturdays, Sundays, {federal}{own} are free.")
        }
    };
    let rules = portal.rules();
    let mut deadlines =
        Table::new("Limits of duties", &["Duty", "Limit", "The regulation’s"], "").under_heading();
    for duty in Duty::ALL {
        let cells = [limit(rules.deadlines.of(duty)).into(), limit(duty.limit()).into()];
        let first = Cell::new(words::sentence(duty.words())).note(duty.source());
        deadlines.row("", std::iter::once(first).chain(cells));
    }
    let mut escalation =
        Table::new("Working days at each level", &["Level", "#Working days"], "").under_heading();
    for (level, days) in [
        ("District", rules.escalation.district),
        ("Region, where the state has regions", rules.escalation.region),
        ("State, before the arbiter", rules.escalation.state),
    ] {
        escalation.row("", [level.into(), days.to_string().into()]);
    }
    let mut aliases = Table::new(
        "The state’s own codes",
        &["Set", "Code sent", "Read as"],
        "The state’s own codes are read by the sets of the data dictionary alone.",
    )
    .under_heading();
    for row in Aliases::of(state).into_iter().flat_map(Aliases::rows) {
        aliases.row("", row.map(Cell::from));
    }
    view::page(&SettingsPage {
        chrome: Chrome::of(&user, "Settings", "/admin"),
        state: state.name(),
        calendar,
        deadlines,
        escalation,
        aliases,
    })
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::WorkingDays(days) => format!("{days} working days"),
        Limit::CalendarDays(days) => format!("{days} days"),
    }
}
