//! Finding a child by name and birth date: candidates from the database, judged by the engine that links.

use std::collections::HashSet;

use chrono::{Datelike as _, NaiveDate};
use diesel::PgConnection;
use linking::levels::{Field, Levels, level};
use linking::{LinkIndex, Model, PersonNameInput, RecordInput, Sex, nicknames};
use mde::code::{Codes as _, Gender};
use mde::{Identity, PersonId, StateCode, StudentId, text};
use serde::Serialize;
use store::Access;
use store::search::{Adult, Candidate};
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemCode};

/// At most this many persons are shown. Who gets more has to say more.
pub const HITS: usize = 25;

/// The key of the search itself beside those of the students, which are UUIDs of version 8.
const SOUGHT: u128 = u128::MAX;

/// Whom to search for: a name and when it was born.
#[derive(Debug, Clone)]
pub struct Query {
    family_name: String,
    given_name: String,
    birth_date: Option<NaiveDate>,
    birth_year: Option<i32>,
    also: Also,
}

/// What else is known of the child. Only the state leaves anybody out: the rest is often wrong in records, and puts who
/// agrees with it first.
#[derive(Debug, Clone, Default)]
pub struct Also {
    /// Only records of this state.
    pub state: Option<StateCode>,
    /// Gender (8).
    pub gender: Option<Gender>,
    /// A parent or guardian (14 to 19): the first name, or first and last names; empty if not known.
    pub parent: String,
}

impl Query {
    /// A search by at least one name and the birth date or year: a name alone would browse children.
    pub fn new(
        family_name: &str,
        given_name: &str,
        birth_date: Option<NaiveDate>,
        birth_year: Option<i32>,
        also: Also,
    ) -> Result<Self, Problem> {
        let long = |name: &str| name.chars().count() > 120;
        let named = |name: &str| text::fold(name).iter().any(|word| word.chars().count() > 1);
        if long(family_name) || long(given_name) || long(&also.parent) {
            return Err(Problem::new(
                ProblemCode::InvalidRequest,
                "A name has at most 120 characters.",
            ));
        }
        if birth_year.is_some_and(|year| !(1900..=2100).contains(&year)) {
            return Err(Problem::new(
                ProblemCode::InvalidRequest,
                "The birth year is from 1900 to 2100.",
            ));
        }
        if !(named(family_name) || named(given_name)) || (birth_date.is_none() && birth_year.is_none()) {
            return Err(Problem::new(
                ProblemCode::SearchTooWide,
                "Give a family name or a given name of two letters or more, and a birth date or a birth year.",
            ));
        }
        Ok(Self {
            family_name: family_name.trim().to_owned(),
            given_name: given_name.trim().to_owned(),
            birth_date,
            birth_year,
            also,
        })
    }

    /// Other forms of the given names, as the index of names is folded.
    fn other_forms(&self) -> Vec<String> {
        text::fold(&self.given_name)
            .iter()
            .flat_map(|name| nicknames::forms(name))
            .flat_map(text::fold)
            .collect()
    }
}

/// A person that may be the one; or a student that is not linked yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// Number of the person; `null` while the linker has not seen the student.
    #[schema(value_type = Option<String>)]
    pub person_id: Option<PersonId>,
    /// Log2 of the odds of the best student against chance, by what was given. It ranks; it is no probability, as a
    /// search says little.
    pub score: f32,
    /// What agrees and what does not, in words.
    pub reasons: String,
    /// The students that were found, the best first.
    pub students: Vec<HitStudent>,
}

/// As much of a student as tells two children apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HitStudent {
    /// Postal code of its state.
    pub state: String,
    /// The state's identifier (data element 2).
    pub state_student_id: String,
    /// Whether the state still reports it.
    pub live: bool,
    /// First and middle names (5, 6).
    pub given_name: String,
    /// Last names (3, 4).
    pub family_name: String,
    /// Generation (7).
    pub generation: Option<String>,
    /// Birth date (9).
    pub birth_date: Option<NaiveDate>,
    /// Gender (8), in words.
    pub gender: Option<String>,
    /// City, state and country of birth (11 to 13).
    pub birth_place: String,
    /// Legal parents (14 to 17).
    pub parents: Vec<String>,
}

