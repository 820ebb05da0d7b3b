//! The command line.

mod units;

use crate::cli::units::{parse_duration, parse_size};
use crate::relay::{ALLOWED_HOSTS, WEBHOOK_CA};
use clap::{Args, Parser, Subcommand};
use http::HeaderName;
use rolecall_relay::AllowedHosts;
use rolecall_shared::rules::rollout::Rollouts;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Serves a Spin application on this machine, with PostgreSQL beside it.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the runner does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compile the application's components into the state directory, so that the next start is quick
    Compile(Compile),
    /// Apply the migrations to a database of one's own (up), list them (status), take them back (down)
    #[command(disable_help_flag = true)]
    Migrate {
        /// As of rolecall-migrate; --help lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Carry what happens from the database to NATS and to webhooks until SIGINT or SIGTERM; of several, one publishes to NATS
    /// and the others wait
    Relay(Relay),
    /// Show how a feature is rolled out, begin its next stage, take it back
    #[command(disable_help_flag = true)]
    Rollout {
        /// status, advance, set, rollback or guard; --help lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Start the application and serve it until SIGINT or SIGTERM
    Up(Box<Up>),
}

/// The settings of `rolecall compile`.
#[derive(Args, Debug)]
pub struct Compile {
    /// The application's manifest
    #[arg(long, value_name = "FILE", default_value = "spin.toml")]
    pub from: PathBuf,

    /// Where compiled components are kept
    #[arg(long, value_name = "DIR", default_value = ".rolecall")]
    pub state_dir: PathBuf,
}

/// The settings of `rolecall relay`.
#[derive(Args, Debug)]
pub struct Relay {
    /// The database, with the login rolecall_relay: a connection of its own, no pooler by the transaction between
    #[arg(long, value_name = "URL", env = "RELAY_DATABASE_URL", hide_env_values = true)]
    pub database: String,

    /// NATS's servers, separated by commas: nats://host:port, or tls://host:port; without them, webhooks alone
    #[arg(long, value_name = "URLS", env = "NATS_URL", hide_env_values = true)]
    pub nats: Option<String>,

    /// The credentials that may publish to users
    #[arg(long, value_name = "FILE", env = "NATS_CREDS")]
    pub nats_creds: Option<PathBuf>,

    /// The credentials of the system account; without them nobody knows who is online
    #[arg(long, value_name = "FILE", env = "NATS_SYSTEM_CREDS")]
    pub nats_system_creds: Option<PathBuf>,

    /// The CA of NATS's certificate, in PEM form [default: those that this system trusts]
    #[arg(long, value_name = "FILE", env = "NATS_CA")]
    pub nats_ca: Option<PathBuf>,

    #[command(flatten)]
    pub webhooks: Webhooks,

    /// How far features are rolled out, whatever the database says: the application's variable of this name
    #[arg(long, value_name = "FLAG=ROLLOUT,…", env = "ROLLOUTS", default_value = "")]
    pub rollouts: Rollouts,
}

/// What webhooks may do, of `rolecall relay` and of the relay within `rolecall up`.
#[derive(Args, Clone, Debug)]
pub struct Webhooks {
    /// Hosts to which webhooks are delivered although their addresses are not of the public internet, and also over http
    #[arg(long = "webhook-allow-hosts", value_name = "HOST[:PORT],…", env = ALLOWED_HOSTS)]
    pub allow_hosts: Option<AllowedHosts>,

    /// The CA of webhooks' receivers, in PEM form [default: those that this system trusts]
    #[arg(long = "webhook-ca", value_name = "FILE", env = WEBHOOK_CA)]
    pub ca: Option<PathBuf>,
}

/// The settings of `rolecall up`.
#[derive(Args, Debug)]
pub struct Up {
    /// The application's manifest
    #[arg(long, value_name = "FILE", default_value = "spin.toml")]
    pub from: PathBuf,

    /// The address to listen on; port 0 takes a free one, which the event `listening` on stdout names
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Take the port over from the runner that serves with the same state directory: it stops once this one is ready, and no
    /// connection is refused meanwhile. Without such a runner this is an ordinary start
    #[arg(long)]
    pub take_over: bool,

    /// An application variable; beats SPIN_VARIABLE_NAME, which beats the .env file, which beats the default
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub variables: Vec<(String, String)>,

    /// A file with SPIN_VARIABLE_NAME=value lines [default: .env beside the manifest, if there is one]
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Where the embedded database, generated secrets and compiled components are kept
    #[arg(long, value_name = "DIR", default_value = ".rolecall")]
    pub state_dir: PathBuf,

    /// The largest request body that is passed on (413 beyond)
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = parse_size)]
    pub max_body_bytes: usize,

    /// The memory that the bodies of all requests in flight may take together (503 beyond)
    #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = parse_size)]
    pub max_body_memory: usize,

    /// How long the answer to a request may take (504 beyond), and a longer answer from one piece to the next (cut off
    /// beyond)
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub request_timeout: Duration,

    /// How long a connection may stay without a request
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = parse_duration)]
    pub idle_timeout: Duration,

    /// How long the head of a request may take to arrive, and its body too, whatever their length (408 beyond)
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_duration)]
    pub arrival_grace: Duration,

    /// How much more of a head or a body must arrive in each second after that (408 otherwise)
    #[arg(long, value_name = "SIZE", default_value = "1KiB", value_parser = parse_size)]
    pub arrival_pace: usize,

    /// The linear memory one instance may take (500 for the requests in it beyond)
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    pub max_memory: usize,

    /// Connections open at the same time; those that have waited longest make room for new ones [default: 16384, or as many
    /// as the limit of open files leaves]
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    pub max_connections: Option<usize>,

    /// Connections of one client address, an IPv4 address or a /64 of IPv6, open at the same time; and its requests, where
    /// they come through a proxy (429 beyond)
    #[arg(long, value_name = "NUMBER", default_value = "2048", value_parser = positive)]
    pub max_per_address: usize,

    /// The header in which a proxy names its client, such as x-forwarded-for; without it the proxy is the client
    #[arg(long, value_name = "HEADER")]
    pub client_address_header: Option<HeaderName>,

    /// The address of a proxy that is believed about its clients; may be given several times
    #[arg(long = "proxy", value_name = "IP", default_values = ["127.0.0.1", "::1"], requires = "client_address_header")]
    pub proxies: Vec<IpAddr>,

    /// Requests in flight in the whole application (503 beyond)
    #[arg(long, value_name = "NUMBER", default_value = "8192", value_parser = positive)]
    pub max_in_flight: usize,

    /// CPU time a request may take without yielding (504 for the requests in its instance beyond)
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_duration)]
    pub cpu_limit: Duration,

    /// Instances of each component that serve at the same time
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = positive)]
    pub instances: usize,

    /// Requests that one instance works on at the same time; more wait in front of it
    #[arg(long, value_name = "NUMBER", default_value = "256", value_parser = positive)]
    pub instance_concurrency: usize,

    /// Requests after which an instance is renewed: another takes its place before it takes its last
    #[arg(long, value_name = "NUMBER", default_value = "1000000", value_parser = positive)]
    pub instance_requests: usize,

    /// Connections to one database address that a component may hold
    #[arg(long, value_name = "NUMBER", default_value = "32", value_parser = positive)]
    pub postgres_connections: usize,

    /// How long a request waits for a database connection before it is told that there is none
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub postgres_wait: Duration,

    /// How long requests in flight may take to finish after SIGINT or SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub shutdown_timeout: Duration,

    /// Threads that serve; compiling components uses every processor in any case
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = positive)]
    pub threads: usize,

    /// Start no NATS: clients hear of nothing at once, and call sync
    #[arg(long)]
    pub no_realtime: bool,

    /// The port on 127.0.0.1 where clients, or a proxy in front, reach the runner's own NATS by WebSocket [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub realtime_port: Option<u16>,

    /// The port on 127.0.0.1 where the relay reaches the runner's own NATS [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub nats_port: Option<u16>,

    /// The program of the runner's own NATS [default: nats-server on the PATH]
    #[arg(long, value_name = "FILE")]
    pub nats_server: Option<PathBuf>,

    #[command(flatten)]
    pub webhooks: Webhooks,

    /// Load the demo data [default: with the embedded database only]
    #[arg(long, value_name = "BOOL")]
    pub demo_data: Option<bool>,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if !crate::manifest::variables::is_variable_name(name) {
        return Err(format!(
            "{name:?} is not a variable name: lower-case letters, digits and _, beginning with a letter"
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=1_000_000).contains(&number) => Ok(number),
        _ => Err("expected a number from 1 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn up(arguments: &[&str]) -> Result<Up, clap::Error> {
        match Cli::try_parse_from(["rolecall", "up"].iter().chain(arguments))?.command {
            Command::Up(up) => Ok(*up),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        let up = up(&[]).unwrap();
        assert_eq!(up.listen, "127.0.0.1:3000".parse().unwrap());
        assert_eq!(up.request_timeout, Duration::from_secs(30));
        assert_eq!(up.max_memory, 64 << 20);
        assert_eq!(up.instance_requests, 1_000_000);
        assert_eq!(up.demo_data, None);
        assert_eq!(up.client_address_header, None);
        assert!(!up.no_realtime && up.realtime_port.is_none() && up.nats_port.is_none());
    }

    #[test]
    fn a_proxy_is_believed_only_where_its_header_is_named() {
        let named =
            up(&["--client-address-header", "X-Forwarded-For", "--proxy", "10.0.0.1", "--proxy", "fd00::1"]).unwrap();
        assert_eq!(named.client_address_header.unwrap(), "x-forwarded-for");
        assert_eq!(named.proxies, ["10.0.0.1".parse::<IpAddr>().unwrap(), "fd00::1".parse().unwrap()]);
        assert!(up(&["--proxy", "10.0.0.1"]).is_err());
    }

    #[test]
    fn a_variable_may_hold_an_equals_sign() {
        let up = up(&["--variable", "database_url=postgres://u:p@h/d?sslmode=disable"]).unwrap();
        let expected = ("database_url".to_owned(), "postgres://u:p@h/d?sslmode=disable".to_owned());
        assert_eq!(up.variables, [expected]);
    }

    #[test]
    fn migrating_takes_its_own_arguments() {
        let line = ["rolecall", "migrate", "down", "--to", "0", "--yes"];
        match Cli::try_parse_from(line).unwrap().command {
            Command::Migrate { arguments } => assert_eq!(arguments, line[2..]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for wrong in [
            ["--variable", "novalue"],
            ["--variable", "Upper=1"],
            ["--max-memory", "64MB"],
            ["--request-timeout", "soon"],
            ["--instances", "0"],
            ["--instance-requests", "0"],
            ["--listen", "localhost"],
            ["--max-connections", "0"],
            ["--client-address-header", "not a header"],
            ["--arrival-pace", "0"],
            ["--realtime-port", "0"],
            ["--nats-port", "65536"],
        ] {
            assert!(up(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_relay_wants_a_database_and_may_have_a_nats() {
        let line = ["rolecall", "relay", "--database", "postgres://u:hidden@h/d", "--nats", "nats://127.0.0.1:4222"];
        let Command::Relay(relay) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        assert_eq!((relay.nats.as_deref(), relay.nats_creds), (Some("nats://127.0.0.1:4222"), None));
        let Command::Relay(alone) = Cli::try_parse_from(&line[..4]).unwrap().command else { panic!() };
        assert_eq!((alone.nats, alone.webhooks.allow_hosts, alone.rollouts), (None, None, Rollouts::NONE));
        let Err(missing) = Cli::try_parse_from(["rolecall", "relay"]) else { panic!("it needs a database") };
        assert!(missing.to_string().contains("--database"), "{missing}");
    }

    #[test]
    fn hosts_for_webhooks_and_rollouts_are_read_as_they_are_written_elsewhere() {
        let line =
            ["rolecall", "relay", "--database", "postgres://h/d", "--webhook-allow-hosts", "hooks.internal:8080"];
        let with = |more: &[&'static str]| Cli::try_parse_from(line.iter().chain(more));
        let Command::Relay(relay) = with(&["--rollouts", "realtime=percentage:10"]).unwrap().command else { panic!() };
        assert_eq!(relay.webhooks.allow_hosts, Some("hooks.internal:8080".parse().unwrap()));
        assert_eq!(relay.rollouts, "realtime=percentage:10".parse().unwrap());
        assert!(with(&["--rollouts", "realtime"]).is_err());
        assert!(with(&["--rollouts", "unknown=enabled"]).is_err());
        assert!(up(&["--webhook-allow-hosts", "http://hooks.internal"]).is_err());
        let up = up(&["--webhook-allow-hosts", "127.0.0.1", "--webhook-ca", "ca.pem"]).unwrap();
        assert_eq!(up.webhooks.ca, Some("ca.pem".into()));
    }

    /// deploy/ starts the relay as its command line understands it.
    #[test]
    fn the_unit_of_systemd_and_the_manifest_start_the_relay() {
        let unit = include_str!("../../deploy/systemd/rolecall-relay.service");
        assert!(unit.lines().any(|line| line == "ExecStart=/opt/rolecall/rolecall relay"));
        let manifest = include_str!("../../deploy/relay/relay.yaml");
        assert!(manifest.contains("args: [relay]"));
        let relay = Cli::command().find_subcommand("relay").unwrap().clone();
        let known: Vec<_> = relay.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
        let set = manifest.lines().filter_map(|line| line.trim().strip_prefix("- name: "));
        for name in set.filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')) {
            assert!(known.contains(&name), "{name} is not a setting of the relay");
        }
    }

    /// deploy/systemd starts the runner as its command line understands it.
    #[test]
    fn the_unit_of_systemd_starts_the_runner() {
        let unit = include_str!("../../deploy/systemd/rolecall.service");
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let Command::Up(up) = Cli::try_parse_from(command.split(' ')).unwrap().command else { panic!("{command}") };
        assert_eq!(up.listen, "127.0.0.1:3000".parse().unwrap(), "only a proxy on the same machine reaches it");
        assert_eq!(
            up.client_address_header.unwrap(),
            "x-forwarded-for",
            "the proxies of deploy/ name the client there"
        );
        let patience = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
        assert!(patience.parse::<u64>().unwrap() > up.shutdown_timeout.as_secs(), "requests in flight may finish");
    }
}
