//! Promises of the catalogue: what a request is called, and which mistakes are reported.

use proptest::prelude::*;

use super::{AmbiguousPath, Catalogue, Service, decoded_segments};
use crate::{Authority, Protocol, Source};

fn source(text: &str) -> Source {
    Source {
        file: "catalogue.yaml".to_owned(),
        text: text.to_owned(),
    }
}

fn read(services: &str) -> Catalogue {
    let text = format!("aegis:\n  catalogue:\n{services}");
    Catalogue::read(&[source(&text)]).expect("a catalogue without mistakes")
}

/// Every mistake as `line: message`.
fn mistakes(services: &str) -> Vec<String> {
    let text = format!("aegis:\n  catalogue:\n{services}");
    let problems = Catalogue::read(&[source(&text)]).expect_err("a mistake");
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.line, problem.message))
        .collect()
}

fn rest(operations: &[&str]) -> Catalogue {
    let operations: Vec<String> = operations
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let (method, path) = line.split_once(' ').expect("METHOD path");
            format!("{{action: a{at}, method: {method}, path: \"{path}\"}}")
        })
        .collect();
    read(&format!(
        "    s: {{hosts: [s.example], protocol: rest, operations: [{}]}}\n",
        operations.join(", ")
    ))
}

fn service(catalogue: &Catalogue) -> &Service {
    catalogue.services().first().expect("a service")
}

#[track_caller]
fn action(catalogue: &Catalogue, method: &str, path: &str) -> Option<String> {
    let matched = service(catalogue)
        .operation(method, path)
        .expect("a clear path");
    matched.map(|matched| matched.operation.action.to_string())
}

#[test]
fn a_service_keeps_what_the_operator_declared() {
    let catalogue = read(
        "    llm: {hosts: [llm.example], protocol: openai, provider: p, regions: [eu-1, eu-2], recordable: [model]}\n",
    );
    let service = service(&catalogue);
    assert_eq!((&*service.name, &*service.provider), ("llm", "p"));
    assert_eq!(service.protocol, Protocol::OpenAi);
    assert_eq!(
        service.regions.iter().map(|it| &**it).collect::<Vec<_>>(),
        ["eu-1", "eu-2"]
    );
    assert_eq!(
        service
            .recordable
            .iter()
            .map(|it| &**it)
            .collect::<Vec<_>>(),
        ["model"]
    );
}

#[test]
fn the_regions_of_a_service_are_those_of_the_host_that_is_called() {
    let catalogue = read(
        "    s:\n      protocol: rest\n      operations: [{action: a, method: GET, path: /}]\n      endpoints:\n        - {hosts: [eu.example, .eu.example], regions: [eu-1]}\n        - {hosts: [us.example], regions: [us-1, us-2]}\n        - {hosts: [some.example]}\n",
    );
    let regions = |host: &str| {
        let service = catalogue.service(&Authority::parse(host, 443).expect("a host"));
        let service = service.expect("a service");
        assert_eq!(&*service.name, "s");
        let known = service.operation("GET", "/").expect("a clear path");
        assert!(known.is_some(), "every endpoint has the operations");
        service.regions.join(" ")
    };
    assert_eq!(regions("eu.example"), "eu-1");
    assert_eq!(regions("a.eu.example"), "eu-1");
    assert_eq!(regions("us.example"), "us-1 us-2");
    assert_eq!(regions("some.example"), "");
}

#[test]
fn mistakes_about_endpoints_have_their_places() {
    assert_eq!(
        mistakes(
            "    both: {hosts: [a.example], endpoints: [{hosts: [b.example]}], protocol: http}\n    none: {endpoints: [{hosts: []}], protocol: http}\n    twice:\n      protocol: http\n      endpoints:\n        - {hosts: [c.example], regions: [eu-1]}\n        - {hosts: [C.example], regions: [us-1]}\n    bare: {protocol: http}\n"
        ),
        [
            "3: a service has either `hosts` and `regions` or `endpoints`, not both",
            "4: an endpoint has at least one host",
            "9: `C.example` already belongs to the service `twice`",
            "10: a service has at least one host",
        ]
    );
}

