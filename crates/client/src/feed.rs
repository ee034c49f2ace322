//! The feed of changes as a file: JSON lines or CSV, which goes on where it ended.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use spreadsheet::{Cell, Column, CsvTable};

use crate::connection::Connection;
use crate::error::Error;

/// Items of a page.
const PAGE: u32 = 1_000;

/// The columns of the file; the names of the JSON members.
const COLUMNS: [Column; 13] = [
    Column::new("change_id", 12),
    Column::new("kind", 14),
    Column::new("at", 28),
    Column::new("state_student_id", 18),
    Column::new("person_id", 14),
    Column::new("former_person_id", 14),
    Column::new("from_state", 10),
    Column::new("added", 8),
    Column::new("removed", 8),
    Column::new("ends_on", 12),
    Column::new("move_notice_id", 14),
    Column::new("batch_id", 10),
    Column::new("work_item_id", 12),
];

/// How the feed is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object on each line, as the hub sends it.
    Jsonl,
    /// CSV with a line of names; no text is ever a formula.
    Csv,
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Entries that were added.
    pub entries: u64,
    /// Place of the last entry in the file: what to ask for next.
    pub cursor: i64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Value>,
}

/// Reads the feed after `since`, or after the last entry of the file, or from the beginning, and adds it to the file.
/// A page is on the disk before the next one is asked for; a line that was cut by a crash is taken away and read again.
/// `wait`: seconds that the hub may wait for something new when there is nothing.
pub fn feed(
    connection: &Connection,
    out: &Path,
    form: Form,
    since: Option<i64>,
    wait: u64,
) -> Result<Written, Error> {
    let failed = |error| Error::file(out, error);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(out)
        .map_err(failed)?;
    let last = mend(&mut file, form).map_err(failed)?;
    let mut cursor = match (since, last) {
        (Some(since), Some(last)) if since < last => {
            return Err(Error::Usage(format!(
                "{} has entries up to {last}; leave out --since to go on from there, or name a new file",
                out.display()
            )));
        }
        (Some(since), _) => since,
        (None, last) => last.unwrap_or(0),
    };
    let mut entries = 0;
    loop {
        let asked = if entries == 0 { wait } else { 0 };
        let path = format!("/v1/changes?cursor={cursor}&limit={PAGE}&wait={asked}");
        let page: Page = connection.get_json(&path, &[])?;
        let Some(next) = page.items.last().and_then(|item| item["change_id"].as_i64()) else {
            return Ok(Written { entries, cursor });
        };
        let bytes = written(&page.items, form, file.metadata().map_err(failed)?.len() == 0)
            .map_err(|error| failed(std::io::Error::other(error)))?;
        file.write_all(&bytes).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        entries += page.items.len() as u64;
        cursor = next;
    }
}

fn written(items: &[Value], form: Form, empty: bool) -> spreadsheet::Result<Vec<u8>> {
    match form {
        Form::Jsonl => Ok(items
            .iter()
            .flat_map(|item| format!("{item}\n").into_bytes())
            .collect()),
        Form::Csv => {
            let mut table = if empty {
                CsvTable::new(Vec::new(), &COLUMNS)?
            } else {
                CsvTable::continued(Vec::new())
            };
            for item in items {
                let cells: Vec<Cell<'_>> = COLUMNS.iter().map(|column| cell(&item[column.title])).collect();
                table.row(&cells)?;
            }
            table.finish()
        }
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Cell::from(number.to_string()), Cell::from),
        Value::String(text) => Cell::from(text.as_str()),
        _ => Cell::Empty,
    }
}

/// Cuts a last line without its end, stands at the end, and returns the place of the last whole entry.
fn mend(file: &mut File, form: Form) -> std::io::Result<Option<i64>> {
    let mut reader = BufReader::new(&*file);
    let (mut whole, mut last) = (0, None);
    let mut line = String::new();
    loop {
        line.clear();
        let length = reader.read_line(&mut line)?;
        if length == 0 || !line.ends_with('\n') {
            break;
        }
        whole += length as u64;
        let place = match form {
            Form::Jsonl => serde_json::from_str::<Value>(&line)
                .ok()
                .and_then(|item| item["change_id"].as_i64()),
            Form::Csv => line.split(',').next().and_then(|text| text.trim().parse().ok()),
        };
        last = place.or(last);
    }
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    Ok(last)
}
