//! Papers of a child, for the exchange and the portal alike.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use chrono::NaiveDate;
use export::papers::{self, CheckCode, Order};
use mde::PersonId;
use store::{Access, persons};

use crate::db::Db;
use crate::problem::Problem;
use crate::state::Random;

/// A new code for a paper.
#[must_use]
pub fn code(random: &Random) -> CheckCode {
    let mut bytes = [0; 8];
    random(&mut bytes);
    CheckCode::of(bytes)
}

/// The answer with a paper of a person; `None` if there is no such person. What is read is disclosed.
pub async fn answer(
    db: &Db,
    access: Access,
    id: PersonId,
    order: Order,
) -> Result<Option<HttpResponse>, Problem> {
    let kind = order.kind.name();
    let printed = db
        .run(move |connection| papers::print(connection, &access, id, &order))
        .await?;
    Ok(printed.map(|printed| {
        let name = format!("attachment; filename=\"{kind}-{}.pdf\"", printed.person_id);
        HttpResponse::Ok()
            .content_type("application/pdf")
            .insert_header((CONTENT_DISPOSITION, name))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(printed.pdf)
    }))
}

/// The kinds of data that a transcript shows.
const TRANSCRIPT: &[&str] = &["identity", "courses"];

/// The answer with a person's course history as PESC High School Transcript, for this receiver; `None` if there is no
/// such person. What is read is disclosed.
pub async fn transcript(
    db: &Db,
    access: Access,
    id: PersonId,
    today: NaiveDate,
    receiver: String,
) -> Result<Option<HttpResponse>, Problem> {
    let read = db
        .run(move |connection| {
            let held = persons::read(connection, &access, id, TRANSCRIPT)?;
            Ok::<_, store::Error>(held.map(|held| {
                let record = records::consolidate(&held, today);
                (
                    held.person_id,
                    export::transcript::pesc(&record, access.at, &receiver),
                )
            }))
        })
        .await?;
    Ok(read.map(|(person_id, xml)| {
        let name = format!("attachment; filename=\"transcript-{person_id}.xml\"");
        HttpResponse::Ok()
            .content_type("application/xml")
            .insert_header((CONTENT_DISPOSITION, name))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(xml)
    }))
}
