//! The XSD of the native XML, made of the tables of `mde`, so that it cannot say something else than the reader.
//!
//! `schemas/mariposa-upload-1.xsd` is the output of [`generate`]; a test holds it in step.

use std::collections::BTreeMap;
use std::fmt::Write;

use mde::code::{
    AlertKind, AssessmentType, BirthVerification, CodeRow, Codes, ContactRole, ContinuationReason,
    CourseSection, CourseType, EnrollmentType, ExitReason, Gender, Grade, GraduationIndicator,
    IdentifierType, MedAlert, ProjectType, ResultType, TermType, TerminationFlag, VoidReason,
};
use mde::codesets::{self, Entry};
use mde::{CodeSet, Element, Field, Kind, PartKind, StateCode, ValueContext, ValueError};

use crate::NAMESPACE;
use crate::drafts::{CHILDREN, Drafts};

/// All code sets, by name.
#[must_use]
pub fn code_sets() -> BTreeMap<&'static str, &'static [CodeRow]> {
    fn set<C: Codes>() -> (&'static str, &'static [CodeRow]) {
        (C::SET, C::rows())
    }
    BTreeMap::from([
        set::<AlertKind>(),
        set::<AssessmentType>(),
        set::<BirthVerification>(),
        set::<ContactRole>(),
        set::<ContinuationReason>(),
        set::<CourseSection>(),
        set::<CourseType>(),
        set::<EnrollmentType>(),
        set::<ExitReason>(),
        set::<Gender>(),
        set::<Grade>(),
        set::<GraduationIndicator>(),
        set::<IdentifierType>(),
        set::<MedAlert>(),
        set::<ProjectType>(),
        set::<ResultType>(),
        set::<TermType>(),
        set::<TerminationFlag>(),
        set::<VoidReason>(),
    ])
}

