//! Layouts other than one table per part: fixed width, wide rows, several parts in one row, tables to look up in.

use formats::{BatchKind, Options, Profile, RefusalCode, profile};
use mde::FindingCode;
use proptest::prelude::*;

use crate::kept::Kept;
use crate::profiles::{adds_up, changed, files, fixtures, hashes, read, shipped, student, told, zipped};

#[test]
fn fixed_width_file_with_record_codes() {
    let profile = shipped("fl");
    let mut kept = Kept::default();
    let options = Options {
        profile: Some(&profile),
        ..Options::default()
    };
    let summary = formats::read(&fixtures("fl"), &options, &mut kept).unwrap();
    adds_up(&summary.rows);
    assert_eq!(summary.header.kind, BatchKind::Full);
    assert_eq!(summary.header.as_of.to_rfc3339(), "2026-04-01T00:00:00+00:00");
    assert_eq!(
        told(&kept),
        [
            "FLMIGF20260401.DAT:10 V102 70",
            "FLMIGF20260401.DAT:13 V103 30",
            "FLMIGF20260401.DAT:16 V001 -",
            "FLMIGF20260401.DAT:3 V402 -",
            "FLMIGF20260401.DAT:3 V402 -",
            "FLMIGF20260401.DAT:4 V102 9",
            "FLMIGF20260401.DAT:4 V103 8",
            "FLMIGF20260401.DAT:4 V303 9",
            "FLMIGF20260401.DAT:6 V201 2",
            "FLMIGF20260401.DAT:8 V001 -",
        ]
    );
    let one = &student(&kept, "FL000000000001").student;
    assert_eq!(one.identity.last_name_2.as_ref().unwrap().as_str(), "NÚÑEZ");
    assert_eq!(one.identity.termination_date, None, "zeros are no date");
    let credits: Vec<_> = one
        .courses
        .iter()
        .filter_map(|c| c.credits)
        .map(|c| c.to_string())
        .collect();
    assert_eq!(credits, ["0.5"], "two implied decimals");
    let everything = format!("{kept:?}{summary:?}");
    assert!(!everything.contains("CANARY"), "health detail is kept nowhere");
}

#[test]
fn a_fixed_width_file_that_is_cut_is_refused() {
    let profile = shipped("fl");
    let name = "FLMIGF20260401.DAT";
    let code = |change: &dyn Fn(String) -> String| {
        let folder = changed("fl", name, |bytes| {
            let text = String::from_utf8(bytes.into_iter().filter(u8::is_ascii).collect()).unwrap();
            Some(change(text).into_bytes())
        });
        let refusal = read(folder.path(), &profile).0.unwrap_err();
        (refusal.code, refusal.line)
    };
    let end = |text: &str| text.rfind("99").unwrap();
    assert_eq!(code(&|t| t[..end(&t)].to_owned()).0, RefusalCode::Truncated);
    assert_eq!(
        code(&|t| t.replacen("\r\n60", "\r\n60\r\n60", 1)),
        (RefusalCode::Truncated, Some(18))
    );
    assert_eq!(
        code(&|t| format!("{t}60\r\n")),
        (RefusalCode::WrongLayout, Some(18))
    );
    assert_eq!(code(&|t| t[18..].to_owned()), (RefusalCode::WrongLayout, Some(1)));
    assert_eq!(
        code(&|t| t.replacen("FULL", "SOME", 1)),
        (RefusalCode::Header, Some(1))
    );
    assert_eq!(
        code(&|t| t.replacen("04012026", "04312026", 1)),
        (RefusalCode::Header, Some(1))
    );
    assert_eq!(
        code(&|t| t.replacen("00FL", "00GA", 1)).0,
        RefusalCode::WrongState
    );
    let called = Options {
        profile: Some(&profile),
        kind: Some(BatchKind::Delta),
        ..Options::default()
    };
    assert_eq!(
        formats::sniff(&fixtures("fl"), &called).unwrap_err().code,
        RefusalCode::WrongKind
    );
}

