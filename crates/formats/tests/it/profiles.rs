//! Described exports: the shipped profiles on fixtures of made-up children, and profiles that are wrong.

use std::io::Write;
use std::path::{Path, PathBuf};

use formats::{BatchKind, Counts, Limits, Options, Profile, Refusal, RefusalCode, Summary, profile};
use mde::{FindingCode, PartKind, StateCode, Submission};

use crate::kept::Kept;

pub(crate) fn shipped(name: &str) -> Profile {
    profile::shipped().into_iter().find(|p| p.name == name).unwrap()
}

/// The file of a shipped profile.
pub(crate) fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../config/profiles/{name}.toml"))
}

pub(crate) fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub(crate) fn read(path: &Path, profile: &Profile) -> (Result<Summary, Refusal>, Kept) {
    let options = Options {
        profile: Some(profile),
        as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let mut kept = Kept::default();
    let outcome = formats::read(path, &options, &mut kept);
    if let Ok(summary) = &outcome {
        adds_up(&summary.rows);
    }
    (outcome, kept)
}

/// Every row is accounted for, in the whole and by kind of record.
pub(crate) fn adds_up(rows: &Counts) {
    let ignored: u64 = rows.ignored_rows.values().sum();
    assert_eq!(rows.read, rows.kept + rows.refused + ignored, "{rows:?}");
    for of in &rows.records {
        assert_eq!(of.read, of.kept + of.refused + of.ignored, "{of:?}");
    }
    assert_eq!(
        rows.read,
        rows.records.iter().map(|r| r.read).sum::<u64>(),
        "{rows:?}"
    );
}

/// Code, file, line and element of each finding, in order of place.
pub(crate) fn told(kept: &Kept) -> Vec<String> {
    let mut told: Vec<_> = kept
        .findings
        .iter()
        .map(|f| {
            let file = f
                .file
                .as_deref()
                .unwrap_or("-")
                .trim_end_matches(".txt")
                .trim_end_matches(".csv");
            format!(
                "{file}:{} {} {}",
                f.line.unwrap_or(0),
                f.code,
                f.element.as_deref().unwrap_or("-")
            )
        })
        .collect();
    told.sort();
    told
}

pub(crate) fn student<'k>(kept: &'k Kept, id: &str) -> &'k Submission {
    kept.students
        .iter()
        .find(|s| s.student.identity.state_student_id.as_str() == id)
        .unwrap()
}

#[test]
fn pipe_delimited_snapshot() {
    let (outcome, kept) = read(&fixtures("ky"), &shipped("ky"));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "KY_enrollment:4 V102 56",
            "KY_enrollment:4 V103 X36",
            "KY_enrollment:4 V301 21",
            "KY_enrollment:5 V001 -",
            "KY_facility:3 V102 48",
            "KY_facility:3 V204 40",
            "KY_immunization:3 V206 -",
            "KY_immunization:4 V321 29",
            "KY_move:2 V102 31",
            "KY_move:4 V201 2",
            "KY_student:2 V305 38",
            "KY_student:2 V402 -",
            "KY_student:3 V102 9",
            "KY_student:3 V303 9",
            "KY_student:3 V402 -",
            "KY_student:4 V202 2",
            "KY_student:5 V101 2",
            "KY_student:6 V103 8",
        ]
    );
    assert_eq!((summary.rows.students, summary.rows.facilities), (3, 2));
    assert_eq!(summary.header.kind, BatchKind::Full);
    assert_eq!(summary.rows.ignored_rows["KY_alert.txt: ALERT_FLAG is not Y"], 1);
    let one = student(&kept, "0001");
    assert_eq!(one.student.identity.last_name_1.as_str(), "PEÑA NÚÑEZ");
    assert_eq!(one.reduced, [PartKind::Enrollment]);
    let grades: Vec<_> = one
        .student
        .enrollments
        .iter()
        .filter_map(|e| e.grade)
        .map(|g| g.to_string())
        .collect();
    assert_eq!(grades, ["grade 9", "grade 10"]);
    assert_eq!(one.student.courses[0].title.as_str(), "Álgebra I");
    assert_eq!(
        one.student.assessments[0].result_type.unwrap().to_string(),
        "percentile rank"
    );
    assert_eq!(
        student(&kept, "0003").student.enrollments[0]
            .enrollment_type
            .unwrap()
            .to_string(),
        "residency only"
    );
    let bad_date = kept
        .findings
        .iter()
        .find(|f| f.element.as_deref() == Some("31"))
        .unwrap();
    assert_eq!(
        bad_date.message,
        "QAD is not a date that exists, written MM/DD/YYYY; the row was left out."
    );
    assert_eq!(
        (bad_date.received.as_deref(), bad_date.state_student_id.as_deref()),
        (Some("13/01/2022"), Some("0002"))
    );
    let everything = format!("{kept:?}{summary:?}");
    assert!(!everything.contains("CANARY"), "health detail is kept nowhere");
}

