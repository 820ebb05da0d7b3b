//! `rolecall up`: from the manifest to a served application, and back to nothing.

use crate::cli::Up;
use crate::database::{Database, host_of};
use crate::greeting;
use crate::guest::application::{Loaded, Services};
use crate::guest::instance::InstanceLimits;
use crate::guest::postgres::pool::PoolSettings;
use crate::log::Log;
use crate::manifest::Manifest;
use crate::manifest::variables::{Sources, VariableDeclaration, Variables};
use crate::postman;
use crate::schedule::{ScheduleError, Scheduled};
use crate::server::body::BodyLimits;
use crate::server::connections::ConnectionBounds;
use crate::server::gate::Pace;
use crate::server::peers::Forwarding;
use crate::server::{Server, ServerSettings, listen};
use crate::state_dir::{Announcement, Run, StateDir};
use anyhow::{Context, bail};
use rolecall_shared::wire::cors::{Cors, DEFAULT_ALLOWED_HEADERS};
use rolecall_shared::wire::log::{Level, Line};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Connections where the system has descriptors for more: what a machine of a few gigabytes holds.
const DEFAULT_CONNECTIONS: usize = 16_384;

/// Descriptors beside those of connections: files, outbound requests, and connections that are just being closed.
const OTHER_DESCRIPTORS: usize = 256;

/// What the runner provides when nobody else does.
const DATABASE_URL: &str = "database_url";
const DATABASE_HOST: &str = "database_host";
const JWT_SECRET: &str = "jwt_secret";

/// What the page at `/` says and offers; nobody else decides it.
const RUNTIME: &str = "runtime";
const DEMO_USERS: &str = "demo_users";

/// Ways to check a token that make a secret of the runner's own superfluous.
const OTHER_KEYS: [&str; 2] = ["jwt_jwks", "jwt_jwks_url"];

/// Serves an application until a signal comes.
///
/// # Errors
/// What keeps it from being served, or from stopping as it should.
pub async fn up(up: Up, log: &Log) -> anyhow::Result<()> {
    let begun = Instant::now();
    let stop = stop_signal()?;
    let manifest = Manifest::read(&up.from)?;
    let bounds = connection_bounds(&up, &manifest)?;
    let directory = up.from.parent().unwrap_or(Path::new(""));
    let mut sources = Sources::of_process(&up.variables, up.env_file.as_deref(), directory)?;
    let state = StateDir::open(&up.state_dir)
        .with_context(|| format!("opening the state directory {}", up.state_dir.display()))?;

    // The port is taken before anything is started that would have to be stopped again.
    let listener = listen(up.listen).with_context(|| format!("listening on {}", up.listen))?;
    let address = format!("http://{}", listener.local_addr()?);

    // Each component has its own pool of database connections.
    let connections = manifest.components.len() * up.postgres_connections;
    let declared = manifest.variables.clone();
    let cache = state.cache();
    let loading = spawn_blocking(move || {
        let loaded = Loaded::load(&manifest, &cache);
        loaded.map(|loaded| (loaded, manifest))
    });
    let database = prepare_database(&up, &state, &mut sources, &declared, connections).await;
    let loaded = loading.await?;
    let database = database?;
    let result = match loaded {
        Ok((loaded, manifest)) => {
            let application = Application { up: &up, state: &state, sources, database: database.as_ref(), bounds };
            application.serve(loaded, manifest, listener, &address, stop, begun, log).await
        }
        Err(error) => Err(error),
    };
    if let Some(database) = database {
        database.stop().await?;
    }
    result
}

async fn prepare_database(
    up: &Up,
    state: &StateDir,
    sources: &mut Sources,
    declared: &BTreeMap<String, VariableDeclaration>,
    connections: usize,
) -> anyhow::Result<Option<Database>> {
    let declares = |name: &str| declared.contains_key(name);
    let database = match sources.get(DATABASE_URL).map(host_of) {
        Some(host) => {
            provide(sources, DATABASE_HOST, host);
            None
        }
        None if !declares(DATABASE_URL) => None,
        None => {
            let database = Database::prepare(state, up.demo_data, connections).await?;
            provide(sources, DATABASE_URL, Some(database.edge_url.clone()));
            provide(sources, DATABASE_HOST, host_of(&database.edge_url));
            Some(database)
        }
    };
    let is_given = |name: &&str| sources.get(name).is_some_and(|value| !value.is_empty());
    if declares(JWT_SECRET) && !is_given(&JWT_SECRET) && !OTHER_KEYS.iter().any(is_given) {
        let secret = state.secret(JWT_SECRET).context("making a jwt_secret")?;
        provide(sources, JWT_SECRET, Some(secret));
    }
    Ok(database)
}

