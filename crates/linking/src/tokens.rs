//! Words as small integers, with what a comparison needs of each worked out once.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use crate::frequency::{Role, default_share, is_common_given, smoothed_share};
use crate::{nicknames, text};

/// The number of a word; [`NONE`] means that there is none.
pub type TokenId = u32;

/// No word.
pub const NONE: TokenId = 0;

/// A word with its derived forms.
#[derive(Debug)]
pub struct Token {
    text: Box<str>,
    /// Hash of the sound form.
    sound: u32,
    letters: u32,
    groups: &'static [u16],
    established: bool,
    defaults: [f32; 3],
    counts: [u32; 3],
}

/// How alike two different words are, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same word.
    Equal,
    /// One edit, or the same sound.
    Close,
    /// Forms of one name by the nickname table.
    Nickname,
    /// Jaro–Winkler at least 0.82.
    Similar,
    /// One is a single letter, with which the other begins.
    Initial,
    /// The same first three letters.
    SameStart,
    /// Nothing in common worth counting.
    Different,
}

/// All words seen, with how often each is used as what.
#[derive(Debug)]
pub struct Tokens {
    ids: FxHashMap<Box<str>, TokenId>,
    all: Vec<Token>,
    totals: [u64; 3],
}

impl Default for Tokens {
    fn default() -> Self {
        let none = Token {
            text: "".into(),
            sound: 0,
            letters: 0,
            groups: &[],
            established: false,
            defaults: [0.0; 3],
            counts: [0; 3],
        };
        Tokens {
            ids: FxHashMap::default(),
            all: vec![none],
            totals: [0; 3],
        }
    }
}

pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    mix(hasher.finish())
}

/// A strong finish for the fast hash (the splitmix64 finaliser), since keys are cut into parts.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Tokens {
    /// The number of `word` (folded), new if need be; [`NONE`] for an empty word.
    pub fn intern(&mut self, word: &str) -> TokenId {
        if word.is_empty() {
            return NONE;
        }
        if let Some(&id) = self.ids.get(word) {
            return id;
        }
        let id = self.all.len() as TokenId;
        self.all.push(Token {
            text: word.into(),
            sound: hash_bytes(text::sound(word).as_bytes()) as u32,
            letters: text::letter_mask(word.as_bytes()),
            groups: nicknames::groups(word),
            established: is_common_given(word) || nicknames::is_formal(word),
            defaults: Role::ALL.map(|role| default_share(word, role) as f32),
            counts: [0; 3],
        });
        self.ids.insert(word.into(), id);
        id
    }

    /// The folded word of a number.
    pub fn text(&self, id: TokenId) -> &str {
        &self.all[id as usize].text
    }

    /// Hash of the word's sound form.
    pub fn sound(&self, id: TokenId) -> u32 {
        self.all[id as usize].sound
    }

    /// How many words are held.
    pub fn len(&self) -> usize {
        self.all.len() - 1
    }

    /// Whether no word is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held, without the allocator's own.
    pub fn bytes(&self) -> usize {
        let text: usize = self.all.iter().map(|token| 2 * token.text.len()).sum();
        text + self.all.capacity() * size_of::<Token>()
            + self.ids.capacity() * (size_of::<(Box<str>, TokenId)>() + 1) * 8 / 7
    }

    /// Notes one more use of a word.
    pub fn count(&mut self, id: TokenId, role: Role) {
        if id != NONE {
            self.all[id as usize].counts[role as usize] += 1;
            self.totals[role as usize] += 1;
        }
    }

    /// Takes one use back.
    pub fn uncount(&mut self, id: TokenId, role: Role) {
        if id != NONE {
            let count = &mut self.all[id as usize].counts[role as usize];
            *count = count.saturating_sub(1);
            self.totals[role as usize] = self.totals[role as usize].saturating_sub(1);
        }
    }

    /// The share of all values in `role` that are this word, smoothed, in 0..1.
    pub fn share(&self, id: TokenId, role: Role) -> f64 {
        let token = &self.all[id as usize];
        let i = role as usize;
        smoothed_share(token.counts[i], self.totals[i], f64::from(token.defaults[i]))
    }

    /// How alike two surnames, cities or other free words are.
    pub fn likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        if a == b {
            return Likeness::Equal;
        }
        let (left, right) = (&self.all[a as usize], &self.all[b as usize]);
        let (s, t) = (left.text.as_bytes(), right.text.as_bytes());
        if s.len().min(t.len()) == 1 {
            return if s[0] == t[0] {
                Likeness::Initial
            } else {
                Likeness::Different
            };
        }
        let long = s.len().max(t.len());
        if long >= 4 && (left.sound == right.sound || text::one_edit(s, t)) {
            return Likeness::Close;
        }
        let bound = text::jaro_winkler_bound((s.len(), left.letters), (t.len(), right.letters));
        let similarity = if bound < 0.82 {
            0.0
        } else {
            text::jaro_winkler(s, t)
        };
        // A typo in a long word is often two edits; a prefix relation (MARTIN, MARTINEZ) is another word.
        if similarity >= 0.94 && long >= 7 && !s.starts_with(t) && !t.starts_with(s) {
            Likeness::Close
        } else if similarity >= 0.82 {
            Likeness::Similar
        } else if s.len() > 3 && t.len() > 3 && s[..3] == t[..3] {
            Likeness::SameStart
        } else {
            Likeness::Different
        }
    }

    /// How alike two given names are: nicknames count, and two established names one letter apart (MARIO,
    /// MARIA; JOEL, NOEL) are two names, not a slip.
    pub fn given_likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        if a == b {
            return Likeness::Equal;
        }
        let (x, y) = (&self.all[a as usize], &self.all[b as usize]);
        if x.groups.iter().any(|group| y.groups.contains(group)) {
            return Likeness::Nickname;
        }
        match self.likeness(a, b) {
            Likeness::Close
                if x.sound != y.sound
                    && (x.established && y.established || gender_pair(&x.text, &y.text)) =>
            {
                Likeness::Similar
            }
            other => other,
        }
    }
}

