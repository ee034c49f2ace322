//! The native XML (`schemas/mariposa-upload-1.xsd`).

mod events;
mod header;
mod levels;
mod reader;
mod simple;

pub(crate) use reader::{read, sniff};
