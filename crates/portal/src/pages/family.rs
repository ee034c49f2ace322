//! A child's brothers and sisters, and what goes on between states about each.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use mde::PersonId;
use records::record::Summary;
use store::families::{self, Sibling};
use store::notices::Notice;
use store::{Purpose, notices, persons};

use crate::failure::Failure;
use crate::pages::notices::standing;
use crate::pages::person::{self, Ask};
use crate::state::Portal;
use crate::user::{Allowed, Permission, ReadRecords};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

/// The kinds of data that the page shows.
const CATEGORIES: [&str; 3] = ["identity", "enrollments", "moves"];

#[derive(Template)]
#[template(path = "family.html")]
struct FamilyPage {
    chrome: Chrome,
    id: String,
    purpose: &'static str,
    name: String,
    alone: bool,
    may_send: bool,
    list: Table,
}

/// What shows that a child is of the family, in words.
pub(crate) fn because(sibling: &Sibling) -> String {
    let words: Vec<&str> = sibling
        .because
        .iter()
        .map(|why| match why.as_str() {
            "certificate" => "the same certificate of eligibility",
            "parents" => "the same parents",
            other => other,
        })
        .collect();
    words::sentence(&words.join(", "))
}

struct Member {
    id: PersonId,
    because: String,
    summary: Summary,
    notice: Option<Notice>,
}

/// `GET /persons/{id}/family?purpose=`: every child in it is disclosed.
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return person::ask_purpose(chrome, format!("/persons/{id}/family"), &id.to_string());
    };
    if let Some(survivor) = person::retired(&portal, id).await? {
        let purpose = purpose.name();
        return Ok(view::see_other(&format!(
            "/persons/{survivor}/family?purpose={purpose}"
        )));
    }
    let access = user.access(purpose, &portal);
    let (own, today) = (user.acts_in, portal.today(user.acts_in));
    let members = portal
        .run(move |c| {
            let mut family = vec![(id, "The child whose page this is".to_owned())];
            let siblings = families::siblings(c, &access, id)?;
            family.extend(
                siblings
                    .iter()
                    .map(|sibling| (sibling.person_id, because(sibling))),
            );
            family
                .into_iter()
                .map(|(id, because)| {
                    let record = persons::read(c, &access, id, &CATEGORIES)?.ok_or(Failure::NotFound)?;
                    let newest = notices::of_person(c, id.number())?.into_iter().find(|notice| {
                        let sides = [Some(notice.recipient.as_str()), notice.sender.as_deref()];
                        own.is_some_and(|own| sides.contains(&Some(own.as_str())))
                    });
                    Ok(Member {
                        id,
                        because,
                        summary: records::consolidate(&record, today).summary,
                        notice: newest,
                    })
                })
                .collect::<Result<Vec<_>, Failure>>()
        })
        .await?;
    let name = members
        .first()
        .map(|m| m.summary.name.clone())
        .unwrap_or_default();
    view::page(&FamilyPage {
        chrome: Chrome::of(&user, format!("Family: {name}"), "/search"),
        id: id.to_string(),
        purpose: purpose.name(),
        name,
        alone: members.len() == 1,
        may_send: user.may(Permission::SendNotices) && user.acts_in.is_some(),
        list: list(&members, purpose, today),
    })
}

fn list(members: &[Member], purpose: Purpose, today: NaiveDate) -> Table {
    let mut table = Table::new(
        "The family",
        &[
            "Child",
            "~Born",
            "Last grade",
            "Last seen in",
            "~Eligibility ends",
            "What shows it",
            "Newest notice of your state",
        ],
        "",
    );
    for member in members {
        let s = &member.summary;
        let grade = s.grade.as_ref().map(|grade| words::sentence(&grade.label));
        let notice = member.notice.as_ref().map_or_else(Cell::default, |notice| {
            Cell::new(words::instant(notice.created_at))
                .link(format!("/notices/{}", notice.move_notice_id))
                .tag(standing(notice, today))
        });
        table.row(
            "",
            [
                Cell::new(s.name.clone()).link(format!("/persons/{}?purpose={}", member.id, purpose.name())),
                words::day_or(s.birth_date, "Not known").into(),
                grade.into(),
                s.last_state.map(|state| state.name().to_owned()).into(),
                s.eligibility_ends.map(words::day).into(),
                member.because.clone().into(),
                notice,
            ],
        );
    }
    table.under_heading()
}
