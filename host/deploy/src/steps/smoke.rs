//! A few requests over HTTP to what was published.

use crate::cli::Target;
use crate::http::{Answer, send};
use crate::plan::{Said, Step, Work};
use crate::settings::Settings;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use http::{Method, StatusCode, header};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long the application may take until it is healthy: pods are replaced one by one.
const HEALTHY_WITHIN: Duration = Duration::from_secs(60);

/// Somebody who does not exist.
const NOBODY: &str = "00000000-0000-4000-8000-00000000dead";

/// How long a token of the test is good for.
const TOKEN_SECONDS: i64 = 120;

/// The step.
pub struct Smoke;

impl Step for Smoke {
    const NAME: &'static str = "smoke";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let signed = match token(&work.settings) {
            Some(_) => "health, no token, a forged token, a signed read, an unknown path",
            None => "health, no token, a forged token, an unknown path; no signed read: give SMOKE_TOKEN",
        };
        Ok(vec![signed.to_owned()])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let Some(address) = work.address.clone() else {
            return Ok(vec!["nothing is served".to_owned()]);
        };
        let health = healthy(&address).await?;
        let version = health.body["version"].as_str().unwrap_or_default();
        ensure!(
            version == work.expected_version,
            "health names version {version:?} and not {:?}: another build answers",
            work.expected_version
        );
        let post = |token: Option<String>| {
            let address = address.clone();
            async move { send(&address, Method::POST, "/functions/v1/send-dm", token.as_deref(), Some("{}")).await }
        };
        let bare = post(None).await?;
        expect(&bare, StatusCode::UNAUTHORIZED, "without a token")?;
        ensure!(bare.headers.contains_key(header::WWW_AUTHENTICATE), "the 401 has no WWW-Authenticate");
        let forged = signed(b"a secret that is not the application's", "authenticated", NOBODY);
        expect(&post(Some(forged)).await?, StatusCode::UNAUTHORIZED, "with a forged token")?;
        let lost = send(&address, Method::GET, "/functions/v1/no-such-function", None, None).await?;
        expect(&lost, StatusCode::NOT_FOUND, "on an unknown path")?;
        if let Some(token) = token(&work.settings) {
            let read = send(&address, Method::GET, "/functions/v1/conversations", Some(&token), None).await?;
            // A token of nobody is believed, and then refused: nobody has a profile, or the function is off.
            let is_answered = read.status == StatusCode::OK
                || read.status == StatusCode::FORBIDDEN
                || read.body["code"] == "feature_disabled";
            ensure!(is_answered, "a signed read answers {} {}", read.status, read.body);
        }
        Ok(vec![format!("{address} answers as it should, version {version}")])
    }

    fn way_back(&self, work: &Work) -> Said {
        let mut said = vec!["the new version is served and does not answer as it should".to_owned()];
        match &work.previous {
            Some(previous) => said.push(format!("back to the deploy {}: make undeploy", previous.id)),
            None => said.push("there is no deploy before this one; to stop the server: make undeploy".to_owned()),
        }
        if work.settings.target == Target::Local
            && let Ok(folder) = work.store.of(&work.record.id)
        {
            said.push(format!("what the server says: tail {}", folder.join("server.log").display()));
        }
        said
    }
}

async fn healthy(address: &str) -> Result<Answer> {
    let deadline = Instant::now() + HEALTHY_WITHIN;
    loop {
        let health = send(address, Method::GET, "/api/health", None, None).await;
        let failure = match health {
            Ok(health) if health.status == StatusCode::OK && health.body["database"] == "ok" => return Ok(health),
            Ok(health) => format!("/api/health answers {} {}", health.status, health.body),
            Err(error) => format!("{error:#}"),
        };
        ensure!(Instant::now() < deadline, "{failure}");
        sleep(Duration::from_millis(250)).await;
    }
}

fn expect(answer: &Answer, status: StatusCode, when: &str) -> Result<()> {
    ensure!(answer.status == status, "{when}: {} and not {status}: {}", answer.status, answer.body);
    ensure!(answer.headers.contains_key("x-request-id"), "{when}: the answer has no x-request-id");
    Ok(())
}

/// A token that the application believes: the one that is given, or one of nobody, signed with its secret.
fn token(settings: &Settings) -> Option<String> {
    if let Some(token) = &settings.smoke_token {
        return Some(token.clone());
    }
    let of_runner = || std::fs::read_to_string(settings.state_dir.join("jwt_secret")).ok();
    let secret =
        settings.variable("jwt_secret").or_else(|| of_runner().filter(|_| settings.target == Target::Local))?;
    let mut claims = json!({});
    for (claim, variable) in [("iss", "jwt_issuer"), ("aud", "jwt_audience")] {
        if let Some(value) = settings.variable(variable) {
            claims[claim] = value.into();
        }
    }
    Some(signed_with(secret.trim().as_bytes(), claims, "authenticated", NOBODY))
}

fn signed(secret: &[u8], role: &str, user: &str) -> String {
    signed_with(secret, json!({}), role, user)
}

fn signed_with(secret: &[u8], mut claims: serde_json::Value, role: &str, user: &str) -> String {
    let now = chrono::Utc::now().timestamp();
    claims["role"] = role.into();
    claims["sub"] = user.into();
    claims["iat"] = now.into();
    claims["exp"] = (now + TOKEN_SECONDS).into();
    let parts = [r#"{"alg":"HS256","typ":"JWT"}"#.to_owned(), claims.to_string()];
    let signed = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(HMAC::mac(signed.as_bytes(), secret)))
}

/// An answer's status as the runner's health has it, for a server that has just started.
///
/// # Errors
/// It does not answer.
pub async fn serves(address: &str) -> Result<()> {
    let answer = send(address, Method::GET, "/.well-known/spin/health", None, None).await.context("not yet")?;
    ensure!(answer.status == StatusCode::OK, "{}", answer.status);
    Ok(())
}
