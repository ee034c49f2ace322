//! The comparison itself: a list and the hub's children of a state go in, the differences come out.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use mde::code::Grade;
use mde::{EligibilityRules, PersonId, StateCode, StudentId};
use serde::{Deserialize, Serialize};
use store::lists::ListedStudent;
use store::program::ProgramStudent;
use store::reconciliations::NewDifference;
use utoipa::ToSchema;

use super::Scope;
use crate::eligibility::{Window, windows};
use crate::words::same_spelled;

/// A child of a state's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The state's identifier.
    pub state_student_id: String,
    /// Last names.
    pub last_name: String,
    /// First name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// The latest qualifying arrival, if the list says.
    pub qualifying_arrival: Option<NaiveDate>,
    /// The last day of eligibility, if the list says.
    pub eligible_until: Option<NaiveDate>,
    /// District, if the list says.
    pub district: Option<String>,
}

/// A student of the state at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubChild {
    /// Its key.
    pub student_id: StudentId,
    /// The child.
    pub person_id: Option<PersonId>,
    /// The state's identifier.
    pub state_student_id: String,
    /// First and second last name.
    pub last_names: [String; 2],
    /// First name.
    pub first_name: String,
    /// Facility of the latest enrollment.
    pub facility: Option<String>,
    /// District of the latest enrollment.
    pub district: Option<String>,
    /// Since when the state no longer reports it; none while it does.
    pub gone_since: Option<DateTime<Utc>>,
    /// What eligibility follows from.
    pub program: ProgramStudent,
}

impl HubChild {
    /// From a whole student.
    #[must_use]
    pub fn of(state: StateCode, listed: &ListedStudent) -> Self {
        let identity = &listed.student.identity;
        let enrollments = &listed.student.enrollments;
        let last = enrollments.iter().max_by_key(|e| e.enrollment_date);
        let second = identity.last_name_2.as_ref();
        Self {
            student_id: listed.student_id,
            person_id: listed.person_id,
            state_student_id: identity.state_student_id.to_string(),
            last_names: [
                identity.last_name_1.to_string(),
                second.map_or(String::new(), ToString::to_string),
            ],
            first_name: identity.first_name.to_string(),
            facility: last
                .and_then(|e| e.facility_code.as_ref())
                .map(ToString::to_string),
            district: last
                .and_then(|e| e.district_of_residence.as_ref())
                .map(ToString::to_string),
            gone_since: (!listed.live).then_some(listed.status_since),
            program: ProgramStudent::of(state, listed.live, &listed.student),
        }
    }

    /// Grade of the last enrollment that began by a day.
    fn grade(&self, day: NaiveDate) -> Option<Grade> {
        let begun = self.program.enrollments.iter().filter(|e| e.start <= day);
        begun.filter_map(|e| Some((e.start, e.grade?))).max()?.1.into()
    }
}

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// On the list; the hub holds no such student of the state as eligible on the day.
    NotInHub,
    /// Eligible on the day by what the hub holds; not on the list.
    NotInList,
    /// Another name.
    Name,
    /// Another birth date.
    BirthDate,
    /// Another qualifying arrival.
    QualifyingArrival,
    /// Another last day of eligibility.
    Eligibility,
}

impl Kind {
    /// Its name in tables and addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotInHub => "not_in_hub",
            Self::NotInList => "not_in_list",
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::QualifyingArrival => "qualifying_arrival",
            Self::Eligibility => "eligibility",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What differs about a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The state's identifier.
    pub state_student_id: String,
    /// The hub's student, if it holds one.
    pub student: Option<(StudentId, Option<PersonId>)>,
    /// Whose work it is.
    pub district: Option<String>,
    /// What kind.
    pub kind: Kind,
    /// Why, as far as it can be seen; in words.
    pub reason: String,
    /// Whether the reason explains it: the list leaves such children out.
    pub explained: bool,
    /// What the list says.
    pub in_list: Option<String>,
    /// What the hub says.
    pub in_hub: Option<String>,
}

