//! The portal on a real database: sessions, rights, pages and what they write down.

mod admin;
mod browser;
mod contacts;
mod departures;
mod documents;
mod help;
mod papers;
mod pictures;
mod program;
mod records;
mod referrals;
mod reports;
mod requests;
mod rights;
mod same;
mod sessions;
mod students;
mod support;
mod webhook;
mod who_is_who;
mod work;
mod worklist;
