//! The features of a text: words, words next to each other, letters within words, concepts, concepts close to each other,
//! words after "not", and what the whole text is about and how it speaks of it.

use super::{
    super::{
        concept::*,
        fold::Glyph,
        piece::{Piece, What},
    },
    BITS,
};

/// How many letters of a word are one feature, its beginning and its end counted as letters.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// How many words apart two concepts are one feature.
const CLOSE: usize = 6;

/// How many words after "not" are negated, at most to the end of their sentence.
const NEGATED: usize = 6;

/// How many of them are, after a comma.
const NEGATED_ON: usize = 2;

/// How a text speaks of something: it declines, tells of somebody else, proposes.
const MANNER: Concepts = NOT
    | NO
    | REFUSE
    | TERMS
    | SOMEBODY
    | TOLD
    | STAY
    | SORRY
    | CHANNEL
    | PAST
    | TROUBLE
    | WOULD
    | LATER
    | OTHERS
    | RECORD
    | HAVE;

/// What it speaks of.
const SUBJECT: Concepts = PAY
    | CASH
    | PURSE
    | CHAT
    | SOCIAL
    | NUMBER
    | MOVE
    | BOOK
    | DIRECT
    | PRIVATELY
    | OUT
    | APP
    | AGENCY
    | FEE
    | SAVE
    | CHEAP
    | SIDE
    | EMAIL
    | MONEY
    | TRANSFER
    | SECRET
    | OURSELVES
    | AMOUNT;

/// The kinds of features, which keep equal hashes apart.
const WORD: u32 = 1;
const PAIR: u32 = 2;
const PART: u32 = 3;
const CONCEPT: u32 = 4;
const CONCEPTS: u32 = 5;
const NEXT: u32 = 6;
const NEXT_BUT_ONE: u32 = 7;
const THREE: u32 = 8;
const NEGATED_TERM: u32 = 9;
const NEGATED_CONCEPT: u32 = 10;
const SPOKEN_OF: u32 = 11;

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

/// The hash of what a word means, whatever its language: its concepts.
fn term(concepts: Concepts) -> u32 {
    let hash = (0..4).rev().map(|quarter| (concepts >> (32 * quarter)) as u32).reduce(|hash, next| mix(next, hash));
    mix(CONCEPT, hash.unwrap_or_default())
}

/// Calls `put` for what a text with these concepts speaks of and how.
pub(super) fn spoken_of(concepts: Concepts, put: &mut impl FnMut(usize)) {
    for manner in each(concepts & MANNER) {
        for subject in each(concepts & SUBJECT) {
            put(place(mix(mix(SPOKEN_OF, manner), subject)));
        }
    }
}

/// Reads a text piece by piece.
pub(super) struct Reader {
    /// The last word of this sentence.
    before: u32,
    /// The last terms of this sentence, the newest first: what a word means, or else the word.
    terms: [u32; 2],
    /// How many words from here on are negated.
    negated: usize,
    /// The concepts of the last words, by the number of the word.
    concepts: [Concepts; CLOSE],
    /// All of them, and how many of the words have each.
    near: Concepts,
    times: [u8; Concepts::BITS as usize],
    word: usize,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            before: START,
            terms: [START; 2],
            negated: 0,
            concepts: [0; CLOSE],
            near: 0,
            times: [0; Concepts::BITS as usize],
            word: 0,
        }
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
        if piece.what == What::Word {
            parts(letters, put);
        }
        self.word += 1;
        let concepts = piece.meaning.concepts() & !(GRAMMAR | UNSCORED);
        self.terms(word, concepts, put);
        self.concepts(concepts, put);
        self.before = word;
    }

    /// Terms in a row, and terms that are negated.
    fn terms(&mut self, word: u32, concepts: Concepts, put: &mut impl FnMut(usize)) {
        let term = if concepts == 0 { word } else { term(concepts) };
        let [last, last_but_one] = self.terms;
        // Of two words without a meaning the pair is a feature already.
        if concepts != 0 || last != self.before {
            put(place(mix(mix(NEXT, last), term)));
        }
        put(place(mix(mix(NEXT_BUT_ONE, last_but_one), term)));
        put(place(mix(mix(mix(THREE, last_but_one), last), term)));
        if self.negated > 0 {
            put(place(mix(NEGATED_TERM, term)));
            for concept in each(concepts) {
                put(place(mix(NEGATED_CONCEPT, concept)));
            }
        }
        self.negated = if concepts & (NOT | NO) != 0 { NEGATED } else { self.negated.saturating_sub(1) };
        self.terms = [term, last];
    }

    fn mark(&mut self, mark: char, put: &mut impl FnMut(usize)) {
        if !matches!(mark, '?' | '$' | '€' | '£' | '%' | '!' | '.' | ',' | ':' | ';') {
            return;
        }
        let word = mix(WORD, u32::from(mark));
        put(place(word));
        if matches!(mark, '?' | '!' | '.' | ';') {
            put(place(mix(mix(PAIR, self.before), word)));
            (self.before, self.terms, self.negated) = (START, [START; 2], 0);
        }
        if mark == ',' {
            self.negated = self.negated.min(NEGATED_ON);
        }
    }

    fn concepts(&mut self, concepts: Concepts, put: &mut impl FnMut(usize)) {
        for concept in each(concepts) {
            put(place(mix(CONCEPT, concept)));
        }
        if concepts != 0 {
            // Each pair is hashed once, however many of the last words have the other concept.
            for other in each(self.near) {
                let hash = mix(CONCEPTS, other);
                for concept in each(concepts) {
                    let place = place(mix(hash, concept));
                    (0..self.times[other as usize]).for_each(|_| put(place));
                }
            }
        }
        self.remember(concepts);
    }

    /// Takes the concepts of a word for those of the oldest word that is close.
    fn remember(&mut self, concepts: Concepts) {
        let oldest = std::mem::replace(&mut self.concepts[self.word % CLOSE], concepts);
        for concept in each(oldest) {
            let times = &mut self.times[concept as usize];
            *times -= 1;
            if *times == 0 {
                self.near ^= 1 << concept;
            }
        }
        for concept in each(concepts) {
            self.times[concept as usize] += 1;
        }
        self.near |= concepts;
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
