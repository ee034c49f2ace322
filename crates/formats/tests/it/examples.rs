//! The examples of the documentation of findings are true: the wrong row has the finding, the right one does not.

use std::io::Write;

use crate::kept::Kept;
use formats::Options;
use mde::{FindingCode, PartKind};

/// Kinds whose example is no native XML: rows of tables, and what only the hub knows.
const NOT_XML: [FindingCode; 7] = [
    FindingCode::RowShape,
    FindingCode::NotText,
    FindingCode::RowTooLong,
    FindingCode::NoStudent,
    FindingCode::NoFacility,
    FindingCode::BrokenReference,
    FindingCode::RowsDiffer,
];

/// An upload around an example: the example's own students or facilities, or a student with the example's lines.
fn upload(example: &str) -> String {
    let header = "<Header><SubmittingState>KY</SubmittingState><AsOf>2026-04-01T02:00:00Z</AsOf><Kind>full</Kind></Header>";
    let body = if example.starts_with("<Facility>") {
        format!("{header}<Facilities>{example}</Facilities><Students></Students>")
    } else if example.starts_with("<Student ") {
        format!("{header}<Students>{example}</Students>")
    } else if example.starts_with("<TotalStudents>") {
        let (total, _) = example.split_once(" in the").unwrap_or((example, ""));
        let header = header.replace("</Header>", &format!("{total}</Header>"));
        format!(
            "{header}<Students>{}</Students>",
            student("<MiddleName>Elena</MiddleName>")
        )
    } else {
        format!("{header}<Students>{}</Students>", student(example))
    };
    format!("<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">{body}</MariposaUpload>")
}

/// A student with these lines, and with what goes without saying before them.
fn student(lines: &str) -> String {
    let mut identity = String::new();
    for (name, value) in [
        ("StateStudentIdentificationNumber", "1001"),
        ("LastName1", "García"),
        ("FirstName", "María"),
    ] {
        if !lines.contains(&format!("<{name}>")) {
            identity += &format!("<{name}>{value}</{name}>");
        }
    }
    format!("<Student action=\"update\">{identity}{lines}</Student>")
}

fn codes(example: &str) -> Vec<FindingCode> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(upload(example).as_bytes()).unwrap();
    let mut kept = Kept::default();
    formats::read(file.path(), &Options::default(), &mut kept).unwrap_or_else(|e| panic!("{e}: {example}"));
    for finding in &kept.findings {
        let of_child = !matches!(finding.part, None | Some(PartKind::Student));
        assert!(!of_child || finding.line.is_some(), "{finding:?} has no line");
    }
    kept.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn wrong_examples_have_the_finding_and_right_ones_do_not() {
    for kind in FindingCode::ALL.iter().filter(|kind| !NOT_XML.contains(kind)) {
        let rule = kind.explained();
        let wrong = codes(rule.wrong);
        assert!(wrong.contains(kind), "{kind}: the wrong example has {wrong:?}");
        let right = codes(rule.right);
        // Most examples are children without a birth date, which is a finding of its own.
        let others: Vec<_> = right
            .iter()
            .filter(|code| **code != FindingCode::NoBirthDate)
            .collect();
        assert!(others.is_empty(), "{kind}: the right example has {others:?}");
        assert!(!right.contains(kind), "{kind}: the right example has it as well");
    }
}
