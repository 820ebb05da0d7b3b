//! The words that the filter knows, in one table by the hash of their folded spelling.

mod hash;
mod learn;
mod numbers;
mod words;

pub(super) use hash::Hash;

use super::concept::Concepts;
use std::sync::OnceLock;

/// Twice, as in "double five"; thrice; and hundred: numbers that are none by themselves.
pub(super) const DOUBLE: i16 = 2000;
pub(super) const TRIPLE: i16 = 3000;
pub(super) const HUNDRED: i16 = 100;

/// What is added to the number of a word that sounds like a digit, and of a word for several of a digit.
pub(super) const SOUNDS: i16 = 10_000;
pub(super) const PLURAL: i16 = 20_000;

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

    /// 0 to 999, or [`HUNDRED`], or how often in thousands: [`DOUBLE`], [`TRIPLE`].
    pub(super) fn number(self) -> Option<i16> {
        self.facts().number.filter(|&number| number < SOUNDS)
    }

    /// The digit that a word sounds like: won, fore.
    pub(super) fn sound(self) -> Option<i16> {
        self.facts().number.filter(|number| (SOUNDS..PLURAL).contains(number)).map(|number| number - SOUNDS)
    }

    /// The digit that a word has several of: fives.
    pub(super) fn plural(self) -> Option<i16> {
        self.facts().number.and_then(|number| number.checked_sub(PLURAL)).filter(|&number| number >= 0)
    }

    /// Whether the word has one of these concepts.
    pub(super) fn is(self, concepts: Concepts) -> bool {
        self.0 != 0 && self.concepts() & concepts != 0
    }
}

/// An open hash table; the words are few and fixed. The hashes are by themselves, so that they stay in the cache.
pub(super) struct Lexicon {
    /// Zero where nothing is.
    hashes: Vec<u64>,
    /// Where the facts of the hash at the same place are.
    places: Vec<u16>,
    facts: Vec<Facts>,
    /// The first letters of the words that are found in spite of a typo, as bits.
    misspelled: u32,
}

/// The fewest letters of a stem.
const STEM_LENGTH: usize = 3;

/// The most letters of a word that means something.
const LONGEST: usize = 32;

/// The letters of a word in which a typo is looked for.
const TYPO: std::ops::RangeInclusive<usize> = 6..=14;

impl Lexicon {
    const SIZE: usize = 1 << 15;

    /// The lexicon, made at its first use.
    pub(super) fn get() -> &'static Lexicon {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Lexicon::new)
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

    /// Where the facts of a hash are.
    fn find(&self, hash: Hash) -> Option<usize> {
        let at = self.slot(hash);
        (self.hashes[at] != 0).then(|| usize::from(self.places[at]))
    }

    /// The hash of a word, and where the facts of its longest stem are.
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

    /// The hash of a word, and its meaning, that of its longest stem, or that of the word that it is with a typo.
    pub(super) fn word(&self, letters: impl Iterator<Item = char> + Clone) -> (Hash, Meaning) {
        let (hash, stem) = self.stem(letters.clone());
        let known = self.find(hash).or(stem);
        (hash, Lexicon::meaning(known.or_else(|| self.misspelling(letters, hash))))
    }

    /// The meaning of words in a row, or written as one, if they mean something together.
    pub(super) fn row(&self, hash: Hash) -> Option<Meaning> {
        self.find(hash).map(|place| Lexicon::meaning(Some(place)))
    }

    fn meaning(place: Option<usize>) -> Meaning {
        Meaning(place.map_or(0, |place| place as u16 + 1))
    }

    /// Where the facts of the word are that somebody misspelled: with one letter wrong, or a letter drawn out, as in
    /// `whatsaap` and `caaaash`.
    fn misspelling(&self, letters: impl Iterator<Item = char> + Clone, hash: Hash) -> Option<usize> {
        if hash == Hash::EMPTY {
            return None;
        }
        let mut word = ['\0'; LONGEST];
        let (mut length, mut longest_run, mut run) = (0, 0, 0);
        for letter in letters.clone() {
            word[length] = letter;
            run = if length > 0 && word[length - 1] == letter { run + 1 } else { 1 };
            longest_run = longest_run.max(run);
            length += 1;
        }
        if longest_run > 2 {
            let mut last = '\0';
            let single = letters.filter(move |&letter| std::mem::replace(&mut last, letter) != letter);
            let (hash, stem) = self.stem(single);
            return self.find(hash).or(stem);
        }
        let word = &word[..length];
        if !TYPO.contains(&length) || self.misspelled & bit(word[0]) == 0 {
            return None;
        }
        if let Some(place) = self.find(hash.typo()) {
            return Some(place);
        }
        let mut swapped = None;
        for hash in without_each(word) {
            // The word without a letter is there itself, under the hash that its own typos have.
            if let Some(place) = self.find(hash)
                && self.find(hash.whole()).is_some()
            {
                return Some(place);
            }
            swapped = swapped.or_else(|| self.find(hash.typo()));
        }
        swapped
    }
}

/// The place of a letter among 32.
fn bit(letter: char) -> u32 {
    1 << (u32::from(letter) & 31)
}

/// The hashes of a word without each of its letters but the first.
fn without_each(letters: &[char]) -> impl Iterator<Item = Hash> {
    let push = |hash: Hash, letter: &char| hash.push(*letter);
    letters.windows(2).enumerate().scan(Hash::EMPTY, move |before, (at, pair)| {
        *before = before.push(pair[0]);
        Some(letters[at + 2..].iter().fold(*before, push))
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{concept, fold::fold},
        *,
    };

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