/// `DANIEL`/`DANIELA`, `MARIO`/`MARIA`: the two names a brother and a sister can have.
fn gender_pair(a: &str, b: &str) -> bool {
    let stem = |s: &str| s.strip_suffix(['A', 'O']).unwrap_or(s).to_owned();
    a != b && stem(a) == stem(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(a: &str, b: &str) -> Likeness {
        let mut tokens = Tokens::default();
        let (a, b) = (tokens.intern(a), tokens.intern(b));
        assert_eq!(tokens.given_likeness(a, b), tokens.given_likeness(b, a));
        tokens.given_likeness(a, b)
    }

    #[test]
    fn likeness_of_given_names() {
        assert_eq!(given("JOSE", "JOSE"), Likeness::Equal);
        assert_eq!(given("JOSE", "PEPE"), Likeness::Nickname);
        assert_eq!(given("CRISTIAN", "CRSTIAN"), Likeness::Close);
        assert_eq!(given("CARLA", "KARLA"), Likeness::Close);
        assert_eq!(given("DANIEL", "DANIELA"), Likeness::Similar);
        assert!(given("JOEL", "NOEL") > Likeness::Nickname);
        assert_eq!(given("J", "JOSE"), Likeness::Initial);
        assert_eq!(given("EDWIN", "ALMA"), Likeness::Different);
    }

    #[test]
    fn counting_moves_the_share() {
        let mut tokens = Tokens::default();
        let id = tokens.intern("XOCHITL");
        let before = tokens.share(id, Role::Given);
        for _ in 0..500 {
            tokens.count(id, Role::Given);
        }
        assert!(tokens.share(id, Role::Given) > 100.0 * before);
        for _ in 0..500 {
            tokens.uncount(id, Role::Given);
        }
        assert!((tokens.share(id, Role::Given) - before).abs() < 1e-12);
    }
}
