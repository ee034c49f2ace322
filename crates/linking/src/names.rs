//! Names as lists of words: given names and surnames of all name columns together.
//!
//! Clerks split one name over the columns in every way (`LAST_NAME_1 = GARCIA LOPEZ`, `GARCIA-LOPEZ`, `GARCIA`
//! and `LOPEZ`, the second surname as a middle name), so the column a word stood in says little and the list is
//! compared as a whole.

use crate::text::{fold, letters_for_digits};

/// The most words kept of one list; longer names are cut, which loses no information a comparison would use.
pub const MAX_WORDS: usize = 4;

const PARTICLES: [&str; 13] = [
    "DE", "DEL", "LA", "LAS", "LOS", "EL", "Y", "E", "DA", "DO", "DOS", "VAN", "VON",
];

/// Words that join the next one and stay with it (`SAN JUAN`, `MC DONALD`).
const JOINING: [&str; 6] = ["SAN", "SANTA", "SANTO", "MC", "MAC", "ST"];

/// Words that stand for "no name" (FNU, LNU: first, last name unknown). Two records that say so agree in nothing.
const NOTHING: [&str; 17] = [
    "UNKNOWN",
    "UNKN",
    "UNK",
    "FNU",
    "LNU",
    "NFN",
    "TBD",
    "NONE",
    "NMN",
    "NLN",
    "NA",
    "NULL",
    "XX",
    "XXX",
    "DESCONOCIDO",
    "DESCONOCIDA",
    "NINGUNO",
];

/// The same as a whole cell, whose words alone could be a name.
const NOTHING_AT_ALL: [&str; 2] = ["N/A", "NO NAME"];

const GENERATIONS: [(&str, u8); 9] = [
    ("JR", 1),
    ("JUNIOR", 1),
    ("HIJO", 1),
    ("SR", 2),
    ("SENIOR", 2),
    ("II", 3),
    ("III", 4),
    ("IV", 5),
    ("V", 6),
];

const ABBREVIATIONS: [(&str, &str); 16] = [
    ("MA", "MARIA"),
    ("MRIA", "MARIA"),
    ("FCO", "FRANCISCO"),
    ("FCA", "FRANCISCA"),
    ("GPE", "GUADALUPE"),
    ("ALEJ", "ALEJANDRO"),
    ("ANT", "ANTONIO"),
    ("HDZ", "HERNANDEZ"),
    ("HDEZ", "HERNANDEZ"),
    ("RDZ", "RODRIGUEZ"),
    ("RGUEZ", "RODRIGUEZ"),
    ("MTZ", "MARTINEZ"),
    ("GLZ", "GONZALEZ"),
    ("GZZ", "GONZALEZ"),
    ("FDZ", "FERNANDEZ"),
    ("SNCHZ", "SANCHEZ"),
];

/// Surnames often written as one word with their particle; the part after it is what is compared.
const GLUED: [(&str, &str); 8] = [
    ("DELRIO", "RIO"),
    ("DELVALLE", "VALLE"),
    ("DELTORO", "TORO"),
    ("DELEON", "LEON"),
    ("DEJESUS", "JESUS"),
    ("DELANGEL", "ANGEL"),
    ("DELAO", "O"),
    ("DELAPAZ", "PAZ"),
];

/// A person's name in the form that is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameWords {
    /// Given names, first name's words first.
    pub given: Vec<String>,
    /// How many of `given` come from the first-name column.
    pub first_words: usize,
    /// Surnames in the order written, particles taken off.
    pub surnames: Vec<String>,
    /// Jr., Sr., III … as a small number; 0 when none.
    pub generation: u8,
}

/// Reads the five name columns (elements 3 to 7) into words.
pub fn name_words(first: &str, middle: &str, last1: &str, last2: &str, generation: &str) -> NameWords {
    let mut found = generation_of(generation);
    let mut given = given_words(first, &mut found);
    let first_words = given.len().min(MAX_WORDS);
    given.extend(given_words(middle, &mut found));
    given.truncate(MAX_WORDS);
    let mut surnames = surname_words(last1, &mut found);
    surnames.extend(surname_words(last2, &mut found));
    surnames.truncate(MAX_WORDS);
    NameWords {
        given,
        first_words,
        surnames,
        generation: found,
    }
}

/// A cell folded; nothing of one that says that there is nothing.
fn folded(cell: &str) -> String {
    if NOTHING_AT_ALL
        .iter()
        .any(|nothing| nothing.eq_ignore_ascii_case(cell.trim()))
    {
        return String::new();
    }
    fold(cell)
}

/// Words of a place name: folded, joined into one.
pub fn place_word(place: &str) -> String {
    let folded = folded(place);
    let words: Vec<_> = folded
        .split_whitespace()
        .filter(|w| !NOTHING.contains(w))
        .collect();
    words.concat()
}

pub(crate) fn generation_of(text: &str) -> u8 {
    if text.is_empty() {
        return 0;
    }
    let folded = fold(text);
    folded
        .split_whitespace()
        .find_map(|w| GENERATIONS.iter().find(|g| g.0 == w))
        .map_or(0, |g| g.1)
}

fn clean(word: &str) -> String {
    let word = letters_for_digits(word);
    match ABBREVIATIONS.iter().find(|a| a.0 == word) {
        Some(full) => full.1.to_owned(),
        None => word,
    }
}

pub(crate) fn given_words(text: &str, generation: &mut u8) -> Vec<String> {
    let folded = folded(text);
    let mut out: Vec<String> = Vec::new();
    for word in folded.split_whitespace() {
        if NOTHING.contains(&word) || PARTICLES.contains(&word) {
            continue;
        }
        // A lone V is an initial far more often than "the fifth".
        if let (Some(found), true) = (GENERATIONS.iter().find(|g| g.0 == word), word != "V") {
            *generation = found.1;
            continue;
        }
        out.push(clean(word));
    }
    out
}

pub(crate) fn surname_words(text: &str, generation: &mut u8) -> Vec<String> {
    let folded = folded(text);
    let mut out: Vec<String> = Vec::new();
    let mut joining = String::new();
    let mut particle = None;
    for word in folded.split_whitespace() {
        if NOTHING.contains(&word) {
            continue;
        }
        if PARTICLES.contains(&word) {
            particle = Some(word);
            continue;
        }
        if JOINING.contains(&word) {
            joining.push_str(word);
            continue;
        }
        if let (Some(found), true) = (GENERATIONS.iter().find(|g| g.0 == word), !out.is_empty()) {
            *generation = found.1;
            continue;
        }
        let word = unglue(&clean(word));
        out.push(std::mem::take(&mut joining) + &word);
        particle = None;
    }
    if !joining.is_empty() {
        out.push(joining);
    } else if out.is_empty()
        && let Some(particle) = particle
    {
        out.push(particle.to_owned());
    }
    out
}

fn unglue(word: &str) -> String {
    if let Some(part) = GLUED.iter().find(|g| g.0 == word) {
        return part.1.to_owned();
    }
    for prefix in ["DELOS", "DELAS", "DELA"] {
        if let Some(rest) = word.strip_prefix(prefix)
            && rest.len() >= 4
        {
            return rest.to_owned();
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests;
