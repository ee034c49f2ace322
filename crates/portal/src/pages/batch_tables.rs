//! The tables of an upload's page: causes, findings, and what is different from the night before.

use api::answer::night::{Night, Pair};
use api::answer::tables::received;
use mde::{Causes, Element, Finding, Severity};

use crate::view::{Cell, Table, Tag};
use crate::words;

fn element(number: &str) -> String {
    match Element::numbered(number) {
        Some(element) => format!("{} {}", element.number, element.name),
        None => number.to_owned(),
    }
}

fn severity_tag(error: bool) -> Tag {
    if error {
        Tag::new("✕ Error", "differ")
    } else {
        Tag::new("! Warning", "wait")
    }
}

/// What one change in the state's system would mend, in one row each.
pub(super) fn causes(causes: &Causes) -> Table {
    let mut table = Table::new(
        "Findings by cause, errors first",
        &[
            "Cause",
            "Severity",
            "Data element",
            "Received",
            "#Findings",
            "First in",
            "What to do",
        ],
        "No findings. Everything in this upload was accepted as it is.",
    );
    for (cause, group) in causes.ranked() {
        let first = group.first.first();
        let place = first.map_or_else(Cell::default, |finding| {
            let line = finding.line.map(|line| format!("line {line}"));
            Cell::new(line.unwrap_or_default()).note(finding.file.as_deref().unwrap_or_default())
        });
        let example = first.and_then(Finding::example);
        table.row(
            "",
            [
                Cell::new(words::sentence(cause.code().title()))
                    .link(cause.code().page())
                    .note(cause.code().code()),
                Cell::default().tag(severity_tag(cause.severity() == Severity::Error)),
                cause
                    .element()
                    .map_or_else(String::new, |(number, name)| format!("{number} {name}"))
                    .into(),
                received(cause.received()).into(),
                words::count(i64::try_from(group.count).unwrap_or(i64::MAX)).into(),
                place,
                Cell::new(cause.code().fix())
                    .note(example.map_or_else(String::new, |right| format!("A right value: {right}"))),
            ],
        );
    }
    table
}

/// What is different from the night before.
pub(super) fn night(night: &Night) -> Table {
    let mut table = Table::new(
        format!("This upload beside no. {}", night.batch_id),
        &["What", "#Night before", "#This upload", "Difference"],
        "Nothing is different.",
    )
    .under_heading();
    for (what, pair) in [
        ("Students in the file", night.students),
        ("Students new or changed", night.changed),
        ("Students refused", night.refused),
        ("Students no longer reported", night.not_reported),
        ("Rows in the file", night.rows),
    ] {
        table.row("", row(what.into(), pair, String::new()));
    }
    for finding in &night.findings {
        let what = Cell::new(words::sentence(finding.code.title()))
            .link(finding.code.page())
            .note(
                format!("{} {} {}", finding.code, finding.element, finding.element_name)
                    .trim()
                    .to_owned(),
            );
        table.row("", row(what, finding.count, words::sentence(finding.trend)));
    }
    table
}

fn row(what: Cell, pair: Pair, trend: String) -> [Cell; 4] {
    let more = pair.more();
    let sign = if more > 0 { "+" } else { "" };
    let difference = if more == 0 {
        "the same".to_owned()
    } else {
        format!("{sign}{}", words::count(more))
    };
    [
        what,
        words::count(pair.before).into(),
        words::count(pair.now).into(),
        Cell::new(difference).note(trend),
    ]
}

/// Findings one by one.
pub(super) fn findings(findings: &[(i32, Finding)]) -> Table {
    let mut table = Table::new(
        "Findings in the order of the file",
        &[
            "Student",
            "Severity",
            "#Line",
            "Data element",
            "Received",
            "What is wrong",
            "What to do",
        ],
        "No findings.",
    );
    for (_, finding) in findings {
        let text = |text: &Option<_>| text.as_ref().map_or_else(String::new, ToString::to_string);
        let place = finding.line.map_or_else(String::new, |line| line.to_string());
        let file = finding.file.as_deref().unwrap_or("");
        table.row(
            "",
            [
                Cell::new(finding.state_student_id.as_deref().unwrap_or("(whole file)")),
                Cell::new(finding.code.code())
                    .link(finding.code.page())
                    .tag(severity_tag(finding.severity() == Severity::Error)),
                Cell::new(place).note(file),
                finding
                    .element
                    .as_deref()
                    .map_or_else(String::new, element)
                    .into(),
                text(&finding.received).into(),
                words::sentence(&finding.message).into(),
                finding.fix.as_str().into(),
            ],
        );
    }
    table
}
