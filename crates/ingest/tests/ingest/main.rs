//! What ingest promises, on a real PostgreSQL.

mod batches;
mod hub;
mod order;
