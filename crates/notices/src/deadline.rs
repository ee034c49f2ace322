//! The deadlines of a person's states: what started each, when it ends, and which batch met it. Pure: what the states
//! told and when it was received goes in; the clock is not read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use mde::{
    Date, EligibilityRules, Enrollment, Facility, QualifyingMove, StateCode, Student, StudentId, WorkCalendar,
};
use serde::{Deserialize, Serialize};

use crate::duty::{Duty, Limit, Limits};

/// A term of a district, as its calendar says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Term {
    /// What the district calls it: `Fall 2026`.
    pub name: String,
    /// First day.
    pub begin: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// What the hub knows of a state as a keeper of deadlines.
#[derive(Debug, Clone)]
pub struct StateDuties {
    /// Its zone: "the day on which something was received" is a day there.
    pub zone: Tz,
    /// Since when it takes part; nothing that started before is a duty toward the hub.
    pub since: NaiveDate,
    /// Its working days.
    pub work: WorkCalendar,
    /// How it counts eligibility.
    pub eligibility: EligibilityRules,
    /// Terms by district, as [`district_key`] writes it.
    pub terms: BTreeMap<String, BTreeSet<Term>>,
    /// Its full uploads that were loaded: each says all that the state holds of every child.
    pub fulls: Vec<Receipt>,
}

/// A batch that was received and loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Receipt {
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Which.
    pub batch_id: i64,
}

/// One content of a student, as a batch brought it.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The batch.
    pub receipt: Receipt,
    /// What it said.
    pub student: &'a Student,
}

/// All that a state has told of one student, in whatever order.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// The state.
    pub state: StateCode,
    /// The student.
    pub student_id: StudentId,
    /// Every content that was received, those that came too late to be current too.
    pub contents: Vec<Content<'a>>,
    /// The content that is current; `None` if the student is not live.
    pub current: Option<&'a Student>,
}

/// The hub's word to a state that a child of it has moved: it starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// The notice.
    pub move_notice_id: i64,
    /// The state that is told.
    pub state: StateCode,
    /// When it was told.
    pub told_at: DateTime<Utc>,
}

/// Where a deadline stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not met, and over.
    Overdue,
    /// Not met, and not over.
    Open,
    /// Met after its last day.
    Late,
    /// Met in time.
    Met,
    /// Nothing says when it started.
    StartNotReported,
}

/// One duty of one state about one student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What is to be done.
    pub duty: Duty,
    /// Who has to.
    pub state: StateCode,
    /// About whom.
    pub student_id: StudentId,
    /// What started it: the same cause is the same deadline, ever. No personal data but the certificate's number.
    pub cause: String,
    /// District that the duty falls to, where one is known.
    pub district: Option<String>,
    /// The day that started it; `None`: nobody reported it.
    pub started_on: Option<NaiveDate>,
    /// The last day; `None` where the start is not known.
    pub due_on: Option<NaiveDate>,
    /// The limit that was applied.
    pub limit: Limit,
    /// The batch that met it.
    pub met: Option<Receipt>,
    /// The day of that batch in the state.
    pub met_on: Option<NaiveDate>,
}

impl Deadline {
    /// Where it stands on a day of its state.
    #[must_use]
    pub fn standing(&self, today: NaiveDate) -> Standing {
        standing(self.due_on, self.met_on, today)
    }
}

/// Where a duty with this last day stands on a day of its state, given the day on which it was met.
#[must_use]
pub fn standing(due_on: Option<NaiveDate>, met_on: Option<NaiveDate>, today: NaiveDate) -> Standing {
    match (due_on, met_on) {
        (None, _) => Standing::StartNotReported,
        (Some(due), Some(met)) if met <= due => Standing::Met,
        (Some(_), Some(_)) => Standing::Late,
        (Some(due), None) if today <= due => Standing::Open,
        (Some(_), None) => Standing::Overdue,
    }
}

impl Standing {
    /// Every standing, the most urgent first.
    pub const ALL: [Self; 5] = [
        Self::Overdue,
        Self::Open,
        Self::Late,
        Self::Met,
        Self::StartNotReported,
    ];

    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Open => "open",
            Self::Late => "late",
            Self::Met => "met",
            Self::StartNotReported => "start_not_reported",
        }
    }
}

