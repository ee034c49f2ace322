//! What a batch means for one student: the order of what is said, decided without a database.

use formats::BatchKind;
use mde::StudentId;
use store::batches::Batch;
use store::participants::Participant;
use store::students::{Held, Said};

/// What to do with a submitted student.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The content is what the hub holds, or something newer is held and this says nothing else.
    Unchanged,
    /// This batch has already written it.
    Done,
    /// New or changed content.
    Load,
    /// Something newer is held: history only.
    Late,
    /// The content is what the hub holds, but the student was not live or a delta speaks of it anew.
    Confirm,
    /// The state no longer holds it.
    Delete,
}

impl Step {
    /// Whether the content is needed for it.
    pub(crate) fn needs_content(self) -> bool {
        matches!(self, Self::Load | Self::Late)
    }
}

/// A submitted student, as far as it is compared with what is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) id: StudentId,
    pub(crate) hash: [u8; 32],
    /// Rows in all its parts.
    pub(crate) rows: u32,
    pub(crate) delete: bool,
}

/// Where a batch stands in the order of what its state has said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// What the batch speaks of, and its receipt.
    pub(crate) said: Said,
    pub(crate) kind: BatchKind,
    /// The newest full upload that was loaded; it confirms every live student.
    pub(crate) full: Option<Said>,
}

impl Place {
    pub(crate) fn of(batch: &Batch, kind: BatchKind, state: Option<&Participant>) -> Self {
        Self {
            said: (batch.as_of, batch.batch_id),
            kind,
            full: state.and_then(Participant::full_said),
        }
    }

    /// Whether no newer full upload was loaded. Without that, what the batch brings that is not held any more is kept
    /// and shown, but not live: the newer full upload did not mention it.
    pub(crate) fn is_newest(&self) -> bool {
        self.full.is_none_or(|full| full <= self.said)
    }

