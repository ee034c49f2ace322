//! The records of an XML file of any vocabulary, in bounded memory and with their lines.
//!
//! Below the root, and below elements that only group others, each element is a record; so is the root, with nothing
//! but its attributes. Names are local names: whatever its prefix and namespace, an element is what it is called. White
//! space around and within texts is collapsed, since real files pad ids with it.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::convert::DateFormat;
use super::layout::{Head, XmlLayout};
use super::record::{Item, Records, Wanted};
use super::tree::{Tree, TreeRows};
use crate::options::Limits;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;
use crate::xml::events::{At, Events, Flow, Receiver};

/// Bytes that all attributes of one element may have.
const ATTRIBUTE_BYTES: usize = 8 << 10;

/// An XML file.
pub(crate) struct XmlRows<'s, 'r> {
    events: Events<'s, 'r>,
    reader: Reader<'s>,
}

impl<'s, 'r> XmlRows<'s, 'r> {
    /// What the profile calls a kind of record is the name of its element and, if a record has several rows, the path of
    /// those in it: `Child.Move`.
    pub(crate) fn open(
        layout: &'s XmlLayout,
        wanted: &[Wanted<'s>],
        source: &'s mut Source<'r>,
        limits: Limits,
    ) -> Result<Self, Refusal> {
        let split = |record: &'s str| record.split_once('.').unwrap_or((record, ""));
        Ok(Self {
            reader: Reader {
                layout,
                limits,
                rows: TreeRows::new(wanted, &layout.descriptors, split)?,
                levels: Vec::new(),
                names: String::new(),
                texts: Vec::new(),
                record_start: 0,
                started: false,
                ended: false,
                only_root: false,
                at_end: false,
            },
            events: Events::new(source)?,
        })
    }
}

impl Records for XmlRows<'_, '_> {
    fn columns(&self, kind: usize) -> Vec<&str> {
        self.reader.rows.columns(kind)
    }

    fn next(&mut self) -> Result<Option<Item<'_>>, Refusal> {
        while self.reader.rows.is_empty() && !self.reader.at_end {
            self.events.run(&mut self.reader)?;
        }
        Ok(self.reader.rows.next())
    }
}

/// What the root element says of the file.
pub(crate) fn head(layout: &XmlLayout, source: &mut Source<'_>) -> Result<Head, Refusal> {
    let Some(header) = &layout.header else {
        return Ok(Head::default());
    };
    let mut xml = XmlRows::open(layout, &[], source, Limits::default())?;
    xml.reader.only_root = true;
    xml.events.run(&mut xml.reader)?;
    let root = &xml.reader.rows.tree;
    let said = |name: &Option<String>| {
        let name = name.as_deref()?;
        let attribute = root.children(Tree::ROOT).find(|node| root.name(*node) == name);
        Some(attribute.map_or("", |node| root.value(node)))
    };
    Head::read(
        "root element",
        said(&header.state),
        said(&header.kind).map(|kind| (kind, header.full.as_str(), header.delta.as_str())),
        said(&header.date).zip(header.date_format.as_ref()),
    )
}

/// What is wrong with a layout.
pub(crate) fn problem(layout: &XmlLayout) -> Option<String> {
    let header = layout.header.as_ref()?;
    if header.kind.is_some() && (header.full.is_empty() || header.delta.is_empty()) {
        return Some("the header names an attribute of the kind, but not what means full and delta".into());
    }
    if header.date.is_some() != header.date_format.as_ref().is_some_and(DateFormat::has_day) {
        return Some("the header names the date and its date_format, with a day, together".into());
    }
    None
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The root, or an element that groups records.
    Group,
    /// A record that is wanted, or an element in one.
    Record,
    /// A record that is not wanted, or an element in one.
    PassedOver,
}

struct Reader<'s> {
    layout: &'s XmlLayout,
    limits: Limits,
    rows: TreeRows<'s>,
    /// Each open element, and where its name starts.
    levels: Vec<(Level, usize)>,
    names: String,
    /// The text of each open element of the record, outermost first; the rest are buffers to be used again.
    texts: Vec<String>,
    record_start: u64,
    /// There was a root element.
    started: bool,
    /// The root element is closed.
    ended: bool,
    /// Stop at the root element.
    only_root: bool,
    /// The file has been read.
    at_end: bool,
}