/// What a data element may hold, found by asking its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// Text of so many characters; with what it has to be, if not any text.
    Text(usize, Option<&'static str>),
    /// A code of this set.
    Code(&'static str),
    /// `YYYY-MM-DD`.
    Day,
    /// `YYYY-MM`.
    Month,
    /// `YYYY`.
    Year,
    /// A postal code of a state.
    State,
    /// A postal code of a state in an address: military post codes as well.
    AddressState,
    /// A decimal number up to a maximum with so many decimals.
    Decimal(u32, u32),
    /// `Y` or `N`.
    Flag,
}

/// What a field of a part may hold.
#[must_use]
pub fn content(part: PartKind, field: usize) -> Content {
    let error = |text: &str| {
        Drafts::default()
            .set(part, field, text, ValueContext::default())
            .err()
    };
    match part.fields()[field].kind {
        Kind::Flag => Content::Flag,
        Kind::Int => Content::Year,
        Kind::Date if error("2020-02").is_none() => Content::Month,
        Kind::Date => Content::Day,
        Kind::Code => match error("?") {
            Some(ValueError::UnknownCode { set, .. }) => Content::Code(set),
            other => unreachable!("a code set refuses '?' as an unknown code, not with {other:?}"),
        },
        Kind::Decimal => match error("99999999") {
            Some(ValueError::Range(range)) => decimal_range(range),
            other => unreachable!("a decimal refuses 99999999 as out of its range, not with {other:?}"),
        },
        Kind::Text => match (error(&"7".repeat(5000)), error("?")) {
            (Some(ValueError::TooLong { max, .. }), Some(ValueError::Not(what))) => {
                Content::Text(max, Some(what))
            }
            (Some(ValueError::TooLong { max, .. }), _) => Content::Text(max, None),
            (Some(ValueError::Not("a postal code of a state")), _) if error("AA").is_none() => {
                Content::AddressState
            }
            (Some(ValueError::Not("a postal code of a state")), _) => Content::State,
            (Some(ValueError::Not(what)), _) => Content::Text(3, Some(what)),
            other => unreachable!("a text refuses 5000 characters, not with {other:?}"),
        },
    }
}

/// Maximum and decimals out of "0 to 1000 with at most four decimals".
fn decimal_range(range: &str) -> Content {
    let mut words = range.split(' ');
    let max = words.nth(2).and_then(|w| w.parse().ok());
    let decimals = words.nth(3).and_then(|w| {
        ["none", "one", "two", "three", "four"]
            .iter()
            .position(|n| *n == w)
    });
    match (max, decimals) {
        (Some(max), Some(decimals)) => Content::Decimal(max, decimals as u32),
        _ => unreachable!("a range names its maximum and its decimals: {range}"),
    }
}

impl Content {
    /// Its type in the XSD.
    #[must_use]
    pub fn type_name(&self) -> String {
        match self {
            Self::Text(max, None) => format!("Text{max}"),
            Self::Text(_, Some(what)) => {
                // "a ZIP of five or nine digits" is the type Zip, "an NCES identifier of …" NcesIdentifier.
                let words = what.trim_start_matches("an ").trim_start_matches("a ");
                let words = words.split(" of ").next().unwrap_or(words);
                words.split([' ', '-']).map(capitalized).collect()
            }
            Self::Code(set) => (*set).to_owned(),
            Self::Day => "Day".into(),
            Self::Month => "Month".into(),
            Self::Year => "Year".into(),
            Self::State => "State".into(),
            Self::AddressState => "AddressState".into(),
            Self::Decimal(max, decimals) => format!("Decimal{max}Point{decimals}"),
            Self::Flag => "Flag".into(),
        }
    }

    /// What it may hold, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Text(max, None) => format!("text, at most {max} characters"),
            Self::Text(max, Some(what)) => format!("{what}, at most {max} characters"),
            Self::Code(set) => format!("code of {set}"),
            Self::Day => "date, YYYY-MM-DD".into(),
            Self::Month => "month, YYYY-MM".into(),
            Self::Year => "year, YYYY".into(),
            Self::State => "postal code of a state".into(),
            Self::AddressState => "postal code of a state, or AA, AE, AP".into(),
            Self::Decimal(max, decimals) => format!("number from 0 to {max}, at most {decimals} decimals"),
            Self::Flag => "Y or N".into(),
        }
    }

    fn definition(&self) -> String {
        match self {
            Self::Text(max, _) => {
                restriction("xs:token", &[("minLength", "1"), ("maxLength", &max.to_string())])
            }
            Self::Day => restriction(
                "xs:date",
                &[
                    ("pattern", r"\d{4}-\d{2}-\d{2}"),
                    ("minInclusive", "1900-01-01"),
                    ("maxInclusive", "2100-12-31"),
                ],
            ),
            Self::Month => restriction("xs:gYearMonth", &[("pattern", r"(19\d{2}|20\d{2}|2100)-\d{2}")]),
            Self::Year => restriction(
                "xs:integer",
                &[("minInclusive", "1900"), ("maxInclusive", "2100")],
            ),
            Self::State => {
                let codes: Vec<StateCode> = StateCode::all().collect();
                let rows = codes.iter().map(|s| (s.as_str(), s.name()));
                enumeration(rows)
            }
            Self::AddressState => {
                let states = codesets::entries("State").iter();
                enumeration(states.map(|s| (s.code.as_str(), s.name.as_str())))
            }
            Self::Decimal(max, decimals) => restriction(
                "xs:decimal",
                &[
                    ("fractionDigits", &decimals.to_string()),
                    ("minInclusive", "0"),
                    ("maxInclusive", &max.to_string()),
                ],
            ),
            Self::Flag => enumeration([("Y", "yes"), ("N", "no")].into_iter()),
            Self::Code(_) => String::new(),
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| {
        c.to_uppercase()
            .chain(chars.flat_map(char::to_lowercase))
            .collect()
    })
}

fn restriction(base: &str, facets: &[(&str, &str)]) -> String {
    let mut out = format!("    <xs:restriction base=\"{base}\">\n");
    for (name, value) in facets {
        let _ = writeln!(out, "      <xs:{name} value=\"{value}\"/>");
    }
    out.push_str("    </xs:restriction>\n");
    out
}

