//! Brothers and sisters, and notices about all of them at once.

use diesel::PgConnection;
use mde::{PersonId, QualifyingMove, Student};
use notices::{Error, Kind, ManualNotice, Sender, send_family, sent};
use store::families::{Sibling, siblings};

use crate::feed::access;
use crate::made_up::{child, database, instant, link, load, row, state};

fn certified(mut student: Student, number: &str, voided: bool) -> Student {
    let mut values = vec![
        ("qualifying_arrival_date", "2025-06-02"),
        ("certificate_number", number),
    ];
    if voided {
        values.push(("void_date", "2025-07-01"));
    }
    student.qualifying_moves.push(row::<QualifyingMove>(&values));
    student
}

fn of_parents(id: &str, parents: [(&str, &str); 2]) -> Student {
    let mut document = serde_json::to_value(child(id)).unwrap();
    for (number, (first, last)) in (1..).zip(parents) {
        document["identity"][format!("parent{number}_first_name")] = first.into();
        document["identity"][format!("parent{number}_last_name")] = last.into();
    }
    serde_json::from_value(document).unwrap()
}

fn held(connection: &mut PgConnection, code: &str, student: &Student) -> PersonId {
    let id = load(connection, code, "2026-03-01", student);
    link(connection, &[id], None)
}

fn of(connection: &mut PgConnection, person: PersonId) -> Vec<(PersonId, String)> {
    siblings(connection, &access("TX"), person)
        .unwrap()
        .into_iter()
        .map(|Sibling { person_id, because }| (person_id, because.join(" ")))
        .collect()
}

#[test]
fn what_one_state_says_of_two_children_shows_that_they_are_a_family() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (luis, rosa) = (("Luis", "Reyes"), ("Rosa", "Garza"));
    let ana = held(c, "TX", &certified(of_parents("1", [luis, rosa]), "COE-1", false));
    let beto = held(
        c,
        "TX",
        &certified(of_parents("2", [rosa, ("LUIS", "REYES")]), "COE-1", false),
    );
    let step = held(
        c,
        "TX",
        &certified(of_parents("3", [luis, ("Alma", "Cruz")]), "COE-1", false),
    );
    let by_parents = held(c, "TX", &of_parents("4", [luis, rosa]));
    held(c, "TX", &certified(child("5"), "COE-1", true));
    held(c, "CA", &certified(of_parents("6", [luis, rosa]), "COE-1", false));
    held(c, "TX", &of_parents("7", [luis, ("Eva", "Luna")]));
    let no_longer = held(c, "TX", &certified(child("8"), "COE-1", false));
    let gone = crate::made_up::id("TX", "8");
    diesel::RunQueryDsl::execute(
        diesel::sql_query("update student_status set status = 'not_reported' where student_id = $1")
            .bind::<diesel::sql_types::Uuid, _>(gone.0),
        c,
    )
    .unwrap();
    let expected = [
        (beto, "certificate parents"),
        (step, "certificate"),
        (by_parents, "parents"),
    ];
    let mut found = of(c, ana);
    found.sort_by_key(|(id, _)| expected.iter().position(|(other, _)| other == id));
    assert_eq!(found, expected.map(|(id, why)| (id, why.to_owned())));
    assert!(
        of(c, no_longer).is_empty(),
        "of a child that is not reported any more nothing is said"
    );
    let looks = store::access::disclosures(c, beto, 9).unwrap();
    assert!(
        looks.iter().any(|look| look.categories == ["family"]),
        "{looks:?}"
    );
}

#[test]
fn a_number_that_a_clerk_gives_to_everybody_shows_no_family() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let persons: Vec<PersonId> = (0..31)
        .map(|n| held(c, "TX", &certified(child(&n.to_string()), "N/A", false)))
        .collect();
    assert!(of(c, persons[0]).is_empty());
}

#[test]
fn a_family_is_announced_in_one_transaction_with_one_notice_each() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let [ana, beto] = ["1", "2"].map(|id| held(c, "TX", &child(id)));
    let sender = Sender {
        state: state("TX"),
        by: "ana@tx.example",
        idempotency_key: Some("k1"),
    };
    let notice = ManualNotice {
        kind: Kind::Arrival,
        person_id: ana,
        to_state: state("CA"),
        district: None,
        city: Some("Arvin".into()),
        expected_date: None,
        contact: None,
        note: None,
    };
    let now = instant("2026-04-10");
    let nobody = PersonId::parse("100000000000").unwrap();
    let wrong = send_family(c, sender, &notice, &[beto, nobody], now);
    assert!(matches!(wrong, Err(Error::UnknownPerson)));
    assert!(
        sent(c, state("TX"), false, None, 9).unwrap().is_empty(),
        "all or none"
    );
    let all = send_family(c, sender, &notice, &[beto, ana], now).unwrap();
    assert_eq!(
        all.iter()
            .map(|n| (n.person_id, n.city.as_deref()))
            .collect::<Vec<_>>(),
        [(ana.number(), Some("Arvin")), (beto.number(), Some("Arvin"))],
        "each once"
    );
    let again = send_family(c, sender, &notice, &[beto], now + chrono::TimeDelta::hours(1)).unwrap();
    let ids = |list: &[store::notices::Notice]| list.iter().map(|n| n.move_notice_id).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&all), "the same key sends once");
    assert_eq!(sent(c, state("TX"), false, None, 9).unwrap().len(), 2);
    let many = vec![beto; 20];
    assert!(matches!(
        send_family(c, sender, &notice, &many, now),
        Err(Error::Invalid {
            member: "person_ids",
            ..
        })
    ));
}
