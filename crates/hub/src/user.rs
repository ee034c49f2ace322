//! `user`: accounts of people.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};
use mde::StateCode;
use store::accounts::{self, Grant, Role};

use crate::cli::Place;
use crate::database::Database;

#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add an account
    #[command(
        after_help = "Example:\n  mariposa user add ana@school.example --name 'Ana Ruiz' --role primary-user --state TX"
    )]
    Add(AddArgs),
    /// Give or take a role
    Role(RoleArgs),
    /// Disable an account, or enable it again
    Disable(DisableArgs),
    /// Set a new password; it is printed once unless it comes from a file
    Reset(ResetArgs),
    /// List all accounts
    List(Place),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    SecondaryUser,
    PrimaryUser,
    DataAdministrator,
    UserAdministrator,
    BatchSubmitter,
    Arbiter,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::SecondaryUser => Self::SecondaryUser,
            RoleName::PrimaryUser => Self::PrimaryUser,
            RoleName::DataAdministrator => Self::DataAdministrator,
            RoleName::UserAdministrator => Self::UserAdministrator,
            RoleName::BatchSubmitter => Self::BatchSubmitter,
            RoleName::Arbiter => Self::Arbiter,
        }
    }
}

#[derive(Debug, Args)]
struct Granted {
    /// The role
    #[arg(long)]
    role: RoleName,
    /// The state in which it holds; none for a federal role
    #[arg(long)]
    state: Option<StateCode>,
    /// The region in which it holds: the districts that belong to it on the day
    #[arg(long, requires = "state", conflicts_with = "district")]
    region: Option<String>,
    /// The district in which it holds; without region or district, the whole state
    #[arg(long, requires = "state")]
    district: Option<String>,
}

impl Granted {
    fn grant(&self) -> Grant {
        Grant {
            role: self.role.into(),
            state: self.state,
            region: self.region.clone(),
            district: self.district.clone(),
        }
    }
}

#[derive(Debug, Args)]
struct AddArgs {
    /// E-mail address; it signs in with it
    email: String,
    /// Name, as others see it
    #[arg(long)]
    name: String,
    #[command(flatten)]
    granted: Granted,
    /// Read the password from this file (`-`: standard input) instead of making one
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct RoleArgs {
    /// E-mail address
    email: String,
    #[command(flatten)]
    granted: Granted,
    /// Take the role away
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct DisableArgs {
    /// E-mail address
    email: String,
    /// Enable it again
    #[arg(long)]
    enable: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct ResetArgs {
    /// E-mail address
    email: String,
    /// Read the password from this file (`-`: standard input) instead of making one
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(args: &UserArgs) -> Result<()> {
    let place = match &args.command {
        UserCommand::Add(a) => &a.place,
        UserCommand::Role(a) => &a.place,
        UserCommand::Disable(a) => &a.place,
        UserCommand::Reset(a) => &a.place,
        UserCommand::List(place) => place,
    };
    let now = Utc::now();
    let database = Database::open_migrated(&place.read()?)?;
    let connection = &mut *database.connect()?;
    let mut find = |email: &str| {
        accounts::by_email(connection, email)?.with_context(|| format!("there is no account {email}"))
    };
    match &args.command {
        UserCommand::Add(args) => {
            let (password, made) = password(args.password_file.as_deref())?;
            let hash = hash(&password, &args.email)?;
            let Some(id) = accounts::add(connection, &args.email, &args.name, &hash, now)? else {
                bail!("{} has an account already, or had one", args.email);
            };
            accounts::grant(connection, id, &args.granted.grant(), now)?;
            tell(&args.email, &password, made);
        }
        UserCommand::Role(args) => {
            let account = find(&args.email)?;
            if args.remove {
                if !accounts::revoke(connection, account.account_id, &args.granted.grant())? {
                    bail!("{} does not have that role", args.email);
                }
            } else {
                accounts::grant(connection, account.account_id, &args.granted.grant(), now)?;
            }
        }
        UserCommand::Disable(args) => {
            let account = find(&args.email)?;
            accounts::set_disabled(connection, account.account_id, (!args.enable).then_some(now))?;
        }
        UserCommand::Reset(args) => {
            let account = find(&args.email)?;
            let (password, made) = password(args.password_file.as_deref())?;
            accounts::set_password(
                connection,
                account.account_id,
                &hash(&password, &args.email)?,
                None,
            )?;
            tell(&args.email, &password, made);
        }
        UserCommand::List(_) => {
            for account in accounts::all(connection)? {
                let grants = accounts::grants(connection, account.account_id)?;
                let roles: Vec<String> = grants
                    .iter()
                    .map(|g| {
                        let state = g.state.map_or("federal".to_owned(), |s| s.to_string());
                        let place = g.region.as_deref().or(g.district.as_deref());
                        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
                        format!("{} {state}{place}", g.role.name())
                    })
                    .collect();
                let disabled = if account.disabled_at.is_some() {
                    "  disabled"
                } else {
                    ""
                };
                println!(
                    "{}  {}  {}{disabled}",
                    account.email,
                    account.name,
                    roles.join(", ")
                );
            }
        }
    }
    Ok(())
}

/// A password from a file, or a new one. The flag says whether it was made.
fn password(file: Option<&Path>) -> Result<(String, bool)> {
    let Some(path) = file else {
        return Ok((new_password(), true));
    };
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    }
    Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false))
}

/// The stored form of a password, which must be good enough for this account.
pub(crate) fn hash(password: &str, email: &str) -> Result<String> {
    portal::password::check(password, email)?;
    let mut salt = [0u8; 16];
    crate::serve::random()(&mut salt);
    Ok(portal::password::hash(password, &salt)?)
}

/// A new password.
pub(crate) fn new_password() -> String {
    portal::password::made(&*crate::serve::random())
}

fn tell(email: &str, password: &str, made: bool) {
    if made {
        println!("{email} signs in with the password {password}");
        println!("It is shown only this once.");
    }
}
