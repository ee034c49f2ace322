//! The kinds of finding: one table of stable codes with all that is to be said of each. The pages in `docs/findings`
//! are made of it ([`super::pages`]), and the examples are read by the tests of the readers, so that they stay true.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Severity;

/// What is to be known of one kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The kind.
    pub kind: FindingCode,
    /// The stable code, such as `V102`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Numbers of the data elements of which it speaks; empty where it can be any or none.
    pub elements: &'static [&'static str],
    /// What was found, in a few words.
    pub title: &'static str,
    /// What has to hold, as a sentence.
    pub rule: &'static str,
    /// What to do about it, as sentences.
    pub fix: &'static str,
    /// What it means for the child's record, and what the hub does with it.
    pub means: &'static str,
    /// A row with the finding: lines within a `Student` of the native XML (identifier and names go without saying), a
    /// whole `Facility` or `Student`, or a row of a table.
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

macro_rules! finding_codes {
    ($($variant:ident $code:literal $severity:ident [$($element:literal),*] {
        title: $title:literal,
        rule: $rule:literal,
        fix: $fix:literal,
        means: $means:literal,
        wrong: $wrong:literal,
        right: $right:literal,
        source: $source:literal,
    })+) => {
        /// The kinds of finding. The codes are stable: states' programs may act on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FindingCode {
            $(#[doc = $title] #[serde(rename = $code)] $variant,)+
        }

        impl FindingCode {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            const RULES: &'static [Rule] = &[$(Rule {
                kind: Self::$variant,
                code: $code,
                severity: Severity::$severity,
                elements: &[$($element),*],
                title: $title,
                rule: $rule,
                fix: $fix,
                means: $means,
                wrong: $wrong,
                right: $right,
                source: $source,
            },)+];
        }
    };
}

impl FindingCode {
    /// All that is to be known of it.
    #[must_use]
    pub fn explained(self) -> &'static Rule {
        &Self::RULES[self as usize]
    }

    /// The stable code, such as `V102`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.explained().code
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.explained().severity
    }

    /// What was found, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.explained().title
    }

    /// What has to hold, as a sentence.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.explained().rule
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(self) -> &'static str {
        self.explained().fix
    }

    /// Path of the page that explains it, on the hub and in the documentation: `/docs/findings/V302`.
    #[must_use]
    pub fn page(self) -> String {
        format!("/docs/findings/{}", self.code())
    }

    /// The kind of that code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

