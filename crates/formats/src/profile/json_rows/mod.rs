//! The objects of a JSON file as records, in bounded memory and with their lines.

mod scan;
mod value;

use mde::{Finding, FindingCode};

use self::scan::{Frame, Scan};
use super::layout::JsonLayout;
use super::record::{Item, Records, Wanted};
use super::tree::TreeRows;
use crate::options::Limits;
use crate::refusal::Refusal;
use crate::source::Source;
use std::borrow::Cow;

/// A JSON file: an array of objects, objects one after the other, or an object that holds an array of them.
pub(crate) struct JsonRows<'s, 'r> {
    scan: Scan<'s, 'r>,
    rows: TreeRows<'s>,
    limit: usize,
}

impl<'s, 'r> JsonRows<'s, 'r> {
    /// What the profile calls a kind of record is a path of rows within the objects, empty for the objects themselves.
    pub(crate) fn open(
        layout: &'s JsonLayout,
        wanted: &[Wanted<'s>],
        source: &'s mut Source<'r>,
        limits: Limits,
    ) -> Result<Self, Refusal> {
        let limit = usize::try_from(limits.record_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            rows: TreeRows::new(wanted, &layout.descriptors, |record| ("", record))?,
            scan: Scan::new(source, layout.array.as_deref(), limit)?,
            limit,
        })
    }
}

impl Records for JsonRows<'_, '_> {
    fn columns(&self, kind: usize) -> Vec<&str> {
        self.rows.columns(kind)
    }

    fn next(&mut self) -> Result<Option<Item<'_>>, Refusal> {
        while self.rows.is_empty() {
            let (line, code, message) = match self.scan.next()? {
                None => return Ok(None),
                Some(Frame::Object(line, text)) => match value::read(text, line, &mut self.rows.tree) {
                    Ok(()) => {
                        self.rows.take_apart("");
                        continue;
                    }
                    Err(error) if error.is_data() => {
                        let message = format!("{}; the object was left out.", without_place(&error));
                        (line, FindingCode::RowShape, message)
                    }
                    Err(error) => {
                        let problem = without_place(&error);
                        let message = format!("The object is not JSON ({problem}); it was left out.");
                        (line, FindingCode::RowShape, message)
                    }
                },
                Some(Frame::Broken(line, message)) => (line, FindingCode::RowShape, message.to_owned()),
                Some(Frame::TooLong(line)) => {
                    let message = format!("The object is longer than {} bytes.", self.limit);
                    (line, FindingCode::RowTooLong, message)
                }
            };
            return Ok(Some(Item::Broken {
                kind: self.rows.kind_in(""),
                line,
                values: Cow::Borrowed(&[]),
                finding: Box::new(Finding::new(code, message)),
            }));
        }
        Ok(self.rows.next())
    }
}

/// The message of an error without its place, which counts from the object and not from the file.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message)
        .to_owned()
}
