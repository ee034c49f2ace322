//! Code sets with versions: one enum per set says what a code *means*; the code as sent is kept beside it.
//!
//! The same code may mean another thing in another version (enrollment type 05 of 2003 is today's 06), so a code is
//! only ever read together with the version that its document names. Values: Report to Congress (2003), Appendix B;
//! public descriptions of the current layout, CEDS and SIF's NCES0266 for the current codes.

use std::fmt;

use serde::{Deserialize, Serialize};

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

/// One row of a code set, for documentation and generated schemas.
#[derive(Debug, Clone, Copy)]
pub struct CodeRow {
    /// The code under which the meaning is stored.
    pub stored: &'static str,
    /// The code of the 2003 list, if the meaning exists there.
    pub v2003: Option<&'static str>,
    /// The current code, if the meaning exists today.
    pub v2022: Option<&'static str>,
    /// What it means.
    pub label: &'static str,
}

/// A code set: every row of every version.
pub trait Codes: Copy + Sized + 'static {
    /// The name of the set.
    const SET: &'static str;
    /// All meanings.
    const ROWS: &'static [CodeRow];
    /// All meanings, as values; in the order of [`Codes::ROWS`].
    const ALL: &'static [Self];
    /// Row of this meaning.
    fn row(self) -> &'static CodeRow;

    /// The code that a known other spelling stands for; any other text as it is.
    fn spelling(text: &str) -> &str {
        // Data element 20 of 2003 pads grades 10 to 12 to three digits; many systems do not.
        match (Self::SET, text) {
            ("Grade", "010" | "10") => "10",
            ("Grade", "011" | "11") => "11",
            ("Grade", "012" | "12") => "12",
            _ => text,
        }
    }

    /// What it means, in words.
    fn label(self) -> &'static str {
        self.row().label
    }
}

/// `Variant: stored, 2003 code or -, current code or -, label`. A meaning that only one version knows is stored under
/// that version's code with its version as a prefix where the bare code would be ambiguous.
macro_rules! code_set {
    ($(#[$doc:meta])* $name:ident { $($variant:ident: $stored:literal, $old:tt, $new:tt, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $label] #[serde(rename = $stored)] $variant,)+
        }

        impl Codes for $name {
            const SET: &'static str = stringify!($name);
            const ROWS: &'static [CodeRow] = &[
                $(CodeRow { stored: $stored, v2003: code_set!(@code $old), v2022: code_set!(@code $new), label: $label },)+
            ];
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
            fn row(self) -> &'static CodeRow {
                &Self::ROWS[self as usize]
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Code;

            fn parse(text: &str, context: ValueContext<'_>) -> Result<Self, ValueError> {
                let text = Self::spelling(text);
                let position = Self::ROWS.iter().position(|row| match context.code_set {
                    CodeSet::V2003 => row.v2003 == Some(text),
                    CodeSet::V2022 => row.v2022 == Some(text),
                });
                match position {
                    Some(index) => Ok(Self::ALL[index]),
                    None => Err(ValueError::UnknownCode { set: Self::SET, version: context.code_set }),
                }
            }

            fn emit<S: Sink + ?Sized>(&self, sink: &mut S) {
                sink.text(self.row().stored);
            }

            fn code(&self) -> Option<&str> {
                Some(self.row().stored)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.row().label)
            }
        }
    };
    (@code -) => { None };
    (@code $code:literal) => { Some($code) };
}

code_set! {
    /// Gender (data element 8; "Sex" in the current layout).
    Gender {
        Female: "Female", "01", "Female", "female";
        Male: "Male", "02", "Male", "male";
        Other: "Other", -, "Other", "other";
    }
}

