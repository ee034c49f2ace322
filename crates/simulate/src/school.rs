//! Enrollments, courses, assessments and graduation requirements: what a stay leaves in a state's records.

use chrono::{Datelike, Days, NaiveDate};
use mde::code::{
    AssessmentType, Codes, CourseSection, CourseType, EnrollmentType, ExitReason, Grade, ProjectType,
    ResultType, TermType,
};
use mde::value::Value;
use mde::{
    Assessment, AssessmentDraft, Country, Course, CourseDraft, Credits, Date, Draft, Enrollment,
    EnrollmentDraft, GraduationRequirement, GraduationRequirementDraft, Hours, Month, Text, Units,
    ValueContext,
};
use rand::RngExt;

use crate::facility::{Site, code};
use crate::family::{Child, World};
use crate::places::{State, Town};
use crate::random::{Purpose, Stream, one, stream};
use crate::stays::Stay;

/// How a child goes through school, whatever the state.
#[derive(Debug)]
pub(crate) struct Schooling {
    /// Years repeated.
    behind: i32,
    /// First school year out of school, if the child leaves early.
    leaves: Option<i32>,
    /// In preschool from three years on.
    preschool: bool,
    second_elementary: bool,
}

impl Schooling {
    pub(crate) fn new(world: &World, family: u64, child: &Child, alone: bool) -> Self {
        let rng = &mut stream(world.seed, Purpose::Child, [family, child.index, 0]);
        let leaves = rng.random_range(14..19);
        let dropout = alone || rng.random_bool(0.10);
        Self {
            behind: i32::from(rng.random_bool(0.12)),
            leaves: dropout.then(|| child.birth.year() + if alone { 15 } else { leaves }),
            preschool: rng.random_bool(0.45),
            second_elementary: rng.random_bool(0.4),
        }
    }

    /// The school year that ends with graduation, if the child stays to the end.
    pub(crate) fn last_year(&self, child: &Child) -> Option<i32> {
        let twelfth = child.birth.year() + i32::from(child.birth.month() >= 9) + 17 + self.behind;
        self.leaves
            .is_none_or(|leaves| leaves > twelfth)
            .then_some(twelfth)
    }

    /// The grade in a school year, which is known by the calendar year in which it starts.
    fn grade(&self, child: &Child, year: i32) -> Grade {
        const OF_AGE: [Grade; 13] = [
            Grade::Kindergarten,
            Grade::G1,
            Grade::G2,
            Grade::G3,
            Grade::G4,
            Grade::G5,
            Grade::G6,
            Grade::G7,
            Grade::G8,
            Grade::G9,
            Grade::G10,
            Grade::G11,
            Grade::G12,
        ];
        if self.leaves.is_some_and(|leaves| year >= leaves) {
            return Grade::OutOfSchool;
        }
        let age = year - child.birth.year() - i32::from(child.birth.month() >= 9);
        match age {
            ..1 => Grade::P0,
            1 => Grade::P1,
            2 => Grade::P2,
            3 | 4 if self.preschool => Grade::Preschool,
            3 => Grade::P3,
            4 => Grade::P4,
            _ => {
                let step = age - 5 - if age >= 7 { self.behind } else { 0 };
                OF_AGE.get(step as usize).copied().unwrap_or(Grade::OutOfSchool)
            }
        }
    }
}

/// An enrollment as it will be when all of it is known.
#[derive(Debug)]
struct Term {
    kind: EnrollmentType,
    site: Site,
    /// Calendar year in which its school year starts.
    year: i32,
    grade: Grade,
    from: NaiveDate,
    to: Option<NaiveDate>,
    reason: ExitReason,
}

/// A child as a state's schools see it on a day.
#[derive(Debug)]
pub(crate) struct Pupil<'a> {
    pub(crate) world: &'a World,
    pub(crate) state: State,
    pub(crate) child: &'a Child,
    pub(crate) schooling: Schooling,
    pub(crate) day: NaiveDate,
}

/// What school leaves in one student of a state.
#[derive(Debug, Default)]
pub(crate) struct SchoolRecord {
    pub(crate) enrollments: Vec<Enrollment>,
    pub(crate) courses: Vec<Course>,
    pub(crate) assessments: Vec<Assessment>,
    pub(crate) requirements: Vec<GraduationRequirement>,
    /// Last day of school, if it ended with graduation.
    pub(crate) graduated: Option<NaiveDate>,
}

/// First and last day of a school year of a state.
fn school_year(state: State, year: i32) -> (NaiveDate, NaiveDate) {
    let shift = Days::new(state.number % 20);
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    (day(year, 8, 10) + shift, day(year + 1, 5, 18) + shift)
}

/// The first semester's last day.
fn midyear(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 12, 19).unwrap_or_default()
}

