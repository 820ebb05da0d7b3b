//! The answer of the matrix.

use crate::rules::code::Code;

/// The answer of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, by this rule.
    Allowed {
        /// The rule's name.
        rule: &'static str,
    },
    /// Refused.
    Refused {
        /// The code a client receives.
        code: Code,
        /// The rule's name.
        rule: &'static str,
        /// Why, for people.
        message: &'static str,
        /// What would make it allowed, for people.
        allowed_if: &'static str,
    },
}

impl Decision {
    /// Whether it is allowed.
    pub const fn allowed(&self) -> bool {
        matches!(self, Decision::Allowed { .. })
    }

    /// The rule that decided.
    pub const fn rule(&self) -> &'static str {
        match self {
            Decision::Allowed { rule } | Decision::Refused { rule, .. } => rule,
        }
    }
}