#[test]
fn csv_with_own_codes() {
    let (outcome, kept) = read(&fixtures("ca"), &shipped("ca"));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "course:3 V001 -",
            "immunization:1 V003 -",
            "immunization:3 V311 30",
            "pupil:2 V305 38",
            "pupil:2 V402 -",
            "pupil:3 V102 X01",
            "pupil:3 V103 8",
        ]
    );
    assert_eq!(summary.header.kind, BatchKind::Delta);
    let one = student(&kept, "0000000001");
    let raw: Vec<_> = one.student.identity.raw_codes.iter().collect();
    assert_eq!(raw, [("birth_verification", "2003:OD"), ("gender", "2022:M")]);
    assert_eq!(
        one.student.courses.len(),
        2,
        "a missing quote costs its own row only"
    );
    assert_eq!(
        one.student.courses[0].subject_area.as_ref().unwrap().as_str(),
        "Mathematics"
    );
    assert_eq!(one.student.enrollments[1].graduation_school, Some(true));
    assert_eq!(
        student(&kept, "0000000002").student.identity.first_name.as_str(),
        "José \"Pepe\""
    );
    assert_eq!(kept.facilities[0].name.as_str(), "Made-up School Annex");
    let everything = format!("{kept:?}{summary:?}");
    assert!(
        !everything.contains("anary") && !everything.contains("CANARY"),
        "what is not described is kept nowhere"
    );
}

pub(crate) fn zipped(files: &[(String, Vec<u8>)], target: &Path) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(target).unwrap());
    for (name, bytes) in files {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

pub(crate) fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    std::fs::read_dir(fixtures(name))
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&p).unwrap(),
            )
        })
        .collect()
}

/// The students with their content, in any order.
pub(crate) fn hashes(kept: &Kept) -> Vec<[u8; 32]> {
    let mut hashes: Vec<_> = kept.students.iter().map(|s| s.student.content_hash()).collect();
    hashes.sort_unstable();
    hashes
}

#[test]
fn a_zip_in_any_order_of_files_and_rows_is_the_same() {
    let profile = shipped("ca");
    let (outcome, from_folder) = read(&fixtures("ca"), &profile);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("CA_2026-04-01.zip");
    let mut all = files("ca");
    all.sort();
    all.reverse();
    let nested: Vec<_> = all
        .iter()
        .map(|(n, b)| (format!("../export/{n}"), b.clone()))
        .collect();
    zipped(&nested, &path);
    let (zip, from_zip) = read(&path, &profile);
    assert_eq!(hashes(&from_folder), hashes(&from_zip));
    assert_eq!(
        zip.unwrap().sha256,
        outcome.unwrap().sha256,
        "the same content, whatever it is packed in"
    );

    let (name, moves) = all.iter_mut().find(|(n, _)| n == "enrollment.csv").unwrap();
    assert_eq!(name, "enrollment.csv");
    let text = String::from_utf8(moves.clone()).unwrap();
    let mut rows: Vec<&str> = text.lines().collect();
    rows[1..].reverse();
    *moves = rows.join("\n").into_bytes();
    zipped(&all, &path);
    assert_eq!(hashes(&from_folder), hashes(&read(&path, &profile).1));
}

