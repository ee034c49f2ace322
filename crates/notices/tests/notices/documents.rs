//! Official documents that come back for a request: sent with an attestation, received, judged, replaced, and never lost.

use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query, sql_types};
use mde::PersonId;
use notices::acceptances::{Accepted, Saying};
use notices::data_requests::{Answering, Ask, Reply, What, answer, ask, open, take_back};
use notices::documents::{Done, Sending, Verdict, attestation, judge, read, send, versions};
use notices::{Error, Sender, acceptances};
use store::data_requests::DataRequest;
use store::links;
use store::work_items::{self, Queue, Scope, Taken};

use crate::made_up::{access, child, database, day, enrolled, id, instant, link, load, state};

/// A transcript of a made-up child.
const PDF: &[u8] = b"%PDF-1.7\nTranscript of Luz Ek\n%%EOF\n";

fn wanted(person_id: PersonId, what: What) -> Ask {
    Ask {
        person_id,
        to_state: state("CA"),
        what,
        note: None,
        for_correction: None,
    }
}

fn asker() -> Sender<'static> {
    Sender {
        state: state("TX"),
        by: "ana@tx.example",
        idempotency_key: None,
    }
}

/// A child of California and Texas, whom Texas asks about.
fn asked(c: &mut PgConnection, what: What) -> (PersonId, DataRequest) {
    let texas = load(c, "TX", "2026-03-01", &child("1"));
    let school = |student, start, name, grade| {
        let place = [
            ("school_or_project_name", name),
            ("grade", grade),
            ("district_of_residence", "Kern High"),
        ];
        enrolled(student, start, &place)
    };
    let california = school(child("2"), "2025-08-20", "Arvin High", "10");
    let mut california = school(california, "2026-01-10", "Summer Camp", "UG");
    california.enrollments[1].district_of_residence = None;
    let california = load(c, "CA", "2026-03-01", &california);
    let person = link(c, &[texas, california], None);
    let request = ask(c, asker(), &wanted(person, what), instant("2026-04-11")).unwrap();
    (person, request)
}

fn transcript() -> Sending<'static> {
    Sending {
        media_type: "application/pdf",
        content: PDF,
        registrar: "Rosa Díaz",
        office: "Registrar, Arvin High",
        issued_on: day("2026-04-10"),
        attested: true,
        replaces: None,
        why: None,
    }
}

fn sent(c: &mut PgConnection, id: i64, sending: &Sending<'_>) -> Result<Done, Error> {
    Ok(send(c, id, state("CA"), "ben", sending, instant("2026-04-12"))?.expect("California's request"))
}

fn now(c: &mut PgConnection, id: i64) -> DataRequest {
    store::data_requests::find(c, id, state("TX")).unwrap().unwrap()
}

