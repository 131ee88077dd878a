//! Judges one resolved address: what kind it is, and whether it may be dialled. Never resolves or dials.
//!
//! The tables follow IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890, as updated).
//! An address that carries another one inside (mapped, translated, tunnelled) is as dangerous as
//! the most dangerous address in it, because somewhere on its way it turns into that one.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What an address is for. Only [`AddressClass::Public`] is dialled without the operator's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AddressClass {
    Public,
    Unspecified,
    /// `0.0.0.0/8`: hosts on this network; many kernels take it for loopback.
    ThisNetwork,
    Loopback,
    Private,
    UniqueLocal,
    LinkLocal,
    /// Instance metadata and credential services of the clouds. Some of these addresses are public ones.
    Metadata,
    CarrierNat,
    Multicast,
    Broadcast,
    Benchmarking,
    Documentation,
    /// A translator or tunnel that carries a public IPv4 address.
    Transition,
    /// Special purposes of the network itself, and space that nobody may use yet.
    Reserved,
}

/// Classifies an address; one with others inside takes the class of the first that is not public,
/// the innermost before the outer one.
pub(crate) fn classify(ip: IpAddr) -> AddressClass {
    let mut classes = parts(ip.to_canonical()).into_iter().map(|(_, class)| class);
    classes
        .find(|class| *class != AddressClass::Public)
        .unwrap_or(AddressClass::Public)
}

/// Decides which addresses may be dialled: public ones, and those that the operator allows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// `allow` names what may be dialled although it is not public. A metadata address needs an
    /// entry of exactly that address (`/32`, `/128`); a wider range never covers it by accident.
    pub(crate) fn new(allow: Vec<IpNet>) -> Self {
        Self {
            allow: allow.into_iter().map(unmap).collect(),
        }
    }

    /// An address that carries others passes only if it and each inner one would pass alone: to
    /// reach `10.0.0.1` through NAT64, both the NAT64 prefix and `10.0.0.1` must be allowed.
    pub(crate) fn judge(&self, ip: IpAddr) -> Result<Judged, Denied> {
        let ip = ip.to_canonical();
        if classify(ip) != AddressClass::Public {
            for (part, class) in parts(ip) {
                if !self.allows(part, class) {
                    return Err(Denied { class });
                }
            }
        }
        Ok(Judged(ip))
    }

    fn allows(&self, ip: IpAddr, class: AddressClass) -> bool {
        match class {
            AddressClass::Public => true,
            AddressClass::Metadata => self.allow.contains(&IpNet::from(ip)),
            _ => self.allow.iter().any(|range| range.contains(&ip)),
        }
    }
}

/// An address that a [`Guard`] has let through; nothing else may be dialled.
///
/// IPv4-mapped addresses have become the IPv4 address that the kernel would dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Judged(IpAddr);

impl Judged {
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }
}

/// Names the class but not the address: what a name resolves to inside is not for the agent to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the destination's address is {class} and the configuration does not allow it")]
pub(crate) struct Denied {
    pub(crate) class: AddressClass,
}

impl AddressClass {
    /// The name in records, metrics and messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unspecified => "unspecified",
            Self::ThisNetwork => "this_network",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::UniqueLocal => "unique_local",
            Self::LinkLocal => "link_local",
            Self::Metadata => "metadata",
            Self::CarrierNat => "carrier_nat",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Benchmarking => "benchmarking",
            Self::Documentation => "documentation",
            Self::Transition => "transition",
            Self::Reserved => "reserved",
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every address that `ip` stands for and its class, the embedded ones before `ip` itself.
fn parts(ip: IpAddr) -> Vec<(IpAddr, AddressClass)> {
    match ip {
        IpAddr::V4(v4) => vec![(ip, classify_v4(v4))],
        IpAddr::V6(v6) => {
            let inner = embedded(v6);
            let carried = inner.iter().map(|v4| (IpAddr::V4(*v4), classify_v4(*v4)));
            carried.chain([(ip, classify_outer(v6, &inner))]).collect()
        }
    }
}

fn classify_v4(ip: Ipv4Addr) -> AddressClass {
    if METADATA_V4.contains(&ip) {
        return AddressClass::Metadata;
    }
    let listed = IPV4.iter().find(|(range, _)| range.contains(&ip));
    listed.map_or(AddressClass::Public, |(_, class)| *class)
}

/// The class of an IPv6 address by its own prefix, given what it carries.
fn classify_outer(ip: Ipv6Addr, inner: &[Ipv4Addr]) -> AddressClass {
    if METADATA_V6.contains(&ip) {
        return AddressClass::Metadata;
    }
    match IPV6.iter().find(|(range, _)| range.contains(&ip)) {
        Some((_, class)) => *class,
        None if !GLOBAL_UNICAST.contains(&ip) => AddressClass::Reserved,
        None if !inner.is_empty() => AddressClass::Transition,
        None => AddressClass::Public,
    }
}

/// Every IPv4 address that some translator, tunnel end or kernel would take out of `ip`.
/// Mapped addresses never come here: they were turned into IPv4 before.
fn embedded(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    match ip.segments() {
        // `::` and `::1` are addresses of their own, the rest is IPv4-compatible (RFC 4291).
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => vec![],
        [0, 0, 0, 0, 0 | 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            vec![v4(high, low)]
        }
        [0x64, 0xff9b, 1, ..] => local_nat64(ip),
        [0x2002, high, low, ..] => with_isatap(vec![v4(high, low)], ip),
        // Teredo (RFC 4380): the server in clear, the client with all bits flipped.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            vec![v4(high, low), v4(!client_high, !client_low)]
        }
        _ => with_isatap(vec![], ip),
    }
}