#[test]
fn the_most_specific_claim_wins() {
    let catalogue = read(concat!(
        "    exact: {hosts: [api.a.example], protocol: http}\n",
        "    port: {hosts: [\"api.a.example:8443\"], protocol: http}\n",
        "    short: {hosts: [.example], protocol: http}\n",
        "    long: {hosts: [.a.example], protocol: http}\n",
        "    long-port: {hosts: [\".a.example:8443\"], protocol: http}\n",
        "    address: {hosts: [192.0.2.1, \"[2001:db8::1]\"], protocol: http}\n",
    ));
    let table = [
        ("API.a.example.:443", Some("exact")),
        ("api.a.example:8443", Some("port")),
        ("x.a.example:443", Some("long")),
        ("y.x.a.example:443", Some("long")),
        ("x.a.example:8443", Some("long-port")),
        ("a.example:443", Some("short")),
        ("example:443", None),
        ("xa.example.org:443", None),
        ("192.0.2.1:80", Some("address")),
        ("[2001:db8:0::1]:80", Some("address")),
        ("[2001:db8::2]:80", None),
    ];
    for (authority, name) in table {
        let authority = Authority::parse(authority, 443).expect("an authority");
        let found = catalogue.service(&authority).map(|service| &*service.name);
        assert_eq!(found, name, "{authority}");
    }
}

#[test]
fn operations_match_by_method_and_path() {
    let catalogue = rest(&[
        "POST /v1/charges",
        "POST /v1/charges/{charge}/refund",
        "GET /",
    ]);
    let table = [
        ("POST", "/v1/charges", Some("a0")),
        ("POST", "/v1/%63harges", Some("a0")),
        ("POST", "/v1/charges/ch_1/refund", Some("a1")),
        ("GET", "/", Some("a2")),
        ("GET", "/v1/charges", None),
        ("post", "/v1/charges", None),
        ("POST", "/v1", None),
        ("POST", "/v1/charges/ch_1", None),
        ("POST", "/v1/charges/ch_1/refund/x", None),
    ];
    for (method, path, expected) in table {
        assert_eq!(
            action(&catalogue, method, path).as_deref(),
            expected,
            "{method} {path}"
        );
    }
}

#[test]
fn literal_segments_beat_placeholders_from_left_to_right() {
    let catalogue = rest(&["GET /{a}/{b}", "GET /{a}/y", "GET /x/{b}", "GET /x/y"]);
    let table = [
        ("/x/y", "a3"),
        ("/x/z", "a2"),
        ("/z/y", "a1"),
        ("/z/z", "a0"),
    ];
    for (path, expected) in table {
        assert_eq!(
            action(&catalogue, "GET", path).as_deref(),
            Some(expected),
            "{path}"
        );
    }
}

#[test]
fn placeholders_give_decoded_parameters() {
    let catalogue = rest(&["GET /{a}/x/{b-2}"]);
    let matched = service(&catalogue)
        .operation("GET", "/%C3%A9/x/a@b")
        .expect("a clear path");
    let expected = vec![("a", "é".to_owned()), ("b-2", "a@b".to_owned())];
    assert_eq!(matched.expect("an operation").parameters, expected);
}

#[test]
fn a_path_that_differs_in_case_only_is_ambiguous() {
    let catalogue = rest(&["POST /v1/charges", "POST /v1/{other}"]);
    let near = service(&catalogue).operation("POST", "/v1/Charges");
    assert_eq!(near.err(), Some(AmbiguousPath::Case));
    let catalogue = rest(&["POST /v1/charges"]);
    assert_eq!(
        service(&catalogue).operation("POST", "/V1/charges").err(),
        Some(AmbiguousPath::Case)
    );
    assert_eq!(action(&catalogue, "POST", "/v1/refunds"), None);
}

