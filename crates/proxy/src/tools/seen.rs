//! The definitions of tools by tenant, server and name, within their limits. It reads and writes no file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::file::SeenTool;
use super::listings::Listing;

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    tenants: HashMap<Arc<str>, OfTenant>,
    count: usize,
    /// Whether something of it is not written down.
    pub(super) unwritten: bool,
}

#[derive(Clone, Debug, Default)]
struct OfTenant {
    servers: HashMap<Arc<str>, OfServer>,
    count: usize,
}

type OfServer = BTreeMap<Arc<str>, Definitions>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definitions {
    /// The first one, or the one that an operator accepted.
    pub(super) accepted: [u8; 32],
    pub(super) listed: [u8; 32],
    pub(super) first_seen: String,
    pub(super) changed_at: Option<String>,
}

impl Seen {
    pub(super) fn find(
        &mut self,
        (tenant, server, tool): (&str, &str, &str),
    ) -> Option<&mut Definitions> {
        let of_tenant = self.tenants.get_mut(tenant)?;
        of_tenant.servers.get_mut(server)?.get_mut(tool)
    }

    /// False where there is no room for it, or it is there already.
    pub(super) fn insert(
        &mut self,
        (tenant, server, tool): (&str, &str, &str),
        definitions: Definitions,
    ) -> bool {
        let is_known = self.find((tenant, server, tool)).is_some();
        if is_known || !self.has_room(tenant, server, tool) {
            return false;
        }
        let of_tenant = self.tenants.entry(tenant.into()).or_default();
        let tools = of_tenant.servers.entry(server.into()).or_default();
        tools.insert(tool.into(), definitions);
        of_tenant.count += 1;
        self.count += 1;
        self.unwritten = true;
        true
    }

    /// Its server has listed it. False where there is no room for it.
    pub(super) fn list(&mut self, key: (&str, &str, &str), listing: &Listing) -> bool {
        let Some(known) = self.find(key) else {
            let mut definitions = Definitions {
                accepted: listing.first,
                listed: listing.first,
                first_seen: listing.first_seen.clone(),
                changed_at: None,
            };
            definitions.list(listing);
            return self.insert(key, definitions);
        };
        if known.listed != listing.last {
            known.list(listing);
            self.unwritten = true;
        }
        true
    }

    /// One server must not take the room of all others, nor one tenant that of all tenants.
    pub(super) fn has_room(&self, tenant: &str, server: &str, tool: &str) -> bool {
        let tenant = self.tenants.get(tenant);
        let of_tenant = tenant.map_or(0, |tenant| tenant.count);
        let tools = tenant.and_then(|tenant| tenant.servers.get(server));
        let of_server = tools.map_or(0, OfServer::len);
        self.count < MOST_TOOLS
            && of_tenant < MOST_OF_TENANT
            && of_server < MOST_OF_SERVER
            && tool.len() <= LONGEST_NAME
    }

    /// How many tools there were of the servers that are meant.
    pub(super) fn forget(&mut self, tenant: &str, meant: impl Fn(&str) -> bool) -> usize {
        let Some(of_tenant) = self.tenants.get_mut(tenant) else {
            return 0;
        };
        of_tenant.servers.retain(|server, _| !meant(server));
        let left = of_tenant.servers.values().map(OfServer::len).sum();
        let forgotten = of_tenant.count.saturating_sub(left);
        of_tenant.count = left;
        self.count = self.count.saturating_sub(forgotten);
        self.unwritten |= forgotten > 0;
        forgotten
    }

    pub(super) fn to_list(&self) -> Vec<SeenTool> {
        let mut list = Vec::with_capacity(self.count);
        for (tenant, of_tenant) in &self.tenants {
            for (server, tools) in &of_tenant.servers {
                list.extend(tools.iter().map(|(tool, known)| SeenTool {
                    tenant: tenant.to_string(),
                    server: server.to_string(),
                    tool: tool.to_string(),
                    accepted: hex::encode(known.accepted),
                    listed: hex::encode(known.listed),
                    first_seen: known.first_seen.clone(),
                    changed_at: known.changed_at.clone(),
                }));
            }
        }
        list.sort_unstable();
        list
    }
}

impl Definitions {
    pub(super) fn has_changed(&self) -> bool {
        self.listed != self.accepted
    }

    fn list(&mut self, listing: &Listing) {
        self.listed = listing.last;
        self.changed_at = self.has_changed().then(|| listing.at.clone());
    }
}

const MOST_TOOLS: usize = 50_000;
pub(super) const MOST_OF_TENANT: usize = 5_000;
pub(super) const MOST_OF_SERVER: usize = 1_000;
/// Bytes.
const LONGEST_NAME: usize = 256;
