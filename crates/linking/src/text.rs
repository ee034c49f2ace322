//! Text as clerks write it, brought to one form: mojibake repaired, accents folded, capitals, words.
//!
//! The result is for comparing only. What people see is always the text the state sent.

use unicode_normalization::UnicodeNormalization;

/// The characters that Windows-1252 puts at 0x80..=0x9F, in order (0 marks the five holes).
const CP1252_HIGH: [char; 32] = [
    '\u{20AC}', '\0', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{02C6}',
    '\u{2030}', '\u{0160}', '\u{2039}', '\u{0152}', '\0', '\u{017D}', '\0', '\0', '\u{2018}', '\u{2019}',
    '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{02DC}', '\u{2122}', '\u{0161}',
    '\u{203A}', '\u{0153}', '\0', '\u{017E}', '\u{0178}',
];

fn cp1252_byte(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ (0..=0xFF) => Some(code as u8),
        _ => CP1252_HIGH
            .iter()
            .position(|&high| high == c)
            .map(|i| 0x80 + i as u8),
    }
}

/// Undoes UTF-8 read as Windows-1252 (`MuÃ±oz` → `Muñoz`); text that is not such damage comes back as it is.
pub fn repair_mojibake(text: &str) -> String {
    let mut text = text.to_owned();
    // Twice, because a file can pass through two wrong readers.
    for _ in 0..2 {
        if !text.contains(['Ã', 'Â', 'Å']) {
            break;
        }
        let bytes: Option<Vec<u8>> = text.chars().map(cp1252_byte).collect();
        match bytes.map(String::from_utf8) {
            Some(Ok(repaired)) => text = repaired,
            _ => break,
        }
    }
    text
}

/// Upper case without accents; letters NFKD cannot take apart are spelled out; anything that is neither
/// letter nor digit parts words, except apostrophes, which vanish (`O'Brien` → `OBRIEN`).
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        for b in text.bytes() {
            match b {
                b'\'' | b'`' => {}
                _ if b.is_ascii_alphanumeric() => out.push(char::from(b.to_ascii_uppercase())),
                _ => out.push(' '),
            }
        }
        return out;
    }
    let repaired = repair_mojibake(text);
    // Taken apart, an acute accent that stands alone would be a space with an accent.
    for c in repaired.chars().filter(|&c| c != '\u{00B4}').nfkd() {
        match c {
            '\'' | '\u{2018}' | '\u{2019}' | '`' | '\u{FFFD}' => {}
            'ß' => out.push_str("SS"),
            'æ' | 'Æ' => out.push_str("AE"),
            'œ' | 'Œ' => out.push_str("OE"),
            'ø' | 'Ø' => out.push('O'),
            'ł' | 'Ł' => out.push('L'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('D'),
            'þ' | 'Þ' => out.push_str("TH"),
            'ı' => out.push('I'),
            _ if unicode_normalization::char::is_combining_mark(c) => {}
            _ if c.is_ascii() => {
                out.push(if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    ' '
                });
            }
            _ if c.is_alphanumeric() => out.extend(c.to_uppercase()),
            _ => out.push(' '),
        }
    }
    out
}

/// Digits typed for the letters they look like, inside a word that has letters too (`G0MEZ` → `GOMEZ`).
pub fn letters_for_digits(word: &str) -> String {
    if !word.bytes().any(|b| b.is_ascii_digit()) || !word.chars().any(char::is_alphabetic) {
        return word.to_owned();
    }
    let letter = |c| match c {
        '0' => 'O',
        '1' => 'I',
        '3' => 'E',
        '4' => 'A',
        '5' => 'S',
        '8' => 'B',
        other => other,
    };
    word.chars().map(letter).collect()
}