fn enumeration<'a>(codes: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("    <xs:restriction base=\"xs:token\">\n");
    for (code, label) in codes {
        let _ = writeln!(
            out,
            "      <xs:enumeration value=\"{code}\"><xs:annotation><xs:documentation>{}</xs:documentation></xs:annotation></xs:enumeration>",
            escaped(label)
        );
    }
    out.push_str("    </xs:restriction>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// The whole XSD.
#[must_use]
pub fn generate() -> String {
    let mut out = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- Made by formats::xsd::generate() from the tables of the data dictionary; change those, not this file. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{NAMESPACE}" targetNamespace="{NAMESPACE}" elementFormDefault="qualified" version="1">
  <xs:annotation>
    <xs:documentation>One upload of one state: a header, its facilities, and its students with all their parts. A student is whole: what is absent is gone. Leave an element out when there is nothing to say. Codes are those of the version that codeSet names; the types allow both versions, the hub allows one per file.</xs:documentation>
  </xs:annotation>
"#
    );
    out.push_str(FRAME);
    let mut used = BTreeMap::new();
    student(&mut out, &mut used);
    for (part, xml) in CHILDREN.iter().copied().chain([(PartKind::Facility, "Facility")]) {
        let _ = write!(out, "  <xs:complexType name=\"{xml}\">\n    <xs:sequence>\n");
        fields(&mut out, part, &mut used);
        out.push_str("    </xs:sequence>\n  </xs:complexType>\n");
    }
    for (name, content) in &used {
        match content {
            Content::Code(set) => code_types(&mut out, set),
            other => {
                let _ = write!(
                    out,
                    "  <xs:simpleType name=\"{name}\">\n    <xs:annotation><xs:documentation>{}</xs:documentation></xs:annotation>\n{}  </xs:simpleType>\n",
                    escaped(&other.describe()),
                    other.definition()
                );
            }
        }
    }
    out.push_str("</xs:schema>\n");
    out
}

/// Root and header, which hold no data elements.
const FRAME: &str = r#"  <xs:element name="MariposaUpload">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Header" type="Header"/>
        <xs:element name="Facilities" minOccurs="0">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="Facility" type="Facility" minOccurs="0" maxOccurs="unbounded"/>
            </xs:sequence>
          </xs:complexType>
        </xs:element>
        <xs:element name="Students">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="Student" type="Student" minOccurs="0" maxOccurs="unbounded"/>
            </xs:sequence>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attribute name="codeSet" use="required">
        <xs:simpleType>
          <xs:restriction base="xs:token">
            <xs:enumeration value="2022"/>
            <xs:enumeration value="2003"/>
          </xs:restriction>
        </xs:simpleType>
      </xs:attribute>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Header">
    <xs:sequence>
      <xs:element name="SubmittingState" type="State"/>
      <xs:element name="AsOf" type="Instant" minOccurs="0">
        <xs:annotation><xs:documentation>The instant that the content speaks of. May be left to the call.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="Kind" minOccurs="0">
        <xs:annotation><xs:documentation>full: everything that the state holds; delta: the students that changed. May be left to the call.</xs:documentation></xs:annotation>
        <xs:simpleType>
          <xs:restriction base="xs:token">
            <xs:enumeration value="full"/>
            <xs:enumeration value="delta"/>
          </xs:restriction>
        </xs:simpleType>
      </xs:element>
      <xs:element name="EffectiveFrom" type="Instant" minOccurs="0">
        <xs:annotation><xs:documentation>Start of the window in which the changes were made.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="EffectiveTo" type="Instant" minOccurs="0">
        <xs:annotation><xs:documentation>End of that window, after its start.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="TotalStudents" type="xs:nonNegativeInteger" minOccurs="0"/>
      <xs:element name="TotalRecords" type="xs:nonNegativeInteger" minOccurs="0">
        <xs:annotation><xs:documentation>Students, their parts and facilities, without the header.</xs:documentation></xs:annotation>
      </xs:element>
    </xs:sequence>
  </xs:complexType>
  <xs:simpleType name="Instant">
    <xs:annotation><xs:documentation>Date and time with a zone (RFC 3339).</xs:documentation></xs:annotation>
    <xs:restriction base="xs:dateTime">
      <xs:pattern value="[^.]+(\.\d+)?(Z|[+\-]\d{2}:\d{2})"/>
    </xs:restriction>
  </xs:simpleType>
