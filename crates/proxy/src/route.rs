//! From a grant to one lawful place to dial. Resolves only names that policy has allowed; never dials.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use aegis_config::UpstreamSettings;
use aegis_policy::{Authority, Host, Scheme};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use crate::address::{Guard, Judged};
use crate::gate::Grant;
use crate::refusal::{Cause, Refusal};

/// A place that may be dialled for one grant: the judged name and its judged addresses.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    scheme: Scheme,
    authority: Authority,
    tenant: Arc<str>,
    region: Arc<str>,
    addresses: Vec<Judged>,
}

#[derive(Debug)]
pub(crate) struct Router {
    guard: Guard,
    hosts: HashMap<String, Vec<IpAddr>>,
    resolver: TokioResolver,
}

impl Router {
    pub(crate) fn new(settings: &UpstreamSettings) -> Result<Self, String> {
        let resolver = TokioResolver::builder_tokio()
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "the system's resolver configuration cannot be read; only addresses and the names of upstream.hosts are found");
                let nowhere = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
                TokioResolver::builder_with_config(nowhere, TokioRuntimeProvider::default())
            })
            .build()
            .map_err(|error| error.to_string())?;
        let hosts = settings
            .hosts
            .iter()
            .map(|(name, ips)| (name.to_string(), ips.clone()));
        let guard = Guard::new(settings.allow_addresses.clone());
        Ok(Self {
            guard,
            hosts: hosts.collect(),
            resolver,
        })
    }

    /// Resolves the grant's name once and judges every address of the answer.
    ///
    /// One address that must not be reached refuses the whole name: an answer that mixes public
    /// and private addresses is a rebinding attempt or a mistake.
    pub(crate) async fn resolve(&self, grant: &Grant) -> Result<Target, Refusal> {
        let destination = &grant.intent().destination;
        let region = grant.lawful_region()?;
        let addresses = self
            .addresses(destination.authority.host())
            .await?
            .into_iter()
            .map(|ip| self.guard.judge(ip))
            .collect::<Result<Vec<Judged>, _>>()
            .map_err(|denied| {
                let rule = format!("address.{}", denied.class.name());
                Refusal::because(Cause::Address, rule, denied.to_string())
            })?;
        Ok(Target {
            scheme: destination.scheme,
            authority: destination.authority.clone(),
            tenant: Arc::clone(&grant.intent().caller.tenant),
            region,
            addresses,
        })
    }

    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, Refusal> {
        let name = match host {
            Host::Address(ip) => return Ok(vec![*ip]),
            Host::Name(name) => name,
        };
        if let Some(known) = self.hosts.get(name.as_ref()) {
            return Ok(known.clone());
        }
        // The dot says that the name is whole: no search domain is ever appended.
        let found = self.resolver.lookup_ip(format!("{name}.")).await;
        let found: Vec<IpAddr> = found
            .map_err(|_| Refusal::new(Cause::NameNotFound))?
            .iter()
            .collect();
        if found.is_empty() {
            return Err(Refusal::new(Cause::NameNotFound));
        }
        Ok(found)
    }
}

impl Target {
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(crate) fn tenant(&self) -> &Arc<str> {
        &self.tenant
    }

    /// The declared region; `unknown` where nobody declared one.
    pub(crate) fn region(&self) -> &Arc<str> {
        &self.region
    }

    pub(crate) fn addresses(&self) -> &[Judged] {
        &self.addresses
    }
}
