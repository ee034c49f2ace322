//! The consolidated record on paper: one page where it fits, what a counselor needs first.

use std::collections::BTreeSet;

use mde::PartKind;
use records::ConsolidatedRecord;
use records::courses::CourseEntry;
use records::enrollments::EnrollmentEntry;
use records::immunizations::{Dose, VaccineGroup};
use records::plan::Basis;
use records::source::Source;

use super::hand_off;
use super::words::{
    Set, coded, course, day, day_or_dash, element_value, instant, missing_for_grade, month, so_far, subject,
    vaccines, yes_no,
};
use crate::pdf::{Column, Language, Paper, Table};

pub(super) fn write(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    alerts(record, language, paper);
    paper.facts(facts(record, language));
    disagreements(record, language, paper);
    statements(record, &PartKind::ALL, language, paper);
    hand_off::write(record, language, paper);
    enrollments(record, language, paper);
    plan(record, language, paper);
    courses(record, language, paper);
    immunizations(record, language, paper);
    assessments(record, language, paper);
    eligibility(record, language, paper);
}

/// The states of the sources, each once.
fn states(sources: &[Source]) -> String {
    let states: BTreeSet<&str> = sources.iter().map(|source| source.state.as_str()).collect();
    states.into_iter().collect::<Vec<_>>().join(", ")
}

/// What to write behind a fact that no state reports any more.
fn gone(language: Language, sources: &[Source]) -> &'static str {
    if sources.iter().any(|source| source.live) {
        ""
    } else {
        language.of(" (no longer reported)", " (ya no se reporta)")
    }
}

/// That there is something to know and whom to ask, never what it is.
fn alerts(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    let open = record
        .alerts
        .iter()
        .filter(|alert| alert.open && alert.source.live);
    for alert in open {
        let kind = coded(language, Set::Alert, &alert.kind);
        let role = alert
            .contact_role
            .as_ref()
            .map(|role| coded(language, Set::Role, role));
        let whom: Vec<String> = [alert.contact_name.clone(), role, alert.contact_phone.clone()]
            .into_iter()
            .flatten()
            .collect();
        let whom = if whom.is_empty() {
            language.of("the school", "a la escuela").to_owned()
        } else {
            whom.join(", ")
        };
        let state = alert.source.state.name();
        paper.strong(language.of(
            format!("{kind} alert ({state}): ask {whom}."),
            format!("Alerta {} ({state}): pregunte a {whom}.", kind.to_lowercase()),
        ));
    }
}