code_set! {
    /// Birth Certificate Flag of 2003, Birth Date Verification today (data element 10).
    BirthVerification {
        BaptismalCertificate: "1003", -, "1003", "baptismal or church certificate";
        BirthCertificate: "1004", "01", "1004", "birth certificate";
        FamilyBible: "1005", -, "1005", "entry in family Bible";
        HospitalCertificate: "1006", -, "1006", "hospital certificate";
        ParentsAffidavit: "1007", -, "1007", "parent's affidavit";
        Passport: "1008", -, "1008", "passport";
        PhysiciansCertificate: "1009", -, "1009", "physician's certificate";
        SchoolRecords: "1010", -, "1010", "previously verified school records";
        StateId: "1011", -, "1011", "state-issued identification";
        DriversLicense: "1012", -, "1012", "driver's license";
        ImmigrationDocument: "1013", -, "1013", "immigration document";
        LifeInsurance: "2382", -, "2382", "life insurance policy";
        OtherDocument: "2003:02", "02", -, "other official document";
        SelfReport: "2003:03", "03", -, "self report";
        Other: "9999", -, "9999", "other";
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
        P0: "P0", -, "P0", "age birth to 1, not in preschool";
        P1: "P1", -, "P1", "age 1, not in preschool";
        P2: "P2", -, "P2", "age 2, not in preschool";
        P3: "P3", -, "P3", "age 3, not in preschool";
        P4: "P4", -, "P4", "age 4, not in preschool";
        P5: "P5", -, "P5", "age 5, not in preschool";
        Preschool: "PS", "014", "PS", "preschool";
        Kindergarten: "KG", "015", "KG", "kindergarten";
        G1: "01", "01", "01", "grade 1";
        G2: "02", "02", "02", "grade 2";
        G3: "03", "03", "03", "grade 3";
        G4: "04", "04", "04", "grade 4";
        G5: "05", "05", "05", "grade 5";
        G6: "06", "06", "06", "grade 6";
        G7: "07", "07", "07", "grade 7";
        G8: "08", "08", "08", "grade 8";
        G9: "09", "09", "09", "grade 9";
        G10: "10", "10", "10", "grade 10";
        G11: "11", "11", "11", "grade 11";
        G12: "12", "12", "12", "grade 12";
        Ungraded: "UG", "013", "UG", "ungraded";
        OutOfSchool: "00", "016", "00", "out of school";
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
        EligibilityExpired: "01", "01", "01", "non-migrant status, eligibility expired";
        Graduated: "02", "02", "02", "graduated";
        Ged: "03", "03", "03", "GED or other high school equivalency";
        Dropout: "04", "04", "04", "dropped out";
        Deceased: "05", "05", "05", "deceased";
    }
}

code_set! {
    /// Enrollment Type (data element 55). 05 changed its meaning after 2003.
    EnrollmentType {
        School: "01", "01", "01", "basic school program";
        RegularTermProject: "02", "02", "02", "regular-term MEP-funded project";
        SummerProject: "03", "03", "03", "summer or intersession MEP-funded project";
        YearRoundProject: "04", "04", "04", "year-round MEP-funded project";
        SchoolAndProject: "05", -, "05", "basic school program and regular-term MEP-funded project";
        ResidencyOnly: "06", "05", "06", "residency only";
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
        SchoolBased: "01", -, "01", "school-based";
        NonSchoolBased: "02", -, "02", "not school-based";
    }
}

code_set! {
    /// Med Alert Indicator on an enrollment.
    MedAlert {
        Chronic: "Chronic", -, "Chronic", "chronic";
        Acute: "Acute", -, "Acute", "acute";
        None: "None", -, "None", "none";
    }
}

code_set! {
    /// Graduation/HSE Indicator.
    GraduationIndicator {
        Graduation: "Graduation", -, "Graduation", "graduation";
        Hse: "HSE", -, "HSE", "high school equivalency";
    }
}

code_set! {
    /// Continuation of Services Reason (ESEA 1304(e)).
    ContinuationReason {
        DurationOfTerm: "01", -, "01", "duration of the term";
        AdditionalYear: "02", -, "02", "additional year, comparable services not available";
        CreditAccrual: "03", -, "03", "secondary student, credit accrual";
    }
}

code_set! {
    /// Course Type (data element 63).
    CourseType {
        Regular: "01", "01", "01", "regular";
        Honors: "02", "02", "02", "honors";
        PreAp: "03", "03", "03", "pre-Advanced Placement";
        Ap: "04", "04", "04", "Advanced Placement";
        Ib: "05", "05", "05", "International Baccalaureate";
        HighSchoolEquivalent: "06", "06", "06", "accepted as a high school equivalent";
        NotApplicable: "07", "07", "07", "not applicable";
    }
}

code_set! {
    /// Course Section (data element 65).
    CourseSection {
        FullYear: "01", "01", "01", "full year";
        A: "02", "02", "02", "section A";
        B: "03", "03", "03", "section B";
    }
}

code_set! {
    /// Term Type (data element 66); current codes are those of NCES0266.
    TermType {
        FullYear: "0827", "01", "0827", "full school year";
        Semester: "0828", "02", "0828", "semester";
        Trimester: "0829", "03", "0829", "trimester";
        Quarter: "0830", "04", "0830", "quarter";
        Quinmester: "0831", "05", "0831", "quinmester";
        MiniTerm: "0832", -, "0832", "mini-term";
        SummerTerm: "0833", -, "0833", "summer term";
        Intersession: "0834", -, "0834", "intersession";
        LongSession: "0835", -, "0835", "long session";
        TwelveMonth: "0837", -, "0837", "twelve month";
        Other: "9999", -, "9999", "other";
    }
}

