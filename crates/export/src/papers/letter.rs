//! The letter that answers a family's request to correct a record, in the language in which the family is written to.

use mde::StateCode;
use store::corrections::Correction;

use super::words::{day, instant};
use crate::pdf::{Language, Paper};

/// The letter about a decision, as of the instant at which it is printed. `child` is the child's name. Before the
/// decision it confirms that the request was received.
#[must_use]
pub fn letter(
    correction: &Correction,
    child: &str,
    language: Language,
    at: chrono::DateTime<chrono::Utc>,
) -> Paper {
    let name =
        |code: &str| StateCode::new(code).map_or_else(|_| code.to_owned(), |state| state.name().to_owned());
    let (owner, taken_in) = (name(&correction.owner), name(&correction.taken_in));
    let title = language.of(
        "About your request to correct the school record",
        "Sobre su solicitud de corregir el registro escolar",
    );
    let number = correction.work_item_id;
    let subtitle = language.of(
        format!("{child} · Request no. {number}"),
        format!("{child} · Solicitud n.º {number}"),
    );
    let mut paper = Paper::new(language, title, subtitle);
    paper.written(at);
    let asked = day(language, correction.asked_on);
    paper.paragraph(match correction.asker.as_str() {
        "student" => language.of(
            format!("On {asked} you asked {taken_in} to correct your school record."),
            format!("El {asked} usted pidió a {taken_in} que corrigiera su registro escolar."),
        ),
        _ => language.of(
            format!("On {asked} you asked {taken_in} to correct the school record of {child}."),
            format!("El {asked} usted pidió a {taken_in} que corrigiera el registro escolar de {child}."),
        ),
    });
    paper.facts([
        (
            language.of("The record says", "El registro dice"),
            correction.says.clone(),
        ),
        (
            language.of("You say it should be", "Usted dice que debe ser"),
            correction.should_say.clone(),
        ),
        (
            language.of("Whose record it is", "De quién es el registro"),
            owner.clone(),
        ),
    ]);
    match (correction.decision.as_deref(), correction.why.as_deref()) {
        (Some("corrected"), why) => {
            paper.strong(language.of(
                format!("{owner} has decided to correct the record."),
                format!("{owner} decidió corregir el registro."),
            ));
            reason(&mut paper, language, why);
            paper.paragraph(match correction.arrived_at {
                Some(arrived) => {
                    let arrived = instant(language, arrived);
                    language.of(
                        format!("The corrected data have been in the record of the exchange since {arrived}."),
                        format!("Los datos corregidos están en el registro del intercambio desde el {arrived}."),
                    )
                }
                None => language.of(
                    "The corrected data have to be in the record of the exchange within four working days of the decision (34 CFR 200.85).".to_owned(),
                    "Los datos corregidos deben estar en el registro del intercambio dentro de cuatro días hábiles después de la decisión (34 CFR 200.85).".to_owned(),
                ),
            });
        }
        (Some(_), why) => {
            paper.strong(language.of(
                format!("{owner} has decided to leave the record as it is."),
                format!("{owner} decidió dejar el registro como está."),
            ));
            reason(&mut paper, language, why);
            paper.heading(language.of("What you can do", "Qué puede hacer usted"));
            paper.paragraph(language.of(
                "You have the right to a hearing about it (34 CFR 99.21 and 99.22): ask the office that sent you this letter.",
                "Usted tiene derecho a una audiencia (34 CFR 99.21 y 99.22): pídala a la oficina que le envió esta carta.",
            ));
            paper.paragraph(language.of(
                "You may also write down why you disagree. Your statement is kept with the record and is shown wherever the record is shown (34 CFR 99.21(b)(2) and (c)).",
                "También puede escribir por qué no está de acuerdo. Su declaración se guarda con el registro y se muestra dondequiera que se muestre el registro (34 CFR 99.21(b)(2) y (c)).",
            ));
        }
        (None, _) => {
            paper.strong(language.of(
                format!("{owner} has received your request."),
                format!("{owner} recibió su solicitud."),
            ));
            paper.paragraph(language.of(
                "It has to be looked into, decided, and answered to you within 30 days (34 CFR 200.85).",
                "Debe revisarse, decidirse y contestarse dentro de 30 días (34 CFR 200.85).",
            ));
        }
    }
    if let Some(statement) = &correction.statement {
        paper.heading(language.of("Your statement", "Su declaración"));
        for line in statement.lines().filter(|line| !line.trim().is_empty()) {
            paper.paragraph(line);
        }
    }
    paper
}

fn reason(paper: &mut Paper, language: Language, why: Option<&str>) {
    if let Some(why) = why {
        paper.paragraph(language.of(format!("Reason: {why}"), format!("Motivo: {why}")));
    }
}