/// A folder of the fixtures in which one file was changed, or left out.
pub(crate) fn changed(
    name: &str,
    file: &str,
    change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut change = Some(change);
    for (n, bytes) in files(name) {
        let bytes = if n == file {
            change.take().and_then(|c| c(bytes))
        } else {
            Some(bytes)
        };
        if let Some(bytes) = bytes {
            std::fs::write(folder.path().join(n), bytes).unwrap();
        }
    }
    folder
}

fn refused(folder: &tempfile::TempDir, profile: &Profile) -> (RefusalCode, Option<String>) {
    let refusal = read(folder.path(), profile).0.unwrap_err();
    (refusal.code, refusal.file)
}

#[test]
fn uploads_that_cannot_be_trusted_are_refused() {
    let profile = shipped("ca");
    let gone = changed("ca", "course.csv", |_| None);
    assert_eq!(refused(&gone, &profile).0, RefusalCode::MissingFile);
    let renamed = changed("ca", "course.csv", |b| {
        Some(
            String::from_utf8(b)
                .unwrap()
                .replacen("CREDITS", "UNITS", 1)
                .into_bytes(),
        )
    });
    assert_eq!(
        refused(&renamed, &profile),
        (RefusalCode::WrongLayout, Some("course.csv".into()))
    );
    let utf16 = changed("ca", "course.csv", |b| Some([b"\xff\xfe", &b[..]].concat()));
    assert_eq!(refused(&utf16, &profile).0, RefusalCode::WrongEncoding);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let mut twice = files("ca");
    twice.push(("more/pupil.csv".into(), Vec::new()));
    zipped(&twice, &path);
    assert_eq!(
        read(&path, &profile).0.unwrap_err().code,
        RefusalCode::DuplicateFile
    );
    let options = Options {
        profile: Some(&profile),
        ..Options::default()
    };
    assert_eq!(
        formats::sniff(&path, &options).unwrap_err().code,
        RefusalCode::DuplicateFile
    );
    let options = |state, as_of| Options {
        profile: Some(&profile),
        state,
        as_of,
        ..Options::default()
    };
    let as_of = Some("2026-04-01T00:00:00Z".parse().unwrap());
    let code = |o: &Options<'_>| formats::sniff(&fixtures("ca"), o).unwrap_err().code;
    assert_eq!(
        code(&options(StateCode::new("KY").ok(), as_of)),
        RefusalCode::WrongState
    );
    assert_eq!(code(&options(None, None)), RefusalCode::NoAsOf);
}

#[test]
fn an_empty_file_has_no_rows_and_an_unknown_file_is_told() {
    let profile = shipped("ca");
    let folder = changed("ca", "course.csv", |_| Some(Vec::new()));
    std::fs::write(folder.path().join("notes.csv"), "a,b\n").unwrap();
    let (outcome, kept) = read(folder.path(), &profile);
    assert!(outcome.is_ok());
    assert!(student(&kept, "0000000001").student.courses.is_empty());
    assert!(
        kept.findings
            .iter()
            .any(|f| f.code == FindingCode::UnknownElement && f.file.as_deref() == Some("notes.csv"))
    );
}

#[test]
fn the_as_of_is_read_from_names() {
    let profile = shipped("ca");
    for (name, as_of) in [
        ("CA_2026-04-01.zip", "2026-04-01"),
        ("ca_20260402.zip", "2026-04-02"),
        ("2026-04-03", "2026-04-03"),
    ] {
        let options = Options {
            profile: Some(&profile),
            file_name: Some(name),
            ..Options::default()
        };
        let header = formats::sniff(&fixtures("ca"), &options).unwrap();
        assert_eq!(header.as_of.date_naive().to_string(), as_of);
        assert_eq!(
            (header.state.as_str(), header.profile.as_deref()),
            ("CA", Some("ca/1"))
        );
    }
}

