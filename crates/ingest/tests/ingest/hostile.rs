//! Files that cannot be right: each ends as a named problem or finding, in bounded memory, and leaves others alone.

use std::io::Write as _;

use anyhow::Result;
use mde::Severity;

use crate::hub::{ENROLLMENT, Hub, delete, many, state, student, upload};

#[test]
fn more_findings_than_are_kept_are_all_counted_by_cause() -> Result<()> {
    let hub = Hub::new()?;
    let bad =
        "<Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>31/02/2025</EnrollmentDate></Enrollment>";
    let rows = bad.repeat(20);
    let students: String = (0..3_000)
        .map(|i| student(&i.to_string(), "Ana", &rows))
        .collect();
    let batch = hub.load(&upload("full", "2026-04-01T00:00:00Z", &students))?;
    assert_eq!(
        (batch.status.as_str(), batch.students_inserted),
        ("loaded", 3_000)
    );
    assert_eq!((batch.rows_refused, batch.rows_stored), (60_000, 3_001));
    let connection = &mut *store::connection(&hub.pool)?;
    let kept = hub.number("select count(*) as n from batch_finding");
    assert_eq!(kept, 50_000, "the report is bounded");
    let account = store::batches::account(connection, batch.batch_id)?.expect("kept with the batch");
    let account: ingest::Account = serde_json::from_value(account)?;
    assert_eq!(
        (
            account.causes.count(Severity::Error) as i64,
            account.causes.count(Severity::Warning) as i64
        ),
        (batch.findings_errors, batch.findings_warnings),
        "all are counted"
    );
    assert!(batch.findings_errors >= 60_000, "{}", batch.findings_errors);
    assert_eq!(account.rows.refused, 60_000);
    Ok(())
}

#[test]
fn a_student_sent_twice_counts_once_and_the_sums_hold() -> Result<()> {
    let hub = Hub::new()?;
    let students = format!(
        "{}{}{}{}",
        student("1", "Ana", ENROLLMENT),
        student("1", "Bea", ENROLLMENT),
        delete("2"),
        student("3", "Luz", "")
    );
    let batch = hub.load(&upload("full", "2026-04-01T00:00:00Z", &students))?;
    assert_eq!(batch.status, "loaded", "{:?}", batch.problem);
    assert_eq!(
        (batch.students_inserted, batch.rows_refused, batch.rows_unchanged),
        (2, 2, 1),
        "the second one with its row is refused; the end of a student that is not held changes nothing"
    );
    assert_eq!(
        batch.rows_read,
        batch.rows_stored + batch.rows_unchanged + batch.rows_refused + batch.rows_ignored
    );
    Ok(())
}

#[test]
fn what_cannot_be_unpacked_or_ends_nowhere_is_refused_and_others_load() -> Result<()> {
    let hub = Hub::new()?;
    let good = upload("full", "2026-04-01T00:00:00Z", &many(0..5, "Ana"));
    let head = good.split_once("<Students>").expect("students").0;

    // One line without an end: refused at its first part, before a receipt or in the check, never read whole.
    let endless = format!("{head}<Students><Student action=\"{}", "x".repeat(4 << 20));
    let nul = good.replace("Ana", "A\0a");
    for (sent, codes) in [
        (endless.as_bytes(), &["text-too-long"][..]),
        (nul.as_bytes(), &["not-well-formed"]),
    ] {
        let code = match hub.receive(sent) {
            Ok(receipt) => {
                let batch = hub.run(receipt.batch.batch_id, &|| true)?;
                assert_eq!(batch.status, "failed");
                batch.problem.expect("why")["code"]
                    .as_str()
                    .expect("a code")
                    .to_owned()
            }
            Err(ingest::ReceiveError::Refused(refusal)) => refusal.code.code().to_owned(),
            Err(other) => return Err(other.into()),
        };
        assert!(codes.contains(&code.as_str()), "{code}");
    }

    // A gigabyte of blanks in a few hundred kilobytes.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(good.as_bytes())?;
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..64 {
        bomb.write_all(&blanks)?;
    }
    let bomb = bomb.finish()?;
    let limits = formats::Limits {
        decompressed_bytes: 16 << 20,
        ..formats::Limits::default()
    };
    let refused = hub.receive_within(&bomb, limits);
    assert!(
        matches!(&refused, Err(ingest::ReceiveError::Refused(r)) if r.code == formats::RefusalCode::TooLarge),
        "{refused:?}"
    );
    assert_eq!(
        std::fs::read_dir(hub.folder.path().join("spool"))?.count(),
        0,
        "nothing of what was refused is kept"
    );

    let batch = hub.load(&good)?;
    assert_eq!(
        (batch.status.as_str(), batch.state.as_str()),
        ("loaded", state().as_str())
    );
    Ok(())
}
