//! The XSD of the native XML.
