//! The child's page: everything the exchange holds of a person, and who said it.

use actix_web::{HttpResponse, web};
use askama::Template;
use export::papers::Kind;
use export::pdf::Language;
use mde::PersonId;
use records::ConsolidatedRecord;
use records::hand_offs::HandOffEntry;
use records::statements::StatementEntry;
use serde::Deserialize;
use store::access::Disclosure;
use store::contacts::Contact;
use store::links::LinkEvent;
use store::new_children::{Alert, Told};
use store::work_items::WorkItem;
use store::{Purpose, access, links, new_children, persons, work_items};

use crate::evidence::Evidence;
use crate::failure::Failure;
use crate::field::Field;
use crate::pages::contacts;
use crate::pages::hand_off::course_words;
use crate::pages::new_children::reason;
use crate::pages::questions::{self, Question};
use crate::parts::{self, PlanView, SchoolingView};
use crate::session::{Look, Session};
use crate::sources::Sources;
use crate::state::Portal;
use crate::timeline::Lanes;
use crate::user::{Allowed, Permission, ReadRecords};
use crate::view::{self, Cell, Chrome, Table, Tag};
use crate::words;

/// The kinds of data that the page shows, as they are written into the disclosure.
const CATEGORIES: [&str; 8] = [
    "identity",
    "enrollments",
    "moves",
    "courses",
    "assessments",
    "immunizations",
    "alerts",
    "correction",
];

/// Looks that are listed.
const LOOKS: i64 = 50;

/// Places of a child, the latest first, for which it is shown whom to call.
const PLACES: usize = 6;

/// Data older than this many days are pointed out.
const STALE_DAYS: i64 = 60;

/// Why somebody looks, and what happened before.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    pub(crate) purpose: String,
    /// The retired number by which the reader came here.
    #[serde(default)]
    formerly: String,
    /// How many notices were just sent.
    #[serde(default)]
    sent: usize,
    /// That a hand-off was just `kept`, or that the other state was `told` of it.
    #[serde(default)]
    handed_off: String,
    /// A past day, as of which the record is wanted; empty for now.
    #[serde(default)]
    as_of: String,
}

#[derive(Template)]
#[template(path = "purpose.html")]
struct PurposePage {
    chrome: Chrome,
    action: String,
    number: String,
    purpose: Field,
}

/// Asks for the purpose, without which nothing is shown.
pub(crate) fn ask_purpose(chrome: Chrome, action: String, number: &str) -> Result<HttpResponse, Failure> {
    let purpose = Field::select(
        "purpose",
        "Why do you look?",
        "Choose a purpose",
        view::purposes(""),
    )
    .hint("It is written down with your name")
    .required();
    view::page(&PurposePage {
        chrome,
        action,
        number: number.to_owned(),
        purpose,
    })
}

struct Fact {
    label: &'static str,
    value: String,
    note: String,
}

/// A contradiction, and what the rule made of it.
struct Said {
    text: String,
    rule: String,
}

struct Event {
    class: &'static str,
    date: String,
    machine_date: String,
    text: String,
    state: String,
    tags: Vec<Tag>,
}

struct SourceView {
    place: String,
    title: String,
    status: Tag,
    intro: String,
    values: Table,
}

struct StepView {
    class: &'static str,
    date: String,
    machine_date: String,
    words: String,
    evidence: Option<Evidence>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    chrome: Chrome,
    id: String,
    purpose: &'static str,
    purpose_words: &'static str,
    formerly: String,
    name: String,
    facts: Vec<Fact>,
    disagreements: Vec<Said>,
    as_known: String,
    stale: Vec<String>,
    gone: bool,
    lanes: Option<Lanes>,
    events: Vec<Event>,
    states: Table,
    identity: Table,
    enrollments: Table,
    schooling: SchoolingView,
    moves: Table,
    standings: Vec<String>,
    eligibility: Table,
    plan: Option<PlanView>,
    courses: Table,
    credits: Table,
    requirements: Table,
    assessments: Table,
    immunizations: Table,
    immunization_reports: Vec<String>,
    alerts: Table,
    contacts: Table,
    /// What families have stated against the records of states that would not correct them: which, and the words.
    statements: Vec<(String, String)>,
    /// What schools say of it at a departure, unconfirmed: who, and what.
    hand_offs: Vec<HandOffView>,
    /// Whether the user's state has a record of it, so that it can be handed off.
    may_hand_off: bool,
    /// In the user's districts it is new, or from one of them it has gone, and nobody has said that it is seen: number,
    /// whether it has gone, and why.
    new_here: Vec<(i64, bool, String)>,
    sources: Vec<SourceView>,
    story: Vec<StepView>,
    unlinked: Vec<String>,
    looks: Table,
    papers: [Kind; 4],
    may_send: bool,
    /// Whether it may be joined or taken apart by the reader.
    may_merge: bool,
    /// Questions about who this is, with where they are judged.
    questions: Vec<Question>,
    /// Merges and splits of it that can be undone.
    decided: Vec<Question>,
    printed: String,
}

