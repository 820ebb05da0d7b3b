//! Which rules a concept belongs to. A text has many words, and most of them belong to few of the rules.

use super::rules::{RULES, Rule};
use crate::rules::poaching::concept::Concepts;

/// A set of rules, a bit each.
type Set = [u64; RULES.len().div_ceil(64)];

/// The rules of each concept.
static BY_CONCEPT: [Set; Concepts::BITS as usize] = {
    let mut sets = [[0; RULES.len().div_ceil(64)]; Concepts::BITS as usize];
    let mut at = 0;
    while at < RULES.len() {
        let mut concept = 0;
        while concept < sets.len() {
            if RULES[at].any >> concept & 1 == 1 {
                sets[concept][at / 64] |= 1 << (at % 64);
            }
            concept += 1;
        }
        at += 1;
    }
    sets
};

/// The rules that one of the concepts belongs to, in their order.
pub(super) fn rules(concepts: Concepts) -> impl Iterator<Item = &'static Rule> {
    let mut together = Set::default();
    for concept in super::each(concepts) {
        for (set, more) in together.iter_mut().zip(BY_CONCEPT[concept]) {
            *set |= more;
        }
    }
    let mut word = 0;
    std::iter::from_fn(move || {
        while *together.get(word)? == 0 {
            word += 1;
        }
        let at = 64 * word + together[word].trailing_zeros() as usize;
        together[word] &= together[word] - 1;
        RULES.get(at)
    })
}
