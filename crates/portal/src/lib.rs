//! Pages for people: sign in, find a child, see its record, judge near matches, answer notices, see uploads.
//!
//! Server-rendered HTML that works without scripts. A page knows no SQL: it asks `store`, `records`, `linking` and
//! `ingest`, and every page that shows a child writes the disclosure first.
//!
//! - [`state`]: what every page needs; [`configure`] adds the pages to a server;
//! - [`user`]: who is signed in and may do what; every handler names the right it needs by its type;
//! - `pages`: the pages; `view`, `field`, `parts`: what they are made of;
//! - [`password`]: how passwords are judged and kept.

mod assets;
mod evidence;
mod failure;
mod field;
mod figure;
mod help;
mod multipart;
mod pages;
mod parts;
pub mod password;
mod reach;
mod routes;
mod session;
mod sources;
pub mod state;
mod tallies;
mod timeline;
mod training;
pub mod user;
mod view;
mod words;

pub use api::Random;
pub use routes::{ROUTES, configure, server};
pub use state::Portal;
