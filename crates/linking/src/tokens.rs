//! Words as small integers, with what a comparison needs of each worked out once.

use std::fmt;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashTable;
use rayon::prelude::*;
use rustc_hash::FxHasher;

use crate::cells::Numbering;
use crate::frequency::{Role, SMOOTHING, default_share, is_common_given, smoothed_share};
use crate::{nicknames, text};

/// The number of a word; [`NONE`] means that there is none.
pub type TokenId = u32;

/// No word.
pub const NONE: TokenId = 0;

/// A word with its derived forms.
#[derive(Debug)]
pub struct Token {
    text: Box<str>,
    groups: &'static [u16],
    counts: [u32; Role::COUNT],
}

/// What nearly every comparison of two words needs, in half a cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Shape {
    /// The word, if it is not longer.
    text: [u8; 16],
    /// Hash of the sound form.
    sound: u32,
    letters: u32,
    /// Bytes of the word, at most 255.
    len: u8,
    established: bool,
    has_nicknames: bool,
}

impl Shape {
    fn new(word: &str) -> Shape {
        let bytes = word.as_bytes();
        let mut start = [0; 16];
        let kept = bytes.len().min(16);
        start[..kept].copy_from_slice(&bytes[..kept]);
        Shape {
            text: start,
            sound: hash_bytes(text::sound(word).as_bytes()) as u32,
            letters: text::letter_mask(bytes),
            len: bytes.len().min(255) as u8,
            established: is_common_given(word) || nicknames::is_formal(word),
            has_nicknames: !nicknames::groups(word).is_empty(),
        }
    }

    /// How many letters two words begin with alike, up to four; what is beyond the shorter counts too.
    fn common_start(&self, other: &Shape) -> u32 {
        let start =
            |shape: &Shape| u32::from_le_bytes([shape.text[0], shape.text[1], shape.text[2], shape.text[3]]);
        (start(self) ^ start(other)).trailing_zeros() / 8
    }
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
    /// Jaro–Winkler at least [`text::SIMILAR`].
    Similar,
    /// One is a single letter, with which the other begins.
    Initial,
    /// The same first three letters.
    SameStart,
    /// Nothing in common worth counting.
    Different,
}

impl Likeness {
    const ALL: [Likeness; 7] = [
        Likeness::Equal,
        Likeness::Close,
        Likeness::Nickname,
        Likeness::Similar,
        Likeness::Initial,
        Likeness::SameStart,
        Likeness::Different,
    ];
}

/// How many likenesses are remembered: as many as a core's own cache holds.
const MEMO: usize = 1 << 16;

/// Numbers of words in a memo have so many bits; pairs with a higher number are worked out each time.
const MEMO_BITS: u32 = 30;

/// What was found of pairs of words last, as the same few names meet again and again. An entry is the two numbers and
/// the likeness; whoever comes later takes the place.
struct Memo(Box<[AtomicU64]>);

