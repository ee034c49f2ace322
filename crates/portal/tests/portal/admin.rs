//! Administration: accounts and their reach, announcements, regions, certificates, who saw whom.

use chrono::TimeDelta;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, RunQueryDsl as _, sql_query};
use store::accounts::{self, Grant, Role};
use store::participants::{self, Certificate};

use crate::browser::{browser, nation};
use crate::support;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn events(c: &mut PgConnection, action: &str) -> i64 {
    let row: Count = sql_query("select count(*) as n from audit_event where action = $1")
        .bind::<diesel::sql_types::Text, _>(action)
        .get_result(c)
        .unwrap();
    row.n
}

fn id_of(c: &mut PgConnection, email: &str) -> i64 {
    accounts::by_email(c, email).unwrap().unwrap().account_id
}

/// The password that a page shows.
fn password_in(body: &str) -> String {
    let (_, rest) = body.split_once("class=\"secret\">").expect("a password");
    rest.split('<').next().unwrap().to_owned()
}

#[actix_web::test]
async fn a_new_user_chooses_a_password_before_anything_else() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("users@tea.example").await;
    let wrong = [
        ("email", "new user"),
        ("name", ""),
        ("role", "arbiter"),
        ("region", ""),
        ("district", ""),
    ];
    let page = b.post("/admin/users/new", &wrong).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(
        text.contains("3 things need your attention") && page.body.contains("value=\"new user\""),
        "{text}"
    );
    let right = [
        ("email", "Nina.New@tea.example"),
        ("name", "Nina New"),
        ("role", "secondary_user"),
        ("region", ""),
        ("district", "Mission CISD"),
    ];
    let page = b.post("/admin/users/new", &right).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.headers.get("cache-control").unwrap(), "no-store");
    let password = password_in(&page.body);
    assert_eq!(events(&mut c, "account.create"), 1);
    let listed = b.get("/admin/users?search=nina").await.text();
    assert!(
        listed.contains("Nina New") && listed.contains("… Has to choose a password"),
        "{listed}"
    );
    assert!(!listed.contains("Rita Recruiter"), "{listed}");

    let (mut nina, time) = browser(db.url()).await;
    nina.get("/sign-in").await;
    let form = [("email", "nina.new@tea.example"), ("password", password.as_str())];
    assert_eq!(nina.post("/sign-in", &form).await.status, 303);
    for path in ["/", "/search", "/state"] {
        assert_eq!(nina.get(path).await.location(), "/password", "{path}");
    }
    nina.get("/password").await;
    let short = [
        ("present", password.as_str()),
        ("chosen", "short"),
        ("again", "other"),
    ];
    let page = nina.post("/password", &short).await;
    assert!(
        page.status == 422 && page.text().contains("fewer than 15 characters"),
        "{}",
        page.text()
    );
    let own = [
        ("present", password.as_str()),
        ("chosen", "four unrelated words"),
        ("again", "four unrelated words"),
    ];
    assert_eq!(nina.post("/password", &own).await.location(), "/");
    assert!(nina.get("/search").await.status == 200, "it is signed in still");
    assert_eq!(nina.get("/admin/users").await.status, 403);

    let id = id_of(&mut c, "nina.new@tea.example");
    b.get(&format!("/admin/users/{id}")).await;
    let reset = b.post(&format!("/admin/users/{id}/password"), &[]).await;
    let password = password_in(&reset.body);
    assert_eq!(nina.get("/search").await.status, 303, "its session has ended");
    time.pass(TimeDelta::days(7));
    nina.get("/sign-in").await;
    let form = [("email", "nina.new@tea.example"), ("password", password.as_str())];
    let late = nina.post("/sign-in", &form).await;
    assert!(
        late.status == 422 && late.text().contains("valid for seven days"),
        "{}",
        late.text()
    );
}

