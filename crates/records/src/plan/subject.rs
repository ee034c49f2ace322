//! Where a course belongs: by its SCED code, else by the subject area that was sent, else suggested by its title.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use mde::text::fold;
use serde::Serialize;
use utoipa::ToSchema;

/// The subject areas in which graduation requirements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub enum Subject {
    /// SCED area 01.
    English,
    /// 02.
    Mathematics,
    /// 03.
    Science,
    /// 04.
    #[serde(rename = "Social Studies")]
    SocialStudies,
    /// 24; 06 in earlier versions of SCED.
    #[serde(rename = "World Languages")]
    WorldLanguages,
    /// 05.
    Arts,
    /// 08.
    #[serde(rename = "Physical Education/Health")]
    PhysicalEducation,
    /// 09 to 21.
    #[serde(rename = "Career/Technical")]
    CareerTechnical,
    /// Everything else, and what other subjects have to spare.
    Elective,
}

impl Subject {
    /// All of them, in the order of a transcript.
    pub const ALL: [Self; 9] = [
        Self::English,
        Self::Mathematics,
        Self::Science,
        Self::SocialStudies,
        Self::WorldLanguages,
        Self::Arts,
        Self::PhysicalEducation,
        Self::CareerTechnical,
        Self::Elective,
    ];

    /// Its name on a transcript.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Mathematics => "Mathematics",
            Self::Science => "Science",
            Self::SocialStudies => "Social Studies",
            Self::WorldLanguages => "World Languages",
            Self::Arts => "Arts",
            Self::PhysicalEducation => "Physical Education/Health",
            Self::CareerTechnical => "Career/Technical",
            Self::Elective => "Elective",
        }
    }

    /// Whether the same course may be taken again for credit: another year of band or of physical education is no
    /// repetition.
    pub(super) fn is_repeatable(self) -> bool {
        matches!(self, Self::Arts | Self::PhysicalEducation | Self::Elective)
    }

    /// Of a SCED area (the first two digits of a course code).
    fn of_area(area: &str) -> Self {
        match area {
            "01" => Self::English,
            "02" => Self::Mathematics,
            "03" => Self::Science,
            "04" => Self::SocialStudies,
            "05" => Self::Arts,
            "06" | "24" => Self::WorldLanguages,
            "08" => Self::PhysicalEducation,
            "09" | "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20" | "21" => {
                Self::CareerTechnical
            }
            _ => Self::Elective,
        }
    }

    /// Of the name of a subject area as states write it.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let words = words(text);
        if words.iter().any(|w| w.starts_with("elective")) {
            return Some(Self::Elective);
        }
        if words
            .iter()
            .any(|w| ["career", "vocational", "cte", "voc"].contains(&w.as_str()))
        {
            return Some(Self::CareerTechnical);
        }
        NAMES.get(&words.join(" ")).copied()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The words of a name or title, in small letters without accents.
pub(super) fn words(text: &str) -> Vec<String> {
    fold(text).iter().map(|word| word.to_lowercase()).collect()
}

/// The names of SCED areas and those usual on transcripts (`config/codesets/subject_areas.csv`), and our own.
static NAMES: LazyLock<HashMap<String, Subject>> = LazyLock::new(|| {
    let of_table = mde::codesets::entries("SubjectArea").iter().map(|entry| {
        let name = if entry.maps_to.is_empty() {
            &entry.name
        } else {
            &entry.code
        };
        (words(name).join(" "), Subject::of_area(entry.meaning()))
    });
    let own = Subject::ALL.map(|s| (words(s.name()).join(" "), s));
    of_table.chain(own).collect()
});

/// How a course was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlacedBy {
    /// By its SCED code.
    Sced,
    /// By the subject area that the state sent.
    SubjectArea,
    /// Suggested by words of its title: a person confirms it.
    Title,
    /// Nothing tells; it stands with the electives until a person says.
    Nothing,
}