fn conflict(result: Result<Done, Error>, says: &str) {
    match result {
        Err(Error::Conflict(why)) => assert!(why.contains(says), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_document_answers_its_request_and_is_received_once() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c, What::Transcript);
    let id = request.work_item_id;
    assert_eq!(
        (request.school.as_deref(), request.district.as_deref()),
        (Some("Arvin High"), Some("Kern High")),
        "the latest secondary school holds the transcript, not the camp after it"
    );

    // Data do not bring the document.
    load(c, "CA", "2026-04-12", &enrolled(child("2"), "2026-01-11", &[]));
    notices::handle_changed(c, &[person], instant("2026-04-12")).unwrap();
    assert_eq!(now(c, id).status, "open");

    let done = sent(c, id, &transcript()).unwrap();
    assert!(done.recorded);
    assert_eq!(
        (
            done.document.version,
            done.document.size as usize,
            &done.document.attestation
        ),
        (1, PDF.len(), &attestation(What::Transcript))
    );
    let answered = now(c, id);
    assert_eq!(
        (
            answered.decision.as_deref(),
            answered.answer.as_deref(),
            answered.document_version
        ),
        (Some("sent"), Some("sent"), Some(1))
    );
    assert!(!sent(c, id, &transcript()).unwrap().recorded, "the same again");

    // The holder's own look is no receipt, the asking state's first one is.
    for (code, at) in [("CA", "2026-04-12"), ("TX", "2026-04-13"), ("TX", "2026-04-14")] {
        let (_, content) = read(c, &access(code, at), id, state(code), None)
            .unwrap()
            .unwrap();
        assert_eq!(content, PDF);
    }
    let kept = &versions(c, id, state("CA")).unwrap().unwrap()[0];
    assert_eq!(
        (kept.received_at, kept.received_by.as_deref()),
        (
            Some(instant("2026-04-13")),
            Some("account:somebody@state.example")
        )
    );
    let looks = store::access::disclosures(c, person, 9).unwrap();
    let of_document = |look: &&store::access::Disclosure| look.categories.contains(&"document".to_owned());
    assert_eq!(looks.iter().filter(of_document).count(), 3, "every look is kept");

    assert!(
        read(c, &access("FL", "2026-04-13"), id, state("FL"), None)
            .unwrap()
            .is_none()
    );
    assert!(versions(c, id, state("FL")).unwrap().is_none());
    assert!(
        read(c, &access("TX", "2026-04-13"), id, state("TX"), Some(2))
            .unwrap()
            .is_none()
    );
    assert!(
        send(c, id, state("TX"), "ana", &transcript(), instant("2026-04-12"))
            .unwrap()
            .is_none(),
        "who asks does not send"
    );
}

#[test]
fn what_is_not_attested_or_not_asked_for_is_refused() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c, What::ImmunizationCertificate);
    let id = request.work_item_id;
    let cases = [
        (
            "attest",
            Sending {
                attested: false,
                ..transcript()
            },
        ),
        (
            "registrar",
            Sending {
                registrar: " ",
                ..transcript()
            },
        ),
        (
            "office",
            Sending {
                office: "",
                ..transcript()
            },
        ),
        (
            "issued",
            Sending {
                issued_on: day("2026-04-30"),
                ..transcript()
            },
        ),
        (
            "reason",
            Sending {
                replaces: Some(1),
                ..transcript()
            },
        ),
        (
            "replaces",
            Sending {
                replaces: Some(1),
                why: Some("x"),
                ..transcript()
            },
        ),
    ];
    for (wrong, sending) in cases {
        match sent(c, id, &sending) {
            Err(Error::Invalid { member, .. }) => assert_eq!(member, wrong),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    assert_eq!(now(c, id).status, "open");
    let request = |c: &mut PgConnection, what| {
        ask(c, asker(), &wanted(person, what), instant("2026-04-12"))
            .unwrap()
            .work_item_id
    };
    let data = request(c, What::Grades);
    conflict(sent(c, data, &transcript()), "asks for data");

    take_back(c, id, state("TX"), "ana", instant("2026-04-12")).unwrap();
    conflict(sent(c, id, &transcript()), "taken back");

    let not_held = request(c, What::CertificateCopy);
    let reply = Answering {
        reply: Reply::NotHeld,
        until: None,
        note: None,
    };
    answer(c, not_held, state("CA"), "ben", &reply, instant("2026-04-12")).unwrap();
    conflict(sent(c, not_held, &transcript()), "not held");

    // What was said to be sent by hand can still come.
    let by_mail = request(c, What::Transcript);
    let reply = Answering {
        reply: Reply::Sent,
        ..reply
    };
    answer(c, by_mail, state("CA"), "ben", &reply, instant("2026-04-12")).unwrap();
    assert!(sent(c, by_mail, &transcript()).unwrap().recorded);
}

#[test]
fn a_document_is_replaced_only_knowingly_and_the_one_before_is_kept() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (_, request) = asked(c, What::Transcript);
    let id = request.work_item_id;
    sent(c, id, &transcript()).unwrap();
    let better = b"%PDF-1.7\nwith the seal\n%%EOF\n";
    let blind = Sending {
        content: better,
        ..transcript()
    };
    conflict(sent(c, id, &blind), "version 1 of the document is here already");
    let knowing = Sending {
        replaces: Some(1),
        why: Some("The seal was missing."),
        ..blind.clone()
    };
    assert_eq!(sent(c, id, &knowing).unwrap().document.version, 2);
    conflict(
        sent(
            c,
            id,
            &Sending {
                content: PDF,
                ..knowing
            },
        ),
        "version 2 of the document is here already",
    );
    let all = versions(c, id, state("TX")).unwrap().unwrap();
    assert_eq!(
        (
            all.len(),
            all[0].version,
            all[1].superseded_why.as_deref(),
            all[1].superseded_at
        ),
        (2, 2, Some("The seal was missing."), Some(instant("2026-04-12")))
    );
    let (_, first) = read(c, &access("TX", "2026-04-13"), id, state("TX"), Some(1))
        .unwrap()
        .unwrap();
    assert_eq!(first, PDF, "the earlier one can still be looked at");
}