struct Read {
    record: persons::PersonRecord,
    events: Vec<LinkEvent>,
    looks: Vec<Disclosure>,
    about: Vec<WorkItem>,
    approved: Vec<WorkItem>,
    contacts: Vec<Contact>,
    new_here: Vec<Alert>,
}

/// `GET /persons/{id}?purpose=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return ask_purpose(chrome, format!("/persons/{id}"), &id.to_string());
    };
    if let Some(survivor) = retired(&portal, id).await? {
        return Ok(view::see_other(&format!(
            "/persons/{survivor}?purpose={}&formerly={id}",
            purpose.name()
        )));
    }
    let today = portal.today(user.acts_in);
    let past = match ask.as_of.trim() {
        "" => None,
        day => Some(day.parse().map_err(|_| Failure::BadRequest)?).filter(|day| *day < today),
    };
    let access = user.access(purpose, &portal);
    let own = user
        .place()
        .ok()
        .filter(|_| user.may(Permission::AcknowledgeChildren));
    let read = portal
        .run(move |c| {
            let mut record = persons::read(c, &access, id, &CATEGORIES)?.ok_or(Failure::NotFound)?;
            let mut places = records::roster::places(&record);
            places.truncate(PLACES);
            let contacts = store::contacts::nearest(c, &places, None)?;
            let new_here = match own {
                Some(own) => new_children::of_person(c, &own, id)?,
                None => Vec::new(),
            };
            if let Some(day) = past {
                let versions = persons::read_versions(c, &access, &record)?;
                record = records::history::as_known(&record, &versions, day);
            }
            let students: Vec<_> = record.students.iter().map(|s| s.student_id.0).collect();
            let events = links::events(c, &students)?;
            let looks = access::disclosures(c, id, LOOKS)?;
            let about = work_items::about(c, id.number())?;
            let approved = work_items::approved(c, id.number())?;
            Ok(Read {
                record,
                events,
                looks,
                about,
                approved,
                contacts,
                new_here,
            })
        })
        .await?;
    let record = records::consolidate(&read.record, past.unwrap_or(today));
    let done = match (ask.sent, ask.handed_off.as_str()) {
        (0, "kept") => Some("The hand-off is kept. It is shown below as not confirmed."),
        (0, "told") => Some("The hand-off is kept, and a move notice was sent to the other state."),
        (0, _) => None,
        (1, _) => Some("The move notice was sent."),
        _ => Some("A move notice about each of them was sent."),
    };
    let (key_hash, look) = (
        user.key_hash.clone(),
        Look {
            person_id: id,
            name: record.summary.name.clone(),
            birth_date: record.summary.birth_date,
            purpose,
            at: portal.now(),
        },
    );
    portal
        .run(move |c| Session::change(c, &key_hash, |session| session.looked(look)))
        .await?;
    let chrome = Chrome::of(&user, record.summary.name.clone(), "/search").done(done);
    let formerly = PersonId::parse(&ask.formerly)
        .map(|id| id.to_string())
        .unwrap_or_default();
    let mut page = PersonPage::new(chrome, &record, purpose, &read);
    page.formerly = formerly;
    page.as_known = past.map(words::day).unwrap_or_default();
    page.may_send = user.may(Permission::SendNotices) && user.acts_in.is_some();
    let own = |student: &persons::StudentRecord| Some(student.state) == user.acts_in;
    page.may_hand_off = page.may_send && past.is_none() && read.record.students.iter().any(own);
    page.may_merge = user.may(Permission::StartMerges);
    page.contacts = contacts::table(
        &read.contacts,
        today,
        portal.now(),
        false,
        "Nobody is named for the places where this child was. The directory of contacts has other places.",
    );
    page.new_here = read
        .new_here
        .iter()
        .map(|alert| (alert.new_child_id, alert.told() == Told::Gone, reason(alert)))
        .collect();
    page.questions = questions::open(&user, &read.about, id);
    page.decided = questions::decided(&user, &read.approved);
    page.printed = format!(
        "Printed by {} on {}. Purpose: {}.",
        user.email,
        words::instant(portal.now()),
        page.purpose_words
    );
    view::page(&page)
}

