//! Where the hub may be sent to: `https` addresses of the internet. A webhook's address is chosen by a state, and must
//! not lead to machines beside the hub.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::Error;

/// Letters of the longest address.
const LONGEST: usize = 500;

/// Checks an address and gives it in its normal form. Names are looked up only when something is sent: then, and each
/// time, what they resolve to must be public. `private` lets addresses of private networks pass.
pub fn check(text: &str, private: bool) -> Result<String, Error> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(Error::Part(
            "the address has more than 500 characters; shorten it",
        ));
    }
    let url = Url::parse(text).map_err(|_| Error::NoUrl)?;
    if url.scheme() != "https" {
        return Err(Error::Part(
            "the address does not begin with https://; the hub tells nothing over plain http",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Part(
            "the address holds a user or password; leave them out, the hub proves itself by its signature and certificate",
        ));
    }
    if url.fragment().is_some() {
        return Err(Error::Part(
            "the address has a fragment (#…), which is never sent; leave it out",
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Error::NoUrl);
    }
    if !private && literal(&url).is_some_and(|ip| !is_public(ip)) {
        return Err(Error::Private);
    }
    Ok(url.into())
}

/// The host of an address, if it is an IP address rather than a name. A client asks no resolver about those.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Whether an address belongs to the public internet: neither private, shared, local, nor reserved (IANA's registries
/// of special-purpose addresses, RFC 6890), nor an IPv6 form of an IPv4 address that is.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b)) // shared by carriers, RFC 6598
        || (a == 192 && b == 0 && c == 0) // protocol assignments, RFC 6890
        || (a == 192 && b == 88 && c == 99) // relays of 6to4, RFC 7526
        || (a == 198 && (18..20).contains(&b)) // benchmarks, RFC 2544
        || a >= 224; // multicast, reserved, broadcast
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // What reaches an IPv4 address is judged as that address: NAT64 (RFC 6052), 6to4 (RFC 3056), and mapped ones, which
        // are opened as IPv4 (RFC 4291).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..]
        | [0, 0, 0, 0, 0, 0xffff, high, low] => is_public_v4(v4(high, low)),
        // Teredo, ORCHID and other assignments to protocols (2001::/23), and documentation.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // Only this part is given out as unicast of the internet.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// A name leads to a private address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private address")]
pub(crate) struct PrivateAddress;

/// Looks names up and refuses those of which any address is not public. What is checked is what is connected to: the
/// name is not looked up a second time.
#[derive(Debug)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !is_public(address.ip())) {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "8.8.8.8",
            "100.63.255.255",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_says_what_is_wrong_with_it() {
        assert_eq!(
            check(" https://TX.example.org/in ", false).unwrap(),
            "https://tx.example.org/in"
        );
        for (wrong, words) in [
            ("tx.example.org", "not a URL"),
            ("http://tx.example.org/", "https://"),
            ("https://user:word@tx.example.org/", "password"),
            ("https://tx.example.org/#a", "fragment"),
            ("https://127.0.0.1/", "private"),
            ("https://2130706433/", "private"),
            ("https://0x7f.1/", "private"),
            ("https://[::ffff:10.0.0.1]/", "private"),
            ("https://169.254.169.254/latest/meta-data", "private"),
        ] {
            let said = check(wrong, false).unwrap_err().to_string();
            assert!(said.contains(words), "{wrong}: {said}");
        }
        assert!(check("https://127.0.0.1:8080/", true).is_ok());
    }
}