impl SchoolRecord {
    /// Adds what a stay leaves, as the state knows it. Draws the same whatever the day.
    pub(crate) fn add_stay(&mut self, pupil: &Pupil<'_>, stay: &Stay, rng: &mut Stream) {
        let (state, day) = (pupil.state, pupil.day);
        let told_out = Days::new(stay.told_out);
        for term in terms(pupil, stay, rng) {
            let known_in = term.from + Days::new(stay.told_in);
            let moved = term.reason == ExitReason::Moved;
            let ended = term
                .to
                .filter(|to| if moved { *to + told_out <= day } else { *to <= day });
            let term_rng = &mut stream(pupil.world.seed, Purpose::School, [rng.random(), 0, 0]);
            if known_in > day {
                continue;
            }
            self.enrollments
                .extend(enrollment(state, stay, &term, ended, term_rng));
            if term.kind == EnrollmentType::School && Site::of_grade(term.grade, false) == Site::HighSchool {
                self.add_courses(pupil, stay, &term, ended, term_rng);
                if term.grade == Grade::G12 && ended.is_some() && term.reason == ExitReason::Graduated {
                    self.graduated = ended;
                }
                self.add_requirements(state, stay, term_rng);
            }
            self.add_assessments(&term, term_rng, day);
        }
    }

    fn add_courses(
        &mut self,
        pupil: &Pupil<'_>,
        stay: &Stay,
        term: &Term,
        ended: Option<NaiveDate>,
        rng: &mut Stream,
    ) {
        let (state, day, year) = (pupil.state, pupil.day, term.year);
        let (first_day, last_day) = school_year(state, year);
        let until = term.to.unwrap_or(last_day);
        let half_1 = term.from <= first_day + Days::new(21) && until >= midyear(year);
        let half_2 = term.from <= midyear(year) + Days::new(35) && until + Days::new(10) >= last_day;
        let site = code(state, stay.town, term.site);
        let mut row = |title: &Subject, year, section, term_type, extent: Extent, rng: &mut Stream| {
            self.courses
                .extend(course(title, &site, year, section, term_type, extent, rng));
        };
        for subject in subjects(term.grade) {
            let taken = rng.random_bool(0.9);
            let rng = &mut stream(rng.random(), Purpose::School, [0; 3]);
            if !taken {
                continue;
            }
            if half_1 && half_2 && !state.habits.semesters {
                if last_day <= day && ended.is_some() {
                    row(
                        subject,
                        year + 1,
                        CourseSection::FullYear,
                        TermType::FullYear,
                        Extent::Credit("1"),
                        rng,
                    );
                }
                continue;
            }
            if half_1 && midyear(year) <= day {
                row(
                    subject,
                    year,
                    CourseSection::A,
                    TermType::Semester,
                    Extent::Credit("0.5"),
                    rng,
                );
            }
            if half_2 && last_day <= day && ended.is_some() {
                row(
                    subject,
                    year + 1,
                    CourseSection::B,
                    TermType::Semester,
                    Extent::Credit("0.5"),
                    rng,
                );
            }
            // Left in the middle of a semester: partial work, so that the next school can go on from there.
            let Some(left) = ended.filter(|_| term.reason == ExitReason::Moved && !half_2) else {
                continue;
            };
            let second = left > midyear(year);
            let since = if second { midyear(year) } else { first_day };
            let weeks = (left - since.max(term.from)).num_days() / 7;
            if weeks >= 2 && (second || !half_1) {
                let section = if second {
                    CourseSection::B
                } else {
                    CourseSection::A
                };
                row(
                    subject,
                    left.year(),
                    section,
                    TermType::Semester,
                    Extent::Partial(weeks * 4),
                    rng,
                );
            }
        }
    }

    fn add_requirements(&mut self, state: State, stay: &Stay, rng: &mut Stream) {
        const UNITS: [(&str, &str); 7] = [
            ("English", "4"),
            ("Mathematics", "3"),
            ("Science", "3"),
            ("Social Studies", "3"),
            ("World Languages", "2"),
            ("Fine Arts", "1"),
            ("Physical Education/Health", "1"),
        ];
        let wanted = rng.random_bool(0.5);
        let designated = self
            .enrollments
            .last()
            .is_some_and(|e| e.graduation_school == Some(true));
        if !wanted || !designated || !self.requirements.is_empty() {
            return;
        }
        let site = code(state, stay.town, Site::HighSchool);
        for (subject, units) in UNITS {
            let row = GraduationRequirementDraft {
                facility_code: Text::new(&site).ok(),
                state: Some(state.code),
                subject_area: Text::new(subject).ok(),
                units: value::<Units>(units),
                ..GraduationRequirementDraft::default()
            };
            self.requirements.extend(row.finish().ok());
        }
    }

