//! The native XML (`schemas/mariposa-upload-1.xsd`).

pub(crate) mod events;
mod header;
mod levels;
mod reader;
mod simple;

pub(crate) use reader::{check_encoding, read, sniff};
