//! Mapping profiles: how the export of another system becomes students. A state changes no line of its system; it
//! describes its export once, in TOML (`schemas/mapping-profile.schema.json`, `docs/profiles.md`).

mod check;
mod convert;
mod lines;
mod partition;
mod pattern;
mod reader;
mod row;
mod schema;

use crate::header::{Header, Totals};
use crate::options::Options;
use crate::refusal::{Refusal, RefusalCode};

pub(crate) use reader::read;
pub use schema::{Profile, ProfileError};

/// The profiles that come with the program.
#[must_use]
pub fn shipped() -> Vec<Profile> {
    SHIPPED
        .iter()
        .map(|text| Profile::parse(text).expect("a test reads every shipped profile"))
        .collect()
}

const SHIPPED: &[&str] = &[
    include_str!("../../../../config/profiles/ca.toml"),
    include_str!("../../../../config/profiles/ky.toml"),
];

/// What an upload of a profile is.
pub(crate) fn header(
    profile: &Profile,
    options: &Options<'_>,
    upload_name: &str,
    names: &[String],
) -> Result<Header, Refusal> {
    let state = match (options.state, profile.state) {
        (Some(sender), Some(described)) if sender != described => {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!(
                    "The profile {} is of {described}, the sender is {sender}.",
                    profile.name
                ),
            ));
        }
        (sender, described) => sender.or(described).ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoState,
                "Neither the call nor the profile names the state.",
            )
        })?,
    };
    reader::assign(profile, names)?;
    let as_of = options
        .as_of
        .or_else(|| profile.as_of_in(upload_name))
        .or_else(|| names.iter().find_map(|name| profile.as_of_in(name)))
        .ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoAsOf,
                format!(
                    "The call has no as-of, and no file name tells it to the profile {}.",
                    profile.name
                ),
            )
        })?;
    let kind = options.kind.or(profile.kind).ok_or_else(|| {
        Refusal::new(
            RefusalCode::NoKind,
            "Neither the call nor the profile says full or delta.",
        )
    })?;
    Ok(Header {
        state,
        as_of,
        kind,
        code_set: profile.code_set,
        profile: Some(profile.label()),
        effective_from: None,
        effective_to: None,
        totals: Totals::default(),
    })
}
