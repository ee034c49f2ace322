//! PostgreSQL away.

use std::time::{Duration, Instant};

use api::{Db, Limits, ProblemCode};
use diesel::connection::SimpleConnection as _;
use pgcluster::{Cluster, Options};
use testkit::TestDb;

use crate::hub::{Hub, problem, student, upload};

#[test]
fn without_its_database_the_hub_receives_nothing_and_goes_on_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let options = Options {
        durable: false,
        ..Options::new(&folder)
    };
    let cluster = Cluster::start(&options).expect("a server");
    let url = cluster.connection_url("postgres");
    store::migrate(&url).expect("migrated");
    let hub = Hub::on(&url, None, Limits::default());
    let texas = hub.system("TX");
    let document = |day: u32| {
        let students = student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06");
        upload("TX", &format!("2026-04-0{day}T02:00:00Z"), &students)
    };
    assert_eq!(texas.upload(&document(1)).status(), 202);

    cluster.stop().expect("stopped");
    let refused = texas.upload(&document(2));
    assert_eq!(refused.headers()["retry-after"], "5");
    let refused = problem(refused, 503, "database-away");
    assert_eq!(refused["retry"], "later");
    let list = || texas.get("/v1/batches").send().expect("an answer");
    problem(list(), 503, "database-away");
    assert_eq!(hub.operator("/healthz").0, 200, "alive");
    assert_eq!(hub.operator("/readyz").0, 503, "not ready");
    assert!(hub.operator("/metrics").1.contains("mariposa_database_up 0"));

    let cluster = Cluster::start(&options).expect("the server again");
    let back = Instant::now();
    while texas.upload(&document(2)).status() != 202 {
        assert!(
            back.elapsed() < Duration::from_secs(5),
            "no sooner than Retry-After"
        );
    }
    let list: serde_json::Value = list().json().expect("JSON");
    assert_eq!(
        list["items"].as_array().map(Vec::len),
        Some(2),
        "each once: {list}"
    );
    drop(hub);
    cluster.stop().expect("stopped");
    pgcluster::discard(&folder).expect("discarded");
}

#[test]
fn who_waits_too_long_for_a_connection_is_told_that_the_hub_is_busy() {
    let database = TestDb::new().expect("a database");
    let pool = store::pool(database.url(), 1, Duration::from_secs(30));
    let db = Db::new(pool).with_patience(Duration::from_millis(200));
    let slow = |seconds: &'static str| {
        let db = db.clone();
        async move {
            db.run(move |connection| {
                connection
                    .batch_execute(&format!("select pg_sleep({seconds})"))
                    .map_err(store::Error::from)
            })
            .await
        }
    };
    actix_web::rt::System::new().block_on(async {
        let (first, second) = futures_util::future::join(slow("1"), slow("0")).await;
        first.expect("it had the connection");
        assert_eq!(second.expect_err("it waited").code(), ProblemCode::Busy);
        slow("0").await.expect("the connection is free again");
    });
}
