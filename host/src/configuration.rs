//! What is wrong with the configuration, found before anything is started: all of it at once, a sentence a fault. The
//! rules are those by which the functions read the same variables (`rolecall_shared::settings`).

use crate::manifest::Manifest;
use crate::manifest::allowed_hosts::AllowedHosts;
use crate::manifest::variables::{Sources, VariableDeclaration};
use rolecall_database::env_file;
use rolecall_shared::postgres::Address;
use rolecall_shared::settings::{Variables, host_of_url};
use std::fmt;

/// The variables that the runner knows the meaning of.
pub const DATABASE_URL: &str = "database_url";
/// The host in `database_url`.
pub const DATABASE_HOST: &str = "database_host";
/// The CA of the database's certificate.
pub const DATABASE_CA: &str = "database_ca";
/// The secret that tokens are signed with.
pub const JWT_SECRET: &str = "jwt_secret";

/// Where clients reach NATS.
pub const REALTIME_URL: &str = "realtime_url";
/// The account of its users.
pub const REALTIME_ACCOUNT: &str = "realtime_account";
/// The seed of the key that signs for that account.
pub const REALTIME_SIGNING_KEY: &str = "realtime_signing_key";

/// How far features are rolled out.
pub const ROLLOUTS: &str = "rollouts";

/// Ways to check a token that make a secret of the runner's own superfluous.
const OTHER_KEYS: [&str; 2] = ["jwt_jwks", "jwt_jwks_url"];

/// An administrator's login, in the environment or in `.env`.
pub const ADMIN_URL: &str = "DATABASE_URL";
/// The functions' login, likewise.
pub const EDGE_URL: &str = "EDGE_DATABASE_URL";

/// Which database the application has.
#[derive(Debug)]
pub enum Choice {
    /// The application has no database.
    None,
    /// The one of the variable `database_url`; the runner manages nothing.
    Given(Address),
    /// The one of `DATABASE_URL`, which is migrated, and the functions' login if it is given.
    Managed {
        /// The administrator's login.
        admin: Address,
        /// The functions' login.
        edge: Option<Address>,
    },
    /// One of the runner's own.
    Embedded,
}

/// Everything that is wrong.
#[derive(Debug)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for Faults {}

/// Checks everything that is known before the database is; gives which database is meant.
///
/// # Errors
/// All faults.
pub fn check(manifest: &Manifest, sources: &Sources) -> Result<Choice, Faults> {
    let declared = &manifest.variables;
    let unsettled = sources.faults(declared, &[DATABASE_URL]);
    let mut faults: Vec<String> = unsettled.iter().map(ToString::to_string).collect();
    let variables = variables(manifest, sources);
    let choice = choice(manifest, sources, &variables, &mut faults);
    if declared.contains_key(JWT_SECRET) {
        faults.extend(variables.faults_beside_database().iter().map(ToString::to_string));
        faults.extend(unreachable(manifest, sources, "jwt_jwks_url", "JWKS_HOST"));
        faults.extend(unreachable(manifest, sources, "alert_url", "ALERT_HOST"));
        faults.extend(unreachable(manifest, sources, "twilio_api_url", "TWILIO_API_HOST"));
    }
    if faults.is_empty() { Ok(choice) } else { Err(Faults(faults)) }
}

/// Whether the runner is to make a secret, because there is nothing that a token could be checked with.
pub fn lacks_keys(manifest: &Manifest, sources: &Sources) -> bool {
    let is_given = |name: &&str| sources.get(name).is_some_and(|value| !value.trim().is_empty());
    manifest.variables.contains_key(JWT_SECRET) && !is_given(&JWT_SECRET) && !OTHER_KEYS.iter().any(is_given)
}

/// The variables as the functions will read them.
fn variables(manifest: &Manifest, sources: &Sources) -> Variables {
    let get = |name: &str| value(manifest, sources, name).unwrap_or_default();
    Variables {
        database_url: get(DATABASE_URL),
        database_ca: get(DATABASE_CA),
        jwt_secret: if lacks_keys(manifest, sources) { "provided ".repeat(8) } else { get(JWT_SECRET) },
        jwt_jwks: get("jwt_jwks"),
        jwt_jwks_url: get("jwt_jwks_url"),
        jwt_issuer: get("jwt_issuer"),
        jwt_audience: get("jwt_audience"),
        cors_allowed_origins: get("cors_allowed_origins"),
        cors_allowed_headers: get("cors_allowed_headers"),
        rollouts: get(ROLLOUTS),
        group_commit: get("group_commit"),
        metrics_token: get("metrics_token"),
        alert_url: get("alert_url"),
        alert_format: get("alert_format"),
        alert_key: get("alert_key"),
        twilio_webhook_url: get("twilio_webhook_url"),
        twilio_account_sid: get("twilio_account_sid"),
        twilio_api_url: get("twilio_api_url"),
        twilio_auth_token: get("twilio_auth_token"),
        twilio_auth_token_secondary: get("twilio_auth_token_secondary"),
        twilio_signature: get("twilio_signature"),
        realtime_url: value(manifest, sources, REALTIME_URL),
        realtime_account: get(REALTIME_ACCOUNT),
        realtime_signing_key: get(REALTIME_SIGNING_KEY),
    }
}

