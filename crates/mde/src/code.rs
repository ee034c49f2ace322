//! Code sets with versions: one enum per set says what a code *means*; the code as sent is kept beside it.
//!
//! The same code may mean another thing in another version (enrollment type 05 of 2003 is today's 06), so a code is
//! only ever read together with the version that its document names. The codes are in `config/codesets`, one table per
//! set ([`crate::codesets`]); here are the meanings and what follows from them.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::codesets;
use crate::part::{Kind, Sink};
use crate::value::{Value, ValueContext, ValueError};

/// The version of all code sets of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum CodeSet {
    /// The list of the Report to Congress of 2003.
    #[serde(rename = "2003")]
    V2003,
    /// The current list.
    #[default]
    #[serde(rename = "2022")]
    V2022,
}

impl CodeSet {
    /// The name that documents use: `2003` or `2022`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V2003 => "2003",
            Self::V2022 => "2022",
        }
    }

    /// The version of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::V2003, Self::V2022].into_iter().find(|v| v.name() == name)
    }
}

impl fmt::Display for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A meaning of a code set, for documentation, answers and generated schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// The code under which the meaning is stored.
    pub stored: &'static str,
    /// The code of the 2003 list, if the meaning exists there; the first of several.
    pub v2003: Option<&'static str>,
    /// The current code, if the meaning exists today; the first of several.
    pub v2022: Option<&'static str>,
    /// What it means.
    pub label: &'static str,
}

/// A code set as its table gives it.
#[derive(Debug)]
pub struct Set {
    rows: Vec<CodeRow>,
    /// Every code of every version, and the place of its meaning.
    codes: Vec<(CodeSet, &'static str, usize)>,
}

impl Set {
    /// The set of a table; `stored` are the meanings that the program knows, in the order of its enum.
    fn of(set: &'static str, stored: &[&'static str]) -> Self {
        let entries = codesets::entries(set);
        let rows = stored.iter().map(|stored| {
            let of_meaning = || entries.iter().filter(|entry| entry.meaning() == *stored);
            let of_version = |version: CodeSet| {
                let mut codes = of_meaning().filter(move |entry| entry.version == version.name());
                codes.next().map(|entry| entry.code.as_str())
            };
            CodeRow {
                stored,
                v2003: of_version(CodeSet::V2003),
                v2022: of_version(CodeSet::V2022),
                label: of_meaning().next().map_or("", |entry| &entry.name),
            }
        });
        let codes = entries.iter().filter_map(|entry| {
            let meaning = stored.iter().position(|stored| *stored == entry.meaning())?;
            Some((CodeSet::named(&entry.version)?, entry.code.as_str(), meaning))
        });
        Self {
            rows: rows.collect(),
            codes: codes.collect(),
        }
    }

    /// Place of the meaning of a code.
    fn meaning(&self, version: CodeSet, code: &str) -> Option<usize> {
        let mut codes = self.codes.iter();
        codes
            .find(|(of, known, _)| *of == version && *known == code)
            .map(|(.., meaning)| *meaning)
    }
}

/// A code set: every meaning of every version. Codes and words are those of its table in `config/codesets`.
pub trait Codes: Copy + Sized + 'static {
    /// The name of the set.
    const SET: &'static str;
    /// All meanings, as values; in the order of [`Codes::rows`].
    const ALL: &'static [Self];
    /// The set.
    fn set() -> &'static Set;
    /// Row of this meaning.
    fn row(self) -> &'static CodeRow;

    /// All meanings.
    #[must_use]
    fn rows() -> &'static [CodeRow] {
        &Self::set().rows
    }

    /// What it means, in words.
    fn label(self) -> &'static str {
        self.row().label
    }
}

