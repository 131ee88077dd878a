//! Agents that call on behalf of others: the chain is proven hop by hop, and policy bounds it.

use aegis_testkit::{Aegis, AegisBuilder, Received, Reply, Upstream};
use serde_json::{Value, json};

use super::{Asked, LANGUAGES, agent};
use crate::finance::rules;

#[tokio::test]
async fn a_chain_of_two_hops_is_known_at_its_end_and_on_record() {
    for language in LANGUAGES {
        let world = World::start("").await;
        let hello = || language.message("send", "hello");
        let (_, first) = world.hop("planner", "helper", hello()).await;
        assert_eq!(first["chain"], Value::Null, "it acts for itself");
        let carried = world.baggage("helper");
        assert!(carried.starts_with("aegis-chain="), "{carried}");

        let on = hello().header("baggage", carried);
        let (_, second) = world.hop("helper", "archive", on).await;
        let began = &first["trace_id"];
        let chain = json!({"depth": 1, "agents": ["planner"], "trace_id": began});
        assert_eq!(second["chain"], chain, "{language:?}");

        let on = hello().header("baggage", world.baggage("archive"));
        let (_, third) = world.hop("archive", "docs", on).await;
        let chain = json!({"depth": 2, "agents": ["planner", "helper"], "trace_id": began});
        assert_eq!(third["chain"], chain);
        assert_eq!(third["outcome"], "allow");
    }
}

#[tokio::test]
async fn a_chain_that_is_too_deep_is_denied() {
    let world = World::start("max_depth: 1").await;
    for language in LANGUAGES {
        let hello = || language.message("stream", "hello");
        world.hop("planner", "helper", hello()).await;
        let on = hello().header("baggage", world.baggage("helper"));
        let (reply, _) = world.hop("helper", "archive", on).await;
        assert_eq!(reply.status(), 200);
        let on = hello().header("baggage", world.baggage("archive"));
        let (mut reply, decision) = world.hop("archive", "docs", on).await;
        assert_eq!(rules(&decision["rules"]), ["chain.depth"]);
        let body = reply.json().await;
        language.assert_refused(&reply, &body, "chain.depth");
    }
    assert_eq!(world.docs.connections(), 0);
}

#[tokio::test]
async fn an_agent_does_not_come_back_where_loops_are_denied() {
    for (chain, outcome) in [("loops: deny", "deny"), ("loops: allow", "allow")] {
        let world = World::start(chain).await;
        let language = LANGUAGES[0];
        let hello = || language.message("send", "hello");
        world.hop("planner", "helper", hello()).await;
        let on = || hello().header("baggage", world.baggage("helper"));
        let (_, to_a_caller) = world.hop("helper", "planner", on()).await;
        assert_eq!(to_a_caller["outcome"], outcome, "the called one is in it");
        let (_, to_itself) = world.hop("helper", "helper", hello()).await;
        assert_eq!(to_itself["outcome"], outcome, "it calls itself");
        let (_, came_back) = world.hop("planner", "archive", on()).await;
        assert_eq!(came_back["outcome"], outcome, "the caller is in it");
        if outcome == "deny" {
            assert_eq!(rules(&came_back["rules"]), ["chain.loop"]);
        }
        let (_, onward) = world.hop("helper", "archive", on()).await;
        assert_eq!(onward["outcome"], "allow");
    }
}

#[tokio::test]
async fn an_agent_that_hands_on_the_trace_alone_is_found_again() {
    let world = World::start("loops: deny").await;
    let hello = || LANGUAGES[0].message("send", "hello");
    world.hop("planner", "helper", hello()).await;
    let parent = world.header("helper", "traceparent");
    let on = hello().header("traceparent", &parent);
    let (_, second) = world.hop("helper", "archive", on).await;
    assert_eq!(second["chain"]["agents"], json!(["planner"]));

    let parent = world.header("archive", "traceparent");
    let trace = parent.split('-').nth(1).expect("a trace id");
    let own_span = format!("00-{trace}-00f067aa0ba902b7-01");
    let on = hello().header("traceparent", own_span);
    let (_, back) = world.hop("archive", "planner", on).await;
    assert_eq!(back["chain"]["agents"], json!(["planner", "helper"]));
    assert_eq!(rules(&back["rules"]), ["chain.loop"]);
    let again = hello().header("traceparent", world.header("helper", "traceparent"));
    let (_, again) = world.hop("bystander", "archive", again).await;
    assert_eq!(again["outcome"], "allow");
}