"#;

fn student(out: &mut String, used: &mut BTreeMap<String, Content>) {
    out.push_str("  <xs:complexType name=\"Student\">\n    <xs:sequence>\n");
    fields(out, PartKind::Student, used);
    for (_, xml) in CHILDREN {
        let _ = writeln!(
            out,
            "      <xs:element name=\"{xml}\" type=\"{xml}\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>"
        );
    }
    out.push_str(
        r#"    </xs:sequence>
    <xs:attribute name="action" use="required">
      <xs:annotation><xs:documentation>insert and update both replace the whole student; delete needs only the identification number, the others also LastName1 and FirstName.</xs:documentation></xs:annotation>
      <xs:simpleType>
        <xs:restriction base="xs:token">
          <xs:enumeration value="insert"/>
          <xs:enumeration value="update"/>
          <xs:enumeration value="delete"/>
        </xs:restriction>
      </xs:simpleType>
    </xs:attribute>
  </xs:complexType>
"#,
    );
    used.insert(Content::State.type_name(), Content::State);
}

fn fields(out: &mut String, part: PartKind, used: &mut BTreeMap<String, Content>) {
    for (index, field) in part.fields().iter().enumerate() {
        let content = content(part, index);
        // The names of a student to be deleted need not be sent, which XSD 1.0 cannot say.
        let required = field.required && (part != PartKind::Student || index == 0);
        let occurs = if required { "" } else { " minOccurs=\"0\"" };
        let _ = write!(
            out,
            "      <xs:element name=\"{}\" type=\"{}\"{occurs}>\n        <xs:annotation>\n{}        </xs:annotation>\n      </xs:element>\n",
            field.xml,
            content.type_name(),
            annotation(field)
        );
        used.insert(content.type_name(), content);
    }
}

fn annotation(field: &Field) -> String {
    let (name, uses, group) =
        Element::numbered(field.element).map_or(("", "", ""), |e| (e.name, e.uses, e.group));
    let words: Vec<&str> = [('E', "enrollment"), ('P', "placement"), ('G', "graduation")]
        .iter()
        .filter(|(letter, _)| uses.contains(*letter))
        .map(|(_, word)| *word)
        .collect();
    let used_for = if words.is_empty() {
        String::new()
    } else {
        format!(" Used for {}.", words.join(", "))
    };
    format!(
        "          <xs:documentation>Data element {}: {}.{used_for}</xs:documentation>\n          <xs:appinfo><dataElement number=\"{}\" name=\"{}\" uses=\"{uses}\" group=\"{group}\" column=\"{}\"/></xs:appinfo>\n",
        field.element,
        escaped(name),
        field.element,
        escaped(name),
        field.column
    )
}

/// A set is the union of its versions; a file uses one of them.
fn code_types(out: &mut String, set: &str) {
    let mut members = Vec::new();
    for version in [CodeSet::V2022, CodeSet::V2003] {
        let of_version = |entry: &&Entry| entry.version == version.name();
        let entries = codesets::entries(set).iter().filter(of_version);
        let codes: Vec<(&str, &str)> = entries.map(|e| (e.code.as_str(), e.name.as_str())).collect();
        if codes.is_empty() {
            continue;
        }
        let name = format!("{set}{version}");
        let _ = write!(
            out,
            "  <xs:simpleType name=\"{name}\">\n{}  </xs:simpleType>\n",
            enumeration(codes.into_iter())
        );
        members.push(name);
    }
    let _ = write!(
        out,
        "  <xs:simpleType name=\"{set}\">\n    <xs:union memberTypes=\"{}\"/>\n  </xs:simpleType>\n",
        members.join(" ")
    );
}
