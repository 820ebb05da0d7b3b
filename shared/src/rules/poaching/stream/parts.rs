//! Numbers that are dictated in parts, and digits that only their neighbours show to be some.

use super::{Between, Finder};
use crate::rules::poaching::{
    concept::*,
    fold::Glyph,
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