#[test]
fn text_in_another_encoding_is_told_and_not_guessed() {
    let latin = changed("ca", "pupil.csv", |b| {
        let text = String::from_utf8(b).unwrap();
        Some(encoding_rs::WINDOWS_1252.encode(&text).0.into_owned())
    });
    let (_, kept) = read(latin.path(), &shipped("ca"));
    assert!(kept.students.is_empty());
    assert_eq!(
        kept.findings
            .iter()
            .filter(|f| f.code == FindingCode::NotText)
            .count(),
        2
    );
    let utf8 = changed("ky", "KY_student.txt", |b| {
        Some(encoding_rs::WINDOWS_1252.decode(&b).0.into_owned().into_bytes())
    });
    let (_, kept) = read(utf8.path(), &shipped("ky"));
    let not_text = kept
        .findings
        .iter()
        .find(|f| f.code == FindingCode::NotText)
        .unwrap();
    assert_eq!(
        (not_text.line, kept.students.len()),
        (Some(2), 2),
        "the rows without accents are sound"
    );
}

#[test]
fn limits_hold_over_all_files() {
    let profile = shipped("ca");
    let options = Options {
        profile: Some(&profile),
        as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        limits: Limits {
            decompressed_bytes: 1500,
            ..Limits::default()
        },
        ..Options::default()
    };
    let refusal = formats::read(&fixtures("ca"), &options, &mut ()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooLarge);
}

/// A small profile; `{}` is filled with more of it.
fn small(more: &str, columns: &str) -> String {
    format!(
        "name = \"x\"\nversion = 1\ndescription = \"x\"\nkind = \"full\"\ncode_set = \"2022\"\nencoding = \"utf-8\"\n{more}\n[layout]\nformat = \"delimited\"\ndelimiter = \",\"\nquoting = true\n[[file]]\nname = \"s.csv\"\npart = \"student\"\nkey = \"ID\"\n[file.columns]\nL = \"last_name_1\"\nF = \"first_name\"\n{columns}\n"
    )
}

