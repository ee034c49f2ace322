//! Near matches as every page names them: the two students, their states, their names.

use mde::{Identity, StudentId};
use store::work_items::WorkItem;

/// The kind of work item that asks whether two records are one child.
pub(crate) const KIND: &str = "near_match";

/// The students of a work item, smaller id first.
pub(crate) fn pair(item: &WorkItem) -> Option<(StudentId, StudentId)> {
    Some((StudentId(item.student_a?), StudentId(item.student_b?)))
}

/// The name of the state whose student it is.
pub(crate) fn state_of(id: StudentId) -> String {
    id.state()
        .map_or_else(|| "another state".to_owned(), |state| state.name().to_owned())
}

/// The names of a student as sent.
pub(crate) fn name(identity: &Identity) -> String {
    let names = [
        Some(identity.first_name.as_str()),
        identity.middle_name.as_ref().map(mde::text::Name::as_str),
        Some(identity.last_name_1.as_str()),
        identity.last_name_2.as_ref().map(mde::text::Name::as_str),
        identity.generation.as_ref().map(mde::text::Text::as_str),
    ];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
