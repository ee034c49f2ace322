//! The one table of pages: each template in every state that it can have. A new page adds its rows here, and every gate
//! looks at it.

use crate::driver::Browser;
use crate::fixture::{self, Ids};
use crate::site::Site;

/// What is there to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Accounts and states, nothing sent.
    None,
    /// One child, or a few, of everything.
    One,
    /// Hundreds of children.
    Many,
}

/// A page in one of its states.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Names it in reports, snapshots and pictures: the template, and the state after a dash.
    pub(crate) name: &'static str,
    pub(crate) amount: Amount,
    /// The account that looks; nobody where it is empty.
    pub(crate) who: &'static str,
    pub(crate) path: String,
    /// Fields that are filled in, by CSS selector, and the button that is then pressed, for what a form answers.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    pub(crate) button: &'static str,
}

const ADMINISTRATOR: &str = "admin@tea.example";
const COUNSELOR: &str = "counselor@mission.example";
const RECRUITER: &str = "recruiter@mission.example";
const ARBITER: &str = "arbiter@ed.example";
const USERS: &str = "users@tea.example";
const BOTH: &str = "both@example.example";
const NOBODY: &str = "nobody@example.example";

fn page(amount: Amount, who: &'static str, name: &'static str, path: impl Into<String>) -> Page {
    Page {
        name,
        amount,
        who,
        path: path.into(),
        fields: &[],
        button: "",
    }
}

impl Page {
    /// The page that answers when these fields are sent with a button.
    fn after(self, fields: &'static [(&'static str, &'static str)], button: &'static str) -> Self {
        Self {
            fields,
            button,
            ..self
        }
    }

    /// Shows it.
    pub(crate) fn show(&self, site: &Site, browser: &Browser) {
        site.open(browser, &self.path);
        if !self.button.is_empty() {
            browser.send(self.fields, self.button);
        }
    }
}

const SUBMIT: &str = "main form[method=post] button:not([name])";
const NAME: &[(&str, &str)] = &[
    ("#last", "Reyes"),
    ("#first", "Ana"),
    ("#birth", "2011"),
    ("#purpose", "enroll"),
];
const NAMES_OF_NOBODY: &[(&str, &str)] = &[
    ("#last", "Nosuchname"),
    ("#first", "Xavier"),
    ("#birth", "2011"),
    ("#purpose", "enroll"),
];

