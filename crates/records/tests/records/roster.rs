//! Whom a district has, and whom it has newly: as a pure function of what states say, and kept in a database.

use std::collections::{BTreeSet, HashMap};

use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use mde::{EligibilityRules, PersonId, StateCode};
use records::roster::{OfPerson, of_person, refresh};
use records::sweep::ROSTER;
use store::new_children::{self, Told};
use store::roster::{
    Held, Place, Question, Show, count_new, counts, departures, listed, page_statement, places,
};
use testkit::TestDb;

use crate::frozen::{access, at, loaded};
use crate::made_up::{child, day, row, state};

pub(crate) const NOW: &str = "2026-04-02T15:00:00Z";

/// A live student of a state with these moves (arrival, approval) and enrollments (district, from, until).
pub(crate) fn held(code: &str, moves: &[(&str, &str)], enrollments: &[(&str, &str, &str)]) -> Held {
    let mut student = child(&format!("{code}-1"), &[("birth_date", "2012-05-06")]);
    student.qualifying_moves = moves
        .iter()
        .map(|(arrival, approved)| {
            row(&[
                ("qualifying_arrival_date", arrival),
                ("certificate_approval_date", approved),
            ])
        })
        .collect();
    student.enrollments = enrollments
        .iter()
        .map(|(district, from, until)| {
            let mut values = vec![("district_of_residence", *district), ("enrollment_date", *from)];
            if !until.is_empty() {
                values.push(("withdrawal_date", *until));
            }
            row(&values)
        })
        .collect();
    Held {
        student_id: student.id(state(code)),
        person_id: PersonId::new(123_456_789_012).unwrap(),
        state: state(code),
        live: true,
        deleted: false,
        as_of: at("2026-04-01T02:00:00Z"),
        today: day("2026-04-02"),
        rules: EligibilityRules::default(),
        student,
    }
}

pub(crate) fn found(students: &[Held]) -> OfPerson {
    of_person(&students.iter().collect::<Vec<_>>(), &HashMap::new(), at(NOW))
}

/// What is told: district, reason, day, and whether it is recent.
fn told(students: &[Held]) -> Vec<(String, &'static str, String, bool)> {
    found(students)
        .new
        .into_iter()
        .map(|(new, recent)| {
            let district = new.district.unwrap_or_default();
            (district, new.reason, new.happened_on.to_string(), recent)
        })
        .collect()
}

#[test]
fn only_who_is_certified_by_the_state_and_still_enrolled_is_on_its_list() {
    let nobody = found(&[held("TX", &[], &[("Mission CISD", "2025-08-18", "")])]);
    assert_eq!(nobody, OfPerson::default());
    // A move to Michigan makes nobody eligible in Texas.
    let michigan = held("MI", &[("2025-06-02", "2025-06-20")], &[]);
    let texas = held("TX", &[], &[("Mission CISD", "2025-08-18", "")]);
    assert_eq!(found(&[michigan, texas]), OfPerson::default());

    let both = held(
        "TX",
        &[("2025-08-11", "2025-09-02")],
        &[
            ("Mission CISD", "2025-08-18", "2026-04-01"),
            ("Sharyland ISD", "2026-04-02", ""),
        ],
    );
    let mut gone = both.clone();
    let listed = found(&[both]).entries;
    assert_eq!(listed.len(), 1, "the first has ended");
    assert_eq!(listed[0].district.as_deref(), Some("Sharyland ISD"));
    assert_eq!(listed[0].sort_name, "MUNOZ INES");
    assert_eq!(
        (listed[0].eligible_from, listed[0].eligible_until),
        (day("2025-08-11"), day("2028-08-10"))
    );
    gone.live = false;
    assert_eq!(found(&[gone]), OfPerson::default());
}

