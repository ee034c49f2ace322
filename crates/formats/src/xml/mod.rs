//! The native XML (`schemas/mariposa-upload-1.xsd`).

mod events;
mod levels;
mod reader;

pub(crate) use reader::{read, sniff};
