use super::*;
use rustls_pki_types::pem::PemObject;
use std::fs;

fn pem_of(mark: u8) -> String {
    Ca::to_pem(&CertificateDer::from(vec![mark; 90]))
}

fn read(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn environment<const N: usize>(
    variables: [(&'static str, PathBuf); N],
) -> impl Fn(&str) -> Option<OsString> {
    move |name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, path)| path.into())
    }
}

#[test]
fn the_bundle_starts_with_our_ca_and_goes_on_with_the_systems_roots() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::load_or_create(dir.path()).unwrap();
    let trust = prepare(dir.path(), ca.certificate_pem(), &|_| None).unwrap();
    let ours = CertificateDer::from_pem_slice(ca.certificate_pem().as_bytes()).unwrap();
    let bundle = read(&trust.bundle.path);
    assert_eq!(bundle[0], ours);
    assert_eq!(bundle.len(), trust.others + 1);
    assert_eq!(read(&trust.added.path), [ours]);
    assert!(trust.bundle.path.is_absolute() && trust.added.path.is_absolute());
}

#[test]
fn what_the_users_own_variables_named_is_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let corporate = dir.path().join("corporate.pem");
    fs::write(&corporate, pem_of(1) + &pem_of(2)).unwrap();
    let pip = dir.path().join("pip.pem");
    fs::write(&pip, pem_of(2) + &pem_of(3)).unwrap();
    let node = dir.path().join("node.pem");
    fs::write(&node, pem_of(4)).unwrap();
    let inherited = environment([
        ("SSL_CERT_FILE", corporate),
        ("PIP_CERT", pip),
        (ADDING, node),
    ]);
    let trust = prepare(dir.path(), &pem_of(9), &inherited).unwrap();
    let bundle = read(&trust.bundle.path);
    for mark in [1, 2, 3, 4, 9] {
        let count = bundle
            .iter()
            .filter(|found| found.as_ref() == [mark; 90])
            .count();
        assert_eq!(count, 1, "{mark}");
    }
    let added: Vec<u8> = read(&trust.added.path)
        .iter()
        .map(|found| found[0])
        .collect();
    assert_eq!(added, [9, 4]);
}

#[test]
fn a_ca_that_was_replaced_is_not_trusted_any_longer() {
    let dir = tempfile::tempdir().unwrap();
    let before = prepare(dir.path(), &pem_of(1), &|_| None).unwrap();
    let inherited = environment([
        ("SSL_CERT_FILE", before.bundle.path.clone()),
        (ADDING, before.added.path.clone()),
    ]);
    let after = prepare(dir.path(), &pem_of(2), &inherited).unwrap();
    for file in [&after.bundle, &after.added] {
        let found = read(&file.path);
        assert!(
            found
                .iter()
                .all(|certificate| certificate.as_ref() != [1; 90])
        );
        assert_eq!(found[0].as_ref(), [2; 90]);
    }
}

#[test]
fn a_variable_that_names_nothing_readable_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.pem");
    let empty = dir.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for path in [missing, empty] {
        let inherited = environment([("CURL_CA_BUNDLE", path.clone())]);
        let refused = prepare(dir.path(), &pem_of(1), &inherited)
            .unwrap_err()
            .to_string();
        assert!(refused.starts_with("CURL_CA_BUNDLE names "), "{refused}");
        assert!(!dir.path().join("ca-bundle.pem").exists());
    }
}

#[test]
fn an_empty_variable_names_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let inherited = environment([("CURL_CA_BUNDLE", PathBuf::new())]);
    assert!(prepare(dir.path(), &pem_of(1), &inherited).is_ok());
}

#[test]
fn agents_of_other_users_can_read_the_files_and_nothing_else_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let trust = prepare(dir.path(), &pem_of(1), &|_| None).unwrap();
    for file in [&trust.bundle, &trust.added] {
        assert_eq!(
            fs::metadata(&file.path).unwrap().permissions().mode() & 0o444,
            0o444
        );
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}
