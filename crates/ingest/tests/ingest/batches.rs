//! What a batch promises.

use std::cell::Cell;

use anyhow::Result;
use ingest::ReceiveError;
use mde::{StateStudentId, StudentId};

use crate::hub::{ENROLLMENT, Hub, delete, many, now, state, student, upload};

#[test]
fn the_same_upload_again_gets_the_first_receipt_and_a_newer_one_changes_nothing() -> Result<()> {
    let hub = Hub::new()?;
    let first = upload("full", "2026-04-01T00:00:00Z", &many(0..5, "Ana"));
    let receipt = hub.receive(first.as_bytes())?;
    let again = hub.receive(first.as_bytes())?;
    assert!(!again.new);
    assert_eq!(again.batch.batch_id, receipt.batch.batch_id);
    let loaded = hub.run(receipt.batch.batch_id, &|| true)?;
    assert_eq!((loaded.status.as_str(), loaded.students_inserted), ("loaded", 5));

    let newer = hub.load(&upload("full", "2026-04-02T00:00:00Z", &many(0..5, "Ana")))?;
    assert_eq!(
        (
            newer.students_unchanged,
            newer.students_inserted,
            newer.students_updated
        ),
        (5, 0, 0)
    );
    assert_eq!(
        hub.number("select count(*) as n from student_version"),
        0,
        "nothing was replaced"
    );
    assert_eq!(
        hub.number("select count(*) as n from student_status where as_of = '2026-04-01Z'"),
        5,
        "nothing was touched"
    );
    assert_eq!(
        std::fs::read_dir(hub.folder.path().join("spool"))?.count(),
        0,
        "no file is left behind"
    );
    Ok(())
}

#[test]
fn an_update_replaces_the_whole_student_and_keeps_what_was() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload(
        "full",
        "2026-04-01T00:00:00Z",
        &student("1", "Ana", ENROLLMENT),
    ))?;
    let delta = hub.load(&upload(
        "delta",
        "2026-04-02T00:00:00Z",
        &student("1", "Anita", ""),
    ))?;
    assert_eq!((delta.students_updated, delta.students_inserted), (1, 0));
    let now = hub.student("1");
    assert_eq!(now.identity.first_name.as_str(), "Anita");
    assert!(now.enrollments.is_empty(), "what is absent is gone");
    let id = StudentId::of(state(), &StateStudentId::new("1")?);
    let versions = store::students::versions(&mut *store::connection(&hub.pool)?, id)?;
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].student.identity.first_name.as_str(), "Ana");
    assert_eq!(versions[0].student.enrollments.len(), 1);
    Ok(())
}

#[test]
fn what_comes_late_goes_to_history_only() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload(
        "full",
        "2026-04-03T00:00:00Z",
        &student("1", "Ana", ENROLLMENT),
    ))?;
    let late = hub.load(&upload(
        "delta",
        "2026-04-02T00:00:00Z",
        &student("1", "Older", ""),
    ))?;
    assert_eq!((late.students_late, late.students_updated), (1, 0));
    assert_eq!(hub.student("1").identity.first_name.as_str(), "Ana");
    assert_eq!(
        hub.number("select count(*) as n from student_version where version = 0"),
        1
    );
    Ok(())
}

#[test]
fn a_full_upload_marks_who_is_missing_and_an_older_one_does_not() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", "2026-04-01T00:00:00Z", &many(0..3, "Ana")))?;
    hub.load(&upload("delta", "2026-04-03T00:00:00Z", &student("9", "Luz", "")))?;
    let older = hub.load(&upload("full", "2026-04-02T00:00:00Z", &many(0..2, "Ana")))?;
    assert_eq!(older.students_not_reported, 1);
    assert_eq!(
        (hub.status("2").as_str(), hub.status("9").as_str()),
        ("not_reported", "live"),
        "a newer batch spoke of 9"
    );
    hub.load(&upload("full", "2026-04-04T00:00:00Z", &many(0..3, "Ana")))?;
    assert_eq!(
        (hub.status("2").as_str(), hub.status("9").as_str()),
        ("live", "not_reported"),
        "2 is back, 9 is gone"
    );
    assert_eq!(
        hub.student("9").identity.first_name.as_str(),
        "Luz",
        "what is known of it stays"
    );
    Ok(())
}

