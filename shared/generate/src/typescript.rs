//! The matrix and the catalogue as TypeScript data, for clients.

use rolecall_shared::{
    each_domain,
    rules::{
        code::Code,
        matrix::{Decision, Domain, Grant},
        vocabulary::Name,
    },
};
use std::fmt::Write;

/// What stands once for all domains.
const TYPES: &str = "\
/** What refuses an action, whatever its rows say; checked before them, in order. */
export interface GuardOf<Action, Actor, Fact> {
  readonly action: Action;
  /** The roles that it guards the action from; null for everybody, with a role or without. */
  readonly actors: readonly Actor[] | null;
  readonly fact: Fact;
  /** Whether the guard refuses when the fact holds (true) or when it does not (false). */
  readonly deniesWhen: boolean;
  readonly code: Code;
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

/** For each action the first row that names both the actor and the target decides. */
export interface RowOf<Action, Actor, Target, Fact> {
  readonly action: Action;
  readonly actors: readonly Actor[];
  readonly targets: readonly Target[];
  /** Always, never, when this fact holds, or unless it does. */
  readonly grant: 'always' | 'never' | { readonly if: Fact } | { readonly unless: Fact };
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

/** A part of the matrix with actors, targets, actions and facts of its own. */
export interface Domain<Action extends string, Actor extends string, Target extends string, Fact extends string> {
  readonly actions: readonly Action[];
  readonly actors: readonly Actor[];
  readonly targets: readonly Target[];
  /** The facts that each action looks at. No other one changes what is decided. */
  readonly facts: Readonly<Record<Action, readonly Fact[]>>;
  readonly guards: readonly GuardOf<Action, Actor, Fact>[];
  readonly rows: readonly RowOf<Action, Actor, Target, Fact>[];
  /** The refusal of an actor and a target that no row covers, above all of somebody without a role. */
  readonly uncovered: { readonly code: Code; readonly rule: string; readonly message: string; readonly allowedIf: string };
}

";

/// `clients/typescript/src/rules.generated.ts`.
pub fn rules() -> String {
    let mut module = "\
// The permission matrix and the error codes. Generated from shared/src by `make generate`; do not edit.

"
    .to_owned();
    names(&mut module, "Code", "CODES", "A code of the error catalogue.", Code::ALL.iter().map(|code| code.as_str()));
    module.push_str(TYPES);
    module.push_str(&each_domain!(D => domain::<D>()).concat());
    module.push_str("/** Every domain, by its name. */\nexport const DOMAINS = {\n");
    for (name, constant) in each_domain!(D => (D::NAME, constant::<D>("DOMAIN"))) {
        let _ = writeln!(module, "  {name}: {constant},");
    }
    module.push_str("} as const;\n");
    module
}

/// The name of a constant of a domain: `ORGANIZATION_ROLES`.
fn constant<D: Domain>(name: &str) -> String {
    if D::PREFIX.is_empty() { name.to_owned() } else { format!("{}_{name}", D::PREFIX.to_uppercase()) }
}

/// The part of a domain.
fn domain<D: Domain>() -> String {
    let mut module = String::new();
    let prefix = D::PREFIX;
    let (role, action, fact) = (format!("{prefix}Role"), format!("{prefix}Action"), format!("{prefix}Fact"));
    let place = D::HEADING.to_lowercase();
    let actors = D::Actor::EVERY.iter().map(|actor| actor.name());
    names(&mut module, &role, &constant::<D>("ROLES"), &format!("A role {place}."), actors);
    let actions = D::Action::EVERY.iter().map(|action| action.name());
    names(&mut module, &action, &constant::<D>("ACTIONS"), &format!("What somebody wants to do {place}."), actions);
    let facts = D::Fact::EVERY.iter().map(|fact| fact.name());
    names(&mut module, &fact, &constant::<D>("FACTS"), &format!("What can hold {place}."), facts);

    let action_facts = constant::<D>("ACTION_FACTS");
    let _ = writeln!(module, "/** The facts that each action looks at. */\nexport const {action_facts} = {{");
    for &action in D::Action::EVERY {
        let _ = writeln!(module, "  {}: [{}],", action.name(), list(D::looks_at(action)));
    }
    let _ = writeln!(module, "}} as const satisfies Record<{action}, readonly {fact}[]>;");
    let _ = writeln!(
        module,
        "/** A fact that an action looks at. */\n\
         export type {fact}Of<A extends {action}> = (typeof {action_facts})[A][number];\n"
    );
    let target = if D::Target::EVERY.len() > 1 { role.clone() } else { literal(D::Target::EVERY[0].name()) };
    let _ = writeln!(
        module,
        "/** A guard, which can look at no fact that its action does not. */\n\
         export type {prefix}Guard = {{ [A in {action}]: GuardOf<A, {role}, {fact}Of<A>> }}[{action}];\n\
         /** A row, which can look at no fact that its action does not. */\n\
         export type {prefix}Row = {{ [A in {action}]: RowOf<A, {role}, {target}, {fact}Of<A>> }}[{action}];\n"
    );
    let guards = constant::<D>("GUARDS");
    let _ = writeln!(module, "export const {guards}: readonly {prefix}Guard[] = [");
    for guard in D::GUARDS {
        let actors = guard.actors.map_or_else(|| "null".to_owned(), |actors| format!("[{}]", list(actors)));
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    actors: {actors},\n    fact: {},\n    deniesWhen: {},\n    code: {},\n    rule: {},\n    \
             message: {},\n    allowedIf: {},\n  }},",
            literal(guard.action.name()),
            literal(guard.fact.name()),
            guard.denies_when,
            literal(guard.code.as_str()),
            literal(guard.rule),
            literal(guard.message),
            literal(guard.allowed_if),
        );
    }
    let rows = constant::<D>("ROWS");
    let _ = writeln!(module, "];\n\nexport const {rows}: readonly {prefix}Row[] = [");
    for row in D::ROWS {
        let grant = match row.grant {
            Grant::Always => literal("always"),
            Grant::Never => literal("never"),
            Grant::If(fact) => format!("{{ if: {} }}", literal(fact.name())),
            Grant::Unless(fact) => format!("{{ unless: {} }}", literal(fact.name())),
        };
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    actors: [{}],\n    targets: [{}],\n    grant: {grant},\n    rule: {},\n    message: {},\n    \
             allowedIf: {},\n  }},",
            literal(row.action.name()),
            list(row.actors),
            list(row.targets),
            literal(row.rule),
            literal(row.message),
            literal(row.allowed_if),
        );
    }
    module.push_str("];\n\n");
    let whole = constant::<D>("DOMAIN");
    let (roles, actions) = (constant::<D>("ROLES"), constant::<D>("ACTIONS"));
    let targets = if D::Target::EVERY.len() > 1 { roles.clone() } else { format!("[{target}]") };
    let _ = writeln!(
        module,
        "/** The whole of it. */\nexport const {whole}: Domain<{action}, {role}, {target}, {fact}> = {{\n  actions: {actions},\n  \
         actors: {roles},\n  targets: {targets},\n  facts: {action_facts},\n  guards: {guards},\n  rows: {rows},"
    );
    if let Decision::Refused { code, rule, message, allowed_if } = D::UNCOVERED {
        let _ = writeln!(
            module,
            "  uncovered: {{\n    code: {},\n    rule: {},\n    message: {},\n    allowedIf: {},\n  }},\n}};\n",
            literal(code.as_str()),
            literal(rule),
            literal(message),
            literal(allowed_if),
        );
    }
    module
}

/// Names as the members of an array.
fn list(names: &[impl Name]) -> String {
    names.iter().map(|name| literal(name.name())).collect::<Vec<_>>().join(", ")
}

/// A list of names and the type of its members.
fn names(module: &mut String, name: &str, list: &str, about: &str, values: impl Iterator<Item = &'static str>) {
    let values: Vec<_> = values.map(|value| format!("  {},\n", literal(value))).collect();
    let _ = write!(
        module,
        "export const {list} = [\n{}] as const;\n/** {about} */\nexport type {name} = (typeof {list})[number];\n\n",
        values.concat()
    );
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("one's \\"), "'one\\'s \\\\'");
    }
}
