//! The features of a text: words, words next to each other, letters within words, concepts, concepts close to each other.

use super::{
    super::{
        concept::{Concepts, GRAMMAR},
        fold::Glyph,
        piece::{Piece, What},
    },
    BITS,
};

/// How many letters of a word are one feature, its beginning and its end counted as letters.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// How many words apart two concepts are one feature.
const CLOSE: usize = 6;

/// The kinds of features, which keep equal hashes apart.
const WORD: u32 = 1;
const PAIR: u32 = 2;
const PART: u32 = 3;
const CONCEPT: u32 = 4;
const CONCEPTS: u32 = 5;

/// What stands for the word before a sentence, for any number, and for any gap.
const START: u32 = 0x1234_5671;
const DIGITS: u32 = 0x2345_6711;
const GAP: u32 = 0x0345_6719;

/// The character before and after a word.
const EDGE: char = '_';

fn mix(hash: u32, next: u32) -> u32 {
    let mixed = (hash.rotate_left(13) ^ next).wrapping_mul(0x9e37_79b1);
    mixed ^ mixed >> 15
}

/// The place of a feature in the table.
fn place(hash: u32) -> usize {
    (hash.wrapping_mul(0x85eb_ca6b) >> (32 - BITS)) as usize
}

/// The places of concepts in a set.
fn each(mut concepts: Concepts) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = concepts.trailing_zeros();
        concepts &= concepts.wrapping_sub(1);
        (bit < Concepts::BITS).then_some(bit)
    })
}

/// Reads a text piece by piece.
pub(super) struct Reader {
    /// The last word of this sentence.
    before: u32,
    /// The concepts of the last words, by the number of the word.
    concepts: [Concepts; CLOSE + 1],
    word: usize,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader { before: START, concepts: [0; CLOSE + 1], word: 0 }
    }
}

impl Reader {
    /// No word of this sentence was read yet.
    pub(super) fn is_at_start(&self) -> bool {
        self.before == START
    }

    /// Calls `put` with the place of each feature that the piece and those before it have.
    pub(super) fn read(&mut self, glyphs: &[Glyph], piece: &Piece, put: &mut impl FnMut(usize)) {
        let letters = &glyphs[piece.from..piece.to];
        let word = match piece.what {
            What::Word => letters.iter().fold(WORD, |hash, letter| mix(hash, u32::from(letter.shape))),
            What::Digits => DIGITS,
            What::Gap => GAP,
            What::Mark(mark) => return self.mark(mark, put),
        };
        put(place(mix(WORD, word)));
        put(place(mix(mix(PAIR, self.before), word)));
        self.before = word;
        if piece.what == What::Word {
            parts(letters, put);
        }
        self.word += 1;
        self.concepts(piece.meaning.concepts() & !GRAMMAR, put);
    }

    fn mark(&mut self, mark: char, put: &mut impl FnMut(usize)) {
        if !matches!(mark, '?' | '$' | '€' | '£' | '%' | '!' | '.' | ',' | ':' | ';') {
            return;
        }
        let word = mix(WORD, u32::from(mark));
        put(place(word));
        if matches!(mark, '?' | '!' | '.' | ';') {
            put(place(mix(mix(PAIR, self.before), word)));
            self.before = START;
        }
    }

    fn concepts(&mut self, concepts: Concepts, put: &mut impl FnMut(usize)) {
        let slots = self.concepts.len();
        self.concepts[self.word % slots] = concepts;
        for concept in each(concepts) {
            put(place(mix(CONCEPT, concept)));
            for ago in 1..=CLOSE {
                for other in each(self.concepts[(self.word + slots - ago) % slots]) {
                    put(place(mix(mix(CONCEPTS, other), concept)));
                }
            }
        }
    }
}

/// Three to five letters in a row.
fn parts(letters: &[Glyph], put: &mut impl FnMut(usize)) {
    let length = letters.len() + 2;
    let letter = |at: usize| at.checked_sub(1).and_then(|at| letters.get(at)).map_or(EDGE, |letter| letter.shape);
    for from in 0..length {
        let mut hash = PART;
        for to in from..length.min(from + LETTERS.end()) {
            hash = mix(hash, u32::from(letter(to)));
            let count = to + 1 - from;
            if LETTERS.contains(&count) && count < length {
                put(place(hash));
            }
        }
    }
}