fn value(manifest: &Manifest, sources: &Sources, name: &str) -> Option<String> {
    let declaration: &VariableDeclaration = manifest.variables.get(name)?;
    sources.get(name).or(declaration.default.as_deref()).map(str::to_owned)
}

/// The address of a database, for the functions or for an administrator, whose faults are added under its name.
fn read(name: &str, text: &str, ca: &str, for_functions: bool, faults: &mut Vec<String>) -> Option<Address> {
    // The runner reads the CA's file for the functions, which cannot.
    let read = Address::parse(text, ca).map_err(|error| error.faults);
    let read = match read {
        Ok(address) if for_functions && address.network_host().is_none() => {
            Err(vec!["a function cannot reach a Unix socket: write the server's host and port".to_owned()])
        }
        read => read,
    };
    let read = read.and_then(|address| {
        rolecall_database::with_ca_text(address.clone()).map(|_| address).map_err(|error| vec![format!("{error:#}")])
    });
    read.map_err(|sentences| faults.extend(sentences.iter().map(|sentence| format!("{name}: {sentence}")))).ok()
}

fn choice(manifest: &Manifest, sources: &Sources, variables: &Variables, faults: &mut Vec<String>) -> Choice {
    let ca = &variables.database_ca;
    if !manifest.variables.contains_key(DATABASE_URL) {
        return Choice::None;
    }
    if sources.get(DATABASE_URL).is_some() {
        let address = read(DATABASE_URL, &variables.database_url, ca, true, faults);
        if let Some(address) = &address {
            let host = value(manifest, sources, DATABASE_HOST);
            let is_given = sources.get(DATABASE_HOST).is_some();
            if let (true, Some(host), Some(wanted)) = (is_given, host, address.network_host())
                && host != wanted
            {
                faults.push(format!("database_host is not the host of database_url: write {wanted}, or leave it out"));
            }
        }
        return address.map_or(Choice::None, Choice::Given);
    }
    let setting = |name: &str, faults: &mut Vec<String>| match env_file::setting(name, &sources.settings) {
        Ok(setting) => setting,
        Err(error) => {
            faults.push(format!("{error:#}"));
            None
        }
    };
    let admin = setting(ADMIN_URL, faults);
    let edge = setting(EDGE_URL, faults);
    match (admin, edge) {
        (Some(admin), edge) => {
            // Without the functions' own login they get one at the administrator's address.
            let admin = read(ADMIN_URL, &admin, ca, edge.is_none(), faults);
            let edge = edge.map(|edge| read(EDGE_URL, &edge, ca, true, faults));
            match (admin, edge) {
                (Some(admin), None) => Choice::Managed { admin, edge: None },
                (Some(admin), Some(Some(edge))) => Choice::Managed { admin, edge: Some(edge) },
                _ => Choice::None,
            }
        }
        (None, Some(_)) => {
            faults.push(format!(
                "{EDGE_URL} is given without {ADMIN_URL}: give the administrator's login as well, or the functions' \
                 alone as SPIN_VARIABLE_DATABASE_URL for a database that is migrated already"
            ));
            Choice::None
        }
        (None, None) => {
            if !ca.trim().is_empty() {
                faults.push(format!("database_ca is given without a database: set {ADMIN_URL}"));
            }
            Choice::Embedded
        }
    }
}

/// Whether the functions may fetch the key set at `jwt_jwks_url`, by the hosts that the manifest allows.
fn unreachable(manifest: &Manifest, sources: &Sources, variable: &str, of_host: &str) -> Option<String> {
    let url = value(manifest, sources, variable)?;
    let (host, port) = host_of_url(url.trim())?;
    let (scheme, standard) = if url.starts_with("https://") { ("https", 443) } else { ("http", 80) };
    let resolve = |entry: &String| {
        let mut text = entry.clone();
        for name in manifest.variables.keys() {
            let written = [format!("{{{{ {name} }}}}"), format!("{{{{{name}}}}}")];
            for written in written {
                text = text.replace(&written, &value(manifest, sources, name).unwrap_or_default());
            }
        }
        text
    };
    let is_refused = manifest.components.values().any(|component| {
        let entries: Vec<String> = component.allowed_outbound_hosts.iter().map(resolve).collect();
        // What cannot be understood is told where the components are put together.
        let may = entries.iter().filter_map(|entry| AllowedHosts::parse(&[entry]).ok());
        component.variables.contains_key(variable)
            && !may.into_iter().any(|allowed| allowed.allow(scheme, host, port.unwrap_or(standard)))
    });
    is_refused
        .then(|| format!("{variable}: the functions may not connect to {host}: set SPIN_VARIABLE_{of_host} to {host}"))
}