#[actix_web::test]
async fn an_administrator_of_users_reaches_its_own_state_only() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("users@tea.example").await;
    let list = b.get("/admin/users").await.text();
    assert!(
        list.contains("Carla Counselor") && list.contains("Bo Both"),
        "{list}"
    );
    assert!(
        !list.contains("Gus Georgia") && !list.contains("Ari Arbiter"),
        "{list}"
    );
    for stranger in ["admin@ga.example", "arbiter@ed.example"] {
        let id = id_of(&mut c, stranger);
        assert_eq!(
            b.get(&format!("/admin/users/{id}")).await.status,
            404,
            "{stranger}"
        );
        let give = [("action", "give"), ("role", "secondary_user")];
        assert_eq!(
            b.post(&format!("/admin/users/{id}/roles"), &give).await.status,
            404,
            "{stranger}"
        );
    }

    let both = id_of(&mut c, "both@example.example");
    let page = b.get(&format!("/admin/users/{both}")).await;
    assert!(page.text().contains("roles beyond your reach"), "{}", page.text());
    assert_eq!(
        b.post(&format!("/admin/users/{both}/password"), &[]).await.status,
        403
    );
    let disable = [("action", "disable")];
    assert_eq!(
        b.post(&format!("/admin/users/{both}/standing"), &disable)
            .await
            .status,
        403
    );
    let of_michigan = [
        ("action", "take"),
        ("role", "data_administrator"),
        ("region", ""),
        ("district", ""),
    ];
    assert_eq!(
        b.post(&format!("/admin/users/{both}/roles"), &of_michigan)
            .await
            .status,
        403
    );
    let of_texas = [
        ("action", "take"),
        ("role", "secondary_user"),
        ("region", ""),
        ("district", ""),
    ];
    let taken = b.post(&format!("/admin/users/{both}/roles"), &of_texas).await;
    assert!(taken.location().ends_with("done=taken"));
    assert_eq!(accounts::grants(&mut c, both).unwrap().len(), 1);

    let own = id_of(&mut c, "users@tea.example");
    let give = [
        ("action", "give"),
        ("role", "data_administrator"),
        ("region", ""),
        ("district", ""),
    ];
    assert_eq!(
        b.post(&format!("/admin/users/{own}/roles"), &give).await.status,
        403,
        "not to itself"
    );

    let counselor = id_of(&mut c, "counselor@mission.example");
    let (mut carla, _) = browser(db.url()).await;
    carla.sign_in("counselor@mission.example").await;
    b.get(&format!("/admin/users/{counselor}")).await;
    let done = b
        .post(&format!("/admin/users/{counselor}/standing"), &disable)
        .await;
    assert!(done.location().ends_with("done=disabled"));
    assert_eq!(carla.get("/").await.status, 303, "signed out at once");
    let page = b
        .get(&format!("/admin/users/{counselor}?done=disabled"))
        .await
        .text();
    assert!(
        page.contains("✕ Disabled") && page.contains("The account is disabled and signed out."),
        "{page}"
    );
    b.post(
        &format!("/admin/users/{counselor}/standing"),
        &[("action", "enable")],
    )
    .await;
    assert_eq!(
        (
            events(&mut c, "account.disable"),
            events(&mut c, "account.enable")
        ),
        (1, 1)
    );
    carla.sign_in("counselor@mission.example").await;
}

#[actix_web::test]
async fn a_role_in_a_region_holds_in_its_districts() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let texas = mde::StateCode::new("TX").unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    b.get("/admin/regions").await;
    let wrong = b
        .post("/admin/regions", &[("list", "Mission CISD,Valley\nLubbock ISD")])
        .await;
    assert!(
        wrong.status == 422 && wrong.text().contains("Line 2"),
        "{}",
        wrong.text()
    );
    assert!(
        wrong.body.contains("Lubbock ISD</textarea>"),
        "what was typed is kept"
    );
    let kept = b
        .post(
            "/admin/regions",
            &[("list", "Mission CISD,Valley\nLubbock ISD,Plains\n")],
        )
        .await;
    assert_eq!(kept.location(), "/admin/regions?done=kept");
    assert!(
        b.get("/admin/regions")
            .await
            .text()
            .contains("Valley 1 Mission CISD")
    );

    let person = support::person_of(&mut c, "TX", "T-10442").unwrap();
    records::contradicted::refresh(&mut c, &[person], support::now()).unwrap();
    sql_query(
        "update enrollment set district_of_residence = 'Mission CISD' where enrollment_date = '2025-08-18'",
    )
    .execute(&mut c)
    .unwrap();
    for (region, sees) in [("Valley", true), ("Plains", false), ("Nowhere", false)] {
        let email = format!("{region}@tea.example").to_lowercase();
        let id = support::account(&mut c, &email, "Reg Region", &[]).unwrap();
        for role in [Role::DataAdministrator, Role::UserAdministrator] {
            let grant = Grant {
                role,
                state: Some(texas),
                region: Some(region.to_owned()),
                district: None,
            };
            accounts::grant(&mut c, id, &grant, support::now()).unwrap();
        }
        let (mut of_region, _) = browser(db.url()).await;
        of_region.sign_in(&email).await;
        let text = of_region.get("/disagreements").await.text();
        assert_eq!(text.contains("Birth date: TX says"), sees, "{region}: {text}");
        for whole in ["/admin/announcements", "/admin/regions", "/admin/audit"] {
            assert_eq!(of_region.get(whole).await.status, 403, "{region}: {whole}");
        }
        of_region.get("/admin/users/new").await;
        let new = format!("new-{email}");
        let mut form = vec![
            ("email", new.as_str()),
            ("name", "New"),
            ("role", "secondary_user"),
            ("region", ""),
        ];
        form.push(("district", "Mission CISD"));
        let made = of_region.post("/admin/users/new", &form).await;
        assert_eq!(made.status, if sees { 200 } else { 422 }, "{region}");
        form.pop();
        form.push(("district", ""));
        assert_eq!(
            of_region.post("/admin/users/new", &form).await.status,
            422,
            "not for the whole state"
        );
    }
}