/// How a district is known in a calendar: its name or NCES number, blanks joined, in lower case.
#[must_use]
pub fn district_key(district: &str) -> String {
    district
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// What one state owes for one of its students. `facilities` finds the state's facilities by code; `departures` are
/// the hub's valid notices to this state that the child has left; `today` is the day in the state, on which a term must
/// be over to start a clock. In order of duty and cause.
#[must_use]
pub fn deadlines<'a>(
    told: &Told<'_>,
    state: &StateDuties,
    limits: &Limits,
    departures: &[Departure],
    facilities: &dyn Fn(&str) -> Option<&'a Facility>,
    today: NaiveDate,
) -> Vec<Deadline> {
    let book = Book {
        told,
        state,
        limits,
        facilities,
    };
    let mut found = book.certificates();
    found.extend(book.terms(today));
    found.extend(
        departures
            .iter()
            .filter(|d| d.state == told.state)
            .map(|d| book.residence(d)),
    );
    found.extend(book.records());
    found.retain(|deadline| deadline.started_on.is_none_or(|start| start >= state.since));
    found.sort_by(|a, b| (a.duty, &a.cause).cmp(&(b.duty, &b.cause)));
    found
}

struct Book<'b, 'a> {
    told: &'b Told<'b>,
    state: &'b StateDuties,
    limits: &'b Limits,
    facilities: &'b dyn Fn(&str) -> Option<&'a Facility>,
}

