//! The tables of the child's page, one for each part of the record.

mod plan;
mod progress;
mod schooling;

pub(crate) use plan::{PlanView, basis, side_by_side};
pub(crate) use progress::Progress;
pub(crate) use schooling::SchoolingView;

use records::ConsolidatedRecord;
use records::courses::CourseStatus;
use records::facility::FacilityInfo;
use records::words::Coded;

use crate::sources::Sources;
use crate::view::{Cell, Table, Tag};
use crate::words;

fn label(coded: Option<&Coded>) -> String {
    coded.map_or_else(String::new, |coded| words::sentence(&coded.label))
}

fn school(facility: Option<&FacilityInfo>) -> Cell {
    let Some(facility) = facility else {
        return Cell::default();
    };
    let name = facility
        .name
        .clone()
        .or_else(|| facility.code.as_ref().map(|code| format!("School {code}")));
    let place: Vec<&str> = [
        facility.city.as_deref(),
        facility.district.as_deref(),
        facility.country.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let phone = facility.phone.as_ref().map(|phone| format!("Tel. {phone}"));
    let notes: Vec<String> = [Some(place.join(", ")).filter(|p| !p.is_empty()), phone]
        .into_iter()
        .flatten()
        .collect();
    Cell::new(name.unwrap_or_default()).note(notes.join(" · "))
}

/// Whether a row comes from somebody who still reports it.
fn faded<'a>(mut sources: impl Iterator<Item = &'a records::source::Source>) -> &'static str {
    if sources.any(|source| source.live) {
        ""
    } else {
        "faded"
    }
}

/// How fresh each state's data are.
pub(crate) fn states(record: &ConsolidatedRecord) -> Table {
    let mut table = Table::new(
        "The newest data of each state",
        &["State", "Reports the child", "Data as of", "Last activity"],
        "No state reports this child.",
    )
    .under_heading();
    for state in &record.states {
        let live = if state.live {
            Tag::new("✓ Yes", "agree")
        } else {
            Tag::new("– No longer", "wait")
        };
        table.row(
            "",
            [
                state.name.clone().into(),
                Cell::default().tag(live),
                Cell::new(words::day(state.as_of.date_naive())).note(words::counted(
                    state.days_since.max(0) as usize,
                    "day ago",
                    "days ago",
                )),
                words::day_or(state.last_activity, "None").into(),
            ],
        );
    }
    table
}

/// The composite view of who the child is.
pub(crate) fn identity(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let shown = |value: &str, label: Option<&str>| label.map_or_else(|| words::value(value), words::sentence);
    let mut table = Table::new(
        "Resolved values",
        &["What", "Value", "Others say", "Why this one"],
        "Nothing is known.",
    )
    .under_heading();
    for item in &record.identity {
        let others: Vec<String> = item
            .others
            .iter()
            .map(|other| {
                let who: Vec<_> = other
                    .sources
                    .iter()
                    .map(|source| source.state.to_string())
                    .collect();
                let spelling = if other.spelling_only {
                    " (spelling only)"
                } else {
                    ""
                };
                format!(
                    "{}: {}{spelling}",
                    who.join(", "),
                    shown(&other.value, other.label.as_deref())
                )
            })
            .collect();
        table.row(
            "",
            [
                words::element(&item.element).into(),
                Cell::new(shown(&item.value, item.label.as_deref()))
                    .tag(sources.tag(&item.source))
                    .tags(sources.tags(&item.confirmed_by)),
                others.join("; ").into(),
                words::sentence(&item.rule).into(),
            ],
        );
    }
    table
}

