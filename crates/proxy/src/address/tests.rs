use super::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn class(text: &str) -> AddressClass {
    classify(ip(text))
}

fn guard(allow: &[&str]) -> Guard {
    Guard::new(allow.iter().map(|range| range.parse().unwrap()).collect())
}

/// Range, its class, and the classes of its two neighbours (`None` at the end of the space).
/// Written from the registries, not from the tables under test.
const V4_RANGES: &[(
    &str,
    AddressClass,
    Option<AddressClass>,
    Option<AddressClass>,
)] = {
    use AddressClass::*;
    &[
        ("0.0.0.0/32", Unspecified, None, Some(ThisNetwork)),
        (
            "0.0.0.1/32",
            ThisNetwork,
            Some(Unspecified),
            Some(ThisNetwork),
        ),
        ("10.0.0.0/8", Private, Some(Public), Some(Public)),
        ("100.64.0.0/10", CarrierNat, Some(Public), Some(Public)),
        ("127.0.0.0/8", Loopback, Some(Public), Some(Public)),
        ("169.254.0.0/16", LinkLocal, Some(Public), Some(Public)),
        ("172.16.0.0/12", Private, Some(Public), Some(Public)),
        ("192.0.0.0/24", Reserved, Some(Public), Some(Public)),
        ("192.0.2.0/24", Documentation, Some(Public), Some(Public)),
        ("192.31.196.0/24", Reserved, Some(Public), Some(Public)),
        ("192.52.193.0/24", Reserved, Some(Public), Some(Public)),
        ("192.88.99.0/24", Reserved, Some(Public), Some(Public)),
        ("192.168.0.0/16", Private, Some(Public), Some(Public)),
        ("192.175.48.0/24", Reserved, Some(Public), Some(Public)),
        ("198.18.0.0/15", Benchmarking, Some(Public), Some(Public)),
        ("198.51.100.0/24", Documentation, Some(Public), Some(Public)),
        ("203.0.113.0/24", Documentation, Some(Public), Some(Public)),
        ("224.0.0.0/4", Multicast, Some(Public), Some(Reserved)),
        ("240.0.0.0/5", Reserved, Some(Multicast), Some(Reserved)),
        ("255.255.255.255/32", Broadcast, Some(Reserved), None),
    ]
};

const V6_RANGES: &[(
    &str,
    AddressClass,
    Option<AddressClass>,
    Option<AddressClass>,
)] = {
    use AddressClass::*;
    &[
        ("::/128", Unspecified, None, Some(Loopback)),
        ("::1/128", Loopback, Some(Unspecified), Some(ThisNetwork)),
        (
            "64:ff9b::808:808/128",
            Transition,
            Some(Transition),
            Some(Transition),
        ),
        (
            "64:ff9b:1:808:8:808:808:808/128",
            Transition,
            Some(Transition),
            Some(Transition),
        ),
        ("100::/64", Reserved, Some(Reserved), Some(Reserved)),
        ("1fff::/16", Reserved, Some(Reserved), Some(Public)),
        ("2001:200::/23", Public, Some(Reserved), Some(Public)),
        ("2001:1::/32", Reserved, None, Some(Benchmarking)),
        ("2001:2::/48", Benchmarking, Some(Reserved), Some(Reserved)),
        ("2001:10::/28", Reserved, Some(Reserved), Some(Reserved)),
        ("2001:20::/28", Reserved, Some(Reserved), Some(Reserved)),
        ("2001:30::/28", Reserved, Some(Reserved), Some(Reserved)),
        ("2001:db8::/32", Documentation, Some(Public), Some(Public)),
        ("2003::/16", Public, None, Some(Public)),
        ("2620:4f:8000::/48", Reserved, Some(Public), Some(Public)),
        ("3fff::/20", Documentation, Some(Public), Some(Public)),
        ("4000::/3", Reserved, Some(Public), Some(Reserved)),
        ("5f00::/16", Reserved, Some(Reserved), Some(Reserved)),
        ("fc00::/7", UniqueLocal, Some(Reserved), Some(Reserved)),
        ("fe80::/10", LinkLocal, Some(Reserved), Some(Reserved)),
        ("fec0::/10", Reserved, Some(LinkLocal), Some(Multicast)),
        ("ff00::/8", Multicast, Some(Reserved), None),
    ]
};

