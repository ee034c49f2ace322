//! Tags that say where a value comes from, each leading to the record of that state on the page.

use mde::StateCode;
use records::ConsolidatedRecord;
use records::source::Source;

use crate::view::Tag;
use crate::words;

/// The students of a record, each with its place on the page.
pub(crate) struct Sources {
    places: Vec<(StateCode, String, String)>,
}

impl Sources {
    pub(crate) fn of(record: &ConsolidatedRecord) -> Self {
        let place = |(index, s): (usize, &records::source::SourceStudent)| {
            (
                s.source.state,
                s.source.state_student_id.clone(),
                format!("source-{}", index + 1),
            )
        };
        Self {
            places: record.sources.iter().enumerate().map(place).collect(),
        }
    }

    /// `TX 2026-03-31`, which leads to what Texas sent.
    pub(crate) fn tag(&self, source: &Source) -> Tag {
        let place = self
            .places
            .iter()
            .find(|(state, id, _)| *state == source.state && *id == source.state_student_id);
        let live = if source.live { "" } else { ", no longer reported" };
        Tag {
            text: format!("{} {}", source.state, source.as_of.format("%Y-%m-%d")),
            class: "",
            title: format!(
                "{}, record {}, as of {}, upload no. {}{live}",
                source.state.name(),
                source.state_student_id,
                words::day(source.as_of.date_naive()),
                source.batch_id
            ),
            href: place.map_or_else(String::new, |(.., place)| format!("#{place}")),
        }
    }

    /// One tag for each source.
    pub(crate) fn tags<'a>(&self, sources: impl IntoIterator<Item = &'a Source>) -> Vec<Tag> {
        sources.into_iter().map(|source| self.tag(source)).collect()
    }
}
