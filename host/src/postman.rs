//! The Postman environment of the demo data: what `tests/api/rolecall.postman_collection.json` takes from outside.
//!
//! It holds tokens, the operator's among them, so the file is this user's alone (mode 0600) and there for as long as the
//! runner is.

use crate::manifest::variables::Variables;
use crate::state_dir::{Announcement, StateDir};
use crate::token;
use rolecall_database::demo::{
    ADA, AGENCY, AMY, BEN, CARA, CLIENT, DAN, HELP_REQUEST_OF_BEN, MAX, MIA, NORA, OLGA, OONA, SAM, SHOW_BEFORE, THREAD,
};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The file's name in the state directory.
pub const FILE: &str = "postman_environment.json";

/// How long the tokens in it are valid.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// The demo data's users under the names that the collection has for them.
const USERS: [(&str, &str); 11] = [
    ("attendee", ADA.id),
    ("dealer", DAN.id),
    ("mvp", MIA.id),
    ("organizer", OLGA.id),
    ("moderator", MAX.id),
    ("stranger", OONA.id),
    // For the examples of docs/openapi.yaml.
    ("requester", BEN.id),
    ("admin", AMY.id),
    ("agencyOwner", NORA.id),
    ("sitter", SAM.id),
    ("client", CARA.id),
];

/// Writes the environment for the runner at `address`; it goes when the result is dropped. None without a secret to sign
/// tokens with.
///
/// # Errors
/// The file cannot be written.
pub fn announce(state: &StateDir, address: &str, variables: &Variables) -> io::Result<Option<Announcement>> {
    let Some(environment) = environment(address, variables) else {
        withdraw(state)?;
        return Ok(None);
    };
    state.announce_as(FILE, serde_json::to_vec_pretty(&environment)?).map(Some)
}

/// Removes what a runner left behind that was killed.
///
/// # Errors
/// The file is there and cannot be removed.
pub fn withdraw(state: &StateDir) -> io::Result<()> {
    state.remove(FILE)
}

/// What people read about it.
pub fn note(file: &Path) -> String {
    let file = file.display();
    format!(
        "\n# The Postman collection. {file} has the tokens of the demo users and of the operator;\n# it is readable by you \
         alone (mode 0600) and is removed at the stop. Run `make api-tools` once before.\n\
         tests/api/node_modules/.bin/newman run tests/api/rolecall.postman_collection.json -e {file}\n"
    )
}

/// The environment as Postman and newman read it.
fn environment(address: &str, variables: &Variables) -> Option<Value> {
    let value = |key: &str, value: &str, kind: &str| json!({"key": key, "value": value, "type": kind, "enabled": true});
    let mut values = vec![
        value("baseUrl", address, "default"),
        value("showId", SHOW_BEFORE, "default"),
        value("helpRequestId", HELP_REQUEST_OF_BEN, "default"),
        value("agencyId", AGENCY, "default"),
        value("agencyClientId", CLIENT, "default"),
        value("agencyThreadId", THREAD, "default"),
    ];
    for (name, id) in USERS {
        let token = token::sign(variables, "authenticated", Some(id), TOKEN_LIFETIME)?;
        values.push(value(name, &token, "secret"));
        values.push(value(&format!("{name}Id"), id, "default"));
    }
    let operator = token::sign(variables, "service_role", None, TOKEN_LIFETIME)?;
    values.push(value("operator", &operator, "secret"));
    Some(json!({"name": "Rolecall (make run)", "values": values, "_postman_variable_scope": "environment"}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::variables::{Sources, VariableDeclaration};
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const COLLECTION: &str = include_str!("../../tests/api/rolecall.postman_collection.json");

    fn variables(secret: &str) -> Variables {
        let declared =
            BTreeMap::from([("jwt_secret".to_owned(), VariableDeclaration { required: true, ..Default::default() })]);
        let provided = HashMap::from([("jwt_secret".to_owned(), secret.to_owned())]);
        Sources { provided, ..Default::default() }.settle(&declared).unwrap()
    }

    #[test]
    fn the_environment_has_every_variable_that_the_collection_does_not_set_itself() {
        let environment =
            environment("http://127.0.0.1:3000", &variables("a secret of thirty-two characters")).unwrap();
        let values = environment["values"].as_array().unwrap();
        let given: BTreeSet<&str> = values.iter().map(|value| value["key"].as_str().unwrap()).collect();
        let used = COLLECTION.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name);
        for name in used.filter(|name| !name.starts_with('$')) {
            let set = COLLECTION.contains(&format!("pm.collectionVariables.set('{name}'"));
            assert!(set || given.contains(name), "{name}");
        }
        let secret = |value: &&Value| value["type"] == "secret";
        assert_eq!(values.iter().filter(secret).count(), USERS.len() + 1, "every token is marked as a secret");
    }

    #[test]
    fn the_file_is_this_users_alone_and_goes_with_the_runner() {
        let path = std::env::temp_dir().join(format!("rolecall-postman-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let state = StateDir::open(&path).unwrap();
        let file = path.join(FILE);
        let kept = announce(&state, "http://127.0.0.1:1", &variables("a secret of thirty-two characters")).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        drop(kept);
        assert!(!file.exists());
        fs::write(&file, "left behind").unwrap();
        assert!(
            announce(&state, "http://127.0.0.1:1", &variables("")).unwrap().is_none(),
            "there is no secret to sign with"
        );
        assert!(!file.exists());
        fs::remove_dir_all(path).unwrap();
    }
}