/// The survivor of a number, if it is retired. A number that never was is not found.
pub(crate) async fn retired(portal: &Portal, id: PersonId) -> Result<Option<PersonId>, Failure> {
    let survivor = portal
        .run(move |c| Ok(links::survivor(c, id)?))
        .await?
        .ok_or(Failure::NotFound)?;
    Ok((survivor != id).then_some(survivor))
}

impl PersonPage {
    fn new(chrome: Chrome, record: &ConsolidatedRecord, purpose: Purpose, read: &Read) -> Self {
        let sources = Sources::of(record);
        Self {
            chrome,
            id: record.person_id.to_string(),
            purpose: purpose.name(),
            purpose_words: words::purpose(purpose),
            formerly: String::new(),
            name: record.summary.name.clone(),
            facts: facts(record),
            disagreements: disagreements(record),
            stale: stale(record),
            gone: record.basis != records::record::Basis::Live,
            lanes: Lanes::of(record),
            events: events(record, &sources),
            states: parts::states(record),
            identity: parts::identity(record, &sources),
            as_known: String::new(),
            enrollments: parts::enrollments(record, &sources),
            schooling: SchoolingView::of(record),
            standings: record
                .standings
                .iter()
                .map(|s| format!("{}.", words::with_days(&s.text)))
                .collect(),
            plan: record.plan.as_ref().map(PlanView::of),
            immunization_reports: record
                .immunization_reports
                .iter()
                .map(|r| words::with_days(&r.text))
                .collect(),
            moves: parts::moves(record, &sources),
            eligibility: parts::eligibility(record, &sources),
            courses: parts::courses(record, &sources),
            credits: parts::credits(record),
            requirements: parts::requirements(record, &sources),
            assessments: parts::assessments(record, &sources),
            immunizations: parts::immunizations(record, &sources),
            alerts: parts::alerts(record, &sources),
            contacts: Table::default(),
            statements: record.statements.iter().map(statement).collect(),
            hand_offs: record.hand_offs.iter().map(HandOffView::of).collect(),
            may_hand_off: false,
            new_here: Vec::new(),
            sources: source_views(record),
            story: story(record, &read.events),
            unlinked: unlinked(record, &read.events),
            looks: looks(&read.looks),
            papers: Kind::ALL,
            may_send: false,
            may_merge: false,
            questions: Vec::new(),
            decided: Vec::new(),
            printed: String::new(),
        }
    }
}