/// A Spanish-minded sound form: letters that clerks exchange by ear become one (`VÁSQUEZ`, `BAZQUES` → the
/// same), H is silent, doubled letters single. Input folded.
pub fn sound(word: &str) -> String {
    let bytes = word.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let next = bytes.get(i + 1).copied().unwrap_or(0);
        let (letter, used) = match (bytes[i], next) {
            (b'P', b'H') => (b'F', 2),
            (b'Q', b'U') | (b'C', b'K') => (b'K', 2),
            (b'C', b'H') if matches!(bytes.get(i + 2), Some(b'R' | b'L')) => (b'K', 2),
            (b'C', b'H') => (b'X', 2),
            (b'L', b'L') => (b'Y', 2),
            (b'G', b'U') if matches!(bytes.get(i + 2), Some(b'E' | b'I')) => (b'G', 2),
            (b'C', b'E' | b'I' | b'Y') | (b'Z', _) => (b'S', 1),
            (b'G', b'E' | b'I') => (b'J', 1),
            (b'C' | b'Q', _) => (b'K', 1),
            (b'V' | b'W', _) => (b'B', 1),
            (b'H', _) => (0, 1),
            (b'I', b'A' | b'E' | b'O') => (b'Y', 1),
            (other, _) => (other, 1),
        };
        if letter != 0 && out.last() != Some(&letter) {
            out.push(letter);
        }
        i += used;
    }
    if out.last() == Some(&b'Y') && out.len() > 1 {
        let last = out.len() - 1;
        out[last] = b'I';
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Jaro–Winkler similarity (Winkler 1990; prefix up to 4 letters, factor 0.1) over bytes, in 0..=1.
pub fn jaro_winkler(a: &[u8], b: &[u8]) -> f32 {
    if a == b {
        return 1.0;
    }
    // Words longer than the flag word cannot be names; comparing their heads is enough.
    let (a, b) = (&a[..a.len().min(64)], &b[..b.len().min(64)]);
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut taken_a, mut taken_b) = (0_u64, 0_u64);
    for (i, x) in a.iter().enumerate() {
        let from = i.saturating_sub(window);
        let to = (i + window + 1).min(b.len());
        if let Some(j) = (from..to).find(|&j| taken_b >> j & 1 == 0 && b[j] == *x) {
            taken_a |= 1 << i;
            taken_b |= 1 << j;
        }
    }
    let matches = taken_a.count_ones();
    if matches == 0 {
        return 0.0;
    }
    // The matched letters of both, in order, side by side.
    let (mut rest_a, mut rest_b, mut halves) = (taken_a, taken_b, 0);
    while rest_a != 0 {
        let (i, j) = (rest_a.trailing_zeros() as usize, rest_b.trailing_zeros() as usize);
        halves += u32::from(a[i] != b[j]);
        (rest_a, rest_b) = (rest_a & (rest_a - 1), rest_b & (rest_b - 1));
    }
    let m = matches as f32;
    let jaro = (m / a.len() as f32 + m / b.len() as f32 + (m - (halves / 2) as f32) / m) / 3.0;
    jaro + common_start(a, b) as f32 * 0.1 * (1.0 - jaro)
}

/// One bit for each letter of a word: what two words cannot share is seen without comparing them.
pub fn letter_mask(word: &[u8]) -> u32 {
    word.iter().fold(0, |mask, b| mask | 1 << (b & 31))
}

/// Words at least this alike by [`jaro_winkler`] count as similar.
pub const SIMILAR: f32 = 0.82;

/// Three times the Jaro similarity less one that words need to be [`SIMILAR`], in thousandths, by how many letters
/// they begin with alike: `3 (0.82 - 0.1 s) / (1 - 0.1 s) - 1`, rounded down.
const NEEDED: [usize; 5] = [1_459, 1_399, 1_324, 1_228, 1_099];

/// Whether [`jaro_winkler`] can reach [`SIMILAR`], from lengths and letter masks and from how many letters (up to
/// four) the words begin with alike. Whole numbers only: most pairs of words end here.
pub fn may_reach_similar(a: (usize, u32), b: (usize, u32), start: u32) -> bool {
    let unmatched = |own: u32, other: u32| (own & !other).count_ones() as usize;
    let most =
        a.0.saturating_sub(unmatched(a.1, b.1))
            .min(b.0.saturating_sub(unmatched(b.1, a.1)));
    most * (a.0 + b.0) * 1_000 >= NEEDED[start.min(4) as usize] * a.0 * b.0
}

/// How many letters two words begin with alike, up to four.
fn common_start(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count() as u32
}

/// Whether one insertion, deletion, substitution or swap of neighbours turns `a` into `b`.
pub fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 || a == b {
        return false;
    }
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (s, l) = (&short[head..], &long[head..]);
    if s.len() < l.len() {
        return s == &l[1..];
    }
    s[1..] == l[1..] || (s.len() > 1 && s[0] == l[1] && s[1] == l[0] && s[2..] == l[2..])
}

/// Letters that look alike in print or handwriting, as a scanner or a tired eye takes them for each other.
const ALIKE: [&[u8]; 7] = [b"HMNW", b"ILJT", b"OQDCGU", b"BRP", b"VYU", b"EF", b"KX"];

/// Whether one or two letters of a word have been taken for others that look like them.
pub fn misread(a: &[u8], b: &[u8]) -> bool {
    let alike = |x: &u8, y: &u8| ALIKE.iter().any(|group| group.contains(x) && group.contains(y));
    let mut wrong = 0;
    a.len() == b.len()
        && a.iter().zip(b).filter(|(x, y)| x != y).all(|(x, y)| {
            wrong += 1;
            wrong <= 2 && alike(x, y)
        })
        && wrong > 0
}

#[cfg(test)]
mod tests;
