//! The directory of contacts: whom to call in a school, district or state, kept and verified by its administrators.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::answer::contacts as sheet;
use api::answer::reports::file;
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use mde::StateCode;
use mde::code::{Codes as _, ContactRole};
use records::contacts::{self as typed, Typed};
use serde::Deserialize;
use spreadsheet::Form;
use store::contacts::{self, Contact, Kept};
use store::roster::Place;

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, Permission, ReadRecords, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table, Tag};
use crate::words;

/// What begins the name of a box that is ticked.
const BOX: &str = "right-";

/// Which state and district, and what was just done.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    state: String,
    district: String,
    done: String,
}

struct Item {
    id: i64,
    href: String,
    line: String,
    facts: String,
    tag: Tag,
}

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    state: &'static str,
    which: Field,
    district: Field,
    table: Table,
    query: String,
    /// What its administrator has to verify again.
    unverified: Vec<Item>,
    keeps: bool,
    document: Field,
    /// How many lines of a list were kept, and which were not.
    read: Option<(String, Table)>,
}

/// The place of which a user keeps the contacts.
pub(crate) fn kept_by(user: &User) -> Result<Place, Failure> {
    Ok(Place {
        state: user.state()?,
        districts: user.districts.clone(),
        school: None,
    })
}

/// A role in words.
fn role(code: &str) -> String {
    typed::role(code).map_or_else(|| code.to_owned(), |role| words::sentence(role.row().label))
}

/// Where somebody is to be asked for: the school, the district, or the state.
fn place(contact: &Contact) -> String {
    let of = [
        contact.district.clone(),
        contact
            .facility_code
            .as_ref()
            .map(|code| format!("school {code}")),
    ];
    let named = of.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if named.is_empty() {
        words::state_name(&contact.state)
    } else {
        named
    }
}

/// Whether somebody said of late that it is right.
fn verified(contact: &Contact, now: DateTime<Utc>) -> Tag {
    let day = words::day(contact.verified_at.date_naive());
    if contact.is_verified(now) {
        Tag::new(format!("✓ Verified {day}"), "agree")
    } else {
        Tag::new(format!("! Not verified since {day}"), "wait")
    }
}

/// Contacts as a table: who is to be called on a day, in which role, how, and whether that is known to be right.
pub(crate) fn table(
    of: &[Contact],
    day: NaiveDate,
    now: DateTime<Utc>,
    edit: bool,
    empty: &'static str,
) -> Table {
    let mut table = Table::new(
        "Contacts",
        &["Where", "Who", "Telephone", "E-mail", "Languages", "Checked"],
        empty,
    )
    .under_heading();
    for contact in of {
        let (name, phone, email) = contact.on(day);
        let cover = match (&contact.cover_name, contact.cover_from, contact.cover_until) {
            (Some(cover), Some(from), Some(until)) => {
                let days = format!("{} to {}", words::day(from), words::day(until));
                if name == cover {
                    format!("stands in for {}, {days}", contact.name)
                } else if day <= until {
                    format!("{days}: {cover}")
                } else {
                    String::new()
                }
            }
            _ => String::new(),
        };
        let mut first = Cell::new(place(contact));
        if edit {
            first = first.link(format!("/contacts/{}", contact.contact_id));
        }
        let who = [role(&contact.role), cover]
            .into_iter()
            .filter(|text| !text.is_empty());
        table.row(
            "",
            [
                first.note(words::state_name(&contact.state)),
                Cell::new(name).note(who.collect::<Vec<_>>().join(" · ")),
                phone.unwrap_or_default().into(),
                email.unwrap_or_default().into(),
                contact.languages.as_str().into(),
                Cell::default().tag(verified(contact, now)),
            ],
        );
    }
    table
}

/// `GET /contacts?state=&district=`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    page(&portal, &user, &ask, None, Mistakes::default(), "").await
}

fn wanted(user: &User, ask: &Ask) -> Place {
    let named = StateCode::new(ask.state.trim()).ok();
    let state = named.or(user.acts_in);
    Place {
        // A federal role that names no state sees the first of all.
        state: state.unwrap_or_else(|| StateCode::all().next().expect("there are states")),
        districts: Some(ask.district.trim().to_owned())
            .filter(|name| !name.is_empty())
            .map(|name| vec![name]),
        school: None,
    }
}

