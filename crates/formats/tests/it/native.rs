//! Native XML: bad values and rows, code sets, the samples, the writer, and the XSD beside the reader.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kept::Kept;
use crate::made_up;
use formats::{BatchKind, Options, Summary, Totals, write_xml};
use mde::{Action, Draft, EnrollmentDraft, Finding, FindingCode, Part, PartKind, Submission, ValueContext};
use proptest::prelude::*;

fn read(xml: &str) -> (Summary, Kept) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(xml.as_bytes()).unwrap();
    let mut kept = Kept::default();
    let summary = formats::read(file.path(), &Options::default(), &mut kept).unwrap();
    assert_eq!(
        summary.rows.read,
        summary.rows.kept + summary.rows.refused,
        "every row is accounted for"
    );
    (summary, kept)
}

fn upload(set: &str, body: &str) -> String {
    format!(
        "<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"{set}\">\n<Header><SubmittingState>TX</SubmittingState><AsOf>2026-04-01T02:00:00Z</AsOf><Kind>full</Kind></Header>\n<Students>\n{body}\n</Students></MariposaUpload>"
    )
}

fn student(id: &str, rest: &str) -> String {
    format!(
        "<Student action=\"update\">\n<StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber>\n<LastName1>A</LastName1>\n<FirstName>B</FirstName>\n<BirthDate>2015-05-05</BirthDate>\n{rest}\n</Student>\n"
    )
}

/// Code, line, element, received.
type Told = (FindingCode, Option<u64>, String, String);

fn told(findings: &[Finding]) -> Vec<Told> {
    let text = |t: &Option<compact_str::CompactString>| t.as_ref().map_or(String::new(), ToString::to_string);
    findings
        .iter()
        .map(|f| (f.code, f.line, text(&f.element), text(&f.received)))
        .collect()
}

fn is(code: FindingCode, line: u64, element: &str, received: &str) -> Told {
    (code, Some(line), element.into(), received.into())
}

#[test]
fn a_bad_value_of_an_optional_element_is_left_out() {
    let body = student(
        "1",
        "<Gender>Q</Gender>\n<TerminationDate>2026-02-30</TerminationDate>\n<Parent1Email>no</Parent1Email>",
    );
    let (summary, kept) = read(&upload("2022", &body));
    assert_eq!(summary.rows.students, 1);
    assert_eq!(
        told(&kept.findings),
        [
            is(FindingCode::UnknownCode, 9, "8", "Q"),
            is(FindingCode::Invalid, 10, "38", "2026-02-30"),
            is(FindingCode::Invalid, 11, "X02", "no"),
        ]
    );
    assert!(
        kept.findings
            .iter()
            .all(|f| f.state_student_id.as_deref() == Some("1") && f.part == Some(PartKind::Student))
    );
    assert_eq!(
        kept.findings[0].message,
        "Gender is not a code of Gender (2022); the value was left out."
    );
    assert!(kept.students[0].student.identity.gender.is_none());
}

#[test]
fn a_bad_value_of_a_required_element_costs_the_row_and_the_part_is_reduced() {
    let rows = "<Enrollment>\n<EnrollmentDate>2025-02-30</EnrollmentDate></Enrollment>\n<Enrollment><FacilityCode>1</FacilityCode><GradeLevel>UG</GradeLevel><EnrollmentType>01</EnrollmentType><EnrollmentDate>2025-08-20</EnrollmentDate></Enrollment>\n<Enrollment></Enrollment>";
    let (summary, kept) = read(&upload("2022", &student("1", rows)));
    assert_eq!(
        (summary.rows.read, summary.rows.kept, summary.rows.refused),
        (4, 2, 2)
    );
    assert_eq!(
        told(&kept.findings),
        [
            is(FindingCode::Invalid, 10, "54", "2025-02-30"),
            is(FindingCode::Missing, 12, "54", ""),
            is(FindingCode::PartReduced, 4, "", ""),
        ]
    );
    assert_eq!(kept.students[0].reduced, [PartKind::Enrollment]);
    assert_eq!(kept.students[0].student.enrollments.len(), 1);
}

