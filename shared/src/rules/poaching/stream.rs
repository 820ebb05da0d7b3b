//! Streams of digits and number words: what may be a phone number, whatever stands between its groups.

mod finder;
mod near;
mod parts;
mod words;

use super::{Hit, fold::Glyph, lexicon::Hash, phone::Context, piece::Piece};
use near::Near;
use std::ops::Range;

/// Digits side by side, or a number word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) length: usize,
    /// A number word, or a single digit.
    pub(super) spelled: bool,
    pub(super) comma: bool,
    pub(super) dash: bool,
    /// The last mark before it.
    pub(super) mark: Option<char>,
    /// A word stands before it, such as "and".
    pub(super) filled: bool,
}

/// Digits with little between them.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) digits: String,
    pub(super) groups: Vec<Group>,
    pub(super) plus: bool,
    pub(super) context: Context,
    /// What a batch or order is called stands directly before it.
    pub(super) named: bool,
    /// Letters stand for some of the digits.
    pub(super) disguised: bool,
    pieces: Range<usize>,
    between: Between,
    /// What the last number word was, so that the next one may be added to it.
    last_word: Option<(i16, Hash)>,
    /// How often the next digit comes.
    times: usize,
}

/// What stands since the last digit.
#[derive(Clone, Copy, Default)]
struct Between {
    marks: usize,
    fillers: usize,
    comma: bool,
    dash: bool,
    mark: Option<char>,
}

/// Finds phone numbers outside of the addresses, which are in order.
pub(super) fn find(glyphs: &[Glyph], pieces: &[Piece], addresses: &[Range<usize>], found: &mut Vec<Hit>) {
    let mut finder = Finder { glyphs, pieces, stream: Stream::default(), near: Near::default(), found };
    let (mut at, mut addresses) = (0, addresses.iter().peekable());
    while at < pieces.len() {
        if let Some(address) = addresses.next_if(|address| address.start <= at) {
            finder.finish();
            finder.near = Near::default();
            at = address.end.max(at);
            continue;
        }
        at = finder.step(at).max(at + 1);
    }
    finder.finish();
}

struct Finder<'a> {
    glyphs: &'a [Glyph],
    pieces: &'a [Piece],
    stream: Stream,
    near: Near,
    found: &'a mut Vec<Hit>,
}
