//! What the pages show: nothing, the portal's small nation with something of everything, or hundreds of children.

use anyhow::{Context as _, Result};
use diesel::PgConnection;
use linking::review::{self, Judge};
use mde::{StateCode, StateStudentId, StudentId};
use notices::acceptances::{self, Accepted, Saying};
use notices::corrections::{self, Asker, Taking};
use notices::data_requests::{self, Ask, What};
use notices::documents::{self, Sending};
use notices::hand_offs::{CourseSoFar, Leaving};
use notices::referrals::{self as referral, Outcome};
use notices::{Kind, ManualNotice, Sender};
use records::report::Question;
use records::snapshot::{self, Taker};
use store::notices::Box;
use store::roster::Place;
use store::work_items::{self, Scope};
use store::{Access, Actor, Channel, Purpose, new_children};
use testkit::TestDb;

use crate::support::{self, now};

/// Children of the large nation.
const MANY: usize = 240;

/// Only accounts, of states that have sent nothing yet.
pub(crate) fn empty() -> Result<TestDb> {
    support::filled("portal-browser-empty", |c| {
        for state in ["TX", "GA"] {
            store::participants::register(c, StateCode::new(state)?, now())?;
        }
        support::people(c)
    })
}

/// The small nation with a frozen count, a campaign, requests, a notice.
pub(crate) fn one() -> Result<TestDb> {
    support::filled("portal-browser-one", |c| {
        support::fill(c)?;
        work(c)
    })
}

/// The same among hundreds of made-up children.
pub(crate) fn many() -> Result<TestDb> {
    support::filled("portal-browser-many", |c| {
        support::simulated(c, MANY)?;
        support::fill(c)?;
        work(c)?;
        let jose = support::person_of(c, "GA", "GA7781")?;
        for number in 0..30 {
            let id = format!("SIS-5{number:04}");
            support::referred(c, &id, Some("Mission CISD"), &[(jose, 0.75)], now())?;
        }
        Ok(())
    })
}

/// What people have asked and counted.
fn work(c: &mut PgConnection) -> Result<()> {
    let texas = StateCode::new("TX")?;
    for (fingerprint, days) in [("ab".repeat(32), 20), ("cd".repeat(32), -10)] {
        let not_after = now() + chrono::TimeDelta::days(days);
        let certificate = store::participants::Certificate {
            fingerprint,
            state: texas.to_string(),
            serial: "4f".into(),
            subject: "CN=TX exchange".into(),
            not_before: not_after - chrono::TimeDelta::days(365),
            not_after,
            registered_at: now() - chrono::TimeDelta::days(345),
            revoked_at: None,
        };
        store::participants::register_certificate(c, &certificate)?;
    }
    let of = records::reconciliation::OfState {
        state: texas,
        day: "2026-03-01".parse()?,
        scope: records::reconciliation::Scope::default(),
        file_name: "march.csv",
        csv: b"state_student_id,last_name,first_name,birth_date\nT-10442,Reyes,Ana,2011-04-24\nT-1,Vega,Iris,2012-01-01\n",
    };
    records::reconciliation::open(c, &of, "test", now())?;
    let question = Question {
        period: "2025-26".parse()?,
        known_at: None,
        today: now().date_naive(),
    };
    let taker = Taker {
        by: "account:admin@tea.example",
        state: Some(texas),
    };
    snapshot::take(c, "april-2026", &question, taker, now())?;
    let judge = Judge {
        by: "account:recruiter@mission.example".into(),
        scope: Scope::State(texas),
    };
    let persons = [
        support::person_of(c, "TX", "T-10442")?,
        support::person_of(c, "TX", "T-66613")?,
    ];
    // One contact that was verified of late and one that was not.
    let list = "role,name,district,phone,languages,cover_name,cover_from,cover_until\n\
        MEP,Rosa Díaz,Mission CISD,956-555-0143,Spanish,Ana Ruiz,2026-03-30,2026-04-10\n\
        REGISTRAR,Luz Gil,,512-555-0100,,,,\n";
    let sheet = records::contacts::read(list, texas, None)?;
    for (new, days) in sheet.good.iter().zip([1, 120]) {
        store::contacts::keep(
            c,
            new,
            "account:admin@tea.example",
            now() - chrono::TimeDelta::days(days),
        )?;
    }
    between_states(c)?;
    referrals(c)?;
    gone(c)?;
    review::request_merge(c, &judge, &persons, None, "Cousins who share a file", now())?;
    Ok(())
}

