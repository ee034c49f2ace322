//! What is made of the tables of the data dictionary and checked in: the XSD and the tables of the documentation.
//! `UPDATE_GENERATED=1 cargo test -p formats --test it generated` writes them anew.

use std::fmt::Write;

use formats::{RefusalCode, xsd};
use mde::{Element, FindingCode, PartKind};
use testkit::in_step;

/// Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`.
fn filled(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let start = page.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let stop = page.find(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{}{table}{}", &page[..start], &page[stop..])
}

#[test]
fn the_xsd_is_that_of_the_tables() {
    in_step("schemas/mariposa-upload-1.xsd", &xsd::generate(), "formats");
}

#[test]
fn the_pages_have_the_tables() {
    let page = include_str!("../../../../docs/upload-format.md").to_owned();
    let page = filled(&page, "crosswalk", &crosswalk());
    let page = filled(&page, "codes", &codes());
    let page = filled(&page, "findings", &findings());
    let page = filled(&page, "refusals", &refusals());
    in_step("docs/upload-format.md", &page, "formats");
}

fn crosswalk() -> String {
    let mut out = String::new();
    for part in PartKind::ALL {
        let xml = match part {
            PartKind::Student => "Student",
            PartKind::AlternateId => "AlternateIdentifier",
            PartKind::QualifyingMove => "QualifyingMove",
            PartKind::Enrollment => "Enrollment",
            PartKind::Course => "Course",
            PartKind::Assessment => "Assessment",
            PartKind::Immunization => "Immunization",
            PartKind::Alert => "Alert",
            PartKind::GraduationRequirement => "GraduationRequirement",
            PartKind::Facility => "Facility",
        };
        let _ = write!(
            out,
            "\n### `{xml}`: table `{part}`\n\n| element | name | uses | XML | column | holds |\n| --- | --- | --- | --- | --- | --- |\n"
        );
        for (index, field) in part.fields().iter().enumerate() {
            let element = Element::numbered(field.element).unwrap();
            let required = if field.required { " (required)" } else { "" };
            let _ = writeln!(
                out,
                "| {} | {} | {} | `{}`{required} | `{}` | {} |",
                field.element,
                element.name,
                element.uses,
                field.xml,
                field.column,
                xsd::content(part, index).describe()
            );
        }
    }
    out.push('\n');
    out
}

fn codes() -> String {
    let mut out = String::new();
    for (set, rows) in xsd::code_sets() {
        let _ = write!(
            out,
            "\n**{set}**\n\n| 2022 | 2003 | meaning |\n| --- | --- | --- |\n"
        );
        for row in rows {
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                row.v2022.unwrap_or("–"),
                row.v2003.unwrap_or("–"),
                row.label
            );
        }
    }
    out.push('\n');
    out
}

fn findings() -> String {
    let mut out = String::from("| code | severity | what | what to do |\n| --- | --- | --- | --- |\n");
    for code in FindingCode::ALL {
        let _ = writeln!(
            out,
            "| {code} | {} | {} | {} |",
            code.severity(),
            code.title(),
            code.fix()
        );
    }
    out
}

fn refusals() -> String {
    let mut out = String::from("| code | what | what to do |\n| --- | --- | --- |\n");
    for code in RefusalCode::ALL {
        // In a code span nothing is markup, neither tags nor references.
        let fix = match code.fix() {
            fix if fix.contains(['<', '&']) => format!("`{fix}`"),
            fix => fix.to_owned(),
        };
        let _ = writeln!(out, "| `{code}` | {} | {fix} |", code.title());
    }
    out
}

#[test]
fn every_type_has_one_definition_in_the_xsd() {
    let xsd = xsd::generate();
    for part in PartKind::ALL {
        for index in 0..part.fields().len() {
            let name = xsd::content(part, index).type_name();
            let defined = xsd.matches(&format!("<xs:simpleType name=\"{name}\">")).count();
            assert_eq!(defined, 1, "{name}");
        }
    }
}