#[test]
fn fixed_width_files_per_table() {
    let (outcome, kept) = read(&fixtures("mi"), &shipped("mi"));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "COURSE.TXT:2 V206 -",
            "FACILITY.TXT:2 V204 40",
            "IMMUN.TXT:2 V321 29",
            "MOVE.TXT:1 V102 31",
            "STUDENT.TXT:1 V402 -",
            "STUDENT.TXT:2 V312 9",
            "STUDENT.TXT:3 V101 3",
            "STUDENT.TXT:4 V101 2",
        ]
    );
    assert_eq!((summary.rows.students, summary.rows.facilities), (2, 2));
    let one = &student(&kept, "1000000001").student;
    let raw: Vec<_> = one.enrollments[0].raw_codes.iter().collect();
    assert_eq!(
        raw,
        [
            ("enrollment_type", "2022:E"),
            ("exit_reason", "2022:08"),
            ("grade", "2022:00")
        ]
    );
    assert_eq!(one.enrollments[0].grade.unwrap().to_string(), "kindergarten");
}

#[test]
fn wide_rows_by_certificate() {
    let (outcome, kept) = read(&fixtures("ga"), &shipped("ga"));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "coe:2 V208 5",
            "coe:3 V402 -",
            "coe:4 V101 2",
            "coe:5 V101 -",
            "school_history:4 V102 54",
            "school_history:4 V204 40",
            "school_history:5 V103 55",
            "school_history:5 V204 40",
            "school_history:5 V328 55",
            "supplemental:7 V103 -",
            "supplemental:8 V201 2",
        ]
    );
    assert_eq!((summary.rows.students, summary.rows.facilities), (2, 3));
    let ana = &student(&kept, "7000000001").student;
    assert_eq!(ana.qualifying_moves.len(), 2, "a move from every certificate");
    assert_eq!(ana.graduation_requirements.len(), 1);
    let beto = &student(&kept, "7000000002").student;
    assert_eq!(
        beto.identity.first_name.as_str(),
        "BETO",
        "the newest certificate counts"
    );
    let differs = kept
        .findings
        .iter()
        .find(|f| f.code == FindingCode::RowsDiffer)
        .unwrap();
    assert_eq!(
        (differs.message.as_str(), differs.received.as_deref()),
        (
            "CHILD2_FIRST differs from another row of the same student (line 3), which was kept.",
            Some("BETITO")
        )
    );
    assert_eq!(
        summary.rows.ignored_rows,
        [
            ("a facility that was written out before".to_owned(), 1),
            (
                "particulars of a student that were on another row before".to_owned(),
                2
            )
        ]
        .into()
    );
    let everything = format!("{kept:?}{summary:?}");
    assert!(!everything.contains("CANARY"), "health detail is kept nowhere");
}

#[test]
fn one_row_that_is_several_things() {
    let (outcome, kept) = read(&fixtures("mn"), &shipped("mn"));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "enrollment:6 V103 55",
            "enrollment:6 V328 55",
            "immunization:2 V102 29",
            "immunization:2 V321 29",
            "migrant:4 V208 38",
            "migrant:5 V201 2",
        ]
    );
    let one = &student(&kept, "1000000000001").student;
    assert_eq!(one.identity.termination_date.unwrap().to_string(), "2028-06-04");
    assert_eq!(
        one.qualifying_moves[0].qualifying_arrival_date.to_string(),
        "2025-06-04"
    );
    assert_eq!(one.alternate_ids[0].identifier.as_str(), "3223453");
    let types: Vec<_> = one
        .enrollments
        .iter()
        .filter_map(|e| e.enrollment_type)
        .map(|t| t.to_string())
        .collect();
    assert_eq!(
        types,
        [
            "basic school program",
            "regular-term MEP-funded project",
            "summer or intersession MEP-funded project"
        ]
    );
    assert_eq!(
        one.enrollments[1].raw_codes.iter().next(),
        Some(("enrollment_type", "2022:REG+S"))
    );
    assert_eq!(
        summary.rows.ignored_rows,
        [(
            "special education services only: no enrollment in a school or project".to_owned(),
            1
        )]
        .into()
    );
}

