//! What an instance keeps between requests: its settings and the keys that verify tokens.

use crate::{
    auth::keys::KeySet,
    spin::settings::{Settings, Variables},
    wire::{
        log::{Level, Line},
        request_id::RequestId,
    },
};
use http::StatusCode;
use http_body_util::BodyExt;
use spin_sdk::variables;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

/// Largest JWK set that is read, in bytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// How long a fetched key set is used before it is fetched again.
pub const KEY_SET_LIFETIME: Duration = Duration::from_secs(600);
/// The shortest time between two fetches that tokens with unknown keys cause: a forger must not be able to cause
/// traffic.
pub const KEY_SET_COOLDOWN: Duration = Duration::from_secs(30);

thread_local! {
    // Settings and keys only: an instance serves requests of different users at the same time.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
    static KEYS_FETCHED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The instance's settings; read and checked by its first request.
pub async fn settings() -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let read = async |name: &str| variables::get(name).await.map_err(|error| format!("variable {name}: {error}"));
    // Not every component has every variable.
    let read_if_there = async |name: &str| match variables::get(name).await {
        Err(variables::Error::Undefined(_)) => Ok(String::new()),
        read => read.map_err(|error| format!("variable {name}: {error}")),
    };
    let variables = Variables {
        database_url: read("database_url").await?,
        jwt_secret: read("jwt_secret").await?,
        jwt_jwks: read("jwt_jwks").await?,
        jwt_jwks_url: read("jwt_jwks_url").await?,
        jwt_issuer: read("jwt_issuer").await?,
        jwt_audience: read("jwt_audience").await?,
        cors_allowed_origins: read("cors_allowed_origins").await?,
        rollouts: read("rollouts").await?,
        group_commit: read_if_there("group_commit").await?,
    };
    let settings = Rc::new(Settings::parse(&variables).map_err(|error| error.to_string())?);
    SETTINGS.set(Some(Rc::clone(&settings)));
    Ok(settings)
}

/// Fetches the key set if it is older than `lifetime`. If that fails, old keys go on being used; without any, the error
/// is the cause, for the log.
pub async fn refresh_keys(settings: &Settings, lifetime: Duration, request_id: &RequestId) -> Result<(), String> {
    let Some(url) = &settings.jwks_url else { return Ok(()) };
    let fetched = KEYS_FETCHED.get();
    if fetched.is_some_and(|at| at.elapsed() < lifetime) {
        return Ok(());
    }
    match fetch_keys(url).await {
        Ok(keys) => settings.verifier.replace_keys(keys),
        Err(cause) if fetched.is_some() => {
            Line {
                request_id: Some(request_id),
                cause: Some(&cause),
                ..Line::new(Level::Warn, "jwks", "kept_old_keys")
            }
            .print();
        }
        Err(cause) => return Err(format!("jwt_jwks_url: {cause}")),
    }
    KEYS_FETCHED.set(Some(Instant::now()));
    Ok(())
}

async fn fetch_keys(url: &str) -> Result<KeySet, String> {
    let response = spin_sdk::http::get(url).await.map_err(|error| error.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("status {}", response.status()));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err("the key set is too large".to_owned());
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
    KeySet::parse(text).map_err(|error| error.to_string())
}