#[test]
fn a_student_without_a_required_element_costs_only_itself() {
    let nameless = "<Student action=\"update\"><StateStudentIdentificationNumber>2</StateStudentIdentificationNumber><LastName1>A</LastName1><Enrollment><EnrollmentDate>2025-08-20</EnrollmentDate></Enrollment></Student>";
    let body = format!("{}{nameless}{}", student("1", ""), student("3", ""));
    let (summary, kept) = read(&upload("2022", &body));
    assert_eq!((summary.rows.students, summary.rows.refused), (2, 2));
    assert_eq!(told(&kept.findings), [is(FindingCode::Missing, 11, "5", "")]);
    assert_eq!(kept.findings[0].state_student_id.as_deref(), Some("2"));
}

#[test]
fn duplicates_are_told() {
    let twice = "<Alert><AlertKind>ED</AlertKind><ContactRole>NURSE</ContactRole></Alert>\n<Alert><AlertKind>ED</AlertKind><ContactRole>NURSE</ContactRole></Alert>\n<Gender>Male</Gender><Gender>Female</Gender>";
    let body = format!("{}{}", student("1", twice), student("1", ""));
    let (summary, kept) = read(&upload("2022", &body));
    assert_eq!(
        (summary.rows.students, summary.rows.kept, summary.rows.refused),
        (1, 2, 2)
    );
    assert_eq!(
        told(&kept.findings),
        [
            is(FindingCode::DuplicateRow, 10, "", ""),
            is(FindingCode::Invalid, 11, "8", "Female"),
            is(FindingCode::DuplicateStudent, 13, "2", ""),
        ]
    );
    assert!(
        kept.students[0].reduced.is_empty(),
        "nothing is lost with a row that is there twice"
    );
}

#[test]
fn many_equal_rows_are_found_too() {
    let row = |n: usize| format!("<Alert><AlertKind>ED</AlertKind><ContactName>C{n}</ContactName></Alert>\n");
    let rows: String = (0..200).chain(100..200).map(row).collect();
    let (_, kept) = read(&upload("2022", &student("1", &rows)));
    assert_eq!(kept.students[0].student.alerts.len(), 200);
    assert_eq!(
        kept.findings
            .iter()
            .filter(|f| f.code == FindingCode::DuplicateRow)
            .count(),
        100
    );
}

#[test]
fn unknown_elements_are_told_once_and_counted() {
    let secret = "<SocialSecurityNumber>000-00-0000</SocialSecurityNumber><Enrollment><FacilityCode>1</FacilityCode><GradeLevel>UG</GradeLevel><EnrollmentType>01</EnrollmentType><EnrollmentDate>2025-08-20</EnrollmentDate><Race><Code>canary</Code></Race></Enrollment>";
    let body = format!(
        "{}{}",
        student("1", secret),
        student("2", &secret.replace("08-20", "08-21"))
    );
    let (summary, kept) = read(&upload("2022", &body));
    assert_eq!(kept.findings.len(), 2, "{:?}", kept.findings);
    assert!(
        kept.findings
            .iter()
            .all(|f| f.code == FindingCode::UnknownElement)
    );
    assert_eq!(
        summary.rows.ignored_values["unknown element student.SocialSecurityNumber"],
        2
    );
    assert_eq!(summary.rows.ignored_values["unknown element enrollment.Race"], 2);
    let everything = format!("{kept:?}{summary:?}");
    assert!(
        !everything.contains("canary") && !everything.contains("000-00-0000"),
        "nothing of it is kept anywhere"
    );
}

