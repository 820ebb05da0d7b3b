//! E-mail addresses and links, also with spaces, in brackets and in words: `name at gmail dot com`.

mod glued;
mod host;
mod link;
mod mail;

use super::{
    Hit,
    concept::*,
    fold::Glyph,
    piece::{Piece, What},
};
use std::ops::Range;

/// Finds addresses and links.
pub(super) fn find(glyphs: &[Glyph], pieces: &[Piece], found: &mut Vec<Hit>) {
    let text = Text { glyphs, pieces };
    let mut at = 0;
    while at < pieces.len() {
        match text.address(at) {
            Ok(hit) => {
                at = hit.pieces.end;
                found.push(hit);
            }
            Err(next) => at = next.max(at + 1),
        }
    }
}

struct Text<'a> {
    glyphs: &'a [Glyph],
    pieces: &'a [Piece],
}

/// What joins two labels, or a name and a host: how it is written, and where it ends.
#[derive(Clone, Copy)]
struct Joint {
    /// The character itself without spaces.
    tight: bool,
    /// A word: dot, punto, at.
    word: bool,
    /// A word in capital letters, or a word or mark in brackets: who writes so means an address.
    meant: bool,
    end: usize,
}

/// Labels with dots between them.
struct Chain {
    labels: Vec<Range<usize>>,
    dots: Vec<Joint>,
}

/// The most labels of a chain, so that chains that begin one after the other stay linear.
const LONGEST: usize = 8;

/// The bytes of a usual address.
const USUAL: usize = 32;

