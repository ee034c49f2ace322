//! One account: its roles, whether it is disabled, its password, its trainings.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{Datelike as _, Days, NaiveDate};
use serde::Deserialize;
use store::access;
use store::accounts::trainings::{self, Training};
use store::accounts::{self, Account, Grant, Role};

use super::users::{self, PasswordPage, RoleForm, detail, reach};
use crate::failure::Failure;
use crate::field::Field;
use crate::pages::sign_in::Nothing;
use crate::reach::Reach;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageUsers, User};
use crate::view::{self, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Most days for which a training holds.
const LONGEST_TRAINING: u64 = 3 * 366;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

/// A role as it is listed.
struct Held {
    words: String,
    role: &'static str,
    region: String,
    district: String,
    /// Whether the administrator may take it.
    mine: bool,
}

#[derive(Template)]
#[template(path = "admin_user.html")]
struct UserPage {
    chrome: Chrome,
    mistakes: Mistakes,
    id: i64,
    name: String,
    email: String,
    standing: Tag,
    facts: Vec<(&'static str, String)>,
    /// Why roles or the account cannot be changed; empty if they can.
    kept: &'static str,
    own: bool,
    owned: bool,
    disabled: bool,
    held: Vec<Held>,
    role: Vec<Field>,
    training: Tag,
    trainings: Table,
    completed_on: Field,
    expires_on: Field,
}

/// An account with what the administrator may do with it.
struct Subject {
    account: Account,
    grants: Vec<Grant>,
    reach: Reach,
    /// Whether it is the administrator's own.
    own: bool,
}

impl Subject {
    fn owned(&self) -> bool {
        !self.own && self.reach.owns(&self.grants, self.account.home_state.as_deref())
    }
}

async fn subject(portal: &Portal, user: &User, id: i64) -> Result<Subject, Failure> {
    let reach = reach(user)?;
    let own = id == user.account_id;
    portal
        .run(move |c| {
            let account = accounts::find(c, id)?.ok_or(Failure::NotFound)?;
            let grants = accounts::grants(c, id)?;
            if !own && !reach.sees(&grants, account.home_state.as_deref()) {
                return Err(Failure::NotFound);
            }
            Ok(Subject {
                account,
                grants,
                reach,
                own,
            })
        })
        .await
}

/// `GET /admin/users/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ManageUsers>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let subject = subject(&portal, &user, *id).await?;
    let done = match ask.done.as_str() {
        "known" => Some("The person had an account already. It has the role now and keeps its password."),
        "given" => Some("The role is given."),
        "taken" => Some("The role is taken away."),
        "disabled" => Some("The account is disabled and signed out."),
        "enabled" => Some("The account is enabled."),
        "training" => Some("The training is noted."),
        _ => None,
    };
    let typed = (RoleForm::default(), TrainingForm::default());
    page(&portal, &user, subject, typed, Mistakes::default(), done).await
}

async fn page(
    portal: &Portal,
    user: &User,
    subject: Subject,
    (role, training): (RoleForm, TrainingForm),
    mistakes: Mistakes,
    done: Option<&str>,
) -> Result<HttpResponse, Failure> {
    let (id, today) = (subject.account.account_id, portal.today(user.acts_in));
    let noted = portal.run(move |c| Ok(trainings::of_account(c, id)?)).await?;
    let regions = users::regions(portal, user).await?;
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let account = &subject.account;
    let until = noted.iter().map(|training| training.expires_on).max();
    let day = |at: chrono::DateTime<chrono::Utc>| words::instant(at);
    let page = UserPage {
        chrome: Chrome::of(user, account.name.as_str(), "/admin").done(done),
        id,
        name: account.name.clone(),
        email: account.email.clone(),
        standing: users::standing(account.disabled_at.is_some(), account.password_until.is_some()),
        facts: vec![
            ("Made", day(account.created_at)),
            (
                "Last sign-in",
                account.last_login_at.map_or_else(|| "Never".to_owned(), day),
            ),
            (
                "Made by",
                account
                    .home_state
                    .as_deref()
                    .map_or_else(|| "The hub’s operator".to_owned(), words::state_name),
            ),
        ],
        kept: match (subject.own, subject.owned()) {
            (true, _) => {
                "This is your own account. Another administrator changes it; your password you choose yourself."
            }
            (false, true) => "",
            (false, false) => {
                "The account has roles beyond your reach. You can give and take roles within it; password, trainings and whether it is disabled are for an administrator who reaches them all, or for the hub’s operator."
            }
        },
        own: subject.own,
        owned: subject.owned(),
        disabled: account.disabled_at.is_some(),
        held: subject.grants.iter().map(|grant| held(grant, &subject)).collect(),
        role: role.fields(&subject.reach, &regions, &mistakes),
        training: users::training(until, today),
        trainings: training_table(&noted),
        completed_on: Field::input("completed_on", "Completed on", &training.completed_on, "date")
            .class("short")
            .required()
            .judged(&mistakes),
        expires_on: Field::input("expires_on", "Expires on", &training.expires_on, "date")
            .hint("Empty: a year later")
            .class("short")
            .judged(&mistakes),
        mistakes,
    };
    view::page_with(status, &page)
}

fn held(grant: &Grant, subject: &Subject) -> Held {
    let state = grant.state.map_or("all states", mde::StateCode::name);
    let place = match (&grant.region, &grant.district) {
        (Some(region), _) => format!("region {region}, {state}"),
        (_, Some(district)) => format!("{district}, {state}"),
        _ => state.to_owned(),
    };
    Held {
        words: format!("{} · {place}", words::role(grant.role)),
        role: grant.role.name(),
        region: grant.region.clone().unwrap_or_default(),
        district: grant.district.clone().unwrap_or_default(),
        mine: !subject.own && subject.reach.covers(grant),
    }
}

fn training_table(noted: &[Training]) -> Table {
    let mut table = Table::new(
        "Trainings, the newest first",
        &["~Completed", "~Expires", "Noted"],
        "No training is noted.",
    )
    .under_heading();
    for training in noted {
        let by = training.noted_by.trim_start_matches("account:");
        table.row(
            "",
            [
                words::day(training.completed_on).into(),
                words::day(training.expires_on).into(),
                format!("{} by {by}", words::day(training.noted_at.date_naive())).into(),
            ],
        );
    }
    table
}

/// A role to give or to take.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    /// `give` or `take`.
    action: String,
    #[serde(flatten)]
    role: RoleForm,
}

