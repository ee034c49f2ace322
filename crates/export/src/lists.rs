//! The lists of a district on paper: its quality list added up, with plots, and whom it feeds free of charge. They are
//! for the staff of schools and programs, in English, and made from the rows that the workbooks are made from.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use mde::StateCode;
use records::counts::Days;
use records::qa::{self, Completeness, FREE_MEALS, QaRow, Tally};

use crate::papers::words;
use crate::pdf::{Chart, Column, Language, Paper, Table};

/// Whose list, of which days, and who made it when.
#[derive(Debug, Clone)]
pub struct About {
    /// The state.
    pub state: StateCode,
    /// The district as it was asked for; the whole state for none.
    pub district: Option<String>,
    /// The days of the list.
    pub days: Days,
    /// Today where it is made.
    pub today: NaiveDate,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl About {
    fn place(&self) -> String {
        match &self.district {
            Some(district) => format!("{district}, {}", self.state.name()),
            None => self.state.name().to_owned(),
        }
    }

    fn paper(&self, title: &str, days: &str) -> Paper {
        let subtitle = format!("{} · {days}", self.place());
        let mut paper = Paper::new(Language::English, title, &subtitle);
        paper.foot(format!("{title} · {subtitle}"));
        paper.written(self.at);
        paper
    }

    fn imprint(&self, paper: &mut Paper) {
        paper.heading("About this list");
        let when = words::instant(Language::English, self.at);
        paper.paragraph(format!("Made by {} on {when}.", self.by));
    }
}

fn day(date: NaiveDate) -> String {
    words::day(Language::English, date)
}

/// A number of things.
fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A quality list added up: children by grade and group, how much of them is recorded, and the same district by
/// district. It names no child.
#[must_use]
pub fn quality(rows: &[QaRow], about: &About) -> Paper {
    let days = format!("{} to {}", day(about.days.from), day(about.days.to));
    let mut paper = about.paper("Quality report: migratory children", &days);
    let sums = qa::aggregate(rows);
    let mut districts: BTreeMap<&str, Vec<&QaRow>> = BTreeMap::new();
    for row in rows {
        districts.entry(&row.district).or_default().push(row);
    }
    paper.paragraph("Children who were eligible and enrolled on one of these days. Each child counts once, by its latest enrollment. Small numbers can point to a child: this paper is for the staff of the state and the district.");
    if sums.children == 0 {
        paper.strong("No child is on this list.");
        about.imprint(&mut paper);
        return paper;
    }
    let paying = rows.iter().filter(|row| row.pays_for_meals());
    let mut paying: Vec<&str> = paying.map(|row| row.state_student_id.as_str()).collect();
    paying.sort_unstable();
    paying.dedup();
    let mut facts = vec![
        ("Children", sums.children.to_string()),
        ("Enrollments", rows.len().to_string()),
        (
            "Districts",
            districts
                .keys()
                .filter(|name| !name.is_empty())
                .count()
                .to_string(),
        ),
    ];
    if rows.iter().any(|row| row.of_district.free_meals.is_some()) {
        facts.push(("Meals to correct", paying.len().to_string()));
    }
    paper.facts(facts);
    if !paying.is_empty() {
        paper.strong(format!(
            "{} by the district’s file. {FREE_MEALS}",
            counted(
                paying.len() as u64,
                "child does not eat free of charge",
                "children do not eat free of charge"
            )
        ));
    }
    paper.heading("Children");
    paper.charts(
        2,
        [
            by_value("By grade", &sums.grade, sums.children),
            groups(&sums.groups, sums.children),
            by_value("By gender", &sums.gender, sums.children),
            by_value(
                "By enrollment type (district’s file)",
                &sums.service,
                sums.children,
            ),
        ]
        .into_iter()
        .filter(|chart| !chart.is_empty()),
    );
    let mut table = Table::new([
        Column::text("Group", 5.0),
        Column::number("Yes", 1.5),
        Column::number("No", 1.5),
        Column::number("Not recorded", 2.0),
    ]);
    for tally in &sums.groups {
        let n = |value| tally.of(value).to_string();
        table.row([named(tally.what), n("yes"), n("no"), n("not recorded")]);
    }
    paper.table(table);
    paper.heading("What is recorded");
    paper.paragraph("Of how many children each element is recorded. What is missing, the district or the state completes in its own system.");
    let of_all = qa::completeness(rows.iter());
    paper.charts(1, [complete("All children", &of_all, true)]);
    if districts.len() > 1 {
        paper.heading("What is recorded, district by district");
        // Those of no district come last.
        let none = districts.remove("").map(|rows| ("", rows));
        let charts = districts.into_iter().chain(none).map(|(district, rows)| {
            let of = qa::completeness(rows.into_iter());
            let children = of.first().map_or(0, |first| first.of);
            let name = if district.is_empty() {
                "No district"
            } else {
                district
            };
            let title = format!("{name} · {}", counted(children, "child", "children"));
            complete(&title, &of, false)
        });
        paper.charts(2, charts.collect::<Vec<_>>());
    }
    about.imprint(&mut paper);
    paper
}

/// As a label begins, with the apostrophe of print.
fn named(what: &str) -> String {
    words::sentence(what).replace('\'', "’")
}

/// A value as a label; the letters of enrollment types in words.
fn value_named(value: &str) -> String {
    match value {
        "P" => "Primary (P)".to_owned(),
        "S" => "Secondary (S)".to_owned(),
        "N" => "Services only (N)".to_owned(),
        value => words::sentence(value),
    }
}

fn share(number: u64, of: u64) -> String {
    let share = Completeness {
        element: "",
        recorded: number,
        of,
    };
    format!("{number} ({}%)", share.percent())
}

fn by_value(title: &str, tally: &Tally, children: u64) -> Chart {
    let mut chart = Chart::new(title, children);
    // Where nobody said anything there is nothing to draw.
    if tally.values.iter().any(|(value, _)| *value != "not recorded") {
        for (value, n) in &tally.values {
            chart.bar(value_named(value), *n, share(*n, children));
        }
    }
    chart
}

fn groups(groups: &[Tally], children: u64) -> Chart {
    let mut chart = Chart::new("In a group of students (yes)", children);
    // Where nobody said anything there is nothing to draw.
    for tally in groups.iter().filter(|tally| tally.of("not recorded") < children) {
        let yes = tally.of("yes");
        chart.bar(named(tally.what), yes, share(yes, children));
    }
    chart
}

fn complete(title: &str, of: &[Completeness], with_number: bool) -> Chart {
    let mut chart = Chart::new(title, of.first().map_or(0, |first| first.of));
    for element in of {
        let percent = element.percent();
        let text = if with_number {
            format!("{} of {}, {percent}%", element.recorded, element.of)
        } else {
            format!("{percent}%")
        };
        chart.bar(named(element.element), element.recorded, text);
    }
    chart
}

/// The children of a list whom a district feeds free of charge on the day of `about` without an application, school by
/// school.
#[must_use]
pub fn free_meals(rows: &[QaRow], about: &About) -> Paper {
    let children = qa::free_meals(rows, about.today);
    let mut paper = about.paper("Free meals: migratory children", &day(about.today));
    paper.paragraph(format!(
        "Each child on this list is certified as: {}. Who was certified keeps free meals for the rest of the school year, also where its eligibility for the migrant program ends before (see the memorandum of the Food and Nutrition Service of August 16, 2004).",
        qa::certified(about.today)
    ));
    paper.paragraph(
        "The list names children: it is used for their meals and passed on for nothing else (see 34 CFR 99.33).",
    );
    paper.strong(format!(
        "{} on this list.",
        counted(children.len() as u64, "child", "children")
    ));
    for children in children.chunk_by(|one, next| one.school == next.school) {
        let school = children[0].school.as_str();
        let school = if school.is_empty() { "No school" } else { school };
        let number = counted(children.len() as u64, "child", "children");
        paper.heading(format!("{school} · {number}"));
        let mut table = Table::new([
            Column::text("Last name", 3.0),
            Column::text("First name", 3.0),
            Column::text("Student id", 2.0),
            Column::text("Birth date", 1.8),
            Column::text("Grade", 1.8),
            Column::text("Eligible until", 1.8),
        ]);
        for row in children {
            table.row([
                row.last_name.clone(),
                row.first_name.clone(),
                row.state_student_id.clone(),
                words::day_or_dash(Language::English, row.birth_date),
                row.grade.map(words::sentence).unwrap_or_default(),
                day(row.eligible_until),
            ]);
        }
        paper.table(table);
    }
    about.imprint(&mut paper);
    paper
}
