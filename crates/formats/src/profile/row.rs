//! One row of a described file to the values of its part.

use std::borrow::Cow;

use mde::{Decimal, FindingCode, Kind, PartKind, ValueContext};

use super::check::{is_month, needed_columns};
use super::schema::{Encoding, FileMap, Layout, Profile, Target, Translation};
use crate::assembly::Assembly;
use crate::place::{Place, Sent};
use crate::refusal::{Refusal, RefusalCode};

/// A file of the upload with its columns found.
pub(crate) struct OpenFile<'p> {
    /// Its name in the upload.
    pub(crate) name: String,
    /// Its description.
    pub(crate) map: &'p FileMap,
    profile: &'p Profile,
    uses: Vec<Use<'p>>,
    key: Option<usize>,
    state: Option<usize>,
    only: Vec<(usize, &'p str, &'p [String])>,
}

/// What a column is good for.
enum Use<'p> {
    Value(Value<'p>),
    Ignored(&'p str),
    /// Not described; told once per file.
    Unknown,
    /// The key, the state, or a condition.
    Other,
}

struct Value<'p> {
    field: usize,
    label: &'p str,
    target: &'p Target,
    translation: Option<&'p Translation>,
    kind: Kind,
    month: bool,
}

impl<'p> OpenFile<'p> {
    /// Finds the columns by the names of the first row.
    pub(crate) fn new(
        profile: &'p Profile,
        map: &'p FileMap,
        name: &str,
        header: &[Cow<'_, str>],
    ) -> Result<Self, Refusal> {
        let refuse = |message: String| {
            Refusal::new(RefusalCode::WrongLayout, message)
                .in_file(name)
                .at_line(1)
        };
        let names: Vec<&str> = header.iter().map(|n| n.trim()).collect();
        let position = |column: &str| names.iter().position(|n| n.eq_ignore_ascii_case(column));
        for (index, column) in names.iter().enumerate() {
            if !column.is_empty() && position(column) != Some(index) {
                return Err(refuse(format!("The column {} occurs twice.", shortened(column))));
            }
        }
        let missing: Vec<&str> = needed_columns(map)
            .into_keys()
            .filter(|c| position(c).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(refuse(format!(
                "The first row does not name the columns {}.",
                missing.join(", ")
            )));
        }
        let uses = names.iter().map(|column| Use::of(profile, map, column)).collect();
        Ok(Self {
            name: name.to_owned(),
            map,
            profile,
            uses,
            key: map.key.as_deref().and_then(position),
            state: map.state_column.as_deref().and_then(position),
            only: map
                .only
                .iter()
                .filter_map(|(column, texts)| Some((position(column)?, column.as_str(), texts.as_slice())))
                .collect(),
        })
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.uses.len()
    }

    /// Delimiter and quoting.
    pub(crate) fn layout(&self) -> (char, bool) {
        layout(self.profile, self.map)
    }

    /// The state student id of a row, empty if the row has none.
    pub(crate) fn key<'r>(&self, columns: &'r [Cow<'_, str>]) -> &'r str {
        self.key.and_then(|k| columns.get(k)).map_or("", |c| c.trim())
    }

    /// Refuses a row of another state.
    pub(crate) fn check_state(
        &self,
        columns: &[Cow<'_, str>],
        state: &str,
        line: u64,
    ) -> Result<(), Refusal> {
        let sent = self.state.and_then(|s| columns.get(s)).map_or("", |c| c.trim());
        if sent.is_empty() || sent.eq_ignore_ascii_case(state) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!("A row is of {}, the upload of {state}.", shortened(sent)),
        )
        .in_file(&self.name)
        .at_line(line))
    }

    /// Why a row is left out by the profile's own word.
    pub(crate) fn left_out(&self, columns: &[Cow<'_, str>]) -> Option<String> {
        self.only.iter().find_map(|(column, name, texts)| {
            let sent = columns.get(*column).map_or("", |c| c.trim());
            (!texts.iter().any(|t| t == sent))
                .then(|| format!("{}: {name} is not {}", self.name, texts.join(" or ")))
        })
    }

    /// Columns that are not described.
    pub(crate) fn unknown_columns<'r>(&self, header: &'r [Cow<'_, str>]) -> Vec<&'r str> {
        let unknown = |(index, name): (usize, &'r Cow<'_, str>)| {
            matches!(self.uses.get(index), Some(Use::Unknown)).then(|| name.trim())
        };
        header.iter().enumerate().filter_map(unknown).collect()
    }

    /// Reads the values of a row into the current row of its part.
    pub(crate) fn set_values(&self, columns: &[Cow<'_, str>], line: u64, assembly: &mut Assembly<'_>) {
        let part = self.map.part;
        let place = Place {
            file: Some(&self.name),
            line,
        };
        if part == PartKind::Student {
            let label = self.map.key.as_deref().unwrap_or_default();
            let sent = Sent {
                part,
                field: 0,
                label,
                text: self.key(columns),
            };
            assembly.set(sent, self.context(), || place);
        }
        for (column, text) in &self.map.constants {
            let field = part
                .fields()
                .iter()
                .position(|f| f.column == column)
                .unwrap_or_default();
            let sent = Sent {
                part,
                field,
                label: column,
                text: text.get_ref(),
            };
            assembly.set(sent, self.context(), || place);
        }
        for (column, text) in self.uses.iter().zip(columns) {
            let text = text.trim();
            if text.is_empty() || self.profile.blank.iter().any(|b| b == text) {
                continue;
            }
            match column {
                Use::Value(value) => self.set_value(value, text, place, assembly),
                Use::Ignored(reason) => assembly.ignore_value(reason, 1),
                Use::Unknown => assembly.ignore_value("a column that the profile does not describe", 1),
                Use::Other => {}
            }
        }
    }

    fn context(&self) -> ValueContext<'static> {
        ValueContext {
            code_set: self.profile.code_set,
            raw: None,
        }
    }

    fn set_value(&self, value: &Value<'_>, text: &str, place: Place<'_>, assembly: &mut Assembly<'_>) {
        let part = self.map.part;
        let sent = Sent {
            part,
            field: value.field,
            label: value.label,
            text,
        };
        match self.canonical(value, text) {
            Ok((canonical, context)) => {
                if part == PartKind::Course
                    && part.fields()[value.field].column == "credits"
                    && let Some(factor) = self.profile.credits.conversion()
                {
                    self.set_credits(sent, &canonical, factor, place, assembly);
                } else {
                    assembly.set_as(sent, &canonical, context, || place);
                }
            }
            Err((code, problem, fix)) => assembly.refuse_value(sent, code, &problem, fix, place),
        }
    }

    /// Credits in another unit: the Carnegie units, and beside them what was sent, the unit and the factor.
    fn set_credits(
        &self,
        sent: Sent<'_>,
        number: &str,
        factor: Decimal,
        place: Place<'_>,
        assembly: &mut Assembly<'_>,
    ) {
        let Ok(number) = number.parse::<Decimal>() else {
            // The data element says what is wrong with it.
            assembly.set(sent, self.context(), || place);
            return;
        };
        // Credits have four decimals at most.
        let units = number.saturating_mul(factor).round_dp(4);
        for (column, value) in [
            ("credits", units.to_string()),
            ("credits_sent", number.to_string()),
            ("credit_unit", self.profile.credits.unit.clone()),
            ("credit_factor", factor.to_string()),
        ] {
            let field = sent
                .part
                .fields()
                .iter()
                .position(|f| f.column == column)
                .unwrap_or_default();
            assembly.set_as(Sent { field, ..sent }, &value, self.context(), || place);
        }
    }

    /// The canonical text of a value and how to understand it; otherwise the kind of finding, what is wrong, and the fix.
    fn canonical<'t>(
        &self,
        value: &Value<'_>,
        text: &'t str,
    ) -> Result<(Cow<'t, str>, ValueContext<'t>), (FindingCode, String, &'static str)>
    where
        'p: 't,
    {
        if let Some(translation) = value.translation {
            let Some(meaning) = translation.codes.get(text) else {
                let known: Vec<&str> = translation.codes.keys().map(String::as_str).collect();
                return Err((
                    FindingCode::UnknownCode,
                    format!("is none of the codes {}", known.join(", ")),
                    "Correct the code, or add it to the translation in the mapping profile.",
                ));
            };
            let context = ValueContext {
                code_set: translation.code_set.unwrap_or(self.profile.code_set),
                raw: Some(text),
            };
            return Ok((Cow::Owned(meaning.clone()), context));
        }
        let invalid = |problem: String, fix| Err((FindingCode::Invalid, problem, fix));
        match value.kind {
            Kind::Date => {
                let of_profile = if value.month {
                    &self.profile.dates.month
                } else {
                    &self.profile.dates.day
                };
                let format = value.target.format.as_ref().unwrap_or(of_profile.get_ref());
                match format.canonical(text) {
                    Some(canonical) => Ok((Cow::Owned(canonical), self.context())),
                    None => invalid(
                        format!("is not a date that exists, written {format}"),
                        "Correct the date, or the format that the mapping profile gives for it.",
                    ),
                }
            }
            Kind::Flag => {
                let flags = &self.profile.flags;
                let is = |list: &[String]| list.iter().any(|t| t == text);
                if is(&flags.yes) {
                    Ok((Cow::Borrowed("Y"), self.context()))
                } else if is(&flags.no) {
                    Ok((Cow::Borrowed("N"), self.context()))
                } else {
                    invalid(
                        format!("is none of {}, {}", flags.yes.join(", "), flags.no.join(", ")),
                        "Correct the flag, or add the spelling to [flags] in the mapping profile.",
                    )
                }
            }
            Kind::Decimal if self.profile.numbers.decimal != '.' => {
                if text.contains('.') {
                    return invalid(
                        format!(
                            "is not a number with the decimal mark {}",
                            self.profile.numbers.decimal
                        ),
                        "Correct the number, or the decimal mark that the mapping profile gives.",
                    );
                }
                Ok((
                    Cow::Owned(text.replace(self.profile.numbers.decimal, ".")),
                    self.context(),
                ))
            }
            _ => Ok((Cow::Borrowed(text), self.context())),
        }
    }
}

impl<'p> Use<'p> {
    fn of(profile: &'p Profile, map: &'p FileMap, column: &str) -> Self {
        let same = |name: &str| name.eq_ignore_ascii_case(column);
        if let Some((label, target)) = map.columns.iter().find(|(name, _)| same(name)) {
            let target = target.get_ref();
            let fields = map.part.fields();
            let field = fields
                .iter()
                .position(|f| f.column == target.to)
                .unwrap_or_default();
            return Self::Value(Value {
                field,
                label,
                target,
                translation: target
                    .translate
                    .as_ref()
                    .and_then(|name| profile.translations.get(name))
                    .map(toml::Spanned::get_ref),
                kind: fields[field].kind,
                month: is_month(map.part, &fields[field]),
            });
        }
        if let Some((_, reason)) = map.ignored.iter().find(|(name, _)| same(name)) {
            return Self::Ignored(reason);
        }
        if needed_columns(map).into_keys().any(same) {
            Self::Other
        } else {
            Self::Unknown
        }
    }
}

/// Delimiter and quoting of a file.
pub(crate) fn layout(profile: &Profile, map: &FileMap) -> (char, bool) {
    let Layout::Delimited { delimiter, quoting } = map.layout.as_ref().unwrap_or(&profile.layout);
    (*delimiter, *quoting)
}

/// A row as text, or why it is none.
pub(crate) fn decoded(encoding: Encoding, row: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    match (encoding, std::str::from_utf8(row)) {
        (Encoding::Utf8, Ok(text)) => Ok(Cow::Borrowed(text)),
        (Encoding::Utf8, Err(_)) => Err("The row holds bytes that are not UTF-8."),
        (Encoding::Windows1252, Ok(text)) if text.is_ascii() => Ok(Cow::Borrowed(text)),
        // Bytes above 127 that happen to be UTF-8 are UTF-8: in Windows-1252 they would be pairs such as Ã±.
        (Encoding::Windows1252, Ok(_)) => Err("The row is UTF-8, where the profile says Windows-1252."),
        (Encoding::Windows1252, Err(_)) => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(row).0),
    }
}

/// At most 40 characters of a text of the sender.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