/// `POST /admin/users/{id}/roles`
pub(crate) async fn roles(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ManageUsers, Change>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let subject = subject(&portal, &user, *id).await?;
    if subject.own {
        return Err(Failure::Forbidden);
    }
    let give = form.action == "give";
    let grant = if give {
        let mut mistakes = Mistakes::default();
        let Some(grant) = form.role.grant(&user, &subject.reach, &mut mistakes) else {
            let typed = (form.role, TrainingForm::default());
            return page(&portal, &user, subject, typed, mistakes, None).await;
        };
        grant
    } else {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let role = Role::named(&form.role.role).ok_or(Failure::BadRequest)?;
        let (region, district) = (some(form.role.region), some(form.role.district));
        let named =
            |grant: &&Grant| grant.role == role && grant.region == region && grant.district == district;
        let mine = |grant: &&Grant| named(grant) && subject.reach.covers(grant);
        let held = subject.grants.iter().find(mine).cloned();
        held.ok_or(Failure::Forbidden)?
    };
    let (id, now, by) = (*id, portal.now(), user.label());
    portal
        .write(move |c| {
            let action = if give {
                accounts::grant(c, id, &grant, now)?;
                "account.role.give"
            } else {
                accounts::revoke(c, id, &grant)?;
                "account.role.take"
            };
            Ok(access::audit(
                c,
                now,
                &by,
                action,
                &format!("account:{id}"),
                &detail(&grant),
            )?)
        })
        .await?;
    let done = if give { "given" } else { "taken" };
    Ok(view::see_other(&format!("/admin/users/{id}?done={done}")))
}

/// Whether to disable.
#[derive(Debug, Deserialize)]
pub(crate) struct Standing {
    /// `disable` or `enable`.
    action: String,
}

/// `POST /admin/users/{id}/standing`: disables the account or enables it again.
pub(crate) async fn standing(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ManageUsers, Standing>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let subject = subject(&portal, &user, *id).await?;
    if !subject.owned() {
        return Err(Failure::Forbidden);
    }
    let disable = match form.action.as_str() {
        "disable" => true,
        "enable" => false,
        _ => return Err(Failure::BadRequest),
    };
    let (id, now, by) = (*id, portal.now(), user.label());
    portal
        .write(move |c| {
            accounts::set_disabled(c, id, disable.then_some(now))?;
            let action = if disable {
                "account.disable"
            } else {
                "account.enable"
            };
            Ok(access::audit(
                c,
                now,
                &by,
                action,
                &format!("account:{id}"),
                &serde_json::json!({}),
            )?)
        })
        .await?;
    let done = if disable { "disabled" } else { "enabled" };
    Ok(view::see_other(&format!("/admin/users/{id}?done={done}")))
}

