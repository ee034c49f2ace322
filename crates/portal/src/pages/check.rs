//! Whether a printed paper still says what the record says. Public, since families and schools without an account hold
//! papers; nothing about a child is shown.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use export::papers::{self, Check, CheckCode};
use export::pdf::Language;
use serde::Deserialize;

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::view::{self, Chrome, Mistakes};
use crate::words;

/// The code that is asked about.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    chrome: Chrome,
    mistakes: Mistakes,
    code: Field,
    answer: Option<Answer>,
}

struct Answer {
    class: &'static str,
    english: String,
    spanish: String,
}

/// `GET /check?code=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    asked: web::Query<Asked>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let mut mistakes = Mistakes::default();
    let mut answer = None;
    if !asked.code.trim().is_empty() {
        match asked.code.parse::<CheckCode>() {
            Err(error) => mistakes.add("code", format!("A check code is not like this: {error}.")),
            Ok(code) => {
                let address = request.peer_addr().map(|peer| peer.ip().to_string());
                if !portal.may_check(address.as_deref().unwrap_or_default()) {
                    return Err(Failure::Unavailable);
                }
                let check = portal
                    .db()
                    .run(move |connection| papers::check(connection, &code))
                    .await?;
                answer = Some(said(check.as_ref()));
            }
        }
    }
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let code = Field::text("code", "Check code", &asked.code)
        .hint("Twelve letters and digits at the end of the paper, as 7K3M-2QXA-9TRW")
        .maximum(40)
        .required()
        .judged(&mistakes);
    let page = CheckPage {
        chrome: Chrome::bare("Check a paper"),
        mistakes,
        code,
        answer,
    };
    view::page_with(status, &page)
}

fn said(check: Option<&Check>) -> Answer {
    let Some(check) = check else {
        return Answer {
            class: "warning",
            english: "No paper was printed here with this code. Read it once more from the paper.".to_owned(),
            spanish: "Aquí no se imprimió ningún papel con este código. Vuelva a leerlo en el papel."
                .to_owned(),
        };
    };
    let when = words::instant(check.printed_at);
    let [english, spanish] = Language::ALL.map(|language| check.kind.title(language));
    if check.same {
        Answer {
            class: "success",
            english: format!("{english}, printed on {when}: the record still says the same."),
            spanish: format!("{spanish}, impreso el {when}: el registro todavía dice lo mismo."),
        }
    } else {
        Answer {
            class: "warning",
            english: format!("{english}, printed on {when}: changed since. Ask a school for a new print."),
            spanish: format!(
                "{spanish}, impreso el {when}: cambió desde entonces. Pida a una escuela una nueva impresión."
            ),
        }
    }
}