/// Enrollments of all states.
pub(crate) fn enrollments(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Enrollments of all states, newest first",
        &[
            "School or project",
            "~From",
            "~To",
            "~Grade",
            "Kind",
            "Remarks",
            "Source",
        ],
        "No enrollment was reported.",
    );
    for e in &record.enrollments {
        let flag = |set: Option<bool>, text: &str| (set == Some(true)).then(|| text.to_owned());
        let remarks = [
            flag(e.priority_for_services, "priority for services"),
            flag(e.english_learner, "English learner"),
            flag(e.iep, "individualized education program"),
            flag(e.graduation_school, "designated graduation school"),
            flag(e.algebra_1, "Algebra 1"),
            e.med_alert
                .as_ref()
                .map(|alert| format!("medical alert indicator: {}", alert.label)),
            e.graduation_indicator
                .as_ref()
                .map(|g| format!("{} {}", g.label, words::day_or(e.graduation_date, ""))),
            e.exit_reason
                .as_ref()
                .map(|reason| format!("left: {}", reason.label)),
            e.destination.as_ref().map(|place| format!("went to {place}")),
            e.residency_date
                .map(|date| format!("resident since {}", words::day(date))),
            e.comment.clone(),
        ];
        let mut remarks: Vec<String> = remarks.into_iter().flatten().collect();
        remarks.extend(e.notes.iter().cloned());
        let mut place = school(e.facility.as_ref());
        if place.is_blank() {
            place = Cell::new(
                e.district_of_residence
                    .clone()
                    .unwrap_or_else(|| "Residency only".into()),
            );
        }
        let end = match e.end {
            Some(end) => words::day(end).into(),
            None if e.open => Cell::default().tag(Tag::new("still enrolled", "info")),
            None => Cell::default().tag(Tag::new("not known", "wait")),
        };
        table.row(
            faded(e.sources.iter()),
            [
                place,
                words::day(e.start).into(),
                end,
                label(e.grade.as_ref()).into(),
                Cell::new(label(e.enrollment_type.as_ref())).note(label(e.project_type.as_ref())),
                words::sentence(&remarks.join("; ")).into(),
                Cell::default().tags(sources.tags(&e.sources)),
            ],
        );
    }
    table
}

/// Eligibility in each state.
pub(crate) fn eligibility(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Eligibility is per state, from that state’s own certified moves",
        &[
            "State",
            "Today",
            "~Qualifying arrival",
            "~Ends",
            "Rule",
            "Priority for services",
            "Source",
        ],
        "No state has certified a qualifying move.",
    );
    for e in &record.eligibility {
        let today = if e.eligible_today {
            Tag::new("✓ Eligible", "agree")
        } else {
            Tag::new("– Not eligible", "")
        };
        let terminated = e.termination_date.map(|date| {
            let reason = label(e.termination_reason.as_ref());
            format!(
                "Terminated {}{}",
                words::day(date),
                if reason.is_empty() {
                    reason
                } else {
                    format!(": {reason}")
                }
            )
        });
        let stated = e
            .stated_end
            .filter(|end| *end != e.ends)
            .map(|end| format!("The state says {}", words::day(end)));
        let notes: Vec<String> = [terminated, stated]
            .into_iter()
            .flatten()
            .chain(e.warnings.iter().cloned())
            .collect();
        table.row(
            "",
            [
                e.state.name().into(),
                Cell::default().tag(today),
                words::day(e.qualifying_arrival_date).into(),
                Cell::new(words::day(e.ends)).note(notes.join(". ")),
                words::sentence(&e.rule).into(),
                priority(e),
                Cell::default().tag(sources.tag(&e.source)),
            ],
        );
    }
    table
}

/// The state's flag of priority for services and its continuation of services, with what the hub could look at.
fn priority(e: &records::eligibility::Eligibility) -> Cell {
    let mut notes: Vec<String> = Vec::new();
    let flag = match &e.priority_for_services {
        None => "Not said",
        Some(priority) => {
            notes.push(format!(
                "On the enrollment of {}.",
                words::day(priority.enrollment)
            ));
            notes.extend(priority.notes.iter().cloned());
            notes.extend(priority.checked.iter().cloned());
            if priority.flag { "Yes" } else { "No" }
        }
    };
    if let Some(continuation) = &e.continuation {
        notes.push(format!(
            "Continuation of services: {}.",
            continuation.reason.label
        ));
        notes.extend(continuation.notes.iter().cloned());
    }
    Cell::new(flag).note(notes.join(" "))
}