/// Every page; `ids` names those of this amount.
fn of(amount: Amount, ids: Option<&Ids>) -> Vec<Page> {
    use Amount::{Many, None, One};
    let Some(ids) = ids else {
        let empty = |name, path: &str| page(None, ADMINISTRATOR, name, path);
        return vec![
            page(None, "", "sign-in", "/sign-in"),
            page(None, "", "sign-in-wrong", "/sign-in").after(
                &[("#email", "admin@tea.example"), ("#password", "wrong wrong")],
                "main button",
            ),
            page(None, "", "check", "/check"),
            page(None, "", "check-unknown", "/check?code=000000000000"),
            page(None, "", "check-wrong", "/check?code=hello"),
            page(None, "", "failure-not-found", "/nowhere"),
            page(None, "", "help", "/help"),
            page(None, "", "glossary", "/help/glossary"),
            page(None, "", "gallery", "/gallery"),
            page(None, "", "accessibility", "/accessibility"),
            page(None, "", "findings", "/docs/findings"),
            page(None, "", "finding", "/docs/findings/V303"),
            page(None, "", "problems", "/docs/problems"),
            page(None, NOBODY, "home-no-role", "/"),
            page(None, NOBODY, "failure-forbidden", "/search"),
            page(None, BOTH, "state", "/state"),
            page(None, COUNSELOR, "home-counselor", "/"),
            empty("home-empty", "/"),
            empty("search", "/search"),
            empty("search-wrong", "/search").after(&[], SUBMIT),
            empty("search-none", "/search").after(NAMES_OF_NOBODY, SUBMIT),
            empty("worklist-empty", "/worklist"),
            empty("students-empty", "/students"),
            empty("departures-empty", "/departures"),
            empty("referrals-empty", "/referrals"),
            empty("new-children-empty", "/new-children"),
            empty("contacts-empty", "/contacts"),
            empty("contact", "/contacts/new"),
            empty("contact-wrong", "/contacts/new").after(&[("#name", "Rosa"), ("#email", "rosa")], SUBMIT),
            empty("notices-empty", "/notices"),
            empty("notices-sent-empty", "/notices?box=sent"),
            empty("data-requests-empty", "/data-requests"),
            empty("data-requests-sent-empty", "/data-requests?box=sent"),
            empty("acceptances-empty", "/acceptances"),
            empty("acceptances-wrong", "/acceptances").after(&[("#since", "soon")], SUBMIT),
            empty("corrections-empty", "/corrections"),
            empty("deadlines-empty", "/deadlines"),
            empty("batches-empty", "/batches"),
            empty("reports-empty", "/reports"),
            empty("reports-wrong", "/reports?period=2025-26&known_at=2031-01-01"),
            empty("disagreements-empty", "/disagreements"),
            empty("requirements-empty", "/requirements"),
            empty("requirements-wrong", "/requirements")
                .after(&[("#document", "none")], "form[action='/requirements'] button"),
            empty("reconciliations-empty", "/reconciliations"),
            empty("pictures-empty", "/reports/pictures"),
            empty("completeness-empty", "/reports/completeness"),
            empty("announcements-empty", "/admin/announcements"),
            empty("regions-empty", "/admin/regions"),
            empty("regions-wrong", "/admin/regions").after(&[("#list", "Mission CISD")], SUBMIT),
            empty("webhook-empty", "/admin/webhook"),
            empty("webhook-wrong", "/admin/webhook").after(
                &[("#address", "http://10.0.0.8/")],
                "form[action='/admin/webhook'] button",
            ),
            empty("certificates-empty", "/admin/certificates"),
            empty("audit-empty", "/admin/audit"),
            empty("audit-wrong", "/admin/audit?child=12"),
            page(None, USERS, "users-none", "/admin/users?search=nosuchname"),
            empty("students-empty", "/students"),
            empty("new-children-empty", "/new-children"),
        ];
    };
    let Ids {
        ana,
        mia,
        near_match,
        request,
        loaded,
        held,
        campaign,
        data_request,
        document,
        received,
        correction,
        notice,
        sent_notice,
        referral,
        referral_done,
    } = ids;
    if amount == Many {
        let many = |name, path: String| page(Many, ADMINISTRATOR, name, path);
        return vec![
            many("home-many", "/".into()),
            many("search-many", "/search".into()).after(NAME, SUBMIT),
            many("worklist-many", "/worklist".into()),
            many("students-many", "/students".into()),
            many("departures-many", "/departures?weeks=26".into()),
            many("referrals-many", "/referrals".into()),
            many("new-children-many", "/new-children".into()),
            many("notices-many", "/notices".into()),
            many("deadlines-many", "/deadlines".into()),
            many("batches-many", "/batches".into()),
            many("students-many", "/students".into()),
            many("new-children-many", "/new-children".into()),
            many("reports-many", "/reports?period=2025-26".into()),
            many("disagreements-many", "/disagreements".into()),
            many("pictures-many", "/reports/pictures".into()),
            many("completeness-many", "/reports/completeness".into()),
            page(Many, ARBITER, "pictures-federal", "/reports/pictures"),
            page(Many, ARBITER, "reports-federal", "/reports?period=2025-26"),
        ];
    }
    let one = |name, path: String| page(One, ADMINISTRATOR, name, path);
    vec![
        // First: it tells how many records were opened, which the pages after it do.
        one("pictures", "/reports/pictures".into()),
        one("completeness", "/reports/completeness".into()),
        one("home", "/".into()),
        one("search-results", "/search".into()).after(NAME, SUBMIT),
        one("purpose", format!("/persons/{ana}")),
        one("person", format!("/persons/{ana}?purpose=enroll")),
        one("person-little-known", format!("/persons/{mia}?purpose=enroll")),
        one(
            "person-past-day",
            format!("/persons/{ana}?purpose=enroll&as_known=2026-02-01"),
        ),
        one("history", format!("/persons/{ana}/history?purpose=enroll")),
        one("comparison", format!("/persons/{ana}/comparison?purpose=enroll")).after(&[], "main form button"),
        one(
            "plans",
            format!("/persons/{ana}/plans?purpose=enroll&one=TX&other=GA"),
        ),
        one("family", format!("/persons/{ana}/family?purpose=enroll")),
        one("family-none", format!("/persons/{mia}/family?purpose=enroll")),
        one("merge", format!("/merges/{ana}")),
        one("merge-wrong", format!("/merges/{mia}")).after(&[("#others", "12")], SUBMIT),
        one("split", format!("/splits/{ana}")),
        one("split-wrong", format!("/splits/{ana}")).after(&[], SUBMIT),
        one("students", "/students".into()),
        one("departures", "/departures".into()),
        page(One, COUNSELOR, "departures-reading", "/departures"),
        one("hand-off", format!("/hand-offs/new?person={ana}")),
        one("hand-off-wrong", format!("/hand-offs/new?person={ana}")).after(
            &[("#last_day", "in May"), ("#hours-0", "lots")],
            "form[action='/hand-offs/new'] .buttons button",
        ),
        one("hand-off-none-yet", format!("/hand-offs/new?person={mia}")),
        one("referrals", "/referrals".into()),
        one("referrals-mine", "/referrals?show=mine".into()),
        one("referrals-overdue", "/referrals?show=overdue".into()),
        one("referrals-done", "/referrals?show=done".into()),
        one("referral", format!("/referrals/{referral}")),
        one("referral-wrong", format!("/referrals/{referral}"))
            .after(&[("#note", "Asked at the school")], SUBMIT),
        one("referral-done", format!("/referrals/{referral_done}")),
        page(
            One,
            COUNSELOR,
            "referral-reading",
            format!("/referrals/{referral_done}"),
        ),
        one("new-children", "/new-children".into()),
        one("contacts", "/contacts".into()),
        one("worklist", "/worklist".into()),
        one("near-match", format!("/near-matches/{near_match}")),
        one("near-match-wrong", format!("/near-matches/{near_match}")).after(&[], "button[value=different]"),
        one("request", format!("/requests/{request}")),
        page(One, RECRUITER, "request-own", format!("/requests/{request}")),
        one("deadlines", "/deadlines".into()),
        one("notices", "/notices".into()),
        one("notice", format!("/notices/{notice}")),
        one("notice-wrong", format!("/notices/{notice}")).after(
            &[("#note", "Asked at the school")],
            "form[action$=acknowledge] button",
        ),
        page(One, RECRUITER, "notice-reading", format!("/notices/{notice}")),
        // The sender's form appears once it can be reopened or closed.
        one("notice-sent", format!("/notices/{sent_notice}")),
        one("notice-mail", "/notices/mail".into()).after(&[], SUBMIT),
        one("notice-new", format!("/notices/new?person={ana}")),
        one("notice-new-wrong", format!("/notices/new?person={ana}")).after(&[], SUBMIT),
        one("data-requests", "/data-requests".into()),
        one("data-requests-sent", "/data-requests?box=sent".into()),
        one("data-request", format!("/data-requests/{data_request}")),
        one("data-request-wrong", format!("/data-requests/{data_request}"))
            .after(&[("#until", "soon")], SUBMIT),
        one("data-request-new", format!("/data-requests/new?person={ana}")),
        one(
            "data-request-new-wrong",
            format!("/data-requests/new?person={ana}"),
        )
        .after(&[], SUBMIT),
        one(
            "data-request-new-none",
            format!("/data-requests/new?person={mia}"),
        ),
        one("document", format!("/data-requests/{document}")),
        one("document-wrong", format!("/data-requests/{document}"))
            .after(&[("#issued", "soon")], "form[enctype] button"),
        one("document-received", format!("/data-requests/{received}")),
        one("document-received-wrong", format!("/data-requests/{received}"))
            .after(&[], "form[action$=verdict] button"),
        page(
            One,
            RECRUITER,
            "document-reading",
            format!("/data-requests/{document}"),
        ),
        one("acceptances", "/acceptances?what=immunization_certificate".into()),
        one("corrections", "/corrections".into()),
        one("correction", format!("/corrections/{correction}")),
        one("correction-wrong", format!("/corrections/{correction}")).after(&[], "button[value=declined]"),
        one("correction-new", format!("/corrections/new?person={ana}")),
        one("correction-new-wrong", format!("/corrections/new?person={ana}")).after(&[], SUBMIT),
        // Last of these: it changes what the others show.
        one("correction-declined", format!("/corrections/{correction}")).after(
            &[("#why", "The hospital’s paper says the 23rd.")],
            "button[value=declined]",
        ),
        one("batches", "/batches".into()),
        one("batch", format!("/batches/{loaded}")),
        one("batch-held", format!("/batches/{held}")),
        one("batch-held-wrong", format!("/batches/{held}?unexplained=true")),
        one("reports", "/reports?period=2025-26".into()),
        one("students", "/students".into()),
        one("students-wrong", "/students".into())
            .after(&[], "main form[action='/students/filters'] .buttons button"),
        one("new-children", "/new-children".into()),
        one("disagreements", "/disagreements".into()),
        one("requirements", "/requirements".into()),
        one("reconciliations", "/reconciliations".into()),
        one("reconciliation", format!("/reconciliations/{campaign}")),
        one("reconciliation-wrong", format!("/reconciliations/{campaign}"))
            .after(&[("#ordinal", "x")], SUBMIT),
        one("access-log", format!("/persons/{ana}/access-log?purpose=enroll")),
        one(
            "access-log-es",
            format!("/persons/{ana}/access-log?purpose=enroll&language=es"),
        ),
        one("admin", "/admin".into()),
        one("regions", "/admin/regions".into()).after(
            &[(
                "#list",
                "Mission CISD,Valley\nSharyland ISD,Valley\nLubbock ISD,Plains",
            )],
            SUBMIT,
        ),
        one("certificates", "/admin/certificates".into()),
        one("webhook-keys", "/admin/webhook".into()).after(
            &[("#address", "https://notices.tx.example.org/in")],
            "form[action='/admin/webhook'] button",
        ),
        one("webhook", "/admin/webhook".into()).after(&[], "form[action$=test] button"),
        one("settings", "/admin/settings".into()),
        one("audit", "/admin/audit".into()),
        one("password", "/password".into()),
        one("password-wrong", "/password".into()).after(&[("#chosen", "short")], SUBMIT),
        page(One, USERS, "users", "/admin/users"),
        page(One, USERS, "user-new", "/admin/users/new"),
        page(One, USERS, "user-new-wrong", "/admin/users/new").after(&[("#email", "ana")], SUBMIT),
        page(One, USERS, "user", "/admin/users/1"),
        page(One, USERS, "user-wrong", "/admin/users/1").after(
            &[("#completed_on", "2031-01-01")],
            "form[action$=training] button",
        ),
        page(One, USERS, "announcements-wrong", "/admin/announcements").after(&[], SUBMIT),
        page(One, USERS, "announcements", "/admin/announcements").after(
            &[(
                "#body",
                "The hub is closed on Friday evening, April 3, from 6 to 8 p.m.",
            )],
            "form[action='/admin/announcements'] button",
        ),
        page(One, USERS, "home-users", "/"),
        page(One, RECRUITER, "home-recruiter", "/"),
        page(One, ARBITER, "worklist-arbiter", "/worklist"),
    ]
}

/// Shows every page, one after the other, to whoever looks at it, and hands it to the gate. The name of the page stands
/// in what a gate says.
pub(crate) fn each(browser: &Browser, mut gate: impl FnMut(&Page)) {
    for amount in [Amount::None, Amount::One, Amount::Many] {
        let db = match amount {
            Amount::None => fixture::empty(),
            Amount::One => fixture::one(),
            Amount::Many => fixture::many(),
        };
        let db = db.expect("a filled database");
        let ids = (amount != Amount::None)
            .then(|| Ids::of(&mut db.connect().expect("a connection")).expect("the nation's numbers"));
        let site = Site::on(db);
        let mut signed_in = None;
        for page in of(amount, ids.as_ref()) {
            if signed_in != Some(page.who) {
                browser.forget();
                if !page.who.is_empty() {
                    site.sign_in(browser, page.who);
                }
                signed_in = Some(page.who);
            }
            println!("{}", page.name);
            page.show(&site, browser);
            gate(&page);
        }
    }
}