/// What Texas is asked for, asks for, and a family's request.
fn between_states(c: &mut PgConnection) -> Result<()> {
    let (texas, georgia) = (StateCode::new("TX")?, StateCode::new("GA")?);
    let ana = support::person_of(c, "TX", "T-10442")?;
    let mut requests = Vec::new();
    for (from, to, what) in [
        (texas, georgia, What::Transcript),
        (georgia, texas, What::Grades),
        (georgia, texas, What::Transcript),
    ] {
        let ask = Ask {
            person_id: ana,
            to_state: to,
            what,
            note: Some("Starts on Monday; which mathematics has she begun?".into()),
            for_correction: None,
        };
        requests.push(data_requests::ask(c, sender(from), &ask, now())?.work_item_id);
    }
    document(c, requests[0], (georgia, texas))?;
    let taking = Taking {
        person_id: ana,
        owner: texas,
        asked_on: "2026-03-27".parse()?,
        asker: Asker::Parent,
        spanish: true,
        element: Some("9".into()),
        says: "April 23, 2011".into(),
        should_say: "April 22, 2011".into(),
        grounds: Some("Baptismal certificate of the parish in Mission".into()),
    };
    corrections::take(c, sender(texas), &taking, now())?;
    let notice = ManualNotice {
        kind: Kind::Arrival,
        person_id: ana,
        to_state: georgia,
        district: None,
        city: Some("Tifton".into()),
        expected_date: Some("2026-05-01".parse()?),
        contact: Some("Rita Recruiter, 956-555-0100".into()),
        note: Some("Travels with an uncle".into()),
    };
    let sent = notices::send(c, sender(texas), &notice, now())?;
    let id = sent.move_notice_id;
    notices::open(c, id, georgia, Some("account:admin@ga.example"), now())?;
    let answer = (notices::Answer::NeedsData, Some("Which school?"));
    notices::acknowledge(
        c,
        id,
        georgia,
        "account:admin@ga.example",
        answer.0,
        answer.1,
        now(),
    )?;
    let leaving = Leaving {
        person_id: ana,
        last_day: Some("2026-05-08".parse()?),
        to_state: Some(georgia),
        to_place: Some("Tifton, with an uncle".into()),
        contact: Some("Rita Recruiter, 956-555-0100".into()),
        note: Some("Has her English book with her".into()),
        courses: vec![CourseSoFar {
            title: "English 1".into(),
            grade_to_date: Some("83".into()),
            clock_hours: Some("104.5".into()),
        }],
        tell: false,
    };
    notices::hand_offs::hand_off(c, sender(texas), &leaving, now())?;
    let keeper = notices::Keeper::open(c, notices::Limits::default(), now())?;
    keeper.settle(c, &[ana], now())?;
    Ok(())
}

/// A child that has gone from one district of Texas to another.
fn gone(c: &mut PgConnection) -> Result<()> {
    let texas = StateCode::new("TX")?;
    let gone = new_children::NewChild {
        state: texas.to_string(),
        district: Some("Mission CISD".into()),
        person_id: support::person_of(c, "TX", "T-66613")?.number(),
        student_id: StudentId::of(texas, &StateStudentId::new("T-66613")?).0,
        reason: new_children::LEFT,
        happened_on: "2026-03-23".parse()?,
        facility_code: Some("108912001".into()),
        raised_at: now(),
        to_district: Some("Sharyland ISD".into()),
    };
    new_children::settle(c, &[], &[(gone, true)], now())?;
    Ok(())
}

/// Children of Texas's schools who may be migrant: one to be asked about, one of long ago, one with two answers.
fn referrals(c: &mut PgConnection) -> Result<()> {
    let jose = support::person_of(c, "GA", "GA7781")?;
    let ana = support::person_of(c, "GA", "GA9002")?;
    let before = now() - chrono::TimeDelta::days(30);
    let texas = StateCode::new("TX")?;
    let long_ago = support::referred(c, "SIS-40019", None, &[(jose, 0.75)], before)?;
    let done = support::referred(c, "SIS-40018", Some("Mission CISD"), &[(ana, 0.99)], before)?;
    support::referred(
        c,
        "SIS-40017",
        Some("Mission CISD"),
        &[(ana, 0.85), (jose, 0.5)],
        now(),
    )?;
    let place = Place {
        state: texas,
        districts: None,
        school: None,
    };
    let taken = (
        Some("account:admin@tea.example"),
        &store::work_items::Taken::ByNobody,
    );
    let day_after = before + chrono::TimeDelta::days(1);
    store::referrals::entrust(c, &place, long_ago, taken, "account:admin@tea.example", day_after)?;
    let saying = referral::Saying {
        outcome: Outcome::NotFound,
        person: None,
        note: Some("Nobody at the address on three evenings"),
        seen: None,
    };
    let by = "account:recruiter@mission.example";
    referral::say(c, &place, done, by, &saying, now() - chrono::TimeDelta::days(20))?;
    let shown = store::referrals::ShownUp {
        referral_id: done,
        state: texas,
        person_id: ana,
        batch_id: 1,
    };
    store::referrals::show(c, &shown, now() - chrono::TimeDelta::days(2))?;
    Ok(())
}

