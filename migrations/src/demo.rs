//! The people and things of the demo data, for everything that speaks of them: the runner's greeting and `make demo`.

/// A user of the demo data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The name that the inbox shows.
    pub name: &'static str,
    /// The application role.
    pub role: &'static str,
    /// The role in the organisation of the demo data.
    pub organization_role: Option<&'static str>,
    /// The `sub` of the user's tokens.
    pub id: &'static str,
}

const fn user(name: &'static str, role: &'static str, id: &'static str) -> DemoUser {
    DemoUser { name, role, organization_role: None, id }
}

/// Takes part in both shows, and asks for a ride.
pub const ADA: DemoUser = user("Ada", "attendee", "00000000-0000-4000-8000-000000000001");
/// Takes part in both shows, and asks for help with carrying.
pub const BEN: DemoUser = user("Ben", "attendee", "00000000-0000-4000-8000-000000000002");
/// Takes part in both shows.
pub const DAN: DemoUser = user("Dan", "dealer", "00000000-0000-4000-8000-000000000003");
/// Takes part in both shows.
pub const MIA: DemoUser = user("Mia", "mvp_dealer", "00000000-0000-4000-8000-000000000004");
/// Organizes both shows.
pub const OLGA: DemoUser = user("Olga", "show_organizer", "00000000-0000-4000-8000-000000000005");
/// Moderates.
pub const MAX: DemoUser = user("Max", "moderator", "00000000-0000-4000-8000-000000000006");
/// Owns the organisation.
pub const OONA: DemoUser =
    DemoUser { organization_role: Some("owner"), ..user("Oona", "attendee", "00000000-0000-4000-8000-000000000007") };
/// Administers.
pub const AMY: DemoUser = user("Amy", "admin", "00000000-0000-4000-8000-000000000008");

/// All of them, in the order of their ids.
pub const USERS: [DemoUser; 8] = [ADA, BEN, DAN, MIA, OLGA, MAX, OONA, AMY];

/// The show that begins in a week.
pub const SHOW_BEFORE: &str = "00000000-0000-4000-8000-000000000011";
/// The show that has begun.
pub const SHOW_AFTER: &str = "00000000-0000-4000-8000-000000000012";
/// The help request of [`ADA`].
pub const HELP_REQUEST_OF_ADA: &str = "00000000-0000-4000-8000-000000000021";
/// The help request of [`BEN`].
pub const HELP_REQUEST_OF_BEN: &str = "00000000-0000-4000-8000-000000000022";

impl DemoUser {
    /// The role for people, such as "attendee, owner of the organisation".
    pub fn title(&self) -> String {
        match self.organization_role {
            None => self.role.to_owned(),
            Some(role) => format!("{}, {role} of the organisation", self.role),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::DEMO;

    /// `demo.sql` stands by itself, so that `psql -f` can load it.
    #[test]
    fn the_demo_data_has_these_people_and_no_others() {
        let (_, rows) = DEMO.split_once("  values\n").unwrap();
        let (rows, _) = rows.split_once("\n) as person").unwrap();
        let rows: Vec<&str> = rows.lines().map(|row| row.trim().trim_end_matches(',')).collect();
        let expected = USERS.map(|DemoUser { name, role, organization_role, id }| {
            let organization_role = organization_role.map_or("null".to_owned(), |role| format!("'{role}'"));
            format!("('{}', '{name}', '{role}', {organization_role})", &id[34..])
        });
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_demo_data_has_these_shows_and_help_requests() {
        for id in [SHOW_BEFORE, SHOW_AFTER] {
            assert!(DEMO.contains(&format!("    '{id}',\n    '{}',\n", OLGA.id)), "{id}");
        }
        for (id, requester) in [(HELP_REQUEST_OF_ADA, ADA), (HELP_REQUEST_OF_BEN, BEN)] {
            assert!(DEMO.contains(&format!("    '{id}',\n    '{}',\n", requester.id)), "{id}");
        }
    }
}
