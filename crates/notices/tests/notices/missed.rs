//! Children who left a state and came to none.

use diesel::PgConnection;
use store::notices::{Box, Notice};

use crate::made_up::{child, database, enrolled, instant, link, load, state};

fn asked(connection: &mut PgConnection, code: &str) -> Vec<Notice> {
    let all = store::notices::list(connection, state(code), Box::Inbox, true, None, 100).unwrap();
    all.into_iter()
        .filter(|n| n.event == notices::missed::EVENT)
        .collect()
}

#[test]
fn the_state_that_a_missed_child_left_is_asked_once_until_it_is_seen() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let leaving = |id: &str, more: &[(&str, &str)]| {
        let moved = [("withdrawal_date", "2026-02-10"), ("exit_reason", "MOVED")];
        enrolled(child(id), "2025-08-20", &[&moved[..], more].concat())
    };
    let gone = load(c, "TX", "2026-02-11", &leaving("1", &[]));
    let person = link(c, &[gone], None);
    for (id, more) in [
        ("abroad", ("destination_country", "MX")),
        ("not taking part", ("destination_state", "NY")),
    ] {
        let student = load(c, "TX", "2026-02-11", &leaving(id, &[more]));
        link(c, &[student], None);
    }
    let sweep = |c: &mut PgConnection, day: &str| notices::missed::sweep(c, 30, instant(day)).unwrap();
    assert_eq!(sweep(c, "2026-03-11"), 0, "29 days");
    assert_eq!(sweep(c, "2026-03-12"), 1, "the one who may be anywhere");
    assert_eq!(sweep(c, "2026-03-13"), 0, "asked once");
    let question = asked(c, "TX").remove(0);
    assert_eq!(
        (question.kind.as_str(), question.person_id, question.event_date),
        ("inquiry", person.number(), "2026-02-10".parse().ok())
    );

    // Looking at the child does not take it back; that it is seen does, and that this was wrong brings it again.
    notices::handle_changed(c, &[person], instant("2026-03-14")).unwrap();
    assert_eq!(asked(c, "TX").len(), 1);
    let seen = load(c, "CA", "2026-03-15", &enrolled(child("2"), "2026-03-02", &[]));
    link(c, &[seen], Some(person));
    notices::handle_changed(c, &[person], instant("2026-03-15")).unwrap();
    assert!(asked(c, "TX").is_empty());
    link(c, &[seen], None);
    assert_eq!(sweep(c, "2026-03-16"), 0);
    assert_eq!(asked(c, "TX")[0].move_notice_id, question.move_notice_id);

    let (_db, mut other) = database();
    let old = load(&mut other, "TX", "2026-02-11", &leaving("1", &[]));
    link(&mut other, &[old], None);
    assert_eq!(
        sweep(&mut other, "2026-06-11"),
        0,
        "history, when it is first looked at"
    );
}
