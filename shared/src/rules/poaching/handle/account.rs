//! The number of a bank account.

use super::{
    super::{
        Hit, Kind,
        piece::{Piece, What},
    },
    Text,
};

impl Text<'_> {
    /// `IBAN: DE00 0000 0000`, `to DE00 0000 0000 0000 0000 00`: the number of an account that one gives.
    pub(super) fn iban(&self, at: usize) -> Option<Hit> {
        const BETWEEN: usize = 4;
        const GROUPS: usize = 3;
        let number = |from: usize| {
            let [country, check] = self.pieces.get(from..from + 2)? else { return None };
            let capitals = || self.glyphs[country.from..country.to].iter().all(|glyph| glyph.is_capital());
            let begins = country.what == What::Word && country.len() == 2 && capitals();
            (begins && check.what == What::Digits && !check.spaced && check.len() > 1).then_some(from + 2)
        };
        if self.reads(at, &["iban"]) {
            let end = (at + 1..at + 1 + BETWEEN).find_map(number)?;
            return Some(Hit::new(Kind::PayElsewhere, String::new(), at..end));
        }
        let from = number(at).filter(|&from| self.pieces[from - 1].len() == 2)?;
        let four = |piece: &&Piece| piece.what == What::Digits && piece.spaced && piece.len() == 4;
        let groups = self.pieces[from..].iter().take(2 * GROUPS).take_while(four).count();
        (groups >= GROUPS).then(|| Hit::new(Kind::PayElsewhere, String::new(), at..from + groups))
    }
}
