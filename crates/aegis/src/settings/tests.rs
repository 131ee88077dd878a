//! What the settings accept, the parts that are handed them accept as well: no mistake waits for the start.

use super::*;
use aegis_policy::Host;
use http::Uri;
use proptest::prelude::*;

fn is_accepted(text: &str) -> bool {
    parse(Path::new("aegis.json"), text).is_ok()
}

fn assert_name(name: &str) {
    let settings = serde_json::json!({"region": "eu", "listen": {"tls": {"names": [name]}}});
    if is_accepted(&settings.to_string()) {
        assert!(Host::parse(name).is_ok(), "{name:?}");
    }
}

fn assert_endpoint(rest: &str) {
    let endpoint = format!("http://{rest}");
    let settings =
        serde_json::json!({"region": "eu", "telemetry": {"otlp_endpoint": endpoint.as_str()}});
    if is_accepted(&settings.to_string()) {
        let uri = endpoint.parse::<Uri>();
        assert!(uri.is_ok_and(|uri| uri.host().is_some()), "{endpoint:?}");
    }
}

#[test]
fn names_and_endpoints_of_every_kind_are_judged_alike() {
    for name in [
        "a.test",
        "a.test.",
        "127.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "a_b",
    ] {
        let settings = serde_json::json!({"region": "eu", "listen": {"tls": {"names": [name]}}});
        assert!(is_accepted(&settings.to_string()), "{name}");
        assert_name(name);
        assert_endpoint(name);
    }
    for name in [
        "0x7f.1",
        "a.0x",
        "1.2.3",
        "a..b",
        "-a",
        "a-",
        "[1.2.3.4]",
        "[::1",
        ".",
    ] {
        assert_name(name);
        assert_endpoint(name);
    }
}

proptest! {
    #[test]
    fn a_name_that_the_settings_accept_is_one_for_the_proxy(name in r"[a0xX.\[\]:_ -]{0,12}") {
        assert_name(&name);
    }

    #[test]
    fn an_endpoint_that_the_settings_accept_is_a_url(rest in r"[a1.\[\]:/@?# %~-]{0,12}") {
        assert_endpoint(&rest);
    }
}
