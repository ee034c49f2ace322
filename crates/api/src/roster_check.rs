//! "Is this child known?": a state's new school enrollments, each compared with the hub's students by the engine that
//! links. What matches is disclosed, and referred to the state's recruiters if it asks for that; of what does not match
//! nothing is kept.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta};
use diesel::{Connection as _, PgConnection};
use linking::driver::{PARTS, model_in_force, upsert};
use linking::{LinkIndex, Model, nicknames};
use mde::{PersonId, StateCode, Student, StudentId, text};
use notices::referrals::{self, Enrolled, Referred};
use records::eligibility::windows;
use serde::Serialize;
use store::access::{Access, Subject};
use store::persons::PersonRecord;
use store::program::ProgramStudent;
use store::search::{self, Candidate};
use store::{access, persons, students};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{Problem, ProblemCode};

/// The most children of one call.
pub const CHILDREN: usize = 1_000;

/// The most children that one state may ask about within 24 hours: twice a large state's school year at one go.
pub const CHILDREN_PER_DAY: i64 = 100_000;

/// The most persons that are shown for a child that is possibly one of them.
const POSSIBLE: usize = 5;

/// The key of the child that is asked about beside those of students, which are UUIDs of version 8.
const ASKED: StudentId = StudentId(Uuid::max());

/// What is kept of a call: how many children, never who.
const ACTION: &str = "roster.check";

/// A child as a state asks about it.
#[derive(Debug)]
pub struct Child {
    /// What the state calls it.
    pub reference: String,
    /// What is known of it, or why it cannot be looked up.
    pub student: Result<Student, String>,
    /// Where it is enrolled.
    pub at: Place,
}

/// Where a child is enrolled, as its state sends it: for a referral alone.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The school or project, by the state's code.
    pub facility_code: Option<String>,
    /// The school's name.
    pub school: Option<String>,
    /// The district.
    pub district: Option<String>,
}

/// Whether a child is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The engine would link it without asking anybody.
    Known,
    /// It may be one of the persons named: a recruiter should ask the family.
    Possible,
    /// No migratory child that the hub holds is like it.
    NotKnown,
    /// It could not be looked up; `problem` says why.
    NotChecked,
}

/// The answer about a child.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    /// What the state calls it.
    pub reference: String,
    /// Whether it is known.
    pub verdict: Verdict,
    /// Whom the hub knows that is like it, the best first.
    pub persons: Vec<Known>,
    /// Why it was not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Where referrals are asked for: that of this child to the state's recruiters, if it is known or possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<ReferredAs>,
    /// Where referrals are asked for: why this child needs none, if it is known or possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_referred: Option<&'static str>,
}

/// The referral of a child.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferredAs {
    /// Its number.
    pub referral_id: i64,
    /// Its address.
    pub href: String,
    /// Last day for an outcome.
    pub due_on: NaiveDate,
    /// Whether this call opened it; else the child was referred before.
    pub new: bool,
    /// `found_eligible`, `not_eligible`, `not_found` or `declined`; `null` while it is open.
    pub outcome: Option<String>,
}

/// A person that the child is or may be.
#[derive(Debug, Serialize, ToSchema)]
pub struct Known {
    /// Its number.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// Address of its record.
    pub href: String,
    /// Probability that it is the child.
    pub probability: f64,
    /// Eligibility by each state's certified moves.
    pub eligibility: Vec<EligibleIn>,
}

/// Eligibility in a state.
#[derive(Debug, Serialize, ToSchema)]
pub struct EligibleIn {
    /// The state.
    #[schema(value_type = String)]
    pub state: StateCode,
    /// Last day of eligibility; `null` if no move makes it eligible.
    pub ends_on: Option<NaiveDate>,
    /// Whether it is eligible today.
    pub eligible_today: bool,
}