impl Book<'_, '_> {
    fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.state.zone).date_naive()
    }

    fn deadline(&self, duty: Duty, cause: &str, start: Option<NaiveDate>, met: Option<Receipt>) -> Deadline {
        let limit = self.limits.of(duty);
        Deadline {
            duty,
            state: self.told.state,
            student_id: self.told.student_id,
            cause: format!("{}|{}|{cause}", duty.name(), self.told.student_id),
            district: None,
            started_on: start,
            due_on: start.map(|start| limit.from(start, &self.state.work)),
            limit,
            met,
            met_on: met.map(|met| self.day(met.received_at)),
        }
    }

    /// The first batch that told what `holds` looks for.
    fn first(&self, holds: impl Fn(&Student) -> bool) -> Option<Receipt> {
        self.told
            .contents
            .iter()
            .filter(|content| holds(content.student))
            .map(|content| content.receipt)
            .min()
    }

    /// The first batch since that spoke of the student: with content of it, or of all that the state holds.
    fn first_word(&self, since: impl Fn(&Receipt) -> bool) -> Option<Receipt> {
        let of_student = self.told.contents.iter().map(|content| content.receipt);
        of_student
            .chain(self.state.fulls.iter().copied())
            .filter(|receipt| since(receipt))
            .min()
    }

    /// A certificate is known by its number, else by the arrival that it certifies. Approval dates can be corrected: the
    /// one that is current counts, else the last that was told.
    fn certificates(&self) -> Vec<Deadline> {
        let mut approved: BTreeMap<String, &QualifyingMove> = BTreeMap::new();
        for student in self.contents_in_order() {
            approved.extend(student.qualifying_moves.iter().map(|row| (certificate(row), row)));
        }
        // A move that was taken back is no duty any more.
        if let Some(current) = self.told.current {
            let stands = |key: &String| {
                let mut rows = current.qualifying_moves.iter();
                rows.any(|row| row.void_date.is_none() && certificate(row) == *key)
            };
            approved.retain(|key, _| stands(key));
        }
        approved
            .into_iter()
            .filter_map(|(key, row)| {
                let approval = row.certificate_approval_date.map(Date::day);
                let of_our_time =
                    approval.unwrap_or_else(|| row.qualifying_arrival_date.day()) >= self.state.since;
                let met = self.first(|s| s.qualifying_moves.iter().any(|row| certificate(row) == key));
                of_our_time.then(|| self.deadline(Duty::NewCertificate, &key, approval, met))
            })
            .collect()
    }

    /// Contents by time of receipt, the current one last.
    fn contents_in_order(&self) -> Vec<&Student> {
        let mut contents: Vec<&Content<'_>> = self.told.contents.iter().collect();
        contents.sort_by_key(|content| content.receipt);
        contents
            .into_iter()
            .map(|content| content.student)
            .chain(self.told.current)
            .collect()
    }

    /// For each term that is over and in which the child was enrolled and eligible. A district without a calendar is
    /// said once per school year, without a date.
    fn terms(&self, today: NaiveDate) -> Vec<Deadline> {
        let Some(student) = self.told.current else {
            return Vec::new();
        };
        let mut found: BTreeMap<String, Deadline> = BTreeMap::new();
        for enrollment in &student.enrollments {
            let names = self.districts(enrollment);
            let Some(name) = names.first() else { continue };
            let first = enrollment.enrollment_date.day();
            let last = enrollment.withdrawal_date.map_or(today, Date::day);
            let Some(terms) = names
                .iter()
                .find_map(|name| self.state.terms.get(&district_key(name)))
            else {
                if last >= self.state.since && self.eligible(student, first, last) {
                    let cause = format!("no calendar|{}", district_key(name));
                    let mut deadline = self.deadline(Duty::EndOfTerm, &cause, None, None);
                    deadline.district = Some(name.clone());
                    found.insert(cause, deadline);
                }
                continue;
            };
            for term in terms.iter().filter(|term| term.end < today) {
                let (from, to) = (first.max(term.begin), last.min(term.end));
                if from > to || !self.eligible(student, from, to) {
                    continue;
                }
                let met = self.first_word(|receipt| self.day(receipt.received_at) > term.end);
                let cause = format!("{}|{}|{}", district_key(name), term.begin, term.end);
                let mut deadline = self.deadline(Duty::EndOfTerm, &cause, Some(term.end), met);
                deadline.district = Some(name.clone());
                found.insert(cause, deadline);
            }
        }
        found.into_values().collect()
    }

    /// The district of an enrollment under its names: of the school first, then of residence.
    fn districts(&self, enrollment: &Enrollment) -> Vec<String> {
        let facility = enrollment
            .facility_code
            .as_ref()
            .and_then(|code| (self.facilities)(code.as_str()));
        let of_school = facility.into_iter().flat_map(|f| {
            [
                f.district.as_ref().map(ToString::to_string),
                f.nces_district_id.as_ref().map(ToString::to_string),
            ]
        });
        let of_residence = enrollment.district_of_residence.as_ref().map(ToString::to_string);
        of_school.chain([of_residence]).flatten().collect()
    }

    /// Whether one of the child's certified moves makes it eligible on a day from `first` to `last`.
    fn eligible(&self, student: &Student, first: NaiveDate, last: NaiveDate) -> bool {
        let until_22 = student
            .identity
            .birth_date
            .map(|birth| mde::eligibility::last_day_of_age_21(birth.day()));
        student
            .qualifying_moves
            .iter()
            .filter(|row| row.void_date.is_none())
            .any(|row| {
                let arrival = row.qualifying_arrival_date.day();
                let end = self.state.eligibility.last_day.of(arrival);
                let end = until_22.map_or(end, |day| end.min(day));
                arrival <= last && end >= first
            })
    }

    /// The hub's word starts the clock on the day on which it was said; any word of the state after it meets the duty.
    fn residence(&self, departure: &Departure) -> Deadline {
        let met = self.first_word(|receipt| receipt.received_at > departure.told_at);
        self.deadline(
            Duty::ChangeOfResidence,
            &format!("notice {}", departure.move_notice_id),
            Some(self.day(departure.told_at)),
            met,
        )
    }

    /// Records of another state's secondary school, once per enrollment that obtained them.
    fn records(&self) -> Vec<Deadline> {
        let Some(student) = self.told.current else {
            return Vec::new();
        };
        let obtained: BTreeMap<NaiveDate, &Enrollment> = student
            .enrollments
            .iter()
            .filter_map(|e| Some((e.out_of_state_records_date?.day(), e)))
            .collect();
        obtained
            .into_iter()
            .map(|(day, enrollment)| {
                let told = |e: &Enrollment| {
                    e.out_of_state_transcript == Some(true)
                        && e.out_of_state_records_date.is_none_or(|date| date.day() == day)
                        && e.enrollment_date == enrollment.enrollment_date
                };
                let met = self.first(|s| s.enrollments.iter().any(told));
                let mut deadline = self.deadline(Duty::OutOfStateRecords, &day.to_string(), Some(day), met);
                deadline.district = self.districts(enrollment).into_iter().next();
                deadline
            })
            .collect()
    }
}

fn certificate(row: &QualifyingMove) -> String {
    match &row.certificate_number {
        Some(number) => format!("certificate {number}"),
        None => format!("arrival {}", row.qualifying_arrival_date.day()),
    }
}
