//! Where a webhook's URL leads, and whether that is allowed.

use crate::webhooks::address::is_public;
use crate::webhooks::allowed::AllowedHosts;
use crate::webhooks::failure::Failure;
use futures_util::future::BoxFuture;
use http::Uri;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Asks for the addresses of a name.
pub(crate) type Names = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The names that this system knows.
pub(crate) fn system_names() -> Names {
    Arc::new(|name, port| Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), port)).await?.collect()) }))
}

/// A connection's end: what one connection to it may be used for again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) is_tls: bool,
    /// As in the URL: an address of IPv6 in its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What a URL says.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// The header `host`.
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Target {
    /// Reads a URL; without TLS, one of the allowed hosts.
    pub(crate) fn parse(url: &str, allowed: &AllowedHosts) -> Result<Target, Failure> {
        let uri: Uri = url.parse().map_err(|_| Failure::Url("cannot be read"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Failure::Url("is neither https nor http")),
        };
        let authority = uri.authority().ok_or(Failure::Url("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(Failure::Url("names a user"));
        }
        let host = authority.host().to_ascii_lowercase();
        let has_port = authority.as_str().len() > host.len();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if has_port => return Err(Failure::Url("has no valid port")),
            None if is_tls => 443,
            None => 80,
        };
        if host.is_empty() || port == 0 {
            return Err(Failure::Url("has no host"));
        }
        if !is_tls && !allowed.allow(&host, port) {
            return Err(Failure::Url("is not https, and its host is not allowed"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Target { authority: authority.to_string(), path: path.to_owned(), origin: Origin { is_tls, host, port } })
    }
}

impl Origin {
    /// The addresses to connect to, in their order: all of them are allowed, or none is used. A connection is made to one of
    /// these, and the name is not asked for again: it could have another answer by then.
    pub(crate) async fn addresses(&self, names: &Names, allowed: &AllowedHosts) -> Result<Vec<SocketAddr>, Failure> {
        let addresses = match self.bare_host().parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => names(self.host.clone(), self.port).await.map_err(|_| Failure::NameNotFound)?,
        };
        if addresses.is_empty() {
            return Err(Failure::NameNotFound);
        }
        let closed = addresses.iter().find(|address| !is_public(address.ip()));
        match closed {
            Some(closed) if !allowed.allow(&self.host, self.port) => Err(Failure::ForbiddenAddress(closed.ip())),
            _ => Ok(addresses),
        }
    }

    /// The host without the brackets of an address.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(addresses: &'static [&'static str]) -> Names {
        Arc::new(move |_, port| {
            let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect();
            Box::pin(async move { Ok(found) })
        })
    }

    async fn addresses(url: &str, answer: &'static [&'static str], allowed: &str) -> Result<Vec<SocketAddr>, Failure> {
        let allowed = allowed.parse().unwrap();
        Target::parse(url, &allowed)?.origin.addresses(&names(answer), &allowed).await
    }

    #[tokio::test]
    async fn a_public_name_leads_to_its_addresses_in_their_order() {
        let found = addresses("https://hooks.example/in?x=1", &["2606:4700::1", "1.1.1.1"], "").await.unwrap();
        assert_eq!(found, ["[2606:4700::1]:443".parse().unwrap(), "1.1.1.1:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_of_which_one_address_is_closed_is_not_called_at_the_other() {
        for answer in [&["1.1.1.1", "10.0.0.1"], &["::1", "2606:4700::1"], &["1.1.1.1", "::ffff:127.0.0.1"]] {
            let refused = addresses("https://hooks.example", answer, "").await;
            assert!(matches!(refused, Err(Failure::ForbiddenAddress(_))), "{answer:?}: {refused:?}");
        }
        let mapped = addresses("https://hooks.example", &["64:ff9b::a9fe:a9fe"], "").await.unwrap_err();
        assert_eq!(mapped, Failure::ForbiddenAddress("64:ff9b::a9fe:a9fe".parse().unwrap()));
    }

    #[tokio::test]
    async fn an_address_in_the_url_is_judged_without_asking_for_a_name() {
        for url in
            ["https://127.0.0.1", "https://[::1]:8443/x", "https://[::ffff:10.0.0.1]", "https://169.254.169.254/latest"]
        {
            let refused = addresses(url, &["1.1.1.1"], "").await;
            assert!(matches!(refused, Err(Failure::ForbiddenAddress(_))), "{url}: {refused:?}");
        }
        assert_eq!(addresses("https://1.1.1.1", &["10.0.0.1"], "").await.unwrap(), ["1.1.1.1:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn other_ways_to_write_loopback_are_names_whose_addresses_are_judged() {
        // As libc reads them.
        for url in
            ["https://2130706433", "https://0x7f000001", "https://127.1", "https://localhost", "https://LOCALHOST."]
        {
            let target = Target::parse(url, &AllowedHosts::default()).unwrap();
            let refused = target.origin.addresses(&system_names(), &AllowedHosts::default()).await;
            assert!(matches!(refused, Err(Failure::ForbiddenAddress(_) | Failure::NameNotFound)), "{url}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn an_allowed_host_may_be_anywhere_and_without_tls() {
        let here = Ok(vec!["10.0.0.1:8080".parse().unwrap()]);
        assert_eq!(addresses("http://hooks.internal:8080/", &["10.0.0.1"], "hooks.internal:8080").await, here);
        assert_eq!(addresses("http://Hooks.Internal:8080/", &["10.0.0.1"], "hooks.internal").await, here);
        let other = addresses("https://hooks.internal:8081/", &["10.0.0.1"], "hooks.internal:8080").await;
        assert_eq!(other, Err(Failure::ForbiddenAddress("10.0.0.1".parse().unwrap())));
        let plain = addresses("http://hooks.example/", &["1.1.1.1"], "hooks.internal").await;
        assert_eq!(plain, Err(Failure::Url("is not https, and its host is not allowed")));
    }

    #[test]
    fn what_is_no_url_of_a_receiver_is_refused() {
        let wrong = [
            "",
            "hooks.example",
            "/in",
            "ftp://hooks.example",
            "https://",
            "https://user:password@hooks.example",
            "https://@a",
            "https://a:0",
            "https://a:99999",
            "https://a b",
            "https://a/\r\nx: y",
            "https://bücher.example",
            "https://:443",
        ];
        for url in wrong {
            let refused = Target::parse(url, &AllowedHosts::default());
            assert!(matches!(refused, Err(Failure::Url(_))), "{url:?}: {refused:?}");
        }
        let target = Target::parse("https://Hooks.example:8443/a/b?c=d", &AllowedHosts::default()).unwrap();
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("Hooks.example:8443", "/a/b?c=d"));
        assert_eq!(target.origin, Origin { is_tls: true, host: "hooks.example".into(), port: 8443 });
    }
}
