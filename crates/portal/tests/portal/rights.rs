//! Every page × every role.

use crate::browser::{browser, nation};

/// Pages that only need somebody signed in.
const FOR_ALL: [&str; 8] = [
    "GET /",
    "GET /session",
    "GET /state",
    "POST /state",
    "POST /sign-out",
    "GET /password",
    "POST /password",
    "POST /home/dismiss",
];

fn path(route: &str) -> String {
    route.replace("{id}", "100000000000")
}

#[actix_web::test]
async fn without_a_session_every_page_leads_to_the_sign_in() {
    let db = nation();
    let (mut b, _) = browser(db.url()).await;
    for (method, route) in portal::ROUTES {
        let page = match *method {
            "GET" => b.get(&path(route)).await,
            _ => b.post(&path(route), &[]).await,
        };
        assert!(
            page.status == 303 && page.location().starts_with("/sign-in"),
            "{method} {route}: {}",
            page.status
        );
    }
}

#[actix_web::test]
async fn who_has_no_right_is_refused_everywhere() {
    let db = nation();
    for (email, allowed) in [
        ("nobody@example.example", &[][..]),
        (
            "users@tea.example",
            &[
                "GET /admin$",
                "/admin/users",
                "/admin/announcements",
                "/admin/audit",
            ],
        ),
        (
            "upload@tea.example",
            &[
                "GET /batches",
                "GET /batches/{id}",
                "GET /admin$",
                "/admin/certificates",
            ],
        ),
        (
            "counselor@mission.example",
            &[
                "/search",
                "/persons",
                "/feedback",
                "/students",
                "/departures",
                "GET /referrals",
                "GET /new-children",
                "GET /contacts$",
                "GET /contacts.csv",
                "GET /requirements",
                "GET /acceptances",
            ],
        ),
        (
            "recruiter@mission.example",
            &[
                "/search",
                "/persons",
                "/feedback",
                "/students",
                "/departures",
                "/referrals",
                "/hand-offs",
                "/new-children",
                "/merges",
                "/splits",
                "/requests",
                "GET /contacts$",
                "GET /contacts.csv",
                "GET /requirements",
                "GET /acceptances",
                "GET /notices",
                "GET /deadlines",
                "POST /notices/new",
                "POST /notices/{id}$",
                "GET /data-requests",
                "POST /data-requests/new",
                "POST /data-requests/{id}/verdict",
                "GET /corrections",
                "POST /corrections/new",
                "POST /notices/mail",
                "GET /reports",
            ],
        ),
        (
            "arbiter@ed.example",
            &[
                "/search",
                "/persons",
                "/feedback",
                "/merges",
                "/splits",
                "/requests",
                "GET /contacts$",
                "GET /contacts.csv",
                "GET /requirements",
                "GET /acceptances",
                "/near-matches",
                "/worklist",
                "GET /reports",
                "POST /reports/snapshots",
                "GET /admin$",
                "/admin/audit",
            ],
        ),
        (
            "admin@tea.example",
            &[
                "GET /admin$",
                "/admin/announcements",
                "/admin/regions",
                "/admin/certificates",
                "/admin/settings",
                "/admin/webhook",
                "/admin/audit",
                "/search",
                "/persons",
                "/feedback",
                "/merges",
                "/splits",
                "/requests",
                "/students",
                "/departures",
                "/referrals",
                "/hand-offs",
                "/new-children",
                "/contacts",
                "/near-matches",
                "/worklist",
                "/notices",
                "/data-requests",
                "/corrections",
                "/deadlines",
                "/batches",
                "/reports",
                "/requirements",
                "/acceptances",
                "/disagreements",
                "/reconciliations",
            ],
        ),
    ] {
        let (mut b, _) = browser(db.url()).await;
        b.sign_in(email).await;
        for (method, route) in portal::ROUTES {
            let name = format!("{method} {route}");
            if FOR_ALL.contains(&name.as_str()) {
                continue;
            }
            let page = match *method {
                "GET" => b.get(&path(route)).await,
                _ => b.post(&path(route), &[]).await,
            };
            let may = allowed.iter().any(|a| {
                if let Some(exact) = a.strip_suffix('$') {
                    name == exact
                } else if a.starts_with('/') {
                    route.starts_with(a)
                } else {
                    name.starts_with(a)
                }
            });
            assert_eq!(
                page.status != 403,
                may,
                "{email}: {name} answered {}",
                page.status
            );
            assert_ne!(page.status, 500, "{email}: {name}");
        }
    }
}

#[actix_web::test]
async fn a_state_does_not_see_another_states_work() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let texan =
        store::batches::of_state(&mut c, mde::StateCode::new("TX").unwrap(), None, 1).unwrap()[0].batch_id;
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@ga.example").await;
    assert_eq!(b.get(&format!("/batches/{texan}")).await.status, 404);
    assert_eq!(
        b.post(&format!("/batches/{texan}/release"), &[("reason", "right")])
            .await
            .status,
        404
    );
    let list = b.get("/batches").await.text();
    assert!(list.contains("Uploads of Georgia"), "{list}");
    let own = store::notices::list(
        &mut c,
        mde::StateCode::new("TX").unwrap(),
        store::notices::Box::Inbox,
        true,
        None,
        9,
    )
    .unwrap();
    let id = own.first().expect("a notice to Texas").move_notice_id;
    let page = b
        .post(&format!("/notices/{id}/acknowledge"), &[("answer", "arrived")])
        .await;
    assert_eq!(page.status, 404);
}
