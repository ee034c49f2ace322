//! Files that attack the reader or are broken as a whole: a refusal that says why, and nothing else.

use std::io::Write;
use std::path::Path;

use crate::kept::Kept;
use formats::{Limits, Options, Refusal, RefusalCode, Summary, profile};
use proptest::prelude::*;

const START: &str = "<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\n<Header><SubmittingState>TX</SubmittingState><AsOf>2026-04-01T02:00:00Z</AsOf><Kind>full</Kind></Header>\n";
const STUDENT: &str = "<Student action=\"insert\"><StateStudentIdentificationNumber>1</StateStudentIdentificationNumber><LastName1>Peña</LastName1><FirstName>O&apos;B</FirstName></Student>";

fn read_with(bytes: &[u8], options: &Options<'_>) -> (Result<Summary, Refusal>, Kept) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut kept = Kept::default();
    let outcome = formats::read(file.path(), options, &mut kept);
    (outcome, kept)
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Summary, Refusal> {
    read_with(bytes.as_ref(), &Options::default()).0
}

fn refused(bytes: impl AsRef<[u8]>, code: RefusalCode, line: Option<u64>) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
    match read(bytes) {
        Err(refusal) => {
            assert_eq!(refusal.code, code, "{refusal} for {shown}");
            if line.is_some() {
                assert_eq!(refusal.line, line, "{refusal} for {shown}");
            }
            assert!(!refusal.message.is_empty() && !refusal.fix.is_empty());
        }
        Ok(_) => panic!("accepted: {shown}"),
    }
}

fn upload(body: &str) -> String {
    format!("{START}<Students>\n{body}\n</Students></MariposaUpload>\n")
}

#[test]
fn a_sound_file_is_read() {
    let (outcome, kept) = read_with(upload(STUDENT).as_bytes(), &Options::default());
    assert_eq!(outcome.unwrap().rows.students, 1);
    assert_eq!(kept.students[0].student.identity.first_name.as_str(), "O'B");
    assert_eq!(kept.students[0].line, 4);
    assert!(
        read(format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- c -->\n{}",
            upload(STUDENT)
        ))
        .is_ok()
    );
}

#[test]
fn document_types_and_entities() {
    refused(
        format!("<!DOCTYPE a>{}", upload("")),
        RefusalCode::Doctype,
        Some(1),
    );
    let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\"><!ENTITY lol3 \"&lol2;&lol2;&lol2;\">]>\n<lolz>&lol3;</lolz>";
    refused(laughs, RefusalCode::Doctype, Some(2));
    let external =
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    refused(external, RefusalCode::Doctype, Some(1));
    let parameter = "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://example.org/x.dtd\"> %p;]><a/>";
    refused(parameter, RefusalCode::Doctype, Some(1));
    refused(
        upload(&STUDENT.replace("&apos;", "&eacute;")),
        RefusalCode::Entity,
        Some(4),
    );
    refused(
        upload(&STUDENT.replace("&apos;", "&#0;")),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload(&STUDENT.replace("&apos;", "&#xD800;")),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload(&STUDENT.replace("&apos;", "&#x1F;")),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload(&STUDENT.replace("&apos;", "& ")),
        RefusalCode::NotWellFormed,
        Some(4),
    );
}

#[test]
fn processing_instructions_and_misplaced_declarations() {
    refused(upload("<?php x ?>"), RefusalCode::ProcessingInstruction, Some(4));
    refused(
        format!("\n\n<?xml version=\"1.0\"?>{}", upload("")),
        RefusalCode::NotWellFormed,
        None,
    );
}

