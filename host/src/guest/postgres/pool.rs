//! Database connections: a pool per component and address.
//!
//! What the pools promise: never more connections than configured, a bounded wait for one, and no connection twice that is
//! not as good as new. A request is one statement (docs/contract.md, section 4), and what becomes of the connection depends on it:
//! * a call of a function of schema `rolecall_edge` and nothing else leaves the session alone; that is the part of whoever writes
//!   such a function, and it costs nothing here;
//! * any other query may have left something behind, for a function it calls can change settings, take locks or make
//!   tables; the session is reset behind it, before anybody else is given the connection;
//! * after any other statement, such as `begin` or `set`, and after one that was abandoned halfway, it is closed.

use super::error::{connection_failed, query_failed};
use crate::guest::bindings::spin::postgres::postgres as wit;
use crate::manifest::allowed_hosts::AllowedHosts;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use rolecall_database::{client_config, failure};
use rolecall_shared::postgres::{Address as DatabaseAddress, Ca, SslMode as Trust};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Addresses of one component that pools are kept for.
const MAX_POOLS: usize = 16;

/// Statements kept prepared on a connection.
const MAX_STATEMENTS: usize = 200;

/// How long connecting may take when the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a session may take to be reset before its connection is closed instead.
const RESET_TIMEOUT: Duration = Duration::from_secs(5);

/// Does what `discard all` does, except that statements stay prepared that the driver needs for itself. The settings
/// come first, so that the rest does not depend on them.
const RESET: &str = "
    set session authorization default;
    reset all;
    close all;
    unlisten *;
    select pg_catalog.pg_advisory_unlock_all();
    discard temp;
    discard sequences;
    do $$
    declare
      v_name text;
    begin
      for v_name in select s.name from pg_catalog.pg_prepared_statements as s where s.from_sql
      loop
        execute pg_catalog.format('deallocate %I', v_name);
      end loop;
    end
    $$;";

/// What a component's pools are like.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// Connections to one address at most.
    pub connections: usize,
    /// How long to wait for one.
    pub wait: Duration,
}

/// The application's own database. Its server is believed as its address says, by libpq's meaning of `sslmode`; any
/// other is checked as Spin checks it: certificate and name, with every `sslmode` but `disable`.
pub struct OwnDatabase {
    address: DatabaseAddress,
    config: Config,
}

impl OwnDatabase {
    /// The database at an address whose CA is text.
    ///
    /// # Errors
    /// The driver cannot use the address.
    pub fn new(address: DatabaseAddress) -> Result<OwnDatabase, tokio_postgres::Error> {
        let config = address.driver_url().parse()?;
        Ok(OwnDatabase { address, config })
    }
}

/// The pools of one component.
pub struct Pools {
    settings: PoolSettings,
    own: Option<Arc<OwnDatabase>>,
    pools: Mutex<HashMap<Address, Pool>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Address {
    address: String,
    ca_root: Option<String>,
}

impl Pools {
    /// No pools yet.
    pub fn new(settings: PoolSettings, own: Option<Arc<OwnDatabase>>) -> Pools {
        Pools { settings, own, pools: Mutex::default() }
    }

