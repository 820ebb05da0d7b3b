//! How much a text reads like a request to move or pay elsewhere: a linear model beside the rules.
//!
//! The model finds what no rule describes, and drops what a rule describes by accident. Its table of weights is learned
//! by `shared/generate/src/score.rs` from the labelled sentences in `shared/tests/poaching/`.

mod features;
#[path = "score.generated.rs"]
mod generated;

use super::{
    Hit, Kind,
    concept::*,
    fold::{self, Glyph},
    handle,
    piece::{self, Piece, What},
};
use features::{Reader, spoken_of};
use generated::{BIAS, UNIT, WEIGHTS};
use std::{iter::Peekable, ops::Range};

/// The table has two to the power of this many weights.
pub const BITS: u32 = 17;

/// The character of the table that stands for the weight zero. Its neighbours are no quotation mark and no backslash.
pub const ZERO: u8 = b'?';

/// The largest weight of the table, positive or negative.
pub const LARGEST: i32 = 28;

/// The score from which on a passage is a hit without a rule. Cross-validation chose it; docs/organisations.md has the
/// figures.
pub const HIT: f32 = 0.1;

/// The score below which a phrase that a rule has found in a passage is none, unless its sentence reads like one.
pub const KEEP: f32 = 0.0;

/// The score from which on a sentence is a hit without a rule, whatever else the passage says.
const HIT_ALONE: f32 = 0.3;

/// The score from which on a phrase that a rule has found is one by its sentence.
const KEEP_ALONE: f32 = 0.2;

/// The fewest words of a sentence that is judged alone; a shorter one goes with the next.
const SENTENCE: usize = 4;

/// From this number of words on a passage ends with its sentence, so that a long text does not hide a short request.
const PASSAGE: usize = 40;

/// The most words of a passage.
const LONGEST_PASSAGE: usize = 80;

/// The fewest words of a passage that is a hit without a rule: `€€€€` and `aaaa` ask for nothing, however often.
const FEWEST: usize = 2;

/// What a text has of features that say nothing: a few words are no evidence.
pub const QUIET: u32 = 60;

/// What asks to pay elsewhere, if it asks for something, and not to move.
const PAYS: Concepts = PAY
    | CASH
    | IN_CASH
    | NOTES
    | PURSE
    | PURSE_NAME
    | PAY_PHRASE
    | FEE
    | SAVE
    | CHEAP
    | MONEY
    | TRANSFER
    | ACCOUNT
    | AMOUNT
    | CURRENCY
    | TAKES;

/// The places in the table of a text's features, and whether a rule finds a phrase in it; nothing if the text has contact
/// details, which say nothing about phrases.
pub fn lesson(text: &str) -> Option<(Vec<usize>, bool)> {
    let glyphs = fold::fold(text);
    let mut pieces = piece::cut(&glyphs);
    let mut found = Vec::new();
    super::contacts(&glyphs, &pieces, &mut found);
    piece::read_rows(&glyphs, &mut pieces);
    handle::find(&glyphs, &pieces, &mut found);
    super::phrase::find(&pieces, &mut found);
    if found.iter().any(|hit| !matches!(hit.kind, Kind::MoveElsewhere | Kind::PayElsewhere)) {
        return None;
    }
    let (mut reader, mut places) = (Reader::default(), Vec::new());
    let mut concepts = 0;
    for piece in &pieces {
        concepts |= piece.meaning.concepts();
        reader.read(&glyphs, piece, &mut |place| places.push(place));
    }
    spoken_of(concepts, &mut |place| places.push(place));
    Some((places, !found.is_empty()))
}

/// A part of a text with its score so far.
#[derive(Clone, Default)]
struct Part {
    pieces: Range<usize>,
    words: usize,
    /// The concepts of its words.
    concepts: Concepts,
    features: u32,
    sum: i64,
}

impl Part {
    fn from(from: usize) -> Part {
        Part { pieces: from..from, ..Part::default() }
    }

    fn add(&mut self, place: usize) {
        self.features += 1;
        self.sum += i64::from(WEIGHTS[place]) - i64::from(ZERO);
    }