fn facts(record: &ConsolidatedRecord, language: Language) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            facts.push((label.to_owned(), value));
        }
    };
    let s = &record.summary;
    let text = |column: &str| {
        record
            .element(column)
            .map(|e| e.value.clone())
            .unwrap_or_default()
    };
    let code = |column: &str| {
        record
            .element(column)
            .map(|e| element_value(language, column, &e.value, e.label.as_deref()))
            .unwrap_or_default()
    };
    fact(
        language.of("Birth date", "Fecha de nacimiento"),
        s.birth_date.map_or_else(
            || language.of("Not known", "No se sabe").to_owned(),
            |date| day(language, date),
        ),
    );
    fact(language.of("Sex", "Sexo"), code("gender"));
    let born: Vec<String> = [text("birth_city"), text("birth_state"), code("birth_country")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    fact(language.of("Born in", "Nació en"), born.join(", "));
    if text("multiple_birth") == "yes" {
        fact(
            language.of("Twin or other multiple birth", "Gemelo o parto múltiple"),
            yes_no(language, true).to_owned(),
        );
    }
    for (label, first, last, phone) in [
        (
            language.of("Parent 1", "Madre o padre 1"),
            "parent1_first_name",
            "parent1_last_name",
            "parent1_phone",
        ),
        (
            language.of("Parent 2", "Madre o padre 2"),
            "parent2_first_name",
            "parent2_last_name",
            "parent2_phone",
        ),
        (
            language.of("Guardian", "Tutor"),
            "guardian_first_name",
            "guardian_last_name",
            "",
        ),
    ] {
        let name: Vec<String> = [text(first), text(last), text(phone)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        fact(label, name.join(" "));
    }
    fact(
        language.of("Last grade", "Último grado"),
        s.grade
            .as_ref()
            .map_or_else(|| "–".to_owned(), |grade| coded(language, Set::Grade, grade)),
    );
    let eligible: Vec<&str> = s.eligible_in.iter().map(|state| state.name()).collect();
    fact(
        language.of("Eligible today in", "Elegible hoy en"),
        if eligible.is_empty() {
            language.of("No state", "Ningún estado").to_owned()
        } else {
            eligible.join(", ")
        },
    );
    if let Some(priority) = s.priority_for_services {
        fact(
            language.of("Priority for services", "Prioridad de servicios"),
            yes_no(language, priority).to_owned(),
        );
    }
    if let Some(school) = &record.graduation_school {
        fact(
            language.of("To graduate from", "Se graduará de"),
            format!("{} ({})", school.facility.title(), school.facility.state),
        );
    }
    facts
}

/// By which paper a birth date was proved. Schools look at different ones, which contradicts nothing; and of some papers
/// a family would not want a stranger to read.
const PROOF: &str = "birth_verification";

/// What states say differently of who the child is, beyond spelling.
fn disagreements(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    let said = |column: &str, value: &str, label: Option<&str>| match value.parse() {
        Ok(date) => day(language, date),
        Err(_) => element_value(language, column, value, label),
    };
    let differing: Vec<String> = record
        .identity
        .iter()
        .filter(|item| item.column != PROOF)
        .filter_map(|item| {
            let others: Vec<String> = item
                .others
                .iter()
                .filter(|other| !other.spelling_only && other.sources.iter().any(|s| s.live))
                .map(|other| {
                    format!(
                        "{} ({})",
                        said(&item.column, &other.value, other.label.as_deref()),
                        states(&other.sources)
                    )
                })
                .collect();
            let (name, value) = (
                element(language, &item.column, &item.name),
                said(&item.column, &item.value, item.label.as_deref()),
            );
            (!others.is_empty())
                .then(|| format!("{name}: {value} ({}), {}", item.source.state, others.join(", ")))
        })
        .collect();
    if !differing.is_empty() {
        let says = language.of("States disagree. ", "Los estados no coinciden. ");
        paper.strong(format!("{says}{}.", differing.join("; ")));
    }
}

/// What families have stated against what the records of states say in these parts: it goes wherever that goes (34 CFR
/// 99.21(c)).
pub(super) fn statements(
    record: &ConsolidatedRecord,
    parts: &[PartKind],
    language: Language,
    paper: &mut Paper,
) {
    for of in record.statements.iter().filter(|of| of.is_about(parts)) {
        let (state, said) = (of.source.state.name(), &of.says);
        let stated = day(language, of.stated_at.date_naive());
        let about = match (&of.column, &of.name) {
            (Some(column), Some(name)) => element(language, column, name),
            _ => language.of("The record", "El registro"),
        };
        paper.strong(language.of(
            format!("The family disagrees with {state}. {about}: “{said}”. Its statement of {stated}:"),
            format!(
                "La familia no está de acuerdo con {state}. {about}: “{said}”. Su declaración del {stated}:"
            ),
        ));
        for line in of.statement.lines().filter(|line| !line.trim().is_empty()) {
            paper.paragraph(line);
        }
    }
}

/// The name of an element in which states may disagree, else as the dictionary has it.
fn element<'n>(language: Language, column: &str, dictionary: &'n str) -> &'n str {
    let (english, spanish) = match column {
        "last_name_1" => ("Last name", "Apellido paterno"),
        "last_name_2" => ("Second last name", "Apellido materno"),
        "first_name" => ("First name", "Nombre"),
        "middle_name" => ("Middle name", "Segundo nombre"),
        "generation" => ("Suffix", "Generación"),
        "gender" => ("Sex", "Sexo"),
        "birth_date" => ("Birth date", "Fecha de nacimiento"),
        "birth_city" => ("City of birth", "Ciudad de nacimiento"),
        "birth_state" => ("State of birth", "Estado de nacimiento"),
        "birth_country" => ("Country of birth", "País de nacimiento"),
        "multiple_birth" => ("Twin or other multiple birth", "Gemelo o parto múltiple"),
        "parent1_last_name" => ("Parent 1 last name", "Apellido de madre o padre 1"),
        "parent1_first_name" => ("Parent 1 first name", "Nombre de madre o padre 1"),
        "parent2_last_name" => ("Parent 2 last name", "Apellido de madre o padre 2"),
        "parent2_first_name" => ("Parent 2 first name", "Nombre de madre o padre 2"),
        "guardian_last_name" => ("Guardian last name", "Apellido del tutor"),
        "guardian_first_name" => ("Guardian first name", "Nombre del tutor"),
        "parent1_email" | "parent2_email" => ("E-mail", "Correo electrónico"),
        "parent1_phone" | "parent2_phone" => ("Telephone", "Teléfono"),
        _ => (dictionary, dictionary),
    };
    language.of(english, spanish)
}

