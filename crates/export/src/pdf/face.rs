//! The font, Public Sans in two weights: the letters that it has and how wide they are. Its licence is beside it.

use std::collections::HashMap;
use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

static REGULAR: &[u8] = include_bytes!("../../assets/public-sans-regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/public-sans-bold.ttf");

static FACES: LazyLock<[Face; 2]> = LazyLock::new(|| [Face::read(REGULAR), Face::read(BOLD)]);

/// Stands where the font has no letter. A missing glyph itself is forbidden in PDF/UA-1 (7.21.8).
const UNKNOWN: char = '?';

/// One weight of the font.
pub(crate) struct Face {
    pub(crate) font: Font,
    /// Glyph and width of each letter, in ems.
    letters: HashMap<char, (GlyphId, f32)>,
    unknown: (GlyphId, f32),
}

/// A text as the font sets it.
pub(crate) struct Set {
    /// What the glyphs stand for.
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
}

impl Face {
    pub(crate) fn of(bold: bool) -> &'static Self {
        &FACES[usize::from(bold)]
    }

    fn read(bytes: &'static [u8]) -> Self {
        let font = Font::new(bytes.into(), 0).expect("the built-in font is a font");
        let tables = FontRef::new(bytes).expect("the built-in font is a font");
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let em = font.units_per_em();
        let letters: HashMap<char, (GlyphId, f32)> = tables
            .charmap()
            .mappings()
            .filter_map(|(code, glyph)| {
                let width = metrics.advance_width(glyph)? / em;
                Some((char::from_u32(code)?, (GlyphId::new(glyph.to_u32()), width)))
            })
            .collect();
        let unknown = letters[&UNKNOWN];
        Self {
            font,
            letters,
            unknown,
        }
    }

    fn glyph(&self, letter: char) -> (GlyphId, f32) {
        self.letters.get(&letter).copied().unwrap_or(self.unknown)
    }

    /// Width of a cleaned text in ems.
    pub(crate) fn width(&self, text: &str) -> f32 {
        text.chars().map(|letter| self.glyph(letter).1).sum()
    }

    /// Whether every letter of a cleaned text can be printed.
    pub(crate) fn has(&self, text: &str) -> bool {
        text.chars().all(|letter| self.letters.contains_key(&letter))
    }

    pub(crate) fn set(&self, text: &str) -> Set {
        let glyphs = text
            .char_indices()
            .map(|(at, letter)| {
                let (glyph, width) = self.glyph(letter);
                KrillaGlyph::new(glyph, width, 0.0, 0.0, 0.0, at..at + letter.len_utf8(), None)
            })
            .collect();
        Set {
            text: text.to_owned(),
            glyphs,
        }
    }
}

/// A text for printing: letters and accents together, one space for any white space and control character, without
/// characters that only say how others are to be drawn.
pub(crate) fn cleaned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.nfc() {
        match letter {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {}
            '\u{2010}' | '\u{2011}' => out.push('-'),
            // A no-break space stays: lines are not broken there.
            '\u{a0}' | '\u{202f}' => out.push('\u{a0}'),
            _ if letter.is_whitespace() || letter.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ => out.push(letter),
        }
    }
    out.trim().to_owned()
}

/// The lines in which a cleaned text fits a width, given in ems. It is broken at spaces, which stay at the ends of lines
/// so that no words grow together for who hears them; a word that is longer than a line is broken anywhere.
pub(crate) fn lines(text: &str, bold: bool, width: f32) -> Vec<String> {
    let face = Face::of(bold);
    let mut out = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    for word in text.split_inclusive(' ') {
        let bare = face.width(word.trim_end());
        if used > 0.0 && used + bare > width {
            out.push(std::mem::take(&mut line));
            used = 0.0;
        }
        if bare <= width {
            line.push_str(word);
            used += face.width(word);
            continue;
        }
        for letter in word.chars() {
            let letter_width = face.glyph(letter).1;
            if used > 0.0 && used + letter_width > width {
                out.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(letter);
            used += letter_width;
        }
    }
    if !line.is_empty() || out.is_empty() {
        out.push(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spanish_letter_is_there() {
        for bold in [false, true] {
            assert!(Face::of(bold).has("áéíóúüñÁÉÍÓÚÜÑ¿¡ºª°–—“”‘’«»…·§"));
            assert!(!Face::of(bold).has("ب"));
        }
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let width = 10.0;
        for text in [
            "",
            "a",
            "one two three four five six",
            &"x".repeat(300),
            &format!("a {} b", "é".repeat(99)),
        ] {
            let set = lines(text, false, width);
            assert_eq!(set.concat(), text);
            for line in set {
                assert!(Face::of(false).width(line.trim_end()) <= width, "{line}");
            }
        }
    }

    #[test]
    fn a_text_is_cleaned() {
        assert_eq!(cleaned(" n\u{303}a\tb\n\u{7}c\u{202e} "), "ña b c");
    }
}
