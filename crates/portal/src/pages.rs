//! The pages, one module each: what is asked, what is read, what is shown.

pub(crate) mod batch_tables;
pub(crate) mod batches;
pub(crate) mod check;
pub(crate) mod comparison;
pub(crate) mod deadlines;
pub(crate) mod disagreements;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod merge;
pub(crate) mod near_match;
pub(crate) mod near_matches;
pub(crate) mod new_children;
pub(crate) mod notice_new;
pub(crate) mod notices;
pub(crate) mod papers;
pub(crate) mod person;
pub(crate) mod plans;
pub(crate) mod questions;
pub(crate) mod reconciliations;
pub(crate) mod reports;
pub(crate) mod requests;
pub(crate) mod requirements;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod students;
