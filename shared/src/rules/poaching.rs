//! The anti-poaching filter: contact details, and phrases that ask to move or pay elsewhere.
//!
//! The text is folded to one spelling ([`fold`]), cut into pieces with the meaning of each word ([`piece`], [`lexicon`]),
//! and read by four detectors. Each of them passes over the pieces once, so the time is linear in the length of the text.

mod address;
mod concept;
mod fold;
mod handle;
mod harmless;
mod lexicon;
mod link;
mod phone;
mod phrase;
mod piece;
pub mod score;
mod stream;

use super::blank::is_blank;
use fold::Glyph;
use piece::{MARKS, Piece};
use serde::Serialize;
use std::ops::Range;

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A link or the name of a host.
    Url,
    /// A name on a social network or messenger.
    Handle,
    /// A phrase that asks to talk or book elsewhere.
    MoveElsewhere,
    /// A phrase that asks to pay elsewhere.
    PayElsewhere,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] =
        [Kind::Phone, Kind::Email, Kind::Url, Kind::Handle, Kind::MoveElsewhere, Kind::PayElsewhere];

    /// The kind's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Phone => "phone",
            Kind::Email => "email",
            Kind::Url => "url",
            Kind::Handle => "handle",
            Kind::MoveElsewhere => "move_elsewhere",
            Kind::PayElsewhere => "pay_elsewhere",
        }
    }

    /// What stands in the redacted text for a hit of this kind.
    fn mark(self) -> &'static str {
        MARKS[self as usize]
    }
}

/// A hit.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// What it is.
    pub kind: Kind,
    /// The normalised value: the digits of a number with a `+` if it has one, an address or the name of a host in lower
    /// case, a handle; empty for a phrase.
    pub value: String,
    /// The bytes of the text that it is, at boundaries of characters.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// It prints no value, which may be a phone number.
impl std::fmt::Debug for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{:?}", self.kind.name(), self.span)
    }
}

/// What the filter says of a text, as the entry points take it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The hits, by their place in the text. They may overlap.
    pub violations: Vec<Violation>,
    /// The text with each hit replaced by its kind in square brackets. It has no hit itself.
    pub redacted: String,
}

/// Looks for contact details and for phrases that ask to move or pay elsewhere.
///
/// The organisation's own numbers and domains are hits here, too: `rolecall_internal.held_back` knows and drops them.
pub fn judge(text: &str) -> Findings {
    /// A redaction takes context away, which may make a hit of what was none; how often that is repaired.
    const REPAIRS: usize = 3;
    let violations = find(text);
    if violations.is_empty() {
        return Findings { violations, redacted: text.to_owned() };
    }
    let mut redacted = redact(text, &violations);
    for _ in 0..REPAIRS {
        let left = find(&redacted);
        if left.is_empty() {
            return Findings { violations, redacted };
        }
        redacted = redact(&redacted, &left);
    }
    if !find(&redacted).is_empty() {
        violations[0].kind.mark().clone_into(&mut redacted);
    }
    Findings { violations, redacted }
}

fn find(text: &str) -> Vec<Violation> {
    let glyphs = fold::fold(text);
    let mut pieces = piece::cut(&glyphs);
    let mut found = Vec::new();
    contacts(&glyphs, &pieces, &mut found);
    let links: Vec<Hit> = found.iter().filter(|hit| hit.kind == Kind::Url).cloned().collect();
    for link in links {
        hidden(text, &glyphs, &pieces, &link, &mut found);
    }
    let mails: Vec<Hit> = found.iter().filter(|hit| hit.hides_a_number()).cloned().collect();
    for mail in mails {
        let mailbox = mail.value.split('@').next().unwrap_or_default();
        read_hidden(link::readable("", "", mailbox), &mail, &mut found);
    }
    piece::read_rows(&glyphs, &mut pieces);
    handle::find(&glyphs, &pieces, &mut found);
    let mut phrases = Vec::new();
    phrase::find(&pieces, &mut phrases);
    if found.iter().all(|hit| hit.weak) {
        score::decide(&glyphs, &pieces, phrases, &mut found);
    } else {
        found.append(&mut phrases);
    }
    if found.iter().any(|hit| !hit.weak) {
        found.retain(|hit| !hit.weak);
    }
    let mut violations: Vec<Violation> = found
        .into_iter()
        .filter_map(|hit| {
            let span = span(text, &glyphs, &pieces, &hit.pieces)?;
            let value = original(text, &glyphs, &pieces, &hit).unwrap_or(hit.value);
            Some(Violation { kind: hit.kind, value, span })
        })
        .collect();
    violations.sort_by_key(|violation| (violation.span.start, violation.span.end, violation.kind));
    // The places are compared first, for the values may be long.
    violations.dedup_by(|next, one| next.span == one.span && next == one);
    violations
}

