//! The consolidated record of a person: what several states say of one child, brought together without losing who
//! said what. Pure: a [`store::persons::PersonRecord`] and the day go in, a [`ConsolidatedRecord`] comes out.
//!
//! Two rules run through all of it. Only *counted* students (the live ones) give resolved values and counts; the
//! others stay visible, marked. And the same fact reported twice counts once, but only the same fact.

pub mod alerts;
pub mod assessments;
pub mod composite;
pub mod contacts;
pub mod contradicted;
pub mod counts;
pub mod courses;
pub mod disagreement;
pub mod eligibility;
pub mod enrollments;
pub mod facility;
pub mod graduation;
pub mod hand_offs;
pub mod history;
pub mod immunizations;
pub mod missing;
pub mod own_list;
pub mod plan;
pub mod qa;
pub mod reconciliation;
pub mod record;
pub mod report;
pub mod requirements;
pub mod roster;
pub mod schooling;
pub mod snapshot;
pub mod source;
pub mod statements;
pub mod sweep;
pub mod timeline;
pub mod words;

pub use history::{StudentHistory, history};
pub use record::{ConsolidatedRecord, consolidate};
pub use words::{Coded, ElementValue};
