//! Every operation of the OpenAPI document, asked with another state's certificate. An operation without an entry here
//! fails.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use crate::hub::{AS_OF, Hub, problem, student, upload};

/// What another state's certificate gets for Texas's things.
enum Expect {
    /// The thing is not there.
    NotFound,
    /// The same, where an answer has no content.
    Nowhere,
    /// The call is refused.
    Forbidden,
    /// The call is refused: the child is no child of the state.
    Refused,
    /// A list without any of Texas's things.
    Nothing,
    /// Any state may: persons are read by all.
    Allowed(u16),
}

/// One call per operation, about Texas's batch, student, person and notice.
fn table(texas: &Texas) -> BTreeMap<String, (String, Expect)> {
    let Texas {
        batch,
        person,
        notice,
        item,
        upload,
        campaign,
        alert,
        gone,
        hand_off,
        referral,
        request,
        correction,
        deadline,
        delivery,
    } = texas;
    let rows = [
        ("POST /v1/batches", "/v1/batches".to_owned(), Expect::Forbidden),
        (
            "OPTIONS /v1/uploads",
            "/v1/uploads".to_owned(),
            Expect::Allowed(204),
        ),
        ("POST /v1/uploads", "/v1/uploads".to_owned(), Expect::Allowed(201)),
        ("HEAD /v1/uploads/{upload_id}", upload.clone(), Expect::Nowhere),
        ("PATCH /v1/uploads/{upload_id}", upload.clone(), Expect::NotFound),
        ("DELETE /v1/uploads/{upload_id}", upload.clone(), Expect::NotFound),
        ("GET /v1/batches", "/v1/batches".to_owned(), Expect::Nothing),
        (
            "GET /v1/batches/{batch_id}",
            format!("/v1/batches/{batch}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/batches/{batch_id}/release",
            format!("/v1/batches/{batch}/release"),
            Expect::NotFound,
        ),
        (
            "GET /v1/batches/{batch_id}/findings",
            format!("/v1/batches/{batch}/findings"),
            Expect::NotFound,
        ),
        (
            "GET /v1/profiles",
            "/v1/profiles".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/states/{state}/students/{state_student_id}",
            "/v1/states/TX/students/TX-1".to_owned(),
            Expect::NotFound,
        ),
        (
            "GET /v1/persons",
            "/v1/persons?family_name=Pena&given_name=Ana&birth_date=2012-05-06".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}",
            format!("/v1/persons/{person}"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}/history",
            format!("/v1/persons/{person}/history"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}/comparison",
            format!("/v1/persons/{person}/comparison?one=TX:current:TX-1&other=TX:current:TX-1"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}/family",
            format!("/v1/persons/{person}/family"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}/plans",
            format!("/v1/persons/{person}/plans?states=TX,CA"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/disagreements",
            "/v1/disagreements".to_owned(),
            Expect::Nothing,
        ),
        (
            "GET /v1/requirement-sets/{state}",
            "/v1/requirement-sets/TX".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "PUT /v1/requirement-sets/{state}",
            "/v1/requirement-sets/TX".to_owned(),
            Expect::Forbidden,
        ),
        (
            "DELETE /v1/requirement-sets/{state}",
            "/v1/requirement-sets/TX".to_owned(),
            Expect::Forbidden,
        ),
        (
            "GET /v1/persons/{person_id}/{paper}.pdf",
            format!("/v1/persons/{person}/record.pdf"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/persons/{person_id}/transcript.xml",
            format!("/v1/persons/{person}/transcript.xml"),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/move-notices",
            "/v1/move-notices?box=inbox".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/move-notices",
            "/v1/move-notices".to_owned(),
            Expect::Allowed(201),
        ),
        (
            "POST /v1/move-notices/{move_notice_id}/acknowledgement",
            format!("/v1/move-notices/{notice}/acknowledgement"),
            Expect::NotFound,
        ),
        (
            "GET /v1/contacts",
            "/v1/contacts?state=TX".to_owned(),
            Expect::Allowed(200),
        ),
        ("GET /v1/roster", "/v1/roster".to_owned(), Expect::Nothing),
        ("GET /v1/departures", "/v1/departures".to_owned(), Expect::Nothing),
        ("GET /v1/referrals", "/v1/referrals".to_owned(), Expect::Nothing),
        (
            "GET /v1/referrals/{referral_id}",
            format!("/v1/referrals/{referral}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/referrals/{referral_id}/outcome",
            format!("/v1/referrals/{referral}/outcome"),
            Expect::NotFound,
        ),
        ("POST /v1/hand-offs", "/v1/hand-offs".to_owned(), Expect::Refused),
        (
            "DELETE /v1/hand-offs/{hand_off_id}",
            format!("/v1/hand-offs/{hand_off}"),
            Expect::NotFound,
        ),
        (
            "GET /v1/new-children",
            "/v1/new-children".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/new-children/{new_child_id}/acknowledgement",
            format!("/v1/new-children/{alert}/acknowledgement"),
            Expect::NotFound,
        ),
        (
            "GET /v1/gone-children",
            "/v1/gone-children".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/gone-children/{gone_child_id}/acknowledgement",
            format!("/v1/gone-children/{gone}/acknowledgement"),
            Expect::NotFound,
        ),
        (
            "GET /v1/data-requests",
            "/v1/data-requests".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/data-requests",
            "/v1/data-requests".to_owned(),
            Expect::Allowed(201),
        ),
        (
            "GET /v1/data-requests/{data_request_id}",
            format!("/v1/data-requests/{request}"),
            Expect::NotFound,
        ),
        (
            "DELETE /v1/data-requests/{data_request_id}",
            format!("/v1/data-requests/{request}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/data-requests/{data_request_id}/answer",
            format!("/v1/data-requests/{request}/answer"),
            Expect::NotFound,
        ),
        (
            "GET /v1/data-requests/{data_request_id}/documents",
            format!("/v1/data-requests/{request}/documents"),
            Expect::NotFound,
        ),
        (
            "GET /v1/data-requests/{data_request_id}/document",
            format!("/v1/data-requests/{request}/document"),
            Expect::NotFound,
        ),
        (
            "PUT /v1/data-requests/{data_request_id}/document",
            format!(
                "/v1/data-requests/{request}/document?registrar=R&office=O&issued=2026-04-01&attest=true"
            ),
            Expect::NotFound,
        ),
        (
            "POST /v1/data-requests/{data_request_id}/document/verdict",
            format!("/v1/data-requests/{request}/document/verdict"),
            Expect::NotFound,
        ),
        (
            "GET /v1/document-acceptances",
            "/v1/document-acceptances".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/corrections",
            "/v1/corrections".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/corrections",
            "/v1/corrections".to_owned(),
            Expect::Allowed(201),
        ),
        (
            "GET /v1/corrections/{correction_id}",
            format!("/v1/corrections/{correction}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/corrections/{correction_id}/decision",
            format!("/v1/corrections/{correction}/decision"),
            Expect::NotFound,
        ),
        (
            "POST /v1/corrections/{correction_id}/told",
            format!("/v1/corrections/{correction}/told"),
            Expect::NotFound,
        ),
        (
            "PUT /v1/corrections/{correction_id}/statement",
            format!("/v1/corrections/{correction}/statement"),
            Expect::NotFound,
        ),
        (
            "GET /v1/move-notices/{move_notice_id}",
            format!("/v1/move-notices/{notice}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/move-notices/{move_notice_id}/reopening",
            format!("/v1/move-notices/{notice}/reopening"),
            Expect::NotFound,
        ),
        (
            "POST /v1/move-notices/{move_notice_id}/closing",
            format!("/v1/move-notices/{notice}/closing"),
            Expect::NotFound,
        ),
        ("GET /v1/webhook", "/v1/webhook".to_owned(), Expect::NotFound),
        ("DELETE /v1/webhook", "/v1/webhook".to_owned(), Expect::NotFound),
        ("PUT /v1/webhook", "/v1/webhook".to_owned(), Expect::Allowed(200)),
        (
            "POST /v1/webhook/test",
            "/v1/webhook/test".to_owned(),
            Expect::Allowed(202),
        ),
        (
            "POST /v1/webhook/keys",
            "/v1/webhook/keys".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/webhook/deliveries",
            "/v1/webhook/deliveries".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/webhook/deliveries/{webhook_id}/redelivery",
            format!("/v1/webhook/deliveries/{delivery}/redelivery"),
            Expect::NotFound,
        ),
        ("GET /v1/deadlines", "/v1/deadlines".to_owned(), Expect::Nothing),
        (
            "GET /v1/deadlines/{deadline_id}",
            format!("/v1/deadlines/{deadline}"),
            Expect::NotFound,
        ),
        (
            "GET /v1/calendar",
            "/v1/calendar".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "PUT /v1/calendar",
            "/v1/calendar".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "POST /v1/roster-checks",
            "/v1/roster-checks".to_owned(),
            Expect::Allowed(200),
        ),
        ("GET /v1/changes", "/v1/changes".to_owned(), Expect::Nothing),
        ("GET /v1/work-items", "/v1/work-items".to_owned(), Expect::Nothing),
        (
            "GET /v1/work-items/{work_item_id}",
            format!("/v1/work-items/{item}"),
            Expect::NotFound,
        ),
        (
            "POST /v1/work-items/{work_item_id}/decision",
            format!("/v1/work-items/{item}/decision"),
            Expect::NotFound,
        ),
        (
            "PUT /v1/work-items/{work_item_id}/assignment",
            format!("/v1/work-items/{item}/assignment"),
            Expect::NotFound,
        ),
        (
            "POST /v1/work-items/{work_item_id}/undo",
            format!("/v1/work-items/{item}/undo"),
            Expect::NotFound,
        ),
        (
            "GET /v1/reports/counts",
            "/v1/reports/counts?period=2026".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/reports/moves",
            "/v1/reports/moves?period=2026".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/reports/missed-enrollments",
            "/v1/reports/missed-enrollments?period=2026".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/reports/qa",
            "/v1/reports/qa?period=2026".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/reports/free-meals",
            "/v1/reports/free-meals?period=2026".to_owned(),
            Expect::Allowed(200),
        ),
        (
            "GET /v1/reconciliations",
            "/v1/reconciliations".to_owned(),
            Expect::Nothing,
        ),
        (
            "POST /v1/reconciliations",
            "/v1/reconciliations?list_date=2026-03-01".to_owned(),
            Expect::Allowed(201),
        ),
        (
            "GET /v1/reconciliations/{reconciliation_id}",
            format!("/v1/reconciliations/{campaign}"),
            Expect::NotFound,
        ),
        (
            "GET /v1/reconciliations/{reconciliation_id}/differences",
            format!("/v1/reconciliations/{campaign}/differences"),
            Expect::NotFound,
        ),
        (
            "POST /v1/reconciliations/{reconciliation_id}/differences/{ordinal}/decision",
            format!("/v1/reconciliations/{campaign}/differences/0/decision"),
            Expect::NotFound,
        ),
        ("GET /v1/snapshots", "/v1/snapshots".to_owned(), Expect::Nothing),
        (
            "POST /v1/snapshots",
            "/v1/snapshots".to_owned(),
            Expect::Allowed(201),
        ),
        (
            "GET /v1/snapshots/{name}",
            "/v1/snapshots/texan".to_owned(),
            Expect::NotFound,
        ),
        (
            "GET /v1/snapshots/{name}/extract",
            "/v1/snapshots/texan/extract".to_owned(),
            Expect::NotFound,
        ),
        (
            "GET /v1/snapshots/{name}/since",
            "/v1/snapshots/texan/since".to_owned(),
            Expect::NotFound,
        ),
        ("POST /v1/merges", "/v1/merges".to_owned(), Expect::Refused),
        ("POST /v1/splits", "/v1/splits".to_owned(), Expect::Refused),
    ];
    rows.map(|(operation, address, expect)| (operation.to_owned(), (address, expect)))
        .into()
}

struct Texas {
    batch: i64,
    person: String,
    notice: i64,
    item: i64,
    /// A reconciliation with a difference.
    campaign: i64,
    /// Address of an upload that is open.
    upload: String,
    /// An alert about a new child.
    alert: i64,
    /// One about a child that has gone to another district.
    gone: i64,
    /// What a school of Texas says at a departure.
    hand_off: i64,
    /// A referral to its recruiters.
    referral: i64,
    /// A request of Kentucky for data of Texas.
    request: i64,
    /// A correction that a family asked Texas for.
    correction: i64,
    /// A deadline of its own.
    deadline: i64,
    /// Something that was sent to its webhook.
    delivery: uuid::Uuid,
}

/// Asks Texas for data, as Kentucky.
fn data_request(connection: &mut store::Connection, person: &str) -> i64 {
    let state = |code| mde::StateCode::new(code).expect("a state");
    let ask = notices::data_requests::Ask {
        person_id: mde::PersonId::parse(person).expect("a number"),
        to_state: state("TX"),
        what: notices::data_requests::What::Record,
        note: None,
        for_correction: None,
    };
    let sender = notices::Sender {
        state: state("KY"),
        by: "clerk-9",
        idempotency_key: None,
    };
    let asked = notices::data_requests::ask(connection, sender, &ask, chrono::Utc::now());
    asked.expect("a request").work_item_id
}

/// Refers a child of Texas's schools to its recruiters.
fn referral(connection: &mut store::Connection, person: &str) -> i64 {
    let id = mde::StateStudentId::new("SIS-1").expect("a number");
    let enrolled = notices::referrals::Enrolled {
        state_student_id: &id,
        facility_code: None,
        school: None,
        district: None,
        known: false,
        candidates: vec![(mde::PersonId::parse(person).expect("a number"), 0.7)],
    };
    let texas = mde::StateCode::new("TX").expect("a state");
    let done = notices::referrals::refer(connection, texas, "clerk-9", &[enrolled], chrono::Utc::now());
    match &done.expect("referred")[..] {
        [notices::referrals::Referred::As { referral, .. }] => referral.referral_id,
        other => panic!("{other:?}"),
    }
}

/// Writes down that Texas was told something.
fn delivered(connection: &mut store::Connection) -> uuid::Uuid {
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types};
    #[derive(QueryableByName)]
    struct Delivery {
        #[diesel(sql_type = sql_types::Uuid)]
        id: uuid::Uuid,
    }
    let delivery: Delivery = sql_query(
        "insert into delivery (state, channel, kind, link, happened_at, queued_at, next_at, status, settled_at)
         values ('TX', 'webhook', 'webhook.test', '/v1/webhook', now(), now(), now(), 'delivered', now())
         returning webhook_id as id",
    )
    .get_result(connection)
    .expect("a delivery");
    delivery.id
}

/// A deadline of Texas about a child of its own.
fn deadline(connection: &mut store::Connection) -> i64 {
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
    #[derive(QueryableByName)]
    struct Deadline {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let deadline: Deadline = sql_query(
        "insert into deadline (cause, duty, state, student_id, person_id, started_on, due_on, setting, noted_at)
         select 'a cause', 'change_of_residence', 'TX', student_id, person_id, '2026-03-02', '2026-03-06', '{}', now()
         from link limit 1 returning deadline_id as id",
    )
    .get_result(connection)
    .expect("a deadline");
    deadline.id
}

/// Tells a district of Texas about a child that is new there, or has gone to another one.
fn new_child(connection: &mut store::Connection, to_district: Option<&str>) -> i64 {
    use diesel::{
        QueryableByName, RunQueryDsl as _, sql_query,
        sql_types::{BigInt, Nullable, Text},
    };
    #[derive(QueryableByName)]
    struct Alert {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let alert: Alert = sql_query(
        "insert into new_child (state, district, person_id, student_id, reason, happened_on, raised_at, to_district)
         select 'TX', 'Mission CISD', person_id, student_id, case when $1::text is null then 'enrolled' else 'left' end,
             '2026-03-30', now(), $1
         from link limit 1 returning new_child_id as id",
    )
    .bind::<Nullable<Text>, _>(to_district)
    .get_result(connection)
    .expect("an alert");
    alert.id
}

/// The operations of the document, as `GET /v1/batches`.
fn operations() -> Vec<String> {
    let document: Value = serde_json::from_str(api::openapi::json()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, of_path)| {
            let methods = of_path.as_object().expect("operations").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

fn body(operation: &str, person: &str, other: &str) -> Option<String> {
    match operation {
        "POST /v1/batches" => Some(upload("TX", AS_OF, &student("9", ("Peña", "Ruiz"), "Ana", "2012-05-06"))),
        "POST /v1/batches/{batch_id}/release"
        | "POST /v1/work-items/{work_item_id}/undo"
        | "POST /v1/move-notices/{move_notice_id}/reopening" => Some(r#"{"reason":"x"}"#.to_owned()),
        "POST /v1/move-notices" => Some(
            serde_json::json!({ "kind": "departure", "recipient": "KY", "person_id": person, "city": "Owensboro" }).to_string(),
        ),
        "POST /v1/hand-offs" => {
            Some(serde_json::json!({ "person_id": person, "last_day": AS_OF[..10] }).to_string())
        }
        "POST /v1/referrals/{referral_id}/outcome" => Some(r#"{"outcome":"not_found"}"#.to_owned()),
        "POST /v1/data-requests" => {
            Some(serde_json::json!({ "recipient": "TX", "person_id": person, "what": "grades" }).to_string())
        }
        "POST /v1/data-requests/{data_request_id}/answer" => Some(r#"{"answer":"sent"}"#.to_owned()),
        "POST /v1/data-requests/{data_request_id}/document/verdict" => {
            Some(r#"{"version":1,"verdict":"accepted"}"#.to_owned())
        }
        "POST /v1/corrections" => Some(correction(person).to_string()),
        "POST /v1/corrections/{correction_id}/decision" => Some(r#"{"decision":"declined","why":"x"}"#.to_owned()),
        "PUT /v1/corrections/{correction_id}/statement" => Some(r#"{"statement":"x"}"#.to_owned()),
        "POST /v1/reconciliations" => {
            Some("state_student_id,last_name,first_name,birth_date\nCA-1,Peña,Ana,2012-05-06\n".to_owned())
        }
        "POST /v1/reconciliations/{reconciliation_id}/differences/{ordinal}/decision" => {
            Some(r#"{"status":"explained","note":"x"}"#.to_owned())
        }
        "POST /v1/snapshots" => Some(r#"{"name":"californian","period":"2026"}"#.to_owned()),
        "PUT /v1/webhook" => Some(r#"{"address":"https://notices.ca.example.org/"}"#.to_owned()),
        "POST /v1/roster-checks" => Some(
            r#"{"children":[{"state_student_id":"1","last_name_1":"Vik","first_name":"Bo","birth_date":"2012-05-06"}]}"#.to_owned(),
        ),
        "PUT /v1/calendar" => Some(r#"{"own_holidays":["2026-03-31"]}"#.to_owned()),
        "POST /v1/move-notices/{move_notice_id}/acknowledgement" => Some(r#"{"answer":"arrived"}"#.to_owned()),
        "POST /v1/move-notices/{move_notice_id}/closing" => Some("{}".to_owned()),
        "POST /v1/work-items/{work_item_id}/decision" => Some(r#"{"decision":"approve","reason":"x"}"#.to_owned()),
        "PUT /v1/work-items/{work_item_id}/assignment" => Some(r#"{"level":"state"}"#.to_owned()),
        "POST /v1/merges" => Some(serde_json::json!({ "persons": [person, other], "reason": "x" }).to_string()),
        "POST /v1/splits" => Some(
            serde_json::json!({ "person": person, "parts": [[{ "state": "TX", "state_student_id": "TX-1" }]], "reason": "x" }).to_string(),
        ),
        _ => None,
    }
}

fn correction(person: &str) -> Value {
    serde_json::json!({
        "person_id": person, "owner": "TX", "asked_on": "2026-03-02", "asker": "parent", "element": "9",
        "says": "May 6", "should_say": "May 7",
    })
}

#[test]
fn no_operation_gives_one_state_what_is_anothers() {
    let hub = Hub::start();
    let (texas, california) = (hub.system("TX"), hub.system("CA"));
    hub.system("KY");
    let batch = hub.load(
        &texas,
        &upload(
            "TX",
            AS_OF,
            &format!(
                "{}{}",
                student("TX-1", ("Peña", "Ruiz"), "Ana", "2012-05-06"),
                student("TX-2", ("Zavala", "Ochoa"), "Belén", "2010-11-30")
            ),
        ),
    );
    let own: Value = texas
        .read("/v1/states/TX/students/TX-1")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let person = own["person_id"].as_str().expect("linked").to_owned();
    let sent = texas
        .post("/v1/move-notices")
        .header("On-Behalf-Of", "recruiter-2")
        .json(&serde_json::json!({ "kind": "departure", "recipient": "KY", "person_id": person }))
        .send()
        .expect("an answer");
    assert_eq!(sent.status(), 201, "{:?}", sent.text());
    let notice = sent.json::<Value>().expect("JSON")["move_notice_id"]
        .as_i64()
        .expect("a number");

    let linked: Value = texas
        .read("/v1/states/TX/students/TX-2")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let other = linked["person_id"].as_str().expect("linked").to_owned();
    let asked: Value = texas
        .post("/v1/merges")
        .header("On-Behalf-Of", "administrator-1")
        .json(&serde_json::json!({ "persons": [person, other], "reason": "one child" }))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let item = asked["work_item_id"].as_i64().expect("a request");
    let withdrawn = texas
        .post(&format!("/v1/work-items/{item}/decision"))
        .header("On-Behalf-Of", "administrator-1")
        .json(&serde_json::json!({ "decision": "withdraw" }))
        .send()
        .expect("an answer");
    assert_eq!(withdrawn.status(), 200);

    let taken = texas
        .post("/v1/snapshots")
        .json(&serde_json::json!({ "name": "texan", "period": "2026" }))
        .send()
        .expect("an answer");
    assert_eq!(taken.status(), 201, "{:?}", taken.text());

    let opened: Value = texas
        .post("/v1/reconciliations?list_date=2026-03-01")
        .body("state_student_id,last_name,first_name,birth_date\nTX-9,Peña,Ana,2012-05-06\n")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let campaign = opened["reconciliation_id"].as_i64().expect("a campaign");

    let taken: Value = texas
        .post("/v1/corrections")
        .json(&correction(&person))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let handed: Value = texas
        .post("/v1/hand-offs")
        .header("On-Behalf-Of", "registrar-1")
        .json(&serde_json::json!({ "person_id": person, "note": "Left after the last bell" }))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    let begun = texas
        .post("/v1/uploads")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Length", 9)
        .send()
        .expect("an answer");
    let referral = referral(&mut hub.connection(), &person);
    let gone = new_child(&mut hub.connection(), Some("Sharyland ISD"));
    let mut table = table(&Texas {
        alert: new_child(&mut hub.connection(), None),
        gone,
        hand_off: handed["hand_off_id"].as_i64().expect("a hand-off"),
        referral,
        request: data_request(&mut hub.connection(), &person),
        correction: taken["correction_id"].as_i64().expect("a correction"),
        deadline: deadline(&mut hub.connection()),
        delivery: delivered(&mut hub.connection()),
        upload: begun.headers()["location"].to_str().expect("text").to_owned(),
        item,
        campaign,
        batch,
        person: person.clone(),
        notice,
    });
    for operation in operations() {
        let (address, expect) = table
            .remove(&operation)
            .unwrap_or_else(|| panic!("{operation} has no entry here"));
        let method: Method = operation
            .split(' ')
            .next()
            .expect("a method")
            .parse()
            .expect("a method");
        let mut call = california
            .call(method, &address)
            .header("Purpose", "program")
            .header("On-Behalf-Of", "clerk-1")
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Length", 9);
        if let Some(body) = body(&operation, &person, &other) {
            call = call.header("Content-Type", "application/json").body(body);
        }
        let response = call.send().expect("an answer");
        match expect {
            Expect::NotFound => drop(problem(response, 404, "not-found")),
            Expect::Nowhere => assert_eq!(response.status(), 404, "{operation}"),
            Expect::Forbidden => drop(problem(response, 403, "wrong-state")),
            Expect::Refused => drop(problem(response, 403, "forbidden")),
            Expect::Nothing => {
                let page: Value = response.json().expect("JSON");
                assert_eq!(page["items"], Value::Array(Vec::new()), "{operation}");
            }
            Expect::Allowed(status) => {
                assert_eq!(response.status(), status, "{operation}: {:?}", response.text());
            }
        }
    }
    assert!(
        table.is_empty(),
        "operations that the document no longer has: {:?}",
        table.keys()
    );

    let untouched: Value = texas
        .get(&format!("/v1/batches/{batch}"))
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(untouched["status"], "loaded");
    let sent: Value = texas
        .get("/v1/move-notices?box=sent")
        .send()
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(sent["items"][0]["acknowledged_at"], Value::Null);
}

#[test]
fn every_operation_needs_a_registered_certificate() {
    let hub = Hub::start();
    let stranger = hub.stranger("TX");
    for operation in operations() {
        let (method, path) = operation.split_once(' ').expect("method and path");
        let path = path
            .replace("{state}", "TX")
            .replace(['{', '}'], "")
            .replace("batch_id", "1")
            .replace("reconciliation_id", "1")
            .replace("ordinal", "1")
            .replace("person_id", "100000000000")
            .replace("move_notice_id", "1")
            .replace("new_child_id", "1")
            .replace("gone_child_id", "1")
            .replace("work_item_id", "1");
        let call = stranger
            .call(method.parse().expect("a method"), &path)
            .header("Purpose", "program");
        let answer = call.send().expect("an answer");
        if method == "HEAD" {
            assert_eq!(answer.status(), 403);
        } else {
            problem(answer, 403, "certificate-unregistered");
        }
    }
}
