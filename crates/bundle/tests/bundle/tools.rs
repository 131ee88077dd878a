//! A small signed bundle, and the tools to spoil it. The keys were made for these tests and open nothing else.

use std::io::{Read as _, Write as _};

use aegis_bundle::{
    Algorithm, Bundle, BundleError, Contents, Expected, File, Format, Limits, Manifest, Metadata,
    Region, Scope, Signature, Signer, Trust, TrustedKey, build, open,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::{Compression, GzBuilder, read::GzDecoder};
use jiff::Timestamp;
use ring::signature::Ed25519KeyPair;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

pub(crate) const ED25519: (&str, &str) = (
    include_str!("keys/ed25519.pem"),
    include_str!("keys/ed25519.pub"),
);
pub(crate) const ES256: (&str, &str) = (
    include_str!("keys/es256.pem"),
    include_str!("keys/es256.pub"),
);
pub(crate) const RS256: (&str, &str) = (
    include_str!("keys/rs256.pem"),
    include_str!("keys/rs256.pub"),
);

/// One key pair for each algorithm, with its name as id.
pub(crate) fn keys() -> [(Signer, TrustedKey); 3] {
    PAIRS.map(|(algorithm, (private, public))| {
        let id = algorithm.name();
        (
            Signer::from_pem(id, algorithm, private).unwrap(),
            TrustedKey::from_pem(id, algorithm, public).unwrap(),
        )
    })
}

pub(crate) const PAIRS: [(Algorithm, (&str, &str)); 3] = [
    (Algorithm::EdDsa, ED25519),
    (Algorithm::Es256, ES256),
    (Algorithm::Rs256, RS256),
];

pub(crate) fn signer() -> Signer {
    Signer::from_pem("EdDSA", Algorithm::EdDsa, ED25519.0).unwrap()
}

pub(crate) fn contents() -> Contents {
    let Value::Object(data) = json!({
        "aegis": {"limits": {"zoo": 1.5, "api": [1, 2, "\u{2028}<é>"]}, "big": u64::MAX},
    }) else {
        unreachable!()
    };
    Contents {
        manifest: Manifest {
            revision: "7-payments".to_owned(),
            roots: vec!["aegis".to_owned()],
            aegis: Metadata {
                format: Format::V1,
                number: 7,
                issued_at: time("2026-11-20T10:00:00Z"),
                expires_at: Some(time("2026-12-20T10:00:00Z")),
                scope: Scope {
                    tenants: ["acme".to_owned()].into(),
                    region: Region::Only("eu-central-1".to_owned()),
                },
                rollback_from: None,
            },
        },
        data,
        modules: vec![
            file("aegis.rego", LIBRARY),
            file("users/limits.rego", MODULE),
        ],
        tests: vec![file("tests/limits.yaml", "cases: []\n")],
    }
}

pub(crate) fn signed() -> Vec<u8> {
    build(&contents(), Some(&signer())).unwrap()
}

pub(crate) fn trust() -> Trust {
    let trusted = PAIRS.map(|(algorithm, (_, public))| {
        TrustedKey::from_pem(algorithm.name(), algorithm, public).unwrap()
    });
    Trust {
        keys: trusted.to_vec(),
        signature: Signature::Required,
        scope: Expected {
            tenants: ["acme".to_owned()].into(),
            region: "eu-central-1".to_owned(),
        },
        limits: Limits::default(),
    }
}

pub(crate) fn opened(archive: &[u8]) -> Result<Bundle, BundleError> {
    open(archive, &trust(), now())
}

/// The code of what is wrong with an archive.
pub(crate) fn fault(archive: &[u8]) -> &'static str {
    match opened(archive) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}

pub(crate) fn now() -> Timestamp {
    time("2026-11-21T12:00:00Z")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

pub(crate) fn gunzip(archive: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    GzDecoder::new(archive).read_to_end(&mut unpacked).unwrap();
    unpacked
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().operating_system(255);
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let unpacked = gunzip(archive);
    let mut tar = tar::Archive::new(unpacked.as_slice());
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    };
    tar.entries().unwrap().map(read).collect()
}

pub(crate) fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in entries {
        add(&mut tar, path, tar::EntryType::Regular, bytes);
    }
    gzip(&tar.into_inner().unwrap())
}

/// Writes the name as it is, whatever it is.
pub(crate) fn add(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, bytes: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append(&header, bytes).unwrap();
}

pub(crate) fn hash(algorithm: &'static ring::digest::Algorithm, bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(algorithm, bytes))
}

/// The archive with one file's bytes changed, its signature as it was.
pub(crate) fn edited(archive_bytes: &[u8], path: &str, edit: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut entries = entries(archive_bytes);
    let entry = entries.iter_mut().find(|(name, _)| name == path).unwrap();
    edit(&mut entry.1);
    archive(&entries)
}

pub(crate) fn with(archive_bytes: &[u8], path: &str, text: &str) -> Vec<u8> {
    let mut entries = entries(archive_bytes);
    entries.retain(|(name, _)| name != path);
    entries.push((path.to_owned(), text.as_bytes().to_vec()));
    archive(&entries)
}

pub(crate) fn without(archive_bytes: &[u8], path: &str) -> Vec<u8> {
    let mut entries = entries(archive_bytes);
    entries.retain(|(name, _)| name != path);
    archive(&entries)
}

/// The header, the payload and the signature of the token in an archive.
pub(crate) fn token_parts(archive_bytes: &[u8]) -> [String; 3] {
    let entries = entries(archive_bytes);
    let (_, text) = entries
        .iter()
        .find(|(name, _)| name == ".signatures.json")
        .unwrap();
    let signatures: Value = serde_json::from_slice(text).unwrap();
    let token = signatures["signatures"][0].as_str().unwrap();
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

pub(crate) fn payload(archive_bytes: &[u8]) -> Value {
    let [_, payload, _] = token_parts(archive_bytes);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(crate) fn with_token(archive_bytes: &[u8], token: &str) -> Vec<u8> {
    let text = json!({"signatures": [token]}).to_string();
    with(archive_bytes, ".signatures.json", &text)
}

/// A token made by hand.
pub(crate) fn token(header: &str, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let message = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(payload.as_bytes())
    );
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encode(&signature))
}

/// The archive with another header and payload, signed with the trusted Ed25519 key.
pub(crate) fn resigned(archive_bytes: &[u8], header: &str, payload: &str) -> Vec<u8> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(ED25519.0.as_bytes()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der()).unwrap();
    let token = token(header, payload, |message| {
        key.sign(message).as_ref().to_vec()
    });
    with_token(archive_bytes, &token)
}

pub(crate) const HEADER: &str = r#"{"alg":"EdDSA","kid":"EdDSA","typ":"JWT"}"#;

const LIBRARY: &str = "package aegis

decision := {\"outcome\": \"allow\"} if input.amount <= data.aegis.limits.zoo
";

const MODULE: &str = "package aegis.ext

deny contains \"too much\" if input.amount > data.aegis.big
";
