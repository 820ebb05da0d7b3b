//! Who is at the other end: an address, as far as it can be told from its neighbours, and its share of what there is.

use crate::server::connections::Slot;
use http::{HeaderMap, HeaderName};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// How many peers are remembered before the first look for those that are gone.
const FIRST_SWEEP: usize = 1024;

/// The address of a peer: all of an IPv4 address, the /64 of an IPv6 address, which is what one customer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Address(IpAddr);

impl Address {
    fn of(address: IpAddr) -> Address {
        match address.to_canonical() {
            IpAddr::V4(address) => Address(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Address(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
        }
    }
}

/// A peer's share of what there is.
#[derive(Debug, Default)]
pub struct Peer {
    /// Its connections.
    connections: Mutex<HashMap<u64, Arc<Slot>>>,
    /// The memory of its bodies, in blocks.
    pub body_blocks: AtomicUsize,
    /// Its requests, if they come through a proxy.
    requests: AtomicUsize,
}

/// One of the requests that a peer has at a time.
pub struct Turn(Arc<Peer>);

impl Peer {
    /// Its connections.
    pub fn connections(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        // Nothing panics while it holds the lock.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more request, if it has fewer than so many.
    pub fn turn(self: &Arc<Self>, most: usize) -> Option<Turn> {
        let turn = Turn(self.clone());
        // Counted before it is compared, so that two at a time cannot both be the last.
        (self.requests.fetch_add(1, Ordering::Relaxed) < most).then_some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a peer is told behind a proxy.
#[derive(Clone, Debug)]
pub struct Forwarding {
    /// The header in which a proxy names its client, last in a list.
    pub header: HeaderName,
    /// The addresses of the proxies; nobody else is believed.
    pub proxies: Vec<IpAddr>,
}

impl Forwarding {
    /// Whether this address is that of a proxy.
    pub fn is_proxy(&self, address: SocketAddr) -> bool {
        self.proxies.contains(&address.ip().to_canonical())
    }

    /// The client that the proxies name. Each appends the address that it saw, so what a client wrote itself stands before
    /// the first that counts.
    fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let named = headers.get_all(&self.header).into_iter().filter_map(|value| value.to_str().ok());
        let named: Vec<&str> = named.flat_map(|list| list.split(',')).collect();
        let mut addresses = named.iter().rev().map(|text| address_in(text.trim()));
        addresses.find(|address| address.is_none_or(|address| !self.proxies.contains(&address))).flatten()
    }
}

/// An address with or without a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().ok().or_else(|| with_port().ok()).or_else(bracketed);
    address.map(|address: IpAddr| address.to_canonical())
}

/// The peers that have something.
#[derive(Default)]
pub struct Peers {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    peers: HashMap<Address, Weak<Peer>>,
    sweep_at: usize,
}

impl Peers {
    /// The peer with this address.
    pub fn at(&self, address: IpAddr) -> Arc<Peer> {
        // Nothing panics while it holds the lock.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let address = Address::of(address);
        if let Some(peer) = table.peers.get(&address).and_then(Weak::upgrade) {
            return peer;
        }
        if table.peers.len() >= table.sweep_at {
            table.peers.retain(|_, peer| peer.strong_count() > 0);
            table.sweep_at = FIRST_SWEEP.max(table.peers.len() * 2);
            let room = table.sweep_at;
            table.peers.shrink_to(room);
        }
        let peer = Arc::new(Peer::default());
        table.peers.insert(address, Arc::downgrade(&peer));
        peer
    }

    /// The peer that a proxy names in these headers, or the proxy itself where it names none.
    pub fn behind(&self, forwarding: &Forwarding, proxy: SocketAddr, headers: &HeaderMap) -> Arc<Peer> {
        self.at(forwarding.client(headers).unwrap_or_else(|| proxy.ip()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarding() -> Forwarding {
        let proxies = vec!["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        Forwarding { header: HeaderName::from_static("x-forwarded-for"), proxies }
    }

    #[test]
    fn a_peer_is_an_address_of_ipv4_and_a_64_of_ipv6() {
        let peers = Peers::default();
        let at = |text: &str| peers.at(text.parse().unwrap());
        let same = |a: &str, b: &str| Arc::ptr_eq(&at(a), &at(b));
        let held = [at("192.0.2.1"), at("2001:db8::1"), at("2001:db8:0:1::1")];
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("2001:db8::1", "2001:db8::ffff:1:2:3"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        drop(held);
    }

    #[test]
    fn peers_that_are_gone_are_forgotten() {
        let peers = Peers::default();
        for number in 0..100_000_u32 {
            peers.at(IpAddr::V4(number.into()));
        }
        assert!(peers.table.lock().unwrap().peers.len() <= FIRST_SWEEP);
    }

    #[test]
    fn a_proxy_is_believed_about_the_last_address_it_did_not_add_itself() {
        let forwarding = forwarding();
        let client = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", http::HeaderValue::from_static(value));
            }
            forwarding.client(&headers).map(|address| address.to_string())
        };
        assert_eq!(client(&["192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(&["forged, 198.51.100.1,192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(&["198.51.100.1", "192.0.2.1, 10.0.0.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(&["[2001:db8::1]:443"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(client(&["[2001:db8::1]"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(client(&["192.0.2.1:80"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(client(&["192.0.2.1, unknown"]), None);
        assert_eq!(client(&["10.0.0.1"]), None);
        assert_eq!(client(&[]), None);
        assert!(forwarding.is_proxy("[::ffff:10.0.0.1]:5".parse().unwrap()));
        assert!(!forwarding.is_proxy("10.0.0.2:5".parse().unwrap()));
    }

    #[test]
    fn a_peer_has_so_many_requests_at_a_time() {
        let peer = Arc::new(Peer::default());
        let held = [peer.turn(2), peer.turn(2)];
        assert!(held.iter().all(Option::is_some));
        assert!(peer.turn(2).is_none() && peer.turn(2).is_none());
        drop(held);
        assert!(peer.turn(2).is_some());
    }
}