/// Searches, and writes the disclosure of each student that is shown.
pub fn find(connection: &mut PgConnection, access: &Access, query: &Query) -> store::Result<Vec<Hit>> {
    let names = format!("{} {}", query.family_name, query.given_name);
    let wide = store::search::Query {
        names,
        birth_date: query.birth_date,
        birth_year: query.birth_year,
        state: query.also.state,
    };
    let ranked = store::search::search(connection, access, &wide, &query.other_forms(), |candidates| {
        rank(query, candidates)
    })?;
    let mut hits: Vec<Hit> = Vec::new();
    for (ranked, identity) in ranked {
        let student = shown(&ranked.candidate, &identity);
        let known = hits
            .iter_mut()
            .find(|h| h.person_id.is_some() && h.person_id == ranked.candidate.person_id);
        match known {
            Some(known) => known.students.push(student),
            None => hits.push(Hit {
                person_id: ranked.candidate.person_id,
                score: (ranked.score * 10.0).round() / 10.0,
                reasons: ranked.reasons,
                students: vec![student],
            }),
        }
    }
    Ok(hits)
}

/// A candidate that is alike enough to be shown.
struct Ranked {
    candidate: Candidate,
    /// Log2 of the odds against chance.
    score: f32,
    reasons: String,
}

/// The candidates that are alike enough to be shown, best first; of at most [`HITS`] persons.
fn rank(query: &Query, candidates: Vec<Candidate>) -> Vec<(StudentId, Ranked)> {
    let mut index = LinkIndex::new(Model::default_fixed());
    index.upsert(&sought(query));
    for candidate in &candidates {
        index.upsert(&held(candidate));
    }
    let mut ranked: Vec<Ranked> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let key = candidate.student_id.0.as_u128();
            let pair = index.compare(SOUGHT, key)?;
            let mut score = pair.weight;
            let mut reasons = reasons(pair.levels);
            if let Some(year) = query.birth_year.filter(|_| query.birth_date.is_none()) {
                let same = candidate.birth_date.map(|date| date.year() == year);
                score += if same == Some(true) { 4.0 } else { 0.0 };
                reasons.push(match same {
                    Some(true) => "same birth year",
                    Some(false) => "birth year differs",
                    None => "birth date not known",
                });
            }
            is_alike(pair.levels).then(|| Ranked {
                candidate,
                score,
                reasons: reasons.join("; "),
            })
        })
        .collect();
    ranked.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then(a.candidate.student_id.cmp(&b.candidate.student_id))
    });
    let mut persons = HashSet::new();
    ranked.retain(|Ranked { candidate, .. }| {
        let person = (
            candidate.person_id,
            candidate.person_id.is_none().then_some(candidate.student_id),
        );
        if persons.len() < HITS {
            persons.insert(person);
        }
        persons.contains(&person)
    });
    ranked
        .into_iter()
        .map(|ranked| (ranked.candidate.student_id, ranked))
        .collect()
}

/// Whether a candidate is shown: every name that was given is alike, or one of them is and the birth date agrees.
fn is_alike(levels: Levels) -> bool {
    let given = matches!(
        levels.get(Field::Given),
        level::given::EXACT..=level::given::OTHER_CLOSE
    );
    let surname = matches!(
        levels.get(Field::Surname),
        level::surname::BOTH..=level::surname::SIMILAR
    );
    let born = matches!(
        levels.get(Field::BirthDate),
        level::birth_date::EXACT..=level::birth_date::SWAPPED
    );
    // What has nothing to be compared (FNU; a child that is called Junior) speaks neither for nor against it.
    let unsaid = |field| levels.get(field) == level::MISSING;
    let names = (given || unsaid(Field::Given)) && (surname || unsaid(Field::Surname)) && (given || surname);
    names || (born && (given || surname))
}