    /// Status of a student that the batch brings.
    pub(crate) fn status(&self) -> &'static str {
        if self.is_newest() { "live" } else { "not_reported" }
    }

    /// Decides about one submitted student.
    pub(crate) fn step(&self, seen: &Seen, held: Option<&Held>) -> Step {
        let Some(held) = held else {
            return if seen.delete { Step::Unchanged } else { Step::Load };
        };
        let same = !seen.delete && held.content_hash == seen.hash;
        if same && held.batch_id == self.said.1 {
            return Step::Done;
        }
        let live = held.is_live();
        let newest = if live {
            Some(held.said()).max(self.full)
        } else {
            Some(held.said())
        };
        if newest > Some(self.said) {
            return if same || seen.delete {
                Step::Unchanged
            } else {
                Step::Late
            };
        }
        match (seen.delete, same) {
            (true, _) if held.status == "deleted" => Step::Unchanged,
            (true, _) => Step::Delete,
            (false, false) => Step::Load,
            // A full upload confirms its unchanged students by one row of the state, without touching them.
            (false, true) if live && self.kind == BatchKind::Full => Step::Unchanged,
            (false, true) if !live && !self.is_newest() => Step::Unchanged,
            (false, true) => Step::Confirm,
        }
    }

    /// Whether a full upload that does not mention a live student takes it away: not if a newer full upload was loaded,
    /// and not if something newer spoke of the student.
    pub(crate) fn takes_away(&self, student: Said) -> bool {
        self.kind == BatchKind::Full && self.is_newest() && student <= self.said
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use mde::{StateCode, StateStudentId};

    use super::*;

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(n)
    }

    fn place(kind: BatchKind, said: (i64, i64), full: Option<(i64, i64)>) -> Place {
        Place {
            said: (day(said.0), said.1),
            kind,
            full: full.map(|(n, batch)| (day(n), batch)),
        }
    }

    fn seen(content: u8) -> Seen {
        let id = StateStudentId::new("1").expect("an identifier");
        Seen {
            id: StudentId::of(StateCode::new("TX").expect("a state"), &id),
            hash: [content; 32],
            rows: 1,
            delete: content == 0,
        }
    }

    /// Held content, of the batch that said it, with a status.
    fn held(content: u8, said: (i64, i64), status: &str) -> Held {
        Held {
            student_id: seen(content).id.0,
            content_hash: vec![content; 32],
            version: 1,
            as_of: day(said.0),
            as_of_batch_id: said.1,
            batch_id: said.1,
            received_at: day(100),
            status: status.to_owned(),
        }
    }

    #[test]
    fn of_two_that_speak_of_the_same_instant_the_later_receipt_holds() {
        let second = place(BatchKind::Delta, (5, 8), None);
        let first = place(BatchKind::Delta, (5, 7), None);
        assert_eq!(second.step(&seen(2), Some(&held(1, (5, 7), "live"))), Step::Load);
        assert_eq!(first.step(&seen(2), Some(&held(1, (5, 8), "live"))), Step::Late);
        assert_eq!(
            first.step(&seen(0), Some(&held(1, (5, 8), "live"))),
            Step::Unchanged
        );
    }

    #[test]
    fn a_full_upload_confirms_what_is_live_without_touching_it() {
        let full = place(BatchKind::Full, (5, 8), Some((3, 2)));
        assert_eq!(
            full.step(&seen(1), Some(&held(1, (2, 1), "live"))),
            Step::Unchanged
        );
        assert_eq!(
            full.step(&seen(1), Some(&held(1, (2, 1), "not_reported"))),
            Step::Confirm
        );
        // Confirmed on day 5 although it was written on day 2: a delta that speaks of day 4 is too late.
        let late = place(BatchKind::Delta, (4, 9), Some((5, 8)));
        assert_eq!(late.step(&seen(2), Some(&held(1, (2, 1), "live"))), Step::Late);
        assert_eq!(
            late.step(&seen(0), Some(&held(1, (2, 1), "live"))),
            Step::Unchanged
        );
    }

    #[test]
    fn what_a_newer_full_upload_did_not_mention_does_not_come_alive_by_an_older_one() {
        let old = place(BatchKind::Delta, (4, 9), Some((5, 8)));
        assert_eq!(old.step(&seen(1), None), Step::Load);
        assert_eq!(old.status(), "not_reported");
        assert_eq!(
            old.step(&seen(1), Some(&held(1, (3, 9), "not_reported"))),
            Step::Done
        );
        assert_eq!(
            old.step(&seen(1), Some(&held(1, (3, 2), "not_reported"))),
            Step::Unchanged
        );
        assert_eq!(place(BatchKind::Delta, (6, 9), Some((5, 8))).status(), "live");
    }

    #[test]
    fn only_the_newest_full_upload_takes_away_and_only_what_nothing_newer_spoke_of() {
        let full = place(BatchKind::Full, (5, 8), Some((3, 2)));
        assert!(full.takes_away((day(5), 7)));
        assert!(!full.takes_away((day(5), 9)), "the same instant, received later");
        assert!(!full.takes_away((day(6), 1)));
        assert!(!place(BatchKind::Full, (5, 8), Some((6, 3))).takes_away((day(1), 1)));
        assert!(!place(BatchKind::Delta, (5, 8), None).takes_away((day(1), 1)));
    }

    #[test]
    fn what_the_batch_wrote_before_it_was_cut_short_is_recognised() {
        let batch = place(BatchKind::Full, (5, 8), None);
        assert_eq!(batch.step(&seen(1), Some(&held(1, (5, 8), "live"))), Step::Done);
        // Also when something newer has since confirmed or ended it.
        let mut confirmed = held(1, (5, 8), "live");
        (confirmed.as_of, confirmed.as_of_batch_id) = (day(6), 9);
        assert_eq!(batch.step(&seen(1), Some(&confirmed)), Step::Done);
        confirmed.status = "deleted".to_owned();
        assert_eq!(batch.step(&seen(1), Some(&confirmed)), Step::Done);
    }
}
