//! XML of other vocabularies and JSON: the shipped profiles on fixtures of made-up children, and, where they are at
//! hand, on the sample exports.

use std::path::{Path, PathBuf};

use formats::{BatchKind, Options, Profile, Refusal, RefusalCode, Summary, profile};
use mde::{FindingCode, Severity};
use proptest::prelude::*;

use crate::kept::Kept;

fn shipped(name: &str) -> Profile {
    profile::shipped().into_iter().find(|p| p.name == name).unwrap()
}

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn read(path: &Path, profile: &Profile, kind: Option<BatchKind>) -> (Result<Summary, Refusal>, Kept) {
    // The files of TX say themselves of when they are, the sample exports are in folders named after the day.
    let folder = path.file_name().unwrap().to_string_lossy();
    let says_when = profile.name == "tx" || folder.starts_with("2026-");
    let options = Options {
        profile: Some(profile),
        kind,
        state: profile.state.or("TX".parse().ok()),
        as_of: (!says_when).then(|| "2026-04-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let mut kept = Kept::default();
    let outcome = formats::read(path, &options, &mut kept);
    (outcome, kept)
}

/// Code, file, line and element of each finding, in order of place.
fn told(kept: &Kept) -> Vec<String> {
    let mut told: Vec<_> = kept
        .findings
        .iter()
        .map(|f| {
            let file = f.file.as_deref().unwrap_or("-");
            let file = file.split('.').next().unwrap_or(file);
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

/// Everything that a reader hands over or says.
fn everything(summary: &Summary, kept: &Kept) -> String {
    format!("{summary:?} {kept:?}")
}

#[test]
fn xml_of_another_vocabulary() {
    let (outcome, kept) = read(&fixtures("tx"), &shipped("tx"), None);
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "TX_NGS_FULL_20260331:16 V102 31",
            "TX_NGS_FULL_20260331:18 V103 20",
            "TX_NGS_FULL_20260331:18 V328 20",
            "TX_NGS_FULL_20260331:20 V206 -",
            "TX_NGS_FULL_20260331:23 V311 30",
            "TX_NGS_FULL_20260331:27 V101 2",
            "TX_NGS_FULL_20260331:29 V101 2",
            "TX_NGS_FULL_20260331:31 V101 3",
            "TX_NGS_FULL_20260331:37 V003 -",
            "TX_NGS_FULL_20260331:37 V003 -",
            "TX_NGS_FULL_20260331:38 V003 -",
            "TX_NGS_FULL_20260331:39 V003 -",
            "TX_NGS_FULL_20260331:42 V003 -",
            "TX_NGS_FULL_20260331:5 V102 48",
            "TX_NGS_FULL_20260331:8 V402 -",
        ]
    );
    assert_eq!((summary.rows.students, summary.rows.facilities), (2, 2));
    assert_eq!(
        (summary.header.kind, summary.header.as_of.to_rfc3339().as_str()),
        (BatchKind::Full, "2026-03-31T00:00:00+00:00")
    );
    assert_eq!(kept.facilities[0].name.as_str(), "Mesa & Río High School");
    let one = &kept.students[0];
    let json = serde_json::to_string(&one.student).unwrap();
    for said in [
        r#""state_student_id":"7000000001","last_name_1":"Peña","last_name_2":"Núñez","first_name":"José Ángel""#,
        r#""birth_verification":"2003:03""#,
        r#""birth_country":"MX""#,
        r#""termination_flag":"04""#,
        r#""destination_state":"MI""#,
        r#""result_type":"2003:02""#,
        r#""vaccine":"03","cvx":"03""#,
        r#""contact_name":"Luz Vega""#,
    ] {
        assert!(json.contains(said), "{said} in {json}");
    }
    assert_eq!(
        (one.student.courses.len(), one.student.qualifying_moves.len()),
        (1, 1)
    );
    assert!(!everything(&summary, &kept).contains("SECRET"));
}

#[test]
fn resources_of_an_ed_fi_hub_are_joined() {
    let (outcome, kept) = read(&fixtures("wi"), &shipped("wi"), Some(BatchKind::Full));
    let summary = outcome.unwrap();
    assert_eq!(
        told(&kept),
        [
            "courseTranscripts:3 V207 -",
            "studentContactAssociations:5 V207 -",
            "studentContactAssociations:6 V103 -",
            "studentEducationOrganizationAssociations:3 V103 8",
            "studentSchoolAssociations:4 V326 31",
            "students:2 V402 -",
        ]
    );
    let identity = |id: usize| {
        let mut students: Vec<_> = kept.students.iter().map(|s| &s.student).collect();
        students.sort_by_key(|s| s.identity.state_student_id.as_str());
        students[id]
    };
    let one = serde_json::to_string(identity(0)).unwrap();
    for said in [
        r#""last_name_1":"Luna","last_name_2":"Sol""#,
        r#""gender":"Female""#,
        r#""parent2_last_name":"Sol","parent2_first_name":"Rosa","guardian_last_name":"Sol","guardian_first_name":"Tía""#,
        r#""termination_date":"2026-01-15","termination_flag":"04""#,
        r#""title":"Biology","subject_area":"Science","course_type":"02","course_year":2025,"end_academic_year":2026"#,
        r#""sced":"03051""#,
        r#""vaccine":"Tdap","cvx":"115","date":"2019-12-31""#,
        r#""name":"Forward Exam","assessment_type":"01","content":"Mathematics","month":"2025-04","result":"47","result_type":"2003:04""#,
    ] {
        assert!(one.contains(said), "{said} in {one}");
    }
    // Both enrollments name the plan, whose two subjects are required once.
    assert_eq!(identity(0).graduation_requirements.len(), 2);
    let two = &identity(1).identity;
    assert_eq!(two.last_name_1.as_str(), "Cruz-Mora");
    assert_eq!(two.parent1_first_name.as_ref().unwrap().as_str(), "Juan");
    assert_eq!(
        kept.facilities[0].district.as_ref().unwrap().as_str(),
        "Made-up School District"
    );
    assert!(!everything(&summary, &kept).contains("SECRET"));
}

#[test]
fn ed_fi_interchanges_and_resources_give_the_same_students() {
    let profiles = ["edfi-xml", "edfi-json"];
    let [xml, json] = profiles.map(|name| read(&fixtures(name), &shipped(name), Some(BatchKind::Full)));
    assert_eq!(
        told(&xml.1),
        [
            "Student:26 V402 -",
            "Student:3 V402 -",
            "StudentDiscipline:3 V003 -",
            "StudentEnrollment:52 V103 20",
            "StudentEnrollment:52 V328 20",
            "StudentEnrollment:58 V201 2",
            "StudentHealth:11 V321 29",
            "StudentHealth:16 V311 30",
            "StudentProgram:15 V101 31",
            "StudentProgram:19 V003 -",
            "StudentTranscript:17 V207 -",
        ]
    );
    assert_eq!(
        told(&json.1),
        [
            "courseTranscripts:2 V207 -",
            "disciplineActions:0 V003 -",
            "studentHealths:1 V311 30",
            "studentHealths:1 V321 29",
            "studentMigrantEducationProgramAssociations:2 V101 31",
            "studentSchoolAssociations:19 V103 20",
            "studentSchoolAssociations:19 V328 20",
            "studentSchoolAssociations:26 V201 2",
            "students:1 V003 -",
            "students:1 V402 -",
            "students:2 V402 -",
            "students:3 V001 -",
        ]
    );
    let stored = |kept: &Kept| {
        let students = kept.students.iter().map(|s| {
            let id = s.student.identity.state_student_id.as_str().to_owned();
            (id, s.student.content_hash())
        });
        let mut students: Vec<_> = students.collect();
        students.sort();
        let facilities = kept.facilities.iter().map(|f| serde_json::to_string(f).unwrap());
        let mut facilities: Vec<_> = facilities.collect();
        facilities.sort();
        (students, facilities)
    };
    assert_eq!(stored(&xml.1), stored(&json.1));
    assert_eq!(xml.1.students.len(), 2);
    let one = xml
        .1
        .students
        .iter()
        .find(|s| s.student.identity.multiple_birth.is_some());
    let one = &one.unwrap().student;
    // A surname is never split, a failed course keeps its credit, a dose without a date gets none, and the last
    // qualifying move is not taken for an arrival.
    assert_eq!(one.identity.last_name_1.as_str(), "de la Peña-Núñez");
    assert_eq!(one.identity.last_name_2, None);
    assert_eq!(one.courses[0].final_grade.as_ref().unwrap().as_str(), "F");
    assert_eq!(one.courses[0].carnegie_units().unwrap().to_string(), "0.5");
    assert_eq!(one.immunizations.iter().filter(|d| d.date.is_none()).count(), 1);
    let arrivals: Vec<_> = one
        .qualifying_moves
        .iter()
        .map(|m| m.qualifying_arrival_date.to_string())
        .collect();
    assert_eq!(arrivals, ["2024-07-15"]);
    assert_eq!(one.alternate_ids[0].identifier.as_str(), "MEP-77");

    // Social security number, race, disability, citizenship, lunch, discipline: dropped at the edge, and counted.
    for (outcome, kept) in [xml, json] {
        let summary = outcome.unwrap();
        assert!(!everything(&summary, &kept).contains("SECRET"));
        let counted = &summary.rows.ignored_values;
        assert_eq!(counted["race is no data element"], 1);
        assert_eq!(counted["disability is no data element"], 1);
        assert_eq!(counted["citizenship is never asked"], 1);
        let ssn = "an identifier that is neither of the state nor of migrant education, such as a social security number";
        assert_eq!(summary.rows.ignored_rows[ssn], 1);
    }
}

#[test]
fn files_that_cannot_be_trusted_are_refused_and_named() {
    let cases: [(&str, &str, &str, &str, RefusalCode); 8] = [
        (
            "tx",
            "TX_NGS_FULL_20260331.xml",
            "</NGSExtract>",
            "",
            RefusalCode::Truncated,
        ),
        (
            "tx",
            "TX_NGS_FULL_20260331.xml",
            "State=\"TX\" Created",
            "State=\"MI\" Created",
            RefusalCode::WrongState,
        ),
        (
            "tx",
            "TX_NGS_FULL_20260331.xml",
            "Kind=\"FULL\"",
            "Kind=\"HALF\"",
            RefusalCode::Header,
        ),
        (
            "tx",
            "TX_NGS_FULL_20260331.xml",
            "NGSExtract",
            "Other",
            RefusalCode::WrongRoot,
        ),
        (
            "tx",
            "TX_NGS_FULL_20260331.xml",
            "<NGSExtract ",
            "<!DOCTYPE a><NGSExtract ",
            RefusalCode::Doctype,
        ),
        ("wi", "students.json", "\n]", "", RefusalCode::Truncated),
        (
            "wi",
            "students.json",
            "[\n",
            "id|name\n",
            RefusalCode::UnknownFormat,
        ),
        (
            "edfi-xml",
            "StudentHealth.xml",
            "</StudentHealth>",
            "",
            RefusalCode::NotWellFormed,
        ),
    ];
    for (name, file, from, to, code) in cases {
        let folder = tempfile::tempdir().unwrap();
        copy(&fixtures(name), folder.path());
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let (outcome, _) = read(folder.path(), &shipped(name), Some(BatchKind::Full));
        let refusal = outcome.unwrap_err();
        assert_eq!(refusal.code, code, "{name} {from}: {refusal}");
        if code != RefusalCode::WrongState {
            assert_eq!(refusal.file.as_deref(), Some(file), "{refusal}");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is damaged, the file is refused or each of its rows is accounted for. The reader checks the sums itself
    /// and refuses an upload in which they differ under a code of its own.
    #[test]
    fn damage_is_refused_or_accounted_for(
        which in 0_usize..3,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..40), 1..4),
    ) {
        let (name, file) = [
            ("tx", "TX_NGS_FULL_20260331.xml"),
            ("wi", "studentSchoolAssociations.json"),
            ("edfi-json", "studentHealths.jsonl"),
        ][which];
        let folder = tempfile::tempdir().unwrap();
        copy(&fixtures(name), folder.path());
        let path = folder.path().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte, cut) in damage {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, [byte]);
        }
        std::fs::write(&path, bytes).unwrap();
        let (outcome, kept) = read(folder.path(), &shipped(name), Some(BatchKind::Full));
        match outcome {
            Err(refusal) => prop_assert_ne!(refusal.code, RefusalCode::Accounting),
            Ok(summary) => {
                let rows = summary.rows;
                let ignored: u64 = rows.ignored_rows.values().sum();
                prop_assert_eq!(rows.read, rows.kept + rows.refused + ignored);
                prop_assert_eq!(rows.students, kept.students.len() as u64);
            }
        }
    }
}

/// The folders of a state's sample exports by date, if `MARIPOSA_SAMPLES` says where they are.
fn samples(state: &str) -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("MARIPOSA_SAMPLES") else {
        return Vec::new();
    };
    let mut dates: Vec<PathBuf> = Path::new(&root)
        .join(state)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    dates.sort();
    assert_eq!(dates.len(), 3, "a full extract and two of changes");
    dates
}

