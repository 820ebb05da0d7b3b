//! Streams of digits and number words: what may be a phone number, whatever stands between its groups.

use super::{
    Hit, Kind,
    concept::*,
    fold::Glyph,
    harmless,
    lexicon::{DOUBLE, HUNDRED, Hash, Lexicon, Meaning, TRIPLE},
    phone::{self, Context},
    piece::{Piece, What},
};
use std::ops::Range;

/// Digits side by side, or a number word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) length: usize,
    /// A number word, or a single digit.
    pub(super) spelled: bool,
    pub(super) comma: bool,
    pub(super) dash: bool,
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
    pieces: Range<usize>,
    between: Between,
    /// What the last number word was, so that the next one may be added to it.
    last_word: Option<(i16, Hash)>,
    times: usize,
}

/// What stands since the last digit.
#[derive(Clone, Copy, Default)]
struct Between {
    marks: usize,
    fillers: usize,
    comma: bool,
    dash: bool,
}

/// The most marks and fillers between two groups.
const MARKS: usize = 6;
const FILLERS: usize = 3;

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

/// How many words ago a number of this kind was announced.
#[derive(Clone, Copy, Default)]
struct Near {
    word: usize,
    phone: Option<usize>,
    reference: Option<usize>,
    code: Option<usize>,
}

impl Near {
    const FAR: usize = 6;

    fn read(&mut self, piece: &Piece) {
        self.word += 1;
        for (concept, place) in [(PHONE, &mut self.phone), (REFERENCE, &mut self.reference), (CODE, &mut self.code)] {
            if piece.is(concept) {
                *place = Some(self.word);
            }
        }
    }

    fn context(&self) -> Context {
        let near = |place: Option<usize>| place.filter(|place| self.word - place < Near::FAR);
        [
            (near(self.phone), Context::Phone),
            (near(self.reference), Context::Reference),
            (near(self.code), Context::Code),
        ]
        .into_iter()
        .filter_map(|(place, context)| place.map(|place| (place, context)))
        .max_by_key(|&(place, _)| place)
        .map_or(Context::None, |(_, context)| context)
    }
}

struct Finder<'a> {
    glyphs: &'a [Glyph],
    pieces: &'a [Piece],
    stream: Stream,
    near: Near,
    found: &'a mut Vec<Hit>,
}

