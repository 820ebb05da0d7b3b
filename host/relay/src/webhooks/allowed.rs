//! The hosts that an operator allows beyond the public internet.

use http::uri::Authority;
use std::fmt;
use std::str::FromStr;

/// Hosts to which webhooks are delivered whatever their addresses are, and also without TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Host>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    /// In lower case; an address of IPv6 in its brackets.
    name: String,
    /// The port; none: any.
    port: Option<u16>,
}

/// The text is not a list of hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidHost(String);

impl fmt::Display for InvalidHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a host, or host:port, such as hooks.internal:8080", self.0)
    }
}

impl std::error::Error for InvalidHost {}

impl AllowedHosts {
    /// Whether this host is among them; written as in a URL.
    pub(crate) fn allow(&self, host: &str, port: u16) -> bool {
        let matches =
            |allowed: &Host| allowed.name.eq_ignore_ascii_case(host) && allowed.port.is_none_or(|own| own == port);
        self.0.iter().any(matches)
    }
}

impl FromStr for AllowedHosts {
    type Err = InvalidHost;

    /// Reads `host` and `host:port`, separated by commas.
    fn from_str(text: &str) -> Result<AllowedHosts, InvalidHost> {
        let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
        hosts.map(Host::from_str).collect::<Result<_, _>>().map(AllowedHosts)
    }
}

impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Host, InvalidHost> {
        let invalid = || InvalidHost(text.to_owned());
        let authority: Authority = text.parse().map_err(|_| invalid())?;
        let (name, port) = (authority.host(), authority.port_u16());
        // What is left out by reading it would be allowed without being meant: a user, a port that is no number, a pattern.
        let written = port.map_or(name.to_owned(), |port| format!("{name}:{port}"));
        if name.is_empty() || written != text || name.contains('*') {
            return Err(invalid());
        }
        Ok(Host { name: name.to_ascii_lowercase(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_as_it_is_written_with_its_port_or_with_any() {
        let allowed: AllowedHosts = "127.0.0.1, Hooks.Internal:8080,[::1]:9000,".parse().unwrap();
        for (host, port) in [("127.0.0.1", 80), ("127.0.0.1", 65_535), ("HOOKS.internal", 8080), ("[::1]", 9000)] {
            assert!(allowed.allow(host, port), "{host}:{port}");
        }
        for (host, port) in [
            ("127.0.0.2", 80),
            ("localhost", 80),
            ("hooks.internal", 443),
            ("a.hooks.internal", 8080),
            ("hooks.internal.", 8080),
            ("[::1]", 80),
            ("::1", 9000),
        ] {
            assert!(!allowed.allow(host, port), "{host}:{port}");
        }
    }

    #[test]
    fn nothing_is_allowed_unless_somebody_says_so() {
        for nothing in ["", " ", ",", " , "] {
            assert_eq!(nothing.parse(), Ok(AllowedHosts::default()), "{nothing:?}");
        }
        assert!(!AllowedHosts::default().allow("127.0.0.1", 80));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in
            ["http://a", "a/b", "user@a", "a:b", "a:", "a:99999", "*", "*.internal", "a b", "::1", ":80", "10.0.0.0/8"]
        {
            let refused = wrong.parse::<AllowedHosts>();
            assert!(refused.is_err(), "{wrong}: {refused:?}");
        }
        let said = "a, b/c".parse::<AllowedHosts>().unwrap_err().to_string();
        assert!(said.contains("`b/c`"), "{said}");
    }
}
