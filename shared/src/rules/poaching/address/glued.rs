//! Addresses without spaces between their words, or in quoted parts: `nameATexampleDOTcom`, `"name" + "@" + "example.com"`.

use super::Text;
use crate::rules::poaching::{
    Hit, Kind,
    concept::*,
    fold::Glyph,
    piece::{Piece, What},
};
use std::ops::Range;

/// What stands for the sign, and for the point.
const SIGNS: [&str; 4] = ["at", "arroba", "arobase", "chiocciola"];
const POINTS: [&str; 6] = ["dot", "punkt", "punto", "point", "ponto", "punt"];

/// The most characters of an address in one word.
const LONGEST: usize = 64;

impl Text<'_> {
    /// `nameATexampleDOTcom`, or `NAMEatEXAMPLEdotCOM`: the words for the signs are in the other case.
    pub(super) fn in_capitals(&self, label: &Range<usize>) -> Option<Hit> {
        let glyphs = &self.glyphs[self.pieces[label.start].from..self.pieces[label.end - 1].to];
        let mixed = glyphs.windows(2).any(|two| two[1].is_capital() && !two[0].is_capital());
        if glyphs.len() > LONGEST || !mixed {
            return None;
        }
        let sign = other_case(glyphs, &SIGNS)?;
        let (name, host) = (&glyphs[..sign.start], &glyphs[sign.end..]);
        let point = other_case(host, &POINTS)?;
        let value = format!("{}@{}.{}", shapes(name), shapes(&host[..point.start]), shapes(&host[point.end..]));
        Some(Hit::new(Kind::Email, value, label.clone()))
    }

    /// `"name" + "@" + "example" + ".com"`
    pub(super) fn glued(&self, at: usize) -> Option<Hit> {
        const MOST: usize = 32;
        let quote = |piece: &Piece| matches!(piece.what, What::Mark('"' | '\'' | '“' | '”' | '„' | '«' | '»'));
        let first = self.get(at).filter(|piece| quote(piece) || piece.what == What::Word)?;
        let next = self.get(at + 1)?;
        if !(quote(first) || quote(next) || next.is_mark('+')) {
            return None;
        }
        let (mut value, mut joints, mut end) = (String::new(), 0, at);
        let mut within = false;
        for (place, piece) in self.pieces[at..].iter().enumerate().take(MOST) {
            let place = at + place;
            match piece.what {
                _ if quote(piece) => {}
                What::Mark('+') => {
                    joints += 1;
                    within = false;
                    continue;
                }
                What::Word | What::Digits | What::Mark('.' | '@' | '_' | '-') => {
                    if within && piece.spaced {
                        break;
                    }
                    let range = place..place + 1;
                    match piece.what {
                        What::Word if piece.is(AT) && value.len() > 1 => value.push('@'),
                        What::Word if piece.is(DOT) && value.contains('@') => value.push('.'),
                        _ => value.push_str(&self.shapes(&range)),
                    }
                    within = true;
                }
                _ => break,
            }
            end = place + 1;
        }
        let (name, host) = value.split_once('@')?;
        let (before, top) = host.rsplit_once('.')?;
        let letters = top.len() > 1 && top.chars().all(char::is_alphabetic);
        (joints > 1 && !name.is_empty() && !before.is_empty() && letters)
            .then(|| Hit::new(Kind::Email, value.clone(), at..end))
    }
}

/// Where one of these words stands with letters of the other case before and after it.
fn other_case(glyphs: &[Glyph], words: &[&str]) -> Option<Range<usize>> {
    let reads = |from: usize, word: &str| {
        let to = from + word.len();
        let [before, .., after] = glyphs.get(from - 1..=to)? else { return None };
        let within = &glyphs[from..to];
        let capital = within[0].is_capital();
        let same = within.iter().map(|glyph| glyph.shape).eq(word.chars());
        let apart = within.iter().all(|glyph| glyph.is_capital() == capital)
            && [before, after].iter().all(|glyph| !glyph.is_letter() || glyph.is_capital() != capital);
        (same && apart).then_some(from..to)
    };
    (1..glyphs.len()).find_map(|from| words.iter().find_map(|word| reads(from, word)))
}

fn shapes(glyphs: &[Glyph]) -> String {
    glyphs.iter().map(|glyph| glyph.shape).filter(|&shape| shape != ' ').collect()
}
