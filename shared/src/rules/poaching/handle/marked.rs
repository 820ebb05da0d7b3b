//! Names that a sign or a word for one shows: `$name`, `u/name`, `name#1234`, `name underscore name`, `name_of_dog`.

use super::{
    super::{
        Hit, Kind,
        concept::*,
        piece::{Piece, What},
    },
    NEAR, Text, name, shapes,
};

impl Text<'_> {
    /// `user name`, after a network.
    pub(super) fn user_name(&self, at: usize) -> Option<Hit> {
        let says =
            self.pieces[at].is(USERNAME) || self.reads(at, &["user", "utilisateur", "bruker", "bruger", "login"]);
        if !says {
            return None;
        }
        let mark =
            usize::from(self.pieces.get(at + 1).is_some_and(|mark| matches!(mark.what, What::Mark(':' | '=' | '"'))));
        let from = at + 1 + mark;
        let (value, end) = name(self.glyphs, self.pieces, from)?;
        let first = &self.pieces[from];
        let unknown = self.is_unknown(from) && self.ends(end) || self.is_odd(from, end);
        (unknown && first.what == What::Word && first.spaced && !first.line)
            .then(|| Hit::new(Kind::Handle, value, at..end))
    }

    /// Whether a name is none but of a network: with an underscore, or a point between words.
    pub(super) fn is_odd(&self, from: usize, end: usize) -> bool {
        const FILES: [&str; 8] = ["jpg", "jpeg", "png", "pdf", "heic", "gif", "mov", "docx"];
        let pieces = &self.pieces[from..end];
        let word = |piece: &Piece| matches!(piece.what, What::Word | What::Digits);
        let [.., last] = pieces else { return false };
        if FILES.iter().any(|_| self.reads(end - 1, &FILES)) || last.is_mark('.') {
            return false;
        }
        let marked =
            |mark: char| pieces.windows(3).any(|three| word(&three[0]) && three[1].is_mark(mark) && word(&three[2]));
        let plain = |piece: &Piece| piece.what == What::Word && !piece.is(GRAMMAR) && piece.len() > 1;
        let dotted = || {
            pieces.windows(3).any(|three| {
                three[1].is_mark('.')
                    && plain(&three[0])
                    && plain(&three[2])
                    && !self.glyphs[three[2].from].is_capital()
            })
        };
        // `name.and.name`
        let points = || {
            let [first, .., last] = pieces else { return false };
            let inner = pieces.iter().filter(|piece| piece.is_mark('.')).count();
            inner > 1
                && plain(first)
                && plain(last)
                && pieces.iter().all(|piece| word(piece) || piece.is_mark('.'))
                && pieces[1..].iter().all(|piece| !self.glyphs[piece.from].is_capital())
        };
        let edge = pieces.len() > 1 && (pieces[0].is_mark('_') || last.is_mark('_'));
        marked('_') || edge || dotted() || points()
    }

    /// `name_of_dog` or `name.dog` not far after a network, or after add, follow.
    pub(super) fn odd_name(&self, at: usize, network: bool) -> Option<Hit> {
        let piece = &self.pieces[at];
        let begins = |before: &Piece| {
            piece.spaced || !matches!(before.what, What::Word | What::Digits | What::Mark('.' | '-' | '/' | '@' | '_'))
        };
        if !(at == 0 || begins(&self.pieces[at - 1])) || piece.is(REFERENCE | CODE) {
            return None;
        }
        let (value, end) = name(self.glyphs, self.pieces, at)?;
        let known = self.pieces[at..end].iter().any(|piece| piece.what == What::Word && piece.meaning.concepts() == 0);
        (self.is_odd(at, end) && value.len() > 4 && (network || known)).then(|| Hit::new(Kind::Handle, value, at..end))
    }

    /// `$name`
    pub(super) fn cashtag(&self, at: usize) -> Option<Hit> {
        let next = self.pieces.get(at + 1).filter(|next| next.what == What::Word && !next.spaced && next.len() > 3)?;
        let begins = at == 0 || self.pieces[at].spaced || self.pieces[at - 1].is_mark(':');
        let amount = next.meaning.number().is_some() || next.is(CURRENCY | MONEY | AMOUNT | CASH);
        let again = self.pieces.get(at + 2).is_some_and(|after| after.is_mark('$') && !after.spaced);
        let (value, end) = name(self.glyphs, self.pieces, at + 1)?;
        (begins && !amount && !again).then(|| Hit::new(Kind::Handle, value, at..end))
    }

    /// `u/name`
    pub(super) fn user(&self, at: usize) -> Option<Hit> {
        let before = at.checked_sub(1).filter(|&before| self.reads(before, &["u", "ig", "insta", "tiktok", "snap"]))?;
        let begins = before == 0 || self.pieces[before].spaced;
        let next = self.pieces.get(at + 1).filter(|next| !next.spaced && !self.pieces[at].spaced)?;
        let name_of = begins && self.is_unknown(at + 1) && !next.is(CHAT | SOCIAL);
        let (value, end) = name(self.glyphs, self.pieces, at + 1)?;
        name_of.then(|| Hit::new(Kind::Handle, value, before..end))
    }

    /// `name#1234`
    pub(super) fn tag(&self, at: usize, network: bool) -> Option<Hit> {
        let digits =
            self.pieces.get(at + 1).filter(|next| next.what == What::Digits && !next.spaced && next.len() == 4)?;
        let attached = |piece: &Piece| matches!(piece.what, What::Word | What::Digits | What::Mark('_' | '.'));
        // A point at the end of the sentence is no part of it.
        let next = |ahead: usize| self.pieces.get(at + ahead).is_some_and(|next| !next.spaced && attached(next));
        let more = next(2) && (!self.pieces[at + 2].is_mark('.') || next(3));
        if self.pieces[at].spaced || digits.spaced || more {
            return None;
        }
        let mut from = at;
        while from > at.saturating_sub(NEAR)
            && let Some(before) = from.checked_sub(1)
            && attached(&self.pieces[before])
        {
            from = before;
            if self.pieces[from].spaced {
                break;
            }
        }
        let words = &self.pieces[from..at];
        let number = words.iter().any(|piece| piece.is(REFERENCE | CODE | STREET | UNIT | SERIAL | PLACE));
        let named =
            network || words.len() > 1 || words.len() == 1 && words[0].len() > 3 && words[0].meaning.concepts() == 0;
        let value = shapes(self.glyphs, &self.pieces[from.min(at.checked_sub(1)?)..at + 2]);
        (named && !number && !words.is_empty()).then(|| Hit::new(Kind::Handle, value, from..at + 2))
    }

    /// The piece after an underscore that is a word.
    pub(super) fn is_underscore(&self, at: usize) -> Option<usize> {
        const ONE: [&str; 16] = [
            "underscore",
            "unterstrich",
            "tiefstrich",
            "bodenstrich",
            "sublinhado",
            "underline",
            "understreck",
            "understrek",
            "understregning",
            "podkreslnik",
            "podkreslenie",
            "podtrzitko",
            "alaviiva",
            "subguion",
            "noдчepkиbahиe",
            "underscoor",
        ];
        const TWO: [(&str, &str); 16] = [
            ("guion", "bajo"),
            ("raya", "baja"),
            ("barra", "baja"),
            ("tiret", "bas"),
            ("trait", "bas"),
            ("trattino", "basso"),
            ("lineetta", "bassa"),
            ("liggend", "streepje"),
            ("laag", "streepje"),
            ("lage", "streep"),
            ("under", "score"),
            ("traco", "baixo"),
            ("alt", "cizgi"),
            ("alt", "tire"),
            ("dolna", "kreska"),
            ("liniuta", "jos"),
        ];
        if self.reads(at, &ONE) {
            return Some(at + 1);
        }
        TWO.iter().any(|(one, two)| self.reads(at, &[one]) && self.reads(at + 1, &[two])).then_some(at + 2)
    }

    /// `name underscore name`
    pub(super) fn spelled(&self, at: usize, after: usize) -> Option<Hit> {
        let before = at.checked_sub(1)?;
        let word = |piece: &&Piece| piece.what == What::Word && !piece.is(GRAMMAR | NAMED) && piece.len() > 1;
        let first = self.pieces.get(before).filter(word)?;
        let goes_on = self.is_underscore(after + 1).is_some();
        let part = |piece: &&Piece| piece.what == What::Digits || word(piece) || goes_on && piece.what == What::Word;
        let last = self.pieces.get(after).filter(part)?;
        // The name of a mailbox.
        if self.pieces.get(after + 1).is_some_and(|next| next.is(AT) || next.is_mark('@')) {
            return None;
        }
        let value = format!("{}_{}", shapes(self.glyphs, &[*first]), shapes(self.glyphs, &[*last]));
        (last.spaced && !self.pieces[at].line).then(|| Hit::new(Kind::Handle, value, before..after + 1))
    }
}
