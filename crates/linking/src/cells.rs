//! Cells of names and places that were read before: a registry repeats them, and folding and splitting a text costs
//! far more than finding it again.

use rustc_hash::FxHashMap;

use crate::names::{given_words, place_word, surname_words};
use crate::record::Words;
use crate::tokens::{NONE, TokenId, Tokens};

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Given names.
    Given,
    /// Surnames.
    Surname,
    /// A place, in one word.
    Place,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cell {
    pub(crate) words: Words,
    /// Jr., Sr. … as a number, 0 when none.
    pub(crate) generation: u8,
}

/// Cells are kept until there are so many of a kind; later ones are read anew each time.
const KEPT: usize = 1 << 18;

/// Longer cells are read anew: they will not come again.
const LONGEST: usize = 64;

/// The cells read so far.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    of: [FxHashMap<Box<str>, Cell>; 3],
    compounds: FxHashMap<[TokenId; 2], TokenId>,
}

/// Where words come from.
pub(crate) trait Read {
    /// The words of a cell; `None` if it is not known.
    fn cell(&mut self, text: &str, kind: CellKind) -> Option<Cell>;

    /// Words written as one; `None` if it is not known.
    fn compound(&mut self, words: &[TokenId]) -> Option<TokenId>;
}

/// Reads known cells only; can be shared between threads.
pub(crate) struct Known<'a> {
    pub(crate) cells: &'a Cells,
    pub(crate) tokens: &'a Tokens,
}

impl Read for Known<'_> {
    fn cell(&mut self, text: &str, kind: CellKind) -> Option<Cell> {
        self.cells.of[kind as usize].get(text).copied()
    }

    fn compound(&mut self, words: &[TokenId]) -> Option<TokenId> {
        match words {
            &[first, second] => self.cells.compounds.get(&[first, second]).copied(),
            _ => self.tokens.find(&joined(words, self.tokens)),
        }
    }
}

/// Reads any cell and remembers it.
pub(crate) struct Learning<'a> {
    pub(crate) cells: &'a mut Cells,
    pub(crate) tokens: &'a mut Tokens,
}

impl Read for Learning<'_> {
    fn cell(&mut self, text: &str, kind: CellKind) -> Option<Cell> {
        let known = &mut self.cells.of[kind as usize];
        if let Some(&cell) = known.get(text) {
            return Some(cell);
        }
        let mut cell = Cell::default();
        let words = match kind {
            CellKind::Given => given_words(text, &mut cell.generation),
            CellKind::Surname => surname_words(text, &mut cell.generation),
            CellKind::Place => vec![place_word(text)],
        };
        cell.words = words.iter().map(|word| self.tokens.intern(word)).collect();
        if text.len() <= LONGEST && known.len() < KEPT {
            known.insert(text.into(), cell);
        }
        Some(cell)
    }

    fn compound(&mut self, words: &[TokenId]) -> Option<TokenId> {
        let pair = match words {
            &[first, second] => Some([first, second]),
            _ => None,
        };
        if let Some(&known) = pair.and_then(|pair| self.cells.compounds.get(&pair)) {
            return Some(known);
        }
        let compound = self.tokens.intern(&joined(words, self.tokens));
        if let Some(pair) = pair
            && self.cells.compounds.len() < KEPT
        {
            self.cells.compounds.insert(pair, compound);
        }
        Some(compound)
    }
}

fn joined(words: &[TokenId], tokens: &Tokens) -> String {
    words
        .iter()
        .filter(|&&word| word != NONE)
        .map(|&word| tokens.text(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_read_before_says_the_same() {
        let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
        for (text, kind) in [
            ("María de los Ángeles", CellKind::Given),
            ("De la Cruz Jr", CellKind::Surname),
            ("Los Mochis", CellKind::Place),
        ] {
            assert!(
                Known {
                    cells: &cells,
                    tokens: &tokens
                }
                .cell(text, kind)
                .is_none()
            );
            let first = Learning {
                cells: &mut cells,
                tokens: &mut tokens,
            }
            .cell(text, kind)
            .unwrap();
            let again = Known {
                cells: &cells,
                tokens: &tokens,
            }
            .cell(text, kind)
            .unwrap();
            assert_eq!(
                (first.words, first.generation),
                (again.words, again.generation),
                "{text}"
            );
        }
        let [given, other] = ["JUAN", "CARLOS"].map(|word| tokens.intern(word));
        let compound = Learning {
            cells: &mut cells,
            tokens: &mut tokens,
        }
        .compound(&[given, other])
        .unwrap();
        assert_eq!(tokens.text(compound), "JUANCARLOS");
        assert_eq!(
            Known {
                cells: &cells,
                tokens: &tokens
            }
            .compound(&[given, other]),
            Some(compound)
        );
    }

    #[test]
    fn long_cells_are_not_kept() {
        let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
        let long = "A".repeat(100_000);
        Learning {
            cells: &mut cells,
            tokens: &mut tokens,
        }
        .cell(&long, CellKind::Surname);
        assert!(cells.of.iter().all(FxHashMap::is_empty));
    }
}
