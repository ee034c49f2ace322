//! "Is this child known?": known, possible and not known, and nothing kept of who is not.

use diesel::RunQueryDsl as _;
use serde_json::{Value, json};

use crate::hub::{AS_OF, Hub, System, problem, student, upload};

fn ask(system: &System, kind: &'static str, body: String) -> reqwest::blocking::Response {
    system
        .post("/v1/roster-checks")
        .header("Purpose", "enroll")
        .header("On-Behalf-Of", "registrar-4")
        .header("Content-Type", kind)
        .body(body)
        .send()
        .expect("an answer")
}

fn items(answer: reqwest::blocking::Response) -> Vec<Value> {
    assert_eq!(answer.status(), 200, "{:?}", answer.text());
    let answer: Value = answer.json().expect("JSON");
    answer["items"].as_array().expect("items").clone()
}

/// Every table of the database that holds a text somewhere.
fn holding(hub: &Hub, text: &str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let connection = &mut hub.connection();
    let tables: Vec<Name> = diesel::sql_query(
        "select table_name::text as name from information_schema.tables where table_schema = 'public'",
    )
    .load(connection)
    .expect("tables");
    assert!(tables.len() > 40);
    let holds = |table: &Name, connection: &mut _| {
        let rows: Vec<Name> = diesel::sql_query(format!(
            "select '{0}' as name from {0} t where t::text ilike $1 limit 1",
            table.name
        ))
        .bind::<diesel::sql_types::Text, _>(format!("%{text}%"))
        .load(connection)
        .expect("a look");
        !rows.is_empty()
    };
    let mut found = Vec::new();
    for table in tables {
        if holds(&table, connection) {
            found.push(table.name);
        }
    }
    found
}

#[test]
fn who_is_known_is_named_and_of_who_is_not_nothing_is_kept() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let girl = student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06").replace(
        "<Enrollment>",
        "<QualifyingMove><QualifyingArrivalDate>2025-08-10</QualifyingArrivalDate></QualifyingMove><Enrollment>",
    );
    hub.load(&texas, &upload("TX", AS_OF, &girl));
    let own: Value = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");

    let same = json!({
        "state_student_id": "S-1", "last_name_1": "Peña", "last_name_2": "Ruiz", "first_name": "Itzel",
        "birth_date": "2012-05-06", "gender": "Female", "birth_city": "Morelia", "birth_country": "MX",
        "parent1_last_name": "Peña", "parent1_first_name": "Refugio", "parent2_last_name": "Solorio",
        "parent2_first_name": "Eulalia",
    });
    let alike = json!({
        "state_student_id": "S-2", "last_name_1": "Peña", "last_name_2": "Ruiz", "first_name": "Itzayana",
        "birth_date": "2012-05-06",
    });
    let stranger = json!({
        "state_student_id": "S-3", "last_name_1": "Quetzalquist", "first_name": "Zephyrine",
        "birth_date": "2011-03-04",
    });
    let nameless =
        json!({ "state_student_id": "S-4", "last_name_1": "Quetzalquist", "birth_date": "2011-03-04" });
    let before = hub.disclosures("eligibility");
    let body = json!({ "children": [same, alike, stranger, nameless] });
    let found = items(ask(&california, "application/json", body.to_string()));
    let verdicts: Vec<&str> = found.iter().filter_map(|item| item["verdict"].as_str()).collect();
    assert_eq!(
        verdicts,
        ["known", "possible", "not_known", "not_checked"],
        "{found:#?}"
    );
    for item in &found[..2] {
        let person = &item["persons"][0];
        assert_eq!(person["person_id"], own["person_id"]);
        assert_eq!(
            person["eligibility"],
            json!([{ "state": "TX", "ends_on": "2028-08-09", "eligible_today": true }])
        );
        let href = person["href"].as_str().expect("an address");
        assert_eq!(california.read(href).send().expect("an answer").status(), 200);
    }
    assert_eq!(found[0]["reference"], "S-1");
    assert_eq!(
        (&found[2]["persons"], &found[2]["reference"]),
        (&json!([]), &json!("S-3"))
    );
    assert_eq!(found[3]["problem"], "first_name is missing.");
    assert_eq!(hub.disclosures("eligibility") - before, 1, "one person was named");

    assert_eq!(holding(&hub, "Quetzalquist"), [""; 0], "nothing is kept");
    assert!(holding(&hub, "S-1").is_empty(), "of the others neither");
    assert!(
        holding(&hub, "Itzel").contains(&"student".to_owned()),
        "the look does look"
    );

    let csv =
        "state_student_id,last_name_1,last_name_2,first_name,birth_date\nS-9,PENA,RUIZ,ITZEL,2012-05-06\n";
    let found = items(ask(&california, "text/csv", csv.to_owned()));
    assert!(
        ["known", "possible"].contains(&found[0]["verdict"].as_str().expect("a verdict")),
        "{found:#?}"
    );

    let wrong = |body: Value| {
        problem(
            ask(&california, "application/json", body.to_string()),
            422,
            "invalid-content",
        )
    };
    wrong(json!({ "children": [] }));
    wrong(json!({ "children": [{ "state_student_id": "1", "shoe_size": "9" }] }));
    let broken = problem(
        ask(
            &california,
            "application/json",
            "{\"children\": [Zephyrine".to_owned(),
        ),
        422,
        "invalid-content",
    );
    assert!(!broken.to_string().contains("Zephyrine"));
    let bare = california
        .post("/v1/roster-checks")
        .json(&json!({ "children": [] }));
    problem(bare.send().expect("an answer"), 400, "purpose-missing");
    // A state that asks about more than it could have enrolled is told to stop.
    store::access::audit(
        &mut hub.connection(),
        chrono::Utc::now(),
        "test",
        "roster.check",
        "CA",
        &json!({ "count": 100_000 }),
    )
    .expect("noted");
    problem(ask(&california, "text/csv", csv.to_owned()), 429, "rate-limited");
    assert_eq!(
        ask(&texas, "text/csv", csv.to_owned()).status(),
        200,
        "each state by itself"
    );
}

