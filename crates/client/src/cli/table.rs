//! Findings as a table to sort and filter: CSV, or a workbook with a sheet of causes and one of findings.

use std::io::{Read as _, Seek as _, Write};

use mde::{Causes, Explained, Finding, Received};
use spreadsheet::{Cell, Column, CsvTable, Form, Workbook};

/// Columns of a sheet of causes.
const CAUSES: [Column; 9] = [
    Column::new("severity", 10),
    Column::new("code", 8),
    Column::new("part", 14),
    Column::new("element", 9),
    Column::new("element_name", 28),
    Column::new("received", 20),
    Column::new("count", 9),
    Column::new("fix", 60),
    Column::new("example", 20),
];

/// A table of findings in the making. Rows go to the output, or to a file beside, as they come.
pub(super) enum Table<W: Write> {
    Csv(Box<CsvTable<W>>),
    Xlsx(Box<Workbook>, W),
}

impl<W: Write> Table<W> {
    /// A table with its heads.
    pub(super) fn new(form: Form, out: W) -> spreadsheet::Result<Self> {
        let columns = Explained::HEAD.map(|head| Column::new(head, width(head)));
        Ok(match form {
            Form::Csv => Self::Csv(Box::new(CsvTable::new(out, &columns)?)),
            Form::Xlsx => {
                let mut workbook = Workbook::new();
                workbook.sheet("Findings", &columns)?;
                Self::Xlsx(Box::new(workbook), out)
            }
        })
    }

    /// Adds a finding of an upload. All of it is shown: whoever calls leaves out what may not be.
    pub(super) fn add(&mut self, finding: &Finding, upload: &str) -> spreadsheet::Result<()> {
        let mut explained = finding.explained();
        explained.file = explained.file.or(Some(upload));
        let cells = explained.cells();
        let mut row: Vec<Cell<'_>> = cells.iter().map(|cell| Cell::from(cell.as_ref())).collect();
        if let Some(line) = explained.line {
            row[3] = Cell::Number(line.cast_signed());
        }
        match self {
            Self::Csv(table) => table.row(&row),
            Self::Xlsx(workbook, _) => workbook.row(&row),
        }
    }

    /// Writes what is left; the causes are a sheet of their own where there are sheets.
    pub(super) fn finish(self, causes: &Causes) -> spreadsheet::Result<()> {
        match self {
            Self::Csv(table) => table.finish()?.flush()?,
            Self::Xlsx(mut workbook, mut out) => {
                workbook.sheet("Causes", &CAUSES)?;
                for (cause, group) in causes.ranked() {
                    let received = match cause.received() {
                        Received::Nothing => String::new(),
                        Received::Value(value) => value.to_string(),
                        Received::Pattern(pattern) => format!("written as {pattern}"),
                        Received::Others => "other values".to_owned(),
                    };
                    let (number, name) = cause.element().unwrap_or_default();
                    let example = group.first.first().and_then(Finding::example);
                    workbook.row(&[
                        cause.severity().name().into(),
                        cause.code().code().into(),
                        cause.part().map(mde::PartKind::name).unwrap_or_default().into(),
                        number.into(),
                        name.into(),
                        received.into(),
                        group.count.cast_signed().into(),
                        cause.code().fix().into(),
                        example.unwrap_or_default().into(),
                    ])?;
                }
                // A workbook is written back and forth, which a pipe does not permit.
                let mut whole = tempfile::tempfile()?;
                workbook.finish(&mut whole)?;
                whole.rewind()?;
                let mut buffer = vec![0; 1 << 16];
                loop {
                    match whole.read(&mut buffer)? {
                        0 => break,
                        count => out.write_all(&buffer[..count])?,
                    }
                }
                out.flush()?;
            }
        }
        Ok(())
    }
}

fn width(head: &str) -> u8 {
    match head {
        "message" | "fix" | "rule" => 50,
        "element_name" | "page" => 28,
        "file" | "state_student_id" | "received" | "example" => 20,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use mde::FindingCode;

    use super::*;

    fn finding() -> Finding {
        Finding::new(FindingCode::Invalid, "=1+1")
            .at_line(7)
            .of_student("@S1")
            .of_element("9")
    }

    fn written(form: Form) -> Vec<u8> {
        let mut out = Vec::new();
        let mut table = Table::new(form, &mut out).expect("a table");
        let mut causes = Causes::keeping(1);
        table.add(&finding(), "night.xml").expect("a row");
        causes.add(finding());
        table.finish(&causes).expect("written");
        out
    }

    #[test]
    fn a_table_names_everything_and_runs_nothing() {
        let text = String::from_utf8(written(Form::Csv)).expect("text");
        let row = text.lines().nth(1).expect("a row");
        assert!(
            row.starts_with("error,V102,night.xml,7,'@S1,,9,Birth Date,,'=1+1,"),
            "{text}"
        );
        assert!(row.ends_with(",/docs/findings/V102"), "{text}");
    }

    #[test]
    fn a_workbook_has_findings_and_causes() {
        let book = written(Form::Xlsx);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("a workbook");
        let mut text = String::new();
        archive
            .by_name("xl/workbook.xml")
            .expect("its list of sheets")
            .read_to_string(&mut text)
            .expect("text");
        assert!(
            text.contains("\"Findings\"") && text.contains("\"Causes\""),
            "{text}"
        );
    }
}