#[test]
fn a_child_is_expected_to_leave_when_it_left_in_earlier_years() {
    let moves = &[("2025-08-11", "2025-09-02")][..];
    let texas = held(
        "TX",
        moves,
        &[
            ("Mission CISD", "2023-10-02", "2024-05-10"),
            ("Mission CISD", "2024-10-07", ""),
            ("Mission CISD", "2025-08-18", ""),
        ],
    );
    let mut michigan = held(
        "MI",
        &[],
        &[
            ("Hart", "2024-05-20", "2024-09-20"),
            ("Hart", "2025-05-14", "2025-07-20"),
        ],
    );
    let expected = |students: &[Held]| {
        let found = found(students).departures;
        found
            .into_iter()
            .map(|d| (d.state, d.expected_from, d.expected_until, d.left_on, d.left_for))
            .collect::<Vec<_>>()
    };
    // The second enrollment was never ended: it lasts until the child shows up elsewhere.
    let way = (
        "TX".to_owned(),
        day("2026-05-04"),
        day("2026-05-17"),
        vec![day("2025-05-14"), day("2024-05-10")],
        vec!["MI".to_owned(), "MI".to_owned()],
    );
    assert_eq!(
        expected(&[texas.clone(), michigan.clone()]),
        std::slice::from_ref(&way)
    );
    michigan.live = false;
    assert_eq!(
        expected(&[texas.clone(), michigan.clone()]),
        [way],
        "Michigan need not report it any more"
    );
    michigan.deleted = true;
    assert_eq!(
        expected(&[texas.clone(), michigan]),
        [],
        "what was deleted was not so"
    );
    let elsewhere = held("MI", &[], &[("Hart", "2026-03-30", "")]);
    assert_eq!(
        expected(&[texas, elsewhere]),
        [],
        "that it is elsewhere now is no earlier way"
    );
}

#[test]
fn a_child_is_new_where_it_comes_or_is_certified_and_not_where_it_goes_on() {
    // Certified and enrolled in the same weeks: told once, as certified, on the later day.
    let fresh = [held(
        "TX",
        &[("2026-03-10", "2026-03-20")],
        &[("Mission CISD", "2026-03-16", "")],
    )];
    let certified =
        |day: &str, recent| vec![("Mission CISD".to_owned(), "certified", day.to_owned(), recent)];
    assert_eq!(told(&fresh), certified("2026-03-16", true));

    // A child that is eligible by an older move comes to another district.
    let moved = [held(
        "TX",
        &[("2024-09-01", "2024-09-20")],
        &[
            ("Mission CISD", "2024-09-03", "2026-02-27"),
            ("Sharyland ISD", "2026-03-02", ""),
        ],
    )];
    assert_eq!(
        told(&moved),
        [
            (
                "Mission CISD".to_owned(),
                "certified",
                "2024-09-03".to_owned(),
                false
            ),
            ("Mission CISD".to_owned(), "left", "2026-03-02".to_owned(), true),
            (
                "Sharyland ISD".to_owned(),
                "enrolled",
                "2026-03-02".to_owned(),
                true
            ),
        ]
    );

    // Certified long after it came: news when it is approved.
    let late = [held(
        "TX",
        &[("2025-10-01", "2026-03-28")],
        &[("Mission CISD", "2025-08-18", "")],
    )];
    assert_eq!(told(&late), certified("2025-10-01", true));

    // A summer at home is no new stay; a summer in Michigan is.
    let years = [
        ("Mission CISD", "2024-09-03", "2025-05-28"),
        ("Mission CISD", "2025-08-18", ""),
    ];
    let texas = held("TX", &[("2024-09-01", "2024-09-20")], &years);
    assert_eq!(told(std::slice::from_ref(&texas)), certified("2024-09-03", false));
    let michigan = held("MI", &[], &[("Hart", "2025-06-09", "2025-08-01")]);
    let again = told(&[texas, michigan]);
    assert_eq!(again.len(), 2, "{again:?}");
    assert_eq!((again[1].1, again[1].2.as_str()), ("enrolled", "2025-08-18"));
}

