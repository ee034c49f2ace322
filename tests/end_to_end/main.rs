//! The promises of the product, kept by the built program.

mod architecture;
mod client;
mod exchange;
mod faults;
mod kills;
mod linker;
mod mail;
mod stories;
mod tus;
mod webhooks;
