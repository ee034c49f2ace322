//! Data elements as nearly every file writes them, found without events.

use mde::Field;

/// `<name>text</name>` of a data element, without attributes, references or elements in it.
pub(crate) struct SimpleElement<'a> {
    /// Its index in the fields of the part.
    pub(crate) field: usize,
    pub(crate) text: &'a str,
    /// White space before it.
    pub(crate) indent: usize,
    /// Bytes, with the white space.
    pub(crate) length: usize,
}

impl<'a> SimpleElement<'a> {
    /// The element at the start of `rest`, if it is one and all of it is there.
    pub(crate) fn first(rest: &'a [u8], fields: &[Field], expected: usize) -> Option<Self> {
        let indent = rest.iter().position(|b| !b.is_ascii_whitespace())?;
        let tag = rest[indent..].strip_prefix(b"<")?;
        let opens =
            |field: &Field| tag.starts_with(field.xml.as_bytes()) && tag.get(field.xml.len()) == Some(&b'>');
        // A sender mostly keeps the order, so that the next element is one of the next few fields.
        let field = (expected..fields.len())
            .chain(0..expected.min(fields.len()))
            .find(|i| opens(&fields[*i]))?;
        let name = fields[field].xml.as_bytes();
        let content = &tag[name.len() + 1..];
        let end = memchr::memchr2(b'<', b'&', content)?;
        let close = content[end..].strip_prefix(b"</")?;
        if !close.starts_with(name) || close.get(name.len()) != Some(&b'>') {
            return None;
        }
        let text = std::str::from_utf8(&content[..end]).ok()?;
        if text.starts_with('\u{feff}') {
            return None;
        }
        Some(Self {
            field,
            text,
            indent,
            length: indent + 1 + name.len() + 1 + end + 2 + name.len() + 1,
        })
    }
}

/// Index of a data element, looked for first where it is expected.
pub(crate) fn field_of_xml(fields: &[Field], name: &str, expected: usize) -> Option<usize> {
    let (before, after) = fields.split_at(expected.min(fields.len()));
    after
        .iter()
        .position(|f| f.xml == name)
        .map(|i| i + before.len())
        .or_else(|| before.iter().position(|f| f.xml == name))
}
