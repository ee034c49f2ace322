//! The way to graduation on the child's page.

use records::courses::CourseStatus;
use records::plan::{Advanced, Basis, GraduationPlan, PlacedBy, PlanComparison, PlanCourse, PlanPart};

use super::label;
use super::progress::Progress;
use crate::view::{Cell, Table, Tag};
use crate::words;

/// The plan as the page shows it.
pub(crate) struct PlanView {
    /// Whose requirements.
    pub(crate) basis: String,
    /// Whether the requirements are only assumed.
    pub(crate) assumed: bool,
    /// What a child of this grade usually has and this one has not.
    pub(crate) missing: Vec<String>,
    /// What a registrar has to know of single courses: parts of two states, repetitions, failures made up.
    pub(crate) remarks: Vec<String>,
    pub(crate) picture: Option<Progress>,
    pub(crate) subjects: Table,
    pub(crate) courses: Table,
    pub(crate) advanced: Option<Table>,
}

impl PlanView {
    pub(crate) fn of(plan: &GraduationPlan) -> Self {
        Self {
            basis: basis(&plan.basis),
            assumed: matches!(plan.basis, Basis::Set { assumed: true, .. }),
            missing: plan.missing_for_grade.iter().map(ToString::to_string).collect(),
            remarks: plan
                .courses
                .iter()
                .filter(|c| !c.notes.is_empty())
                .map(|c| format!("{}: {}", c.title, c.notes.join(" ")))
                .collect(),
            picture: Progress::of(&plan.subjects),
            subjects: subjects(plan),
            courses: courses(&plan.courses),
            advanced: (!plan.advanced.is_empty()).then(|| advanced(&plan.advanced)),
        }
    }
}

/// Whose requirements a plan is measured against, in words.
pub(crate) fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Own { state } => format!(
            "Measured against the requirements that {} sent with the child.",
            state.name()
        ),
        Basis::Set {
            state,
            place,
            source,
            assumed,
        } => {
            let place = place
                .as_ref()
                .map_or_else(String::new, |place| format!(" for {place}"));
            let assumed = if *assumed {
                " No school for graduation is designated: that the child will graduate in this state is assumed."
            } else {
                ""
            };
            format!(
                "Measured against the set that {} keeps{place} ({source}).{assumed}",
                state.name()
            )
        }
        Basis::Unknown => "Nobody has said what this child needs to graduate.".to_owned(),
    }
}

fn under_way(courses: usize, hours: &str) -> Cell {
    if courses == 0 {
        return Cell::default();
    }
    let hours = Some(hours).filter(|hours| *hours != "0");
    Cell::new(words::counted(courses, "course", "courses"))
        .note(hours.map_or_else(String::new, |hours| format!("{hours} clock hours, no credit yet")))
}

fn subjects(plan: &GraduationPlan) -> Table {
    let mut table = Table::new(
        "Carnegie units by subject; partial work is never counted as credit",
        &["Subject", "#Required", "#Earned", "In progress", "#Still needed"],
        "Nothing was earned and nothing is required.",
    );
    for s in &plan.subjects {
        let spare = s.from_other_subjects.as_ref().map_or_else(String::new, |units| {
            format!("and {units} that other subjects have to spare")
        });
        table.row(
            "",
            [
                s.subject.name().into(),
                s.required.clone().into(),
                Cell::new(s.earned.clone()).note(spare),
                under_way(s.in_progress, &s.hours),
                needed(s.needed.as_deref()),
            ],
        );
    }
    table.row(
        "strong",
        [
            "All subjects".into(),
            plan.required.clone().into(),
            plan.earned.clone().into(),
            Cell::default(),
            needed(plan.needed.as_deref()),
        ],
    );
    table
}

fn needed(units: Option<&str>) -> Cell {
    match units {
        Some("0") => Cell::default().tag(Tag::new("✓ Complete", "agree")),
        Some(units) => Cell::new(units),
        None => Cell::default(),
    }
}