finding_codes! {
    RowShape "V001" Error [] {
        title: "the row does not have the layout's shape",
        rule: "Every row has the columns that the layout describes.",
        fix: "Check the delimiter, the number of columns and the line's length; the row was left out.",
        means: "A row with too few or too many columns would put values under wrong names, so nothing of it is read. Usually a delimiter stands within a value, or a line end does.",
        wrong: "1001|GARCIA|MARIA|05",
        right: "1001|GARCIA|PEREZ|MARIA|05",
        source: "the layout of the mapping profile",
    }
    NotText "V002" Error [] {
        title: "the row is not text in the declared encoding",
        rule: "Every row is text in the encoding that the profile declares.",
        fix: "Write the file in the encoding that the layout declares; the row was left out.",
        means: "Letters such as ñ and é would turn into others, and a child would no longer be found under its name.",
        wrong: "1001|MU\\xC3\\x91OZ|MARIA (UTF-8, where the profile says Windows-1252)",
        right: "1001|MU\\xD1OZ|MARIA",
        source: "the encoding of the mapping profile",
    }
    UnknownElement "V003" Warning [] {
        title: "the element is not in the layout and was ignored",
        rule: "An upload holds data elements of the dictionary and nothing else.",
        fix: "Remove it, or map it; nothing outside the data dictionary is stored.",
        means: "The column or element was not stored. It is told once for each name.",
        wrong: "<ShoeSize>34</ShoeSize>",
        right: "<MiddleName>Elena</MiddleName>",
        source: "the data dictionary; 34 CFR 200.85(b)",
    }
    RowTooLong "V004" Error [] {
        title: "the row is longer than 1 MiB",
        rule: "No row is longer than 1 MiB.",
        fix: "A quote or a line end is probably missing; the row was left out.",
        means: "No child's record is that long: rows have run together, and what they say cannot be told apart.",
        wrong: "1001,\"GARCIA,MARIA,05 (the closing quote is missing, so that all following rows belong to the name)",
        right: "1001,\"GARCIA\",MARIA,05",
        source: "the limits of the readers",
    }
    Missing "V101" Error [] {
        title: "a required data element is missing",
        rule: "A student has an identifier, a last name and a first name; a row has the element that makes it one.",
        fix: "Fill in the data element; the row was left out.",
        means: "Without it the row says nothing that could be shown or compared: an enrollment without its date, an immunization without its vaccine. Where it is the student's own identifier or name, the student is left out with all rows.",
        wrong: "<Enrollment><GradeLevel>05</GradeLevel></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "the data dictionary: elements marked required in docs/upload-format.md",
    }
    Invalid "V102" Error [] {
        title: "the value is not valid for its data element",
        rule: "A value has the form and lies in the range that its data element allows.",
        fix: "Correct the value; it was left out.",
        means: "The value was left out, the rest of the row was kept. A value that a row cannot be without takes the row with it. Days that do not exist, such as 31 February, are the most frequent.",
        wrong: "<BirthDate>2014-02-31</BirthDate>",
        right: "<BirthDate>2014-02-28</BirthDate>",
        source: "the data dictionary",
    }
    UnknownCode "V103" Error [] {
        title: "the code is not in the code set",
        rule: "A code is one of its code set, in the version that the upload names.",
        fix: "Use a code of the set, or translate it in the mapping profile; the value was left out.",
        means: "A code that is guessed would be wrong in every state that reads it. Often the code is the state's own, or of another version of the set.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>013</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>UG</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "the code sets in config/codesets",
    }
    NoStudent "V201" Error [] {
        title: "the row's student is not in this upload",
        rule: "A student is sent whole: with all of its rows, in one upload.",
        fix: "Send the student together with all of its rows; the row was left out.",
        means: "The row changes nothing at the hub. A student is replaced as a whole, so that a row alone cannot be told from one that lost its others.",
        wrong: "enrollment.csv has 1001,2025-08-18, and pupil.csv has no row of 1001",
        right: "pupil.csv has a row of 1001 as well",
        source: "the rules of uploads: a submitted student is whole",
    }
    DuplicateStudent "V202" Error ["2"] {
        title: "the student occurs twice in this upload",
        rule: "A student occurs once in an upload.",
        fix: "Send each student once; the second one was left out.",
        means: "Which of the two is right only the state can say; the first one was taken. Two children with one identifier are the worse case: look whether it was given twice.",
        wrong: "<Student action=\"update\"><StateStudentIdentificationNumber>1001</StateStudentIdentificationNumber><LastName1>García</LastName1><FirstName>María</FirstName></Student><Student action=\"update\"><StateStudentIdentificationNumber>1001</StateStudentIdentificationNumber><LastName1>García</LastName1><FirstName>Mario</FirstName></Student>",
        right: "<Student action=\"update\"><StateStudentIdentificationNumber>1001</StateStudentIdentificationNumber><LastName1>García</LastName1><FirstName>María</FirstName></Student><Student action=\"update\"><StateStudentIdentificationNumber>1002</StateStudentIdentificationNumber><LastName1>García</LastName1><FirstName>Mario</FirstName></Student>",
        source: "data element 2: the identifier keys one record",
    }
    DuplicateFacility "V204" Warning ["40"] {
        title: "the facility occurs twice in this upload",
        rule: "A facility occurs once in an upload.",
        fix: "Send each facility once; the last one was kept.",
        means: "Counselors see the name and telephone number of the last one.",
        wrong: "<Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central High School</SchoolName></Facility><Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central Middle School</SchoolName></Facility>",
        right: "<Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central High School</SchoolName></Facility><Facility><FacilityCode>21003001</FacilityCode><SchoolName>Central Middle School</SchoolName></Facility>",
        source: "data element 40",
    }
    NoFacility "V205" Warning ["40"] {
        title: "the facility is in neither this upload nor an earlier one",
        rule: "Every facility code that a row names has been sent with its name.",
        fix: "Send the facility with its code; until then its name is not shown.",
        means: "A counselor in another state sees a code where the name, address and telephone number of the school should be.",
        wrong: "an enrollment at 21003000, and no facility 21003000",
        right: "the same, and <Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central High School</SchoolName></Facility>",
        source: "data elements 40 to 51",
    }
    DuplicateRow "V206" Warning [] {
        title: "the same row occurs twice",
        rule: "A student has each row once.",
        fix: "Send each row once; the second one was left out.",
        means: "Nothing is lost: the two rows were the same in every element.",
        wrong: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization><Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        right: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        source: "the rules of uploads",
    }
    BrokenReference "V207" Error [] {
        title: "the row refers to a record that is not in this upload",
        rule: "A record to which a row refers is in the same upload.",
        fix: "Send the record that it refers to in the same upload, or correct the reference; the row was left out.",
        means: "A transcript without its course, or a child's row without its certificate, says nothing that could be stored.",
        wrong: "courseTranscripts names the course ALG1-A, and courses has none of that code",
        right: "the same, and courses has ALG1-A",
        source: "the references of the mapping profile",
    }
    RowsDiffer "V208" Warning [] {
        title: "the same record was sent twice and differs",
        rule: "What is written out in several rows is the same in each.",
        fix: "Send the same values in every row; the row that the finding names was not used.",
        means: "Systems that repeat a child or a school in every row can hold two versions of it. Which one is right only the state can say.",
        wrong: "a child's birth date is 5/31/2014 on one certificate of eligibility and 5/13/2014 on the next",
        right: "5/31/2014 on both",
        source: "the rules of uploads",
    }
    DateOrder "V301" Warning ["21", "26", "38", "64", "X06", "X25", "X26", "X33", "X34"] {
        title: "two dates are in the wrong order",
        rule: "What ends something comes after its start: withdrawal after enrollment, approval after arrival, void after approval, the end of eligibility after the arrival.",
        fix: "Correct one of the two dates.",
        means: "Both dates are kept and shown; which one is wrong only the state can say. Time in school, eligibility and credits may be counted wrongly until then.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><WithdrawalDate>2025-03-13</WithdrawalDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><WithdrawalDate>2026-03-13</WithdrawalDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "data elements 21, 38, 54, 64, X06, X25, X26, X33, X34",
    }
    BeforeBirth "V302" Warning ["9", "21", "29", "31", "37", "38", "54", "64", "73", "X20", "X25"] {
        title: "a date lies before the birth date",
        rule: "Nothing of a child's record happens before its birth.",
        fix: "Correct the date or the birth date.",
        means: "Told once for each kind of row of a student, with what it concerns. Either the birth date is wrong, and the child is then hard to find in other states, or the rows belong to another child, often an older brother or sister.",
        wrong: "<BirthDate>2016-05-31</BirthDate><Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        right: "<BirthDate>2014-05-31</BirthDate><Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        source: "data element 9",
    }
    NoBirthDate "V303" Warning ["9"] {
        title: "the student has no birth date",
        rule: "Every student has a birth date.",
        fix: "Send the birth date; without it the student is hard to find in other states.",
        means: "The record is kept, but it is seldom joined with those of other states without a person's decision, and eligibility up to the 22nd birthday cannot be told.",
        wrong: "<BirthCity>Weslaco</BirthCity>",
        right: "<BirthDate>2014-05-31</BirthDate><BirthCity>Weslaco</BirthCity>",
        source: "data element 9; 34 CFR 200.81 and 200.89",
    }
    SeveralGraduationSchools "V304" Warning ["56"] {
        title: "more than one designated school for graduation",
        rule: "A student has one designated school for graduation at a time.",
        fix: "Mark one enrollment only (data element 56); the latest was used.",
        means: "Graduation requirements come from the designated school; with two of them a counselor plans for the wrong one.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>10</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>Y</DesignatedGraduationSchoolFlag></Enrollment><Enrollment><FacilityCode>21003001</FacilityCode><EnrollmentDate>2025-09-01</EnrollmentDate><GradeLevel>10</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>Y</DesignatedGraduationSchoolFlag></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>10</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>Y</DesignatedGraduationSchoolFlag></Enrollment><Enrollment><FacilityCode>21003001</FacilityCode><EnrollmentDate>2025-09-01</EnrollmentDate><GradeLevel>10</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>N</DesignatedGraduationSchoolFlag></Enrollment>",
        source: "data element 56: one at a time",
    }
    EligibilityEnd "V305" Warning ["38", "X06"] {
        title: "the end of eligibility differs from 36 months after the arrival date or the 22nd birthday",
        rule: "Eligibility ends 36 months after the qualifying arrival date, or with the day before the 22nd birthday if that is sooner.",
        fix: "Check the termination or expiration date and the qualifying arrival date; the state's date is kept.",
        means: "The state's own date is kept and shown beside the one that follows from the rule. A day more or less is no finding, since states count the last day differently. Graduation, a high school equivalency or death may end eligibility earlier.",
        wrong: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate><EligibilityExpirationDate>2029-06-13</EligibilityExpirationDate></QualifyingMove>",
        right: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate><EligibilityExpirationDate>2028-06-13</EligibilityExpirationDate></QualifyingMove>",
        source: "34 CFR 200.81 and 200.89; ESEA 1309; data elements 31, 38, X06",
    }
    CreditWithoutCompletion "V306" Warning ["70"] {
        title: "a course has both credits granted and partial work",
        rule: "Grade to date and clock hours are for courses that were not completed, credits for those that were.",
        fix: "Send grade to date and clock hours for courses that were not completed, credits for those that were.",
        means: "The credits are counted. A receiving school cannot tell whether the child still has work to do in the course.",
        wrong: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><GradeToDate>87</GradeToDate><ClockHours>62.5</ClockHours><CreditsGranted>0.5</CreditsGranted></Course>",
        right: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><GradeToDate>87</GradeToDate><ClockHours>62.5</ClockHours></Course>",
        source: "data elements 67, 68, 69, 70",
    }
    CourseWithoutSchool "V307" Warning ["40"] {
        title: "the course names no school",
        rule: "A course names the school that awards it.",
        fix: "Send the facility code of the awarding school (data element 40).",
        means: "Credits are accepted from a school. Without it a registrar has nobody to ask, and the same course reported by two states cannot be known as one.",
        wrong: "<Course><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><CreditsGranted>0.5</CreditsGranted></Course>",
        right: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><CreditsGranted>0.5</CreditsGranted></Course>",
        source: "data element 40",
    }
    BirthPlace "V308" Warning ["12"] {
        title: "the state of birth does not belong to the country of birth",
        rule: "The state of birth is one of the country of birth; without a country it is one of the United States.",
        fix: "Correct the state or the country of birth.",
        means: "Codes of two countries collide: CH is Chihuahua and no state of the United States, NL is Nuevo León in Mexico and Newfoundland in Canada. A wrong pair makes two children of one, or one of two.",
        wrong: "<BirthState>CHH</BirthState><BirthCountry>US</BirthCountry>",
        right: "<BirthState>CHH</BirthState><BirthCountry>MX</BirthCountry>",
        source: "data elements 12 and 13; ISO 3166-2; USPS Publication 28",
    }
    GradeAge "V309" Warning ["20"] {
        title: "the grade is unusual for the student's age",
        rule: "The grade level is within four years of the usual one for the age.",
        fix: "Check the grade level and the birth date.",
        means: "Children who move often are behind their grade, so only large distances are told. The grade is kept.",
        wrong: "<BirthDate>2014-05-31</BirthDate><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>12</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<BirthDate>2014-05-31</BirthDate><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>06</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "data elements 9 and 20",
    }
    FutureDate "V310" Warning ["9", "21", "23", "29", "31", "37", "54", "64", "73", "X17", "X20", "X33", "X34", "X40"] {
        title: "the date lies after the upload's as-of date",
        rule: "A record tells what has happened by the day of which the upload speaks; ends of terms, graduations and resolutions may be known up to a year ahead.",
        fix: "Correct the date, or the upload's as-of date.",
        means: "The date is kept. Eligibility, counts and notices to other states go by it, and may come too early.",
        wrong: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2062-06-02</ImmunizationDate></Immunization>",
        right: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2026-03-02</ImmunizationDate></Immunization>",
        source: "the as-of instant of the upload",
    }
    UnknownVaccine "V311" Warning ["30"] {
        title: "the vaccine is not in the CVX table",
        rule: "The type of an immunization is a vaccine of the CVX table, by its code, its name or a usual abbreviation.",
        fix: "Use a CVX code or a usual abbreviation; the name is kept and shown as sent.",
        means: "The dose is shown with its name, but counts for no vaccine, so that a school may ask for it again. 998 (no vaccine administered) and 999 (unknown) are no doses.",
        wrong: "<Immunization><ImmunizationType>RED SHOT</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        right: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        source: "data element 30; CDC CVX",
    }
    PlaceholderBirthDate "V312" Warning ["9"] {
        title: "the birth date looks like a placeholder (1 January)",
        rule: "A birth date is the child's own.",
        fix: "Send the true birth date, or the document that stands behind it (data element 10).",
        means: "1 January is what programs and clerks write when only the year is known. Two children with that date look alike to other states. With a document behind it the date is taken as it is.",
        wrong: "<BirthDate>2014-01-01</BirthDate>",
        right: "<BirthDate>2014-01-01</BirthDate><BirthCertificateFlag>1004</BirthCertificateFlag>",
        source: "data elements 9 and 10",
    }
    Incomplete "V313" Warning ["21", "38", "75", "X19", "X20", "X34", "X35"] {
        title: "one of two elements that belong together is missing",
        rule: "These come together: termination flag with its date, void date with its reason, graduation indicator with its date, exit reason with the withdrawal date, result of an assessment with its type.",
        fix: "Send the other element as well, or neither.",
        means: "Half of a statement cannot be used: a reason without a date ends nothing, a result without its type cannot be compared.",
        wrong: "<TerminationFlag>02</TerminationFlag>",
        right: "<TerminationDate>2026-03-13</TerminationDate><TerminationFlag>02</TerminationFlag>",
        source: "data elements 21, 38, 39, 74, 75, X19, X20, X34, X35, X36",
    }
    PartialWork "V314" Warning ["67", "68"] {
        title: "the work in a course that was not completed cannot be counted",
        rule: "A course that was not completed has the grade to date and the clock hours.",
        fix: "Send both the grade to date (data element 67) and the clock hours (data element 68).",
        means: "The receiving school places the child and grants partial credit by both numbers; with one of them the work is usually lost.",
        wrong: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><GradeToDate>87</GradeToDate></Course>",
        right: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><GradeToDate>87</GradeToDate><ClockHours>62.5</ClockHours></Course>",
        source: "data elements 67 and 68",
    }
    TooOld "V315" Warning ["31"] {
        title: "the student was 22 or older at the arrival",
        rule: "A qualifying move is made before the 22nd birthday.",
        fix: "Check the birth date and the qualifying arrival date.",
        means: "The move makes nobody eligible. The birth date may be that of a parent.",
        wrong: "<BirthDate>1988-05-31</BirthDate><QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate></QualifyingMove>",
        right: "<BirthDate>2008-05-31</BirthDate><QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate></QualifyingMove>",
        source: "ESEA 1309; 34 CFR 200.81 and 200.89: children through age 21",
    }
    UnusualNumber "V316" Warning ["59", "67", "68", "70"] {
        title: "the number is unusually large",
        rule: "A course grants at most 2 Carnegie units and takes at most 1080 clock hours, a grade to date in percent is at most 120, a subject area asks for at most 10 units.",
        fix: "Check the number, its decimal mark and its unit; where the state counts in another unit, name the unit and its Carnegie factor in the mapping profile.",
        means: "The number is kept. A credit of 50 is usually half a unit whose decimal mark was lost, 5 or 10 the credits of a state that counts in other units.",
        wrong: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><CreditsGranted>50</CreditsGranted></Course>",
        right: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><CreditsGranted>.50</CreditsGranted></Course>",
        source: "data elements 59, 67, 68, 70: Carnegie units 1.0, .50, .33, .25, .20; 1080 hours are six a day in a school year of 180 days",
    }
    PlaceholderName "V317" Warning ["3", "5"] {
        title: "the name is a placeholder",
        rule: "Names are the child's own.",
        fix: "Send the name, or leave out the student until it is known; test records belong into the training system.",
        means: "UNKNOWN, FNU, TEST and the like are the same for many children. Such records find each other and no other.",
        wrong: "<LastName1>UNKNOWN</LastName1>",
        right: "<LastName1>García</LastName1>",
        source: "data elements 3 and 5",
    }
    MovePlace "V318" Warning ["33", "X38"] {
        title: "the state moved from or to does not belong to its country",
        rule: "The state of a move is one of its country; without a country it is one of the United States.",
        fix: "Correct the state, or name its country.",
        means: "Notices go to the state from which a child comes and to which it goes. A state that does not exist gets none.",
        wrong: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate><FromState>OAX</FromState></QualifyingMove>",
        right: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate><FromState>OAX</FromState><FromCountry>MX</FromCountry></QualifyingMove>",
        source: "data elements 33, 34, X38, X39",
    }
    SameFactTwice "V319" Warning ["54", "62"] {
        title: "two rows tell the same fact differently",
        rule: "An enrollment is one row by facility, class of type and start; a course by facility, title, type, year, term and section, once as partial work and once as completed.",
        fix: "Send the row once, with what holds now.",
        means: "The same enrollment or course counts once. The two rows contradict each other in something else, such as the withdrawal date or the grade.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><WithdrawalDate>2026-03-13</WithdrawalDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><WithdrawalDate>2026-03-13</WithdrawalDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "the rules of consolidation",
    }
    ResultType "V320" Warning ["74"] {
        title: "the result does not fit its type",
        rule: "A percentile rank and a normal curve equivalent lie between 1 and 99; a number score has digits.",
        fix: "Correct the result or its type (data element 75).",
        means: "The result is shown as sent; a placement by it would be wrong.",
        wrong: "<Assessment><AssessmentName>State Assessment of Readiness</AssessmentName><AssessmentDate>2026-03</AssessmentDate><AssessmentResult>Proficient</AssessmentResult><TypeOfResult>0499</TypeOfResult></Assessment>",
        right: "<Assessment><AssessmentName>State Assessment of Readiness</AssessmentName><AssessmentDate>2026-03</AssessmentDate><AssessmentResult>Proficient</AssessmentResult><TypeOfResult>0503</TypeOfResult></Assessment>",
        source: "data elements 74 and 75",
    }
    UndatedDose "V321" Warning ["29"] {
        title: "a dose has no date",
        rule: "Every dose of a vaccine has the day on which it was given.",
        fix: "Send the date (data element 29). A date is never to be made up.",
        means: "Told once for each student, with the vaccines. The doses are shown, but schools count dated doses only and vaccinate again.",
        wrong: "<Immunization><ImmunizationType>MMR</ImmunizationType></Immunization>",
        right: "<Immunization><ImmunizationType>MMR</ImmunizationType><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        source: "data element 29",
    }
    VaccineContradiction "V322" Warning ["30"] {
        title: "the name of the vaccine and its CVX code differ",
        rule: "The CVX code of a dose is of the vaccine that is named.",
        fix: "Correct the name or the code; the code was used.",
        means: "The dose counts for the vaccine of the code. If the name is right, the child lacks a dose that it has had.",
        wrong: "<Immunization><ImmunizationType>MMR</ImmunizationType><CvxCode>21</CvxCode><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        right: "<Immunization><ImmunizationType>MMR</ImmunizationType><CvxCode>03</CvxCode><ImmunizationDate>2015-06-02</ImmunizationDate></Immunization>",
        source: "data element 30; CDC CVX and its vaccine groups",
    }
    AlertWithoutContact "V323" Warning ["22", "25"] {
        title: "an alert names nobody to ask",
        rule: "An alert is linked with a contact person.",
        fix: "Send the contact's name, telephone number or role.",
        means: "An alert says that there is something, never what it is. Without somebody to ask it cannot be acted on.",
        wrong: "<Alert><AlertKind>MED</AlertKind></Alert>",
        right: "<Alert><AlertKind>MED</AlertKind><ContactName>Ana Ruiz</ContactName><ContactPhone>(270) 555-0101</ContactPhone></Alert>",
        source: "data elements 22, 25 and 51",
    }
    RequirementOfNobody "V324" Warning ["47"] {
        title: "a graduation requirement names neither a state nor a school",
        rule: "A requirement is one of the state or of the school of projected graduation.",
        fix: "Send the state (data element 47) or the facility code (data element 40) whose requirement it is.",
        means: "Requirements differ from state to state; this one cannot be held against the child's credits.",
        wrong: "<GraduationRequirement><SubjectArea>Mathematics</SubjectArea><SubjectAreaRequirement>4.0</SubjectAreaRequirement></GraduationRequirement>",
        right: "<GraduationRequirement><RequirementState>KY</RequirementState><SubjectArea>Mathematics</SubjectArea><SubjectAreaRequirement>4.0</SubjectAreaRequirement></GraduationRequirement>",
        source: "data elements 56 and 59",
    }
    SecondaryElement "V325" Warning ["56", "70"] {
        title: "an element of secondary school on a younger child",
        rule: "The designated school for graduation and credits belong to grades 7 to 12, ungraded and out-of-school youth.",
        fix: "Check the grade level, and whether the row belongs to this child.",
        means: "The row is kept. Often it belongs to an older brother or sister.",
        wrong: "<BirthDate>2018-05-31</BirthDate><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>02</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>Y</DesignatedGraduationSchoolFlag></Enrollment>",
        right: "<BirthDate>2010-05-31</BirthDate><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>10</GradeLevel><EnrollmentType>01</EnrollmentType><DesignatedGraduationSchoolFlag>Y</DesignatedGraduationSchoolFlag></Enrollment>",
        source: "34 CFR 200.85(b): elements applicable to the child's age and grade level",
    }
    NoMove "V326" Warning ["31"] {
        title: "services of the program without a qualifying move",
        rule: "A child that a project of the migrant education program serves has a qualifying move.",
        fix: "Send the qualifying moves of the student with their arrival dates.",
        means: "Without a move the child is not eligible anywhere and is counted by nobody.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>02</EnrollmentType></Enrollment>",
        right: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate></QualifyingMove><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>02</EnrollmentType></Enrollment>",
        source: "34 CFR 200.81: a migratory child has made a qualifying move",
    }
    EnrollmentWithoutSchool "V327" Warning ["40"] {
        title: "an enrollment names no school or project",
        rule: "An enrollment names its facility by code or by name, unless it is for residency only.",
        fix: "Send the facility code (data element 40) or the name of the school or project.",
        means: "Nobody can call the school for the child's records, and work items of the child have no district to start in.",
        wrong: "<Enrollment><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "data elements 40, 41 and X07",
    }
    ElementMissing "V328" Warning ["20", "55", "64", "73"] {
        title: "rows lack an element that the receiving school needs",
        rule: "An enrollment has its grade level and type, a course its year, an assessment its date.",
        fix: "Send the element with every row.",
        means: "Told once for each student and element. The rows are kept; a school cannot place a child by them.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "data elements 20, 55, 64, 73: placement",
    }
    UnknownSced "V329" Warning ["X41"] {
        title: "the SCED code is not in the table",
        rule: "The first two digits of a SCED code are a subject area, and the five together a course.",
        fix: "Check the code; it has five digits without level, credit and sequence. Courses of other versions are kept.",
        means: "The course is shown with its title only, and is not known as the same course in other states.",
        wrong: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><ScedCode>06101</ScedCode></Course>",
        right: "<Course><FacilityCode>21003000</FacilityCode><CourseTitle>Algebra I</CourseTitle><CourseYear>2025</CourseYear><ScedCode>02052</ScedCode></Course>",
        source: "NCES School Courses for the Exchange of Data, version 12",
    }
    NcesId "V330" Warning ["X09", "X10"] {
        title: "the NCES identifier does not fit",
        rule: "A district has 7 digits, the first two of which are the FIPS number of its state; a school has 12, the first seven of which are its district.",
        fix: "Check the identifier; the one that was sent is kept.",
        means: "The identifier is kept: states know new schools before the national directory does. One of another state is usually a typing error, or the state's own number.",
        wrong: "<Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central High School</SchoolName><State>KY</State><NcesSchoolId>480147000123</NcesSchoolId></Facility>",
        right: "<Facility><FacilityCode>21003000</FacilityCode><SchoolName>Central High School</SchoolName><State>KY</State><NcesSchoolId>210147000123</NcesSchoolId></Facility>",
        source: "NCES Common Core of Data; FIPS 5-2",
    }
    LongOpen "V331" Warning ["21"] {
        title: "an enrollment has been open for more than three years",
        rule: "An enrollment ends with the withdrawal, or with the term or project.",
        fix: "Send the withdrawal date (data element 21) if the child has left.",
        means: "The child looks present where it no longer is, and the state to which it went is not told.",
        wrong: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2021-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2021-08-18</EnrollmentDate><WithdrawalDate>2022-05-27</WithdrawalDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "data element 21; 34 CFR 200.85(b): updates within 30 days of the end of a term",
    }
    PriorityWithoutMove "V332" Warning ["X14"] {
        title: "priority for services without a qualifying move in the year before",
        rule: "A child has priority for services within one year of a qualifying move.",
        fix: "Check the flag, and send the latest qualifying move.",
        means: "The flag is kept. Under the definition of 2015 it needs a qualifying move within the previous year; older definitions did not.",
        wrong: "<QualifyingMove><QualifyingArrivalDate>2023-06-14</QualifyingArrivalDate></QualifyingMove><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType><PriorityForServicesFlag>Y</PriorityForServicesFlag></Enrollment>",
        right: "<QualifyingMove><QualifyingArrivalDate>2025-06-14</QualifyingArrivalDate></QualifyingMove><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType><PriorityForServicesFlag>Y</PriorityForServicesFlag></Enrollment>",
        source: "ESEA 1304(d) as amended in 2015",
    }
    AfterTheEnd "V333" Warning ["54"] {
        title: "an enrollment begins after graduation, equivalency or death",
        rule: "After a termination by graduation, high school equivalency or death no enrollment begins.",
        fix: "Check the termination date and flag, and whether the enrollment belongs to this child.",
        means: "Both are kept. The child is not eligible after such a termination, so that services would not be counted.",
        wrong: "<TerminationDate>2025-05-22</TerminationDate><TerminationFlag>02</TerminationFlag><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>12</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        right: "<TerminationDate>2025-09-22</TerminationDate><TerminationFlag>02</TerminationFlag><Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>12</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "34 CFR 200.81 and 200.89; data elements 38, 39, 54",
    }
    Totals "V401" Warning [] {
        title: "the totals of the header are not those of the file",
        rule: "The header's totals of students and records are those of the file.",
        fix: "Check that the file is complete.",
        means: "What was in the file was read. If it was cut off before it was sent, a full upload would make the missing students look as if they were no longer reported.",
        wrong: "<TotalStudents>2</TotalStudents> in the header of a file with one student",
        right: "<TotalStudents>1</TotalStudents>",
        source: "the header of the upload",
    }
    PartReduced "V402" Warning [] {
        title: "rows of this part were refused, and the student's earlier rows of it are no longer shown",
        rule: "A student is replaced as a whole; refused rows are not filled up with old ones.",
        fix: "Correct the refused rows and send the student again.",
        means: "The other rows of the student are stored. What was refused is missing until it is sent again; it stays in the history.",
        wrong: "<Enrollment><EnrollmentDate>2025-02-30</EnrollmentDate></Enrollment>",
        right: "<Enrollment><FacilityCode>21003000</FacilityCode><EnrollmentDate>2025-02-28</EnrollmentDate><GradeLevel>05</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>",
        source: "the rules of uploads: a submitted student is whole",
    }
}
