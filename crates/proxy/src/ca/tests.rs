use super::*;
use rcgen::{BasicConstraints, Certificate};
use rustls::pki_types::{ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

fn name(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn fresh() -> (TempDir, Ca) {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::load_or_create(dir.path()).unwrap();
    (dir, ca)
}

fn write_key(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A directory with a CA as an operator would bring it; `change` spoils it.
fn operators(change: impl FnOnce(&mut CertificateParams)) -> (TempDir, Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Operator CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let certificate = params.self_signed(&key).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
    write_key(&dir.path().join("ca.key"), &key.serialize_pem());
    (dir, certificate, key)
}

fn refusal(dir: &TempDir) -> String {
    Ca::load_or_create(dir.path()).unwrap_err().to_string()
}

/// A whole handshake in memory by a client that trusts `root` alone; gives the agreed protocol.
fn handshake(ca: &Ca, root: &CertificateDer<'static>, host: &Host, alpn: &[&str]) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let mut settings = ClientConfig::builder_with_provider(Arc::new(tls::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    settings.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    let asked = match host {
        Host::Name(name) => ServerName::try_from(name.to_string()).unwrap(),
        Host::Address(ip) => ServerName::from(*ip),
    };
    let mut client = ClientConnection::new(Arc::new(settings), asked).unwrap();
    let mut server = ServerConnection::new(ca.server_config(host).unwrap()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    client.alpn_protocol().unwrap_or_default().to_vec()
}

fn root_of(ca: &Ca) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(ca.certificate_pem().as_bytes()).unwrap()
}

#[test]
fn the_first_start_makes_a_private_key_that_only_its_owner_may_read() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/data");
    Ca::load_or_create(&dir).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir.join("ca.key")), 0o600);
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&parent.path().join("deep")), 0o700);
    let mut names: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".ca.lock", "ca.key", "ca.pem"]);
}

#[test]
fn later_starts_use_the_same_files_and_leave_them_as_they_are() {
    let (dir, first) = fresh();
    let read = || ["ca.pem", "ca.key"].map(|file| fs::read(dir.path().join(file)).unwrap());
    let before = read();
    let second = Ca::load_or_create(dir.path()).unwrap();
    assert_eq!(first.certificate_pem(), second.certificate_pem());
    assert_eq!(read(), before);
}

#[test]
fn processes_that_start_together_end_with_one_matching_pair() {
    let dir = tempfile::tempdir().unwrap();
    let made: HashSet<String> = std::thread::scope(|scope| {
        let start = || {
            Ca::load_or_create(dir.path())
                .unwrap()
                .certificate_pem()
                .to_owned()
        };
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_eq!(made.len(), 1);
}

#[test]
fn half_a_pair_is_refused_with_what_to_do_and_nothing_is_made() {
    for (present, missing) in [("ca.pem", "ca.key"), ("ca.key", "ca.pem")] {
        let (dir, _) = fresh();
        fs::remove_file(dir.path().join(missing)).unwrap();
        let refusal = refusal(&dir);
        assert!(
            refusal.contains(&format!("{missing} does not; put the missing file back")),
            "{refusal}"
        );
        assert!(dir.path().join(present).exists() && !dir.path().join(missing).exists());
    }
}

#[test]
fn a_key_that_others_may_use_is_refused() {
    let (dir, _) = fresh();
    for mode in [0o640, 0o604, 0o666, 0o700] {
        let path = dir.path().join("ca.key");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let refusal = refusal(&dir);
        assert!(
            refusal.contains("chmod 600") && refusal.contains(&format!("{mode:o}")),
            "{refusal}"
        );
    }
}

#[test]
fn an_operators_ca_must_be_one_that_can_work() {
    let past = rcgen::date_time_ymd(2001, 1, 1);
    let (expired, ..) = operators(|params| params.not_after = past);
    assert!(refusal(&expired).contains("expired"));
    let (future, ..) = operators(|params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    assert!(refusal(&future).contains("not valid yet"));
    let (leaf, ..) = operators(|params| params.is_ca = IsCa::NoCa);
    assert!(refusal(&leaf).contains("CA:TRUE"));
    let (unfit, ..) = operators(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert!(refusal(&unfit).contains("keyCertSign"));
    let (mismatched, ..) = operators(|_| {});
    let other = KeyPair::generate().unwrap().serialize_pem();
    write_key(&mismatched.path().join("ca.key"), &other);
    assert!(refusal(&mismatched).contains("another key"));
}

#[test]
fn unreadable_files_are_refused_without_showing_what_is_in_them() {
    let secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    let (bad_key, ..) = operators(|_| {});
    write_key(&bad_key.path().join("ca.key"), secret);
    let refused = Ca::load_or_create(bad_key.path()).unwrap_err();
    assert!(refused.to_string().contains("PKCS #8"));
    assert!(!format!("{refused:?}").contains("c2VjcmV0"));
    for content in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let (dir, ..) = operators(|_| {});
        fs::write(dir.path().join("ca.pem"), content).unwrap();
        assert!(
            matches!(
                Ca::load_or_create(dir.path()),
                Err(CaError::Certificate { .. })
            ),
            "{content}"
        );
    }
}

#[test]
fn clients_that_trust_the_ca_accept_every_kind_of_host() {
    let (_dir, ca) = fresh();
    let long = format!("{}.{}.example", "a".repeat(63), "b".repeat(63));
    for host in [
        "api.example.com",
        "my_service.example",
        "xn--bcher-kva.example",
        &long,
    ] {
        assert_eq!(
            handshake(&ca, &root_of(&ca), &name(host), &["h2", "http/1.1"]),
            b"h2",
            "{host}"
        );
    }
    for address in ["192.0.2.7", "[2001:db8::7]"] {
        assert_eq!(
            handshake(&ca, &root_of(&ca), &name(address), &["http/1.1"]),
            b"http/1.1"
        );
    }
    assert_eq!(
        handshake(&ca, &root_of(&ca), &name("plain.example"), &[]),
        b""
    );
}

#[test]
fn an_operators_intermediate_is_presented_so_that_its_root_suffices() {
    let (_dir, root, root_key) = operators(|_| {});
    let root_issuer = Issuer::from_ca_cert_der(root.der(), root_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Operator intermediate");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let intermediate = params.signed_by(&key, &root_issuer).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ca.pem"), intermediate.pem() + &root.pem()).unwrap();
    write_key(&dir.path().join("ca.key"), &key.serialize_pem());
    let ca = Ca::load_or_create(dir.path()).unwrap();
    assert_eq!(
        handshake(&ca, root.der(), &name("api.example.com"), &["h2"]),
        b"h2"
    );
}

#[test]
fn a_leaf_has_all_that_strict_verifiers_ask_for() {
    let (_dir, ca) = fresh();
    let leaf = ca.mint(&[name("api.example.com")]).unwrap();
    let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
    let root = root_of(&ca);
    let (_, root) = X509Certificate::from_der(&root).unwrap();
    let key_id = |certificate: &X509Certificate<'_>| {
        certificate
            .iter_extensions()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                _ => None,
            })
    };
    let issuer_id =
        leaf.iter_extensions()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    id.key_identifier.as_ref().map(|id| id.0.to_vec())
                }
                _ => None,
            });
    assert!(issuer_id.is_some());
    assert_eq!(issuer_id, key_id(&root));
    assert!(key_id(&leaf).is_some());
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
    assert!(!leaf.basic_constraints().unwrap().unwrap().value.ca);
    let constraints = root.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.path_len_constraint == Some(0));
    assert!(root.key_usage().unwrap().unwrap().value.key_cert_sign());
    let days =
        (leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp()) / 86_400;
    assert_eq!(days, 8);
}