#[test]
fn of_two_who_send_at_once_the_second_is_told() {
    let (db, mut connection) = database();
    let (_, request) = asked(&mut connection, What::Transcript);
    let id = request.work_item_id;
    let results: Vec<Result<Done, Error>> = std::thread::scope(|scope| {
        let threads: Vec<_> = [&b"%PDF-1.4 a %%EOF"[..], b"%PDF-1.4 b %%EOF"]
            .into_iter()
            .map(|content| {
                let mut c = db.connect().unwrap();
                scope.spawn(move || {
                    sent(
                        &mut c,
                        id,
                        &Sending {
                            content,
                            ..transcript()
                        },
                    )
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let late = results.into_iter().find(Result::is_err).unwrap();
    conflict(late, "version 1 of the document is here already");
}

#[test]
fn who_asked_says_once_whether_it_serves() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (_, request) = asked(c, What::Transcript);
    let id = request.work_item_id;
    sent(c, id, &transcript()).unwrap();
    let say = |c: &mut PgConnection, code: &str, version, verdict, why| {
        judge(
            c,
            id,
            state(code),
            "ana",
            (version, verdict, why),
            instant("2026-04-14"),
        )
    };
    assert!(say(c, "CA", 1, Verdict::Accepted, None).unwrap().is_none());
    assert!(say(c, "TX", 2, Verdict::Accepted, None).unwrap().is_none());
    conflict(
        say(c, "TX", 1, Verdict::Accepted, None).map(Option::unwrap),
        "downloaded",
    );
    read(c, &access("TX", "2026-04-13"), id, state("TX"), None).unwrap();
    assert!(matches!(
        say(c, "TX", 1, Verdict::NotAccepted, None),
        Err(Error::Invalid { member: "reason", .. })
    ));
    let why = Some("The seal is missing.");
    assert!(
        say(c, "TX", 1, Verdict::NotAccepted, why)
            .unwrap()
            .unwrap()
            .recorded
    );
    let again = say(c, "TX", 1, Verdict::Accepted, None).unwrap().unwrap();
    assert!(!again.recorded);
    assert_eq!(
        again.document.verdict.as_deref(),
        Some("not_accepted"),
        "the first word stays"
    );
    assert_eq!(now(c, id).document_verdict.as_deref(), Some("not_accepted"));

    // A new version is judged anew, and the one before no more.
    let better = Sending {
        content: b"%PDF-1.7 sealed %%EOF",
        replaces: Some(1),
        why: Some("Sealed."),
        ..transcript()
    };
    sent(c, id, &better).unwrap();
    assert_eq!(now(c, id).document_verdict, None);
}

#[test]
fn a_damaged_document_is_not_handed_out() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c, What::Transcript);
    let id = request.work_item_id;
    sent(c, id, &transcript()).unwrap();
    sql_query("update document set content = overlay(content placing '\\x00'::bytea from 12)")
        .execute(c)
        .unwrap();
    let error = read(c, &access("TX", "2026-04-13"), id, state("TX"), None).unwrap_err();
    assert!(matches!(error, Error::Damaged), "{error}");
    let document = &versions(c, id, state("TX")).unwrap().unwrap()[0];
    assert_eq!(document.received_at, None, "nothing was received");
    let looks = store::access::disclosures(c, person, 9).unwrap();
    assert!(looks.is_empty(), "and nothing shown: {looks:?}");
}

#[test]
fn a_split_leaves_the_document_with_its_student() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (person, request) = asked(c, What::Transcript);
    let request = request.work_item_id;
    sent(c, request, &transcript()).unwrap();
    let other = link(c, &[id("CA", "2")], None);
    assert_ne!(other, person);
    let held = open(c, request, state("TX"), "ana", instant("2026-04-13"))
        .unwrap()
        .unwrap();
    assert_eq!((held.person_id, held.document_version), (other.number(), Some(1)));
    // And back again.
    link(c, &[id("CA", "2")], Some(person));
    assert_eq!(links::survivor(c, person).unwrap(), Some(person));
    let found = read(c, &access("TX", "2026-04-13"), request, state("TX"), None).unwrap();
    assert_eq!(found.map(|(_, content)| content), Some(PDF.to_vec()));
    assert_eq!(now(c, request).person_id, person.number());
}

#[test]
fn a_transcript_is_on_the_worklist_of_the_district_that_holds_it() {
    let (_db, mut connection) = database();
    let c = &mut connection;
    let (_, request) = asked(c, What::Transcript);
    for (district, listed) in [("Kern High", 1), ("Delano", 0)] {
        let queue = Queue {
            scope: Scope::Districts(state("CA"), vec![district.to_owned()]),
            kind: None,
            taken: Taken::ByAnybody,
        };
        let items = work_items::queue(c, &queue, 0, 9).unwrap();
        assert_eq!(items.len(), listed, "{district}");
        assert!(
            items
                .iter()
                .all(|(item, _)| item.work_item_id == request.work_item_id)
        );
    }
    let camp = ask(
        c,
        asker(),
        &wanted(mde::PersonId::new(request.person_id).unwrap(), What::Grades),
        instant("2026-04-12"),
    )
    .unwrap();
    assert_eq!(
        camp.school.as_deref(),
        Some("Summer Camp"),
        "data are asked of where the child is"
    );
}

#[test]
fn a_state_says_what_it_takes_and_changes_its_mind() {
    #[derive(QueryableByName)]
    struct Action {
        #[diesel(sql_type = sql_types::Text)]
        action: String,
    }
    let (_db, mut connection) = database();
    let c = &mut connection;
    let saying = Saying {
        what: What::Transcript,
        accepted: Accepted::WithConditions,
        words: None,
        since: day("2026-01-01"),
        contact: "records@tx.example",
    };
    let keep = |c: &mut PgConnection, saying: &Saying<'_>| {
        acceptances::keep(c, state("TX"), "eva", saying, instant("2026-04-12"))
    };
    for (member, wrong) in [
        ("words", saying.clone()),
        (
            "what",
            Saying {
                what: What::Grades,
                words: Some("x"),
                ..saying.clone()
            },
        ),
        (
            "contact",
            Saying {
                contact: "",
                words: Some("x"),
                ..saying.clone()
            },
        ),
    ] {
        match keep(c, &wrong) {
            Err(Error::Invalid { member: found, .. }) => assert_eq!(found, member),
            other => panic!("{member}: {other:?}"),
        }
    }
    let words = Some("PDF with the registrar’s attestation");
    keep(
        c,
        &Saying {
            words,
            ..saying.clone()
        },
    )
    .unwrap();
    keep(
        c,
        &Saying {
            accepted: Accepted::Yes,
            ..saying
        },
    )
    .unwrap();
    let all = store::acceptances::all(c).unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].accepted.as_str(), &all[0].words), ("yes", &None));
    let actions: Vec<Action> = sql_query("select action from audit_event where subject = 'TX'")
        .load(c)
        .unwrap();
    assert!(
        actions
            .iter()
            .all(|kept| kept.action == "document_acceptance.keep")
    );
    assert_eq!(actions.len(), 2);
}
