//! Phrases that ask to move or pay elsewhere: concepts close to each other in one sentence, whatever the language.

mod rules;

use super::{
    Hit, Kind,
    concept::*,
    piece::{Piece, What},
};
use rules::{RULES, Rule};

/// How far before or after a phrase a word is that takes it back: *never* pay me in cash, message me directly *in the app*.
const NEAR: usize = 4;

/// Finds phrases.
pub(super) fn find(pieces: &[Piece], found: &mut Vec<Hit>) {
    let mut reader =
        Reader { last: [0; 128], places: vec![Place::default()], sentence: 0, clause: 0, pending: Vec::new() };
    for (at, piece) in pieces.iter().enumerate() {
        let next = pieces.get(at + 1);
        if piece.line || piece.what == What::Gap {
            reader.end_sentence(found);
        }
        match piece.what {
            What::Word => reader.word(at, piece.meaning.concepts()),
            What::Mark('!' | '?' | ';' | '。') => reader.end_sentence(found),
            What::Mark('.') if next.is_none_or(|next| next.spaced) => reader.end_sentence(found),
            What::Mark(',' | '(' | ')' | ':') => reader.clause = reader.places.len() - 1,
            _ => {}
        }
    }
    reader.end_sentence(found);
}

/// A phrase that a later word may take back, by its first word and its last.
#[derive(Clone, Copy)]
struct Pending {
    rule: &'static Rule,
    first: usize,
    last: usize,
}

/// A word: its piece, and the last word before its clause.
#[derive(Clone, Copy, Default)]
struct Place {
    piece: usize,
    clause: usize,
}

struct Reader {
    /// The newest word of each concept, counted from 1.
    last: [usize; 128],
    places: Vec<Place>,
    /// The last word before this sentence, and before this clause.
    sentence: usize,
    clause: usize,
    pending: Vec<Pending>,
}

/// The concepts of a set.
fn each(mut concepts: Concepts) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = concepts.trailing_zeros() as usize;
        concepts &= concepts.wrapping_sub(1);
        (bit < 128).then_some(bit)
    })
}

impl Reader {
    /// The newest word of this sentence with one of the concepts.
    fn newest(&self, concepts: Concepts) -> Option<usize> {
        each(concepts).map(|bit| self.last[bit]).max().filter(|&word| word > self.sentence)
    }

    /// Whether one of the concepts is among the last words, the current one not counted.
    fn is_near(&self, concepts: Concepts, words: usize) -> bool {
        self.newest(concepts).is_some_and(|word| word + words >= self.places.len() - 1)
    }

    fn word(&mut self, at: usize, concepts: Concepts) {
        self.places.push(Place { piece: at, clause: self.clause });
        if concepts == 0 {
            return;
        }
        let word = self.places.len() - 1;
        let concepts = concepts | self.derived(concepts);
        for bit in each(concepts) {
            self.last[bit] = word;
        }
        self.take_back(word, concepts);
        for rule in RULES {
            if rule.all.iter().any(|set| concepts & set != 0) {
                self.apply(rule, word);
            }
        }
    }

    /// What a word means by the words before it.
    fn derived(&self, concepts: Concepts) -> Concepts {
        let mut derived = 0;
        if concepts & (APP | AGENCY) != 0 {
            if self.is_near(OUT, 4) && !self.is_near(SWITCH, 5) {
                derived |= OUTSIDE_APP;
                let not = self.is_near(NOT | NO, 8) && self.newest(NOT | NO) > Some(self.clause);
                let enough = concepts & APP != 0 && self.is_near(FAR_OUT, 4)
                    || concepts & AGENCY != 0 && self.is_near(WITHOUT, 4);
                if enough && !not {
                    derived |= MOVE_PHRASE;
                }
            } else if self.is_near(IN | ON, 2) {
                derived |= INSIDE_APP;
            }
        }
        if concepts & NUMBER != 0 && self.is_near(MY | YOUR, 2) {
            derived |= OWN_NUMBER;
        }
        if concepts & VAGUE != 0 && self.is_near(ON | MY, 1) {
            derived |= CHAT;
        }
        derived
    }

    /// Drops the phrases that this word takes back.
    fn take_back(&mut self, word: usize, concepts: Concepts) {
        let inside = concepts & INSIDE_APP != 0 && !self.is_near(NOT | OUT, NEAR);
        let (clause, forbidden) = (self.clause, concepts & FORBIDDEN != 0);
        let (paper, others) = (concepts & PAPER != 0, concepts & OTHERS != 0);
        if !(inside || forbidden || paper || others) {
            return;
        }
        while self.pending.last().is_some_and(|Pending { rule, last, .. }| {
            last + NEAR >= word
                && *last > clause
                && (forbidden || inside && rule.inside || paper && rule.paper || others && rule.others)
        }) {
            self.pending.pop();
        }
    }

    fn apply(&mut self, rule: &'static Rule, word: usize) {
        let mut first = word;
        for set in rule.all {
            let Some(newest) = self.newest(*set) else { return };
            if rule.ordered && newest < first && set != &rule.all[0] && first != word {
                return;
            }
            first = first.min(newest);
        }
        if word - first > rule.within {
            return;
        }
        if rule.ordered && !rule.all.windows(2).all(|pair| self.newest(pair[0]) <= self.newest(pair[1])) {
            return;
        }
        let before = |concepts: Concepts| {
            self.newest(concepts).is_some_and(|place| place + NEAR >= first && place > self.places[first].clause)
        };
        if !rule.negated && before(NOT) || !rule.negated && before(NO) && self.newest(NO) < Some(first) {
            return;
        }
        if rule.inside && before(INSIDE_APP) && !before(OUTSIDE_APP)
            || rule.others && before(OTHERS)
            || rule.paper && before(PAPER)
        {
            return;
        }
        match self.pending.last_mut() {
            Some(last) if last.rule.kind == rule.kind && first <= last.last + 1 => last.last = word,
            _ => self.pending.push(Pending { rule, first, last: word }),
        }
    }

    fn end_sentence(&mut self, found: &mut Vec<Hit>) {
        // To pay outside of the application is to pay elsewhere, and not to move, too. Phrases end in order.
        let mut paid = 0..0;
        for Pending { rule, first, last } in self.pending.drain(..).rev() {
            if rule.kind == Kind::PayElsewhere {
                paid = first..last + 1;
            } else if rule.kind == Kind::MoveElsewhere && first < paid.end && paid.start <= last {
                continue;
            }
            let pieces = self.places[first].piece..self.places[last].piece + 1;
            found.push(Hit { kind: rule.kind, value: String::new(), pieces });
        }
        self.sentence = self.places.len() - 1;
        self.clause = self.sentence;
    }
}

/// The kinds that phrases have.
const _: () = {
    let mut at = 0;
    while at < RULES.len() {
        assert!(!matches!(RULES[at].kind, Kind::Phone | Kind::Email | Kind::Url));
        at += 1;
    }
};