/// Where an enrollment is.
pub(super) fn place(entry: &EnrollmentEntry) -> String {
    match (&entry.facility, &entry.district_of_residence) {
        (Some(facility), _) => format!("{} ({})", facility.title(), facility.state),
        (None, Some(district)) => format!("{district} ({})", entry.state),
        (None, None) => entry.state.name().to_owned(),
    }
}

fn enrollments(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    paper.heading(language.of("Enrollments", "Inscripciones"));
    let mut table = enrollment_table(language);
    for entry in &record.enrollments {
        enrollment(language, entry, &mut table);
    }
    if table.is_empty() {
        paper.paragraph(language.of("No state reports any.", "Ningún estado reporta ninguna."));
    }
    paper.table(table);
}

pub(super) fn enrollment_table(language: Language) -> Table {
    Table::new([
        Column::text(language.of("From", "Desde"), 1.5),
        Column::text(language.of("To", "Hasta"), 1.5),
        Column::text(language.of("School or project", "Escuela o proyecto"), 5.0),
        Column::text(language.of("Grade", "Grado"), 1.6),
        Column::text(language.of("Kind", "Tipo"), 3.0),
        Column::text(language.of("Reported by", "Lo reporta"), 1.5),
    ])
}

pub(super) fn enrollment(language: Language, entry: &EnrollmentEntry, table: &mut Table) {
    let open = || language.of("open", "vigente").to_owned();
    table.row([
        day(language, entry.start),
        entry.end.map_or_else(open, |end| day(language, end)),
        place(entry),
        entry
            .grade
            .as_ref()
            .map(|grade| coded(language, Set::Grade, grade))
            .unwrap_or_default(),
        entry
            .enrollment_type
            .as_ref()
            .map(|kind| coded(language, Set::Enrollment, kind))
            .unwrap_or_default(),
        format!("{}{}", states(&entry.sources), gone(language, &entry.sources)),
    ]);
}

fn plan(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    let Some(plan) = &record.plan else { return };
    paper.heading(language.of(
        "Credits by subject, in Carnegie units",
        "Créditos por materia, en unidades Carnegie",
    ));
    let measured = match &plan.basis {
        Basis::Own { state } => language.of(
            format!("Against what {} requires of this child.", state.name()),
            format!("Según lo que {} requiere de este estudiante.", state.name()),
        ),
        Basis::Set {
            state,
            place,
            source,
            assumed,
        } => {
            let place = place.as_deref().unwrap_or(state.name());
            let assumed = if *assumed {
                language.of(
                    " It is assumed that the child graduates there.",
                    " Se supone que el estudiante se graduará allí.",
                )
            } else {
                ""
            };
            language.of(
                format!("Against the requirements of {place} ({source}).{assumed}"),
                format!("Según los requisitos de {place} ({source}).{assumed}"),
            )
        }
        Basis::Unknown => language
            .of("No requirements are known.", "No se conocen los requisitos.")
            .to_owned(),
    };
    paper.paragraph(measured);
    let mut table = Table::new([
        Column::text(language.of("Subject", "Materia"), 4.0),
        Column::number(language.of("Required", "Requeridos"), 1.5),
        Column::number(language.of("Earned", "Obtenidos"), 1.5),
        Column::number(language.of("In progress", "En curso"), 1.5),
        Column::number(language.of("Clock hours", "Horas reloj"), 1.5),
        Column::number(language.of("Still needed", "Faltan"), 1.5),
    ]);
    let dash = || "–".to_owned();
    for of in &plan.subjects {
        let from_others = of.from_other_subjects.as_ref().map(|spare| {
            language.of(
                format!(" (and {spare} from other subjects)"),
                format!(" (y {spare} de otras materias)"),
            )
        });
        table.row([
            format!(
                "{}{}",
                subject(language, of.subject),
                from_others.unwrap_or_default()
            ),
            of.required.clone().unwrap_or_else(dash),
            of.earned.clone(),
            of.in_progress.to_string(),
            of.hours.clone(),
            of.needed.clone().unwrap_or_else(dash),
        ]);
    }
    table.total([
        language.of("In all", "En total").to_owned(),
        plan.required.clone().unwrap_or_else(dash),
        plan.earned.clone(),
        String::new(),
        String::new(),
        plan.needed.clone().unwrap_or_else(dash),
    ]);
    paper.table(table);
    for missing in &plan.missing_for_grade {
        paper.strong(missing_for_grade(language, missing));
    }
}

