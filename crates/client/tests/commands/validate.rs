//! `validate` from the command line.

use std::path::Path;
use std::process::{Command, Output};

use crate::hub::{NAME, night};
use serde_json::Value;

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_mariposa-client"))
        .current_dir(folder)
        .arg("validate")
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("it ended"), text(stdout), text(stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

#[test]
fn the_exit_code_is_that_of_the_worst_file() {
    let broken = night(true).replace("</Students>", "");
    let folder = folder(&[
        ("good.xml", &night(true)),
        ("bad.xml", &night(false)),
        ("broken.xml", &broken),
    ]);
    let exit = |arguments: &[&str]| run(folder.path(), arguments).0;
    assert_eq!(exit(&["good.xml"]), 0);
    assert_eq!(exit(&["good.xml", "bad.xml"]), 1);
    assert_eq!(exit(&["."]), 3);
    assert_eq!(exit(&["good.xml", "--state", "CA"]), 3);
    assert_eq!(exit(&["good.xml", "--kind", "delta"]), 3);
    assert_eq!(exit(&["missing.xml"]), 2);
    assert_eq!(exit(&["good.xml", "--profile", "nowhere"]), 2);
    assert_eq!(exit(&["good.xml", "--profile", "missing.toml"]), 2);
    assert_eq!(exit(&[]), 2);
}

#[test]
fn findings_are_told_in_every_form_without_a_childs_name() {
    let folder = folder(&[("night.xml", &night(false))]);
    let (_, text, _) = run(folder.path(), &["night.xml"]);
    for told in [
        "night.xml: 2 rows read: 2 kept, 0 refused, 0 ignored; 2 students",
        "error V102: the value is not valid for its data element, element 9 Birth Date (once)",
        "night.xml line 5, student S2: ",
        "Correct the value; it was left out.",
    ] {
        assert!(text.contains(told), "{told} is missing in {text}");
    }
    let (exit, json, _) = run(folder.path(), &["night.xml", "--format", "json"]);
    assert_eq!(exit, 1);
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let finding = lines
        .iter()
        .find(|line| line["code"] == "V102")
        .expect("the finding");
    assert_eq!(
        (&finding["line"], &finding["element_name"]),
        (&5.into(), &"Birth Date".into())
    );
    assert_eq!(lines.last().expect("the counts")["rows"]["read"], 2);
    let (exit, table, counts) = run(folder.path(), &["night.xml", "--format", "csv"]);
    assert!(
        exit == 1 && table.starts_with("severity,code,file,line,state_student_id,part,element,"),
        "{table}"
    );
    assert!(
        table.contains("error,V102,night.xml,5,S2,student,9,Birth Date,,"),
        "{table}"
    );
    assert!(counts.contains("2 rows read"), "{counts}");
    assert!(
        ![&text, &json, &table, &counts]
            .iter()
            .any(|told| told.contains(NAME) || told.contains("2010-13-06"))
    );
    let (_, text, _) = run(folder.path(), &["night.xml", "--values"]);
    assert!(text.contains("2010-13-06"), "asked for: {text}");
}

#[test]
fn a_refused_file_says_why_where_and_what_to_do() {
    let folder = folder(&[("night.xml", &format!("<!DOCTYPE x>\n{}", night(true)))]);
    let (exit, text, _) = run(folder.path(), &["night.xml"]);
    assert_eq!(exit, 3);
    assert!(
        text.contains("refused as a whole (doctype): line 1: ") && text.contains("Remove the DOCTYPE"),
        "{text}"
    );
    let (_, json, _) = run(folder.path(), &["night.xml", "--format", "json"]);
    let object: Value = serde_json::from_str(&json).expect("one object");
    assert_eq!(object["refusal"]["code"], "doctype");
}
