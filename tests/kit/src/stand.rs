//! Where a test takes place: a database and a runner on it.

use crate::{
    carrier,
    client::{Call, Client},
    process::temporary_directory,
    runner::{Runner, workspace},
    runtime::Runtime,
    token::SECRET,
};
use anyhow::{Context, Result, ensure};
use http::Method;
use rolecall_nats::Nats;
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use uuid::Uuid;

/// The migrated database that others are copies of.
const TEMPLATE: &str = "rolecall_template";

/// The environment variable that says how many instances of each component the runner of a test has: one without it.
const INSTANCES: &str = "ROLECALL_INSTANCES";

/// What a stand of one's own is like.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    own_cluster: bool,
    without_secret: bool,
    without_rate_limits: bool,
    cron: Option<String>,
    whole_schedule: bool,
    component_variables: Vec<[String; 3]>,
    realtime: bool,
}

impl Setup {
    /// A stand like the shared one.
    pub fn new() -> Setup {
        Setup::default()
    }

    /// With an application variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Setup {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a flag of the runner.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Setup {
        self.flags.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With a PostgreSQL of its own, which can be stopped.
    #[must_use]
    pub fn own_cluster(mut self) -> Setup {
        self.own_cluster = true;
        self
    }

    /// With everything that the manifest schedules, also what acts on its own: the guard of rollouts, say, which would
    /// switch features off in tests that cause failures.
    #[must_use]
    pub fn whole_schedule(mut self) -> Setup {
        self.whole_schedule = true;
        self
    }

    /// With a manifest whose nightly job has another time.
    #[must_use]
    pub fn cron(mut self, cron: &str) -> Setup {
        self.cron = Some(cron.to_owned());
        self
    }

    /// With a manifest that gives one component another value of a variable than the application has: the runner checks
    /// those of the application before it starts.
    #[must_use]
    pub fn component_variable(mut self, component: &str, name: &str, value: &str) -> Setup {
        self.component_variables.push([component, name, value].map(str::to_owned));
        self
    }

    /// With a NATS of its own. Without this, realtime is off.
    #[must_use]
    pub fn realtime(mut self) -> Setup {
        self.realtime = true;
        self
    }

    /// Without `jwt_secret`.
    #[must_use]
    pub fn without_secret(mut self) -> Setup {
        self.without_secret = true;
        self
    }

    /// Without a limit on how often somebody may do something: for tests that do more in a moment than a person would,
    /// and are about something else. Every row of `rolecall.rate_limits` stays and says "unlimited".
    #[must_use]
    pub fn without_rate_limits(mut self) -> Setup {
        self.without_rate_limits = true;
        self
    }
}

/// A stand as one test holds it: client and database connection belong to the test's runtime.
#[derive(Debug)]
pub struct Stand {
    /// An administrator's connection to the stand's database.
    pub db: Db,
    /// The server, unless it is the shared one that others use too.
    pub cluster: Option<Arc<Mutex<Cluster>>>,
    base: Base,
    client: Client,
}

/// What outlives a test.
#[derive(Clone, Debug)]
struct Base {
    runner: Arc<Runner>,
    nats: Option<Arc<Mutex<Nats>>>,
    setup: Setup,
    admin_url: String,
    edge_url: String,
    relay_url: String,
}

/// An administrator's connection.
#[derive(Debug)]
pub struct Db(tokio_postgres::Client);

/// The cluster of the process; the end of the process removes it.
async fn shared_cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_init(|| async { migrated_cluster().await.unwrap_or_else(|error| panic!("no cluster: {error:#}")) })
        .await
}

/// A new cluster with the template database in it.
async fn migrated_cluster() -> Result<Cluster> {
    let mut options = Options::for_tests();
    if Runtime::chosen() == Runtime::Spin {
        // Spin keeps up to 64 connections for each component of each application, and never closes one.
        options = options.setting("max_connections", "3000");
    }
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(options)).await??;
    cluster.create_database(TEMPLATE, None).await?;
    rolecall_database::apply(&cluster.admin_url(TEMPLATE)).await?;
    // A new database serves nobody yet.
    let admin = rolecall_database::connect(&cluster.admin_url(TEMPLATE)).await?;
    admin
        .batch_execute("update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled'")
        .await?;
    // The whole suite passes with the messages in partitions, too.
    if let Ok(partitions) = std::env::var("ROLECALL_MESSAGE_PARTITIONS") {
        admin.batch_execute(&format!("select rolecall_internal.partition_messages({partitions})")).await?;
    }
    Ok(cluster)
}

/// A copy of the template; its name.
async fn new_database(cluster: &Cluster) -> Result<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("stand_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    cluster.create_database(&name, Some(TEMPLATE)).await?;
    Ok(name)
}

