//! Referrals, as recruiters and administrators work through them.

use chrono::TimeDelta;
use mde::StateCode;
use store::accounts::{Grant, Role};

use crate::browser::{browser, nation};
use crate::support::{self, now, referred};

#[actix_web::test]
async fn a_recruiter_says_what_came_of_a_referral_and_the_state_sees_it() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let jose = support::person_of(&mut c, "GA", "GA7781").unwrap();
    let open = referred(&mut c, "SIS-1", Some("Mission CISD"), &[(jose, 0.85)], now()).unwrap();
    let before = now() - TimeDelta::days(40);
    referred(&mut c, "SIS-2", None, &[(jose, 0.5)], before).unwrap();

    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    assert!(b.get("/students").await.body.contains("href=\"/referrals\""));
    let list = b.get("/referrals").await;
    let text = list.text();
    assert!(
        text.contains("SIS-1") && text.contains("likely the same child"),
        "{text}"
    );
    let page = b.get(&format!("/referrals/{open}")).await;
    let text = page.text();
    assert!(
        text.contains("Referral of SIS-1")
            && text.contains("Jose Hernandez")
            && text.contains("Castro Elementary"),
        "{text}"
    );
    assert!(
        text.contains("registrar-4") && !text.contains("certificate:"),
        "{text}"
    );
    let looks = store::access::disclosures(&mut c, jose, 9).unwrap();
    assert!(
        looks
            .iter()
            .any(|look| look.actor == "account:recruiter@mission.example"),
        "whom it may be is disclosed"
    );
    let path = format!("/referrals/{open}");
    let number = jose.to_string();
    let wrong = b
        .post(
            &path,
            &[("outcome", ""), ("note", "Asked <twice>"), ("seen", "0")],
        )
        .await;
    assert!(
        wrong.status == 422
            && wrong.body.contains("href=\"#outcome\"")
            && wrong.body.contains("Asked &#60;twice&#62;"),
        "{}",
        wrong.text()
    );
    let wrong = b
        .post(
            &path,
            &[("outcome", "declined"), ("person", &number), ("seen", "0")],
        )
        .await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#person\""),
        "{}",
        wrong.text()
    );
    let long = "x".repeat(501);
    let wrong = b
        .post(&path, &[("outcome", "declined"), ("note", &long), ("seen", "0")])
        .await;
    assert!(
        wrong.status == 422 && wrong.body.contains("href=\"#note\""),
        "{}",
        wrong.text()
    );
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap().to_string();
    let other = b
        .post(
            &path,
            &[("outcome", "found_eligible"), ("person", &ana), ("seen", "0")],
        )
        .await;
    assert_eq!(other.status, 400, "a child that the referral does not name");

    let form = [
        ("outcome", "found_eligible"),
        ("person", &number),
        ("note", "Met the aunt"),
        ("seen", "0"),
    ];
    assert_eq!(b.post(&path, &form).await.location(), format!("{path}?done=said"));
    let late_answer = [("outcome", "not_found"), ("seen", "0")];
    assert_eq!(
        b.post(&path, &late_answer).await.location(),
        format!("{path}?done=late")
    );
    let text = b.get(&path).await.text();
    assert!(
        text.contains("Found eligible")
            && text.contains("Met the aunt")
            && text.contains("recruiter@mission")
    );
    assert!(!b.get("/referrals").await.text().contains("SIS-1"), "it is done");

    // The state sees all of its referrals, and the worklist leads there.
    let (mut state, _) = browser(db.url()).await;
    state.sign_in("admin@tea.example").await;
    assert!(
        state
            .get("/worklist")
            .await
            .body
            .contains("<a href=\"/referrals\">Referrals <b>1</b></a>")
    );
    assert!(
        state
            .get("/referrals?show=overdue")
            .await
            .text()
            .contains("SIS-2")
    );
    assert!(state.get("/referrals?show=done").await.text().contains("SIS-1"));
    let changed = state.post(&path, &[("outcome", "declined"), ("seen", "1")]).await;
    assert_eq!(changed.location(), format!("{path}?done=said"));
    let text = state.get(&path).await.text();
    assert!(
        text.contains("Family declined") && text.contains("Met the aunt"),
        "what was said stays: {text}"
    );
}

