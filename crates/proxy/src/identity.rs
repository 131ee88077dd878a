//! Proves who calls, before anything else of the request is looked at. Must not trust what a caller says of itself.

use std::collections::HashMap;
use std::sync::Arc;

use aegis_config::{Credential, Proof};
use aegis_policy::{Auth, Caller};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use ring::digest;

use crate::refusal::{Cause, Refusal};

type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// Known callers by the hash of what they present. The secrets themselves are not known here.
#[derive(Debug)]
pub(crate) struct Identities {
    secrets: HashMap<Digest, (Arc<str>, Caller)>,
    certificates: HashMap<Digest, Caller>,
    anonymous: Caller,
}

impl Identities {
    pub(crate) fn new(credentials: &[Credential]) -> Self {
        let mut secrets = HashMap::new();
        let mut certificates = HashMap::new();
        for known in credentials {
            let caller = |auth| Caller {
                tenant: Arc::clone(&known.tenant),
                agent: Arc::clone(&known.agent),
                auth,
            };
            match &known.proof {
                Proof::Secret(hash) => {
                    let entry = (Arc::clone(&known.id), caller(Auth::Credential));
                    secrets.insert(hash.0, entry);
                }
                Proof::Certificate(hash) => {
                    certificates.insert(hash.0, caller(Auth::Certificate));
                }
            }
        }
        let anonymous = Caller {
            tenant: ANONYMOUS.into(),
            agent: ANONYMOUS.into(),
            auth: Auth::Anonymous,
        };
        Self {
            secrets,
            certificates,
            anonymous,
        }
    }

    /// The caller that the request's headers and the connection's certificate prove.
    ///
    /// Something presented but not known is refused; it never counts as anonymous. Where both a
    /// certificate and a credential are presented, they must name the same caller.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&Digest>,
    ) -> Result<Caller, Refusal> {
        let by_certificate = certificate
            .map(|hash| self.certificates.get(hash).ok_or_else(unknown))
            .transpose()?;
        let by_secret = match single(headers)? {
            Some(value) => Some(self.by_header(value).ok_or_else(unknown)?),
            None => None,
        };
        match (by_certificate, by_secret) {
            (Some(a), Some(b)) if (&a.tenant, &a.agent) != (&b.tenant, &b.agent) => Err(unknown()),
            (Some(caller), _) | (None, Some(caller)) => Ok(caller.clone()),
            (None, None) => Ok(self.anonymous.clone()),
        }
    }

    fn by_header(&self, value: &HeaderValue) -> Option<&Caller> {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.by_secret(rest.as_bytes()).map(|(_, caller)| caller);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = STANDARD.decode(rest).ok()?;
        let colon = pair.iter().position(|byte| *byte == b':')?;
        let (user, secret) = pair.split_at_checked(colon)?;
        let (id, caller) = self.by_secret(secret.get(1..)?)?;
        (id.as_bytes() == user).then_some(caller)
    }

    /// Looking up a hash tells a prober nothing about the secret behind it, so a map is enough.
    fn by_secret(&self, secret: &[u8]) -> Option<&(Arc<str>, Caller)> {
        self.secrets.get(&sha256(secret))
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut out = Digest::default();
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn single(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refusal> {
    let mut values = headers.get_all(header::PROXY_AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(unknown()),
    }
}

fn unknown() -> Refusal {
    Refusal::new(Cause::Credential)
}

const ANONYMOUS: &str = "anonymous";

#[cfg(test)]
mod tests;