impl Stand {
    /// The stand that most tests share; nobody is limited in how often they do something here.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn shared() -> Stand {
        static BASE: OnceCell<Base> = OnceCell::const_new();
        let base = BASE
            .get_or_init(|| async {
                let cluster = shared_cluster().await;
                let setup = Setup::new().without_rate_limits();
                Base::new(cluster, setup).await.unwrap_or_else(|error| panic!("no stand: {error:#}"))
            })
            .await;
        Stand::of(base.clone(), None).await
    }

    /// The stand that most tests with realtime share.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn live() -> Stand {
        static BASE: OnceCell<Base> = OnceCell::const_new();
        let base = BASE
            .get_or_init(|| async {
                let setup = Setup::new().without_rate_limits().realtime();
                Base::new(shared_cluster().await, setup).await.unwrap_or_else(|error| panic!("no stand: {error:#}"))
            })
            .await;
        Stand::of(base.clone(), None).await
    }

    /// A stand that no other test uses.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn own(setup: Setup) -> Stand {
        let made = async {
            if setup.own_cluster {
                let cluster = migrated_cluster().await?;
                let base = Base::new(&cluster, setup).await?;
                Ok((base, Some(Arc::new(Mutex::new(cluster)))))
            } else {
                Ok((Base::new(shared_cluster().await, setup).await?, None))
            }
        };
        let (base, cluster): (Base, _) =
            made.await.unwrap_or_else(|error: anyhow::Error| panic!("no stand: {error:#}"));
        Stand::of(base, cluster).await
    }

    /// A database without a runner: an administrator's URL.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn database() -> String {
        let cluster = shared_cluster().await;
        let name = new_database(cluster).await.unwrap_or_else(|error| panic!("no database: {error:#}"));
        cluster.admin_url(&name)
    }

    async fn of(base: Base, cluster: Option<Arc<Mutex<Cluster>>>) -> Stand {
        let db = Db::connect(&base.admin_url).await;
        let client = Client::new(base.runner.address());
        Stand { db, cluster, base, client }
    }

    /// The runner.
    pub fn runner(&self) -> &Runner {
        &self.base.runner
    }

    /// The stand's NATS.
    ///
    /// # Panics
    /// When it has none.
    pub fn nats(&self) -> &Arc<Mutex<Nats>> {
        self.base.nats.as_ref().unwrap_or_else(|| panic!("this stand has no NATS: ask for Setup::realtime"))
    }

    /// Whether Spin serves here instead of the runner: a test whose answers come from the host itself asks.
    pub fn runs_on_spin(&self) -> bool {
        self.runner().is_spin()
    }

    /// Starts another runner on the same database, with the same settings; the old one must have ended.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_runner_again(&mut self) {
        let runner = self.base.setup.start(&self.base.edge_url, self.base.nats.as_deref()).await;
        self.base.runner = Arc::new(runner.unwrap_or_else(|error| panic!("no runner: {error:#}")));
        self.client = Client::new(self.base.runner.address());
    }

    /// An administrator's URL of the stand's database.
    pub fn admin_url(&self) -> &str {
        &self.base.admin_url
    }

    /// The functions' URL of the stand's database.
    pub fn edge_url(&self) -> &str {
        &self.base.edge_url
    }

    /// The relay's URL of the stand's database.
    pub fn relay_url(&self) -> &str {
        &self.base.relay_url
    }

    /// Another connection for an administrator.
    pub async fn connect(&self) -> Db {
        Db::connect(&self.base.admin_url).await
    }

    /// A connection that acts as PostgREST does for a signed-in user: the role `authenticated` and these claims.
    ///
    /// # Panics
    /// When there is no connection.
    pub async fn postgrest(&self, user: Uuid) -> Db {
        let db = self.connect().await;
        let claims = json!({"role": "authenticated", "sub": user}).to_string();
        let _: String = db.one("select set_config('request.jwt.claims', $1, false)", &[&claims]).await;
        db.script("set role authenticated").await;
        db
    }

    /// A client of its own connections.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A request with any method.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.client.call(method, path)
    }

    /// A GET without a token.
    pub fn get(&self, path: &str) -> Call {
        self.client.call(Method::GET, path)
    }

    /// A POST of a JSON body without a token.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.client.call(Method::POST, path).json(body)
    }
}

