//! The settings file as small valid typed structs; reads no file and no environment by itself.
//!
//! [`Settings::read`] goes from text to settings or to all mistakes at once, of form and of meaning;
//! what merely follows from a mistake is not one more. Each part of [`Settings`] is handed only to its user.

pub mod control_plane;
mod convert;
mod expand;
mod gateway;
mod mirror;
mod names;
mod reference;
mod salvage;
mod sections;
mod units;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_document::{Document, Problems};

use crate::convert::Check;

pub use crate::expand::{Lookup, System};
pub use crate::gateway::{
    GatewayService, GatewaySettings, KeyCommand, KeySource, SendAs, ServiceCredential, ServiceUrl,
    Sigv4,
};
pub use crate::reference::{Fallback, Key};
pub use crate::sections::{
    AuditSettings, BundleKey, BundleSettings, ChainSettings, ControlSettings, Credential,
    DetectorSettings, Digest, DlpSettings, Identity, KeyAlgorithm, Limits, Listen, ListenTls, Mode,
    OutsideType, PolicySettings, PolicySource, Proof, Secret, TelemetrySettings, TokenSettings,
    UpstreamSettings,
};

/// Everything an operator can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Region of this data plane.
    pub region: Arc<str>,
    /// Where the CA lives, and the audit log unless it is placed elsewhere.
    pub data_dir: PathBuf,
    pub listen: Listen,
    /// Present: services can be reached by a base URL.
    pub gateway: Option<GatewaySettings>,
    pub identity: Identity,
    pub chain: ChainSettings,
    pub dlp: DlpSettings,
    pub policy: PolicySettings,
    /// Present: this data plane belongs to a control plane.
    pub control: Option<ControlSettings>,
    pub audit: AuditSettings,
    pub telemetry: TelemetrySettings,
    pub upstream: UpstreamSettings,
    pub limits: Limits,
}

impl Settings {
    /// Reads a settings file's text. Relative paths in it are relative to `base`, the file's
    /// directory; `${env:NAME}` and `${file:PATH}` in values are answered by `lookup`.
    pub fn read(
        file: &str,
        text: &str,
        base: &Path,
        lookup: &dyn Lookup,
    ) -> Result<Self, Problems> {
        let (settings, problems) = Self::examine(file, text, base, lookup);
        match settings {
            Some(settings) => problems.into_result(settings),
            None => Err(problems),
        }
    }

    /// As [`Settings::read`], for whoever looks on for mistakes: with problems, the settings have a
    /// default or nothing in the place of what is mistaken, and nobody may run them.
    pub fn examine(
        file: &str,
        text: &str,
        base: &Path,
        lookup: &dyn Lookup,
    ) -> (Option<Self>, Problems) {
        let mut document = match Document::parse(file, text) {
            Ok(document) => document,
            Err(problems) => return (None, problems),
        };
        let expanded = document.expand(&|value| expand::expand(value, base, lookup));
        let (mirror, mut problems) = document.read_sound();
        problems.take_from(expanded);
        let settings = mirror.map(|mirror| {
            let mut check = Check::new(&document, &mut problems);
            convert::settings(mirror, base, &mut check)
        });
        (settings, problems.sorted())
    }

    /// Which policies a settings file means that [`Settings::read`] refuses: whoever lists its
    /// mistakes lists theirs as well. `None` where the file does not say it.
    pub fn policy_of(
        file: &str,
        text: &str,
        base: &Path,
        lookup: &dyn Lookup,
    ) -> Option<PolicySettings> {
        let document = Document::parse(file, text).ok()?;
        salvage::policy(&document, base, lookup)
    }

    /// All defaults, with `policies` in the working directory: what tests and the demo start from.
    pub fn for_directory(data_dir: impl Into<PathBuf>, region: &str) -> Self {
        let data_dir = data_dir.into();
        Self {
            region: region.into(),
            listen: Listen::default(),
            gateway: None,
            identity: Identity::default(),
            chain: ChainSettings::default(),
            dlp: DlpSettings::default(),
            policy: PolicySettings::default(),
            control: None,
            audit: AuditSettings {
                file: data_dir.join("audit.jsonl"),
                sync: false,
            },
            telemetry: TelemetrySettings::default(),
            upstream: UpstreamSettings::default(),
            limits: Limits::default(),
            data_dir,
        }
    }

    /// Every key of the settings file, in the order of the reference page.
    pub fn reference() -> Vec<Key> {
        reference::keys()
    }
}
