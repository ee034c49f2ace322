//! What a school says of a child that leaves, plainly as what it is: a note that nobody has confirmed.

use records::ConsolidatedRecord;
use records::hand_offs::{CourseSoFar, HandOffEntry};

use super::words::{day, so_far};
use crate::pdf::{Language, Paper};

/// The hand-offs of a record: who says what, of when, and that it is no part of it.
pub(super) fn write(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    for of in &record.hand_offs {
        let (state, said) = (of.source.state.name(), day(language, of.written_at.date_naive()));
        paper.heading(language.of(
            format!("Not confirmed: what a school of {state} says, {said}"),
            format!("Sin confirmar: lo que dice una escuela de {state}, {said}"),
        ));
        paper.facts(facts(of, language));
        paper.paragraph(language.of(
            "This is no part of the record and counts nowhere. The state’s next upload of this child takes its place.",
            "Esto no es parte del registro y no cuenta para nada. Lo sustituye el siguiente envío del estado sobre este estudiante.",
        ));
    }
}

fn facts(of: &HandOffEntry, language: Language) -> Vec<(&'static str, String)> {
    let state = of.to_state.map(|state| state.name().to_owned());
    let place: Vec<String> = [of.to_place.clone(), state].into_iter().flatten().collect();
    let courses: Vec<String> = of.courses.iter().map(|of| course(of, language)).collect();
    let facts = [
        (
            language.of("Last day at school", "Último día en la escuela"),
            of.last_day.map(|last| day(language, last)),
        ),
        (language.of("Goes to", "Va a"), Some(place.join(", "))),
        (
            language.of("Work under way", "Trabajo en curso"),
            Some(courses.join("; ")),
        ),
        (language.of("They say", "Dicen"), of.note.clone()),
        (
            language.of("Whom to ask", "A quién preguntar"),
            of.contact.clone(),
        ),
    ];
    facts
        .into_iter()
        .filter_map(|(label, value)| Some((label, value.filter(|text| !text.is_empty())?)))
        .collect()
}

fn course(of: &CourseSoFar, language: Language) -> String {
    let parts = so_far(language, of.grade_to_date.as_deref(), of.clock_hours.as_deref());
    format!("{}: {}", of.title, parts.join(", "))
}