async fn page(
    portal: &Portal,
    user: &User,
    ask: &Ask,
    read: Option<(String, Table)>,
    mistakes: Mistakes,
    document: &str,
) -> Result<HttpResponse, Failure> {
    let place = wanted(user, ask);
    let own = user.acts_in == Some(place.state) && user.may(Permission::ManageState);
    let (now, day) = (portal.now(), portal.today(Some(place.state)));
    let asked = place.clone();
    let found = portal.run(move |c| Ok(contacts::of_place(c, &asked)?)).await?;
    let keeps = |contact: &&Contact| {
        own && user.districts.as_ref().is_none_or(|own| {
            let name = contact.district.as_ref().map(|name| name.to_lowercase());
            own.iter().any(|o| Some(o.to_lowercase()) == name)
        })
    };
    let unverified = found
        .iter()
        .filter(keeps)
        .filter(|contact| !contact.is_verified(now))
        .map(|contact| {
            let (name, phone, email) = contact.on(day);
            let how: Vec<&str> = [phone, email].into_iter().flatten().collect();
            Item {
                id: contact.contact_id,
                href: format!("/contacts/{}", contact.contact_id),
                line: format!("{name}, {}", role(&contact.role)),
                facts: format!("{} · {}", self::place(contact), how.join(" · ")),
                tag: verified(contact, now),
            }
        })
        .collect();
    let done = match ask.done.as_str() {
        "kept" => Some("The contact is kept, and counts as verified today."),
        "verified" => Some("Written down: these contacts are right."),
        "removed" => Some("The contact is removed."),
        _ => None,
    };
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let states = StateCode::all()
        .map(|state| Choice::new(state.as_str(), state.name(), place.state.as_str()))
        .collect();
    let template = ContactsPage {
        chrome: Chrome::of(user, "Contacts", "/contacts").done(done),
        state: place.state.name(),
        which: Field::select("state", "State", "My state", states),
        district: Field::text("district", "District", &ask.district).maximum(60),
        table: table(
            &found,
            day,
            now,
            own,
            "Nobody is named here yet. The administrators of the state and of its districts keep this list.",
        ),
        query: format!(
            "state={}&district={}",
            place.state,
            crate::failure::encode(&ask.district)
        ),
        unverified,
        keeps: own,
        document: Field::area("document", "Contacts as rows of a spreadsheet, or as CSV", document)
            .hint("Copied with their header: district, facility_code, role, name, phone, email, languages, cover_name, cover_phone, cover_email, cover_from, cover_until")
            .maximum(60_000)
            .judged(&mistakes),
        read,
        mistakes,
    };
    view::page_with(status, &template)
}

/// `GET /contacts.{form}?state=&district=`
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    form: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let place = wanted(&user, &ask);
    let name = format!("contacts-{}", place.state);
    let found = portal.run(move |c| Ok(contacts::of_place(c, &place)?)).await?;
    Ok(file(&sheet::table(&found), &name, form)?)
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    chrome: Chrome,
    mistakes: Mistakes,
    title: &'static str,
    action: String,
    fields: Vec<Field>,
    cover: Vec<Field>,
    /// It is there, and can be removed.
    removable: bool,
}

fn form(user: &User, typed: &Typed, id: Option<i64>, mistakes: Mistakes) -> Result<HttpResponse, Failure> {
    let roles = ContactRole::ALL
        .iter()
        .map(|role| Choice::new(role.row().stored, words::sentence(role.row().label), &typed.role))
        .collect();
    let text = |name, label, value: &str| Field::text(name, label, value).judged(&mistakes);
    let day = |name, label, value: &str| Field::input(name, label, value, "date").judged(&mistakes);
    let title = if id.is_some() {
        "Change a contact"
    } else {
        "A new contact"
    };
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let template = ContactPage {
        chrome: Chrome::of(user, title, "/contacts"),
        title,
        action: id.map_or_else(|| "/contacts/new".to_owned(), |id| format!("/contacts/{id}")),
        fields: vec![
            text("name", "Name", &typed.name).maximum(120).required(),
            Field::select("role", "Role", "Choose a role", roles)
                .required()
                .judged(&mistakes),
            text("district", "District", &typed.district)
                .hint("As your state writes it; empty for a contact of the whole state")
                .maximum(60),
            text("facility_code", "School code", &typed.facility_code)
                .hint("Empty for a contact of the whole district")
                .maximum(40),
            Field::input("phone", "Telephone", &typed.phone, "tel")
                .maximum(40)
                .judged(&mistakes),
            Field::input("email", "E-mail", &typed.email, "email").judged(&mistakes),
            text("languages", "Languages besides English", &typed.languages)
                .hint("Such as Spanish, Mixtec")
                .maximum(120),
        ],
        cover: vec![
            text("cover_name", "Who stands in", &typed.cover_name).maximum(120),
            Field::input(
                "cover_phone",
                "Telephone of who stands in",
                &typed.cover_phone,
                "tel",
            )
            .maximum(40)
            .judged(&mistakes),
            Field::input(
                "cover_email",
                "E-mail of who stands in",
                &typed.cover_email,
                "email",
            )
            .judged(&mistakes),
            day("cover_from", "First day", &typed.cover_from),
            day("cover_until", "Last day", &typed.cover_until),
        ],
        removable: id.is_some(),
        mistakes,
    };
    view::page_with(status, &template)
}

/// `GET /contacts/new`
pub(crate) async fn fresh(user: Allowed<ManageState>) -> Result<HttpResponse, Failure> {
    user.state()?;
    let own = user.districts.as_deref().and_then(|own| own.first());
    let typed = Typed {
        district: own.cloned().unwrap_or_default(),
        ..Typed::default()
    };
    form(&user, &typed, None, Mistakes::default())
}