/// `POST /admin/users/{id}/password`: a new password, shown once, with which the user chooses an own one.
pub(crate) async fn password(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ManageUsers, Nothing>,
) -> Result<HttpResponse, Failure> {
    let user = guarded.user;
    let subject = subject(&portal, &user, *id).await?;
    if !subject.owned() {
        return Err(Failure::Forbidden);
    }
    let password = crate::password::made(&**portal.random());
    let hash = portal.hashed(password.clone()).await?;
    let (id, now, by) = (*id, portal.now(), user.label());
    let until = now + users::HANDED_OVER;
    portal
        .write(move |c| {
            accounts::set_password(c, id, &hash, Some(until))?;
            let subject = format!("account:{id}");
            Ok(access::audit(
                c,
                now,
                &by,
                "account.password",
                &subject,
                &serde_json::json!({}),
            )?)
        })
        .await?;
    view::page(&PasswordPage {
        chrome: Chrome::of(&user, "New password", "/admin").done(Some("The account has a new password.")),
        name: subject.account.name,
        email: subject.account.email,
        password,
        until: words::instant(until),
        account_id: id,
    })
}

/// A training, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TrainingForm {
    completed_on: String,
    expires_on: String,
}

/// The same day a year later; the last of February for the 29th.
fn a_year_later(day: NaiveDate) -> NaiveDate {
    day.with_year(day.year() + 1)
        .or_else(|| NaiveDate::from_ymd_opt(day.year() + 1, 2, 28))
        .unwrap_or(day)
}

impl TrainingForm {
    fn read(&self, today: NaiveDate, mistakes: &mut Mistakes) -> Option<(NaiveDate, NaiveDate)> {
        let Ok(completed) = self.completed_on.trim().parse::<NaiveDate>() else {
            mistakes.add("completed_on", "Enter the day, such as 2026-08-17.");
            return None;
        };
        if completed > today {
            mistakes.add("completed_on", "Enter a day that has passed.");
            return None;
        }
        let expires = match self.expires_on.trim() {
            "" => Ok(a_year_later(completed)),
            text => text.parse::<NaiveDate>(),
        };
        let latest = completed + Days::new(LONGEST_TRAINING);
        match expires {
            Ok(expires) if expires > completed && expires <= latest => Some((completed, expires)),
            _ => {
                mistakes.add(
                    "expires_on",
                    "Enter a day after the training, at most three years later, or leave it empty.",
                );
                None
            }
        }
    }
}

/// `POST /admin/users/{id}/training`
pub(crate) async fn training(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ManageUsers, TrainingForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let subject = subject(&portal, &user, *id).await?;
    if !subject.owned() {
        return Err(Failure::Forbidden);
    }
    let mut mistakes = Mistakes::default();
    let Some((completed_on, expires_on)) = form.read(portal.today(user.acts_in), &mut mistakes) else {
        let typed = (RoleForm::default(), form);
        return page(&portal, &user, subject, typed, mistakes, None).await;
    };
    let (account_id, noted_at, noted_by) = (*id, portal.now(), user.label());
    portal
        .write(move |c| {
            let training = Training {
                account_id,
                completed_on,
                expires_on,
                noted_at,
                noted_by: noted_by.clone(),
            };
            trainings::note(c, &training)?;
            let detail = serde_json::json!({ "completed_on": completed_on, "expires_on": expires_on });
            let subject = format!("account:{account_id}");
            Ok(access::audit(
                c,
                noted_at,
                &noted_by,
                "account.training",
                &subject,
                &detail,
            )?)
        })
        .await?;
    Ok(view::see_other(&format!(
        "/admin/users/{account_id}?done=training"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_holds_a_year_unless_it_says_otherwise() {
        let today: NaiveDate = "2026-04-02".parse().unwrap();
        let read = |completed: &str, expires: &str| {
            let form = TrainingForm {
                completed_on: completed.into(),
                expires_on: expires.into(),
            };
            let mut mistakes = Mistakes::default();
            let read = form
                .read(today, &mut mistakes)
                .map(|(_, expires)| expires.to_string());
            (read, mistakes.0.first().map_or("", |(field, _)| *field))
        };
        assert_eq!(read("2024-02-29", "").0.as_deref(), Some("2025-02-28"));
        assert_eq!(read("2026-03-01", "2026-09-01").0.as_deref(), Some("2026-09-01"));
        assert_eq!(read("2026-04-03", "").1, "completed_on");
        assert_eq!(read("March", "").1, "completed_on");
        assert_eq!(read("2026-03-01", "2026-03-01").1, "expires_on");
        assert_eq!(read("2026-03-01", "2031-03-01").1, "expires_on");
    }
}