#[test]
fn the_order_of_files_and_rows_does_not_matter() {
    for name in ["ga", "mn", "mi"] {
        let profile = shipped(name);
        let (outcome, kept) = read(&fixtures(name), &profile);
        let mut all = files(name);
        all.sort();
        all.reverse();
        for (_, bytes) in &mut all {
            // Lines of a fixed layout have no header, the others have one.
            let text = String::from_utf8(bytes.clone()).unwrap();
            let mut rows: Vec<&str> = text.split_inclusive('\n').collect();
            let from = usize::from(name != "mi").min(rows.len());
            rows[from..].reverse();
            *bytes = rows.concat().into_bytes();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        zipped(&all, &path);
        let (turned, from_zip) = read(&path, &profile);
        assert_eq!(hashes(&kept), hashes(&from_zip), "{name}");
        let (rows, turned) = (outcome.unwrap().rows, turned.unwrap().rows);
        assert_eq!(
            (rows.read, rows.kept, rows.refused, rows.ignored_rows),
            (turned.read, turned.kept, turned.refused, turned.ignored_rows),
            "{name}"
        );
    }
}

/// Courses that refer to a catalog and, through a year that may be missing, to a term.
const CATALOG: &str = r#"
name = "x"
version = 1
description = "x"
state = "KY"
kind = "full"
code_set = "2022"
encoding = "utf-8"
layout = { format = "delimited", delimiter = ",", quoting = true }

[[file]]
name = "a_courses.csv"
part = "course"
key = "ID"
joins.catalog = { table = "catalog", by = "SCHOOL + CODE" }
joins.term = { table = "terms", by = "TERM", required = false }
except = { "catalog.KIND" = { LUNCH = "no course" } }

[file.columns]
"catalog.TITLE" = "title"
"term.YEAR" = "course_year"
MARK = "final_grade"
SCHOOL = "facility_code"

[[file]]
name = "b_students.csv"
part = "student"
key = "ID"

[file.columns]
L = "last_name_1"
F = "first_name"

[[file]]
name = "c_catalog.csv"
table = "catalog"
key = "SCHOOL + CODE"

[[file]]
name = "d_terms.csv"
table = "terms"
key = "TERM"
"#;

#[test]
fn what_a_row_refers_to_is_looked_up() {
    let profile = Profile::parse(CATALOG).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("b_students.csv", "ID,L,F\n1,Sosa,Ana\n");
    write(
        "a_courses.csv",
        "ID,SCHOOL,CODE,TERM,MARK\n1,S1,MATH,T1,A\n1,S2,MATH,T9,B\n1,S9,MATH,T1,C\n1,S1,EAT,T1,\n2,S9,MATH,T1,\n,S1,MATH,T1,\n",
    );
    write(
        "c_catalog.csv",
        "CODE,SCHOOL,TITLE,KIND\nMATH,S1,Algebra 1,\nMATH,S2,Geometry,\nEAT,S1,Lunch,LUNCH\n",
    );
    write("d_terms.csv", "TERM,YEAR,MORE\nT1,2025,x\n");
    let (outcome, kept) = read(folder.path(), &profile);
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "a_courses:3 V328 64",
            "a_courses:4 V207 -",
            "a_courses:6 V207 -",
            "a_courses:7 V101 2",
            "b_students:2 V303 9",
            "b_students:2 V402 -",
            "d_terms:1 V003 -",
        ]
    );
    let broken = kept.findings.iter().find(|f| f.line == Some(4)).unwrap();
    assert_eq!(
        broken.message,
        "SCHOOL + CODE S9+MATH is not in this upload; the row was left out."
    );
    let courses: Vec<_> = kept.students[0]
        .student
        .courses
        .iter()
        .map(|c| (c.title.to_string(), c.course_year.map(|y| y.to_string())))
        .collect();
    assert_eq!(
        courses,
        [
            ("Algebra 1".into(), Some("2025".into())),
            ("Geometry".into(), None)
        ]
    );
    assert_eq!(summary.rows.ignored_rows["no course"], 1);
}