impl Default for Memo {
    fn default() -> Self {
        Memo((0..MEMO).map(|_| AtomicU64::new(0)).collect())
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

impl Memo {
    /// The likeness of two words, remembered or from `work_out`.
    #[inline]
    fn of(&self, (a, b): (TokenId, TokenId), work_out: impl FnOnce() -> Likeness) -> Likeness {
        if (a | b) >> MEMO_BITS != 0 {
            return work_out();
        }
        let pair = u64::from(a) << MEMO_BITS | u64::from(b);
        let place = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - MEMO.trailing_zeros());
        let entry = &self.0[place as usize];
        let kept = entry.load(Ordering::Relaxed);
        // No pair of words is 0: their numbers differ.
        if kept >> 3 == pair {
            return Likeness::ALL[(kept & 7) as usize % Likeness::ALL.len()];
        }
        let likeness = work_out();
        entry.store(pair << 3 | likeness as u64, Ordering::Relaxed);
        likeness
    }
}

/// All words seen, with how often each is used as what.
#[derive(Debug)]
pub struct Tokens {
    /// Numbers by the hash of their words.
    ids: HashTable<TokenId>,
    all: Vec<Token>,
    shapes: Vec<Shape>,
    /// Log2 of the share in each role, as of the last [`Tokens::freeze`].
    log_shares: Vec<[f32; Role::COUNT]>,
    likenesses: Memo,
    totals: [u64; Role::COUNT],
    /// The totals and the smoothing by which words that come later are judged.
    frozen: ([u64; Role::COUNT], f64),
}

impl Default for Tokens {
    fn default() -> Self {
        let none = Token {
            text: "".into(),
            groups: &[],
            counts: [0; Role::COUNT],
        };
        Tokens {
            ids: HashTable::new(),
            all: vec![none],
            shapes: vec![Shape::default()],
            log_shares: vec![[0.0; Role::COUNT]],
            likenesses: Memo::default(),
            totals: [0; Role::COUNT],
            frozen: ([0; Role::COUNT], SMOOTHING),
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

/// A word that is to be held, all worked out that takes no other.
#[derive(Debug)]
pub(crate) struct NewWord {
    token: Token,
    shape: Shape,
    hash: u64,
}

impl NewWord {
    /// Of a word (folded, not empty) that is used so often in each role.
    pub(crate) fn new(word: &str, counts: [u32; Role::COUNT]) -> NewWord {
        NewWord {
            token: Token {
                text: word.into(),
                groups: nicknames::groups(word),
                counts,
            },
            shape: Shape::new(word),
            hash: hash_bytes(word.as_bytes()),
        }
    }
}

impl Numbering for Tokens {
    fn intern(&mut self, word: &str) -> TokenId {
        Tokens::intern(self, word)
    }

    fn text(&self, id: TokenId) -> &str {
        Tokens::text(self, id)
    }
}

impl Tokens {
    /// The number of `word` (folded), new if need be; [`NONE`] for an empty word.
    pub fn intern(&mut self, word: &str) -> TokenId {
        if word.is_empty() {
            return NONE;
        }
        self.find(word).unwrap_or_else(|| {
            let shares = log_shares(word, [0; Role::COUNT], self.frozen);
            self.hold(NewWord::new(word, [0; Role::COUNT]), shares)
        })
    }

    /// Holds a word that is not held yet.
    fn hold(&mut self, word: NewWord, shares: [f32; Role::COUNT]) -> TokenId {
        let id = self.all.len() as TokenId;
        let NewWord { token, shape, hash } = word;
        for (total, count) in self.totals.iter_mut().zip(token.counts) {
            *total += u64::from(count);
        }
        self.log_shares.push(shares);
        self.all.push(token);
        self.shapes.push(shape);
        let all = &self.all;
        let hash_of = |&id: &TokenId| hash_bytes(all[id as usize].text.as_bytes());
        self.ids.insert_unique(hash, id, hash_of);
        id
    }

    /// Holds many words, none of which is held yet, in their order. How common they are is known from the next
    /// [`Tokens::freeze`] on.
    pub(crate) fn hold_all(&mut self, words: Vec<NewWord>) {
        self.all.reserve_exact(words.len());
        self.shapes.reserve_exact(words.len());
        self.log_shares.reserve_exact(words.len());
        let all = &self.all;
        self.ids
            .reserve(words.len(), |&id| hash_bytes(all[id as usize].text.as_bytes()));
        for word in words {
            self.hold(word, [0.0; Role::COUNT]);
        }
    }

    /// The folded word of a number.
    pub fn text(&self, id: TokenId) -> &str {
        &self.all[id as usize].text
    }

    /// Whether a word is more than an initial.
    pub fn is_whole(&self, id: TokenId) -> bool {
        self.shapes[id as usize].len > 1
    }

    /// The first so many bytes of a word, at most 16; the whole of a shorter one.
    pub(crate) fn start(&self, id: TokenId, bytes: usize) -> &[u8] {
        let shape = &self.shapes[id as usize];
        &shape.text[..bytes.min(shape.len.into()).min(shape.text.len())]
    }

    /// Whether one of two words begins with the whole other.
    pub fn begins_alike(&self, a: TokenId, b: TokenId) -> bool {
        let [one, other] = [a, b].map(|id| self.bytes_of(id, &self.shapes[id as usize]));
        one.first() == other.first() && (one.starts_with(other) || other.starts_with(one))
    }

    /// Hash of the word's sound form.
    pub fn sound(&self, id: TokenId) -> u32 {
        self.shapes[id as usize].sound
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
        let text: usize = self.all.iter().map(|token| token.text.len()).sum();
        text + self.all.capacity() * size_of::<Token>()
            + self.shapes.capacity() * size_of::<Shape>()
            + self.log_shares.capacity() * size_of::<[f32; Role::COUNT]>()
            + MEMO * size_of::<u64>()
            + self.ids.capacity() * (size_of::<TokenId>() + 1) * 8 / 7
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

    /// The number of a word that is held.
    pub fn find(&self, word: &str) -> Option<TokenId> {
        let same = |&id: &TokenId| &*self.all[id as usize].text == word;
        self.ids.find(hash_bytes(word.as_bytes()), same).copied()
    }

    /// Fixes how common each word is, as counted now; the counts go on, their meaning does not change until the next
    /// call. `smoothing` is how many records the built-in tables weigh as much as.
    pub fn freeze(&mut self, smoothing: f64) {
        self.frozen = (self.totals, smoothing);
        let frozen = self.frozen;
        self.log_shares[1..]
            .par_iter_mut()
            .zip(&self.all[1..])
            .with_min_len(4_096)
            .for_each(|(shares, token)| *shares = log_shares(&token.text, token.counts, frozen));
    }

    /// The chance that two values drawn from those in `role` are one, as counted now; `None` where there are none.
    pub fn collision(&self, role: Role) -> Option<f64> {
        let total = self.totals[role as usize] as f64;
        let squares: f64 = self
            .all
            .iter()
            .map(|token| f64::from(token.counts[role as usize]).powi(2))
            .sum();
        (total > 0.0).then(|| squares / (total * total))
    }

    /// Log2 of [`Tokens::share`].
    pub fn log_share(&self, id: TokenId, role: Role) -> f32 {
        self.log_shares[id as usize][role as usize]
    }

    /// The share of all values in `role` that are this word, smoothed, in 0..1, as of the last [`Tokens::freeze`].
    pub fn share(&self, id: TokenId, role: Role) -> f64 {
        f64::from(self.log_share(id, role)).exp2()
    }

    /// How alike two surnames, cities or other free words are.
    pub fn likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        if a == b {
            return Likeness::Equal;
        }
        self.likenesses
            .of((a.min(b), a.max(b)), || self.work_out_likeness(a, b))
    }

    fn work_out_likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        let (left, right) = (&self.shapes[a as usize], &self.shapes[b as usize]);
        let (s, t) = (self.bytes_of(a, left), self.bytes_of(b, right));
        let (short, long) = (s.len().min(t.len()), s.len().max(t.len()));
        let alike_from = left.common_start(right).min(short as u32);
        if short <= 1 {
            return if alike_from == 1 {
                Likeness::Initial
            } else {
                Likeness::Different
            };
        }
        // One edit changes at most two letters of the sets, two letters misread at most four.
        let apart = (left.letters ^ right.letters).count_ones();
        let slip = || (apart <= 2 && text::one_edit(s, t)) || (apart <= 4 && text::misread(s, t));
        if long >= 4 && (left.sound == right.sound || slip()) {
            return Likeness::Close;
        }
        let may_be_similar =
            text::may_reach_similar((s.len(), left.letters), (t.len(), right.letters), alike_from);
        let similarity = if may_be_similar {
            // Which comes first can change what letters match: always the same, whatever was asked.
            text::jaro_winkler(s.min(t), s.max(t))
        } else {
            0.0
        };
        // A typo in a long word is often two edits; a prefix relation (MARTIN, MARTINEZ) is another word.
        if similarity >= 0.94 && long >= 7 && !s.starts_with(t) && !t.starts_with(s) {
            Likeness::Close
        } else if similarity >= text::SIMILAR {
            Likeness::Similar
        } else if short > 3 && alike_from >= 3 {
            Likeness::SameStart
        } else {
            Likeness::Different
        }
    }

    fn bytes_of<'a>(&'a self, id: TokenId, shape: &'a Shape) -> &'a [u8] {
        shape
            .text
            .get(..shape.len as usize)
            .unwrap_or_else(|| self.all[id as usize].text.as_bytes())
    }

    /// How alike two given names are: nicknames count, and two established names one letter apart (MARIO,
    /// MARIA; JOEL, NOEL) are two names, not a slip.
    pub fn given_likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        if a == b {
            return Likeness::Equal;
        }
        // The other order, so that a pair's likeness as free words is kept apart.
        self.likenesses
            .of((a.max(b), a.min(b)), || self.work_out_given_likeness(a, b))
    }

    fn work_out_given_likeness(&self, a: TokenId, b: TokenId) -> Likeness {
        let (x, y) = (&self.shapes[a as usize], &self.shapes[b as usize]);
        if x.has_nicknames && y.has_nicknames {
            let of_other = self.all[b as usize].groups;
            if self.all[a as usize]
                .groups
                .iter()
                .any(|group| of_other.contains(group))
            {
                return Likeness::Nickname;
            }
        }
        match self.work_out_likeness(a, b) {
            Likeness::Close
                if x.sound != y.sound
                    && (x.established && y.established || gender_pair(self.text(a), self.text(b))) =>
            {
                Likeness::Similar
            }
            other => other,
        }
    }
}

fn log_shares(
    word: &str,
    counts: [u32; Role::COUNT],
    frozen: ([u64; Role::COUNT], f64),
) -> [f32; Role::COUNT] {
    Role::ALL.map(|role| {
        let i = role as usize;
        smoothed_share(counts[i], frozen.0[i], default_share(word, role), frozen.1).log2() as f32
    })
}

/// `DANIEL`/`DANIELA`, `MARIO`/`MARIA`: the two names a brother and a sister can have.
fn gender_pair(a: &str, b: &str) -> bool {
    let stem = |s: &str| s.strip_suffix(['A', 'O']).unwrap_or(s).to_owned();
    a != b && stem(a) == stem(b)
}

#[cfg(test)]
mod tests;
