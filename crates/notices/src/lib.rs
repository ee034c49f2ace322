//! Moves between states: noticed in what the states report or sent by hand, listed and acknowledged.
//!
//! What the hub notices follows from a person's history alone: the same students raise the same notices whatever the
//! order in which batches brought them, each move once.

pub mod acceptances;
pub mod chronology;
pub mod corrections;
pub mod data_requests;
pub mod deadline;
pub mod detect;
pub mod documents;
pub mod driver;
pub mod duty;
pub mod error;
pub mod feed;
pub mod hand_offs;
pub mod keeper;
pub mod life;
pub mod mailbox;
pub mod manual;
pub mod missed;
pub mod referrals;
pub mod reminders;
pub mod report;
pub mod sender;
pub mod state_days;

pub use deadline::{Deadline, Standing};
pub use detect::{Detected, WINDOW_DAYS, detect};
pub use driver::{JOB, handle_changed, run};
pub use duty::{Duty, Limit, Limits};
pub use error::Error;
pub use keeper::Keeper;
pub use life::{Changed, close, open, reopen};
pub use mailbox::{Answer, acknowledge, inbox, read, sent};
pub use manual::{Kind, ManualNotice, send, send_family};
pub use sender::Sender;
pub use state_days::StateDays;