impl Difference {
    pub(super) fn kept(self) -> NewDifference {
        NewDifference {
            state_student_id: self.state_student_id,
            student_id: self.student.map(|(id, _)| id.0),
            person_id: self.student.and_then(|(_, person)| person).map(PersonId::number),
            district: self.district,
            kind: self.kind.name(),
            reason: self.reason,
            explained: self.explained,
            in_list: self.in_list,
            in_hub: self.in_hub,
        }
    }
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Children whom the hub holds as eligible on the day.
    pub in_hub: usize,
    /// Children on both sides about whom nothing differs.
    pub agreed: usize,
    /// What differs, by identifier and kind.
    pub differences: Vec<Difference>,
}

/// Compares a state's list with what the hub holds of the state, as of a day. A child of the hub belongs on the list if
/// the state reports it, its certificates make it eligible on the day, and the list's scope does not leave it out.
#[must_use]
pub fn compare(
    list: &[Listed],
    held: &[HubChild],
    day: NaiveDate,
    scope: Scope,
    rules: EligibilityRules,
) -> Outcome {
    let by_id: HashMap<&str, &HubChild> = held.iter().map(|h| (h.state_student_id.as_str(), h)).collect();
    let mut out = Outcome {
        in_hub: 0,
        agreed: 0,
        differences: Vec::new(),
    };
    for child in list {
        let Some(hub) = by_id.get(child.state_student_id.as_str()) else {
            let reason = "the hub holds no student of the state under this identifier".to_owned();
            out.differences.push(missing(child, None, reason));
            continue;
        };
        let windows = windows(&[&hub.program], None, rules);
        if let Some(reason) = why_not(hub, &windows, day) {
            out.differences.push(missing(child, Some(hub), reason));
            continue;
        }
        let differ = differing(child, hub, &windows, day);
        out.agreed += usize::from(differ.is_empty());
        out.differences.extend(differ);
    }
    let listed: std::collections::HashSet<&str> = list.iter().map(|c| c.state_student_id.as_str()).collect();
    for hub in held {
        let windows = windows(&[&hub.program], None, rules);
        if why_not(hub, &windows, day).is_some() {
            continue;
        }
        out.in_hub += 1;
        if !listed.contains(hub.state_student_id.as_str()) {
            out.differences.push(unlisted(hub, &windows, day, scope));
        }
    }
    out.differences
        .sort_by(|a, b| (&a.state_student_id, a.kind).cmp(&(&b.state_student_id, b.kind)));
    out
}

fn missing(child: &Listed, hub: Option<&HubChild>, reason: String) -> Difference {
    let until = child.eligible_until.map(|day| format!("eligible until {day}"));
    Difference {
        state_student_id: child.state_student_id.clone(),
        student: hub.map(|h| (h.student_id, h.person_id)),
        district: hub
            .and_then(|h| h.district.clone())
            .or_else(|| child.district.clone()),
        kind: Kind::NotInHub,
        reason,
        explained: false,
        in_list: Some(until.unwrap_or_else(|| "eligible".to_owned())),
        in_hub: None,
    }
}

/// Why a child that the hub holds does not belong on a list of a day; none if it does.
fn why_not(hub: &HubChild, windows: &[Window], day: NaiveDate) -> Option<String> {
    if let Some(since) = hub.gone_since {
        return Some(format!(
            "the state no longer reports the student since {}",
            since.date_naive()
        ));
    }
    if windows.iter().any(|w| w.holds(day)) {
        return None;
    }
    let moves = &hub.program.moves;
    Some(match windows.iter().rev().find(|w| w.to < day) {
        Some(ended) => format!("eligibility ended on {}: {}", ended.to, ended.ending.words()),
        None if moves.is_empty() => "no qualifying move is reported".to_owned(),
        None if moves.iter().all(|m| m.void) => "every certificate is void".to_owned(),
        None => "the first qualifying arrival is later".to_owned(),
    })
}

