//! Papers of a child, to print.

use actix_web::{HttpResponse, web};
use export::papers::{Kind, Order};
use export::pdf::Language;
use mde::PersonId;
use serde::Deserialize;
use store::Purpose;

use crate::failure::Failure;
use crate::pages::person::ask_purpose;
use crate::state::Portal;
use crate::user::{Allowed, ReadRecords};
use crate::view::Chrome;

/// Why somebody prints, and in which language.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    language: String,
}

/// `GET /persons/{id}/{paper}.pdf?purpose=&language=`
pub(crate) async fn print(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    path: web::Path<(String, String)>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (id, paper) = path.into_inner();
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let kind = Kind::named(&paper).ok_or(Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        let action = format!("/persons/{id}/{}.pdf", kind.name());
        return ask_purpose(chrome, action, &id.to_string());
    };
    let order = Order {
        kind,
        language: Language::tagged(&ask.language).unwrap_or_default(),
        left: user.acts_in.filter(|_| kind == Kind::TransferConfirmation),
        by: user.email.clone(),
        today: portal.today(user.acts_in),
        code: api::answer::papers::code(portal.random()),
        check_page: portal.check_page(),
    };
    let access = user.access(purpose, &portal);
    api::answer::papers::answer(portal.db(), access, id, order)
        .await?
        .ok_or(Failure::NotFound)
}

/// `GET /persons/{id}/transcript.xml?purpose=`: the course history for a student information system.
pub(crate) async fn transcript(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return ask_purpose(chrome, format!("/persons/{id}/transcript.xml"), &id.to_string());
    };
    let access = user.access(purpose, &portal);
    let receiver = user.acts_in.map_or("Federal", mde::StateCode::name).to_owned();
    let today = portal.today(user.acts_in);
    api::answer::papers::transcript(portal.db(), access, id, today, receiver)
        .await?
        .ok_or(Failure::NotFound)
}
