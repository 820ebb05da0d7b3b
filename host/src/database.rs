//! The application's database: the one it is given, or one of its own.
//!
//! * A `database_url` among the variables is used as it is; the runner manages nothing.
//! * With `DATABASE_URL` in the environment or in `.env`, an administrator's login, the runner migrates that database and
//!   gives the functions' login `rolecall_edge` a password of its own making; `EDGE_DATABASE_URL` is used instead where
//!   that cannot be.
//! * Otherwise a PostgreSQL of its own runs in the state directory for as long as the runner does.

use crate::configuration::{Choice, EDGE_URL};
use crate::embedded::Embedded;
use crate::log::Log;
use crate::state_dir::StateDir;
use anyhow::{Context, anyhow};
use rolecall_database::{apply, connect_to, load_demo, load_demo_conversation, set_edge_password, with_ca_text};
use rolecall_postgres::{Cluster, Options};
use rolecall_shared::postgres::Address;
use tokio::task::spawn_blocking;

/// The embedded server's database.
const EMBEDDED_DATABASE: &str = "rolecall";

/// Connections the embedded server has beside those of the functions: migrations, tests, someone with psql.
const SPARE_CONNECTIONS: usize = 40;

/// The application's database.
pub struct Database {
    cluster: Option<Embedded>,
    /// An administrator's login, if the runner has one.
    pub admin: Option<Address>,
    /// The functions' login, with its CA as text.
    pub edge: Address,
    /// Whether it has the demo data.
    pub has_demo_data: bool,
}

impl Database {
    /// Takes the database that is given, migrates that of `DATABASE_URL`, or starts and migrates the embedded one; none if
    /// the application has none.
    ///
    /// # Errors
    /// No server can be started or reached, or it refuses a migration.
    pub async fn prepare(
        choice: Choice,
        state: &StateDir,
        demo_data: Option<bool>,
        connections: usize,
        log: &Log,
    ) -> anyhow::Result<Option<Database>> {
        let mut database = match choice {
            Choice::None => return Ok(None),
            Choice::Given(edge) => {
                Database { cluster: None, admin: None, edge: with_ca_text(edge)?, has_demo_data: false }
            }
            Choice::Managed { admin, edge } => Database::managed(state, admin, edge).await?,
            Choice::Embedded => Database::embedded(state, connections, log).await?,
        };
        // Whoever brings a database decides what is in it.
        if let Some(admin) = &database.admin
            && demo_data.unwrap_or(database.cluster.is_some())
        {
            let admin_url = admin.to_url();
            load_demo(&admin_url).await.context("loading the demo data")?;
            load_demo_conversation(&admin_url).await.context("loading the demo data")?;
            database.has_demo_data = true;
        }
        Ok(Some(database))
    }

    async fn managed(state: &StateDir, admin: Address, edge: Option<Address>) -> anyhow::Result<Database> {
        let admin_url = admin.to_url();
        apply(&admin_url).await.context("migrating the database of DATABASE_URL")?;
        let edge = match edge {
            Some(edge) => edge,
            None => {
                let password = state.secret("edge_password")?;
                set_edge_password(&admin_url, &password)
                    .await
                    .with_context(|| format!("giving rolecall_edge a password (set {EDGE_URL} to do it yourself)"))?;
                // What the server calls the login tells whether a pooler has taken a suffix off it.
                let client = connect_to(&admin).await?;
                let server_user: String = client.query_one("select session_user::text", &[]).await?.get(0);
                admin.with_login(&admin.edge_login(&server_user), &password)
            }
        };
        Ok(Database { cluster: None, admin: Some(admin), edge: with_ca_text(edge)?, has_demo_data: false })
    }

    async fn embedded(state: &StateDir, connections: usize, log: &Log) -> anyhow::Result<Database> {
        let max_connections = (connections + SPARE_CONNECTIONS).to_string();
        let options = Options { data_dir: Some(state.database()), ..Options::default() };
        let options = options.setting("max_connections", &max_connections);
        let cluster = spawn_blocking(|| Cluster::start(options)).await?.context("starting PostgreSQL")?;
        if !exists(&cluster).await? {
            cluster.create_database(EMBEDDED_DATABASE, None).await?;
        }
        let admin_url = cluster.admin_url(EMBEDDED_DATABASE);
        apply(&admin_url).await.context("migrating the embedded database")?;
        let read = |url: &str| Address::parse(url, "").map_err(|error| anyhow!("the embedded database: {error}"));
        let edge = read(&cluster.edge_url(EMBEDDED_DATABASE).await?)?;
        let cluster = Some(Embedded::look_after(cluster, log));
        Ok(Database { cluster, admin: Some(read(&admin_url)?), edge, has_demo_data: false })
    }

    /// Whether it is the runner's own.
    pub fn is_embedded(&self) -> bool {
        self.cluster.is_some()
    }

    /// Stops the embedded server, if there is one.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        match self.cluster.take() {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }

    /// From now on an embedded server that ends stays so: the runner is stopping.
    pub fn leave_alone(&self) {
        if let Some(cluster) = &self.cluster {
            cluster.leave_alone();
        }
    }

    /// Returns when the embedded server has ended and does not come back; never without one.
    pub async fn gone(&self) {
        match &self.cluster {
            Some(cluster) => cluster.gone().await,
            None => std::future::pending().await,
        }
    }
}

async fn exists(cluster: &Cluster) -> anyhow::Result<bool> {
    let client = rolecall_database::connect(&cluster.admin_url("postgres")).await?;
    let found = client.query_opt("select from pg_database where datname = $1", &[&EMBEDDED_DATABASE]).await?;
    Ok(found.is_some())
}
