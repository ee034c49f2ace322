//! Cells of names and places that were read before: a registry repeats them, and folding and splitting a text costs
//! far more than finding it again.

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use crate::names::{given_words, place_word, surname_words};
use crate::record::Words;
use crate::tokens::{NONE, TokenId};

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
    of: [FxHashMap<CompactString, Cell>; 3],
    compounds: FxHashMap<[TokenId; 2], TokenId>,
}

/// What gives words their numbers.
pub(crate) trait Numbering {
    /// The number of `word` (folded), new if need be; [`NONE`] for an empty word.
    fn intern(&mut self, word: &str) -> TokenId;

    /// The word of a number.
    fn text(&self, id: TokenId) -> &str;
}

impl Cells {
    /// The words of a cell.
    pub(crate) fn cell(&mut self, text: &str, kind: CellKind, words: &mut impl Numbering) -> Cell {
        let known = &mut self.of[kind as usize];
        if let Some(&cell) = known.get(text) {
            return cell;
        }
        let mut cell = Cell::default();
        let found = match kind {
            CellKind::Given => given_words(text, &mut cell.generation),
            CellKind::Surname => surname_words(text, &mut cell.generation),
            CellKind::Place => vec![place_word(text)],
        };
        cell.words = found.iter().map(|word| words.intern(word)).collect();
        if text.len() <= LONGEST && known.len() < KEPT {
            known.insert(text.into(), cell);
        }
        cell
    }

    /// Several words written as one.
    pub(crate) fn compound(&mut self, several: &[TokenId], words: &mut impl Numbering) -> TokenId {
        let pair = match several {
            &[first, second] => Some([first, second]),
            _ => None,
        };
        if let Some(&known) = pair.and_then(|pair| self.compounds.get(&pair)) {
            return known;
        }
        let joined: String = several
            .iter()
            .filter(|&&word| word != NONE)
            .map(|&word| words.text(word))
            .collect();
        let compound = words.intern(&joined);
        if let Some(pair) = pair
            && self.compounds.len() < KEPT
        {
            self.compounds.insert(pair, compound);
        }
        compound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Tokens;

    #[test]
    fn a_cell_read_before_says_the_same() {
        let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
        for (text, kind) in [
            ("María de los Ángeles", CellKind::Given),
            ("De la Cruz Jr", CellKind::Surname),
            ("Los Mochis", CellKind::Place),
        ] {
            let first = cells.cell(text, kind, &mut tokens);
            let held = tokens.len();
            let again = cells.cell(text, kind, &mut tokens);
            assert_eq!(
                (first.words, first.generation),
                (again.words, again.generation),
                "{text}"
            );
            assert_eq!(tokens.len(), held, "nothing is numbered twice");
        }
        let [given, other] = ["JUAN", "CARLOS"].map(|word| tokens.intern(word));
        let compound = cells.compound(&[given, other], &mut tokens);
        assert_eq!(tokens.text(compound), "JUANCARLOS");
        assert_eq!(cells.compound(&[given, other], &mut tokens), compound);
    }

    #[test]
    fn long_cells_are_not_kept() {
        let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
        let long = "A".repeat(100_000);
        cells.cell(&long, CellKind::Surname, &mut tokens);
        assert!(cells.of.iter().all(FxHashMap::is_empty));
    }

    #[test]
    fn what_comes_again_is_read_once() {
        let (mut cells, mut tokens) = (Cells::default(), Tokens::default());
        for _ in 0..2 {
            cells.cell("Juan Carlos", CellKind::Given, &mut tokens);
            cells.cell("Juan", CellKind::Given, &mut tokens);
            cells.cell("Juan", CellKind::Surname, &mut tokens);
        }
        assert_eq!(cells.of.each_ref().map(FxHashMap::len), [2, 1, 0]);
        let words = ["JUAN", "CARLOS", "LUIS"].map(|word| tokens.intern(word));
        for _ in 0..2 {
            cells.compound(&words[..2], &mut tokens);
            let three = cells.compound(&words, &mut tokens);
            assert_eq!(tokens.text(three), "JUANCARLOSLUIS");
        }
        let turned = cells.compound(&[words[1], words[0]], &mut tokens);
        assert_eq!(tokens.text(turned), "CARLOSJUAN");
        assert_eq!(cells.compounds.len(), 2, "of two words each");
        let with_none = cells.compound(&[words[0], NONE, words[1]], &mut tokens);
        assert_eq!(tokens.text(with_none), "JUANCARLOS");
        // As long as a cell may be to be kept.
        let longest = "A".repeat(LONGEST);
        cells.cell(&longest, CellKind::Place, &mut tokens);
        assert_eq!(cells.of[CellKind::Place as usize].len(), 1);
    }
}
