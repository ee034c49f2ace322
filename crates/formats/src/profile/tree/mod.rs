//! One record of a tree-shaped file, XML or JSON, and how rows of a part are taken out of it.
//!
//! A record is the element or object that stands by itself in its file: a child, a school, a resource. It is bounded by
//! the limit of a record, so that it can be held as a whole and its columns taken in any order. XML and JSON give the
//! same tree: an attribute is a child like an element, each element of an array is a child with the array's name.

mod described;
mod path;
mod rows;
mod select;

pub(crate) use path::Path;
pub(crate) use rows::TreeRows;

/// Index of a node, valid for the record in which it was found.
pub(crate) type NodeId = usize;

/// One record, node by node in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Names and values of all nodes, one after the other.
    texts: String,
    open: Vec<NodeId>,
    /// Namespaces whose descriptors are cut down to their code.
    descriptors: Vec<String>,
}

#[derive(Debug)]
struct Node {
    name: (usize, usize),
    value: (usize, usize),
    /// The first node that is not below this one.
    end: NodeId,
    line: u64,
}

impl Tree {
    /// The record itself.
    pub(crate) const ROOT: NodeId = 0;

    /// A tree in which a descriptor of one of these namespaces, `uri://ed-fi.org/SexDescriptor#Male`, is only its code,
    /// `Male`. One of another namespace stays as it is, since nobody knows what it means.
    pub(crate) fn with_descriptors(namespaces: &[String]) -> Self {
        Self {
            descriptors: namespaces.to_vec(),
            ..Self::default()
        }
    }

    /// Forgets the record and keeps its memory for the next.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.texts.clear();
        self.open.clear();
    }

    /// Opens a node below the innermost open one.
    pub(crate) fn open(&mut self, name: &str, line: u64) {
        let name = self.push(name);
        self.open.push(self.nodes.len());
        self.nodes.push(Node {
            name,
            value: (0, 0),
            end: 0,
            line,
        });
    }

    /// Gives the innermost open node its value.
    pub(crate) fn set_value(&mut self, value: &str) {
        let code = |namespace: &String| {
            let name = value.strip_prefix(namespace.as_str())?.strip_prefix('/')?;
            name.split_once("Descriptor#").map(|(_, code)| code)
        };
        let code = self.descriptors.iter().find_map(code).unwrap_or(value);
        let value = self.push(code);
        if let Some(open) = self.open.last() {
            self.nodes[*open].value = value;
        }
    }

    /// Closes the innermost open node. `true` when that was the record itself.
    pub(crate) fn close(&mut self) -> bool {
        let end = self.nodes.len();
        if let Some(closed) = self.open.pop() {
            self.nodes[closed].end = end;
        }
        self.open.is_empty()
    }

    /// A node with a value and nothing below it.
    pub(crate) fn leaf(&mut self, name: &str, value: &str, line: u64) {
        self.open(name, line);
        self.set_value(value);
        self.close();
    }

    /// How many nodes are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    fn push(&mut self, text: &str) -> (usize, usize) {
        let start = self.texts.len();
        self.texts.push_str(text);
        (start, self.texts.len())
    }

    /// Number of nodes, the record itself included.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Name of the element, attribute or property.
    pub(crate) fn name(&self, node: NodeId) -> &str {
        let (start, end) = self.nodes[node].name;
        &self.texts[start..end]
    }

    /// Text of the attribute, element or value; empty if it has none.
    pub(crate) fn value(&self, node: NodeId) -> &str {
        let (start, end) = self.nodes[node].value;
        &self.texts[start..end]
    }

    /// The first node with a value among a node and what is below it.
    pub(crate) fn first_value(&self, node: NodeId) -> Option<NodeId> {
        (node..self.nodes[node].end).find(|n| !self.value(*n).is_empty())
    }

    /// Line on which it starts, from 1.
    pub(crate) fn line(&self, node: NodeId) -> u64 {
        self.nodes[node].line
    }

    /// What is directly below a node.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        let end = self.nodes[node].end;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next = self.nodes[child].end;
            Some(child)
        })
    }
}

#[cfg(test)]
pub(crate) fn shown(tree: &Tree, node: NodeId) -> String {
    use std::fmt::Write;
    let mut text = tree.name(node).to_owned();
    if !tree.value(node).is_empty() {
        write!(text, "={}", tree.value(node)).unwrap();
    }
    let below: Vec<String> = tree.children(node).map(|child| shown(tree, child)).collect();
    if !below.is_empty() {
        write!(text, "({})", below.join(" ")).unwrap();
    }
    text
}