/// A document that one state has sent, in two versions, and the other one has downloaded; and what both accept.
fn document(c: &mut PgConnection, request: i64, (holder, asker): (StateCode, StateCode)) -> Result<()> {
    let mut sending = Sending {
        media_type: "application/pdf",
        content: b"%PDF-1.7\n%%EOF\n",
        registrar: "Rosa Díaz",
        office: "Registrar, Tift County High School",
        issued_on: "2026-03-30".parse()?,
        attested: true,
        replaces: None,
        why: None,
    };
    let by = "account:admin@ga.example";
    documents::send(c, request, holder, by, &sending, now())?;
    sending.content = b"%PDF-1.7 sealed\n%%EOF\n";
    (sending.replaces, sending.why) = (Some(1), Some("The seal could not be read."));
    documents::send(c, request, holder, by, &sending, now())?;
    let access = Access {
        actor: Actor::Account {
            account_id: 1,
            email: "recruiter@mission.example".into(),
            state: Some(asker),
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Portal,
        at: now(),
    };
    documents::read(c, &access, request, asker, None)?;
    let saying = Saying {
        what: What::Transcript,
        accepted: Accepted::WithConditions,
        words: Some("As PDF with the registrar’s attestation; the sealed original within 60 days."),
        since: "2026-01-01".parse()?,
        contact: "Student records, 404-555-0100",
    };
    acceptances::keep(c, holder, by, &saying, now())?;
    let no = Saying {
        what: What::ImmunizationCertificate,
        accepted: Accepted::No,
        words: Some("The form of the state, signed by a physician."),
        ..saying
    };
    Ok(acceptances::keep(c, asker, by, &no, now())?)
}

fn sender(state: StateCode) -> Sender<'static> {
    Sender {
        state,
        by: "account:recruiter@mission.example",
        idempotency_key: None,
    }
}

/// Numbers that stand in addresses.
pub(crate) struct Ids {
    /// Ana Reyes, of four states.
    pub(crate) ana: String,
    /// Mia, of whom little is known.
    pub(crate) mia: String,
    pub(crate) near_match: i64,
    pub(crate) request: i64,
    pub(crate) loaded: i64,
    pub(crate) held: i64,
    pub(crate) campaign: i64,
    /// What Georgia asks of Texas.
    pub(crate) data_request: i64,
    /// The document that Georgia asks of Texas.
    pub(crate) document: i64,
    /// The document that Texas has asked of Georgia and downloaded.
    pub(crate) received: i64,
    pub(crate) correction: i64,
    /// To Texas, without an answer.
    pub(crate) notice: i64,
    /// From Texas, answered.
    pub(crate) sent_notice: i64,
    /// Open, of the district.
    pub(crate) referral: i64,
    /// With an outcome.
    pub(crate) referral_done: i64,
}

impl Ids {
    /// Those of a nation with the small one in it.
    pub(crate) fn of(c: &mut PgConnection) -> Result<Self> {
        let texas = StateCode::new("TX")?;
        let jose = StudentId::of(texas, &StateStudentId::new("T-20871")?).0;
        let mut near_matches = work_items::open(c, "near_match", None, 500)?.into_iter();
        let near_match = near_matches.find(|item| [item.student_a, item.student_b].contains(&Some(jose)));
        let requests = work_items::open(c, "merge", None, 9)?;
        let batches = store::batches::of_state(c, texas, None, 9)?;
        let batch = |status| batches.iter().find(|b| b.status == status).map(|b| b.batch_id);
        let mut task = |kind| -> Result<i64> {
            let items = work_items::open(c, kind, Some(texas), 9)?;
            Ok(items.first().context(kind)?.work_item_id)
        };
        let (data_request, correction) = (task("data_request")?, task("correction")?);
        let mut asked = |which| -> Result<i64> {
            let list = store::data_requests::list(c, texas, which, false, None, 9)?;
            let found = list.into_iter().find(|r| r.what == What::Transcript.name());
            Ok(found.context("a request")?.work_item_id)
        };
        let (document, received_document) = (asked(Box::Inbox)?, asked(Box::Sent)?);
        let campaigns = store::reconciliations::list(c, Some(texas))?;
        let mut notice = |which| -> Result<i64> {
            let list = store::notices::list(c, texas, which, false, None, 1)?;
            Ok(list.first().context("a notice")?.move_notice_id)
        };
        let referral = |c: &mut PgConnection, id: &str| -> Result<i64> {
            let key = StudentId::of(texas, &StateStudentId::new(id)?).0;
            let found = store::referrals::latest(c, &[key])?;
            Ok(found.get(&key).context("a referral")?.referral_id)
        };
        let (received, sent_notice) = (notice(Box::Inbox)?, notice(Box::Sent)?);
        Ok(Self {
            ana: support::person_of(c, "TX", "T-10442")?.to_string(),
            mia: support::person_of(c, "TX", "T-66613")?.to_string(),
            near_match: near_match.context("a near match")?.work_item_id,
            request: requests.first().context("a request")?.work_item_id,
            loaded: batch("loaded").context("a batch")?,
            held: batch("held").context("a held batch")?,
            data_request,
            document,
            received: received_document,
            correction,
            notice: received,
            sent_notice,
            referral: referral(c, "SIS-40017")?,
            referral_done: referral(c, "SIS-40018")?,
            campaign: campaigns.first().context("a campaign")?.0.reconciliation_id,
        })
    }
}
