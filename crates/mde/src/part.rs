//! How a part of a student is made of data elements: one table per part from which come the struct, its reader, its
//! stored form and the documentation, so that no second list can disagree.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use compact_str::CompactString;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::value::{ValueContext, ValueError};

/// The parts of which a student is made, and the facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's own words")]
pub enum PartKind {
    Student,
    AlternateId,
    QualifyingMove,
    Enrollment,
    Course,
    Assessment,
    Immunization,
    Alert,
    GraduationRequirement,
    Facility,
}

impl PartKind {
    /// All parts.
    pub const ALL: [Self; 10] = [
        Self::Student,
        Self::AlternateId,
        Self::QualifyingMove,
        Self::Enrollment,
        Self::Course,
        Self::Assessment,
        Self::Immunization,
        Self::Alert,
        Self::GraduationRequirement,
        Self::Facility,
    ];

    /// Name of the part in tables, URLs and findings: `qualifying_move`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::AlternateId => "alternate_id",
            Self::QualifyingMove => "qualifying_move",
            Self::Enrollment => "enrollment",
            Self::Course => "course",
            Self::Assessment => "assessment",
            Self::Immunization => "immunization",
            Self::Alert => "alert",
            Self::GraduationRequirement => "graduation_requirement",
            Self::Facility => "facility",
        }
    }

    /// The part of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// The data elements of the part, in stored order.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Student => crate::Identity::FIELDS,
            Self::AlternateId => crate::AlternateId::FIELDS,
            Self::QualifyingMove => crate::QualifyingMove::FIELDS,
            Self::Enrollment => crate::Enrollment::FIELDS,
            Self::Course => crate::Course::FIELDS,
            Self::Assessment => crate::Assessment::FIELDS,
            Self::Immunization => crate::Immunization::FIELDS,
            Self::Alert => crate::Alert::FIELDS,
            Self::GraduationRequirement => crate::GraduationRequirement::FIELDS,
            Self::Facility => crate::Facility::FIELDS,
        }
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The stored form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A code of a code set, stored as text.
    Code,
    /// A calendar day.
    Date,
    /// A whole number of 32 bits.
    Int,
    /// An exact decimal.
    Decimal,
    /// Yes or no.
    Flag,
}

/// A data element in a part.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Number of the data element.
    pub element: &'static str,
    /// Name of its element in the native XML.
    pub xml: &'static str,
    /// Name of its column, of its JSON member and in mapping profiles.
    pub column: &'static str,
    /// Whether the part cannot be without it.
    pub required: bool,
    /// Its stored form.
    pub kind: Kind,
    /// The code set of a coded one, under which a state's aliases know it.
    pub set: Option<&'static str>,
}

/// Receives the values of a part, one call per field in the order of [`Part::FIELDS`].
#[expect(missing_docs, reason = "one method per stored form of `Kind`")]
pub trait Sink {
    fn null(&mut self);
    fn text(&mut self, value: &str);
    fn date(&mut self, value: NaiveDate);
    fn int(&mut self, value: i32);
    fn decimal(&mut self, value: Decimal);
    fn flag(&mut self, value: bool);
}

/// The codes as the state sent them, where they differ from the stored code: column to `version:code`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawCodes(BTreeMap<CompactString, CompactString>);

impl RawCodes {
    /// Whether every code was sent as it is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Column and code as sent, `version:code`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, raw)| (column.as_str(), raw.as_str()))
    }

    /// Remembers a code as sent.
    pub fn insert(&mut self, column: &'static str, version: &str, raw: &str) {
        let mut text = CompactString::with_capacity(version.len() + 1 + raw.len());
        text.push_str(version);
        text.push(':');
        text.extend(raw.chars().take(60));
        self.0.insert(CompactString::const_new(column), text);
    }
}

/// A part of a student, made of data elements.
pub trait Part: Sized + Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned {
    /// Which part.
    const KIND: PartKind;
    /// Name of its element in the native XML.
    const XML: &'static str;
    /// Its data elements, in stored order.
    const FIELDS: &'static [Field];
    /// What a reader fills in.
    type Draft: Draft<Part = Self>;

    /// Hands every value to a sink, in the order of `FIELDS`, `null` where there is none.
    fn emit<S: Sink + ?Sized>(&self, sink: &mut S);
    /// The codes as sent.
    fn raw_codes(&self) -> &RawCodes;
    /// Index in `FIELDS` of a native XML element.
    fn field_of_xml(name: &[u8]) -> Option<usize>;
}

/// A part that is being read, field by field.
pub trait Draft: Default {
    /// What it becomes.
    type Part: Part<Draft = Self>;

