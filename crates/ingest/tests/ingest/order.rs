//! Order per student: whatever the order in which uploads are received and loaded, what speaks of the latest instant
//! holds, and of the same instant what was received last.

use std::cell::Cell;

use anyhow::Result;

use crate::hub::{ENROLLMENT, Hub, delete, many, student, upload};

fn day(n: u32) -> String {
    format!("2026-04-{n:02}T00:00:00Z")
}

fn one(kind: &str, on: u32, first: &str) -> String {
    upload(kind, &day(on), &student("1", first, ENROLLMENT))
}

impl Hub {
    fn first_name(&self, id: &str) -> String {
        self.student(id).identity.first_name.to_string()
    }

    /// First names of the earlier and late versions of a student, oldest first.
    fn history(&self, id: &str) -> Vec<String> {
        let id = mde::StudentId::of(
            crate::hub::state(),
            &mde::StateStudentId::new(id).expect("an identifier"),
        );
        let connection = &mut *store::connection(&self.pool).expect("a connection");
        let versions = store::students::versions(connection, id).expect("readable");
        let names = versions
            .iter()
            .rev()
            .map(|v| v.student.identity.first_name.to_string());
        names.collect()
    }
}

#[test]
fn an_unchanged_full_upload_confirms_so_that_an_older_delta_is_late() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&one("full", 1, "Ana"))?;
    let unchanged = hub.load(&one("full", 5, "Ana"))?;
    assert_eq!((unchanged.students_unchanged, unchanged.rows_unchanged), (1, 3));
    let late = hub.load(&one("delta", 3, "Older"))?;
    assert_eq!((late.students_late, late.rows_stored), (1, 2));
    assert_eq!(hub.first_name("1"), "Ana");
    assert_eq!(hub.history("1"), ["Older"]);
    let older = hub.load(&upload("delta", &day(4), &delete("1")))?;
    assert_eq!((older.students_deleted, hub.status("1").as_str()), (0, "live"));
    Ok(())
}

#[test]
fn a_delta_overtakes_its_own_full_upload() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&one("full", 1, "Ana"))?;
    // Received after the full upload of day 2, loaded before it.
    let full = hub.receive(upload("full", &day(2), &many(0..3, "Full")).as_bytes())?;
    hub.load(&upload(
        "delta",
        &day(3),
        &format!("{}{}", student("1", "Delta", ""), student("9", "New", "")),
    ))?;
    let full = hub.run(full.batch.batch_id, &|| true)?;
    assert_eq!(
        (
            full.students_inserted,
            full.students_late,
            full.students_not_reported
        ),
        (2, 1, 0)
    );
    assert_eq!(
        (hub.first_name("1").as_str(), hub.status("9").as_str()),
        ("Delta", "live")
    );
    assert_eq!(hub.history("1"), ["Ana", "Full"]);
    Ok(())
}

#[test]
fn a_content_that_comes_back_is_current_again() -> Result<()> {
    let hub = Hub::new()?;
    for (on, first) in [(1, "Ana"), (2, "Bea"), (3, "Ana")] {
        hub.load(&one("full", on, first))?;
        assert_eq!(hub.first_name("1"), first);
    }
    assert_eq!(hub.history("1"), ["Ana", "Bea"]);
    // The first one again is the first receipt, and changes nothing.
    let again = hub.receive(one("full", 1, "Ana").as_bytes())?;
    assert!(!again.new);
    assert_eq!(hub.run(again.batch.batch_id, &|| true)?.status, "loaded");
    assert_eq!((hub.first_name("1").as_str(), hub.history("1").len()), ("Ana", 2));
    Ok(())
}

#[test]
fn students_that_a_later_full_upload_drops_stay_known_and_come_back() -> Result<()> {
    let hub = Hub::new()?;
    let all = || many(0..30, "Ana");
    hub.load(&upload("full", &day(1), &all()))?;
    let dropped = hub.load(&upload("full", &day(2), &many(0..28, "Ana")))?;
    assert_eq!(
        (dropped.students_not_reported, dropped.students_unchanged),
        (2, 28)
    );
    assert_eq!(
        (hub.status("28").as_str(), hub.first_name("28").as_str()),
        ("not_reported", "Ana")
    );
    assert_eq!(
        hub.number("select count(*) as n from student_version"),
        0,
        "nothing was replaced"
    );
    // What is older than the upload that dropped them does not bring them back.
    hub.load(&upload("delta", &day(1), &student("28", "Ana", ENROLLMENT)))?;
    assert_eq!(hub.status("28"), "not_reported");
    let back = hub.load(&upload("full", &day(3), &all()))?;
    assert_eq!((back.students_unchanged, back.students_inserted), (30, 0));
    assert_eq!(
        (hub.status("28").as_str(), hub.status("29").as_str()),
        ("live", "live")
    );
    Ok(())
}

#[test]
fn of_the_same_instant_what_was_received_last_holds() -> Result<()> {
    let hub = Hub::new()?;
    let first = hub.receive(one("full", 1, "First").as_bytes())?.batch.batch_id;
    let second = hub.receive(one("delta", 1, "Second").as_bytes())?.batch.batch_id;
    // Loaded in the other order.
    hub.run(second, &|| true)?;
    let first = hub.run(first, &|| true)?;
    assert_eq!((first.students_late, hub.first_name("1").as_str()), (1, "Second"));
    hub.load(&one("delta", 1, "Third"))?;
    assert_eq!(hub.first_name("1"), "Third");
    // A full upload of that instant does not take away what was received after it, nor does it come after itself.
    let full = hub
        .receive(upload("full", &day(1), &many(5..6, "Ana")).as_bytes())?
        .batch
        .batch_id;
    hub.load(&upload("delta", &day(1), &student("7", "Luz", "")))?;
    let full = hub.run(full, &|| true)?;
    assert_eq!(
        (full.students_not_reported, hub.status("1").as_str()),
        (1, "not_reported")
    );
    assert_eq!(
        (hub.status("5").as_str(), hub.status("7").as_str()),
        ("live", "live")
    );
    Ok(())
}

