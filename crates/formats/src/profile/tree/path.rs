//! How a profile names a value inside a record: `studentReference.studentUniqueId`,
//! `identificationCodes[courseIdentificationSystemDescriptor=SCED course code].identificationCode`.

use std::fmt;

use super::{NodeId, Tree};

/// Names from the record down, with dots between them. A name may be followed by `[path=text]`: only an element in
/// which that path has that text; and by `?`, in a path of rows, where an element without it is a row as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(super) steps: Vec<Step>,
}

/// One name of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) name: String,
    /// A path below, and the text that it has to have.
    pub(super) only: Option<(Path, String)>,
    pub(super) optional: bool,
}

impl Path {
    /// Reads a path; otherwise what is wrong with it, as a fragment.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let name_end = rest.find(['.', '[', '?', ']', '=']).unwrap_or(rest.len());
            let name = rest[..name_end].trim().to_owned();
            if name.is_empty() {
                return Err(format!("{text} is not names with dots between them"));
            }
            rest = &rest[name_end..];
            let only = match rest.strip_prefix('[') {
                None => None,
                Some(inside) => {
                    let (condition, after) = inside
                        .split_once(']')
                        .ok_or_else(|| format!("{text} has a [ without a ]"))?;
                    let (path, value) = condition
                        .split_once('=')
                        .ok_or_else(|| format!("{text} has brackets without path=text in them"))?;
                    rest = after;
                    Some((Self::parse(path)?, value.trim().to_owned()))
                }
            };
            let optional = rest.starts_with('?');
            rest = rest.strip_prefix('?').unwrap_or(rest);
            steps.push(Step { name, only, optional });
            match rest.strip_prefix('.') {
                Some(more) => rest = more,
                None if rest.is_empty() => return Ok(Self { steps }),
                None => return Err(format!("{text} is not names with dots between them")),
            }
        }
    }

    /// Reads a column: a path, or several with `|` between them, of which the first that has a value counts.
    pub(crate) fn parse_column(text: &str) -> Result<Vec<Self>, String> {
        text.split('|').map(|path| Self::parse(path.trim())).collect()
    }

    /// The path of rows that are the records themselves.
    pub(crate) fn record() -> Self {
        Self { steps: Vec::new() }
    }

    /// The first node at this path below another, and every node that was looked at to choose it.
    pub(super) fn first(&self, tree: &Tree, below: NodeId, seen: &mut dyn FnMut(NodeId)) -> Option<NodeId> {
        first_of(&self.steps, tree, below, seen)
    }
}

/// The first node at some steps below another.
pub(super) fn first_of(
    steps: &[Step],
    tree: &Tree,
    below: NodeId,
    seen: &mut dyn FnMut(NodeId),
) -> Option<NodeId> {
    let Some((step, rest)) = steps.split_first() else {
        seen(below);
        return Some(below);
    };
    for child in tree.children(below) {
        if step.fits(tree, child, seen)
            && let Some(found) = first_of(rest, tree, child, seen)
        {
            return Some(found);
        }
    }
    None
}

impl Step {
    /// Whether a node has the name and, where the step asks for one, the text.
    pub(super) fn fits(&self, tree: &Tree, node: NodeId, seen: &mut dyn FnMut(NodeId)) -> bool {
        tree.name(node) == self.name
            && self.only.as_ref().is_none_or(|(path, text)| {
                path.first(tree, node, seen)
                    .is_some_and(|found| tree.value(found) == text)
            })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{}", step.name)?;
            if let Some((path, text)) = &step.only {
                write!(f, "[{path}={text}]")?;
            }
            if step.optional {
                f.write_str("?")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_written() {
        for text in [
            "NgsId",
            "studentReference.studentUniqueId",
            "codes[system.name=SCED course code].code",
            "requiredImmunizations.dates?",
            "a[b=c.d]?.e",
        ] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "", "a..b", ".a", "a.", "a[b]", "a[b=c", "a]b", "a=b", "a[b=c]d", "a[=c]",
        ] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Path::parse_column("a.b | c").unwrap().len(), 2);
        assert!(Path::parse_column("a.b |").is_err());
    }
}
