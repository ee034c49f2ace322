//! The elements that are open: what each of them is, and its name for the end tag.

use mde::PartKind;

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// `MariposaUpload`.
    Root,
    /// `Header`.
    Header,
    /// An element of the header, by its index.
    HeaderField(usize),
    /// `Facilities`.
    Facilities,
    /// `Students`.
    Students,
    /// `Student`, `Facility` or a part of a student.
    Part(PartKind),
    /// A data element of a part, by its index.
    Field(PartKind, usize),
    /// Not in the layout, with everything in it.
    Unknown,
}

/// The elements that are open.
#[derive(Default)]
pub(crate) struct Levels {
    stack: Vec<(Level, usize)>,
    names: String,
}

impl Levels {
    /// Opens an element.
    pub(crate) fn push(&mut self, level: Level, name: &str) {
        self.stack.push((level, self.names.len()));
        self.names.push_str(name);
    }

    /// Closes the innermost element: what it was, or `None` if it has another name.
    pub(crate) fn pop(&mut self, name: &str) -> Option<Level> {
        let (level, start) = self.stack.pop()?;
        let same = self.names[start..] == *name;
        self.names.truncate(start);
        same.then_some(level)
    }

    /// The innermost element.
    pub(crate) fn top(&self) -> Option<Level> {
        self.stack.last().map(|(level, _)| *level)
    }

    /// How many are open.
    pub(crate) fn depth(&self) -> usize {
        self.stack.len()
    }
}
