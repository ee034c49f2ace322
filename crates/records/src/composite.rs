//! The composite view: one resolved value of each data element of who the child is, with what others said.

use std::cmp::Reverse;

use mde::code::BirthVerification;
use mde::{Identity, Part};
use serde::Serialize;
use utoipa::ToSchema;

use crate::disagreement::{Disagreement, DisagreementKind, states};
use crate::source::{Report, Source};
use crate::words::{element_name, label, same_spelled, texts};

/// A data element resolved over all counted students.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Composite {
    /// Number of the data element.
    pub element: String,
    /// Its stable name: `birth_date`.
    pub column: String,
    /// Its name in the dictionary.
    pub name: String,
    /// The resolved value.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
    /// The student that it was taken from.
    pub source: Source,
    /// Why that one, in words.
    pub rule: String,
    /// Further students that say the same.
    pub confirmed_by: Vec<Source>,
    /// What other students say.
    pub others: Vec<OtherValue>,
}

/// A value that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OtherValue {
    /// The value.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
    /// Whether only case, accents, hyphens or spaces differ from the resolved value.
    pub spelling_only: bool,
    /// Who says it.
    pub sources: Vec<Source>,
}

/// Data elements that only together make sense and so come from one student: two states' halves of a double surname
/// would make a name that nobody has.
struct Group {
    columns: &'static [&'static str],
    /// Whether a birth document speaks of them; what is said today (guardian, telephone) is better the newer it is.
    documented: bool,
}

const fn documented(columns: &'static [&'static str]) -> Group {
    Group {
        columns,
        documented: true,
    }
}

const fn current(columns: &'static [&'static str]) -> Group {
    Group {
        columns,
        documented: false,
    }
}

/// Every element of the identity but the state's own identifier (2, X31), which is each student's own, and the
/// termination (38, 39), which is part of each state's eligibility.
const GROUPS: &[Group] = &[
    documented(&[
        "last_name_1",
        "last_name_2",
        "first_name",
        "middle_name",
        "generation",
    ]),
    documented(&["gender"]),
    documented(&["birth_date", "birth_verification"]),
    documented(&["birth_city", "birth_state", "birth_country"]),
    documented(&["multiple_birth"]),
    documented(&["parent1_last_name", "parent1_first_name"]),
    documented(&["parent2_last_name", "parent2_first_name"]),
    current(&["guardian_last_name", "guardian_first_name"]),
    current(&["parent1_email"]),
    current(&["parent2_email"]),
    current(&["parent1_phone"]),
    current(&["parent2_phone"]),
];

/// What a counted student says of who the child is.
struct Said<'a> {
    report: &'a Report<'a>,
    /// Rank of the evidence behind the birth date; `None` if none is named.
    evidence: Option<u8>,
    /// In the order of the identity's fields.
    values: Vec<Option<String>>,
}

impl<'a> Said<'a> {
    fn by(report: &'a Report<'a>) -> Self {
        let identity = &report.student.identity;
        Self {
            report,
            // A verification speaks of the birth date; without one there is nothing that it verifies.
            evidence: identity
                .birth_date
                .and(identity.birth_verification)
                .map(BirthVerification::rank),
            values: texts(identity),
        }
    }
}

struct Candidate<'a> {
    report: &'a Report<'a>,
    evidence: Option<u8>,
    /// The values of the group's columns.
    values: Vec<Option<&'a str>>,
}

