//! What the runner says to people when it is ready: where it listens, who there is, and requests to try.

use crate::configuration::REALTIME_URL;
use crate::database::Database;
use crate::manifest::variables::Variables;
use crate::token;
use rolecall_database::demo::{
    ADA, CARA, DAN, DemoUser, HELP_REQUEST_OF_BEN, MAX, MIA, NORA, OLGA, OONA, SAM, SHOW_BEFORE, THREAD, USERS,
};
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// How long the printed tokens are good for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// How long the page can sign in with its tokens: it is left open for longer than a shell is.
const PAGE_TOKEN_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// The demo users with a token each, as the variable `demo_users` has them; empty without a secret to sign with. The
/// operator is none of them.
pub fn demo_users(variables: &Variables) -> String {
    #[derive(Serialize)]
    struct SignedIn {
        id: &'static str,
        name: &'static str,
        role: String,
        token: String,
    }
    let users: Option<Vec<SignedIn>> = USERS
        .iter()
        .map(|user| {
            let token = token::sign(variables, "authenticated", Some(user.id), PAGE_TOKEN_LIFETIME)?;
            Some(SignedIn { id: user.id, name: user.name, role: user.title(), token })
        })
        .collect();
    // Texts alone: they can be serialised.
    users.and_then(|users| serde_json::to_string(&users).ok()).unwrap_or_default()
}

/// The greeting.
pub fn text(address: &str, variables: &Variables, database: Option<&Database>) -> String {
    // A token signs its reader in as somebody, which nobody may do on a database that is not the runner's own.
    let is_demo = database.is_some_and(|database| database.is_embedded() && database.has_demo_data);
    let mut text = format!("\nRolecall is ready. Open {address} in a browser");
    text.push_str(if is_demo { ", and sign in there as a demo user by a click.\n" } else { ".\n" });
    let mut say = |arguments: std::fmt::Arguments| {
        // Writing into a string does not fail.
        let _ = text.write_fmt(arguments);
    };
    if let Some(database) = database {
        let kind = if database.is_embedded() { " (the runner's own)" } else { "" };
        say(format_args!("Its database is {}{kind}\n", database.edge));
    }
    match variables.get(REALTIME_URL).map(str::trim) {
        None => {}
        Some("") => say(format_args!("Realtime is off: clients call sync\n")),
        Some(url) => say(format_args!("Realtime is at {url}\n")),
    }
    if !is_demo {
        say(format_args!("\n  curl {address}/api/health\n"));
        return text;
    }
    say(format_args!("\nDemo users\n"));
    for user in USERS {
        say(format_args!("  {:<6}{}  {}\n", user.name, user.id, user.title()));
    }
    let curl = Curl { address, variables };
    let organizer_message = format!(
        r#"{{"show_id":"{SHOW_BEFORE}","recipient_roles":["attendee","mvp_dealer"],"message":"Doors open at nine."}}"#
    );
    let help_message = format!(
        r#"{{"help_request_id":"{HELP_REQUEST_OF_BEN}","initial_message":"I can help you with this tomorrow."}}"#
    );
    let requests = [
        ("Health", curl.get("/api/health", None)),
        ("Ada writes to Mia, an MVP dealer", curl.post("/functions/v1/send-dm", &ADA, &direct_message(&MIA))),
        (
            "Ada may not write to a dealer, and the answer says why",
            curl.post("/functions/v1/send-dm", &ADA, &direct_message(&DAN)),
        ),
        (
            "Olga broadcasts before her show: twice a day, the third is refused",
            curl.post("/functions/v1/send-broadcast", &OLGA, &organizer_message),
        ),
        (
            "Ada offers help on Ben's request; a second offer is a conflict",
            curl.post("/functions/v1/start-conversation", &ADA, &help_message),
        ),
        ("Ada asks what she may do before she tries", curl.post("/functions/v1/check-permission", &ADA, &checks())),
        ("Mia reads her inbox", curl.get("/functions/v1/conversations", Some(&MIA))),
        ("Max, a moderator, reads the reports", curl.get("/functions/v1/moderation/queue", Some(&MAX))),
        ("Ada exports her data", curl.get("/functions/v1/own-data/export", Some(&ADA))),
        (
            "Oona, the owner of the organisation, reads the diagnostics",
            curl.get("/functions/v1/diagnostics", Some(&OONA)),
        ),
        (
            "Sam, a sitter of the agency, texts Cara while he is on duty",
            curl.post("/functions/v1/send-thread-message", &SAM, &text_message("Rex had a long walk.")),
        ),
        (
            "Cara answers with her account; a text from her phone takes the same way",
            curl.post("/functions/v1/send-thread-message", &CARA, &text_message("Thank you! Has he eaten?")),
        ),
        (
            "Sam would take her off the platform: it is held back",
            curl.post("/functions/v1/send-thread-message", &SAM, &text_message("Call me at 202-555-0143 next time.")),
        ),
        ("Nora, the owner of the agency, lists its threads", curl.get("/functions/v1/threads", Some(&NORA))),
        ("She reads what was decided, under texting", curl.get("/functions/v1/diagnostics", Some(&NORA))),
    ];
    say(format_args!("\nRequests to try; the tokens are valid for 12 hours\n"));
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

fn text_message(content: &str) -> String {
    format!(r#"{{"thread_id":"{THREAD}","content":"{content}"}}"#)
}

fn checks() -> String {
    format!(
        r#"{{"checks":[{{"action":"start_dm","recipient_id":"{}"}},{{"action":"start_dm","recipient_id":"{}"}}]}}"#,
        MIA.id, DAN.id
    )
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
                let token = self.token(user)?;
                format!("curl {address}{path} -H 'authorization: Bearer {token}'")
            }
        })
    }

    fn post(&self, path: &str, user: &DemoUser, body: &str) -> Option<String> {
        let (address, token) = (self.address, self.token(user)?);
        Some(format!(
            "curl {address}{path} -H 'authorization: Bearer {token}' -H 'content-type: application/json' -d '{body}'"
        ))
    }

    /// None without a secret to sign with, as when tokens are checked with a key set.
    fn token(&self, user: &DemoUser) -> Option<String> {
        token::sign(self.variables, "authenticated", Some(user.id), TOKEN_LIFETIME)
    }
}
