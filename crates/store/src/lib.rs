//! PostgreSQL: the schema, its rows and their queries, the job queue, the disclosures and the audit log.
//!
//! Everything here is synchronous and takes a connection: who calls decides about threads. Nothing that identifies a
//! child is read without an [`Access`], and the call that reads writes the disclosure in the same transaction.

pub mod acceptances;
pub mod access;
pub mod accounts;
pub mod announcements;
pub mod batches;
pub mod calendars;
pub mod changes;
pub mod completeness;
pub mod contacts;
pub mod copy;
pub mod corrections;
pub mod data_requests;
pub mod db;
pub mod deadlines;
pub mod deliveries;
pub mod disagreements;
pub mod disclosures;
pub mod documents;
mod due;
pub mod facilities;
pub mod families;
pub mod hand_offs;
pub mod jobs;
pub mod json;
pub mod link_holds;
pub mod link_models;
pub mod link_proposals;
pub mod links;
pub mod lists;
pub mod mail;
pub mod new_children;
pub mod notices;
pub mod participants;
pub mod persons;
mod prepared;
pub mod printed;
pub mod program;
pub mod reconciliations;
pub mod referrals;
pub mod requirements;
pub mod roster;
pub mod saved_filters;
#[expect(missing_docs, reason = "the migrations document the columns")]
pub mod schema;
pub mod search;
pub mod sent_keys;
pub mod snapshots;
pub mod students;
pub mod tables;
pub mod uploads;
pub mod usage;
pub mod webhooks;
pub mod work_items;

pub use access::{Access, Actor, Channel, Purpose};
pub use db::{Connection, Error, Pool, Result, connection, migrate, migrations, pool};
