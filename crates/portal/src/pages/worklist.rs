//! The worklist: what people have to judge about who is who, by kind, with how long it may still wait and who does it.

use std::collections::HashMap;

use ::notices::data_requests::What;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use linking::review::{self, Level, Policy, Step};
use mde::{Student, StudentId, WorkCalendar};
use serde::Deserialize;
use store::accounts::{self, Role};
use store::work_items::{self, KindCount, Place, Queue, Scope, TASKS, Taken, WHO_IS_WHO, WorkItem};
use store::{Purpose, access, calendars, new_children, notices, persons, referrals};
use uuid::Uuid;

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::near_matches::{name, pair, state_of};
use crate::pages::notices::{Child, children};
use crate::state::Portal;
use crate::user::{Allowed, DecideMatches, Guarded, Permission, User};
use crate::view::{self, Choice, Chrome, Tag};
use crate::{assets, words};

/// Items of a page.
const ITEMS: i64 = 50;

/// What begins the name of a box that is ticked.
const BOX: &str = "item-";

/// An item that goes up within so many working days is marked.
const SOON: u32 = 1;

/// The policy of the other pages, with the script of this one.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What is asked for, as in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    kind: String,
    taken: String,
    after: i64,
    done: String,
}

impl Ask {
    fn kind(&self) -> Option<&'static str> {
        let kinds = WHO_IS_WHO.into_iter().chain(TASKS);
        kinds.into_iter().find(|kind| *kind == self.kind)
    }

    fn queue(&self, user: &User) -> Queue {
        Queue {
            scope: user.judge().scope,
            kind: self.kind().map(ToOwned::to_owned),
            taken: match self.taken.as_str() {
                "mine" => Taken::By(user.label()),
                "nobody" => Taken::ByNobody,
                _ => Taken::ByAnybody,
            },
        }
    }

    fn query(kind: Option<&str>, taken: &str) -> String {
        format!("kind={}&taken={taken}", kind.unwrap_or_default())
    }
}

struct Tab {
    href: String,
    label: &'static str,
    count: String,
    here: bool,
}

struct Row {
    id: i64,
    href: String,
    title: String,
    who: String,
    states: String,
    reason: String,
    age: String,
    due: String,
    due_tag: Option<Tag>,
    place: String,
    assignee: String,
    mine: bool,
}

#[derive(Template)]
#[template(path = "worklist.html")]
struct WorklistPage {
    chrome: Chrome,
    script: String,
    place: String,
    tabs: Vec<Tab>,
    others: Vec<Tab>,
    whose: Vec<Tab>,
    rows: Vec<Row>,
    query: String,
    next: String,
    /// It acts in a state, whose people take items.
    takes: bool,
    colleague: Field,
}

/// What an item is, in words.
fn label(kind: &str) -> &'static str {
    match kind {
        "near_match" => "Near matches",
        "merge" => "Join records",
        "split" => "Take a record apart",
        "data_request" => "Data requests",
        "correction" => "Corrections",
        _ => "Undo a decision",
    }
}

fn href(item: &WorkItem) -> String {
    let page = match item.kind.as_str() {
        "near_match" => "near-matches",
        "data_request" => "data-requests",
        "correction" => "corrections",
        _ => "requests",
    };
    format!("/{page}/{}", item.work_item_id)
}

/// When an item goes up if nobody decides it, and where to. By the rule that will do it, so that it is never otherwise.
fn goes_up(
    item: &WorkItem,
    place: &Place,
    today: NaiveDate,
    (policy, work): (&Policy, &WorkCalendar),
) -> Option<(NaiveDate, String)> {
    if item.arbiter_since.is_some() || TASKS.contains(&item.kind.as_str()) {
        return None;
    }
    let level = Level::named(place.level.as_deref()?).unwrap_or(Level::State);
    let step = |day: NaiveDate| {
        review::step(
            level,
            place.region.is_some(),
            work.between(place.since, day),
            work.between(place.opened, day),
            policy,
        )
    };
    // What is overdue goes up with the next look; no policy lets anything wait for a year.
    let (day, step) = today
        .iter_days()
        .take(366)
        .map(|day| (day, step(day)))
        .find(|(_, step)| *step != Step::Stay)?;
    let to = match step {
        Step::Up(Level::Region) => place.region.as_ref().map_or_else(
            || "the region".to_owned(),
            |region| format!("the region {region}"),
        ),
        Step::Up(_) => "the state".to_owned(),
        _ => "the arbiter".to_owned(),
    };
    Some((day, to))
}