#[actix_web::test]
async fn a_referral_is_for_the_people_of_its_place() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let jose = support::person_of(&mut c, "GA", "GA7781").unwrap();
    let id = referred(&mut c, "SIS-1", Some("MISSION CISD"), &[(jose, 0.85)], now()).unwrap();
    let nowhere = referred(&mut c, "SIS-2", None, &[(jose, 0.85)], now()).unwrap();
    let texas = StateCode::new("TX").unwrap();
    store::work_items::set_regions(
        &mut c,
        texas,
        &[("Mission CISD", "Valley"), ("Lubbock ISD", "Plains")],
    )
    .unwrap();
    for (email, region) in [("valley@tx.example", "Valley"), ("plains@tx.example", "Plains")] {
        let account = support::account(&mut c, email, "Rey Recruiter", &[]).unwrap();
        let grant = Grant {
            role: Role::PrimaryUser,
            state: Some(texas),
            region: Some(region.to_owned()),
            district: None,
        };
        store::accounts::grant(&mut c, account, &grant, now()).unwrap();
    }
    let path = format!("/referrals/{id}");
    let answer = [("outcome", "not_eligible"), ("seen", "0")];
    for (email, status) in [
        ("plains@tx.example", 404),
        ("admin@ga.example", 404),
        ("counselor@mission.example", 200),
        ("valley@tx.example", 200),
    ] {
        let (mut b, _) = browser(db.url()).await;
        b.sign_in(email).await;
        assert_eq!(b.get(&path).await.status, status, "{email}");
        assert_eq!(
            b.get("/referrals").await.text().contains("SIS-1"),
            status == 200,
            "{email}"
        );
        let said = b.post(&path, &answer).await.status;
        let expected = match email {
            "counselor@mission.example" => 403,
            _ if status == 200 => 303,
            _ => 404,
        };
        assert_eq!(said, expected, "{email}");
    }
    let (mut valley, _) = browser(db.url()).await;
    valley.sign_in("valley@tx.example").await;
    let path = format!("/referrals/{nowhere}");
    assert_eq!(
        valley.get(&path).await.status,
        404,
        "one without a district is the whole state's"
    );
    assert_eq!(valley.post(&path, &answer).await.status, 404);
    let (mut plains, _) = browser(db.url()).await;
    plains.sign_in("plains@tx.example").await;
    assert_eq!(plains.get("/referrals?district=Mission+CISD").await.status, 404);
}

#[actix_web::test]
async fn of_two_who_would_go_to_one_family_the_first_does() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let jose = support::person_of(&mut c, "GA", "GA7781").unwrap();
    let id = referred(&mut c, "SIS-1", Some("Mission CISD"), &[(jose, 0.85)], now()).unwrap();
    let path = format!("/referrals/{id}");
    let taking = format!("{path}/taking");

    let (mut b, _) = browser(db.url()).await;
    b.sign_in("recruiter@mission.example").await;
    let (mut state, _) = browser(db.url()).await;
    state.sign_in("admin@tea.example").await;
    assert!(
        b.get("/referrals?show=mine")
            .await
            .text()
            .contains("You have taken none")
    );
    assert!(b.get(&path).await.body.contains("value=\"take\""));
    let taken = b.post(&taking, &[("action", "take")]).await;
    assert_eq!(taken.location(), format!("{path}?done=taken"));
    let second = state.post(&taking, &[("action", "take")]).await;
    assert_eq!(second.location(), format!("{path}?done=late"));
    let text = state.get(&path).await.text();
    assert!(
        text.contains("recruiter@mission.example") && text.contains("Give back"),
        "{text}"
    );
    assert!(
        state
            .get("/referrals")
            .await
            .text()
            .contains("with recruiter@mission.example")
    );
    assert!(b.get("/referrals?show=mine").await.text().contains("SIS-1"));
    assert!(!state.get("/referrals?show=mine").await.text().contains("SIS-1"));

    // Whoever administers gives back for somebody who is ill; nobody gives back what is another's.
    assert_eq!(
        state.post(&taking, &[("action", "give_back")]).await.location(),
        format!("{path}?done=back")
    );
    assert_eq!(
        state.post(&taking, &[("action", "take")]).await.location(),
        format!("{path}?done=taken")
    );
    assert!(!b.get(&path).await.body.contains("value=\"give_back\""));
    assert_eq!(
        b.post(&taking, &[("action", "give_back")]).await.location(),
        format!("{path}?done=late")
    );
    assert_eq!(b.post(&taking, &[("action", "")]).await.status, 400);

    // An outcome ends it, whoever brings it.
    let form = [("outcome", "not_found"), ("seen", "0")];
    assert_eq!(b.post(&path, &form).await.location(), format!("{path}?done=said"));
    assert_eq!(
        state.post(&taking, &[("action", "give_back")]).await.location(),
        format!("{path}?done=late")
    );
    assert!(!state.get("/referrals?show=mine").await.text().contains("SIS-1"));
    let (mut plains, _) = browser(db.url()).await;
    plains.sign_in("counselor@mission.example").await;
    assert_eq!(plains.post(&taking, &[("action", "take")]).await.status, 403);
}