#[actix_web::test]
async fn a_training_that_ends_is_said_on_the_home_page() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("users@tea.example").await;
    let id = id_of(&mut c, "recruiter@mission.example");
    let path = format!("/admin/users/{id}/training");
    b.get(&format!("/admin/users/{id}")).await;
    let wrong = b
        .post(&path, &[("completed_on", "2027-01-01"), ("expires_on", "")])
        .await;
    assert!(wrong.status == 422 && wrong.text().contains("Enter a day that has passed"));
    let noted = b
        .post(&path, &[("completed_on", "2025-04-20"), ("expires_on", "")])
        .await;
    assert!(noted.location().ends_with("done=training"));
    assert!(
        b.get("/admin/users")
            .await
            .text()
            .contains("! Until Apr 20, 2026")
    );
    let (mut rita, _) = browser(db.url()).await;
    rita.sign_in("recruiter@mission.example").await;
    let home = rita.get("/").await.text();
    assert!(home.contains("expires on Apr 20, 2026"), "{home}");
    b.get(&format!("/admin/users/{id}")).await;
    b.post(&path, &[("completed_on", "2026-04-01"), ("expires_on", "")])
        .await;
    assert!(!rita.get("/").await.text().contains("Your training"));
}

#[actix_web::test]
async fn an_announcement_is_read_by_whom_it_is_for_until_it_is_put_away() {
    let db = nation();
    let (mut b, time) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    b.get("/admin/announcements").await;
    let empty = [
        ("body", " "),
        ("from_on", "2026-04-05"),
        ("until_on", "2026-04-01"),
        ("role", ""),
    ];
    let wrong = b.post("/admin/announcements", &empty).await;
    assert!(
        wrong.status == 422 && wrong.text().contains("2 things need your attention"),
        "{}",
        wrong.text()
    );
    for (text, role) in [("Closed <b>Friday</b>", ""), ("For uploaders", "batch_submitter")] {
        let form = [
            ("body", text),
            ("from_on", "2026-04-02"),
            ("until_on", "2026-04-03"),
            ("role", role),
        ];
        assert_eq!(
            b.post("/admin/announcements", &form).await.location(),
            "/admin/announcements?done=said"
        );
    }
    let read = async |email: &str| {
        let (mut reader, _) = browser(db.url()).await;
        reader.sign_in(email).await;
        reader.get("/").await.body
    };
    assert!(read("upload@tea.example").await.contains("For uploaders"));
    assert!(!read("admin@ga.example").await.contains("Closed"));
    let (mut carla, _) = browser(db.url()).await;
    carla.sign_in("counselor@mission.example").await;
    let home = carla.get("/").await;
    assert!(
        home.body.contains("Closed &#60;b&#62;Friday") && !home.body.contains("For uploaders"),
        "{}",
        home.body
    );
    assert!(home.body.contains("First steps"), "{}", home.body);
    let key = home
        .body
        .split("value=\"announcement:")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let key = format!("announcement:{key}");
    for what in [key.as_str(), "guidance"] {
        assert_eq!(
            carla.post("/home/dismiss", &[("what", what)]).await.location(),
            "/"
        );
    }
    let home = carla.get("/").await.body;
    assert!(
        !home.contains("Closed") && !home.contains("First steps"),
        "{home}"
    );
    assert_eq!(carla.post("/home/dismiss", &[("what", "else")]).await.status, 400);

    let list = b.get("/admin/announcements").await;
    assert_eq!(list.text().matches("✓ Shown now").count(), 2);
    let id = key.rsplit(':').next().unwrap();
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    let path = format!("/admin/announcements/{id}/withdraw");
    assert_eq!(other.post(&path, &[]).await.status, 404, "another state's");
    assert_eq!(
        b.post(&path, &[]).await.location(),
        "/admin/announcements?done=withdrawn"
    );
    assert!(b.get("/admin/announcements").await.text().contains("✕ Withdrawn"));
    time.pass(TimeDelta::days(2));
}

