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
mod phone;
mod phrase;
mod piece;
mod stream;

use piece::MARKS;
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
    address::find(&glyphs, &pieces, &mut found);
    let addresses = found.len();
    stream::find(
        &glyphs,
        &pieces,
        &found[..addresses].iter().map(|hit| hit.pieces.clone()).collect::<Vec<_>>(),
        &mut found,
    );
    piece::read_rows(&mut pieces);
    handle::find(&glyphs, &pieces, &mut found);
    phrase::find(&pieces, &mut found);
    let mut violations: Vec<Violation> = found
        .into_iter()
        .filter_map(|hit| {
            let (first, last) = (pieces.get(hit.pieces.start)?, pieces.get(hit.pieces.end.checked_sub(1)?)?);
            let end = glyphs.get(last.to).map_or(text.len(), |next| next.from());
            let span = glyphs.get(first.from)?.from()..end;
            Some(Violation { kind: hit.kind, value: hit.value, span })
        })
        .collect();
    violations.sort_by_key(|violation| (violation.span.start, violation.span.end, violation.kind));
    violations.dedup();
    violations
}

/// A hit, in pieces.
struct Hit {
    kind: Kind,
    value: String,
    pieces: Range<usize>,
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
