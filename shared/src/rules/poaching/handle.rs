//! Names on social networks and messengers: `@name`, `insta: name`, `my snap is name`.

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

/// Finds names.
pub(super) fn find(glyphs: &[Glyph], pieces: &[Piece], found: &mut Vec<Hit>) {
    for (at, piece) in pieces.iter().enumerate() {
        let hit = match piece.what {
            What::Mark('@') => after_at(glyphs, pieces, at),
            What::Word if piece.is(CHAT | SOCIAL | VAGUE | MAILBOX) => {
                after_network(glyphs, pieces, at).or_else(|| before_network(glyphs, pieces, at))
            }
            _ => None,
        };
        found.extend(hit);
    }
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

/// `insta: name`, `my insta is name`, `insta name_99`.
fn after_network(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Option<Hit> {
    const BETWEEN: usize = 5;
    let own = pieces[at.saturating_sub(2)..at].iter().any(|piece| piece.is(MY));
    let is_between = |piece: &Piece| match piece.what {
        What::Word => piece.is(NAMED | ME),
        What::Mark(mark) => matches!(mark, ':' | '=' | '-' | '>' | '@' | '~' | '"' | '\'' | '(' | '*'),
        _ => false,
    };
    let between = pieces[at + 1..].iter().take(BETWEEN).take_while(|piece| is_between(piece)).count();
    let colon =
        pieces[at + 1..at + 1 + between].iter().any(|piece| matches!(piece.what, What::Mark(':' | '=' | '@' | '>')));
    let said = pieces[at + 1..at + 1 + between].iter().any(|piece| piece.what == What::Word);
    let from = at + 1 + between;
    let first = pieces.get(from)?;
    if !first.spaced && between == 0 || first.line || first.what == What::Digits {
        return None;
    }
    let (value, end) = name(glyphs, pieces, from)?;
    let odd = end > from + 1 && value.chars().any(|shape| shape == '_' || shape.is_ascii_digit());
    let plain = !first.is(GRAMMAR | ON | NOT) || odd;
    let hit = plain && (colon || own && said) || odd && first.what == What::Word;
    let kind = if pieces[at].is(MAILBOX) { Kind::Email } else { Kind::Handle };
    hit.then(|| Hit::new(kind, value, at..end))
}

/// `name_99 on insta`
fn before_network(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Option<Hit> {
    const LONGEST: usize = 8;
    let on = at.checked_sub(1).filter(|&on| pieces[on].is(ON) && !pieces[at].is(MAILBOX))?;
    let is_part = |piece: &Piece| matches!(piece.what, What::Word | What::Digits | What::Mark('_' | '.'));
    let mut from = on.checked_sub(1)?;
    while from > on.saturating_sub(LONGEST) && is_part(&pieces[from]) && !pieces[from].spaced {
        from = from.checked_sub(1)?;
    }
    let (value, end) = name(glyphs, pieces, from)?;
    let odd = value.chars().any(|shape| shape == '_' || shape.is_ascii_digit());
    (end == on && odd && pieces[from].what == What::Word).then(|| Hit::new(Kind::Handle, value, from..at + 1))
}
