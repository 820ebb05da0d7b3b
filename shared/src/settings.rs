//! The variables of the application and what is wrong with them: asked by the runner at its start, and by each instance
//! before its first request. Nothing here needs a key's arithmetic, so that the runner does without it.

mod account;
mod alerts;
mod jwks;
mod realtime;

pub use account::CarrierAccount;
pub use alerts::{AlertFormat, Receiver};
pub use jwks::{Jwk, JwkKind, usable_keys};
pub use realtime::Realtime;

use crate::{
    postgres::{Address, InvalidAddress},
    rules::{
        limits::{MAX_GROUP_COMMIT, MIN_JWT_SECRET_BYTES, MIN_METRICS_TOKEN_BYTES},
        rollout::{InvalidRollouts, Rollouts},
    },
    wire::cors::{Cors, InvalidCors},
};
use std::fmt;

/// The variables of a component, as text. `spin.toml` says what each is for and has its default.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Address of the database, with the login `rolecall_edge`.
    pub database_url: String,
    /// The CA of the database's certificate; empty: none.
    pub database_ca: String,
    /// HS256 secret; empty: none.
    pub jwt_secret: String,
    /// JWK set; empty: none.
    pub jwt_jwks: String,
    /// Address of a JWK set; empty: none.
    pub jwt_jwks_url: String,
    /// The only issuer accepted; empty: any.
    pub jwt_issuer: String,
    /// The only audience accepted; empty: any.
    pub jwt_audience: String,
    /// Web origins that may call.
    pub cors_allowed_origins: String,
    /// Request headers that scripts may send.
    pub cors_allowed_headers: String,
    /// How far features may be rolled out, whatever the database says; empty: all of them are enabled.
    pub rollouts: String,
    /// How many requests may share a statement; empty: one.
    pub group_commit: String,
    /// Lets a scraper read the metrics; empty: the operator's token alone does.
    pub metrics_token: String,
    /// Address of who is sent alerts; empty: nobody.
    pub alert_url: String,
    /// The form in which alerts are sent; empty: `alertmanager`.
    pub alert_format: String,
    /// The key that the receiver asks for; empty: none.
    pub alert_key: String,
    /// Address of the webhook for texts as the carrier was given it; empty: no text is taken.
    pub twilio_webhook_url: String,
    /// The id of the account with the carrier; empty: no text is sent.
    pub twilio_account_sid: String,
    /// Where the carrier's API is; empty: Twilio's.
    pub twilio_api_url: String,
    /// The token that the carrier signs with; empty: no text is taken.
    pub twilio_auth_token: String,
    /// The token that the carrier signs with after or before the other; empty: none.
    pub twilio_auth_token_secondary: String,
    /// Whether the carrier's requests must be signed. Only `required` lets any in.
    pub twilio_signature: String,
    /// Address of NATS for clients; empty: realtime is off. None in a component that is not told.
    pub realtime_url: Option<String>,
    /// The account of the users of NATS; empty: none.
    pub realtime_account: String,
    /// The seed of that account's scoped signing key; empty: none.
    pub realtime_signing_key: String,
}

/// A key setting that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidKeys {
    /// Neither a secret nor a key set is configured.
    None,
    /// The secret is too short for HS256.
    ShortSecret,
    /// The key set is not JSON of the form `{"keys": [...]}`.
    MalformedKeySet,
    /// The key set has no key that could verify a signature.
    NoUsableKey,
}

impl fmt::Display for InvalidKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidKeys::None => {
                f.write_str("set jwt_secret, jwt_jwks or jwt_jwks_url: without a key no token can be checked")
            }
            InvalidKeys::ShortSecret => write!(f, "jwt_secret must have at least {MIN_JWT_SECRET_BYTES} bytes"),
            InvalidKeys::MalformedKeySet => f.write_str("the JWK set is not of the form {\"keys\": [...]}"),
            InvalidKeys::NoUsableKey => f.write_str("the JWK set has no ES256, RS256 or EdDSA signature key"),
        }
    }
}

impl std::error::Error for InvalidKeys {}

