//! Usage, secrets and reports.

use std::fs::File;

use serde_json::Value;

use crate::harness::{aegis, code, command, demo, err, home, out, path, proxy_config, write};

#[test]
fn the_version_is_told() {
    let said = aegis(&["--version"]);
    assert_eq!(code(&said), 0);
    assert_eq!(out(&said), format!("aegis {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_ends_with_2() {
    assert_eq!(code(&aegis(&["prox"])), 2);
    assert_eq!(code(&aegis(&["proxy"])), 2);
    let home = home();
    write(
        &home,
        "policies/policy.yaml",
        "aegis: {tenants: {acme: {}}}\n",
    );
    let (data, policies) = (path(home.path()), path(&home.path().join("policies")));
    let run = ["run", "--policy", &policies, "--data-dir", &data];
    let nobody = aegis(&[&run[..], &["--", "true"]].concat());
    assert_eq!(code(&nobody), 2, "{}", err(&nobody));
}

/// A secret that nobody has got is lost, and a report that is cut is none.
#[test]
fn results_that_standard_output_does_not_take_are_a_failure() {
    let home = home();
    let policies = write(
        &home,
        "policies/policy.yaml",
        "aegis: {tenants: {acme: {}}}\n",
    );
    let policies = policies.trim_end_matches("/policy.yaml");
    let log = write(&home, "audit.jsonl", "");
    let text = write(&home, "text", "write to me at ann@example.com\n");
    let new = [
        "credential",
        "new",
        "--id",
        "a",
        "--tenant",
        "t",
        "--agent",
        "a",
    ];
    for arguments in [
        &new[..],
        &["validate", "--policy", policies, "-o", "json"],
        &["policy", "check", policies, "-o", "json"],
        &["shadow", "report", "--audit", &log],
        &["dlp", "scan", &text],
        &["dlp", "redact", &text],
    ] {
        let full = File::options().write(true).open("/dev/full").expect("it");
        let said = command(arguments).stdout(full).output().expect("it starts");
        assert_eq!(code(&said), 1, "{arguments:?}: {}", err(&said));
        let wanted = "error: cannot write the result to standard output: No space left";
        assert!(err(&said).contains(wanted), "{arguments:?}: {}", err(&said));
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let said = command(arguments)
            .stdout(writer)
            .output()
            .expect("it starts");
        assert!(
            !err(&said).contains("error"),
            "{arguments:?}: {}",
            err(&said)
        );
    }
}

#[test]
fn a_secret_in_a_proxy_url_is_refused_and_not_repeated() {
    let url = "http://id:hunter2@127.0.0.1:3128";
    let said = aegis(&["env", "--shell", "bash", "--data-dir", ".", "--proxy", url]);
    assert_eq!(code(&said), 2);
    assert!(err(&said).contains("--secret-file"), "{}", err(&said));
    assert!(!err(&said).contains("hunter2"), "{}", err(&said));
}

#[test]
fn env_puts_the_secret_of_a_file_into_the_proxys_url() {
    let home = home();
    assert_eq!(code(&demo(&home)), 0);
    let secret = write(&home, "secret", "p@ss word\n");
    let data = path(home.path());
    let said = aegis(&[
        "env",
        "--shell",
        "dotenv",
        "--data-dir",
        &data,
        "--proxy",
        "http://127.0.0.1:3128",
        "--credential",
        "bot",
        "--secret-file",
        &secret,
    ]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let wanted = "HTTPS_PROXY=http://bot:p%40ss%20word@127.0.0.1:3128\n";
    assert!(out(&said).contains(wanted), "{}", out(&said));
    assert!(out(&said).contains("/ca-bundle.pem"));
}

#[test]
fn env_prints_base_urls_of_the_gateway_for_the_sdks_that_have_one() {
    let home = home();
    let config = write(&home, "aegis.yaml", SERVICES);
    let secret = write(&home, "secret", "hush\n");
    let asked = ["env", "--shell", "dotenv", "--config", &config, "--gateway"];
    let said = aegis(
        &[
            &asked[..],
            &["--credential", "bot", "--secret-file", &secret],
        ]
        .concat(),
    );
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert_eq!(out(&said), VARIABLES);
    let told = err(&said);
    for note in [
        "no variable of an SDK is known for `fake`; it is at http://127.0.0.1:8080/fake",
        "no variable of an SDK is known for `own`; it is at http://127.0.0.1:8080/own",
        "OPENAI_BASE_URL is for `openai`; `openai-eu` is at http://127.0.0.1:8080/openai-eu",
    ] {
        assert!(told.contains(note), "{told}");
    }
    assert!(!told.contains("hush"), "{told}");

    let config = write(&home, "none.yaml", "region: here\n");
    let said = aegis(&["env", "--shell", "dotenv", "--config", &config, "--gateway"]);
    assert_eq!(code(&said), 2, "{}", err(&said));
}

#[test]
fn env_says_nothing_for_a_credential_that_the_settings_do_not_take() {
    let home = home();
    let config = write(&home, "aegis.yaml", SERVICES);
    write(&home, "data/ca.pem", "");
    let secret = write(&home, "secret", "hush\n");
    let other = write(&home, "other", "not-its-secret\n");
    for way in [&["--gateway"][..], &[]] {
        for (id, secret) in [("nope", &secret), ("bot", &other)] {
            let arguments = ["env", "--shell", "bash", "--config", &config];
            let who = ["--credential", id, "--secret-file", secret];
            let said = aegis(&[&arguments[..], way, &who].concat());
            assert_eq!(code(&said), 2, "{}", err(&said));
            let wanted = format!("credential `{id}`");
            assert!(err(&said).contains(&wanted), "{}", err(&said));
            assert!(!err(&said).contains("not-its-secret"), "{}", err(&said));
            assert_eq!(out(&said), "");
        }
    }
}

#[test]
fn a_new_credential_is_known_by_its_hash_only() {
    let said = aegis(&[
        "credential",
        "new",
        "--id",
        "bot",
        "--tenant",
        "acme",
        "--agent",
        "bot",
    ]);
    assert_eq!(code(&said), 0);
    let text = out(&said);
    let (secret, settings) = text.split_once('\n').expect("two parts");
    assert_eq!(secret.len(), 43);
    assert!(!settings.contains(secret));
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", settings);
    assert_eq!(
        code(&aegis(&["validate", "--config", &config])),
        0,
        "{settings}"
    );
}

#[test]
fn the_shadow_report_of_a_demo_names_the_rules() {
    let home = home();
    assert_eq!(code(&demo(&home)), 0);
    let audit = path(&home.path().join("audit.jsonl"));
    let said = aegis(&["shadow", "report", "--audit", &audit, "-o", "json"]);
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["would_deny"][0]["agent"], "intern-bot");
    let table = aegis(&["shadow", "report", "--audit", &audit]);
    assert!(out(&table).contains("intern-bot"), "{}", out(&table));
}

const SERVICES: &str = "\
region: here
identity: {credentials: [{id: bot, tenant: acme, agent: bot, secret_sha256: dc8331bcb2283e89d275a1c2fe66f7bf5ac3163ec1967f149dd7e27906365f0c}]}
gateway:
  address: 0.0.0.0:8080
  services:
    azure: {upstream: 'https://acme.openai.azure.com'}
    bedrock: {upstream: 'https://bedrock-runtime.eu-central-1.amazonaws.com'}
    claude: {upstream: 'https://api.anthropic.com'}
    fake: {upstream: 'https://fakeapi.openai.com'}
    gemini: {upstream: 'https://generativelanguage.googleapis.com'}
    groq: {upstream: 'https://api.groq.com'}
    openai: {upstream: 'https://api.openai.com'}
    openai-eu: {upstream: 'https://eu.api.openai.com/v1'}
    own: {upstream: 'https://llm.internal'}
    vertex: {upstream: 'https://europe-west4-aiplatform.googleapis.com/v1'}
";

/// In the order of the services' names.
const VARIABLES: &str = "\
AZURE_OPENAI_ENDPOINT=http://127.0.0.1:8080/azure
AZURE_API_BASE=http://127.0.0.1:8080/azure
AZURE_OPENAI_API_KEY=hush
AZURE_API_KEY=hush
AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:8080/bedrock
ANTHROPIC_BEDROCK_BASE_URL=http://127.0.0.1:8080/bedrock
AWS_BEDROCK_RUNTIME_ENDPOINT=http://127.0.0.1:8080/bedrock
AWS_BEARER_TOKEN_BEDROCK=hush
ANTHROPIC_BASE_URL=http://127.0.0.1:8080/claude
ANTHROPIC_API_KEY=hush
GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080/gemini
GEMINI_API_BASE=http://127.0.0.1:8080/gemini/v1beta
GEMINI_API_KEY=hush
GROQ_BASE_URL=http://127.0.0.1:8080/groq
GROQ_API_KEY=hush
OPENAI_BASE_URL=http://127.0.0.1:8080/openai/v1
OPENAI_API_KEY=hush
ANTHROPIC_VERTEX_BASE_URL=http://127.0.0.1:8080/vertex
";
