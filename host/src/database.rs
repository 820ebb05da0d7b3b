//! The application's database: the one it is given, or one of its own.
//!
//! * A `database_url` among the variables is used as it is; the runner manages nothing.
//! * With `DATABASE_URL` in the environment, an administrator's login, the runner migrates that database and gives the
//!   functions' login `rolecall_edge` a password of its own making; `EDGE_DATABASE_URL` is used instead where that cannot be.
//! * Otherwise a PostgreSQL of its own runs in the state directory for as long as the runner does.

use crate::state_dir::StateDir;
use anyhow::{Context, bail};
use rolecall_database::{apply, load_demo, load_demo_conversation, set_edge_password};
use rolecall_postgres::{Cluster, Mode, Options};
use std::env;
use tokio::task::spawn_blocking;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The embedded server's database.
const EMBEDDED_DATABASE: &str = "rolecall";

/// Connections the embedded server has beside those of the functions: migrations, tests, someone with psql.
const SPARE_CONNECTIONS: usize = 40;

/// A database that the runner manages.
pub struct Database {
    cluster: Option<Cluster>,
    /// An administrator's login.
    pub admin_url: String,
    /// The functions' login.
    pub edge_url: String,
    /// Whether it has the demo data.
    pub has_demo_data: bool,
}

impl Database {
    /// Migrates the database of `DATABASE_URL`, or starts and migrates the embedded one.
    ///
    /// # Errors
    /// No server can be started or reached, or it refuses a migration.
    pub async fn prepare(state: &StateDir, demo_data: Option<bool>, connections: usize) -> anyhow::Result<Database> {
        let mut database = match given("DATABASE_URL")? {
            Some(admin_url) => Database::external(state, admin_url).await?,
            None => Database::embedded(state, connections).await?,
        };
        // Whoever brings a database decides what is in it.
        if demo_data.unwrap_or(database.cluster.is_some()) {
            load_demo(&database.admin_url).await.context("loading the demo data")?;
            load_demo_conversation(&database.admin_url).await.context("loading the demo data")?;
            database.has_demo_data = true;
        }
        Ok(database)
    }

    async fn external(state: &StateDir, admin_url: String) -> anyhow::Result<Database> {
        apply(&admin_url).await.context("migrating the database of DATABASE_URL")?;
        let edge_url = match given("EDGE_DATABASE_URL")? {
            Some(edge_url) => edge_url,
            None => {
                let password = state.secret("edge_password")?;
                set_edge_password(&admin_url, &password)
                    .await
                    .context("giving rolecall_edge a password (set EDGE_DATABASE_URL to do it yourself)")?;
                with_login(&admin_url, "rolecall_edge", &password)
            }
        };
        Ok(Database { cluster: None, admin_url, edge_url, has_demo_data: false })
    }

    async fn embedded(state: &StateDir, connections: usize) -> anyhow::Result<Database> {
        let max_connections = (connections + SPARE_CONNECTIONS).to_string();
        let options = Options { data_dir: Some(state.database()), ..Options::default() };
        let options = options.setting("max_connections", &max_connections);
        let cluster = spawn_blocking(|| Cluster::start(options)).await?.context("starting PostgreSQL")?;
        if !exists(&cluster).await? {
            cluster.create_database(EMBEDDED_DATABASE, None).await?;
        }
        let admin_url = cluster.admin_url(EMBEDDED_DATABASE);
        apply(&admin_url).await.context("migrating the embedded database")?;
        let edge_url = cluster.edge_url(EMBEDDED_DATABASE).await?;
        Ok(Database { cluster: Some(cluster), admin_url, edge_url, has_demo_data: false })
    }

    /// Whether the server is the runner's own.
    pub fn is_embedded(&self) -> bool {
        self.cluster.is_some()
    }

    /// Stops the embedded server, if there is one.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let Some(mut cluster) = self.cluster.take() else {
            return Ok(());
        };
        spawn_blocking(move || cluster.stop(Mode::Fast)).await?.context("stopping PostgreSQL")
    }
}

async fn exists(cluster: &Cluster) -> anyhow::Result<bool> {
    let client = rolecall_database::connect(&cluster.admin_url("postgres")).await?;
    let found = client.query_opt("select from pg_database where datname = $1", &[&EMBEDDED_DATABASE]).await?;
    Ok(found.is_some())
}

fn given(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => bail!("{name} is not valid UTF-8"),
    }
}

/// The same address with another login; the password must not need encoding.
fn with_login(address: &str, user: &str, password: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{user}:{password}@{host}{path}")
        }
        // In a list of key=value the last one counts.
        None => format!("{address} user={user} password={password}"),
    }
}

/// The host an address names, as `allowed_outbound_hosts` compares it.
pub fn host_of(address: &str) -> Option<String> {
    let config: Config = address.parse().ok()?;
    config.get_hosts().iter().find_map(|host| match host {
        Host::Tcp(host) => Some(host.clone()),
        #[cfg(unix)]
        Host::Unix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_of_an_address_is_replaced() {
        let replaced = |address| with_login(address, "rolecall_edge", "secret");
        assert_eq!(
            replaced("postgres://admin:p%40ss@db.example:6543/app?sslmode=require"),
            "postgres://rolecall_edge:secret@db.example:6543/app?sslmode=require"
        );
        assert_eq!(replaced("postgresql://[::1]/app"), "postgresql://rolecall_edge:secret@[::1]/app");
        assert_eq!(replaced("postgres://a:b@c@db/app"), "postgres://rolecall_edge:secret@db/app");
        assert_eq!(replaced("postgres://db?sslmode=disable"), "postgres://rolecall_edge:secret@db?sslmode=disable");
        let listed = replaced("host=db user=admin password=x dbname=app");
        let config: Config = listed.parse().unwrap();
        assert_eq!((config.get_user(), config.get_password()), (Some("rolecall_edge"), Some(&b"secret"[..])));
    }

    #[test]
    fn the_host_is_taken_from_either_form() {
        assert_eq!(host_of("postgres://u:p@db.example:1/d").as_deref(), Some("db.example"));
        assert_eq!(host_of("host=127.0.0.1 user=u").as_deref(), Some("127.0.0.1"));
        assert_eq!(host_of("host=/run/postgresql user=u"), None);
        assert_eq!(host_of("nonsense"), None);
    }
}
