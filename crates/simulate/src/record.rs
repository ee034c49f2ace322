//! A state's student of a child: its identifier, since when the state has it, and what the state knows on a day.

use chrono::{Datelike, Days, NaiveDate};
use mde::code::{IdentifierType, TerminationFlag};
use mde::rules::eligibility_end;
use mde::text::Phone;
use mde::{
    Country, Date, Draft, Identity, IdentityDraft, QualifyingMove, QualifyingMoveDraft, StateStudentId,
    Student, Text,
};
use rand::RngExt;

use crate::clerk::{self, Written};
use crate::family::{Child, Family, World};
use crate::health;
use crate::places::State;
use crate::random::{Purpose, stream};
use crate::rates::{self, ErrorKind};
use crate::school::{Pupil, SchoolRecord, Schooling, country};
use crate::stays::Stay;

/// Identifiers of a child within a state: the true one, and a second one by mistake.
const COPIES: u64 = 2;
/// Children in a family, at most.
const CHILDREN: u64 = 8;
/// A prime below 10^8: multiplication by a number below it is a permutation, so that identifiers look random and no two
/// are the same.
const PRIME: u64 = 99_999_989;
/// Families that have identifiers of their own.
pub(crate) const MOST_FAMILIES: u64 = PRIME / (CHILDREN * COPIES) - 1;

/// One student of a state, over all nights.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    world: &'a World,
    family: &'a Family,
    child: &'a Child,
    state: State,
    copy: u64,
    /// The stays that it knows, with their places in the family's list.
    stays: Vec<(usize, &'a Stay)>,
    corrected: NaiveDate,
    /// The state merges it into the child's other student on this day.
    merged: Option<NaiveDate>,
}

/// The students of a family in a state, which is given by its place in the nation's list.
pub(crate) fn of_family<'a>(world: &'a World, family: &'a Family, place: usize) -> Vec<Record<'a>> {
    let state = world.states[place];
    let mut records = Vec::with_capacity(family.children.len());
    for child in &family.children {
        let schooling = Schooling::new(world, family.number, child, family.mother.is_none());
        // Who has graduated is not registered again.
        let last = schooling.last_year(child).unwrap_or(i32::MAX - 1);
        let stays: Vec<_> = family
            .stays_of(child, place)
            .filter(|(_, stay)| stay.from.year() <= last + i32::from(stay.from.month() < 5))
            .collect();
        if stays.is_empty() {
            continue;
        }
        let rng = &mut stream(
            world.seed,
            Purpose::Record,
            [family.number, child.index, state.number],
        );
        let twice = rng.random_bool(ErrorKind::SecondId.rate());
        let all = rng.random_bool(0.6);
        let merged = world.start + nights_until(rates::MERGED_PER_NIGHT, rng.random());
        for copy in 0..=u64::from(twice) {
            let corrected = world.start + nights_until(rates::CORRECTED_PER_NIGHT, rng.random());
            let skip = if copy > 0 && !all { stays.len() - 1 } else { 0 };
            records.push(Record {
                world,
                family,
                child,
                state,
                copy,
                stays: stays[skip..].to_vec(),
                corrected,
                merged: (copy > 0).then_some(merged),
            });
        }
    }
    records
}

/// The night of something that has the chance `rate` each night, spread evenly over the 1/rate nights that it takes.
fn nights_until(rate: f64, throw: f64) -> Days {
    Days::new(1 + (throw / rate) as u64)
}

