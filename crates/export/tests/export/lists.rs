//! The lists of a district on paper: what they say, in which structure, and that no plot says less to who cannot see it.

use export::lists::{About, free_meals, quality};
use mde::StateCode;
use records::counts::Days;
use records::qa::{self, OfDistrict, QaRow, Service};

use crate::children::day;
use crate::papers::{keep, structure, text};

const SCHOOLS: [(&str, &str); 3] = [
    ("Daviess County", "Apollo High School"),
    ("Fayette County", "Bryan Station High School"),
    (
        "Shelby County",
        "Martha Layne Collins Academy of Agriculture and the Trades",
    ),
];

/// Sixty children of three districts, of some of whom less is recorded than of others.
fn rows() -> Vec<QaRow> {
    (0..60_usize)
        .map(|n| {
            let (district, school) = SCHOOLS[n % 3];
            QaRow {
                person_id: None,
                state_student_id: format!("KY-{n:04}"),
                last_name: ["Peña Solórzano", "Ochoa", "Xicoténcatl de la Cruz"][n % 3].to_owned(),
                first_name: format!("{} {n}", ["Itzel", "Saúl", "María Guadalupe"][n / 20]),
                birth_date: (n % 7 > 0).then(|| day("2010-02-01")),
                gender: [Some("female"), Some("male"), None][n % 3],
                district: district.to_owned(),
                school: school.to_owned(),
                grade: [Some("grade 9"), Some("grade 10"), Some("kindergarten"), None][n % 4],
                enrolled: day("2025-09-05"),
                withdrawn: (n % 10 == 9).then(|| day("2025-10-01")),
                english_learner: Some(n % 3 == 0),
                iep: (n % 5 == 0).then_some(true),
                priority_for_services: None,
                qualifying_arrival: day("2024-08-10"),
                eligible_until: day("2027-08-09"),
                mathematics: (n % 2 == 0).then(|| "455, 2025-05".to_owned()),
                reading: None,
                of_district: OfDistrict {
                    service: Some(Service::Primary),
                    homeless: Some(false),
                    free_meals: Some(n % 20 != 0),
                },
            }
        })
        .collect()
}

fn about(district: Option<&str>) -> About {
    About {
        state: StateCode::new("KY").unwrap(),
        district: district.map(ToOwned::to_owned),
        days: Days {
            from: day("2025-09-01"),
            to: day("2025-10-15"),
        },
        today: day("2025-10-15"),
        by: "clerk@ky.example".into(),
        at: "2025-10-15T13:00:00Z".parse().unwrap(),
    }
}

#[test]
fn a_quality_report_says_in_words_what_it_draws() {
    let pdf = quality(&rows(), &about(None)).pdf().unwrap();
    keep("quality", &pdf);
    assert_eq!(
        pdf,
        quality(&rows(), &about(None)).pdf().unwrap(),
        "the same bytes"
    );
    if let Some(text) = text(&pdf) {
        for part in [
            "Kentucky · Sep 1, 2025 to Oct 15, 2025",
            "Children 60",
            "Districts 3",
            "3 children do not eat free of charge by the district’s file.",
            "Grade 10 15 (25%)",
            "Kindergarten 15 (25%)",
            "English learner 20 40 0",
            "Birth date 51 of 60, 85%",
            "Reading result 0 of 60, 0%",
            "Fayette County · 20 children",
            "Made by clerk@ky.example on Oct 15, 2025, 13:00 UTC.",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("Itzel") && !text.contains("KY-00"), "{text}");
    }
    let Some(tree) = structure(&pdf) else { return };
    // By grade, group, gender and enrollment type; of all; and of three districts.
    assert_eq!(tree.matches("Figure").count(), 8, "{tree}");
    let bytes = String::from_utf8_lossy(&pdf);
    assert_eq!(bytes.matches("/Alt").count(), 8);
    for said in ["Bar chart. By grade. ", "Bar chart. By gender. "] {
        assert!(bytes.contains(said), "{said}");
    }
}

#[test]
fn a_quality_report_of_nobody_and_of_one_district_has_no_empty_plots() {
    let nobody = quality(&[], &about(Some("Nowhere"))).pdf().unwrap();
    let here = |row: &QaRow| row.district == "Fayette County";
    let mut one: Vec<QaRow> = rows().into_iter().filter(here).collect();
    for row in &mut one {
        row.of_district = OfDistrict::default();
    }
    let one = quality(&one, &about(Some("Fayette County"))).pdf().unwrap();
    keep("quality-one", &one);
    let Some(text) = text(&nobody) else { return };
    assert!(
        text.contains("Nowhere, Kentucky") && text.contains("No child is on this list."),
        "{text}"
    );
    let Some(text) = self::text(&one) else { return };
    assert!(
        !text.contains("district by district") && !text.contains("By enrollment type"),
        "{text}"
    );
}

#[test]
fn plots_of_many_districts_go_on_over_pages() {
    let mut many = rows();
    for (n, row) in many.iter_mut().enumerate() {
        row.district = format!("District {n:02} of a rather long name, Unified and Consolidated");
    }
    let paper = quality(&many, &about(None));
    let pdf = paper.pdf().unwrap();
    keep("quality-many", &pdf);
    assert!(paper.pages() > 3);
    let Some(text) = text(&pdf) else { return };
    assert_eq!(text.matches("· 1 child ").count(), 60, "{text}");
}

#[test]
fn a_free_meal_list_has_a_head_on_every_page_and_every_child() {
    let rows = rows();
    let paper = free_meals(&rows, &about(None));
    let pdf = paper.pdf().unwrap();
    keep("free-meals", &pdf);
    let fed = qa::free_meals(&rows, day("2025-10-15"));
    assert_eq!((fed.len(), paper.pages()), (54, 2));
    let Some(text) = text(&pdf) else { return };
    for school in SCHOOLS.map(|(_, school)| school) {
        let heading = format!("{school} · 18 children");
        assert!(text.contains(&heading), "{heading} is not in {text}");
    }
    for row in fed {
        let line = format!("{} {} {}", row.last_name, row.first_name, row.state_student_id);
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(!text.contains("KY-0009"), "withdrawn before: {text}");
    assert_eq!(
        text.matches("Last name First name Student id").count(),
        4,
        "one of three tables goes on over the page: {text}"
    );
    for part in [
        "54 children on this list.",
        "migratory child on 2025-10-15; free meals without an application (see 42 U.S.C. 1758(b)(12))",
        "Page 2 of 2",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let Some(tree) = structure(&pdf) else { return };
    assert_eq!(
        (tree.matches("THead").count(), tree.matches("TR").count()),
        (3, 57)
    );
}
