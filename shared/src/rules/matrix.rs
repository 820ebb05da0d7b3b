//! The permission matrix: who may do what to whom, once.
//!
//! It is made of domains, and each is a file: the [`marketplace`] for the roles of the application, [`organization`] for
//! those of organisations. A domain has its own actors, targets, actions and facts, and each action names the facts that
//! it looks at. Everything else is the same for all of them and stands once: [`Domain`] and how it is decided, the rows of
//! the tables `rolecall.matrix_actions`, `matrix_guards` and `matrix_rows`, the TypeScript client's rules and
//! `docs/permissions.md` (written by `make generate`), and the tests that compare each of these with [`decide`] for every
//! case there is.
//!
//! A further domain is a file like these two, and a line in [`each_domain`](crate::each_domain).

mod decision;
mod domain;
mod facts;
pub mod marketplace;
pub mod organization;

pub use decision::Decision;
pub use domain::{Case, Domain, Grant, Guard, NoTarget, Row, decide_in, every_case, guards_of, row_for};
pub use facts::{FactSet, Seen};
pub use marketplace::{Action, Fact, Facts, Marketplace, Role, decide};
pub use organization::Organization;

/// An array of what an expression is for each domain, which it knows as a type of the given name.
#[macro_export]
macro_rules! each_domain {
    ($domain:ident => $body:expr) => {
        [
            {
                type $domain = $crate::rules::matrix::Marketplace;
                $body
            },
            {
                type $domain = $crate::rules::matrix::Organization;
                $body
            },
        ]
    };
}

#[cfg(test)]
mod tests;
