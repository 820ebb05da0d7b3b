//! What NATS's servers say to the system account about connections.

use super::roster::{Change, Place, Roster};
use crate::broker::Connection;
use crate::credentials::Credentials;
use crate::settings::Settings;
use anyhow::{Context, Result, ensure};
use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// Connections in one answer of a server. An answer names each with its token: 1,000 are about a megabyte.
const PAGE: usize = 1_000;

/// By how much pages overlap, because connections that end between two of them move the others up.
const OVERLAP: usize = 100;

/// How long the first answer may take, and then each further one: how many servers there are is not known.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
const NEXT_ANSWER: Duration = Duration::from_millis(500);

const CLOSED: &str = "NATS has closed the connection of the system account";

/// A connection of the system account.
pub(super) struct Monitor {
    connection: Connection,
    account: Option<String>,
    connects: Subscriber,
    disconnects: Subscriber,
}

#[derive(Deserialize)]
struct ServerName {
    id: String,
}

/// `$SYS.ACCOUNT.<account>.CONNECT` and `DISCONNECT`.
#[derive(Deserialize)]
struct Heard {
    server: ServerName,
    client: HeardClient,
}

#[derive(Deserialize)]
struct HeardClient {
    id: u64,
    /// The name in the user's token; a user of ours has a uuid.
    #[serde(default)]
    name_tag: String,
}

/// An answer of `CONNZ`.
#[derive(Deserialize)]
struct Listed {
    server: ServerName,
    data: Option<Connections>,
}

#[derive(Deserialize)]
struct Connections {
    total: usize,
    offset: usize,
    #[serde(default)]
    connections: Vec<ListedClient>,
}

#[derive(Deserialize)]
struct ListedClient {
    cid: u64,
    #[serde(default)]
    name_tag: String,
}

impl Monitor {
    /// Listens to the connections of the account of the relay's own user: the others in it are ours. Without that user, to
    /// those of every account.
    pub(super) async fn connect(settings: &Settings) -> Result<Monitor> {
        let own = settings.credentials.as_deref().map(Credentials::read).transpose()?;
        let account = own.map(|own| own.account);
        let connection = Connection::open(settings, settings.system_credentials.as_deref()).await?;
        let of = account.as_deref().unwrap_or("*");
        let heard = async |what: &str| connection.client.subscribe(format!("$SYS.ACCOUNT.{of}.{what}")).await;
        let (connects, disconnects) = (heard("CONNECT").await?, heard("DISCONNECT").await?);
        Ok(Monitor { connection, account, connects, disconnects })
    }

    /// The next thing that a server says.
    pub(super) async fn next(&mut self) -> Result<Change> {
        loop {
            // A beginning that is here is taken before an end that is here.
            let change = tokio::select! {
                biased;
                heard = self.connects.next() => heard.map(|heard| connected(&heard)),
                heard = self.disconnects.next() => heard.map(|heard| disconnected(&heard)),
            };
            // Who is none of ours, as the relay itself, is passed over.
            if let Some(change) = change.ok_or_else(|| self.connection.failure(CLOSED))? {
                return Ok(change);
            }
        }
    }

    /// Replaces what the roster has by what the servers list; whether all that it knows have answered.
    pub(super) async fn list(&mut self, roster: &mut Roster) -> Result<bool> {
        let inbox = self.connection.client.new_inbox();
        let mut answers = self.connection.client.subscribe(inbox.clone()).await?;
        self.ask("$SYS.REQ.SERVER.PING.CONNZ", &inbox, 0).await?;
        let mut lists: HashMap<String, HashMap<u64, Uuid>> = HashMap::new();
        let mut since = Vec::new();
        let mut pages_due = 0_usize;
        let mut deadline = Instant::now() + FIRST_ANSWER;
        loop {
            let answer = tokio::select! {
                change = self.next() => {
                    let change = change?;
                    roster.apply(change.clone());
                    since.push(change);
                    continue;
                }
                answer = timeout_at(deadline, answers.next()) => answer,
            };
            let Ok(answer) = answer else { break };
            let answer = answer.context(CLOSED)?;
            let Listed { server, data } = serde_json::from_slice(&answer.payload).context("an answer of CONNZ")?;
            let Some(Connections { total, offset, connections }) = data else { continue };
            let seen = offset + connections.len();
            pages_due = pages_due.saturating_sub(usize::from(offset > 0));
            let list = lists.entry(server.id.clone()).or_default();
            list.extend(connections.iter().filter_map(|client| Some((client.cid, client.name_tag.parse().ok()?))));
            if seen < total && !connections.is_empty() {
                let next = seen.saturating_sub(OVERLAP).max(offset + 1);
                self.ask(&format!("$SYS.REQ.SERVER.{}.CONNZ", server.id), &inbox, next).await?;
                pages_due += 1;
            }
            deadline = Instant::now() + if pages_due > 0 { FIRST_ANSWER } else { NEXT_ANSWER };
        }
        ensure!(!lists.is_empty(), self.connection.failure("no server lists its connections"));
        ensure!(pages_due == 0, "a server has not listed all of its connections");
        Ok(!roster.replace(lists, since))
    }

    async fn ask(&self, subject: &str, inbox: &str, offset: usize) -> Result<()> {
        let mut request = json!({"auth": true, "limit": PAGE, "offset": offset, "sort": "cid"});
        if let Some(account) = &self.account {
            request["acc"] = json!(account);
        }
        let request = Bytes::from(request.to_string());
        Ok(self.connection.client.publish_with_reply(subject.to_owned(), inbox.to_owned(), request).await?)
    }
}

fn connected(message: &Message) -> Option<Change> {
    let (place, user) = heard(message)?;
    Some(Change::Connected(place, user))
}

fn disconnected(message: &Message) -> Option<Change> {
    let (place, _) = heard(message)?;
    Some(Change::Disconnected(place))
}

fn heard(message: &Message) -> Option<(Place, Uuid)> {
    let Heard { server, client } = serde_json::from_slice(&message.payload).ok()?;
    Some(((server.id, client.id), client.name_tag.parse().ok()?))
}
