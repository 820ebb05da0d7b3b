//! How the lexicon is filled.

use super::{Facts, Hash, Lexicon, bit, numbers, without_each, words};
use crate::rules::poaching::{concept::Concepts, fold::fold};

impl Lexicon {
    pub(super) fn new() -> Lexicon {
        let (hashes, places) = (vec![0; Lexicon::SIZE], vec![0; Lexicon::SIZE]);
        let mut lexicon = Lexicon { hashes, places, facts: Vec::new(), misspelled: 0 };
        for &(concepts, words) in words::all() {
            for word in words.split_ascii_whitespace() {
                lexicon.learn(word, concepts, None);
            }
        }
        numbers::each(|word, number| lexicon.learn(word, 0, Some(number)));
        let entries = || words::all().flat_map(|(_, words)| words.split_ascii_whitespace());
        // A word means what its stem means, too.
        for word in entries() {
            let letters = fold(word).into_iter().map(|glyph| glyph.shape);
            if let (hash, Some(stem)) = lexicon.stem(letters)
                && let Some(place) = lexicon.find(hash)
            {
                let stem = lexicon.facts[stem];
                lexicon.facts[place].concepts |= stem.concepts;
            }
        }
        for word in entries().filter_map(|word| word.strip_suffix('~')) {
            lexicon.learn_typos(word);
        }
        lexicon
    }

    /// Adds the word without each of its letters but the first. Whoever leaves one out, adds, changes or swaps one meets
    /// the word there.
    fn learn_typos(&mut self, word: &str) {
        let letters: Vec<char> = fold(word).into_iter().map(|glyph| glyph.shape).collect();
        let Some(place) = self.find(Hash::of(letters.iter().copied())) else { return };
        self.misspelled |= bit(letters[0]);
        let whole = Hash::of(letters.iter().copied()).whole();
        for hash in without_each(&letters).map(Hash::typo).chain([whole]) {
            let slot = self.slot(hash);
            if self.hashes[slot] == 0 {
                (self.hashes[slot], self.places[slot]) = (hash.0, place as u16);
            }
        }
    }

    /// Adds a word, a stem (`direct*`) or words in a row (`cash_app`).
    fn learn(&mut self, entry: &str, concepts: Concepts, number: Option<i16>) {
        let entry = entry.strip_suffix('~').unwrap_or(entry);
        let stem = entry.strip_suffix('*');
        let hash = stem
            .unwrap_or(entry)
            .split(['_', '-'])
            .flat_map(elided)
            .map(|word| Hash::of(fold(&word).iter().map(|glyph| glyph.shape)))
            .reduce(Hash::join)
            .unwrap_or(Hash::EMPTY);
        let hash = if stem.is_some() { hash.stem() } else { hash };
        let place = self.find(hash).unwrap_or_else(|| {
            let slot = self.slot(hash);
            (self.hashes[slot], self.places[slot]) = (hash.0, self.facts.len() as u16);
            self.facts.push(Facts::default());
            self.facts.len() - 1
        });
        let facts = &mut self.facts[place];
        facts.concepts |= concepts;
        facts.number = facts.number.or(number);
    }
}

/// The words that a text has for one with an apostrophe: `dont`; `l` and `app`.
fn elided(word: &str) -> Vec<String> {
    match word.split_once('\'') {
        Some((before, after)) if after.chars().count() > 2 => vec![before.to_owned(), after.to_owned()],
        _ => vec![word.replace('\'', "")],
    }
}
