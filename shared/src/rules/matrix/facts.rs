//! Sets of facts.

use super::Fact;

/// A set of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(pub(super) u16);

impl Facts {
    /// No fact at all.
    pub const NONE: Facts = Facts(0);

    /// The set with `fact` added.
    #[must_use]
    pub const fn with(self, fact: Fact) -> Facts {
        Facts(self.0 | 1 << fact as u16)
    }

    /// Whether `fact` holds.
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }

    /// The facts that hold, in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |&fact| self.contains(fact))
    }

    /// Every possible set.
    pub fn every_combination() -> impl Iterator<Item = Facts> {
        (0..1u16 << Fact::ALL.len()).map(Facts)
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Facts {
        facts.into_iter().fold(Facts::NONE, Facts::with)
    }
}
