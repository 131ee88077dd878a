//! No call leaves for a region that its tenant is not bound to.

use aegis_testkit::{Aegis, AegisBuilder, Answer, Feed, Reply, Upstream};

use crate::finance::post;

#[tokio::test]
async fn a_bound_tenant_reaches_its_lawful_region() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = atlas().start().await;

    let reply = get(&aegis, "bound-bot", &upstream, "eu.test").await;

    assert_eq!(reply.status(), 200);
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["region"], "eu-central-1");
    assert_eq!(decision["destination_regions"][0], "eu-central-1");
    assert_eq!(end["route"]["region"], "eu-central-1");
}

#[tokio::test]
async fn a_bound_tenant_reaches_no_other_region_and_none_that_nobody_declared() {
    let upstream = Upstream::http().start().await;
    let aegis = atlas().start().await;
    for (host, rule) in ABROAD {
        let mut reply = get(&aegis, "bound-bot", &upstream, host).await;
        assert_eq!(reply.status(), 403, "{host}");
        assert_eq!(reply.json().await["reasons"][0]["rule"], rule, "{host}");

        let tunnel = aegis
            .client("bound-bot")
            .tunnel(&format!("{host}:{}", upstream.port()))
            .await;
        assert_eq!(tunnel.unwrap_err().status, 403, "{host}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn what_is_open_ends_when_its_service_is_declared_elsewhere() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&body));
    let upstream = upstream.start().await;
    let aegis = atlas().start().await;
    let mut open = get(&aegis, "bound-bot", &upstream, "eu.test").await;
    feed.event("first");
    assert!(open.chunk().await.is_some());

    let moved = "protocol: http, regions: [us-west-2]}\n  america";
    let moved = POLICY.replace("protocol: http, regions: [eu-central-1]}\n  america", moved);
    assert_ne!(moved, POLICY);
    aegis.change_policy(&moved).await;

    assert!(open.try_chunk().await.is_err());
    let (_, end) = aegis.lines_of(&open).await;
    assert_eq!(end["outcome_detail"], "closed_by_policy", "{end}");
}

#[tokio::test]
async fn a_tenant_that_is_not_bound_may_go_anywhere_and_crossings_are_counted() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = atlas().start().await;
    for host in ["eu.test", "us.test", "us.test", "unlisted.test"] {
        let reply = get(&aegis, "free-bot", &upstream, host).await;
        assert_eq!(reply.status(), 200, "{host}");
        aegis.lines_of(&reply).await;
    }
    let (_, metrics) = aegis.admin_get("/metrics").await;
    let crossings: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("aegis_cross_region_calls_total"))
        .collect();
    assert_eq!(
        crossings,
        ["aegis_cross_region_calls_total{from=\"eu-central-1\",to=\"us-east-1\"} 2"]
    );
}

#[tokio::test]
async fn residency_is_suspended_only_for_a_tenant_that_says_so() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = atlas().start().await;

    let reply = get(&aegis, "lenient-bot", &upstream, "us.test").await;

    assert_eq!(reply.status(), 200);
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["would"]["outcome"], "deny");
    assert_eq!(decision["would"]["rules"][0]["rule"], "region");
    assert_eq!(end["route"]["region"], "us-east-1");
}

#[tokio::test]
async fn shadow_of_all_kinds_suspends_other_findings_but_not_residency() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = atlas().shadow().start().await;
    for agent in ["bound-bot", "shadow-bot"] {
        for (host, _) in ABROAD {
            let reply = get(&aegis, agent, &upstream, host).await;
            assert_eq!(reply.status(), 403, "{agent} {host}");
        }
        let suspended = get(&aegis, agent, &upstream, "eu.example").await;
        assert_eq!(
            suspended.status(),
            200,
            "the host is not granted, and that is in shadow"
        );
    }
    for request in upstream.requests() {
        assert!(request.authority.starts_with("eu.example"));
    }
}

/// The module is the one of `docs/policy.md`.
#[tokio::test]
async fn personal_data_stays_in_the_region_where_a_module_says_so() {
    let upstream = Upstream::http().echo().start().await;
    let granted = "hosts: [.test]\n    tools: {http: {'*': {}}, america";
    let ruled = granted.replace("tools", "data: {pii: allow}\n    tools");
    let page = include_str!("../../docs/policy.md");
    let module = page.split("```rego\n");
    let module = module.filter_map(|block| block.split("```").next());
    let module: String = module.filter(|it| it.contains("data.abroad")).collect();
    let aegis = Aegis::with_policy(&POLICY.replace(granted, &ruled))
        .agent("free", "free-bot")
        .hosts(&["eu.test", "us.test", "both.test", "unlisted.test"])
        .module("abroad.rego", &module)
        .start()
        .await;
    for (host, body, status) in [
        ("eu.test", "to ann@corp.example", 200),
        ("us.test", "to nobody", 200),
        ("us.test", "to ann@corp.example", 403),
        ("both.test", "to ann@corp.example", 403),
        ("unlisted.test", "to ann@corp.example", 403),
    ] {
        let request = post(&upstream.url_as(host, "/"), "text/plain", body);
        let mut reply = aegis.client("free-bot").send(request).await;
        assert_eq!(reply.status(), status, "{host}: {body}");
        if status == 403 {
            assert_eq!(reply.json().await["reasons"][0]["rule"], "data.abroad");
        }
    }
    assert_eq!(upstream.requests().len(), 2);
}

async fn get(aegis: &Aegis, agent: &str, upstream: &Upstream, host: &str) -> Reply {
    aegis.client(agent).get(&upstream.url_as(host, "/")).await
}

fn atlas() -> AegisBuilder {
    ["bound-bot", "free-bot", "lenient-bot", "shadow-bot"]
        .iter()
        .fold(Aegis::with_policy(POLICY), |builder, agent| {
            builder.agent(agent.trim_end_matches("-bot"), agent)
        })
        .hosts(&[
            "eu.test",
            "us.test",
            "both.test",
            "unlisted.test",
            "eu.example",
        ])
}

const ABROAD: [(&str, &str); 3] = [
    ("us.test", "region"),
    ("both.test", "region"),
    ("unlisted.test", "region"),
];

const POLICY: &str = "
tenants:
  bound: {regions: [eu-central-1]}
  free: {}
  lenient: {regions: [eu-central-1], residency: shadow}
  shadow: {regions: [eu-central-1], mode: shadow}
agents:
  bound-bot: {tenant: bound, profile: web}
  free-bot: {tenant: free, profile: web}
  lenient-bot: {tenant: lenient, profile: web}
  shadow-bot: {tenant: shadow, profile: shadowed}
profiles:
  web:
    hosts: [.test]
    tools: {http: {'*': {}}, america: {'*': {}}, atlantic: {'*': {}}, europe: {'*': {}}}
  shadowed:
    mode: shadow
    hosts: [.test]
    tools: {http: {'*': {}}}
catalogue:
  europe: {hosts: [eu.test, eu.example], protocol: http, regions: [eu-central-1]}
  america: {hosts: [us.test], protocol: http, regions: [us-east-1]}
  atlantic: {hosts: [both.test], protocol: http, regions: [eu-central-1, us-east-1]}
";
