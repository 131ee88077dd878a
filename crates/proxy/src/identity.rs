//! Proves who calls, before anything else of the request is looked at. Must not trust what a caller says of itself.

mod presented;

use std::collections::HashMap;
use std::sync::Arc;

use aegis_config::{Credential, Proof};
use aegis_policy::{Auth, Caller, Front};
use http::HeaderMap;

use crate::refusal::{Cause, Refusal};
use crate::sha256::{Digest, sha256};
use presented::Presented;

pub(crate) use presented::strip;

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

    /// Who everybody is where no caller can prove anything.
    pub(crate) fn only_anonymous(&self) -> Option<&Caller> {
        let is_empty = self.secrets.is_empty() && self.certificates.is_empty();
        is_empty.then_some(&self.anonymous)
    }

    /// The caller that the request's headers and the connection's certificate prove.
    ///
    /// Something presented but not known is refused; it never counts as anonymous. Where both a
    /// certificate and a credential are presented, they must name the same caller; two credentials
    /// must be one.
    pub(crate) fn identify(
        &self,
        front: Front,
        headers: &HeaderMap,
        certificate: Option<&Digest>,
    ) -> Result<Caller, Refusal> {
        let unknown = || Refusal::new(Cause::unknown_at(front));
        let by_certificate = certificate
            .map(|hash| self.certificates.get(hash).ok_or_else(unknown))
            .transpose()?;
        let mut by_secret: Option<&(Arc<str>, Caller)> = None;
        for presented in presented::all(front, headers).map_err(|_| unknown())? {
            let known = self.by_secret(&presented).ok_or_else(unknown)?;
            if by_secret.is_some_and(|(id, _)| *id != known.0) {
                return Err(unknown());
            }
            by_secret = Some(known);
        }
        match (by_certificate, by_secret) {
            (Some(a), Some((_, b))) if (&a.tenant, &a.agent) != (&b.tenant, &b.agent) => {
                Err(unknown())
            }
            (Some(caller), _) | (None, Some((_, caller))) => Ok(caller.clone()),
            (None, None) => Ok(self.anonymous.clone()),
        }
    }

    /// Looking up a hash tells a prober nothing about the secret behind it, so a map is enough.
    fn by_secret(&self, presented: &Presented) -> Option<&(Arc<str>, Caller)> {
        let known = self.secrets.get(&sha256(&presented.secret))?;
        let named = presented.id.as_deref();
        named.is_none_or(|id| *id == *known.0).then_some(known)
    }
}

const ANONYMOUS: &str = "anonymous";

#[cfg(test)]
mod tests;
