//! Databases from templates, on whatever server the run has.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, sql_query};
use testkit::TestDb;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(connection: &mut PgConnection, query: &str) -> i64 {
    sql_query(query)
        .get_result::<Count>(connection)
        .expect("a count")
        .n
}

fn run(url: &str, statement: &str) -> Result<()> {
    sql_query(statement).execute(&mut PgConnection::establish(url)?)?;
    Ok(())
}

/// A key that no other run on a long-lived server has used.
fn fresh_key() -> String {
    format!("t{:016x}", rand::random::<u64>())
}

#[test]
fn tests_share_a_template_made_once_and_not_each_others_rows() {
    let key = fresh_key();
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let db = TestDb::from_template(&key, |url| {
                    made.fetch_add(1, Ordering::Relaxed);
                    run(url, "CREATE TABLE t AS SELECT 1 AS n")
                });
                let db = db.expect("a database");
                let mut connection = db.connect().expect("a connection");
                assert_eq!(count(&mut connection, "SELECT count(*) AS n FROM t"), 1);
                run(db.url(), "INSERT INTO t VALUES (2)").expect("a row");
                assert_eq!(count(&mut connection, "SELECT count(*) AS n FROM t"), 2);
            });
        }
    });
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[test]
fn a_failed_migration_is_reported_and_tried_again() {
    let key = fresh_key();
    let failing = |url: &str| {
        run(url, "CREATE TABLE half (n int)")?;
        bail!("the second half is missing")
    };
    let error = TestDb::from_template::<(), _>(&key, failing).expect_err("it fails");
    assert!(
        format!("{error:#}").contains("the second half is missing"),
        "{error:#}"
    );
    let db =
        TestDb::from_template(&key, |url| run(url, "CREATE TABLE half (n int)")).expect("the second time");
    let mut connection = db.connect().expect("a connection");
    assert_eq!(count(&mut connection, "SELECT count(*) AS n FROM half"), 0);
}

#[test]
fn a_dropped_database_is_gone_even_when_connected_to() {
    let db = TestDb::new().expect("a database");
    let name = db.name().to_owned();
    let mut inside = db.connect().expect("a connection");
    let other = TestDb::new().expect("a database");
    let mut outside = other.connect().expect("a connection");
    let query = format!("SELECT count(*) AS n FROM pg_database WHERE datname = '{name}'");
    assert_eq!(count(&mut outside, &query), 1);
    drop(db);
    assert_eq!(count(&mut outside, &query), 0);
    sql_query("SELECT 1")
        .execute(&mut inside)
        .expect_err("its connection is closed");
}

#[test]
fn keys_that_cannot_be_names_are_refused() {
    for key in ["", "a\"b", "UPPER", &"x".repeat(41)] {
        TestDb::from_template(key, |_| -> Result<()> { panic!("not to be made") }).expect_err(key);
    }
}