impl Record<'_> {
    /// The identifier in the state.
    pub(crate) fn id(&self) -> String {
        let slot = (self.family.number * CHILDREN + self.child.index) * COPIES + self.copy + 1;
        let mixed = (slot * 61_803_389 + self.state.number * 1_618_033) % PRIME;
        let (prefix, digits) = self.state.habits.id;
        format!(
            "{prefix}{:0width$}{mixed:08}",
            10 + self.state.number % 80,
            width = digits - 8
        )
    }

    /// Names of the child and the family, over all states.
    pub(crate) fn child_and_family(&self) -> (String, String) {
        let family = self.family.number + 1;
        (
            format!("C{family}-{}", self.child.index + 1),
            format!("F{family}"),
        )
    }

    /// The child.
    #[cfg(test)]
    pub(crate) fn child(&self) -> &Child {
        self.child
    }

    /// Whether the child was born with another one.
    pub(crate) fn is_twin(&self) -> bool {
        self.child.twin
    }

    /// The errors with which the state wrote it down at first.
    pub(crate) fn errors(&self) -> Vec<ErrorKind> {
        self.written(false).errors
    }

    /// Whether the state holds it on a day.
    pub(crate) fn is_held(&self, day: NaiveDate) -> bool {
        let known = self
            .stays
            .iter()
            .any(|(_, stay)| stay.from + Days::new(stay.told_in) <= day);
        known && self.merged.is_none_or(|merged| day < merged)
    }

    /// The arrivals that the state knows of on a day; none while it does not hold the student.
    pub(crate) fn arrivals(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let held = self.is_held(day);
        let known = self
            .stays
            .iter()
            .filter(move |(_, stay)| held && stay.from + Days::new(stay.told_in) <= day);
        known.map(|(_, stay)| stay.from)
    }

    fn written(&self, corrected: bool) -> Written {
        clerk::write(
            self.world,
            self.family,
            self.child,
            self.state,
            self.copy,
            corrected,
        )
    }

    /// All that the state knows on a day; `None` if it does not hold it.
    pub(crate) fn student(&self, day: NaiveDate) -> Option<Student> {
        if !self.is_held(day) {
            return None;
        }
        let world = self.world;
        let alone = self.family.mother.is_none();
        let pupil = Pupil {
            world,
            state: self.state,
            child: self.child,
            schooling: Schooling::new(world, self.family.number, self.child, alone),
            day,
        };
        let thing = [
            self.family.number,
            1 << 32 | self.child.index << 8 | self.copy,
            self.state.number,
        ];
        let rng = &mut stream(world.seed, Purpose::School, thing);
        let mut school = SchoolRecord::default();
        let mut moves = Vec::new();
        for (place, stay) in &self.stays {
            school.add_stay(&pupil, stay, rng);
            moves.extend(self.qualifying_move(*place, stay, day));
        }
        let known = self
            .stays
            .iter()
            .filter(|(_, stay)| stay.from + Days::new(stay.told_in) <= day);
        let last_arrival = known.map(|(_, stay)| stay.from).max()?;
        let rng = &mut stream(world.seed, Purpose::Record, thing);
        let arrival = self.stays[0].1.from;
        let end = eligibility_end(last_arrival, Some(self.child.birth));
        let ended = match school.graduated {
            Some(graduated) => Some((graduated, TerminationFlag::Graduated)),
            None => (end < day).then_some((end, TerminationFlag::EligibilityExpired)),
        };
        let mut student = Student::new(self.identity(day, ended, rng.random())?);
        student.qualifying_moves = moves;
        student.enrollments = school.enrollments;
        student.courses = school.courses;
        student.assessments = school.assessments;
        student.graduation_requirements = school.requirements;
        student.immunizations = health::doses(world, self.family.number, self.child, rng, arrival, day);
        student.alerts = health::alerts(self.state, rng, arrival, day);
        Some(student)
    }

    /// Who the student is, as the state has it on a day; `None` if it does not hold it.
    pub(crate) fn particulars(&self, day: NaiveDate) -> Option<Identity> {
        self.is_held(day).then(|| self.identity(day, None, 1)).flatten()
    }

    fn identity(
        &self,
        day: NaiveDate,
        ended: Option<(NaiveDate, TerminationFlag)>,
        throw: u64,
    ) -> Option<Identity> {
        let written = self.written(day >= self.corrected);
        let phone = format!("({}) 555-01{:02}", self.state.habits.area, throw % 100);
        let (father_last, father_first) = unzip(written.father);
        let (mother_last, mother_first) = unzip(written.mother);
        let (guardian_last, guardian_first) = unzip(written.guardian);
        IdentityDraft {
            state_student_id: StateStudentId::new(&self.id()).ok(),
            state_student_id_type: Some(IdentifierType::StateMep),
            last_name_1: Text::new(&written.last_1).ok(),
            last_name_2: Text::new(&written.last_2).ok(),
            first_name: Text::new(&written.first).ok(),
            middle_name: Text::new(&written.middle).ok(),
            generation: self.child.suffix.and_then(|s| Text::new(s).ok()),
            gender: Some(written.gender),
            birth_date: written.birth.and_then(|d| Date::new(d).ok()),
            birth_verification: Some(written.evidence),
            birth_city: written.city.and_then(|c| Text::new(&c).ok()),
            birth_state: written.province.and_then(|p| Text::new(p).ok()),
            birth_country: written.country.and_then(|c| Country::new(c).ok()),
            multiple_birth: written.multiple,
            parent1_last_name: father_last,
            parent1_first_name: father_first,
            parent2_last_name: mother_last,
            parent2_first_name: mother_first,
            guardian_last_name: guardian_last,
            guardian_first_name: guardian_first,
            parent2_phone: throw.is_multiple_of(5).then(|| Phone::new(&phone).ok()).flatten(),
            termination_date: ended.and_then(|(d, _)| Date::new(d).ok()),
            termination_flag: ended.map(|(_, flag)| flag),
            ..IdentityDraft::default()
        }
        .finish()
        .ok()
    }

    fn qualifying_move(&self, place: usize, stay: &Stay, day: NaiveDate) -> Option<QualifyingMove> {
        let certified = stay.certified || self.stays.len() == 1;
        if !certified || stay.from + Days::new(stay.told_in) > day {
            return None;
        }
        // Children of one family who arrive together are on one certificate.
        let number = (self.family.number * 64 + place as u64 + 1) * 31_415_927 % PRIME;
        let approved = stay.from + Days::new(3 + number % 20);
        QualifyingMoveDraft {
            qualifying_arrival_date: Date::new(stay.from).ok(),
            from_city: Text::new(stay.origin.city).ok(),
            from_state: Text::new(stay.origin.province).ok(),
            from_country: country(stay.origin),
            to_city: Text::new(self.state.town(stay.town).city).ok(),
            to_state: Some(self.state.code),
            residency_date: Date::new(stay.from).ok(),
            certificate_number: Text::new(&format!(
                "{}{:02}-{number:08}",
                self.state.text,
                stay.from.year() % 100
            ))
            .ok(),
            certificate_approval_date: Some(approved)
                .filter(|d| *d <= day)
                .and_then(|d| Date::new(d).ok()),
            ..QualifyingMoveDraft::default()
        }
        .finish()
        .ok()
    }
}

fn unzip(name: Option<clerk::WrittenName>) -> (Option<mde::text::Name>, Option<mde::text::Name>) {
    name.map_or((None, None), |(last, first)| {
        (Text::new(&last).ok(), Text::new(&first).ok())
    })
}
