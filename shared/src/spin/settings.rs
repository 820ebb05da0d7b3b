//! A function's settings, read from its Spin variables once per instance and checked before the first request.

use crate::{
    auth::{
        keys::{InvalidKeys, KeySet},
        verifier::Verifier,
    },
    rules::{
        limits::MAX_GROUP_COMMIT,
        rollout::{InvalidRollouts, Rollouts},
    },
    wire::cors::{Cors, InvalidCors},
};
use std::fmt;

/// The variables of a component, as text. `spin.toml` says what each is for and has its default.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Connection string of the role `rolecall_edge`.
    pub database_url: String,
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
}

/// Checked settings.
pub struct Settings {
    /// Connection string of the role `rolecall_edge`.
    pub database_url: String,
    /// Checks tokens.
    pub verifier: Verifier,
    /// Where to fetch the key set from.
    pub jwks_url: Option<String>,
    /// Which scripts may call, and with which headers.
    pub cors: Cors,
    /// How far features may be rolled out.
    pub rollouts: Rollouts,
    /// How many requests may share a statement.
    pub group_commit: usize,
}

/// A setting that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidSettings {
    /// `database_url` is empty.
    NoDatabase,
    /// The keys that verify tokens.
    Keys(InvalidKeys),
    /// `cors_allowed_origins` or `cors_allowed_headers`.
    Cors(InvalidCors),
    /// `rollouts`.
    Rollouts(InvalidRollouts),
    /// `jwt_jwks_url` is neither `https://` nor `http://`.
    KeySetUrl,
    /// `group_commit` is not a number from 1 to [`MAX_GROUP_COMMIT`].
    GroupCommit,
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidSettings::NoDatabase => f.write_str("database_url is empty"),
            InvalidSettings::Keys(error) => error.fmt(f),
            InvalidSettings::Cors(error) => error.fmt(f),
            InvalidSettings::Rollouts(error) => error.fmt(f),
            InvalidSettings::KeySetUrl => f.write_str("jwt_jwks_url must begin with https:// or http://"),
            InvalidSettings::GroupCommit => write!(f, "group_commit must be a number from 1 to {MAX_GROUP_COMMIT}"),
        }
    }
}

impl std::error::Error for InvalidSettings {}

impl Settings {
    /// Checks the variables.
    pub fn parse(variables: &Variables) -> Result<Settings, InvalidSettings> {
        let text = |value: &str| (!value.trim().is_empty()).then(|| value.trim().to_owned());
        let database_url = text(&variables.database_url).ok_or(InvalidSettings::NoDatabase)?;
        let jwks_url = text(&variables.jwt_jwks_url);
        if jwks_url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(InvalidSettings::KeySetUrl);
        }
        let keys = match text(&variables.jwt_jwks) {
            Some(jwks) => KeySet::parse(&jwks).map_err(InvalidSettings::Keys)?,
            None if variables.jwt_secret.is_empty() && jwks_url.is_none() => {
                return Err(InvalidSettings::Keys(InvalidKeys::None));
            }
            None => KeySet::default(),
        };
        let verifier = Verifier::new(&variables.jwt_secret, keys, &variables.jwt_issuer, &variables.jwt_audience)
            .map_err(InvalidSettings::Keys)?;
        let rollouts = variables.rollouts.parse().map_err(InvalidSettings::Rollouts)?;
        let cors = Cors::parse(&variables.cors_allowed_origins, &variables.cors_allowed_headers)
            .map_err(InvalidSettings::Cors)?;
        let group_commit = match text(&variables.group_commit) {
            None => 1,
            Some(number) => number
                .parse()
                .ok()
                .filter(|number| (1..=MAX_GROUP_COMMIT).contains(number))
                .ok_or(InvalidSettings::GroupCommit)?,
        };
        Ok(Settings { database_url, verifier, jwks_url, cors, rollouts, group_commit })
    }
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

    fn fault(change: impl FnOnce(&mut Variables)) -> Option<InvalidSettings> {
        let mut variables = variables();
        change(&mut variables);
        Settings::parse(&variables).err()
    }

    #[test]
    fn one_kind_of_key_is_enough() {
        assert_eq!(fault(|_| ()), None);
        assert_eq!(
            fault(|v| (v.jwt_secret, v.jwt_jwks_url) = (String::new(), "https://auth.example/jwks".into())),
            None
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert_eq!(fault(|v| v.database_url = " ".into()), Some(InvalidSettings::NoDatabase));
        assert_eq!(fault(|v| v.jwt_secret.clear()), Some(InvalidSettings::Keys(InvalidKeys::None)));
        assert_eq!(fault(|v| v.jwt_secret = "short".into()), Some(InvalidSettings::Keys(InvalidKeys::ShortSecret)));
        assert_eq!(fault(|v| v.jwt_jwks = "{".into()), Some(InvalidSettings::Keys(InvalidKeys::MalformedKeySet)));
        assert_eq!(fault(|v| v.jwt_jwks_url = "file:///etc/passwd".into()), Some(InvalidSettings::KeySetUrl));
        assert!(matches!(fault(|v| v.rollouts = "send-dm=some".into()), Some(InvalidSettings::Rollouts(_))));
        assert!(matches!(fault(|v| v.rollouts = "send-dm".into()), Some(InvalidSettings::Rollouts(_))));
        assert!(matches!(fault(|v| v.cors_allowed_origins = "a.example".into()), Some(InvalidSettings::Cors(_))));
        assert!(matches!(fault(|v| v.cors_allowed_headers = "x tenant".into()), Some(InvalidSettings::Cors(_))));
        for number in ["0", "-1", "many", "12.5", "1001"] {
            assert_eq!(fault(|v| v.group_commit = number.into()), Some(InvalidSettings::GroupCommit), "{number}");
        }
    }

    #[test]
    fn requests_share_a_statement_where_a_number_says_so() {
        let group_commit =
            |text: &str| Settings::parse(&Variables { group_commit: text.into(), ..variables() }).unwrap().group_commit;
        assert_eq!(group_commit(""), 1);
        assert_eq!(group_commit("1"), 1);
        assert_eq!(group_commit(" 128 "), 128);
        assert_eq!(group_commit("1000"), MAX_GROUP_COMMIT);
    }
}
