//! Whatever form a record leaves the hub in, it says the same: page, JSON, PDF and XML of the children of the portal's
//! nation, of a simulated one and, where `MARIPOSA_SAMPLES` names a folder of sample exports (`STATE/DATE/files`), of
//! theirs.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use chrono::{Datelike as _, NaiveDate};
use formats::{Handler, Header, Options};
use mde::{Facility, Finding, Student, Submission};
use records::ConsolidatedRecord;
use serde_json::Value;

use crate::browser::{browser, nation};
use crate::support;

/// Children of each origin that are compared.
const CHILDREN: usize = 40;

fn day(text: &str) -> String {
    let date: NaiveDate = text.parse().unwrap();
    format!("{} {}, {}", date.format("%b"), date.day(), date.year())
}

/// A text without white space, which each form sets as it likes.
pub(crate) fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The words of a page.
fn words(html: &str) -> String {
    let text = html
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .replace("&#34;", "\"");
    let mut out = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    bare(&out.replace("&#60;", "<").replace("&#62;", ">"))
}

pub(crate) fn pdf_words(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-raw").arg(&path).arg("-").output();
    let Ok(output) = output else {
        println!("poppler is not installed; the papers were not read");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    // The foot of a page may stand between two lines of a cell.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("Consolidated student record · ") || line.contains("Record no."));
    Some(bare(&lines.collect::<Vec<_>>().join("\n")))
}

/// What every form has to say, in the words of the XML and in those of people.
fn facts(json: &Value) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |exact: &str, said: String| facts.push((exact.to_owned(), said));
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    fact(
        json["person_id"].as_str().unwrap(),
        text(&json["person_id"]).unwrap(),
    );
    fact(
        json["summary"]["name"].as_str().unwrap(),
        text(&json["summary"]["name"]).unwrap(),
    );
    if let Some(date) = json["summary"]["birth_date"].as_str() {
        fact(date, day(date));
    }
    for entry in json["enrollments"].as_array().unwrap() {
        for date in [&entry["start"], &entry["end"]]
            .into_iter()
            .filter_map(Value::as_str)
        {
            fact(date, day(date));
        }
        if let Some(name) = entry["facility"]["name"].as_str() {
            fact(name, name.to_owned());
        }
    }
    for entry in json["courses"].as_array().unwrap() {
        for part in [
            &entry["title"],
            &entry["credits"],
            &entry["final_grade"],
            &entry["clock_hours"],
        ] {
            if let Some(part) = part.as_str() {
                fact(part, part.to_owned());
            }
        }
    }
    for dose in json["immunizations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["doses"].as_array().unwrap())
    {
        if let Some(date) = dose["date"].as_str() {
            fact(date, day(date));
        }
    }
    for entry in json["eligibility"].as_array().unwrap() {
        let ends = entry["ends"].as_str().unwrap();
        fact(ends, day(ends));
    }
    for part in json["assessments"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["name"].as_str())
    {
        fact(part, part.to_owned());
    }
    facts
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[derive(Default)]
struct Kept {
    students: Vec<Student>,
    facilities: Vec<Facility>,
}

impl Handler for Kept {
    fn header(&mut self, _: &Header) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn facility(&mut self, facility: Facility) -> ControlFlow<()> {
        self.facilities.push(facility);
        ControlFlow::Continue(())
    }
    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        self.students.push(submission.student);
        ControlFlow::Continue(())
    }
    fn finding(&mut self, _: Finding) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Some children of each state's first sample export.
fn samples(c: &mut diesel::PgConnection) {
    let Some(folder) = std::env::var_os("MARIPOSA_SAMPLES") else {
        println!("MARIPOSA_SAMPLES is not set; no samples were read");
        return;
    };
    for profile in formats::profile::shipped() {
        let Some(state) = profile.state else { continue };
        let Ok(dates) = Path::new(&folder).join(state.as_str()).read_dir() else {
            continue;
        };
        let first = dates
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .min()
            .unwrap();
        let mut kept = Kept::default();
        let options = Options {
            profile: Some(&profile),
            ..Options::default()
        };
        formats::read(&first, &options, &mut kept).unwrap();
        // Those of whom there is most to say.
        kept.students.sort_by_key(|s| std::cmp::Reverse(s.row_count()));
        kept.students.truncate(CHILDREN);
        support::whole(c, state, &kept.students, &kept.facilities).unwrap();
    }
}

async fn all_say_the_same(fill: impl FnOnce(&mut diesel::PgConnection)) -> usize {
    let db = nation();
    let mut c = db.connect().unwrap();
    fill(&mut c);
    support::link(&mut c).unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("counselor@mission.example").await;
    let mut persons = support::persons(&mut c).unwrap();
    // The last ones first: those that were just loaded.
    persons.reverse();
    persons.truncate(CHILDREN * 3);
    for person in &persons {
        let held = store::persons::load(&mut c, *person).unwrap().unwrap();
        let record: ConsolidatedRecord = records::consolidate(&held, support::now().date_naive());
        let json = serde_json::to_value(&record).unwrap();
        let xml = export::xml::record(&record).unwrap();
        let page = b.get(&format!("/persons/{person}?purpose=enroll")).await;
        assert_eq!(page.status, 200);
        let page = words(&page.body);
        let paper = b
            .get(&format!("/persons/{person}/record.pdf?purpose=enroll"))
            .await;
        let paper = pdf_words(&paper.bytes);
        for (exact, said) in facts(&json) {
            assert!(
                xml.contains(&format!(">{}<", escaped(&exact))),
                "XML of {person}: {exact}"
            );
            let said = bare(&said);
            assert!(page.contains(&said), "page of {person}: {said}: {page}");
            if let Some(paper) = &paper {
                assert!(paper.contains(&said), "paper of {person}: {said}: {paper}");
            }
        }
    }
    persons.len()
}

#[actix_web::test]
async fn page_json_paper_and_xml_say_the_same() {
    let number = all_say_the_same(|c| support::simulated(c, 120).unwrap()).await;
    println!("{number} children of a simulated nation");
    assert!(number > CHILDREN);
}

#[actix_web::test]
async fn page_json_paper_and_xml_say_the_same_of_samples() {
    let number = all_say_the_same(samples).await;
    println!("{number} children of the samples and the portal's nation");
}