#[test]
fn a_row_that_cannot_be_read_costs_only_itself() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    let girl = student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl));
    let asked = |body: &[u8]| {
        let call = california
            .post("/v1/roster-checks")
            .header("Purpose", "enroll")
            .header("On-Behalf-Of", "registrar-4")
            .header("Content-Type", "text/csv");
        call.body(body.to_vec()).send().expect("an answer")
    };
    let told = items(asked(
        b"state_student_id,last_name_1,last_name_2,first_name,birth_date\n\
          S-1,Pe\xf1a,Ruiz,Itzel,2012-05-06\n\
          S-2,Quetzalquist,Zephyrine,2012-05-06\n\
          S-3,Pena,Ruiz,Itzel,05/06/2012\n\
          S-4,Pena,Ruiz,Itzel,2012-05-06\n\
          \"S-5,Quetzalquist",
    ));
    let problems: Vec<(&str, &str)> = told
        .iter()
        .map(|child| {
            let text = |name: &str| child[name].as_str().unwrap_or_default();
            (text("reference"), text("problem"))
        })
        .collect();
    assert_eq!(
        problems,
        [
            (
                "S-1",
                "last_name_1 on line 2 is not UTF-8; save the file as UTF-8."
            ),
            (
                "S-2",
                "Line 3 has not one value for each column (4 for 5); put quotation marks around a value that holds a \
                 comma, and close those that are opened."
            ),
            (
                "S-3",
                "birth_date is not a date that exists (YYYY-MM-DD); correct it."
            ),
            ("S-4", ""),
            (
                "S-5,Quetzalquist",
                "Line 6 has not one value for each column (1 for 5); put quotation marks around a value that holds a \
                 comma, and close those that are opened."
            ),
        ]
    );
    assert_ne!(told[3]["verdict"], "not_checked");

    let twice = problem(
        asked(b"state_student_id,last_name_1,last_name_1\nS-1,Pena,Ruiz\n"),
        422,
        "invalid-content",
    );
    assert!(twice.to_string().contains("last_name_1 stands twice"), "{twice}");
    let names = problem(
        asked(b"state_student_id,Pe\xf1a\nS-1,Pena\n"),
        422,
        "invalid-content",
    );
    assert!(names.to_string().contains("UTF-8"), "{names}");
}

#[test]
fn an_ed_fi_hub_asks_with_its_own_resources() {
    let hub = Hub::start();
    let (texas, wisconsin) = (hub.system("TX"), hub.system("WI"));
    let girl = student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl));
    let resource = |id: &str, first: &str, last: &str, birth_date: &str| {
        json!({
            "id": "7f0c2a", "studentUniqueId": id, "firstName": first, "lastSurname": last, "birthDate": birth_date,
            "birthSexDescriptor": "uri://ed-fi.org/SexDescriptor#Female",
            "birthCountryDescriptor": "uri://ed-fi.org/CountryDescriptor#MX",
            "birthStateAbbreviationDescriptor": "uri://dpi.wi.gov/StateAbbreviationDescriptor#elsewhere",
            "identificationDocuments": [], "_etag": "5250549", "_ext": { "dpi": { "anything": true } },
        })
    };
    let body = json!([
        resource("1001", "Itzel", "Pena Ruiz", "2012-05-06"),
        resource("1002", "Zephyrine", "Quetzalquist", "2011-03-04"),
        resource("1003", "Zephyrine", "Quetzalquist", ""),
    ]);
    let found = items(ask(&wisconsin, "application/json", body.to_string()));
    let answers: Vec<(&str, &str)> = found
        .iter()
        .map(|child| {
            let text = |name: &str| child[name].as_str().expect("text");
            (text("reference"), text("verdict"))
        })
        .collect();
    assert_ne!(answers[0].1, "not_known", "{found:?}");
    assert_eq!(answers[1..], [("1002", "not_known"), ("1003", "not_checked")]);
    assert_eq!(holding(&hub, "Quetzalquist"), Vec::<String>::new());
    problem(
        ask(
            &wisconsin,
            "application/json",
            r#"[{"studentUniqueId": "1"}]"#.to_owned(),
        ),
        422,
        "invalid-content",
    );
}