impl Reader<'_> {
    fn open(&mut self, start: &BytesStart<'_>, at: &mut At<'_>) -> Result<(), Refusal> {
        if self.levels.len() >= self.limits.depth {
            let message = format!("Elements are nested more than {} deep.", self.limits.depth);
            return Err(Refusal::new(RefusalCode::TooDeep, message));
        }
        // The search for one attribute compares each with all before it.
        if start.attributes_raw().len() > ATTRIBUTE_BYTES {
            return Err(Refusal::new(
                RefusalCode::TooManyAttributes,
                format!("The attributes of an element are longer than {ATTRIBUTE_BYTES} bytes."),
            ));
        }
        let local_name = start.local_name();
        let name = local_name.as_ref();
        let level = match self.levels.last() {
            None => {
                self.root(name, start, at)?;
                Level::Group
            }
            Some((Level::Group, _)) if self.layout.groups.iter().any(|g| g == name) => Level::Group,
            Some((Level::Group, _)) if self.rows.kind_in(name).is_some() => {
                self.rows.tree.clear();
                self.record_start = at.byte();
                self.node(name, start, at)?;
                Level::Record
            }
            Some((Level::Group, _)) => {
                self.rows.pass_over(name, at.line());
                Level::PassedOver
            }
            Some((Level::Record, _)) => {
                self.check_size(at)?;
                self.node(name, start, at)?;
                Level::Record
            }
            Some((Level::PassedOver, _)) => Level::PassedOver,
        };
        self.levels.push((level, self.names.len()));
        self.names.push_str(start.name().0);
        Ok(())
    }

    fn root(&mut self, name: &str, start: &BytesStart<'_>, at: &mut At<'_>) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.started, true) {
            return Err(not_well_formed("The file has two root elements."));
        }
        if let Some(other) = self.layout.root.as_deref().filter(|root| *root != name) {
            let message = format!("The root element is {}, not {other}.", shortened(name));
            return Err(Refusal::new(RefusalCode::WrongRoot, message));
        }
        self.rows.tree.clear();
        self.node(name, start, at)?;
        self.rows.tree.close();
        if self.rows.kind_in(name).is_some() {
            self.rows.take_apart(name);
        }
        Ok(())
    }

    /// Opens an element of the record, with its attributes below it.
    fn node(&mut self, name: &str, start: &BytesStart<'_>, at: &mut At<'_>) -> Result<(), Refusal> {
        let line = at.line();
        self.rows.tree.open(name, line);
        let depth = self.rows.tree.depth();
        if self.texts.len() < depth {
            self.texts.push(String::new());
        }
        self.texts[depth - 1].clear();
        if start.attributes_raw().is_empty() {
            return Ok(());
        }
        for (index, attribute) in start.attributes().enumerate() {
            let bad = |error: &dyn std::fmt::Display| not_well_formed(&format!("Bad attribute: {error}."));
            let attribute = attribute.map_err(|e| bad(&e))?;
            if index >= self.limits.attributes {
                let message = format!("An element has more than {} attributes.", self.limits.attributes);
                return Err(Refusal::new(RefusalCode::TooManyAttributes, message));
            }
            let (name, prefix) = attribute.key.decompose();
            // Namespaces, schema locations and xml:lang say nothing of the record.
            if attribute.key.0 == "xmlns" || prefix.is_some() {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|e| bad(&e))?;
            self.rows.tree.leaf(name.as_ref(), &collapsed(&value), line);
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Refusal> {
        let open = self
            .levels
            .pop()
            .filter(|(_, start)| self.names[*start..] == *name);
        let Some((level, start)) = open else {
            let message = format!("The end tag {} does not fit the open element.", shortened(name));
            return Err(not_well_formed(&message));
        };
        self.names.truncate(start);
        match level {
            Level::Record => {
                let text = &self.texts[self.rows.tree.depth() - 1];
                if !text.is_empty() {
                    self.rows.tree.set_value(&collapsed(text));
                }
                if self.rows.tree.close() {
                    self.rows.take_apart(name.rsplit(':').next().unwrap_or(name));
                }
            }
            Level::Group => self.ended |= self.levels.is_empty(),
            Level::PassedOver => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str, at: &At<'_>) -> Result<(), Refusal> {
        match self.levels.last() {
            Some((Level::Record, _)) => {
                self.check_size(at)?;
                let limit = self.limits.text_bytes;
                let held = &mut self.texts[self.rows.tree.depth() - 1];
                if held.len() + text.len() > limit {
                    let message = format!("A text is longer than {limit} bytes.");
                    return Err(Refusal::new(RefusalCode::TextTooLong, message));
                }
                if !(held.is_empty() && text.bytes().all(|b| b.is_ascii_whitespace())) {
                    held.push_str(text);
                }
                Ok(())
            }
            Some((Level::PassedOver, _)) => Ok(()),
            _ if text.bytes().all(|b| b.is_ascii_whitespace()) => Ok(()),
            Some((Level::Group, _)) => Err(Refusal::new(
                RefusalCode::WrongLayout,
                "There is text between the records.",
            )),
            None => Err(not_well_formed("There is text outside the root element.")),
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: &At<'_>) -> Result<(), Refusal> {
        if reference.is_char_ref() {
            match reference.resolve_char_ref() {
                Ok(Some(c)) if !c.is_control() || matches!(c, '\t' | '\n' | '\r') => {
                    self.characters(c.encode_utf8(&mut [0; 4]), at)
                }
                _ => Err(not_well_formed(&format!(
                    "&{}; is not a character.",
                    shortened(reference)
                ))),
            }
        } else if let Some(text) = resolve_predefined_entity(reference) {
            self.characters(text, at)
        } else {
            Err(Refusal::new(
                RefusalCode::Entity,
                format!("The entity &{}; is not predefined.", shortened(reference)),
            ))
        }
    }

    fn check_size(&self, at: &At<'_>) -> Result<(), Refusal> {
        let limit = self.limits.record_bytes;
        if at.byte() - self.record_start > limit {
            let message = format!("A record is larger than {limit} bytes.");
            return Err(Refusal::new(RefusalCode::RecordTooLarge, message));
        }
        Ok(())
    }
}

impl Receiver for Reader<'_> {
    fn event(&mut self, event: &Event<'_>, at: &mut At<'_>) -> Result<Flow, Refusal> {
        match event {
            Event::Start(start) => self.open(start, at)?,
            Event::Empty(start) => {
                self.open(start, at)?;
                self.close(start.name().0)?;
            }
            Event::End(end) => self.close(end.name().0)?,
            Event::Text(text) => self.characters(text, at)?,
            Event::CData(text) => self.characters(text, at)?,
            Event::GeneralRef(reference) => self.reference(reference, at)?,
            Event::Decl(decl) => crate::xml::check_encoding(decl)?,
            Event::DocType(_) => return Err(Refusal::new(RefusalCode::Doctype, "The file has a DOCTYPE.")),
            Event::Eof if !self.ended => {
                return Err(Refusal::new(
                    RefusalCode::Truncated,
                    "The file ends before its root element does.",
                ));
            }
            // A style sheet or an editor's mark says nothing of the records.
            Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => self.at_end = true,
        }
        let stop = !self.rows.is_empty() || (self.only_root && self.started);
        Ok(if stop { Flow::Stop } else { Flow::Continue })
    }

    fn simple_elements(&mut self, _: &[u8], _: &mut At<'_>) -> Result<usize, Refusal> {
        Ok(0)
    }
}

fn not_well_formed(message: &str) -> Refusal {
    Refusal::new(RefusalCode::NotWellFormed, message)
}

/// Without white space around it and with one space for each run of it.
fn collapsed(text: &str) -> Cow<'_, str> {
    let plain = text.trim_ascii();
    let white = |b: u8| b.is_ascii_whitespace();
    let single = plain
        .bytes()
        .zip(plain.bytes().skip(1))
        .all(|(a, b)| (!white(a) || a == b' ') && !(white(a) && white(b)));
    if single {
        plain.into()
    } else {
        plain
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .into()
    }
}

/// At most 60 characters of a text of the sender.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::super::layout::HeaderAttributes;
    use super::*;
    use crate::header::BatchKind;

    fn layout() -> XmlLayout {
        XmlLayout {
            root: Some("Extract".into()),
            groups: vec!["Children".into()],
            descriptors: vec!["uri://ed-fi.org".into()],
            header: None,
        }
    }

    fn read(text: &str, limits: Limits) -> Result<Vec<String>, RefusalCode> {
        let mut bytes = text.as_bytes();
        let mut source = Source::new(&mut bytes, 1 << 20);
        let wanted = [
            ("Child", vec!["Id", "Name.First", "Note", "Sex"]),
            ("Child.Move", vec!["Id", "Move.Qad"]),
        ]
        .map(|(record, columns)| Wanted {
            record,
            columns,
            left_out: vec!["Note"],
        });
        let layout = layout();
        let mut rows = XmlRows::open(&layout, &wanted, &mut source, limits).map_err(|r| r.code)?;
        let mut seen = Vec::new();
        while let Some(item) = rows.next().map_err(|refusal| refusal.code)? {
            seen.push(match item {
                Item::Record { kind, line, values } => format!("{line}: {kind} {}", values.join("|")),
                Item::Unknown { kind, name, line } => format!("{line}: {kind:?} {name}"),
                Item::Broken { .. } => unreachable!("an XML file is whole or refused"),
            });
        }
        Ok(seen)
    }

    #[test]
    fn records_have_attributes_elements_and_texts_alike() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<?xml-stylesheet href='a'?>\n<!-- x -->\n\
            <e:Extract xmlns:e=\"urn:e\" State=\"TX\" xsi:schemaLocation=\"a b\">\n <Children>\n\
            <Child Id=\" 7 \"><Name First=\"Jos&#233; &amp; Ana\"/><Sex>uri://ed-fi.org/SexDescriptor#Male</Sex>\n\
            <e:Note> a &lt;\n b<![CDATA[ & c ]]></e:Note><Blank/><e:Move\n Qad=\"1\"/><Move><Qad>2 </Qad></Move>\n\
            <Sex>uri://other/SexDescriptor#X</Sex></Child>\n\
            <Secret Ssn=\"1\"><Child/></Secret>\n <Child><Name First=\" Ana\n Lu \" Last=\"B\"/></Child></Children></e:Extract>\n";
        assert_eq!(
            read(text, Limits::default()).unwrap(),
            [
                "6: 0 7|José & Ana|-|Male",
                "8: 1 7|1",
                "9: 1 7|2",
                "10: Some(0) more than one Sex",
                "11: None Secret",
                "12: 0 |Ana Lu||",
                "12: Some(0) Name.Last",
            ]
        );
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let small = Limits {
            record_bytes: 100,
            text_bytes: 50,
            depth: 4,
            attributes: 2,
            ..Limits::default()
        };
        let long = "x".repeat(60);
        let wide = format!("<Extract><Child>{}</Child></Extract>", "<a/>".repeat(40));
        for (text, code) in [
            ("<Other/>", RefusalCode::WrongRoot),
            ("<Extract><Child></Extract>", RefusalCode::NotWellFormed),
            ("<Extract><Child>", RefusalCode::Truncated),
            ("<Extract><Child Id=\"1", RefusalCode::Truncated),
            ("<Extract/><Extract/>", RefusalCode::NotWellFormed),
            ("<Extract>text</Extract>", RefusalCode::WrongLayout),
            (
                "<!DOCTYPE Extract [<!ENTITY a \"b\">]><Extract/>",
                RefusalCode::Doctype,
            ),
            ("<Extract><Child>&a;</Child></Extract>", RefusalCode::Entity),
            (
                "<Extract><Child A=\"&a;\"/></Extract>",
                RefusalCode::NotWellFormed,
            ),
            (
                "<Extract><Child A=\"1\" A=\"2\"/></Extract>",
                RefusalCode::NotWellFormed,
            ),
            (
                "<Extract><Child A=\"1\" B=\"2\" C=\"3\"/></Extract>",
                RefusalCode::TooManyAttributes,
            ),
            (
                "<Extract><Child><a><b><c/></b></a></Child></Extract>",
                RefusalCode::TooDeep,
            ),
            (
                &format!("<Extract><Child>{long}</Child></Extract>"),
                RefusalCode::TextTooLong,
            ),
            (&wide, RefusalCode::RecordTooLarge),
            ("id|name", RefusalCode::UnknownFormat),
            ("", RefusalCode::Truncated),
        ] {
            assert_eq!(read(text, small), Err(code), "{text}");
        }
    }

    #[test]
    fn the_root_says_what_the_file_is() {
        let format = |text: &str| DateFormat::try_from(text.to_owned()).unwrap();
        let mut layout = layout();
        layout.header = Some(HeaderAttributes {
            state: Some("State".into()),
            kind: Some("Kind".into()),
            full: "FULL".into(),
            delta: "CHANGES".into(),
            date: Some("Created".into()),
            date_format: Some(format("YYYY-MM-DD")),
        });
        assert_eq!(problem(&layout), None);
        let head_of = |text: &str| {
            let mut bytes = text.as_bytes();
            head(&layout, &mut Source::new(&mut bytes, 1 << 20))
        };
        let said = head_of("<Extract State='TX' Created='2026-04-01' Kind='CHANGES'><Child").unwrap();
        assert_eq!(
            (said.state.as_deref(), said.kind),
            (Some("TX"), Some(BatchKind::Delta))
        );
        assert_eq!(said.as_of.unwrap().to_rfc3339(), "2026-04-01T00:00:00+00:00");
        for bad in [
            "<Extract State='TX' Created='2026-04-01' Kind='PART'/>",
            "<Extract State='TX' Created='04/01/2026' Kind='FULL'/>",
            "<Extract State='TX' Kind='FULL'/>",
        ] {
            assert_eq!(head_of(bad).unwrap_err().code, RefusalCode::Header, "{bad}");
        }
    }
}