/// `Variant: stored`. The stored code ties a meaning to the rows of the table that map to it. A meaning that only one
/// version knows is stored under that version's code with its version as a prefix where the bare code would be
/// ambiguous.
macro_rules! code_set {
    ($(#[$doc:meta])* $name:ident { $($variant:ident: $stored:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = concat!("Stored as `", $stored, "`.")] #[serde(rename = $stored)] $variant,)+
        }

        impl $name {
            const STORED: &'static [&'static str] = &[$($stored,)+];
        }

        impl Codes for $name {
            const SET: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
            fn set() -> &'static Set {
                static SET: LazyLock<Set> = LazyLock::new(|| Set::of(stringify!($name), $name::STORED));
                &SET
            }
            fn row(self) -> &'static CodeRow {
                &Self::set().rows[self as usize]
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Code;
            const CODE_SET: Option<&'static str> = Some(stringify!($name));

            fn parse(text: &str, context: ValueContext<'_>) -> Result<Self, ValueError> {
                match <Self as Codes>::set().meaning(context.code_set, text) {
                    Some(index) => Ok(Self::ALL[index]),
                    None => Err(ValueError::UnknownCode { set: stringify!($name), version: context.code_set }),
                }
            }

            fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
                sink.text(Self::STORED[*self as usize]);
            }

            fn says_more(&self, sent: &str) -> bool {
                sent != Self::STORED[*self as usize]
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.row().label)
            }
        }
    };
}

code_set! {
    /// Gender (data element 8; "Sex" in the current layout).
    Gender {
        Female: "Female",
        Male: "Male",
        Other: "Other",
    }
}

code_set! {
    /// Birth Certificate Flag of 2003, Birth Date Verification today (data element 10).
    BirthVerification {
        BaptismalCertificate: "1003",
        BirthCertificate: "1004",
        FamilyBible: "1005",
        HospitalCertificate: "1006",
        ParentsAffidavit: "1007",
        Passport: "1008",
        PhysiciansCertificate: "1009",
        SchoolRecords: "1010",
        StateId: "1011",
        DriversLicense: "1012",
        ImmigrationDocument: "1013",
        LifeInsurance: "2382",
        OtherDocument: "2003:02",
        SelfReport: "2003:03",
        Other: "9999",
    }
}

impl BirthVerification {
    /// How good the evidence is, higher is better: an official birth document, another official document, then
    /// what somebody said. Used when states disagree about a birth date.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::BirthCertificate => 4,
            Self::Passport
            | Self::ImmigrationDocument
            | Self::HospitalCertificate
            | Self::PhysiciansCertificate => 3,
            Self::BaptismalCertificate
            | Self::SchoolRecords
            | Self::StateId
            | Self::DriversLicense
            | Self::LifeInsurance
            | Self::OtherDocument => 2,
            Self::FamilyBible | Self::ParentsAffidavit | Self::Other => 1,
            Self::SelfReport => 0,
        }
    }
}

code_set! {
    /// Grade Level (data element 20).
    Grade {
        P0: "P0",
        P1: "P1",
        P2: "P2",
        P3: "P3",
        P4: "P4",
        P5: "P5",
        Preschool: "PS",
        Kindergarten: "KG",
        G1: "01",
        G2: "02",
        G3: "03",
        G4: "04",
        G5: "05",
        G6: "06",
        G7: "07",
        G8: "08",
        G9: "09",
        G10: "10",
        G11: "11",
        G12: "12",
        Ungraded: "UG",
        OutOfSchool: "00",
    }
}

impl Grade {
    /// Whether it is grade 9 to 12 or out of school, where the secondary elements apply (34 CFR 200.85).
    #[must_use]
    pub fn is_secondary(self) -> bool {
        matches!(
            self,
            Self::G9 | Self::G10 | Self::G11 | Self::G12 | Self::OutOfSchool
        )
    }

    /// Whether it is grade 3 or above, where states test.
    #[must_use]
    pub fn is_tested(self) -> bool {
        self.usual_age().is_some_and(|age| age >= 8)
    }

