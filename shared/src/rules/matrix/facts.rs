//! Sets of facts, and what an action sees of them.

use crate::rules::vocabulary::Name;
use std::{fmt, marker::PhantomData};

/// A set of facts of one domain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FactSet<F>(u32, PhantomData<F>);

impl<F: Name> FactSet<F> {
    /// No fact at all.
    pub const NONE: FactSet<F> = FactSet(0, PhantomData);

    /// The set with `fact` added.
    #[must_use]
    pub fn with(self, fact: F) -> FactSet<F> {
        FactSet(self.0 | 1 << fact.place(), PhantomData)
    }

    /// The set without `fact`.
    #[must_use]
    pub fn without(self, fact: F) -> FactSet<F> {
        FactSet(self.0 & !(1 << fact.place()), PhantomData)
    }

    /// Whether `fact` holds.
    pub fn contains(self, fact: F) -> bool {
        self.0 & (1 << fact.place()) != 0
    }

    /// The facts that hold, in declaration order.
    pub fn iter(self) -> impl Iterator<Item = F> {
        F::EVERY.iter().copied().filter(move |&fact| self.contains(fact))
    }

    /// Every set that can be made of `facts`. Bit n of a set's place in the order tells of the fact n.
    pub fn every_combination_of(facts: &[F]) -> impl Iterator<Item = FactSet<F>> {
        (0..1_u32 << facts.len()).map(move |mask| {
            let held = facts.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
            held.map(|(_, &fact)| fact).collect()
        })
    }

    /// What an action sees that looks at `facts`.
    pub(super) fn seen_by(self, facts: &[F]) -> Seen<F> {
        Seen(facts.iter().copied().filter(|&fact| self.contains(fact)).collect())
    }
}

impl<F: Name> FromIterator<F> for FactSet<F> {
    fn from_iter<I: IntoIterator<Item = F>>(facts: I) -> FactSet<F> {
        facts.into_iter().fold(FactSet::NONE, FactSet::with)
    }
}

impl<F: Name> Default for FactSet<F> {
    fn default() -> FactSet<F> {
        FactSet::NONE
    }
}

impl<F: Name> fmt::Debug for FactSet<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

/// What an action sees of a set of facts: those that it looks at. Guards and rows are given nothing else, so no decision
/// can depend on a fact that its action does not name.
#[derive(Clone, Copy, Debug)]
pub struct Seen<F: Name>(FactSet<F>);

impl<F: Name> Seen<F> {
    /// Whether `fact` holds, and is one that the action looks at.
    pub fn holds(self, fact: F) -> bool {
        self.0.contains(fact)
    }
}
