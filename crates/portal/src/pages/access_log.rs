//! Who has seen a child's record, as parents and schools may ask for it (34 CFR 99.32(c)): a page to print, in English
//! or Spanish.

use actix_web::{HttpResponse, web};
use askama::Template;
use export::pdf::Language;
use mde::PersonId;
use serde::Deserialize;
use store::disclosures::{self, Found, Which};
use store::{Purpose, persons};

use crate::failure::Failure;
use crate::pages::admin::audit::who;
use crate::pages::person;
use crate::state::Portal;
use crate::user::{Allowed, ReadRecords};
use crate::view::{self, Cell, Chrome, Table};
use crate::words;

/// Looks that are printed.
const SHOWN: i64 = 2_000;

/// Why somebody looks, and in which language.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    purpose: String,
    language: String,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            purpose: String::new(),
            language: Language::English.tag().to_owned(),
        }
    }
}

/// What the page says, in one language.
struct Words {
    title: &'static str,
    record: &'static str,
    law: &'static str,
    printed: &'static str,
    columns: [&'static str; 4],
    none: &'static str,
    federal: &'static str,
    system: &'static str,
    operator: &'static str,
    behind: &'static str,
    only: &'static str,
}

const ENGLISH: Words = Words {
    title: "Who has seen this record",
    record: "Record no.",
    law: "Everybody who saw, received or printed something of this child’s record through the exchange is written down (34 CFR 99.32). Parents and students who are 18 or older may ask for this list.",
    printed: "As of",
    columns: ["~When", "Who", "For which state", "Why"],
    none: "Nobody has looked at this record yet.",
    federal: "Federal office",
    system: "The state’s computer system",
    operator: "The operator of the exchange",
    behind: "for",
    only: "The newest 2,000 are listed.",
};

const SPANISH: Words = Words {
    title: "Quién ha visto este registro",
    record: "Registro núm.",
    law: "Se anota a toda persona que vio, recibió o imprimió algo del registro de este niño o esta niña por medio del intercambio (34 CFR 99.32). Los padres y los estudiantes de 18 años o más pueden pedir esta lista.",
    printed: "Hasta el",
    columns: ["~Cuándo", "Quién", "Para qué estado", "Por qué"],
    none: "Nadie ha visto todavía este registro.",
    federal: "Oficina federal",
    system: "El sistema informático del estado",
    operator: "El operador del intercambio",
    behind: "para",
    only: "Se muestran las 2,000 más recientes.",
};

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }
}

/// Why somebody looked, in words.
fn why(purpose: &str, language: Language) -> String {
    let spanish = match purpose {
        "enroll" => "Inscribir al estudiante",
        "place" => "Ubicarlo en grado y cursos",
        "credit" => "Contar créditos",
        "eligibility" => "Saber si es elegible para el programa",
        "program" => "Administrar el programa migrante",
        other => other,
    };
    match language {
        Language::English => Purpose::named(purpose).map_or(purpose, |purpose| words::purpose(purpose)),
        Language::Spanish => spanish,
    }
    .to_owned()
}

#[derive(Template)]
#[template(path = "access_log.html")]
struct AccessLogPage {
    chrome: Chrome,
    words: &'static Words,
    language: &'static str,
    other: Language,
    other_name: &'static str,
    id: String,
    purpose: &'static str,
    child: String,
    now: String,
    full: bool,
    table: Table,
}

/// `GET /persons/{id}/access-log?purpose=&language=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    id: web::Path<String>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let id = PersonId::parse(&id).map_err(|_| Failure::NotFound)?;
    let Some(purpose) = Purpose::named(&ask.purpose) else {
        let chrome = Chrome::of(&user, "Why do you look?", "/search");
        return person::ask_purpose(chrome, format!("/persons/{id}/access-log"), &id.to_string());
    };
    let language = Language::tagged(&ask.language).ok_or(Failure::NotFound)?;
    let access = user.access(purpose, &portal);
    let (record, found) = portal
        .run(move |c| {
            let record = persons::read(c, &access, id, &["identity"])?.ok_or(Failure::NotFound)?;
            let which = Which {
                person: Some(record.person_id),
                ..Which::default()
            };
            Ok((record, disclosures::search(c, &access, &which, SHOWN)?))
        })
        .await?;
    let words = Words::of(language);
    let (other, other_name) = match language {
        Language::English => (Language::Spanish, "Español"),
        Language::Spanish => (Language::English, "English"),
    };
    let now = portal.now();
    view::page(&AccessLogPage {
        chrome: Chrome::of(&user, words.title, "/search"),
        words,
        language: language.tag(),
        other,
        other_name,
        id: record.person_id.to_string(),
        purpose: purpose.name(),
        child: records::consolidate(&record, portal.today(user.acts_in))
            .summary
            .name,
        now: when(now, language),
        full: found.len() as i64 == SHOWN,
        table: table(&found, words, language),
    })
}

/// An instant as the language writes it; in UTC, as it is kept.
fn when(at: chrono::DateTime<chrono::Utc>, language: Language) -> String {
    match language {
        Language::English => words::instant(at),
        Language::Spanish => format!("{} UTC", at.format("%d/%m/%Y, %H:%M")),
    }
}

fn table(found: &[Found], words: &'static Words, language: Language) -> Table {
    let mut table = Table::new(words.title, &words.columns, words.none).under_heading();
    for look in found {
        let who = match look.actor.split_once(':') {
            Some(("certificate", _)) => words.system,
            Some(("operator", _)) => words.operator,
            _ => who(&look.actor),
        };
        let behind = look.on_behalf_of.as_deref();
        let behind = behind.map_or_else(String::new, |user| format!("{} {user}", words.behind));
        table.row(
            "",
            [
                when(look.at, language).into(),
                Cell::new(who).note(behind),
                look.actor_state
                    .as_deref()
                    .map_or_else(|| words.federal.to_owned(), crate::words::state_name)
                    .into(),
                why(&look.purpose, language).into(),
            ],
        );
    }
    table
}
