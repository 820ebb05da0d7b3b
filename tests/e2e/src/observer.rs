//! A proxy that checks every answer against `docs/openapi.yaml`, for callers that are not written in Rust.

use crate::openapi::{self, Seen};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use rolecall_kit::Answer;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;

/// A listening proxy; it ends with the test's runtime.
#[derive(Debug)]
pub struct Observer {
    address: String,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    answers: usize,
    faults: Vec<String>,
    seen: BTreeSet<Seen>,
}

impl Observer {
    /// Starts one in front of the server at `http://HOST:PORT`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(server: &str) -> Observer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let log = Arc::new(Mutex::new(Log::default()));
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let (server, noted) = (server.to_owned(), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (client, server, log) = (client.clone(), server.clone(), Arc::clone(&noted));
                tokio::spawn(async move {
                    let service = service_fn(|request| pass(&client, &server, &log, request));
                    // A caller that hangs up is none of the proxy's business.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Observer { address: format!("http://{address}"), log }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many answers passed, each as the document says.
    ///
    /// # Panics
    /// When one was not.
    pub fn answers(&self) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(log.faults.is_empty(), "{}", log.faults.join("\n"));
        log.answers
    }

    /// Which of the document's answers passed.
    pub fn seen(&self) -> BTreeSet<Seen> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }
}

/// Passes a request on and its answer back.
async fn pass(
    client: &Client<HttpConnector, Full<Bytes>>,
    server: &str,
    log: &Mutex<Log>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let sent = body.collect().await?.to_bytes();
    parts.uri = format!("{server}{path}").parse::<Uri>()?;
    parts.headers.remove(header::HOST);
    let method = parts.method.clone();
    let request = Request::from_parts(parts, Full::new(sent.clone()));
    let (parts, body) = client.request(request).await.context("no answer")?.into_parts();
    let bytes = body.collect().await.context("the answer ended early")?.to_bytes();

    let answer = Answer { status: parts.status.as_u16(), headers: parts.headers.clone(), body: read(&bytes) };
    let verdict = openapi::judge(&method, &path, serde_json::from_slice(&sent).ok().as_ref(), &answer);
    {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.answers += 1;
        match verdict {
            Ok(seen) => log.seen.extend(seen),
            Err(fault) => log.faults.push(format!("{fault:#}")),
        }
    }
    Ok(Response::from_parts(parts, Full::new(bytes)))
}

/// A body: one JSON value, or an array of those on its lines, or text.
fn read(bytes: &[u8]) -> Value {
    let lines = || bytes.split_inclusive(|&byte| byte == b'\n').map(serde_json::from_slice).collect::<Result<_, _>>();
    let text = || String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.is_empty()).map(Value::String);
    serde_json::from_slice(bytes).or_else(|_| lines().map(Value::Array)).ok().or_else(text).unwrap_or(Value::Null)
}
