//! Names of hosts: `example dot com`.

use super::{Chain, Text, USUAL};
use crate::rules::poaching::{Hit, Kind, concept::*, piece::What};

/// The top-level domains that are believed wherever they stand.
const COMMON: [&str; 8] = ["com", "net", "org", "info", "io", "uk", "biz", "edu"];

/// Those that are believed after punto, point and ponto, which also are common words.
const ROMANCE: [&str; 7] = ["fr", "it", "pt", "br", "ch", "mx", "ar"];

/// How near a network a name with points is one of it.
const NETWORKS: usize = 4;

impl Text<'_> {
    /// A host without `https://`.
    pub(super) fn bare(&self, chain: &Chain) -> Option<Hit> {
        let at = chain.labels.first()?.start;
        let labels = self.host(chain)?;
        let value = self.names(String::with_capacity(USUAL), &chain.labels[..labels]);
        let host = at..chain.labels[labels - 1].end;
        let end = self.rest(self.path_apart(host.end).unwrap_or(host.end));
        Some(Hit { named: host, ..Hit::new(Kind::Url, value, at..end) })
    }

    /// A slash with a word after it, with spaces or without: the end of the word.
    fn path_apart(&self, at: usize) -> Option<usize> {
        self.get(at).filter(|mark| mark.is_mark('/') && !mark.line)?;
        let next = self.get(at + 1).filter(|next| matches!(next.what, What::Word | What::Digits) && !next.line)?;
        (next.spaced == self.pieces[at].spaced).then_some(at + 2)
    }

    /// How many labels of a chain are a host.
    pub(super) fn host(&self, chain: &Chain) -> Option<usize> {
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
            let named =
                || before.len() > 1 || self.length(before) > 5 && self.pieces[before.start].meaning.concepts() == 0;
            // `bit . ly / name`
            let apart = self.get(before.end).is_some_and(|mark| mark.is_mark('.') && mark.spaced) && top.spaced;
            let short =
                || ["bit", "t", "wa", "goo", "is"].iter().any(|host| self.reads(&self.pieces[before.start], host));
            let believed = || top.is(TLD) || top.is(VAGUE_TLD | WIDE_TLD) && (named() || short());
            if apart && self.path_apart(label.end).is_some() && believed() {
                return true;
            }
            let last = || self.get(label.end).is_none_or(|next| next.what != What::Word);
            return common
                || dot.meant && (top.is(TLD) || top.is(VAGUE_TLD | WIDE_TLD) && named())
                || dot.word
                    && match word.as_str() {
                        "punto" | "point" | "ponto" => {
                            ROMANCE.iter().any(|name| self.reads(top, name))
                                || top.is(TLD) && named() && (last() || top.len() > 2)
                        }
                        _ => {
                            let vague = top.is(VAGUE_TLD | WIDE_TLD) && (!top.is(GRAMMAR | ON) || word != "dot");
                            top.is(TLD) || vague && named()
                        }
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
        if slash && ((2..=6).contains(&top.len()) || top.is(WIDE_TLD)) && self.length(before) > 1 && !sentence {
            return self.get(label.end + 1).is_some_and(|path| !path.spaced);
        }
        // `happyhounds.dog`: a name that is no word.
        let named =
            self.length(before) >= 8 && self.pieces[before.clone()].iter().all(|piece| piece.meaning.concepts() == 0);
        // `insta: jane.walks.dogs` is a name on a network.
        let network = self.pieces[first.start.saturating_sub(NETWORKS)..first.start]
            .iter()
            .any(|piece| piece.is(CHAT | SOCIAL | VAGUE | NETWORK));
        let mention = self.get(first.start.wrapping_sub(1)).is_some_and(|piece| piece.is_mark('@'));
        if (network && !top.is(VAGUE_TLD) || mention) && !slash {
            return false;
        }
        if top.is(WIDE_TLD) && !sentence && (named || before.len() > 1) && !top.is(GRAMMAR | ON) {
            return true;
        }
        top.is(VAGUE_TLD | WIDE_TLD)
            && !sentence
            && (slash || introduced || !plain || self.reads(&self.pieces[first.start], "www"))
    }
}
