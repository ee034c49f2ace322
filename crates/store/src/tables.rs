//! Which table is of which kind: the list from which the schema is distributed when one PostgreSQL is too small.

use mde::PartKind;

/// How a table would be distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// By student id, which is in every key.
    Sharded,
    /// A copy on every node.
    Reference,
    /// On one node.
    Local,
}

/// Every table.
pub const TABLES: &[(&str, TableKind)] = &[
    ("student", TableKind::Sharded),
    ("alternate_id", TableKind::Sharded),
    ("qualifying_move", TableKind::Sharded),
    ("enrollment", TableKind::Sharded),
    ("course", TableKind::Sharded),
    ("assessment", TableKind::Sharded),
    ("immunization", TableKind::Sharded),
    ("alert", TableKind::Sharded),
    ("graduation_requirement", TableKind::Sharded),
    ("student_name", TableKind::Sharded),
    ("student_status", TableKind::Sharded),
    ("student_version", TableKind::Sharded),
    ("link_event", TableKind::Sharded),
    ("link", TableKind::Sharded),
    ("link_queue", TableKind::Sharded),
    ("link_held", TableKind::Sharded),
    ("change_told", TableKind::Sharded),
    ("facility", TableKind::Reference),
    ("participant", TableKind::Reference),
    ("requirement_set", TableKind::Reference),
    ("district_region", TableKind::Reference),
    ("certificate", TableKind::Local),
    ("person", TableKind::Local),
    ("person_alias", TableKind::Local),
    ("batch", TableKind::Local),
    ("batch_finding", TableKind::Local),
    ("batch_account", TableKind::Local),
    ("upload", TableKind::Local),
    ("job", TableKind::Local),
    ("work_item", TableKind::Local),
    ("work_item_owner", TableKind::Local),
    ("data_request", TableKind::Local),
    ("correction", TableKind::Local),
    ("person_lock", TableKind::Local),
    ("change", TableKind::Local),
    ("change_waiting", TableKind::Local),
    ("link_decision", TableKind::Local),
    ("link_model", TableKind::Local),
    ("link_proposal", TableKind::Local),
    ("link_hold", TableKind::Local),
    ("link_check", TableKind::Local),
    ("snapshot", TableKind::Local),
    ("reconciliation", TableKind::Local),
    ("reconciliation_difference", TableKind::Local),
    ("printed_paper", TableKind::Local),
    ("deadline", TableKind::Local),
    ("term", TableKind::Local),
    ("work_calendar", TableKind::Local),
    ("move_notice", TableKind::Local),
    ("notice_step", TableKind::Local),
    ("sent_key", TableKind::Local),
    ("webhook", TableKind::Local),
    ("mail_subscription", TableKind::Local),
    ("delivery", TableKind::Local),
    ("disagreement", TableKind::Local),
    ("roster", TableKind::Local),
    ("contact", TableKind::Local),
    ("new_child", TableKind::Local),
    ("roster_visit", TableKind::Local),
    ("saved_filter", TableKind::Local),
    ("account", TableKind::Local),
    ("account_role", TableKind::Local),
    ("training", TableKind::Local),
    ("announcement", TableKind::Local),
    ("dismissal", TableKind::Local),
    ("feedback", TableKind::Local),
    ("session", TableKind::Local),
    ("disclosure", TableKind::Local),
    ("audit_event", TableKind::Local),
];

/// The tables that hold the parts of a student, the identity apart.
pub const PART_TABLES: &[PartKind] = &[
    PartKind::AlternateId,
    PartKind::QualifyingMove,
    PartKind::Enrollment,
    PartKind::Course,
    PartKind::Assessment,
    PartKind::Immunization,
    PartKind::Alert,
    PartKind::GraduationRequirement,
];
