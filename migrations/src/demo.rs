//! The people and things of the demo data, for everything that speaks of them: the runner's greeting and `make demo`.

/// A user of the demo data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The name that the inbox shows.
    pub name: &'static str,
    /// The application role.
    pub role: &'static str,
    /// The last two digits of the id of their organisation.
    organization: &'static str,
    /// The role in their organisation.
    pub organization_role: Option<&'static str>,
    /// The `sub` of the user's tokens.
    pub id: &'static str,
}

const fn user(name: &'static str, role: &'static str, id: &'static str) -> DemoUser {
    DemoUser { name, role, organization: "31", organization_role: None, id }
}

const fn of_the_agency(name: &'static str, organization_role: &'static str, id: &'static str) -> DemoUser {
    DemoUser { organization: "a0", organization_role: Some(organization_role), ..user(name, "attendee", id) }
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

/// Owns the agency.
pub const NORA: DemoUser = of_the_agency("Nora", "owner", "00000000-0000-4000-8000-0000000000a1");
/// Looks after the pets of [`CARA`].
pub const SAM: DemoUser = of_the_agency("Sam", "sitter", "00000000-0000-4000-8000-0000000000a2");
/// Is a client of the agency, and has an account.
pub const CARA: DemoUser = of_the_agency("Cara", "client", "00000000-0000-4000-8000-0000000000a3");

/// All of them, in the order of their ids.
pub const USERS: [DemoUser; 11] = [ADA, BEN, DAN, MIA, OLGA, MAX, OONA, AMY, NORA, SAM, CARA];

/// The show that begins in a week.
pub const SHOW_BEFORE: &str = "00000000-0000-4000-8000-000000000011";
/// The show that has begun.
pub const SHOW_AFTER: &str = "00000000-0000-4000-8000-000000000012";
/// The help request of [`ADA`].
pub const HELP_REQUEST_OF_ADA: &str = "00000000-0000-4000-8000-000000000021";
/// The help request of [`BEN`].
pub const HELP_REQUEST_OF_BEN: &str = "00000000-0000-4000-8000-000000000022";

/// The agency, a pet-care organisation that texts with its clients.
pub const AGENCY: &str = "00000000-0000-4000-8000-0000000000a0";
/// The agency's number of the front desk.
pub const NUMBER_OF_THE_FRONT_DESK: &str = "00000000-0000-4000-8000-0000000000a4";
/// The agency's number of [`SAM`].
pub const NUMBER_OF_SAM: &str = "00000000-0000-4000-8000-0000000000a5";
/// The agency's number in the pool.
pub const NUMBER_OF_THE_POOL: &str = "00000000-0000-4000-8000-0000000000a6";
/// [`CARA`] as a client.
pub const CLIENT: &str = "00000000-0000-4000-8000-0000000000a7";
/// The thread of [`CLIENT`].
pub const THREAD: &str = "00000000-0000-4000-8000-0000000000a8";
/// The booking of [`CLIENT`] with [`SAM`], which is under way.
pub const BOOKING: &str = "00000000-0000-4000-8000-0000000000a9";

impl DemoUser {
    /// The role for people, such as "attendee, owner of the organisation".
    pub fn title(&self) -> String {
        let organization = if AGENCY.ends_with(self.organization) { "agency" } else { "organisation" };
        match self.organization_role {
            None => self.role.to_owned(),
            Some(role) => format!("{}, {role} of the {organization}", self.role),
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
        let expected = USERS.map(|DemoUser { name, role, organization, organization_role, id }| {
            let organization_role = organization_role.map_or("null".to_owned(), |role| format!("'{role}'"));
            format!("('{}', '{name}', '{role}', '{organization}', {organization_role})", &id[34..])
        });
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_demo_data_has_this_agency() {
        for id in [AGENCY, NUMBER_OF_THE_FRONT_DESK, NUMBER_OF_SAM, NUMBER_OF_THE_POOL, CLIENT, THREAD, BOOKING] {
            assert!(DEMO.contains(&format!("'{id}'")), "{id}");
        }
        assert_eq!(
            (OONA.title(), SAM.title()),
            ("attendee, owner of the organisation".to_owned(), "attendee, sitter of the agency".to_owned(),)
        );
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
