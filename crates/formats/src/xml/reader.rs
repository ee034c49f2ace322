//! Native XML to students: one pass, one state per open element.

use mde::{Action, CodeSet, Finding, FindingCode, PartKind, ValueContext};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use super::events::{At, Flow, Receiver, each_event};
use super::header::{HEADER, HeaderTexts, read_header};
use super::levels::{Level, Levels};
use super::simple::{SimpleElement, field_of_xml};
use crate::NAMESPACE;
use crate::assembly::Assembly;
use crate::drafts::child_of_xml;
use crate::header::Header;
use crate::options::Options;
use crate::outcome::{Counts, Handler};
use crate::place::{Place, Sent};
use crate::refusal::{Refusal, RefusalCode};
use crate::source::Source;

/// Bytes that all attributes of one element may have.
const ATTRIBUTE_BYTES: usize = 8 << 10;

/// Reads a whole file.
pub(crate) fn read(
    source: &mut Source<'_>,
    options: &Options<'_>,
    handler: &mut dyn Handler,
) -> Result<(Header, Counts), Refusal> {
    let mut reader = Reader::new(options, Some(handler));
    each_event(source, &mut reader)?;
    match reader.assembly {
        Some(assembly) => assembly.finish(),
        None => Err(Refusal::new(RefusalCode::Header, "The file has no header.")),
    }
}

/// Reads as far as the header.
pub(crate) fn sniff(source: &mut Source<'_>, options: &Options<'_>) -> Result<Header, Refusal> {
    let mut reader = Reader::new(options, None);
    each_event(source, &mut reader)?;
    reader
        .header
        .ok_or_else(|| Refusal::new(RefusalCode::Header, "The file has no header."))
}

struct Reader<'a, 'h> {
    options: &'a Options<'a>,
    /// Until the header is read; without one, reading stops after the header.
    handler: Option<&'h mut dyn Handler>,
    assembly: Option<Assembly<'h>>,
    header: Option<Header>,
    header_texts: HeaderTexts,
    code_set: CodeSet,
    levels: Levels,
    text: String,
    /// The text has elements in it, so that it is no value.
    mixed: bool,
    /// Where the next data element of the part is expected: a sender mostly keeps the order.
    expected: usize,
    /// Byte at which the current student or facility starts.
    record_start: u64,
    /// There was an event.
    begun: bool,
    /// There was a root element.
    started: bool,
    ended: bool,
}

impl<'a, 'h> Reader<'a, 'h> {
    fn new(options: &'a Options<'a>, handler: Option<&'h mut dyn Handler>) -> Self {
        Self {
            options,
            handler,
            assembly: None,
            header: None,
            header_texts: Default::default(),
            code_set: CodeSet::default(),
            levels: Levels::default(),
            text: String::new(),
            mixed: false,
            expected: 0,
            record_start: 0,
            begun: false,
            started: false,
            ended: false,
        }
    }

    fn open(&mut self, start: &BytesStart<'_>, at: &mut At<'_>) -> Result<(), Refusal> {
        let name = start.name().0;
        let limits = &self.options.limits;
        if self.levels.depth() >= limits.depth {
            return Err(Refusal::new(
                RefusalCode::TooDeep,
                format!("Elements are nested more than {} deep.", limits.depth),
            ));
        }
        // The search for one attribute compares each with all before it.
        if start.attributes_raw().len() > ATTRIBUTE_BYTES {
            return Err(Refusal::new(
                RefusalCode::TooManyAttributes,
                format!("The attributes of an element are longer than {ATTRIBUTE_BYTES} bytes."),
            ));
        }
        let level = match self.levels.top() {
            None => self.root(start)?,
            Some(Level::Root) => match name {
                "Header" if self.header.is_none() => Level::Header,
                "Header" => {
                    return Err(Refusal::new(RefusalCode::Header, "The file has two headers."));
                }
                "Facilities" | "Students" if self.header.is_none() => {
                    return Err(Refusal::new(
                        RefusalCode::Header,
                        "The header does not come first.",
                    ));
                }
                "Facilities" => Level::Facilities,
                "Students" => Level::Students,
                _ => self.unknown(None, name, at)?,
            },
            Some(Level::Header) => match HEADER.iter().position(|h| *h == name) {
                Some(index) if self.header_texts[index].is_some() => {
                    return Err(Refusal::new(
                        RefusalCode::Header,
                        format!("The header has two {name}."),
                    ));
                }
                Some(index) => {
                    self.text.clear();
                    Level::HeaderField(index)
                }
                None => self.unknown(None, name, at)?,
            },
            Some(Level::Facilities) if name == "Facility" => {
                self.record_start = at.byte();
                self.begin(PartKind::Facility, at)?
            }
            Some(Level::Students) if name == "Student" => {
                self.record_start = at.byte();
                self.student(start, at)?
            }
            Some(Level::Part(part)) => self.in_part(part, name, at)?,
            Some(Level::Field(..) | Level::HeaderField(_)) => {
                self.mixed = true;
                self.unknown(None, name, at)?
            }
            Some(Level::Unknown) => Level::Unknown,
            Some(Level::Facilities | Level::Students) => self.unknown(None, name, at)?,
        };
        if !start.attributes_raw().is_empty() {
            self.attributes(start, level, at)?;
        }
        self.levels.push(level, name);
        Ok(())
    }

