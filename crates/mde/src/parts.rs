//! The parts of a student: which data elements each holds, under which name in the native XML and in which column.

use crate::code::{
    AlertKind, AssessmentType, BirthVerification, ContactRole, ContinuationReason, CourseSection, CourseType,
    EnrollmentType, ExitReason, Gender, Grade, GraduationIndicator, IdentifierType, MedAlert, ProjectType,
    ResultType, TermType, TerminationFlag, VoidReason,
};
use crate::decimal::{Credits, Hours, Units};
use crate::id::StateStudentId;
use crate::part::part;
use crate::place::{AddressState, Country, Province, StateCode};
use crate::text::{Email, Line, Name, NcesId, Phone, Sced, Text, Zip};
use crate::time::{Date, Month, Year};
use crate::vaccine::Cvx;

/// Identifier of a facility within a state.
pub type FacilityCode = Text<30>;

part! {
    /// Who the student is, as one state wrote it down. Termination (38, 39) is kept here and not with a move: it is
    /// the end of the student's eligibility in that state, and all state systems hold it once per student.
    Identity, IdentityDraft, Student, "Student" {
        "2" "StateStudentIdentificationNumber" req state_student_id: StateStudentId,
        "X31" "StateStudentIdentifierType" opt state_student_id_type: IdentifierType,
        "3" "LastName1" req last_name_1: Name,
        "4" "LastName2" opt last_name_2: Name,
        "5" "FirstName" req first_name: Name,
        "6" "MiddleName" opt middle_name: Name,
        "7" "Generation" opt generation: Text<10>,
        "8" "Gender" opt gender: Gender,
        "9" "BirthDate" opt birth_date: Date,
        "10" "BirthCertificateFlag" opt birth_verification: BirthVerification,
        "11" "BirthCity" opt birth_city: Name,
        "12" "BirthState" opt birth_state: Province,
        "13" "BirthCountry" opt birth_country: Country,
        "X01" "MultipleBirthFlag" opt multiple_birth: bool,
        "14" "Parent1LastName" opt parent1_last_name: Name,
        "15" "Parent1FirstName" opt parent1_first_name: Name,
        "16" "Parent2LastName" opt parent2_last_name: Name,
        "17" "Parent2FirstName" opt parent2_first_name: Name,
        "18" "GuardianLastName" opt guardian_last_name: Name,
        "19" "GuardianFirstName" opt guardian_first_name: Name,
        "X02" "Parent1Email" opt parent1_email: Email,
        "X03" "Parent2Email" opt parent2_email: Email,
        "X04" "Parent1Phone" opt parent1_phone: Phone,
        "X05" "Parent2Phone" opt parent2_phone: Phone,
        "38" "TerminationDate" opt termination_date: Date,
        "39" "TerminationFlag" opt termination_flag: TerminationFlag,
    }
}

part! {
    /// Another identifier of the same child in the same state.
    AlternateId, AlternateIdDraft, AlternateId, "AlternateIdentifier" {
        "X29" "Identifier" req identifier: Text<30>,
        "X30" "IdentifierType" opt identifier_type: IdentifierType,
    }
}

part! {
    /// A qualifying move, certified on a certificate of eligibility (34 CFR 200.81, 200.89).
    QualifyingMove, QualifyingMoveDraft, QualifyingMove, "QualifyingMove" {
        "31" "QualifyingArrivalDate" req qualifying_arrival_date: Date,
        "32" "FromCity" opt from_city: Name,
        "33" "FromState" opt from_state: Province,
        "34" "FromCountry" opt from_country: Country,
        "35" "ToCity" opt to_city: Name,
        "36" "ToState" opt to_state: StateCode,
        "37" "ResidencyDate" opt residency_date: Date,
        "X06" "EligibilityExpirationDate" opt eligibility_expiration_date: Date,
        "X32" "CertificateNumber" opt certificate_number: Text<30>,
        "X33" "CertificateApprovalDate" opt certificate_approval_date: Date,
        "X34" "VoidDate" opt void_date: Date,
        "X35" "VoidReason" opt void_reason: VoidReason,
    }
}