fn provide(sources: &mut Sources, name: &str, value: Option<String>) {
    if let Some(value) = value {
        sources.provided.insert(name.to_owned(), value);
    }
}

struct Application<'a> {
    up: &'a Up,
    state: &'a StateDir,
    sources: Sources,
    database: Option<&'a Database>,
    bounds: ConnectionBounds,
}

impl Application<'_> {
    #[allow(clippy::too_many_arguments, reason = "each is used once, and only here")]
    async fn serve(
        self,
        loaded: Loaded,
        mut manifest: Manifest,
        listener: tokio::net::TcpListener,
        address: &str,
        mut stop: StopSignal,
        begun: Instant,
        log: &Log,
    ) -> anyhow::Result<()> {
        let Application { up, state, sources, database, bounds } = self;
        let mut variables = sources.settle(&manifest.variables)?;
        variables.decide(RUNTIME, concat!("Rolecall's runner ", env!("CARGO_PKG_VERSION")).to_owned());
        variables.decide(DEMO_USERS, demo_users(database, &variables));
        let variables = Arc::new(variables);
        print_configured(log, &manifest, &variables);
        let schedule = schedule(&mut manifest, &variables, log)?;
        let limits = InstanceLimits {
            concurrency: up.instance_concurrency,
            requests: up.instance_requests,
            memory: up.max_memory,
            cpu: up.cpu_limit,
        };
        let pool_settings = PoolSettings { connections: up.postgres_connections, wait: up.postgres_wait };
        let Services { router, services } = loaded.into_services(manifest, &variables, limits, pool_settings, log)?;

        let instances = TaskTracker::new();
        for service in &services {
            for _ in 0..up.instances {
                service.start_instance(instances.token());
            }
        }
        let server = Server::new(settings(up, bounds, &variables)?, router, log);
        let scheduled: Vec<_> = schedule
            .into_iter()
            .map(|entry| tokio::spawn(entry.follow(server.clone(), variables.clone(), log.clone())))
            .collect();

        let admin_url = database.map(|database| database.admin_url.as_str());
        let announcement = state.announce(&Run { address, admin_url, pid: std::process::id() })?;
        print_listening(log, address, begun);
        let has_demo_data = database.is_some_and(|database| database.has_demo_data);
        log.tell(&greeting::text(address, &variables, has_demo_data));
        let environment = announce_postman(state, database, address, &variables)?;
        if let Some(environment) = &environment {
            log.tell(&postman::note(environment.file()));
        }

        let stopped = async {
            stop.wait().await;
            log.print(&Line::new(Level::Info, "host", "stopping"), &());
        };
        let cut_off = server.run(listener, stopped, up.shutdown_timeout).await;
        drop((announcement, environment));
        scheduled.iter().for_each(tokio::task::JoinHandle::abort);
        services.iter().for_each(|service| service.stop());
        // What a component still does behind an answer, it may finish.
        instances.close();
        let idle = timeout(up.shutdown_timeout, instances.wait()).await;
        log.print(&Line::new(Level::Info, "host", "stopped"), &());
        if cut_off > 0 {
            bail!("{cut_off} connections still had a request after {:?} and were cut off", up.shutdown_timeout);
        }
        if idle.is_err() {
            bail!("an instance was still at work after {:?} and was cut off", up.shutdown_timeout);
        }
        Ok(())
    }
}