#[test]
fn a_profile_is_tried_out() {
    let profile = shipped("mn");
    let students = fixtures("mn").join("student.csv");
    let migrant = fixtures("mn").join("migrant.csv");
    let options = Options {
        as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let preview = profile::preview(&profile, &[&students, &migrant], &options, 1).unwrap();
    assert_eq!(preview.students.len(), 1);
    assert!(
        preview.missing_files.contains(&"enrollment.csv".to_owned()),
        "{:?}",
        preview.missing_files
    );
    let of = |column| preview.coverage.iter().find(|c| c.column == column).unwrap();
    let second = of("last_name_2");
    assert_eq!((second.element, second.having, second.of), ("4", 1, 2));
    assert_eq!(of("qualifying_arrival_date").having, 2);
    assert_eq!(of("enrollment_date").having, 0);
    let shown = preview.to_string();
    for part in [
        "mn/1: MN delta",
        "missing: enrollment.csv",
        "last_name_2",
        "V201",
        "\"Lucero\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let fixed = profile::preview(&shipped("fl"), &[&fixtures("fl")], &Options::default(), 0).unwrap();
    assert!(fixed.students.is_empty() && fixed.missing_files.is_empty());
    assert_eq!(fixed.header.kind, BatchKind::Full);
}

#[test]
fn a_wrong_layout_or_description_is_refused_with_line_and_reason() {
    let file = "[[file]]\nname = \"s\"\npart = \"student\"\nkey = \"ID\"\ncolumns = { L = \"last_name_1\", F = \"first_name\" }\n";
    let parse = |layout: &str, more: &str| {
        let text = format!(
            "name = \"x\"\nversion = 1\ndescription = \"x\"\ncode_set = \"2022\"\nencoding = \"utf-8\"\nlayout = {layout}\n{file}{more}\n"
        );
        Profile::parse(&text).map_err(|e| e.to_string())
    };
    let delimited = "{ format = \"delimited\", delimiter = \",\", quoting = true }";
    let fixed = "{ format = \"fixed\", columns = { ID = [1, 3], L = [4, 9], F = [13, 9] } }";
    assert!(parse(delimited, "").is_ok() && parse(fixed, "").is_ok());
    for (layout, more, line, reason) in [
        (
            "{ format = \"fixed\", columns = { ID = [1, 3], L = [3, 9], F = [13, 9] } }",
            "",
            6,
            "ID and L overlap",
        ),
        (
            "{ format = \"fixed\", columns = { ID = [1, 3], L = [4, 9] } }",
            "",
            7,
            "the layout has no column F",
        ),
        (
            "{ format = \"fixed\", columns = { ID = [0, 3] } }",
            "",
            6,
            "[first character from 1",
        ),
        ("{ format = \"fixed\", code = [1, 2] }", "", 6, "code says where"),
        ("{ format = \"fixed\" }", "", 6, "either columns or records"),
        (
            delimited,
            "left_out = \"x\"",
            7,
            "exactly one of part, table or left_out",
        ),
        (delimited, "repeat = 2", 7, "repeat needs columns with {n}"),
        (
            delimited,
            "newest = \"L\"",
            7,
            "newest is for a student that repeats",
        ),
        (
            delimited,
            "joins = { a = { table = \"t\", by = \"ID\" } }",
            12,
            "no file has table = \"t\"",
        ),
        (
            delimited,
            "[[file]]\nname = \"t\"\ntable = \"t\"",
            12,
            "key names the columns",
        ),
        (
            delimited,
            "[[file]]\nname = \"m\"\npart = \"student\"\nkey = \"ID\"\nadds = true\ncolumns.S = { to = \"gender\", default = \"Man\" }",
            17,
            "the default of gender is not a code",
        ),
        (
            delimited,
            "[[file]]\nname = \"m\"\npart = \"student\"\nkey = \"ID\"\nadds = true\ncolumns.S = { to = \"gender\", implied_decimals = 2 }",
            17,
            "gender is no number with decimals",
        ),
    ] {
        let error = parse(layout, more).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(
            error.starts_with(&format!("line {line}:")),
            "{error} should be on line {line}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever is damaged, every row is accounted for or the upload is refused by name; never does the program lose
    /// count, and no other student changes.
    #[test]
    fn damage_is_accounted_for(
        which in 0usize..6,
        damage in proptest::collection::vec((any::<u16>(), any::<u16>(), prop_oneof![Just(0u8), Just(b'\n'), Just(b'"'), Just(0x1f), Just(0xff), any::<u8>()], 0usize..40), 1..4),
    ) {
        let name = ["ca", "fl", "ga", "ky", "mi", "mn"][which];
        let profile = shipped(name);
        let mut all = files(name);
        all.sort();
        for (file, at, byte, cut) in damage {
            let count = all.len();
            let bytes = &mut all[usize::from(file) % count].1;
            if !bytes.is_empty() {
                let at = usize::from(at) % bytes.len();
                let end = (at + cut).min(bytes.len());
                bytes.splice(at..end, [byte]);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in &all {
            std::fs::write(folder.path().join(file), bytes).unwrap();
        }
        if let Err(refusal) = read(folder.path(), &profile).0 {
            prop_assert_ne!(refusal.code, RefusalCode::Accounting, "{}", refusal);
        }
    }
}
