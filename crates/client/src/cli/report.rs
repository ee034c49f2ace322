//! Findings and counts in words and tables. How much of a child is shown is always said ([`Detail`]).

use std::fmt::Write as _;

use mde::Finding;
use serde_json::{Value, json};

use crate::batch::BatchView;
use crate::check::{Causes, Checked};

/// How much is told of a single finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Where it is: line and the state's own number. For the logs of a scheduler.
    Places,
    /// Also the sentence, which may name a date of the child.
    Messages,
    /// Also the value received.
    Values,
}

/// Findings by cause: a heading for each, what to do, and where the first ones are.
pub(super) fn causes(causes: &Causes, upload: &str, detail: Detail) -> String {
    let mut text = String::new();
    for (cause, group) in causes.iter() {
        let code = cause.code();
        let subject = match (cause.element(), cause.part()) {
            (Some((number, name)), _) => format!(", element {number} {name}"),
            (None, Some(part)) => format!(", {}", part.to_string().replace('_', " ")),
            (None, None) => String::new(),
        };
        let times = if group.count == 1 {
            "once".to_owned()
        } else {
            format!("{} times", group.count)
        };
        let _ = writeln!(
            text,
            "  {} {code}: {}{subject} ({times})",
            code.severity(),
            code.title()
        );
        let _ = writeln!(text, "    {}", code.fix());
        for finding in &group.first {
            let _ = write!(text, "    {}", place(finding, upload));
            let said = [
                Some(finding.message.as_str()).filter(|_| detail != Detail::Places),
                Some(finding.fix.as_str()).filter(|fix| *fix != code.fix()),
            ];
            let said: Vec<&str> = said.into_iter().flatten().collect();
            if !said.is_empty() {
                let _ = write!(text, ": {}", said.join(" "));
            }
            if let Some(received) = finding.received.as_ref().filter(|_| detail == Detail::Values) {
                let _ = write!(text, " Received: {received:?}");
            }
            text.push('\n');
        }
        let more = group.count - group.first.len() as u64;
        if more > 0 {
            let _ = writeln!(text, "    … and {more} more");
        }
    }
    text
}

fn place(finding: &Finding, upload: &str) -> String {
    let mut place = finding.file.as_deref().unwrap_or(upload).to_owned();
    if let Some(line) = finding.line {
        let _ = write!(place, " line {line}");
    }
    if let Some(id) = &finding.state_student_id {
        let _ = write!(place, ", student {id}");
    }
    place
}

/// What a check counted, in one sentence.
pub(super) fn counts(checked: &Checked) -> String {
    let rows = &checked.summary.rows;
    let mut text = format!(
        "{} rows read: {} kept, {} refused, {} ignored; {} students, {} facilities; {} errors, {} warnings",
        rows.read,
        rows.kept,
        rows.refused,
        checked.ignored(),
        rows.students,
        rows.facilities,
        checked.errors,
        checked.warnings
    );
    for (reason, count) in &rows.ignored_rows {
        let _ = write!(text, "\n  {count} rows ignored: {reason}");
    }
    for (reason, count) in &rows.ignored_values {
        let _ = write!(text, "\n  {count} values ignored: {reason}");
    }
    text
}

/// What a check counted, for programs.
pub(super) fn counts_json(checked: &Checked) -> Value {
    let header = &checked.summary.header;
    json!({
        "state": header.state,
        "as_of": header.as_of,
        "kind": header.kind,
        "profile": header.profile,
        "rows": checked.summary.rows,
        "errors": checked.errors,
        "warnings": checked.warnings,
    })
}

