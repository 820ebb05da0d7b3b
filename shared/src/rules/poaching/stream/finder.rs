//! What is put together to a stream, and what ends it.

use super::{Finder, Group, near::Near, words::look_alike};
use crate::rules::poaching::{
    Hit, Kind,
    concept::*,
    harmless,
    phone::{self, After},
    piece::What,
};

/// The most marks and fillers between two groups.
const MARKS: usize = 6;
const FILLERS: usize = 6;

impl Finder<'_> {
    /// Reads the piece, and returns the next one to read.
    pub(super) fn step(&mut self, at: usize) -> usize {
        if let Some((end, digits)) = self.interleaved(at) {
            self.finish();
            self.push(at, &digits, false);
            self.stream.pieces.end = end;
            self.finish();
            return end;
        }
        let piece = &self.pieces[at];
        match piece.what {
            What::Gap => {
                self.finish();
                self.near = Near::default();
            }
            What::Digits => {
                if self.begins_chain(at)
                    && !self.is_in_singles(at)
                    && let Some(end) = harmless::end(self.glyphs, self.pieces, at)
                {
                    self.finish();
                    return end;
                }
                if piece.len() <= 4 && self.has_suffix(at) {
                    self.finish();
                    return at + 2;
                }
                if self.is_count(at) {
                    return at + 1;
                }
                let digits: String = self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).collect();
                let times = if digits.len() == 1 { self.stream.times.max(1) } else { 1 };
                for _ in 0..times {
                    self.push(at, &digits, digits.len() == 1);
                }
            }
            What::Word => self.word(at),
            What::Mark(mark) => self.mark(at, mark),
        }
        at + 1
    }

    /// Whether no digits stand directly before the mark before it.
    fn begins_chain(&self, at: usize) -> bool {
        let [.., before, mark] = &self.pieces[..at] else { return true };
        // `5o3.555`
        let within = !self.pieces[at].spaced && self.stream.pieces.end == at && mark.what == What::Word;
        if within && before.what == What::Digits && !mark.spaced {
            return false;
        }
        let attached = !self.pieces[at].spaced && !mark.spaced;
        !(attached && matches!(mark.what, What::Mark(_)) && before.what == What::Digits)
    }

    /// Digits with letters at their end that are none: `5th`, `10am`, `2x`.
    fn has_suffix(&self, at: usize) -> bool {
        let Some(next) = self.pieces.get(at + 1).filter(|next| next.what == What::Word && !next.spaced) else {
            return false;
        };
        let inner = self.pieces.get(at + 2).is_some_and(|after| after.what == What::Digits && !after.spaced);
        next.meaning.number().is_none()
            && !self.looks_like_digits(next, inner)
            && self.spelled(next).is_none()
            && !self.is_disguised(at + 1)
    }

    fn word(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let next = self.pieces.get(at + 1);
        let digits_next = next.is_some_and(|next| next.what == What::Digits && !next.spaced);
        let digits_before = !piece.spaced && at > 0 && self.pieces[at - 1].what == What::Digits;
        if self.is_count(at) || self.odd_number(at) {
            return;
        }
        if let Some(number) = piece.meaning.number() {
            return self.number(at, number, piece.hash);
        }
        let oh = piece.len() == 1 && self.letters(piece).eq(['o']) && self.is_number(at + 1);
        let alone = piece.len() <= 3
            && !self.stream.groups.is_empty()
            && (self.stream.between.fillers == 0 || oh)
            && self.goes_on(at);
        if self.is_disguised(at) {
            let digits: String = self.letters(piece).filter_map(|letter| look_alike(letter, true)).collect();
            self.stream.disguised = true;
            return self.push(at, &digits, false);
        }
        if (digits_next || digits_before || alone)
            && self.looks_like_digits(piece, digits_next && (digits_before || piece.len() == 1))
        {
            let digits: String = self.letters(piece).filter_map(|letter| look_alike(letter, true)).collect();
            self.stream.disguised = true;
            return self.push(at, &digits, alone && piece.len() == 1);
        }
        if piece.len() >= 6
            && piece.meaning.concepts() == 0
            && let Some(numbers) = self.spelled(piece)
        {
            for (number, hash) in numbers {
                self.number(at, number, hash);
            }
            return;
        }
        if !self.stream.groups.is_empty() && self.is_between(at) && self.stream.between.fillers < FILLERS {
            self.stream.between.fillers += 1;
            return self.near.read(piece);
        }
        self.finish();
        self.near.read(piece);
    }

    /// Whether a digit or another look-alike follows.
    pub(super) fn goes_on(&self, at: usize) -> bool {
        self.pieces[at + 1..].iter().take(3).find(|piece| !matches!(piece.what, What::Mark(_))).is_some_and(|piece| {
            piece.what == What::Digits
                || piece.meaning.number().is_some()
                || piece.what == What::Word && self.looks_like_digits(piece, false)
        })
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
        between.mark = Some(mark);
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

    pub(super) fn push(&mut self, at: usize, digits: &str, spelled: bool) {
        if self.stream.groups.is_empty() {
            self.stream.context = self.near.context();
            self.stream.named = self.near.named;
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
                mark: between.mark,
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
    pub(super) fn finish(&mut self) {
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
        let after = After {
            reference: after.iter().take(6).any(|piece| piece.is(REFERENCE | SERIAL) && !piece.is(PHONE)),
            phone: after.iter().take(6).any(|piece| piece.is(PHONE | CONTACT)),
            unit: after.first().is_some_and(|next| next.is(CLOCK | UNIT | CURRENCY)),
            name: after.first().is_some_and(|next| {
                next.what == What::Word && next.spaced && !next.line && self.glyphs[next.from].is_capital()
            }),
            letters: self.has_letters_before(stream.pieces.start),
        };
        if let Some(value) = phone::value(&stream, after) {
            self.found.push(Hit::new(Kind::Phone, value, stream.pieces));
        }
    }
}
