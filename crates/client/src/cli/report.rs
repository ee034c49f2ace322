//! Findings and counts in words and tables. How much of a child is shown is always said ([`Detail`]).

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use mde::{Cause, Causes, Finding, Group, Received};
use serde_json::{Value, json};

use crate::batch::{BatchView, Receipt};
use crate::check::Checked;

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

impl Detail {
    /// The finding with no more than may be told: whatever shows, writes or groups it afterwards cannot tell more.
    pub(super) fn of(self, mut finding: Finding) -> Finding {
        if self != Self::Values {
            finding.received = None;
        }
        if self == Self::Places {
            finding.code.title().clone_into(&mut finding.message);
        }
        finding
    }
}

/// Findings by cause: a heading for each, what to do, a right value, its page, and where the first ones are.
pub(super) fn causes(causes: &Causes, upload: &str, pages: &str) -> String {
    let mut text = String::new();
    for (cause, group) in causes.ranked() {
        let code = cause.code();
        let _ = writeln!(
            text,
            "  {} {code}: {}{} ({})",
            code.severity(),
            code.title(),
            subject(cause),
            times(group.count)
        );
        let example = group.first.first().and_then(Finding::example);
        let example = example
            .map(|right| format!(" A right value: {right}"))
            .unwrap_or_default();
        let _ = writeln!(text, "    {}{example}", code.fix());
        let _ = writeln!(text, "    {pages}{}", code.page());
        for finding in &group.first {
            let _ = write!(text, "    {}", place(finding, upload));
            let said = [
                Some(finding.message.as_str()).filter(|message| *message != code.title()),
                Some(finding.fix.as_str()).filter(|fix| *fix != code.fix()),
            ];
            let said: Vec<&str> = said.into_iter().flatten().collect();
            if !said.is_empty() {
                let _ = write!(text, ": {}", said.join(" "));
            }
            if let Some(received) = &finding.received {
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

/// What a cause is about, after a comma; empty if about nothing in particular.
fn subject(cause: &Cause) -> String {
    let mut text = match (cause.element(), cause.part()) {
        (Some((number, name)), _) => format!(", element {number} {name}"),
        (None, Some(part)) => format!(", {}", part.to_string().replace('_', " ")),
        (None, None) => String::new(),
    };
    let _ = match cause.received() {
        Received::Value(value) => write!(text, ", {value:?}"),
        Received::Pattern(pattern) => write!(text, ", written as {pattern}"),
        Received::Others => write!(text, ", other values"),
        Received::Nothing => Ok(()),
    };
    text
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
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

/// The receipt of an upload.
pub(super) fn receipt(receipt: &Receipt) -> String {
    let batch = &receipt.batch;
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "receipt: batch {}{}\n  state {}, {} upload as of {}, received {}\n  SHA-256 of the content {}\n  address {}",
        batch.batch_id,
        if receipt.new {
            ""
        } else {
            ", held since an earlier call"
        },
        batch.state,
        batch.kind,
        instant(batch.as_of),
        instant(batch.received_at),
        batch.content_sha256,
        receipt.location
    )
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
pub(super) fn finding_json(finding: &Finding) -> Value {
    json!(finding.explained())
}

/// The findings of one cause for programs.
pub(super) fn cause_json(cause: &Cause, group: &Group) -> Value {
    let code = cause.code();
    json!({
        "code": code,
        "severity": code.severity(),
        "part": cause.part(),
        "element": cause.element().map(|(number, _)| number),
        "element_name": cause.element().map(|(_, name)| name),
        "received": cause.received(),
        "count": group.count,
        "fix": code.fix(),
        "example": group.first.first().and_then(Finding::example),
        "page": code.page(),
    })
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
        found.add(Detail::Messages.of(finding()));
        found.add(Detail::Messages.of(finding()));
        assert_eq!(
            causes(&found, "night.xml", "https://hub"),
            "  error V102: the value is not valid for its data element, element 9 Birth Date (2 times)\n    Correct \
             the value; it was left out. A right value: 2014-05-31\n    https://hub/docs/findings/V102\n    \
             night.xml line 7, student =TX1: BirthDate is not a date.\n    … and 1 more\n"
        );
    }

    #[test]
    fn values_are_shown_only_when_asked_for() {
        for (detail, sentence, value) in [
            (Detail::Places, false, false),
            (Detail::Messages, true, false),
            (Detail::Values, true, true),
        ] {
            let finding = detail.of(finding());
            let object = finding_json(&finding).to_string();
            let mut found = Causes::keeping(1);
            found.add(finding);
            let text = causes(&found, "a", "");
            let (cause, group) = found.iter().next().expect("a cause");
            let cause = cause_json(cause, group).to_string();
            assert_eq!(text.contains("not a date"), sentence);
            assert_eq!(object.contains("not a date"), sentence);
            assert_eq!(text.contains("Nobody"), value);
            assert_eq!(object.contains("Nobody"), value);
            assert!(
                !cause.contains("Nobody"),
                "a cause tells a pattern at most: {cause}"
            );
        }
    }
}