/// What became of a batch.
pub(super) fn batch(batch: &BatchView) -> String {
    let mut text = format!("batch {}: {}", batch.batch_id, batch.status);
    if let Some(problem) = batch.problem.as_ref().filter(|_| batch.status != "loaded") {
        let place = [
            problem.file.clone(),
            problem.line.map(|line| format!("line {line}")),
        ];
        let place: Vec<String> = place.into_iter().flatten().collect();
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("{}: ", place.join(" "))
        };
        let said = [problem.message.as_deref(), problem.fix.as_deref()];
        let said: Vec<&str> = said.into_iter().flatten().collect();
        let _ = write!(text, "\n  {place}{}", said.join(" "));
    }
    let (rows, students) = (batch.rows, batch.students);
    let _ = write!(
        text,
        "\n  rows: {} read, {} refused, {} ignored\n  students: {} read, {} new, {} changed, {} unchanged, {} older \
         than known, {} deleted, {} refused, {} no longer reported\n  findings: {} errors, {} warnings",
        rows.read,
        rows.refused,
        rows.ignored,
        students.read,
        students.inserted,
        students.updated,
        students.unchanged,
        students.late,
        students.deleted,
        students.refused,
        students.not_reported,
        batch.findings.errors,
        batch.findings.warnings
    );
    text
}

/// A finding for programs.
pub(super) fn finding_json(finding: &Finding, detail: Detail) -> Value {
    let mut object = json!(finding);
    object["severity"] = json!(finding.severity());
    object["element_name"] = json!(element_name(finding));
    if detail == Detail::Places {
        object["message"] = json!(finding.code.title());
    }
    if detail != Detail::Values
        && let Some(members) = object.as_object_mut()
    {
        members.remove("received");
    }
    object
}

/// Heads of the columns of [`csv_row`].
pub(super) const CSV_HEAD: [&str; 11] = [
    "severity",
    "code",
    "file",
    "line",
    "state_student_id",
    "part",
    "element",
    "element_name",
    "received",
    "message",
    "fix",
];

/// A finding as a row of a table. The value received is empty unless asked for.
pub(super) fn csv_row(finding: &Finding, upload: &str, detail: Detail) -> [String; 11] {
    let received = finding.received.as_deref().filter(|_| detail == Detail::Values);
    [
        finding.severity().to_string(),
        finding.code.to_string(),
        plain(finding.file.as_deref().unwrap_or(upload)),
        finding.line.map(|line| line.to_string()).unwrap_or_default(),
        plain(finding.state_student_id.as_deref().unwrap_or_default()),
        finding.part.map(|part| part.to_string()).unwrap_or_default(),
        finding.element.as_deref().unwrap_or_default().to_owned(),
        element_name(finding).to_owned(),
        plain(received.unwrap_or_default()),
        plain(&finding.message),
        plain(&finding.fix),
    ]
}

fn element_name(finding: &Finding) -> &'static str {
    finding
        .element
        .as_deref()
        .and_then(mde::Element::numbered)
        .map_or("", |element| element.name)
}

/// What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use mde::FindingCode;

    use super::*;

    fn finding() -> Finding {
        Finding::new(FindingCode::Invalid, "BirthDate is not a date.")
            .at_line(7)
            .of_student("=TX1")
            .of_element("9")
            .received("Nobody")
    }

    #[test]
    fn a_group_says_what_where_and_what_to_do() {
        let mut found = Causes::keeping(1);
        found.add(finding());
        found.add(finding());
        assert_eq!(
            causes(&found, "night.xml", Detail::Messages),
            "  error V102: the value is not valid for its data element, element 9 Birth Date (2 times)\n    Correct \
             the value; it was left out.\n    night.xml line 7, student =TX1: BirthDate is not a date.\n    … and 1 \
             more\n"
        );
    }

    #[test]
    fn values_are_shown_only_when_asked_for() {
        let mut found = Causes::keeping(1);
        found.add(finding());
        for (detail, sentence, value) in [
            (Detail::Places, false, false),
            (Detail::Messages, true, false),
            (Detail::Values, true, true),
        ] {
            let text = causes(&found, "a", detail);
            let object = finding_json(&finding(), detail).to_string();
            assert_eq!(text.contains("not a date"), sentence);
            assert_eq!(object.contains("not a date"), sentence);
            assert_eq!(text.contains("Nobody"), value);
            assert_eq!(object.contains("Nobody"), value);
            assert_eq!(
                csv_row(&finding(), "a", detail).concat().contains("Nobody"),
                value
            );
        }
        assert_eq!(csv_row(&finding(), "a", Detail::Values)[4], "'=TX1");
    }
}