fn nation() -> (TestDb, BTreeSet<PersonId>) {
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let people = loaded(&mut db.connect().unwrap(), at("2026-04-01T02:00:00Z"));
    (db, people.into_keys().collect())
}

fn question(state: StateCode, show: Show) -> Question {
    Question {
        place: Place {
            state,
            districts: None,
            school: None,
        },
        show,
        day: day("2026-04-02"),
        new_since: at("2026-04-02T00:00:00Z"),
    }
}

#[derive(QueryableByName, PartialEq, Eq, Debug)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every row of the lists and the alerts, with the transaction that wrote it.
fn rows(connection: &mut PgConnection) -> Vec<Line> {
    sql_query(
        "select r.xmin::text || ' ' || to_json(r)::text as line from roster r
         union all select n.xmin::text || ' ' || to_json(n)::text from new_child n order by 1",
    )
    .load(connection)
    .unwrap()
}

#[test]
fn pages_hold_every_child_once_and_each_is_disclosed() {
    let (db, people) = nation();
    let connection = &mut db.connect().unwrap();
    let ids: Vec<PersonId> = people.into_iter().collect();
    let raised = refresh(connection, &ids, at(NOW)).unwrap();
    assert!(raised > 0);
    let before = rows(connection);
    assert_eq!(refresh(connection, &ids, at("2026-04-02T16:00:00Z")).unwrap(), 0);
    assert_eq!(rows(connection), before, "a second look writes nothing");

    let mut listed_in_all = 0;
    for state in simulate::Config::default().states {
        let asked = question(state, Show::Everybody);
        let (counts, new) = (
            counts(connection, &asked).unwrap(),
            count_new(connection, &asked).unwrap(),
        );
        for show in Show::ALL {
            let asked = question(state, show);
            let (mut children, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let (part, more) = listed(connection, &access(), &asked, after, 7).unwrap();
                after = part.last().map(|child| child.person_id);
                children.extend(part);
                pages += 1;
                if !more {
                    break;
                }
            }
            assert_eq!(children.len() as i64, counts.of(show, new), "{state} {show:?}");
            assert!(i64::from(pages) >= counts.of(show, new) / 7);
            let order: Vec<_> = children
                .iter()
                .map(|child| (child.entry.sort_name.clone(), child.person_id))
                .collect();
            assert!(order.is_sorted());
            let once: BTreeSet<PersonId> = children.iter().map(|child| child.person_id).collect();
            assert_eq!(once.len(), children.len());
            assert!(children.iter().all(|child| {
                child.entry.eligible_until >= asked.day
                    && child.entry.withdrawn_on.is_none_or(|until| until >= asked.day)
            }));
            if let Some(child) = children.first() {
                let looks = store::access::disclosures(connection, child.person_id, 50).unwrap();
                assert!(
                    looks
                        .iter()
                        .any(|look| look.categories.contains(&"moves".to_owned()))
                );
            }
            listed_in_all += children.len();
        }
        let of_places: i64 = places(connection, &asked)
            .unwrap()
            .iter()
            .map(|p| p.children)
            .sum();
        assert!(of_places >= counts.everybody);
    }
    assert!(listed_in_all > 100);
}

#[test]
fn the_nightly_look_brings_everybody_on_and_who_is_gone_off_the_list() {
    let (db, people) = nation();
    let connection = &mut db.connect().unwrap();
    ROSTER.ask(connection, at(NOW)).unwrap();
    let run = |connection: &mut PgConnection| {
        let mut persons = 0;
        while let Some(job) =
            store::jobs::claim(connection, &[ROSTER.job], uuid::Uuid::now_v7(), at(NOW)).unwrap()
        {
            persons += ROSTER.run(connection, &job.payload, at(NOW)).unwrap();
            store::jobs::finish(connection, &job).unwrap();
        }
        persons
    };
    assert_eq!(run(connection), people.len());
    let count = |connection: &mut PgConnection| {
        counts(connection, &question(state("TX"), Show::Everybody))
            .unwrap()
            .everybody
    };
    assert!(count(connection) > 0);
    sql_query("update student_status set status = 'not_reported'")
        .execute(connection)
        .unwrap();
    ROSTER.ask(connection, at(NOW)).unwrap();
    run(connection);
    assert_eq!(count(connection), 0);
    assert!(rows(connection).iter().all(|row| !row.line.contains("sort_name")));
}