    /// The usual age at the start of the school year, where the grade says one.
    #[must_use]
    pub fn usual_age(self) -> Option<i32> {
        match self {
            Self::Kindergarten => Some(5),
            Self::Ungraded | Self::OutOfSchool | Self::Preschool => None,
            _ if self >= Self::G1 => Some(self as i32 - Self::G1 as i32 + 6),
            _ => Some(self as i32),
        }
    }
}

code_set! {
    /// Termination Flag (data element 39).
    TerminationFlag {
        EligibilityExpired: "01",
        Graduated: "02",
        Ged: "03",
        Dropout: "04",
        Deceased: "05",
    }
}

code_set! {
    /// Enrollment Type (data element 55). 05 changed its meaning after 2003.
    EnrollmentType {
        School: "01",
        RegularTermProject: "02",
        SummerProject: "03",
        YearRoundProject: "04",
        SchoolAndProject: "05",
        ResidencyOnly: "06",
    }
}

impl EnrollmentType {
    /// The class in which two reports can be of the same enrollment: school, MEP project, or residency.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::School | Self::SchoolAndProject => "school",
            Self::RegularTermProject | Self::SummerProject | Self::YearRoundProject => "project",
            Self::ResidencyOnly => "residency",
        }
    }
}

code_set! {
    /// MEP Project Type.
    ProjectType {
        SchoolBased: "01",
        NonSchoolBased: "02",
    }
}

code_set! {
    /// Med Alert Indicator on an enrollment.
    MedAlert {
        Chronic: "Chronic",
        Acute: "Acute",
        None: "None",
    }
}

code_set! {
    /// Graduation/HSE Indicator.
    GraduationIndicator {
        Graduation: "Graduation",
        Hse: "HSE",
    }
}

code_set! {
    /// Continuation of Services Reason (ESEA 1304(e)).
    ContinuationReason {
        DurationOfTerm: "01",
        AdditionalYear: "02",
        CreditAccrual: "03",
    }
}

code_set! {
    /// Course Type (data element 63).
    CourseType {
        Regular: "01",
        Honors: "02",
        PreAp: "03",
        Ap: "04",
        Ib: "05",
        HighSchoolEquivalent: "06",
        NotApplicable: "07",
    }
}

code_set! {
    /// Course Section (data element 65).
    CourseSection {
        FullYear: "01",
        A: "02",
        B: "03",
    }
}

code_set! {
    /// Term Type (data element 66); current codes are those of NCES0266.
    TermType {
        FullYear: "0827",
        Semester: "0828",
        Trimester: "0829",
        Quarter: "0830",
        Quinmester: "0831",
        MiniTerm: "0832",
        SummerTerm: "0833",
        Intersession: "0834",
        LongSession: "0835",
        TwelveMonth: "0837",
        Other: "9999",
    }
}

code_set! {
    /// Assessment Type (data element 72).
    AssessmentType {
        State: "01",
        Ap: "02",
        LanguageProficiency: "03",
        ExitExam: "04",
        Hse: "05",
        SpecialEducation: "06",
        EarlyChildhood: "07",
        Other: "08",
        StateMathematics: "09",
        StateReading: "10",
        StateScience: "11",
    }
}

code_set! {
    /// Type of Result of 2003, Reporting Method today (data element 75).
    ResultType {
        LetterGrade: "0144",
        AgeScore: "0490",
        GradeEquivalent: "0493",
        NumberScore: "0499",
        PassFail: "0500",
        ProficiencyLevel: "0503",
        AchievementLevel: "0512",
        PercentileRank: "2003:02",
        NormalCurveEquivalent: "2003:04",
        SectionsCompleted: "2003:05",
        Other: "9999",
    }
}

code_set! {
    /// Type of an alternate identifier, and of the State Student Identifier. The meaning of 03 is not published.
    IdentifierType {
        State: "01",
        StateMep: "02",
        Other: "03",
    }
}

code_set! {
    /// Whether an alert is educational (data elements 22 and 23) or medical (25 and 26).
    AlertKind {
        Educational: "ED",
        Medical: "MED",
    }
}

