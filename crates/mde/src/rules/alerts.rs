//! Alerts: whether there is somebody to ask.

use super::Told;
use crate::finding::FindingCode;
use crate::part::PartKind;

/// Tells which alerts nobody can act on. A resolved one needs nobody.
pub(super) fn check(told: &mut Told<'_>) {
    for (index, row) in told.student.alerts.iter().enumerate() {
        let nobody = row.contact_name.is_none() && row.contact_phone.is_none() && row.contact_role.is_none();
        if nobody && row.resolution_date.is_none() {
            let message = format!("The {} alert names nobody to ask.", row.kind);
            told.tell(
                FindingCode::AlertWithoutContact,
                (PartKind::Alert, index),
                "22",
                message,
            );
        }
    }
}