impl Setup {
    /// Starts a runner that is set up like this.
    async fn start(&self, edge_url: &str, nats: Option<&Mutex<Nats>>) -> Result<Runner> {
        let mut variables = vec![("database_url".to_owned(), edge_url.to_owned())];
        if !self.without_secret {
            variables.push(("jwt_secret".to_owned(), SECRET.to_owned()));
        }
        variables.push(("twilio_webhook_url".to_owned(), carrier::WEBHOOK.to_owned()));
        variables.push(("twilio_auth_token".to_owned(), carrier::TOKEN.to_owned()));
        match nats {
            None => variables.push(("realtime_url".to_owned(), String::new())),
            Some(nats) => {
                let nats = nats.lock().await;
                variables.push(("realtime_url".to_owned(), nats.websocket_url()));
                variables.push(("realtime_account".to_owned(), nats.account()));
                variables.push(("realtime_signing_key".to_owned(), nats.signing_key().to_owned()));
            }
        }
        // A later one wins, so that a setup can replace what is above.
        variables.retain(|(name, _)| self.variables.iter().all(|(other, _)| other != name));
        variables.extend(self.variables.iter().cloned());
        let mut flags = self.flags.clone();
        // Every test holds for any number of instances; the few that count something of one say so.
        if let Ok(number) = std::env::var(INSTANCES)
            && !flags.iter().any(|flag| flag == "--instances")
        {
            flags.extend(["--instances".to_owned(), number]);
        }
        let flags = Runtime::chosen().flags(&flags)?;
        let text = self.manifest()?;
        tokio::task::spawn_blocking(move || {
            let directory = temporary_directory()?;
            let manifest = directory.join("spin.toml");
            std::fs::write(&manifest, text)?;
            let runner = Runner::start_with(&manifest, &variables, &flags);
            std::fs::remove_dir_all(directory)?;
            runner
        })
        .await?
    }
}

impl Setup {
    /// The application's manifest with what is different here.
    fn manifest(&self) -> Result<String> {
        let text = std::fs::read_to_string(workspace().join("spin.toml"))?;
        let mut text = text.replace("source = \"target/", &format!("source = \"{}/target/", workspace().display()));
        if !self.whole_schedule {
            text = nightly_alone(&text);
        }
        if let Some(cron) = &self.cron {
            let time = "cron = \"0 2 * * *\"";
            ensure!(text.contains(time), "the schedule is not at 02:00 UTC");
            text = text.replace(time, &format!("cron = \"{cron}\""));
        }
        for [component, name, value] in &self.component_variables {
            let table = format!("[component.{component}.variables]");
            let (before, after) = text.split_once(&table).with_context(|| format!("no {table}"))?;
            let template = format!("\n{name} = \"{{{{ {name} }}}}\"\n");
            ensure!(after.contains(&template), "{component} has no variable {name}");
            text = format!("{before}{table}{}", after.replacen(&template, &format!("\n{name} = \"{value}\"\n"), 1));
        }
        Ok(text)
    }
}

/// A manifest without what it schedules beside the nightly job.
fn nightly_alone(manifest: &str) -> String {
    const ENTRY: &str = "[[application.tool.rolecall.schedule]]";
    let mut entries = manifest.split(ENTRY);
    let mut text = entries.next().unwrap_or_default().to_owned();
    for entry in entries {
        // An entry ends where the next table begins.
        let (entry, rest) = entry.split_at(entry.find("\n[").unwrap_or(entry.len()));
        if entry.contains("/reset-broadcast-quotas\"") {
            text += ENTRY;
            text += entry;
        }
        text += rest;
    }
    text
}

impl Base {
    async fn new(cluster: &Cluster, setup: Setup) -> Result<Base> {
        let name = new_database(cluster).await?;
        let edge_url = cluster.edge_url(&name).await?;
        let relay_url = cluster.relay_url(&name).await?;
        if setup.without_rate_limits {
            let db = rolecall_database::connect(&cluster.admin_url(&name)).await?;
            db.execute("update rolecall.rate_limits set capacity = null", &[]).await?;
        }
        let nats = if setup.realtime {
            let options = rolecall_nats::Options::default();
            let nats = tokio::task::spawn_blocking(|| Nats::started(options)).await??;
            Some(Arc::new(Mutex::new(nats)))
        } else {
            None
        };
        let runner = setup.start(&edge_url, nats.as_deref()).await?;
        Ok(Base { runner: Arc::new(runner), nats, setup, admin_url: cluster.admin_url(&name), edge_url, relay_url })
    }
}

impl Db {
    /// A connection to this URL.
    ///
    /// # Panics
    /// When there is none.
    pub async fn connect(url: &str) -> Db {
        let client = rolecall_database::connect(url).await.unwrap_or_else(|error| panic!("no connection: {error:#}"));
        client
            .batch_execute("set search_path = rolecall, public")
            .await
            .unwrap_or_else(|error| panic!("no search path: {error:#}"));
        Db(client)
    }

    /// The one value of a query's one row.
    ///
    /// # Panics
    /// When it fails or answers something else.
    pub async fn one<T: FromSqlOwned>(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> T {
        let row = self.0.query_one(sql, parameters).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        row.get(0)
    }

    /// How many rows there are: `count("messages where sender_id = $1", …)`.
    ///
    /// # Panics
    /// When the query fails.
    pub async fn count(&self, from: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
        self.one(&format!("select count(*) from {from}"), parameters).await
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Panics
    /// When it fails.
    pub async fn run(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        self.0.execute(sql, parameters).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// Runs several statements.
    ///
    /// # Panics
    /// When one fails.
    pub async fn script(&self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

impl Deref for Db {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.0
    }
}
