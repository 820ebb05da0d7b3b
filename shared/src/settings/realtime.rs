//! How clients reach NATS, and with what their tokens for it are signed.

use super::{InvalidSetting, Variables, given};
use crate::wire::nkey::{KeyType, Seed, is_public_key};

/// How clients reach NATS, and with what their tokens for it are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realtime {
    /// The address for clients, which begins with `wss://` or `ws://`.
    pub url: String,
    /// The account of the users.
    pub account: String,
    /// The seed of the account's scoped signing key.
    pub seed: Seed,
}

impl Variables {
    /// The address for clients, if one is given.
    ///
    /// # Errors
    /// It does not begin with `wss://` or `ws://`.
    pub fn realtime_url(&self) -> Result<Option<&str>, InvalidSetting> {
        let url = self.realtime_url.as_deref().and_then(given);
        match url {
            Some(url) if !is_websocket_address(url) => Err(InvalidSetting::RealtimeUrl),
            url => Ok(url),
        }
    }

    /// What is needed to sign tokens for NATS; none where neither account nor key is given, as in a component that only
    /// tells whether there is an address.
    ///
    /// # Errors
    /// One of the three is malformed, or missing beside the key or the account.
    pub fn realtime(&self) -> Result<Option<Realtime>, InvalidSetting> {
        let url = self.realtime_url()?;
        match (url, given(&self.realtime_account), given(&self.realtime_signing_key)) {
            (_, None, None) => Ok(None),
            (Some(url), Some(account), Some(key)) => {
                if !is_public_key(KeyType::Account, account) {
                    return Err(InvalidSetting::RealtimeAccount);
                }
                let seed = Seed::parse(KeyType::Account, key).ok_or(InvalidSetting::RealtimeSigningKey)?;
                Ok(Some(Realtime { url: url.to_owned(), account: account.to_owned(), seed }))
            }
            _ => Err(InvalidSetting::RealtimeIncomplete),
        }
    }
}

fn is_websocket_address(url: &str) -> bool {
    let rest = url.strip_prefix("wss://").or_else(|| url.strip_prefix("ws://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains('@') && !url.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nkeys::KeyPair;

    fn realtime(url: &str, account: &str, key: &str) -> Result<Option<Realtime>, InvalidSetting> {
        Variables {
            realtime_url: Some(url.into()),
            realtime_account: account.into(),
            realtime_signing_key: key.into(),
            ..Variables::default()
        }
        .realtime()
    }

    #[test]
    fn an_address_an_account_and_a_key_belong_together() {
        let account = KeyPair::new_account().public_key();
        let key = KeyPair::new_account().seed().unwrap();
        let whole = realtime(" wss://live.example/nats ", &account, &format!("{key}\n")).unwrap().unwrap();
        assert_eq!((whole.url.as_str(), &whole.account), ("wss://live.example/nats", &account));
        assert!(!format!("{whole:?}").contains(&key));
        assert_eq!(realtime("", "", ""), Ok(None));
        assert_eq!(realtime("ws://127.0.0.1:1", "", ""), Ok(None), "a component that signs nothing");
        for (url, account, key) in [("", &*account, &*key), ("ws://h", "", &key), ("ws://h", &account, " ")] {
            assert_eq!(realtime(url, account, key), Err(InvalidSetting::RealtimeIncomplete), "{url} {account}");
        }
    }

    #[test]
    fn malformed_ones_are_refused() {
        let account = KeyPair::new_account().public_key();
        let key = KeyPair::new_account().seed().unwrap();
        for url in ["https://h", "ws://", "wss:///x", "h:1", "ws://u:p@h", "ws://h /"] {
            assert_eq!(realtime(url, &account, &key), Err(InvalidSetting::RealtimeUrl), "{url}");
        }
        let user = KeyPair::new_user();
        for wrong in [&user.public_key(), &key, &account[1..], "A"] {
            assert_eq!(realtime("ws://h", wrong, &key), Err(InvalidSetting::RealtimeAccount), "{wrong}");
        }
        for wrong in [&user.seed().unwrap(), &account, &key[1..], "S"] {
            assert_eq!(realtime("ws://h", &account, wrong), Err(InvalidSetting::RealtimeSigningKey), "{wrong}");
        }
    }
}
