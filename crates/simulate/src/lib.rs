//! A small made-up nation: families with children who follow the harvests, and the exports of the states that have
//! them, each with its own clerks' errors, and with the truth beside them.
//!
//! Nothing is kept: a family is made again from the seed whenever it is asked for, so a nation of a million students
//! needs no more memory than one of ten. The same [`Config`] gives the same bytes on every machine.
//!
//! How often each error happens is in [`rates`], with how that was found out.

mod clerk;
mod facility;
mod family;
mod health;
mod names;
mod nation;
pub mod people;
mod places;
mod random;
pub mod rates;
mod record;
mod school;
mod slips;
mod stays;
#[cfg(test)]
mod tests;
pub mod write;

pub use nation::{Config, Nation, Night, Person, SimulateError, StateMove, Truth};
pub use rates::ErrorKind;
