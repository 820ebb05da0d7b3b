//! What a domain of the matrix is, and how it is decided.

use super::{Decision, FactSet, Seen};
use crate::rules::{
    code::Code,
    vocabulary::{Name, names},
};
use std::fmt::Debug;

/// A part of the matrix with actors, targets, actions and facts of its own.
pub trait Domain: Copy + Debug + 'static {
    /// Its name.
    const NAME: &'static str;
    /// What it is about, as a heading.
    const HEADING: &'static str;
    /// What a reader of its tables needs to know.
    const ABOUT: &'static str;
    /// What the names of its types begin with in the TypeScript client.
    const PREFIX: &'static str;
    /// The roles in which somebody acts.
    type Actor: Name;
    /// To whom or what it is done; [`NoTarget`] where the facts say all there is to say of it.
    type Target: Name;
    /// What somebody wants to do. No two domains have an action of the same name.
    type Action: Name;
    /// What can hold.
    type Fact: Name;
    /// The guards, those of an action in the order in which they are checked.
    const GUARDS: &'static [Guard<Self>];
    /// The rows.
    const ROWS: &'static [Row<Self>];
    /// The refusal of an actor and a target that no row covers, above all of somebody without a role.
    const UNCOVERED: Decision;

    /// The facts that an action looks at. No other one reaches its guards and rows.
    fn looks_at(action: Self::Action) -> &'static [Self::Fact];

    /// What an action is, as a heading.
    fn heading(action: Self::Action) -> &'static str;

    /// What a fact says, as the rest of a sentence: "refuses when ...".
    fn phrase(fact: Self::Fact) -> &'static str;
}

names! {
    /// The target in a domain whose actions have none.
    NoTarget {
        /// What the facts are about.
        None = "",
    }
}

/// What refuses an action, whatever the rows say; checked before them, in order.
#[derive(Clone, Copy, Debug)]
pub struct Guard<D: Domain> {
    /// The action it guards.
    pub action: D::Action,
    /// The roles that it guards it from; `None` for everybody, with a role or without.
    pub actors: Option<&'static [D::Actor]>,
    /// The fact it looks at.
    pub fact: D::Fact,
    /// The guard refuses when the fact holds (`true`) or when it does not (`false`).
    pub denies_when: bool,
    /// The code of the refusal.
    pub code: Code,
    /// The rule's name.
    pub rule: &'static str,
    /// Why it is refused, for people.
    pub message: &'static str,
    /// What would make it allowed, for people.
    pub allowed_if: &'static str,
}

impl<D: Domain> Guard<D> {
    /// Whether it guards the action from this actor.
    pub fn covers(&self, actor: Option<D::Actor>) -> bool {
        self.actors.is_none_or(|actors| actor.is_some_and(|actor| actors.contains(&actor)))
    }

    fn refusal(&self, seen: Seen<D::Fact>) -> Option<Decision> {
        let Guard { code, rule, message, allowed_if, .. } = *self;
        (seen.holds(self.fact) == self.denies_when).then_some(Decision::Refused { code, rule, message, allowed_if })
    }
}

/// When a row allows its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<F> {
    /// Always.
    Always,
    /// When this fact holds.
    If(F),
    /// Unless this fact holds.
    Unless(F),
    /// Never.
    Never,
}

impl<F: Name> Grant<F> {
    fn allows(self, seen: Seen<F>) -> bool {
        match self {
            Grant::Always => true,
            Grant::If(fact) => seen.holds(fact),
            Grant::Unless(fact) => !seen.holds(fact),
            Grant::Never => false,
        }
    }
}

/// One row of the matrix. For an action, the first row that names both the actor and the target decides.
#[derive(Clone, Copy, Debug)]
pub struct Row<D: Domain> {
    /// The action.
    pub action: D::Action,
    /// The roles of the actor that it covers.
    pub actors: &'static [D::Actor],
    /// The targets that it covers.
    pub targets: &'static [D::Target],
    /// When it allows.
    pub grant: Grant<D::Fact>,
    /// The rule's name.
    pub rule: &'static str,
    /// What the rule says, for people; the reason of a refusal.
    pub message: &'static str,
    /// What would make it allowed, for people.
    pub allowed_if: &'static str,
}