    /// Logs in to the application's own database as the component does, and has one statement answered.
    ///
    /// # Errors
    /// A sentence that says why that does not work.
    pub async fn ask_own(&self, allowed: &AllowedHosts) -> Result<(), String> {
        let Some(own) = &self.own else { return Ok(()) };
        let sentence = |error: wit::Error| match error {
            wit::Error::ConnectionFailed(text) | wit::Error::Other(text) => text,
            error => format!("{error:?}"),
        };
        let pool = self.pool(allowed, &own.address.driver_url(), own.address.ca_text()).map_err(sentence)?;
        let connection = pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => failure(&error, &own.address),
            _ => format!("cannot connect to the database {}: nobody answers there", own.address),
        })?;
        let lease = Lease { connection: Some(connection), trace: AtomicU8::new(Trace::None as u8) };
        let asked = async {
            let statement = lease.prepare("select 1").await?;
            lease.client().query_one(&statement, &[]).await
        };
        let answered = lease.guarded(asked).await;
        // Nobody needs it before the first request.
        lease.leaves(Trace::Close);
        answered.map(|_| ()).map_err(|error| failure(&error, &own.address))
    }

    /// A connection to an address, in either form that libpq knows, if the component may connect to it.
    ///
    /// # Errors
    /// `connection-failed` for an address that is not understood, not allowed or not answering, and when none of the
    /// connections becomes free in time.
    pub async fn open(
        &self,
        allowed: &AllowedHosts,
        address: &str,
        ca_root: Option<&str>,
    ) -> Result<Lease, wit::Error> {
        let pool = self.pool(allowed, address, ca_root)?;
        match pool.get().await {
            Ok(connection) => Ok(Lease { connection: Some(connection), trace: AtomicU8::new(Trace::None as u8) }),
            Err(PoolError::Backend(error)) => Err(connection_failed(&error)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                let PoolSettings { connections, wait } = self.settings;
                Err(wit::Error::ConnectionFailed(format!(
                    "none of the {connections} connections became free within {wait:?}"
                )))
            }
            Err(PoolError::Timeout(_)) => Err(wit::Error::ConnectionFailed("the database does not answer".to_owned())),
            Err(error) => Err(wit::Error::ConnectionFailed(error.to_string())),
        }
    }

    fn pool(&self, allowed: &AllowedHosts, address: &str, ca_root: Option<&str>) -> Result<Pool, wit::Error> {
        let key = Address { address: address.to_owned(), ca_root: ca_root.map(str::to_owned) };
        // Nothing panics while it holds the lock.
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&key) {
            return Ok(pool.clone());
        }
        let pool = self.create(allowed, &key)?;
        if pools.len() >= MAX_POOLS {
            let one = pools.keys().next().cloned();
            one.and_then(|one| pools.remove(&one));
        }
        pools.insert(key, pool.clone());
        Ok(pool)
    }

    fn create(&self, allowed: &AllowedHosts, Address { address, ca_root }: &Address) -> Result<Pool, wit::Error> {
        // The error of the parser may repeat parts of the address, which holds a password.
        let mut config: Config = address.parse().map_err(|_| {
            wit::Error::ConnectionFailed("the address is neither a postgres:// URL nor a list of key=value".to_owned())
        })?;
        check_hosts(allowed, &config).map_err(wit::Error::ConnectionFailed)?;
        // A component may give some of its connections a name of their own.
        let unnamed = |config: &Config| {
            let mut config = config.clone();
            config.application_name("");
            config
        };
        let is_own = |own: &&Arc<OwnDatabase>| {
            unnamed(&own.config) == unnamed(&config) && own.address.ca_text() == ca_root.as_deref()
        };
        let own = self.own.as_ref().filter(is_own);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if config.get_ssl_mode() == SslMode::Disable {
            Manager::from_config(config, NoTls, manager_config)
        } else {
            let tls = match own {
                Some(own) => tls(own.address.ssl_mode, own.address.ca.as_ref())?,
                None => tls(Trust::VerifyFull, ca_root.clone().map(Ca::Text).as_ref())?,
            };
            Manager::from_config(config, tls, manager_config)
        };
        Pool::builder(manager)
            .max_size(self.settings.connections)
            .wait_timeout(Some(self.settings.wait))
            .create_timeout(Some(self.settings.wait.max(CONNECT_TIMEOUT)))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| wit::Error::Other(error.to_string()))
    }
}

/// Whether the component may connect to every host of the address; if not, what to say.
fn check_hosts(allowed: &AllowedHosts, config: &Config) -> Result<(), String> {
    let mut hosts = Vec::new();
    for host in config.get_hosts() {
        match host {
            Host::Tcp(host) => hosts.push(host.clone()),
            #[cfg(unix)]
            Host::Unix(_) => return Err("a component cannot connect to a unix socket".to_owned()),
        }
    }
    // An explicit address is what is connected to, whatever the host is called.
    hosts.extend(config.get_hostaddrs().iter().map(ToString::to_string));
    if hosts.is_empty() {
        return Err("the address names no host".to_owned());
    }
    let ports = config.get_ports();
    for (index, host) in hosts.iter().enumerate() {
        let port = match ports {
            [] => 5432,
            [port] => *port,
            ports => ports[index % ports.len()],
        };
        if !allowed.allow("postgres", host, port) {
            return Err(format!("allowed_outbound_hosts does not allow postgres://{host}:{port}"));
        }
    }
    Ok(())
}

