//! Policy sources on their way to the data planes: publish, promote, roll back, and what is told of each.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /v1/publications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// Number of the newest publication that the publisher knows; 0 where there is none. Refused
    /// with 409 if there is a newer one.
    pub base: u64,
    /// Why, in the publisher's words.
    pub reason: String,
    /// All policy sources, not only those that changed.
    pub files: Vec<SourceFile>,
    pub rollout: Rollout,
}

/// A policy source: a relative path with `/` between its parts, and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

/// To which data planes a publication goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rollout {
    All,
    /// So many of a hundred data planes, chosen by a hash of their ids; whoever is among 10 is also
    /// among 20.
    Percent {
        /// 1 to 99.
        percent: u8,
    },
    /// Those whose principal carries this label.
    Label {
        name: String,
        value: String,
    },
}

/// `POST /v1/publications/{number}/promote`: to more data planes than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    pub reason: String,
    pub rollout: Rollout,
}

/// `POST /v1/rollbacks`: a new publication with the contents of an older one, to all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The publication whose contents come back.
    pub to: u64,
    pub reason: String,
    /// As in a publication; without it whatever is newest is rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// A bundle number that data planes have and this control plane does not know, because its
    /// database was restored from an older backup: the new bundles are numbered above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<u64>,
}

/// One publication, without its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    pub number: u64,
    /// The publication that it changed; 0 for the first.
    pub base: u64,
    /// The principal who published it.
    pub author: String,
    pub reason: String,
    pub created_at: Timestamp,
    /// The publication whose contents it brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<u64>,
    pub stage: Stage,
    /// Against `base`.
    pub diff: Diff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Served to some.
    Canary,
    /// Served to all, or to all but those of the canary.
    Released,
    /// A newer one has taken its place.
    Superseded,
}

/// What changes between two publications, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    pub lines: Vec<String>,
    /// Whether some call goes from deny to allow, or may.
    pub loosened: bool,
}

/// `GET /v1/publications`: the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationList {
    pub publications: Vec<Publication>,
    /// Whether there are older ones; ask for those `before` the last number.
    pub more: bool,
}

/// `GET /v1/publications/{number}`, and the answer to every change of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationDetail {
    pub publication: Publication,
    pub files: Vec<SourceFile>,
    /// What happened to it, the oldest first.
    pub changes: Vec<Change>,
    /// The bundles made of it, the oldest first.
    pub bundles: Vec<BundleRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    pub action: Action,
    /// The principal; `aegis` for what the control plane did by itself.
    pub author: String,
    pub reason: String,
    pub at: Timestamp,
    /// Where it went by this change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Of a promotion: what it changed for the data planes that it reached, against what was
    /// released until then. A publication and a rollback have theirs in the publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Publish,
    Promote,
    Rollback,
    /// Signed again: before it expires, with a new key, or for a new scope.
    Renew,
}

/// A signed bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleRecord {
    pub scope: String,
    /// Grows with every bundle of the scope.
    pub number: u64,
    /// Id of the key that signed it.
    pub key: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// SHA-256 of the archive; also its `ETag`.
    pub sha256: String,
}
