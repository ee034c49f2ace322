//! Immunizations by vaccine group, the union of what all states hold.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use mde::{Cvx, Immunization};
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::{Report, Row, Source, rows};
use crate::words::spelling;

/// Groups of the CVX table in the order of the childhood schedule, with their names.
const GROUPS: &[(&str, &str)] = &[
    ("HEPB", "Hepatitis B"),
    ("ROTAVIRUS", "Rotavirus"),
    ("DTAP", "Diphtheria, tetanus, pertussis"),
    ("TD", "Tetanus, diphtheria (booster)"),
    ("HIB", "Haemophilus influenzae type b"),
    ("PNEUMO", "Pneumococcal"),
    ("POLIO", "Polio"),
    ("MMR", "Measles, mumps, rubella"),
    ("VARICELLA", "Varicella"),
    ("HEPA", "Hepatitis A"),
    ("MENACWY", "Meningococcal ACWY"),
    ("MENB", "Meningococcal B"),
    ("HPV", "Human papillomavirus"),
    ("FLU", "Influenza"),
    ("COVID19", "COVID-19"),
    ("RSV", "Respiratory syncytial virus"),
];
const OTHER: &str = "OTHER";

/// Two doses of a group nearer than this many days are marked. No schedule of a group above has two doses within two
/// weeks (the shortest is three weeks less four days of grace), so one of the two dates may be wrong.
const NEAR_DAYS: i64 = 14;

/// The doses of one vaccine group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VaccineGroup {
    /// Group of the CVX table (`DTAP`), or `OTHER` for what belongs to none or is not known.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Doses with a date that counted students report.
    pub dated_doses: usize,
    /// Reports without a date from counted students; how many doses they are is not known.
    pub undated_reports: usize,
    /// Every dose, by date; those without one last.
    pub doses: Vec<Dose>,
}

/// One dose, reported by one state or by several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Dose {
    /// The day; `null`: not known.
    pub date: Option<NaiveDate>,
    /// The vaccine in the words of the states, each once.
    pub vaccines: Vec<String>,
    /// CVX codes, each once.
    pub cvx: Vec<String>,
    /// Whether the vaccine counts in further groups too.
    pub combination: bool,
    /// Whether another dose of the group is so near that it may be the same one with another date.
    pub near_another: bool,
    /// Who reports it.
    pub sources: Vec<Source>,
}

/// What one student's state reports of immunizations, so that nobody takes silence for a missing dose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImmunizationReport {
    /// Who reports it.
    pub source: Source,
    /// Rows with a date.
    pub dated: usize,
    /// Rows without one.
    pub undated: usize,
    /// Exemptions and refusals, in the state's words. They are no dose.
    pub exemptions: Vec<String>,
    /// Whether the school holds an immunization record (X15), as the newest enrollment that says so.
    pub record_on_file: Option<bool>,
    /// The same in words.
    pub text: String,
}

/// Words of an immunization type that speak of no vaccine given.
const NO_DOSE: &[&str] = &["EXEMPT", "OPTOUT", "WAIVER", "REFUS", "DECLIN", "OBJECTION"];

/// Whether a row says that a vaccine was not given. No element is for it; where a state sends it as a type, it is kept
/// as such.
fn is_exemption(item: &Immunization) -> bool {
    if item.cvx.is_some() {
        return false;
    }
    let text = spelling(item.vaccine.as_str());
    NO_DOSE.iter().any(|word| text.contains(word))
}

/// `1 dose`, `2 doses`.
fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// What each student's state reports, in the order of the reports.
pub(crate) fn by_state(reports: &[Report<'_>]) -> Vec<ImmunizationReport> {
    reports
        .iter()
        .map(|report| {
            let (none, given): (Vec<&Immunization>, Vec<&Immunization>) =
                report.student.immunizations.iter().partition(|i| is_exemption(i));
            let dated = given.iter().filter(|i| i.date.is_some()).count();
            let undated = given.len() - dated;
            let record_on_file = report
                .student
                .enrollments
                .iter()
                .filter_map(|e| Some((e.enrollment_date, e.immunization_record?)))
                .max_by_key(|(start, _)| *start)
                .map(|(_, flag)| flag);
            let mut exemptions: Vec<String> = none
                .iter()
                .map(|i| match i.date {
                    Some(date) => format!("{}, {date}", i.vaccine),
                    None => i.vaccine.to_string(),
                })
                .collect();
            exemptions.dedup();
            let said = match (dated, undated, record_on_file) {
                (0, 0, Some(true)) => "record on file, no dates".to_owned(),
                (0, 0, Some(false)) => "no record on file".to_owned(),
                (0, 0, None) => "nothing".to_owned(),
                (0, undated, _) => format!("{} without dates", counted(undated, "vaccine")),
                (dated, 0, _) => format!("{} with dates", counted(dated, "dose")),
                (dated, undated, _) => {
                    let undated = counted(undated, "vaccine");
                    format!("{} with dates, {undated} without", counted(dated, "dose"))
                }
            };
            let exempt = if exemptions.is_empty() {
                String::new()
            } else {
                format!("; exemptions: {}", exemptions.join("; "))
            };
            ImmunizationReport {
                source: report.source.clone(),
                dated,
                undated,
                exemptions,
                record_on_file,
                text: format!("{} says: {said}{exempt}", report.source.state),
            }
        })
        .collect()
}

/// A dose within its group. In `OTHER`, where nothing else says that two are the same vaccine, the name does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    group: usize,
    name: String,
    date: NaiveDate,
}

