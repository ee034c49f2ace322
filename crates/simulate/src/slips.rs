//! Slips of the pen: what a typing error does to a word, and how accents are lost.

/// A typing error in a word: a letter dropped, doubled, swapped with its neighbour, written as it sounds, or hit beside
/// the key, about as often as each was seen. `detail` decides which and where. Words of less than three letters stay.
pub(crate) fn typo(word: &str, detail: u64) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 {
        return word.to_owned();
    }
    // The first letter is rarely wrong.
    let at = 1 + (detail >> 8) as usize % (letters.len() - 1);
    match detail % 100 {
        0..29 => {
            letters.remove(at);
        }
        29..43 => letters.insert(at, letters[at]),
        43..60 => swap(&mut letters, at),
        60..85 => {
            let sounds = letters.iter().rposition(|c| alike(*c) != *c);
            match sounds {
                Some(place) => letters[place] = alike(letters[place]),
                None => swap(&mut letters, at),
            }
        }
        _ => {
            let other = if letters[at] == 'e' { 'a' } else { 'e' };
            letters[at] = other;
        }
    }
    let written: String = letters.into_iter().collect();
    written.trim().to_owned()
}

/// Swaps a letter with the one before it, or doubles it where they are the same.
fn swap(letters: &mut Vec<char>, at: usize) {
    if letters[at] == letters[at - 1] {
        letters.insert(at, letters[at]);
    } else {
        letters.swap(at, at - 1);
    }
}

/// The letter that sounds the same in Spanish, or the letter itself.
fn alike(letter: char) -> char {
    match letter {
        'z' => 's',
        's' => 'z',
        'v' => 'b',
        'b' => 'v',
        'y' => 'i',
        'j' => 'g',
        'k' => 'c',
        _ => letter,
    }
}

/// Whether a text has a letter that [`plain`] would change.
pub(crate) fn has_accent(text: &str) -> bool {
    text.chars().any(|c| unaccented(c) != c)
}

/// The text without accents, ñ as n.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(unaccented).collect()
}

fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ï' | 'î' => 'i',
        'ó' | 'ô' => 'o',
        'ú' | 'ü' | 'û' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        'Á' => 'A',
        'É' => 'E',
        'Í' => 'I',
        'Ó' => 'O',
        'Ú' => 'U',
        'Ñ' => 'N',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_changes_a_word_a_little() {
        for detail in 0..5_000u64 {
            let detail = detail.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for word in ["Hernández", "Guadalupe", "López", "Ana", "Llamas"] {
                let typed = typo(word, detail);
                assert_ne!(typed, word);
                assert!(
                    typed.chars().count().abs_diff(word.chars().count()) <= 1,
                    "{typed}"
                );
            }
        }
        assert_eq!(typo("Us", 7), "Us");
    }

    #[test]
    fn accents_are_lost_and_nothing_else() {
        assert_eq!(
            plain("Zúñiga Ávila, François Müller"),
            "Zuniga Avila, Francois Muller"
        );
        assert!(has_accent("Peña") && !has_accent("Pena"));
    }
}
