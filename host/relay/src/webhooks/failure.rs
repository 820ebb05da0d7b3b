//! Why a delivery has failed, in words that an operator reads: nothing of a secret, a body or the rest of a URL is in them.

use std::fmt;
use std::io;
use std::net::IpAddr;

/// Why a receiver has not had a delivery, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The URL cannot be used.
    Url(&'static str),
    /// No secret signs it.
    NoSecret,
    /// The name has no address.
    NameNotFound,
    /// An address that is not one of the public internet.
    ForbiddenAddress(IpAddr),
    /// No connection to any of its addresses.
    Connect(&'static str),
    /// No TLS.
    Tls(String),
    /// The connection ended before the answer.
    Closed,
    /// What came is no answer.
    NotHttp,
    /// Not within the time.
    Timeout,
    /// An answer that leads elsewhere.
    Redirect,
}

impl Failure {
    pub(crate) fn of_connecting(error: &io::Error) -> Failure {
        Failure::Connect(match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused",
            io::ErrorKind::TimedOut => "the host does not answer",
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => "the host is not reachable",
            _ => "no connection",
        })
    }

    /// A failed handshake: rustls says why, and repeats nothing of what was sent.
    pub(crate) fn of_tls(error: &io::Error) -> Failure {
        let why = error.get_ref().and_then(|inner| inner.downcast_ref::<tokio_rustls::rustls::Error>());
        Failure::Tls(why.map_or_else(|| "the connection was closed".to_owned(), ToString::to_string))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Url(why) => write!(formatter, "the url {why}"),
            Failure::NoSecret => formatter.write_str("there is no secret to sign with"),
            Failure::NameNotFound => formatter.write_str("name not found"),
            Failure::ForbiddenAddress(address) => write!(formatter, "forbidden address {address}"),
            Failure::Connect(why) => formatter.write_str(why),
            Failure::Tls(why) => write!(formatter, "tls: {why}"),
            Failure::Closed => formatter.write_str("the connection was closed"),
            Failure::NotHttp => formatter.write_str("the answer is not HTTP"),
            Failure::Timeout => formatter.write_str("timeout"),
            Failure::Redirect => formatter.write_str("redirects are not followed"),
        }
    }
}
