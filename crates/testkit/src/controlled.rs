//! Data planes that belong to a control plane, which is not part of this kit.

use aegis_config::{
    BundleKey, BundleSettings, ControlSettings, KeyAlgorithm, PolicySource, Secret,
};
use serde_json::Value;

use crate::{Aegis, AegisBuilder, Publisher, eventually};

impl AegisBuilder {
    /// Its policy is what the control plane at `url` has for one tenant, signed by one of these
    /// keys; it proves itself by the token `token-of-ID`.
    #[must_use]
    pub fn controlled(
        self,
        url: &str,
        id: &str,
        tenant: &str,
        keys: &[(&str, &Publisher)],
    ) -> Self {
        let keys = keys.iter().map(|(key, publisher)| BundleKey {
            id: (*key).to_owned(),
            algorithm: KeyAlgorithm::EdDsa,
            file: self.write(&format!("{key}.pem"), publisher.public_pem()),
        });
        let keys = keys.collect();
        self.settings(|settings| {
            settings.policy.source = PolicySource::Bundle(BundleSettings {
                file: None,
                tenants: [tenant.to_owned()].into(),
                keys: Some(keys),
            });
            settings.control = Some(ControlSettings {
                url: url.into(),
                id: id.into(),
                token: Some(Secret::new(format!("token-of-{id}"))),
                ca_file: None,
                client_certificate: None,
                upload_decisions: true,
            });
        })
    }
}

impl Aegis {
    /// The revision of the bundle in force; empty while there is none.
    pub async fn revision(&self) -> String {
        let status = self.policy_status().await;
        let revision = status.pointer("/bundle/revision").and_then(Value::as_str);
        revision.unwrap_or_default().to_owned()
    }

    /// Waits for a bundle whose revision ends so.
    pub async fn has(&self, end: &str) {
        eventually(end, async || self.revision().await.ends_with(end)).await;
    }
}
