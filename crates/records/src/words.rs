//! Values in words: data elements with their names, codes with their meanings.

use chrono::NaiveDate;
use mde::code::{
    AlertKind, AssessmentType, BirthVerification, Codes, ContactRole, ContinuationReason, CourseSection,
    CourseType, EnrollmentType, ExitReason, Gender, Grade, GraduationIndicator, IdentifierType, MedAlert,
    ProjectType, ResultType, TermType, TerminationFlag, VoidReason,
};
use mde::{Country, Element, Field, Part, PartKind, Sink};
use serde::Serialize;
use utoipa::ToSchema;

/// One data element as a student holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ElementValue {
    /// Number of the data element.
    pub element: String,
    /// Its stable name, as in the upload's JSON: `birth_date`.
    pub column: String,
    /// Its name in the dictionary: `Birth Date`.
    pub name: String,
    /// The value; dates as `YYYY-MM-DD`, codes as stored.
    pub value: String,
    /// What the code means, where the value is a code.
    pub label: Option<String>,
}

/// A code and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Coded {
    /// The code as stored (the current list's, where it has one).
    pub code: String,
    /// What it means, in words.
    pub label: String,
}

/// A coded value with its meaning.
pub(crate) fn coded<C: Codes>(code: C) -> Coded {
    Coded {
        code: code.row().stored.to_owned(),
        label: code.label().to_owned(),
    }
}

/// The name that the dictionary gives a data element.
pub(crate) fn element_name(field: &Field) -> &'static str {
    Element::numbered(field.element).map_or(field.xml, |element| element.name)
}

/// What a stored value of a column means, where it is a code, a flag or a country.
pub(crate) fn label(column: &str, value: &str) -> Option<String> {
    fn of<C: Codes>(value: &str) -> Option<String> {
        C::rows()
            .iter()
            .find(|row| row.stored == value)
            .map(|row| row.label.to_owned())
    }
    match column {
        "gender" => of::<Gender>(value),
        "birth_verification" => of::<BirthVerification>(value),
        "termination_flag" => of::<TerminationFlag>(value),
        "state_student_id_type" | "identifier_type" => of::<IdentifierType>(value),
        "grade" => of::<Grade>(value),
        "enrollment_type" => of::<EnrollmentType>(value),
        "project_type" => of::<ProjectType>(value),
        "med_alert" => of::<MedAlert>(value),
        "graduation_indicator" => of::<GraduationIndicator>(value),
        "continuation_reason" => of::<ContinuationReason>(value),
        "exit_reason" => of::<ExitReason>(value),
        "void_reason" => of::<VoidReason>(value),
        "course_type" => of::<CourseType>(value),
        "section" => of::<CourseSection>(value),
        "term_type" => of::<TermType>(value),
        "assessment_type" => of::<AssessmentType>(value),
        "result_type" => of::<ResultType>(value),
        "kind" => of::<AlertKind>(value),
        "contact_role" => of::<ContactRole>(value),
        "birth_country" | "from_country" | "destination_country" => {
            Country::new(value).ok().map(|country| country.name().to_owned())
        }
        _ => None,
    }
}

/// The values of a row as text, in the order of its fields. Numbers lose trailing zeros, so that equal ones look alike.
pub(crate) fn texts<P: Part>(row: &P) -> Vec<Option<String>> {
    let mut texts = Texts(Vec::with_capacity(P::FIELDS.len()));
    row.emit(&mut texts);
    texts.0
}

struct Texts(Vec<Option<String>>);

impl Sink for Texts {
    fn null(&mut self) {
        self.0.push(None);
    }
    fn text(&mut self, value: &str) {
        self.0.push(Some(value.to_owned()));
    }
    fn date(&mut self, value: NaiveDate) {
        self.0.push(Some(value.to_string()));
    }
    fn int(&mut self, value: i32) {
        self.0.push(Some(value.to_string()));
    }
    fn decimal(&mut self, value: mde::Decimal) {
        self.0.push(Some(value.normalize().to_string()));
    }
    fn flag(&mut self, value: bool) {
        self.0.push(Some(if value { "yes" } else { "no" }.to_owned()));
    }
}

/// Every value of a row that is there, with its names.
pub(crate) fn element_values<P: Part>(part: PartKind, row: &P) -> Vec<ElementValue> {
    part.fields()
        .iter()
        .zip(texts(row))
        .filter_map(|(field, value)| {
            let value = value?;
            Some(ElementValue {
                element: field.element.to_owned(),
                column: field.column.to_owned(),
                name: element_name(field).to_owned(),
                label: label(field.column, &value),
                value,
            })
        })
        .collect()
}

/// A text without case, accents, hyphens and spaces.
pub(crate) fn spelling(text: &str) -> String {
    mde::text::fold(text).concat()
}

/// Whether two texts differ in nothing but case, accents, hyphens and spaces.
pub(crate) fn same_spelled(one: &str, two: &str) -> bool {
    one == two || spelling(one) == spelling(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_column_has_its_meanings() {
        for part in PartKind::ALL {
            for field in part.fields().iter().filter(|f| f.kind == mde::Kind::Code) {
                let any = [
                    "Female",
                    "1004",
                    "01",
                    "Chronic",
                    "Graduation",
                    "MOVED",
                    "ERROR",
                    "0827",
                    "0144",
                    "ED",
                    "NURSE",
                ]
                .iter()
                .any(|code| label(field.column, code).is_some());
                assert!(any, "{part}.{} has no meanings", field.column);
            }
        }
    }

    #[test]
    fn spelling_is_no_difference() {
        assert!(
            same_spelled("De la Cruz", "DELACRUZ")
                && same_spelled("Peña", "Pena")
                && same_spelled("A-B", "A B")
        );
        assert!(!same_spelled("Garcia", "Garza"));
    }
}
