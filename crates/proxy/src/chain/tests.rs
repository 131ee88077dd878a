use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use aegis_policy::{
    Auth, Authority, Call, Destination, Front, Parameters, Phase, Scheme, Truncation,
};
use http::HeaderValue;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

#[test]
fn the_called_agent_brings_back_who_called_it_and_then_itself() {
    let chains = chains();
    let first = sent(&chains, "acme", "a", &[]);
    let chain = taken(&chains, "acme", "b", &first).unwrap();
    assert_eq!(names(&chain), ["a"]);
    let second = sent(&chains, "acme", "b", &["a"]);
    let chain = taken(&chains, "acme", "c", &second).unwrap();
    assert_eq!(names(&chain), ["a", "b"]);
    assert_eq!(
        &*chain.trace_id, BEGAN,
        "that of the trace in which it began"
    );
}

#[test]
fn only_where_an_agent_may_be_the_chain_is_sent() {
    let chains = chains();
    for kind in [CallKind::Http, CallKind::Tool, CallKind::Llm] {
        let mut headers = HeaderMap::new();
        let intent = intent("acme", "a", &[], kind);
        chains
            .extend(&mut headers, &intent, &TraceContext::root())
            .unwrap();
        assert!(headers.is_empty(), "{kind:?}");
    }
}

#[test]
fn no_name_can_be_read_from_what_is_sent() {
    let chains = chains();
    let value = sent(&chains, "acme", "finance-bot", &["planner"]);
    let token = value.split('=').nth(1).unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token);
    let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    for secret in ["acme", "finance-bot", "planner"] {
        assert!(!text.contains(secret) && !value.contains(secret));
    }
    assert_ne!(value, sent(&chains, "acme", "finance-bot", &["planner"]));
}