fn part(part: &PlanPart) -> String {
    let section = part.section.as_ref().or(part.term_type.as_ref());
    let what = match (section, part.status) {
        (_, CourseStatus::Partial) => "partial work".to_owned(),
        (_, CourseStatus::InProgress) => "in progress".to_owned(),
        (Some(section), _) => section.label.clone(),
        (None, _) => String::new(),
    };
    let hours = part.clock_hours.as_ref().map(|hours| format!("{hours} hours"));
    let granted = Some(&part.granted).filter(|units| *units != "0").cloned();
    let facts: Vec<String> = [
        Some(what).filter(|w| !w.is_empty()),
        part.school_year.clone(),
        granted.or(hours),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("{}: {}", part.state, facts.join(", "))
}

fn courses(list: &[PlanCourse]) -> Table {
    let mut table = Table::new(
        "What each course counts, wherever its parts were taken",
        &[
            "Course",
            "Subject",
            "Where it was taken",
            "#Granted",
            "#Counts",
            "Remarks",
        ],
        "No course was reported.",
    );
    for c in list {
        let placed = match c.placed_by {
            PlacedBy::Sced => "",
            PlacedBy::SubjectArea => "by the subject that was sent",
            PlacedBy::Title => "suggested by the title; please confirm",
            PlacedBy::Nothing => "nothing tells the subject; please place it",
        };
        let parts: Vec<String> = c.parts.iter().map(part).collect();
        let mut counts = Cell::new(c.toward.clone());
        if c.toward != c.granted {
            counts = counts.tag(Tag::new("≠ not as granted", "wait"));
        }
        table.row(
            "",
            [
                Cell::new(c.title.clone()),
                Cell::new(c.subject.name()).note(placed),
                parts.join(" + ").into(),
                c.granted.clone().into(),
                counts,
                c.notes.join(" ").into(),
            ],
        );
    }
    table
}

fn advanced(list: &[Advanced]) -> Table {
    let mut table = Table::new(
        "Advanced work to go on with",
        &["Course", "Kind", "State", "School year", "Status"],
        "None.",
    );
    for a in list {
        let status = match a.status {
            CourseStatus::Completed => "Completed",
            CourseStatus::Partial => "Partial work",
            CourseStatus::Unclear => "Unclear",
            CourseStatus::InProgress => "No grade yet",
        };
        table.row(
            "",
            [
                a.title.clone().into(),
                label(Some(&a.course_type)).into(),
                a.state.name().into(),
                a.school_year.clone().into(),
                status.into(),
            ],
        );
    }
    table
}

/// Two or more states' requirements beside what the child has earned.
pub(crate) fn side_by_side(comparison: &PlanComparison) -> Table {
    let mut columns = vec!["Subject".to_owned(), "#Earned".to_owned()];
    for of in &comparison.plans {
        columns.push(format!("#Required in {}", of.state));
        columns.push(format!("#Still needed in {}", of.state));
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new("Carnegie units by subject", &names, "Nothing is known.").under_heading();
    for subject in records::plan::Subject::ALL {
        let of: Vec<_> = comparison
            .plans
            .iter()
            .map(|p| {
                p.plan
                    .as_ref()
                    .and_then(|plan| plan.subjects.iter().find(|s| s.subject == subject))
            })
            .collect();
        let Some(any) = of.iter().flatten().next() else {
            continue;
        };
        let mut cells = vec![Cell::new(subject.name()), Cell::new(any.earned.clone())];
        for in_state in &of {
            cells.push(in_state.and_then(|s| s.required.clone()).into());
            cells.push(needed(in_state.and_then(|s| s.needed.as_deref())));
        }
        table.row("", cells);
    }
    let first = comparison.plans.iter().find_map(|p| p.plan.as_ref());
    let mut cells = vec![
        Cell::new("All subjects"),
        first.map(|plan| plan.earned.clone()).into(),
    ];
    for of in &comparison.plans {
        let plan = of.plan.as_ref();
        cells.push(plan.and_then(|p| p.required.clone()).into());
        cells.push(needed(plan.and_then(|p| p.needed.as_deref())));
    }
    table.row("strong", cells);
    table
}
