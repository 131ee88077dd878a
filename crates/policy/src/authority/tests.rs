use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, AuthorityError> {
    Authority::parse(text, 443).map(|authority| authority.to_string())
}

#[test]
fn a_destination_is_written_in_one_form() {
    let forms = [
        ("api.example.com", "api.example.com:443"),
        ("API.Example.COM.:8443", "api.example.com:8443"),
        ("my_service:80", "my_service:80"),
        ("192.0.2.7", "192.0.2.7:443"),
        ("192.0.2.7.:80", "192.0.2.7:80"),
        ("[2001:DB8:0:0::7]:80", "[2001:db8::7]:80"),
        ("xn--bcher-kva.example:00443", "xn--bcher-kva.example:443"),
    ];
    for (text, written) in forms {
        assert_eq!(parse(text).as_deref(), Ok(written), "{text}");
    }
}

#[test]
fn an_address_in_a_form_that_resolvers_disagree_about_is_refused() {
    let forms = [
        "127.1",
        "127.0.1",
        "0",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0177.0.0.1",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.04",
        "a.0x",
        "2001:db8::7",
        "::1",
        "[127.0.0.1]",
        "[::1",
        "[::1%eth0]",
        "[v1.x]",
        "[example.net]",
    ];
    for text in forms {
        assert_eq!(parse(text), Err(AuthorityError::AmbiguousAddress), "{text}");
    }
}

#[test]
fn what_is_not_a_host_and_a_port_is_refused_for_its_own_reason() {
    use AuthorityError as E;
    let long_name = ["a"; 127].join(".") + ".b";
    let long_label = "a".repeat(64);
    let cases = [
        ("", E::Empty),
        (".", E::Empty),
        (":443", E::Empty),
        ("a..b", E::Label),
        (".a", E::Label),
        ("a..", E::Label),
        ("-a.example", E::Label),
        ("a-.example", E::Label),
        ("a b", E::Character),
        ("a/b", E::Character),
        ("a\0", E::Character),
        ("b\u{fc}cher.example", E::Character),
        ("\u{ff11}27.0.0.1", E::Character),
        ("a%2eb", E::Character),
        ("[::1]x", E::Character),
        ("user@host", E::UserInfo),
        ("host:80@other", E::UserInfo),
        ("host:", E::Port),
        ("host:0", E::Port),
        ("host:+80", E::Port),
        ("host:65536", E::Port),
        ("host:https", E::Port),
        (long_name.as_str(), E::TooLong),
        (long_label.as_str(), E::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_rule_may_name_a_host_or_any_suffix_of_it() {
    let host = Host::parse("a.b.Example").unwrap();
    assert_eq!(host.candidates(), ["a.b.example", ".b.example", ".example"]);
    assert_eq!(
        Host::parse("192.0.2.7").unwrap().candidates(),
        ["192.0.2.7"]
    );
}

fn dns_name() -> impl Strategy<Value = String> {
    proptest::string::string_regex("([a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?\\.){0,4}[a-z]{1,8}")
        .unwrap()
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        dns_name().prop_map(|name| Host::Name(name.into())),
        any::<Ipv4Addr>().prop_map(|ip| Host::Address(ip.into())),
        any::<Ipv6Addr>().prop_map(|ip| Host::Address(IpAddr::V6(ip).to_canonical())),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(host in host(), port in 1..=u16::MAX, default: u16) {
        let authority = Authority::new(host, port).unwrap();
        prop_assert_eq!(Authority::parse(&authority.to_string(), default), Ok(authority));
    }

    #[test]
    fn whatever_is_accepted_is_already_in_its_final_form(text in "[a-zA-Z0-9.:_\\[\\]-]{0,24}|\\PC{0,24}") {
        if let Ok(authority) = Authority::parse(&text, 443) {
            prop_assert_eq!(Authority::parse(&authority.to_string(), 1), Ok(authority));
        }
    }

    #[test]
    fn case_and_a_trailing_dot_do_not_matter(name in dns_name(), upper: u64) {
        let mixed = name.char_indices().map(|(at, c)| {
            if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c }
        });
        let mixed: String = mixed.collect();
        let plain = Host::parse(&name);
        prop_assert!(plain.is_ok());
        prop_assert_eq!(&Host::parse(&mixed), &plain);
        prop_assert_eq!(&Host::parse(&format!("{mixed}.")), &plain);
    }
}