struct Building {
    dose: Dose,
    counted: bool,
}

impl Building {
    fn new(date: Option<NaiveDate>) -> Self {
        let dose = Dose {
            date,
            vaccines: Vec::new(),
            cvx: Vec::new(),
            combination: false,
            near_another: false,
            sources: Vec::new(),
        };
        Self { dose, counted: false }
    }

    fn add(&mut self, row: &Row<'_, Immunization>) {
        let add = |list: &mut Vec<String>, text: String| {
            if !list.contains(&text) {
                list.push(text);
            }
        };
        add(&mut self.dose.vaccines, row.item.vaccine.to_string());
        if let Some(cvx) = &row.item.cvx {
            add(&mut self.dose.cvx, cvx.code_text().to_owned());
            self.dose.combination |= cvx.row().groups().count() > 1;
        }
        if !self.dose.sources.contains(&row.report.source) {
            self.dose.sources.push(row.report.source.clone());
        }
        self.counted |= row.report.counted;
    }
}

/// The union of all students' immunizations. Reports of the same group and day are one dose, a combination counts in
/// each of its groups, and what has no date is kept as it is: how many doses such reports are nobody knows.
pub(crate) fn immunizations(reports: &[Report<'_>]) -> Vec<VaccineGroup> {
    let mut dated: BTreeMap<Key, Building> = BTreeMap::new();
    let mut undated: Vec<(usize, Building)> = Vec::new();
    let all = rows(reports, |student| student.immunizations.as_slice());
    for row in all.into_iter().filter(|row| !is_exemption(row.item)) {
        for (group, name) in groups_of(row.item) {
            if let Some(date) = row.item.date.map(mde::Date::day) {
                let key = Key { group, name, date };
                dated
                    .entry(key)
                    .or_insert_with(|| Building::new(Some(date)))
                    .add(&row);
            } else {
                let mut report = Building::new(None);
                report.add(&row);
                undated.push((group, report));
            }
        }
    }
    mark_near(&mut dated);

    let mut out: Vec<VaccineGroup> = Vec::new();
    for index in 0..=GROUPS.len() {
        let of_group: Vec<&Building> = dated
            .iter()
            .filter(|(key, _)| key.group == index)
            .map(|(_, b)| b)
            .collect();
        let without: Vec<&Building> = undated
            .iter()
            .filter(|(group, _)| *group == index)
            .map(|(_, b)| b)
            .collect();
        if of_group.is_empty() && without.is_empty() {
            continue;
        }
        let (group, name) = GROUPS.get(index).copied().unwrap_or((OTHER, "Other"));
        let mut doses: Vec<Dose> = of_group.iter().chain(&without).map(|b| b.dose.clone()).collect();
        doses.sort_by_key(|dose| (dose.date.is_none(), dose.date));
        out.push(VaccineGroup {
            group: group.to_owned(),
            name: name.to_owned(),
            dated_doses: of_group.iter().filter(|b| b.counted).count(),
            undated_reports: without.iter().filter(|b| b.counted).count(),
            doses,
        });
    }
    out
}

/// Indexes of the groups in which a vaccine counts; `GROUPS.len()` is `OTHER`, with the name that tells it apart.
fn groups_of(item: &Immunization) -> Vec<(usize, String)> {
    let index = |name: &str| GROUPS.iter().position(|(group, _)| *group == name);
    let known: Vec<(usize, String)> = item
        .cvx
        .iter()
        .flat_map(|cvx| cvx.row().groups().filter_map(index))
        .map(|group| (group, String::new()))
        .collect();
    if known.is_empty() {
        let name = item.cvx.as_ref().map_or_else(
            || mde::text::fold(item.vaccine.as_str()).join(" "),
            |cvx: &Cvx| cvx.to_string(),
        );
        return vec![(GROUPS.len(), name)];
    }
    known
}

fn mark_near(dated: &mut BTreeMap<Key, Building>) {
    // The keys are in order of group, name and day, so a near dose is the next one.
    let keys: Vec<Key> = dated.keys().cloned().collect();
    for pair in keys.windows(2) {
        let same = (pair[0].group, &pair[0].name) == (pair[1].group, &pair[1].name);
        if same && (pair[1].date - pair[0].date).num_days() < NEAR_DAYS {
            for key in pair {
                if let Some(building) = dated.get_mut(key) {
                    building.dose.near_another = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_the_cvx_table_has_a_name() {
        let codes = (1..400).flat_map(|n| [format!("{n:02}"), n.to_string()]);
        let mut groups: Vec<String> = codes
            .filter_map(|code| Cvx::new(&code).ok())
            .flat_map(|cvx| cvx.row().groups().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        groups.sort_unstable();
        groups.dedup();
        assert!(groups.len() > 10);
        for group in groups {
            assert!(
                GROUPS.iter().any(|(known, _)| *known == group),
                "{group} has no name"
            );
        }
    }
}
