//! The accounts within an administrator's reach, and a new one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use store::accounts::listed::{self, Listed};
use store::accounts::{self, Grant, Role};
use store::{access, work_items};

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::reach::Reach;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageUsers, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Accounts on a page.
const SHOWN: i64 = 50;

/// How long a password that an administrator hands over opens the account.
pub(super) const HANDED_OVER: TimeDelta = TimeDelta::days(7);

/// Days before its end in which a training is shown as ending.
pub(crate) const ENDING: i64 = 30;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    search: String,
    /// The address after which the page begins.
    after: String,
}

#[derive(Template)]
#[template(path = "admin_users.html")]
struct UsersPage {
    chrome: Chrome,
    search: String,
    table: Table,
    /// Address of the next page.
    next: Option<String>,
}

/// The reach of who has the right to manage users.
pub(super) fn reach(user: &User) -> Result<Reach, Failure> {
    user.reach.clone().ok_or(Failure::Forbidden)
}

/// `GET /admin/users?search=&after=`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<ManageUsers>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let reach = reach(&user)?;
    let (search, after) = (ask.search.trim().to_owned(), ask.after.clone());
    let wanted = search.clone();
    let found = portal
        .run(move |c| Ok(listed::list(c, reach.within(), &wanted, &after, SHOWN)?))
        .await?;
    let last = found.last().filter(|_| found.len() as i64 == SHOWN);
    let next = last.map(|last| {
        format!(
            "/admin/users?search={}&after={}",
            encode(&search),
            encode(&last.email)
        )
    });
    view::page(&UsersPage {
        chrome: Chrome::of(&user, "Users", "/admin"),
        table: table(&found, portal.today(user.acts_in)),
        search,
        next,
    })
}

fn table(found: &[Listed], today: NaiveDate) -> Table {
    let mut table = Table::new(
        "Users by address",
        &["User", "Roles here", "~Last sign-in", "Training", "Standing"],
        "No user is found. Search for a part of the name or of the address, or add a user.",
    )
    .under_heading();
    for of in found {
        let roles = of.roles.iter().filter_map(|name| Role::named(name));
        let roles: Vec<_> = roles.map(words::role).collect();
        table.row(
            if of.disabled_at.is_some() { "faded" } else { "" },
            [
                Cell::new(of.name.as_str())
                    .link(format!("/admin/users/{}", of.account_id))
                    .note(of.email.as_str()),
                roles.join(", ").into(),
                of.last_login_at
                    .map_or_else(|| "Never".to_owned(), |at| words::day(at.date_naive()))
                    .into(),
                Cell::default().tag(training(of.training_until, today)),
                Cell::default().tag(standing(of.disabled_at.is_some(), of.password_until.is_some())),
            ],
        );
    }
    table
}

/// How long a training still holds.
pub(super) fn training(until: Option<NaiveDate>, today: NaiveDate) -> Tag {
    match until {
        None => Tag::new("None noted", "info"),
        Some(day) if day <= today => Tag::new(format!("✕ Expired {}", words::day(day)), "differ"),
        Some(day) if (day - today).num_days() <= ENDING => {
            Tag::new(format!("! Until {}", words::day(day)), "wait")
        }
        Some(day) => Tag::new(format!("✓ Until {}", words::day(day)), "agree"),
    }
}

/// Whether an account can sign in.
pub(super) fn standing(disabled: bool, to_choose: bool) -> Tag {
    match (disabled, to_choose) {
        (true, _) => Tag::new("✕ Disabled", "differ"),
        (false, true) => Tag::new("… Has to choose a password", "wait"),
        (false, false) => Tag::new("✓ Active", "agree"),
    }
}

/// A role and where it holds, as a form sends it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RoleForm {
    pub(super) role: String,
    pub(super) region: String,
    pub(super) district: String,
}

impl RoleForm {
    /// The role, if the administrator may give it.
    pub(super) fn grant(&self, user: &User, reach: &Reach, mistakes: &mut Mistakes) -> Option<Grant> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let role = Role::named(&self.role).filter(|role| reach.roles().contains(role));
        let Some(role) = role else {
            mistakes.add("role", "Choose one of the roles.");
            return None;
        };
        let grant = Grant {
            role,
            state: user.acts_in,
            region: some(&self.region),
            district: some(&self.district),
        };
        if grant.region.is_some() && grant.district.is_some() {
            mistakes.add("district", "Name a region or a district, not both.");
            return None;
        }
        if !reach.covers(&grant) {
            mistakes.add(
                "district",
                "You administer a part of the state only. Name one of your regions or districts.",
            );
            return None;
        }
        Some(grant)
    }

    pub(super) fn fields(&self, reach: &Reach, regions: &[String], mistakes: &Mistakes) -> Vec<Field> {
        let roles = reach.roles().into_iter();
        let roles = roles.map(|role| Choice::new(role.name(), words::role(role), &self.role));
        let role = Field::select("role", "Role", "Choose a role", roles.collect())
            .required()
            .judged(mistakes);
        let mut fields = vec![role];
        if !regions.is_empty() {
            let choices = regions.iter();
            let choices = choices.map(|region| Choice::new(region, region, &self.region));
            fields.push(Field::select("region", "Region", "No region", choices.collect()));
        }
        let district = Field::text("district", "District", &self.district)
            .hint("As your schools name it. Without region and district the role holds in the whole state")
            .maximum(60)
            .judged(mistakes);
        fields.push(district);
        fields
    }
}