#[test]
fn sample_exports_load_and_every_bad_row_is_named() {
    // Rows read, students, facilities, and the errors by code and element.
    type Expected = (u64, u64, u64, &'static [&'static str]);
    let expected: [(&str, [Expected; 3]); 2] = [
        (
            "TX",
            [
                (19_931, 968, 65, &["V101 2", "V102 54"]),
                (721, 39, 40, &["V101 3"]),
                (516, 23, 33, &["V103 20"]),
            ],
        ),
        (
            "WI",
            [
                (5_267, 203, 35, &["V103 20"]),
                (29, 1, 2, &["V102 54"]),
                (111, 6, 9, &["V102 70", "V103 63"]),
            ],
        ),
    ];
    for (state, dates) in expected {
        for (folder, (read_rows, students, facilities, errors)) in samples(state).iter().zip(dates) {
            let (outcome, kept) = read(folder, &shipped(&state.to_lowercase()), None);
            let place = folder.display();
            let summary = outcome.unwrap();
            let day = summary.header.as_of.date_naive().to_string();
            assert_eq!(day, folder.file_name().unwrap().to_string_lossy());
            let rows = summary.rows;
            assert_eq!(
                (rows.read, rows.students, rows.facilities),
                (read_rows, students, facilities),
                "{place}"
            );
            let ignored: u64 = rows.ignored_rows.values().sum();
            assert_eq!(rows.read, rows.kept + rows.refused + ignored, "{place}");
            let mut found: Vec<_> = kept
                .findings
                .iter()
                .filter(|f| f.code.severity() == Severity::Error)
                .map(|f| format!("{} {}", f.code, f.element.as_deref().unwrap_or("-")))
                .collect();
            found.sort();
            assert_eq!(found, errors, "{place}");
            let unknown = kept
                .findings
                .iter()
                .find(|f| f.code == FindingCode::UnknownElement);
            assert!(unknown.is_none(), "{place} {unknown:?}");
        }
    }
}
