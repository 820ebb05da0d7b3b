//! Numbers that are dictated in parts, and digits that only their neighbours show to be some.

use super::{Between, Finder};
use crate::rules::poaching::{
    concept::*,
    fold::Glyph,
    phone::FEWEST,
    piece::{Piece, What},
};

impl Finder<'_> {
    /// Capital letters that are often taken for digits, within a number: `9B 4I`, `OIBB`.
    pub(super) fn is_disguised(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let capitals = |glyph: &Glyph| glyph.is_capital() && matches!(glyph.shape, 'o' | 'i' | 'l' | 's' | 'z' | 'b');
        !self.stream.groups.is_empty()
            && self.stream.between.fillers == 0
            && piece.len() <= 4
            // The second and third floor.
            && !self.letters(piece).all(|letter| letter == 'i')
            && self.glyphs[piece.from..piece.to].iter().all(capitals)
            && (self.goes_on(at) || self.stream.digits.len() >= 6 && piece.len() > 1)
    }

    /// A word that may stand between two groups: `next comes 555, and it ends in 0119`, `347 (paws) 555`, `then a zero`.
    pub(super) fn is_between(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let next = self.pieces.get(at + 1);
        let before = at.checked_sub(1).map(|before| &self.pieces[before]);
        let splice = |piece: Option<&Piece>| piece.is_some_and(|piece| piece.is(SPLICE));
        if piece.is(FILLER | SPLICE) || piece.is(GRAMMAR | ON | IN) && (splice(next) || splice(before)) {
            return true;
        }
        let within = self.stream.groups.last().is_some_and(|group| group.spelled);
        if within && piece.is(GRAMMAR) && next.is_some_and(|next| next.meaning.number().is_some()) {
            return true;
        }
        let bracket = |piece: Option<&Piece>| {
            piece.is_some_and(|piece| {
                matches!(piece.what, What::Mark('(' | ')' | '[' | ']' | '{' | '}' | '*' | '~' | '<' | '>'))
            })
        };
        let long = |digits: &Piece| digits.what == What::Digits && digits.len() > 2;
        bracket(before)
            && bracket(next)
            && !piece.is(UNIT | DATE | CURRENCY | CLOCK)
            && self.stream.groups.last().is_some_and(|group| group.length > 2)
            && self.pieces.get(at + 2).is_some_and(long)
    }

    /// Digits one by one with marks between them, of which the next few look like a version or an address: `5.5.5 - 0.1.7.0`.
    pub(super) fn is_in_singles(&self, at: usize) -> bool {
        // A long text may be one stream.
        const MOST: usize = 16;
        let groups = &self.stream.groups;
        self.pieces[at].len() == 1
            && groups.len() > 2
            && groups.iter().rev().take(MOST).all(|group| group.length == 1)
            && self.stream.between.fillers == 0
    }

    /// Digits with a letter between each two, which the reader is to leave out: `a4b1c0d5e5f5`. The end and the digits.
    pub(super) fn interleaved(&self, at: usize) -> Option<(usize, String)> {
        const MOST: usize = 32;
        const NEAR: usize = 8;
        let alphanumeric = |piece: &Piece| matches!(piece.what, What::Word | What::Digits);
        let first = &self.pieces[at];
        let short = |piece: &Piece| alphanumeric(piece) && piece.len() == 1;
        let next = self.pieces.get(at + 1).filter(|next| !next.spaced)?;
        let begins = at == 0 || first.spaced || !alphanumeric(&self.pieces[at - 1]);
        if !begins || !short(first) || !short(next) || first.what == next.what {
            return None;
        }
        let rest = &self.pieces[at + 1..];
        let more = rest.iter().zip(&self.pieces[at..]).take(MOST);
        let more =
            more.take_while(|(piece, before)| short(piece) && !piece.spaced && piece.what != before.what).count();
        let end = at + 1 + more;
        if self.pieces.get(end).is_some_and(|next| alphanumeric(next) && !next.spaced) {
            return None;
        }
        let shapes = |what: What| {
            let pieces = self.pieces[at..end].iter().filter(move |piece| piece.what == what);
            pieces.map(|piece| self.glyphs[piece.from].shape)
        };
        let digits: String = shapes(What::Digits).collect();
        let around = || self.pieces[at.saturating_sub(NEAR)..at].iter().chain(self.pieces[end..].iter().take(NEAR));
        let told = || around().any(|piece| piece.is(LETTERS | PHONE));
        ((FEWEST..=15).contains(&digits.len()) && (shapes(What::Word).is_sorted_by(|one, two| one < two) || told()))
            .then_some((end, digits))
    }

    /// How many digits follow, or which part of the number: `last four 0177`, `part two is 900`.
    pub(super) fn is_count(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let value = match piece.what {
            What::Digits if piece.len() == 1 => self.glyphs[piece.from].shape.to_digit(10),
            What::Word => piece.meaning.number().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        let Some(count) = value.filter(|count| (1..=6).contains(count)) else { return false };
        let before = at.checked_sub(1).is_some_and(|before| self.pieces[before].is(SPLICE));
        let next = self.pieces.get(at + 1);
        before
            && next.is_some_and(|next| match next.what {
                What::Digits => next.spaced && next.len() == count as usize && count > 1,
                What::Word => next.is(SPLICE),
                _ => false,
            })
    }

    /// Whether the word before was one digit by itself, which says how often: the digit.
    pub(super) fn pop_count(&mut self) -> Option<usize> {
        let group = *self.stream.groups.last().filter(|group| group.length == 1 && group.spelled)?;
        let between = self.stream.between;
        let count = self.stream.digits.chars().last()?.to_digit(10).filter(|count| (2..=9).contains(count))?;
        if between.fillers > 0 || between.marks > 0 {
            return None;
        }
        self.stream.groups.pop();
        self.stream.digits.pop();
        self.stream.between = Between {
            fillers: usize::from(group.filled),
            comma: group.comma,
            dash: group.dash,
            mark: group.mark,
            marks: usize::from(group.mark.is_some()),
        };
        Some(count as usize)
    }

    pub(super) fn is_number(&self, at: usize) -> bool {
        self.pieces.get(at).is_some_and(|piece| {
            piece.meaning.number().is_some()
                || piece.meaning.sound().is_some()
                || piece.what == What::Digits && piece.len() == 1
        })
    }

    /// A word that is a digit only beside others: `three fives`, `oh won`, `three times five`. Whether it is.
    pub(super) fn odd_number(&mut self, at: usize) -> bool {
        let piece = &self.pieces[at];
        if let Some(digit) = piece.meaning.plural() {
            let count = self.pop_count().unwrap_or(self.stream.times.max(1));
            for _ in 0..count {
                self.push(at, &digit.to_string(), true);
            }
            return true;
        }
        if let Some(digit) = piece.meaning.sound() {
            let within =
                self.stream.groups.last().is_some_and(|group| group.spelled) && self.stream.between.fillers == 0;
            let last = self.pieces.get(at + 1).is_none_or(|next| next.what != What::Word);
            let first = self.stream.groups.is_empty() && self.is_number(at + 2);
            if within && (last && self.stream.digits.len() >= 3 || self.is_number(at + 1))
                || first && self.is_number(at + 1)
            {
                self.number(at, digit, piece.hash);
                return true;
            }
        }
        let article = self.pieces.get(at + 1).is_some_and(|next| next.is(GRAMMAR)) && self.is_number(at + 2);
        if piece.is(TIMES)
            && (article || self.is_number(at + 1))
            && let Some(count) = self.pop_count()
        {
            self.stream.times = count;
            return true;
        }
        // Three times the five.
        self.stream.times > 1 && piece.is(GRAMMAR) && self.is_number(at + 1)
    }

    /// The capital letters directly before a number, such as those of a parcel or of a tax number.
    pub(super) fn has_letters_before(&self, at: usize) -> usize {
        let before = at.checked_sub(1).map(|before| &self.pieces[before]).filter(|_| !self.pieces[at].spaced);
        before
            .filter(|piece| piece.what == What::Word && !piece.is(PHONE | CONTACT | NUMBER | ME | GIVE))
            .filter(|piece| self.glyphs[piece.from..piece.to].iter().all(|glyph| glyph.is_capital()))
            .map_or(0, Piece::len)
    }
}
