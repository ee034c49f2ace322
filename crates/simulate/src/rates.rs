//! How often each thing happens in the made-up nation. `docs/linking.md` shows the same numbers as a table, and a
//! test holds the two together. They were estimated by looking at exports of eight state systems (3,335 students of
//! about 2,480 children): students were joined to children by name, birth date, parents and doses, and what differed
//! between two students of a child was counted. A difference seen in a pair is charged half to each student.

/// What a state's clerk did to a child's particulars, as the truth file names it.
macro_rules! error_kinds {
    ($($variant:ident: $name:literal, $rate:literal, $of:literal, $what:literal;)+) => {
        /// A way in which a state's student differs from the child.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorKind { $(#[doc = $what] $variant,)+ }

        impl ErrorKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the truth file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Its probability where it can happen.
            #[must_use]
            pub fn rate(self) -> f64 {
                match self { $(Self::$variant => $rate,)+ }
            }

            /// Where it can happen: what [`ErrorKind::rate`] is a share of.
            #[must_use]
            pub fn of(self) -> &'static str {
                match self { $(Self::$variant => $of,)+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $what,)+ }
            }
        }
    };
}

error_kinds! {
    SecondSurnameDropped: "second-surname-dropped", 0.185, "students with two surnames", "only the first surname written";
    FirstSurnameDropped: "first-surname-dropped", 0.03, "students with two surnames", "only the second surname written";
    SurnameInMiddle: "surname-in-middle", 0.016, "students with two surnames", "first surname written as middle name";
    SurnamesSwapped: "surnames-swapped", 0.025, "students with two surnames", "surnames in the wrong order";
    SurnamesJoined: "surnames-joined", 0.065, "students with two surnames", "both surnames in one field";
    SurnamesHyphenated: "surnames-hyphenated", 0.065, "students with two surnames", "both surnames joined by a hyphen";
    GivenMerged: "given-merged", 0.36, "students with two given names", "second given name in the first name's field";
    MiddleDropped: "middle-dropped", 0.085, "students with two given names", "second given name left out";
    MiddleInitial: "middle-initial", 0.035, "students with two given names", "second given name as an initial";
    FirstGivenDropped: "first-given-dropped", 0.028, "students with two given names", "second given name written alone";
    MariaAbbreviated: "maria-abbreviated", 0.09, "students named María and a second name", "María written as Ma.";
    Nickname: "nickname", 0.04, "students whose name has a nickname or an English form", "nickname or English form of the name";
    TypoInGiven: "typo-in-given", 0.05, "students", "a typing error in the first name";
    TypoInSurname: "typo-in-surname", 0.04, "students", "a typing error in a surname";
    BirthDaySwapped: "birth-day-swapped", 0.035, "students born on a day up to 12 that is not the month", "day and month of birth swapped";
    BirthPlaceholder: "birth-placeholder", 0.012, "students", "birth date written as 1 January";
    BirthYearSlip: "birth-year-slip", 0.01, "students", "year of birth one off";
    BirthDayTypo: "birth-day-typo", 0.01, "students", "another day in the month of birth";
    BirthDateMissing: "birth-date-missing", 0.003, "students", "no birth date";
    SexWrong: "sex-wrong", 0.009, "students", "wrong sex";
    FatherMissing: "father-missing", 0.16, "students with a known father", "father left out";
    MotherMissing: "mother-missing", 0.03, "students with a known mother", "mother left out";
    ParentsSwapped: "parents-swapped", 0.019, "students with both parents", "father and mother in each other's place";
    GuardianForParents: "guardian-for-parents", 0.01, "students with a known mother", "another adult as guardian, no parent written";
    BirthCityMissing: "birth-city-missing", 0.19, "students", "no city of birth";
    BirthCityTypo: "birth-city-typo", 0.04, "students with a city of birth written", "a typing error in the city of birth";
    BirthStateMissing: "birth-state-missing", 0.065, "students", "no state of birth";
    AccentsLost: "accents-lost", 0.45, "students with an accent in their name (by state: 10 % to all)", "accents left out";
    SecondId: "second-id", 0.022, "children in a state", "a second identifier of the same child in the state";
}

