//! Where a component may connect to: `allowed_outbound_hosts` of the manifest.
//!
//! An entry is `scheme://host:port`. The scheme is a name or `*`; the host a name or address compared literally, `*`, or
//! `*.domain`; the port a number, a range `8000..9000` (the end not included) or `*`, and without one the scheme's own.
//! Everything that no entry allows is refused.

use std::ops::Range;

/// Why an entry of `allowed_outbound_hosts` is not understood.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum OutboundError {
    /// There is no scheme.
    #[error("allowed_outbound_hosts {0:?}: expected scheme://host:port")]
    NoScheme(String),
    /// The host is empty, or `*` stands in the middle of it.
    #[error("allowed_outbound_hosts {0:?}: the host must be a name, an address, * or *.domain")]
    Host(String),
    /// The port is no number, no range, and not `*`.
    #[error("allowed_outbound_hosts {0:?}: the port must be a number, a range such as 8000..9000, or *")]
    Port(String),
    /// There is no port, and the scheme has none of its own.
    #[error("allowed_outbound_hosts {0:?}: a port is needed, since the scheme has none of its own")]
    NoPort(String),
    /// There is something after the port.
    #[error("allowed_outbound_hosts {0:?}: nothing may follow the port")]
    Path(String),
}

/// Everything a component may connect to.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    entries: Vec<AllowedHost>,
}

#[derive(Clone, Debug, PartialEq)]
struct AllowedHost {
    /// `None` for any.
    scheme: Option<String>,
    host: HostPattern,
    ports: Range<u32>,
}

#[derive(Clone, Debug, PartialEq)]
enum HostPattern {
    Any,
    Literal(String),
    /// The domain with the dot before it.
    Subdomain(String),
}

const ANY_PORT: Range<u32> = 0..0x1_0000;

