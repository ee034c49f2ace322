//! Students to native XML.

use std::io::{self, Write};

use chrono::{NaiveDate, SecondsFormat};
use mde::{Action, CodeSet, Decimal, Facility, Field, Identity, Part, Sink, Submission};

use crate::NAMESPACE;
use crate::header::Header;

/// Number of the data element that is a month.
const ASSESSMENT_DATE: &str = "73";

/// Writes an upload with the current codes. Of a deleted student only its identifier is written. `header.code_set` and
/// `header.profile` do not matter: stored codes are written, and a code that only the 2003 list knows is left out, as
/// no current code says the same.
pub fn write_xml<'a>(
    header: &Header,
    facilities: impl IntoIterator<Item = &'a Facility>,
    students: impl IntoIterator<Item = &'a Submission>,
    out: &mut impl Write,
) -> io::Result<()> {
    let set = CodeSet::V2022;
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"{NAMESPACE}\" codeSet=\"{set}\">\n  <Header>\n"
    )?;
    let instant = |t: chrono::DateTime<chrono::Utc>| t.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let texts = [
        ("SubmittingState", Some(header.state.to_string())),
        ("AsOf", Some(instant(header.as_of))),
        ("Kind", Some(header.kind.to_string())),
        ("EffectiveFrom", header.effective_from.map(instant)),
        ("EffectiveTo", header.effective_to.map(instant)),
        ("TotalStudents", header.totals.students.map(|n| n.to_string())),
        ("TotalRecords", header.totals.records.map(|n| n.to_string())),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            writeln!(out, "    <{name}>{text}</{name}>")?;
        }
    }
    out.write_all(b"  </Header>\n  <Facilities>\n")?;
    let mut text = String::with_capacity(4096);
    for facility in facilities {
        part(&mut text, facility, "    ");
        flush(&mut text, out)?;
    }
    out.write_all(b"  </Facilities>\n  <Students>\n")?;
    for submission in students {
        student(&mut text, submission);
        flush(&mut text, out)?;
    }
    out.write_all(b"  </Students>\n</MariposaUpload>\n")
}

fn flush(text: &mut String, out: &mut impl Write) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    text.clear();
    Ok(())
}

fn student(text: &mut String, submission: &Submission) {
    let action = match submission.action {
        Action::Insert => "insert",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    text.push_str("    <Student action=\"");
    text.push_str(action);
    text.push_str("\">\n");
    let student = &submission.student;
    if submission.action == Action::Delete {
        let field = &Identity::FIELDS[0];
        Elements::new(text, Identity::FIELDS, "      ")
            .element(field, student.identity.state_student_id.as_str());
    } else {
        student
            .identity
            .emit(&mut Elements::new(text, Identity::FIELDS, "      "));
        mde::for_each_part!(student, rows => for row in rows { part(text, row, "      "); });
    }
    text.push_str("    </Student>\n");
}

fn part<P: Part>(text: &mut String, part: &P, indent: &'static str) {
    text.push_str(indent);
    text.push('<');
    text.push_str(P::XML);
    text.push('>');
    part.emit(&mut Elements::new(text, P::FIELDS, ""));
    text.push_str("</");
    text.push_str(P::XML);
    text.push_str(">\n");
}

/// Writes each value as the element of its field.
struct Elements<'a> {
    text: &'a mut String,
    fields: &'static [Field],
    next: usize,
    indent: &'static str,
}

impl<'a> Elements<'a> {
    fn new(text: &'a mut String, fields: &'static [Field], indent: &'static str) -> Self {
        Self {
            text,
            fields,
            next: 0,
            indent,
        }
    }

    fn value(&mut self, value: &str) {
        let field = &self.fields[self.next];
        self.next += 1;
        self.element(field, value);
    }

    fn element(&mut self, field: &Field, value: &str) {
        self.text.push_str(self.indent);
        self.text.push('<');
        self.text.push_str(field.xml);
        self.text.push('>');
        for c in value.chars() {
            match c {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                _ => self.text.push(c),
            }
        }
        self.text.push_str("</");
        self.text.push_str(field.xml);
        self.text.push('>');
        if !self.indent.is_empty() {
            self.text.push('\n');
        }
    }
}

impl Sink for Elements<'_> {
    fn null(&mut self) {
        self.next += 1;
    }
    fn text(&mut self, value: &str) {
        // `2003:` marks a meaning that today's list does not know.
        if value.starts_with("2003:") && self.fields[self.next].kind == mde::Kind::Code {
            self.null();
        } else {
            self.value(value);
        }
    }
    fn date(&mut self, value: NaiveDate) {
        // The date of an assessment is the only one without a day; the sink is not told.
        let month = self.fields[self.next].element == ASSESSMENT_DATE;
        self.value(&value.format(if month { "%Y-%m" } else { "%Y-%m-%d" }).to_string());
    }
    fn int(&mut self, value: i32) {
        self.value(&value.to_string());
    }
    fn decimal(&mut self, value: Decimal) {
        self.value(&value.to_string());
    }
    fn flag(&mut self, value: bool) {
        self.value(if value { "Y" } else { "N" });
    }
}