#[test]
fn encodings() {
    let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>\n{}", upload(STUDENT));
    refused(declared("ISO-8859-1"), RefusalCode::WrongEncoding, Some(1));
    refused(declared("UTF-16"), RefusalCode::WrongEncoding, Some(1));
    let utf16 = |order: fn(u16) -> [u8; 2], mark: &[u8]| {
        let text: Vec<u8> = upload(STUDENT).encode_utf16().flat_map(order).collect();
        [mark, &text].concat()
    };
    refused(
        utf16(u16::to_le_bytes, b"\xff\xfe"),
        RefusalCode::WrongEncoding,
        Some(1),
    );
    refused(
        utf16(u16::to_be_bytes, b"\xfe\xff"),
        RefusalCode::WrongEncoding,
        Some(1),
    );
    refused(utf16(u16::to_le_bytes, b""), RefusalCode::WrongEncoding, Some(1));
    refused(utf16(u16::to_be_bytes, b""), RefusalCode::WrongEncoding, Some(1));
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("Peña");
    let sound = upload(STUDENT);
    let (before, after) = sound.split_once("Peña").unwrap();
    refused(
        [before.as_bytes(), &latin, after.as_bytes()].concat(),
        RefusalCode::WrongEncoding,
        Some(4),
    );
    refused(
        upload(STUDENT).replace("Peña", "Pe\0a"),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload(STUDENT).replace("Peña", "Pe\u{1b}a"),
        RefusalCode::NotWellFormed,
        Some(4),
    );
}

#[test]
fn other_documents() {
    refused("", RefusalCode::Truncated, Some(1));
    refused("   \n", RefusalCode::Truncated, Some(1));
    refused("{\"students\": []}", RefusalCode::UnknownFormat, Some(1));
    refused("SSID,LAST_NAME\n1,A\n", RefusalCode::UnknownFormat, Some(1));
    refused("<html></html>", RefusalCode::WrongRoot, Some(1));
    refused("<MariposaUpload/>", RefusalCode::WrongRoot, Some(1));
    refused(
        upload("").replace("upload:1\"", "upload:2\""),
        RefusalCode::WrongRoot,
        Some(1),
    );
    refused(
        upload("").replace("codeSet=\"2022\"", "codeSet=\"1999\""),
        RefusalCode::WrongRoot,
        Some(1),
    );
    refused(
        upload("").replace(" codeSet=\"2022\"", ""),
        RefusalCode::WrongRoot,
        Some(1),
    );
    refused(format!("{}<a/>", upload("")), RefusalCode::NotWellFormed, None);
    refused(format!("{}text", upload("")), RefusalCode::NotWellFormed, None);
    refused(
        upload("").replace("</Students>", "</Studies>"),
        RefusalCode::NotWellFormed,
        None,
    );
    refused(
        upload(STUDENT).replace("</LastName1>", "</LastName2>"),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload("<Student action=\"insert\" action=\"delete\"/>"),
        RefusalCode::NotWellFormed,
        Some(4),
    );
    refused(
        upload("<Student codeSet=\"2003\" action=\"insert\"/>"),
        RefusalCode::MixedCodeSets,
        Some(4),
    );
    refused(
        upload("<Student xmlns=\"urn:other\" action=\"insert\"/>"),
        RefusalCode::WrongRoot,
        Some(4),
    );
}

#[test]
fn headers() {
    let header = |change: (&str, &str)| upload(STUDENT).replace(change.0, change.1);
    refused(
        header(("<Header>", "<X/><Students></Students><Header>")),
        RefusalCode::Header,
        None,
    );
    refused(
        header(("<AsOf>2026-04-01T02:00:00Z</AsOf>", "")),
        RefusalCode::NoAsOf,
        Some(2),
    );
    refused(
        header(("2026-04-01T02:00:00Z", "yesterday")),
        RefusalCode::Header,
        Some(2),
    );
    refused(header(("<Kind>full</Kind>", "")), RefusalCode::NoKind, Some(2));
    refused(
        header(("<Kind>full</Kind>", "<Kind>some</Kind>")),
        RefusalCode::Header,
        Some(2),
    );
    refused(header((">TX<", ">ZZ<")), RefusalCode::Header, Some(2));
    refused(
        header((
            "<Kind>",
            "<EffectiveFrom>2026-04-02T00:00:00Z</EffectiveFrom><EffectiveTo>2026-04-01T00:00:00Z</EffectiveTo><Kind>",
        )),
        RefusalCode::Header,
        Some(2),
    );
    let as_other = |options: Options<'_>| {
        read_with(upload(STUDENT).as_bytes(), &options)
            .0
            .unwrap_err()
            .code
    };
    let state = Some(mde::StateCode::new("KY").unwrap());
    assert_eq!(
        as_other(Options {
            state,
            ..Options::default()
        }),
        RefusalCode::WrongState
    );
    let kind = Some(formats::BatchKind::Delta);
    assert_eq!(
        as_other(Options {
            kind,
            ..Options::default()
        }),
        RefusalCode::WrongKind
    );
}