/// The names of the regions of the user's state.
pub(super) async fn regions(portal: &Portal, user: &User) -> Result<Vec<String>, Failure> {
    let Some(state) = user.acts_in else {
        return Ok(Vec::new());
    };
    let pairs = portal.run(move |c| Ok(work_items::regions(c, state)?)).await?;
    let mut names: Vec<String> = pairs.into_iter().map(|(_, region)| region).collect();
    names.dedup();
    Ok(names)
}

/// A new account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewUser {
    email: String,
    name: String,
    #[serde(flatten)]
    role: RoleForm,
}

#[derive(Template)]
#[template(path = "admin_user_new.html")]
struct NewUserPage {
    chrome: Chrome,
    mistakes: Mistakes,
    email: Field,
    name: Field,
    role: Vec<Field>,
}

/// `GET /admin/users/new`
pub(crate) async fn new(
    portal: web::Data<Portal>,
    user: Allowed<ManageUsers>,
) -> Result<HttpResponse, Failure> {
    form(&portal, &user, &NewUser::default(), Mistakes::default()).await
}

async fn form(
    portal: &Portal,
    user: &User,
    typed: &NewUser,
    mistakes: Mistakes,
) -> Result<HttpResponse, Failure> {
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let regions = regions(portal, user).await?;
    let page = NewUserPage {
        chrome: Chrome::of(user, "Add a user", "/admin"),
        email: Field::input("email", "E-mail address", &typed.email, "email")
            .hint("Of one person, not of an office")
            .maximum(254)
            .required()
            .judged(&mistakes),
        name: Field::text("name", "Name", &typed.name)
            .hint("As others see it")
            .maximum(100)
            .required()
            .judged(&mistakes),
        role: typed.role.fields(&reach(user)?, &regions, &mistakes),
        mistakes,
    };
    view::page_with(status, &page)
}

/// A password, shown once.
#[derive(Template)]
#[template(path = "admin_password.html")]
pub(super) struct PasswordPage {
    pub(super) chrome: Chrome,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) until: String,
    pub(super) account_id: i64,
}

/// Whether this can be an address: something, an at sign, and a name with a dot, without spaces.
fn is_address(email: &str) -> bool {
    let whole = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    whole && email.len() <= 254 && !email.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',')
}

/// `POST /admin/users/new`: makes the account with a password that is shown once. Who has an account already gets the
/// role and keeps its password.
pub(crate) async fn add(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageUsers, NewUser>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form: typed } = guarded;
    let reach = reach(&user)?;
    let mut mistakes = Mistakes::default();
    let (email, name) = (typed.email.trim().to_lowercase(), typed.name.trim().to_owned());
    if !is_address(&email) {
        mistakes.add(
            "email",
            "Enter an e-mail address, such as ana.ruiz@district.example.",
        );
    }
    if name.is_empty() || name.chars().count() > 100 {
        mistakes.add("name", "Enter the name, of at most 100 letters.");
    }
    let grant = typed.role.grant(&user, &reach, &mut mistakes);
    let Some(grant) = grant.filter(|_| mistakes.is_empty()) else {
        return form(&portal, &user, &typed, mistakes).await;
    };
    let password = crate::password::made(&**portal.random());
    let hash = portal.hashed(password.clone()).await?;
    let (now, by, state) = (portal.now(), user.label(), user.acts_in);
    let until = now + HANDED_OVER;
    let (to, called) = (email.clone(), name.clone());
    let (id, new) = portal
        .write(move |c| {
            let made = accounts::add_to(c, &to, &called, &hash, Some((state, until)), now)?;
            let (id, new) = match made {
                Some(id) => (id, true),
                None => (
                    accounts::by_email(c, &to)?.ok_or(Failure::Internal)?.account_id,
                    false,
                ),
            };
            accounts::grant(c, id, &grant, now)?;
            let action = if new {
                "account.create"
            } else {
                "account.role.give"
            };
            access::audit(c, now, &by, action, &format!("account:{id}"), &detail(&grant))?;
            Ok((id, new))
        })
        .await?;
    if !new {
        return Ok(view::see_other(&format!("/admin/users/{id}?done=known")));
    }
    view::page(&PasswordPage {
        chrome: Chrome::of(&user, "User added", "/admin").done(Some("The account is made.")),
        name,
        email,
        password,
        until: words::instant(until),
        account_id: id,
    })
}

/// A role as the record of events names it.
pub(super) fn detail(grant: &Grant) -> serde_json::Value {
    serde_json::json!({
        "role": grant.role.name(), "state": grant.state, "region": grant.region, "district": grant.district,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_persons() {
        assert!(is_address("ana.ruiz@district.example"));
        for wrong in [
            "",
            "ana",
            "@x.example",
            "ana@x",
            "a b@x.example",
            "a@b@c.example",
            "a@x.example,b@x.example",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_training_is_told_before_it_ends() {
        let today: NaiveDate = "2026-04-02".parse().unwrap();
        let day = |days: i64| Some(today + TimeDelta::days(days));
        assert_eq!(training(None, today).class, "info");
        assert_eq!(training(day(31), today).class, "agree");
        assert_eq!(training(day(30), today).class, "wait");
        assert_eq!(
            training(day(0), today).class,
            "differ",
            "it does not hold on that day any more"
        );
    }
}