#[test]
fn a_deleted_student_stays_known_and_can_come_back() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", "2026-04-01T00:00:00Z", &many(0..2, "Ana")))?;
    let gone = hub.load(&upload("delta", "2026-04-02T00:00:00Z", &delete("1")))?;
    assert_eq!((gone.students_deleted, hub.status("1").as_str()), (1, "deleted"));
    let again = hub.load(&upload("delta", "2026-04-03T00:00:00Z", &delete("1")))?;
    assert_eq!((again.students_deleted, again.students_unchanged), (0, 1));
    hub.load(&upload(
        "delta",
        "2026-04-04T00:00:00Z",
        &student("1", "Ana", ENROLLMENT),
    ))?;
    assert_eq!(hub.status("1"), "live");
    Ok(())
}

#[test]
fn a_suspicious_full_upload_waits_for_a_yes() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", "2026-04-01T00:00:00Z", &many(0..100, "Ana")))?;
    let held = hub.load(&upload("full", "2026-04-02T00:00:00Z", &many(0..50, "Ana")))?;
    assert_eq!(held.status, "held");
    assert_eq!(
        hub.number("select count(*) as n from student_status where status = 'live'"),
        100,
        "nothing changed"
    );
    assert!(ingest::release(
        &mut *store::connection(&hub.pool)?,
        held.batch_id,
        "account:a@b.c",
        "half of them moved on",
        now()
    )?);
    let released = hub.run(held.batch_id, &|| true)?;
    assert_eq!(
        (released.status.as_str(), released.students_not_reported),
        ("loaded", 50)
    );
    Ok(())
}

#[test]
fn a_newer_full_upload_takes_the_place_of_a_held_one() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", "2026-04-01T00:00:00Z", &many(0..100, "Ana")))?;
    let held = hub.load(&upload("full", "2026-04-02T00:00:00Z", &many(0..50, "Ana")))?;
    hub.load(&upload("full", "2026-04-03T00:00:00Z", &many(0..99, "Ana")))?;
    let superseded = store::batches::find(&mut *store::connection(&hub.pool)?, held.batch_id)?.unwrap();
    assert_eq!(superseded.status, "failed");
    assert_eq!(superseded.problem.unwrap()["code"], "superseded");
    assert!(!ingest::release(
        &mut *store::connection(&hub.pool)?,
        held.batch_id,
        "account:a@b.c",
        "half of them moved on",
        now()
    )?);
    Ok(())
}

#[test]
fn a_bad_row_is_told_and_the_others_load() -> Result<()> {
    let hub = Hub::new()?;
    let bad =
        "<Enrollment><FacilityCode>F9</FacilityCode><EnrollmentDate>2025-02-30</EnrollmentDate></Enrollment>";
    let students = format!(
        "{}{}",
        student("1", "Ana", &format!("{ENROLLMENT}{bad}")),
        student("2", "", ENROLLMENT)
    );
    let batch = hub.load(&upload("full", "2026-04-01T00:00:00Z", &students))?;
    assert_eq!(
        (
            batch.status.as_str(),
            batch.students_inserted,
            batch.students_refused
        ),
        ("loaded", 1, 1)
    );
    assert_eq!(hub.student("1").enrollments.len(), 1);
    let findings =
        store::batches::findings(&mut *store::connection(&hub.pool)?, batch.batch_id, None, -1, 100)?;
    let date = findings
        .iter()
        .map(|(_, f)| f)
        .find(|f| f.element.as_deref() == Some("54"))
        .expect("the date is told");
    assert_eq!(date.state_student_id.as_deref(), Some("1"));
    assert_eq!(date.received.as_deref(), Some("2025-02-30"));
    assert!(date.line.is_some() && !date.fix.is_empty());
    assert!(
        findings.iter().any(|(_, f)| f.element.as_deref() == Some("5")),
        "the missing first name is told"
    );
    Ok(())
}