    fn add_assessments(&mut self, term: &Term, rng: &mut Stream, day: NaiveDate) {
        let tested = matches!(term.kind, EnrollmentType::School) && term.grade >= Grade::G3;
        let language = rng.random_bool(0.12);
        let state_test = rng.random_bool(0.14);
        let points = rng.random_range(310..560u32);
        let level = rng.random_range(1..5u32);
        let spring = NaiveDate::from_ymd_opt(term.year + 1, 3, 1).unwrap_or_default();
        let there = term.from <= spring && term.to.is_none_or(|to| to >= spring);
        if !tested || !there || spring >= day {
            return;
        }
        let mut row = |name: &str, kind, content: &str, result: String, metric| {
            let row = AssessmentDraft {
                name: Text::new(name).ok(),
                assessment_type: Some(kind),
                content: Text::new(content).ok(),
                month: value::<Month>(&spring.format("%Y-%m").to_string()),
                result: Text::new(&result).ok(),
                result_type: Some(metric),
                ..AssessmentDraft::default()
            };
            self.assessments.extend(row.finish().ok());
        };
        if language {
            row(
                "English Language Proficiency Assessment",
                AssessmentType::LanguageProficiency,
                "English Language",
                level.to_string(),
                ResultType::ProficiencyLevel,
            );
        }
        if state_test {
            row(
                &format!("State Assessment Mathematics, {}", term.grade.label()),
                AssessmentType::StateMathematics,
                "Mathematics",
                points.to_string(),
                ResultType::NumberScore,
            );
        }
    }
}

/// The enrollments of a stay.
fn terms(pupil: &Pupil<'_>, stay: &Stay, rng: &mut Stream) -> Vec<Term> {
    let Pupil {
        world,
        state,
        child,
        schooling,
        ..
    } = pupil;
    let state = *state;
    let mut terms = Vec::new();
    let until = stay.to.unwrap_or(world.end);
    let lag = Days::new(one(rng, &[0, 0, 1, 2, 4]));
    let mut year = stay.from.year() - 1;
    let last_year = schooling.last_year(child).unwrap_or(i32::MAX);
    while school_year(state, year).0 <= until && year <= last_year {
        let (first_day, last_day) = school_year(state, year);
        let grade = schooling.grade(child, year);
        let supplemental = rng.random_bool(0.12);
        let summer = rng.random_bool(0.35);
        let moved = stay.to.filter(|to| *to <= last_day);
        let from = (stay.from + lag).max(first_day);
        let to = moved.unwrap_or(last_day);
        if from < to {
            let outside = matches!(
                grade,
                Grade::OutOfSchool | Grade::P0 | Grade::P1 | Grade::P2 | Grade::P3 | Grade::P4
            );
            let kind = if outside {
                EnrollmentType::ResidencyOnly
            } else {
                EnrollmentType::School
            };
            let site = if outside {
                Site::Office
            } else {
                Site::of_grade(grade, schooling.second_elementary)
            };
            let reason = if moved.is_some() {
                ExitReason::Moved
            } else if grade == Grade::G12 {
                ExitReason::Graduated
            } else {
                ExitReason::EndOfTerm
            };
            let term = |kind, site| Term {
                kind,
                site,
                year,
                grade,
                from,
                to: Some(to),
                reason,
            };
            terms.push(term(kind, site));
            if supplemental && !outside {
                terms.push(term(EnrollmentType::RegularTermProject, site));
            }
        }
        let summer_from = (stay.from + lag).max(last_day + Days::new(12));
        let summer_to = last_day + Days::new(42);
        let graduate = grade == Grade::G12 || grade == Grade::OutOfSchool || grade < Grade::Preschool;
        if summer && !graduate && summer_from + Days::new(5) < summer_to && until > summer_to {
            let term = Term {
                kind: EnrollmentType::SummerProject,
                site: Site::SummerProject,
                year,
                grade,
                from: summer_from,
                to: Some(summer_to),
                reason: ExitReason::EndOfTerm,
            };
            terms.push(term);
        }
        year += 1;
    }
    if terms.is_empty() {
        // Here only between school years: on the books of the project.
        let year = stay.from.year() - i32::from(stay.from.month() < 8);
        let term = Term {
            kind: EnrollmentType::ResidencyOnly,
            site: Site::Office,
            year,
            grade: schooling.grade(child, year),
            from: stay.from,
            to: stay.to,
            reason: ExitReason::Moved,
        };
        terms.push(term);
    }
    terms
}