impl<D: Domain> Row<D> {
    fn decision(&self, seen: Seen<D::Fact>) -> Decision {
        let Row { rule, message, allowed_if, .. } = *self;
        if self.grant.allows(seen) {
            return Decision::Allowed { rule };
        }
        Decision::Refused { code: Code::PermissionDenied, rule, message, allowed_if }
    }
}

/// The guards of `action` for `actor`, in order.
pub fn guards_of<D: Domain>(action: D::Action, actor: Option<D::Actor>) -> impl Iterator<Item = &'static Guard<D>> {
    D::GUARDS.iter().filter(move |guard| guard.action == action && guard.covers(actor))
}

/// The row that decides for this actor and target.
pub fn row_for<D: Domain>(action: D::Action, actor: D::Actor, target: D::Target) -> Option<&'static Row<D>> {
    D::ROWS.iter().find(|row| row.action == action && row.actors.contains(&actor) && row.targets.contains(&target))
}

/// Decides whether `actor` may do `action` to `target`, given what holds. `None` is somebody without a role in the domain.
///
/// Total: it answers for every input and refuses what no row allows.
pub fn decide_in<D: Domain>(
    actor: Option<D::Actor>,
    action: D::Action,
    target: D::Target,
    facts: FactSet<D::Fact>,
) -> Decision {
    let seen = facts.seen_by(D::looks_at(action));
    if let Some(refusal) = guards_of::<D>(action, actor).find_map(|guard| guard.refusal(seen)) {
        return refusal;
    }
    match actor.and_then(|actor| row_for::<D>(action, actor, target)) {
        Some(row) => row.decision(seen),
        None => D::UNCOVERED,
    }
}

/// Something that is decided.
#[derive(Clone, Copy, Debug)]
pub struct Case<D: Domain> {
    /// What somebody wants to do.
    pub action: D::Action,
    /// Who; `None` is somebody without a role.
    pub actor: Option<D::Actor>,
    /// To whom or what.
    pub target: D::Target,
    /// What holds of what the action looks at.
    pub facts: FactSet<D::Fact>,
}

impl<D: Domain> Case<D> {
    /// What is decided.
    pub fn decision(&self) -> Decision {
        decide_in::<D>(self.actor, self.action, self.target, self.facts)
    }
}

/// Every case there is in a domain: each action with each actor, nobody first, each target, and every combination of the
/// facts that the action looks at.
pub fn every_case<D: Domain>() -> impl Iterator<Item = Case<D>> {
    let actors = || std::iter::once(None).chain(D::Actor::EVERY.iter().copied().map(Some));
    D::Action::EVERY.iter().flat_map(move |&action| {
        actors().flat_map(move |actor| {
            D::Target::EVERY.iter().flat_map(move |&target| {
                FactSet::every_combination_of(D::looks_at(action)).map(move |facts| Case {
                    action,
                    actor,
                    target,
                    facts,
                })
            })
        })
    })
}

/// What is wrong with the facts that the actions of a domain name, for constants; empty where nothing is. No guard or row
/// looks at a fact that its action does not name, and no action names one at which nothing of it looks.
macro_rules! fault_of_named_facts {
    ($actions:expr, $looks_at:path, $guards:expr, $rows:expr) => {{
        let (actions, guards, rows) = ($actions, $guards, $rows);
        let mut fault = "";
        let mut number = 0;
        while number < actions.len() {
            let action = actions[number];
            let (mut named, mut read) = (0_u32, 0_u32);
            let mut at = 0;
            while at < $looks_at(action).len() {
                named |= 1 << $looks_at(action)[at] as u32;
                at += 1;
            }
            at = 0;
            while at < guards.len() {
                if guards[at].action as u32 == action as u32 {
                    read |= 1 << guards[at].fact as u32;
                }
                at += 1;
            }
            at = 0;
            while at < rows.len() {
                if rows[at].action as u32 == action as u32
                    && let Grant::If(fact) | Grant::Unless(fact) = rows[at].grant
                {
                    read |= 1 << fact as u32;
                }
                at += 1;
            }
            if read & !named != 0 {
                fault = "a guard or row looks at a fact that its action does not name";
            } else if named & !read != 0 {
                fault = "an action names a fact at which nothing of it looks";
            }
            number += 1;
        }
        fault
    }};
}

pub(super) use fault_of_named_facts;
