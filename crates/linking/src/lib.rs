//! Who is who: finds which students of different states are the same child.
//!
//! A pure core, records in and decisions out, without database, clock or file format; and [`driver`], which reads
//! changed students from the store and writes what the core decides.
//!
//! ```text
//! RecordInput ─record─▶ Record ─keys─▶ candidates ─compare─▶ levels ─model─▶ weight ─resolve─▶ persons
//! ```
//!
//! - [`text`], [`names`], [`nicknames`], [`tokens`]: names as lists of small integers;
//! - [`record`]: one student in the form that is compared;
//! - `gather`: many records at once, on all cores;
//! - [`keys`], [`postings`]: blocking, so that only likely pairs are compared;
//! - [`levels`], [`compare`], [`parents`], `glance`: how well each data element agrees, and what rules a pair out first;
//! - [`model`], [`frequency`]: Fellegi–Sunter weights with classes for the same child, twins, siblings and strangers;
//! - [`index`]: all of it held in memory, kept up to date student by student;
//! - [`decisions`], [`cluster`], [`resolve`]: persons and near matches, with what people decided before;
//! - [`calibrate`], [`doubt`]: what people decided makes probabilities true; what cannot be right is not linked;
//! - [`review`]: people decide: merge, split, undo, a second person, the way up to the arbiter;
//! - [`explain`], [`waterfall`], [`story`], [`evaluate`]: why, in words, as a picture and step by step; and how well.

pub mod bulk;
pub mod calibrate;
mod cells;
pub mod cluster;
pub mod compare;
pub mod contact;
pub mod decisions;
pub mod doubt;
pub mod driver;
pub mod evaluate;
pub mod explain;
pub mod frequency;
mod gather;
mod glance;
pub mod index;
pub mod keys;
pub mod learn;
pub mod levels;
pub mod model;
pub mod names;
pub mod nicknames;
pub mod parents;
pub mod postings;
pub mod record;
pub mod resolve;
pub mod review;
mod rivals;
pub mod story;
pub mod text;
pub mod tokens;
pub mod waterfall;
pub mod weigh;

pub use contact::ContactInput;
pub use decisions::{HumanDecision, HumanDecisions, Verdict};
pub use explain::Explanation;
pub use index::{LinkIndex, Pair};
pub use model::Model;
pub use record::{BirthDateEvidence, EnrollmentSpan, PersonNameInput, RecordInput, Sex};
pub use resolve::{Entities, Memberships, Resolution};