#[test]
fn a_wrong_profile_is_refused_with_line_and_reason() {
    assert!(Profile::parse(&small("", "")).is_ok());
    let course = "[[file]]\nname = \"c.csv\"\npart = \"course\"\nkey = \"ID\"\n[file.columns]\n";
    for (more, columns, line, reason) in [
        ("speed = 3", "", 7, "unknown field `speed`"),
        (
            "",
            "B = \"birthday\"",
            19,
            "student has no data element birthday; it has state_student_id",
        ),
        ("", "B = \"first_name\"", 18, "first_name is filled twice"),
        (
            "",
            "S = { to = \"gender\", translate = \"sex\" }",
            19,
            "there is no [translations.sex]",
        ),
        (
            "[translations.sex]\ncodes = { M = \"Man\" }",
            "S = { to = \"gender\", translate = \"sex\" }",
            7,
            "M = \"Man\", for gender, is not a code of Gender (2022)",
        ),
        (
            "",
            "S = { to = \"gender\", speed = 1 }",
            19,
            "unknown field `speed`",
        ),
        ("", "S = 3", 19, "the name of a data element's column, or a table"),
        (
            "",
            "B = { to = \"birth_date\", format = \"MM/YYYY\" }",
            19,
            "MM/YYYY does not give what birth_date is",
        ),
        (
            "[dates]\nday = \"DD/MM\"\nmonth = \"YYYY\"",
            "",
            8,
            "a format has YYYY and MM once",
        ),
        (
            "as_of = [\"*.zip\"]",
            "",
            7,
            "as_of must hold {YYYY}, {MM} and {DD}",
        ),
        (
            "[credits]\nunit = \"semester hours\"\nfactor = \"-1\"",
            "",
            9,
            "factor is a number above 0",
        ),
        (
            "",
            course,
            0,
            "nothing fills title, without which a course cannot be",
        ),
        (
            "",
            "[[file]]\nname = \"f\"\npart = \"facility\"\nkey = \"ID\"\n[file.columns]\n",
            0,
            "has no key of students",
        ),
    ] {
        let error = Profile::parse(&small(more, columns)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(
            line == 0 || error.starts_with(&format!("line {line}:")),
            "{error} should be on line {line}"
        );
    }
}

#[test]
fn credits_of_another_unit_keep_what_was_sent() {
    let more = "[credits]\nunit = \"semester hours\"\nfactor = \"0.1\"\n[numbers]\ndecimal = \",\"";
    let course = "[[file]]\nname = \"c.csv\"\npart = \"course\"\nkey = \"ID\"\nstate_column = \"ST\"\n[file.columns]\nT = \"title\"\nC = \"credits\"\n[file.constants]\nsection = \"02\"\n";
    let text = small(more, course).replace("kind =", "state = \"FL\"\nkind =");
    let described = Profile::parse(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.csv"), "ID,L,F\n1,A,B\n").unwrap();
    std::fs::write(folder.path().join("c.csv"), "ST,ID,T,C\nFL,1,Algebra,\"5,5\"\n").unwrap();
    let (outcome, kept) = read(folder.path(), &described);
    outcome.unwrap();
    let course = &kept.students[0].student.courses[0];
    let text = |c: Option<mde::Credits>| c.unwrap().to_string();
    assert_eq!(
        (
            text(course.credits),
            text(course.credits_sent),
            course
                .credit_unit
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            text(course.credit_factor)
        ),
        ("0.55".into(), "5.5".into(), "semester hours".into(), "0.1".into())
    );
    assert_eq!(course.section.unwrap().to_string(), "section A");
    std::fs::write(folder.path().join("c.csv"), "ST,ID,T,C\nGA,1,Algebra,\"5,5\"\n").unwrap();
    let refusal = read(folder.path(), &described).0.unwrap_err();
    assert_eq!((refusal.code, refusal.line), (RefusalCode::WrongState, Some(2)));
}

#[test]
fn the_published_schema_covers_the_shipped_profiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(root.join("schemas/mapping-profile.schema.json")).unwrap(),
    )
    .unwrap();
    let folder = root.join("config/profiles");
    let mut profiles = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: serde_json::Value = toml::from_str(&text).unwrap();
        covered(&schema, &schema, &value, &path.display().to_string());
        profiles += 1;
    }
    assert_eq!(profiles, profile::shipped().len(), "every profile is shipped");
}

