//! How many statements a record takes: asked of PostgreSQL's client, not believed.

use std::sync::{Arc, Mutex};

use diesel::Connection as _;
use diesel::connection::InstrumentationEvent;
use testkit::TestDb;

use crate::frozen::{access, at, loaded};

#[test]
fn a_record_takes_three_statements_besides_its_disclosure() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    let people = loaded(connection, at("2026-03-31T23:00:00Z"));
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&said);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            heard.lock().unwrap().push(query.to_string());
        }
    });
    let (mut most, mut of_several) = (0, 0);
    for (person, students) in people.iter().take(150) {
        said.lock().unwrap().clear();
        let record = store::persons::read(connection, &access(), *person, &["all"])
            .unwrap()
            .unwrap();
        assert_eq!(record.students.len(), students.len());
        let said = said.lock().unwrap();
        let starts = |word: &str| {
            said.iter()
                .filter(|sql| sql.trim_start().to_lowercase().starts_with(word))
                .count()
        };
        assert_eq!(starts("insert into disclosure"), 1, "{said:?}");
        assert_eq!(
            starts("begin") + starts("commit") + starts("select") + 1,
            said.len(),
            "{said:?}"
        );
        assert!(starts("select") <= 3, "{said:?}");
        most = most.max(starts("select"));
        of_several += usize::from(students.len() > 1);
    }
    assert!(most == 3 && of_several > 10, "{most} {of_several}");
}
