//! The data dictionary: every data element that the exchange knows. Nothing outside this list is ever stored.
//!
//! Numbers 1 to 75 are those of the Report to Congress (2003), Appendix B, where 24, 27, 28, 49, 50, 52, 53, 57, 58 and
//! 60 do not exist. `X01` to `X31` are the later elements of the field in the order of the public description of the
//! current layout, `X32` to `X42` the closed list of extensions that clocks and moves need.

/// One data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    /// Its number: `1` to `75`, `X01` to `X42`.
    pub number: &'static str,
    /// Its name in the dictionary.
    pub name: &'static str,
    /// What it is used for: E enrollment, P placement, G graduation.
    pub uses: &'static str,
    /// The group in which the dictionary lists it.
    pub group: &'static str,
}

impl Element {
    /// The element of a number.
    #[must_use]
    pub fn numbered(number: &str) -> Option<&'static Self> {
        ELEMENTS.iter().find(|e| e.number == number)
    }
}

const fn e(number: &'static str, name: &'static str, uses: &'static str, group: &'static str) -> Element {
    Element {
        number,
        name,
        uses,
        group,
    }
}

/// All data elements, in the order of their numbers.
pub const ELEMENTS: &[Element] = &[
    e("1", "Student Record Number", "E", "student"),
    e("2", "State Student Identification Number", "E", "student"),
    e("3", "Last Name1", "E", "student"),
    e("4", "Last Name2", "E", "student"),
    e("5", "First Name", "E", "student"),
    e("6", "Middle Name", "E", "student"),
    e("7", "Generation", "E", "student"),
    e("8", "Gender", "E", "student"),
    e("9", "Birth Date", "E", "student"),
    e("10", "Birth Certificate Flag", "E", "student"),
    e("11", "Birth City", "E", "student"),
    e("12", "Birth State", "E", "student"),
    e("13", "Birth Country", "E", "student"),
    e("14", "Birth/Legal Parent1 Last Name", "E", "student"),
    e("15", "Birth/Legal Parent1 First Name", "E", "student"),
    e("16", "Birth/Legal Parent2 Last Name", "E", "student"),
    e("17", "Birth/Legal Parent2 First Name", "E", "student"),
    e("18", "Current Parent/Guardian Last Name", "E", "student"),
    e("19", "Current Parent/Guardian First Name", "E", "student"),
    e("20", "Grade Level", "PG", "enrollment"),
    e("21", "Withdrawal Date", "EPG", "enrollment"),
    e("22", "Ed Alert Flag", "E", "alert"),
    e("23", "Ed Alert Resolution Date", "E", "alert"),
    e("25", "Med Alert Flag", "E", "alert"),
    e("26", "Med Alert Resolution Date", "E", "alert"),
    e("29", "Immunization Date", "E", "immunization"),
    e("30", "Immunization Type", "E", "immunization"),
    e("31", "QAD (Qualifying Arrival Date)", "", "qualifying move"),
    e("32", "QAD From City", "", "qualifying move"),
    e("33", "QAD From State", "", "qualifying move"),
    e("34", "QAD From Country", "", "qualifying move"),
    e("35", "QAD To City", "", "qualifying move"),
    e("36", "QAD To State", "", "qualifying move"),
    e("37", "Residency Date", "", "qualifying move"),
    e("38", "Termination Date", "", "qualifying move"),
    e("39", "Termination Flag", "", "qualifying move"),
    e("40", "School/Facility Identification Code", "EPG", "facility"),
    e("41", "School Name", "EPG", "facility"),
    e("42", "Address1", "EPG", "facility"),
    e("43", "Address2", "EPG", "facility"),
    e("44", "Address3", "EPG", "facility"),
    e("45", "City", "EPG", "facility"),
    e("46", "District", "EPG", "facility"),
    e("47", "State", "EP", "facility"),
    e("48", "Zip", "EPG", "facility"),
    e("51", "Phone", "EG", "facility"),
    e("54", "Enrollment Date", "EPG", "enrollment"),
    e("55", "Enrollment Type", "P", "enrollment"),
    e("56", "Designated School for Graduation Flag", "PG", "enrollment"),
    e("59", "Subject Area Requirements", "G", "graduation requirement"),
    e("61", "Subject Area", "PG", "graduation requirement"),
    e("62", "Course Title", "PG", "course"),
    e("63", "Course Type", "G", "course"),
    e("64", "Course Year", "G", "course"),
    e("65", "Course Section", "PG", "course"),
    e("66", "Term Type", "PG", "course"),
    e("67", "Grade-to-date", "PG", "course"),
    e("68", "Clock Hours", "P", "course"),
    e("69", "Final Grade", "P", "course"),
    e("70", "Credits Granted", "P", "course"),
    e("71", "Assessment Name", "G", "assessment"),
    e("72", "Assessment Type", "G", "assessment"),
    e("73", "Assessment Date", "G", "assessment"),
    e("74", "Assessment Result", "G", "assessment"),
    e("75", "Type of Result", "G", "assessment"),
    e("X01", "Multiple Birth Flag", "E", "student"),
    e("X02", "Parent 1 Email", "E", "student"),
    e("X03", "Parent 2 Email", "E", "student"),
    e("X04", "Parent 1 Phone", "E", "student"),
    e("X05", "Parent 2 Phone", "E", "student"),
    e("X06", "Eligibility Expiration Date", "E", "qualifying move"),
    e("X07", "School or Project Name", "E", "enrollment"),
    e("X08", "MEP Project Type", "E", "enrollment"),
    e("X09", "School Identification Code (NCES)", "EPG", "facility"),
    e("X10", "School District ID (NCES)", "EPG", "facility"),
    e("X11", "LEP/EL Indicator", "EP", "enrollment"),
    e("X12", "IEP Indicator", "EP", "enrollment"),
    e("X13", "Med Alert Indicator", "E", "enrollment"),
    e("X14", "PFS Flag", "E", "enrollment"),
    e("X15", "Immunization Record Flag", "E", "enrollment"),
    e("X16", "District of Residence", "E", "enrollment"),
    e("X17", "Residency Verification Date", "E", "enrollment"),
    e("X18", "Designated Graduation School", "G", "enrollment"),
    e("X19", "Graduation/HSE Indicator", "G", "enrollment"),
    e("X20", "Graduation/HSE Date", "G", "enrollment"),
    e("X21", "Out of State Transcript Indicator", "PG", "enrollment"),
    e("X22", "Continuation of Services Reason", "E", "enrollment"),
    e("X23", "Algebra 1 or Equivalent Indicator", "PG", "enrollment"),
    e("X24", "Enrollment Comment", "", "enrollment"),
    e("X25", "Begin Academic Year", "PG", "course"),
    e("X26", "End Academic Year", "PG", "course"),
    e("X27", "Assessment Content", "G", "assessment"),
    e("X28", "Assessment Interpretation", "G", "assessment"),
    e("X29", "Alternate Identifier", "E", "alternate id"),
    e("X30", "Alternate Identifier Type", "E", "alternate id"),
    e("X31", "State Student Identifier Type", "E", "student"),
    e("X32", "Certificate Number", "", "qualifying move"),
    e("X33", "Certificate Approval Date", "", "qualifying move"),
    e("X34", "Void Date", "", "qualifying move"),
    e("X35", "Void Reason", "", "qualifying move"),
    e("X36", "Exit Reason", "", "enrollment"),
    e("X37", "Destination City", "", "enrollment"),
    e("X38", "Destination State", "", "enrollment"),
    e("X39", "Destination Country", "", "enrollment"),
    e("X40", "Date Out-of-State Records Obtained", "PG", "enrollment"),
    e("X41", "SCED Code", "PG", "course"),
    e("X42", "Contact Role", "", "alert"),
];