/// Looks children up for a state. Each person that is named is disclosed, in the same transaction; how many children were
/// asked about is noted, and counts toward [`CHILDREN_PER_DAY`]. With `refer`, who is possibly known, or known and not the
/// state's own, becomes a [referral](referrals::refer) to its recruiters.
pub fn check(
    connection: &mut PgConnection,
    own: &Access,
    state: StateCode,
    children: &[Child],
    refer: bool,
    today: NaiveDate,
) -> Result<Vec<Checked>, Problem> {
    let asked = i64::try_from(children.len()).unwrap_or(i64::MAX);
    let before = access::counted(connection, ACTION, state.as_str(), own.at - TimeDelta::hours(24))?;
    if before.saturating_add(asked) > CHILDREN_PER_DAY {
        let detail = format!(
            "This state has asked about {before} children within 24 hours and may ask about {CHILDREN_PER_DAY}. Send \
             only enrollments that are new, and the rest tomorrow."
        );
        return Err(Problem::new(ProblemCode::RateLimited, detail).retry_after(3_600));
    }
    let model = model_in_force(connection)?;
    let checked = connection.transaction::<_, store::Error, _>(|connection| {
        let mut checked = children
            .iter()
            .map(|child| one(connection, &model, state, child, today))
            .collect::<store::Result<Vec<Checked>>>()?;
        let mut subjects: Vec<PersonId> = checked
            .iter()
            .flat_map(|child| &child.persons)
            .map(|known| known.person_id)
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        let subjects: Vec<Subject> = subjects.into_iter().map(Subject::Person).collect();
        if !subjects.is_empty() {
            own.disclose(connection, &subjects, &["search", "eligibility"])?;
        }
        let opened = if refer {
            referred(connection, own, state, children, &mut checked)?
        } else {
            0
        };
        let count = |verdict| checked.iter().filter(|child| child.verdict == verdict).count();
        let detail = serde_json::json!({
            "count": asked,
            "known": count(Verdict::Known),
            "possible": count(Verdict::Possible),
            "referred": opened,
        });
        access::audit(
            connection,
            own.at,
            &own.actor.label(),
            ACTION,
            state.as_str(),
            &detail,
        )?;
        Ok(checked)
    })?;
    Ok(checked)
}

/// Refers who is known or possible, and writes into each answer what became of it. Returns how many are new.
fn referred(
    connection: &mut PgConnection,
    own: &Access,
    state: StateCode,
    children: &[Child],
    checked: &mut [Checked],
) -> store::Result<usize> {
    let pairs = children.iter().zip(checked.iter_mut());
    let (enrolled, mut answers): (Vec<Enrolled<'_>>, Vec<&mut Checked>) = pairs
        .filter_map(|(child, answer)| {
            let student = child.student.as_ref().ok()?;
            let enrolled = Enrolled {
                state_student_id: &student.identity.state_student_id,
                facility_code: child.at.facility_code.clone(),
                school: child.at.school.clone(),
                district: child.at.district.clone(),
                known: answer.verdict == Verdict::Known,
                candidates: answer.persons.iter().map(Known::candidate).collect(),
            };
            (!enrolled.candidates.is_empty()).then_some((enrolled, answer))
        })
        .unzip();
    let by = match &own.on_behalf_of {
        Some(user) => format!("{} for {user}", own.actor.label()),
        None => own.actor.label(),
    };
    let done = referrals::refer(connection, state, &by, &enrolled, own.at)?;
    let mut opened = 0;
    for (answer, referred) in answers.iter_mut().zip(done) {
        match referred {
            Referred::As { referral, is_new } => {
                opened += usize::from(is_new);
                answer.referral = Some(ReferredAs {
                    referral_id: referral.referral_id,
                    href: format!("/v1/referrals/{}", referral.referral_id),
                    due_on: referral.due_on,
                    new: is_new,
                    outcome: referral.outcome,
                });
            }
            Referred::Needless(why) => answer.not_referred = Some(why),
        }
    }
    Ok(opened)
}

impl Known {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "three decimals, as they are shown"
    )]
    fn candidate(&self) -> (PersonId, f32) {
        (self.person_id, self.probability as f32)
    }
}

fn one(
    connection: &mut PgConnection,
    model: &Model,
    state: StateCode,
    child: &Child,
    today: NaiveDate,
) -> store::Result<Checked> {
    let answer = |verdict, persons, problem| Checked {
        reference: child.reference.clone(),
        verdict,
        persons,
        problem,
        referral: None,
        not_referred: None,
    };
    let student = match &child.student {
        Ok(student) => student,
        Err(why) => return Ok(answer(Verdict::NotChecked, Vec::new(), Some(why.clone()))),
    };
    let (verdict, alike) = judge(model, state, student, &candidates(connection, student)?);
    let mut known = Vec::new();
    for (number, probability) in alike {
        if let Some(person) = persons::load(connection, number)? {
            known.push(Known {
                person_id: person.person_id,
                href: format!("/v1/persons/{}", person.person_id),
                probability: (probability * 1_000.0).round() / 1_000.0,
                eligibility: eligibility(&person, today),
            });
        }
    }
    Ok(answer(verdict, known, None))
}