#[test]
fn an_alert_is_raised_once_acknowledged_once_and_withdrawn_by_a_correction() {
    let (db, people) = nation();
    let connection = &mut db.connect().unwrap();
    let ids: Vec<PersonId> = people.into_iter().collect();
    refresh(connection, &ids, at(NOW)).unwrap();
    let place = |state| Place {
        state,
        districts: None,
        school: None,
    };
    let states = simulate::Config::default().states;
    let own = *states
        .iter()
        .max_by_key(|state| new_children::count_open(connection, &place(**state)).unwrap().new)
        .unwrap();
    let open = new_children::open(connection, &place(own), Told::New, at(NOW), 0, 1_000).unwrap();
    assert!(open.len() >= 2);
    let (first, second) = (&open[0], &open[1]);

    // Another state, and another district, cannot acknowledge it.
    let other = *states.iter().find(|state| **state != own).unwrap();
    let elsewhere = Place {
        districts: Some(vec!["Nowhere ISD".to_owned()]),
        ..place(own)
    };
    for place in [place(other), elsewhere] {
        let seen =
            new_children::acknowledge(connection, &place, &[first.new_child_id], "x", at(NOW)).unwrap();
        assert_eq!(seen, []);
    }
    let mut seen = |by: &str| {
        new_children::acknowledge(connection, &place(own), &[first.new_child_id], by, at(NOW)).unwrap()
    };
    assert_eq!(seen("account:one"), [(first.new_child_id, true)]);
    assert_eq!(seen("account:two"), [(first.new_child_id, false)]);
    let kept = new_children::find(connection, own, first.new_child_id)
        .unwrap()
        .unwrap();
    assert_eq!(kept.acknowledged_by.as_deref(), Some("account:one"));

    // The certificates of the other child are voided: the alert is taken back, and stays to be seen.
    let void = |connection: &mut PgConnection, day: &str| {
        sql_query(format!("update qualifying_move set void_date = {day} where student_id in (select student_id from link where person_id = $1)"))
            .bind::<BigInt, _>(second.person_id)
            .execute(connection)
            .unwrap();
        refresh(connection, &ids, at(NOW)).unwrap()
    };
    let find = |connection: &mut PgConnection| {
        new_children::find(connection, own, second.new_child_id)
            .unwrap()
            .unwrap()
    };
    assert_eq!(void(connection, "'2026-04-01'"), 0);
    assert_eq!(find(connection).withdrawn_at, Some(at(NOW)));
    let told: Vec<i64> = new_children::open(connection, &place(own), Told::New, at(NOW), 0, 1_000)
        .unwrap()
        .iter()
        .map(|alert| alert.new_child_id)
        .collect();
    assert!(told.contains(&second.new_child_id) && !told.contains(&first.new_child_id));
    let later = at("2026-06-02T15:00:00Z");
    let told = new_children::open(connection, &place(own), Told::New, later, 0, 1_000).unwrap();
    assert!(told.iter().all(|alert| alert.new_child_id != second.new_child_id));
    // And the correction of the correction brings it back, without a second alert.
    assert_eq!(void(connection, "null"), 0);
    assert_eq!(find(connection).withdrawn_at, None);
}

