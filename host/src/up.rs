//! `rolecall up`: from the manifest to a served application, and back to nothing.

use crate::cli::Up;
use crate::configuration::{
    self, Choice, DATABASE_CA, DATABASE_HOST, DATABASE_URL, JWT_SECRET, REALTIME_SIGNING_KEY, REALTIME_URL, ROLLOUTS,
};
use crate::database::Database;
use crate::greeting;
use crate::guest::application::{Loaded, Services};
use crate::guest::instance::InstanceLimits;
use crate::guest::postgres::pool::{OwnDatabase, PoolSettings};
use crate::log::Log;
use crate::manifest::Manifest;
use crate::manifest::variables::{Sources, VariableDeclaration, Variables};
use crate::postman;
use crate::realtime::{self, Realtime};
use crate::relay::{RELAY_URL, RelaySetup, Relaying, webhooks};
use crate::schedule::{ScheduleError, Scheduled};
use crate::server::body::BodyLimits;
use crate::server::connections::ConnectionBounds;
use crate::server::gate::Pace;
use crate::server::peers::Forwarding;
use crate::server::{Ending, Server, ServerSettings, listen};
use crate::state_dir::{Announcement, NatsAccess, Run, StateDir};
use crate::takeover::{Offer, Predecessor};
use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Limited};
use rolecall_database::env_file;
use rolecall_shared::postgres::{Address, CERTIFICATE};
use rolecall_shared::wire::cors::{Cors, DEFAULT_ALLOWED_HEADERS};
use rolecall_shared::wire::log::{Level, Line};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Connections where the system has descriptors for more: what a machine of a few gigabytes holds.
const DEFAULT_CONNECTIONS: usize = 16_384;

/// Descriptors beside those of connections: files, outbound requests, and connections that are just being closed.
const OTHER_DESCRIPTORS: usize = 256;

/// What the page at `/` says and offers; nobody else decides it.
const RUNTIME: &str = "runtime";
const DEMO_USERS: &str = "demo_users";

/// The longest answer of health that is read, in bytes.
const MAX_HEALTH_BYTES: usize = 64 * 1024;

