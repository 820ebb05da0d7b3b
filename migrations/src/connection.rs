//! One connection to any PostgreSQL, whose address is read as everywhere (`rolecall_shared::postgres`).

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rolecall_shared::postgres::{Address, SslMode};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure::failure;
use crate::trust::client_config;

/// How long connecting may take when the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to `url` and drives the connection on a task of the current runtime until the client is dropped.
///
/// # Errors
/// When the address cannot be read or followed, no root certificate is usable, or the server refuses the connection.
/// Messages never repeat the address, which holds a password.
pub async fn connect(url: &str) -> Result<Client> {
    let address = Address::parse(url, "").map_err(|error| anyhow!("the database's address: {error}"))?;
    connect_to(&address).await
}

/// [`connect`] to an address that is read already.
///
/// # Errors
/// As [`connect`].
pub async fn connect_to(address: &Address) -> Result<Client> {
    // The task ends with the client.
    Ok(connect_with_task(address).await?.0)
}

/// [`connect_to`] with the task that drives the connection: aborting it closes the connection, whatever the server does.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with_task(address: &Address) -> Result<(Client, JoinHandle<()>)> {
    let mut config: Config = address.driver_url().parse().context("the database's address cannot be used")?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // An error of the connection reaches the caller through the call it breaks.
    let failed = |error| anyhow!(failure(&error, address));
    if address.ssl_mode == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
        return Ok((client, tokio::spawn(async move { connection.await.unwrap_or_default() })));
    }
    let tls = MakeRustlsConnect::new(client_config(address.ssl_mode, address.ca.as_ref())?);
    let (client, connection) = config.connect(tls).await.map_err(failed)?;
    Ok((client, tokio::spawn(async move { connection.await.unwrap_or_default() })))
}