#[test]
fn a_path_that_servers_read_differently_is_ambiguous() {
    let table = [
        ("", AmbiguousPath::Relative),
        ("*", AmbiguousPath::Relative),
        ("v1", AmbiguousPath::Relative),
        ("//", AmbiguousPath::EmptySegment),
        ("/a//b", AmbiguousPath::EmptySegment),
        ("/a/", AmbiguousPath::EmptySegment),
        ("/a/./b", AmbiguousPath::DotSegment),
        ("/a/..", AmbiguousPath::DotSegment),
        ("/a/%2e%2E/b", AmbiguousPath::DotSegment),
        ("/a/.%2e", AmbiguousPath::DotSegment),
        ("/a%2Fb", AmbiguousPath::Separator),
        ("/a%2fb", AmbiguousPath::Separator),
        ("/a%5cb", AmbiguousPath::Separator),
        ("/a\\b", AmbiguousPath::Separator),
        ("/a%252e", AmbiguousPath::Separator),
        ("/a%", AmbiguousPath::Escape),
        ("/a%4", AmbiguousPath::Escape),
        ("/a%4g", AmbiguousPath::Escape),
        ("/a%+1", AmbiguousPath::Escape),
        ("/a%00", AmbiguousPath::Character),
        ("/a%0d%0a", AmbiguousPath::Character),
        ("/a%7f", AmbiguousPath::Character),
        ("/a%c2%85", AmbiguousPath::Character),
        ("/a%ff", AmbiguousPath::Character),
        ("/a b", AmbiguousPath::Character),
        ("/é", AmbiguousPath::Character),
        ("/a;b=1", AmbiguousPath::Parameter),
        ("/a%3bb", AmbiguousPath::Parameter),
    ];
    for (path, expected) in table {
        assert_eq!(decoded_segments(path), Err(expected), "{path}");
    }
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let found = mistakes(concat!(
        "    one: {hosts: [a.example, \"no host\"], protocol: http}\n",
        "    two: {hosts: [A.example.], protocol: http}\n",
        "    none: {hosts: [], protocol: mcp}\n",
        "    http: {hosts: [h.example], protocol: http}\n",
        "    a/b: {hosts: [.192.0.2.1], protocol: http}\n",
        "    ops:\n",
        "      hosts: [o.example]\n",
        "      protocol: rest\n",
        "      recordable: [x]\n",
        "      operations:\n",
        "        - {action: a, method: POST, path: \"/x/{one}\"}\n",
        "        - {action: b, method: POST, path: \"/x/{two}\"}\n",
        "        - {action: \"\", method: post, path: /y}\n",
        "        - {action: c, method: GET, path: /z/../y}\n",
        "        - {action: d, method: GET, path: \"/z/{a}b\"}\n",
        "        - {action: e, method: GET, path: \"/{a}/{a}\"}\n",
        "        - {action: f, method: GET, path: y}\n",
        "        - {action: other, method: GET, path: /g}\n",
        "        - {action: \"*\", method: GET, path: /h}\n",
        "    mcp: {hosts: [m.example], protocol: mcp, operations: [{action: a, method: GET, path: /}]}\n",
    ));
    let expected = [
        (3, "`no host`"),
        (4, "already belongs to the service `one`"),
        (5, "at least one host"),
        (6, "`http` is the tool of calls that no service describes"),
        (7, "has no `/`"),
        (7, "`.192.0.2.1`"),
        (11, "its own `recordable`"),
        (14, "the operation `a` matches the same requests"),
        (15, "an action of its own"),
        (20, "an action of its own"),
        (21, "an action of its own"),
        (15, "upper-case letters"),
        (16, "`..` segment"),
        (17, "`{a}b` is neither"),
        (18, "`{a}` stands twice"),
        (19, "does not start with a slash"),
        (22, "only a service with `protocol: rest` has operations"),
    ];
    for (line, message) in expected {
        let told = found
            .iter()
            .any(|it| it.starts_with(&format!("{line}: ")) && it.contains(message));
        assert!(told, "{line}: {message} is not in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

fn escaped(byte: u8) -> Vec<char> {
    format!("%{byte:02x}").chars().collect()
}

proptest! {
    #[test]
    fn no_path_makes_matching_panic(path in ".{0,60}", method in ".{0,8}") {
        let catalogue = rest(&["GET /{a}", "GET /x/{b}"]);
        let _ = service(&catalogue).operation(&method, &path);
    }

    #[test]
    fn a_template_matches_what_it_was_filled_with(value in "[^/\\\\%;\\pC]{1,20}") {
        prop_assume!(value != "." && value != "..");
        let encoded: String = value.bytes().flat_map(escaped).collect();
        let catalogue = rest(&["GET /v1/{a}/end"]);
        let path = format!("/v1/{encoded}/end");
        let matched = service(&catalogue).operation("GET", &path).expect("a clear path");
        prop_assert_eq!(matched.expect("an operation").parameters, vec![("a", value)]);
    }

    #[test]
    fn a_clear_path_has_no_segment_that_leads_elsewhere(path in "/[a-z%2eEfF5cC./;\\\\]{0,30}") {
        for segment in decoded_segments(&path).unwrap_or_default() {
            prop_assert!(!matches!(segment.as_str(), "" | "." | ".."));
            prop_assert!(!segment.contains(['/', '\\', '%', ';']));
        }
    }
}