#[test]
fn every_special_range_begins_and_ends_where_the_registry_says() {
    for (text, expected, before, after) in V4_RANGES {
        let range: Ipv4Net = text.parse().unwrap();
        let (first, last) = (range.network().to_bits(), range.broadcast().to_bits());
        let at = |bits: u32| classify(Ipv4Addr::from_bits(bits).into());
        assert_eq!((at(first), at(last)), (*expected, *expected), "{text}");
        assert_eq!(first.checked_sub(1).map(at), *before, "before {text}");
        assert_eq!(last.checked_add(1).map(at), *after, "after {text}");
    }
    for (text, expected, before, after) in V6_RANGES {
        let range: Ipv6Net = text.parse().unwrap();
        let (first, last) = (range.network().to_bits(), range.broadcast().to_bits());
        let at = |bits: u128| classify(Ipv6Addr::from_bits(bits).into());
        assert_eq!((at(first), at(last)), (*expected, *expected), "{text}");
        for (neighbour, class) in [(first.checked_sub(1), before), (last.checked_add(1), after)] {
            if let (Some(bits), Some(class)) = (neighbour, class) {
                assert_eq!(
                    at(bits),
                    *class,
                    "{} beside {text}",
                    Ipv6Addr::from_bits(bits)
                );
            }
        }
    }
}

/// Spells `inner` in every form that carries an IPv4 address.
fn forms(inner: Ipv4Addr) -> Vec<(&'static str, Ipv6Addr)> {
    let bits = u128::from(inner.to_bits());
    let under = |prefix: &str, shift: u32| {
        Ipv6Addr::from_bits(prefix.parse::<Ipv6Addr>().unwrap().to_bits() | bits << shift)
    };
    // RFC 6052 leaves octet 8 empty, so the address is split around it.
    let split = |prefix: &str, before: u32| {
        let (high, low) = (bits >> (32 - before), bits & ((1 << (32 - before)) - 1));
        let prefix = prefix.parse::<Ipv6Addr>().unwrap().to_bits();
        Ipv6Addr::from_bits(prefix | high << 64 | low << (56 - (32 - before)))
    };
    vec![
        ("mapped", under("::ffff:0:0", 0)),
        ("translated", under("::ffff:0:0:0", 0)),
        ("compatible", under("::", 0)),
        ("nat64", under("64:ff9b::", 0)),
        ("local nat64 /96", under("64:ff9b:1::", 0)),
        ("local nat64 /96 with a subnet", under("64:ff9b:1:1::", 0)),
        ("local nat64 /64", split("64:ff9b:1::", 0)),
        ("local nat64 /56", split("64:ff9b:1::", 8)),
        ("local nat64 /48", split("64:ff9b:1::", 16)),
        ("6to4", under("2002::", 80)),
        ("teredo server", under("2001::8000:6464:f7f7:f7f7", 64)),
        (
            "teredo client",
            Ipv6Addr::from_bits(under("2001:0:808:808:8000:6464::", 0).to_bits() ^ 0xffff_ffff),
        ),
        ("isatap", under("2606:4700::5efe:0:0", 0)),
        ("isatap, universal", under("2606:4700::200:5efe:0:0", 0)),
        ("isatap in 6to4", under("2002:808:808::5efe:0:0", 0)),
        ("isatap, link-local", under("fe80::5efe:0:0", 0)),
    ]
}

#[test]
fn an_address_inside_another_one_is_what_counts() {
    use AddressClass::*;
    let dangerous = [
        ("127.0.0.1", Loopback),
        ("10.1.2.3", Private),
        ("192.168.7.9", Private),
        ("169.254.169.254", Metadata),
        ("168.63.129.16", Metadata),
        ("169.254.9.9", LinkLocal),
        ("100.64.1.1", CarrierNat),
        ("224.0.0.251", Multicast),
        ("255.255.255.255", Broadcast),
    ];
    for (inner, expected) in dangerous {
        for (form, outer) in forms(inner.parse().unwrap()) {
            assert_ne!(classify(outer.into()), Public, "{form} of {inner}: {outer}");
            // Local NAT64 has several readings of one address; any dangerous one suffices there.
            if !form.starts_with("local nat64") {
                assert_eq!(
                    classify(outer.into()),
                    expected,
                    "{form} of {inner}: {outer}"
                );
            }
        }
    }
}

#[test]
fn a_mapped_public_address_is_public_and_any_other_wrapping_of_it_is_not() {
    for (form, outer) in forms(Ipv4Addr::new(9, 9, 9, 9)) {
        let expected = match form {
            "mapped" => AddressClass::Public,
            "isatap, link-local" => AddressClass::LinkLocal,
            _ => AddressClass::Transition,
        };
        assert_eq!(classify(outer.into()), expected, "{form}: {outer}");
    }
}

#[test]
fn ordinary_public_addresses_pass() {
    for text in [
        "1.1.1.1",
        "9.9.9.9",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
    ] {
        assert!(guard(&[]).judge(ip(text)).is_ok(), "{text}");
    }
}

