//! Records on their way out of the hub: as XML, as papers that people print, and as transcripts that other systems
//! read. Everything is made from one [`records::ConsolidatedRecord`], so all forms of it say the same.

pub mod lists;
pub mod papers;
pub mod pdf;
pub mod schema;
pub mod transcript;
pub mod xml;
pub mod xsd;