/// A setting that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidSetting {
    /// `database_url`, or `database_ca` with it.
    Database(InvalidAddress),
    /// The keys that verify tokens.
    Keys(InvalidKeys),
    /// `cors_allowed_origins` or `cors_allowed_headers`.
    Cors(InvalidCors),
    /// `rollouts`.
    Rollouts(InvalidRollouts),
    /// `jwt_jwks_url` is no address with `https://` or `http://`.
    KeySetUrl,
    /// `group_commit` is not a number from 1 to [`MAX_GROUP_COMMIT`].
    GroupCommit,
    /// `metrics_token` is too short.
    MetricsToken,
    /// `alert_url` is no address with `https://` or `http://`.
    AlertUrl,
    /// `alert_format` is not one of those that there are.
    AlertFormat,
    /// `alert_key` is missing, which `PagerDuty` needs.
    AlertKey,
    /// `twilio_account_sid` has characters other than letters and digits.
    TwilioAccountSid,
    /// `twilio_api_url` is no address with `https://` or `http://`.
    TwilioApiUrl,
    /// `realtime_url` is no address with `wss://` or `ws://`.
    RealtimeUrl,
    /// `realtime_account` is no public key of an account.
    RealtimeAccount,
    /// `realtime_signing_key` is no seed of an account's key.
    RealtimeSigningKey,
    /// Some of the three variables of realtime are given, and not all.
    RealtimeIncomplete,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidSetting::Database(error) => write!(f, "database_url: {error}"),
            InvalidSetting::Keys(error) => error.fmt(f),
            InvalidSetting::Cors(error) => error.fmt(f),
            InvalidSetting::Rollouts(error) => error.fmt(f),
            InvalidSetting::KeySetUrl => {
                f.write_str("jwt_jwks_url must be an address that begins with https:// or http://")
            }
            InvalidSetting::MetricsToken => {
                write!(f, "metrics_token must have at least {MIN_METRICS_TOKEN_BYTES} bytes")
            }
            InvalidSetting::AlertUrl => {
                f.write_str("alert_url must be an address that begins with https:// or http://")
            }
            InvalidSetting::AlertFormat => f.write_str("alert_format must be alertmanager, slack or pagerduty"),
            InvalidSetting::AlertKey => f.write_str("alert_format pagerduty needs alert_key: the routing key"),
            InvalidSetting::TwilioAccountSid => {
                f.write_str("twilio_account_sid must be letters and digits: AC and 32 more")
            }
            InvalidSetting::TwilioApiUrl => {
                f.write_str("twilio_api_url must be an address that begins with https:// or http://, without query")
            }
            InvalidSetting::RealtimeUrl => {
                f.write_str("realtime_url must be an address that begins with wss:// or ws://, without a login")
            }
            InvalidSetting::RealtimeAccount => {
                f.write_str("realtime_account must be the public key of an account of NATS: A and 55 more characters")
            }
            InvalidSetting::RealtimeSigningKey => f.write_str(
                "realtime_signing_key must be the seed of an account's signing key: SA and 56 more characters",
            ),
            InvalidSetting::RealtimeIncomplete => {
                f.write_str("set all of realtime_url, realtime_account and realtime_signing_key, or none")
            }
            InvalidSetting::GroupCommit => write!(f, "group_commit must be a number from 1 to {MAX_GROUP_COMMIT}"),
        }
    }
}

impl std::error::Error for InvalidSetting {}

