//! Phrases that ask to move or pay elsewhere: concepts close to each other in one sentence, whatever the language.

mod index;
mod rules;

use super::{
    Hit, Kind,
    concept::*,
    piece::{Piece, What},
};
use rules::{ASKED_CHAT, ASKED_PURSE, Rule, UNLESS};

/// How far before or after a phrase a word is that takes it back: *never* pay me in cash, message me directly *in the app*.
const NEAR: usize = 4;

/// How far before a phrase the person is whom it is about: the *groomer* takes cash.
const FAR: usize = 8;

/// Finds phrases.
pub(super) fn find(pieces: &[Piece], found: &mut Vec<Hit>) {
    let mut reader = Reader {
        last: [0; 128],
        places: vec![Place::default()],
        sentence: 0,
        clause: 0,
        present: 0,
        seen: 0,
        pending: Vec::new(),
    };
    for (at, piece) in pieces.iter().enumerate() {
        let next = pieces.get(at + 1);
        if piece.line || piece.what == What::Gap {
            reader.end_sentence(found);
        }
        match piece.what {
            What::Word => reader.word(at, piece.meaning.concepts()),
            What::Mark('?' | '？') => {
                reader.short_question();
                reader.end_sentence(found);
            }
            What::Mark('!' | ';' | '。') => reader.end_sentence(found),
            What::Mark('.') if next.is_none_or(|next| next.spaced) => reader.end_sentence(found),
            What::Mark('$' | '€' | '£') => reader.word(at, AMOUNT),
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

impl Pending {
    fn is_move(&self) -> bool {
        self.rule.kind == Kind::MoveElsewhere
    }
}

struct Reader {
    /// The newest word of each concept, counted from 1.
    last: [usize; 128],
    places: Vec<Place>,
    /// The last word before this sentence, and before this clause.
    sentence: usize,
    clause: usize,
    /// The concepts of this sentence.
    present: Concepts,
    /// What this sentence has of the concepts beside which some rule is none.
    seen: Concepts,
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
        let concepts = (concepts | self.derived(concepts)) & !self.asked(concepts);
        for bit in each(concepts) {
            self.last[bit] = word;
        }
        self.present |= concepts;
        self.take_back(word, concepts);
        for rule in index::rules(concepts) {
            if rule.all.iter().all(|set| self.present & set != 0) {
                self.apply(rule, word);
            }
        }
    }

    /// What a word means by the words before it.
    fn derived(&self, concepts: Concepts) -> Concepts {
        let mut derived = 0;
        if concepts & (APP | AGENCY) != 0 {
            if self.is_near(OUT, 6) && !self.is_near(SWITCH, 5) {
                derived |= OUTSIDE_APP;
                let not = self.is_near(NOT | NO, 8) && self.newest(NOT | NO) > Some(self.clause);
                let enough = concepts & APP != 0 && self.is_near(FAR_OUT | WITHOUT, 5)
                    || concepts & AGENCY != 0
                        && (self.is_near(WITHOUT, 6) || concepts & OFFICE == 0 && self.is_near(FAR_OUT, 3));
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

    /// "Not", if it belongs to a proposal: *können wir das nicht* privat regeln, *can't we*.
    fn asked(&self, concepts: Concepts) -> Concepts {
        const FAR: usize = 4;
        let proposal = concepts & NOT != 0
            && self.is_near(WE, FAR)
            && self.newest(WOULD).zip(self.newest(WE)).is_some_and(|(would, we)| would + 1 == we || would == we);
        if proposal { NOT | NO } else { 0 }
    }

    /// Drops the phrases that this word takes back.
    fn take_back(&mut self, word: usize, concepts: Concepts) {
        // Once in a sentence for each: afterwards no rule adds a phrase that it takes back.
        if concepts & UNLESS & !self.seen != 0 {
            self.pending.retain(|phrase| phrase.rule.unless & concepts == 0);
            self.seen |= concepts & UNLESS;
        }
        let inside = concepts & INSIDE_APP != 0 && !self.is_near(NOT | OUT, NEAR);
        let (clause, forbidden) = (self.clause, concepts & FORBIDDEN != 0);
        let (paper, others) = (concepts & PAPER != 0, concepts & OTHERS != 0);
        if !(inside || forbidden || paper || others) {
            return;
        }
        while self.pending.last().is_some_and(|Pending { rule, last, .. }| {
            let near = last + if others { FAR } else { NEAR } >= word;
            near && *last > clause
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
            || rule.others && self.newest(OTHERS).is_some_and(|place| place + FAR >= first)
            || rule.paper && before(PAPER)
            || self.newest(rule.unless).is_some()
        {
            return;
        }
        match self.pending.last_mut() {
            Some(last) if last.rule.kind == rule.kind && first <= last.last + 1 => {
                last.last = word;
                if rule.is_firm() {
                    last.rule = rule;
                }
            }
            _ => self.pending.push(Pending { rule, first, last: word }),
        }
    }

    /// WhatsApp? Or Venmo?
    fn short_question(&mut self) {
        const WORDS: usize = 2;
        let last = self.places.len() - 1;
        let (mover, payer) = (self.newest(CHAT), self.newest(PURSE));
        if last > self.sentence && last - self.sentence <= WORDS && self.pending.is_empty() {
            let named = mover.map(|word| (word, &ASKED_CHAT)).or(payer.map(|word| (word, &ASKED_PURSE)));
            self.pending.extend(named.map(|(word, rule)| Pending { rule, first: word, last: word }));
        }
    }

    fn end_sentence(&mut self, found: &mut Vec<Hit>) {
        // To pay outside of the application is to pay elsewhere, and not to move, too.
        let (mut paid, mut kept) = (0, Vec::with_capacity(self.pending.len()));
        for phrase in self.pending.drain(..) {
            if phrase.rule.kind == Kind::PayElsewhere {
                while kept.last().is_some_and(|last: &Pending| last.is_move() && last.last >= phrase.first) {
                    kept.pop();
                }
                paid = phrase.last + 1;
            } else if phrase.is_move() && phrase.first < paid {
                continue;
            }
            kept.push(phrase);
        }
        for Pending { rule, first, last } in kept {
            let pieces = self.places[first].piece..self.places[last].piece + 1;
            found.push(Hit { weak: rule.weak, ..Hit::new(rule.kind, String::new(), pieces) });
        }
        (self.seen, self.present) = (0, 0);
        self.sentence = self.places.len() - 1;
        self.clause = self.sentence;
    }
}