/// Resolves every data element over the counted students, and tells where they contradict each other.
///
/// The best evidence for the birth date wins (a birth certificate over a self-report) for all that a birth document
/// states, then the most recent; for everything else the most recent. What the chosen student leaves out is taken from
/// the next one that contradicts it nowhere in the group.
pub(crate) fn composite(reports: &[Report<'_>]) -> (Vec<Composite>, Vec<Disagreement>) {
    let said: Vec<Said<'_>> = reports.iter().filter(|r| r.counted).map(Said::by).collect();
    let mut elements = Vec::new();
    let mut disagreements = Vec::new();
    for group in GROUPS {
        resolve(group, &said, &mut elements, &mut disagreements);
    }
    (elements, disagreements)
}

fn resolve(
    group: &Group,
    said: &[Said<'_>],
    elements: &mut Vec<Composite>,
    disagreements: &mut Vec<Disagreement>,
) {
    let fields = fields(group);
    let candidates = candidates(group, &fields, said);
    let Some(best) = candidates.first() else { return };
    for (index, column) in group.columns.iter().enumerate() {
        let stating: Vec<&Candidate<'_>> = candidates.iter().filter(|c| c.values[index].is_some()).collect();
        let field = &Identity::FIELDS[fields[index]];
        let name = element_name(field);
        let Some(chosen) = stating.iter().copied().find(|c| !contradict(best, c)) else {
            for other in stating {
                let value = other.values[index].unwrap_or_default();
                let who = &other.report.source.state;
                disagreements.push(Disagreement {
                    kind: DisagreementKind::Identity,
                    element: Some(field.element.to_owned()),
                    states: vec![*who],
                    text: format!(
                        "{name}: only {who} states it ({value}), beside values that differ from those chosen"
                    ),
                    rule: "Nothing is shown: what belongs together is taken from one state only.".to_owned(),
                });
            }
            continue;
        };
        let value = chosen.values[index].unwrap_or_default();
        let mut confirmed_by = Vec::new();
        let mut others: Vec<OtherValue> = Vec::new();
        for other in stating.iter().filter(|c| !std::ptr::eq(**c, chosen)) {
            let source = other.report.source.clone();
            let said = other.values[index].unwrap_or_default();
            if said == value {
                confirmed_by.push(source);
            } else if let Some(known) = others.iter_mut().find(|o| o.value == said) {
                known.sources.push(source);
            } else {
                others.push(OtherValue {
                    label: label(column, said),
                    spelling_only: same_spelled(said, value),
                    value: said.to_owned(),
                    sources: vec![source],
                });
            }
        }
        let rule = rule(group, best, chosen, &stating, others.is_empty());
        let contradicting: Vec<String> = others
            .iter()
            .filter(|o| !o.spelling_only)
            .map(|o| {
                format!(
                    "{} {}",
                    who(&o.sources, "says", "say"),
                    o.label.as_ref().unwrap_or(&o.value)
                )
            })
            .collect();
        if !contradicting.is_empty() {
            let shown = label(column, value).unwrap_or_else(|| value.to_owned());
            let contradicted = others.iter().filter(|o| !o.spelling_only);
            disagreements.push(Disagreement {
                kind: DisagreementKind::Identity,
                element: Some(field.element.to_owned()),
                states: states(
                    std::iter::once(&chosen.report.source).chain(contradicted.flat_map(|o| &o.sources)),
                ),
                text: format!(
                    "{name}: {} says {shown}; {}",
                    chosen.report.source.state,
                    contradicting.join("; ")
                ),
                rule: format!("{shown} is shown: {rule}."),
            });
        }
        elements.push(Composite {
            element: field.element.to_owned(),
            column: (*column).to_owned(),
            name: name.to_owned(),
            label: label(column, value),
            value: value.to_owned(),
            source: chosen.report.source.clone(),
            rule,
            confirmed_by,
            others,
        });
    }
}

/// Where the group's columns stand among the identity's fields.
fn fields(group: &Group) -> Vec<usize> {
    let place = |column: &&str| Identity::FIELDS.iter().position(|f| f.column == *column);
    let places = group.columns.iter().map(|column| {
        place(column).expect("the columns above are columns of the identity; a test looks each up")
    });
    places.collect()
}

/// The counted students that state the group's leading element, or, where none does, any element of it; best first.
fn candidates<'a>(group: &Group, fields: &[usize], said: &'a [Said<'a>]) -> Vec<Candidate<'a>> {
    let mut all: Vec<Candidate<'a>> = said
        .iter()
        .map(|said| Candidate {
            report: said.report,
            evidence: said.evidence,
            values: fields
                .iter()
                .map(|field| said.values[*field].as_deref())
                .collect(),
        })
        .filter(|c| c.values.iter().any(Option::is_some))
        .collect();
    if all.iter().any(|c| c.values[0].is_some()) {
        all.retain(|c| c.values[0].is_some());
    }
    // The reports come most recent first, and the sort is stable.
    if group.documented {
        all.sort_by_key(|c| Reverse(c.evidence));
    }
    all
}

/// Whether two students say different things of an element of the group.
fn contradict(one: &Candidate<'_>, two: &Candidate<'_>) -> bool {
    one.values.iter().zip(&two.values).any(|pair| match pair {
        (Some(a), Some(b)) => !same_spelled(a, b),
        _ => false,
    })
}

fn rule(
    group: &Group,
    best: &Candidate<'_>,
    chosen: &Candidate<'_>,
    stating: &[&Candidate<'_>],
    agreed: bool,
) -> String {
    if stating.len() == 1 {
        return "the only one that states it".into();
    }
    if agreed {
        return "all that state it agree".into();
    }
    if !std::ptr::eq(best, chosen) {
        return "left out by the best record; from the next one that agrees with it".into();
    }
    let runner_up = stating
        .iter()
        .filter(|c| !std::ptr::eq(**c, chosen))
        .map(|c| c.evidence)
        .max()
        .flatten();
    match chosen.report.student.identity.birth_verification {
        Some(document) if group.documented && chosen.evidence > runner_up => {
            format!("best evidence of birth: {}", mde::code::Codes::label(document))
        }
        _ => format!("most recent: {}", chosen.report.source.as_of.date_naive()),
    }
}

/// `TX says`, or `CA and TX say`.
fn who(sources: &[Source], one: &str, several: &str) -> String {
    let mut codes: Vec<&str> = sources.iter().map(|s| s.state.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    format!(
        "{} {}",
        codes.join(" and "),
        if codes.len() == 1 { one } else { several }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identity_element_is_resolved_or_each_students_own() {
        let resolved: Vec<&str> = GROUPS.iter().flat_map(|g| g.columns.iter().copied()).collect();
        let own = [
            "state_student_id",
            "state_student_id_type",
            "termination_date",
            "termination_flag",
        ];
        for field in Identity::FIELDS {
            let times = resolved
                .iter()
                .chain(&own)
                .filter(|c| **c == field.column)
                .count();
            assert_eq!(times, 1, "{}", field.column);
        }
        assert_eq!(resolved.len() + own.len(), Identity::FIELDS.len());
    }
}