    /// Reads the text of one field. An empty text leaves it unset.
    fn set(&mut self, field: usize, text: &str, context: ValueContext<'_>) -> Result<(), ValueError>;
    /// The part, or the first required field that is missing.
    fn finish(self) -> Result<Self::Part, &'static Field>;
}

/// Declares a part. `req` fields are there in every value, `opt` fields may be absent.
macro_rules! part {
    (@type req $t:ty) => { $t };
    (@type opt $t:ty) => { Option<$t> };
    (@required req) => { true };
    (@required opt) => { false };
    (@emit req $value:expr, $sink:expr) => { $crate::value::Value::emit($value, $sink) };
    (@emit opt $value:expr, $sink:expr) => {
        match $value { Some(value) => $crate::value::Value::emit(value, $sink), None => $sink.null() }
    };
    (@serialize req $value:expr, $map:expr, $key:expr) => { $map.serialize_entry($key, $value)? };
    (@serialize opt $value:expr, $map:expr, $key:expr) => {
        if let Some(value) = $value { $map.serialize_entry($key, value)?; }
    };
    (@finish req $draft:expr, $name:ident, $index:expr) => {
        match $draft { Some(value) => value, None => return Err(&<$name as $crate::part::Part>::FIELDS[$index]) }
    };
    (@finish opt $draft:expr, $name:ident, $index:expr) => { $draft };
    (
        $(#[$doc:meta])*
        $name:ident, $draft:ident, $kind:ident, $xml:literal {
            $($number:literal $element_xml:literal $presence:ident $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(
                #[doc = concat!("Data element ", $number, ", `", $element_xml, "`.")]
                pub $field: part!(@type $presence $type),
            )+
            /// Codes as sent, where they differ from the stored ones.
            pub raw_codes: $crate::part::RawCodes,
        }

        #[doc = concat!("A [`", stringify!($name), "`] that is being read.")]
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[expect(missing_docs, reason = "the fields are those of the part")]
        pub struct $draft {
            $(#[serde(default)] pub $field: Option<$type>,)+
            #[serde(default, deserialize_with = "crate::part::null_as_default")]
            pub raw_codes: $crate::part::RawCodes,
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $(part!(@serialize $presence &self.$field, map, stringify!($field));)+
                if !self.raw_codes.is_empty() {
                    map.serialize_entry("raw_codes", &self.raw_codes)?;
                }
                map.end()
            }
        }

        // Through the draft, so that a stored row is held to the same rules as a received one.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let draft = <$draft as serde::Deserialize>::deserialize(deserializer)?;
                $crate::part::Draft::finish(draft).map_err(|field| serde::de::Error::missing_field(field.column))
            }
        }

        const _: () = {
            #[repr(usize)]
            #[expect(non_camel_case_types, reason = "the variants number the columns")]
            enum Index { $($field,)+ }

            impl $crate::part::Part for $name {
                const KIND: $crate::part::PartKind = $crate::part::PartKind::$kind;
                const XML: &'static str = $xml;
                const FIELDS: &'static [$crate::part::Field] = &[$(
                    $crate::part::Field {
                        element: $number,
                        xml: $element_xml,
                        column: stringify!($field),
                        required: part!(@required $presence),
                        kind: <$type as $crate::value::Value>::KIND,
                        set: <$type as $crate::value::Value>::CODE_SET,
                    },
                )+];
                type Draft = $draft;

                fn emit<S: $crate::part::Sink + ?Sized>(&self, sink: &mut S) {
                    $(part!(@emit $presence &self.$field, sink);)+
                }

                fn raw_codes(&self) -> &$crate::part::RawCodes {
                    &self.raw_codes
                }

                fn field_of_xml(name: &[u8]) -> Option<usize> {
                    $(if name == $element_xml.as_bytes() { return Some(Index::$field as usize); })+
                    None
                }
            }

            impl $crate::part::Draft for $draft {
                type Part = $name;

                fn set(
                    &mut self,
                    field: usize,
                    text: &str,
                    context: $crate::value::ValueContext<'_>,
                ) -> Result<(), $crate::value::ValueError> {
                    let text = text.trim();
                    $(
                        if field == Index::$field as usize {
                            if text.is_empty() {
                                return Ok(());
                            }
                            let value = <$type as $crate::value::Value>::parse(text, context)?;
                            let sent = context.raw.unwrap_or(text);
                            if $crate::value::Value::says_more(&value, sent) {
                                self.raw_codes.insert(stringify!($field), context.code_set.name(), sent);
                            }
                            self.$field = Some(value);
                            return Ok(());
                        }
                    )+
                    Ok(())
                }

                fn finish(self) -> Result<$name, &'static $crate::part::Field> {
                    Ok($name {
                        $($field: part!(@finish $presence self.$field, $name, Index::$field as usize),)+
                        raw_codes: self.raw_codes,
                    })
                }
            }
        };
    };
}
pub(crate) use part;

/// For serde: a column that is `null` is a default value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
