//! What ingest promises, on a real PostgreSQL.

mod batches;
mod exports;
mod hostile;
mod hub;
mod large;
mod order;
