//! What validation says of one element of one record.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::element::Element;
use crate::part::PartKind;

mod cause;
mod code;
mod explained;
pub mod pages;

pub use cause::{Cause, Causes, Group, Received};
pub use code::{FindingCode, Rule};
pub use explained::Explained;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing was rejected.
    Warning,
    /// The smallest thing that it spoils was left out: a value, a row or a student.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One finding, and where it is. A finding goes to the state that sent the record and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// The file in an upload of several; `None` for one file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<CompactString>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// State student id of the record, as far as it was read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state_student_id: Option<CompactString>,
    /// The part of the student.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part: Option<PartKind>,
    /// Number of the data element.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub element: Option<CompactString>,
    /// What was received, at most 40 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub received: Option<CompactString>,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do, as a sentence.
    pub fix: String,
    /// A right value as the sender would write it, where the reader knows the sender's own form; see
    /// [`Finding::example`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub right: Option<CompactString>,
    /// Which row of its part it speaks of, from 0: the reader finds the line by it. Not kept.
    #[serde(skip)]
    pub row: Option<usize>,
}

impl Finding {
    /// A finding of this kind with its usual fix; the place is filled in by the `at_` and `of_` methods.
    #[must_use]
    pub fn new(code: FindingCode, message: impl Into<String>) -> Self {
        Self {
            code,
            file: None,
            line: None,
            state_student_id: None,
            part: None,
            element: None,
            received: None,
            message: message.into(),
            fix: code.fix().to_owned(),
            right: None,
            row: None,
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// With the line, from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// With the file of an upload of several.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        self.file = Some(file.into());
        self
    }

    /// With the student.
    #[must_use]
    pub fn of_student(mut self, id: &str) -> Self {
        self.state_student_id = Some(id.chars().take(40).collect());
        self
    }

    /// With the part.
    #[must_use]
    pub fn of_part(mut self, part: PartKind) -> Self {
        self.part = Some(part);
        self
    }

    /// With the number of the data element.
    #[must_use]
    pub fn of_element(mut self, number: &str) -> Self {
        self.element = Some(number.into());
        self
    }

    /// With a right value as the sender would write it.
    #[must_use]
    pub fn with_example(mut self, right: &str) -> Self {
        self.right = Some(right.chars().take(60).collect());
        self
    }

    /// With the index of the row among those of its part.
    #[must_use]
    pub fn of_row(mut self, index: usize) -> Self {
        self.row = Some(index);
        self
    }

    /// The data element in the dictionary.
    #[must_use]
    pub fn data_element(&self) -> Option<&'static Element> {
        self.element.as_deref().and_then(Element::numbered)
    }

    /// A right value: in the sender's own form where the reader knew it, else in that of the native XML. `None` where
    /// no data element is named.
    #[must_use]
    pub fn example(&self) -> Option<&str> {
        self.right
            .as_deref()
            .or_else(|| self.data_element().map(|element| element.example))
    }

    /// All that a person or program needs to act on it, ready to be written as JSON or as a row of a table.
    #[must_use]
    pub fn explained(&self) -> Explained<'_> {
        Explained::of(self)
    }

    /// With the text received, cut to 40 characters.
    #[must_use]
    pub fn received(mut self, text: &str) -> Self {
        self.received = Some(text.chars().take(40).collect());
        self
    }

    /// With a better fix than the kind's usual one.
    #[must_use]
    pub fn with_fix(mut self, fix: &str) -> Self {
        fix.clone_into(&mut self.fix);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_name_themselves() {
        let codes: BTreeSet<&str> = FindingCode::ALL.iter().map(|c| c.code()).collect();
        assert_eq!(codes.len(), FindingCode::ALL.len());
        for code in FindingCode::ALL {
            assert_eq!(
                serde_json::to_string(code).unwrap(),
                format!("\"{}\"", code.code())
            );
            assert!(code.fix().ends_with('.'));
        }
    }
}
