//! Mapping profiles: how the export of another system becomes students. A state changes no line of its system; it
//! describes its export once, in TOML (`schemas/mapping-profile.schema.json`, `docs/profiles.md`).

mod check;
mod convert;
mod delimited;
mod fixed;
mod json_rows;
mod layout;
mod lines;
mod map;
mod names;
mod partition;
mod pattern;
mod preview;
mod reader;
mod record;
mod schema;
mod students;
mod table;
mod tree;
mod values;
mod waiting;
mod xml_rows;

use self::layout::Head;
use mde::StateCode;

use crate::archive::Upload;
use crate::header::{Header, Totals};
use crate::options::Options;
use crate::refusal::{Refusal, RefusalCode};

pub use preview::{Coverage, Preview, preview};
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
    include_str!("../../../../config/profiles/edfi-json.toml"),
    include_str!("../../../../config/profiles/edfi-xml.toml"),
    include_str!("../../../../config/profiles/fl.toml"),
    include_str!("../../../../config/profiles/ga.toml"),
    include_str!("../../../../config/profiles/ky.toml"),
    include_str!("../../../../config/profiles/mi.toml"),
    include_str!("../../../../config/profiles/mn.toml"),
    include_str!("../../../../config/profiles/tx.toml"),
    include_str!("../../../../config/profiles/wi.toml"),
];

/// What an upload of a profile is.
pub(crate) fn header(
    profile: &Profile,
    options: &Options<'_>,
    upload_name: &str,
    upload: &mut Upload,
) -> Result<Header, Refusal> {
    let names = upload.names().to_vec();
    let known = reader::assign(profile, &names)?;
    let head = head(profile, upload, &known)?;
    let said = head.state.as_deref();
    let described = profile.state.map(|state| state.to_string());
    let sender = options.state.map(|state| state.to_string());
    for (what, one) in [("profile", described.as_deref()), ("file", said)] {
        if let (Some(one), Some(sender)) = (one, &sender)
            && !one.eq_ignore_ascii_case(sender)
        {
            let message = format!("The {what} is of {}, the sender is {sender}.", shortened(one));
            return Err(Refusal::new(RefusalCode::WrongState, message));
        }
    }
    let state = options
        .state
        .or(profile.state)
        .or(said.and_then(|s| StateCode::new(s).ok()));
    let state = state.ok_or_else(|| {
        Refusal::new(
            RefusalCode::NoState,
            "Neither the call nor the profile names the state.",
        )
    })?;
    if let Some(said) = said.filter(|said| !said.eq_ignore_ascii_case(state.as_str())) {
        let message = format!("The file is of {}, the profile of {state}.", shortened(said));
        return Err(Refusal::new(RefusalCode::WrongState, message));
    }
    if let (Some(called), Some(said)) = (options.kind, head.kind)
        && called != said
    {
        let message = format!("The call says {called}, the file says {said}.");
        return Err(Refusal::new(RefusalCode::WrongKind, message));
    }
    let as_of = options
        .as_of
        .or(head.as_of)
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
    let kind = head.kind.or(options.kind).or(profile.kind).ok_or_else(|| {
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

/// What the files of an upload say of themselves, the first of them that says anything.
fn head(profile: &Profile, upload: &mut Upload, known: &[Option<&str>]) -> Result<Head, Refusal> {
    for (index, known) in known.iter().enumerate() {
        let Some(known) = known else { continue };
        let layout = profile.layout_of(known);
        if layout.has_head() {
            let name = upload.names()[index].clone();
            return upload
                .peek(index, |source| layout.head(profile.encoding, source))
                .map_err(|refusal| refusal.in_file(&name));
        }
    }
    Ok(Head::default())
}

/// At most 40 characters of a text of the sender.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