#[test]
fn what_cannot_be_trusted_as_a_whole_changes_nothing() -> Result<()> {
    let hub = Hub::new()?;
    let good = upload("full", "2026-04-01T00:00:00Z", &many(0..10, "Ana"));
    let doctype = good.replace("?>\n", "?>\n<!DOCTYPE x [<!ENTITY a \"b\">]>");
    assert!(
        matches!(hub.receive(doctype.as_bytes()), Err(ReceiveError::Refused(r)) if r.code == formats::RefusalCode::Doctype)
    );
    let other = good.replace("<SubmittingState>TX", "<SubmittingState>CA");
    assert!(matches!(
        hub.receive(other.as_bytes()),
        Err(ReceiveError::WrongState(_))
    ));
    let future = good.replace("2026-04-01T", "2027-04-01T");
    assert!(matches!(
        hub.receive(future.as_bytes()),
        Err(ReceiveError::Refused(_))
    ));
    assert_eq!(
        hub.number("select count(*) as n from batch"),
        0,
        "no receipt was given"
    );

    // A cut is seen only at the end of the file: the batch fails, and what came before the cut is not applied.
    let cut = &good[..good.len() - 30];
    let batch = hub.load(cut)?;
    assert_eq!(batch.status, "failed");
    assert_eq!(batch.problem.unwrap()["code"], "truncated");
    assert_eq!(hub.number("select count(*) as n from student"), 0);
    Ok(())
}

#[test]
fn a_load_that_is_cut_short_goes_on_without_loss_or_doubling() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", "2026-04-01T00:00:00Z", &many(0..3_000, "Ana")))?;
    // 2,000 changed, 1,000 unchanged, 4,000 new.
    let students = format!(
        "{}{}{}",
        many(0..2_000, "Eva"),
        many(2_000..3_000, "Ana"),
        many(3_000..7_000, "Luz")
    );
    let receipt = hub.receive(upload("full", "2026-04-02T00:00:00Z", &students).as_bytes())?;
    let written = || hub.number("select count(*) as n from student_status where as_of = '2026-04-02Z'");
    let dies_later = || written() == 0;
    assert!(matches!(
        hub.run(receipt.batch.batch_id, &dies_later),
        Err(ingest::IngestError::LeaseLost)
    ));
    let written = written();
    assert!(
        written > 0 && written < 6_000,
        "it was cut in the middle: {written}"
    );

    let batch = hub.run(receipt.batch.batch_id, &|| true)?;
    assert_eq!(batch.status, "loaded");
    assert_eq!(
        (
            batch.students_inserted,
            batch.students_updated,
            batch.students_unchanged
        ),
        (4_000, 2_000, 1_000)
    );
    assert_eq!(hub.number("select count(*) as n from student"), 7_000);
    assert_eq!(hub.number("select count(*) as n from enrollment"), 7_000);
    assert_eq!(
        hub.number("select count(*) as n from student_version"),
        2_000,
        "each earlier version once"
    );
    assert_eq!(hub.number("select count(*) as n from link_queue"), 7_000);
    Ok(())
}

#[test]
fn a_small_batch_overtakes_a_large_one() -> Result<()> {
    let hub = Hub::new()?;
    let large = hub.receive(upload("full", "2026-04-01T00:00:00Z", &many(0..5_000, "Ana")).as_bytes())?;
    let hub = &hub;
    let done = Cell::new(false);
    let small_meanwhile = || {
        let begun = !done.get() && hub.number("select count(*) as n from student") > 0;
        if begun {
            done.set(true);
            // Between two chunks of the large load: newer content about one of its students, and one it does not have.
            let both = format!("{}{}", student("4999", "Newer", ""), student("x", "Extra", ""));
            hub.load(&upload("delta", "2026-04-02T00:00:00Z", &both)).unwrap();
        }
        true
    };
    let batch = hub.run(large.batch.batch_id, &small_meanwhile)?;
    assert_eq!(batch.status, "loaded");
    assert_eq!(hub.student("4999").identity.first_name.as_str(), "Newer");
    assert_eq!(hub.status("x"), "live");
    assert_eq!((batch.students_inserted, batch.students_late), (4_999, 1));
    Ok(())
}