/// The faults of several settings, as one text.
pub fn sentences(faults: &[InvalidSetting]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Variables {
    /// Everything that is wrong with the variables.
    pub fn faults(&self) -> Vec<InvalidSetting> {
        let database = self.address().err().map(InvalidSetting::Database);
        database.into_iter().chain(self.faults_beside_database()).collect()
    }

    /// Everything that is wrong with the variables but those of the database.
    pub fn faults_beside_database(&self) -> Vec<InvalidSetting> {
        let keys = self.key_faults().into_iter().map(InvalidSetting::Keys);
        let url = self.jwks_url().is_some_and(|url| host_of_url(url).is_none()).then_some(InvalidSetting::KeySetUrl);
        let cors = self.cors().err().map(InvalidSetting::Cors);
        let rollouts = self.rollouts.parse::<Rollouts>().err().map(InvalidSetting::Rollouts);
        let group_commit = self.group_commit().err();
        let monitoring = self.metrics_token().err().into_iter().chain(self.alert_receiver().err());
        let account = self.carrier_account().err();
        let realtime = self.realtime().err();
        let services = monitoring.chain(account).chain(realtime);
        keys.chain(url).chain(cors).chain(rollouts).chain(group_commit).chain(services).collect()
    }

    /// The database's address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn address(&self) -> Result<Address, InvalidAddress> {
        Address::parse_for_functions(&self.database_url, &self.database_ca)
    }

    /// Which scripts may call, and with which headers.
    ///
    /// # Errors
    /// A member of either list has another form.
    pub fn cors(&self) -> Result<Cors, InvalidCors> {
        Cors::parse(&self.cors_allowed_origins, &self.cors_allowed_headers)
    }

    /// The address of the JWK set, if one is given.
    pub fn jwks_url(&self) -> Option<&str> {
        given(&self.jwt_jwks_url)
    }

    /// The JWK set, if one is given.
    pub fn jwks(&self) -> Option<&str> {
        given(&self.jwt_jwks)
    }

    /// How many requests may share a statement.
    ///
    /// # Errors
    /// It is no such number.
    pub fn group_commit(&self) -> Result<usize, InvalidSetting> {
        match given(&self.group_commit) {
            None => Ok(1),
            Some(number) => number
                .parse()
                .ok()
                .filter(|number| (1..=MAX_GROUP_COMMIT).contains(number))
                .ok_or(InvalidSetting::GroupCommit),
        }
    }

    /// What lets a scraper read the metrics, if anything does.
    ///
    /// # Errors
    /// It is too short to be a secret.
    pub fn metrics_token(&self) -> Result<Option<&str>, InvalidSetting> {
        match given(&self.metrics_token) {
            Some(token) if token.len() < MIN_METRICS_TOKEN_BYTES => Err(InvalidSetting::MetricsToken),
            token => Ok(token),
        }
    }

    fn key_faults(&self) -> Vec<InvalidKeys> {
        let mut faults = Vec::new();
        if (1..MIN_JWT_SECRET_BYTES).contains(&self.jwt_secret.len()) {
            faults.push(InvalidKeys::ShortSecret);
        }
        match self.jwks() {
            Some(jwks) => faults.extend(usable_keys(jwks).err()),
            None if self.jwt_secret.is_empty() && self.jwks_url().is_none() => faults.push(InvalidKeys::None),
            None => {}
        }
        faults
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The host, and the port if it is written, of an `http` or `https` address.
pub fn host_of_url(url: &str) -> Option<(&str, Option<u16>)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@');
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok()?),
    };
    is_host.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables {
            database_url: "postgres://rolecall_edge@127.0.0.1/app".into(),
            jwt_secret: "a test secret of at least 32 bytes".into(),
            cors_allowed_origins: "*".into(),
            ..Variables::default()
        }
    }

    fn faults(change: impl FnOnce(&mut Variables)) -> Vec<InvalidSetting> {
        let mut variables = variables();
        change(&mut variables);
        variables.faults()
    }

    #[test]
    fn one_kind_of_key_is_enough() {
        assert_eq!(faults(|_| ()), []);
        let url = "https://auth.example/jwks";
        assert_eq!(faults(|v| (v.jwt_secret, v.jwt_jwks_url) = (String::new(), url.into())), []);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        use InvalidSetting::*;
        assert!(matches!(&faults(|v| v.database_url = " ".into())[..], [Database(_)]));
        assert!(matches!(&faults(|v| v.database_url = "postgres://u@h?sslmode=allow".into())[..], [Database(_)]));
        assert!(matches!(&faults(|v| v.database_ca = "/etc/ca.pem".into())[..], [Database(_)]));
        assert_eq!(faults(|v| v.jwt_secret.clear()), [Keys(InvalidKeys::None)]);
        assert_eq!(faults(|v| v.jwt_secret = "short".into()), [Keys(InvalidKeys::ShortSecret)]);
        assert_eq!(faults(|v| v.jwt_secret = "x".repeat(31)), [Keys(InvalidKeys::ShortSecret)]);
        assert_eq!(faults(|v| v.jwt_secret = "x".repeat(32)), []);
        assert_eq!(faults(|v| v.jwt_jwks = "{".into()), [Keys(InvalidKeys::MalformedKeySet)]);
        assert_eq!(faults(|v| v.jwt_jwks = "{\"keys\": []}".into()), [Keys(InvalidKeys::NoUsableKey)]);
        for url in ["file:///etc/passwd", "https://", "https:///jwks", "https://a b/", "https://h:port/", "h"] {
            assert_eq!(faults(|v| v.jwt_jwks_url = url.into()), [KeySetUrl], "{url}");
        }
        assert!(matches!(&faults(|v| v.rollouts = "send-dm=some".into())[..], [Rollouts(_)]));
        assert!(matches!(&faults(|v| v.rollouts = "send-dm".into())[..], [Rollouts(_)]));
        assert!(matches!(&faults(|v| v.cors_allowed_origins = "a.example".into())[..], [Cors(_)]));
        assert!(matches!(&faults(|v| v.cors_allowed_headers = "x tenant".into())[..], [Cors(_)]));
        for number in ["0", "-1", "many", "12.5", "1001"] {
            assert_eq!(faults(|v| v.group_commit = number.into()), [GroupCommit], "{number}");
        }
    }

    #[test]
    fn all_faults_are_found_at_once() {
        let all = faults(|v| {
            *v = Variables {
                jwt_secret: "short".into(),
                jwt_jwks: "{".into(),
                jwt_jwks_url: "x".into(),
                rollouts: "x".into(),
                group_commit: "x".into(),
                cors_allowed_origins: "x".into(),
                ..Variables::default()
            }
        });
        assert_eq!(all.len(), 7, "{all:?}");
        let text = sentences(&all);
        for name in [
            "database_url",
            "jwt_secret",
            "JWK set",
            "jwt_jwks_url",
            "rollouts",
            "group_commit",
            "cors_allowed_origins",
        ] {
            assert!(text.contains(name), "{name}: {text}");
        }
    }

    #[test]
    fn requests_share_a_statement_where_a_number_says_so() {
        let group_commit = |text: &str| Variables { group_commit: text.into(), ..variables() }.group_commit();
        assert_eq!(group_commit(""), Ok(1));
        assert_eq!(group_commit("1"), Ok(1));
        assert_eq!(group_commit(" 128 "), Ok(128));
        assert_eq!(group_commit("1000"), Ok(MAX_GROUP_COMMIT));
    }

    #[test]
    fn the_host_of_an_address_is_found() {
        assert_eq!(host_of_url("https://auth.example/jwks"), Some(("auth.example", None)));
        assert_eq!(host_of_url("http://127.0.0.1:8080"), Some(("127.0.0.1", Some(8080))));
        assert_eq!(host_of_url("https://[::1]:1/x"), Some(("::1", Some(1))));
        assert_eq!(host_of_url("https://u@h/x"), None);
    }
}