/// `GET /contacts/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ManageState>,
    id: web::Path<i64>,
) -> Result<HttpResponse, Failure> {
    let (place, id) = (kept_by(&user)?, *id);
    let found = portal
        .run(move |c| Ok(contacts::find(c, &place, id)?))
        .await?
        .ok_or(Failure::NotFound)?;
    form(&user, &Typed::of(&found), Some(id), Mistakes::default())
}

/// `POST /contacts/new`
pub(crate) async fn add(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Typed>,
) -> Result<HttpResponse, Failure> {
    let (user, typed) = (guarded.user, guarded.form);
    let new = match typed.checked(user.state()?, user.districts.as_deref()) {
        Ok(new) => new,
        Err(wrong) => return form(&user, &typed, None, Mistakes(wrong)),
    };
    let (by, now) = (user.label(), portal.now());
    portal
        .run(move |c| Ok(contacts::keep(c, &new, &by, now)?))
        .await?;
    Ok(view::see_other("/contacts?done=kept"))
}

/// A contact to change, or to remove.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    #[serde(default)]
    remove: String,
    #[serde(flatten)]
    typed: Typed,
}

/// `POST /contacts/{id}`
pub(crate) async fn change(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ManageState, Change>,
) -> Result<HttpResponse, Failure> {
    let (user, Change { remove, typed }, id) = (guarded.user, guarded.form, *id);
    let place = kept_by(&user)?;
    if !remove.is_empty() {
        let removed = portal.run(move |c| Ok(contacts::remove(c, &place, id)?)).await?;
        return if removed {
            Ok(view::see_other("/contacts?done=removed"))
        } else {
            Err(Failure::NotFound)
        };
    }
    let new = match typed.checked(place.state, user.districts.as_deref()) {
        Ok(new) => new,
        Err(wrong) => return form(&user, &typed, Some(id), Mistakes(wrong)),
    };
    let (by, now) = (user.label(), portal.now());
    let changed = portal
        .run(move |c| Ok(contacts::change(c, &place, id, &new, &by, now)?))
        .await?;
    match changed {
        contacts::Changed::Yes => Ok(view::see_other("/contacts?done=kept")),
        contacts::Changed::NotFound => Err(Failure::NotFound),
        contacts::Changed::Twice => {
            let mut mistakes = Mistakes::default();
            mistakes.add(
                "name",
                "This person has that role there already. Change that contact.",
            );
            form(&user, &typed, Some(id), mistakes)
        }
    }
}

/// `POST /contacts/verify`: a box `right-` and the number of a contact for each that is right.
pub(crate) async fn verify(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, HashMap<String, String>>,
) -> Result<HttpResponse, Failure> {
    let (user, boxes) = (guarded.user, guarded.form);
    let ids: Vec<i64> = boxes
        .keys()
        .filter_map(|key| key.strip_prefix(BOX)?.parse().ok())
        .collect();
    let (place, by, now) = (kept_by(&user)?, user.label(), portal.now());
    let verified = portal
        .run(move |c| Ok(contacts::verify(c, &place, &ids, &by, now)?))
        .await?;
    Ok(view::see_other(if verified > 0 {
        "/contacts?done=verified"
    } else {
        "/contacts"
    }))
}

/// A list as CSV.
#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    document: String,
}

/// `POST /contacts/list`: the good lines are kept, the bad ones named.
pub(crate) async fn take(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Document>,
) -> Result<HttpResponse, Failure> {
    let (user, Document { document }) = (guarded.user, guarded.form);
    let sheet = match typed::read(&document, user.state()?, user.districts.as_deref()) {
        Ok(sheet) => sheet,
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.add("document", format!("{}.", words::sentence(&error.to_string())));
            return page(&portal, &user, &Ask::default(), None, mistakes, &document).await;
        }
    };
    let (by, now, good) = (user.label(), portal.now(), sheet.good);
    let kept = portal
        .run(move |c| {
            let kept = good.iter().map(|new| contacts::keep(c, new, &by, now));
            Ok(kept.collect::<store::Result<Vec<Kept>>>()?)
        })
        .await?;
    let new = kept.iter().filter(|kept| **kept == Kept::Added).count();
    let words = format!(
        "{} kept: {new} new, {} changed. {} not.",
        words::counted(kept.len(), "line", "lines"),
        kept.len() - new,
        words::counted(sheet.bad.len(), "line", "lines")
    );
    let mut bad = Table::new(
        "Lines that were not kept",
        &["#Line", "What to mend"],
        "Every line was kept.",
    );
    for (line, what) in &sheet.bad {
        bad.row("", [line.to_string().into(), what.as_str().into()]);
    }
    let ask = Ask::default();
    page(&portal, &user, &ask, Some((words, bad)), Mistakes::default(), "").await
}
