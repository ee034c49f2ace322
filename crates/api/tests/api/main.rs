//! The machine interface over real TLS on a real PostgreSQL.

mod batches;
mod certificates;
mod counts;
mod deadlines;
mod departures;
mod documents;
mod feed;
mod hub;
mod logs;
mod notices;
mod openapi;
mod outage;
mod persons;
mod problems;
mod referrals;
mod reports;
mod requests;
mod requirements;
mod roster;
mod roster_checks;
mod sweep;
mod uploads;
mod webhook;
mod work_items;
