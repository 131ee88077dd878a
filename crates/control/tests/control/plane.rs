//! A running control plane with its principals, in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aegis_bundle::{
    Algorithm, Bundle, Expected, Limits as Archive, Region, Scope, Signature, Trust, TrustedKey,
};
use aegis_control::{
    Control, Database, Limits, Listen, Principal, Proof, Role, Settings, SigningKey, Tenants,
};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::compiler::Words;

pub(crate) struct Plane {
    pub(crate) control: Control,
    pub(crate) folder: TempDir,
    pub(crate) settings: Settings,
}

impl Plane {
    pub(crate) async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap()).await
    }

    pub(crate) async fn start_in(folder: TempDir) -> Self {
        let settings = settings(folder.path());
        Self::start_with(folder, settings).await
    }

    pub(crate) async fn start_with(folder: TempDir, settings: Settings) -> Self {
        let control = Control::start(settings.clone(), Arc::new(Words)).await;
        Self {
            control: control.unwrap(),
            folder,
            settings,
        }
    }

    pub(crate) async fn restart(self) -> Self {
        self.control.stop().await;
        Self::start_in(self.folder).await
    }

    pub(crate) fn client(&self, name: &str) -> Client {
        Client::new(self.control.address(), Some(&token(name)))
    }

    pub(crate) fn nobody(&self) -> Client {
        Client::new(self.control.address(), None)
    }

    /// Publishes one file to all.
    pub(crate) async fn publish(&self, base: u64, text: &str) -> Answer {
        self.publish_to(base, text, json!({"to": "all"})).await
    }

    pub(crate) async fn publish_to(&self, base: u64, text: &str, rollout: Value) -> Answer {
        let publisher = self.client("ann");
        publisher
            .post("/v1/publications", &publication(base, text, &rollout))
            .await
    }

    /// What a data plane is served now.
    pub(crate) async fn served(&self, data_plane: &str) -> Served {
        let answer = self
            .client(data_plane)
            .get(&format!("/v1/bundles/{}", scope_of(data_plane)))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        served(data_plane, &answer)
    }
}

/// A bundle that its data plane would take.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) text: String,
    pub(crate) number: u64,
    pub(crate) etag: String,
    pub(crate) signed_by: String,
    pub(crate) bundle: Bundle,
}

pub(crate) fn served(data_plane: &str, answer: &Answer) -> Served {
    let scope = scope_of(data_plane);
    let bundle = open(&scope, &answer.body);
    let files = &bundle.contents().data["aegis"]["files"];
    assert_eq!(bundle.contents().data["aegis"]["scope"], scope);
    Served {
        text: files["acme.yaml"].as_str().unwrap().to_owned(),
        number: bundle.contents().manifest.aegis.number,
        etag: answer.header("etag").to_owned(),
        signed_by: bundle.signed_by().unwrap().to_owned(),
        bundle,
    }
}

/// As a data plane does: every key is trusted, and the scope must be its own.
pub(crate) fn open(scope: &str, archive: &[u8]) -> Bundle {
    let (tenants, region) = scope.split_once('@').unwrap();
    let keys =
        KEYS.map(|(id, algorithm, _, public)| TrustedKey::from_pem(id, algorithm, public).unwrap());
    let trust = Trust {
        keys: keys.to_vec(),
        signature: Signature::Required,
        scope: Expected {
            tenants: tenants.split(',').map(str::to_owned).collect(),
            region: region.to_owned(),
        },
        limits: Archive::default(),
    };
    aegis_bundle::open(archive, &trust, Timestamp::now()).unwrap()
}

pub(crate) fn publication(base: u64, text: &str, rollout: &Value) -> Value {
    json!({
        "base": base,
        "reason": format!("because of {base}"),
        "files": [{"path": "acme.yaml", "text": text}],
        "rollout": rollout,
    })
}

pub(crate) fn settings(folder: &Path) -> Settings {
    Settings {
        listen: Listen {
            address: ([127, 0, 0, 1], 0).into(),
            tls: None,
        },
        database: Database::Sqlite(folder.join("control.db")),
        keys: vec![key(folder, "ed")],
        key_overlap: Duration::from_hours(1),
        bundle_lifetime: Duration::from_hours(24),
        audit_keep: None,
        principals: principals(),
        limits: Limits::default(),
    }
}

/// Publishers ann and bob, operator olga, auditors for acme and for all, and data planes.
pub(crate) fn principals() -> Vec<Principal> {
    let acme = Tenants::Only(["acme".to_owned()].into());
    let mut all = vec![
        principal("ann", Role::Publisher),
        principal("bob", Role::Publisher),
        principal("olga", Role::Operator),
        principal("acme-audit", Role::Auditor(acme)),
        principal("all-audit", Role::Auditor(Tenants::All)),
    ];
    all.extend(["acme-1", "acme-2", "beta-1"].map(data_plane));
    all
}

pub(crate) fn data_plane(name: &str) -> Principal {
    let scope = scope_of(name);
    let (tenants, region) = scope.split_once('@').unwrap();
    let scope = Scope {
        tenants: tenants.split(',').map(str::to_owned).collect(),
        region: Region::Only(region.to_owned()),
    };
    let ring = if name.ends_with("-2") {
        "early"
    } else {
        "late"
    };
    let labels = [("ring".to_owned(), ring.to_owned())].into();
    principal(name, Role::DataPlane { scope, labels })
}

pub(crate) fn principal(name: &str, role: Role) -> Principal {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token(name).as_bytes()).as_ref());
    Principal {
        name: name.to_owned(),
        proof: Proof::Token(hash),
        role,
    }
}

pub(crate) fn token(name: &str) -> String {
    format!("token-of-{name}")
}

/// `acme-1` is a data plane of the tenant `acme`.
pub(crate) fn scope_of(data_plane: &str) -> String {
    format!("{}@eu-central-1", data_plane.split('-').next().unwrap())
}

pub(crate) fn key(folder: &Path, id: &str) -> SigningKey {
    let (_, algorithm, private, _) = KEYS.into_iter().find(|key| key.0 == id).unwrap();
    let file = folder.join(format!("{id}.pem"));
    fs::write(&file, private).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    SigningKey {
        id: id.to_owned(),
        algorithm,
        file,
        active_from: None,
    }
}

/// Made for tests; they open nothing else.
pub(crate) const KEYS: [(&str, Algorithm, &str, &str); 3] = [
    (
        "ed",
        Algorithm::EdDsa,
        include_str!("../../../bundle/tests/bundle/keys/ed25519.pem"),
        include_str!("../../../bundle/tests/bundle/keys/ed25519.pub"),
    ),
    (
        "es",
        Algorithm::Es256,
        include_str!("../../../bundle/tests/bundle/keys/es256.pem"),
        include_str!("../../../bundle/tests/bundle/keys/es256.pub"),
    ),
    (
        "rs",
        Algorithm::Rs256,
        include_str!("../../../bundle/tests/bundle/keys/rs256.pem"),
        include_str!("../../../bundle/tests/bundle/keys/rs256.pub"),
    ),
];
