//! Where and with what: the command line, the environment, and the file `.env` beside the manifest.

use crate::cli::{Options, Target, is_on};
use crate::tools;
use anyhow::{Context, Result, anyhow, bail};
use rolecall_database::env_file;
use rolecall_shared::postgres::{Address, Ca, SslMode};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What stands before a variable's name in the environment.
const PREFIX: &str = "SPIN_VARIABLE_";

/// The settings of one run.
pub struct Settings {
    /// Where the functions run.
    pub target: Target,
    /// An administrator's login.
    pub admin: Address,
    /// The login on whose server scratch databases are made.
    pub scratch: Address,
    /// The functions' login, if it is given.
    pub edge: Option<Address>,
    /// The manifest.
    pub manifest: PathBuf,
    /// The folder of the manifest.
    pub project: PathBuf,
    /// The runner's state directory.
    pub state_dir: PathBuf,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Connections of each component.
    pub connections: Option<usize>,
    /// The runner.
    pub runner: PathBuf,
    /// The image, with a tag.
    pub image: Option<String>,
    /// The folder of SpinKube's manifests.
    pub manifests: PathBuf,
    /// Where the application answers, on SpinKube.
    pub url: Option<String>,
    /// A token for the smoke test.
    pub smoke_token: Option<String>,
    /// Whether a flag may be on for some users only.
    pub during_rollout: bool,
    /// Whether a pooler bounds the connections.
    pub pooler: bool,
    /// The program `spin`.
    pub spin: String,
    /// The program `kubectl`.
    pub kubectl: String,
    /// The commit of the tree.
    pub commit: Option<String>,
    file: HashMap<String, String>,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// Everything that is wrong, a sentence a fault.
    pub fn read(options: &Options, target: Option<Target>) -> Result<Settings> {
        let target = target.context("say where to: TARGET=local, TARGET=spin or TARGET=spinkube")?;
        let manifest =
            options.from.canonicalize().with_context(|| format!("there is no manifest {}", options.from.display()))?;
        let project = manifest.parent().unwrap_or(Path::new("/")).to_owned();
        let file = match project.join(".env") {
            path if path.is_file() => env_file::read(&path)?,
            _ => HashMap::new(),
        };
        let mut faults = Vec::new();
        let ca = env_file::setting("SPIN_VARIABLE_DATABASE_CA", &file)?.unwrap_or_default();
        let mut address = |name: &str, text: Option<String>| -> Option<Address> {
            let read = Address::parse(&text?, &ca);
            read.map_err(|error| faults.extend(error.faults.iter().map(|fault| format!("{name}: {fault}")))).ok()
        };
        let admin = address("DATABASE_URL", env_file::setting("DATABASE_URL", &file)?);
        let scratch = address("SCRATCH_DATABASE_URL", options.scratch.clone().filter(|url| !url.is_empty()));
        let edge = env_file::setting("SPIN_VARIABLE_DATABASE_URL", &file)?;
        let is_edge_missing = edge.is_none();
        let edge = address("SPIN_VARIABLE_DATABASE_URL", edge);
        if admin.is_none() && faults.is_empty() {
            faults.push(
                "DATABASE_URL is missing: an administrator's login to the database, in the environment or in .env"
                    .into(),
            );
        }
        if target == Target::Spin && is_edge_missing {
            faults.push("SPIN_VARIABLE_DATABASE_URL is missing: the functions' login, which Spin gives them".into());
        }
        let commit = tools::commit(&project);
        let image = options.image.clone().filter(|image| !image.is_empty());
        if target == Target::Spinkube {
            if image.is_none() {
                faults.push("IMAGE is missing: the name under which `spin registry push` publishes".into());
            }
            if options.url.as_deref().is_none_or(str::is_empty) {
                faults.push("URL is missing: where the smoke test reaches the application".into());
            }
        }
        match (admin, faults.is_empty()) {
            (Some(admin), true) => Ok(Settings {
                target,
                scratch: scratch.unwrap_or_else(|| admin.clone()),
                admin,
                edge,
                manifest,
                project,
                state_dir: options.state_dir.clone(),
                listen: options.listen,
                connections: options.connections,
                runner: options.runner.clone(),
                image: image.map(|image| tagged(image, commit.as_deref())),
                manifests: options.manifests.clone(),
                url: options.url.clone().filter(|url| !url.is_empty()),
                smoke_token: options.smoke_token.clone().filter(|token| !token.is_empty()),
                during_rollout: is_on(&options.during_rollout),
                pooler: is_on(&options.pooler),
                spin: options.spin.clone(),
                kubectl: options.kubectl.clone(),
                commit,
                file,
            }),
            _ => bail!("{}", faults.join("\n")),
        }
    }

