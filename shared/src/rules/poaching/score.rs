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
use features::Reader;
use generated::{BIAS, UNIT, WEIGHTS};

/// The table has two to the power of this many weights.
pub const BITS: u32 = 17;

/// The character of the table that stands for the weight zero. Its neighbours are no quotation mark and no backslash.
pub const ZERO: u8 = b'?';

/// The largest weight of the table, positive or negative.
pub const LARGEST: i32 = 28;

/// The score from which on a passage is a hit without a rule. Cross-validation chose it; docs/organisations.md has the
/// figures.
pub const HIT: f32 = 0.05;

/// The score below which a passage is no hit in spite of a rule.
pub const KEEP: f32 = -0.05;

/// From this number of words on a passage ends with its sentence, so that a long text does not hide a short request.
const PASSAGE: usize = 40;

/// The most words of a passage.
const LONGEST_PASSAGE: usize = 80;

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
    for piece in &pieces {
        reader.read(&glyphs, piece, &mut |place| places.push(place));
    }
    reader.finish(&mut |place| places.push(place));
    Some((places, !found.is_empty()))
}

/// A part of a text with its score so far.
#[derive(Default)]
struct Passage {
    from: usize,
    words: usize,
    /// The concepts of its words.
    concepts: Concepts,
    /// It has the mark of a hit that was redacted: what is left of it is judged by the rules alone.
    redacted: bool,
    features: u32,
    sum: i64,
}

impl Passage {
    /// The score: a long passage has more of everything, so that the sum grows with the root of the features.
    fn score(&self) -> f32 {
        BIAS + UNIT * self.sum as f32 / ((self.features + QUIET) as f32).sqrt()
    }

    fn add(&mut self, place: usize) {
        self.features += 1;
        self.sum += i64::from(WEIGHTS[place]) - i64::from(ZERO);
    }

    /// Adds those of the phrases that count, or the passage itself.
    fn decide(&self, to: usize, phrases: &mut impl Iterator<Item = Hit>, found: &mut Vec<Hit>) {
        let (mut named, score) = (false, self.score());
        let dropped = !self.redacted && score < KEEP;
        for phrase in phrases.filter(|phrase| !dropped || phrase.kind == Kind::Handle) {
            named = true;
            found.push(phrase);
        }
        if !named && !self.redacted && self.words > 0 && score >= HIT {
            let kind = if self.concepts & PAYS != 0 { Kind::PayElsewhere } else { Kind::MoveElsewhere };
            found.push(Hit::new(kind, String::new(), self.from..to));
        }
    }
}

/// Decides for each passage whether it asks to move or pay elsewhere: which of the phrases in it that rules have found
/// count, and whether it is a phrase without a rule. The phrases are in order.
pub(super) fn decide(glyphs: &[Glyph], pieces: &[Piece], phrases: Vec<Hit>, found: &mut Vec<Hit>) {
    let (mut reader, mut passage) = (Reader::default(), Passage::default());
    let mut phrases = phrases.into_iter().peekable();
    for (at, piece) in pieces.iter().enumerate() {
        let ended = passage.words >= PASSAGE && (piece.line || reader.is_at_start());
        if ended || passage.words >= LONGEST_PASSAGE {
            let mut its = std::iter::from_fn(|| phrases.next_if(|phrase| phrase.pieces.start < at));
            reader.finish(&mut |place| passage.add(place));
            passage.decide(at, &mut its, found);
            (reader, passage) = (Reader::default(), Passage { from: at, ..Passage::default() });
        }
        passage.words += usize::from(piece.what == What::Word);
        passage.redacted |= piece.what == What::Gap;
        passage.concepts |= piece.meaning.concepts();
        reader.read(glyphs, piece, &mut |place| passage.add(place));
    }
    reader.finish(&mut |place| passage.add(place));
    passage.decide(pieces.len(), &mut phrases, found);
}
