//! Findings and their causes as CSV and XLSX.

use std::io::Cursor;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use diesel::PgConnection;
use futures_util::stream;
use mde::{Cause, Causes, Finding, Group, Received, Severity};
use spreadsheet::{Cell, Column, CsvTable, Form, Workbook};
use store::batches;

use super::CHUNK;
use crate::db::Db;
use crate::problem::Problem;

/// The columns of findings; the names of the JSON members.
const FINDINGS: [Column; 14] = [
    Column::new("severity", 9),
    Column::new("code", 7),
    Column::new("file", 20),
    Column::new("line", 9),
    Column::new("state_student_id", 18),
    Column::new("part", 18),
    Column::new("element", 9),
    Column::new("element_name", 26),
    Column::new("received", 24),
    Column::new("message", 60),
    Column::new("fix", 60),
    Column::new("rule", 50),
    Column::new("example", 24),
    Column::new("page", 22),
];

/// The columns of causes.
const CAUSES: [Column; 14] = [
    Column::new("severity", 9),
    Column::new("code", 7),
    Column::new("part", 18),
    Column::new("element", 9),
    Column::new("element_name", 26),
    Column::new("received", 24),
    Column::new("count", 9),
    Column::new("rule", 50),
    Column::new("fix", 60),
    Column::new("example", 24),
    Column::new("first_file", 20),
    Column::new("first_line", 9),
    Column::new("first_state_student_id", 18),
    Column::new("page", 22),
];

/// What a table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Findings in the order of the file, of one severity or of both.
    Findings(Option<Severity>),
    /// Causes, errors and the most frequent first.
    Causes,
}

/// The answer with a table of a batch, which is the state's own: the caller has looked.
pub async fn table(db: &Db, batch_id: i64, listed: Listed, form: Form) -> Result<HttpResponse, Problem> {
    let what = match listed {
        Listed::Findings(_) => "findings",
        Listed::Causes => "causes",
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, super::content_type(form)))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{what}-{batch_id}.{}\"", form.extension()),
        ));
    Ok(match (form, listed) {
        (Form::Csv, Listed::Findings(severity)) => response.streaming(csv(db.clone(), batch_id, severity)),
        (Form::Csv, Listed::Causes) => {
            let causes = db
                .run(move |connection| super::causes(connection, batch_id))
                .await?;
            response.body(causes_csv(&causes).map_err(Problem::internal)?)
        }
        (Form::Xlsx, _) => {
            let book = db
                .run(move |connection| workbook(connection, batch_id, listed))
                .await?;
            response.body(book)
        }
    })
}