#[actix_web::test]
async fn a_certificate_that_ends_is_said_before() {
    let db = nation();
    let mut c = db.connect().unwrap();
    for (fingerprint, days) in [("ab".repeat(32), 20), ("cd".repeat(32), -10)] {
        let not_after = support::now() + TimeDelta::days(days);
        let certificate = Certificate {
            fingerprint,
            state: "TX".into(),
            serial: "4f".into(),
            subject: "CN=TX exchange".into(),
            not_before: not_after - TimeDelta::days(365),
            not_after,
            registered_at: support::now() - TimeDelta::days(345),
            revoked_at: None,
        };
        participants::register_certificate(&mut c, &certificate).unwrap();
    }
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("upload@tea.example").await;
    let home = b.get("/").await.text();
    assert!(home.contains("sign in ends on Apr 22, 2026"), "{home}");
    let page = b.get("/admin/certificates").await.text();
    assert!(
        page.contains("! Ends in 20 days") && page.contains("✕ Ended") && page.contains("AB:AB:AB"),
        "{page}"
    );
    let (mut other, _) = browser(db.url()).await;
    other.sign_in("admin@ga.example").await;
    assert!(
        other
            .get("/admin/certificates")
            .await
            .text()
            .contains("No certificate is registered")
    );
    let settings = other.get("/admin/settings").await.text();
    assert!(
        settings.contains("10 working days") && settings.contains("federal holidays"),
        "{settings}"
    );
}

#[actix_web::test]
async fn who_saw_whom_is_found_and_the_search_is_written_down() {
    let db = nation();
    let mut c = db.connect().unwrap();
    let ana = support::person_of(&mut c, "TX", "T-10442").unwrap();
    let mia = support::person_of(&mut c, "TX", "T-66613").unwrap();
    let (mut carla, _) = browser(db.url()).await;
    carla.sign_in("counselor@mission.example").await;
    for child in [ana, mia] {
        assert_eq!(
            carla
                .get(&format!("/persons/{child}?purpose=enroll"))
                .await
                .status,
            200
        );
    }
    let (mut b, _) = browser(db.url()).await;
    b.sign_in("admin@tea.example").await;
    let all = b.get("/admin/audit").await.text();
    assert!(
        all.contains(&ana.to_string()) && all.contains("counselor@mission.example Texas"),
        "{all}"
    );
    let one = b.get(&format!("/admin/audit?child={ana}&who=CARLA")).await.text();
    assert!(one.contains("Nobody looked"), "{one}");
    let one = b
        .get(&format!("/admin/audit?child={ana}&who=COUNSELOR"))
        .await
        .text();
    assert!(
        one.contains(&format!("{ana} Enroll Portal")) && !one.contains(&mia.to_string()),
        "{one}"
    );
    assert_eq!(events(&mut c, "disclosures.search"), 3);
    let wrong = b.get("/admin/audit?child=12&from=x").await;
    assert!(
        wrong.status == 422 && wrong.text().contains("2 things need"),
        "{}",
        wrong.text()
    );
    let past = b.get("/admin/audit?until=2020-01-01").await.text();
    assert!(past.contains("Nobody looked"), "{past}");
    let file = b.get(&format!("/admin/audit.csv?child={ana}")).await;
    assert!(file.body.starts_with("at,who,state,"), "{}", file.body);
    assert!(
        file.body.contains(&format!(
            ",account:counselor@mission.example,TX,,{ana},enroll,portal,"
        )),
        "{}",
        file.body
    );

    // Mia is of Texas alone: Georgia sees neither her looks nor those of Texans, but of Ana, who is its child, all.
    let (mut georgia, _) = browser(db.url()).await;
    georgia.sign_in("admin@ga.example").await;
    let text = georgia.get("/admin/audit").await.text();
    assert!(
        text.contains("counselor@mission.example") && !text.contains(&mia.to_string()),
        "{text}"
    );

    let log = format!("/persons/{ana}/access-log");
    assert!(carla.get(&log).await.text().contains("Why do you look?"));
    let english = carla
        .get(&format!("{log}?purpose=program&language=en"))
        .await
        .text();
    assert!(
        english.contains("counselor@mission.example Texas Enroll the child"),
        "{english}"
    );
    let spanish = carla.get(&format!("{log}?purpose=program&language=es")).await;
    assert!(spanish.body.contains("<div lang=\"es\">") && spanish.text().contains("Inscribir al estudiante"));
    assert_eq!(
        carla
            .get(&format!("{log}?purpose=program&language=fr"))
            .await
            .status,
        404
    );
}
