//! Where a name leads is judged before anything is dialled, and what was judged is what is dialled.

use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, ProxyClient, Upstream};

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_and_the_agent_does_not_learn_where() {
    let upstream = Upstream::http().start().await;
    let builder = INSIDE
        .iter()
        .enumerate()
        .fold(guarded(&[]), |builder, (at, (address, _))| {
            builder.host(&format!("n{at}.test"), address)
        });
    let aegis = builder.start().await;
    for (at, (address, class)) in INSIDE.iter().enumerate() {
        let mut reply = aegis
            .client("web-bot")
            .get(&upstream.url_as(&format!("n{at}.test"), "/"))
            .await;

        assert_eq!(reply.status(), 403, "{address}");
        let told = format!("{:?}", reply.headers()) + &reply.text().await;
        assert!(
            told.contains(&format!("\"address.{class}\"")),
            "{address}: {told}"
        );
        assert!(
            !told.contains(address) && !told.contains("127.0.0.1"),
            "{told}"
        );
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(
            decision["outcome"], "allow",
            "policy had nothing against the name"
        );
        assert_eq!(end["error"], "address.denied");
        let refusal = &end["refusal"];
        assert_eq!(refusal["outcome"], "deny");
        assert_eq!(refusal["rules"][0]["rule"], format!("address.{class}"));
        assert!(refusal["rules"][0]["message"].is_string(), "{end}");
        assert!(!end.to_string().contains(address), "{end}");
        assert_eq!(end.get("route"), None);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_address_in_the_url_is_judged_like_one_from_a_resolver() {
    let upstream = Upstream::http().start().await;
    let aegis = guarded(&[]).start().await;
    let port = upstream.port();
    for (host, class) in [
        ("127.0.0.1", "loopback"),
        ("[::1]", "loopback"),
        ("[::ffff:127.0.0.1]", "loopback"),
        ("[::ffff:7f00:1]", "loopback"),
        ("169.254.169.254", "metadata"),
    ] {
        let mut reply = aegis
            .client("web-bot")
            .get(&format!("http://{host}:{port}/"))
            .await;

        assert_eq!(reply.status(), 403, "{host}");
        assert_eq!(
            reply.json().await["reasons"][0]["rule"],
            format!("address.{class}")
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_blind_tunnel_is_guarded_too() {
    let upstream = Upstream::http().start().await;
    let aegis = guarded(&[]).hosts(&["blind.test"]).start().await;

    let target = format!("blind.test:{}", upstream.port());
    let refusal = aegis.client("web-bot").tunnel(&target).await.unwrap_err();

    assert_eq!(refusal.status, 403);
    assert_eq!(refusal.json()["reasons"][0]["rule"], "address.loopback");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_request_in_a_tunnel_is_guarded_too() {
    let upstream = Upstream::http().start().await;
    let aegis = guarded(&[]).hosts(&["inner.test"]).start().await;

    let url = format!("https://inner.test:{}/", upstream.port());
    let mut reply = aegis.client("web-bot").get(&url).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json().await["reasons"][0]["rule"], "address.loopback");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn one_bad_address_in_an_answer_refuses_all_of_it() {
    let upstream = Upstream::http().start().await;
    let aegis = guarded(&["127.0.0.1/32"])
        .host("mixed.test", "127.0.0.1")
        .host("mixed.test", "10.0.0.1")
        .start()
        .await;

    let mut reply = aegis
        .client("web-bot")
        .get(&upstream.url_as("mixed.test", "/"))
        .await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json().await["reasons"][0]["rule"], "address.private");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_operator_lets_exactly_one_address_through_and_it_is_the_one_dialled() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = guarded(&["127.0.0.1/32"])
        .host("yes.test", "127.0.0.1")
        .host("no.test", "127.0.0.2")
        .host("mapped.test", "::ffff:127.0.0.1")
        .start()
        .await;
    let client = aegis.client("web-bot");

    for name in ["yes.test", "mapped.test"] {
        let reply = client.get(&upstream.url_as(name, "/")).await;
        assert_eq!(reply.status(), 200);
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["route"]["address"], upstream.address().to_string());
        assert!(end["timings_us"]["resolve"].is_u64());
    }
    assert_eq!(
        client.get(&upstream.url_as("no.test", "/")).await.status(),
        403
    );
}

/// The address does not exist here, so that it can be allowed without being reached.
#[tokio::test]
async fn a_metadata_address_must_be_allowed_by_itself() {
    let rule = async |allowed: &str| {
        let aegis = guarded(&[allowed])
            .host("meta.test", "fd00:ec2::254")
            .settings(|settings| settings.upstream.connect_timeout = Duration::from_millis(200))
            .start()
            .await;
        let mut reply = aegis.client("web-bot").get("http://meta.test/").await;
        reply.json().await["reasons"][0]["rule"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };

    assert_eq!(rule("fd00::/8").await, "address.metadata");
    assert_eq!(rule("fd00:ec2::254/127").await, "address.metadata");
    assert!(
        rule("fd00:ec2::254/128")
            .await
            .starts_with("upstream.connect")
    );
}

/// `nowhere.example` does not resolve and `inner.example` leads inside: who looked would find that out
/// and say so. That nobody can look without a grant is a matter of types, which `invariants` tests.
#[tokio::test]
async fn a_name_that_policy_denies_is_never_resolved() {
    let aegis = guarded(&[]).hosts(&["inner.example"]).start().await;
    let client = aegis.client("web-bot");
    for name in ["nowhere.example", "inner.example"] {
        let reply = client.get(&format!("http://{name}/")).await;
        assert_denied_unresolved(&aegis, &reply).await;
        assert_eq!(
            client
                .tunnel(&format!("{name}:443"))
                .await
                .unwrap_err()
                .status,
            403
        );
    }

    assert_eq!(
        client.get("http://nowhere.test/").await.status(),
        502,
        "an allowed one is looked up"
    );
    assert_stranger_learns_nothing(&aegis.anonymous()).await;
}

async fn assert_denied_unresolved(aegis: &Aegis, reply: &aegis_testkit::Reply) {
    assert_eq!(reply.status(), 403);
    let (decision, end) = aegis.lines_of(reply).await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(end.get("refusal"), None, "the decision line has said it");
    assert_eq!(end["error"], "policy.deny");
    let timings = end["timings_us"].as_object().expect("timings");
    assert!(
        timings.contains_key("decision") && !timings.contains_key("resolve"),
        "{timings:?}"
    );
}

async fn assert_stranger_learns_nothing(stranger: &ProxyClient) {
    for name in ["nowhere.test", "inner.test"] {
        assert_eq!(stranger.get(&format!("http://{name}/")).await.status(), 407);
    }
}

fn guarded(allowed: &[&str]) -> AegisBuilder {
    let allowed = allowed
        .iter()
        .map(|range| range.parse().expect("a network"))
        .collect();
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .settings(|settings| settings.upstream.allow_addresses = allowed)
}

const INSIDE: [(&str, &str); 24] = [
    ("127.0.0.1", "loopback"),
    ("127.8.8.8", "loopback"),
    ("::1", "loopback"),
    ("0.0.0.0", "unspecified"),
    ("::", "unspecified"),
    ("0.1.2.3", "this_network"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("192.168.1.1", "private"),
    ("fc00::1", "unique_local"),
    ("169.254.1.1", "link_local"),
    ("fe80::1", "link_local"),
    ("169.254.169.254", "metadata"),
    ("169.254.170.2", "metadata"),
    ("fd00:ec2::254", "metadata"),
    ("100.100.100.200", "metadata"),
    ("100.64.0.1", "carrier_nat"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "metadata"),
    ("64:ff9b::7f00:1", "loopback"),
    ("64:ff9b::a9fe:a9fe", "metadata"),
    ("2002:7f00:1::", "loopback"),
    ("224.0.0.1", "multicast"),
    ("255.255.255.255", "broadcast"),
];

const POLICY: &str = "
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: web}
profiles:
  web:
    hosts: [.test, 127.0.0.1, '[::1]', 169.254.169.254]
    passthrough: [blind.test]
    tools: {http: {'*': {}}}
";
