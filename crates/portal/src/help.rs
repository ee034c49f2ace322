//! What helps on every page: the link from a word to its meaning.

pub(crate) mod glossary;

use askama::Template;
use askama::filters::HtmlSafe;

/// A small link from a word to the glossary; nothing where the glossary does not have it.
#[derive(Debug, Clone, Template)]
#[template(path = "ask.html")]
pub(crate) struct Ask {
    id: &'static str,
    word: &'static str,
}

impl HtmlSafe for Ask {}

/// The link to a term of the glossary. A test holds every id that a template names against the table.
pub(crate) fn ask(id: &str) -> Ask {
    let term = glossary::TERMS.iter().find(|term| term.id == id);
    let (id, word) = term.map_or(("", ""), |term| (term.id, term.word));
    Ask { id, word }
}
