use aegis_policy::Auth;

use super::*;

#[test]
fn an_absolute_url_names_the_destination_and_http_means_port_80() {
    for (target, host) in [
        ("http://a.test/", "a.test"),
        ("http://A.Test./", "a.test:80"),
        ("http://a.test:80/", "a.test"),
        ("http://a.test?q", "a.test"),
    ] {
        let found = name_of_absolute_form(&parts("GET", target, &[host])).unwrap();
        assert_eq!(found.to_string(), "a.test:80", "{target}");
    }
    assert_eq!(
        name_of_absolute_form(&parts("GET", "http://a.test:8080/", &[]))
            .unwrap()
            .port(),
        8080
    );
}

#[test]
fn an_absolute_url_that_disagrees_with_host_is_refused() {
    for host in ["b.test", "a.test:81", "a.test.b.test", "1.2.3.4"] {
        let outcome = name_of_absolute_form(&parts("GET", "http://a.test/", &[host]));
        assert_eq!(cause(outcome), Cause::NameDisagreement, "{host}");
    }
    let twice = name_of_absolute_form(&parts("GET", "http://a.test/", &["a.test", "a.test"]));
    assert_eq!(cause(twice), Cause::NameDisagreement);
    let unreadable = name_of_absolute_form(&parts("GET", "http://a.test/", &["a.test,b.test"]));
    assert_eq!(cause(unreadable), Cause::Destination);
}

#[test]
fn without_a_tunnel_only_http_urls_are_accepted() {
    for target in [
        "/",
        "/path",
        "*",
        "https://a.test/",
        "ftp://a.test/",
        "ws://a.test/",
    ] {
        let outcome = name_of_absolute_form(&parts("OPTIONS", target, &["a.test"]));
        assert_eq!(cause(outcome), Cause::NotProxyForm, "{target}");
    }
}

#[test]
fn a_connect_names_host_and_port() {
    assert_eq!(
        connect_authority(&parts("CONNECT", "A.test:443", &["a.TEST.:443"]))
            .unwrap()
            .to_string(),
        "a.test:443"
    );
    assert_eq!(
        connect_authority(&parts("CONNECT", "[::ffff:1.2.3.4]:443", &[]))
            .unwrap()
            .to_string(),
        "1.2.3.4:443"
    );
    for target in [
        "a.test",
        "a.test:",
        "a.test:0",
        "a.test:65536",
        "u@a.test:443",
        "127.1:443",
        "0177.0.0.1:443",
        "a..test:443",
    ] {
        let Ok(uri) = target.parse::<Uri>() else {
            continue;
        };
        let outcome = connect_authority(&with_uri("CONNECT", uri, &[]));
        assert_eq!(cause(outcome), Cause::Destination, "{target}");
    }
    let other = connect_authority(&parts("CONNECT", "a.test:443", &["a.test:444"]));
    assert_eq!(cause(other), Cause::NameDisagreement);
}

/// Browsers leave the port out of `Host` where it is the scheme's own.
#[test]
fn the_port_of_a_connect_may_be_missing_in_host() {
    assert!(connect_authority(&parts("CONNECT", "a.test:443", &["a.test"])).is_ok());
    assert!(connect_authority(&parts("CONNECT", "a.test:8443", &["a.test"])).is_ok());
}

#[test]
fn in_a_tunnel_the_request_names_its_host_itself() {
    let tunnel = inside(Scheme::Https);
    let named = |target: &str, hosts: &[&str]| name_inside(&parts("GET", target, hosts), &tunnel);

    assert_eq!(named("/", &["b.test"]).unwrap().to_string(), "b.test:443");
    assert_eq!(
        named("https://b.test/", &[]).unwrap().to_string(),
        "b.test:443"
    );
    assert_eq!(
        named("https://b.test/", &["b.test:443"])
            .unwrap()
            .to_string(),
        "b.test:443"
    );
    assert_eq!(
        cause(named("https://b.test/", &["a.test"])),
        Cause::NameDisagreement
    );
    assert_eq!(
        cause(named("http://b.test/", &["b.test"])),
        Cause::NameDisagreement
    );
    assert_eq!(
        cause(named("/", &["b.test", "b.test"])),
        Cause::NameDisagreement
    );
    assert_eq!(cause(named("/", &[])), Cause::Destination);
}

#[test]
fn in_a_plain_tunnel_http_means_port_80_again() {
    let tunnel = inside(Scheme::Http);
    let named = name_inside(&parts("GET", "/", &["a.test"]), &tunnel).unwrap();
    assert_eq!(named.to_string(), "a.test:80");
}

#[test]
fn a_path_begins_with_a_slash() {
    assert_eq!(
        &*path_of(&parts("GET", "http://a.test?q", &[])).unwrap(),
        "/"
    );
    assert_eq!(&*path_of(&parts("OPTIONS", "*", &[])).unwrap(), "*");
    assert_eq!(cause(path_of(&parts("GET", "*", &[]))), Cause::Malformed);
    assert_eq!(
        cause(path_of(&parts("CONNECT", "a.test:443", &[]))),
        Cause::NotProxyForm
    );
}

fn parts(method: &str, target: &str, hosts: &[&str]) -> Parts {
    with_uri(method, target.parse().unwrap(), hosts)
}

fn with_uri(method: &str, uri: Uri, hosts: &[&str]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for host in hosts {
        request = request.header("host", *host);
    }
    request.body(()).unwrap().into_parts().0
}

fn inside(scheme: Scheme) -> Inside {
    Inside {
        id: "connect".into(),
        authority: Authority::parse("a.test:443", 443).unwrap(),
        scheme,
        caller: Caller {
            tenant: "acme".into(),
            agent: "bot".into(),
            auth: Auth::Credential,
        },
        revoked: Said::default(),
    }
}

fn cause<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Cause {
    outcome.unwrap_err().cause
}
