//! Who runs a command on the hub's own machine, for the record of what it reads.

use chrono::{DateTime, Utc};
use store::{Access, Actor, Channel, Purpose};

/// The right of whoever runs this command to read for the program's sake.
pub(crate) fn access(at: DateTime<Utc>) -> Access {
    Access {
        actor: Actor::Operator { user: user() },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Export,
        at,
    }
}

/// The name of the user in the machine's system, or its number; behind `sudo`, of who called it.
fn user() -> String {
    if let Ok(user) = std::env::var("SUDO_USER") {
        return user;
    }
    let id = nix::unistd::Uid::current();
    match nix::unistd::User::from_uid(id) {
        Ok(Some(user)) => user.name,
        _ => id.to_string(),
    }
}