impl Finder<'_> {
    /// Reads the piece, and returns the next one to read.
    fn step(&mut self, at: usize) -> usize {
        let piece = &self.pieces[at];
        match piece.what {
            What::Gap => {
                self.finish();
                self.near = Near::default();
            }
            What::Digits => {
                if self.begins_chain(at)
                    && let Some(end) = harmless::end(self.glyphs, self.pieces, at)
                {
                    self.finish();
                    return end;
                }
                if piece.len() <= 4 && self.has_suffix(at) {
                    self.finish();
                    return at + 2;
                }
                let digits: String = self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).collect();
                self.push(at, &digits, digits.len() == 1);
            }
            What::Word => self.word(at),
            What::Mark(mark) => self.mark(at, mark),
        }
        at + 1
    }

    /// Whether no digits stand directly before the mark before it.
    fn begins_chain(&self, at: usize) -> bool {
        let [.., before, mark] = &self.pieces[..at] else { return true };
        let attached = !self.pieces[at].spaced && !mark.spaced;
        !(attached && matches!(mark.what, What::Mark(_)) && before.what == What::Digits)
    }

    /// Digits with letters at their end that are none: `5th`, `10am`, `2x`.
    fn has_suffix(&self, at: usize) -> bool {
        let Some(next) = self.pieces.get(at + 1).filter(|next| next.what == What::Word && !next.spaced) else {
            return false;
        };
        let inner = self.pieces.get(at + 2).is_some_and(|after| after.what == What::Digits && !after.spaced);
        next.meaning.number().is_none() && !self.looks_like_digits(next, inner) && self.spelled(next).is_none()
    }

    fn letters(&self, piece: &Piece) -> impl Iterator<Item = char> + Clone {
        self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape)
    }

    /// Letters that stand for digits; within digits more of them do.
    fn looks_like_digits(&self, piece: &Piece, inner: bool) -> bool {
        piece.len() <= 3
            && self.letters(piece).all(|letter| look_alike(letter, inner).is_some())
            // The second and third floor.
            && (inner || piece.len() == 1 || !self.letters(piece).all(|letter| letter == 'i'))
    }

    /// Number words without spaces: fivefiveone.
    fn spelled(&self, piece: &Piece) -> Option<Vec<i16>> {
        const LONGEST: usize = 12;
        const MOST_LETTERS: usize = 80;
        let lexicon = Lexicon::get();
        let mut letters = self.letters(piece).filter(|&letter| letter != ' ').take(MOST_LETTERS);
        let mut numbers = Vec::new();
        while letters.clone().next().is_some() {
            // The longest number word that the rest begins with.
            let (mut rest, mut hash, mut longest) = (letters.clone(), Hash::EMPTY, None);
            for length in 1..=LONGEST {
                let Some(letter) = rest.next() else { break };
                hash = hash.push(letter);
                let number = if length > 1 { lexicon.row(hash).and_then(Meaning::number) } else { None };
                if let Some(number) = number.filter(|&number| number < DOUBLE && number != HUNDRED) {
                    longest = Some((rest.clone(), number));
                }
            }
            let (after, number) = longest?;
            numbers.push(number);
            letters = after;
        }
        (numbers.len() > 1).then_some(numbers)
    }

    fn word(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let next = self.pieces.get(at + 1);
        let digits_next = next.is_some_and(|next| next.what == What::Digits && !next.spaced);
        let digits_before = !piece.spaced && at > 0 && self.pieces[at - 1].what == What::Digits;
        if let Some(number) = piece.meaning.number() {
            return self.number(at, number, piece.hash);
        }
        let alone =
            piece.len() <= 3 && !self.stream.groups.is_empty() && self.stream.between.fillers == 0 && self.goes_on(at);
        if (digits_next || digits_before || alone)
            && self.looks_like_digits(piece, digits_next && (digits_before || piece.len() == 1))
        {
            let digits: String = self.letters(piece).filter_map(|letter| look_alike(letter, true)).collect();
            return self.push(at, &digits, alone && piece.len() == 1);
        }
        if piece.len() >= 6
            && piece.meaning.concepts() == 0
            && let Some(numbers) = self.spelled(piece)
        {
            for number in numbers {
                self.push(at, &number.to_string(), true);
            }
            return;
        }
        if !self.stream.groups.is_empty() && piece.is(FILLER) && self.stream.between.fillers < FILLERS {
            self.stream.between.fillers += 1;
            return self.near.read(piece);
        }
        self.finish();
        self.near.read(piece);
    }

    /// Whether a digit or another look-alike follows.
    fn goes_on(&self, at: usize) -> bool {
        self.pieces[at + 1..].iter().take(3).find(|piece| !matches!(piece.what, What::Mark(_))).is_some_and(|piece| {
            piece.what == What::Digits
                || piece.meaning.number().is_some()
                || piece.what == What::Word && self.looks_like_digits(piece, false)
        })
    }

    fn number(&mut self, at: usize, number: i16, hash: Hash) {
        if matches!(number, DOUBLE | TRIPLE) {
            self.stream.times = if number == DOUBLE { 2 } else { 3 };
            if self.stream.groups.is_empty() {
                self.near.read(&self.pieces[at]);
            }
            return;
        }
        let vingt = || [Hash::of("vingt".chars()), Hash::of("vingts".chars())].contains(&hash);
        // Twenty-three, two hundred ten, soixante-dix, quatre-vingt: one number of several words.
        let joined = match self.stream.last_word {
            Some((4, before)) if number == 20 && vingt() && before == Hash::of("quatre".chars()) => Some(80),
            Some((ten @ (20 | 30 | 40 | 50 | 60 | 70 | 80 | 90), _)) if (1..10).contains(&number) => Some(ten + number),
            Some((ten @ (60 | 80), _)) if (10..20).contains(&number) => Some(ten + number),
            Some((one @ 1..=9, _)) if number == HUNDRED => Some(one * 100),
            Some((hundreds @ 100..=900, _)) if hundreds % 100 == 0 && (1..100).contains(&number) => {
                Some(hundreds + number)
            }
            Some((tens @ 120..=990, _)) if tens % 100 >= 20 && tens % 10 == 0 && (1..10).contains(&number) => {
                Some(tens + number)
            }
            _ => None,
        };
        if let Some(joined) = joined {
            if let Some(group) = self.stream.groups.pop() {
                let kept = self.stream.digits.len() - group.length;
                self.stream.digits.truncate(kept);
            }
            self.push(at, &joined.to_string(), true);
            self.stream.last_word = Some((joined, hash));
        } else {
            let times = std::mem::take(&mut self.stream.times).max(1);
            for _ in 0..times {
                self.push(at, &number.to_string(), true);
            }
            self.stream.last_word = (times == 1).then_some((number, hash));
        }
    }

    fn mark(&mut self, at: usize, mark: char) {
        if self.stream.groups.is_empty() {
            // `+49`, `+ 49`, `+(49)`
            self.stream.plus = mark == '+' || self.stream.plus && matches!(mark, '(' | '[');
            if mark == '#' && self.pieces.get(at + 1).is_some_and(|next| !next.spaced) {
                self.near.reference = Some(self.near.word);
                self.near.phone = None;
            }
            return;
        }
        let between = &mut self.stream.between;
        between.marks += 1;
        between.comma |= mark == ',';
        between.dash |= mark == '-';
        if between.marks > MARKS || matches!(mark, '@' | '%' | '$' | '€' | '£' | '#' | '°') {
            self.finish();
            if mark == '#' {
                self.near.reference = Some(self.near.word);
            }
        } else if mark == '+' && self.pieces[at].spaced && self.stream.digits.len() >= 7 {
            self.finish();
            self.stream.plus = true;
        }
    }

    fn push(&mut self, at: usize, digits: &str, spelled: bool) {
        if self.stream.groups.is_empty() {
            self.stream.context = self.near.context();
            self.stream.pieces.start = if self.stream.plus { self.plus_before(at) } else { at };
        }
        let stream = &mut self.stream;
        let attached = !self.pieces[at].spaced && stream.pieces.end == at && stream.between.marks == 0;
        stream.digits.push_str(digits);
        stream.pieces.end = at + 1;
        let between = std::mem::take(&mut stream.between);
        match stream.groups.last_mut() {
            // Digits and their look-alikes side by side are one group.
            Some(group) if attached && !spelled => group.length += digits.len(),
            _ => stream.groups.push(Group {
                length: digits.len(),
                spelled,
                comma: between.comma,
                dash: between.dash,
                filled: between.fillers > 0,
            }),
        }
        stream.last_word = None;
        stream.times = 0;
    }

    fn plus_before(&self, at: usize) -> usize {
        (at.saturating_sub(3)..at).rev().find(|&at| self.pieces[at].is_mark('+')).unwrap_or(at)
    }

    /// Ends the stream, and keeps it if it is a phone number.
    fn finish(&mut self) {
        if self.stream.groups.is_empty() {
            // Most words and marks are near no digits: what stands before them is forgotten at little cost.
            (self.stream.plus, self.stream.times) = (false, 0);
            return;
        }
        let stream = std::mem::take(&mut self.stream);
        if stream.digits.len() < phone::FEWEST {
            return;
        }
        let after = &self.pieces[stream.pieces.end.min(self.pieces.len())..];
        let named_after = after.iter().take(6).any(|piece| piece.is(REFERENCE) && !piece.is(PHONE));
        if let Some(value) = phone::value(&stream, named_after) {
            self.found.push(Hit::new(Kind::Phone, value, stream.pieces));
        }
    }
}

/// The digit that a letter looks like; some do so only within digits.
fn look_alike(letter: char, inner: bool) -> Option<char> {
    Some(match letter {
        'o' => '0',
        'l' | 'i' => '1',
        'z' if inner => '2',
        'e' if inner => '3',
        'a' if inner => '4',
        's' if inner => '5',
        'g' if inner => '6',
        't' if inner => '7',
        'b' if inner => '8',
        'q' if inner => '9',
        _ => return None,
    })
}