#[test]
fn elements_in_a_value_and_unknown_actions() {
    let mixed = student(
        "1",
        "<MiddleName>Ma<b>x</b>ria</MiddleName><BirthCity>San\n   Luis</BirthCity>",
    )
    .replace("<FirstName>B", "<FirstName><![CDATA[B]]>&#x26;<!-- c -->C");
    let body = format!("{mixed}{}", student("2", "").replace("\"update\"", "\"remove\""));
    let (summary, kept) = read(&upload("2022", &body));
    assert_eq!(summary.rows.students, 1);
    assert_eq!(kept.students[0].student.identity.first_name.as_str(), "B&C");
    assert!(kept.students[0].student.identity.middle_name.is_none());
    let city = kept.students[0].student.identity.birth_city.as_ref();
    assert_eq!(city.unwrap().as_str(), "San Luis");
    let codes: Vec<_> = kept.findings.iter().map(|f| f.code).collect();
    assert_eq!(
        codes,
        [
            FindingCode::UnknownElement,
            FindingCode::Invalid,
            FindingCode::Invalid
        ]
    );
}

#[test]
fn the_code_set_decides_what_a_code_means() {
    let row = "<Enrollment><EnrollmentDate>2025-08-20</EnrollmentDate><EnrollmentType>05</EnrollmentType></Enrollment>";
    let meaning = |set| {
        let (_, kept) = read(&upload(set, &student("1", row)));
        let enrollment = kept.students[0].student.enrollments[0].clone();
        (
            enrollment.enrollment_type.unwrap().to_string(),
            enrollment
                .raw_codes
                .iter()
                .map(|(c, r)| format!("{c} {r}"))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        meaning("2003"),
        ("residency only".into(), vec!["enrollment_type 2003:05".into()])
    );
    assert_eq!(
        meaning("2022"),
        (
            "basic school program and regular-term MEP-funded project".into(),
            vec![]
        )
    );
    let (_, kept) = read(&upload(
        "2022",
        &student(
            "1",
            &row.replace("<EnrollmentType>", "<GradeLevel>015</GradeLevel><EnrollmentType>"),
        ),
    ));
    assert_eq!(
        told(&kept.findings[..1]),
        [is(FindingCode::UnknownCode, 9, "20", "015")]
    );
}

#[test]
fn rules_tell_the_line_of_the_row() {
    let rows = "<Enrollment><EnrollmentDate>2025-08-20</EnrollmentDate></Enrollment>\n<Enrollment><EnrollmentDate>2025-08-21</EnrollmentDate><WithdrawalDate>2025-08-01</WithdrawalDate></Enrollment>\n<Enrollment><EnrollmentDate>2026-08-20</EnrollmentDate></Enrollment>"
        .replace("<EnrollmentDate>", "<FacilityCode>1</FacilityCode><GradeLevel>UG</GradeLevel><EnrollmentType>01</EnrollmentType><EnrollmentDate>");
    let (_, kept) = read(&upload("2022", &student("1", &rows)));
    assert_eq!(
        told(&kept.findings),
        [
            is(FindingCode::FutureDate, 11, "54", ""),
            is(FindingCode::DateOrder, 10, "21", "")
        ]
    );
}

#[test]
fn totals_are_held_against_the_file() {
    let header = "<TotalStudents>3</TotalStudents><TotalRecords>2</TotalRecords></Header>";
    let body = format!("{}{}", student("1", ""), student("1", ""));
    let (_, kept) = read(&upload("2022", &body).replace("</Header>", header));
    assert_eq!(
        kept.findings.iter().map(|f| f.code).collect::<Vec<_>>(),
        [FindingCode::DuplicateStudent, FindingCode::Totals]
    );
    assert_eq!(
        kept.findings[1].message,
        "The header says 3 students, the file has 2."
    );
}

#[test]
fn a_deleted_student_needs_only_its_identifier() {
    let (summary, kept) = read(&upload(
        "2022",
        "<Student action=\"delete\"><StateStudentIdentificationNumber>007</StateStudentIdentificationNumber></Student>",
    ));
    assert_eq!((summary.rows.students, kept.findings.len()), (1, 0));
    assert_eq!(kept.students[0].action, Action::Delete);
    assert_eq!(kept.students[0].student.identity.state_student_id.as_str(), "007");
}

#[test]
fn a_receiver_can_stop_the_reading() {
    struct Stop;
    impl formats::Handler for Stop {
        fn student(&mut self, _: Submission) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Break(())
        }
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(upload("2022", &student("1", "")).as_bytes())
        .unwrap();
    let outcome = formats::read(file.path(), &Options::default(), &mut Stop);
    assert_eq!(outcome.unwrap_err().code, formats::RefusalCode::Stopped);
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

#[test]
fn the_samples_are_read_without_an_error() {
    for (name, kind, students, rows) in [
        ("full", BatchKind::Full, 2, 14),
        ("delta", BatchKind::Delta, 2, 3),
        ("codes-2003", BatchKind::Full, 1, 2),
    ] {
        let path = schemas().join("samples").join(format!("{name}.xml"));
        let mut kept = Kept::default();
        let header = formats::sniff(&path, &Options::default()).unwrap();
        let summary = formats::read(&path, &Options::default(), &mut kept).unwrap();
        assert_eq!(
            (summary.header.kind, summary.rows.students, summary.rows.read),
            (kind, students, rows),
            "{name}"
        );
        assert_eq!(summary.header, header);
        assert_eq!(kept.findings, [], "{name}");
    }
}

/// Whether xmllint finds a document valid; `None` where it is not installed.
fn xmllint(xml: &str) -> Option<bool> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(xml.as_bytes()).unwrap();
    let schema = schemas().join("mariposa-upload-1.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--schema"])
        .args([schema.as_path(), file.path()])
        .output();
    if output.is_err() {
        println!("xmllint is not installed; the XSD was not tried");
    }
    output.ok().map(|o| o.status.success())
}