/// A state's children, sent in each way that there is, to be referred.
fn refer(system: &System, query: &str, kind: &'static str, body: String) -> reqwest::blocking::Response {
    system
        .post(&format!("/v1/roster-checks?{query}"))
        .header("Purpose", "enroll")
        .header("On-Behalf-Of", "registrar-4")
        .header("Content-Type", kind)
        .body(body)
        .send()
        .expect("an answer")
}

#[test]
fn who_may_be_a_migrant_child_is_referred_in_every_form_and_of_the_others_nothing_is_kept() {
    let hub = Hub::start();
    let (texas, wisconsin) = (hub.system("TX"), hub.system("WI"));
    let girl = student("TX-1", ("Peña", "Ruiz"), "Itzel", "2012-05-06");
    hub.load(&texas, &upload("TX", AS_OF, &girl));
    let alike = |id: &str| {
        json!({
            "state_student_id": id, "last_name_1": "Peña", "last_name_2": "Ruiz", "first_name": "Itzayana",
            "birth_date": "2012-05-06", "district": "Wautoma", "facility_code": "W-7",
        })
    };
    let stranger = json!({
        "state_student_id": "S-3", "last_name_1": "Quetzalquist", "first_name": "Zephyrine",
        "birth_date": "2011-03-04", "district": "Zittau",
    });
    let mut nameless = alike("S-4");
    nameless
        .as_object_mut()
        .expect("members")
        .remove("state_student_id");
    let body = json!({ "children": [alike("S-2"), stranger, nameless] }).to_string();

    // Asked without it, nothing is referred.
    let asked = items(ask(&wisconsin, "application/json", body.clone()));
    assert!(asked[0].get("referral").is_none() && asked[0].get("not_referred").is_none());
    let found = items(refer(&wisconsin, "refer=true", "application/json", body.clone()));
    let first = &found[0]["referral"];
    assert_eq!(
        (&found[0]["verdict"], &first["new"], &first["outcome"]),
        (&json!("possible"), &json!(true), &Value::Null),
        "{found:#?}"
    );
    assert!(first["due_on"].is_string());
    assert!(
        found[1].get("referral").is_none(),
        "who is not known is never kept"
    );
    assert_eq!(found[2]["problem"], "state_student_id is missing.");
    let again = items(refer(&wisconsin, "refer=true", "application/json", body));
    assert_eq!(
        (&again[0]["referral"]["referral_id"], &again[0]["referral"]["new"]),
        (&first["referral_id"], &json!(false))
    );
    for gone in ["Quetzalquist", "Zittau", "Itzayana", "S-3"] {
        assert_eq!(holding(&hub, gone), [""; 0], "nothing of it is kept: {gone}");
    }
    assert_eq!(holding(&hub, "Wautoma"), ["referral"]);

    let csv = "state_student_id,last_name_1,last_name_2,first_name,birth_date,school_or_project_name\n\
               S-9,PENA,RUIZ,ITZAYANA,2012-05-06,Redgranite Elementary\n";
    let found = items(refer(
        &wisconsin,
        "refer=true&district=Wautoma",
        "text/csv",
        csv.to_owned(),
    ));
    let of_csv: Value = wisconsin
        .get(found[0]["referral"]["href"].as_str().expect("an address"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(
        (
            &of_csv["school"],
            &of_csv["district"],
            &of_csv["state_student_id"]
        ),
        (&json!("Redgranite Elementary"), &json!("Wautoma"), &json!("S-9"))
    );
    let ed_fi = json!([{
        "studentUniqueId": "1001", "firstName": "Itzayana", "lastSurname": "Pena Ruiz", "birthDate": "2012-05-06",
    }]);
    let found = items(refer(
        &wisconsin,
        "refer=true&district=Wautoma",
        "application/json",
        ed_fi.to_string(),
    ));
    assert!(found[0]["referral"]["new"] == true, "{found:?}");
    // Texas has the child itself.
    let own =
        "state_student_id,last_name_1,last_name_2,first_name,birth_date\nTX-1,Peña,Ruiz,Itzel,2012-05-06\n";
    let found = items(refer(&texas, "refer=true", "text/csv", own.to_owned()));
    assert!(
        found[0]["not_referred"].is_string() && found[0].get("referral").is_none(),
        "{found:?}"
    );

    let long = "x".repeat(61);
    problem(
        refer(
            &wisconsin,
            &format!("refer=true&district={long}"),
            "text/csv",
            own.to_owned(),
        ),
        422,
        "invalid-content",
    );
    problem(
        refer(&wisconsin, "refer=perhaps", "text/csv", own.to_owned()),
        400,
        "invalid-request",
    );
}