/// All findings as CSV, read and sent a thousand at a time.
fn csv(
    db: Db,
    batch_id: i64,
    severity: Option<Severity>,
) -> impl futures_util::Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(Some(-1), move |after| {
        let db = db.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let found = db
                .run(move |connection| batches::findings(connection, batch_id, severity, after, CHUNK))
                .await?;
            let last = found.last().map(|(ordinal, _)| *ordinal);
            let next = last.filter(|_| found.len() as i64 == CHUNK);
            let text = findings_csv(after < 0, &found).map_err(Problem::internal)?;
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

fn findings_csv(with_header: bool, found: &[(i32, Finding)]) -> spreadsheet::Result<Vec<u8>> {
    let mut table = if with_header {
        CsvTable::new(Vec::new(), &FINDINGS)?
    } else {
        CsvTable::continued(Vec::new())
    };
    for (_, finding) in found {
        table.row(&finding_row(finding))?;
    }
    table.finish()
}

fn causes_csv(causes: &Causes) -> spreadsheet::Result<Vec<u8>> {
    let mut table = CsvTable::new(Vec::new(), &CAUSES)?;
    for (cause, group) in causes.ranked() {
        table.row(&cause_row(cause, group))?;
    }
    table.finish()
}

/// A workbook with the causes, and with the findings on a sheet of their own.
fn workbook(connection: &mut PgConnection, batch_id: i64, listed: Listed) -> Result<Vec<u8>, Problem> {
    let written = |result: spreadsheet::Result<()>| result.map_err(Problem::internal);
    let mut book = Workbook::new();
    let causes = super::causes(connection, batch_id)?;
    written(book.sheet("Causes", &CAUSES))?;
    for (cause, group) in causes.ranked() {
        written(book.row(&cause_row(cause, group)))?;
    }
    if let Listed::Findings(severity) = listed {
        written(book.sheet("Findings", &FINDINGS))?;
        let mut after = Some(-1);
        while let Some(from) = after {
            let found = batches::findings(connection, batch_id, severity, from, CHUNK)?;
            for (_, finding) in &found {
                written(book.row(&finding_row(finding)))?;
            }
            after = found.last().map(|(ordinal, _)| *ordinal);
        }
    }
    let mut out = Cursor::new(Vec::new());
    written(book.finish(&mut out))?;
    Ok(out.into_inner())
}

fn line(line: Option<u64>) -> Cell<'static> {
    line.and_then(|line| i64::try_from(line).ok()).into()
}

fn finding_row(finding: &Finding) -> [Cell<'_>; 14] {
    let it = finding.explained();
    [
        it.severity.name().into(),
        it.code.code().into(),
        it.file.into(),
        line(it.line),
        it.state_student_id.into(),
        it.part.map(mde::PartKind::name).into(),
        it.element.into(),
        it.element_name.into(),
        it.received.into(),
        it.message.into(),
        it.fix.into(),
        it.rule.into(),
        it.example.into(),
        it.page.into(),
    ]
}

fn cause_row<'a>(cause: &'a Cause, group: &'a Group) -> [Cell<'a>; 14] {
    let first = group.first.first();
    let element = cause.element();
    [
        cause.severity().name().into(),
        cause.code().code().into(),
        cause.part().map(mde::PartKind::name).into(),
        element.map(|(number, _)| number).into(),
        element.map(|(_, name)| name).into(),
        received(cause.received()).into(),
        i64::try_from(group.count).unwrap_or(i64::MAX).into(),
        cause.code().rule().into(),
        cause.code().fix().into(),
        first.and_then(Finding::example).into(),
        first.and_then(|finding| finding.file.as_deref()).into(),
        line(first.and_then(|finding| finding.line)),
        first
            .and_then(|finding| finding.state_student_id.as_deref())
            .into(),
        cause.code().page().into(),
    ]
}

/// What the values of a cause have in common, in words; empty where there is none.
#[must_use]
pub fn received(received: &Received) -> String {
    match received {
        Received::Nothing => String::new(),
        Received::Value(value) => value.to_string(),
        Received::Pattern(pattern) => format!("values like {pattern}"),
        Received::Others => "other values".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use mde::FindingCode;

    use super::*;

    fn hostile() -> Finding {
        Finding::new(FindingCode::UnknownCode, "=HYPERLINK(\"x\")")
            .of_student("@SUM(A1)")
            .of_element("20")
            .at_line(7)
            .received("-1+1")
    }

    #[test]
    fn the_columns_are_those_of_every_answer() {
        assert_eq!(FINDINGS.map(|column| column.title), mde::Explained::HEAD);
        let finding = hostile();
        let texts = finding.explained();
        for (cell, text) in finding_row(&finding).iter().zip(texts.cells()) {
            match cell {
                Cell::Empty => assert_eq!(text, ""),
                Cell::Number(number) => assert_eq!(text, number.to_string()),
                Cell::Text(cell) | Cell::Marked(cell) => assert_eq!(cell, &text),
            }
        }
    }

    #[test]
    fn a_spreadsheet_runs_nothing_of_it() {
        let text = String::from_utf8(findings_csv(false, &[(0, hostile())]).expect("rows")).expect("text");
        for field in ["'@SUM(A1)", "'-1+1", "\"'=HYPERLINK(\"\"x\"\")\""] {
            assert!(text.contains(&format!(",{field},")), "{field}: {text}");
        }
        let mut causes = Causes::keeping(1);
        causes.add(hostile());
        let text = String::from_utf8(causes_csv(&causes).expect("rows")).expect("text");
        assert!(
            text.contains(",'-1+1,1,") && text.contains(",'@SUM(A1),"),
            "{text}"
        );
    }
}
