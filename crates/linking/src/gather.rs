//! Taking in many records at once, on all cores: each numbers the words of its records by itself, and at the end all
//! get one numbering.
//!
//! Nearly every record of a registry brings something that was not seen before, a slip or two surnames that never
//! met. Would all cores number words in one table, they would stand in line for it.

use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::cells::{Cells, Numbering};
use crate::frequency::Role;
use crate::record::{Prepared, Record, RecordInput, word_uses};
use crate::tokens::{NONE, NewWord, TokenId, hash_bytes};

/// More cores than this gain less than the words cost that several of them number.
const MOST_VOCABULARIES: usize = 16;

/// Records that one core takes in before it looks for more.
const SHARE: usize = 1 << 10;

/// Words numbered in the order in which one core met them, with how often each is used as what.
#[derive(Debug)]
struct WordList {
    /// Numbers by the hash of their words.
    ids: HashTable<TokenId>,
    text: String,
    /// Where each word ends, [`NONE`] first.
    ends: Vec<usize>,
    counts: Vec<[u32; Role::COUNT]>,
}

impl Default for WordList {
    fn default() -> Self {
        WordList {
            ids: HashTable::new(),
            text: String::new(),
            ends: vec![0],
            counts: vec![[0; Role::COUNT]],
        }
    }
}

fn word<'a>(text: &'a str, ends: &[usize], id: TokenId) -> &'a str {
    let id = id as usize;
    let start = id.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[id]]
}

impl Numbering for WordList {
    fn intern(&mut self, new: &str) -> TokenId {
        if new.is_empty() {
            return NONE;
        }
        let hash = hash_bytes(new.as_bytes());
        let (text, ends) = (&self.text, &self.ends);
        if let Some(&id) = self.ids.find(hash, |&id| word(text, ends, id) == new) {
            return id;
        }
        let id = self.ends.len() as TokenId;
        self.text.push_str(new);
        self.ends.push(self.text.len());
        self.counts.push([0; Role::COUNT]);
        let (text, ends) = (&self.text, &self.ends);
        let hash_of = |&id: &TokenId| hash_bytes(word(text, ends, id).as_bytes());
        self.ids.insert_unique(hash, id, hash_of);
        id
    }

    fn text(&self, id: TokenId) -> &str {
        word(&self.text, &self.ends, id)
    }
}

/// A word in the list of one core, in the order of their hashes, which is quicker to tell than that of their letters.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Met<'a> {
    hash: u64,
    word: &'a str,
    list: usize,
    id: TokenId,
}

/// What one core has met.
#[derive(Debug, Default)]
struct Vocabulary {
    cells: Cells,
    words: WordList,
}

impl Vocabulary {
    fn read(&mut self, input: &RecordInput<'_>) -> Record {
        let record = Prepared::new(input).number(input, &mut self.cells, &mut self.words);
        for (word, role) in word_uses(&record) {
            self.words.counts[word as usize][role as usize] += 1;
        }
        record
    }
}

/// A gathering that goes on: what each core has met, and which records it numbered.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    vocabularies: Vec<Mutex<Vocabulary>>,
    /// The vocabulary of the records from a place on.
    shares: Vec<(usize, usize)>,
}

