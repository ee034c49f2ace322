//! A card for the family, in both languages, its own first: the number that any school can look up, what is held, who
//! sees it, and how to have it corrected.

use std::collections::BTreeSet;

use mde::PartKind;
use records::ConsolidatedRecord;

use super::record::statements;
use super::words::day;
use crate::pdf::{Language, Paper};

pub(super) fn write(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    one(record, language, paper);
    let other = language.of(Language::Spanish, Language::English);
    paper.speak(other);
    one(record, other, paper);
    paper.speak(language);
}

fn one(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    let s = &record.summary;
    paper.heading(language.of(
        "Your child’s school record number",
        "El número de registro escolar de su hijo o hija",
    ));
    paper.facts([
        (
            language.of("Record number", "Número de registro"),
            record.person_id.to_string(),
        ),
        (language.of("Name", "Nombre"), s.name.clone()),
        (
            language.of("Birth date", "Fecha de nacimiento"),
            s.birth_date.map(|date| day(language, date)).unwrap_or_default(),
        ),
    ]);
    statements(record, &[PartKind::Student], language, paper);
    paper.paragraph(language.of(
        "Show this number at any school in the United States that works with the migrant education program. The school can see what other states’ schools have written down, so that your child is placed in the right grade and keeps the credits that it has earned.",
        "Muestre este número en cualquier escuela de los Estados Unidos que trabaje con el programa de educación migrante. La escuela puede ver lo que anotaron las escuelas de otros estados, para ubicar a su hijo o hija en el grado correcto y conservar los créditos que ya obtuvo.",
    ));
    paper.heading(language.of("What is held", "Qué se guarda"));
    paper.paragraph(held(record, language));
    paper.paragraph(language.of(
        "Never asked and never held: citizenship, immigration status, Social Security number, religion. Of health, only vaccines and that there is something to ask the school about, never what it is.",
        "Nunca se pregunta ni se guarda: ciudadanía, situación migratoria, número de Seguro Social, religión. De salud, solo las vacunas y que hay algo que preguntar a la escuela, nunca qué es.",
    ));
    paper.heading(language.of("Who sees it", "Quién lo ve"));
    paper.paragraph(language.of(
        "Only school and program staff with an account, in order to enroll or place your child, count its credits or find out its right to services. Every look is written down with name, day and reason, and you may ask your school for that list (34 CFR 99.32).",
        "Solo el personal de escuelas y del programa con una cuenta, para inscribir o ubicar a su hijo o hija, contar sus créditos o conocer su derecho a servicios. Cada consulta queda anotada con nombre, día y motivo, y usted puede pedir esa lista a su escuela (34 CFR 99.32).",
    ));
    paper.heading(language.of("How to have it corrected", "Cómo corregirlo"));
    paper.paragraph(language.of(
        "Tell the school or the migrant program of the state that sent what is wrong. It must look at it, correct it or tell you why not (34 CFR 99.20 to 99.22, 200.85); a correction reaches this record with the state’s next upload, usually overnight.",
        "Dígalo a la escuela o al programa migrante del estado que envió lo que está mal. Debe revisarlo, corregirlo o decirle por qué no (34 CFR 99.20 a 99.22, 200.85); la corrección llega a este registro con el siguiente envío del estado, casi siempre esa noche.",
    ));
}

/// The kinds of data that there are, with the states that sent them.
fn held(record: &ConsolidatedRecord, language: Language) -> String {
    let states: BTreeSet<&str> = record.states.iter().map(|state| state.name.as_str()).collect();
    let kinds = [
        (
            true,
            language.of(
                "names, birth date, parents",
                "nombres, fecha de nacimiento, padres",
            ),
        ),
        (
            !record.enrollments.is_empty(),
            language.of("enrollments", "inscripciones"),
        ),
        (
            !record.courses.is_empty(),
            language.of("courses and credits", "cursos y créditos"),
        ),
        (
            !record.immunizations.is_empty(),
            language.of("vaccines", "vacunas"),
        ),
        (
            !record.assessments.is_empty(),
            language.of("test results", "resultados de exámenes"),
        ),
        (
            !record.qualifying_moves.is_empty(),
            language.of("moves", "mudanzas"),
        ),
        (
            !record.alerts.is_empty(),
            language.of("whom to ask at the school", "a quién preguntar en la escuela"),
        ),
    ];
    let kinds: Vec<&str> = kinds
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, kind)| kind)
        .collect();
    let states: Vec<&str> = states.into_iter().collect();
    let held = format!(
        "{} {} {}.",
        super::words::sentence(&kinds.join(", ")),
        language.of("from", "de"),
        states.join(", ")
    );
    // What it says is on the printed record: a card is carried for years, and this holds until the next upload.
    let handing_off: BTreeSet<&str> = record.hand_offs.iter().map(|of| of.source.state.name()).collect();
    if handing_off.is_empty() {
        return held;
    }
    let states = handing_off.into_iter().collect::<Vec<_>>().join(", ");
    language.of(
        format!("{held} Not confirmed: what a school of {states} said when your child was leaving."),
        format!("{held} Sin confirmar: lo que dijo una escuela de {states} cuando su hijo o hija se iba."),
    )
}
