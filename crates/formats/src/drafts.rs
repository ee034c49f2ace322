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

use crate::place::Place;

/// Up to so many rows of a part a new row is compared with each; beyond, by hash, so that no file makes it slow.
const COMPARED: usize = 32;

/// The places of the child rows of a student, part by part in the order of the rows.
pub(crate) type RowPlaces = Vec<(PartKind, Place)>;

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
            $($rows: Vec<($part, Place)>,)+
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
                place: Place,
                rows: &mut Rows,
            ) -> Result<bool, &'static Field> {
                Ok(match part {
                    PartKind::Student | PartKind::Facility => true,
                    $(PartKind::$kind => {
                        let row = std::mem::take(&mut self.$draft).finish()?;
                        push_new(&mut rows.$rows, &mut rows.fingerprints, row, place)
                    })+
                })
            }
        }

        impl Rows {
            /// Number of rows.
            pub(crate) fn len(&self) -> usize {
                0 $(+ self.$rows.len())+
            }

            /// The student of these rows, in an order that depends on nothing but their content, and the place of
            /// each row.
            pub(crate) fn into_student(mut self, identity: Identity) -> (Student, RowPlaces) {
                let mut places = RowPlaces::with_capacity(self.len());
                $(
                    in_order(&mut self.$rows);
                    places.extend(self.$rows.iter().map(|(_, place)| (PartKind::$kind, *place)));
                )+
                let student = Student {
                    identity,
                    $($rows: self.$rows.into_iter().map(|(row, _)| row).collect(),)+
                };
                (student, places)
            }

            /// The place of each row.
            pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
                let none: std::iter::Empty<Place> = std::iter::empty();
                none$(.chain(self.$rows.iter().map(|(_, place)| *place)))+
            }
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
fn push_new<P: Part>(
    rows: &mut Vec<(P, Place)>,
    fingerprints: &mut FxHashSet<(PartKind, u64)>,
    row: P,
    place: Place,
) -> bool {
    let first = &rows[..rows.len().min(COMPARED)];
    let mut known = first.iter().any(|(known, _)| *known == row);
    if rows.len() >= COMPARED {
        known |= !fingerprints.insert((P::KIND, fingerprint(&row)));
    }
    if !known {
        rows.push((row, place));
    }
    !known
}

/// Puts rows into the order of their values, so that the same child is the same student whatever file it came in.
fn in_order<P: Part>(rows: &mut Vec<(P, Place)>) {
    if rows.len() < 2 {
        return;
    }
    let mut bytes = Vec::with_capacity(rows.len() * 64);
    let mut keys = Vec::with_capacity(rows.len());
    for (row, _) in rows.iter() {
        let start = bytes.len();
        let mut key = OrderKey(&mut bytes);
        row.emit(&mut key);
        for (column, raw) in row.raw_codes().iter() {
            key.text(column);
            key.text(raw);
        }
        keys.push(start..bytes.len());
    }
    let key = |index: &usize| &bytes[keys[*index].clone()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    if order.is_sorted_by_key(key) {
        return;
    }
    order.sort_by_key(key);
    let mut old: Vec<Option<(P, Place)>> = rows.drain(..).map(Some).collect();
    rows.extend(order.into_iter().filter_map(|index| old[index].take()));
}

/// The values of a row as bytes that sort as the values do.
struct OrderKey<'b>(&'b mut Vec<u8>);

impl Sink for OrderKey<'_> {
    fn null(&mut self) {
        self.0.push(0);
    }
    fn text(&mut self, value: &str) {
        self.0.push(1);
        self.0.extend(value.as_bytes());
        self.0.push(0);
    }
    fn date(&mut self, value: NaiveDate) {
        self.int(value.to_epoch_days());
    }
    fn int(&mut self, value: i32) {
        self.0.push(1);
        self.0.extend((value.cast_unsigned() ^ (1 << 31)).to_be_bytes());
    }
    fn decimal(&mut self, value: Decimal) {
        self.text(&value.normalize().to_string());
    }
    fn flag(&mut self, value: bool) {
        self.0.push(1 + u8::from(value));
    }
}

/// A hash of the values of a row.
pub(crate) fn fingerprint(row: &impl Part) -> u64 {
    let mut hasher = Fingerprint(FxHasher::default());
    row.emit(&mut hasher);
    hasher.0.finish()
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