code_set! {
    /// Assessment Type (data element 72).
    AssessmentType {
        State: "01", "01", "01", "achievement test or state assessment";
        Ap: "02", "02", "02", "Advanced Placement test";
        LanguageProficiency: "03", "03", "03", "language proficiency test";
        ExitExam: "04", "04", "04", "exit exam";
        Hse: "05", "05", "05", "GED or other high school equivalency";
        SpecialEducation: "06", "06", "06", "special education assessment";
        EarlyChildhood: "07", "07", "07", "early childhood development assessment";
        Other: "08", "Other", "08", "other";
        StateMathematics: "09", -, "09", "state assessment, mathematics";
        StateReading: "10", -, "10", "state assessment, reading or language arts";
        StateScience: "11", -, "11", "state assessment, science";
    }
}

code_set! {
    /// Type of Result of 2003, Reporting Method today (data element 75).
    ResultType {
        LetterGrade: "0144", -, "0144", "letter grade";
        AgeScore: "0490", -, "0490", "age score";
        GradeEquivalent: "0493", -, "0493", "grade equivalent";
        NumberScore: "0499", -, "0499", "number score";
        PassFail: "0500", "03", "0500", "pass or fail";
        ProficiencyLevel: "0503", "01", "0503", "proficiency level";
        AchievementLevel: "0512", -, "0512", "achievement or proficiency level";
        PercentileRank: "2003:02", "02", -, "percentile rank";
        NormalCurveEquivalent: "2003:04", "04", -, "normal curve equivalent";
        SectionsCompleted: "2003:05", "05", -, "sections completed";
        Other: "9999", -, "9999", "other";
    }
}

code_set! {
    /// Type of an alternate identifier, and of the State Student Identifier. The meaning of 03 is not published.
    IdentifierType {
        State: "01", "01", "01", "assigned by the state";
        StateMep: "02", "02", "02", "assigned by the state's migrant program";
        Other: "03", "03", "03", "other";
    }
}

code_set! {
    /// Whether an alert is educational (data elements 22 and 23) or medical (25 and 26).
    AlertKind {
        Educational: "ED", "ED", "ED", "educational";
        Medical: "MED", "MED", "MED", "medical";
    }
}

code_set! {
    /// Why an enrollment ended (extension).
    ExitReason {
        Moved: "MOVED", "MOVED", "MOVED", "moved away";
        EndOfTerm: "END", "END", "END", "end of the term or project";
        Graduated: "GRAD", "GRAD", "GRAD", "graduated";
        Hse: "HSE", "HSE", "HSE", "GED or other high school equivalency";
        DroppedOut: "DROP", "DROP", "DROP", "dropped out";
        Deceased: "DECEASED", "DECEASED", "DECEASED", "deceased";
        Other: "OTHER", "OTHER", "OTHER", "other";
    }
}

code_set! {
    /// Why a certificate of eligibility was voided (extension).
    VoidReason {
        Ineligible: "INELIGIBLE", "INELIGIBLE", "INELIGIBLE", "found ineligible";
        Duplicate: "DUPLICATE", "DUPLICATE", "DUPLICATE", "duplicate certificate";
        Error: "ERROR", "ERROR", "ERROR", "issued in error";
    }
}

code_set! {
    /// Role of the contact person of an alert (extension).
    ContactRole {
        Nurse: "NURSE", "NURSE", "NURSE", "school nurse";
        Counselor: "COUNSELOR", "COUNSELOR", "COUNSELOR", "counselor";
        Registrar: "REGISTRAR", "REGISTRAR", "REGISTRAR", "registrar";
        Mep: "MEP", "MEP", "MEP", "migrant education program staff";
        Other: "OTHER", "OTHER", "OTHER", "other";
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

    fn rows_are_consistent<C: Codes + Value + PartialEq + fmt::Debug + Serialize>() {
        assert_eq!(C::ROWS.len(), C::ALL.len());
        for (row, value) in C::ROWS.iter().zip(C::ALL) {
            assert!(
                row.v2003.is_some() || row.v2022.is_some(),
                "{}: {} is in no version",
                C::SET,
                row.stored
            );
            assert_eq!(
                serde_json::to_string(value).unwrap(),
                format!("\"{}\"", row.stored)
            );
            for (code, version) in [(row.v2003, CodeSet::V2003), (row.v2022, CodeSet::V2022)] {
                if let Some(code) = code {
                    let read = C::parse(
                        code,
                        ValueContext {
                            code_set: version,
                            raw: None,
                        },
                    )
                    .unwrap();
                    assert_eq!(
                        &read,
                        value,
                        "{} {code} {version}: a code is listed twice",
                        C::SET
                    );
                }
            }
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
