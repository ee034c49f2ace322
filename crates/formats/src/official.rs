//! Official documents that one state sends another, such as a transcript: what a file is, told by its content. Nothing
//! of it is understood; it is handed on as it came.

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::refusal::{Refusal, RefusalCode};
use crate::xml::check_encoding;
use crate::xml::events::{forbidden, refusal_of, start_of_text};

/// Bytes of the largest document.
pub const MAX_BYTES: usize = 10 << 20;

/// The end of a PDF is looked for in so many last bytes, as readers do (PDF 1.7, appendix H, note 18).
const PDF_TAIL: usize = 1_024;

/// Nested elements that an XML document may have.
const DEPTH: usize = 200;

/// Namespaces of what a browser would run scripts of.
const PAGES: [&str; 2] = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"];

/// What an official document can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// A PDF.
    Pdf,
    /// Well-formed XML, such as a PESC High School Transcript.
    Xml,
}

impl MediaType {
    /// Its name in headers and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Xml => "application/xml",
        }
    }
}

/// What a document is, whatever its name says: a PDF that has its end, or well-formed XML in UTF-8 without a document type
/// declaration and with no entity but those of XML itself.
///
/// Refused are what is empty, larger than [`MAX_BYTES`], cut off, packed, or anything else.
pub fn examine(content: &[u8]) -> Result<MediaType, Refusal> {
    if content.len() > MAX_BYTES {
        return Err(refusal(
            RefusalCode::TooLarge,
            format!("The document is larger than {} MB.", MAX_BYTES >> 20),
            "Scan it with a lower resolution, or send it in black and white.",
        ));
    }
    match content {
        [] => Err(refusal(
            RefusalCode::Truncated,
            "The document is empty.",
            "Choose the file again; it may not have been saved.",
        )),
        [b'%', b'P', b'D', b'F', b'-', ..] => {
            let tail = &content[content.len().saturating_sub(PDF_TAIL)..];
            if memmem::find(tail, b"%%EOF").is_none() {
                return Err(refusal(
                    RefusalCode::Truncated,
                    "The PDF has no end: it was cut off.",
                    "Save or scan it again, and look whether it opens.",
                ));
            }
            Ok(MediaType::Pdf)
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] | [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(refusal(
            RefusalCode::UnknownFormat,
            "The document is packed, or is a file of a word processor.",
            "Unpack it, or save it as PDF, and send the PDF or XML itself.",
        )),
        _ => xml(content).map(|()| MediaType::Xml),
    }
}

fn refusal(code: RefusalCode, message: impl Into<String>, fix: &str) -> Refusal {
    Refusal {
        fix: fix.to_owned(),
        ..Refusal::new(code, message)
    }
}

/// Reads all events of an XML document.
fn xml(content: &[u8]) -> Result<(), Refusal> {
    let begin = start_of_text(content).map_err(|found| match found.code {
        RefusalCode::UnknownFormat => refusal(
            RefusalCode::UnknownFormat,
            "The document is neither a PDF nor XML.",
            "Send it as PDF, or as a PESC High School Transcript in XML.",
        ),
        _ => found,
    })?;
    let line_at =
        |byte: usize| 1 + memchr::memchr_iter(b'\n', &content[..byte.min(content.len())]).count() as u64;
    if let Some((position, refusal)) = forbidden(content, 0) {
        return Err(refusal.at_line(line_at(position)));
    }
    let text = std::str::from_utf8(&content[begin..]).map_err(|_| {
        Refusal::new(
            RefusalCode::WrongEncoding,
            "The file holds bytes that are not UTF-8.",
        )
    })?;
    let line = |byte: u64| line_at(begin + byte as usize);
    let mut reader = Reader::from_str(text);
    let mut state = Tree::default();
    loop {
        let start = reader.buffer_position();
        let event = reader.read_event();
        let at_end = reader.buffer_position() as usize == text.len();
        let went = match event {
            Ok(Event::Eof) => return state.end().map_err(|refusal| refusal.at_line(line(start))),
            Ok(event) => state.event(&event, start == 0),
            Err(error) => Err(refusal_of(&error, at_end)),
        };
        went.map_err(|refusal| refusal.at_line(line(start)))?;
    }
}

/// What is open of a document.
#[derive(Default)]
struct Tree {
    depth: usize,
    /// Whether the root has begun.
    begun: bool,
}

impl Tree {
    fn event(&mut self, event: &Event<'_>, first: bool) -> Result<(), Refusal> {
        match event {
            Event::Start(start) => {
                self.open(start)?;
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Refusal::new(
                        RefusalCode::TooDeep,
                        format!("Elements are nested more than {DEPTH} deep."),
                    ));
                }
            }
            Event::Empty(start) => self.open(start)?,
            // The reader has compared its name with what is open.
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Text(text) if self.depth == 0 && !text.trim_ascii().is_empty() => {
                return Err(not_well_formed("There is text outside of the root element."));
            }
            Event::CData(_) if self.depth == 0 => {
                return Err(not_well_formed("There is text outside of the root element."));
            }
            Event::GeneralRef(reference) => {
                if self.depth == 0 {
                    return Err(not_well_formed("There is text outside of the root element."));
                }
                check_reference(reference)?;
            }
            Event::Decl(_) if !first => {
                return Err(not_well_formed(
                    "The XML declaration is not at the start of the file.",
                ));
            }
            Event::Decl(decl) => check_encoding(decl)?,
            Event::DocType(_) => return Err(Refusal::new(RefusalCode::Doctype, "The file has a DOCTYPE.")),
            Event::PI(_) => {
                return Err(Refusal::new(
                    RefusalCode::ProcessingInstruction,
                    "The file has a processing instruction.",
                ));
            }
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        if self.depth == 0 && std::mem::replace(&mut self.begun, true) {
            return Err(not_well_formed("There is a second root element."));
        }
        for attribute in start.attributes() {
            let attribute =
                attribute.map_err(|_| not_well_formed("A tag has an attribute that cannot be read."))?;
            if attribute.value.contains('<') {
                return Err(not_well_formed("An attribute holds a <."));
            }
            for rest in attribute.value.split('&').skip(1) {
                let name = rest.split_once(';').map(|(name, _)| name);
                check_reference(
                    name.ok_or_else(|| {
                        not_well_formed("An & is not the start of a reference; write &amp;.")
                    })?,
                )?;
            }
            if PAGES.contains(&attribute.value.trim()) {
                return Err(refusal(
                    RefusalCode::UnknownFormat,
                    "The document is a web page or a drawing.",
                    "Send it as PDF, or as a PESC High School Transcript in XML.",
                ));
            }
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Refusal> {
        if self.begun && self.depth == 0 {
            Ok(())
        } else {
            Err(Refusal::new(
                RefusalCode::Truncated,
                "The file ends before its root element does.",
            ))
        }
    }
}

fn not_well_formed(message: &str) -> Refusal {
    Refusal::new(RefusalCode::NotWellFormed, message)
}

/// Refuses a reference, between `&` and `;`, to what XML does not predefine.
fn check_reference(name: &str) -> Result<(), Refusal> {
    let character = name.strip_prefix('#').map(|number| {
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        code.ok().and_then(char::from_u32)
    });
    match character {
        Some(Some(c)) if !c.is_control() || matches!(c, '\t' | '\n' | '\r') => Ok(()),
        Some(_) => Err(not_well_formed("A numeric reference is not a character.")),
        None if resolve_predefined_entity(name).is_some() => Ok(()),
        None => Err(Refusal::new(
            RefusalCode::Entity,
            "The file uses an entity that XML does not predefine.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_says() {
        assert_eq!(examine(b"%PDF-1.7\n1 0 obj\n%%EOF\n"), Ok(MediaType::Pdf));
        let transcript = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made --><hst:HighSchoolTranscript \
            xmlns:hst=\"urn:org:pesc:message:HighSchoolTranscript:v1.5.0\" a='&#241;&amp;'>\n<Name>Pe\u{f1}a &amp; \
            &#x4e2d;<![CDATA[<b>]]></Name><Empty/>\n</hst:HighSchoolTranscript>\n";
        assert_eq!(examine(transcript.as_bytes()), Ok(MediaType::Xml));
    }

    #[test]
    fn what_is_neither_is_refused_with_the_reason() {
        use RefusalCode::{
            Doctype, Entity, NotWellFormed, ProcessingInstruction, TooDeep, TooLarge, Truncated,
            UnknownFormat, WrongEncoding,
        };
        let deep = "<a>".repeat(300);
        let large = vec![b' '; MAX_BYTES + 1];
        let cases: &[(&[u8], RefusalCode)] = &[
            (b"", Truncated),
            (b" \n", Truncated),
            (&large, TooLarge),
            (b"%PDF-1.7\n1 0 obj\n", Truncated),
            (b"PK\x03\x04\x14\x00\x09\x00", UnknownFormat),
            (b"\xff\xd8\xff\xe0 a picture", UnknownFormat),
            (b"just words", UnknownFormat),
            (
                b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                Doctype,
            ),
            (b"<a>&b;</a>", Entity),
            (b"<a b='&c;'/>", Entity),
            (b"<a b='&c'/>", NotWellFormed),
            (b"<a>&#0;</a>", NotWellFormed),
            (b"<a><b></a></b>", NotWellFormed),
            (b"<a/><b/>", NotWellFormed),
            (b"<a/>more", NotWellFormed),
            (b"<a b='1' b='2'/>", NotWellFormed),
            (b"<a b='<'/>", NotWellFormed),
            (b"<a><b>", Truncated),
            (b"<a", Truncated),
            (b"<!-- nothing -->", Truncated),
            (b"<?xml-stylesheet href='x'?><a/>", ProcessingInstruction),
            (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", UnknownFormat),
            (b"<a>\xff</a>", WrongEncoding),
            (b"\xff\xfe<\0a\0/\0>\0", WrongEncoding),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", WrongEncoding),
            (b"<a>\x01</a>", NotWellFormed),
            (deep.as_bytes(), TooDeep),
        ];
        for (content, code) in cases {
            let text = String::from_utf8_lossy(&content[..content.len().min(60)]);
            match examine(content) {
                Err(refusal) => assert_eq!(refusal.code, *code, "{text}: {refusal}"),
                Ok(kind) => panic!("{text} is taken as {kind:?}"),
            }
        }
        let refused = examine(b"<a>\n<b>\n</c>").expect_err("not well formed");
        assert_eq!(refused.line, Some(3), "{refused}");
    }
}