/// Qualifying moves.
pub(crate) fn moves(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Certified qualifying moves, newest first",
        &[
            "~Arrived",
            "From",
            "To",
            "~Resident since",
            "Certificate",
            "Source",
        ],
        "No qualifying move was reported.",
    )
    .under_heading();
    for m in &record.qualifying_moves {
        let void = m.void_date.map(|date| {
            format!(
                "Void since {} {}",
                words::day(date),
                label(m.void_reason.as_ref())
            )
        });
        let approved = m
            .certificate_approval_date
            .map(|date| format!("Approved {}", words::day(date)));
        table.row(
            if void.is_some() { "faded" } else { "" },
            [
                Cell::new(words::day(m.qualifying_arrival_date)).note(void.unwrap_or_default()),
                m.from.clone().into(),
                m.to.clone().into(),
                words::day_or(m.residency_date, "").into(),
                Cell::new(m.certificate_number.clone().unwrap_or_default())
                    .note(approved.unwrap_or_default()),
                Cell::default().tag(sources.tag(&m.source)),
            ],
        );
    }
    table
}

/// Courses; work that was not finished is shown as partial.
pub(crate) fn courses(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Courses, newest school year first",
        &[
            "Course",
            "School year",
            "School",
            "Status",
            "~Grade",
            "#Credits",
            "Source",
        ],
        "No course was reported.",
    );
    for c in &record.courses {
        let term: Vec<String> = [label(c.term_type.as_ref()), label(c.section.as_ref())]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect();
        let status = match c.status {
            CourseStatus::Completed => Tag::new("✓ Completed", "agree"),
            CourseStatus::Partial => Tag::new("◐ Partial work", "wait"),
            CourseStatus::Unclear => Tag::new("? Unclear", "wait"),
            CourseStatus::InProgress => Tag::new("… No grade yet", "info"),
        };
        let hours = c.clock_hours.as_ref().map(|hours| format!("{hours} clock hours"));
        let grade = match (&c.final_grade, &c.grade_to_date) {
            (Some(grade), _) => Cell::new(grade.clone()),
            (None, Some(grade)) => Cell::new(grade.clone()).note("to date"),
            (None, None) => Cell::default(),
        };
        let sent = c.credits_sent.as_ref().map(|sent| {
            let unit = c.credit_unit.as_deref().unwrap_or("units of its own");
            let factor = c
                .credit_factor
                .as_ref()
                .map_or_else(String::new, |factor| format!(" × {factor}"));
            format!("sent as {sent} {unit}{factor}")
        });
        table.row(
            faded(c.sources.iter()),
            [
                Cell::new(c.title.clone()).note(
                    [
                        c.subject_area.clone().unwrap_or_default(),
                        label(c.course_type.as_ref()),
                    ]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · "),
                ),
                Cell::new(c.school_year.clone().unwrap_or_default()).note(term.join(", ")),
                school(c.facility.as_ref()),
                Cell::default().tag(status).note(
                    hours
                        .into_iter()
                        .chain(c.notes.iter().cloned())
                        .collect::<Vec<_>>()
                        .join(". "),
                ),
                grade,
                Cell::new(c.credits.clone().unwrap_or_default()).note(sent.unwrap_or_default()),
                Cell::default().tags(sources.tags(&c.sources)),
            ],
        );
    }
    table
}

