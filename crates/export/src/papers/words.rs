//! Dates and codes in both languages of the papers. What schools and states wrote stays as they wrote it.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use records::Coded;
use records::courses::CourseStatus;
use records::plan::{Missing, Subject};
use store::Purpose;

use crate::pdf::Language;

const SPANISH_MONTHS: [&str; 12] = [
    "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic",
];

/// A day: `Aug 23, 2026`, `23 ago 2026`; never broken over two lines.
pub(crate) fn day(language: Language, date: NaiveDate) -> String {
    language.of(
        format!("{}\u{a0}{},\u{a0}{}", date.format("%b"), date.day(), date.year()),
        format!(
            "{}\u{a0}{}\u{a0}{}",
            date.day(),
            SPANISH_MONTHS[date.month0() as usize],
            date.year()
        ),
    )
}

/// A day that may be missing; a dash then.
pub(crate) fn day_or_dash(language: Language, date: Option<NaiveDate>) -> String {
    date.map_or_else(|| "–".to_owned(), |date| day(language, date))
}

/// An instant: `Aug 23, 2026, 14:05 UTC`.
pub(crate) fn instant(language: Language, at: DateTime<Utc>) -> String {
    format!("{}, {} UTC", day(language, at.date_naive()), at.format("%H:%M"))
}

/// A month as records gives it (`2025-05`): `May 2025`, `may 2025`.
pub(crate) fn month(language: Language, text: &str) -> String {
    NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_or_else(
        |_| text.to_owned(),
        |first| {
            language.of(
                first.format("%b %Y").to_string(),
                format!("{} {}", SPANISH_MONTHS[first.month0() as usize], first.year()),
            )
        },
    )
}

/// With a capital first letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What there is of partial work in a course: grade and clock hours to date.
pub(crate) fn so_far(language: Language, grade: Option<&str>, hours: Option<&str>) -> Vec<String> {
    let grade = grade.map(|grade| language.of(format!("{grade} to date"), format!("{grade} hasta la fecha")));
    let hours =
        hours.map(|hours| language.of(format!("{hours} clock hours"), format!("{hours} horas reloj")));
    [grade, hours].into_iter().flatten().collect()
}

/// A flag.
pub(crate) fn yes_no(language: Language, yes: bool) -> &'static str {
    if yes { language.of("Yes", "Sí") } else { "No" }
}

/// A code in words, as a sentence begins.
pub(crate) fn coded(language: Language, set: Set, code: &Coded) -> String {
    match language {
        Language::English => sentence(&code.label),
        Language::Spanish => sentence(spanish(set, &code.code).unwrap_or(&code.label)),
    }
}

/// The code sets whose codes stand on papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Grade,
    Gender,
    Enrollment,
    Alert,
    Role,
    Result,
}