/// On whose worklist of the state it is.
fn whereabouts(item: &WorkItem, place: &Place) -> String {
    if item.arbiter_since.is_some() {
        return "With the arbiter".to_owned();
    }
    match (place.level.as_deref(), &place.district, &place.region) {
        (Some("district"), Some(district), _) => format!("At {district}"),
        (Some("region"), _, Some(region)) => format!("At the region {region}"),
        (Some(_), ..) => "At the state".to_owned(),
        (None, ..) => "With the states".to_owned(),
    }
}

/// `GET /worklist?kind=&taken=&after=`: who is named in it is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<DecideMatches>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let access = user.access(Purpose::Program, &portal);
    let (queue, acts_in, own) = (ask.queue(&user), user.acts_in, user.place().ok());
    let (after, today) = (ask.after, portal.today(user.acts_in));
    let read = portal
        .run(move |c| {
            let counts = work_items::queue_counts(c, &queue.scope)?;
            let mut items = work_items::queue(c, &queue, after, ITEMS + 1)?;
            let more = items.len() as i64 > ITEMS;
            items.truncate(ITEMS as usize);
            let ids: Vec<StudentId> = items
                .iter()
                .filter_map(|(item, _)| pair(item))
                .flat_map(|(a, b)| [a, b])
                .collect();
            let students: HashMap<Uuid, Student> = persons::read_students(c, &access, &ids)?
                .into_iter()
                .map(|(id, student)| (id.0, student))
                .collect();
            let asked: Vec<i64> = items
                .iter()
                .filter(|(item, _)| item.kind != "near_match")
                .flat_map(|(item, _)| item.persons.clone())
                .collect();
            let named = match acts_in {
                Some(state) => children(c, &access, state, &asked)?,
                None => HashMap::new(),
            };
            let work =
                acts_in.map_or_else(|| Ok(WorkCalendar::default()), |of| calendars::of_state(c, of))?;
            let beside = match (acts_in, own) {
                (Some(state), Some(own)) => Some((
                    notices::count_open(c, state)?,
                    new_children::count_open(c, &own)?,
                    referrals::count_open(c, &own, &Taken::ByAnybody)?,
                    accounts::holders(c, Role::DataAdministrator, state)?,
                )),
                _ => None,
            };
            Ok((counts, items, more, students, named, work, beside))
        })
        .await?;
    let (counts, items, more, students, named, work, beside) = read;
    let rows: Vec<Row> = items
        .iter()
        .map(|(item, place)| {
            row(
                &user,
                (item, place),
                &students,
                &named,
                today,
                (&portal.rules().escalation, &work),
            )
        })
        .collect();
    let (others, colleagues) = beside.map_or_else(Default::default, |(moves, new, referred, colleagues)| {
        let other = |href: &str, label, count, permission| {
            user.may(permission).then(|| Tab {
                href: href.to_owned(),
                label,
                count: words::count(count),
                here: false,
            })
        };
        let others: Vec<Tab> = [
            other("/notices", "Move notices", moves, Permission::SendNotices),
            other(
                "/new-children",
                "New and gone children",
                new.new + new.gone,
                Permission::SeeStudents,
            ),
            other("/referrals", "Referrals", referred, Permission::SeeStudents),
        ]
        .into_iter()
        .flatten()
        .collect();
        (others, colleagues)
    });
    let colleagues = colleagues
        .iter()
        .map(|email| Choice::new(email, email, ""))
        .collect();
    let query = Ask::query(ask.kind(), &ask.taken);
    let page = WorklistPage {
        chrome: Chrome::of(&user, "Worklist", "/worklist").done(done(&ask.done)),
        script: assets::worklist_script(),
        place: acts_in.map_or_else(|| "all states".to_owned(), |state| state.name().to_owned()),
        tabs: tabs(&ask, &counts, acts_in.is_some()),
        others,
        whose: whose(&ask),
        next: match rows.last() {
            Some(last) if more => format!("/worklist?{query}&after={}", last.id),
            _ => String::new(),
        },
        rows,
        query,
        takes: acts_in.is_some(),
        colleague: Field::select("colleague", "Colleague", "Choose a colleague", colleagues),
    };
    let mut response = view::page(&page)?;
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    Ok(response)
}

fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "same" => "Decided: the same child. The records stay together.",
        "different" => "Decided: different children. It is asked again only if much more evidence comes.",
        "approve" => "Approved. The change is made and can be undone.",
        "reject" => "Refused. That is remembered.",
        "withdraw" => "The request is withdrawn.",
        "arbiter" => "You disagree. The arbiter decides.",
        "late" => {
            "Somebody else decided this pair before you, or it no longer needs a decision. Nothing was changed."
        }
        "taken" => "The items are yours.",
        "given" => "The items are handed on.",
        "back" => "The items are nobody’s again.",
        "some" => "Some of the items were somebody else’s, or are decided. They stay as they were.",
        "none" => "Tick the items first.",
        _ => return None,
    })
}

/// The kinds with their counts; `tasks` says whether those that states do for others are among them.
fn tabs(ask: &Ask, counts: &[KindCount], tasks: bool) -> Vec<Tab> {
    let of = |kind: &str| counts.iter().find(|c| c.kind == kind).map_or(0, |c| c.items);
    let tab = |kind: Option<&str>, label, count| Tab {
        href: format!("/worklist?{}", Ask::query(kind, &ask.taken)),
        label,
        count: words::count(count),
        here: kind == ask.kind(),
    };
    let all = tab(None, "Everything", counts.iter().map(|c| c.items).sum());
    let kinds = WHO_IS_WHO
        .iter()
        .chain(tasks.then_some(&TASKS).into_iter().flatten());
    let kinds = kinds.map(|kind| tab(Some(kind), label(kind), of(kind)));
    std::iter::once(all).chain(kinds).collect()
}

fn whose(ask: &Ask) -> Vec<Tab> {
    [("", "Everybody’s"), ("mine", "Mine"), ("nobody", "Nobody’s yet")]
        .into_iter()
        .map(|(taken, label)| Tab {
            href: format!("/worklist?{}", Ask::query(ask.kind(), taken)),
            label,
            count: String::new(),
            here: taken == ask.taken,
        })
        .collect()
}