/// TLS that believes whom the mode says.
fn tls(trust: Trust, ca: Option<&Ca>) -> Result<MakeRustlsConnect, wit::Error> {
    match client_config(trust, ca) {
        Ok(config) => Ok(MakeRustlsConnect::new(config)),
        Err(error) => Err(wit::Error::Other(format!("the CA certificate: {error:#}"))),
    }
}

/// What a statement leaves behind in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trace {
    /// Nothing.
    None,
    /// Perhaps something that can be taken back.
    Reset,
    /// Something that only the end of the session takes back.
    Close,
}

/// A connection while somebody uses it.
pub struct Lease {
    /// There until the lease ends.
    connection: Option<Object>,
    /// The deepest [`Trace`] so far.
    trace: AtomicU8,
}

impl Lease {
    /// The connection itself.
    pub fn client(&self) -> &deadpool_postgres::Client {
        // Only `drop` takes it away.
        self.connection.as_ref().expect("a lease holds its connection until it is dropped")
    }

    /// A statement, prepared on this connection once.
    ///
    /// # Errors
    /// The database cannot prepare it.
    pub async fn prepare(&self, statement: &str) -> Result<Statement, tokio_postgres::Error> {
        self.leaves(trace_of(statement));
        let client = self.client();
        if client.statement_cache.size() >= MAX_STATEMENTS {
            client.statement_cache.clear();
        }
        client.prepare_cached(statement).await
    }

    /// Runs a statement such that the connection is closed if nobody waits for the end of it.
    pub async fn guarded<R>(&self, statement: impl Future<Output = R>) -> R {
        struct Guard<'a>(&'a Lease);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.leaves(Trace::Close);
            }
        }
        let guard = Guard(self);
        let result = statement.await;
        std::mem::forget(guard);
        result
    }

    /// The guest's form of an error, after which the connection may have to be closed.
    pub fn failed(&self, error: tokio_postgres::Error) -> wit::Error {
        // What is prepared no longer fits the database, after a migration for instance.
        let stale = [&SqlState::FEATURE_NOT_SUPPORTED, &SqlState::INVALID_SQL_STATEMENT_NAME];
        if error.code().is_some_and(|code| stale.contains(&code)) {
            self.leaves(Trace::Close);
        }
        query_failed(error)
    }

    fn leaves(&self, trace: Trace) {
        self.trace.fetch_max(trace as u8, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let trace = *self.trace.get_mut();
        if trace == Trace::None as u8 {
            return;
        }
        match Handle::try_current() {
            Ok(runtime) if trace == Trace::Reset as u8 => drop(runtime.spawn(reset(connection))),
            // Taken out of the pool, it is closed.
            _ => drop(Object::take(connection)),
        }
    }
}

/// Makes a session as good as new and gives its connection back, which holds its place in the pool meanwhile.
async fn reset(connection: Object) {
    // A function may have deallocated any of them.
    connection.statement_cache.clear();
    if !matches!(timeout(RESET_TIMEOUT, connection.batch_execute(RESET)).await, Ok(Ok(()))) {
        drop(Object::take(connection));
    }
}

/// What a statement may leave behind; what is not known is taken for the worst.
fn trace_of(statement: &str) -> Trace {
    const QUERIES: [&str; 7] = ["select", "insert", "update", "delete", "merge", "with", "values"];
    if is_call_of_edge(statement) {
        return Trace::None;
    }
    let text = without_leading_comments(statement).trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let is_query = QUERIES.iter().any(|query| query.eq_ignore_ascii_case(&text[..end]));
    if is_query { Trace::Reset } else { Trace::Close }
}

/// How a call of an entry point of the database begins.
const ENTRY_POINT: &str = "select rolecall_edge.";