    fn root(&mut self, start: &BytesStart<'_>) -> Result<Level, Refusal> {
        let wrong = |message: String| Err(Refusal::new(RefusalCode::WrongRoot, message));
        if self.started {
            return Err(Refusal::new(
                RefusalCode::NotWellFormed,
                "The file has two root elements.",
            ));
        }
        self.started = true;
        let name = start.name().0;
        if name != "MariposaUpload" {
            return wrong(format!("The root element is {}.", shortened(name)));
        }
        let value = |name: &str| match start.try_get_attribute(name) {
            Ok(found) => Ok(found.map(|a| a.value.into_owned())),
            Err(error) => Err(Refusal::new(
                RefusalCode::NotWellFormed,
                format!("Bad attribute: {error}."),
            )),
        };
        match value("xmlns")? {
            Some(namespace) if namespace == NAMESPACE => {}
            Some(other) => {
                return wrong(format!(
                    "The namespace is {}, not {NAMESPACE}.",
                    shortened(&other)
                ));
            }
            None => {
                return wrong(format!(
                    "The root element has no namespace; it should be {NAMESPACE}."
                ));
            }
        }
        match value("codeSet")? {
            Some(set) => match CodeSet::named(&set) {
                Some(set) => self.code_set = set,
                None => return wrong(format!("The code set {} is not known.", shortened(&set))),
            },
            None => return wrong("The root element does not name its codeSet.".into()),
        }
        Ok(Level::Root)
    }

    fn student(&mut self, start: &BytesStart<'_>, at: &mut At<'_>) -> Result<Level, Refusal> {
        let action = match start.try_get_attribute("action") {
            Ok(found) => found.map(|a| a.value.into_owned()),
            Err(error) => {
                return Err(Refusal::new(
                    RefusalCode::NotWellFormed,
                    format!("Bad attribute: {error}."),
                ));
            }
        };
        let known = match action.as_deref() {
            Some("insert") => Action::Insert,
            Some("update") => Action::Update,
            Some("delete") => Action::Delete,
            _ => {
                let finding = match &action {
                    Some(other) => Finding::new(
                        FindingCode::Invalid,
                        "The action is not insert, update or delete; the student was left out.",
                    )
                    .received(other),
                    None => Finding::new(
                        FindingCode::Missing,
                        "The student has no action; it was left out.",
                    ),
                };
                let place = place(PartKind::Student, at);
                let finding = finding
                    .of_part(PartKind::Student)
                    .with_fix("Write <Student action=\"insert\">, \"update\" or \"delete\".");
                let assembly = self.assembly()?;
                assembly.arrive(place.source, 1);
                assembly.refuse_row(finding, place)?;
                return Ok(Level::Unknown);
            }
        };
        let place = place(PartKind::Student, at);
        self.expected = 0;
        let assembly = self.assembly()?;
        assembly.arrive(place.source, 1);
        assembly.begin_student(known, place);
        Ok(Level::Part(PartKind::Student))
    }

    fn begin(&mut self, part: PartKind, at: &mut At<'_>) -> Result<Level, Refusal> {
        let place = place(part, at);
        self.expected = 0;
        let assembly = self.assembly()?;
        assembly.arrive(place.source, 1);
        assembly.begin_row(part, place);
        Ok(Level::Part(part))
    }

    fn in_part(&mut self, part: PartKind, name: &str, at: &mut At<'_>) -> Result<Level, Refusal> {
        self.check_size(at)?;
        if let Some(index) = field_of_xml(part.fields(), name, self.expected) {
            self.expected = index + 1;
            self.text.clear();
            self.mixed = false;
            return Ok(Level::Field(part, index));
        }
        match child_of_xml(name) {
            Some(child) if part == PartKind::Student => self.begin(child, at),
            _ => self.unknown(Some(part), name, at),
        }
    }

    fn check_size(&self, at: &At<'_>) -> Result<(), Refusal> {
        let limit = self.options.limits.record_bytes;
        if at.byte() - self.record_start > limit {
            return Err(Refusal::new(
                RefusalCode::RecordTooLarge,
                format!("A record is larger than {limit} bytes."),
            ));
        }
        Ok(())
    }

