//! The vocabulary of the exchange: data elements, code sets, validated values, the student and its parts,
//! and the rules that hold between them.
//!
//! Nothing here does I/O, reads a clock or knows SQL, HTTP or a file format. Constructors validate: a value that
//! exists is a valid one. What could not be held becomes a [`Finding`], never a silent change.

pub mod code;
pub mod codesets;
pub mod completeness;
pub mod decimal;
pub mod element;
pub mod eligibility;
pub mod finding;
pub mod id;
pub mod part;
pub mod parts;
pub mod place;
pub mod rules;
pub mod student;
pub mod text;
pub mod time;
pub mod vaccine;
pub mod value;
pub mod working_days;

pub use code::CodeSet;
pub use codesets::CODE_SETS_VERSION;
pub use codesets::aliases::{AliasError, Aliases};
pub use decimal::{Credits, Decimal, Hours, Units};
pub use element::{ELEMENTS, Element};
pub use eligibility::EligibilityRules;
pub use finding::{Cause, Causes, Explained, Finding, FindingCode, Group, Received, Rule, Severity};
pub use id::{PersonId, StateStudentId, StudentId};
pub use part::{Draft, Field, Kind, Part, PartKind, RawCodes, Sink};
pub use parts::*;
pub use place::{AddressState, Country, Province, StateCode};
pub use student::{Action, RULES_VERSION, Student, Submission, row_hash};
pub use text::Text;
pub use time::{Date, Month, Year};
pub use vaccine::Cvx;
pub use value::{Value, ValueContext, ValueError};
pub use working_days::WorkCalendar;
