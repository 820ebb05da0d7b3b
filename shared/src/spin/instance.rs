//! What an instance keeps between requests: its settings. The keys of an address are in `keys`.

use crate::{
    settings::{Variables, sentences},
    spin::settings::Settings,
    wire::cors::DEFAULT_ALLOWED_HEADERS,
};
use spin_sdk::variables;
use std::{cell::RefCell, rc::Rc};

thread_local! {
    // Nothing of a request: an instance serves requests of different users at the same time.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
}

/// The instance's settings, if a request has read them.
pub fn known_settings() -> Option<Rc<Settings>> {
    SETTINGS.with_borrow(Clone::clone)
}

/// The instance's settings; read and checked by its first request.
pub async fn settings() -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let read = async |name: &str| variables::get(name).await.map_err(|error| format!("variable {name}: {error}"));
    // Not every component has every variable.
    let read_if_there = async |name: &str, otherwise: &str| match variables::get(name).await {
        Err(variables::Error::Undefined(_)) => Ok(otherwise.to_owned()),
        read => read.map_err(|error| format!("variable {name}: {error}")),
    };
    let realtime_url = match variables::get("realtime_url").await {
        Err(variables::Error::Undefined(_)) => None,
        read => Some(read.map_err(|error| format!("variable realtime_url: {error}"))?),
    };
    let variables = Variables {
        database_url: read("database_url").await?,
        database_ca: read_if_there("database_ca", "").await?,
        jwt_secret: read("jwt_secret").await?,
        jwt_jwks: read("jwt_jwks").await?,
        jwt_jwks_url: read("jwt_jwks_url").await?,
        jwt_issuer: read("jwt_issuer").await?,
        jwt_audience: read("jwt_audience").await?,
        cors_allowed_origins: read("cors_allowed_origins").await?,
        cors_allowed_headers: read_if_there("cors_allowed_headers", DEFAULT_ALLOWED_HEADERS).await?,
        rollouts: read("rollouts").await?,
        group_commit: read_if_there("group_commit", "").await?,
        metrics_token: read_if_there("metrics_token", "").await?,
        alert_url: read_if_there("alert_url", "").await?,
        alert_format: read_if_there("alert_format", "").await?,
        alert_key: read_if_there("alert_key", "").await?,
        twilio_webhook_url: read_if_there("twilio_webhook_url", "").await?,
        twilio_account_sid: read_if_there("twilio_account_sid", "").await?,
        twilio_api_url: read_if_there("twilio_api_url", "").await?,
        twilio_auth_token: read_if_there("twilio_auth_token", "").await?,
        twilio_auth_token_secondary: read_if_there("twilio_auth_token_secondary", "").await?,
        twilio_signature: read_if_there("twilio_signature", "").await?,
        realtime_url,
        realtime_account: read_if_there("realtime_account", "").await?,
        realtime_signing_key: read_if_there("realtime_signing_key", "").await?,
    };
    let settings = Rc::new(Settings::parse(&variables).map_err(|faults| sentences(&faults))?);
    SETTINGS.set(Some(Rc::clone(&settings)));
    Ok(settings)
}
