//! Where the relay's database and NATS are, and what webhooks may do.

use anyhow::{Result, anyhow, ensure};
use async_nats::ServerAddr;
use rolecall_shared::postgres::Address;
use rolecall_shared::rules::rollout::Rollouts;
use std::path::PathBuf;
use uuid::Uuid;

use crate::credentials::Credentials;
use crate::webhooks::{AllowedHosts, trust};

/// The settings of a relay.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The login `rolecall_relay` of the database. It is a session's own connection, because the lead is a lock of its session:
    /// no pooler that lends connections by the transaction is between.
    pub(crate) database: Address,
    /// NATS's servers; none: there are webhooks alone.
    pub(crate) servers: Vec<ServerAddr>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) system_credentials: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) webhook_ca: Option<PathBuf>,
    /// How far features are rolled out, whatever the database says: whom a feature is off for is told nothing of it.
    pub(crate) rollouts: Rollouts,
    /// This relay among others.
    pub(crate) id: Uuid,
}

impl Settings {
    /// Reads the addresses: that of the database as everywhere, those of NATS separated by commas.
    ///
    /// # Errors
    /// What cannot be read, without a password in it.
    pub fn new(database_url: &str, nats_url: &str) -> Result<Settings> {
        let mut settings = Settings::webhooks_alone(database_url)?;
        let servers: Vec<ServerAddr> = nats_url
            .split(',')
            .map(str::trim)
            .filter(|url| !url.is_empty())
            .map(|url| url.parse().map_err(|_| anyhow!("NATS_URL: expected nats://host:port or tls://host:port")))
            .collect::<Result<_>>()?;
        ensure!(!servers.is_empty(), "NATS_URL is empty");
        settings.servers = servers;
        Ok(settings)
    }

    /// Without NATS: nothing is published, and webhooks are delivered.
    ///
    /// # Errors
    /// The address cannot be read, without a password in it.
    pub fn webhooks_alone(database_url: &str) -> Result<Settings> {
        Ok(Settings {
            database: Address::parse(database_url, "").map_err(|error| anyhow!("the relay's database: {error}"))?,
            servers: Vec::new(),
            credentials: None,
            system_credentials: None,
            ca: None,
            allowed_hosts: AllowedHosts::default(),
            webhook_ca: None,
            rollouts: Rollouts::NONE,
            id: Uuid::new_v4(),
        })
    }

    /// Whether there is a NATS to publish to.
    pub(crate) fn has_nats(&self) -> bool {
        !self.servers.is_empty()
    }

    /// With the credentials that may publish, a file as `nsc` writes it.
    ///
    /// # Errors
    /// It is not one. It is read again at each connection, so that it may be renewed.
    pub fn credentials(mut self, file: PathBuf) -> Result<Settings> {
        Credentials::read(&file)?;
        self.credentials = Some(file);
        Ok(self)
    }

    /// With the credentials of the system account, from which the relay learns who is online.
    ///
    /// # Errors
    /// As [`Settings::credentials`].
    pub fn system_credentials(mut self, file: PathBuf) -> Result<Settings> {
        Credentials::read(&file)?;
        self.system_credentials = Some(file);
        Ok(self)
    }

    /// With the CA that signed NATS's certificate, a PEM file; without it, those of this system are believed.
    #[must_use]
    pub fn ca(mut self, file: PathBuf) -> Settings {
        self.ca = Some(file);
        self
    }

    /// With hosts to which webhooks are delivered although they are not of the public internet, and also without TLS.
    #[must_use]
    pub fn allowed_hosts(mut self, hosts: AllowedHosts) -> Settings {
        self.allowed_hosts = hosts;
        self
    }

    /// With the CA that signed the certificates of webhooks' receivers, a PEM file; without it, those of this system are
    /// believed.
    ///
    /// # Errors
    /// It is not one.
    pub fn webhook_ca(mut self, file: PathBuf) -> Result<Settings> {
        trust(Some(&file))?;
        self.webhook_ca = Some(file);
        Ok(self)
    }

    /// With the operator's variable `rollouts`, as the functions have it.
    #[must_use]
    pub fn rollouts(mut self, rollouts: Rollouts) -> Settings {
        self.rollouts = rollouts;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = "postgres://rolecall_relay:secret@127.0.0.1:5432/rolecall?sslmode=disable";

    #[test]
    fn nats_may_be_several_servers() {
        let settings = Settings::new(DATABASE, "nats://a:4222, tls://b:4222").unwrap();
        let servers: Vec<_> = settings.servers.iter().map(|server| (server.host(), server.tls_required())).collect();
        assert_eq!(servers, [("a", false), ("b", true)]);
    }

    #[test]
    fn what_cannot_be_read_is_said_without_what_is_secret() {
        let refused = |database: &str, nats: &str| format!("{:#}", Settings::new(database, nats).unwrap_err());
        assert!(refused(DATABASE, "").contains("NATS_URL"));
        assert!(refused(DATABASE, "nats://user:hidden@ /").contains("expected nats://"));
        assert!(!refused(DATABASE, "nats://user:hidden@ /").contains("hidden"));
        assert!(!refused("postgres://u:hidden@h/d?sslmode=maybe", "nats://a").contains("hidden"));
        let missing = Settings::new(DATABASE, "nats://a").unwrap().credentials("/no/such/file".into());
        assert!(format!("{:#}", missing.unwrap_err()).contains("/no/such/file"));
        let missing = Settings::webhooks_alone(DATABASE).unwrap().webhook_ca("/no/such/file".into());
        assert!(format!("{:#}", missing.unwrap_err()).contains("/no/such/file"));
    }
}