fn spanish(set: Set, code: &str) -> Option<&'static str> {
    Some(match (set, code) {
        (Set::Grade, "P0") => "menor de 1 año, sin preescolar",
        (Set::Grade, "P1") => "1 año, sin preescolar",
        (Set::Grade, "P2") => "2 años, sin preescolar",
        (Set::Grade, "P3") => "3 años, sin preescolar",
        (Set::Grade, "P4") => "4 años, sin preescolar",
        (Set::Grade, "P5") => "5 años, sin preescolar",
        (Set::Grade, "PS") => "preescolar",
        (Set::Grade, "KG") => "kínder",
        (Set::Grade, "01") => "grado 1",
        (Set::Grade, "02") => "grado 2",
        (Set::Grade, "03") => "grado 3",
        (Set::Grade, "04") => "grado 4",
        (Set::Grade, "05") => "grado 5",
        (Set::Grade, "06") => "grado 6",
        (Set::Grade, "07") => "grado 7",
        (Set::Grade, "08") => "grado 8",
        (Set::Grade, "09") => "grado 9",
        (Set::Grade, "10") => "grado 10",
        (Set::Grade, "11") => "grado 11",
        (Set::Grade, "12") => "grado 12",
        (Set::Grade, "UG") => "sin grado",
        (Set::Grade, "00") => "fuera de la escuela",
        (Set::Gender, "Female") => "femenino",
        (Set::Gender, "Male") => "masculino",
        (Set::Gender, "Other") | (Set::Role, "OTHER") | (Set::Result, "9999") => "otro",
        (Set::Enrollment, "01") => "programa escolar básico",
        (Set::Enrollment, "02") => "proyecto migrante del ciclo regular",
        (Set::Enrollment, "03") => "proyecto migrante de verano o entre ciclos",
        (Set::Enrollment, "04") => "proyecto migrante de todo el año",
        (Set::Enrollment, "05") => "programa escolar básico y proyecto migrante del ciclo regular",
        (Set::Enrollment, "06") => "solo residencia",
        (Set::Alert, "ED") => "educativa",
        (Set::Alert, "MED") => "médica",
        (Set::Role, "NURSE") => "enfermería escolar",
        (Set::Role, "COUNSELOR") => "consejería",
        (Set::Role, "REGISTRAR") => "registro escolar",
        (Set::Role, "MEP") => "programa de educación migrante",
        (Set::Result, "0144") => "calificación con letra",
        (Set::Result, "0490") => "edad equivalente",
        (Set::Result, "0493") => "grado equivalente",
        (Set::Result, "0499") => "puntuación",
        (Set::Result, "0500") => "aprobado o no",
        (Set::Result, "0503") => "nivel de dominio",
        (Set::Result, "0512") => "nivel de logro o dominio",
        (Set::Result, "2003:02") => "percentil",
        (Set::Result, "2003:04") => "equivalente de curva normal",
        (Set::Result, "2003:05") => "secciones completadas",
        _ => return None,
    })
}

/// The value of an element of who the child is: a code in words, anything else as it was sent. `label` is the code in
/// English.
pub(crate) fn element_value(language: Language, column: &str, value: &str, label: Option<&str>) -> String {
    let code = || Coded {
        code: value.to_owned(),
        label: label.unwrap_or(value).to_owned(),
    };
    match column {
        "gender" => coded(language, Set::Gender, &code()),
        "birth_country" => country(language, value, label.unwrap_or(value)).to_owned(),
        "multiple_birth" => yes_no(language, value == "yes").to_owned(),
        _ => label.map_or_else(|| value.to_owned(), sentence),
    }
}

/// What a child of its grade usually has and this one has not.
pub(crate) fn missing_for_grade(language: Language, missing: &Missing) -> String {
    match (language, missing) {
        (Language::English, missing) => missing.to_string(),
        (Language::Spanish, Missing::Algebra1 { grade }) => {
            format!("Grado {grade} sin Álgebra 1 o un curso equivalente.")
        }
        (
            Language::Spanish,
            Missing::Units {
                earned,
                required,
                usual,
            },
        ) => format!(
            "{earned} de {required} unidades; una cuarta parte por cada año terminado de preparatoria serían {usual}."
        ),
    }
}

/// The kinds of graduation credits.
pub(crate) fn subject(language: Language, subject: Subject) -> &'static str {
    let spanish = match subject {
        Subject::English => "Inglés",
        Subject::Mathematics => "Matemáticas",
        Subject::Science => "Ciencias",
        Subject::SocialStudies => "Estudios sociales",
        Subject::WorldLanguages => "Idiomas",
        Subject::Arts => "Artes",
        Subject::PhysicalEducation => "Educación física y salud",
        Subject::CareerTechnical => "Educación técnica y profesional",
        Subject::Elective => "Optativas",
    };
    language.of(subject.name(), spanish)
}

