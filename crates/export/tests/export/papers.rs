//! Papers as people get them: what stands on them, in which order, on how many pages, for whatever is in a record.

use std::collections::HashMap;
use std::process::Command;

use export::papers::{CheckCode, CheckPage, Draft, Imprint, Kind, draft};
use export::pdf::Language;
use mde::{Draft as _, Part, StateCode, Student, Value as _, ValueContext};
use records::ConsolidatedRecord;
use store::Purpose;
use store::hand_offs::{HandOff, HandedCourse};
use store::persons::Statement;

use crate::children::{self, day, held, person};

pub(crate) fn imprint() -> Imprint {
    Imprint {
        by: "counselor@mission.example".into(),
        at: "2026-04-10T15:04:00Z".parse().unwrap(),
        purpose: Purpose::Enroll,
        code: CheckCode::of([7, 31, 5, 200, 17, 90, 3, 250]),
        check_page: Some(CheckPage::of_hub("https://hub.example").unwrap()),
    }
}

pub(crate) fn printed(record: &ConsolidatedRecord, kind: Kind, language: Language) -> Vec<u8> {
    drafted(record, kind, language).signed(&imprint()).pdf().unwrap()
}

fn drafted(record: &ConsolidatedRecord, kind: Kind, language: Language) -> Draft {
    draft(record, kind, language, None)
}

/// The text of a PDF in the order in which it is read, lines and words brought together, as poppler has it; `None` where
/// poppler is not installed.
pub(crate) fn text(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, pdf).unwrap();
    let Ok(output) = Command::new("pdftotext")
        .args(["-raw"])
        .arg(&path)
        .arg("-")
        .output()
    else {
        println!("poppler is not installed; the text was not read");
        return None;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The structure of a PDF, as poppler has it.
pub(crate) fn structure(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdfinfo").arg("-struct").arg(&path).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn row<P: Part>(values: &[(&str, &str)]) -> P {
    let mut draft = P::Draft::default();
    for (column, text) in values {
        let field = P::FIELDS.iter().position(|f| f.column == *column).expect(column);
        draft.set(field, text, ValueContext::default()).unwrap();
    }
    draft.finish().unwrap()
}

fn student(values: &[(&str, &str)]) -> Student {
    let mut all = vec![("state_student_id", "0042"), ("birth_date", "2009-11-30")];
    for default in [("last_name_1", "Xicoténcatl"), ("first_name", "Citlali")] {
        if !values.iter().any(|v| v.0 == default.0) {
            all.push(default);
        }
    }
    all.extend(values);
    Student::new(row(&all))
}

fn record(students: Vec<(&str, Student)>) -> ConsolidatedRecord {
    let as_of = "2026-04-01T02:00:00Z".parse().unwrap();
    let students = students
        .into_iter()
        .map(|(state, student)| held(StateCode::new(state).unwrap(), as_of, student))
        .collect();
    records::consolidate(&person(1, students, &HashMap::new()), day("2026-04-10"))
}

/// A person whose students are all gone.
pub(crate) fn nobody() -> ConsolidatedRecord {
    record(Vec::new())
}

/// A child of two states with some of everything.
pub(crate) fn some_of_everything() -> ConsolidatedRecord {
    let mut texas = student(&[
        ("last_name_2", "Ruiz"),
        ("gender", "Female"),
        ("birth_country", "MX"),
        ("birth_city", "Tlaxcala"),
        ("parent1_last_name", "Ruiz"),
        ("parent1_first_name", "Inés"),
        ("parent1_phone", "956-555-0111"),
    ]);
    texas.qualifying_moves = vec![row(&[
        ("qualifying_arrival_date", "2025-08-15"),
        ("from_city", "Bakersfield"),
        ("from_state", "CA"),
        ("to_city", "Mission"),
        ("to_state", "TX"),
        ("residency_date", "2025-08-15"),
    ])];
    texas.enrollments = vec![row(&[
        ("school_or_project_name", "Mission High School"),
        ("enrollment_date", "2025-08-20"),
        ("enrollment_type", "01"),
        ("grade", "10"),
        ("priority_for_services", "Y"),
    ])];
    texas.courses = vec![
        row(&[
            ("title", "Geometry"),
            ("subject_area", "Mathematics"),
            ("begin_academic_year", "2025"),
            ("section", "02"),
            ("final_grade", "B"),
            ("credits", "0.5"),
        ]),
        row(&[
            ("title", "Biology"),
            ("begin_academic_year", "2025"),
            ("grade_to_date", "C"),
            ("clock_hours", "41"),
        ]),
    ];
    texas.immunizations = vec![
        row(&[("vaccine", "MMR"), ("cvx", "03"), ("date", "2010-12-02")]),
        row(&[("vaccine", "Polio"), ("cvx", "10")]),
    ];
    texas.assessments = vec![row(&[
        ("name", "STAAR Algebra I"),
        ("month", "2025-05"),
        ("result", "4012"),
        ("result_type", "0499"),
    ])];
    texas.alerts = vec![row(&[
        ("kind", "MED"),
        ("contact_name", "Mr. Bell"),
        ("contact_role", "NURSE"),
        ("contact_phone", "956-555-0199"),
    ])];
    texas.graduation_requirements = vec![row(&[("subject_area", "Mathematics"), ("units", "4")])];
    let mut california = student(&[("last_name_2", "Ruiz"), ("birth_date", "2009-11-03")]);
    california.enrollments = vec![row(&[
        ("school_or_project_name", "Bakersfield High School"),
        ("enrollment_date", "2024-08-12"),
        ("withdrawal_date", "2025-06-20"),
        ("enrollment_type", "01"),
        ("grade", "09"),
    ])];
    california.courses = vec![row(&[
        ("title", "Algebra 1"),
        ("subject_area", "Mathematics"),
        ("begin_academic_year", "2024"),
        ("section", "01"),
        ("final_grade", "A"),
        ("credits", "1"),
    ])];
    california.immunizations = vec![row(&[("vaccine", "MMR"), ("cvx", "03"), ("date", "2010-12-05")])];
    record(vec![("TX", texas), ("CA", california)])
}

/// Where `PAPERS` names a folder, papers are kept there to be looked at.
pub(crate) fn keep(name: &str, pdf: &[u8]) {
    if let Some(folder) = std::env::var_os("PAPERS") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.pdf")), pdf).unwrap();
    }
}