/// Serves an application until a signal comes.
///
/// # Errors
/// What keeps it from being served, or from stopping as it should.
// Not `pub`: rustc compiles each free `pub async fn`, used or not, and the unit tests would come with the engine.
pub(crate) async fn up(up: Up, log: &Log) -> anyhow::Result<()> {
    let begun = Instant::now();
    let stop = stop_signal()?;
    let manifest = Manifest::read(&up.from)?;
    let bounds = connection_bounds(&up, &manifest)?;
    let directory = up.from.parent().unwrap_or(Path::new(""));
    let mut sources = Sources::of_process(&up.variables, up.env_file.as_deref(), directory)?;
    let choice = configuration::check(&manifest, &sources)?;
    let lacks_keys = configuration::lacks_keys(&manifest, &sources);
    let state = StateDir::open(&up.state_dir)
        .with_context(|| format!("opening the state directory {}", up.state_dir.display()))?;

    // The port is taken before anything is started that would have to be stopped again.
    let predecessor = if up.take_over { Predecessor::find(&state.takeover())? } else { None };
    if predecessor.is_some() && matches!(choice, Choice::Embedded) {
        bail!(
            "the embedded PostgreSQL belongs to the runner that serves now, and ends with it: stop that one first, or give \
             both a database of their own in DATABASE_URL"
        );
    }
    let listener = listen_or_take(&up, predecessor.as_ref())?;
    let address = format!("http://{}", listener.local_addr()?);

    // Each component has its own pool of database connections.
    let connections = manifest.components.len() * up.postgres_connections;
    let declared = manifest.variables.clone();
    let cache = state.cache();
    let loading = spawn_blocking(move || {
        let loaded = Loaded::load(&manifest, &cache);
        loaded.map(|loaded| (loaded, manifest))
    });
    let database = Database::prepare(choice, &state, up.demo_data, connections, log).await;
    let loaded = loading.await?;
    let database = database?;
    if let Some(database) = &database {
        give_database(&mut sources, &declared, database);
    }
    if lacks_keys {
        let secret = state.secret(JWT_SECRET).context("making a jwt_secret")?;
        sources.replaced.insert(JWT_SECRET.to_owned(), secret);
    }
    let result = match loaded {
        Ok((loaded, manifest)) => match start_realtime(&up, &declared, &state, &mut sources, log).await {
            Ok(realtime) => {
                let (database, own) = (database.as_ref(), realtime.as_ref());
                let application = Application { up: &up, state: &state, sources, database, realtime: own, bounds };
                let served =
                    application.serve(loaded, manifest, listener, predecessor, &address, stop, begun, log).await;
                // What the functions did last may still be told.
                match realtime {
                    Some(realtime) => served.and(realtime.stop().await),
                    None => served,
                }
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if let Some(database) = database {
        database.stop().await?;
    }
    result
}

/// Starts the runner's own NATS where it is wanted and there is one.
async fn start_realtime(
    up: &Up,
    declared: &BTreeMap<String, VariableDeclaration>,
    state: &StateDir,
    sources: &mut Sources,
    log: &Log,
) -> anyhow::Result<Option<Realtime>> {
    if realtime::is_wanted(up, declared, sources) {
        Realtime::start(up, state, sources, log).await
    } else {
        realtime::refuse_address_without_key(sources)?;
        Ok(None)
    }
}

/// Gives the functions the address of their database, in the form in which they can read it.
fn give_database(sources: &mut Sources, declared: &BTreeMap<String, VariableDeclaration>, database: &Database) {
    let edge = &database.edge;
    let host = edge.network_host().unwrap_or_default().to_owned();
    sources.provided.insert(DATABASE_HOST.to_owned(), host);
    if declared.contains_key(DATABASE_CA) {
        // A file's name, or sslrootcert in the address, has become the text that functions need.
        sources.replaced.insert(DATABASE_URL.to_owned(), edge.function_url());
        sources.replaced.insert(DATABASE_CA.to_owned(), edge.ca_text().unwrap_or_default().to_owned());
    } else {
        sources.provided.insert(DATABASE_URL.to_owned(), edge.function_url());
    }
}

struct Application<'a> {
    up: &'a Up,
    state: &'a StateDir,
    sources: Sources,
    database: Option<&'a Database>,
    realtime: Option<&'a Realtime>,
    bounds: ConnectionBounds,
}

impl Application<'_> {
    #[allow(clippy::too_many_arguments, reason = "each is used once, and only here")]
    async fn serve(
        self,
        loaded: Loaded,
        mut manifest: Manifest,
        listener: TcpListener,
        predecessor: Option<Predecessor>,
        address: &str,
        mut stop: StopSignal,
        begun: Instant,
        log: &Log,
    ) -> anyhow::Result<()> {
        let Application { up, state, sources, database, realtime, bounds } = self;
        let relay_url = env_file::setting(RELAY_URL, &sources.settings)?;
        let webhooks = webhooks(&up.webhooks, &sources.settings)?;
        let mut variables = sources.settle(&manifest.variables)?;
        variables.decide(RUNTIME, concat!("Rolecall's runner ", env!("CARGO_PKG_VERSION")).to_owned());
        variables.decide(DEMO_USERS, demo_users(database, &variables));
        let variables = Arc::new(variables);
        print_configured(log, &manifest, &variables);
        if let Some(database) = database {
            print_database(log, database);
        }
        let own_database = database.map(|database| OwnDatabase::new(database.edge.clone())).transpose()?.map(Arc::new);
        let health = manifest.health.clone();
        let schedule = schedule(&mut manifest, &variables, log)?;
        let limits = InstanceLimits {
            concurrency: up.instance_concurrency,
            requests: up.instance_requests,
            memory: up.max_memory,
            cpu: up.cpu_limit,
        };
        let pool_settings = PoolSettings { connections: up.postgres_connections, wait: up.postgres_wait };
        let Services { router, services, with_database } =
            loaded.into_services(manifest, &variables, limits, pool_settings, own_database.as_ref(), log)?;
        if let Some(component) = with_database {
            let asked = component.pools.ask_own(&component.allowed_hosts).await;
            asked.map_err(|sentence| anyhow!("the functions do not reach their database: {sentence}"))?;
        }

        let instances = TaskTracker::new();
        for service in &services {
            for _ in 0..up.instances {
                service.start_instance(instances.token());
            }
        }
        let server = Server::new(settings(up, bounds, &variables)?, router, log);
        if let Some(path) = health {
            ask_health(&server, &path).await?;
        }
        let scheduled: Vec<_> = schedule
            .into_iter()
            .map(|entry| tokio::spawn(entry.follow(server.clone(), variables.clone(), log.clone())))
            .collect();

        let admin_url = database.and_then(|database| database.admin.as_ref()).map(Address::to_url);
        let embedded = database.is_some_and(Database::is_embedded);
        let access = realtime.map(|realtime| &realtime.access);
        let nats = access.map(|access| NatsAccess {
            url: &access.url,
            creds: &access.credentials,
            system_creds: &access.system_credentials,
        });
        let run = Run { address, admin_url: admin_url.as_deref(), embedded, nats, pid: std::process::id() };
        let announcement = state.announce(&run)?;
        print_listening(log, address, begun);
        log.tell(&greeting::text(address, &variables, database));
        let environment = announce_postman(state, database, address, &variables)?;
        if let Some(environment) = &environment {
            log.tell(&postman::note(environment.file()));
        }

        let relaying = match database {
            Some(database) if wants_relay(&variables, realtime) => {
                let rollouts = variables.get(ROLLOUTS).unwrap_or_default().parse()?;
                let (url, access) = (relay_url.as_deref(), realtime.map(|realtime| &realtime.access));
                let setup = RelaySetup { database, url, state, access, webhooks, rollouts };
                Relaying::start(setup, log).await
            }
            _ => None,
        };
        let offer = offer(state, &listener, log);
        if let Some(predecessor) = predecessor {
            // One that has ended meanwhile needs no word.
            let _ = predecessor.dismiss();
            log.print(&Line::new(Level::Info, "host", "taken_over"), &());
        }
        let is_gone = AtomicBool::new(false);
        let stopped = async {
            // Part of this future, it goes when the stop begins: it holds the listening socket open.
            let offer = offer;
            let taken = async {
                match &offer {
                    Some(offer) => offer.taken().await,
                    None => std::future::pending().await,
                }
            };
            let gone = async {
                match database {
                    Some(database) => database.gone().await,
                    None => std::future::pending().await,
                }
            };
            let mut ending = Ending::Closed;
            tokio::select! {
                () = stop.wait() => {}
                () = taken => ending = Ending::HandedOver,
                () = gone => is_gone.store(true, Ordering::Relaxed),
            }
            if offer.as_ref().is_some_and(Offer::is_out) {
                // A successor that is not ready yet has the socket, and nobody else will have it.
                ending = Ending::HandedOver;
            }
            if let Some(database) = database {
                database.leave_alone();
            }
            log.print(&Line::new(Level::Info, "host", "stopping"), &());
            ending
        };
        let cut_off = server.run(listener, stopped, up.shutdown_timeout).await;
        drop((announcement, environment));
        scheduled.iter().for_each(tokio::task::JoinHandle::abort);
        services.iter().for_each(|service| service.stop());
        // What a component still does behind an answer, it may finish.
        instances.close();
        let idle = timeout(up.shutdown_timeout, instances.wait()).await;
        if let Some(relaying) = relaying {
            relaying.stop().await;
        }
        log.print(&Line::new(Level::Info, "host", "stopped"), &());
        if is_gone.load(Ordering::Relaxed) {
            bail!("PostgreSQL ended and does not stay up; see {}", state.database().join("postgres.log").display());
        }
        if cut_off > 0 {
            bail!("{cut_off} connections still had a request after {:?} and were cut off", up.shutdown_timeout);
        }
        if idle.is_err() {
            bail!("an instance was still at work after {:?} and was cut off", up.shutdown_timeout);
        }
        Ok(())
    }
}

/// Whether the runner has a relay within: for its own NATS, or for webhooks alone where there is none. Whoever has another
/// NATS has a relay for it, which delivers webhooks, too.
fn wants_relay(variables: &Variables, realtime: Option<&Realtime>) -> bool {
    let has_other_nats = || variables.get(REALTIME_SIGNING_KEY).is_some_and(|key| !key.trim().is_empty());
    realtime.is_some() || (variables.get(REALTIME_URL).is_some() && !has_other_nats())
}

/// Opens the listening socket, or takes that of the predecessor if it is the wanted one.
fn listen_or_take(up: &Up, predecessor: Option<&Predecessor>) -> anyhow::Result<TcpListener> {
    let taken = predecessor.map(|predecessor| predecessor.listener(up.listen)).transpose()?.flatten();
    let listener = match taken {
        Some(taken) => TcpListener::from_std(taken),
        None => listen(up.listen),
    };
    listener.with_context(|| format!("listening on {}", up.listen))
}

/// Offers the listening socket to a successor. Without the offer the runner serves as well, and is replaced by a stop and a
/// start.
fn offer(state: &StateDir, listener: &TcpListener, log: &Log) -> Option<Offer> {
    match Offer::make(&state.takeover(), listener) {
        Ok(offer) => Some(offer),
        Err(error) => {
            let cause = format!("{}: {error}", state.takeover().display());
            log.print(&Line { cause: Some(&cause), ..Line::new(Level::Warn, "host", "no_takeover") }, &());
            None
        }
    }
}

/// Asks the functions for their health before anybody else can, and ends the start if they cannot work.
async fn ask_health(server: &Arc<Server>, path: &str) -> anyhow::Result<()> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = path.parse().with_context(|| format!("the path of health, {path:?}, is none"))?;
    let response = server.call(request).await;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_HEALTH_BYTES).collect().await;
    let body = body.map_err(|error| anyhow!("{path} does not answer: {error}"))?.to_bytes();
    let health: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    // Keys that cannot be fetched yet are no reason not to start: they are tried again.
    if health["database"] == "ok" {
        return Ok(());
    }
    bail!(
        "the functions do not work: {path} answers {status} {}; the line of this request above says why",
        String::from_utf8_lossy(&body)
    )
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
        Some(value) if value.contains(CERTIFICATE) => (name.as_str(), "(PEM)"),
        Some(value) if !declaration.secret || value.is_empty() => (name.as_str(), value),
        _ => (name.as_str(), "(secret)"),
    });
    let configured = Configured { application: &manifest.name, variables: shown.collect() };
    log.print(&Line::new(Level::Info, "host", "configured"), &configured);
}