#[test]
fn xmllint_finds_the_samples_and_what_we_write_valid() {
    for name in ["full", "delta", "codes-2003"] {
        let text = std::fs::read_to_string(schemas().join("samples").join(format!("{name}.xml"))).unwrap();
        assert_ne!(xmllint(&text), Some(false), "{name}");
    }
    let made: Vec<_> = (0..50).map(made_up::submission).collect();
    assert_ne!(xmllint(&written(&made)), Some(false));
}

#[test]
fn xmllint_and_the_reader_refuse_the_same() {
    let sound = std::fs::read_to_string(schemas().join("samples/full.xml")).unwrap();
    for (from, to) in [
        ("<Gender>Female</Gender>", "<Gender>Q</Gender>"),
        ("2009-10-13", "2009-02-30"),
        ("2009-10-13", "1809-10-13"),
        ("<CreditsGranted>0.5", "<CreditsGranted>0.12345"),
        ("<CreditsGranted>0.5", "<CreditsGranted>1001"),
        ("<AssessmentDate>2025-04", "<AssessmentDate>04/2025"),
        ("<CourseYear>2025", "<CourseYear>25"),
        ("<GradeLevel>11", "<GradeLevel>13"),
        ("<ToState>TX", "<ToState>TEX"),
        ("<EnrollmentDate>2025-08-20</EnrollmentDate>", ""),
        ("<LastName1>Hern", "<Nickname>X</Nickname><LastName1>Hern"),
        (
            "<FirstName>Xóchitl",
            "<FirstName>Xóchitl is far too long a name to be held by any system of a state",
        ),
        ("action=\"insert\"", "action=\"replace\""),
    ] {
        let changed = sound.replacen(from, to, 1);
        assert_ne!(changed, sound, "{from}");
        assert_ne!(xmllint(&changed), Some(true), "{to}");
        let (_, kept) = read(&changed);
        assert!(!kept.findings.is_empty(), "the reader accepts {to}");
    }
}