#[test]
fn sizes() {
    refused(upload(&"<a>".repeat(70)), RefusalCode::TooDeep, Some(4));
    let long = "x".repeat(70 << 10);
    refused(
        upload(&STUDENT.replace("Peña", &long)),
        RefusalCode::TextTooLong,
        Some(4),
    );
    refused(
        upload(&STUDENT.replace("Peña", &"x".repeat(3 << 20))),
        RefusalCode::TextTooLong,
        Some(4),
    );
    refused(
        upload(&format!("<!--{}-->", "x".repeat(3 << 20))),
        RefusalCode::TextTooLong,
        Some(4),
    );
    refused(
        upload(&format!("<{}/>", "x".repeat(3 << 20))),
        RefusalCode::TextTooLong,
        Some(4),
    );
    let attributes: String = (0..70).fold(String::new(), |all, n| all + &format!(" a{n}=\"\""));
    refused(
        upload(&format!("<Student action=\"insert\"{attributes}/>")),
        RefusalCode::TooManyAttributes,
        Some(4),
    );
    let rows = "<Immunization><ImmunizationType>MMR</ImmunizationType></Immunization>".repeat(20_000);
    refused(
        upload(&STUDENT.replace("</Student>", &format!("{rows}</Student>"))),
        RefusalCode::RecordTooLarge,
        Some(4),
    );
    let few = Options {
        limits: Limits {
            students: 2,
            ..Limits::default()
        },
        ..Options::default()
    };
    let three: String = (0..3)
        .map(|n| STUDENT.replace(">1<", &format!(">{n}<")))
        .collect();
    assert_eq!(
        read_with(upload(&three).as_bytes(), &few).0.unwrap_err().code,
        RefusalCode::TooManyStudents
    );
}

#[test]
fn truncated_at_every_byte() {
    let whole = upload(STUDENT);
    let end = whole.rfind('>').unwrap() + 1;
    for length in 0..whole.len() {
        let (outcome, _) = read_with(&whole.as_bytes()[..length], &Options::default());
        assert_eq!(outcome.is_ok(), length >= end, "cut at {length}: {outcome:?}");
        if let Err(refusal) = outcome {
            let expected = [RefusalCode::Truncated, RefusalCode::WrongEncoding];
            assert!(expected.contains(&refusal.code), "cut at {length}: {refusal}");
        }
    }
}

