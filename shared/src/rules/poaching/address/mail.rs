//! `name at gmail dot com`

use super::{Chain, Joint, Text, USUAL};
use crate::rules::poaching::{Hit, Kind, concept::*, piece::What};
use std::ops::Range;

impl Text<'_> {
    /// An e-mail address whose local part is the chain.
    pub(super) fn mail(&self, chain: &Chain) -> Option<Hit> {
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

    /// `book at example.com`: a host after a preposition, not an address.
    fn is_place(&self, local: &Chain, joint: Joint, host: &Chain) -> bool {
        let preposition = joint.word && !joint.meant && self.pieces[joint.end - 1].is(ON);
        let mailbox = self.pieces[host.labels[0].start].is(MAILBOX);
        let grammar = local.labels.last().is_some_and(|label| self.is_grammar(label));
        preposition && (grammar || !mailbox && host.dots.iter().all(|dot| dot.tight))
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
        let obvious = joint.meant || !joint.word || !self.pieces[joint.end - 1].is(ON);
        let top = |at: &usize| {
            let (label, dot) = (&chain.labels[*at], chain.dots[*at - 1]);
            let top = &self.pieces[label.start];
            // Any domain, if both the sign and the point are words.
            let any = dot.tight && joint.word && top.is(TLD | WIDE_TLD)
                || dot.word && (joint.word || dot.meant) && !top.is(GRAMMAR) && top.len() > 1;
            word(label) && (any || top.is(VAGUE_TLD | WIDE_TLD) && dot.word)
        };
        let last = obvious.then(|| (1..chain.labels.len()).rev().find(top)).flatten().map(|at| at + 1);
        // `look for @jane.walks.dogs`
        let mention = !joint.word && !joint.tight && self.get(joint.end).is_some_and(|next| !next.spaced);
        let believed = |labels: &usize| {
            let top = &self.pieces[chain.labels[labels - 1].start];
            !mention || !top.is(WIDE_TLD) || top.is(TLD)
        };
        self.host(chain).filter(believed).or(last).or(mailbox.then_some(1))
    }
}