/// A student that the child may be, with what linking compares.
type Alike = (Candidate, Student);

fn candidates(connection: &mut PgConnection, student: &Student) -> store::Result<Vec<Alike>> {
    let identity = &student.identity;
    let names = [
        Some(&identity.last_name_1),
        identity.last_name_2.as_ref(),
        Some(&identity.first_name),
    ];
    let names: Vec<&str> = names.into_iter().flatten().map(mde::Text::as_str).collect();
    let query = search::Query {
        names: names.join(" "),
        birth_date: identity.birth_date.map(mde::Date::day),
        birth_year: None,
        state: None,
    };
    let forms: Vec<String> = text::fold(identity.first_name.as_str())
        .iter()
        .flat_map(|name| nicknames::forms(name))
        .flat_map(text::fold)
        .collect();
    let candidates = search::candidates(connection, &query, &forms)?;
    let ids: Vec<Uuid> = candidates
        .iter()
        .map(|candidate| candidate.student_id.0)
        .collect();
    let mut content: HashMap<StudentId, Student> = students::read_parts(connection, &ids, PARTS)?
        .into_iter()
        .collect();
    let alike = |candidate: Candidate| {
        let student = content.remove(&candidate.student_id)?;
        Some((candidate, student))
    };
    Ok(candidates.into_iter().filter_map(alike).collect())
}

/// Whom a child is like by the thresholds of linking: known, if the best one would be linked without a person and no
/// second one comes near.
fn judge(
    model: &Model,
    state: StateCode,
    student: &Student,
    candidates: &[Alike],
) -> (Verdict, Vec<(PersonId, f64)>) {
    let mut index = LinkIndex::new(model.clone());
    upsert(&mut index, ASKED, state, student);
    for (candidate, student) in candidates {
        if let Some(of) = candidate.student_id.state() {
            upsert(&mut index, candidate.student_id, of, student);
        }
    }
    let mut best: BTreeMap<PersonId, (f32, f64)> = BTreeMap::new();
    for candidate in candidates
        .iter()
        .map(|(candidate, _)| candidate)
        .filter(|c| c.live)
    {
        let pair = index.compare(ASKED.0.as_u128(), candidate.student_id.0.as_u128());
        let (Some(person), Some(pair)) = (candidate.person_id, pair) else {
            continue;
        };
        let of_person = best.entry(person).or_insert((f32::MIN, 0.0));
        if pair.weight > of_person.0 {
            *of_person = (pair.weight, pair.probability);
        }
    }
    let limits = &model.thresholds;
    let mut alike: Vec<(PersonId, (f32, f64))> = best
        .into_iter()
        .filter(|(_, (weight, _))| *weight >= limits.review)
        .collect();
    alike.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
    alike.truncate(POSSIBLE);
    let verdict = match alike.as_slice() {
        [] => Verdict::NotKnown,
        [(_, (best, _)), rest @ ..]
            if *best >= limits.auto && rest.iter().all(|(_, (weight, _))| best - weight > limits.margin) =>
        {
            Verdict::Known
        }
        _ => Verdict::Possible,
    };
    if verdict == Verdict::Known {
        alike.truncate(1);
    }
    let alike = alike
        .into_iter()
        .map(|(person, (_, probability))| (person, probability));
    (verdict, alike.collect())
}

/// Eligibility in each state with a live student of the person.
fn eligibility(person: &PersonRecord, today: NaiveDate) -> Vec<EligibleIn> {
    let mut of_state: BTreeMap<StateCode, Vec<ProgramStudent>> = BTreeMap::new();
    for held in person.students.iter().filter(|held| held.live) {
        let student = ProgramStudent::of(held.state, held.live, &held.student);
        of_state.entry(held.state).or_default().push(student);
    }
    of_state
        .into_iter()
        .map(|(state, students)| {
            let rules = person.rules.get(&state).copied().unwrap_or_default();
            let windows = windows(&students.iter().collect::<Vec<_>>(), None, rules);
            let begun: Vec<_> = windows.iter().filter(|window| window.from <= today).collect();
            EligibleIn {
                state,
                ends_on: begun.iter().map(|window| window.to).max(),
                eligible_today: begun.iter().any(|window| window.holds(today)),
            }
        })
        .collect()
}
