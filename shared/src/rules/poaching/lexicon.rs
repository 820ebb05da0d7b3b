//! The words that the filter knows, in one table by the hash of their folded spelling.

mod numbers;
mod words;

use super::{concept::Concepts, fold::fold};
use std::sync::OnceLock;

/// Twice, as in "double five"; thrice; and hundred: numbers that are none by themselves.
pub(super) const DOUBLE: i16 = 200;
pub(super) const TRIPLE: i16 = 300;
pub(super) const HUNDRED: i16 = 100;

/// What a word means.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    concepts: Concepts,
    number: Option<i16>,
}

/// What a word means, by its place in the lexicon: a text has many words, so that this is small. Zero is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning(u16);

impl Meaning {
    fn facts(self) -> Facts {
        match self.0.checked_sub(1) {
            Some(slot) => Lexicon::get().facts[usize::from(slot)],
            None => Facts::default(),
        }
    }

    /// All concepts of the word.
    pub(super) fn concepts(self) -> Concepts {
        self.facts().concepts
    }

    /// 0 to 99, or [`DOUBLE`], [`TRIPLE`], [`HUNDRED`].
    pub(super) fn number(self) -> Option<i16> {
        self.facts().number
    }

    /// Whether the word has one of these concepts.
    pub(super) fn is(self, concepts: Concepts) -> bool {
        self.0 != 0 && self.concepts() & concepts != 0
    }
}

/// FNV-1a over characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const EMPTY: Hash = Hash(0xcbf2_9ce4_8422_2325);
    const STEM: u64 = 0x5bd1_e995_9d1b_54a5;

    pub(super) fn push(self, character: char) -> Hash {
        Hash((self.0 ^ u64::from(u32::from(character))).wrapping_mul(0x0100_0000_01b3))
    }

    pub(super) fn of(text: impl Iterator<Item = char>) -> Hash {
        text.fold(Hash::EMPTY, Hash::push)
    }

    /// The hash of two words, or of several and one more.
    pub(super) fn join(self, next: Hash) -> Hash {
        Hash(self.0.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ next.0)
    }

    fn stem(self) -> Hash {
        Hash(self.0 ^ Hash::STEM)
    }
}

/// An open hash table; the words are few and fixed. The hashes are by themselves, so that they stay in the cache.
pub(super) struct Lexicon {
    /// Zero where nothing is.
    hashes: Vec<u64>,
    facts: Vec<Facts>,
}

/// The fewest letters of a stem.
const STEM_LENGTH: usize = 3;

/// The most letters of a word that means something.
const LONGEST: usize = 32;

impl Lexicon {
    const SIZE: usize = 1 << 13;

    /// The lexicon, made at its first use.
    pub(super) fn get() -> &'static Lexicon {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Lexicon::new)
    }

    fn new() -> Lexicon {
        let mut lexicon = Lexicon { hashes: vec![0; Lexicon::SIZE], facts: vec![Facts::default(); Lexicon::SIZE] };
        for &(concepts, words) in words::WORDS {
            for word in words.split_ascii_whitespace() {
                lexicon.learn(word, concepts, None);
            }
        }
        numbers::each(|word, number| lexicon.learn(word, 0, Some(number)));
        // A word means what its stem means, too.
        for word in words::WORDS.iter().flat_map(|(_, words)| words.split_ascii_whitespace()) {
            let letters = fold(word).into_iter().map(|glyph| glyph.shape);
            if let (hash, Some(stem)) = lexicon.stem(letters)
                && let Some(slot) = lexicon.find(hash)
            {
                let stem = lexicon.facts[stem];
                lexicon.facts[slot].concepts |= stem.concepts;
            }
        }
        lexicon
    }

    /// Adds a word, a stem (`direct*`) or words in a row (`cash_app`).
    fn learn(&mut self, entry: &str, concepts: Concepts, number: Option<i16>) {
        let stem = entry.strip_suffix('*');
        let hash = stem
            .unwrap_or(entry)
            .split('_')
            .map(|word| Hash::of(fold(word).iter().map(|glyph| glyph.shape)))
            .reduce(Hash::join)
            .unwrap_or(Hash::EMPTY);
        let hash = if stem.is_some() { hash.stem() } else { hash };
        let at = self.slot(hash);
        self.hashes[at] = hash.0;
        let facts = &mut self.facts[at];
        facts.concepts |= concepts;
        facts.number = facts.number.or(number);
    }

    /// Where a hash is, or would be.
    fn slot(&self, hash: Hash) -> usize {
        let mask = Lexicon::SIZE - 1;
        let mut at = (hash.0 ^ (hash.0 >> 29)) as usize & mask;
        while self.hashes[at] != hash.0 && self.hashes[at] != 0 {
            at = (at + 1) & mask;
        }
        at
    }

    fn find(&self, hash: Hash) -> Option<usize> {
        let at = self.slot(hash);
        (self.hashes[at] != 0).then_some(at)
    }

    /// The hash of a word, and where its longest stem is.
    fn stem(&self, letters: impl Iterator<Item = char>) -> (Hash, Option<usize>) {
        let (mut hash, mut stem) = (Hash::EMPTY, None);
        for (length, letter) in letters.enumerate() {
            if length == LONGEST {
                return (Hash::EMPTY, None);
            }
            hash = hash.push(letter);
            if length + 1 >= STEM_LENGTH {
                stem = self.find(hash.stem()).or(stem);
            }
        }
        (hash, stem)
    }

    /// The hash of a word, and its meaning or that of its longest stem.
    pub(super) fn word(&self, letters: impl Iterator<Item = char>) -> (Hash, Meaning) {
        let (hash, stem) = self.stem(letters);
        (hash, Lexicon::meaning(self.find(hash).or(stem)))
    }

    /// The meaning of words in a row, if they mean something together.
    pub(super) fn row(&self, hash: Hash) -> Option<Meaning> {
        self.find(hash).map(|slot| Lexicon::meaning(Some(slot)))
    }

    fn meaning(slot: Option<usize>) -> Meaning {
        Meaning(slot.map_or(0, |slot| slot as u16 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::concept, *};

    fn meaning(word: &str) -> Meaning {
        Lexicon::get().word(fold(word).iter().map(|glyph| glyph.shape)).1
    }

    #[test]
    fn words_stems_and_numbers_are_found() {
        assert!(meaning("Überweise").is(concept::PAY));
        assert!(meaning("WhatsApp").is(concept::CHAT));
        assert_eq!(meaning("fünfunddreißig").number(), Some(35));
        assert_eq!(meaning("ventuno").number(), Some(21));
        assert_eq!(meaning("xyzzy"), Meaning::default());
    }

    #[test]
    fn the_table_is_at_most_half_full() {
        let used = Lexicon::get().hashes.iter().filter(|&&hash| hash != 0).count();
        assert!(used * 2 <= Lexicon::SIZE, "{used}");
    }
}
