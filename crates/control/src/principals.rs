//! Who calls, proven by a token or a certificate, and what their role lets them ask for. Keeps no secret, only hashes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aegis_api::DATA_PLANE_HEADER;
use aegis_bundle::Scope;
use http::{HeaderMap, header};
use ring::digest::{SHA256, digest};

use crate::error::Fault;
use crate::settings::{Principal, Proof, Role, Tenants, is_plain};

pub(crate) type Digest = [u8; 32];

#[derive(Debug)]
pub(crate) struct Principals {
    known: Vec<Arc<Principal>>,
    by_proof: HashMap<Proof, Arc<Principal>>,
}

/// A principal who has proven to be one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    principal: Arc<Principal>,
    /// Which of those that share the principal; empty where it does not say.
    instance: String,
}

/// The kinds of [`Role`], as the table of operations names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleName {
    DataPlane,
    Publisher,
    Auditor,
    Operator,
}

impl Principals {
    pub(crate) fn new(principals: Vec<Principal>) -> Self {
        let known: Vec<_> = principals.into_iter().map(Arc::new).collect();
        let proofs = known.iter().map(|known| (known.proof, Arc::clone(known)));
        Self {
            by_proof: proofs.collect(),
            known,
        }
    }

    /// The scopes for which bundles are made, by their texts.
    pub(crate) fn scopes(&self) -> BTreeMap<String, Scope> {
        let scope = |principal: &Arc<Principal>| match &principal.role {
            Role::DataPlane { scope, .. } => Some((scope.to_string(), scope.clone())),
            _ => None,
        };
        self.known.iter().filter_map(scope).collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Principal> {
        let mut known = self.known.iter();
        known.find(|known| known.name == name).map(AsRef::as_ref)
    }

    /// Something that is shown and not known is refused, even beside something that is known; who
    /// shows both a certificate and a token must be the same principal by both.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&Digest>,
    ) -> Result<Caller, Fault> {
        let token = token(headers)?.map(|token| Proof::Token(sha256(token)));
        let certificate = certificate.map(|digest| Proof::Certificate(*digest));
        let mut principal: Option<&Arc<Principal>> = None;
        for proof in [token, certificate].into_iter().flatten() {
            // Looking up a hash tells a prober nothing about the secret behind it, so a map is enough.
            let shown = self.by_proof.get(&proof).ok_or(Fault::Unauthenticated)?;
            if principal.is_some_and(|other| other.name != shown.name) {
                return Err(Fault::Unauthenticated);
            }
            principal = Some(shown);
        }
        Ok(Caller {
            principal: Arc::clone(principal.ok_or(Fault::Unauthenticated)?),
            instance: instance(headers)?,
        })
    }
}

impl Caller {
    pub(crate) fn name(&self) -> &str {
        &self.principal.name
    }

    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn role(&self) -> RoleName {
        match self.principal.role {
            Role::DataPlane { .. } => RoleName::DataPlane,
            Role::Publisher => RoleName::Publisher,
            Role::Auditor(_) => RoleName::Auditor,
            Role::Operator => RoleName::Operator,
        }
    }

    /// The scope of a data plane; nobody else has one.
    pub(crate) fn scope(&self) -> Result<&Scope, Fault> {
        match &self.principal.role {
            Role::DataPlane { scope, .. } => Ok(scope),
            _ => Err(Fault::Role),
        }
    }

    /// The tenants whose audit lines an auditor may see; `None` for all.
    pub(crate) fn audited(&self) -> Result<Option<&BTreeSet<String>>, Fault> {
        match &self.principal.role {
            Role::Auditor(Tenants::All) => Ok(None),
            Role::Auditor(Tenants::Only(tenants)) => Ok(Some(tenants)),
            _ => Err(Fault::Role),
        }
    }
}

impl RoleName {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::DataPlane => "data plane",
            Self::Publisher => "publisher",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut out = Digest::default();
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

fn token(headers: &HeaderMap) -> Result<Option<&[u8]>, Fault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, rest) = (values.next(), values.next());
    let Some(value) = value else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Fault::Unauthenticated)?;
    match text.split_once(' ') {
        Some((scheme, token)) if rest.is_none() && scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().as_bytes()))
        }
        _ => Err(Fault::Unauthenticated),
    }
}

fn instance(headers: &HeaderMap) -> Result<String, Fault> {
    let Some(value) = headers.get(DATA_PLANE_HEADER) else {
        return Ok(String::new());
    };
    let text = value.to_str().ok().filter(|text| is_plain(text));
    text.map(str::to_owned).ok_or(Fault::Malformed(
        "the header `aegis-data-plane` must have 1 to 128 letters, digits and `._-`".into(),
    ))
}
