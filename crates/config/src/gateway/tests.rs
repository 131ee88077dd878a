//! Sections `gateway` and what becomes of them.

use std::path::Path;
use std::time::Duration;

use aegis_document::Problems;

use super::*;
use crate::Settings;
use crate::reference::tests::Nothing;

fn read(section: &str) -> Result<GatewaySettings, Problems> {
    let text = format!("region: eu\ngateway:\n{section}");
    Settings::read("a.yaml", &text, Path::new("/etc/aegis"), &Nothing)
        .map(|settings| settings.gateway.unwrap())
}

fn complaints(section: &str) -> String {
    let problems = read(section).expect_err("this section should be refused");
    problems.to_string().replace("a.yaml:", "")
}

fn service(name: &str, section: &str) -> GatewayService {
    read(section).unwrap().services.remove(name).unwrap()
}

#[test]
fn a_gateway_listens_on_loopback_unless_told_otherwise_and_is_off_without_its_section() {
    let section = "  services: {openai: {upstream: 'https://api.openai.com'}}";
    assert_eq!(read(section).unwrap().address.to_string(), "127.0.0.1:8080");
    let none = Settings::read("a", "region: eu", Path::new("/"), &Nothing).unwrap();
    assert_eq!(none.gateway, None);
}

#[test]
fn a_services_upstream_is_taken_apart() {
    for (written, tls, authority, prefix) in [
        ("https://api.openai.com", true, "api.openai.com", ""),
        ("https://api.openai.com/", true, "api.openai.com", ""),
        ("https://a.test:8443/v1/", true, "a.test:8443", "/v1"),
        ("https://[2001:db8::1]/a/b", true, "[2001:db8::1]", "/a/b"),
        ("http://127.0.0.1:9/x", false, "127.0.0.1:9", "/x"),
        ("http://[::1]:9", false, "[::1]:9", ""),
        ("http://localhost", false, "localhost", ""),
    ] {
        let found = service(
            "a",
            &format!("  services: {{a: {{upstream: '{written}'}}}}"),
        );
        let wanted = ServiceUrl {
            tls,
            authority: authority.into(),
            prefix: prefix.into(),
        };
        assert_eq!(found.upstream, wanted, "{written}");
    }
}

#[test]
fn a_key_in_a_header_that_no_service_has_is_asked_about() {
    for (written, wanted) in [
        ("barer", "did you mean `bearer`?"),
        ("beaer", "did you mean `bearer`?"),
        ("basic", "no header has this name"),
    ] {
        let credential = format!("{{send_as: {written}, key: {{env: A}}}}");
        let section =
            format!("  services: {{a: {{upstream: 'https://a.test', credential: {credential}}}}}");
        let told = complaints(&section);
        assert!(told.contains(wanted), "{written}: {told}");
    }
}

#[test]
fn an_upstream_that_is_no_plain_base_url_is_refused() {
    for written in [
        "api.openai.com",
        "ftp://a.test",
        "https://",
        "https://key@a.test",
        "https://a.test/?key=1",
        "https://a.test/../b",
        "https://a.test/a//b",
        "https://a.test/%2e%2e",
        "https://a.test:0",
    ] {
        let found = complaints(&format!("  services: {{a: {{upstream: '{written}'}}}}"));
        assert!(
            found.contains("expected https://HOST"),
            "{written}: {found}"
        );
    }
}

#[test]
fn plain_http_beyond_loopback_is_allowed_by_name_only() {
    let plain = "upstream: 'http://llm.internal:9'";
    let found = complaints(&format!("  services: {{a: {{{plain}}}}}"));
    assert!(found.contains("insecure_http"), "{found}");
    let allowed = service(
        "a",
        &format!("  services: {{a: {{{plain}, insecure_http: true}}}}"),
    );
    assert!(!allowed.upstream.tls);
}

