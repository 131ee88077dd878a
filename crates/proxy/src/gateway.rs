//! The services behind the gateway: from `/NAME/rest` to one upstream, and back. Judges nothing.

mod credential;
mod key;
mod location;
mod sigv4;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aegis_config::{GatewayService, GatewaySettings};
use aegis_policy::{Authority, AuthorityError, Scheme};
use aegis_protocol::paths::climbs;
use http::header::InvalidHeaderName;
use http::request::Parts;
use http::{HeaderValue, Method, Version};

use crate::body::RequestBody;
use crate::refusal::{Cause, Refusal};
use crate::route::Target;
use credential::Credential;

/// The services by name; none where there is no gateway.
#[derive(Debug, Default)]
pub(crate) struct Services(HashMap<Arc<str>, Arc<Service>>);

/// One upstream, and the key that it alone may see.
pub(crate) struct Service {
    name: Arc<str>,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    prefix: Arc<str>,
    credential: Option<Credential>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("the upstream of the service {name}: {source}")]
    Upstream {
        name: Arc<str>,
        source: AuthorityError,
    },
    #[error("the header for the key of the service {name}: {source}")]
    Header {
        name: Arc<str>,
        source: InvalidHeaderName,
    },
}

impl Services {
    pub(crate) fn new(settings: Option<&GatewaySettings>) -> Result<Self, ServiceError> {
        let configured = settings.into_iter().flat_map(|gateway| &gateway.services);
        let services = configured
            .map(|(name, service)| Ok((Arc::clone(name), Arc::new(Service::new(name, service)?))));
        services.collect::<Result<_, _>>().map(Self)
    }

    /// The service that a request names, and the path that it has there.
    pub(crate) fn locate(&self, parts: &Parts) -> Result<(Arc<Service>, Arc<str>), Refusal> {
        // HTTP/2 always names the gateway itself; HTTP/1 does so only to a proxy.
        let to_a_proxy = parts.version != Version::HTTP_2 && parts.uri.authority().is_some();
        if to_a_proxy || parts.method == Method::CONNECT {
            return Err(Refusal::new(Cause::NotGatewayForm));
        }
        let path = parts.uri.path().strip_prefix('/');
        let path = path.ok_or_else(|| Refusal::new(Cause::ServicePath))?;
        let (name, rest) = match path.find('/').and_then(|at| path.split_at_checked(at)) {
            Some(split) => split,
            None => (path, ""),
        };
        if name.is_empty() || name.contains('%') || climbs(rest) {
            return Err(Refusal::new(Cause::ServicePath));
        }
        let service = self.0.get(name);
        let service = service.ok_or_else(|| Refusal::new(Cause::ServiceUnknown))?;
        let path = match format!("{}{rest}", service.prefix) {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        };
        Ok((Arc::clone(service), path.into()))
    }
}

impl Service {
    fn new(name: &Arc<str>, settings: &GatewayService) -> Result<Self, ServiceError> {
        let upstream = &settings.upstream;
        let scheme = if upstream.tls {
            Scheme::Https
        } else {
            Scheme::Http
        };
        let authority = Authority::parse(&upstream.authority, scheme.default_port());
        let authority = authority.map_err(|source| ServiceError::Upstream {
            name: Arc::clone(name),
            source,
        })?;
        let credential = settings.credential.as_ref().map(Credential::new);
        let credential = credential.transpose();
        Ok(Self {
            name: Arc::clone(name),
            scheme,
            authority,
            prefix: Arc::clone(&upstream.prefix),
            credential: credential.map_err(|source| ServiceError::Header {
                name: Arc::clone(name),
                source,
            })?,
        })
    }

    /// Adds the service's key to a request that is about to leave for `target`. It goes to the place
    /// that it was configured for and to no other, whatever came between.
    pub(crate) async fn authenticate(
        &self,
        request: &mut http::Request<RequestBody>,
        target: &Target,
    ) -> Result<(), Refusal> {
        let Some(credential) = &self.credential else {
            return Ok(());
        };
        if (target.scheme(), target.authority()) != (self.scheme, &self.authority) {
            return Err(Refusal::new(Cause::ServiceKey));
        }
        credential.add_to(request, &self.name).await
    }

    /// Where the gateway has what the service calls `location` in its answer at `path`; `None` where it
    /// leads elsewhere, and the agent's credential must not follow.
    pub(crate) fn relocate(&self, location: &HeaderValue, path: &str) -> Option<HeaderValue> {
        let uri = location::resolved(location.to_str().ok()?, self.scheme, path)?;
        let own = match (uri.scheme_str(), uri.authority()) {
            (None, None) => true,
            (Some(scheme), Some(named)) => {
                let named = Authority::parse(named.as_str(), self.scheme.default_port());
                scheme == self.scheme.as_str() && named.is_ok_and(|it| it == self.authority)
            }
            _ => false,
        };
        let rest = uri.path().strip_prefix(&*self.prefix).filter(|_| own)?;
        if !(rest.is_empty() || rest.starts_with('/')) || climbs(rest) {
            return None;
        }
        let query = uri.query().map(|query| format!("?{query}"));
        let here = format!("/{}{rest}{}", self.name, query.unwrap_or_default());
        HeaderValue::try_from(here).ok()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