#[test]
fn a_leaf_never_outlives_its_ca() {
    let tomorrow = rcgen::date_time_ymd(1970, 1, 1) + (since_epoch() + DAY);
    let (dir, ..) = operators(|params| params.not_after = tomorrow);
    let leaf = Ca::load_or_create(dir.path())
        .unwrap()
        .mint(&[name("api.example.com")])
        .unwrap();
    let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
    assert_eq!(
        leaf.validity().not_after.timestamp(),
        tomorrow.unix_timestamp()
    );
}

#[test]
fn serial_numbers_are_positive_and_never_repeat() {
    let (_dir, ca) = fresh();
    let serials: HashSet<Vec<u8>> = (0..64)
        .map(|_| {
            let leaf = ca.mint(&[name("api.example.com")]).unwrap();
            let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
            assert!(leaf.raw_serial().len() <= 20 && leaf.raw_serial()[0] < 0x80);
            leaf.raw_serial().to_vec()
        })
        .collect();
    assert_eq!(serials.len(), 64);
}

#[test]
fn a_host_is_signed_for_once_and_then_found() {
    let (_dir, ca) = fresh();
    let first = ca.server_config(&name("api.example.com")).unwrap();
    let again = ca.server_config(&name("API.example.com.")).unwrap();
    let other = ca.server_config(&name("other.example.com")).unwrap();
    assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
}

#[test]
fn no_key_is_ever_shown() {
    let (dir, ca) = fresh();
    let key = fs::read_to_string(dir.path().join("ca.key")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    assert!(!format!("{ca:?}").contains(secret));
    // Even where an operator keeps both in one file.
    let path = dir.path().join("ca.pem");
    fs::write(&path, fs::read_to_string(&path).unwrap() + &key).unwrap();
    let ca = Ca::load_or_create(dir.path()).unwrap();
    assert!(!ca.certificate_pem().contains("PRIVATE") && !ca.certificate_pem().contains(secret));
}

#[test]
fn what_is_written_as_pem_reads_back_the_same() {
    for length in [0, 1, 47, 48, 49, 96, 1000] {
        let der = CertificateDer::from(vec![0xa5; length]);
        let text = Ca::to_pem(&der);
        assert_eq!(
            CertificateDer::from_pem_slice(text.as_bytes()).unwrap(),
            der
        );
        assert!(text.lines().all(|line| line.len() <= 64) && text.ends_with("-\n"));
    }
}