code_set! {
    /// Why an enrollment ended (extension).
    ExitReason {
        Moved: "MOVED",
        EndOfTerm: "END",
        Graduated: "GRAD",
        Hse: "HSE",
        DroppedOut: "DROP",
        Deceased: "DECEASED",
        Other: "OTHER",
    }
}

code_set! {
    /// Why a certificate of eligibility was voided (extension).
    VoidReason {
        Ineligible: "INELIGIBLE",
        Duplicate: "DUPLICATE",
        Error: "ERROR",
    }
}

code_set! {
    /// Role of the contact person of an alert (extension).
    ContactRole {
        Nurse: "NURSE",
        Counselor: "COUNSELOR",
        Registrar: "REGISTRAR",
        Mep: "MEP",
        Other: "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(raw: Option<&str>) -> ValueContext<'_> {
        ValueContext {
            code_set: CodeSet::V2003,
            raw,
        }
    }

    #[test]
    fn enrollment_type_05_depends_on_the_version() {
        assert_eq!(
            EnrollmentType::parse("05", old(None)),
            Ok(EnrollmentType::ResidencyOnly)
        );
        assert_eq!(
            EnrollmentType::parse("05", ValueContext::default()),
            Ok(EnrollmentType::SchoolAndProject)
        );
    }

    #[test]
    fn versions_do_not_mix() {
        assert!(Grade::parse("014", ValueContext::default()).is_err());
        assert!(Grade::parse("PS", old(None)).is_err());
        assert_eq!(Grade::parse("010", old(None)), Ok(Grade::G10));
    }

    #[test]
    fn grades_know_their_usual_age() {
        assert_eq!(Grade::G1.usual_age(), Some(6));
        assert_eq!(Grade::G12.usual_age(), Some(17));
        assert_eq!(Grade::P3.usual_age(), Some(3));
        assert_eq!(Grade::OutOfSchool.usual_age(), None);
    }

    /// The table and the enum know the same meanings, and every code reads as its meaning and is written back.
    fn rows_are_consistent<C: Codes + Value + PartialEq + fmt::Debug + Serialize>() {
        assert_eq!(C::rows().len(), C::ALL.len());
        for (row, value) in C::rows().iter().zip(C::ALL) {
            assert!(
                row.v2003.is_some() || row.v2022.is_some(),
                "{}: {} is in no version of its table",
                <C as Codes>::SET,
                row.stored
            );
            let stored = serde_json::to_string(value).unwrap();
            assert_eq!(stored, format!("\"{}\"", row.stored));
        }
        for entry in codesets::entries(<C as Codes>::SET) {
            let context = ValueContext {
                code_set: CodeSet::named(&entry.version).unwrap(),
                raw: None,
            };
            let read = C::parse(&entry.code, context).unwrap_or_else(|e| panic!("{entry:?} {e}"));
            assert_eq!(read.row().stored, entry.meaning(), "{entry:?}");
            assert_eq!(read.says_more(&entry.code), entry.code != entry.meaning());
        }
    }

    #[test]
    fn every_set_is_consistent() {
        rows_are_consistent::<Gender>();
        rows_are_consistent::<BirthVerification>();
        rows_are_consistent::<Grade>();
        rows_are_consistent::<TerminationFlag>();
        rows_are_consistent::<EnrollmentType>();
        rows_are_consistent::<ProjectType>();
        rows_are_consistent::<MedAlert>();
        rows_are_consistent::<GraduationIndicator>();
        rows_are_consistent::<ContinuationReason>();
        rows_are_consistent::<CourseType>();
        rows_are_consistent::<CourseSection>();
        rows_are_consistent::<TermType>();
        rows_are_consistent::<AssessmentType>();
        rows_are_consistent::<ResultType>();
        rows_are_consistent::<IdentifierType>();
        rows_are_consistent::<AlertKind>();
        rows_are_consistent::<ExitReason>();
        rows_are_consistent::<VoidReason>();
        rows_are_consistent::<ContactRole>();
    }
}