#[test]
fn a_page_reads_no_whole_table() {
    #[derive(QueryableByName)]
    struct Plan {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let db = TestDb::from_template("store", store::migrate).unwrap();
    let connection = &mut db.connect().unwrap();
    for statement in [
        "insert into roster (student_id, ordinal, person_id, state, district, facility_code, sort_name, enrolled_on,
             english_learner, special_education, priority_for_services, alerts, out_of_school, eligible_from, eligible_until, since)
         select gen_random_uuid(), 0, 100000000000 + n, case n % 5 when 0 then 'TX' else 'CA' end, 'District ' || n % 400, n % 3,
             md5(n::text), '2025-08-18', n % 2 = 0, n % 7 = 0, n % 5 = 0, n % 9 = 0, n % 50 = 0, '2025-08-11', '2028-08-10', now()
         from generate_series(1, 40000) as n",
        "insert into new_child (state, district, person_id, student_id, reason, happened_on, raised_at, acknowledged_at)
         select case n % 5 when 0 then 'TX' else 'CA' end, 'District ' || n % 400, n, gen_random_uuid(), 'enrolled', '2026-03-01', now(),
             case when n % 100 > 0 then now() end from generate_series(1, 40000) as n",
        "insert into departure (state, person_id, expected_from, expected_until, left_on, left_for)
         select case n % 5 when 0 then 'TX' else 'CA' end, 100000000000 + n, date '2026-01-01' + n % 365, date '2026-01-07' + n % 365,
             array[date '2025-05-01'], array['MI'] from generate_series(1, 40000) as n",
        "analyze roster",
        "analyze new_child",
        "analyze departure",
    ] {
        sql_query(statement).execute(connection).unwrap();
    }
    let district = |names: Option<&str>| names.map(|name| vec![name.to_owned()]);
    for (districts, index) in [
        (None, "roster_of_state"),
        (Some("district 35"), "roster_of_district"),
    ] {
        let mut asked = question(state("TX"), Show::EnglishLearner);
        asked.place.districts = district(districts);
        let list = districts.map_or("null::text[]".to_owned(), |name| format!("array['{name}']"));
        let mut sql = page_statement(&asked);
        for (parameter, value) in [
            ("$1", "'TX'"),
            ("$2", "date '2026-04-02'"),
            ("$3", list.as_str()),
            ("$4", "null::text"),
            ("$5", "timestamptz '2026-04-01'"),
            ("$6", "date '2026-06-01'"),
            ("$7", "'8'"),
            ("$8", "0"),
            ("$9", "26"),
        ] {
            sql = sql.replace(parameter, value);
        }
        let plan: Vec<Plan> = sql_query(format!("explain {sql}")).load(connection).unwrap();
        let plan: String = plan.into_iter().map(|plan| plan.line + "\n").collect();
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("Seq Scan on roster"), "{plan}");
    }
    let mut sql = departures::page_statement(&question(state("TX"), Show::Everybody).place);
    for (parameter, value) in [
        ("$1", "'TX'"),
        ("$2", "date '2026-04-02'"),
        ("$3", "null::text[]"),
        ("$4", "null::text"),
        ("$5", "date '2026-04-16'"),
        ("$6", "timestamptz '2026-01-01'"),
        ("$7", "null::bigint"),
        ("$8", "26"),
    ] {
        sql = sql.replace(parameter, value);
    }
    let plan: Vec<Plan> = sql_query(format!("explain {sql}")).load(connection).unwrap();
    let plan: String = plan.into_iter().map(|plan| plan.line + "\n").collect();
    assert!(plan.contains("departure_expected"), "{plan}");
    assert!(
        !plan.contains("Seq Scan on roster") && !plan.contains("Seq Scan on departure"),
        "{plan}"
    );
    let sql = new_children::OPEN
        .replace("$1", "'TX'")
        .replace("$2", "array['district 35']")
        .replace("$3", "now()")
        .replace("$4", "0")
        .replace("$5", "50")
        .replace("$6", "false");
    let plan: Vec<Plan> = sql_query(format!("explain {sql}")).load(connection).unwrap();
    assert!(plan.iter().all(|plan| !plan.line.contains("Seq Scan")));
    assert!(plan.iter().any(|plan| plan.line.contains("new_child_open")));
}