/// Places a course.
#[must_use]
pub fn place(sced: Option<&str>, subject_area: Option<&str>, title: &str) -> (Subject, PlacedBy) {
    if let Some(area) = sced.and_then(|code| code.get(..2)) {
        return (Subject::of_area(area), PlacedBy::Sced);
    }
    if let Some(subject) = subject_area.and_then(Subject::named) {
        return (subject, PlacedBy::SubjectArea);
    }
    match by_title(title) {
        Some(subject) => (subject, PlacedBy::Title),
        None => (Subject::Elective, PlacedBy::Nothing),
    }
}

/// Words of titles that say of which subject a course is; the longer ones first, since "computer science" is no
/// science.
const TITLES: &[(Subject, &[&str])] = &[
    (
        Subject::CareerTechnical,
        &[
            "computer",
            "programming",
            "business",
            "marketing",
            "accounting",
            "agriculture",
            "welding",
            "automotive",
            "culinary",
            "engineering",
            "nursing",
            "carpentry",
            "construction",
            "drafting",
            "keyboarding",
            "horticulture",
        ],
    ),
    (
        Subject::PhysicalEducation,
        &[
            "physical education",
            "p e",
            "pe",
            "health",
            "fitness",
            "sports",
            "weight training",
        ],
    ),
    (
        Subject::SocialStudies,
        &[
            "history",
            "government",
            "civics",
            "economics",
            "geography",
            "sociology",
            "psychology",
            "political science",
            "social",
        ],
    ),
    (
        Subject::Mathematics,
        &[
            "algebra",
            "geometry",
            "calculus",
            "precalculus",
            "trigonometry",
            "statistics",
            "math",
            "mathematics",
            "integrated math",
        ],
    ),
    (
        Subject::WorldLanguages,
        &[
            "spanish",
            "french",
            "german",
            "latin",
            "mandarin",
            "chinese",
            "japanese",
            "portuguese",
            "mixtec",
        ],
    ),
    (
        Subject::English,
        &[
            "english",
            "literature",
            "composition",
            "language arts",
            "reading",
            "writing",
            "esl",
            "eld",
        ],
    ),
    (
        Subject::Science,
        &[
            "biology",
            "chemistry",
            "physics",
            "anatomy",
            "science",
            "environmental",
        ],
    ),
    (
        Subject::Arts,
        &[
            "art",
            "arts",
            "music",
            "band",
            "choir",
            "chorus",
            "drama",
            "theater",
            "theatre",
            "dance",
            "orchestra",
            "guitar",
        ],
    ),
];

fn by_title(title: &str) -> Option<Subject> {
    let title = format!(" {} ", words(title).join(" "));
    TITLES
        .iter()
        .find(|(_, words)| words.iter().any(|word| title.contains(&format!(" {word} "))))
        .map(|(subject, _)| *subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_is_placed_by_the_best_that_is_known() {
        for (sced, area, title, expected) in [
            (
                Some("02052"),
                Some("Science"),
                "Art",
                (Subject::Mathematics, PlacedBy::Sced),
            ),
            (
                Some("10201"),
                None,
                "",
                (Subject::CareerTechnical, PlacedBy::Sced),
            ),
            (
                None,
                Some("LANGUAGE ARTS"),
                "Band",
                (Subject::English, PlacedBy::SubjectArea),
            ),
            (
                None,
                Some("Career/Technical"),
                "",
                (Subject::CareerTechnical, PlacedBy::SubjectArea),
            ),
            (
                None,
                Some("General Electives"),
                "",
                (Subject::Elective, PlacedBy::SubjectArea),
            ),
            (
                None,
                Some("XQ"),
                "ÁLGEBRA I",
                (Subject::Mathematics, PlacedBy::Title),
            ),
            (
                None,
                None,
                "AP Computer Science A",
                (Subject::CareerTechnical, PlacedBy::Title),
            ),
            (
                None,
                None,
                "AP Spanish Literature",
                (Subject::WorldLanguages, PlacedBy::Title),
            ),
            (
                None,
                None,
                "Martial matters",
                (Subject::Elective, PlacedBy::Nothing),
            ),
        ] {
            assert_eq!(place(sced, area, title), expected, "{sced:?} {area:?} {title}");
        }
        for subject in Subject::ALL {
            assert_eq!(Subject::named(subject.name()), Some(subject));
        }
    }
}
