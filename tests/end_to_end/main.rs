//! The promises of the product, kept by the built program.

mod architecture;
mod client;
mod exchange;
mod faults;
mod kills;
mod stories;
mod tus;
