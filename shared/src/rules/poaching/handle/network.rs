//! Names beside the name of a network: `insta: name`, `name_99 on insta`, `on Facebook as Jane Doe`.

use super::{
    super::{
        Hit, Kind,
        concept::*,
        fold::Glyph,
        piece::{Piece, What},
    },
    NEAR, Text, is_arrow, name, shapes,
};

impl Text<'_> {
    /// `on Facebook as Jane Doe`, `on insta I go by name`
    pub(super) fn called(&self, at: usize) -> Option<Hit> {
        const BETWEEN: usize = 5;
        let near = &self.pieces[at + 1..self.pieces.len().min(at + 1 + BETWEEN)];
        let calls = |ahead: &usize| {
            let here = at + 1 + ahead;
            self.pieces[here].is(CALLED) || self.reads(here, &["by"]) && self.reads(here - 1, &["go", "goes"])
        };
        if let Some(hit) = self.named_after(at) {
            return Some(hit);
        }
        let stop =
            near.iter().position(|piece| matches!(piece.what, What::Mark('.' | ',' | '!' | '?'))).unwrap_or(near.len());
        let mut from = at + 2 + (0..stop).rev().find(calls)?;
        let me = |at: usize| {
            self.pieces[at].is(ME | MY | I | FIND)
                || self.reads(at, &["bin", "soy", "suis", "sou", "sono", "ben", "jestem", "im"])
        };
        let own = (at.saturating_sub(NEAR)..from).any(me);
        // `heiße ich name`, `con el nombre de name`, `as "name"`
        while self.pieces.get(from).is_some_and(|piece| {
            piece.is(I | ME) || self.reads(from, &["de", "name"]) || matches!(piece.what, What::Mark('"' | '\'' | ':'))
        }) {
            from += 1;
        }
        let first =
            self.pieces.get(from).filter(|piece| piece.spaced && !piece.line || self.pieces[from - 1].is_mark('"'))?;
        let (value, end) = name(self.glyphs, self.pieces, from)?;
        let plain = !first.is(GRAMMAR | STATE | NOT) && first.meaning.number().is_none();
        let proper = self.is_capital(from) || self.is_unknown(from) && (self.ends(end) || first.len() > 8);
        let own = own || self.is_name(from) && self.ends(end);
        // My tweets are under control.
        let odd = || self.is_odd(from, end) || value.chars().any(|shape| shape.is_ascii_digit()) || self.is_camel(from);
        if self.reads(at, &["tweets", "tweet"]) && !odd() {
            return None;
        }
        (own && first.what == What::Word && plain && (proper || self.is_odd(from, end)))
            .then(|| Hit::new(Kind::Handle, value, at..end))
    }

    /// `find me on Facebook, Jane Doe`
    pub(super) fn named_after(&self, at: usize) -> Option<Hit> {
        const BEFORE: usize = 5;
        let find = |at: usize| self.pieces[at].is(FIND) || self.reads(at, &["find", "add", "look", "search", "me"]);
        let asked = (at.saturating_sub(BEFORE)..at).any(find);
        let mark = self.pieces.get(at + 1)?;
        let two = self.is_capital(at + 2) && self.is_capital(at + 3) && !self.pieces[at + 2].line;
        let apart = matches!(mark.what, What::Mark(',' | ':' | '-' | '(' | '"'));
        (asked && apart && two && !self.pieces[at + 2].is(GRAMMAR | MY))
            .then(|| Hit::new(Kind::Handle, shapes(self.glyphs, &self.pieces[at + 2..at + 4]), at..at + 4))
    }

    /// `insta: name`, `my insta is name`, `insta name_99`. A weak network is a common word, too.
    pub(super) fn after_network(&self, at: usize, weak: bool) -> Option<Hit> {
        const BETWEEN: usize = 6;
        let (glyphs, pieces) = (self.glyphs, self.pieces);
        let network = &pieces[at];
        let common = self.reads(at, &["signal", "line", "gram", "tweets", "tweet"]);
        let own = pieces[at.saturating_sub(2)..at].iter().any(|piece| piece.is(MY)) || self.is_face(at);
        let is_between = |&(ahead, piece): &(usize, &Piece)| match piece.what {
            What::Word => piece.is(NAMED | ME | CALLED) || self.reads(at + 1 + ahead, &["est", "c", "cest"]),
            What::Mark('/') => {
                !piece.spaced && self.pieces.get(at + 2 + ahead).is_some_and(|next| !next.is(CHAT | SOCIAL))
            }
            What::Mark(mark) => {
                matches!(mark, ':' | '=' | '-' | '>' | '@' | '~' | '"' | '\'' | '(' | ')' | '*' | '|' | '“' | '„' | '«')
                    || is_arrow(mark)
            }
            _ => false,
        };
        let between = pieces[at + 1..].iter().take(BETWEEN).enumerate().take_while(is_between).count();
        let middle = &pieces[at + 1..at + 1 + between];
        let colon = middle.iter().any(|piece| match piece.what {
            What::Mark(mark) => matches!(mark, ':' | '=' | '@' | '>') || is_arrow(mark),
            _ => false,
        });
        let possessive = glyphs[network.from..network.to].ends_with_possessive();
        let said = possessive || middle.iter().any(|piece| piece.what == What::Word);
        let from = at + 1 + between;
        let first = pieces.get(from)?;
        if !first.spaced && between == 0 || first.line || first.what == What::Digits {
            return None;
        }
        let (value, end) = name(glyphs, pieces, from)?;
        let digits = end > from + 1 && value.chars().any(|shape| shape == '_' || shape.is_ascii_digit());
        let odd = digits || self.is_odd(from, end);
        let plain = !first.is(GRAMMAR | ON | NOT | STATE) || odd;
        let unknown =
            self.is_unknown(from) && (own || self.ends(end)) || self.is_capital(from) && own || self.is_camel(from);
        let surely = !(weak || common) || odd || unknown && !common;
        let hit =
            plain && surely && (colon || own && said) || odd && matches!(first.what, What::Word | What::Mark('_'));
        let kind = if network.is(MAILBOX) { Kind::Email } else { Kind::Handle };
        hit.then(|| Hit::new(kind, value, at..end))
    }

    /// `name_99 on insta`, `search "Name" on insta`, `find Jane Doe on Facebook`
    pub(super) fn before_network(&self, at: usize) -> Option<Hit> {
        const LONGEST: usize = 8;
        const SEARCH: usize = 5;
        let (glyphs, pieces) = (self.glyphs, self.pieces);
        let on = at.checked_sub(1).filter(|&on| pieces[on].is(ON))?;
        // On the gram.
        let is_part = |piece: &Piece| matches!(piece.what, What::Word | What::Digits | What::Mark('_' | '.'));
        let quoted = on > 1 && matches!(pieces[on - 1].what, What::Mark('"' | '\'' | '”' | '“' | '»'));
        let last = on.checked_sub(1 + usize::from(quoted))?;
        let mut from = last;
        while from > on.saturating_sub(LONGEST) && is_part(&pieces[from]) && !pieces[from].spaced {
            let Some(before) = from.checked_sub(1).filter(|&before| is_part(&pieces[before])) else { break };
            from = before;
        }
        let (value, end) = name(glyphs, pieces, from)?;
        if end != last + 1 || pieces[from].what != What::Word && !pieces[from].is_mark('_') {
            return None;
        }
        let before = &pieces[from.saturating_sub(SEARCH)..from];
        let searched = before.iter().any(|piece| piece.is(FIND | CALLED));
        let i_am = from > 0 && self.reads(from - 1, &["im", "its"]);
        let digits = value.chars().any(|shape| shape == '_' || shape.is_ascii_digit());
        if pieces[at].is(MAILBOX) {
            let named = i_am && (self.is_unknown(from) || digits);
            return named.then(|| Hit::new(Kind::Email, value, from..at + 1));
        }
        let proper = from > 0 && self.is_capital(from) && self.is_capital(from - 1) && pieces[from].spaced;
        let called = from > 1 && (self.reads(from - 2, &["im", "its"]) || searched);
        let hit = digits
            || self.is_odd(from, end) && !pieces[from].is(GRAMMAR)
            || i_am && self.is_name(from)
            || self.is_camel(from) && (searched || i_am || quoted)
            || quoted && searched
            || proper && called && !pieces[from].is(CHAT | SOCIAL | APP);
        hit.then(|| Hit::new(Kind::Handle, value, from..at + 1))
    }
}

/// `insta's`
trait Possessive {
    fn ends_with_possessive(&self) -> bool;
}

impl Possessive for [Glyph] {
    fn ends_with_possessive(&self) -> bool {
        matches!(self, [.., mark, last] if mark.shape == '\'' && last.shape == 's')
    }
}
