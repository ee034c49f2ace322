//! The feed over the exchange: what another state says arrives, also at who waits for it, and goes on from any place.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

fn page(system: &System, address: &str) -> Value {
    let answer = system.get(address).send().expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().expect("JSON")
}

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("items");
    items.iter().filter_map(|item| item["kind"].as_str()).collect()
}

#[test]
fn who_waits_is_told_when_another_state_says_something_new() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let girl = |id: &str| student(id, ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl("TX-1")));
    let first = page(&california, "/v1/changes");
    assert_eq!(first["items"], json!([]));
    let next = first["next"].as_str().expect("an address").to_owned();

    let started = Instant::now();
    assert_eq!(kinds(&page(&california, "/v1/changes?wait=1")), [""; 0]);
    assert!(started.elapsed() >= Duration::from_millis(700), "it waited");
    problem(
        california.get("/v1/changes?wait=16").send().expect("an answer"),
        400,
        "invalid-request",
    );

    let found = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| page(&california, &format!("{next}&wait=15")));
        hub.load(&california, &upload("CA", AS_OF, &girl("CA-1")));
        waiting.join().expect("an answer")
    });
    assert_eq!(kinds(&found), ["link"], "long before the time is over");
    assert!(started.elapsed() < Duration::from_secs(14));

    // What the worker does after the linker.
    let number: mde::PersonId =
        serde_json::from_value(found["items"][0]["person_id"].clone()).expect("a number");
    let mut connection = hub.connection();
    let entries = notices::feed::tell(&mut connection, &[number], chrono::Utc::now()).expect("told");
    let after = found["next"].as_str().expect("an address").to_owned();
    let before = hub.disclosures("enrollment");
    let news = page(&california, &after);
    let (all, of_texas) = (page(&california, "/v1/changes"), page(&texas, "/v1/changes"));
    // A batch of California had findings, too.
    let of_others = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().expect("items");
        let foreign = |item: &&Value| item["from_state"].is_string();
        items.iter().filter(foreign).cloned().collect()
    };
    let items = of_others(&news);
    assert!(entries > 0 && !items.is_empty(), "{news}");
    for item in &items {
        assert_eq!(
            (&item["from_state"], &item["state_student_id"], &item["removed"]),
            (&json!("TX"), &json!("CA-1"), &json!(0)),
            "{item}"
        );
        assert!(!item.to_string().contains("Itz"), "no value of a record");
    }
    assert_eq!(of_others(&all), items, "from the beginning it is the same again");
    assert!(kinds(&of_texas).len() > 1, "and Texas hears of California's");
    assert_eq!(
        hub.disclosures("enrollment") - before,
        3,
        "each time that it is read, it is disclosed"
    );
    assert_eq!(
        page(&california, &after)["items"],
        news["items"],
        "and the same each time"
    );
}