/// What was compared, in words; what was not given is left out.
fn reasons(levels: Levels) -> Vec<&'static str> {
    let words = |field| match (field, levels.get(field)) {
        (Field::Parents, level::parents::GIVEN_ONLY) => "a parent's first name equal, last name differs",
        (Field::Parents, level::parents::SURNAMES) => "a parent's last name equal",
        (Field::Parents, level::parents::DIFFER) => "parents have other names",
        // One parent is asked for, whichever it is.
        (Field::Parents, _) => "a parent equal",
        (field, _) => levels.words(field),
    };
    [
        Field::BirthDate,
        Field::Given,
        Field::Middle,
        Field::Surname,
        Field::Sex,
        Field::Parents,
    ]
    .into_iter()
    .filter(|&field| levels.get(field) != level::MISSING)
    .map(words)
    .collect()
}

fn sought(query: &Query) -> RecordInput<'_> {
    // Which parent it is does not matter: parents are compared crossed as well.
    let parent = query.also.parent.trim();
    let (first, last) = parent.split_once(char::is_whitespace).unwrap_or((parent, ""));
    RecordInput {
        sex: query.also.gender.and_then(sex),
        mother: PersonNameInput { first, last },
        key: SOUGHT,
        first_name: &query.given_name,
        last_name_1: &query.family_name,
        birth_date: query.birth_date,
        live: true,
        ..RecordInput::default()
    }
}

fn held(candidate: &Candidate) -> RecordInput<'_> {
    let [father, mother, guardian] = candidate.adults.each_ref().map(adult);
    RecordInput {
        sex: candidate.gender.and_then(sex),
        father,
        mother,
        guardian,
        key: candidate.student_id.0.as_u128(),
        first_name: &candidate.first_name,
        middle_name: candidate.middle_name.as_deref().unwrap_or_default(),
        last_name_1: &candidate.last_name_1,
        last_name_2: candidate.last_name_2.as_deref().unwrap_or_default(),
        birth_date: candidate.birth_date,
        live: candidate.live,
        ..RecordInput::default()
    }
}

fn sex(gender: Gender) -> Option<Sex> {
    match gender {
        Gender::Female => Some(Sex::Female),
        Gender::Male => Some(Sex::Male),
        Gender::Other => None,
    }
}

fn adult(adult: &Adult) -> PersonNameInput<'_> {
    PersonNameInput {
        first: adult.first.as_deref().unwrap_or_default(),
        last: adult.last.as_deref().unwrap_or_default(),
    }
}

