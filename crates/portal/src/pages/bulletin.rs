//! What the home page says of itself: announcements, trainings and certificates that end, guidance for who is new.

use actix_web::{HttpResponse, web};
use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use serde::Deserialize;
use store::accounts::{Role, trainings};
use store::{announcements, participants};

use crate::failure::Failure;
use crate::pages::admin::certificates;
use crate::pages::admin::users::ENDING;
use crate::state::Portal;
use crate::user::{Guarded, Permission, SignedIn, User};
use crate::view;
use crate::words;

/// What stands for the guidance among what an account has put away.
const GUIDANCE: &str = "guidance";

/// What the home page says.
#[derive(Debug, Default, Template)]
#[template(path = "bulletin.html")]
pub(crate) struct Bulletin {
    csrf: String,
    warnings: Vec<String>,
    said: Vec<Said>,
    pub(crate) guidance: Guidance,
}

impl HtmlSafe for Bulletin {}

/// The first steps of who is new, until they are put away.
#[derive(Debug, Default, Template)]
#[template(path = "guidance.html")]
pub(crate) struct Guidance {
    csrf: String,
    steps: Vec<Step>,
}

impl HtmlSafe for Guidance {}

/// An announcement.
#[derive(Debug)]
struct Said {
    key: String,
    body: String,
    by: String,
}

/// A step of the guidance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    href: &'static str,
    title: &'static str,
    what: &'static str,
}

impl Bulletin {
    /// What there is to say to this user.
    pub(crate) fn read(c: &mut PgConnection, user: &User, portal: &Portal) -> Result<Self, Failure> {
        let (today, now) = (portal.today(user.acts_in), portal.now());
        let away = announcements::dismissed(c, user.account_id)?;
        let mut warnings = Vec::new();
        warnings.extend(training(trainings::until(c, user.account_id)?, today));
        if let Some(state) = user.acts_in.filter(|_| user.may(Permission::SeeBatches)) {
            let all = participants::certificates_of(c, state)?;
            warnings.extend(certificates::warning(&all, state, now));
        }
        let said = announcements::said(c, user.acts_in, &user.roles, today)?;
        let said = said
            .into_iter()
            .filter(|of| !away.contains(&of.key()))
            .map(|of| Said {
                key: of.key(),
                by: of
                    .state
                    .as_deref()
                    .map_or_else(|| "The hub".to_owned(), words::state_name),
                body: of.body,
            });
        let new = !away.contains(GUIDANCE);
        Ok(Self {
            csrf: user.session.csrf.clone(),
            warnings,
            said: said.collect(),
            guidance: Guidance {
                csrf: user.session.csrf.clone(),
                steps: if new { guidance(&user.roles) } else { Vec::new() },
            },
        })
    }
}

/// What is to be said of a training that ends or has ended.
fn training(until: Option<NaiveDate>, today: NaiveDate) -> Option<String> {
    let until = until.filter(|day| (*day - today).num_days() <= ENDING)?;
    let day = words::day(until);
    Some(if until <= today {
        format!(
            "Your training in security and privacy expired on {day}. Do it again, and tell your user administrator."
        )
    } else {
        format!(
            "Your training in security and privacy expires on {day}. Do it again before, and tell your user administrator."
        )
    })
}

/// The first steps of somebody with these roles, each once.
fn guidance(roles: &[Role]) -> Vec<Step> {
    const FIND: Step = Step {
        href: "/search",
        title: "Find a child",
        what: "By last name and birth date, or by the student record number. Say why you look; it is written down.",
    };
    const WORDS: Step = Step {
        href: "/help/glossary",
        title: "Know the words",
        what: "A small ? beside a word leads to what it means.",
    };
    const NOTICE: Step = Step {
        href: "/notices",
        title: "Tell the next state",
        what: "When a family says that it moves, send a move notice from the child’s record.",
    };
    const JUDGE: Step = Step {
        href: "/worklist",
        title: "Judge near matches",
        what: "Two records that may be one child, side by side. Nothing is joined without people.",
    };
    const UPLOADS: Step = Step {
        href: "/batches",
        title: "See your state’s uploads",
        what: "What came of each, what to correct and how.",
    };
    const USERS: Step = Step {
        href: "/admin/users",
        title: "Add users",
        what: "Give each person the role that its work needs, and note its training.",
    };
    const REPORTS: Step = Step {
        href: "/reports",
        title: "Read the reports",
        what: "Children counted once, moves between states, and who went missing.",
    };
    let of = |role: &Role| match role {
        Role::SecondaryUser => vec![FIND],
        Role::PrimaryUser => vec![FIND, NOTICE],
        Role::DataAdministrator => vec![FIND, JUDGE, NOTICE, UPLOADS],
        Role::UserAdministrator => vec![USERS],
        Role::BatchSubmitter => vec![UPLOADS],
        Role::Arbiter => vec![JUDGE, REPORTS],
    };
    let mut steps: Vec<Step> = Vec::new();
    for step in roles.iter().flat_map(of) {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    if !steps.is_empty() {
        steps.push(WORDS);
    }
    steps
}

/// What is put away.
#[derive(Debug, Deserialize)]
pub(crate) struct Away {
    what: String,
}

/// `POST /home/dismiss`
pub(crate) async fn dismiss(
    portal: web::Data<Portal>,
    guarded: Guarded<SignedIn, Away>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let announced = form.what.strip_prefix("announcement:");
    let known = form.what == GUIDANCE || announced.is_some_and(|id| id.parse::<i64>().is_ok());
    if !known {
        return Err(Failure::BadRequest);
    }
    let (id, now) = (user.account_id, portal.now());
    portal
        .run(move |c| Ok(announcements::dismiss(c, id, &form.what, now)?))
        .await?;
    Ok(view::see_other("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_several_roles_is_guided_once() {
        let steps = guidance(&[
            Role::PrimaryUser,
            Role::DataAdministrator,
            Role::DataAdministrator,
        ]);
        let titles: Vec<_> = steps.iter().map(|step| step.title).collect();
        assert_eq!(
            titles,
            [
                "Find a child",
                "Tell the next state",
                "Judge near matches",
                "See your state’s uploads",
                "Know the words"
            ]
        );
        assert_eq!(guidance(&[]), []);
    }

    #[test]
    fn a_training_is_spoken_of_a_month_before_it_ends() {
        let today: NaiveDate = "2026-04-02".parse().unwrap();
        let said = |day: &str| training(Some(day.parse().unwrap()), today);
        assert_eq!(said("2026-05-03"), None);
        assert!(said("2026-05-02").unwrap().contains("expires on May 2, 2026"));
        assert!(said("2026-04-02").unwrap().contains("expired on Apr 2, 2026"));
        assert_eq!(training(None, today), None);
    }
}