fn courses(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    if record.courses.is_empty() {
        return;
    }
    paper.heading(language.of("Courses", "Cursos"));
    let mut table = Table::new([
        Column::text(language.of("Course", "Curso"), 3.6),
        Column::text(language.of("Year, part", "Año, parte"), 2.2),
        Column::text(language.of("School", "Escuela"), 3.8),
        Column::text(language.of("Result", "Resultado"), 3.2),
        Column::number(language.of("Credits", "Créditos"), 1.0),
    ]);
    for entry in &record.courses {
        table.row([
            entry.title.clone(),
            when(language, entry),
            entry.facility.as_ref().map_or_else(
                || entry.state.name().to_owned(),
                |facility| format!("{} ({})", facility.title(), facility.state),
            ),
            result(language, entry),
            entry.credits.clone().unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    paper.table(table);
}

/// School year and the part of it: `2024-2025, section A`.
fn when(language: Language, entry: &CourseEntry) -> String {
    let section = match entry.section.as_ref().map(|section| section.code.as_str()) {
        Some("01") => Some(language.of("full year", "año completo")),
        Some("02") => Some(language.of("section A", "sección A")),
        Some("03") => Some(language.of("section B", "sección B")),
        _ => None,
    };
    let parts = [entry.school_year.as_deref(), section];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The final grade, or how far the course is; and what there is of partial work, which is no credit.
fn result(language: Language, entry: &CourseEntry) -> String {
    let status = || course(language, entry.status).to_owned();
    let mut parts = vec![entry.final_grade.clone().unwrap_or_else(status)];
    parts.extend(so_far(
        language,
        entry.grade_to_date.as_deref(),
        entry.clock_hours.as_deref(),
    ));
    format!("{}{}", parts.join(", "), gone(language, &entry.sources))
}

fn immunizations(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    paper.heading(language.of("Immunizations", "Vacunas"));
    let mut table = Table::new([
        Column::text(language.of("Vaccine", "Vacuna"), 3.0),
        Column::text(language.of("Doses", "Dosis"), 8.0),
    ]);
    let mut near = false;
    for group in &record.immunizations {
        near |= group.doses.iter().any(|dose| dose.near_another);
        table.row([
            vaccines(language, &group.group, &group.name).to_owned(),
            doses(language, group),
        ]);
    }
    if table.is_empty() {
        paper.paragraph(language.of("No state reports any.", "Ningún estado reporta ninguna."));
    }
    paper.table(table);
    if near {
        paper.paragraph(language.of(
            "* Near another date: perhaps the same dose.",
            "* Cerca de otra fecha: quizá la misma dosis.",
        ));
    }
}

/// The doses of a group, with who reports them; once, where that is the same of all.
fn doses(language: Language, group: &VaccineGroup) -> String {
    let by = |dose: &Dose| format!(" ({}){}", states(&dose.sources), gone(language, &dose.sources));
    let same = group.doses.windows(2).all(|pair| by(&pair[0]) == by(&pair[1]));
    let last = group.doses.len().saturating_sub(1);
    let texts = group.doses.iter().enumerate().map(|(index, dose)| {
        let date = match dose.date {
            Some(date) => day(language, date),
            None => language
                .of("on record, no date", "registrada, sin fecha")
                .to_owned(),
        };
        // What belongs to no group is told by its name.
        let name = if group.group == "OTHER" {
            format!("{}: ", dose.vaccines.join(", "))
        } else {
            String::new()
        };
        let near = if dose.near_another { "*" } else { "" };
        let by = if same && index < last {
            String::new()
        } else {
            by(dose)
        };
        format!("{name}{date}{near}{by}")
    });
    texts.collect::<Vec<_>>().join(" · ")
}

fn assessments(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    if record.assessments.is_empty() {
        return;
    }
    paper.heading(language.of("Assessments", "Evaluaciones"));
    let mut table = Table::new([
        Column::text(language.of("Assessment", "Evaluación"), 5.0),
        Column::text(language.of("When", "Cuándo"), 1.5),
        Column::text(language.of("Result", "Resultado"), 4.0),
        Column::text(language.of("Reported by", "Lo reporta"), 2.0),
    ]);
    for entry in &record.assessments {
        let name: Vec<&str> = [Some(entry.name.as_str()), entry.content.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let scale = entry
            .result_type
            .as_ref()
            .map(|scale| format!("({})", coded(language, Set::Result, scale).to_lowercase()));
        let result: Vec<String> = [entry.result.clone(), scale, entry.interpretation.clone()]
            .into_iter()
            .flatten()
            .collect();
        table.row([
            name.join(", "),
            entry
                .month
                .as_deref()
                .map(|text| month(language, text))
                .unwrap_or_default(),
            result.join(" "),
            format!("{}{}", states(&entry.sources), gone(language, &entry.sources)),
        ]);
    }
    paper.table(table);
}

fn eligibility(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    paper.heading(language.of("Migrant program", "Programa migrante"));
    if record.qualifying_moves.is_empty() {
        paper.paragraph(language.of(
            "No state has certified a qualifying move.",
            "Ningún estado ha certificado una mudanza que califica.",
        ));
    }
    let mut states = Vec::new();
    for of in &record.eligibility {
        let (state, ends) = (of.state.name(), day(language, of.ends));
        let today = if of.eligible_today {
            language.of("Eligible", "Elegible")
        } else {
            language.of("Not eligible today", "Hoy no es elegible")
        };
        let until = language.of("last day", "último día");
        states.push(format!("{state}: {today}, {until} {ends}."));
    }
    if !states.is_empty() {
        paper.paragraph(states.join(" "));
    }
    let mut table = Table::new([
        Column::text(language.of("Qualifying arrival", "Llegada que califica"), 2.0),
        Column::text(language.of("From", "Desde"), 3.0),
        Column::text(language.of("To", "Hasta"), 3.0),
        Column::text(language.of("Residency", "Residencia"), 1.6),
        Column::text(language.of("Certified by", "Certificada por"), 2.4),
    ]);
    for entry in &record.qualifying_moves {
        let void = entry.void_date.map(|date| {
            let date = day(language, date);
            language.of(format!(" (void since {date})"), format!(" (anulada el {date})"))
        });
        table.row([
            day(language, entry.qualifying_arrival_date),
            entry.from.clone().unwrap_or_default(),
            entry.to.clone().unwrap_or_default(),
            day_or_dash(language, entry.residency_date),
            format!("{}{}", entry.source.state.name(), void.unwrap_or_default()),
        ]);
    }
    paper.table(table);
}

/// From whom the record is, and how fresh.
pub(super) fn sources(record: &ConsolidatedRecord, language: Language, paper: &mut Paper) {
    paper.heading(language.of("Sources", "Fuentes"));
    for source in &record.sources {
        let since = || day(language, source.status_since.date_naive());
        let status = match source.status.as_str() {
            "live" => String::new(),
            "deleted" => language.of(
                format!("; deleted by the state on {}", since()),
                format!("; borrado por el estado el {}", since()),
            ),
            _ => language.of(
                format!("; no longer reported since {}", since()),
                format!("; ya no se reporta desde el {}", since()),
            ),
        };
        let (state, number) = (source.source.state.name(), &source.source.state_student_id);
        let as_of = instant(language, source.source.as_of);
        paper.paragraph(language.of(
            format!("{state}, student no. {number}: data of {as_of}{status}."),
            format!("{state}, estudiante n.º {number}: datos del {as_of}{status}."),
        ));
    }
}

/// What a record is not.
pub(super) fn no_transcript(language: Language, paper: &mut Paper) {
    paper.paragraph(language.of(
        "A summary of what these states sent, no official transcript: ask the schools for one. Credits are as the schools granted them.",
        "Un resumen de lo que estos estados enviaron; no es un certificado oficial de estudios: pídalo a las escuelas. Los créditos son los que otorgaron las escuelas.",
    ));
}
