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
    /// A right value, in the current code set and the form of the native XML. Made up.
    pub example: &'static str,
}

impl Element {
    /// The element of a number.
    #[must_use]
    pub fn numbered(number: &str) -> Option<&'static Self> {
        ELEMENTS.iter().find(|e| e.number == number)
    }
}

const fn e(
    number: &'static str,
    name: &'static str,
    uses: &'static str,
    group: &'static str,
    example: &'static str,
) -> Element {
    Element {
        number,
        name,
        uses,
        group,
        example,
    }
}

/// All data elements, in the order of their numbers.
pub const ELEMENTS: &[Element] = &[
    e("1", "Student Record Number", "E", "student", "100000000017"),
    e(
        "2",
        "State Student Identification Number",
        "E",
        "student",
        "0012345678",
    ),
    e("3", "Last Name1", "E", "student", "García"),
    e("4", "Last Name2", "E", "student", "Pérez"),
    e("5", "First Name", "E", "student", "María José"),
    e("6", "Middle Name", "E", "student", "Elena"),
    e("7", "Generation", "E", "student", "Jr."),
    e("8", "Gender", "E", "student", "Female"),
    e("9", "Birth Date", "E", "student", "2014-05-31"),
    e("10", "Birth Certificate Flag", "E", "student", "1004"),
    e("11", "Birth City", "E", "student", "Weslaco"),
    e("12", "Birth State", "E", "student", "TX"),
    e("13", "Birth Country", "E", "student", "MX"),
    e("14", "Birth/Legal Parent1 Last Name", "E", "student", "García"),
    e("15", "Birth/Legal Parent1 First Name", "E", "student", "Juan"),
    e("16", "Birth/Legal Parent2 Last Name", "E", "student", "Pérez"),
    e("17", "Birth/Legal Parent2 First Name", "E", "student", "Ana"),
    e(
        "18",
        "Current Parent/Guardian Last Name",
        "E",
        "student",
        "García",
    ),
    e("19", "Current Parent/Guardian First Name", "E", "student", "Rosa"),
    e("20", "Grade Level", "PG", "enrollment", "05"),
    e("21", "Withdrawal Date", "EPG", "enrollment", "2026-03-13"),
    e("22", "Ed Alert Flag", "E", "alert", "ED"),
    e("23", "Ed Alert Resolution Date", "E", "alert", "2026-02-20"),
    e("25", "Med Alert Flag", "E", "alert", "MED"),
    e("26", "Med Alert Resolution Date", "E", "alert", "2026-02-20"),
    e("29", "Immunization Date", "E", "immunization", "2015-06-02"),
    e("30", "Immunization Type", "E", "immunization", "MMR"),
    e(
        "31",
        "QAD (Qualifying Arrival Date)",
        "",
        "qualifying move",
        "2025-06-14",
    ),
    e("32", "QAD From City", "", "qualifying move", "Weslaco"),
    e("33", "QAD From State", "", "qualifying move", "TX"),
    e("34", "QAD From Country", "", "qualifying move", "MX"),
    e("35", "QAD To City", "", "qualifying move", "Owensboro"),
    e("36", "QAD To State", "", "qualifying move", "KY"),
    e("37", "Residency Date", "", "qualifying move", "2025-06-16"),
    e("38", "Termination Date", "", "qualifying move", "2028-06-13"),
    e("39", "Termination Flag", "", "qualifying move", "01"),
    e(
        "40",
        "School/Facility Identification Code",
        "EPG",
        "facility",
        "21003000",
    ),
    e("41", "School Name", "EPG", "facility", "Central High School"),
    e("42", "Address1", "EPG", "facility", "100 Main Street"),
    e("43", "Address2", "EPG", "facility", "Building B"),
    e("44", "Address3", "EPG", "facility", "Room 12"),
    e("45", "City", "EPG", "facility", "Owensboro"),
    e("46", "District", "EPG", "facility", "Daviess County Schools"),
    e("47", "State", "EP", "facility", "KY"),
    e("48", "Zip", "EPG", "facility", "42301-1234"),
    e("51", "Phone", "EG", "facility", "(270) 555-0101"),
    e("54", "Enrollment Date", "EPG", "enrollment", "2025-08-18"),
    e("55", "Enrollment Type", "P", "enrollment", "01"),
    e(
        "56",
        "Designated School for Graduation Flag",
        "PG",
        "enrollment",
        "Y",
    ),
    e(
        "59",
        "Subject Area Requirements",
        "G",
        "graduation requirement",
        "4.0",
    ),
    e(
        "61",
        "Subject Area",
        "PG",
        "graduation requirement",
        "Mathematics",
    ),
    e("62", "Course Title", "PG", "course", "Algebra I"),
    e("63", "Course Type", "G", "course", "01"),
    e("64", "Course Year", "G", "course", "2025"),
    e("65", "Course Section", "PG", "course", "02"),
    e("66", "Term Type", "PG", "course", "0828"),
    e("67", "Grade-to-date", "PG", "course", "87"),
    e("68", "Clock Hours", "P", "course", "62.5"),
    e("69", "Final Grade", "P", "course", "B+"),
    e("70", "Credits Granted", "P", "course", "0.5"),
    e(
        "71",
        "Assessment Name",
        "G",
        "assessment",
        "State Assessment of Readiness",
    ),
    e("72", "Assessment Type", "G", "assessment", "09"),
    e("73", "Assessment Date", "G", "assessment", "2026-03"),
    e("74", "Assessment Result", "G", "assessment", "512"),
    e("75", "Type of Result", "G", "assessment", "0499"),
    e("X01", "Multiple Birth Flag", "E", "student", "N"),
    e("X02", "Parent 1 Email", "E", "student", "parent@example.org"),
    e("X03", "Parent 2 Email", "E", "student", "parent@example.org"),
    e("X04", "Parent 1 Phone", "E", "student", "(270) 555-0101"),
    e("X05", "Parent 2 Phone", "E", "student", "(270) 555-0102"),
    e(
        "X06",
        "Eligibility Expiration Date",
        "E",
        "qualifying move",
        "2028-06-13",
    ),
    e(
        "X07",
        "School or Project Name",
        "E",
        "enrollment",
        "Summer Reading Project",
    ),
    e("X08", "MEP Project Type", "E", "enrollment", "01"),
    e(
        "X09",
        "School Identification Code (NCES)",
        "EPG",
        "facility",
        "210147000123",
    ),
    e("X10", "School District ID (NCES)", "EPG", "facility", "2101470"),
    e("X11", "LEP/EL Indicator", "EP", "enrollment", "Y"),
    e("X12", "IEP Indicator", "EP", "enrollment", "N"),
    e("X13", "Med Alert Indicator", "E", "enrollment", "Chronic"),
    e("X14", "PFS Flag", "E", "enrollment", "Y"),
    e("X15", "Immunization Record Flag", "E", "enrollment", "Y"),
    e(
        "X16",
        "District of Residence",
        "E",
        "enrollment",
        "Daviess County Schools",
    ),
    e(
        "X17",
        "Residency Verification Date",
        "E",
        "enrollment",
        "2025-09-02",
    ),
    e(
        "X18",
        "Designated Graduation School",
        "G",
        "enrollment",
        "21003000",
    ),
    e("X19", "Graduation/HSE Indicator", "G", "enrollment", "Graduation"),
    e("X20", "Graduation/HSE Date", "G", "enrollment", "2026-05-22"),
    e(
        "X21",
        "Out of State Transcript Indicator",
        "PG",
        "enrollment",
        "Y",
    ),
    e("X22", "Continuation of Services Reason", "E", "enrollment", "03"),
    e(
        "X23",
        "Algebra 1 or Equivalent Indicator",
        "PG",
        "enrollment",
        "Y",
    ),
    e(
        "X24",
        "Enrollment Comment",
        "",
        "enrollment",
        "Needs a seat in Algebra II.",
    ),
    e("X25", "Begin Academic Year", "PG", "course", "2025"),
    e("X26", "End Academic Year", "PG", "course", "2026"),
    e("X27", "Assessment Content", "G", "assessment", "Mathematics"),
    e(
        "X28",
        "Assessment Interpretation",
        "G",
        "assessment",
        "Proficient",
    ),
    e("X29", "Alternate Identifier", "E", "alternate id", "TX-778812"),
    e("X30", "Alternate Identifier Type", "E", "alternate id", "02"),
    e("X31", "State Student Identifier Type", "E", "student", "01"),
    e(
        "X32",
        "Certificate Number",
        "",
        "qualifying move",
        "KY-2025-00417",
    ),
    e(
        "X33",
        "Certificate Approval Date",
        "",
        "qualifying move",
        "2025-07-01",
    ),
    e("X34", "Void Date", "", "qualifying move", "2025-10-15"),
    e("X35", "Void Reason", "", "qualifying move", "INELIGIBLE"),
    e("X36", "Exit Reason", "", "enrollment", "MOVED"),
    e("X37", "Destination City", "", "enrollment", "Weslaco"),
    e("X38", "Destination State", "", "enrollment", "TX"),
    e("X39", "Destination Country", "", "enrollment", "US"),
    e(
        "X40",
        "Date Out-of-State Records Obtained",
        "PG",
        "enrollment",
        "2025-09-10",
    ),
    e("X41", "SCED Code", "PG", "course", "02052"),
    e("X42", "Contact Role", "", "alert", "COUNSELOR"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::{Draft, Part, PartKind};
    use crate::value::ValueContext;

    fn accepts<P: Part>() {
        for (index, field) in P::FIELDS.iter().enumerate() {
            let element = Element::numbered(field.element).unwrap();
            // What is sent in its own unit beside element 70 is text; its example is that of the element.
            if matches!(
                field.column,
                "cvx" | "contact_name" | "credit_unit" | "credit_factor"
            ) {
                continue;
            }
            let mut draft = P::Draft::default();
            draft
                .set(index, element.example, ValueContext::default())
                .unwrap_or_else(|e| panic!("{} {}: {} {e}", element.number, field.column, element.example));
        }
    }

    #[test]
    fn examples_are_right_values() {
        accepts::<crate::Identity>();
        accepts::<crate::AlternateId>();
        accepts::<crate::QualifyingMove>();
        accepts::<crate::Enrollment>();
        accepts::<crate::Course>();
        accepts::<crate::Assessment>();
        accepts::<crate::Immunization>();
        accepts::<crate::Alert>();
        accepts::<crate::GraduationRequirement>();
        accepts::<crate::Facility>();
        assert_eq!(PartKind::ALL.len(), 10, "a new part needs its line here");
    }
}
