//! Puts a service's key into a request, as its last change before it leaves. Writes no key anywhere else.

use aegis_config::{SendAs, ServiceCredential};
use http::header::InvalidHeaderName;
use http::{HeaderName, HeaderValue, header};
use zeroize::Zeroizing;

use super::key::{Key, KeyError};
use super::sigv4::Signer;
use crate::body::RequestBody;
use crate::refusal::{Cause, Refusal};

pub(super) enum Credential {
    Bearer(Key),
    Header(HeaderName, Key),
    Sigv4(Box<Signer>),
}

/// Why a request gets no key. For the operator; the agent hears only that it is so.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unproven {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("it cannot stand in a header")]
    Header,
    #[error("the body was not read to its end, so it cannot be signed")]
    Body,
    #[error("the request cannot be signed")]
    Signing,
}

impl Credential {
    pub(super) fn new(settings: &ServiceCredential) -> Result<Self, InvalidHeaderName> {
        Ok(match settings {
            ServiceCredential::Sigv4(settings) => Self::Sigv4(Box::new(Signer::new(settings))),
            ServiceCredential::Key { send_as, key } => {
                let key = Key::new(key);
                match send_as {
                    SendAs::Bearer => Self::Bearer(key),
                    SendAs::Header(name) => Self::Header(HeaderName::try_from(&**name)?, key),
                }
            }
        })
    }

    pub(super) async fn add_to(
        &self,
        request: &mut http::Request<RequestBody>,
        service: &str,
    ) -> Result<(), Refusal> {
        let added = match self {
            Self::Bearer(key) => bearer(key)
                .await
                .map(|value| (header::AUTHORIZATION, value)),
            Self::Header(name, key) => raw(key).await.map(|value| (name.clone(), value)),
            Self::Sigv4(signer) => return told(signer.sign(request).await, service),
        };
        let added = added.map(|(name, value)| {
            request.headers_mut().insert(name, value);
        });
        told(added, service)
    }
}

fn told(added: Result<(), Unproven>, service: &str) -> Result<(), Refusal> {
    added.map_err(|error| {
        tracing::warn!(service, %error, "a call is refused: there is no key for its service");
        Refusal::new(match error {
            Unproven::Body => Cause::Unsignable,
            _ => Cause::ServiceKey,
        })
    })
}

async fn bearer(key: &Key) -> Result<HeaderValue, Unproven> {
    let key = key.read().await?;
    sensitive(&Zeroizing::new(format!("Bearer {}", *key)))
}

async fn raw(key: &Key) -> Result<HeaderValue, Unproven> {
    sensitive(&key.read().await?)
}

/// Neither in Debug output nor in HPACK's table.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, Unproven> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Unproven::Header)?;
    value.set_sensitive(true);
    Ok(value)
}