fn unlisted(hub: &HubChild, windows: &[Window], day: NaiveDate, scope: Scope) -> Difference {
    let left_out =
        match hub.grade(day) {
            Some(Grade::OutOfSchool) if scope.without_out_of_school => Some("out-of-school youth"),
            Some(
                Grade::P0 | Grade::P1 | Grade::P2 | Grade::P3 | Grade::P4 | Grade::P5 | Grade::Preschool,
            ) if scope.without_preschool => Some("preschool children"),
            None if scope.without_preschool && under_five(hub, day) => Some("preschool children"),
            _ => None,
        };
    let reason = match left_out {
        Some(who) => format!("out of the list's scope: it leaves out {who}"),
        None if scope.without_private_schools => {
            "eligible at the hub; the list leaves out private schools, and which school is private is no data element"
                .to_owned()
        }
        None => "eligible at the hub".to_owned(),
    };
    let until = windows.iter().rev().find(|w| w.holds(day)).map(|w| w.to);
    Difference {
        state_student_id: hub.state_student_id.clone(),
        student: Some((hub.student_id, hub.person_id)),
        district: hub.district.clone(),
        kind: Kind::NotInList,
        reason,
        explained: left_out.is_some(),
        in_list: None,
        in_hub: until.map(|day| format!("eligible until {day}")),
    }
}

fn under_five(hub: &HubChild, day: NaiveDate) -> bool {
    let birth = hub.program.birth;
    birth.is_some_and(|birth| day < mde::eligibility::birthday(birth, 5))
}

/// What differs about a child on both sides.
fn differing(child: &Listed, hub: &HubChild, windows: &[Window], day: NaiveDate) -> Vec<Difference> {
    let mut out = Vec::new();
    let mut add = |kind, reason: &str, in_list: String, in_hub: String| {
        out.push(Difference {
            state_student_id: hub.state_student_id.clone(),
            student: Some((hub.student_id, hub.person_id)),
            district: hub.district.clone(),
            kind,
            reason: reason.to_owned(),
            explained: false,
            in_list: Some(in_list),
            in_hub: Some(in_hub),
        });
    };
    let [first, second] = &hub.last_names;
    let both = format!("{first} {second}");
    let last_name = [first, second, both.trim()]
        .iter()
        .any(|held| !held.is_empty() && same_spelled(held, &child.last_name));
    if !(last_name && same_spelled(&hub.first_name, &child.first_name)) {
        add(
            Kind::Name,
            "the names are written otherwise",
            format!("{}, {}", child.last_name, child.first_name),
            format!("{}, {}", both.trim(), hub.first_name),
        );
    }
    if child.birth_date != hub.program.birth {
        let text = |day: Option<NaiveDate>| day.map_or_else(|| "none".to_owned(), |day| day.to_string());
        let swapped = |a: NaiveDate, b: NaiveDate| {
            use chrono::Datelike as _;
            (a.year(), a.month(), a.day()) == (b.year(), b.day(), b.month())
        };
        let reason = match (child.birth_date, hub.program.birth) {
            (None, _) | (_, None) => "one side has none",
            (Some(a), Some(b)) if swapped(a, b) => "day and month are swapped",
            _ => "two birth dates",
        };
        add(
            Kind::BirthDate,
            reason,
            text(child.birth_date),
            text(hub.program.birth),
        );
    }
    let Some(window) = windows.iter().rev().find(|w| w.holds(day)) else {
        return out;
    };
    if let Some(arrival) = child.qualifying_arrival.filter(|arrival| *arrival != window.from) {
        let known = windows.iter().any(|w| w.from == arrival);
        let reason = if known {
            "the list has an earlier move than the latest"
        } else {
            "the hub holds no move of that arrival"
        };
        add(
            Kind::QualifyingArrival,
            reason,
            arrival.to_string(),
            window.from.to_string(),
        );
    }
    if let Some(until) = child.eligible_until.filter(|until| *until != window.to) {
        let reason = match (until - window.to).num_days().abs() {
            1 => "the list counts the last day otherwise; see the state's rule at the hub",
            _ => "two last days of eligibility",
        };
        let in_hub = format!("{} ({})", window.to, window.ending.words());
        add(Kind::Eligibility, reason, until.to_string(), in_hub);
    }
    out
}
