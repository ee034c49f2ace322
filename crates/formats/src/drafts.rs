//! The row that is being read, of whatever part: the one place of this crate that lists the parts.

use std::hash::{Hash, Hasher};

use chrono::NaiveDate;
use mde::{
    Alert, AlertDraft, AlternateId, AlternateIdDraft, Assessment, AssessmentDraft, Course, CourseDraft,
    Decimal, Draft, Enrollment, EnrollmentDraft, Facility, FacilityDraft, Field, GraduationRequirement,
    GraduationRequirementDraft, Identity, IdentityDraft, Immunization, ImmunizationDraft, Part, PartKind,
    QualifyingMove, QualifyingMoveDraft, Sink, Student, ValueContext, ValueError,
};
use rustc_hash::{FxHashSet, FxHasher};

/// Up to so many rows of a part a new row is compared with each; beyond, by hash, so that no file makes it slow.
const COMPARED: usize = 32;

/// The lines of the child rows of a student, in the order of the rows.
pub(crate) type RowLines = Vec<(PartKind, u64)>;

macro_rules! child_parts {
    ($($kind:ident: $part:ident, $draft_type:ident, $draft:ident, $rows:ident;)+) => {
        /// One draft per part; taken when its row ends.
        #[derive(Default)]
        pub(crate) struct Drafts {
            pub(crate) identity: IdentityDraft,
            pub(crate) facility: FacilityDraft,
            $($draft: $draft_type,)+
        }

        /// The child rows of the student that is being read.
        #[derive(Default)]
        pub(crate) struct Rows {
            $($rows: Vec<$part>,)+
            lines: RowLines,
            fingerprints: FxHashSet<(PartKind, u64)>,
        }

        impl Drafts {
            /// Reads one value of the current row of a part.
            pub(crate) fn set(
                &mut self,
                part: PartKind,
                field: usize,
                text: &str,
                context: ValueContext<'_>,
            ) -> Result<(), ValueError> {
                match part {
                    PartKind::Student => self.identity.set(field, text, context),
                    PartKind::Facility => self.facility.set(field, text, context),
                    $(PartKind::$kind => self.$draft.set(field, text, context),)+
                }
            }

            /// Ends a child row. `false` if the student already has the same row; the required field that is missing
            /// otherwise.
            pub(crate) fn finish_child(
                &mut self,
                part: PartKind,
                line: u64,
                rows: &mut Rows,
            ) -> Result<bool, &'static Field> {
                let new = match part {
                    PartKind::Student | PartKind::Facility => true,
                    $(PartKind::$kind => {
                        let row = std::mem::take(&mut self.$draft).finish()?;
                        push_new(&mut rows.$rows, &mut rows.fingerprints, row)
                    })+
                };
                if new {
                    rows.lines.push((part, line));
                }
                Ok(new)
            }
        }

        impl Rows {
            /// Number of rows.
            pub(crate) fn len(&self) -> usize {
                0 $(+ self.$rows.len())+
            }

            /// The student of these rows, and the line of each row.
            pub(crate) fn into_student(self, identity: Identity) -> (Student, RowLines) {
                (Student { identity, $($rows: self.$rows,)+ }, self.lines)
            }
        }

        /// The same student with only one of its child rows.
        pub(crate) fn with_one_row(student: &Student, part: PartKind, index: usize) -> Student {
            let mut one = Student::new(student.identity.clone());
            match part {
                PartKind::Student | PartKind::Facility => {}
                $(PartKind::$kind => one.$rows.extend(student.$rows.get(index).cloned()),)+
            }
            one
        }

        /// The child part of a native XML element.
        pub(crate) fn child_of_xml(name: &str) -> Option<PartKind> {
            $(if name == $part::XML { return Some(PartKind::$kind); })+
            None
        }

        /// The child parts in the order of the native XML, with their elements.
        pub(crate) const CHILDREN: &[(PartKind, &str)] = &[$((PartKind::$kind, $part::XML),)+];
    };
}

child_parts! {
    AlternateId: AlternateId, AlternateIdDraft, alternate_id, alternate_ids;
    QualifyingMove: QualifyingMove, QualifyingMoveDraft, qualifying_move, qualifying_moves;
    Enrollment: Enrollment, EnrollmentDraft, enrollment, enrollments;
    Course: Course, CourseDraft, course, courses;
    Assessment: Assessment, AssessmentDraft, assessment, assessments;
    Immunization: Immunization, ImmunizationDraft, immunization, immunizations;
    Alert: Alert, AlertDraft, alert, alerts;
    GraduationRequirement: GraduationRequirement, GraduationRequirementDraft, graduation_requirement, graduation_requirements;
}

impl Drafts {
    /// The identity, or the required field that is missing.
    pub(crate) fn take_identity(&mut self) -> Result<Identity, &'static Field> {
        std::mem::take(&mut self.identity).finish()
    }

    /// The facility, or the required field that is missing.
    pub(crate) fn take_facility(&mut self) -> Result<Facility, &'static Field> {
        std::mem::take(&mut self.facility).finish()
    }
}

/// Adds a row unless the same row is there.
fn push_new<P: Part>(rows: &mut Vec<P>, fingerprints: &mut FxHashSet<(PartKind, u64)>, row: P) -> bool {
    let known = if rows.len() < COMPARED {
        rows.contains(&row)
    } else {
        let mut hasher = Fingerprint(FxHasher::default());
        row.emit(&mut hasher);
        rows[..COMPARED].contains(&row) || !fingerprints.insert((P::KIND, hasher.0.finish()))
    };
    if !known {
        rows.push(row);
    }
    !known
}

/// Hashes the values of a row.
struct Fingerprint(FxHasher);

impl Sink for Fingerprint {
    fn null(&mut self) {
        0u8.hash(&mut self.0);
    }
    fn text(&mut self, value: &str) {
        value.hash(&mut self.0);
    }
    fn date(&mut self, value: NaiveDate) {
        value.hash(&mut self.0);
    }
    fn int(&mut self, value: i32) {
        value.hash(&mut self.0);
    }
    fn decimal(&mut self, value: Decimal) {
        value.hash(&mut self.0);
    }
    fn flag(&mut self, value: bool) {
        value.hash(&mut self.0);
    }
}
