//! The header of the native XML.

use chrono::{DateTime, Utc};
use mde::{CodeSet, StateCode};

use crate::header::{BatchKind, Header, Totals};
use crate::options::Options;
use crate::refusal::{Refusal, RefusalCode};

/// Elements of the header, in the order of the XSD.
pub(crate) const HEADER: &[&str] = &[
    "SubmittingState",
    "AsOf",
    "Kind",
    "EffectiveFrom",
    "EffectiveTo",
    "TotalStudents",
    "TotalRecords",
];

/// The texts of the header, in the order of [`HEADER`].
pub(crate) type HeaderTexts = [Option<String>; HEADER.len()];

/// The header out of its texts, the code set of the root element, and the call.
pub(crate) fn read_header(
    texts: &HeaderTexts,
    code_set: CodeSet,
    options: &Options<'_>,
) -> Result<Header, Refusal> {
    let text = |name: &str| {
        let index = HEADER.iter().position(|h| *h == name)?;
        texts[index].as_deref().filter(|t| !t.is_empty())
    };
    let state = text("SubmittingState")
        .ok_or_else(|| Refusal::new(RefusalCode::Header, "The header names no SubmittingState."))
        .and_then(|t| {
            StateCode::new(t).map_err(|e| Refusal::new(RefusalCode::Header, format!("SubmittingState {e}.")))
        })?;
    if let Some(sender) = options.state.filter(|s| *s != state) {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            format!("The header says {state}, the sender is {sender}."),
        ));
    }
    let kind = match text("Kind") {
        None => options.kind,
        Some(name) => {
            let said = BatchKind::named(name)
                .ok_or_else(|| Refusal::new(RefusalCode::Header, "Kind is neither full nor delta."))?;
            if let Some(call) = options.kind.filter(|k| *k != said) {
                return Err(Refusal::new(
                    RefusalCode::WrongKind,
                    format!("The header says {said}, the call says {call}."),
                ));
            }
            Some(said)
        }
    };
    let (effective_from, effective_to) = (
        instant("EffectiveFrom", text("EffectiveFrom"))?,
        instant("EffectiveTo", text("EffectiveTo"))?,
    );
    if matches!((effective_from, effective_to), (Some(from), Some(to)) if to <= from) {
        return Err(Refusal::new(
            RefusalCode::Header,
            "EffectiveTo is not after EffectiveFrom.",
        ));
    }
    let as_of = instant("AsOf", text("AsOf"))?;
    Ok(Header {
        state,
        as_of: options.as_of.or(as_of).ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoAsOf,
                "Neither the call nor the header has an as-of.",
            )
        })?,
        kind: kind.ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoKind,
                "Neither the call nor the header says full or delta.",
            )
        })?,
        code_set,
        profile: None,
        effective_from,
        effective_to,
        totals: Totals {
            students: number("TotalStudents", text("TotalStudents"))?,
            records: number("TotalRecords", text("TotalRecords"))?,
        },
    })
}

fn instant(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Refusal> {
    text.map(|t| {
        DateTime::parse_from_rfc3339(t).map(|t| t.to_utc()).map_err(|_| {
            Refusal::new(
                RefusalCode::Header,
                format!("{name} is not an instant such as 2026-04-01T02:00:00Z."),
            )
        })
    })
    .transpose()
}

fn number(name: &str, text: Option<&str>) -> Result<Option<u64>, Refusal> {
    text.map(|t| {
        t.parse()
            .map_err(|_| Refusal::new(RefusalCode::Header, format!("{name} is not a whole number.")))
    })
    .transpose()
}
