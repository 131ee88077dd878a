//! Secrets that prove an agent. Made and read here, shown only by whoever exposes one on purpose.

use std::fmt;
use std::fs;
use std::path::Path;

use aegis_config::Digest;
use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

pub(crate) struct Secret(String);

impl Secret {
    /// 32 random bytes in base64url: safe in a URL as it stands.
    pub(crate) fn random() -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| anyhow!("the system has no randomness to give"))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// From `file`, or else from the variable `AEGIS_SECRET`; never from an argument, which every
    /// process of the machine may read.
    pub(crate) fn given(file: Option<&Path>) -> anyhow::Result<Self> {
        let text = match file {
            Some(file) => fs::read_to_string(file)
                .with_context(|| format!("cannot read the secret file {}", file.display()))?,
            None => std::env::var(VARIABLE).map_err(|_| {
                anyhow!("--credential needs its secret: give --secret-file, or set {VARIABLE}")
            })?,
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            bail!("the secret is empty");
        }
        Ok(Self(secret.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What settings know it by.
    pub(crate) fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        Digest(bytes)
    }

    pub(crate) fn digest_hex(&self) -> String {
        hex::encode(self.digest().0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(crate) const VARIABLE: &str = "AEGIS_SECRET";