impl Text<'_> {
    fn get(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(at)
    }

    fn shape(&self, piece: &Piece) -> String {
        self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).filter(|&shape| shape != ' ').collect()
    }

    /// Whether a piece reads so.
    fn reads(&self, piece: &Piece, text: &str) -> bool {
        let letters = self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape);
        // `c o m` is one piece.
        (text.len()..2 * text.len()).contains(&piece.len()) && letters.filter(|&shape| shape != ' ').eq(text.chars())
    }

    fn length(&self, label: &Range<usize>) -> usize {
        self.pieces[label.clone()].iter().map(Piece::len).sum()
    }

    fn shapes(&self, range: &Range<usize>) -> String {
        self.names(String::with_capacity(USUAL), std::slice::from_ref(range))
    }

    /// Words, digits and hyphens without spaces.
    fn label(&self, from: usize) -> Option<Range<usize>> {
        let is_part =
            |piece: &Piece| matches!(piece.what, What::Word | What::Digits | What::Mark('-' | '_' | '+' | '%'));
        let first = self.get(from).filter(|piece| is_part(piece))?;
        // `g mail`
        let split = self.reads(first, "g") && self.get(from + 1).is_some_and(|next| self.reads(next, "mail"));
        let more = usize::from(split);
        let rest = &self.pieces[from + 1 + more..];
        let joins = |at: usize| {
            matches!(&rest[at..], [mark, word, end, ..] if matches!(mark.what, What::Mark('_' | '-'))
                && word.is(AT | DOT) && end.what == mark.what && !word.spaced && !end.spaced)
        };
        let part = |&(at, piece): &(usize, &Piece)| is_part(piece) && !piece.spaced && !joins(at);
        let more = more + rest.iter().enumerate().take_while(part).count();
        (first.what != What::Mark('%')).then_some(from..from + 1 + more)
    }

    /// A character or word that joins, also in brackets.
    fn joint(&self, at: usize, mark: char, word: Concepts) -> Option<Joint> {
        let first = self.get(at)?;
        let bracket = matches!(first.what, What::Mark('(' | '[' | '{' | '<' | '*' | '_' | '-'));
        let inner = at + usize::from(bracket);
        let piece = self.get(inner)?;
        // `(a)` and `(d)`, of who writes so.
        let short = if mark == '@' { "a" } else { "d" };
        let is_word = piece.what == What::Word && (piece.is(word) || bracket && word != 0 && self.reads(piece, short));
        let is_mark = piece.is_mark(mark);
        let mut end = inner + 1;
        if bracket {
            self.get(end).filter(|piece| matches!(piece.what, What::Mark(')' | ']' | '}' | '>' | '*' | '_' | '-')))?;
            end += 1;
        }
        let tight = is_mark && !bracket && !piece.spaced && self.get(end).is_some_and(|next| !next.spaced);
        let capitals =
            is_word && self.is_capital(piece) && !at.checked_sub(1).is_some_and(|at| self.is_capital(&self.pieces[at]));
        (is_mark || is_word).then_some(Joint { tight, word: is_word || bracket, meant: bracket || capitals, end })
    }

    fn is_capital(&self, piece: &Piece) -> bool {
        piece.what == What::Word && self.glyphs[piece.from..piece.to].iter().all(|glyph| glyph.is_capital())
    }

    /// A comma for the point, as in `example,com`.
    fn comma(&self, at: usize) -> Option<Joint> {
        let comma = self.joint(at, ',', 0).filter(|comma| comma.tight)?;
        let top = self.get(comma.end).filter(|top| ["com", "net", "org"].iter().any(|name| self.reads(top, name)));
        top.map(|_| comma)
    }

    fn chain(&self, from: usize) -> Option<Chain> {
        let first = self.label(from)?;
        let mut chain = Chain { labels: Vec::with_capacity(LONGEST), dots: Vec::new() };
        chain.labels.push(first);
        while chain.labels.len() < LONGEST
            && let Some(last) = chain.labels.last()
            && let Some(dot) = self.joint(last.end, '.', DOT).or_else(|| self.comma(last.end))
            && let Some(next) = self.label(dot.end)
        {
            chain.dots.push(dot);
            chain.labels.push(next);
        }
        Some(chain)
    }

    /// The address or link that begins at this piece; or else the next piece at which one may begin.
    fn address(&self, at: usize) -> Result<Hit, usize> {
        let first = &self.pieces[at];
        if first.what == What::Word && !first.spaced_joint(self, at) && self.is_scheme(first) {
            return self.link(at);
        }
        if let Some(hit) = self.glued(at) {
            return Ok(hit);
        }
        let Some(label) = self.label(at) else { return Err(at + 1) };
        if let Some(hit) = self.in_capitals(&label) {
            return Ok(hit);
        }
        if !self.goes_on(&label) {
            return Err(label.end);
        }
        let Some(chain) = self.chain(at) else { return Err(at + 1) };
        // What is no address as a whole has none that begins later, but a chain that was cut.
        let [.., last] = chain.labels.as_slice() else { return Err(at + 1) };
        let next = if chain.labels.len() == LONGEST { last.start } else { last.end };
        self.mail(&chain).or_else(|| self.bare(&chain)).ok_or(next)
    }

    /// Whether anything stands after the label that makes an address of it. It is so after few words, and looked at before
    /// a chain is made.
    fn goes_on(&self, label: &Range<usize>) -> bool {
        let Some(next) = self.get(label.end) else { return false };
        match next.what {
            What::Mark(_) => true,
            What::Word => next.is(DOT | AT) || self.pieces[label.start].is(MAILBOX) && next.is(TLD),
            What::Digits | What::Gap => false,
        }
    }

    /// The labels with points between them, after what stands in `value` already.
    fn names(&self, mut value: String, labels: &[Range<usize>]) -> String {
        for (at, label) in labels.iter().enumerate() {
            if at > 0 {
                value.push('.');
            }
            for piece in &self.pieces[label.clone()] {
                let shapes = self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape);
                value.extend(shapes.filter(|&shape| shape != ' '));
            }
        }
        value
    }

    fn is_grammar(&self, label: &Range<usize>) -> bool {
        label.len() == 1 && self.pieces[label.start].is(GRAMMAR)
    }
}
