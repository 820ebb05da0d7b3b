//! What the database's functions ask about roles, so that none of them names one.

use rolecall_shared::rules::matrix::{
    Action, Grant, Marketplace, Role,
    organization::{self, OrganizationAction, OrganizationFact, OrganizationRole},
    row_for,
};

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

-- Whether the matrix for organisations has an action of this name.
create or replace function rolecall_internal.is_organization_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ({organization_actions}), false);

-- Whether a text is the name of a role in an organisation.
create or replace function rolecall_internal.is_organization_role(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ({organization_roles}), false);

-- The flag that switches the texting on for somebody with this role in an organisation, or with none.
create or replace function rolecall_internal.organization_flag(p_role text)
returns text
language sql
immutable
parallel safe
return case
{flags}
  else '{flag}'
end;

-- Whether a role reads every thread of its organisation.
create or replace function rolecall_internal.reads_every_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ({every}), false);

-- Whether a role reads the threads in which it has a window that is open or to come.
create or replace function rolecall_internal.reads_assigned_threads(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ({assigned}), false);

-- Whether a role reads the thread whose client it is.
create or replace function rolecall_internal.reads_own_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ({own}), false);
",
        stranger = STRANGER.as_str(),
        moderating = moderating.join(", "),
        actions = actions.join(", "),
        organization_actions = quoted(OrganizationAction::ALL.iter().map(|action| action.as_str())),
        organization_roles = quoted(OrganizationRole::ALL.iter().map(|role| role.as_str())),
        flags = flags(),
        flag = WITHOUT_ROLE,
        every = quoted(readers(&[]).into_iter().map(OrganizationRole::as_str)),
        assigned = quoted(readers_by(OrganizationFact::Assigned)),
        own = quoted(readers_by(OrganizationFact::OwnThread)),
    )
}

/// The flag that is asked about somebody without a role in an organisation.
const WITHOUT_ROLE: &str = OrganizationRole::Owner.flag();

fn quoted(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// A branch for each role whose flag is another than that of those without a role.
fn flags() -> String {
    let other = OrganizationRole::ALL.iter().filter(|role| role.flag() != WITHOUT_ROLE);
    let branches = other.map(|role| format!("  when p_role = '{}' then '{}'", role.as_str(), role.flag()));
    branches.collect::<Vec<_>>().join("\n")
}

/// The roles that read a thread of their organisation when these facts hold besides.
fn readers(more: &[OrganizationFact]) -> Vec<OrganizationRole> {
    let facts = [OrganizationFact::FeatureEnabled, OrganizationFact::OwnOrganization];
    let facts = facts.iter().chain(more).copied().collect();
    let reads =
        |&role: &OrganizationRole| organization::decide(Some(role), OrganizationAction::ReadThread, facts).allowed();
    OrganizationRole::ALL.iter().copied().filter(reads).collect()
}

/// The roles that read a thread because this fact holds.
fn readers_by(fact: OrganizationFact) -> Vec<&'static str> {
    let always = readers(&[]);
    readers(&[fact]).into_iter().filter(|role| !always.contains(role)).map(OrganizationRole::as_str).collect()
}

/// Whether the matrix lets a role moderate the messages of everybody, without a fact that must hold.
fn moderates_everything(actor: Role) -> bool {
    Role::ALL.iter().all(|&author| {
        row_for::<Marketplace>(Action::Moderate, actor, author).is_some_and(|row| row.grant == Grant::Always)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organizer_does_not_moderate_everything() {
        let roles: Vec<Role> = Role::ALL.iter().copied().filter(|&role| moderates_everything(role)).collect();
        assert_eq!(roles, [Role::Moderator, Role::Admin]);
    }

    #[test]
    fn each_role_of_an_organisation_reads_by_one_fact_or_everything() {
        assert_eq!(readers(&[]), [OrganizationRole::Owner, OrganizationRole::Admin]);
        assert_eq!(readers_by(OrganizationFact::Assigned), ["sitter"]);
        assert_eq!(readers_by(OrganizationFact::OwnThread), ["client"]);
        assert_eq!(flags(), "  when p_role = 'sitter' then 'sitter_messages_v1'");
    }
}
