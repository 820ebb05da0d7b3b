//! What the database's functions ask about roles, so that none of them names one.

use rolecall_shared::rules::matrix::{Action, Grant, Role, row_for};

/// As what a user counts whom nobody knows, such as the sender of an imported message.
const STRANGER: Role = Role::Attendee;

/// The functions that answer for the roles.
pub fn roles() -> String {
    let moderating = Role::ALL.iter().filter(|&&actor| moderates_everything(actor));
    let moderating: Vec<String> = moderating.map(|role| format!("'{}'::rolecall.app_role", role.as_str())).collect();
    let actions: Vec<String> = Action::ALL.iter().map(|action| format!("'{}'", action.as_str())).collect();
    format!(
        "\
-- What the functions ask about roles and actions. Generated from the permission matrix by `make generate`; do not edit.
--
-- The bodies are standard SQL without a SET clause, so that PostgreSQL writes them into the statements that ask.

-- The role as which a user counts who has no profile.
create or replace function rolecall_internal.role_of_strangers()
returns rolecall.app_role
language sql
immutable
return '{stranger}'::rolecall.app_role;

-- Whether a role moderates every message, whoever wrote it and wherever.
create or replace function rolecall_internal.moderates_everything(p_role rolecall.app_role)
returns boolean
language sql
immutable
return coalesce(p_role in ({moderating}), false);

-- Whether the matrix has an action of this name.
create or replace function rolecall_internal.is_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ({actions}), false);
",
        stranger = STRANGER.as_str(),
        moderating = moderating.join(", "),
        actions = actions.join(", "),
    )
}

/// Whether the matrix lets a role moderate the messages of everybody, without a fact that must hold.
fn moderates_everything(actor: Role) -> bool {
    Role::ALL
        .iter()
        .all(|&author| row_for(Action::Moderate, actor, author).is_some_and(|row| row.grant == Grant::Always))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organizer_does_not_moderate_everything() {
        let roles: Vec<Role> = Role::ALL.iter().copied().filter(|&role| moderates_everything(role)).collect();
        assert_eq!(roles, [Role::Moderator, Role::Admin]);
    }
}
