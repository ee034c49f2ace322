//! XML: the consolidated record, by one rule out of its JSON, and the writer that every document here uses.
//!
//! The rule: a member is an element of its name, in the order of the JSON; a list is an element with one `item` for each
//! entry; what is `null` is left out.

use std::borrow::Cow;
use std::fmt;

use records::ConsolidatedRecord;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::schema::RECORD;

/// Name of the element around a record.
pub(crate) const ROOT: &str = "consolidated_record";
/// Name of the element around an entry of a list.
pub(crate) const ITEM: &str = "item";

/// A consolidated record as XML, valid against `schemas/record-1.xsd`. It is transcribed from the record's JSON, and so
/// says the same.
pub fn record(record: &ConsolidatedRecord) -> serde_json::Result<String> {
    let json = serde_json::to_vec(record)?;
    let mut writer = Writer::new(ROOT);
    writer.attribute("xmlns", RECORD);
    let mut reader = serde_json::Deserializer::from_slice(&json);
    Transcript(&mut writer).deserialize(&mut reader)?;
    Ok(writer.finish())
}

/// Puts an XML document together: elements, one below the other, with their text.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    open: Vec<Cow<'static, str>>,
    /// Whether the last thing written is the start of the innermost element.
    fresh: bool,
}

impl Writer {
    /// A document with this element around everything.
    pub(crate) fn new(root: &'static str) -> Self {
        let mut writer = Self {
            text: r#"<?xml version="1.0" encoding="UTF-8"?>"#.to_owned(),
            open: Vec::new(),
            fresh: false,
        };
        writer.open(root);
        writer
    }

    /// Begins an element.
    pub(crate) fn open(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        self.end_start();
        self.new_line();
        self.text.push('<');
        self.text.push_str(&name);
        self.open.push(name);
        self.fresh = true;
    }

    /// An attribute of the element that was just begun.
    pub(crate) fn attribute(&mut self, name: &str, value: &str) {
        debug_assert!(
            self.fresh,
            "attributes come right after the start of their element"
        );
        self.text.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }

    /// Ends the innermost element.
    pub(crate) fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        if self.fresh {
            self.text.push_str("/>");
            self.fresh = false;
        } else {
            self.new_line();
            self.text.push_str(&format!("</{name}>"));
        }
    }

    /// Ends the innermost element with a text in it.
    fn close_with(&mut self, text: &str) {
        let Some(name) = self.open.pop() else { return };
        self.text.push_str(&format!(">{}</{name}>", escaped(text)));
        self.fresh = false;
    }

    /// An element with a text.
    pub(crate) fn leaf(&mut self, name: impl Into<Cow<'static, str>>, text: &str) {
        self.open(name);
        self.close_with(text);
    }

    /// The document.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.push('\n');
        self.text
    }

    fn end_start(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.text.push('>');
        }
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// A text as content of an element or attribute. What XML cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

/// Writes what comes as the content of the innermost element, and ends it.
struct Transcript<'w>(&'w mut Writer);

impl<'de> DeserializeSeed<'de> for Transcript<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcript<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.close_with(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.close_with(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.close_with(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(E::custom("a record has exact numbers only"))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.close_with(value);
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Err(E::custom("null stands only where a member may be left out"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let item = Member(self.0, ITEM.into());
            if items.next_element_seed(item)?.is_none() {
                break;
            }
        }
        self.0.close();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if !is_name(&name) {
                return Err(A::Error::custom("a member whose name is no name of an element"));
            }
            members.next_value_seed(Member(self.0, name.into()))?;
        }
        self.0.close();
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value that is written as an element of this name, or not at all where it is null.
struct Member<'w>(&'w mut Writer, Cow<'static, str>);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.open(self.1);
        Transcript(self.0).deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_becomes_xml_in_its_order() {
        let json = r#"{"b":"<&\u0001>","a":null,"list":["x",{"n":1,"yes":true}],"none":[]}"#;
        let mut writer = Writer::new("root");
        writer.attribute("xmlns", "urn:x");
        let mut reader = serde_json::Deserializer::from_str(json);
        Transcript(&mut writer)
            .deserialize(&mut reader)
            .expect("a document");
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root xmlns=\"urn:x\">\n  <b>&lt;&amp;\u{fffd}&gt;</b>\n  \
            <list>\n    <item>x</item>\n    <item>\n      <n>1</n>\n      <yes>true</yes>\n    </item>\n  </list>\n  \
            <none/>\n</root>\n";
        assert_eq!(writer.finish(), expected);
    }
}
