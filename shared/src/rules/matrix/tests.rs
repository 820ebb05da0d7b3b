//! What holds in every domain.

use super::*;
use crate::rules::{
    code::Code,
    vocabulary::{Name, names},
};
use std::collections::BTreeSet;

/// Every role of a domain's actors, and nobody.
fn actors<D: Domain>() -> impl Iterator<Item = Option<D::Actor>> {
    std::iter::once(None).chain(D::Actor::EVERY.iter().copied().map(Some))
}

fn is_total<D: Domain>() {
    for &action in D::Action::EVERY {
        for &actor in D::Actor::EVERY {
            for &target in D::Target::EVERY {
                assert!(row_for::<D>(action, actor, target).is_some(), "{action:?} {actor:?} {target:?}");
            }
        }
    }
}

#[test]
fn every_domain_is_total() {
    each_domain!(D => is_total::<D>());
}

fn every_row_is_reached<D: Domain>() {
    for row in D::ROWS {
        let found = |&actor: &D::Actor| {
            let mut targets = row.targets.iter();
            targets.any(|&target| row_for::<D>(row.action, actor, target).is_some_and(|found| std::ptr::eq(found, row)))
        };
        assert!(row.actors.iter().any(found), "{} is never reached", row.rule);
    }
}

#[test]
fn every_row_can_be_reached() {
    each_domain!(D => every_row_is_reached::<D>());
}

fn refusals_say_what_would_allow<D: Domain>() {
    for row in D::ROWS {
        assert_eq!(row.grant == Grant::Always, row.allowed_if.is_empty(), "{}", row.rule);
    }
    assert!(D::GUARDS.iter().all(|guard| !guard.allowed_if.is_empty()));
    assert!(matches!(D::UNCOVERED, Decision::Refused { allowed_if, .. } if !allowed_if.is_empty()));
}

#[test]
fn every_refusal_says_what_would_allow_it() {
    each_domain!(D => refusals_say_what_would_allow::<D>());
}

fn names_each_fact_once<D: Domain>() {
    assert!(D::Fact::EVERY.len() <= 32, "a set of facts has 32 bits");
    for &action in D::Action::EVERY {
        let named: BTreeSet<_> = D::looks_at(action).iter().map(|fact| fact.place()).collect();
        assert_eq!(named.len(), D::looks_at(action).len(), "{action:?}");
        assert!(named.len() <= 12, "{action:?}: its cases can no longer be compared one by one");
    }
}

#[test]
fn an_action_names_each_fact_once() {
    each_domain!(D => names_each_fact_once::<D>());
}

#[test]
fn no_two_domains_have_an_action_of_the_same_name() {
    let names = each_domain!(D => <D as Domain>::Action::EVERY.iter().map(|action| action.name()).collect::<Vec<_>>());
    let distinct: BTreeSet<_> = names.iter().flatten().collect();
    assert_eq!(distinct.len(), names.iter().flatten().count(), "the database knows an action by its name");
}

/// Every set of facts is decided as the set of those of them that the action names.
fn unnamed_facts_change_nothing<D: Domain>() -> usize {
    let mut compared = 0;
    for &action in D::Action::EVERY {
        let named: FactSet<D::Fact> = D::looks_at(action).iter().copied().collect();
        for facts in FactSet::every_combination_of(D::Fact::EVERY) {
            let seen = facts.iter().filter(|&fact| named.contains(fact)).collect();
            for actor in actors::<D>() {
                for &target in D::Target::EVERY {
                    assert_eq!(
                        decide_in::<D>(actor, action, target, facts),
                        decide_in::<D>(actor, action, target, seen),
                        "{action:?} {actor:?} {target:?} {facts:?}"
                    );
                    compared += 1;
                }
            }
        }
    }
    compared
}

#[test]
fn a_fact_that_an_action_does_not_name_changes_nothing() {
    for compared in each_domain!(D => unnamed_facts_change_nothing::<D>()) {
        assert!(compared > 10_000, "{compared}");
    }
}