    fn read(&mut self, at: usize, piece: &Piece) {
        self.pieces.end = at + 1;
        self.words += usize::from(piece.what == What::Word);
        self.concepts |= piece.meaning.concepts();
    }

    /// The score: a long text has more of everything, so that the sum grows with the root of the features.
    fn score(mut self) -> f32 {
        let concepts = self.concepts;
        spoken_of(concepts, &mut |place| self.add(place));
        BIAS + UNIT * self.sum as f32 / ((self.features + QUIET) as f32).sqrt()
    }

    fn hit(&self) -> Hit {
        let kind = if self.concepts & PAYS != 0 { Kind::PayElsewhere } else { Kind::MoveElsewhere };
        Hit::new(kind, String::new(), self.pieces.clone())
    }
}

/// A part of a text that is judged as a whole and by its sentences.
#[derive(Default)]
struct Passage {
    whole: Part,
    /// Its sentences but the last.
    sentences: Vec<Part>,
    sentence: Part,
    /// It has the mark of a hit that was redacted: what is left of it is judged by the rules alone.
    redacted: bool,
}

impl Passage {
    fn from(from: usize) -> Passage {
        Passage { whole: Part::from(from), sentence: Part::from(from), ..Passage::default() }
    }

    fn end_sentence(&mut self) {
        let next = Part::from(self.sentence.pieces.end);
        self.sentences.push(std::mem::replace(&mut self.sentence, next));
    }

    /// Adds those of the phrases that count, or else the sentences that read like one, or the passage.
    fn decide(mut self, phrases: &mut Peekable<impl Iterator<Item = Hit>>, found: &mut Vec<Hit>) {
        self.end_sentence();
        let to = self.whole.pieces.end;
        let phrases = std::iter::from_fn(|| phrases.next_if(|phrase| phrase.pieces.start < to));
        if self.redacted {
            return found.extend(phrases);
        }
        let whole = self.whole.clone().score();
        let sentences: Vec<(&Part, f32)> =
            self.sentences.iter().map(|sentence| (sentence, sentence.clone().score())).collect();
        let before = found.len();
        found.extend(phrases.filter(|phrase| {
            let mut its = sentences.iter().filter(|(sentence, _)| sentence.pieces.contains(&phrase.pieces.start));
            phrase.kind == Kind::Handle || whole >= KEEP || its.any(|(_, score)| *score >= KEEP_ALONE)
        }));
        if found.len() > before || self.whole.words < FEWEST {
            return;
        }
        let least = if whole >= HIT { HIT } else { HIT_ALONE };
        found.extend(sentences.iter().filter(|(_, score)| *score >= least).map(|(sentence, _)| sentence.hit()));
        if found.len() == before && whole >= HIT {
            found.push(self.whole.hit());
        }
    }
}

/// Decides for each passage whether it asks to move or pay elsewhere: which of the phrases in it that rules have found
/// count, and whether it is a phrase without a rule. The phrases are in order.
pub(super) fn decide(glyphs: &[Glyph], pieces: &[Piece], phrases: Vec<Hit>, found: &mut Vec<Hit>) {
    let (mut reader, mut passage) = (Reader::default(), Passage::default());
    let mut phrases = phrases.into_iter().peekable();
    for (at, piece) in pieces.iter().enumerate() {
        let ended = piece.line || reader.is_at_start();
        if ended && passage.whole.words >= PASSAGE || passage.whole.words >= LONGEST_PASSAGE {
            std::mem::replace(&mut passage, Passage::from(at)).decide(&mut phrases, found);
            reader = Reader::default();
        } else if ended && passage.sentence.words >= SENTENCE {
            passage.end_sentence();
        }
        passage.redacted |= piece.what == What::Gap;
        passage.whole.read(at, piece);
        passage.sentence.read(at, piece);
        reader.read(glyphs, piece, &mut |place| {
            passage.whole.add(place);
            passage.sentence.add(place);
        });
    }
    passage.decide(&mut phrases, found);
}