    /// An application variable as the functions will have it, where it is given here.
    pub fn variable(&self, name: &str) -> Option<String> {
        let name = format!("{PREFIX}{}", name.to_uppercase());
        env_file::setting(&name, &self.file).ok().flatten()
    }

    /// Whether scratch databases lie on the live database's server, which has our roles.
    pub fn is_scratch_beside(&self) -> bool {
        (&self.scratch.host, self.scratch.port) == (&self.admin.host, self.admin.port)
    }

    /// The command by which a person runs a statement as the administrator. It holds no password.
    pub fn psql(&self, statement: &str) -> String {
        format!("psql \"$DATABASE_URL\" -c \"{statement}\"")
    }
}

/// The variables by which PostgreSQL's own programs connect: a password in an argument could be read by everybody.
///
/// # Errors
/// The address cannot be used.
pub fn environment(address: &Address, database: &str) -> Result<Vec<(&'static str, String)>> {
    use rolecall_shared::postgres::Host;
    let config: tokio_postgres::Config =
        address.driver_url().parse().map_err(|error| anyhow!("the address: {error}"))?;
    let host = match &address.host {
        Host::Network(host) | Host::Socket(host) => host.clone(),
    };
    let mut pairs = vec![
        ("PGHOST", host),
        ("PGPORT", address.port.to_string()),
        ("PGUSER", address.user.clone()),
        ("PGDATABASE", database.to_owned()),
        ("PGSSLMODE", address.ssl_mode.as_str().to_owned()),
    ];
    if let Some(password) = config.get_password() {
        pairs.push(("PGPASSWORD", String::from_utf8_lossy(password).into_owned()));
    }
    if address.ssl_mode != SslMode::Disable {
        match &address.ca {
            Some(Ca::File(file)) => pairs.push(("PGSSLROOTCERT", file.clone())),
            // libpq before 16 does not know `system`; Debian's file has the same certificates.
            Some(Ca::System) => pairs.push(("PGSSLROOTCERT", "/etc/ssl/certs/ca-certificates.crt".to_owned())),
            Some(Ca::Text(_)) => bail!(
                "pg_dump reads the CA from a file: name one in SPIN_VARIABLE_DATABASE_CA instead of the certificate's text"
            ),
            None => {}
        }
    }
    Ok(pairs)
}

/// An image with a tag: the version and the commit, where none is given.
fn tagged(image: String, commit: Option<&str>) -> String {
    let name = image.rsplit('/').next().unwrap_or(&image);
    if name.contains(':') || name.contains('@') {
        return image;
    }
    let version = env!("CARGO_PKG_VERSION");
    match commit {
        Some(commit) => format!("{image}:{version}-{commit}"),
        None => format!("{image}:{version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_gets_version_and_commit() {
        let version = env!("CARGO_PKG_VERSION");
        let tagged = |image: &str, commit| tagged(image.to_owned(), commit);
        assert_eq!(tagged("example.org:5000/app", Some("abc")), format!("example.org:5000/app:{version}-abc"));
        assert_eq!(tagged("example.org/app", None), format!("example.org/app:{version}"));
        assert_eq!(tagged("example.org/app:1", Some("abc")), "example.org/app:1");
    }

    #[test]
    fn programs_of_postgresql_get_the_password_from_the_environment() {
        let address = Address::parse("postgres://me:pass%20word@db.example:5433/app?sslmode=disable", "").unwrap();
        let pairs = environment(&address, "other").unwrap();
        let get = |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(
            (get("PGPASSWORD"), get("PGDATABASE"), get("PGPORT")),
            (Some("pass word"), Some("other"), Some("5433"))
        );
        assert_eq!((get("PGHOST"), get("PGSSLMODE")), (Some("db.example"), Some("disable")));
    }
}