/// Whether a statement is `select rolecall_edge.function($1, …)` and nothing more: exactly as functions write it, for there is no
/// need to understand other ways.
fn is_call_of_edge(statement: &str) -> bool {
    let call = statement.strip_prefix(ENTRY_POINT).and_then(|call| call.strip_suffix(')')?.split_once('('));
    let Some((name, parameters)) = call else { return false };
    let is_name = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let is_parameter = |parameter: &str| {
        let number = parameter.trim_start_matches(' ').strip_prefix('$');
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    is_name && (parameters.is_empty() || parameters.split(',').all(is_parameter))
}

fn without_leading_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if let Some(comment) = text.strip_prefix("--") {
            text = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = text.strip_prefix("/*") {
            text = after_block_comment(comment);
        } else {
            return text;
        }
    }
}

/// What follows a block comment that has been entered; such comments nest in SQL.
fn after_block_comment(mut text: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = text.find(['/', '*']) else {
            return "";
        };
        let (step, length) = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        depth += step;
        text = &text[at + length..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entry: &str) -> AllowedHosts {
        AllowedHosts::parse(&[entry]).unwrap()
    }

    fn check(entry: &str, address: &str) -> Result<(), String> {
        check_hosts(&allowed(entry), &address.parse().unwrap())
    }

    #[test]
    fn every_host_of_an_address_must_be_allowed() {
        let entry = "postgres://127.0.0.1:5432";
        assert_eq!(check(entry, "postgres://u:p@127.0.0.1/d"), Ok(()));
        assert_eq!(check(entry, "host=127.0.0.1 user=u dbname=d"), Ok(()));
        for refused in [
            "postgres://u:p@localhost/d",
            "postgres://u:p@127.0.0.1:5433/d",
            "postgres://u:p@127.0.0.1,10.0.0.1/d",
            "host=127.0.0.1 hostaddr=10.0.0.1 user=u",
            "host=/var/run/postgresql user=u",
            "user=u dbname=d",
        ] {
            assert!(check(entry, refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_not_allowed_and_no_password() {
        let error = check("postgres://127.0.0.1:5432", "postgres://u:secret@db.example/d").unwrap_err();
        assert_eq!(error, "allowed_outbound_hosts does not allow postgres://db.example:5432");
    }

    #[test]
    fn only_a_bare_call_of_edge_leaves_nothing() {
        for call in [
            "select rolecall_edge.send_dm($1)",
            "select rolecall_edge.health_2($1, $2,$10)",
            "select rolecall_edge.f()",
        ] {
            assert_eq!(trace_of(call), Trace::None, "{call}");
        }
        for more in [
            "select rolecall_edge.send_dm($1), pg_advisory_lock(1)",
            "select rolecall_edge.send_dm(pg_advisory_lock(1))",
            "select rolecall_edge.send_dm($1) from set_config('a.b', 'c', false)",
            "select rolecall_edge.f($1), rolecall_edge.g($1)",
            "select rolecall_edge.f($1), g()",
            "select rolecall_edge.f($1 + g($2))",
            "select rolecall_edge.f($1,)",
            "select rolecall_edge.f($)",
            "select rolecall_edge.f(*)",
            "select rolecall_edge.a.b($1)",
            "select rolecall_edge.($1)",
            "select rolecall_edge.\"F\"($1)",
            "select edgy.f($1)",
            "select f($1)",
            "select rolecall_edge.f",
        ] {
            assert_eq!(trace_of(more), Trace::Reset, "{more}");
        }
    }

    #[test]
    fn queries_and_other_statements_are_told_apart() {
        for query in [
            "select 1",
            " SELECT set_config('a.b', 'c', false)",
            "-- x\n/* y */ insert into t values (1)",
            "(select 1) union select 2",
            "/* /* begin */ */ select 1",
            "/**/select 1",
            "with a as (select 1) select * from a",
        ] {
            assert_eq!(trace_of(query), Trace::Reset, "{query}");
        }
        for other in [
            "begin",
            "START TRANSACTION",
            "set role x",
            "-- select\nbegin",
            "/* select */ set a = 1",
            "",
            "call p()",
            "do $$ begin end $$",
            "lock table t",
            "/* /* */ select */ begin",
            "/* select",
        ] {
            assert_eq!(trace_of(other), Trace::Close, "{other}");
        }
    }

    #[test]
    fn a_wrong_ca_certificate_is_an_error() {
        let ca = Ca::Text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned());
        assert!(tls(Trust::VerifyFull, Some(&ca)).is_err());
    }
}