/// ISATAP (RFC 5214) marks the interface identifier, so it can hide under any prefix.
fn with_isatap(mut found: Vec<Ipv4Addr>, ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    if let [_, _, _, _, 0 | 0x200, 0x5efe, high, low] = ip.segments() {
        found.push(v4(high, low));
    }
    found
}

/// In `64:ff9b:1::/48` the operator chooses the translation prefix, and with it the place of the
/// IPv4 address (RFC 6052, 2.2: after 48, 56, 64 or 96 bits, octet 8 left out). Which one is not
/// visible from outside, so every place counts. What falls into `0.0.0.0/8` is the padding of
/// another place: no translator forwards it.
fn local_nat64(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    let mut octets = ip.octets().to_vec();
    octets.remove(8);
    let places = octets
        .windows(4)
        .enumerate()
        .filter(|(at, _)| matches!(at, 6 | 7 | 8 | 11));
    let read = places.filter_map(|(_, place)| <[u8; 4]>::try_from(place).ok());
    read.filter(|[first, ..]| *first != 0)
        .map(Ipv4Addr::from)
        .collect()
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// An allowed range of mapped addresses means the IPv4 range inside.
fn unmap(range: IpNet) -> IpNet {
    let mapped = match range {
        IpNet::V6(range) => range
            .addr()
            .to_ipv4_mapped()
            .zip(range.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    mapped
        .and_then(|(ip, length)| Ipv4Net::new(ip, length).ok())
        .map_or(range.trunc(), |range| IpNet::V4(range.trunc()))
}

const fn r4([a, b, c, d]: [u8; 4], length: u8, class: AddressClass) -> (Ipv4Net, AddressClass) {
    (
        Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length),
        class,
    )
}

const fn r6([a, b, c, d]: [u16; 4], length: u8, class: AddressClass) -> (Ipv6Net, AddressClass) {
    (
        Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length),
        class,
    )
}

/// All of the IPv6 space that IANA has opened for global unicast.
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The first match counts. Ranges that the registry calls globally reachable but that serve the
/// network itself (AS112, AMT, relay anycast) are reserved here: no agent has business there.
const IPV4: &[(Ipv4Net, AddressClass)] = &[
    r4([0, 0, 0, 0], 32, AddressClass::Unspecified),
    r4([0, 0, 0, 0], 8, AddressClass::ThisNetwork),
    r4([10, 0, 0, 0], 8, AddressClass::Private),
    r4([100, 64, 0, 0], 10, AddressClass::CarrierNat),
    r4([127, 0, 0, 0], 8, AddressClass::Loopback),
    r4([169, 254, 0, 0], 16, AddressClass::LinkLocal),
    r4([172, 16, 0, 0], 12, AddressClass::Private),
    r4([192, 0, 0, 0], 24, AddressClass::Reserved), // IETF protocol assignments
    r4([192, 0, 2, 0], 24, AddressClass::Documentation),
    r4([192, 31, 196, 0], 24, AddressClass::Reserved), // AS112
    r4([192, 52, 193, 0], 24, AddressClass::Reserved), // AMT
    r4([192, 88, 99, 0], 24, AddressClass::Reserved),  // 6to4 relay anycast
    r4([192, 168, 0, 0], 16, AddressClass::Private),
    r4([192, 175, 48, 0], 24, AddressClass::Reserved), // AS112
    r4([198, 18, 0, 0], 15, AddressClass::Benchmarking),
    r4([198, 51, 100, 0], 24, AddressClass::Documentation),
    r4([203, 0, 113, 0], 24, AddressClass::Documentation),
    r4([224, 0, 0, 0], 4, AddressClass::Multicast),
    r4([255, 255, 255, 255], 32, AddressClass::Broadcast),
    r4([240, 0, 0, 0], 4, AddressClass::Reserved),
];

/// The first match counts; what is in none of these and not in [`GLOBAL_UNICAST`] is reserved.
const IPV6: &[(Ipv6Net, AddressClass)] = &[
    r6([0, 0, 0, 0], 128, AddressClass::Unspecified),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        AddressClass::Loopback,
    ),
    r6([0, 0, 0, 0], 64, AddressClass::Transition), // IPv4-compatible and -translated
    r6([0x64, 0xff9b, 0, 0], 96, AddressClass::Transition), // NAT64
    r6([0x64, 0xff9b, 1, 0], 48, AddressClass::Transition), // NAT64, local use
    r6([0x2001, 0, 0, 0], 32, AddressClass::Transition), // Teredo
    r6([0x2001, 2, 0, 0], 48, AddressClass::Benchmarking),
    r6([0x2001, 0, 0, 0], 23, AddressClass::Reserved), // IETF protocol assignments
    r6([0x2001, 0xdb8, 0, 0], 32, AddressClass::Documentation),
    r6([0x2002, 0, 0, 0], 16, AddressClass::Transition), // 6to4
    r6([0x2620, 0x4f, 0x8000, 0], 48, AddressClass::Reserved), // AS112
    r6([0x3fff, 0, 0, 0], 20, AddressClass::Documentation),
    r6([0xfc00, 0, 0, 0], 7, AddressClass::UniqueLocal),
    r6([0xfe80, 0, 0, 0], 10, AddressClass::LinkLocal),
    r6([0xff00, 0, 0, 0], 8, AddressClass::Multicast),
];

const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(169, 254, 169, 254), // nearly every cloud
    Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS task credentials
    Ipv4Addr::new(169, 254, 170, 23),  // AWS EKS pod identity
    Ipv4Addr::new(169, 254, 0, 23),    // Tencent
    Ipv4Addr::new(169, 254, 42, 42),   // Scaleway
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(168, 63, 129, 16),   // Azure wire server, a public address
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
];

const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS EKS pod identity
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // Oracle
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),   // Scaleway
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // OpenStack
];
