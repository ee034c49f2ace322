//! What happened, told outside at once: to states' webhooks by Standard Webhooks 1.0.0
//! (<https://www.standardwebhooks.com>), at least once, from the outbox that `store::deliveries` keeps.
//!
//! People who want it get an e-mail, at once or once a day.
//!
//! A delivery says that something happened and where to read it; nothing of a child leaves the hub by it. Deliveries to
//! one state wait for nobody else's: each has its own turn, its own pauses and its own places.

pub mod address;
pub mod error;
pub mod event;
pub mod keys;
mod letter;
pub mod mail;
pub mod post;
pub mod schedule;
pub mod sender;
mod tls;

pub use error::Error;
pub use mail::Mailer;
pub use schedule::{Breaker, Schedule};
pub use sender::{Outside, Sender, Settings};
