//! PostgreSQL away.

use api::Limits;
use testkit::TempCluster;

use crate::hub::{AS_OF, Hub, problem, student, upload};

#[test]
fn without_its_database_the_hub_receives_nothing_and_says_when_to_come_back() {
    let cluster = TempCluster::start().expect("a server");
    store::migrate(&cluster.url()).expect("migrated");
    let hub = Hub::on(&cluster.url(), None, Limits::default());
    let texas = hub.system("TX");
    let document = upload("TX", AS_OF, &student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"));
    assert_eq!(texas.upload(&document).status(), 202);
    let before = hub.spooled();

    drop(cluster);
    let later = upload(
        "TX",
        "2026-04-02T02:00:00Z",
        &student("1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
    );
    let refused = texas.upload(&later);
    assert_eq!(refused.headers()["retry-after"], "5");
    let refused = problem(refused, 503, "database-away");
    assert_eq!(refused["retry"], "later");
    problem(
        texas.get("/v1/batches").send().expect("an answer"),
        503,
        "database-away",
    );
    assert_eq!(hub.spooled(), before, "nothing more in the spool");
    assert_eq!(hub.operator("/healthz").0, 200, "alive");
    assert_eq!(hub.operator("/readyz").0, 503, "not ready");
    assert!(hub.operator("/metrics").1.contains("mariposa_database_up 0"));
}