#[tokio::test]
async fn who_says_of_itself_on_whose_behalf_it_calls_is_refused() {
    let world = World::start("").await;
    for language in LANGUAGES {
        let hello = || language.message("send", "hello");
        world.hop("planner", "helper", hello()).await;
        let good = world.baggage("helper");
        let mut forged = good.clone();
        // The last letters are of the tag.
        forged.truncate(good.len() - 4);
        forged.push_str("AAAA");
        for (baggage, rule) in [
            (forged, "chain.invalid"),
            ("aegis-chain=planner".to_owned(), "chain.invalid"),
            (format!("{good},aegis%2Dchain=x"), "chain.doubled"),
        ] {
            let on = hello().header("baggage", baggage);
            let (mut reply, decision) = world.hop("helper", "archive", on).await;
            assert_eq!(rules(&decision["rules"]), [rule]);
            let body = reply.json().await;
            language.assert_refused(&reply, &body, rule);
        }
    }
    assert_eq!(world.archive.connections(), 0);
}

#[tokio::test]
async fn a_chain_of_another_tenant_or_deployment_is_none() {
    let world = World::start("max_depth: 0").await;
    let hello = || LANGUAGES[0].message("send", "hello");
    world.hop("planner", "helper", hello()).await;
    let on = hello().header("baggage", world.baggage("helper"));
    let (_, stranger) = world.hop("stranger", "archive", on).await;
    assert_eq!(stranger["chain"], Value::Null);
    assert_eq!(stranger["outcome"], "allow");

    let elsewhere = World::start("").await;
    elsewhere.hop("planner", "helper", hello()).await;
    let on = hello().header("baggage", elsewhere.baggage("helper"));
    let (_, foreign) = world.hop("helper", "archive", on).await;
    assert_eq!(foreign["outcome"], "allow");
}

#[tokio::test]
async fn data_planes_with_one_key_know_each_others_chains() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let key = folder.path().join("chain.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").expect("a file");
    let with_key = |builder: AegisBuilder| {
        builder.settings(|settings| settings.chain.key_file = Some(key.clone()))
    };
    let first = World::start_as("", with_key).await;
    let second = World::start_as("", with_key).await;
    let hello = || LANGUAGES[0].message("send", "hello");
    first.hop("planner", "helper", hello()).await;
    let on = hello().header("baggage", first.baggage("helper"));
    let (_, decision) = second.hop("helper", "archive", on).await;
    assert_eq!(decision["chain"]["agents"], json!(["planner"]));
}

#[tokio::test]
async fn the_chain_reaches_nobody_who_is_no_agent() {
    let world = World::start("").await;
    let hello = || LANGUAGES[0].message("send", "hello");
    world.hop("planner", "helper", hello()).await;
    let all = format!("user=ann,{},b=2;p", world.baggage("helper"));
    let page = || Asked::get("/page".to_owned());
    let on = page().header("baggage", &all);
    let (_, decision) = world.hop("helper", "site", on).await;
    assert_eq!(decision["chain"]["agents"], json!(["planner"]), "judged");
    assert_eq!(world.baggage("site"), "user=ann,b=2;p");
    let alone = page().header("baggage", world.baggage("helper"));
    world.hop("helper", "site", alone).await;
    let last = world.site.requests().pop().expect("a request");
    assert_eq!(last.header("baggage"), None);

    let on = hello().header("baggage", all);
    world.hop("helper", "archive", on).await;
    let sent = world.baggage("archive");
    let mut members = sent.split(',');
    let token = members.next().expect("a member");
    assert!(token.starts_with("aegis-chain=") && !token.contains("planner"));
    assert_eq!(members.collect::<Vec<_>>(), ["user=ann", "b=2;p"]);
}

