//! One connection to NATS, for as long as that one lasts.
//!
//! The client would reconnect by itself and send on what it still holds, which is a stream with a gap in it: what had gone
//! into the broken socket is lost, and the next message would arrive before those. So a connection is never made twice
//! here. One that breaks is given up with all that it holds, and whoever used it begins anew with the oldest row.
//!
//! The client's `flush` ends when the bytes have left for the socket, and says nothing about the server. So a batch is
//! confirmed by an echo: a message to a subject that this connection hears itself. The server works on a connection in
//! order, so whoever hears the echo knows that the server has had everything before it.

use crate::credentials::Credentials;
use crate::settings::Settings;
use anyhow::{Result, anyhow, bail};
use async_nats::connection::State;
use async_nats::{Auth, AuthError, Client, ConnectErrorKind, ConnectOptions, Event, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// What the relay hears itself say. It is among the subjects that it may publish to (`user.*.events`), and belongs to no user,
/// because those are uuids.
const ECHO: &str = "user.relay.events";

/// How long the server may take: to accept a connection, to take a message from the socket, to echo.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the server is asked whether it is there; after two asks without an answer the connection counts as broken.
const PING: Duration = Duration::from_secs(5);

/// A connection of the relay's user, which publishes.
pub(crate) struct Broker {
    connection: Connection,
    echoes: Subscriber,
    id: Uuid,
    batches: u64,
}

/// A connection of any user.
pub(crate) struct Connection {
    pub(crate) client: Client,
    said: Said,
}

/// The last error that the server sent.
type Said = Arc<Mutex<Option<String>>>;

/// What became of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Published {
    /// It is on its way.
    Sent,
    /// The server takes none of this size; nothing was sent.
    TooLarge,
}

impl Broker {
    /// Connects as the relay's user, and proves that it may publish and hears itself.
    pub(crate) async fn connect(settings: &Settings) -> Result<Broker> {
        let connection = Connection::open(settings, settings.credentials.as_deref()).await?;
        let echoes = connection.client.subscribe(ECHO).await?;
        let mut broker = Broker { connection, echoes, id: settings.id, batches: 0 };
        broker.confirm().await?;
        Ok(broker)
    }

    /// Sends an event to a user, after everything that was sent before.
    pub(crate) async fn publish(&self, user: &Uuid, event: Bytes) -> Result<Published> {
        // The client checks the same, but its answer would have to be told apart from a broken connection.
        if event.len() > self.connection.client.max_payload() {
            return Ok(Published::TooLarge);
        }
        self.send(format!("user.{user}.events"), event).await?;
        Ok(Published::Sent)
    }

    /// Returns when the server has had everything that was published.
    pub(crate) async fn confirm(&mut self) -> Result<()> {
        self.batches += 1;
        let echo = Bytes::from(format!("{} {}", self.id, self.batches));
        self.send(ECHO.to_owned(), echo.clone()).await?;
        let heard = async {
            while let Some(message) = self.echoes.next().await {
                // Another relay may say something there, too.
                if message.payload == echo {
                    return true;
                }
            }
            false
        };
        match timeout(PATIENCE, heard).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.connection.failure("NATS has closed the connection")),
            Err(_) => Err(self.connection.failure("NATS has not confirmed what was published")),
        }
    }

    /// Why the connection is of no more use, if so.
    pub(crate) fn failure(&self) -> Option<anyhow::Error> {
        self.connection.has_ended().then(|| self.connection.failure("NATS has closed the connection"))
    }

    async fn send(&self, subject: String, message: Bytes) -> Result<()> {
        match timeout(PATIENCE, self.connection.client.publish(subject, message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.connection.failure(&error.to_string())),
            Err(_) => Err(self.connection.failure("NATS takes nothing from the connection")),
        }
    }
}

impl Connection {
    /// Connects once, with the credentials of this file.
    pub(crate) async fn open(settings: &Settings, credentials: Option<&Path>) -> Result<Connection> {
        let credentials = credentials.map(Credentials::read).transpose()?.map(Arc::new);
        let said = Said::default();
        let used = Arc::new(AtomicBool::new(false));
        let connected = options(settings, credentials, said.clone(), used.clone()).connect(settings.servers.clone());
        let patience = PATIENCE * u32::try_from(settings.servers.len()).unwrap_or(1);
        match timeout(patience, connected).await {
            Ok(Ok(client)) => {
                // Nothing has been published yet that a break could have swallowed.
                used.store(true, Ordering::Relaxed);
                Ok(Connection { client, said })
            }
            Ok(Err(error)) if error.kind() == ConnectErrorKind::AuthorizationViolation => {
                bail!("NATS does not take the credentials")
            }
            Ok(Err(error)) => Err(anyhow!(error).context("cannot connect to NATS")),
            Err(_) => bail!("NATS does not answer"),
        }
    }

    /// Whether the connection has broken; it is never made again.
    pub(crate) fn has_ended(&self) -> bool {
        self.client.connection_state() == State::Disconnected
    }

    /// An error of this connection, with what the server said last.
    pub(crate) fn failure(&self, what: &str) -> anyhow::Error {
        match self.said.lock().unwrap_or_else(PoisonError::into_inner).as_deref() {
            Some(said) => anyhow!("{what}; the server says: {said}"),
            None => anyhow!("{what}"),
        }
    }
}

fn options(
    settings: &Settings,
    credentials: Option<Arc<Credentials>>,
    said: Said,
    used: Arc<AtomicBool>,
) -> ConnectOptions {
    let mut options = ConnectOptions::with_auth_callback(move |nonce| {
        let (credentials, used) = (credentials.clone(), used.clone());
        async move { answer(credentials.as_deref(), &nonce, &used) }
    })
    .event_callback(move |event| {
        let said = said.clone();
        async move {
            if let Event::ServerError(error) = event {
                *said.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        }
    })
    .name("rolecall relay")
    .connection_timeout(PATIENCE)
    .ping_interval(PING)
    // Each server is tried once. After a break that is enough to be refused by `answer`, which ends the client.
    .max_reconnects(settings.servers.len())
    .ignore_discovered_servers()
    // As the operator has listed them: the nearest first.
    .retain_servers_order();
    if let Some(ca) = &settings.ca {
        options = options.add_root_certificates(ca.clone());
    }
    options
}

/// What the server is told about the user: on the first connection, and on no other.
fn answer(credentials: Option<&Credentials>, nonce: &[u8], used: &AtomicBool) -> Result<Auth, AuthError> {
    if used.load(Ordering::Relaxed) {
        return Err(AuthError::new("a connection that broke is not made again"));
    }
    let mut auth = Auth::new();
    if let Some(Credentials { token, key, .. }) = credentials {
        auth.jwt = Some(token.clone());
        auth.signature = Some(key.sign(nonce).map_err(|_| AuthError::new("the nonce cannot be signed"))?);
    }
    Ok(auth)
}