impl Gathering {
    /// Appends records, `count` of them, which `read` hands over by their place: in shares, each in order, taken by
    /// whichever core is free, and each with something of its own in which `read` may note what it saw.
    pub(crate) fn take_in<T: Default + Send>(
        &mut self,
        records: &mut Vec<Option<Record>>,
        count: usize,
        read: impl Fn(usize, &mut T, &mut dyn FnMut(&RecordInput<'_>)) + Sync,
    ) -> Vec<T> {
        if self.vocabularies.is_empty() {
            let cores = rayon::current_num_threads().clamp(1, MOST_VOCABULARIES);
            self.vocabularies.resize_with(cores, Mutex::default);
        }
        let vocabularies = &self.vocabularies;
        let taken: Vec<(usize, Vec<Option<Record>>, T)> = (0..count.div_ceil(SHARE))
            .into_par_iter()
            .map(|share| {
                // Each core has its own, so that none waits.
                let number = rayon::current_thread_index().unwrap_or(0) % vocabularies.len();
                let mut vocabulary = vocabularies[number]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let places = share * SHARE..((share + 1) * SHARE).min(count);
                let (mut records, mut noted) = (Vec::with_capacity(places.len()), T::default());
                for at in places {
                    read(at, &mut noted, &mut |input| {
                        records.push(Some(vocabulary.read(input)));
                    });
                }
                (number, records, noted)
            })
            .collect();
        records.reserve(count);
        let append = |(number, share, noted)| {
            self.shares.push((records.len(), number));
            records.extend(share);
            noted
        };
        taken.into_iter().map(append).collect()
    }

    /// Gives all words one numbering, the same whichever core met them and in whatever order: the most used first, so
    /// that what is asked of most often lies close together; and the gathered records the numbers of it. Returns the
    /// words in this order, from number 1 on.
    pub(crate) fn join(self, records: &mut [Option<Record>]) -> Vec<NewWord> {
        let own =
            |vocabulary: Mutex<Vocabulary>| vocabulary.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lists: Vec<WordList> = self.vocabularies.into_iter().map(|v| own(v).words).collect();
        let mut met: Vec<Met<'_>> = lists
            .iter()
            .enumerate()
            .flat_map(|(number, list)| {
                (1..list.ends.len() as TokenId).map(move |id| {
                    let word = list.text(id);
                    Met {
                        hash: hash_bytes(word.as_bytes()),
                        word,
                        list: number,
                        id,
                    }
                })
            })
            .collect();
        met.par_sort_unstable();
        let used = |met: &[Met<'_>]| {
            let counts = met.iter().flat_map(|met| lists[met.list].counts[met.id as usize]);
            counts.map(u64::from).sum()
        };
        let mut words: Vec<(u64, &[Met<'_>])> = met
            .chunk_by(|a, b| a.word == b.word)
            .map(|met| (used(met), met))
            .collect();
        words.par_sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let mut numbers: Vec<Vec<TokenId>> = lists.iter().map(|list| vec![NONE; list.ends.len()]).collect();
        for (at, (_, met)) in words.iter().enumerate() {
            for met in *met {
                numbers[met.list][met.id as usize] = at as TokenId + 1;
            }
        }
        let words = words
            .par_iter()
            .with_min_len(1_024)
            .map(|(_, met)| {
                let mut counts = [0; Role::COUNT];
                for met in *met {
                    for (sum, own) in counts.iter_mut().zip(lists[met.list].counts[met.id as usize]) {
                        *sum += own;
                    }
                }
                NewWord::new(met[0].word, counts)
            })
            .collect();
        let mut rest = records;
        let mut parts = Vec::with_capacity(self.shares.len());
        for &(from, list) in self.shares.iter().rev() {
            let (before, part) = rest.split_at_mut(from);
            parts.push((part, list));
            rest = before;
        }
        parts.into_par_iter().for_each(|(part, list)| {
            for record in part.iter_mut().flatten() {
                record.renumber(|id| numbers[list][id as usize]);
            }
        });
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::PersonNameInput;

    const NAMES: [(&str, &str); 4] = [
        ("María de los Ángeles", "De la Cruz"),
        ("Juan Carlos", "García López"),
        ("Ana", "García Ruiz"),
        ("Juan Carlos", "De la Cruz"),
    ];

    fn input(at: usize) -> RecordInput<'static> {
        let (first_name, last_name_1) = NAMES[at % NAMES.len()];
        RecordInput {
            key: at as u128,
            first_name,
            last_name_1,
            mother: PersonNameInput {
                last: "López",
                first: "Ana",
            },
            birth_city: "Los Mochis",
            ..RecordInput::default()
        }
    }

    #[test]
    fn the_numbering_does_not_depend_on_who_met_a_word() {
        let gathered = |cores: usize, at_once: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(cores)
                .build()
                .unwrap();
            let held = Mutex::new((Gathering::default(), Vec::new()));
            for (turn, from) in (0..40).step_by(at_once).enumerate() {
                // Each core in its turn.
                pool.broadcast(|core| {
                    if core.index() != turn % cores {
                        return;
                    }
                    let (gathering, records) = &mut *held.lock().unwrap();
                    let noted: Vec<Vec<usize>> =
                        gathering.take_in(records, at_once, |at, noted: &mut Vec<usize>, take| {
                            noted.push(from + at);
                            take(&input(from + at));
                        });
                    assert_eq!(noted.concat(), (from..from + at_once).collect::<Vec<_>>());
                });
            }
            let (gathering, mut records) = held.into_inner().unwrap();
            let met = |vocabulary: &Mutex<Vocabulary>| vocabulary.lock().unwrap().words.ends.len() > 1;
            let speaking = gathering.vocabularies.iter().filter(|v| met(v)).count();
            assert_eq!(speaking, cores, "each core met words");
            let words: Vec<String> = gathering
                .join(&mut records)
                .iter()
                .map(|word| format!("{word:?}"))
                .collect();
            (words, records)
        };
        let one = gathered(1, 40);
        assert_eq!(one.1.len(), 40);
        assert!(
            one.0[0].contains("LOSMOCHIS"),
            "the most used comes first: {:?}",
            one.0
        );
        for (cores, at_once) in [(2, 20), (3, 10), (7, 4)] {
            assert_eq!(gathered(cores, at_once), one, "{cores} cores, {at_once} at once");
        }
    }
}
