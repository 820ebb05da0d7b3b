//! Links that begin with `https://` or `www.`, and where a link ends.

use super::Text;
use crate::rules::poaching::{
    Hit, Kind,
    piece::{Piece, What},
};

/// What a link begins with.
const SCHEMES: [&str; 6] = ["http", "https", "hxxp", "hxxps", "ftp", "www"];

/// The most pieces of a host.
const LONGEST_HOST: usize = 64;

impl Text<'_> {
    pub(super) fn is_scheme(&self, piece: &Piece) -> bool {
        SCHEMES.iter().any(|scheme| self.reads(piece, scheme))
    }

    /// A link that begins with `https://` or `www.`.
    pub(super) fn link(&self, at: usize) -> Result<Hit, usize> {
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
    pub(super) fn rest(&self, from: usize) -> usize {
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
    pub(super) fn spaced_joint(&self, text: &Text<'_>, at: usize) -> bool {
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