/// A hand-off on the page.
struct HandOffView {
    title: String,
    facts: Vec<(&'static str, String)>,
}

impl HandOffView {
    fn of(entry: &HandOffEntry) -> Self {
        let state = entry.to_state.map(|state| state.name().to_owned());
        let place = [entry.to_place.clone(), state];
        let place = place.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let courses: Vec<String> = entry.courses.iter().map(course_words).collect();
        let facts = [
            ("Last day at school", entry.last_day.map(words::day)),
            ("Goes to", Some(place)),
            ("Work under way", Some(courses.join("; "))),
            ("They say", entry.note.clone()),
            ("Whom to ask", entry.contact.clone()),
        ];
        Self {
            title: format!(
                "Not confirmed: what a school of {} says, {}",
                entry.source.state.name(),
                words::day(entry.written_at.date_naive())
            ),
            facts: facts
                .into_iter()
                .filter_map(|(label, value)| Some((label, value.filter(|text| !text.is_empty())?)))
                .collect(),
        }
    }
}

/// A statement of disagreement: against what of whose record, and in the family's words.
fn statement(of: &StatementEntry) -> (String, String) {
    let element = of.element.as_deref().map_or("the record", words::element);
    let about = format!(
        "{} of {}, which says “{}”, on {}:",
        words::sentence(element),
        of.source.state.name(),
        of.says,
        words::day(of.stated_at.date_naive())
    );
    (about, of.statement.clone())
}

/// What a registrar needs first.
fn facts(record: &ConsolidatedRecord) -> Vec<Fact> {
    let s = &record.summary;
    let states: Vec<_> = record.states.iter().map(|state| state.name.as_str()).collect();
    let eligible: Vec<_> = s.eligible_in.iter().map(|state| state.name()).collect();
    let open = [
        (
            s.open_educational_alerts,
            "educational alert",
            "educational alerts",
        ),
        (s.open_medical_alerts, "medical alert", "medical alerts"),
    ];
    let alerts: Vec<String> = open
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, several)| words::counted(number, one, several))
        .collect();
    let gender = s.gender.as_deref().map(words::sentence).unwrap_or_default();
    let ends = s
        .eligibility_ends
        .map(|end| format!("Eligibility ends {}", words::day(end)));
    let fact = |label, value, note| Fact { label, value, note };
    vec![
        fact("Birth date", words::day_or(s.birth_date, "Not known"), gender),
        fact(
            "Last grade",
            s.grade
                .as_ref()
                .map_or_else(|| "Not known".into(), |g| words::sentence(&g.label)),
            String::new(),
        ),
        fact(
            "States",
            if states.is_empty() {
                "None".into()
            } else {
                states.join(", ")
            },
            String::new(),
        ),
        fact(
            "Last seen in",
            s.last_state
                .map_or_else(|| "Not known".into(), |state| state.name().to_owned()),
            String::new(),
        ),
        fact(
            "Newest qualifying arrival",
            words::day_or(s.qualifying_arrival_date, "None"),
            ends.unwrap_or_default(),
        ),
        fact(
            "Eligible today in",
            if eligible.is_empty() {
                "No state".into()
            } else {
                eligible.join(", ")
            },
            String::new(),
        ),
        fact(
            "Priority for services",
            match s.priority_for_services {
                Some(true) => "Yes".into(),
                Some(false) => "No".into(),
                None => "Not said".into(),
            },
            String::new(),
        ),
        fact(
            "Open alerts",
            if alerts.is_empty() {
                "None".into()
            } else {
                alerts.join(", ")
            },
            if alerts.is_empty() {
                String::new()
            } else {
                "Ask the contact below".into()
            },
        ),
    ]
}

/// What contradicts itself beyond spelling, and what each rule made of it.
fn disagreements(record: &ConsolidatedRecord) -> Vec<Said> {
    let identity: Vec<(&str, Said)> = record.identity.iter().filter_map(identity_said).collect();
    let others = record
        .disagreements
        .iter()
        .filter(|d| {
            !identity
                .iter()
                .any(|(element, _)| d.element.as_deref() == Some(element))
        })
        .map(|d| Said {
            text: format!("{}.", words::sentence(&words::with_days(&d.text))),
            rule: words::with_days(&d.rule),
        })
        .collect::<Vec<_>>();
    identity.into_iter().map(|(_, said)| said).chain(others).collect()
}

/// What states say differently of a data element of who the child is.
fn identity_said(item: &records::composite::Composite) -> Option<(&str, Said)> {
    let shown = |value: &str, label: Option<&str>| label.map_or_else(|| words::value(value), words::sentence);
    let others: Vec<String> = item
        .others
        .iter()
        .filter(|other| !other.spelling_only && other.sources.iter().any(|source| source.live))
        .map(|other| {
            let mut who: Vec<&str> = other.sources.iter().map(|source| source.state.name()).collect();
            who.dedup();
            let says = if who.len() == 1 { "says" } else { "say" };
            format!(
                "{} {says} {}",
                who.join(" and "),
                shown(&other.value, other.label.as_deref())
            )
        })
        .collect();
    let value = shown(&item.value, item.label.as_deref());
    let source = item.source.state.name();
    (!others.is_empty()).then(|| {
        let said = Said {
            text: format!(
                "{}: {value} from {source}; {}.",
                words::element(&item.element),
                others.join("; ")
            ),
            rule: format!("{value} is shown: {}.", words::with_days(&item.rule)),
        };
        (item.element.as_str(), said)
    })
}

fn stale(record: &ConsolidatedRecord) -> Vec<String> {
    let old = record
        .states
        .iter()
        .filter(|state| state.live && state.days_since > STALE_DAYS);
    old.map(|state| format!("Last update from {}: {} days ago.", state.name, state.days_since))
        .collect()
}