fn row(
    user: &User,
    (item, place): (&WorkItem, &Place),
    students: &HashMap<Uuid, Student>,
    named: &HashMap<i64, Child>,
    today: NaiveDate,
    (policy, work): (&Policy, &WorkCalendar),
) -> Row {
    let student = |id: StudentId| {
        let identity = students.get(&id.0).map(|student| &student.identity);
        let born = identity.and_then(|i| i.birth_date).map(mde::Date::day);
        let name = identity.map_or_else(|| "Record not available".into(), name);
        let born = words::day_or(born, "on an unknown date");
        (name, format!("{}, born {born}", state_of(id)))
    };
    let (title, who) = match pair(item).filter(|_| item.kind == "near_match") {
        Some((a, b)) => {
            let (first, one) = student(a);
            let (second, other) = student(b);
            (format!("{first} / {second}"), format!("{one}; {other}"))
        }
        None => {
            let mut names: Vec<&str> = item
                .persons
                .iter()
                .filter_map(|person| Some(named.get(person)?.name.as_str()))
                .collect();
            names.dedup();
            let title = format!("{}, no. {}", label(&item.kind), item.work_item_id);
            (title, names.join("; "))
        }
    };
    let due = goes_up(item, place, today, (policy, work));
    let left = due.as_ref().map(|(day, _)| work.between(today, *day));
    let due_tag = match left {
        _ if place.due_on.is_some_and(|day| day < today) => Some(Tag::new("! Overdue", "differ")),
        Some(0) => Some(Tag::new("! Goes up today", "differ")),
        Some(days) if days <= SOON => Some(Tag::new("! Goes up next", "wait")),
        _ => None,
    };
    let age = work.between(place.opened, today) as usize;
    let likely = words::likelihood(item.probability);
    let assignee = place.assignee.as_deref().unwrap_or_default();
    Row {
        id: item.work_item_id,
        href: href(item),
        title,
        who,
        states: item
            .states
            .iter()
            .map(|s| words::state_name(s))
            .collect::<Vec<_>>()
            .join(", "),
        reason: match item.kind.as_str() {
            "near_match" => format!("{}. {}", words::sentence(likely), words::sentence(&item.reason)),
            "data_request" => {
                let what = What::named(&item.reason).map_or("data", What::words);
                let asker = item
                    .requested_state
                    .as_deref()
                    .map(words::state_name)
                    .unwrap_or_default();
                format!("{asker} asks for {what}")
            }
            _ => words::sentence(&item.reason),
        },
        age: words::counted(age, "working day", "working days"),
        due: match (due, place.due_on) {
            (Some((day, to)), _) => format!("{}, then to {to}", words::day(day)),
            (None, Some(day)) => words::day(day),
            (None, None) => String::new(),
        },
        due_tag,
        place: whereabouts(item, place),
        mine: assignee == user.label(),
        assignee: assignee.strip_prefix("account:").unwrap_or(assignee).to_owned(),
    }
}

/// `POST /worklist`: a box `item-` and a number for each item, `action` (`take`, `give_back` or `give`) and, to give it,
/// the `colleague`.
pub(crate) async fn entrust(
    portal: web::Data<Portal>,
    guarded: Guarded<DecideMatches, HashMap<String, String>>,
) -> Result<HttpResponse, Failure> {
    let (user, form) = (guarded.user, guarded.form);
    let state = user.state()?;
    let ids: Vec<i64> = form
        .keys()
        .filter_map(|key| key.strip_prefix(BOX)?.parse().ok())
        .collect();
    let field = |name: &str| {
        form.get(name)
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    let kept = web::Query::<Ask>::from_query(&field("query"))
        .map_or_else(|_| Ask::default(), web::Query::into_inner);
    let back = |word: &str| {
        let query = Ask::query(kept.kind(), &kept.taken);
        view::see_other(&format!("/worklist?{query}&done={word}"))
    };
    if ids.is_empty() {
        return Ok(back("none"));
    }
    let own = user.label();
    let colleague = format!("account:{}", field("colleague"));
    // Whoever gives an item away may take it from whom it is with; taking and giving back is one's own.
    let (to, from, word) = match field("action").as_str() {
        "take" => (Some(own.clone()), Taken::ByNobody, "taken"),
        "give_back" => (None, Taken::By(own.clone()), "back"),
        "give" => (Some(colleague), Taken::ByAnybody, "given"),
        _ => return Err(Failure::BadRequest),
    };
    let (scope, now, wanted): (Scope, _, _) = (user.judge().scope, portal.now(), ids.len());
    let changed = portal
        .run(move |c| {
            if word == "given" {
                let known = accounts::holders(c, Role::DataAdministrator, state)?;
                let named = to.as_deref().and_then(|to| to.strip_prefix("account:"));
                if !known.iter().any(|email| Some(email.as_str()) == named) {
                    return Err(Failure::BadRequest);
                }
            }
            let changed = store::db::write(c, |c| {
                let changed = work_items::entrust(c, &scope, &ids, to.as_deref(), &from, now)?;
                for id in &changed {
                    let detail = serde_json::json!({ "to": to });
                    access::audit(c, now, &own, "work_item.entrust", &id.to_string(), &detail)?;
                }
                Ok(changed)
            })?;
            Ok(changed)
        })
        .await?;
    Ok(back(if changed.len() < wanted { "some" } else { word }))
}