    fn unknown(&mut self, part: Option<PartKind>, name: &str, at: &mut At<'_>) -> Result<Level, Refusal> {
        if let Some(assembly) = &mut self.assembly {
            let place = place(part.unwrap_or(PartKind::Student), at);
            assembly.unknown(part, name, place)?;
        }
        Ok(Level::Unknown)
    }

    fn assembly(&mut self) -> Result<&mut Assembly<'h>, Refusal> {
        self.assembly
            .as_mut()
            .ok_or_else(|| Refusal::new(RefusalCode::Header, "The header does not come first."))
    }

    /// Attributes beyond those that an element was opened with: names of other namespaces may be declared on the root,
    /// nothing else means anything here.
    fn attributes(&mut self, start: &BytesStart<'_>, level: Level, at: &mut At<'_>) -> Result<(), Refusal> {
        for (index, attribute) in start.attributes().enumerate() {
            let attribute = attribute
                .map_err(|e| Refusal::new(RefusalCode::NotWellFormed, format!("Bad attribute: {e}.")))?;
            if index >= self.options.limits.attributes {
                return Err(Refusal::new(
                    RefusalCode::TooManyAttributes,
                    format!(
                        "An element has more than {} attributes.",
                        self.options.limits.attributes
                    ),
                ));
            }
            match (level, attribute.key.0) {
                (Level::Root, "xmlns" | "codeSet") | (Level::Part(PartKind::Student), "action") => {}
                (_, "codeSet") => {
                    return Err(Refusal::new(
                        RefusalCode::MixedCodeSets,
                        "An element names a code set of its own.",
                    ));
                }
                (_, "xmlns") => {
                    return Err(Refusal::new(
                        RefusalCode::WrongRoot,
                        "An element has a namespace of its own.",
                    ));
                }
                (Level::Unknown, _) => {}
                (_, name) if name.starts_with("xmlns:") || name.starts_with("xsi:") => {}
                (_, name) => {
                    let name = format!("@{name}");
                    self.unknown(None, &name, at)?;
                }
            }
        }
        Ok(())
    }

    fn characters(&mut self, text: &str, at: &mut At<'_>) -> Result<(), Refusal> {
        match self.levels.top() {
            Some(Level::Field(..) | Level::HeaderField(_)) => {
                let limit = self.options.limits.text_bytes;
                if self.text.len() + text.len() > limit {
                    return Err(Refusal::new(
                        RefusalCode::TextTooLong,
                        format!("A text is longer than {limit} bytes."),
                    ));
                }
                if text.starts_with('\u{feff}') {
                    return Err(stray_bom());
                }
                self.text.push_str(text);
            }
            Some(Level::Unknown) => {}
            top => {
                if !text.bytes().all(|b| b.is_ascii_whitespace()) {
                    if text.starts_with('\u{feff}') {
                        return Err(stray_bom());
                    }
                    if top.is_none() {
                        return Err(Refusal::new(
                            RefusalCode::NotWellFormed,
                            "There is text outside of the root element.",
                        ));
                    }
                    self.unknown(None, "text between elements", at)?;
                }
            }
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: &mut At<'_>) -> Result<(), Refusal> {
        if reference.is_char_ref() {
            match reference.resolve_char_ref() {
                Ok(Some(c)) if !c.is_control() || matches!(c, '\t' | '\n' | '\r') => {
                    self.characters(c.encode_utf8(&mut [0; 4]), at)
                }
                _ => Err(Refusal::new(
                    RefusalCode::NotWellFormed,
                    format!("&{}; is not a character.", shortened(reference)),
                )),
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

    fn close(&mut self, name: &str, at: &mut At<'_>) -> Result<Flow, Refusal> {
        let Some(level) = self.levels.pop(name) else {
            return Err(Refusal::new(
                RefusalCode::NotWellFormed,
                format!("The end tag {} does not fit the open element.", shortened(name)),
            ));
        };
        match level {
            Level::Field(part, field) => {
                let text = std::mem::take(&mut self.text);
                self.end_field(part, field, &text, self.mixed, at)?;
                self.text = text;
            }
            Level::HeaderField(index) => self.header_texts[index] = Some(self.text.trim().to_owned()),
            Level::Part(PartKind::Student) => self.assembly()?.end_student()?,
            Level::Part(PartKind::Facility) => self.assembly()?.end_facility(false)?,
            Level::Part(part) => {
                self.assembly()?.end_child(part, false);
                self.expected = 0;
            }
            Level::Header => return self.end_header(),
            Level::Root => self.ended = true,
            Level::Facilities | Level::Students | Level::Unknown => {}
        }
        Ok(Flow::Continue)
    }

    fn end_field(
        &mut self,
        part: PartKind,
        field: usize,
        text: &str,
        mixed: bool,
        at: &mut At<'_>,
    ) -> Result<(), Refusal> {
        let context = ValueContext {
            code_set: self.code_set,
            raw: None,
        };
        let sent = Sent {
            part,
            field,
            label: part.fields()[field].xml,
            text: text.trim(),
        };
        let assembly = self
            .assembly
            .as_mut()
            .ok_or_else(|| Refusal::new(RefusalCode::Header, "The header does not come first."))?;
        if mixed {
            let place = place(part, at);
            let fix = "Write the value as plain text.";
            assembly.refuse_value(
                sent,
                FindingCode::Invalid,
                "holds elements where a text is expected",
                fix,
                place,
            );
        } else {
            assembly.set(sent, context, || place(part, at));
        }
        Ok(())
    }

    fn end_header(&mut self) -> Result<Flow, Refusal> {
        let header = read_header(&self.header_texts, self.code_set, self.options)?;
        self.header = Some(header.clone());
        match self.handler.take() {
            None => Ok(Flow::Stop),
            Some(handler) => {
                let mut assembly = Assembly::start(header, self.options.limits, handler)?;
                for part in PartKind::ALL {
                    assembly.source(None, part.name());
                }
                self.assembly = Some(assembly);
                Ok(Flow::Continue)
            }
        }
    }
}

impl Receiver for Reader<'_, '_> {
    fn event(&mut self, event: &Event<'_>, at: &mut At<'_>) -> Result<Flow, Refusal> {
        let first = !std::mem::replace(&mut self.begun, true);
        match event {
            Event::Text(text) => self.characters(text, at)?,
            Event::Start(start) => self.open(start, at)?,
            Event::End(end) => return self.close(end.name().0, at),
            Event::Empty(start) => {
                self.open(start, at)?;
                return self.close(start.name().0, at);
            }
            Event::GeneralRef(reference) => self.reference(reference, at)?,
            Event::CData(text) => self.characters(text, at)?,
            Event::Decl(decl) => {
                if !first {
                    return Err(Refusal::new(
                        RefusalCode::NotWellFormed,
                        "The XML declaration is not at the start of the file.",
                    ));
                }
                check_encoding(decl)?;
            }
            Event::PI(_) => {
                return Err(Refusal::new(
                    RefusalCode::ProcessingInstruction,
                    "The file has a processing instruction.",
                ));
            }
            Event::DocType(_) => return Err(Refusal::new(RefusalCode::Doctype, "The file has a DOCTYPE.")),
            Event::Eof if !self.ended => {
                return Err(Refusal::new(
                    RefusalCode::Truncated,
                    "The file ends before the end of the upload.",
                ));
            }
            Event::Comment(_) | Event::Eof => {}
        }
        Ok(Flow::Continue)
    }

    fn simple_elements(&mut self, rest: &[u8], at: &mut At<'_>) -> Result<usize, Refusal> {
        let Some(Level::Part(part)) = self.levels.top() else {
            return Ok(0);
        };
        let fields = part.fields();
        let mut taken = 0;
        while let Some(element) = SimpleElement::first(&rest[taken..], fields, self.expected) {
            if element.text.len() > self.options.limits.text_bytes {
                break;
            }
            self.check_size(at)?;
            self.expected = element.field + 1;
            at.advance(element.indent);
            self.end_field(part, element.field, element.text, false, at)?;
            at.advance(element.length - element.indent);
            taken += element.length;
        }
        Ok(taken)
    }
}

/// Rows are counted under their part.
fn place(part: PartKind, at: &mut At<'_>) -> Place {
    Place {
        source: part as u16,
        line: at.line(),
    }
}

/// Refuses a declared encoding that is not UTF-8.
pub(crate) fn check_encoding(decl: &BytesDecl<'_>) -> Result<(), Refusal> {
    let encoding = match decl.encoding() {
        None => return Ok(()),
        Some(Ok(encoding)) => encoding,
        Some(Err(error)) => {
            return Err(Refusal::new(
                RefusalCode::NotWellFormed,
                format!("Bad XML declaration: {error}."),
            ));
        }
    };
    if ["utf-8", "utf8", "us-ascii"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
    {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::WrongEncoding,
            format!("The file declares the encoding {}.", shortened(&encoding)),
        ))
    }
}

fn stray_bom() -> Refusal {
    Refusal::new(
        RefusalCode::NotWellFormed,
        "There is a byte order mark in the middle of the file.",
    )
}

/// At most 60 characters of a text of the sender.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