fn shown(candidate: &Candidate, identity: &Identity) -> HitStudent {
    let joined = |parts: &[Option<String>], with: &str| {
        parts
            .iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(with)
    };
    let text = |value: &Option<mde::text::Name>| value.as_ref().map(ToString::to_string);
    let parents = [
        joined(
            &[
                text(&identity.parent1_first_name),
                text(&identity.parent1_last_name),
            ],
            " ",
        ),
        joined(
            &[
                text(&identity.parent2_first_name),
                text(&identity.parent2_last_name),
            ],
            " ",
        ),
    ];
    HitStudent {
        state: candidate
            .student_id
            .state()
            .map_or_else(String::new, |state| state.to_string()),
        state_student_id: identity.state_student_id.to_string(),
        live: candidate.live,
        given_name: joined(
            &[Some(identity.first_name.to_string()), text(&identity.middle_name)],
            " ",
        ),
        family_name: joined(
            &[
                Some(identity.last_name_1.to_string()),
                text(&identity.last_name_2),
            ],
            " ",
        ),
        generation: identity.generation.as_ref().map(ToString::to_string),
        birth_date: identity.birth_date.map(mde::Date::day),
        gender: identity.gender.map(|gender| gender.label().to_owned()),
        birth_place: joined(
            &[
                text(&identity.birth_city),
                identity.birth_state.as_ref().map(ToString::to_string),
                identity.birth_country.as_ref().map(ToString::to_string),
            ],
            ", ",
        ),
        parents: parents.into_iter().filter(|parent| !parent.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: u128, first_name: &str, last_name_1: &str, birth_date: Option<&str>) -> Candidate {
        Candidate {
            student_id: StudentId(uuid::Uuid::from_u128(n)),
            person_id: None,
            live: true,
            first_name: first_name.to_owned(),
            middle_name: None,
            last_name_1: last_name_1.to_owned(),
            last_name_2: None,
            birth_date: birth_date.map(|day| day.parse().unwrap()),
            gender: None,
            adults: Default::default(),
        }
    }

    fn query(family_name: &str, given_name: &str, also: Also) -> Query {
        Query::new(family_name, given_name, None, Some(2012), also).unwrap()
    }

    #[test]
    fn a_name_with_which_nothing_can_be_compared_hides_nobody() {
        let query = query("Joseph", "Junior", Also::default());
        let held = vec![
            candidate(1, "Junior", "Joseph", Some("2012-05-01")),
            candidate(2, "Marie", "Pierre", Some("2012-05-01")),
        ];
        let found: Vec<u128> = rank(&query, held).iter().map(|(id, _)| id.0.as_u128()).collect();
        assert_eq!(found, [1]);
    }

    #[test]
    fn who_has_another_given_name_is_not_found_by_surname_and_year() {
        let query = query("Reyes", "Ana", Also::default());
        let held = vec![
            candidate(1, "Ana", "Reyes", Some("2012-05-01")),
            candidate(2, "Guillermo", "Reyes", Some("2012-05-01")),
        ];
        let found: Vec<u128> = rank(&query, held).iter().map(|(id, _)| id.0.as_u128()).collect();
        assert_eq!(found, [1]);
    }

    #[test]
    fn a_parent_and_the_gender_put_the_likelier_child_first_and_hide_nobody() {
        let adult = |first: &str, last: &str| Adult {
            first: Some(first.to_owned()),
            last: Some(last.to_owned()),
        };
        let mut of_rosa = candidate(1, "Ana", "Reyes", Some("2012-05-01"));
        of_rosa.gender = Some(Gender::Female);
        of_rosa.adults = [Adult::default(), adult("Rosa", "Reyes"), Adult::default()];
        let mut of_marta = candidate(2, "Ana", "Reyes", Some("2012-05-01"));
        of_marta.adults = [
            adult("Gerardo", "Reyes"),
            adult("Marta", "Luna"),
            Adult::default(),
        ];
        let asked = |parent: &str, gender| {
            let also = Also {
                parent: parent.to_owned(),
                gender,
                ..Also::default()
            };
            let found = rank(
                &query("Reyes", "Ana", also),
                vec![of_rosa.clone(), of_marta.clone()],
            );
            assert_eq!(found.len(), 2, "{parent}");
            let (first, why) = &found[0];
            (first.0.as_u128(), why.reasons.clone())
        };
        for (parent, first) in [
            ("Rosa", 1),
            ("rosa reyes", 1),
            ("Marta Luna", 2),
            // The father, though it is not said which parent is meant.
            ("Gerardo Reyes", 2),
            ("Marta Luna Pérez", 2),
        ] {
            let (found, why) = asked(parent, None);
            assert_eq!(found, first, "{parent}: {why}");
            assert!(why.contains("; a parent equal"), "{parent}: {why}");
        }
        let (found, why) = asked("", Some(Gender::Female));
        assert_eq!(found, 1);
        assert!(why.contains("; sex equal"), "{why}");
        assert!(!asked("", None).1.contains("parent"));
    }
}