#[test]
fn what_crosses_the_window_is_read_the_same() {
    // More than one window, with students, references and comments at every offset of its end.
    let many = (0..3000).fold(String::new(), |all, n| {
        let student = STUDENT.replace(">1<", &format!(">{n}<"));
        all + &format!("{student}<!-- {n} -->\n{}", " ".repeat(n % 7))
    });
    let (outcome, kept) = read_with(upload(&many).as_bytes(), &Options::default());
    let summary = outcome.unwrap();
    assert_eq!(summary.rows.students, 3000);
    assert!(
        kept.findings
            .iter()
            .all(|f| f.code == mde::FindingCode::NoBirthDate)
    );
    assert!(
        kept.students
            .iter()
            .all(|s| s.student.identity.last_name_1.as_str() == "Peña")
    );
    assert_eq!(kept.students[2999].line, 3003);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn compressed_files() {
    let plain = upload(STUDENT);
    let sha = read(&plain).unwrap().sha256;
    for packed in [
        gzip(plain.as_bytes()),
        [gzip(&plain.as_bytes()[..200]), gzip(&plain.as_bytes()[200..])].concat(),
        zstd::encode_all(plain.as_bytes(), 3).unwrap(),
    ] {
        assert_eq!(
            read(&packed).unwrap().sha256,
            sha,
            "the hash is of the content, not of its packing"
        );
        refused(&packed[..packed.len() - 9], RefusalCode::Truncated, None);
    }
    assert_eq!(
        read(zipped(&[("a/upload.xml", plain.as_bytes())]))
            .unwrap()
            .rows
            .students,
        1
    );
    refused(
        zipped(&[("a.xml", plain.as_bytes()), ("b.xml", plain.as_bytes())]),
        RefusalCode::UnknownFormat,
        None,
    );
    refused(gzip(&gzip(plain.as_bytes())), RefusalCode::UnknownFormat, None);
    refused(
        [gzip(plain.as_bytes()), b"garbage and more of it".to_vec()].concat(),
        RefusalCode::BadArchive,
        None,
    );
    refused(b"PK\x03\x04garbage", RefusalCode::BadArchive, None);
    refused(b"\x28\xb5\x2f\xfdgarbage", RefusalCode::BadArchive, None);
}

#[test]
fn bombs() {
    let bomb = upload(&"<!-- -->".repeat(8 << 20));
    let options = Options {
        limits: Limits {
            decompressed_bytes: 1 << 20,
            ..Limits::default()
        },
        ..Options::default()
    };
    for packed in [
        gzip(bomb.as_bytes()),
        zstd::encode_all(bomb.as_bytes(), 19).unwrap(),
        zipped(&[("a.xml", bomb.as_bytes())]),
    ] {
        assert!(packed.len() < 1 << 20);
        assert_eq!(
            read_with(&packed, &options).0.unwrap_err().code,
            RefusalCode::TooLarge
        );
    }
    // A frame that asks for a window of 128 MiB.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.write_all(bomb.as_bytes()).unwrap();
    refused(encoder.finish().unwrap(), RefusalCode::BadArchive, None);
    let files: Vec<(String, &[u8])> = (0..1200).map(|n| (format!("{n}.csv"), b"" as &[u8])).collect();
    let names: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    refused(zipped(&names), RefusalCode::TooManyFiles, None);
}

#[test]
fn a_missing_file_is_not_the_senders_fault() {
    let outcome = formats::read(Path::new("/no/such/file"), &Options::default(), &mut ());
    assert_eq!(outcome.unwrap_err().code, RefusalCode::Unreadable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read(&bytes);
        let sound = upload(STUDENT);
        let _ = read([sound.as_bytes(), &bytes].concat());
    }

    #[test]
    fn a_changed_file_is_read_or_refused(at in 0usize..600, with in "[<>&/\"'a-z\\n\u{0}\u{e9}!\\[\\]?-]{0,6}", cut in 0usize..5) {
        let sound = upload(STUDENT);
        let bytes = sound.as_bytes();
        let at = at.min(bytes.len());
        let changed = [&bytes[..at], with.as_bytes(), &bytes[(at + cut).min(bytes.len())..]].concat();
        if let Ok(summary) = read(&changed) {
            prop_assert_eq!(summary.rows.read, summary.rows.kept + summary.rows.refused);
        }
    }

    #[test]
    fn any_rows_are_read_or_refused(text in proptest::collection::vec("[0-9A-Za-z|,\"/\\r\\n\u{e9}\u{0} ]{0,40}", 0..40), flip in any::<u8>()) {
        let header = "STUDENT_ID|QAD|COE_NUMBER|FROM_CITY|FROM_STATE|FROM_COUNTRY|TO_CITY|TO_STATE|RESIDENCY_DATE\n";
        let mut bytes = format!("{header}{}", text.join("\n")).into_bytes();
        bytes.push(flip);
        let folder = tempfile::tempdir().unwrap();
        for ky in ["student", "move", "enrollment", "facility", "course", "assessment", "immunization", "alert", "gradreq"] {
            std::fs::write(folder.path().join(format!("KY_{ky}.txt")), if ky == "move" { &bytes[..] } else { b"" }).unwrap();
        }
        let profiles = profile::shipped();
        let options = Options {
            profile: profiles.iter().find(|p| p.name == "ky"),
            as_of: Some("2026-04-01T00:00:00Z".parse().unwrap()),
            ..Options::default()
        };
        let mut kept = Kept::default();
        let summary = formats::read(folder.path(), &options, &mut kept).unwrap();
        prop_assert_eq!(summary.rows.students, 0);
        prop_assert_eq!(summary.rows.read, summary.rows.refused);
        prop_assert!(kept.findings.len() as u64 >= summary.rows.refused);
    }
}
