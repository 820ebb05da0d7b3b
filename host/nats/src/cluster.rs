//! Several servers of one installation on one machine: what the tests and the measurements need to see that a client of one
//! hears what the relay publishes at another. In production the servers are on machines of their own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use uuid::Uuid;

use crate::{Nats, Options};

/// A server's place among the others.
#[derive(Clone)]
pub(crate) struct Member {
    /// Where the others connect to, on 127.0.0.1.
    port: u16,
    /// Where the others are.
    others: Vec<u16>,
    /// What servers tell each other. Any program of this machine could join them otherwise.
    password: String,
    /// The folder whose keys all of them have.
    keys: PathBuf,
}

impl Member {
    pub(crate) fn keys(&self) -> &Path {
        &self.keys
    }

    /// The part of the server's configuration that says who the others are.
    pub(crate) fn configuration(&self) -> String {
        let Member { port, others, password, .. } = self;
        let route = |port: &u16| format!("\"nats-route://rolecall:{password}@127.0.0.1:{port}\"");
        let routes: Vec<String> = others.iter().map(route).collect();
        format!(
            "cluster {{\n  name: \"rolecall\"\n  host: \"127.0.0.1\"\n  port: {port}\n  \
             authorization {{ user: \"rolecall\", password: \"{password}\", timeout: 5 }}\n  routes: [{}]\n}}\n",
            routes.join(", ")
        )
    }
}

impl Nats {
    /// So many servers with the same keys that know each other, each with a temporary folder. They do not run yet; one that
    /// ends is missed by nobody, and found again when it is back.
    ///
    /// # Errors
    /// As of [`Nats::new`].
    pub fn cluster(servers: usize) -> Result<Vec<Nats>> {
        let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1");
        // All are held until all are known, so that they differ.
        let held = (0..servers).map(|_| free()).collect::<Result<Vec<_>>>()?;
        let ports = held.iter().map(|held| Ok(held.local_addr()?.port())).collect::<Result<Vec<u16>>>()?;
        let (password, home) = (Uuid::new_v4().simple().to_string(), crate::temporary_home());
        let make = |(number, &port): (usize, &u16)| {
            let others = ports.iter().copied().filter(|other| *other != port).collect();
            // The folder of the first one has the keys.
            let own = if number == 0 { home.clone() } else { crate::temporary_home() };
            let member = Member { port, others, password: password.clone(), keys: home.clone() };
            Nats::in_folder(Options::default(), own, Some(member))
        };
        ports.iter().enumerate().map(make).collect()
    }
}