part! {
    /// One enrollment in a school, project or, as residency only, in a district.
    Enrollment, EnrollmentDraft, Enrollment, "Enrollment" {
        "40" "FacilityCode" opt facility_code: FacilityCode,
        "54" "EnrollmentDate" req enrollment_date: Date,
        "21" "WithdrawalDate" opt withdrawal_date: Date,
        "20" "GradeLevel" opt grade: Grade,
        "55" "EnrollmentType" opt enrollment_type: EnrollmentType,
        "56" "DesignatedGraduationSchoolFlag" opt graduation_school: bool,
        "X07" "SchoolOrProjectName" opt school_or_project_name: Line,
        "X08" "MepProjectType" opt project_type: ProjectType,
        "X11" "EnglishLearnerIndicator" opt english_learner: bool,
        "X12" "IepIndicator" opt iep: bool,
        "X13" "MedAlertIndicator" opt med_alert: MedAlert,
        "X14" "PriorityForServicesFlag" opt priority_for_services: bool,
        "X15" "ImmunizationRecordFlag" opt immunization_record: bool,
        "X16" "DistrictOfResidence" opt district_of_residence: Text<60>,
        "37" "ResidencyDate" opt residency_date: Date,
        "X17" "ResidencyVerificationDate" opt residency_verification_date: Date,
        "X18" "DesignatedGraduationSchool" opt designated_graduation_school: FacilityCode,
        "X19" "GraduationIndicator" opt graduation_indicator: GraduationIndicator,
        "X20" "GraduationDate" opt graduation_date: Date,
        "X21" "OutOfStateTranscriptIndicator" opt out_of_state_transcript: bool,
        "X22" "ContinuationOfServicesReason" opt continuation_reason: ContinuationReason,
        "X23" "Algebra1Indicator" opt algebra_1: bool,
        "X24" "EnrollmentComment" opt comment: Text<1000>,
        "X36" "ExitReason" opt exit_reason: ExitReason,
        "X37" "DestinationCity" opt destination_city: Name,
        "X38" "DestinationState" opt destination_state: Province,
        "X39" "DestinationCountry" opt destination_country: Country,
        "X40" "OutOfStateRecordsObtainedDate" opt out_of_state_records_date: Date,
    }
}

part! {
    /// A course, or the part of one, at one school. Work at two schools is two consecutive courses.
    Course, CourseDraft, Course, "Course" {
        "40" "FacilityCode" opt facility_code: FacilityCode,
        "62" "CourseTitle" req title: Line,
        "61" "SubjectArea" opt subject_area: Text<60>,
        "63" "CourseType" opt course_type: CourseType,
        "64" "CourseYear" opt course_year: Year,
        "X25" "BeginAcademicYear" opt begin_academic_year: Year,
        "X26" "EndAcademicYear" opt end_academic_year: Year,
        "65" "CourseSection" opt section: CourseSection,
        "66" "TermType" opt term_type: TermType,
        "67" "GradeToDate" opt grade_to_date: Text<10>,
        "68" "ClockHours" opt clock_hours: Hours,
        "69" "FinalGrade" opt final_grade: Text<10>,
        "70" "CreditsGranted" opt credits: Credits,
        "70" "CreditsAsSent" opt credits_sent: Credits,
        "70" "CreditUnit" opt credit_unit: Text<40>,
        "70" "CreditFactor" opt credit_factor: Credits,
        "X41" "ScedCode" opt sced: Sced,
    }
}

part! {
    /// An assessment, with the state's own scale.
    Assessment, AssessmentDraft, Assessment, "Assessment" {
        "71" "AssessmentName" req name: Line,
        "72" "AssessmentType" opt assessment_type: AssessmentType,
        "X27" "AssessmentContent" opt content: Text<60>,
        "73" "AssessmentDate" opt month: Month,
        "74" "AssessmentResult" opt result: Text<60>,
        "75" "TypeOfResult" opt result_type: ResultType,
        "X28" "AssessmentInterpretation" opt interpretation: Line,
    }
}

part! {
    /// A dose of a vaccine. The date may be unknown, and is never invented. `cvx` is the hub's reading of the name.
    Immunization, ImmunizationDraft, Immunization, "Immunization" {
        "30" "ImmunizationType" req vaccine: Text<60>,
        "30" "CvxCode" opt cvx: Cvx,
        "29" "ImmunizationDate" opt date: Date,
    }
}

part! {
    /// An educational (22, 23) or medical (25, 26) alert: that there is one and whom to ask, never what it is.
    Alert, AlertDraft, Alert, "Alert" {
        "22" "AlertKind" req kind: AlertKind,
        "23" "ResolutionDate" opt resolution_date: Date,
        "22" "ContactName" opt contact_name: Line,
        "51" "ContactPhone" opt contact_phone: Phone,
        "X42" "ContactRole" opt contact_role: ContactRole,
    }
}

part! {
    /// Carnegie units required in a subject area by the state or school of projected graduation.
    GraduationRequirement, GraduationRequirementDraft, GraduationRequirement, "GraduationRequirement" {
        "40" "FacilityCode" opt facility_code: FacilityCode,
        "47" "RequirementState" opt state: StateCode,
        "61" "SubjectArea" req subject_area: Text<60>,
        "59" "SubjectAreaRequirement" req units: Units,
    }
}

