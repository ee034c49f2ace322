//! What the log holds of children: nothing.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::hub::{AS_OF, Hub, student, upload};

/// Everything that is logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_name_number_or_query_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let hub = Hub::start();
    let texas = hub.system("TX");
    let canary = student(
        "CANARY-77",
        ("Quetzalcanary", "Ruiz"),
        "Xochicanary",
        "2012-05-06",
    );
    hub.load(&texas, &upload("TX", AS_OF, &canary));
    let own: serde_json::Value = texas
        .read("/v1/states/TX/students/CANARY-77")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let person_id = own["person_id"].as_str().expect("linked");
    for path in [
        format!("/v1/persons/{person_id}"),
        "/v1/persons?family_name=Quetzalcanary&birth_date=2012-05-06".to_owned(),
        "/v1/persons?family_name=Quetzalcanary&birth_date=Xochicanary".to_owned(),
        "/v1/states/TX/students/CANARY-78".to_owned(),
    ] {
        texas.read(&path).send().expect("an answer");
    }
    texas.upload(&upload("TX", "Xochicanary", &canary));
    let text = String::from_utf8(log.0.lock().expect("a log").clone()).expect("text");
    assert!(
        text.contains("route=\"/v1/persons/{person_id}\"") && text.contains("status=200"),
        "{text}"
    );
    // The client is in this process too, and its library logs addresses; what counts is what the hub says.
    let of_hub = text
        .lines()
        .filter(|line| !line.contains("reqwest") && !line.contains("hyper"));
    for line in of_hub {
        for word in ["canary", "CANARY", person_id, "2012-05-06"] {
            assert!(!line.contains(word), "{word}: {line}");
        }
    }
}