fn enrollment(
    state: State,
    stay: &Stay,
    term: &Term,
    ended: Option<NaiveDate>,
    rng: &mut Stream,
) -> Option<Enrollment> {
    let designated = rng.random_bool(0.6);
    let learner = rng.random_bool(0.55);
    let special = rng.random_bool(0.07);
    let priority = rng.random_bool(0.25);
    let high = term.kind == EnrollmentType::School && term.site == Site::HighSchool;
    let project = term.kind.class() == "project";
    let moved = ended.is_some() && term.reason == ExitReason::Moved;
    let destination = stay.destination.filter(|_| moved);
    let graduated = ended.is_some() && term.reason == ExitReason::Graduated && high;
    EnrollmentDraft {
        facility_code: Text::new(&code(state, stay.town, term.site)).ok(),
        enrollment_date: Date::new(term.from).ok(),
        withdrawal_date: ended.and_then(|to| Date::new(to.max(term.from)).ok()),
        grade: Some(term.grade),
        enrollment_type: Some(term.kind),
        graduation_school: high.then_some(designated),
        project_type: project.then_some(ProjectType::SchoolBased),
        english_learner: (term.kind == EnrollmentType::School).then_some(learner),
        iep: (term.kind == EnrollmentType::School).then_some(special),
        priority_for_services: Some(priority),
        residency_date: Date::new(stay.from).ok(),
        graduation_indicator: graduated.then_some(mde::code::GraduationIndicator::Graduation),
        graduation_date: ended.filter(|_| graduated).and_then(|d| Date::new(d).ok()),
        exit_reason: ended.map(|_| {
            if term.reason == ExitReason::Graduated && !graduated {
                ExitReason::EndOfTerm
            } else {
                term.reason
            }
        }),
        destination_city: destination.and_then(|t| Text::new(t.city).ok()),
        destination_state: destination.and_then(|t| Text::new(t.province).ok()),
        destination_country: destination.and_then(country),
        ..EnrollmentDraft::default()
    }
    .finish()
    .ok()
}

/// Country of a town, where it is not the United States.
pub(crate) fn country(town: Town) -> Option<Country> {
    (town.country != "US")
        .then(|| Country::new(town.country).ok())
        .flatten()
}

/// Title, subject area and SCED code.
type Subject = (&'static str, &'static str, &'static str);

/// How far a course came.
#[derive(Debug, Clone, Copy)]
enum Extent {
    /// Carnegie units, if it was passed.
    Credit(&'static str),
    /// Clock hours so far.
    Partial(i64),
}

fn course(
    (title, area, sced): &Subject,
    site: &str,
    year: i32,
    section: CourseSection,
    term: TermType,
    extent: Extent,
    rng: &mut Stream,
) -> Option<Course> {
    let mark = rng.random_range(58..100u32);
    let failed = rng.random_bool(0.06);
    let honors = rng.random_bool(0.06);
    let mut draft = CourseDraft {
        facility_code: Text::new(site).ok(),
        title: Text::new(title).ok(),
        subject_area: Text::new(area).ok(),
        course_type: Some(if honors {
            CourseType::Honors
        } else {
            CourseType::Regular
        }),
        course_year: mde::Year::try_from(year).ok(),
        section: Some(section),
        term_type: Some(term),
        sced: mde::text::Sced::new(sced).ok(),
        ..CourseDraft::default()
    };
    match extent {
        Extent::Credit(credits) => {
            let (grade, credits) = if failed {
                ("F", "0")
            } else {
                (["D", "C", "C", "B", "A"][(mark as usize - 58) / 9], credits)
            };
            draft.final_grade = Text::new(grade).ok();
            draft.credits = value::<Credits>(credits);
        }
        Extent::Partial(hours) => {
            draft.grade_to_date = Text::new(&mark.to_string()).ok();
            draft.clock_hours = value::<Hours>(&hours.to_string());
        }
    }
    draft.finish().ok()
}

fn value<V: Value>(text: &str) -> Option<V> {
    V::parse(text, ValueContext::default()).ok()
}

fn subjects(grade: Grade) -> &'static [Subject] {
    const ARTS: Subject = ("Visual Arts", "Fine Arts", "05154");
    const SPORT: Subject = ("Physical Education", "Physical Education/Health", "08001");
    match grade {
        Grade::G9 => &[
            ("English I", "English", "01001"),
            ("Algebra I", "Mathematics", "02052"),
            ("Biology", "Science", "03051"),
            ("World Geography", "Social Studies", "04001"),
            ARTS,
            SPORT,
        ],
        Grade::G10 => &[
            ("English II", "English", "01002"),
            ("Geometry", "Mathematics", "02072"),
            ("Chemistry", "Science", "03101"),
            ("World History", "Social Studies", "04051"),
            ARTS,
            SPORT,
        ],
        Grade::G11 => &[
            ("English III", "English", "01003"),
            ("Algebra II", "Mathematics", "02056"),
            ("Physics", "Science", "03151"),
            ("U.S. History", "Social Studies", "04101"),
            SPORT,
        ],
        _ => &[
            ("English IV", "English", "01004"),
            ("Pre-Calculus", "Mathematics", "02110"),
            ("Environmental Science", "Science", "03003"),
            ("U.S. Government", "Social Studies", "04151"),
        ],
    }
}
