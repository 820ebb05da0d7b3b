//! Which addresses webhooks are delivered to: those of the public internet, and no other.
//!
//! An operator's URL is a request that this process makes from inside the operator's network. Whoever could choose it would
//! otherwise reach what listens on this machine, its neighbours, or the metadata service of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are not public (IANA's registry of special-purpose addresses, and what is beside it).
const CLOSED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Between a provider and its customers.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::LOCALHOST, 8),
    // Link-local, where clouds have their metadata.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's agent, which answers every machine there.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // For documentation, thrice.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // 6to4's relays.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Between benchmarks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast; reserved, and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What IPv6 has given out so far. Loopback, link-local, private and multicast addresses are outside of it.
const GIVEN_OUT: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within it that are not public.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    // For protocols, Teredo among them, which carries an address of IPv4.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // For documentation, twice.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, which carries an address of IPv4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// The prefix of NAT64: what stands behind it is an address of IPv4, which a router of this network calls.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether an address is one of the public internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(carried) => is_public_v4(carried),
            None => is_in_v6(address, GIVEN_OUT) && !CLOSED_V6.iter().any(|&network| is_in_v6(address, network)),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !CLOSED_V4.iter().any(|&(network, length)| {
        let mask = u32::MAX << (32 - length);
        (address.to_bits() ^ network.to_bits()) & mask == 0
    })
}

/// The address of IPv4 to which a packet for this one goes.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    address.to_ipv4_mapped().or_else(|| is_in_v6(address, NAT64).then(|| Ipv4Addr::new(a, b, c, d)))
}

fn is_in_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX << (128 - length);
    (address.to_bits() ^ network.to_bits()) & mask == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first and the last address of each closed network, and what lies beside it where that is public.
    const EDGES_V4: [(&str, &str, &[&str]); 16] = [
        ("0.0.0.0", "0.255.255.255", &["1.0.0.0"]),
        ("10.0.0.0", "10.255.255.255", &["9.255.255.255", "11.0.0.0"]),
        ("100.64.0.0", "100.127.255.255", &["100.63.255.255", "100.128.0.0"]),
        ("127.0.0.0", "127.255.255.255", &["126.255.255.255", "128.0.0.0"]),
        ("168.63.129.16", "168.63.129.16", &["168.63.129.15", "168.63.129.17"]),
        ("169.254.0.0", "169.254.255.255", &["169.253.255.255", "169.255.0.0"]),
        ("172.16.0.0", "172.31.255.255", &["172.15.255.255", "172.32.0.0"]),
        ("192.0.0.0", "192.0.0.255", &["191.255.255.255", "192.0.1.0"]),
        ("192.0.2.0", "192.0.2.255", &["192.0.1.255", "192.0.3.0"]),
        ("192.88.99.0", "192.88.99.255", &["192.88.98.255", "192.88.100.0"]),
        ("192.168.0.0", "192.168.255.255", &["192.167.255.255", "192.169.0.0"]),
        ("198.18.0.0", "198.19.255.255", &["198.17.255.255", "198.20.0.0"]),
        ("198.51.100.0", "198.51.100.255", &["198.51.99.255", "198.51.101.0"]),
        ("203.0.113.0", "203.0.113.255", &["203.0.112.255", "203.0.114.0"]),
        ("224.0.0.0", "239.255.255.255", &["223.255.255.255"]),
        ("240.0.0.0", "255.255.255.255", &[]),
    ];

    const EDGES_V6: [(&str, &str, &[&str]); 11] = [
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["2000::"]),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", &["2000:ffff::", "2001:200::"]),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", &["2001:db7:ffff::", "2001:db9::"]),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["2001:ffff::", "2003::"]),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", &["3ffe:ffff::", "3fff:1000::"]),
        ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["3fff:ffff:ffff::"]),
        // Private, link-local, what was site-local, multicast.
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
        // NAT64 for one's own network.
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", &[]),
    ];

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    #[test]
    fn every_closed_network_is_closed_from_its_first_address_to_its_last_and_no_further() {
        for (first, last, beside) in EDGES_V4.iter().chain(&EDGES_V6) {
            assert!(!public(first) && !public(last), "{first} to {last}");
            for open in *beside {
                assert!(public(open), "{open} beside {first} to {last}");
            }
        }
    }

    #[test]
    fn an_address_of_ipv4_in_another_form_is_judged_as_itself() {
        for (first, last, beside) in EDGES_V4 {
            for form in ["::ffff:", "64:ff9b::"] {
                assert!(!public(&format!("{form}{first}")) && !public(&format!("{form}{last}")), "{form}{first}");
                assert!(beside.iter().all(|open| public(&format!("{form}{open}"))), "{form}{beside:?}");
            }
            // Compatible, translated, 6to4: nobody needs those, so that none is open.
            for open in beside {
                let [a, b, c, d] = open.parse::<Ipv4Addr>().unwrap().octets();
                assert!(!public(&format!("::{open}")) && !public(&format!("::ffff:0:{open}")), "{open}");
                assert!(!public(&format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1")), "{open}");
            }
        }
    }

    #[test]
    fn well_known_targets_are_closed() {
        for target in
            ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::1", "::", "0.0.0.0", "fe80::1", "ff02::1"]
        {
            assert!(!public(target), "{target}");
        }
        for target in ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e"] {
            assert!(public(target), "{target}");
        }
    }

    proptest! {
        #[test]
        fn what_the_standard_library_calls_anything_but_unicast_and_global_is_closed(bits: u32, high: u128) {
            let four = Ipv4Addr::from_bits(bits);
            let special = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_broadcast()
                || four.is_documentation() || four.is_multicast() || four.is_unspecified();
            prop_assert!(!(special && is_public(four.into())), "{}", four);
            prop_assert_eq!(is_public(four.to_ipv6_mapped().into()), is_public(four.into()));
            let six = Ipv6Addr::from_bits(high);
            let special = six.is_loopback() || six.is_multicast() || six.is_unicast_link_local() || six.is_unique_local()
                || six.is_unspecified();
            prop_assert!(!(special && is_public(six.into())), "{}", six);
        }

        #[test]
        fn every_address_of_a_closed_network_is_closed(at in 0..CLOSED_V4.len(), bits: u32) {
            let (network, length) = CLOSED_V4[at];
            let inside = network.to_bits() | bits & u32::MAX.checked_shr(length).unwrap_or(0);
            prop_assert!(!is_public(Ipv4Addr::from_bits(inside).into()));
        }
    }
}