fn events(record: &ConsolidatedRecord, sources: &Sources) -> Vec<Event> {
    use records::timeline::EventKind;
    let event = |e: &records::timeline::TimelineEvent| Event {
        class: match e.kind {
            EventKind::QualifyingMove => "move",
            EventKind::Withdrawal => "end",
            EventKind::Enrollment | EventKind::Graduation => "",
        },
        date: words::day(e.date),
        machine_date: e.date.to_string(),
        text: e.text.clone(),
        state: e.state.name().to_owned(),
        tags: sources.tags(&e.sources),
    };
    record.timeline.iter().map(event).collect()
}

fn source_views(record: &ConsolidatedRecord) -> Vec<SourceView> {
    let view = |(index, s): (usize, &records::source::SourceStudent)| {
        let mut values =
            Table::new("Values as sent", &["What", "Value as sent"], "Nothing was sent.").under_heading();
        for value in &s.identity {
            let text = value
                .label
                .as_deref()
                .map_or_else(|| words::value(&value.value), words::sentence);
            values.row("", [words::element(&value.element).into(), text.into()]);
        }
        for other in &s.alternate_ids {
            let kind = other
                .identifier_type
                .as_ref()
                .map_or("Other identifier", |kind| kind.label.as_str());
            values.row(
                "",
                [words::sentence(kind).into(), other.identifier.clone().into()],
            );
        }
        SourceView {
            place: format!("source-{}", index + 1),
            title: format!("{}, student {}", s.source.state.name(), s.source.state_student_id),
            status: if s.source.live {
                Tag::new("✓ Reported", "agree")
            } else {
                Tag::new(words::sentence(&s.status_text), "wait")
            },
            intro: format!(
                "As of {}; received {} with upload no. {}; version {}; {}.",
                words::instant(s.source.as_of),
                words::instant(s.received_at),
                s.source.batch_id,
                s.version,
                words::counted(s.rows, "row", "rows in all")
            ),
            values,
        }
    };
    record.sources.iter().enumerate().map(view).collect()
}

/// How the person came to be, step by step.
fn story(record: &ConsolidatedRecord, events: &[LinkEvent]) -> Vec<StepView> {
    let name = |student: uuid::Uuid| {
        let source = record.sources.iter().find(|s| s.student_id.0 == student);
        source.map_or_else(
            || "a record that is elsewhere now".to_owned(),
            |s| linking::story::record_of(s.source.state.name(), &s.source.state_student_id),
        )
    };
    let events: Vec<linking::story::Event<'_>> = events
        .iter()
        .filter_map(|event| {
            Some(linking::story::Event {
                at: event.decided_at,
                student: event.student_id,
                from: event.from_person_id.and_then(|id| PersonId::new(id).ok()),
                to: PersonId::new(event.to_person_id).ok()?,
                decided: &event.decided,
                decided_by: &event.decided_by,
                evidence: &event.evidence,
            })
        })
        .collect();
    let view = |step: linking::story::Step| StepView {
        class: if step.by_people { "move" } else { "" },
        date: words::day(step.day()),
        machine_date: step.day().to_string(),
        words: step.words,
        evidence: step.explanation.as_ref().map(Evidence::decided),
    };
    linking::story::story(&events, &name)
        .into_iter()
        .map(view)
        .collect()
}

/// What the linking engine has not seen yet.
fn unlinked(record: &ConsolidatedRecord, events: &[LinkEvent]) -> Vec<String> {
    let waits = record
        .sources
        .iter()
        .filter(|s| !events.iter().any(|event| event.student_id == s.student_id.0));
    waits
        .map(|s| {
            let name = linking::story::record_of(s.source.state.name(), &s.source.state_student_id);
            format!("{name} is not linked yet: the linking engine has not seen it.")
        })
        .collect()
}

fn looks(looks: &[Disclosure]) -> Table {
    let mut table = Table::new(
        "Newest first, at most 50",
        &["~When", "Who", "For", "Purpose", "Through", "What"],
        "Nobody has looked at this record yet.",
    );
    for look in looks {
        let who = crate::pages::admin::audit::who(&look.actor);
        table.row(
            "",
            [
                words::instant(look.at).into(),
                Cell::new(who).note(
                    look.on_behalf_of
                        .as_ref()
                        .map_or_else(String::new, |user| format!("for {user}")),
                ),
                look.actor_state
                    .as_deref()
                    .map_or_else(|| "Federal".into(), words::state_name)
                    .into(),
                words::sentence(&look.purpose).into(),
                words::sentence(&look.channel).into(),
                look.categories.join(", ").into(),
            ],
        );
    }
    table
}
