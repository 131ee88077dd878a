//! The settings file's types to those of the control plane's crate, which knows no file. Judges nothing.

use aegis_bundle::{Algorithm, Region, Scope};
use aegis_config::{KeyAlgorithm, Proof as FileProof, control_plane as file};
use aegis_control::{Database, Principal, Proof, Role, Settings, SigningKey, Tenants};

pub(super) fn settings(file: file::Settings) -> Settings {
    Settings {
        listen: file.listen,
        database: match file.database {
            file::Database::Sqlite(path) => Database::Sqlite(path),
            file::Database::Postgres(url) => Database::Postgres(url.reveal().to_owned()),
        },
        keys: file.signing.keys.into_iter().map(key).collect(),
        key_overlap: file.signing.overlap,
        bundle_lifetime: file.signing.bundle_lifetime,
        audit_keep: file.audit_keep,
        principals: file.principals.into_iter().map(principal).collect(),
        limits: file.limits,
    }
}

fn key(key: file::SigningKey) -> SigningKey {
    SigningKey {
        id: key.id,
        algorithm: match key.algorithm {
            KeyAlgorithm::EdDsa => Algorithm::EdDsa,
            KeyAlgorithm::Es256 => Algorithm::Es256,
            KeyAlgorithm::Rs256 => Algorithm::Rs256,
        },
        file: key.file,
        active_from: key.active_from,
    }
}

fn principal(principal: file::Principal) -> Principal {
    Principal {
        name: principal.name.to_string(),
        proof: match principal.proof {
            FileProof::Secret(digest) => Proof::Token(digest.0),
            FileProof::Certificate(digest) => Proof::Certificate(digest.0),
        },
        role: match principal.role {
            file::Role::DataPlane {
                tenants,
                region,
                labels,
            } => Role::DataPlane {
                scope: Scope {
                    tenants,
                    region: region.map_or(Region::Any, Region::Only),
                },
                labels,
            },
            file::Role::Publisher => Role::Publisher,
            file::Role::Operator => Role::Operator,
            file::Role::Auditor { tenants } => {
                Role::Auditor(tenants.map_or(Tenants::All, Tenants::Only))
            }
        },
    }
}
