use super::*;
use aegis_document::Document;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

fn trust() -> Trust {
    let file = |path: &str, pem: &str| TrustFile {
        path: path.into(),
        pem: pem.to_owned(),
    };
    Trust {
        bundle: file("/data/ca-bundle.pem", "our CA\nthe web's roots\n"),
        added: file("/data/ca-added.pem", "our CA\n"),
        others: 1,
    }
}

fn variables(proxy_url: &str) -> Variables {
    Variables::new(proxy_url, &trust(), &|_| None).unwrap()
}

fn value_of<'a>(variables: &'a Variables, wanted: &str) -> Option<&'a str> {
    variables
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

/// What a real POSIX shell prints after running `script`.
fn sh(script: &str) -> String {
    let mut child = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn replacing_variables_get_the_bundle_and_node_gets_what_it_shall_add() {
    let variables = variables("http://127.0.0.1:3128");
    // By name: some runtimes read a second one where theirs is missing, and would not tell.
    for name in [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
        "PIP_CERT",
        "CARGO_HTTP_CAINFO",
        "GIT_SSL_CAINFO",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    ] {
        assert_eq!(
            value_of(&variables, name),
            Some("/data/ca-bundle.pem"),
            "{name}"
        );
    }
    assert_eq!(
        value_of(&variables, "NODE_EXTRA_CA_CERTS"),
        Some("/data/ca-added.pem")
    );
    assert_eq!(value_of(&variables, "NODE_USE_ENV_PROXY"), Some("1"));
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
    ] {
        assert_eq!(
            value_of(&variables, name),
            Some("http://127.0.0.1:3128"),
            "{name}"
        );
    }
}

#[test]
fn nothing_goes_around_the_proxy_by_default_not_even_loopback() {
    let variables = variables("http://127.0.0.1:3128");
    assert_eq!(value_of(&variables, "NO_PROXY"), Some(""));
    assert_eq!(value_of(&variables, "no_proxy"), Some(""));
    assert_eq!(variables.outside(), "");
}

#[test]
fn a_users_own_exceptions_are_kept_except_those_that_switch_the_proxy_off() {
    let inherited = |name: &str| match name {
        "NO_PROXY" => Some(OsString::from(
            "git.corp.example, *,10.0.0.0/8,0.0.0.0/0, ::/0,.",
        )),
        "no_proxy" => Some(OsString::from("git.corp.example .svc *.*")),
        _ => None,
    };
    let variables = Variables::new("http://127.0.0.1:3128", &trust(), &inherited).unwrap();
    assert_eq!(variables.outside(), "git.corp.example,10.0.0.0/8,.svc");
    assert_eq!(value_of(&variables, "no_proxy"), Some(variables.outside()));
}

#[test]
fn a_real_shell_reads_every_variable_as_it_was_meant() {
    let variables = variables("http://bot:it's \"$HOME\" `id` \\ !\n#@127.0.0.1:3128");
    for (name, value) in variables.iter() {
        let printed = sh(&format!(
            "{}printf %s \"${name}\"",
            variables.render(Shell::Bash)
        ));
        assert_eq!(printed, value, "{name}");
    }
}

#[test]
fn docker_gets_each_variable_as_one_argument_and_the_files_it_needs() {
    let variables = variables("http://bot:it's $HOME@127.0.0.1:3128");
    let printed = sh(&format!(
        "printf '%s\\n' {}",
        variables.render(Shell::Docker)
    ));
    let arguments: Vec<&str> = printed.lines().collect();
    for (name, value) in variables.iter() {
        assert!(
            arguments
                .windows(2)
                .any(|two| two == ["--env", &format!("{name}={value}")])
        );
    }
    for file in ["/data/ca-bundle.pem", "/data/ca-added.pem"] {
        assert!(
            arguments
                .windows(2)
                .any(|two| two == ["--volume", &format!("{file}:{file}:ro")])
        );
    }
}

#[test]
fn fish_gets_its_own_quoting() {
    let text = variables(r"http://a\b'c").render(Shell::Fish);
    assert!(
        text.starts_with("set -gx HTTP_PROXY 'http://a\\\\b\\'c'\n"),
        "{text}"
    );
}

#[test]
fn dotenv_is_plain_where_that_is_safe_and_quoted_where_not() {
    assert_eq!(
        dotenv_quoted("http://127.0.0.1:3128"),
        "http://127.0.0.1:3128"
    );
    assert_eq!(dotenv_quoted("a b#$c"), "'a b#$c'");
    assert_eq!(dotenv_quoted("it's $5\n\"\\"), r#""it's \$5\n\"\\""#);
}

/// The config map, and the parts of a pod's spec.
fn kubernetes(variables: &Variables) -> [Value; 2] {
    let text = variables.render(Shell::K8s);
    let (first, second) = text.split_at(text.find("---\n#").unwrap());
    let second = second.trim_start_matches('-');
    [first, second].map(|text| {
        let document = Document::parse("k8s.yaml", text).unwrap();
        document.read().unwrap()
    })
}

#[test]
fn every_file_that_a_pods_variables_name_is_in_a_volume_that_is_mounted_there() {
    let [config_map, pod] = kubernetes(&variables("http://proxy:3128"));
    assert_eq!(
        config_map["data"]["ca-bundle.pem"],
        "our CA\nthe web's roots\n"
    );
    assert_eq!(config_map["data"]["ca-added.pem"], "our CA\n");
    let container = &pod["containers"][0];
    let mount = &container["volumeMounts"][0];
    assert_eq!(mount["name"], pod["volumes"][0]["name"]);
    assert_eq!(
        pod["volumes"][0]["configMap"]["name"],
        config_map["metadata"]["name"]
    );
    let directory = mount["mountPath"].as_str().unwrap();
    for name in REPLACING {
        assert_eq!(
            in_pod(container, name),
            format!("{directory}/ca-bundle.pem")
        );
    }
    assert_eq!(
        in_pod(container, ADDING),
        format!("{directory}/ca-added.pem")
    );
}

#[test]
fn a_pod_gets_every_variable_and_no_dollar_in_it_is_expanded() {
    let variables = variables("http://bot:$(HOME)\"@proxy:3128");
    let [_, pod] = kubernetes(&variables);
    let container = &pod["containers"][0];
    for (name, _) in variables.iter() {
        assert!(!in_pod(container, name).contains("/data/"), "{name}");
    }
    let proxy = in_pod(container, "HTTP_PROXY");
    assert_eq!(proxy, "http://bot:$$(HOME)\"@proxy:3128");
}

fn in_pod<'a>(container: &'a Value, wanted: &str) -> &'a str {
    let env = container["env"].as_array().unwrap();
    let found = env.iter().find(|item| item["name"] == wanted);
    found.unwrap()["value"].as_str().unwrap()
}

#[test]
fn a_credential_in_the_proxys_address_is_not_shown_by_accident() {
    assert!(!format!("{:?}", variables("http://bot:hunter2@127.0.0.1:3128")).contains("hunter2"));
}

#[test]
fn no_variable_is_named_twice() {
    let variables = variables("http://127.0.0.1:3128");
    let by_name: BTreeMap<&str, &str> = variables.iter().collect();
    assert_eq!(by_name.len(), variables.iter().count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_quoted_for_a_shell_reads_back_the_same(value in "[^\0]{0,40}") {
        prop_assert_eq!(sh(&format!("printf %s {}", posix_quoted(&value))), value);
    }
}