fn guards_beat_rows_and_rows_decide<D: Domain>() {
    for case in every_case::<D>() {
        let decision = case.decision();
        let mut guards = guards_of::<D>(case.action, case.actor);
        let refusing = guards.find(|guard| case.facts.contains(guard.fact) == guard.denies_when);
        let row = case.actor.and_then(|actor| row_for::<D>(case.action, actor, case.target));
        let granted = row.is_some_and(|row| match row.grant {
            Grant::Always => true,
            Grant::If(fact) => case.facts.contains(fact),
            Grant::Unless(fact) => !case.facts.contains(fact),
            Grant::Never => false,
        });
        assert_eq!(decision.allowed(), refusing.is_none() && granted, "{case:?}");
        let rule = refusing.map(|guard| guard.rule).or(row.map(|row| row.rule)).unwrap_or(D::UNCOVERED.rule());
        assert_eq!(decision.rule(), rule, "{case:?}");
        assert!(!case.facts.iter().eq([]) || !decision.allowed(), "{case:?}: without any fact");
    }
}

#[test]
fn a_guard_beats_every_role_and_otherwise_the_row_decides() {
    each_domain!(D => guards_beat_rows_and_rows_decide::<D>());
}

fn the_feature_comes_first<D: Domain>() {
    for case in every_case::<D>() {
        let is_on = case.facts.iter().any(|fact| fact.name() == "feature_enabled");
        if case.actor.is_some() && !is_on {
            let decision = case.decision();
            assert!(
                matches!(decision, Decision::Refused { code: Code::FeatureDisabled, .. }),
                "{case:?}: {decision:?}"
            );
        }
    }
}

#[test]
fn nothing_is_allowed_while_the_feature_is_off() {
    each_domain!(D => the_feature_comes_first::<D>());
}

names! {
    /// What somebody does in a domain whose action names a fact, and whose guard looks at another.
    Deed {
        /// Do it.
        Do = "do",
    }
}

names! {
    /// What can hold there.
    Weather {
        /// Named.
        Sun = "sun",
        /// Not named.
        Rain = "rain",
    }
}

/// A domain that breaks the rule. Those of the product are held to it as constants, so none of them would compile.
#[derive(Clone, Copy, Debug)]
struct Careless;

const fn looks_at(_: Deed) -> &'static [Weather] {
    &[Weather::Sun]
}

const fn rain(fact: Weather) -> Guard<Careless> {
    Guard {
        action: Deed::Do,
        actors: None,
        fact,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "rain",
        message: "It rains.",
        allowed_if: "It stops.",
    }
}

static ROWS: &[Row<Careless>] = &[Row {
    action: Deed::Do,
    actors: NoTarget::ALL,
    targets: NoTarget::ALL,
    grant: Grant::If(Weather::Sun),
    rule: "sun",
    message: "In the sun.",
    allowed_if: "The sun shines.",
}];
static UNNAMED: &[Guard<Careless>] = &[rain(Weather::Rain)];
static NAMED: &[Guard<Careless>] = &[rain(Weather::Sun)];

impl Domain for Careless {
    const NAME: &'static str = "careless";
    const HEADING: &'static str = "";
    const ABOUT: &'static str = "";
    const PREFIX: &'static str = "";
    type Actor = NoTarget;
    type Target = NoTarget;
    type Action = Deed;
    type Fact = Weather;
    const GUARDS: &'static [Guard<Careless>] = UNNAMED;
    const ROWS: &'static [Row<Careless>] = ROWS;
    const UNCOVERED: Decision = Decision::Allowed { rule: "nobody asks" };

    fn looks_at(action: Deed) -> &'static [Weather] {
        looks_at(action)
    }

    fn heading(_: Deed) -> &'static str {
        ""
    }

    fn phrase(_: Weather) -> &'static str {
        ""
    }
}

#[test]
fn a_guard_that_looks_at_a_fact_that_is_not_named_does_not_compile_and_would_see_nothing() {
    let fault = domain::fault_of_named_facts!(Deed::ALL, looks_at, UNNAMED, ROWS);
    assert_eq!(fault, "a guard or row looks at a fact that its action does not name");
    let no_rows: &[Row<Careless>] = &[];
    let no_guards: &[Guard<Careless>] = &[];
    let fault = domain::fault_of_named_facts!(Deed::ALL, looks_at, no_guards, no_rows);
    assert_eq!(fault, "an action names a fact at which nothing of it looks");
    assert_eq!(domain::fault_of_named_facts!(Deed::ALL, looks_at, NAMED, ROWS), "");

    let sun = FactSet::NONE.with(Weather::Sun);
    for facts in [sun, sun.with(Weather::Rain)] {
        let decision = decide_in::<Careless>(Some(NoTarget::None), Deed::Do, NoTarget::None, facts);
        assert_eq!(decision, Decision::Allowed { rule: "sun" }, "{facts:?}");
    }
}
