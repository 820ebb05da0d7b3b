//! A user of NATS as a credentials file holds it: a token, and the seed of the key that answers the server's nonce.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// A user of NATS.
pub(crate) struct Credentials {
    /// The user's token, as the server wants it.
    pub(crate) token: String,
    /// The key that signs the nonce.
    pub(crate) key: KeyPair,
    /// The account that the user belongs to.
    pub(crate) account: String,
}

/// What a user's token says.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    nats: User,
}

#[derive(Deserialize)]
struct User {
    /// The account, where one of its signing keys has issued the token.
    issuer_account: Option<String>,
}

impl Credentials {
    /// Reads a credentials file.
    pub(crate) fn read(file: &Path) -> Result<Credentials> {
        let text = std::fs::read_to_string(file);
        let text = text.with_context(|| format!("the NATS credentials {} cannot be read", file.display()))?;
        Credentials::parse(&text).with_context(|| format!("the NATS credentials {}", file.display()))
    }

    fn parse(text: &str) -> Result<Credentials> {
        let token = block(text, "NATS USER JWT").context("there is no token in it")?;
        let seed = block(text, "USER NKEY SEED").context("there is no seed in it")?;
        let key = KeyPair::from_seed(seed).ok().context("the seed is not one")?;
        let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims: Claims = claims
            .and_then(|claims| serde_json::from_slice(&claims).ok())
            .context("the token is not one of a NATS user")?;
        let account = claims.nats.issuer_account.filter(|account| !account.is_empty()).unwrap_or(claims.iss);
        // The account becomes part of a subject.
        let is_account = account.starts_with('A') && account.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ensure!(is_account, "the token names no account");
        Ok(Credentials { token: token.to_owned(), key, account })
    }
}

/// Without the seed and the token.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The one line between `-----BEGIN name-----` and `------END name------`.
fn block<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("BEGIN {name}"))?;
    let (inside, _) = after.split_once(&format!("END {name}"))?;
    let line = inside.trim_matches(|character: char| character == '-' || character.is_whitespace());
    (!line.is_empty() && !line.contains(char::is_whitespace)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(claims: &str, seed: &str) -> String {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n*** keep it secret ***\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }

    #[test]
    fn the_account_is_the_one_that_the_issuer_signs_for() {
        let seed = KeyPair::new_user().seed().unwrap();
        let account = |claims: &str| Credentials::parse(&file(claims, &seed)).map(|credentials| credentials.account);
        assert_eq!(account(r#"{"iss":"AISSUER","nats":{}}"#).unwrap(), "AISSUER");
        assert_eq!(account(r#"{"iss":"ASIGNER","nats":{"issuer_account":"AOWNER"}}"#).unwrap(), "AOWNER");
        assert!(account(r#"{"iss":"A.>","nats":{}}"#).is_err(), "it would widen a subject");
        assert!(account("{}").is_err());
    }

    #[test]
    fn a_file_without_token_or_seed_is_refused_and_nothing_shows_the_seed() {
        let seed = KeyPair::new_user().seed().unwrap();
        let whole = file(r#"{"iss":"AISSUER","nats":{}}"#, &seed);
        let credentials = Credentials::parse(&whole).unwrap();
        assert!(!format!("{credentials:?}").contains(&seed));
        assert_eq!(credentials.key.seed().unwrap(), seed);
        for broken in
            [whole.replace("NATS USER JWT", "X"), whole.replace("NKEY SEED", "X"), whole.replace(&seed, "SU1")]
        {
            assert!(Credentials::parse(&broken).is_err());
        }
    }
}