#[test]
fn what_only_an_older_upload_holds_is_kept_but_not_live() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&one("full", 5, "Ana"))?;
    let late = hub.load(&upload("delta", &day(3), &student("2", "Luz", ENROLLMENT)))?;
    assert_eq!(
        (late.students_inserted, hub.status("2").as_str()),
        (1, "not_reported")
    );
    hub.load(&upload("full", &day(4), &many(1..4, "Old")))?;
    assert_eq!(
        (hub.first_name("2").as_str(), hub.status("3").as_str()),
        ("Old", "not_reported")
    );
    hub.load(&upload("delta", &day(6), &student("2", "Luz", ENROLLMENT)))?;
    assert_eq!(
        (hub.first_name("2").as_str(), hub.status("2").as_str()),
        ("Luz", "live")
    );
    Ok(())
}

#[test]
fn an_older_full_upload_takes_nothing_away_from_a_newer_one() -> Result<()> {
    let hub = Hub::new()?;
    let old = hub
        .receive(upload("full", &day(1), &many(0..2, "Ana")).as_bytes())?
        .batch
        .batch_id;
    hub.load(&upload("full", &day(2), &many(0..6, "Ana")))?;
    let old = hub.run(old, &|| true)?;
    assert_eq!((old.students_not_reported, old.students_unchanged), (0, 2));
    assert_eq!(
        hub.number("select count(*) as n from student_status where status = 'live'"),
        6
    );
    assert_eq!(
        hub.number("select count(*) as n from participant where full_as_of = '2026-04-02Z'"),
        1
    );
    Ok(())
}

/// Between the check of a full upload and its end, other batches change what it found unchanged.
#[test]
fn what_comes_in_between_is_decided_again_at_the_end() -> Result<()> {
    let hub = &Hub::new()?;
    hub.load(&upload("full", &day(1), &many(0..4_000, "Ana")))?;
    // 3,000 changed students, so that there are two chunks; 3,000 to 3,999 are unchanged.
    let students = format!("{}{}", many(0..3_000, "Eva"), many(3_000..4_000, "Ana"));
    let full = hub.receive(upload("full", &day(5), &students).as_bytes())?;
    let done = Cell::new(false);
    let meanwhile = || {
        let begun = || hub.number("select count(*) as n from student_status where as_of = '2026-04-05Z'") > 0;
        if !done.get() && begun() {
            done.set(true);
            let older = format!(
                "{}{}",
                student("3500", "Older", ENROLLMENT),
                student("x", "Extra", "")
            );
            hub.load(&upload("delta", &day(3), &older)).expect("loaded");
            let newer = format!("{}{}", student("3501", "Newer", ""), delete("3502"));
            hub.load(&upload("delta", &day(6), &newer)).expect("loaded");
        }
        true
    };
    let full = hub.run(full.batch.batch_id, &meanwhile)?;
    assert!(done.get(), "something came in between");
    assert_eq!(full.status, "loaded", "{:?}", full.problem);
    assert_eq!(
        (hub.first_name("3500").as_str(), hub.first_name("3501").as_str()),
        ("Ana", "Newer"),
        "the full upload of day 5 is newer than day 3 and older than day 6"
    );
    assert_eq!(
        (hub.status("3502").as_str(), hub.status("x").as_str()),
        ("deleted", "not_reported")
    );
    assert_eq!(
        (
            full.students_updated,
            full.students_unchanged,
            full.students_not_reported
        ),
        (3_001, 999, 1)
    );
    Ok(())
}

/// Tuples written so far, and how far the log has come.
fn written(hub: &Hub) -> Result<(i64, i64)> {
    let connection = &mut *store::connection(&hub.pool)?;
    diesel::RunQueryDsl::execute(diesel::sql_query("select pg_stat_force_next_flush()"), connection)?;
    Ok((
        hub.number(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint as n from pg_stat_user_tables
             where relname not in ('batch', 'batch_account', 'batch_finding', 'participant', 'job')",
        ),
        hub.number("select count(*) as n from job"),
    ))
}

#[test]
fn the_same_night_again_writes_only_what_is_the_batches_own() -> Result<()> {
    let hub = Hub::new()?;
    hub.load(&upload("full", &day(1), &many(0..500, "Ana")))?;
    // The linker has done its work.
    let connection = &mut *store::connection(&hub.pool)?;
    for table in ["job", "link_queue"] {
        diesel::RunQueryDsl::execute(diesel::sql_query(format!("delete from {table}")), connection)?;
    }
    let before = written(&hub)?;
    let receipt = hub.receive(upload("full", &day(2), &many(0..500, "Ana")).as_bytes())?;
    diesel::RunQueryDsl::execute(diesel::sql_query("delete from job"), connection)?;
    let again = hub.run(receipt.batch.batch_id, &|| true)?;
    assert_eq!(
        (
            again.status.as_str(),
            again.students_unchanged,
            again.rows_unchanged,
            again.rows_stored
        ),
        ("loaded", 500, 1_001, 0)
    );
    assert_eq!(
        written(&hub)?,
        before,
        "no tuple of a student or facility, no job"
    );
    assert_eq!(hub.number("select count(*) as n from link_queue"), 0);
    assert_eq!(
        hub.number("select count(*) as n from student_status where xmax <> 0 or as_of <> '2026-04-01Z'"),
        0,
        "not even locked"
    );
    assert_eq!(
        hub.number("select count(*) as n from facility where xmax <> 0"),
        0
    );
    Ok(())
}