/// Addresses, and phone numbers outside of them.
fn contacts(glyphs: &[Glyph], pieces: &[Piece], found: &mut Vec<Hit>) {
    address::find(glyphs, pieces, found);
    let addresses: Vec<_> = found.iter().map(|hit| hit.pieces.clone()).collect();
    stream::find(glyphs, pieces, &addresses, found);
}

/// What a link has besides its host: who reads `https://allowed.example/5550100123` has the number, whatever the host.
fn hidden(text: &str, glyphs: &[Glyph], pieces: &[Piece], link: &Hit, found: &mut Vec<Hit>) {
    let part = |pieces_of: Range<usize>| span(text, glyphs, pieces, &pieces_of).map_or("", |span| &text[span]);
    let [before, host, after] =
        [link.pieces.start..link.named.start, link.named.clone(), link.named.end..link.pieces.end].map(part);
    read_hidden(link::readable(before, host, after), link, found);
}

/// Finds contacts in a text that an address has within, and takes the address for their place.
fn read_hidden(text: String, address: &Hit, found: &mut Vec<Hit>) {
    if text.is_empty() {
        return;
    }
    let glyphs = fold::fold(&text);
    let mut pieces = piece::cut(&glyphs);
    let mut inner = Vec::new();
    contacts(&glyphs, &pieces, &mut inner);
    piece::read_rows(&glyphs, &mut pieces);
    handle::find(&glyphs, &pieces, &mut inner);
    found.extend(inner.into_iter().map(|hit| Hit { kind: hit.kind, ..address.clone() }.valued(hit.value)));
}

/// The bytes of some pieces.
fn span(text: &str, glyphs: &[Glyph], pieces: &[Piece], of: &Range<usize>) -> Option<Range<usize>> {
    let (first, last) = (pieces.get(of.start)?, pieces.get(of.end.checked_sub(1)?)?);
    let end = glyphs.get(last.to).map_or(text.len(), |next| next.from());
    (of.start < of.end).then_some(glyphs.get(first.from)?.from()..end)
}

/// An address as it is written, if it has letters that only look like those of its normalised form: another host.
fn original(text: &str, glyphs: &[Glyph], pieces: &[Piece], hit: &Hit) -> Option<String> {
    if !matches!(hit.kind, Kind::Email | Kind::Url) {
        return None;
    }
    let written = &text[span(text, glyphs, pieces, &hit.named)?];
    let foreign = |character: char| !character.is_ascii() && character.is_alphanumeric();
    let shown = |character: &char| !character.is_whitespace() && !is_blank(*character);
    written.contains(foreign).then(|| written.chars().filter(shown).flat_map(char::to_lowercase).collect())
}

/// A hit, in pieces.
#[derive(Clone)]
struct Hit {
    kind: Kind,
    value: String,
    pieces: Range<usize>,
    /// What the value is made of: the host of a link.
    named: Range<usize>,
    /// It counts only if nothing else does.
    weak: bool,
}

impl Hit {
    fn new(kind: Kind, value: String, pieces: Range<usize>) -> Hit {
        Hit { kind, value, named: pieces.clone(), pieces, weak: false }
    }

    /// Whether it is an e-mail address with room for a phone number before the @.
    fn hides_a_number(&self) -> bool {
        self.kind == Kind::Email && self.value.find('@').is_some_and(|length| length >= phone::FEWEST)
    }

    /// The hit with another value, whatever its pieces say.
    fn valued(self, value: String) -> Hit {
        Hit { value, named: 0..0, ..self }
    }
}

/// The text with marks for the hits, which are in order; hits that overlap or touch have one mark, of the first.
fn redact(text: &str, violations: &[Violation]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let (mut at, mut rest) = (0, violations.iter().peekable());
    while let Some(violation) = rest.next() {
        let mut end = violation.span.end;
        while let Some(next) = rest.next_if(|next| next.span.start <= end) {
            end = end.max(next.span.end);
        }
        redacted.push_str(&text[at..violation.span.start]);
        redacted.push_str(violation.kind.mark());
        at = end;
    }
    redacted.push_str(&text[at..]);
    redacted
}
