//! A finding with all that belongs to it, in the one form in which programs and spreadsheets get it.

use std::borrow::Cow;

use serde::Serialize;

use super::{Finding, FindingCode, Severity};
use crate::part::PartKind;

/// A finding with what its code and its data element add: what an answer to a state shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code, such as `V102`.
    pub code: FindingCode,
    /// The file in an upload of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// State student id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_student_id: Option<&'a str>,
    /// The part of the student.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<PartKind>,
    /// Number of the data element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<&'a str>,
    /// Name of the data element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element_name: Option<&'static str>,
    /// What was received, at most 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<&'a str>,
    /// What is wrong here, as a sentence.
    pub message: &'a str,
    /// What to do, as a sentence.
    pub fix: &'a str,
    /// What has to hold.
    pub rule: &'static str,
    /// A right value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<&'a str>,
    /// Path of the page that explains the code.
    pub page: String,
}

impl<'a> Explained<'a> {
    /// Heads of the columns of [`Explained::cells`]; the names of the JSON members.
    pub const HEAD: [&'static str; 14] = [
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
        "rule",
        "example",
        "page",
    ];

    pub(super) fn of(finding: &'a Finding) -> Self {
        Self {
            severity: finding.severity(),
            code: finding.code,
            file: finding.file.as_deref(),
            line: finding.line,
            state_student_id: finding.state_student_id.as_deref(),
            part: finding.part,
            element: finding.element.as_deref(),
            element_name: finding.data_element().map(|element| element.name),
            received: finding.received.as_deref(),
            message: &finding.message,
            fix: &finding.fix,
            rule: finding.code.rule(),
            example: finding.example(),
            page: finding.code.page(),
        }
    }

    /// As a row of a table, in the order of [`Explained::HEAD`]. Texts of the sender are as sent: whoever writes a
    /// spreadsheet has to guard against formulas.
    #[must_use]
    pub fn cells(&self) -> [Cow<'_, str>; 14] {
        let text = |text: Option<&'a str>| Cow::Borrowed(text.unwrap_or_default());
        [
            self.severity.name().into(),
            self.code.code().into(),
            text(self.file),
            self.line.map(|line| line.to_string()).unwrap_or_default().into(),
            text(self.state_student_id),
            self.part.map(PartKind::name).unwrap_or_default().into(),
            text(self.element),
            self.element_name.unwrap_or_default().into(),
            text(self.received),
            self.message.into(),
            self.fix.into(),
            self.rule.into(),
            text(self.example),
            self.page.as_str().into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_json_have_the_same_columns() {
        let finding = Finding::new(FindingCode::Invalid, "BirthDate is not a date.")
            .in_file("a.txt")
            .at_line(7)
            .of_student("1")
            .of_part(PartKind::Student)
            .of_element("9")
            .received("31/02/2014");
        let explained = finding.explained();
        let json = serde_json::to_value(&explained).unwrap();
        let members: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), Explained::HEAD.len());
        for (head, cell) in Explained::HEAD.iter().zip(explained.cells()) {
            let member = &json[head];
            let text = member.as_str().map_or_else(|| member.to_string(), str::to_owned);
            assert_eq!(text, cell, "{head}");
        }
        assert_eq!(json["element_name"], "Birth Date");
        assert_eq!(json["example"], "2014-05-31");
        assert_eq!(json["page"], "/docs/findings/V102");
        let own = finding.clone().with_example("05/31/2014");
        assert_eq!(
            own.example(),
            Some("05/31/2014"),
            "the sender's own form comes first"
        );
    }
}
