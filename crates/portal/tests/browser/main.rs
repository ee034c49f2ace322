//! The portal as people meet it: headless Chromium, driven through Debian's ChromeDriver, on the portal on loopback and
//! a real PostgreSQL.
//!
//! One table ([`pages`]) names every page in every state; each gate goes through all of it. Without Chromium and its
//! driver the tests say so and pass; `deploy/setup test` installs both.

mod aria;
mod audit;
mod driver;
mod fixture;
mod hands;
mod look;
mod naughty;
mod pages;
mod site;
#[path = "../portal/support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests without a browser")]
mod support;
mod timeout;
