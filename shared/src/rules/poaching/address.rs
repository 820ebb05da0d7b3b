//! E-mail addresses and links, also with spaces, in brackets and in words: `name at gmail dot com`.

use super::{
    Hit, Kind,
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

/// The top-level domains that are believed wherever they stand.
const COMMON: [&str; 8] = ["com", "net", "org", "info", "io", "uk", "biz", "edu"];

/// Those that are believed after punto, point and ponto, which also are common words.
const ROMANCE: [&str; 7] = ["fr", "it", "pt", "br", "ch", "mx", "ar"];

/// What a link begins with.
const SCHEMES: [&str; 6] = ["http", "https", "hxxp", "hxxps", "ftp", "www"];

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

/// The most pieces of a host.
const LONGEST_HOST: usize = 64;

impl Text<'_> {
    fn get(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(at)
    }

    fn shape(&self, piece: &Piece) -> String {
        self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).filter(|&shape| shape != ' ').collect()
    }

    /// Whether a piece reads so.
    fn reads(&self, piece: &Piece, text: &str) -> bool {
        piece.len() == text.len() && self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape).eq(text.chars())
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
        let rest = self.pieces[from + 1 + more..].iter().take_while(|piece| is_part(piece) && !piece.spaced);
        let more = more + rest.count();
        (first.what != What::Mark('%')).then_some(from..from + 1 + more)
    }

    /// A character or word that joins, also in brackets.
    fn joint(&self, at: usize, mark: char, word: Concepts) -> Option<Joint> {
        let first = self.get(at)?;
        let bracket = matches!(first.what, What::Mark('(' | '[' | '{' | '<' | '*' | '_' | '-'));
        let inner = at + usize::from(bracket);
        let piece = self.get(inner)?;
        let (is_mark, is_word) = (piece.is_mark(mark), piece.what == What::Word && piece.is(word));
        let mut end = inner + 1;
        if bracket {
            self.get(end).filter(|piece| matches!(piece.what, What::Mark(')' | ']' | '}' | '>' | '*' | '_' | '-')))?;
            end += 1;
        }
        let tight = is_mark && !bracket && !piece.spaced && self.get(end).is_some_and(|next| !next.spaced);
        (is_mark || is_word).then_some(Joint { tight, word: is_word || bracket, end })
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
        let Some(label) = self.label(at) else { return Err(at + 1) };
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

    /// An e-mail address whose local part is the chain.
    fn mail(&self, chain: &Chain) -> Option<Hit> {
        let at = chain.labels.first()?.start;
        let end = chain.labels.last()?.end;
        if let Some(joint) = self.joint(end, '@', AT)
            && let Some(host) = self.chain(joint.end)
            && let Some(hosts) = self.mail_host(&host, joint)
            && !self.is_place(chain, joint, &host)
        {
            let mut value = self.names(String::with_capacity(USUAL), &chain.labels);
            value.push('@');
            let value = self.names(value, &host.labels[..hosts]);
            let end = host.labels[hosts - 1].end;
            return Some(Hit::new(Kind::Email, value, at..end));
        }
        // `jane gmail com`
        let first = &self.pieces[at];
        let com = self.get(end).is_some_and(|next| next.is(TLD) && !next.is(GRAMMAR));
        (chain.dots.is_empty() && first.is(MAILBOX) && com)
            .then(|| Hit::new(Kind::Email, self.shapes(&(at..end + 1)), at..end + 1))
    }

    /// A host without `https://`.
    fn bare(&self, chain: &Chain) -> Option<Hit> {
        let at = chain.labels.first()?.start;
        let labels = self.host(chain)?;
        let value = self.names(String::with_capacity(USUAL), &chain.labels[..labels]);
        let host = at..chain.labels[labels - 1].end;
        let end = self.rest(host.end);
        Some(Hit { named: host, ..Hit::new(Kind::Url, value, at..end) })
    }

    /// `book at example.com`: a host after a preposition, not an address.
    fn is_place(&self, local: &Chain, joint: Joint, host: &Chain) -> bool {
        let preposition = joint.word && self.pieces[joint.end - 1].is(ON);
        let mailbox = self.pieces[host.labels[0].start].is(MAILBOX);
        let grammar = local.labels.last().is_some_and(|label| self.is_grammar(label));
        preposition && (grammar || !mailbox && host.dots.iter().all(|dot| dot.tight))
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

    /// How many labels of a chain are the host of an e-mail address after this joint.
    fn mail_host(&self, chain: &Chain, joint: Joint) -> Option<usize> {
        let tight = chain.dots.iter().take_while(|dot| dot.tight).count();
        let word = |label: &Range<usize>| label.len() == 1 && self.pieces[label.start].what == What::Word;
        let long = |label: &Range<usize>| self.length(label) >= 2;
        if joint.tight && tight > 0 {
            return (1..=tight).rev().find(|&at| word(&chain.labels[at]) && long(&chain.labels[at])).map(|at| at + 1);
        }
        // `name@example`
        if joint.tight
            && chain.dots.is_empty()
            && !self.pieces[joint.end].is(PLACE)
            && chain.labels.first().is_some_and(&word)
        {
            return Some(1);
        }
        let mailbox = chain.labels.first().is_some_and(|label| word(label) && self.pieces[label.start].is(MAILBOX));
        // `name(at)example(dot)me`: who writes so names a domain.
        let obvious = !joint.word || !self.pieces[joint.end - 1].is(ON);
        let top = |at: &usize| word(&chain.labels[*at]) && self.pieces[chain.labels[*at].start].is(VAGUE_TLD);
        let last = obvious.then(|| (1..chain.labels.len()).rev().find(top)).flatten().map(|at| at + 1);
        self.host(chain).or(last).or(mailbox.then_some(1))
    }

    /// How many labels of a chain are a host.
    fn host(&self, chain: &Chain) -> Option<usize> {
        (1..chain.labels.len()).rev().find(|&at| self.is_host(chain, at)).map(|at| at + 1)
    }

    fn is_host(&self, chain: &Chain, at: usize) -> bool {
        let (label, dot) = (&chain.labels[at], chain.dots[at - 1]);
        let before = &chain.labels[at - 1];
        let Some(top) = self.get(label.start).filter(|piece| label.len() == 1 && piece.what == What::Word) else {
            return false;
        };
        let named = self.pieces[before.clone()].iter().any(|piece| piece.what == What::Word);
        if !named {
            return false;
        }
        let common = COMMON.iter().any(|name| self.reads(top, name));
        if !dot.tight {
            if self.is_grammar(before) {
                return false;
            }
            let word = self.get(before.end).map(|piece| self.shape(piece)).unwrap_or_default();
            return common
                || dot.word
                    && match word.as_str() {
                        "punto" | "point" | "ponto" => ROMANCE.iter().any(|name| self.reads(top, name)),
                        _ => top.is(TLD),
                    };
        }
        // `walk.It was`: a sentence without a space.
        let sentence = self.glyphs[top.from].is_capital()
            && !self.glyphs[top.from + 1..top.to].iter().any(|glyph| glyph.is_capital());
        if common || top.is(TLD) && !sentence {
            return true;
        }
        let slash = self.get(label.end).is_some_and(|next| next.is_mark('/') && !next.spaced);
        let first = &chain.labels[0];
        let introduced = self
            .get(first.start.wrapping_sub(1))
            .is_some_and(|piece| piece.is(ON | ADD | NAMED | CONTACT) || piece.is_mark(':') || piece.is(EMAIL));
        let plain = before.len() == 1 && !(at > 1 && chain.dots[at - 2].tight);
        // Any domain with a path.
        if slash && (2..=6).contains(&top.len()) && self.length(before) > 1 && !sentence {
            return self.get(label.end + 1).is_some_and(|path| !path.spaced);
        }
        top.is(VAGUE_TLD)
            && !sentence
            && (slash || introduced || !plain || self.reads(&self.pieces[first.start], "www"))
    }

    fn is_scheme(&self, piece: &Piece) -> bool {
        SCHEMES.iter().any(|scheme| self.reads(piece, scheme))
    }

    /// A link that begins with `https://` or `www.`.
    fn link(&self, at: usize) -> Result<Hit, usize> {
        let Some(from) = self.after_scheme(at) else { return Err(at + 1) };
        let near = &self.pieces[from.min(self.pieces.len())..self.pieces.len().min(from + LONGEST_HOST)];
        let stop = |piece: &Piece| piece.spaced || matches!(piece.what, What::Mark('/' | '?' | '#' | '\\'));
        let mut host_end = from + near.iter().position(stop).unwrap_or(near.len());
        // Who is named before an @ is no host: https://allowed.example@other.example.
        let mut host = (from..host_end).rev().find(|&at| self.pieces[at].is_mark('@')).map_or(from, |at| at + 1);
        if host >= host_end {
            // `www. jane .com`
            let chain = self.chain(from).ok_or(from)?;
            (host, host_end) = (from, chain.labels.last().ok_or(from)?.end);
        }
        let port = (host..host_end).find(|&at| self.pieces[at].is_mark(':')).unwrap_or(host_end);
        let value = self.shapes(&(host..port));
        if value.is_empty() || is_private(&value) {
            return Err(host_end);
        }
        Ok(Hit { named: host..port, ..Hit::new(Kind::Url, value, at..self.rest(host_end)) })
    }

    /// The piece after `https://` or `www.`.
    fn after_scheme(&self, at: usize) -> Option<usize> {
        let mark = self.get(at + 1)?;
        if self.reads(self.get(at)?, "www") {
            return mark.is_mark('.').then_some(at + 2);
        }
        let slashes = self.pieces[at + 2..].iter().take(LONGEST_HOST).take_while(|piece| piece.is_mark('/')).count();
        mark.is_mark(':').then_some(at + 2 + slashes)
    }

    /// The end of what follows without spaces, but for punctuation at its end.
    fn rest(&self, from: usize) -> usize {
        let more = self.pieces[from.min(self.pieces.len())..].iter().take_while(|piece| {
            !piece.spaced && piece.what != What::Gap && !matches!(piece.what, What::Mark('<' | '>' | '"'))
        });
        let end = from + more.count();
        let punctuation = |piece: &&Piece| {
            matches!(piece.what, What::Mark('.' | ',' | '!' | '?' | ')' | ']' | ';' | ':' | '\'' | '*'))
        };
        end - self.pieces[from.min(end)..end].iter().rev().take_while(punctuation).count()
    }
}

impl Piece {
    /// Whether letters or digits stand directly before it.
    fn spaced_joint(&self, text: &Text<'_>, at: usize) -> bool {
        !self.spaced && at > 0 && matches!(text.pieces[at - 1].what, What::Word | What::Digits)
    }
}

/// An address of a home network, which leads nobody elsewhere.
fn is_private(host: &str) -> bool {
    let parts: Vec<u8> = host.split('.').map_while(|part| part.parse().ok()).collect();
    host.split('.').count() == 4
        && matches!(parts.as_slice(), [10 | 127, _, _, _] | [192, 168, _, _] | [172, 16..=31, _, _])
        || host == "localhost"
}
