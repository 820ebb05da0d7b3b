//! The command line. Each option has an environment variable, which is what `make deploy NAME=value` sets.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Deploys Rolecall, and takes a deploy back.
#[derive(Debug, Parser)]
#[command(name = "rolecall-deploy", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where and with what.
    #[command(flatten)]
    pub options: Options,
}

/// What the program does.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Command {
    /// Bring this build to a target
    Deploy,
    /// Take the last deploy back, and keep what was written since
    Undeploy,
    /// List the deploys of this state directory
    History,
}

/// Where functions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// The runner `rolecall up` on this machine
    Local,
    /// `spin up` on this machine
    Spin,
    /// SpinKube, through a registry and kubectl
    Spinkube,
}

impl Target {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Target::Local => "local",
            Target::Spin => "spin",
            Target::Spinkube => "spinkube",
        }
    }
}

/// The options.
#[derive(Args, Debug)]
pub struct Options {
    /// Where the functions run [undeploy: where the last deploy went]
    #[arg(long, global = true, env = "TARGET")]
    pub target: Option<Target>,

    /// Say what each step finds and would do, and change nothing
    #[arg(long, global = true, env = "DRY_RUN", num_args = 0..=1, default_value = "", default_missing_value = "1")]
    pub dry_run: String,

    /// The application's manifest; .env beside it is read
    #[arg(long, global = true, value_name = "FILE", env = "FROM", default_value = "spin.toml")]
    pub from: PathBuf,

    /// Where deploys are recorded, and where the runner keeps its state
    #[arg(long, global = true, value_name = "DIR", env = "STATE_DIR", default_value = ".rolecall")]
    pub state_dir: PathBuf,

    /// local, spin: where to listen [default: where the running server listens, or 127.0.0.1:3000]
    #[arg(long, global = true, value_name = "IP:PORT", env = "LISTEN")]
    pub listen: Option<SocketAddr>,

    /// local: connections to the database of each component [default: 32, or as many as max_connections has room for]
    #[arg(long, global = true, value_name = "NUMBER", env = "CONNECTIONS")]
    pub connections: Option<usize>,

    /// local: the runner
    #[arg(long, global = true, value_name = "FILE", env = "RUNNER", default_value = "target/release/rolecall")]
    pub runner: PathBuf,

    /// spin, spinkube: the name under which `spin registry push` publishes; a name without a tag gets one
    #[arg(long, global = true, value_name = "NAME[:TAG]", env = "IMAGE")]
    pub image: Option<String>,

    /// spinkube: the folder with the manifests; secret.yaml in it is never applied
    #[arg(long, global = true, value_name = "DIR", env = "MANIFESTS", default_value = "deploy/spinkube")]
    pub manifests: PathBuf,

    /// spinkube: where the smoke test reaches the application from here, http:// or https://
    #[arg(long, global = true, value_name = "URL", env = "URL")]
    pub url: Option<String>,

    /// A database server for scratch databases, if that of DATABASE_URL may make none [default: that of DATABASE_URL]
    #[arg(long, global = true, value_name = "URL", env = "SCRATCH_DATABASE_URL", hide_env_values = true)]
    pub scratch: Option<String>,

    /// A user's or an operator's token for the smoke test, where there is no jwt_secret to sign one with
    #[arg(long, global = true, value_name = "TOKEN", env = "SMOKE_TOKEN", hide_env_values = true)]
    pub smoke_token: Option<String>,

    /// Deploy although a flag is on for some users only
    #[arg(long, global = true, env = "DURING_ROLLOUT", num_args = 0..=1, default_value = "", default_missing_value = "1")]
    pub during_rollout: String,

    /// Count connections as those of a pooler in session mode, which bounds them
    #[arg(long, global = true, env = "POOLER", num_args = 0..=1, default_value = "", default_missing_value = "1")]
    pub pooler: String,

    /// The program `spin`
    #[arg(long, global = true, value_name = "FILE", env = "SPIN", default_value = "spin")]
    pub spin: String,

    /// The program `kubectl`
    #[arg(long, global = true, value_name = "FILE", env = "KUBECTL", default_value = "kubectl")]
    pub kubectl: String,
}

/// Whether a switch is on: `DRY_RUN=1`; empty and 0 are off, as Makefiles have it.
pub fn is_on(switch: &str) -> bool {
    !matches!(switch.trim(), "" | "0" | "false" | "no")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["rolecall-deploy", "deploy", "--target", "local", "--dry-run"]).unwrap();
        assert_eq!(cli.options.target, Some(Target::Local));
        assert!(is_on(&cli.options.dry_run) && !is_on(&cli.options.pooler));
        assert!(Cli::try_parse_from(["rolecall-deploy", "deploy", "--target", "moon"]).is_err());
    }

    #[test]
    fn a_switch_is_off_as_a_makefile_says_it() {
        assert!(["", "0", "no", "false"].into_iter().all(|off| !is_on(off)));
        assert!(["1", "yes", "true"].into_iter().all(is_on));
    }
}