/// Credits by subject area.
pub(crate) fn credits(record: &ConsolidatedRecord) -> Table {
    let mut table = Table::new(
        "Carnegie units of completed courses; partial work is never counted as credit",
        &[
            "Subject",
            "#Credits earned",
            "#Completed courses",
            "#Partial courses",
            "#Clock hours of partial work",
        ],
        "No credit was reported.",
    );
    for c in &record.credits {
        let unclear = Some(&c.unclear).filter(|u| u.parse::<f64>().is_ok_and(|u| u > 0.0));
        table.row(
            "",
            [
                words::sentence(&c.subject_area).into(),
                Cell::new(c.earned.clone())
                    .note(unclear.map_or_else(String::new, |u| format!("{u} more unclear"))),
                c.completed.to_string().into(),
                c.partial.to_string().into(),
                c.partial_clock_hours.clone().into(),
            ],
        );
    }
    if !record.credits.is_empty() {
        table.row(
            "strong",
            [
                "All subjects".into(),
                record.credits_earned.clone().into(),
                Cell::default(),
                Cell::default(),
                Cell::default(),
            ],
        );
    }
    table
}

/// What is required for graduation.
pub(crate) fn requirements(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Carnegie units required for graduation",
        &["Subject", "Required by", "#Units", "Source"],
        "No requirement was reported.",
    )
    .under_heading();
    for r in &record.graduation_requirements {
        let by = r
            .facility
            .as_ref()
            .and_then(|f| f.name.clone())
            .unwrap_or_else(|| r.state.name().to_owned());
        table.row(
            "",
            [
                words::sentence(&r.subject_area).into(),
                by.into(),
                r.units.clone().into(),
                Cell::default().tag(sources.tag(&r.source)),
            ],
        );
    }
    table
}

/// Assessments.
pub(crate) fn assessments(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Assessments, latest first; each state has its own scale",
        &["Assessment", "~Month", "Content", "Result", "Meaning", "Source"],
        "No assessment was reported.",
    );
    for a in &record.assessments {
        table.row(
            faded(a.sources.iter()),
            [
                Cell::new(a.name.clone()).note(label(a.assessment_type.as_ref())),
                a.month.as_deref().map(words::month).into(),
                a.content.clone().into(),
                Cell::new(a.result.clone().unwrap_or_default()).note(label(a.result_type.as_ref())),
                a.interpretation.clone().into(),
                Cell::default().tags(sources.tags(&a.sources)),
            ],
        );
    }
    table
}

/// Doses by vaccine group.
pub(crate) fn immunizations(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Doses by vaccine group; a dose that counts in several groups is listed in each",
        &["Vaccine group", "#Dose", "~Date", "Vaccine as reported", "Source"],
        "No immunization was reported.",
    );
    for group in &record.immunizations {
        for (index, dose) in group.doses.iter().enumerate() {
            let near = if dose.near_another {
                "Near another dose: may be the same one"
            } else {
                ""
            };
            let date = dose.date.map_or_else(
                || Cell::default().tag(Tag::new("date not known", "wait")),
                |d| words::day(d).into(),
            );
            table.row(
                faded(dose.sources.iter()),
                [
                    Cell::new(group.name.clone()),
                    (index + 1).to_string().into(),
                    date.note(near),
                    Cell::new(dose.vaccines.join(", ")).note(if dose.combination {
                        "Combination vaccine"
                    } else {
                        ""
                    }),
                    Cell::default().tags(sources.tags(&dose.sources)),
                ],
            );
        }
    }
    table
}

/// Alerts: that there is one, and whom to ask.
pub(crate) fn alerts(record: &ConsolidatedRecord, sources: &Sources) -> Table {
    let mut table = Table::new(
        "Alerts, open ones first",
        &["Alert", "Status", "Contact", "Phone", "Source"],
        "No alert was reported.",
    )
    .under_heading();
    for a in &record.alerts {
        let status = if a.open {
            Cell::default().tag(Tag::new("! Open", "wait"))
        } else {
            Cell::default()
                .tag(Tag::new("✓ Resolved", "agree"))
                .note(words::day_or(a.resolution_date, ""))
        };
        table.row(
            faded(std::iter::once(&a.source)),
            [
                label(Some(&a.kind)).into(),
                status,
                Cell::new(a.contact_name.clone().unwrap_or_default()).note(label(a.contact_role.as_ref())),
                a.contact_phone.clone().into(),
                Cell::default().tag(sources.tag(&a.source)),
            ],
        );
    }
    table
}
