//! Confirmations that save a family or a school money or trouble.

use mde::{PartKind, StateCode};
use records::ConsolidatedRecord;

use super::record::{enrollment, enrollment_table, place, statements};
use super::words::{day, day_or_dash};
use crate::pdf::{Column, Language, Paper, Table};

fn who(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    paper.facts([
        (language.of("Name", "Nombre"), record.summary.name.clone()),
        (
            language.of("Birth date", "Fecha de nacimiento"),
            day_or_dash(language, record.summary.birth_date),
        ),
        (
            language.of("Record number", "Número de registro"),
            record.person_id.to_string(),
        ),
    ]);
}

/// By state: whether it has certified the child, since when, until when.
pub(super) fn migrant(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    who(record, language, paper);
    let shown = [PartKind::Student, PartKind::QualifyingMove];
    statements(record, &shown, language, paper);
    let today = day(language, record.today);
    let eligible: Vec<&str> = record
        .summary
        .eligible_in
        .iter()
        .map(|state| state.name())
        .collect();
    if eligible.is_empty() {
        paper.strong(language.of(
            format!("On {today} no state’s certificate makes this child eligible for the migrant education program."),
            format!("El {today} ningún certificado estatal hace a este estudiante elegible para el programa de educación migrante."),
        ));
    } else {
        let eligible = eligible.join(", ");
        paper.strong(language.of(
            format!("On {today} this child is eligible for the migrant education program (ESEA Title I, Part C) as certified by: {eligible}."),
            format!("El {today} este estudiante es elegible para el programa de educación migrante (ESEA Título I, Parte C) según lo certificado por: {eligible}."),
        ));
        paper.paragraph(language.of(
            "A child so identified is categorically eligible for free school meals without an application (see 42 U.S.C. 1758(b)(12) and 7 CFR 245.2).",
            "Un estudiante así identificado tiene derecho a comidas escolares gratuitas sin solicitud (vea 42 U.S.C. 1758(b)(12) y 7 CFR 245.2).",
        ));
    }
    let mut table = Table::new([
        Column::text(language.of("Certified by", "Certificado por"), 3.0),
        Column::text(language.of("Qualifying arrival", "Llegada que califica"), 2.0),
        Column::text(
            language.of("Last day of eligibility", "Último día de elegibilidad"),
            2.2,
        ),
        Column::text(language.of("Eligible today", "Elegible hoy"), 1.5),
    ]);
    for of in &record.eligibility {
        table.row([
            of.state.name().to_owned(),
            day(language, of.qualifying_arrival_date),
            day(language, of.ends),
            super::words::yes_no(language, of.eligible_today).to_owned(),
        ]);
    }
    if !table.is_empty() {
        paper.heading(language.of("Eligibility by state", "Elegibilidad por estado"));
    }
    paper.table(table);
    paper.paragraph(language.of(
        "Each state certifies for itself: a certificate of one state makes nobody eligible in another. Eligibility ends 36 months after the qualifying arrival, or earlier (34 CFR 200.81 and 200.89).",
        "Cada estado certifica por sí mismo: el certificado de un estado no hace elegible a nadie en otro. La elegibilidad termina 36 meses después de la llegada que califica, o antes (34 CFR 200.81 y 200.89).",
    ));
}

/// Dated enrollments elsewhere, after the child left a state. A school needs this in writing before it takes a child out
/// of its graduation cohort (ESEA 8101(25), 20 U.S.C. 7801(25); 34 CFR 200.34, which said the same, was disapproved by
/// Congress in 2017, Public Law 115-13).
pub(super) fn transfer(
    record: &ConsolidatedRecord,
    language: Language,
    left: Option<StateCode>,
    paper: &mut Paper,
) {
    who(record, language, paper);
    let shown = [PartKind::Student, PartKind::Enrollment];
    statements(record, &shown, language, paper);
    let lies_in = |entry: &&records::enrollments::EnrollmentEntry| {
        entry.facility.as_ref().map_or(entry.state, |f| f.state)
    };
    let at_school = || {
        record
            .enrollments
            .iter()
            .filter(|entry| entry.class == "school" && entry.sources.iter().any(|source| source.live))
    };
    // Without a state, the one in which the child was before the newest.
    let newest = at_school().next().map(|entry| lies_in(&entry));
    let left = left.or_else(|| {
        at_school()
            .map(|entry| lies_in(&entry))
            .find(|state| Some(*state) != newest)
    });
    let last = left.and_then(|state| at_school().find(|entry| lies_in(entry) == state));
    let Some(last) = last else {
        paper.strong(language.of(
            "No enrollment is known that the child has left for another state.",
            "No se conoce ninguna inscripción que el estudiante haya dejado por otro estado.",
        ));
        return;
    };
    paper.heading(language.of("Left", "Salió de"));
    let end = last.end.map_or_else(
        || {
            language
                .of("no withdrawal is reported", "no se reporta la baja")
                .to_owned()
        },
        |end| day(language, end),
    );
    paper.facts([
        (language.of("School", "Escuela"), place(last)),
        (language.of("Enrolled", "Inscripción"), day(language, last.start)),
        (language.of("Withdrew", "Baja"), end),
    ]);
    paper.heading(language.of("Enrolled elsewhere since", "Inscrito después en"));
    let later: Vec<_> = at_school()
        .filter(|entry| Some(lies_in(entry)) != left && entry.start > last.start)
        .collect();
    if later.is_empty() {
        paper.strong(language.of(
            "No state reports a later enrollment elsewhere. This paper confirms no transfer.",
            "Ningún estado reporta una inscripción posterior en otro lugar. Este papel no confirma ningún traslado.",
        ));
        return;
    }
    let mut table = enrollment_table(language);
    for entry in &later {
        enrollment(language, entry, &mut table);
    }
    paper.table(table);
    for entry in later {
        let Some(facility) = &entry.facility else { continue };
        if let Some(phone) = &facility.phone {
            let place = facility.title();
            paper.paragraph(language.of(
                format!("Ask {place}: {phone}."),
                format!("Pregunte a {place}: {phone}."),
            ));
        }
    }
    paper.paragraph(language.of(
        "The receiving state has reported these enrollments to the exchange. A school that takes a child out of its graduation cohort as a transfer keeps official written documentation of it (see 20 U.S.C. 7801(25)); ask your state whether this paper is enough.",
        "El estado que recibe ha reportado estas inscripciones al intercambio. Una escuela que retira a un estudiante de su generación por traslado guarda constancia oficial por escrito (vea 20 U.S.C. 7801(25)); pregunte a su estado si este papel basta.",
    ));
}