fn written(students: &[Submission]) -> String {
    let mut header = made_up::header(BatchKind::Full);
    let rows: usize = students.iter().map(|s| s.student.row_count()).sum();
    header.totals = Totals {
        students: Some(students.len() as u64),
        records: Some(rows as u64 + 3),
    };
    let facilities: Vec<_> = (0..3).map(made_up::facility).collect();
    let mut out = Vec::new();
    write_xml(&header, &facilities, students, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let made: Vec<_> = (0..300).map(made_up::submission).collect();
    let (summary, kept) = read(&written(&made));
    assert_eq!(summary.rows.facilities, 3);
    assert_eq!(kept.facilities[2], made_up::facility(2));
    // The made-up children take courses whatever their grade.
    let mut others = kept
        .findings
        .iter()
        .filter(|f| f.code != FindingCode::SecondaryElement);
    assert_eq!(others.next(), None);
    let back: Vec<_> = kept.students.iter().map(|s| unordered(&s.student)).collect();
    // The reader derives the CVX code; so does the writer's side before it compares.
    let sent: Vec<_> = made.iter().map(|s| unordered(&checked(s))).collect();
    assert_eq!(back, sent);
    let (_, again) = read(&written(&kept.students));
    let hashes = |kept: &Kept| -> Vec<_> { kept.students.iter().map(|s| s.student.content_hash()).collect() };
    assert_eq!(hashes(&kept), hashes(&again));
}

/// The content of a student without the order of its rows, which is the reader's.
fn unordered(student: &mde::Student) -> serde_json::Value {
    let mut value = serde_json::to_value(student).unwrap();
    for rows in value.as_object_mut().unwrap().values_mut() {
        if let Some(rows) = rows.as_array_mut() {
            rows.sort_by_key(ToString::to_string);
        }
    }
    value
}

fn checked(submission: &Submission) -> mde::Student {
    let mut student = submission.student.clone();
    mde::rules::check(&mut student, "2026-04-01".parse().unwrap(), &mut Vec::new());
    student
}

/// Any text that a text element can hold, in every field of an enrollment that can hold one.
fn enrollment(texts: &[String]) -> Option<mde::Enrollment> {
    let mut draft = EnrollmentDraft::default();
    let date = mde::Enrollment::field_of_xml(b"EnrollmentDate")?;
    draft.set(date, "2025-08-20", ValueContext::default()).ok()?;
    for (field, text) in texts.iter().enumerate() {
        if field != date {
            let _ = draft.set(field, text, ValueContext::default());
        }
    }
    draft.finish().ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_valid_student_survives_xml(
        n in 0u32..10_000,
        names in proptest::collection::vec("\\PC{1,30}", 3),
        rows in proptest::collection::vec(proptest::collection::vec("[ -~À-ɏ]{0,12}|Y|N|0[1-6]|MOVED|20[0-2][0-9]-0[1-9]-1[0-9]", 28), 0..4),
    ) {
        let mut submission = made_up::submission(n);
        let identity = &mut submission.student.identity;
        for (slot, text) in [&mut identity.last_name_2, &mut identity.middle_name, &mut identity.birth_city].into_iter().zip(&names) {
            *slot = mde::Text::new(text).ok();
        }
        let mut seen = BTreeSet::new();
        for row in rows.iter().filter_map(|r| enrollment(r)) {
            if seen.insert(format!("{row:?}")) && !submission.student.enrollments.contains(&row) {
                submission.student.enrollments.push(row);
            }
        }
        let (_, kept) = read(&written(std::slice::from_ref(&submission)));
        prop_assert_eq!(unordered(&kept.students[0].student), unordered(&checked(&submission)));
        let (_, again) = read(&written(&kept.students));
        prop_assert_eq!(&kept.students[0].student, &again.students[0].student, "the order is stable");
    }
}
