//! Who may ask for what: a token or a certificate, a role, a scope, and a record of those who wanted more.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use aegis_control::{Control, Proof, Settings, SettingsError, StartError, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ring::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::{Client, fails};
use crate::compiler::Words;
use crate::plane::{Plane, settings};

#[tokio::test]
async fn nobody_gets_anything_without_a_known_token() {
    let plane = Plane::start().await;
    let address = plane.control.address();
    let stranger = Client::new(address, Some("token-of-eve"));
    let basic = plane.nobody().with("authorization", "Basic YTpi");
    let twice = plane
        .client("olga")
        .with("authorization", "Bearer token-of-ann");
    for client in [plane.nobody(), stranger, basic, twice] {
        for path in [
            "/v1/status",
            "/v1/publications",
            "/v1/audit",
            "/v1/refused",
            "/v1/bundles/acme@eu-central-1",
        ] {
            let answer = client.get(path).await;
            assert_eq!(
                answer.outcome(),
                fails(401, "auth.unauthenticated"),
                "{path}"
            );
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let answer = client.post("/v1/publications", &json!({})).await;
        assert_eq!(answer.outcome(), fails(401, "auth.unauthenticated"));
    }
}

#[tokio::test]
async fn each_role_has_its_own_operations_and_no_others() {
    let plane = Plane::start().await;
    let operations = [
        ("GET", "/v1/bundles/acme@eu-central-1", "acme-1"),
        ("POST", "/v1/status", "acme-1"),
        ("POST", "/v1/logs", "acme-1"),
        ("GET", "/v1/audit", "acme-audit"),
        ("GET", "/v1/refused", "olga"),
        ("GET", "/v1/status", "ann olga"),
        ("POST", "/v1/publications", "ann"),
        ("GET", "/v1/publications", "ann olga"),
        ("GET", "/v1/publications/1", "ann olga"),
        ("POST", "/v1/publications/1/promote", "ann olga"),
        ("POST", "/v1/rollbacks", "ann olga"),
    ];
    for (method, path, allowed) in operations {
        for name in ["acme-1", "ann", "acme-audit", "olga"] {
            let client = plane.client(name);
            let answer = match method {
                "GET" => client.get(path).await,
                _ => client.post(path, &json!({"no": "body"})).await,
            };
            let is_refused = answer.outcome() == fails(403, "auth.role");
            assert_eq!(
                is_refused,
                !allowed.contains(name),
                "{name}: {method} {path}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_data_plane_gets_the_bundle_of_its_own_scope_only_and_the_attempt_is_recorded() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let client = plane.client("acme-1");
    for scope in [
        "beta@eu-central-1",
        "acme,beta@eu-central-1",
        "acme@us-east-1",
        "acme",
        "nobody@x",
    ] {
        let answer = client.get(&format!("/v1/bundles/{scope}")).await;
        assert_eq!(answer.outcome(), fails(403, "auth.scope"), "{scope}");
    }
    client.get("/v1/bundles/beta@eu-central-1").await;
    let refused = plane.client("olga").get("/v1/refused").await.json();
    let refused = refused["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 5);
    let of_beta = refused
        .iter()
        .find(|one| one["target"] == "beta@eu-central-1")
        .unwrap();
    assert_eq!(of_beta["principal"], "acme-1");
    assert_eq!(of_beta["operation"], "getBundle");
    assert_eq!(of_beta["code"], "auth.scope");
    assert_eq!(of_beta["times"], 2);
}

#[tokio::test]
async fn an_instance_has_a_plain_name() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    for (name, status) in [("pod-7.eu_1", 200), ("a b", 400), ("a/b", 400), ("", 400)] {
        let client = plane.client("acme-1").with("aegis-data-plane", name);
        let answer = client.get("/v1/bundles/acme@eu-central-1").await;
        assert_eq!(answer.status, status, "{name}");
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_versions_are_told_apart() {
    let plane = Plane::start().await;
    let olga = plane.client("olga");
    assert_eq!(
        olga.get("/v1/nothing").await.outcome(),
        fails(404, "path.unknown")
    );
    assert_eq!(olga.get("/").await.outcome(), fails(404, "path.unknown"));
    let version = olga.get("/v2/bundles/acme@eu-central-1").await;
    assert_eq!(version.outcome(), fails(404, "version.unknown"));
    assert_eq!(version.json()["versions"], json!(["v1"]));
    assert_eq!(
        olga.post("/v1/audit", &json!({})).await.outcome(),
        fails(405, "method.not_allowed")
    );
}

#[tokio::test]
async fn health_readiness_and_the_document_are_open() {
    let plane = Plane::start().await;
    for path in ["/healthz", "/readyz", "/openapi.json", "/v1/keys"] {
        assert_eq!(plane.nobody().get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_as_good_as_a_token_and_must_not_contradict_one() {
    let folder = TempDir::new().unwrap();
    let authority = authority();
    let (client, client_key) = issued(&authority, "acme-1");
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &client).as_ref());
    let mut settings = with_tls(folder.path(), &authority);
    let acme = settings
        .principals
        .iter_mut()
        .find(|one| one.name == "acme-1")
        .unwrap();
    acme.proof = Proof::Certificate(hash);
    let plane = Plane::start_with(folder, settings).await;
    let connector = connector(&authority, Some((client, client_key)));
    let other = self::connector(&authority, Some(issued(&authority, "eve")));
    let bare = self::connector(&authority, None);
    let status = "{}";
    for (connector, token, expected) in [
        (&connector, "", "HTTP/1.1 204"),
        (&connector, "token-of-acme-2", "HTTP/1.1 401"),
        (&other, "", "HTTP/1.1 401"),
        (&other, "token-of-acme-2", "HTTP/1.1 401"),
        (&bare, "token-of-acme-2", "HTTP/1.1 204"),
        (&bare, "", "HTTP/1.1 401"),
    ] {
        let answer = over_tls(&plane, connector, token, status).await;
        assert!(answer.starts_with(expected), "{token}: {answer}");
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_at_start() {
    type Spoil = fn(&mut Settings);
    let spoilt: [(Spoil, SettingsError); 6] = [
        (
            |s| s.listen.address = ([0, 0, 0, 0], 0).into(),
            SettingsError::PlainText(([0, 0, 0, 0], 0).into()),
        ),
        (|s| s.keys.clear(), SettingsError::NoKey),
        (
            |s| s.principals[1].name = "ann".into(),
            SettingsError::NameTwice("ann".into()),
        ),
        (
            |s| s.principals[1].proof = s.principals[0].proof,
            SettingsError::ProofTwice("bob".into()),
        ),
        (
            |s| s.principals[0].name = "aegis".into(),
            SettingsError::Name("aegis".into()),
        ),
        (
            |s| s.principals[0].proof = Proof::Certificate([0; 32]),
            SettingsError::NoClientCa("ann".into()),
        ),
    ];
    for (spoil, error) in spoilt {
        let folder = TempDir::new().unwrap();
        let mut settings = settings(folder.path());
        spoil(&mut settings);
        let started = Control::start(settings, Arc::new(Words)).await;
        assert!(
            matches!(started, Err(StartError::Settings(found)) if found == error),
            "{error}"
        );
    }
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued(
    authority: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
) -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.der().clone(), key)
}

pub(crate) fn with_tls(folder: &Path, authority: &CertifiedIssuer<'_, KeyPair>) -> Settings {
    let mut settings = settings(folder);
    settings.listen.tls = Some(written(folder, authority));
    settings
}

/// The files of a server whose certificate and whose clients' are this authority's.
pub(crate) fn written(folder: &Path, authority: &CertifiedIssuer<'_, KeyPair>) -> Tls {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let file = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    };
    Tls {
        certificate: file("server.pem", certificate.pem()),
        key: file("server.key", key.serialize_pem()),
        client_ca: Some(file("ca.pem", authority.pem())),
    }
}

pub(crate) fn connector(
    authority: &CertifiedIssuer<'_, KeyPair>,
    client: Option<(CertificateDer<'static>, KeyPair)>,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
            config
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

#[expect(clippy::disallowed_methods, reason = "a test's client, on loopback")]
async fn over_tls(plane: &Plane, connector: &TlsConnector, token: &str, body: &str) -> String {
    let stream = TcpStream::connect(plane.control.address()).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let token = match token {
        "" => String::new(),
        token => format!("authorization: Bearer {token}\r\n"),
    };
    let length = body.len();
    let request = format!(
        "POST /v1/status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{token}\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