#[tokio::test]
async fn a_module_of_ones_own_sees_the_chain() {
    let world = World::start_as("", |builder| builder.module("own.rego", MODULE)).await;
    let hello = || LANGUAGES[0].message("send", "hello");
    let (_, direct) = world.hop("helper", "archive", hello()).await;
    assert_eq!(direct["outcome"], "allow");
    world.hop("planner", "helper", hello()).await;
    let on = hello().header("baggage", world.baggage("helper"));
    let (_, decision) = world.hop("helper", "archive", on).await;
    assert_eq!(rules(&decision["rules"]), ["own.chain"]);
}

/// Agents that may all call one another, and a page.
struct World {
    aegis: Aegis,
    planner: Upstream,
    helper: Upstream,
    archive: Upstream,
    docs: Upstream,
    site: Upstream,
}

impl World {
    /// With these words on chains in everybody's profile.
    async fn start(chain: &str) -> Self {
        Self::start_as(chain, |builder| builder).await
    }

    async fn start_as(chain: &str, change: impl FnOnce(AegisBuilder) -> AegisBuilder) -> Self {
        let [planner, helper, archive, docs] = [
            Upstream::http().answer(agent).start().await,
            Upstream::http().answer(agent).start().await,
            Upstream::http().answer(agent).start().await,
            Upstream::http().answer(agent).start().await,
        ];
        let site = Upstream::http().echo().start().await;
        let mut policy = POLICY.replace("CHAIN", chain);
        for (name, upstream) in [
            ("P1", &planner),
            ("P2", &helper),
            ("P3", &archive),
            ("P4", &docs),
        ] {
            policy = policy.replace(name, &upstream.port().to_string());
        }
        let builder = Aegis::with_policy(&policy)
            .agent("acme", "planner")
            .agent("acme", "helper")
            .agent("acme", "archive")
            .agent("acme", "bystander")
            .agent("globex", "stranger")
            .hosts(&[
                "planner.test",
                "helper.test",
                "archive.test",
                "docs.test",
                "site.test",
            ]);
        Self {
            aegis: change(builder).start().await,
            planner,
            helper,
            archive,
            docs,
            site,
        }
    }

    /// One agent calls another; the reply and the decision line.
    async fn hop(&self, from: &str, to: &str, asked: Asked) -> (Reply, Value) {
        let url = self.of(to).url_as(&format!("{to}.test"), &asked.path);
        let reply = asked.send_to(&self.aegis.client(from), &url).await;
        let (decision, _) = self.aegis.lines_of(&reply).await;
        (reply, decision)
    }

    /// What this one was sent last.
    fn baggage(&self, of: &str) -> String {
        self.header(of, "baggage")
    }

    fn header(&self, of: &str, name: &str) -> String {
        let last: Received = self.of(of).requests().pop().expect("a request");
        last.header(name).expect("the header").to_owned()
    }

    fn of(&self, name: &str) -> &Upstream {
        match name {
            "planner" => &self.planner,
            "helper" => &self.helper,
            "archive" => &self.archive,
            "docs" => &self.docs,
            "site" => &self.site,
            other => panic!("there is no {other}"),
        }
    }
}

const MODULE: &str = r#"package aegis.ext

deny contains {"rule": "own.chain", "message": "not for the planner"} if {
	input.phase == "request"
	input.chain.depth > 0
	input.chain.agents[0] == "planner"
}
"#;

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
  globex: {regions: [eu-central-1]}
agents:
  planner: {tenant: acme, profile: all}
  helper: {tenant: acme, profile: all}
  archive: {tenant: acme, profile: all}
  bystander: {tenant: acme, profile: all}
  stranger: {tenant: globex, profile: all}
profiles:
  all:
    chain: {CHAIN}
    tools:
      site: {get: {}}
      planner: {'*': {}}
      helper: {'*': {}}
      archive: {'*': {}}
      docs: {'*': {}}
catalogue:
  planner: {hosts: ['planner.test:P1'], protocol: a2a, regions: [eu-central-1]}
  helper: {hosts: ['helper.test:P2'], protocol: a2a, regions: [eu-central-1]}
  archive: {hosts: ['archive.test:P3'], protocol: a2a, regions: [eu-central-1]}
  docs: {hosts: ['docs.test:P4'], protocol: a2a, regions: [eu-central-1]}
  site: {hosts: [site.test], protocol: http, regions: [eu-central-1]}
";