/// Says which database it is, without the password.
fn print_database(log: &Log, database: &Database) {
    #[derive(Serialize)]
    struct Which<'a> {
        host: &'a str,
        port: u16,
        database: &'a str,
        user: &'a str,
        sslmode: &'a str,
        embedded: bool,
    }
    let Address { port, database: name, user, ssl_mode, .. } = &database.edge;
    let host = database.edge.network_host().unwrap_or_default();
    let embedded = database.is_embedded();
    let which = Which { host, port: *port, database: name, user, sslmode: ssl_mode.as_str(), embedded };
    log.print(&Line::new(Level::Info, "host", "database"), &which);
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !is_near && !ssl_mode.verifies() {
        let cause = format!(
            "sslmode={} believes any server at {host}: write sslmode=verify-full, with the CA in \
             SPIN_VARIABLE_DATABASE_CA if it is a private one",
            ssl_mode.as_str()
        );
        log.print(&Line { cause: Some(&cause), ..Line::new(Level::Warn, "host", "database_not_verified") }, &());
    }
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
pub struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

/// Listens for them from now on.
///
/// # Errors
/// The system does not let the process listen.
pub fn stop_signal() -> anyhow::Result<StopSignal> {
    Ok(StopSignal { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

impl StopSignal {
    /// Returns at the first of them.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
