//! Paths and places of services.

use aegis_config::{KeySource, SendAs, ServiceCredential, ServiceUrl};

use super::*;

#[test]
fn the_first_segment_names_the_service_and_the_rest_is_its_path() {
    for (target, path) in [
        ("/openai/v1/chat/completions", "/v1/chat/completions"),
        ("/openai/v1/models?limit=1", "/v1/models"),
        ("/openai/model/a%3A0/x%2Fy", "/model/a%3A0/x%2Fy"),
        ("/openai//a", "//a"),
        ("/openai/...", "/..."),
        ("/openai/", "/"),
        ("/openai", "/"),
        ("/openai?x", "/"),
        ("/azure/chat", "/openai/v1/chat"),
        ("/azure/", "/openai/v1/"),
        ("/azure", "/openai/v1"),
    ] {
        let (_, found) = services().locate(&parts("GET", target)).unwrap();
        assert_eq!(&*found, path, "{target}");
    }
    let (service, _) = services().locate(&parts("GET", "/azure/a")).unwrap();
    assert_eq!(service.scheme, Scheme::Https);
    assert_eq!(service.authority.to_string(), "azure.test:8443");
}

#[test]
fn a_path_without_a_service_or_out_of_its_prefix_is_refused() {
    for target in [
        "/",
        "//openai/a",
        "/%6fpenai/a",
        "/openai%2Fa",
        "/openai/..",
        "/openai/./a",
        "/openai/a/../../b",
        "/openai/%2e%2e/b",
        "/openai/.%2E/b",
        "/openai/%252e%252e/b",
        "/openai/a%2f..%2fb",
        "/openai/a%5c..%5cb",
        "/openai/..;x=1/b",
    ] {
        assert_eq!(
            refused(&parts("GET", target)),
            Cause::ServicePath,
            "{target}"
        );
    }
    assert_eq!(refused(&parts("OPTIONS", "*")), Cause::ServicePath);
}

#[test]
fn a_service_that_is_not_there_is_unknown() {
    for target in ["/anthropic/v1/messages", "/OpenAI/v1", "/openai.", "/.."] {
        assert_eq!(
            refused(&parts("GET", target)),
            Cause::ServiceUnknown,
            "{target}"
        );
    }
}

#[test]
fn what_is_meant_for_a_proxy_is_refused() {
    let target = "http://openai.test/openai/v1";
    assert_eq!(refused(&parts("GET", target)), Cause::NotGatewayForm);
    assert_eq!(
        refused(&parts("CONNECT", "a.test:443")),
        Cause::NotGatewayForm
    );
}

#[test]
fn a_location_of_the_service_is_led_through_the_gateway_and_no_other_is() {
    let services = services();
    let (service, _) = services.locate(&parts("GET", "/azure")).unwrap();
    let relocated = |location: &str| {
        let here = service.relocate(
            &HeaderValue::from_str(location).unwrap(),
            "/openai/v1/jobs/7",
        );
        here.map(|value| value.to_str().unwrap().to_owned())
    };
    for (location, here) in [
        ("/openai/v1/jobs/7?x=1", "/azure/jobs/7?x=1"),
        ("https://AZURE.test:8443/openai/v1", "/azure"),
        ("//azure.test:8443/openai/v1/a", "/azure/a"),
        ("8", "/azure/jobs/8"),
        ("?page=2", "/azure/jobs/7?page=2"),
        ("../files/1", "/azure/files/1"),
        ("..", "/azure/"),
    ] {
        assert_eq!(relocated(location).as_deref(), Some(here), "{location}");
    }
    for elsewhere in [
        "https://azure.test/openai/v1/jobs",
        "http://azure.test:8443/openai/v1/jobs",
        "https://evil.test/openai/v1/jobs",
        "//evil.test/openai/v1",
        "/openai/v1x",
        "/openai/v1/../admin",
        "../../x",
        "../../v1x/y",
        "%2e%2e/%2e%2e/x",
        "..;/..;/x",
        "a:b/c",
        "",
    ] {
        assert_eq!(relocated(elsewhere), None, "{elsewhere}");
    }
}

/// The key must not go into another header than the one that was meant.
#[test]
fn a_service_whose_header_is_none_is_refused_at_the_start() {
    let mut settings = settings();
    let azure = settings.services.get_mut("azure").unwrap();
    azure.credential = Some(ServiceCredential::Key {
        send_as: SendAs::Header("no header".into()),
        key: KeySource::Env("AZURE_KEY".into()),
    });
    let refused = Services::new(Some(&settings)).unwrap_err().to_string();
    assert!(refused.contains("service azure"), "{refused}");
}

fn services() -> Services {
    Services::new(Some(&settings())).unwrap()
}

fn settings() -> GatewaySettings {
    let mut settings = GatewaySettings::default();
    for (name, authority, prefix) in [
        ("openai", "openai.test", ""),
        ("azure", "azure.test:8443", "/openai/v1"),
    ] {
        let upstream = ServiceUrl {
            tls: true,
            authority: authority.into(),
            prefix: prefix.into(),
        };
        let service = GatewayService {
            upstream,
            credential: None,
        };
        settings.services.insert(name.into(), service);
    }
    settings
}

fn parts(method: &str, target: &str) -> Parts {
    let request = http::Request::builder().method(method).uri(target);
    request.body(()).unwrap().into_parts().0
}

fn refused(parts: &Parts) -> Cause {
    services().locate(parts).unwrap_err().cause
}
