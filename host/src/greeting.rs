//! What the runner says to people when it is ready: where it listens, who there is, and requests to try.

use crate::manifest::variables::Variables;
use crate::token;
use std::fmt::Write;
use std::time::Duration;

/// How long the printed tokens are good for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// A user of the demo data (`migrations/demo.sql`).
struct DemoUser {
    name: &'static str,
    role: &'static str,
    id: &'static str,
}

const fn user(name: &'static str, role: &'static str, id: &'static str) -> DemoUser {
    DemoUser { name, role, id }
}

const ADA: DemoUser = user("Ada", "attendee", "00000000-0000-4000-8000-000000000001");
const BEN: DemoUser = user("Ben", "attendee", "00000000-0000-4000-8000-000000000002");
const DEALER: DemoUser = user("Dan", "dealer", "00000000-0000-4000-8000-000000000003");
const MVP_DEALER: DemoUser = user("Mia", "mvp_dealer", "00000000-0000-4000-8000-000000000004");
const ORGANIZER: DemoUser = user("Olga", "show_organizer", "00000000-0000-4000-8000-000000000005");
const MODERATOR: DemoUser = user("Max", "moderator", "00000000-0000-4000-8000-000000000006");
const OWNER: DemoUser = user("Oona", "attendee, owner of the organisation", "00000000-0000-4000-8000-000000000007");
const ADMIN: DemoUser = user("Amy", "admin", "00000000-0000-4000-8000-000000000008");

const USERS: [&DemoUser; 8] = [&ADA, &BEN, &DEALER, &MVP_DEALER, &ORGANIZER, &MODERATOR, &OWNER, &ADMIN];

const SHOW_BEFORE: &str = "00000000-0000-4000-8000-000000000011";
const HELP_REQUEST: &str = "00000000-0000-4000-8000-000000000022";

/// The greeting.
pub fn text(address: &str, variables: &Variables, has_demo_data: bool) -> String {
    let mut text = format!("\nRolecall is ready at {address}\n");
    let mut say = |arguments: std::fmt::Arguments| {
        // Writing into a string does not fail.
        let _ = text.write_fmt(arguments);
    };
    if !has_demo_data {
        say(format_args!("\n  curl {address}/api/health\n"));
        return text;
    }
    say(format_args!("\nDemo users\n"));
    for DemoUser { name, role, id } in USERS {
        say(format_args!("  {name:<6}{id}  {role}\n"));
    }
    let curl = Curl { address, variables };
    let organizer_message = format!(
        r#"{{"show_id":"{SHOW_BEFORE}","recipient_roles":["attendee","mvp_dealer"],"message":"Doors open at nine."}}"#
    );
    let help_message =
        format!(r#"{{"help_request_id":"{HELP_REQUEST}","initial_message":"I can help you with this tomorrow."}}"#);
    let requests = [
        ("Health", curl.get("/api/health", None)),
        (
            "An attendee writes to an MVP dealer",
            curl.post("/functions/v1/send-dm", Caller::User(&ADA), &direct_message(&MVP_DEALER)),
        ),
        (
            "An attendee may not write to a dealer, and is told why",
            curl.post("/functions/v1/send-dm", Caller::User(&ADA), &direct_message(&DEALER)),
        ),
        (
            "The organizer's broadcast before the show: two a day, and the third is refused",
            curl.post("/functions/v1/send-broadcast", Caller::User(&ORGANIZER), &organizer_message),
        ),
        (
            "Ada offers help on Ben's request; a second time is a conflict",
            curl.post("/functions/v1/start-conversation", Caller::User(&ADA), &help_message),
        ),
        (
            "What Ada may do, asked before she tries",
            curl.post("/functions/v1/check-permission", Caller::User(&ADA), &checks()),
        ),
        ("Mia reads her inbox", curl.get("/functions/v1/conversations", Some(&MVP_DEALER))),
        ("The moderator looks at the reports", curl.get("/functions/v1/moderation/queue", Some(&MODERATOR))),
        ("Ada takes along what is hers", curl.get("/functions/v1/own-data/export", Some(&ADA))),
        ("The organisation's owner looks at the diagnostics", curl.get("/functions/v1/diagnostics", Some(&OWNER))),
        (
            "The operator's nightly job, which the schedule runs at 02:00 UTC",
            curl.post("/functions/v1/reset-broadcast-quotas", Caller::Operator, "{}"),
        ),
    ];
    say(format_args!("\nTo try, with tokens that are good for 12 hours\n"));
    for (title, command) in requests {
        if let Some(command) = command {
            say(format_args!("\n# {title}\n{command}\n"));
        }
    }
    text
}

fn direct_message(recipient: &DemoUser) -> String {
    format!(r#"{{"recipient_id":"{}","content":"Do you have the 1952 card with you?"}}"#, recipient.id)
}

fn checks() -> String {
    format!(
        r#"{{"checks":[{{"action":"start_dm","recipient_id":"{}"}},{{"action":"start_dm","recipient_id":"{}"}}]}}"#,
        MVP_DEALER.id, DEALER.id
    )
}

enum Caller<'a> {
    User(&'a DemoUser),
    Operator,
}

/// Writes command lines that work when pasted into a shell.
struct Curl<'a> {
    address: &'a str,
    variables: &'a Variables,
}

impl Curl<'_> {
    fn get(&self, path: &str, user: Option<&DemoUser>) -> Option<String> {
        let address = self.address;
        Some(match user {
            None => format!("curl {address}{path}"),
            Some(user) => {
                let token = self.token(&Caller::User(user))?;
                format!("curl {address}{path} -H 'authorization: Bearer {token}'")
            }
        })
    }

    fn post(&self, path: &str, caller: Caller, body: &str) -> Option<String> {
        let (address, token) = (self.address, self.token(&caller)?);
        Some(format!(
            "curl {address}{path} -H 'authorization: Bearer {token}' -H 'content-type: application/json' -d '{body}'"
        ))
    }

    /// None without a secret to sign with, as when tokens are checked with a key set.
    fn token(&self, caller: &Caller) -> Option<String> {
        match caller {
            Caller::User(user) => token::sign(self.variables, "authenticated", Some(user.id), TOKEN_LIFETIME),
            Caller::Operator => token::sign(self.variables, "service_role", None, TOKEN_LIFETIME),
        }
    }
}
