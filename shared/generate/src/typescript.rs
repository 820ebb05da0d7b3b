//! The matrix and the catalogue as TypeScript data, for clients.

use rolecall_shared::rules::{
    code::Code,
    matrix::{
        Action, Fact, GUARDS, Grant, ROWS, Role,
        organization::{self, OrganizationAction, OrganizationFact, OrganizationRole},
    },
};
use std::fmt::Write;

/// `clients/typescript/src/rules.generated.ts`.
pub fn rules() -> String {
    let mut module = "\
// The permission matrix and the error codes. Generated from shared/src by `make generate`; do not edit.

"
    .to_owned();
    names(&mut module, "Role", "ROLES", "An application role.", Role::ALL.iter().map(|v| v.as_str()));
    names(&mut module, "Action", "ACTIONS", "What somebody wants to do.", Action::ALL.iter().map(|v| v.as_str()));
    names(&mut module, "Fact", "FACTS", "What holds between actor and target.", Fact::ALL.iter().map(|v| v.as_str()));
    names(&mut module, "Code", "CODES", "A code of the error catalogue.", Code::ALL.iter().map(|v| v.as_str()));
    module.push_str(
        "\
/** What refuses an action for everybody, whatever the roles; checked before the rows, in order. */
export interface Guard {
  readonly action: Action;
  readonly fact: Fact;
  /** Whether the guard refuses when the fact holds (true) or when it does not (false). */
  readonly deniesWhen: boolean;
  readonly code: Code;
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

/** For each action and actor the first row that names the target's role decides. */
export interface Row {
  readonly action: Action;
  readonly actor: Role;
  readonly targets: readonly Role[];
  /** Always, never, when this fact holds, or unless it does. */
  readonly grant: 'always' | 'never' | Fact | { readonly unless: Fact };
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

",
    );
    module.push_str("export const GUARDS: readonly Guard[] = [\n");
    for guard in GUARDS {
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    fact: {},\n    deniesWhen: {},\n    code: {},\n    rule: {},\n    message: {},\n    \
             allowedIf: {},\n  }},",
            literal(guard.action.as_str()),
            literal(guard.fact.as_str()),
            guard.denies_when,
            literal(guard.code.as_str()),
            literal(guard.rule),
            literal(guard.message),
            literal(guard.allowed_if),
        );
    }
    module.push_str("];\n\nexport const ROWS: readonly Row[] = [\n");
    for (row, &actor) in ROWS.iter().flat_map(|row| row.actors.iter().map(move |actor| (row, actor))) {
        let targets: Vec<_> = row.targets.iter().map(|role| literal(role.as_str())).collect();
        let grant = match row.grant {
            Grant::Always => literal("always"),
            Grant::Never => literal("never"),
            Grant::If(fact) => literal(fact.as_str()),
            Grant::Unless(fact) => format!("{{ unless: {} }}", literal(fact.as_str())),
        };
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    actor: {},\n    targets: [{}],\n    grant: {grant},\n    rule: {},\n    message: {},\n    \
             allowedIf: {},\n  }},",
            literal(row.action.as_str()),
            literal(actor.as_str()),
            targets.join(", "),
            literal(row.rule),
            literal(row.message),
            literal(row.allowed_if),
        );
    }
    module.push_str("];\n\n");
    organizations(&mut module);
    module
}

/// The part for the roles of organisations.
fn organizations(module: &mut String) {
    let roles = OrganizationRole::ALL.iter().map(|v| v.as_str());
    names(module, "OrganizationRole", "ORGANIZATION_ROLES", "A role in an organisation.", roles);
    let actions = OrganizationAction::ALL.iter().map(|v| v.as_str());
    let about = "What somebody of an organisation wants to do.";
    names(module, "OrganizationAction", "ORGANIZATION_ACTIONS", about, actions);
    let facts = OrganizationFact::ALL.iter().map(|v| v.as_str());
    let about = "What holds between an actor of an organisation and the thread, message or booking.";
    names(module, "OrganizationFact", "ORGANIZATION_FACTS", about, facts);
    module.push_str(
        "\
/** What refuses an action to some roles; checked before the rows, in order. */
export interface OrganizationGuard {
  readonly action: OrganizationAction;
  readonly actors: readonly OrganizationRole[];
  readonly fact: OrganizationFact;
  /** Whether the guard refuses when the fact holds (true) or when it does not (false). */
  readonly deniesWhen: boolean;
  readonly code: Code;
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

/** For each action the first row that names the actor's role decides. */
export interface OrganizationRow {
  readonly action: OrganizationAction;
  readonly actors: readonly OrganizationRole[];
  readonly allows: boolean;
  readonly rule: string;
  readonly message: string;
  readonly allowedIf: string;
}

export const ORGANIZATION_GUARDS: readonly OrganizationGuard[] = [
",
    );
    let list = |roles: &[OrganizationRole]| roles.iter().map(|r| literal(r.as_str())).collect::<Vec<_>>().join(", ");
    for guard in organization::GUARDS {
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    actors: [{}],\n    fact: {},\n    deniesWhen: {},\n    code: {},\n    rule: {},\n    \
             message: {},\n    allowedIf: {},\n  }},",
            literal(guard.action.as_str()),
            list(guard.actors),
            literal(guard.fact.as_str()),
            guard.denies_when,
            literal(guard.code.as_str()),
            literal(guard.rule),
            literal(guard.message),
            literal(guard.allowed_if),
        );
    }
    module.push_str("];\n\nexport const ORGANIZATION_ROWS: readonly OrganizationRow[] = [\n");
    for row in organization::ROWS {
        let _ = writeln!(
            module,
            "  {{\n    action: {},\n    actors: [{}],\n    allows: {},\n    rule: {},\n    message: {},\n    allowedIf: {},\n  \
             }},",
            literal(row.action.as_str()),
            list(row.actors),
            row.allows,
            literal(row.rule),
            literal(row.message),
            literal(row.allowed_if),
        );
    }
    module.push_str("];\n");
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
