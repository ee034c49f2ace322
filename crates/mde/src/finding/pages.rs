//! The documentation of findings, made of the table of codes: a page for each code, and the list of all rules. The hub
//! serves these pages, and `docs/findings` holds them; a test keeps the folder in step.

use std::fmt::Write;

use super::FindingCode;
use crate::element::{ELEMENTS, Element};

/// The page of a code, in Markdown.
#[must_use]
pub fn page(kind: FindingCode) -> String {
    let rule = kind.explained();
    let mut out = format!(
        "# {}: {}\n\n**{}** {}\n\n",
        rule.code,
        rule.title,
        capitalized(rule.severity.name()),
        match rule.severity {
            super::Severity::Error =>
                "The value, row or student named in the finding was left out; the rest was kept.",
            super::Severity::Warning => "Nothing was left out.",
        }
    );
    let _ = write!(out, "Rule: {}\n\n", rule.rule);
    let _ = write!(out, "## What it means\n\n{}\n\n", rule.means);
    let _ = write!(out, "## What to do\n\n{}\n\n", rule.fix);
    let _ = write!(
        out,
        "## Example\n\nWith the finding:\n\n{}\nWithout it:\n\n{}\n",
        code(rule.wrong),
        code(rule.right)
    );
    if !rule.elements.is_empty() {
        out.push_str("## Data elements\n\n| element | name | right value |\n| --- | --- | --- |\n");
        for element in rule
            .elements
            .iter()
            .filter_map(|number| Element::numbered(number))
        {
            let _ = writeln!(
                out,
                "| {} | {} | `{}` |",
                element.number, element.name, element.example
            );
        }
        out.push('\n');
    }
    let _ = write!(out, "Source: {}.\n\n[All findings](README.md)\n", rule.source);
    out
}

/// The list of all rules, and of the rules by data element, in Markdown.
#[must_use]
pub fn index() -> String {
    let mut out = String::from(
        "# Findings\n\nWhat the hub and the client say of an upload. An error leaves out the smallest thing that it \
         spoils (a value, a row, a student) and never the rest of the batch; a warning leaves out nothing. The codes are \
         stable, so that programs can act on them. Each finding carries its code, severity, data element, file, line, \
         the state's identifier of the record, what was received (at most 40 characters), what is wrong, what to do, an \
         example of a right value and the path of its page.\n\nThis folder is made of the program: \
         `UPDATE_GENERATED=1 cargo test -p mde pages`.\n\n\
         | code | severity | rule | data elements | source |\n| --- | --- | --- | --- | --- |\n",
    );
    for kind in FindingCode::ALL {
        let rule = kind.explained();
        let _ = writeln!(
            out,
            "| [{}]({}.md) | {} | {} | {} | {} |",
            rule.code,
            rule.code,
            rule.severity,
            rule.rule,
            rule.elements.join(", "),
            rule.source
        );
    }
    out.push_str(
        "\n## By data element\n\nEvery value is also held to the form and range of its element ([V102](V102.md)), codes to \
         their sets ([V103](V103.md)), and required elements have to be there ([V101](V101.md)).\n\n\
         | element | name | right value | record rules |\n| --- | --- | --- | --- |\n",
    );
    for element in ELEMENTS {
        let rules: Vec<String> = FindingCode::ALL
            .iter()
            .map(|kind| kind.explained())
            .filter(|rule| rule.elements.contains(&element.number))
            .map(|rule| format!("[{}]({}.md)", rule.code, rule.code))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | `{}` | {} |",
            element.number,
            element.name,
            element.example,
            rules.join(", ")
        );
    }
    out
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect::<String>() + "."
    })
}

/// An example as a block of code; XML gets a line for each element, indented by its depth.
fn code(example: &str) -> String {
    if !example.starts_with('<') {
        return format!("```text\n{example}\n```\n");
    }
    let mut lines = String::new();
    let mut depth = 0_usize;
    for line in example.replace("><", ">\n<").lines() {
        if line.starts_with("</") {
            depth = depth.saturating_sub(1);
        }
        let _ = writeln!(lines, "{}{line}", "  ".repeat(depth));
        depth += usize::from(line.starts_with('<') && !line.contains("</"));
    }
    format!("```xml\n{lines}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings")
    }

    #[test]
    fn the_pages_are_in_step() {
        let pages = FindingCode::ALL
            .iter()
            .map(|kind| (format!("{kind}.md"), page(*kind)));
        let pages: Vec<(String, String)> = pages.chain([("README.md".to_owned(), index())]).collect();
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            for (name, text) in &pages {
                std::fs::write(folder().join(name), text).unwrap();
            }
        }
        let files = std::fs::read_dir(folder()).unwrap();
        let files: BTreeSet<String> = files
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(
            files,
            pages.iter().map(|(name, _)| name.clone()).collect(),
            "no page too few or too many"
        );
        for (name, text) in &pages {
            let found = std::fs::read_to_string(folder().join(name)).unwrap();
            assert!(
                found == *text,
                "{name} is not in step: UPDATE_GENERATED=1 cargo test -p mde pages"
            );
        }
    }

    #[test]
    fn every_rule_is_whole() {
        for kind in FindingCode::ALL {
            let rule = kind.explained();
            assert_eq!(rule.kind, *kind);
            for number in rule.elements {
                assert!(
                    Element::numbered(number).is_some(),
                    "{} names {number}",
                    rule.code
                );
            }
            for sentence in [rule.rule, rule.fix, rule.means] {
                assert!(
                    sentence.ends_with('.') && sentence.len() > 20,
                    "{}: {sentence}",
                    rule.code
                );
            }
            for text in [rule.title, rule.wrong, rule.right, rule.source] {
                assert!(
                    !text.is_empty() && !text.contains('|') || rule.code < "V100",
                    "{}",
                    rule.code
                );
            }
            assert_ne!(rule.wrong, rule.right);
        }
    }
}