part! {
    /// A school, site or project office. Keyed by the state that sends it and its code.
    Facility, FacilityDraft, Facility, "Facility" {
        "40" "FacilityCode" req code: FacilityCode,
        "41" "SchoolName" req name: Line,
        "42" "Address1" opt address1: Line,
        "43" "Address2" opt address2: Line,
        "44" "Address3" opt address3: Line,
        "45" "City" opt city: Name,
        "46" "District" opt district: Text<60>,
        "47" "State" opt located_in_state: AddressState,
        "48" "Zip" opt zip: Zip,
        "51" "Phone" opt phone: Phone,
        "X09" "NcesSchoolId" opt nces_school_id: NcesId,
        "X10" "NcesDistrictId" opt nces_district_id: NcesId,
    }
}

impl Course {
    /// The credits in Carnegie units. Where the state sent another unit, `credits_sent` and `credit_factor` say what
    /// it sent, in which unit, and by which factor it was turned.
    #[must_use]
    pub fn carnegie_units(&self) -> Option<crate::Decimal> {
        self.credits.map(Credits::number)
    }

    /// Whether the course was finished: credits or a final grade, and no grade to date.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.grade_to_date.is_none() && self.clock_hours.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CodeSet;
    use crate::element::{ELEMENTS, Element};
    use crate::part::{Draft, Part, PartKind};
    use crate::value::ValueContext;

    #[test]
    fn every_data_element_has_its_place_and_no_other_exists() {
        let used: std::collections::BTreeSet<&str> = PartKind::ALL
            .iter()
            .flat_map(|p| p.fields())
            .map(|f| f.element)
            .collect();
        for element in ELEMENTS {
            // 1 is the hub's own number, never sent by a state; 25 and 26 share the alert's fields with 22 and 23.
            if !["1", "25", "26"].contains(&element.number) {
                assert!(
                    used.contains(element.number),
                    "element {} {} is nowhere",
                    element.number,
                    element.name
                );
            }
        }
        for number in used {
            assert!(
                Element::numbered(number).is_some(),
                "{number} is not in the dictionary"
            );
        }
    }

    #[test]
    fn no_part_is_wider_than_a_table_may_be() {
        for part in PartKind::ALL {
            // Key (two columns) and raw codes come on top; 32 columns at most.
            assert!(
                part.fields().len() <= 29,
                "{part} has {} fields",
                part.fields().len()
            );
            let mut columns: Vec<_> = part.fields().iter().map(|f| f.column).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), part.fields().len());
        }
    }

    fn set(draft: &mut EnrollmentDraft, xml: &str, text: &str, context: ValueContext<'_>) {
        draft
            .set(Enrollment::field_of_xml(xml.as_bytes()).unwrap(), text, context)
            .unwrap();
    }

    #[test]
    fn a_code_keeps_what_was_sent_beside_what_it_means() {
        let context = ValueContext {
            code_set: CodeSet::V2003,
            raw: None,
        };
        let mut draft = EnrollmentDraft::default();
        set(&mut draft, "EnrollmentDate", "2024-08-20", context);
        set(&mut draft, "EnrollmentType", "05", context);
        set(&mut draft, "GradeLevel", "015", context);
        set(&mut draft, "WithdrawalDate", "  ", context);
        let enrollment = draft.finish().unwrap();
        assert_eq!(enrollment.enrollment_type, Some(EnrollmentType::ResidencyOnly));
        assert_eq!(
            enrollment.raw_codes.iter().collect::<Vec<_>>(),
            [("enrollment_type", "2003:05"), ("grade", "2003:015")]
        );
        let json = serde_json::to_string(&enrollment).unwrap();
        assert_eq!(
            json,
            r#"{"enrollment_date":"2024-08-20","grade":"KG","enrollment_type":"06","raw_codes":{"enrollment_type":"2003:05","grade":"2003:015"}}"#
        );
        assert_eq!(serde_json::from_str::<Enrollment>(&json).unwrap(), enrollment);
    }

    #[test]
    fn required_elements_are_required() {
        assert_eq!(EnrollmentDraft::default().finish().unwrap_err().element, "54");
        assert!(
            serde_json::from_str::<Enrollment>("{}").is_err(),
            "nothing invalid can be read back either"
        );
        assert!(
            serde_json::from_str::<Enrollment>(
                r#"{"enrollment_date":"2024-08-20","unknown":1,"raw_codes":null}"#
            )
            .is_ok()
        );
    }
}
