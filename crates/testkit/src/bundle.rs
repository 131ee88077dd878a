//! Signed policy bundles, good ones and spoilt ones, by a publisher who exists only in this test.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use aegis_bundle::{
    Algorithm, Contents, File, Format, Manifest, Metadata, Region, Scope, Signer, build,
};
use aegis_config::{BundleKey, BundleSettings, KeyAlgorithm, PolicySource};
use aegis_document::Document;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;

use crate::{Aegis, AegisBuilder, eventually, within};

/// Signs bundles with an Ed25519 key of its own.
pub struct Publisher {
    signer: Signer,
    private: String,
    public: String,
}

/// What a bundle is to be; good unless changed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The words below `aegis:`.
    pub policy: String,
    /// Path, usually below `modules`, and text.
    pub modules: Vec<(String, String)>,
    /// Path below `tests` and text.
    pub tests: Vec<(String, String)>,
    pub number: u64,
    pub rollback_from: Option<u64>,
    pub tenants: Vec<String>,
    pub region: String,
    /// From now on.
    pub valid_for: Option<SignedDuration>,
    /// Before now.
    pub issued: SignedDuration,
}

impl Draft {
    /// Number 1, for tenant `acme` in `eu-central-1`, without an end.
    pub fn of(policy: &str) -> Self {
        Self {
            policy: policy.to_owned(),
            modules: Vec::new(),
            tests: Vec::new(),
            number: 1,
            rollback_from: None,
            tenants: vec!["acme".to_owned()],
            region: "eu-central-1".to_owned(),
            valid_for: None,
            issued: SignedDuration::from_mins(1),
        }
    }

    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// Anything else.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn contents(&self) -> Contents {
        let text = format!("aegis:\n{}", indented(&self.policy));
        let document = Document::parse("draft.yaml", &text).expect("YAML");
        let Value::Object(data) = document.read::<Value>().expect("data") else {
            panic!("a mapping");
        };
        let now = whole_seconds(Timestamp::now());
        let file = |(path, text): &(String, String)| File {
            path: path.clone(),
            text: text.clone(),
        };
        Contents {
            manifest: Manifest {
                revision: format!("test-{}", self.number),
                roots: vec![String::new()],
                aegis: Metadata {
                    format: Format::V1,
                    number: self.number,
                    issued_at: now - self.issued,
                    expires_at: self.valid_for.map(|time| now + time),
                    scope: Scope {
                        tenants: self.tenants.iter().cloned().collect::<BTreeSet<_>>(),
                        region: Region::from(self.region.clone()),
                    },
                    rollback_from: self.rollback_from,
                },
            },
            data,
            modules: self.modules.iter().map(file).collect(),
            tests: self.tests.iter().map(file).collect(),
        }
    }

    /// Without a signature.
    pub fn unsigned(&self) -> Vec<u8> {
        build(&self.contents(), None).expect("a bundle")
    }
}

impl Publisher {
    pub fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random numbers");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key");
        // The fixed head of an Ed25519 key in SPKI (RFC 8410), then the key.
        let mut spki = vec![48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];
        spki.extend(pair.public_key().as_ref());
        let private = pem("PRIVATE KEY", pkcs8.as_ref());
        Self {
            signer: Signer::from_pem(KEY, Algorithm::EdDsa, &private).expect("a key"),
            public: pem("PUBLIC KEY", &spki),
            private,
        }
    }

    pub fn sign(&self, draft: &Draft) -> Vec<u8> {
        build(&draft.contents(), Some(&self.signer)).expect("a bundle")
    }

    /// For a control plane that signs as this publisher.
    pub fn private_pem(&self) -> &str {
        &self.private
    }

    pub fn public_pem(&self) -> &str {
        &self.public
    }
}

/// Without the private key.
impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl Default for Publisher {
    fn default() -> Self {
        Self::new()
    }
}

impl AegisBuilder {
    /// The policy is that of a bundle file, which holds these bytes, for tenant `acme`.
    #[must_use]
    pub fn bundle(self, archive: &[u8], publisher: &Publisher) -> Self {
        let keys = vec![BundleKey {
            id: KEY.to_owned(),
            algorithm: KeyAlgorithm::EdDsa,
            file: self.write("publisher.pem", publisher.public_pem()),
        }];
        let file = self.write("bundle.tar.gz", "");
        fs::write(&file, archive).expect("the bundle");
        self.settings(|settings| {
            settings.policy.source = PolicySource::Bundle(BundleSettings {
                file: Some(file),
                tenants: ["acme".to_owned()].into(),
                keys: Some(keys),
            });
        })
    }
}

impl Aegis {
    pub fn bundle_file(&self) -> &Path {
        match &self.settings().policy.source {
            PolicySource::Bundle(BundleSettings {
                file: Some(file), ..
            }) => file,
            _ => panic!("the policy comes from a bundle file"),
        }
    }

    /// Puts another bundle in place of the file, whole, and waits until it is in force.
    pub async fn change_bundle(&self, archive: &[u8]) {
        let before = self.policy_version().await;
        self.put_bundle(archive);
        eventually("the new bundle", async || {
            self.policy_version().await != before
        })
        .await;
    }

    /// Puts another bundle in place of the file and waits until it is refused; the code.
    pub async fn refuse_bundle(&self, archive: &[u8]) -> String {
        self.put_bundle(archive);
        self.refusal().await
    }

    /// Waits until a bundle is refused; the code.
    pub async fn refusal(&self) -> String {
        within("the refusal of the bundle", async {
            loop {
                let status = self.policy_status().await;
                let code = status.get("last_error_code").and_then(Value::as_str);
                if let Some(code) = code {
                    return code.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    fn put_bundle(&self, archive: &[u8]) {
        let new = self.bundle_file().with_extension("new");
        fs::write(&new, archive).expect("the new file");
        fs::rename(new, self.bundle_file()).expect("the new file in its place");
    }
}

fn indented(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).expect("a time")
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

const KEY: &str = "publisher-1";