#[test]
fn a_record_says_everything_in_both_languages() {
    let record = some_of_everything();
    let english = printed(&record, Kind::Record, Language::English);
    let spanish = printed(&record, Kind::Record, Language::Spanish);
    keep("record-en", &english);
    keep("record-es", &spanish);
    assert_eq!(
        english,
        printed(&record, Kind::Record, Language::English),
        "the same bytes for the same content"
    );
    assert!(
        english.len() < 60_000,
        "{} bytes: the font is embedded in part",
        english.len()
    );
    let both = [
        "Citlali Xicoténcatl Ruiz",
        "100000000001",
        "Mission High School",
        "Bakersfield High School",
        "Geometry",
        "Algebra 1",
        "1.5",
        "STAAR Algebra I",
        "4012",
        "Mr. Bell",
        "956-555-0199",
        "Inés Ruiz 956-555-0111",
        "counselor@mission.example",
        "https://hub.example/check",
        &imprint().code.to_string(),
    ];
    let only_english = [
        "Nov 30, 2009",
        "Medical alert (Texas): ask Mr. Bell, School nurse",
        "States disagree",
        "Nov 3, 2009 (CA)",
        "Aug 20, 2025 open",
        "Partial work, C to date, 41 clock hours",
        "Dec 2, 2010* (TX) · Dec 5, 2010* (CA)",
        "on record, no date (TX)",
        "(number score)",
        "Mathematics 4 1.5 0 0 2.5",
        "Texas, student no. 0042: data of Apr 1, 2026, 02:00 UTC.",
        "Texas: Eligible, last day Aug 14, 2028",
        "Born in Tlaxcala, Mexico",
        "Priority for services",
        "no official transcript",
        "Page 1 of 1",
    ];
    let only_spanish = [
        "30 nov 2009",
        "Alerta médica (Texas): pregunte a Mr. Bell, Enfermería escolar",
        "Los estados no coinciden",
        "20 ago 2025 vigente",
        "Trabajo parcial, C hasta la fecha, 41 horas reloj",
        "registrada, sin fecha (TX)",
        "Matemáticas 4 1.5 0 0 2.5",
        "Sarampión, paperas, rubéola",
        "Grado 10",
        "Programa escolar básico",
        "México",
        "Página 1 de 1",
    ];
    for (pdf, language) in [(&english, &only_english[..]), (&spanish, &only_spanish[..])] {
        let Some(text) = text(pdf) else { return };
        for part in both.iter().chain(language) {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}

#[test]
fn what_a_family_states_is_on_the_record() {
    let as_of = "2026-04-01T02:00:00Z".parse().unwrap();
    let texas = held(StateCode::new("TX").unwrap(), as_of, student(&[]));
    let mut whole = person(1, vec![texas], &HashMap::new());
    whole.statements = vec![Statement {
        student_id: whole.students[0].student_id,
        element: Some("9".into()),
        says: "November 30, 2009".into(),
        statement: "It was the 29th.\n\nI was there.".into(),
        stated_at: as_of,
    }];
    let record = records::consolidate(&whole, day("2026-04-10"));
    for (language, about) in [
        (
            Language::English,
            "The family disagrees with Texas. Birth date: “November 30, 2009”. Its statement of Apr 1, 2026: It was the 29th. I was there.",
        ),
        (
            Language::Spanish,
            "La familia no está de acuerdo con Texas. Fecha de nacimiento: “November 30, 2009”. Su declaración del 1 abr 2026: It was the 29th. I was there.",
        ),
    ] {
        // Wherever the birth date goes, it goes with it.
        for kind in Kind::ALL {
            if let Some(text) = text(&printed(&record, kind, language)) {
                let text = text.replace('\u{a0}', " ");
                assert!(text.contains(about), "{kind:?}: {text}");
            }
        }
    }
    let transcript = export::transcript::pesc(&record, as_of, "Florida");
    assert!(
        transcript.contains("It was the 29th. I was there."),
        "{transcript}"
    );
    // Of courses the card says nothing.
    whole.statements[0].element = Some("62".into());
    let record = records::consolidate(&whole, day("2026-04-10"));
    for (kind, there) in [(Kind::Record, true), (Kind::FamilyCard, false)] {
        if let Some(text) = text(&printed(&record, kind, Language::English)) {
            assert_eq!(text.contains("It was the 29th."), there, "{kind:?}: {text}");
        }
    }
    whole.statements[0].element = Some("9".into());
    let record = records::consolidate(&whole, day("2026-04-10"));
    let xml = export::xml::record(&record).unwrap();
    assert!(
        xml.contains("<column>birth_date</column>") && xml.contains("It was the 29th."),
        "{xml}"
    );
}

#[test]
fn what_a_school_hands_off_is_on_the_record_as_not_confirmed() {
    let as_of = "2026-04-01T02:00:00Z".parse().unwrap();
    let texas = held(StateCode::new("TX").unwrap(), as_of, student(&[]));
    let mut whole = person(1, vec![texas], &HashMap::new());
    let plain = records::consolidate(&whole, day("2026-04-10"));
    whole.hand_offs = vec![HandOff {
        hand_off_id: 1,
        student_id: whole.students[0].student_id,
        state: whole.students[0].state,
        last_day: Some(day("2026-05-08")),
        to_state: StateCode::new("GA").ok(),
        to_place: Some("Tifton, with an uncle".into()),
        contact: Some("Rita Recruiter, 956-555-0100".into()),
        note: Some("Has her English book with her".into()),
        courses: vec![HandedCourse {
            title: mde::text::Line::new("English 1").unwrap(),
            grade_to_date: Some(mde::Text::new("83").unwrap()),
            clock_hours: Some(mde::Hours::parse("104.5", ValueContext::default()).unwrap()),
        }],
        written_at: "2026-04-02T15:04:00Z".parse().unwrap(),
        written_by: "account:registrar@tx.example".into(),
        move_notice_id: None,
        ended: None,
        ended_at: None,
        confirmed_at: None,
    }];
    let record = records::consolidate(&whole, day("2026-04-10"));
    for (language, says, card) in [
        (
            Language::English,
            "Not confirmed: what a school of Texas says, Apr 2, 2026 Last day at school May 8, 2026 Goes to Tifton, with an uncle, Georgia Work under way English 1: 83 to date, 104.5 clock hours They say Has her English book with her Whom to ask Rita Recruiter, 956-555-0100 This is no part of the record and counts nowhere.",
            "Not confirmed: what a school of Texas said when your child was leaving.",
        ),
        (
            Language::Spanish,
            "Sin confirmar: lo que dice una escuela de Texas, 2 abr 2026 Último día en la escuela 8 may 2026 Va a Tifton, with an uncle, Georgia Trabajo en curso English 1: 83 hasta la fecha, 104.5 horas reloj Dicen Has her English book with her A quién preguntar Rita Recruiter, 956-555-0100 Esto no es parte del registro y no cuenta para nada.",
            "Sin confirmar: lo que dijo una escuela de Texas cuando su hijo o hija se iba.",
        ),
    ] {
        let pdf = printed(&record, Kind::Record, language);
        keep(&format!("hand-off-{}", language.tag()), &pdf);
        let read = |pdf: &[u8]| Some(text(pdf)?.replace('\u{a0}', " "));
        let Some(text) = read(&pdf) else { return };
        assert!(text.contains(says), "{text}");
        assert!(
            !text.contains("registrar@tx.example"),
            "who wrote it is its state's"
        );
        let of_family = read(&printed(&record, Kind::FamilyCard, language)).unwrap();
        assert!(
            of_family.contains(card) && !of_family.contains("Tifton"),
            "{of_family}"
        );
    }
    // It confirms nothing; and a paper from before it does not say the same any more.
    for (kind, says_more) in [
        (Kind::Record, true),
        (Kind::FamilyCard, true),
        (Kind::MigrantConfirmation, false),
        (Kind::TransferConfirmation, false),
    ] {
        let digest = |of| drafted(of, kind, Language::English).digest();
        assert_eq!(digest(&record) != digest(&plain), says_more, "{kind:?}");
    }
    let transcript = export::transcript::pesc(&record, as_of, "Florida");
    assert!(!transcript.contains("104.5"), "{transcript}");
}

#[test]
fn papers_are_tagged() {
    let record = some_of_everything();
    for kind in Kind::ALL {
        for language in Language::ALL {
            let pdf = printed(&record, kind, language);
            keep(&format!("{}-{}", kind.name(), language.tag()), &pdf);
            let bytes = String::from_utf8_lossy(&pdf);
            for part in [
                "/MarkInfo",
                "/StructTreeRoot",
                "/Lang",
                "<pdfuaid:part>1</pdfuaid:part>",
            ] {
                assert!(bytes.contains(part), "{part}");
            }
            let Some(tree) = structure(&pdf) else { continue };
            for part in [
                "Sect", "H1", "H2", "Table", "THead", "TBody", "TH", "TD", "LI", "Lbl", "LBody",
            ] {
                let no_table = kind == Kind::FamilyCard && part.starts_with('T');
                assert!(
                    no_table || tree.contains(part),
                    "{kind:?}: {part} is not in {tree}"
                );
            }
        }
    }
}

#[test]
fn most_children_have_one_page() {
    let records = children::simulated();
    let pages: Vec<usize> = records
        .iter()
        .map(|record| {
            drafted(record, Kind::Record, Language::English)
                .signed(&imprint())
                .pages()
        })
        .collect();
    let one = pages.iter().filter(|pages| **pages == 1).count();
    println!(
        "{one} of {} on one page, at most {:?}",
        pages.len(),
        pages.iter().max()
    );
    for (index, record) in records.iter().enumerate().filter(|(i, _)| i % 40 == 0) {
        keep(
            &format!("simulated-{index}"),
            &printed(record, Kind::Record, Language::English),
        );
    }
    assert!(one * 100 >= pages.len() * 85, "{one} of {}", pages.len());
}

#[test]
fn nothing_that_a_record_holds_breaks_a_paper() {
    let mut crowded = student(&[("first_name", "Maximiliana Guadalupe Esperanza de la Concepción")]);
    crowded.courses = (0..300)
        .map(|n| {
            row(&[
                ("title", &format!("Course number {n} of many")),
                ("begin_academic_year", "2025"),
                ("final_grade", "B"),
                ("credits", "0.25"),
            ])
        })
        .collect();
    let foreign = student(&[("first_name", "محمد"), ("last_name_1", "Ixb’alanqué 🦋 Ōtepēc")]);
    for (name, record) in [
        ("crowded", record(vec![("TX", crowded)])),
        ("foreign", record(vec![("TX", foreign)])),
        ("bare", record(vec![("TX", student(&[]))])),
        ("nobody", nobody()),
    ] {
        for kind in Kind::ALL {
            let pdf = printed(&record, kind, Language::Spanish);
            keep(&format!("{name}-{}", kind.name()), &pdf);
            let Some(text) = text(&pdf) else { continue };
            match name {
                "crowded" if kind == Kind::Record => {
                    assert!(
                        text.contains("Course number 299 of many")
                            && text.contains("Course number 0 of many")
                    );
                    assert!(
                        drafted(&record, kind, Language::English)
                            .signed(&imprint())
                            .pages()
                            > 4
                    );
                }
                "foreign" => {
                    assert!(text.contains("Ixb’alanqué") && text.contains("Ōtepēc"), "{text}");
                    assert!(text.contains("“?” está en lugar de una letra"), "{text}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn ten_thousand_letters_without_a_space_are_all_printed() {
    let mut paper = export::pdf::Paper::new(Language::English, "x".repeat(10_000), "");
    let mut table = export::pdf::Table::new([
        export::pdf::Column::text("A", 1.0),
        export::pdf::Column::number("B", 9.0),
    ]);
    table.row(["y".repeat(10_000), "1".into()]);
    table.row([format!("{} end", "word ".repeat(2_000)), "2".into()]);
    paper.table(table);
    paper.paragraph("z".repeat(10_000));
    let pdf = paper.pdf().unwrap();
    keep("long", &pdf);
    let Some(text) = text(&pdf) else { return };
    for letter in ['x', 'y', 'z'] {
        assert!(text.matches(letter).count() >= 10_000, "{letter}");
    }
    assert_eq!(text.matches("word").count(), 2_000);
}

#[test]
fn the_digest_is_that_of_what_is_said() {
    let mut record = some_of_everything();
    let digest = |record: &ConsolidatedRecord| drafted(record, Kind::Record, Language::English).digest();
    let before = digest(&record);
    for source in &mut record.sources {
        source.source.as_of += chrono::TimeDelta::days(1);
        source.version += 1;
    }
    assert_eq!(digest(&record), before, "a night without changes");
    record.courses[0].credits = Some("1".into());
    assert_ne!(digest(&record), before);
    assert_ne!(
        before,
        drafted(&some_of_everything(), Kind::Record, Language::Spanish).digest()
    );
}

#[test]
fn a_spanish_paper_leaves_out_nothing_that_the_english_one_says() {
    let mut texas = student(&[
        ("gender", "Female"),
        ("birth_country", "MH"),
        ("birth_verification", "1013"),
    ]);
    texas.enrollments = vec![row(&[("enrollment_date", "2025-08-20"), ("grade", "11")])];
    texas.courses = vec![row(&[
        ("title", "Biology"),
        ("credits", "1"),
        ("final_grade", "B"),
    ])];
    texas.graduation_requirements = vec![row(&[("subject_area", "Science"), ("units", "4")])];
    let california = student(&[("gender", "Male"), ("birth_verification", "1008")]);
    let record = record(vec![("TX", texas), ("CA", california)]);
    let [english, spanish] =
        Language::ALL.map(|language| text(&printed(&record, Kind::Record, language)).unwrap_or_default());
    if english.is_empty() {
        return;
    }
    for (told, dicho) in [
        (
            "Grade 11 without Algebra 1 or an equivalent.",
            "Grado 11 sin Álgebra 1 o un curso equivalente.",
        ),
        (
            "1 of 4 units, where 2 would be a quarter for each year of high school that is over.",
            "1 de 4 unidades; una cuarta parte por cada año terminado de preparatoria serían 2.",
        ),
        (
            "Sex: Male (CA), Female (TX)",
            "Sexo: Masculino (CA), Femenino (TX)",
        ),
        ("Marshall Islands", "Islas Marshall"),
        (
            "no official transcript",
            "no es un certificado oficial de estudios",
        ),
    ] {
        assert!(english.contains(told), "{told} is not in {english}");
        assert!(spanish.contains(dicho), "{dicho} is not in {spanish}");
    }
    for private in ["mmigration", "migratorio", "assport", "asaporte"] {
        assert!(
            !english.contains(private) && !spanish.contains(private),
            "{private}"
        );
    }
    let confirmed = text(&printed(&record, Kind::MigrantConfirmation, Language::English)).unwrap();
    assert!(!confirmed.contains("transcript"), "it has none: {confirmed}");
}

#[test]
fn the_letter_about_a_correction_says_what_was_decided_and_what_a_family_can_do() {
    let at = "2026-04-10T15:04:00Z".parse().unwrap();
    let correction = |decision: Option<&str>| store::corrections::Correction {
        work_item_id: 17,
        student_id: mde::StudentId::of(
            StateCode::new("MI").unwrap(),
            &mde::StateStudentId::new("1").unwrap(),
        )
        .0,
        owner: "MI".into(),
        taken_in: "TX".into(),
        asked_on: day("2026-03-02"),
        asker: "parent".into(),
        language: "es".into(),
        element: Some("9".into()),
        says: "April 24, 2011".into(),
        should_say: "April 23, 2011".into(),
        grounds: None,
        said: None,
        taken_at: at,
        taken_by: "somebody".into(),
        forwarded_at: Some(at),
        decision: decision.map(ToOwned::to_owned),
        decided_at: decision.map(|_| at),
        decided_by: None,
        why: decision.map(|_| "The certificate says so.".into()),
        told_at: None,
        arrived_at: None,
        arrived_batch: None,
        statement: (decision == Some("declined")).then(|| "It was the 23rd.".into()),
        stated_at: None,
        person_id: 123_456_789_012,
    };
    for (decision, language, says, never) in [
        (None, Language::English, "within 30 days", "Reason"),
        (
            Some("corrected"),
            Language::English,
            "has decided to correct the record",
            "disagree",
        ),
        (
            Some("corrected"),
            Language::Spanish,
            "cuatro días hábiles",
            "audiencia",
        ),
        (
            Some("declined"),
            Language::English,
            "You have the right to a hearing",
            "four working days",
        ),
        (
            Some("declined"),
            Language::Spanish,
            "Su declaración",
            "The record",
        ),
    ] {
        let paper = export::papers::letter(&correction(decision), "Ana Reyes", language, at);
        let pdf = paper.pdf().unwrap();
        if let Some(text) = text(&pdf) {
            assert!(text.contains(says), "{says}: {text}");
            assert!(!text.contains(never), "{never}: {text}");
            assert!(
                text.contains("Ana Reyes") && text.contains("April 23, 2011"),
                "{text}"
            );
        }
    }
}