#[test]
fn what_is_not_ours_is_refused_by_a_rule_of_its_own() {
    let chains = chains();
    let good = sent(&chains, "acme", "a", &[]);
    let mut forged = good.clone().into_bytes();
    let last = forged.last_mut().unwrap();
    *last = if *last == b'A' { b'Q' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let old = Token::new("acme".into(), vec!["a".into()], BEGAN.into());
    let old = old.aged(token::LIFE + Duration::from_mins(1));
    let old = format!("aegis-chain={}", old.seal(&chains.key).unwrap());
    let long = format!("aegis-chain={}", "A".repeat(5_000));
    for (value, rule) in [
        (forged.as_str(), "chain.invalid"),
        ("aegis-chain=", "chain.invalid"),
        ("aegis-chain", "chain.invalid"),
        ("aegis-chain=a,b", "chain.invalid"),
        ("aegis-chain=not a token", "chain.invalid"),
        (&long, "chain.invalid"),
        (&old, "chain.expired"),
        (&format!("{good},{good}"), "chain.doubled"),
        (&format!("{good},Aegis%2Dchain=x"), "chain.doubled"),
        (&format!("{good}, +aegis-chain+ =x"), "chain.doubled"),
    ] {
        let refusal = taken(&chains, "acme", "b", value).unwrap_err();
        assert_eq!(&*refusal.reasons[0].rule, rule, "{value}");
    }
}

#[test]
fn what_happened_elsewhere_counts_as_nothing() {
    let (chains, other_key) = (chains(), chains());
    for value in [
        sent(&chains, "globex", "a", &[]),
        sent(&other_key, "acme", "a", &[]),
    ] {
        let chain = taken(&chains, "acme", "b", &value).unwrap();
        assert!(chain.agents.is_empty());
    }
}

#[test]
fn a_chain_ends_at_its_hard_limit() {
    let chains = chains();
    let all: Vec<String> = (0..16).map(|number| format!("agent-{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let last = sent(&chains, "acme", all[14], &all[..14]);
    assert_eq!(taken(&chains, "acme", "b", &last).unwrap().depth(), 15);
    let beyond = sent(&chains, "acme", all[15], &all[..15]);
    let refusal = taken(&chains, "acme", "b", &beyond).unwrap_err();
    assert_eq!(&*refusal.reasons[0].rule, "chain.too_long");
    assert!(beyond.len() < 4_096, "SDKs hand on no longer member");

    let name = "x".repeat(LONGEST_NAMES + 1);
    let intent = intent("acme", &name, &[], CallKind::A2a);
    let refusal = chains.extend(&mut HeaderMap::new(), &intent, &TraceContext::root());
    assert_eq!(&*refusal.unwrap_err().reasons[0].rule, "chain.too_long");
}

#[test]
fn who_hands_on_the_trace_alone_is_found_again() {
    let chains = chains();
    let called = TraceContext::root();
    let mut headers = HeaderMap::new();
    let a_calls_b = intent("acme", "a", &["root"], CallKind::A2a);
    chains.extend(&mut headers, &a_calls_b, &called).unwrap();
    let mut headers = HeaderMap::new();
    let chain = chains.take(&mut headers, &caller("acme", "b"), &called.child());
    assert_eq!(names(&chain.unwrap()), ["root", "a"]);
    let stranger = TraceContext::root().child();
    let chain = chains.take(&mut headers, &caller("acme", "b"), &stranger);
    assert!(chain.unwrap().agents.is_empty());
}

#[test]
fn of_two_witnesses_the_one_that_saw_more_is_believed() {
    let chains = chains();
    let called = TraceContext::root();
    let long = intent("acme", "a", &["root"], CallKind::A2a);
    chains
        .extend(&mut HeaderMap::new(), &long, &called)
        .unwrap();
    let short = sent(&chains, "acme", "a", &[]);
    let mut headers = baggage(&short);
    let chain = chains.take(&mut headers, &caller("acme", "b"), &called.child());
    assert_eq!(names(&chain.unwrap()), ["root", "a"]);
}

#[test]
fn what_others_have_put_into_the_baggage_stays() {
    let chains = chains();
    let mut headers = HeaderMap::new();
    let token = sent(&chains, "acme", "a", &[]);
    headers.append(
        "baggage",
        format!("user=ann;x=1,{token};p=1,b=2").parse().unwrap(),
    );
    headers.append("baggage", HeaderValue::from_static("c=3"));
    let caller = caller("acme", "b");
    chains
        .take(&mut headers, &caller, &TraceContext::root())
        .unwrap();
    let left: Vec<_> = headers.get_all("baggage").iter().collect();
    assert_eq!(left, ["user=ann;x=1,b=2", "c=3"]);

    let intent = intent("acme", "b", &["a"], CallKind::Mcp);
    chains
        .extend(&mut headers, &intent, &TraceContext::root())
        .unwrap();
    let all: Vec<_> = headers.get_all("baggage").iter().collect();
    let [whole] = all[..] else {
        panic!("one header")
    };
    let whole = whole.to_str().unwrap();
    assert!(whole.starts_with("aegis-chain="));
    assert!(whole.ends_with(",user=ann;x=1,b=2,c=3"));
}

#[test]
fn a_key_is_made_once_for_nobody_else_to_read() {
    let directory = TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let first = Key::read_or_create(&data_dir).unwrap();
    let file = data_dir.join("chain.key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(Key::read_or_create(&data_dir).unwrap().id(), first.id());
    assert!(!format!("{first:?}").contains(&*std::fs::read_to_string(&file).unwrap()));

    std::fs::write(&file, " too short \n").unwrap();
    let refused = Key::read_or_create(&data_dir).unwrap_err();
    assert!(
        refused.to_string().contains("openssl rand -hex 32"),
        "{refused}"
    );
    let missing = Key::read(&data_dir.join("nowhere")).unwrap_err();
    assert!(missing.to_string().contains("nowhere"), "{missing}");
}

proptest! {
    /// Not even with the right beginning does anything pass that Aegis has not made.
    #[test]
    fn nothing_made_up_is_taken_for_a_chain(at in 0..90_usize, letter in "[A-Za-z0-9_-]") {
        let chains = chains();
        let good = sent(&chains, "acme", "a", &[]);
        let at = "aegis-chain=".len() + at;
        let mut other = good.clone();
        other.replace_range(at..=at, &letter);
        prop_assume!(other != good);
        let chain = taken(&chains, "acme", "b", &other);
        prop_assert!(chain.is_err() || chain.unwrap().agents.is_empty());
    }

    #[test]
    fn any_baggage_is_read_without_a_fault(value in "[ -~]{0,200}") {
        let chains = chains();
        let mut headers = baggage(&value);
        let _ = chains.take(&mut headers, &caller("acme", "b"), &TraceContext::root());
        prop_assert!(super::baggage::take(&mut headers).is_empty());
    }

    /// However it is spelled, and wherever it stands: what others have put there keeps its bytes.
    #[test]
    fn our_member_goes_and_all_others_stay(
        members in prop::collection::vec(prop_oneof![
            ours().prop_map(|member| (true, member)),
            "[a-z]{1,9}=[!-+.-:<-~]{0,9}(;[a-z]{1,3}=[0-9])?".prop_map(|member| (false, member)),
        ], 1..8)
    ) {
        let texts = |of_us: Option<bool>| -> Vec<&str> {
            let members = members.iter();
            let members = members.filter(|(ours, _)| of_us.is_none_or(|of_us| of_us == *ours));
            members.map(|(_, text)| text.as_str()).collect()
        };
        let mut headers = baggage(&texts(None).join(","));
        let found = super::baggage::take(&mut headers);
        prop_assert_eq!(found, vec!["token"; texts(Some(true)).len()]);
        let left: Vec<_> = headers.get_all("baggage").iter().collect();
        let others = texts(Some(false)).join(",");
        prop_assert_eq!(left, if others.is_empty() { vec![] } else { vec![&*others] });
    }
}

/// One of the ways in which a propagator may write our key.
fn ours() -> impl Strategy<Value = String> {
    let blank = prop::sample::select(vec!["", " ", "+", "%20", "%2B", " %09"]);
    let letters = prop::collection::vec(0..3_u8, "aegis-chain".len());
    (blank.clone(), letters, blank).prop_map(|(before, ways, after)| {
        let letters = "aegis-chain".chars().zip(ways);
        let key: String = letters
            .map(|(letter, way)| match way {
                0 => letter.to_string(),
                1 => letter.to_ascii_uppercase().to_string(),
                _ => format!("%{:02X}", u32::from(letter)),
            })
            .collect();
        format!("{before}{key}{after}= token ;p=1")
    })
}

fn chains() -> Chains {
    let directory = TempDir::new().unwrap();
    Chains::new(&Settings::for_directory(directory.path(), "eu")).unwrap()
}

/// The baggage of a call that this agent makes on behalf of these.
fn sent(chains: &Chains, tenant: &str, agent: &str, before: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    let intent = intent(tenant, agent, before, CallKind::A2a);
    let trace = TraceContext::root();
    chains.extend(&mut headers, &intent, &trace).unwrap();
    headers["baggage"].to_str().unwrap().to_owned()
}

fn taken(chains: &Chains, tenant: &str, agent: &str, value: &str) -> Result<Chain, Refusal> {
    let mut headers = baggage(value);
    chains.take(&mut headers, &caller(tenant, agent), &TraceContext::root())
}

fn baggage(value: &str) -> HeaderMap {
    HeaderMap::from_iter([("baggage".parse().unwrap(), value.parse().unwrap())])
}

fn names(chain: &Chain) -> Vec<&str> {
    chain.agents.iter().map(AsRef::as_ref).collect()
}

fn caller(tenant: &str, agent: &str) -> Caller {
    Caller {
        tenant: tenant.into(),
        agent: agent.into(),
        auth: Auth::Credential,
    }
}

fn intent(tenant: &str, agent: &str, before: &[&str], kind: CallKind) -> Intent {
    Intent {
        phase: Phase::Request,
        id: "1".into(),
        time: "2026-01-01T00:00:00Z".into(),
        front: Front::Forward,
        region: "eu".into(),
        caller: caller(tenant, agent),
        chain: Chain {
            agents: before.iter().copied().map(Arc::from).collect(),
            trace_id: BEGAN.into(),
        },
        destination: Destination {
            scheme: Scheme::Https,
            authority: Authority::parse("b.test", 443).unwrap(),
            path: "/".into(),
            provider: "".into(),
            regions: Arc::default(),
        },
        call: Call {
            kind,
            tool: "somebody".into(),
            action: "send".into(),
            parameters: Parameters::new(),
            model: None,
            stream: false,
            truncation: Truncation::Whole,
            opaque: false,
            changed: false,
        },
        http: None,
        data: Vec::new(),
    }
}

const BEGAN: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
