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

    /// `user name`, after a network.
    fn user_name(&self, at: usize) -> Option<Hit> {
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

    /// `IBAN: DE00 0000 0000`, `to DE00 0000 0000 0000 0000 00`: the number of an account that one gives.
    fn iban(&self, at: usize) -> Option<Hit> {
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

    /// Whether a name is none but of a network: with an underscore, or a point between words.
    fn is_odd(&self, from: usize, end: usize) -> bool {
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
    fn odd_name(&self, at: usize, network: bool) -> Option<Hit> {
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
    fn cashtag(&self, at: usize) -> Option<Hit> {
        let next = self.pieces.get(at + 1).filter(|next| next.what == What::Word && !next.spaced && next.len() > 3)?;
        let begins = at == 0 || self.pieces[at].spaced || self.pieces[at - 1].is_mark(':');
        let amount = next.meaning.number().is_some() || next.is(CURRENCY | MONEY | AMOUNT | CASH);
        let again = self.pieces.get(at + 2).is_some_and(|after| after.is_mark('$') && !after.spaced);
        let (value, end) = name(self.glyphs, self.pieces, at + 1)?;
        (begins && !amount && !again).then(|| Hit::new(Kind::Handle, value, at..end))
    }

    /// `u/name`
    fn user(&self, at: usize) -> Option<Hit> {
        let before = at.checked_sub(1).filter(|&before| self.reads(before, &["u", "ig", "insta", "tiktok", "snap"]))?;
        let begins = before == 0 || self.pieces[before].spaced;
        let next = self.pieces.get(at + 1).filter(|next| !next.spaced && !self.pieces[at].spaced)?;
        let name_of = begins && self.is_unknown(at + 1) && !next.is(CHAT | SOCIAL);
        let (value, end) = name(self.glyphs, self.pieces, at + 1)?;
        name_of.then(|| Hit::new(Kind::Handle, value, before..end))
    }

    /// `name#1234`
    fn tag(&self, at: usize, network: bool) -> Option<Hit> {
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
    fn is_underscore(&self, at: usize) -> Option<usize> {
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
    fn spelled(&self, at: usize, after: usize) -> Option<Hit> {
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

    /// `on Facebook as Jane Doe`, `on insta I go by name`
    fn called(&self, at: usize) -> Option<Hit> {
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
    fn named_after(&self, at: usize) -> Option<Hit> {
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
    fn after_network(&self, at: usize, weak: bool) -> Option<Hit> {
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
    fn before_network(&self, at: usize) -> Option<Hit> {
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
