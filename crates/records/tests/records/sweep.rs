//! Lists of contradictions are made for persons of whom nothing has changed since.

use std::collections::BTreeMap;

use diesel::{RunQueryDsl as _, sql_query};
use mde::PersonId;
use records::contradicted;
use records::sweep::CONTRADICTIONS;
use store::disagreements;
use store::jobs;
use store::work_items::Scope;
use testkit::TestDb;

use crate::frozen::{at, loaded};

#[test]
fn everybody_with_several_students_is_looked_at_in_pieces() {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    let now = at("2026-05-02T00:00:00Z");
    let children = loaded(connection, now);
    // More persons than a piece has, of whom the hub holds nothing but their links.
    sql_query(
        "insert into link (student_id, person_id, decided, decided_at)
         select gen_random_uuid(), 500000000000 + n / 2, 'new', now() from generate_series(2, 201) as n",
    )
    .execute(connection)
    .unwrap();
    let several = children.values().filter(|students| students.len() > 1).count();
    assert!(several > 20);

    CONTRADICTIONS.ask(connection, now).unwrap();
    let (mut pieces, mut persons) = (0, 0);
    while let Some(job) = jobs::claim(connection, &[CONTRADICTIONS.job], uuid::Uuid::now_v7(), now).unwrap() {
        persons += CONTRADICTIONS.run(connection, &job.payload, now).unwrap();
        pieces += 1;
        jobs::finish(connection, &job).unwrap();
    }
    assert_eq!((persons, pieces), (several + 100, (several + 100) / 100 + 1));

    // What is listed is what a look at each of them finds.
    let listed = |connection: &mut _| {
        let mut all: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
        for state in simulate::Config::default().states {
            for kind in records::disagreement::DisagreementKind::ALL {
                let name = Some(kind.name());
                for id in
                    disagreements::persons(connection, &Scope::State(state), name, None, 10_000).unwrap()
                {
                    all.entry(id)
                        .or_default()
                        .push(format!("{state} {}", kind.name()));
                }
            }
        }
        all
    };
    let swept = listed(connection);
    assert!(!swept.is_empty());
    sql_query("delete from disagreement").execute(connection).unwrap();
    let ids: Vec<PersonId> = children.keys().copied().collect();
    contradicted::refresh(connection, &ids, now).unwrap();
    assert_eq!(listed(connection), swept);
}