/// The schema has the keys that the program knows, no more and no fewer: what the program says of a key that it does
/// not know names all that it does.
#[test]
fn the_published_schema_has_the_keys_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("schemas/mapping-profile.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let file = "layout = { format = \"delimited\", delimiter = \",\", quoting = true }\n";
    let top = "name = \"x\"\nversion = 1\ndescription = \"x\"\ncode_set = \"2022\"\nencoding = \"utf-8\"\n";
    for (pointer, text) in [
        ("", format!("{top}zzz = 1\n{file}[[file]]\nname = \"a\"\n")),
        (
            "/$defs/file",
            format!("{top}{file}[[file]]\nname = \"a\"\nzzz = 1\n"),
        ),
        (
            "/$defs/file/properties/joins/additionalProperties",
            format!("{top}{file}[[file]]\nname = \"a\"\njoins.a = {{ zzz = 1 }}\n"),
        ),
        (
            "/$defs/target/oneOf/1",
            format!("{top}{file}[[file]]\nname = \"a\"\ncolumns.a = {{ zzz = 1 }}\n"),
        ),
        (
            "/$defs/translation",
            format!("{top}{file}translations.a = {{ zzz = 1 }}\n"),
        ),
        ("/properties/dates", format!("{top}{file}dates = {{ zzz = 1 }}\n")),
        (
            "/$defs/layout/oneOf/0",
            format!("{top}layout = {{ format = \"delimited\", zzz = 1 }}\n"),
        ),
        (
            "/$defs/layout/oneOf/1",
            format!("{top}layout = {{ format = \"fixed\", zzz = 1 }}\n"),
        ),
        (
            "/$defs/layout/oneOf/1/properties/header",
            format!("{top}layout = {{ format = \"fixed\", header = {{ zzz = 1 }} }}\n"),
        ),
        (
            "/$defs/layout/oneOf/1/properties/trailer",
            format!("{top}layout = {{ format = \"fixed\", trailer = {{ zzz = 1 }} }}\n"),
        ),
        (
            "/$defs/layout/oneOf/2",
            format!("{top}layout = {{ format = \"xml\", zzz = 1 }}\n"),
        ),
        (
            "/$defs/layout/oneOf/2/properties/header",
            format!("{top}layout = {{ format = \"xml\", header = {{ zzz = 1 }} }}\n"),
        ),
        (
            "/$defs/layout/oneOf/3",
            format!("{top}layout = {{ format = \"json\", zzz = 1 }}\n"),
        ),
    ] {
        let error = Profile::parse(&text).unwrap_err().to_string();
        let (_, list) = error
            .split_once("expected ")
            .unwrap_or_else(|| panic!("{pointer}: {error}"));
        let mut known: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        let mut published: Vec<&str> = schema.pointer(pointer).unwrap()["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|key| *key != "format" || !pointer.contains("layout"))
            .collect();
        known.sort_unstable();
        published.sort_unstable();
        assert_eq!(published, known, "{pointer}");
    }
}

/// Follows a value through the schema: each key is one that the schema knows, each required key is there.
fn covered(root: &serde_json::Value, schema: &serde_json::Value, value: &serde_json::Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return covered(root, root.pointer(&reference[1..]).unwrap(), value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let kind = if value.is_string() { "string" } else { "object" };
        let format = |c: &serde_json::Value| c["properties"]["format"]["const"].clone();
        let choice = choices
            .iter()
            .filter(|c| c["type"] == kind)
            .find(|c| format(c).is_null() || format(c) == value["format"])
            .unwrap_or_else(|| panic!("{at}"));
        return covered(root, choice, value, at);
    }
    match value {
        serde_json::Value::Object(members) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    members.contains_key(required.as_str().unwrap()),
                    "{at}: {required} is missing"
                );
            }
            for (key, member) in members {
                let known = schema["properties"]
                    .get(key)
                    .or_else(|| Some(&schema["additionalProperties"]).filter(|a| a.is_object()));
                covered(
                    root,
                    known.unwrap_or_else(|| panic!("{at}.{key} is not in the schema")),
                    member,
                    &format!("{at}.{key}"),
                );
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                covered(root, &schema["items"], item, at);
            }
        }
        _ => assert!(
            schema["type"].is_string() || schema["enum"].is_array(),
            "{at}: {schema}"
        ),
    }
}

/// Exports laid out as `STATE/DATE/files`: `MARIPOSA_SAMPLES=DIR cargo test -p formats samples -- --nocapture`.
#[test]
fn samples_load() {
    let Some(samples) = std::env::var_os("MARIPOSA_SAMPLES") else {
        println!("MARIPOSA_SAMPLES is not set; no samples were read");
        return;
    };
    for name in ["ca", "fl", "ga", "ky", "mi", "mn"] {
        let profile = Profile::load(&config(name)).unwrap();
        let state = profile.state.unwrap();
        for date in std::fs::read_dir(Path::new(&samples).join(state.as_str())).unwrap() {
            let path = date.unwrap().path();
            if !path.is_dir() {
                continue;
            }
            let mut kept = Kept::default();
            let options = Options {
                profile: Some(&profile),
                ..Options::default()
            };
            let summary = formats::read(&path, &options, &mut kept).unwrap();
            adds_up(&summary.rows);
            println!("{}: {:?}", path.display(), summary.rows);
            for finding in &kept.findings {
                println!(
                    "  {} {:?}:{:?} {}",
                    finding.code, finding.file, finding.line, finding.message
                );
            }
            assert!(summary.rows.students > 0);
        }
    }
}
