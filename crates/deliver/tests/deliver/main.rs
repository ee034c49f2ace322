//! Webhooks to real receivers over TLS, from an outbox in PostgreSQL.

mod faults;
mod hub;
mod mail;
mod off_the_shelf;
mod receiver;
mod sent;