#[test]
fn a_range_that_the_operator_allows_passes_and_its_neighbours_do_not() {
    let guard = guard(&["10.1.0.0/16", "fd12::/16"]);
    for text in ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd12::1"] {
        assert!(guard.judge(ip(text)).is_ok(), "{text}");
    }
    for text in [
        "10.0.255.255",
        "10.2.0.0",
        "::ffff:10.2.0.0",
        "fd13::",
        "127.0.0.1",
    ] {
        assert!(guard.judge(ip(text)).is_err(), "{text}");
    }
}

#[test]
fn an_allowed_range_of_mapped_addresses_means_the_ipv4_range() {
    let guard = guard(&["::ffff:10.1.0.0/112"]);
    assert!(guard.judge(ip("10.1.2.3")).is_ok());
    assert!(guard.judge(ip("::ffff:10.1.2.3")).is_ok());
    assert!(guard.judge(ip("10.2.2.3")).is_err());
}

#[test]
fn a_mapped_address_is_dialled_as_the_ipv4_address_it_is() {
    assert_eq!(
        guard(&[]).judge(ip("::ffff:9.9.9.9")).unwrap().ip(),
        ip("9.9.9.9")
    );
}

#[test]
fn a_translator_and_what_lies_behind_it_are_allowed_separately() {
    let private = ip("64:ff9b::10.1.2.3");
    assert!(guard(&["64:ff9b::/96"]).judge(private).is_err());
    assert!(guard(&["10.0.0.0/8"]).judge(private).is_err());
    assert!(
        guard(&["64:ff9b::/96", "10.0.0.0/8"])
            .judge(private)
            .is_ok()
    );
    assert!(
        guard(&["64:ff9b::/96"])
            .judge(ip("64:ff9b::9.9.9.9"))
            .is_ok()
    );
    assert!(
        guard(&["64:ff9b:1::/48"])
            .judge(ip("64:ff9b:1::9.9.9.9"))
            .is_ok()
    );
}

#[test]
fn allowing_a_local_translator_does_not_open_any_place_where_an_address_can_hide() {
    let guard = guard(&["64:ff9b:1::/48"]);
    for (form, outer) in forms(Ipv4Addr::new(10, 1, 2, 3)) {
        assert!(guard.judge(outer.into()).is_err(), "{form}: {outer}");
    }
}

#[test]
fn a_metadata_address_passes_only_by_its_own_name() {
    let every = ["0.0.0.0/0", "::/0"];
    let exact = [
        ("169.254.169.254", "169.254.169.254/32"),
        ("168.63.129.16", "168.63.129.16/32"),
        ("100.100.100.200", "100.100.100.200/32"),
        ("192.0.0.192", "192.0.0.192/32"),
        ("169.254.170.2", "169.254.170.2/32"),
        ("fd00:ec2::254", "fd00:ec2::254/128"),
        ("fe80::a9fe:a9fe", "fe80::a9fe:a9fe/128"),
    ];
    for (address, entry) in exact {
        assert_eq!(class(address), AddressClass::Metadata, "{address}");
        let refused = guard(&every).judge(ip(address));
        assert_eq!(
            refused,
            Err(Denied {
                class: AddressClass::Metadata
            }),
            "{address}"
        );
        assert!(guard(&[entry]).judge(ip(address)).is_ok(), "{address}");
    }
    let mapped = ip("::ffff:169.254.169.254");
    assert!(guard(&every).judge(mapped).is_err());
    assert!(guard(&["::ffff:169.254.169.254/128"]).judge(mapped).is_ok());
}

#[test]
fn a_refusal_names_the_class_and_not_the_address() {
    let refused = guard(&[]).judge(ip("10.11.12.13")).unwrap_err().to_string();
    assert!(
        refused.contains("private") && !refused.contains("10.11"),
        "{refused}"
    );
}

proptest! {
    #[test]
    fn without_an_allowance_exactly_the_public_addresses_pass(bits: u128, small: u32) {
        for address in [Ipv6Addr::from_bits(bits).into(), IpAddr::V4(Ipv4Addr::from_bits(small))] {
            let public = classify(address) == AddressClass::Public;
            prop_assert_eq!(Guard::default().judge(address).is_ok(), public);
        }
    }

    #[test]
    fn no_form_of_a_denied_ipv4_address_is_ever_let_through(bits: u32) {
        let inner = Ipv4Addr::from_bits(bits);
        if bits >> 24 != 0 && Guard::default().judge(inner.into()).is_err() {
            for (form, outer) in forms(inner) {
                prop_assert!(Guard::default().judge(outer.into()).is_err(), "{} {}", form, outer);
            }
        }
    }
}