/// Share of families of one, two … six children.
pub const FAMILY_SIZE: [f64; 6] = [0.40, 0.25, 0.19, 0.10, 0.045, 0.015];
/// Share of children registered in one, two and three states of the nation.
pub const STATES_PER_CHILD: [f64; 3] = [0.72, 0.26, 0.02];
/// Share of families with one, two … six known arrivals in the nation's states.
pub const ARRIVALS: [f64; 6] = [0.45, 0.25, 0.15, 0.08, 0.04, 0.03];
/// Share of births that are of twins, so that about 3 % of the children are twins.
pub const TWIN_BIRTH: f64 = 0.032;
/// Share of twins of one sex.
pub const TWINS_SAME_SEX: f64 = 0.9;
/// Share of twins of one sex with names that are nearly the same (Karla and Karina), and no second name.
pub const TWINS_ALIKE: f64 = 0.54;
/// Share of the other twins with a second given name.
pub const TWINS_TWO_GIVEN: f64 = 0.32;
/// Share of twins of one sex with the same first name and second names of their own.
pub const TWINS_SAME_FIRST: f64 = 0.025;
/// Share of states' students of a twin who are marked as a multiple birth, as none, and not at all, where the state
/// asks.
pub const TWIN_MARKED: [f64; 3] = [0.87, 0.08, 0.05];
/// Share of students with an answer to the question, where the state asks.
pub const MULTIPLE_ASKED: f64 = 0.72;
/// Share of children with a second given name.
pub const TWO_GIVEN: f64 = 0.47;
/// The same, of those whose first is María, José, Ana, Juan or Luis, and of all others.
pub const TWO_GIVEN_BY_FIRST: [f64; 2] = [0.79, 0.37];
/// Share of children given the first name of an older brother or sister of the same sex beside one of their own (María
/// Elena and María José), where there is one.
pub const NAMED_LIKE_SIBLING: f64 = 0.05;
/// Share of sons named after the father, with Jr. or III.
pub const NAMED_AFTER_FATHER: f64 = 0.025;
/// Share of families of which the father is not known.
pub const MOTHER_ONLY: f64 = 0.12;
/// Share of families that are one young person travelling alone, his or her own guardian.
pub const ALONE: f64 = 0.015;
/// Share of families with kin among their neighbours in the numbering: brothers, whose children are cousins.
pub const KIN: f64 = 0.15;
/// Of three families that are neighbours in the numbering, the chance that the eldest of the first two have a namesake
/// in each other, where these two families are on circuits without a common state: the same names, both surnames and
/// birth date, parents of the same surnames, born elsewhere.
pub const NAMESAKES: f64 = 0.049;
/// The same for cousins, where the two families have a state in common: the children of two brothers, with the same
/// given names, born some days apart.
pub const COUSINS_NAMED_ALIKE: f64 = 0.115;
/// Days between the births of such cousins.
pub const COUSIN_DAYS: std::ops::RangeInclusive<u64> = 4..=21;
/// Share of families with the culture: Spanish double surnames, Mayan, Haitian, English.
pub const CULTURE: [f64; 4] = [0.955, 0.028, 0.009, 0.008];
/// Share of the Spanish-named families from Mexico, Guatemala, El Salvador, Honduras and the United States.
pub const ORIGIN: [f64; 5] = [0.82, 0.03, 0.045, 0.032, 0.073];
/// Share of children of families from abroad who were born in one of the states of their circuit.
pub const BORN_IN_CIRCUIT: f64 = 0.14;
/// Share of students by evidence of the birth date: certificate, other document, parent's word.
pub const BIRTH_EVIDENCE: [f64; 3] = [0.75, 0.14, 0.11];
/// Share of mothers written with the husband's surname.
pub const MOTHER_AS_WIFE: f64 = 0.22;
/// Share of families of which each clerk decides that anew; the others are written in one way in every state.
pub const MOTHER_BY_CLERK: f64 = 0.5;
/// How other mothers are written: both own surnames, the first alone, own `de` husband's.
pub const MOTHER_WRITTEN: [f64; 3] = [0.46, 0.46, 0.08];
/// How a father is written: both surnames, the first alone, both with a hyphen.
pub const FATHER_WRITTEN: [f64; 3] = [0.47, 0.48, 0.05];
/// Share of students with a guardian written, usually one of the parents again.
pub const GUARDIAN_WRITTEN: f64 = 0.91;
/// Share of guardians who are neither parent.
pub const GUARDIAN_OTHER: f64 = 0.05;
/// Share of moves for which the leaving family says where it goes.
pub const DESTINATION_SAID: f64 = 0.35;
/// Share of arrivals certified as qualifying moves.
pub const CERTIFIED: f64 = 0.92;
/// Share of arrivals from another country, where no stay in the nation comes before.
pub const FROM_ABROAD: f64 = 0.35;
/// Chance of each night that a state corrects the written particulars of a student with errors.
pub const CORRECTED_PER_NIGHT: f64 = 0.004;
/// Chance of each night that a state merges a second identifier into the first, and deletes it.
pub const MERGED_PER_NIGHT: f64 = 0.02;
/// Share of students with no dose, one dose, and the child's history of doses.
pub const DOSES_KNOWN: [f64; 3] = [0.39, 0.16, 0.45];