/// The name of a group of vaccines, in English as records has it.
pub(crate) fn vaccines<'a>(language: Language, group: &str, english: &'a str) -> &'a str {
    if language == Language::English {
        return english;
    }
    match group {
        "HEPB" => "Hepatitis B",
        "ROTAVIRUS" => "Rotavirus",
        "DTAP" => "Difteria, tétanos, tos ferina",
        "TD" => "Tétanos, difteria (refuerzo)",
        "HIB" => "Haemophilus influenzae tipo b",
        "PNEUMO" => "Neumococo",
        "POLIO" => "Polio",
        "MMR" => "Sarampión, paperas, rubéola",
        "VARICELLA" => "Varicela",
        "HEPA" => "Hepatitis A",
        "MENACWY" => "Meningococo ACWY",
        "MENB" => "Meningococo B",
        "HPV" => "Virus del papiloma humano",
        "FLU" => "Influenza",
        "COVID19" => "COVID-19",
        "RSV" => "Virus sincitial respiratorio",
        "OTHER" => "Otras",
        _ => english,
    }
}

/// How far a course is, where there is no grade to say it.
pub(crate) fn course(language: Language, status: CourseStatus) -> &'static str {
    match status {
        CourseStatus::Completed => language.of("Completed", "Terminado"),
        CourseStatus::Partial => language.of("Partial work", "Trabajo parcial"),
        CourseStatus::Unclear => language.of("Unclear: ask the school", "Poco claro: pregunte a la escuela"),
        CourseStatus::InProgress => language.of("In progress", "En curso"),
    }
}

/// Why somebody printed a paper.
pub(crate) fn purpose(language: Language, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Enroll => language.of("enroll the child", "inscribir al estudiante"),
        Purpose::Place => language.of(
            "place the child in grade and courses",
            "ubicarlo en grado y materias",
        ),
        Purpose::Credit => language.of("count credits", "contar créditos"),
        Purpose::Eligibility => language.of("find out eligibility", "conocer su elegibilidad"),
        Purpose::Program => language.of("run the migrant program", "administrar el programa migrante"),
    }
}

/// A country that many of the children come from; others by their English name.
pub(crate) fn country<'a>(language: Language, code: &str, english: &'a str) -> &'a str {
    match (language, code) {
        (Language::Spanish, "US") => "Estados Unidos",
        (Language::Spanish, "MX") => "México",
        (Language::Spanish, "HT") => "Haití",
        (Language::Spanish, "CA") => "Canadá",
        (Language::Spanish, "DO") => "República Dominicana",
        (Language::Spanish, "PE") => "Perú",
        (Language::Spanish, "PA") => "Panamá",
        (Language::Spanish, "BR") => "Brasil",
        (Language::Spanish, "BZ") => "Belice",
        (Language::Spanish, "ES") => "España",
        (Language::Spanish, "FM") => "Micronesia",
        (Language::Spanish, "MH") => "Islas Marshall",
        (Language::Spanish, "MM") => "Birmania",
        (Language::Spanish, "PH") => "Filipinas",
        (Language::Spanish, "SO") => "Somalia",
        (Language::Spanish, "TH") => "Tailandia",
        (Language::Spanish, "VN") => "Vietnam",
        _ => english,
    }
}

#[cfg(test)]
mod tests {
    use mde::code::{AlertKind, Codes, ContactRole, EnrollmentType, Gender, Grade, ResultType};

    use super::*;

    #[test]
    fn every_code_on_a_paper_has_spanish_words() {
        fn every<C: Codes>(set: Set) {
            for row in C::rows() {
                assert!(spanish(set, row.stored).is_some(), "{set:?} {}", row.stored);
            }
        }
        every::<Grade>(Set::Grade);
        every::<Gender>(Set::Gender);
        every::<EnrollmentType>(Set::Enrollment);
        every::<AlertKind>(Set::Alert);
        every::<ContactRole>(Set::Role);
        every::<ResultType>(Set::Result);
    }

    #[test]
    fn dates_read_well() {
        let date = NaiveDate::from_ymd_opt(2026, 8, 3).unwrap();
        assert_eq!(day(Language::English, date), "Aug\u{a0}3,\u{a0}2026");
        assert_eq!(day(Language::Spanish, date), "3\u{a0}ago\u{a0}2026");
        assert_eq!(month(Language::Spanish, "2025-05"), "may 2025");
        assert_eq!(month(Language::English, "spring"), "spring");
    }
}