#[test]
fn keys_come_from_a_file_a_variable_or_a_command() {
    let from = |source: &str| {
        let section = format!(
            "  services: {{a: {{upstream: 'https://a.test', credential: {{send_as: bearer, key: {source}}}}}}}"
        );
        match service("a", &section).credential.unwrap() {
            ServiceCredential::Key { send_as, key } => {
                assert_eq!(send_as, SendAs::Bearer);
                key
            }
            ServiceCredential::Sigv4(_) => panic!("a key"),
        }
    };
    assert_eq!(
        from("{file: keys/a}"),
        KeySource::File("/etc/aegis/keys/a".into())
    );
    assert_eq!(from("{env: A_KEY}"), KeySource::Env("A_KEY".into()));
    let argv = vec!["vault".to_owned(), "read key".to_owned()];
    assert_eq!(
        from("{command: [vault, read key]}"),
        KeySource::Command(KeyCommand::new(argv.clone()))
    );
    assert_eq!(
        from("{command: [vault, read key], timeout: 1s, cache: 1h}"),
        KeySource::Command(KeyCommand {
            argv,
            timeout: Duration::from_secs(1),
            cache: Duration::from_hours(1),
        })
    );
}

#[test]
fn requests_to_bedrock_are_signed() {
    let section = "
  services:
    bedrock:
      upstream: https://bedrock-runtime.eu-central-1.amazonaws.com
      credential:
        sigv4: {region: eu-central-1, access_key_id: {env: ID}, secret_access_key: {file: secret}}";
    let Some(ServiceCredential::Sigv4(found)) = service("bedrock", section).credential else {
        panic!("a signature")
    };
    let wanted = Sigv4 {
        region: "eu-central-1".into(),
        service: "bedrock".into(),
        access_key_id: KeySource::Env("ID".into()),
        secret_access_key: KeySource::File("/etc/aegis/secret".into()),
        session_token: None,
    };
    assert_eq!(found, wanted);
}

#[test]
fn all_mistakes_of_a_gateway_come_at_once() {
    let section = "  address: 127.0.0.1:3128
  services:
    Open.AI: {upstream: 'https://a.test'}
    a: {upstream: 'https://a.test', credential: {}}
    b: {upstream: 'https://a.test', credential: {send_as: Bearer, key: {}}}
    c: {upstream: 'https://a.test', credential: {send_as: host, key: {file: a, env: b}}}
    d: {upstream: 'https://a.test', credential: {send_as: api-key, key: {env: a b}}}
    e: {upstream: 'https://a.test', credential: {send_as: api-key, key: {command: []}}}
    f: {upstream: 'https://a.test', credential: {send_as: api-key, key: {file: a, cache: 1s}}}
    g: {upstream: 'https://a.test', credential: {send_as: api-key, key: {command: [a], timeout: 0s}}}
    h: {upstream: 'https://a.test', credential: {sigv4: {region: EU, access_key_id: {}, secret_access_key: {env: A}}}}
";
    assert_eq!(
        complaints(section),
        "\
3:12: the gateway's port must differ from the forward and the admin port
5:14: a service's name has lower-case letters, digits and inner hyphens only
6:49: expected either `send_as` and `key`, or `sigv4`
7:59: expected `bearer` or the name of a header in lower case
7:72: exactly one of `file`, `env` and `command` is needed
8:59: this header cannot carry a key
8:70: exactly one of `file`, `env` and `command` is needed
9:79: a variable's name has letters, digits and underscores only
10:83: a command needs a program
11:73: `timeout` and `cache` belong to a `command`
12:97: `timeout`: expected a duration from 1ms to 24h
13:66: expected a name as AWS writes it, such as eu-central-1 or bedrock
13:85: exactly one of `file`, `env` and `command` is needed"
    );
    assert!(complaints("  address: 127.0.0.1:0").contains("at least one service"));
    let unknown = complaints("  services: {a: {upstrem: 'https://a.test'}}");
    assert!(unknown.contains("did you mean `upstream`?"), "{unknown}");
}
