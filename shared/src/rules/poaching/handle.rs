//! Names on social networks and messengers: `@name`, `insta: name`, `my snap is name`.

mod account;
mod marked;
mod network;

use super::{
    Hit, Kind,
    concept::*,
    fold::Glyph,
    piece::{Piece, What},
};

/// The fewest characters of a name.
const SHORTEST: usize = 3;

/// The most pieces of a name, so that names that begin one after the other stay linear.
const LONGEST_NAME: usize = 24;

/// How many pieces after the name of a network a name is one of it.
const NEAR: usize = 8;

/// Finds names.
pub(super) fn find(glyphs: &[Glyph], pieces: &[Piece], found: &mut Vec<Hit>) {
    let text = Text { glyphs, pieces };
    let (mut network, mut search, mut line) = (None, None, 0);
    for (at, piece) in pieces.iter().enumerate() {
        if piece.line || piece.is_mark('!') || piece.is_mark('?') {
            line = at;
        }
        let near = |place: Option<usize>, far: usize| place.is_some_and(|place| place >= line && at - place <= far);
        let hit = match piece.what {
            What::Mark('@') => after_at(glyphs, pieces, at),
            What::Mark('$') => text.cashtag(at),
            What::Mark('/') => text.user(at),
            What::Mark('#') => text.tag(at, near(network, NEAR)),
            What::Mark('_') if piece.spaced => text.spelled(at, at + 1),
            What::Word if piece.is(CHAT | SOCIAL | VAGUE | MAILBOX | NETWORK) || text.is_face(at) => {
                network = Some(at);
                let weak = !piece.is(CHAT | SOCIAL | VAGUE | MAILBOX);
                text.after_network(at, weak).or_else(|| text.before_network(at)).or_else(|| text.called(at))
            }
            What::Word if text.is_initials(at) => {
                network = Some(at + 1);
                text.after_network(at + 1, false)
            }
            What::Word if near(network, NEAR) && text.user_name(at).is_some() => text.user_name(at),
            What::Word if text.iban(at).is_some() => text.iban(at),
            What::Word if text.is_underscore(at).is_some() => {
                text.is_underscore(at).and_then(|after| text.spelled(at, after))
            }
            What::Word if near(network, NEAR) || near(search, 3) => text.odd_name(at, near(network, NEAR)),
            _ => None,
        };
        if piece.is(FIND | USERNAME) {
            search = Some(at);
        }
        found.extend(hit);
    }
}

struct Text<'a> {
    glyphs: &'a [Glyph],
    pieces: &'a [Piece],
}

impl Text<'_> {
    fn reads(&self, at: usize, words: &[&str]) -> bool {
        let Some(piece) = self.pieces.get(at) else { return false };
        let shapes =
            || self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).filter(|&shape| shape != '\'');
        piece.what == What::Word && piece.len() < 16 && words.iter().any(|word| shapes().eq(word.chars()))
    }

    /// `I G: name`
    fn is_initials(&self, at: usize) -> bool {
        let pointer = |mark: &Piece| match mark.what {
            What::Mark(mark) => matches!(mark, ':' | '=' | '-' | '>') || is_arrow(mark),
            _ => false,
        };
        [("i", "g"), ("f", "b")].iter().any(|(one, two)| self.reads(at, &[one]) && self.reads(at + 1, &[two]))
            && self.pieces.get(at + 2).is_some_and(pointer)
    }

    /// `mi face es`: in Spanish and Portuguese alone.
    fn is_face(&self, at: usize) -> bool {
        self.reads(at, &["face"]) && at > 0 && self.reads(at - 1, &["mi", "en", "no", "meu", "tu", "teu", "seu", "al"])
    }

    fn is_capital(&self, at: usize) -> bool {
        self.pieces.get(at).is_some_and(|piece| piece.what == What::Word && self.glyphs[piece.from].is_capital())
    }

    /// `NinaWalks`
    fn is_camel(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let letters = &self.glyphs[piece.from..piece.to];
        letters.windows(2).any(|two| !two[0].is_capital() && two[1].is_capital())
    }

    /// A word that no list has, and that is long enough for a name.
    fn is_unknown(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        piece.what == What::Word && piece.len() > 4 && piece.meaning.concepts() == 0
    }

    /// A long word that no list has, and that does not end as adjectives and participles do.
    fn is_name(&self, at: usize) -> bool {
        const ENDS: [&str; 6] = ["ed", "ing", "able", "ible", "ive", "ly"];
        let word = shapes(self.glyphs, &self.pieces[at..=at]);
        word.len() > 8 && self.is_unknown(at) && !ENDS.iter().any(|end| word.ends_with(end))
    }

    /// The sentence or what is said ends before this piece.
    fn ends(&self, at: usize) -> bool {
        self.pieces.get(at).is_none_or(|next| next.line || matches!(next.what, What::Mark(_) | What::Gap))
    }
}

/// An arrow or a hand that points to what follows.
fn is_arrow(mark: char) -> bool {
    matches!(mark, '\u{2190}'..='\u{21ff}' | '\u{2794}'..='\u{27be}' | '\u{27f0}'..='\u{27ff}' | '\u{2b00}'..='\u{2b11}'
        | '👉' | '»' | '▶' | '►' | '☞' | '👇')
}

/// The letters of some pieces.
fn shapes(glyphs: &[Glyph], pieces: &[Piece]) -> String {
    let letters = pieces.iter().flat_map(|piece| &glyphs[piece.from..piece.to]);
    letters.map(|glyph| glyph.shape).filter(|&shape| shape != ' ').collect()
}

/// `@name`, with nothing directly before it.
fn after_at(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Option<Hit> {
    let joined = |before: usize| !pieces[at].spaced && matches!(pieces[before].what, What::Word | What::Digits);
    if at.checked_sub(1).is_some_and(joined) {
        return None;
    }
    let first = pieces.get(at + 1).filter(|next| !next.is(PLACE))?;
    let (value, end) = name(glyphs, pieces, at + 1)?;
    // `reach me @ name_99`, not `meet @ the park`.
    let asked = || pieces[at.saturating_sub(3)..at].iter().any(|piece| piece.is(CONTACT | ADD | CHAT | SOCIAL | NAMED));
    if first.spaced && !(end > at + 2 && value.contains(['_', '.']) && asked()) {
        return None;
    }
    (matches!(first.what, What::Word | What::Mark('_'))).then(|| Hit::new(Kind::Handle, value, at..end))
}

/// A name and the piece after it: words, digits, points and underscores without spaces.
fn name(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Option<(String, usize)> {
    let is_part = |piece: &Piece| matches!(piece.what, What::Word | What::Digits | What::Mark('_' | '.' | '-'));
    pieces.get(at).filter(|piece| is_part(piece))?;
    let near = pieces[at + 1..].iter().take(LONGEST_NAME);
    let more = near.take_while(|piece| is_part(piece) && !piece.spaced).count();
    let mut end = at + 1 + more;
    while end > at + 1 && matches!(pieces[end - 1].what, What::Mark('.' | '-')) {
        end -= 1;
    }
    let shapes = &glyphs[pieces[at].from..pieces[end - 1].to];
    let value: String = shapes.iter().map(|glyph| glyph.shape).filter(|shape| *shape != ' ').collect();
    (value.len() >= SHORTEST).then_some((value, end))
}