/// The requests to make at given times. One that would have no token is left out: a service whose keys belong to somebody
/// else is no reason not to serve, and whoever has a token can make the request.
fn schedule(manifest: &mut Manifest, variables: &Variables, log: &Log) -> Result<Vec<Scheduled>, ScheduleError> {
    let mut schedule = Vec::new();
    for entry in std::mem::take(&mut manifest.schedule) {
        match Scheduled::new(entry, variables) {
            Ok(scheduled) => schedule.push(scheduled),
            Err(error @ ScheduleError::NoToken { .. }) => {
                let cause = error.to_string();
                log.print(&Line { cause: Some(&cause), ..Line::new(Level::Warn, "host", "not_scheduled") }, &());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(schedule)
}

/// How many connections there may be: fewer than the system has descriptors for, whatever else needs some.
fn connection_bounds(up: &Up, manifest: &Manifest) -> anyhow::Result<ConnectionBounds> {
    let descriptors =
        getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit.try_into().unwrap_or(usize::MAX));
    let others = manifest.components.len() * up.postgres_connections + OTHER_DESCRIPTORS;
    let most = descriptors.saturating_sub(others);
    let all = match up.max_connections {
        Some(wanted) if wanted > most => bail!(
            "--max-connections {wanted} needs {} open files and the system allows {descriptors}; raise the limit \
             (ulimit -n) or leave the flag out",
            wanted + others
        ),
        Some(wanted) => wanted,
        None if most == 0 => {
            bail!("{others} files are open beside connections, and the system allows {descriptors} (ulimit -n)")
        }
        None => most.min(DEFAULT_CONNECTIONS),
    };
    Ok(ConnectionBounds { all, per_peer: up.max_per_address })
}

fn settings(up: &Up, bounds: ConnectionBounds, variables: &Variables) -> anyhow::Result<ServerSettings> {
    let cors = Cors::parse(
        variables.get("cors_allowed_origins").unwrap_or("*"),
        variables.get("cors_allowed_headers").unwrap_or(DEFAULT_ALLOWED_HEADERS),
    )?;
    let forwarding = up.client_address_header.clone();
    Ok(ServerSettings {
        connections: bounds,
        forwarding: forwarding
            .map(|header| Forwarding { header, proxies: up.proxies.iter().map(IpAddr::to_canonical).collect() }),
        max_in_flight: up.max_in_flight,
        body_limits: BodyLimits::new(up.max_body_bytes, up.max_body_memory),
        request_timeout: up.request_timeout,
        idle_timeout: up.idle_timeout,
        pace: Pace { grace: up.arrival_grace, bytes_per_second: up.arrival_pace },
        cors,
    })
}

/// Writes the Postman environment: for the embedded demo database alone, because whoever brings a database decides what its
/// secrets are written to.
fn announce_postman(
    state: &StateDir,
    database: Option<&Database>,
    address: &str,
    variables: &Variables,
) -> anyhow::Result<Option<Announcement>> {
    let environment = if database.is_some_and(|database| database.has_demo_data && database.is_embedded()) {
        postman::announce(state, address, variables)
    } else {
        postman::withdraw(state).map(|()| None)
    };
    environment.with_context(|| format!("writing {}", postman::FILE))
}

/// The users whom the page signs in: those of the embedded demo database, and of no other.
fn demo_users(database: Option<&Database>, variables: &Variables) -> String {
    match database {
        Some(database) if database.has_demo_data && database.is_embedded() => greeting::demo_users(variables),
        _ => String::new(),
    }
}

/// Says what the application is run with, without its secrets.
fn print_configured(log: &Log, manifest: &Manifest, variables: &Variables) {
    #[derive(Serialize)]
    struct Configured<'a> {
        application: &'a str,
        variables: BTreeMap<&'a str, &'a str>,
    }
    let shown = manifest.variables.iter().map(|(name, declaration)| match variables.get(name) {
        Some(value) if !declaration.secret || value.is_empty() => (name.as_str(), value),
        _ => (name.as_str(), "(secret)"),
    });
    let configured = Configured { application: &manifest.name, variables: shown.collect() };
    log.print(&Line::new(Level::Info, "host", "configured"), &configured);
}

fn print_listening(log: &Log, address: &str, begun: Instant) {
    #[derive(Serialize)]
    struct Listening<'a> {
        address: &'a str,
    }
    let line = Line {
        duration_ms: Some(begun.elapsed().as_secs_f64() * 1000.0),
        ..Line::new(Level::Info, "host", "listening")
    };
    log.print(&line, &Listening { address });
}

/// SIGINT and SIGTERM.
struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

fn stop_signal() -> anyhow::Result<StopSignal> {
    Ok(StopSignal { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

impl StopSignal {
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
