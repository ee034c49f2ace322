//! What people are asked about a record and what they have decided, for its page.

use mde::PersonId;
use store::work_items::WorkItem;

use crate::user::{Permission, User};
use crate::words;

/// A sentence, and the page where it is judged; empty for who may not.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) href: String,
}

/// What is not settled about who this is. Who may judge it is led there.
pub(crate) fn open(user: &User, about: &[WorkItem], id: PersonId) -> Vec<Question> {
    let question = |item: &WorkItem| {
        let others: Vec<String> = item
            .persons
            .iter()
            .filter(|p| **p != id.number())
            .filter_map(|p| Some(PersonId::new(*p).ok()?.to_string()))
            .collect();
        let text = match (item.kind.as_str(), item.arbiter_since.is_some()) {
            ("near_match" | "merge", true) => {
                format!(
                    "Possible duplicate of record no. {}: the arbiter decides.",
                    others.join(", ")
                )
            }
            ("merge", false) => {
                format!(
                    "Possible duplicate of record no. {}: a request to join them waits for a second person.",
                    others.join(", ")
                )
            }
            ("near_match", false) if others.is_empty() => {
                "This record may be of two children: people are asked.".to_owned()
            }
            ("near_match", false) => format!(
                "May be the same child as record no. {}: people are asked.",
                others.join(", ")
            ),
            ("split", _) => "A request to take this record apart waits for a decision.".to_owned(),
            _ => "A request to undo a decision about this record waits for a decision.".to_owned(),
        };
        let (right, page) = match item.kind.as_str() {
            "near_match" => (Permission::DecideMatches, "near-matches"),
            _ => (Permission::StartMerges, "requests"),
        };
        let concerns = user
            .acts_in
            .is_none_or(|own| item.states.iter().any(|s| s == own.as_str()));
        let href = if concerns && user.may(right) {
            format!("/{page}/{}#main", item.work_item_id)
        } else {
            String::new()
        };
        Question { text, href }
    };
    about.iter().map(question).collect()
}

/// What people have decided about the record and can undo.
pub(crate) fn decided(user: &User, approved: &[WorkItem]) -> Vec<Question> {
    let own = |item: &&WorkItem| {
        user.may(Permission::StartMerges)
            && user
                .acts_in
                .is_none_or(|own| item.states.iter().any(|s| s == own.as_str()))
    };
    let view = |item: &WorkItem| Question {
        text: format!(
            "{} by people, {}",
            if item.kind == "merge" {
                "Joined"
            } else {
                "Taken apart"
            },
            words::day(item.decided_at.unwrap_or(item.opened_at).date_naive())
        ),
        href: format!("/requests/{}", item.work_item_id),
    };
    approved.iter().filter(own).map(view).collect()
}