impl AllowedHosts {
    /// The hosts that these entries allow, whose templates are resolved already.
    ///
    /// # Errors
    /// An entry that is not understood.
    pub fn parse(entries: &[impl AsRef<str>]) -> Result<AllowedHosts, OutboundError> {
        let entries = entries.iter().map(|entry| AllowedHost::parse(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(AllowedHosts { entries })
    }

    /// Whether a connection is allowed.
    pub fn allow(&self, scheme: &str, host: &str, port: u16) -> bool {
        // An IPv6 address stands in brackets in a URL and without them elsewhere.
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        self.entries.iter().any(|entry| entry.allows(scheme, host, port))
    }
}

impl AllowedHost {
    fn parse(text: &str) -> Result<AllowedHost, OutboundError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| OutboundError::NoScheme(text.to_owned()))?;
        if scheme.is_empty() {
            return Err(OutboundError::NoScheme(text.to_owned()));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('/') {
            return Err(OutboundError::Path(text.to_owned()));
        }
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, port)) => {
                let port = port.strip_prefix(':').ok_or_else(|| OutboundError::Port(text.to_owned()))?;
                (address, Some(port))
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        Ok(AllowedHost {
            scheme: (scheme != "*").then(|| scheme.to_ascii_lowercase()),
            host: parse_host(host).ok_or_else(|| OutboundError::Host(text.to_owned()))?,
            ports: match port {
                Some(port) => parse_ports(port).ok_or_else(|| OutboundError::Port(text.to_owned()))?,
                None => default_ports(scheme).ok_or_else(|| OutboundError::NoPort(text.to_owned()))?,
            },
        })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let host_allowed = match &self.host {
            HostPattern::Any => true,
            HostPattern::Literal(allowed) => *allowed == host,
            HostPattern::Subdomain(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
        };
        let scheme_allowed = self.scheme.as_deref().is_none_or(|allowed| allowed.eq_ignore_ascii_case(scheme));
        host_allowed && scheme_allowed && self.ports.contains(&u32::from(port))
    }
}

fn parse_host(host: &str) -> Option<HostPattern> {
    if host == "*" {
        return Some(HostPattern::Any);
    }
    let (literal, is_subdomain) = match host.strip_prefix("*.") {
        Some(domain) => (domain, true),
        None => (host, false),
    };
    if literal.is_empty() || literal.contains('*') || literal.contains('@') || literal.contains(char::is_whitespace) {
        return None;
    }
    let literal = literal.to_ascii_lowercase();
    Some(if is_subdomain { HostPattern::Subdomain(format!(".{literal}")) } else { HostPattern::Literal(literal) })
}

fn parse_ports(text: &str) -> Option<Range<u32>> {
    let port = |text: &str| text.parse::<u16>().ok().map(u32::from);
    match text.split_once("..") {
        _ if text == "*" => Some(ANY_PORT),
        Some((start, end)) => Some(port(start)?..port(end)?).filter(|range| !range.is_empty()),
        None => port(text).map(|port| port..port + 1),
    }
}

/// The port a scheme stands for.
fn default_ports(scheme: &str) -> Option<Range<u32>> {
    let port = match scheme.to_ascii_lowercase().as_str() {
        "*" => return Some(ANY_PORT),
        "http" => 80,
        "https" => 443,
        "postgres" => 5432,
        _ => return None,
    };
    Some(port..port + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> AllowedHosts {
        AllowedHosts::parse(entries).unwrap()
    }

    #[test]
    fn an_entry_allows_its_scheme_host_and_port_alone() {
        let hosts = allowed(&["postgres://127.0.0.1:5432"]);
        assert!(hosts.allow("postgres", "127.0.0.1", 5432));
        for (scheme, host, port) in [
            ("postgres", "localhost", 5432),
            ("postgres", "127.0.0.1", 5433),
            ("http", "127.0.0.1", 5432),
            ("postgres", "127.0.0.10", 5432),
        ] {
            assert!(!hosts.allow(scheme, host, port), "{scheme} {host} {port}");
        }
    }

    #[test]
    fn nothing_is_allowed_without_an_entry() {
        assert!(!AllowedHosts::default().allow("https", "example.org", 443));
    }

    #[test]
    fn wildcards_ranges_and_default_ports() {
        assert!(allowed(&["postgres://db:*"]).allow("postgres", "db", 1));
        assert!(allowed(&["*://db:80"]).allow("https", "db", 80));
        assert!(allowed(&["https://example.org"]).allow("https", "EXAMPLE.org", 443));
        assert!(!allowed(&["https://example.org"]).allow("https", "example.org", 8443));
        assert!(allowed(&["postgres://db"]).allow("postgres", "db", 5432));
        assert!(allowed(&["http://*:8000..8010"]).allow("http", "anything", 8009));
        assert!(!allowed(&["http://*:8000..8010"]).allow("http", "anything", 8010));
        assert!(allowed(&["https://*.example.org"]).allow("https", "a.b.example.org", 443));
        assert!(!allowed(&["https://*.example.org"]).allow("https", "example.org", 443));
        assert!(!allowed(&["https://*.example.org"]).allow("https", "badexample.org", 443));
        assert!(allowed(&["http://[::1]:80"]).allow("http", "[::1]", 80));
        assert!(allowed(&["http://[::1]"]).allow("http", "::1", 80));
    }

    #[test]
    fn wrong_entries_are_refused() {
        let refused = |entry: &str| AllowedHost::parse(entry).unwrap_err();
        assert_eq!(refused("db:5432"), OutboundError::NoScheme("db:5432".into()));
        assert_eq!(refused("redis://db"), OutboundError::NoPort("redis://db".into()));
        assert_eq!(refused("http://db:x"), OutboundError::Port("http://db:x".into()));
        assert_eq!(refused("http://db:70000"), OutboundError::Port("http://db:70000".into()));
        assert_eq!(refused("http://db:9..8"), OutboundError::Port("http://db:9..8".into()));
        assert_eq!(refused("http://:80"), OutboundError::Host("http://:80".into()));
        assert_eq!(refused("http://a.*.b:80"), OutboundError::Host("http://a.*.b:80".into()));
        assert_eq!(refused("http://user@db:80"), OutboundError::Host("http://user@db:80".into()));
        assert_eq!(refused("http://db:80/path"), OutboundError::Path("http://db:80/path".into()));
    }
}
