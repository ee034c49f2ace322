//! The kinds of finding: one table of stable codes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Severity;

macro_rules! finding_codes {
    ($($variant:ident: $code:literal, $severity:ident, $title:literal, $fix:literal;)+) => {
        /// The kinds of finding. The codes are stable: states' programs may act on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FindingCode {
            $(#[doc = $title] #[serde(rename = $code)] $variant,)+
        }

        impl FindingCode {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, such as `V102`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What has to hold, in a few words.
            #[must_use]
            pub fn rule(self) -> &'static str {
                self.title()
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

            /// What to do about it.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)+ }
            }
        }
    };
}

finding_codes! {
    RowShape: "V001", Error, "the row does not have the layout's shape", "Check the delimiter, the number of columns and the line's length; the row was left out.";
    NotText: "V002", Error, "the row is not text in the declared encoding", "Write the file in the encoding that the layout declares; the row was left out.";
    UnknownElement: "V003", Warning, "the element is not in the layout and was ignored", "Remove it, or map it; nothing outside the data dictionary is stored.";
    RowTooLong: "V004", Error, "the row is longer than 1 MiB", "A quote or a line end is probably missing; the row was left out.";
    Missing: "V101", Error, "a required data element is missing", "Fill in the data element; the row was left out.";
    Invalid: "V102", Error, "the value is not valid for its data element", "Correct the value; it was left out.";
    UnknownCode: "V103", Error, "the code is not in the code set", "Use a code of the set, or translate it in the mapping profile; the value was left out.";
    NoStudent: "V201", Error, "the row's student is not in this upload", "Send the student together with all of its rows; the row was left out.";
    DuplicateStudent: "V202", Error, "the student occurs twice in this upload", "Send each student once; the second one was left out.";
    OtherState: "V203", Error, "the record names another state than the one that uploads", "A state can only send its own students; the record was left out.";
    DuplicateFacility: "V204", Warning, "the facility occurs twice in this upload", "Send each facility once; the last one was kept.";
    NoFacility: "V205", Warning, "the facility is in neither this upload nor an earlier one", "Send the facility with its code; until then its name is not shown.";
    DuplicateRow: "V206", Warning, "the same row occurs twice", "Send each row once; the second one was left out.";
    BrokenReference: "V207", Error, "the row refers to a record that is not in this upload", "Send the record that it refers to in the same upload, or correct the reference; the row was left out.";
    RowsDiffer: "V208", Warning, "the same record was sent twice and differs", "Send the same values in every row; the row that the finding names was not used.";
    DateOrder: "V301", Warning, "two dates are in the wrong order", "Correct one of the two dates.";
    BeforeBirth: "V302", Warning, "a date lies before the birth date", "Correct the date or the birth date.";
    NoBirthDate: "V303", Warning, "the student has no birth date", "Send the birth date; without it the student is hard to find in other states.";
    SeveralGraduationSchools: "V304", Warning, "more than one designated school for graduation", "Mark one enrollment only (data element 56); the latest was used.";
    EligibilityEnd: "V305", Warning, "the end of eligibility differs from 36 months after the arrival date or the 22nd birthday", "Check the termination date and the qualifying arrival date; the state's date is kept.";
    CreditWithoutCompletion: "V306", Warning, "a course has both credits granted and partial work", "Send grade to date and clock hours for courses that were not completed, credits for those that were.";
    CourseWithoutSchool: "V307", Warning, "the course names no school", "Send the facility code of the awarding school (data element 40).";
    BirthPlace: "V308", Warning, "the state of birth does not belong to the country of birth", "Correct the state or the country of birth.";
    GradeAge: "V309", Warning, "the grade is unusual for the student's age", "Check the grade level and the birth date.";
    FutureDate: "V310", Warning, "the date lies after the upload's as-of date", "Correct the date, or the upload's as-of date.";
    UnknownVaccine: "V311", Warning, "the vaccine is not in the CVX table", "Use a CVX code or a usual abbreviation; the name is kept and shown as sent.";
    PlaceholderBirthDate: "V312", Warning, "the birth date looks like a placeholder (1 January)", "Send the true birth date, or mark it as self-reported.";
    Totals: "V401", Warning, "the totals of the header are not those of the file", "Check that the file is complete.";
    PartReduced: "V402", Warning, "rows of this part were refused, and the student's earlier rows of it are no longer shown", "Correct the refused rows and send the student again.";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
